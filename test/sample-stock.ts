/** Invented stock in a database, as the flows would have left it, for tests of what people see and do of it. */
import { type Db, jsonText } from '../src/runtime/db.ts';
import { type Settings, settingsShape } from '../src/settings.ts';

export type SampleListing = {
  channel?: string;
  shopSku: string;
  itemCode?: string;
  wanted?: number | null;
  shown?: number | null;
  sent?: number | null;
  sentAt?: Date;
  importId?: number;
  step?: 'quiet' | 'due' | 'sent' | 'taken';
  attempts?: number;
  lastError?: string;
  isActive?: boolean;
  isMissing?: boolean;
};

export type SampleSale = {
  id: string;
  channel?: string;
  shopSku: string;
  units: number;
  placedAt?: Date;
  wireState?: string;
  /** It is in the warehouse under this number; `reservedAt`: with stock reserved since then. */
  salesOrderNumber?: string;
  step?: string;
  status?: string;
  reservedAt?: Date;
};

export type SampleImport = {
  channel?: string;
  basisAt: Date;
  finishedAt: Date;
  /** Quantity and units of the pool, by SKU. */
  lines: Record<string, { quantity: number; pool: number; was?: number }>;
  refused?: Record<string, string>;
};

export type SampleStock = {
  /** When everything was last read whole. */
  readAt: Date;
  lagSeconds?: number;
  /** Units by ItemCode, at PrimarySite or by site. */
  figures?: Record<string, number | Record<string, number>>;
  /** Parts of each kit. */
  kits?: Record<string, Record<string, number>>;
  listings?: readonly SampleListing[];
  sales?: readonly SampleSale[];
  groups?: Record<string, string>;
};

/** Two channels, `john-lewis` and `second-market`, filled by the warehouse `main`; `stock`: of both. */
export function sampleStockSettings(stock: Record<string, unknown> = {}): Settings {
  return settingsShape.parse({
    channels: ['john-lewis', 'second-market'].map((id) => ({
      ...{ id, name: id, url: `https://${id}.example.test`, apiKey: 'key', warehouse: 'main' },
      ...{ shippingTypes: { STD: 'Standard' }, stock },
    })),
    warehouses: [
      {
        ...{ id: 'main', url: 'https://peoplevox.example.test', clientId: 'client' },
        ...{ username: 'user', password: 'secret' },
      },
    ],
  });
}

const warehouse = 'main';
const usualChannel = 'john-lewis';

/** Adds all of it to the warehouse `main`; channels are `john-lewis` unless told. */
export async function addSampleStock(db: Db, stock: SampleStock): Promise<void> {
  const { readAt } = stock;
  await db
    .insertInto('stock_feeds')
    .values({
      warehouse,
      full_at: readAt,
      seen_at: readAt,
      approved_until: null,
      lag_seconds: stock.lagSeconds ?? 180,
    })
    .onConflict((on) => on.column('warehouse').doUpdateSet({ full_at: readAt, seen_at: readAt }))
    .execute();
  const figures = Object.entries(stock.figures ?? {}).flatMap(([item_code, units]) =>
    Object.entries(typeof units === 'number' ? { PrimarySite: units } : units).map(
      ([site, available]) => ({
        ...{ warehouse, item_code, site, available, on_hand: available, allocated: 0 },
        ...{ changed_at: readAt, read_at: readAt, absent_since: null, unreadable_since: null },
      }),
    ),
  );
  if (figures.length > 0) await db.insertInto('stock_figures').values(figures).execute();
  const kits = Object.entries(stock.kits ?? {}).flatMap(([parent, parts]) =>
    Object.entries(parts).map(([child, quantity]) => ({ warehouse, parent, child, quantity })),
  );
  if (kits.length > 0) await db.insertInto('stock_kits').values(kits).execute();
  const items = Object.entries(stock.groups ?? {}).map(([item_code, item_group]) => ({
    ...{ warehouse, item_code, item_group, is_known: true, read_at: readAt, tags: [] },
  }));
  if (items.length > 0) await db.insertInto('stock_items').values(items).execute();
  for (const one of stock.listings ?? []) await addListing(db, one, readAt);
  for (const one of stock.sales ?? []) await addSale(db, one, readAt);
}

