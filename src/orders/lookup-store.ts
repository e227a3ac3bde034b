/** SQL on what orders are looked up against: items, SKU mappings, offers, acceptances. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';

export type KnownItem = { found: boolean; retired: boolean; readAt: Date };

export async function readItems(
  db: Db,
  warehouse: string,
  codes: readonly string[],
): Promise<Map<string, KnownItem>> {
  if (codes.length === 0) return new Map();
  const rows = await db
    .selectFrom('items')
    .select(['item_code', 'found', 'retired', 'read_at'])
    .where('warehouse', '=', warehouse)
    .where('item_code', 'in', [...codes])
    .execute();
  return new Map(
    rows.map((row) => [
      row.item_code,
      { found: row.found, retired: row.retired, readAt: row.read_at },
    ]),
  );
}

export async function saveItems(
  trx: Trx,
  warehouse: string,
  now: Date,
  items: readonly { itemCode: string; found: boolean; retired: boolean; name: string | null }[],
): Promise<void> {
  if (items.length === 0) return;
  await sql`
    insert into items (warehouse, item_code, found, retired, name, read_at)
    select ${warehouse}, r."itemCode", r.found, r.retired, r.name, ${now}
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb)
      as r("itemCode" text, found boolean, retired boolean, name text)
    on conflict (warehouse, item_code) do update set found = excluded.found, retired = excluded.retired,
      name = excluded.name, read_at = excluded.read_at`.execute(trx);
}

/** The whole cross-reference table of a channel: shop SKU to ItemCode. Small by nature: exceptions only. */
export async function readSkuMappings(db: Db, channel: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('sku_mappings')
    .select(['shop_sku', 'item_code'])
    .where('channel', '=', channel)
    .execute();
  return new Map(rows.map((row) => [row.shop_sku, row.item_code]));
}

export type SkuMapping = { shopSku: string; itemCode: string; madeAt: Date; madeBy: string };

export async function listSkuMappings(db: Db, channel: string): Promise<SkuMapping[]> {
  return db
    .selectFrom('sku_mappings')
    .select([
      'shop_sku as shopSku',
      'item_code as itemCode',
      'made_at as madeAt',
      'made_by as madeBy',
    ])
    .where('channel', '=', channel)
    .orderBy('shop_sku')
    .execute();
}

/** Sets or replaces one mapping, and makes the channel's waiting orders due. */
export async function saveSkuMapping(
  trx: Trx,
  mapping: { channel: string; shopSku: string; itemCode: string; madeBy: string; now: Date },
): Promise<void> {
  const { channel, now } = mapping;
  const row = { item_code: mapping.itemCode, made_at: now, made_by: mapping.madeBy };
  await trx
    .insertInto('sku_mappings')
    .values({ channel, shop_sku: mapping.shopSku, ...row })
    .onConflict((on) => on.columns(['channel', 'shop_sku']).doUpdateSet(row))
    .execute();
  await trx
    .updateTable('orders')
    .set({ due_at: now, attempts: 0 })
    .where('channel', '=', channel)
    // Parked at the warehouse's door, or held before acceptance.
    .where('state', 'in', ['parked', 'received'])
    .where('due_at', 'is not', null)
    .execute();
}

/** Removes one mapping. Returns whether there was one. */
export async function removeSkuMapping(
  trx: Trx,
  channel: string,
  shopSku: string,
): Promise<boolean> {
  const done = await trx
    .deleteFrom('sku_mappings')
    .where('channel', '=', channel)
    .where('shop_sku', '=', shopSku)
    .executeTakeFirst();
  return done.numDeletedRows > 0n;
}

export type KnownOffer = { price: string | null; active: boolean; readAt: Date };

export async function readOffers(
  db: Db,
  channel: string,
  offerIds: readonly string[],
): Promise<Map<string, KnownOffer>> {
  if (offerIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('offers')
    .select(['offer_id', 'price', 'active', 'read_at'])
    .where('channel', '=', channel)
    .where('offer_id', 'in', [...offerIds])
    .execute();
  return new Map(
    rows.map((row) => [
      row.offer_id,
      { price: row.price, active: row.active, readAt: row.read_at },
    ]),
  );
}

/** An offer as read; `price` null: it has none, or is gone. */
export type OfferToKeep = {
  offerId: string;
  shopSku: string;
  price: string | null;
  active: boolean;
};

/** Keeps what was read of offers, each of which may be named once. */
export async function saveOffers(
  trx: Trx,
  channel: string,
  now: Date,
  offers: readonly OfferToKeep[],
): Promise<void> {
  await sql`
    insert into offers (channel, offer_id, shop_sku, price, active, read_at)
    select ${channel}, r."offerId", r."shopSku", r.price, r.active, ${now}
    from jsonb_to_recordset(${jsonText(offers)}::jsonb)
      as r("offerId" text, "shopSku" text, price numeric, active boolean)
    on conflict (channel, offer_id) do update set shop_sku = excluded.shop_sku, price = excluded.price,
      active = excluded.active, read_at = excluded.read_at`.execute(trx);
}