async function addListing(db: Db, one: SampleListing, readAt: Date): Promise<void> {
  const { shopSku, shown = null, sent = null, wanted = null } = one;
  await db
    .insertInto('stock_listings')
    .values({
      channel: one.channel ?? usualChannel,
      shop_sku: shopSku,
      warehouse,
      item_code: one.itemCode ?? shopSku,
      offer_id: `offer-${shopSku}`,
      is_active: one.isActive ?? true,
      missing_since: one.isMissing ? readAt : null,
      shown,
      shown_at: shown === null ? null : readAt,
      most_shown: Math.max(shown ?? 0, sent ?? 0),
      wanted,
      wanted_at: wanted === null ? null : readAt,
      basis_at: wanted === null ? null : readAt,
      pool: wanted,
      sent,
      sent_at: sent === null ? null : (one.sentAt ?? readAt),
      import_id: one.importId ?? null,
      step: one.step ?? 'quiet',
      due_at: one.step === undefined || one.step === 'quiet' ? null : readAt,
      attempts: one.attempts ?? 0,
      verified_at: null,
      last_error: one.lastError ?? null,
    })
    .execute();
}

/** Adds one order of one line, and its sales order when it has one. */
async function addSale(db: Db, sale: SampleSale, readAt: Date): Promise<void> {
  const channel = sale.channel ?? usualChannel;
  const placedAt = sale.placedAt ?? readAt;
  const key = { channel, marketplace_order_id: sale.id };
  const wire_state = sale.wireState ?? 'SHIPPING';
  await db
    .insertInto('orders')
    .values({
      ...key,
      ...{ commercial_id: sale.id, warehouse, state: 'accepted', wire_state },
      ...{ wire_created_at: placedAt, wire_updated_at: placedAt, currency: 'GBP' },
      ...{ total_price: '10', shipping_price: '0', tax_mode: 'TAX_INCLUDED' },
      ...{ shipping_type_code: 'STD', shipping_deadline: null, has_incident: false },
      ...{ seller_reference: null, detail: jsonText({}), fingerprint: '' },
      ...{ first_seen_at: placedAt, seen_at: placedAt, payable_at: null, due_at: null },
    })
    .execute();
  await db
    .insertInto('order_lines')
    .values({
      ...key,
      ...{ order_line_id: `${sale.id}-1`, position: 0, shop_sku: sale.shopSku, offer_id: null },
      ...{ title: 'a thing', quantity: sale.units, price: '10', unit_price: '10' },
      ...{ total_price: '10', wire_state, reason_code: null },
    })
    .execute();
  const number = sale.salesOrderNumber;
  if (number === undefined) return;
  const step = sale.step ?? 'verified';
  const verifiedAt = step === 'verified' ? placedAt : null;
  await db
    .insertInto('sales_orders')
    .values({
      ...key,
      ...{
        warehouse,
        sales_order_number: number,
        step,
        row: jsonText({}),
        customer: jsonText(null),
      },
      ...{
        due_at: placedAt,
        staged_at: placedAt,
        header_sent_at: placedAt,
        lines_sent_at: placedAt,
      },
      ...{ seen_at: placedAt, warehouse_status: null, verified_at: verifiedAt, last_error: null },
      ...{ reference_written_at: null, reference_due_at: null },
    })
    .execute();
  await db
    .insertInto('sales_order_lines')
    .values({
      ...{ warehouse, sales_order_number: number, line: '1', item_code: sale.shopSku },
      ...{ quantity: sale.units, sale_price: '10', seen_quantity: sale.units },
      parts: jsonText([{ orderLineId: `${sale.id}-1`, units: sale.units }]),
    })
    .execute();
  if (sale.status === undefined) return;
  await db
    .insertInto('stock_reservations')
    .values({
      ...{ warehouse, sales_order_number: number, status: sale.status, checked_at: placedAt },
      absorbed_at: sale.reservedAt ?? null,
    })
    .execute();
}

/** Adds a file of quantities that came to its end. Returns its number. */
export async function addSampleImport(db: Db, given: SampleImport): Promise<number> {
  const refused = given.refused ?? {};
  const { id } = await db
    .insertInto('stock_imports')
    .values({
      ...{ channel: given.channel ?? usualChannel, method: 'STO01', state: 'complete' },
      ...{ reference: 'ref-1', line_count: Object.keys(given.lines).length },
      ...{ error_count: Object.keys(refused).length, basis_at: given.basisAt },
      ...{ made_at: given.basisAt, sent_at: given.basisAt, check_at: null },
      ...{ finished_at: given.finishedAt, note: null },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const lines = Object.entries(given.lines).map(([shop_sku, { quantity, pool, was }]) => ({
    ...{ import_id: id, shop_sku, quantity, pool, was: was ?? null, basis_at: given.basisAt },
    outcome: shop_sku in refused ? ('refused' as const) : ('taken' as const),
    reason: refused[shop_sku] ?? null,
  }));
  await db.insertInto('stock_import_lines').values(lines).execute();
  return id;
}
