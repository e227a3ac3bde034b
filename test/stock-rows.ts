/** Rows of stock and of orders for tests of the stock stores: valid until a test makes them otherwise. */
import { sql } from 'kysely';
import type { MigratedDatabase } from './migrated-database.ts';

export const stockHouse = 'main';
export const stockChannel = 'john-lewis';

/** Empties every table that stock reads or writes. */
export async function clearStock({ db }: MigratedDatabase): Promise<void> {
  await sql`truncate stock_figures, stock_feeds, stock_reads, stock_due, stock_hints, stock_kits, stock_items,
    stock_demand, stock_reservations, stock_listings, stock_imports, stock_import_lines, sku_mappings, orders,
    exceptions cascade`.execute(db);
}

export type GivenListing = {
  shopSku: string;
  channel?: string;
  itemCode?: string;
  shown?: number | null;
  shownAt?: Date | null;
  mostShown?: number;
  wanted?: number | null;
  sent?: number | null;
  sentAt?: Date | null;
  importId?: number | null;
  step?: string;
  dueAt?: Date | null;
  attempts?: number;
  isActive?: boolean;
  missingSince?: Date | null;
};

export async function aListing({ db }: MigratedDatabase, given: GivenListing): Promise<void> {
  await sql`insert into stock_listings (channel, shop_sku, warehouse, item_code, is_active, missing_since, shown,
      shown_at, most_shown, wanted, sent, sent_at, import_id, step, due_at, attempts)
    values (${given.channel ?? stockChannel}, ${given.shopSku}, ${stockHouse}, ${given.itemCode ?? given.shopSku},
      ${given.isActive ?? true}, ${given.missingSince ?? null}, ${given.shown ?? null}, ${given.shownAt ?? null},
      ${given.mostShown ?? Math.max(given.shown ?? 0, given.sent ?? 0)}, ${given.wanted ?? null}, ${given.sent ?? null},
      ${given.sentAt ?? null}, ${given.importId ?? null}, ${given.step ?? 'quiet'}, ${given.dueAt ?? null},
      ${given.attempts ?? 0})`.execute(db);
}

export async function aFigure(
  { db }: MigratedDatabase,
  given: { itemCode: string; available: number; site?: string; readAt: Date; absentSince?: Date },
): Promise<void> {
  await sql`insert into stock_figures (warehouse, item_code, site, available, changed_at, read_at, absent_since)
    values (${stockHouse}, ${given.itemCode}, ${given.site ?? 'PrimarySite'}, ${given.available}, ${given.readAt},
      ${given.readAt}, ${given.absentSince ?? null})`.execute(db);
}

export async function aKit(
  { db }: MigratedDatabase,
  parent: string,
  parts: Record<string, number>,
): Promise<void> {
  for (const [child, quantity] of Object.entries(parts)) {
    await sql`insert into stock_kits (warehouse, parent, child, quantity)
      values (${stockHouse}, ${parent}, ${child}, ${quantity})`.execute(db);
  }
}

export type GivenOrder = {
  id: string;
  channel?: string;
  shopSku?: string;
  quantity?: number;
  withdrawnUnits?: number;
  lineState?: string;
  boughtAt: Date;
  /** Set: it is in the warehouse, at this step. */
  step?: string;
  verifiedAt?: Date | null;
  warehouseStatus?: string;
  /** Set: the warehouse was asked about it, and had reserved stock at that time (null: had not). */
  absorbedAt?: Date | null;
};

/** One marketplace order of one line. */
export async function anOrder({ db }: MigratedDatabase, given: GivenOrder): Promise<void> {
  const { id, channel = stockChannel, boughtAt, lineState = 'SHIPPING' } = given;
  await sql`insert into orders (channel, marketplace_order_id, commercial_id, warehouse, state, wire_state,
      wire_created_at, wire_updated_at, currency, total_price, shipping_price, tax_mode, shipping_type_code,
      has_incident, detail, fingerprint, first_seen_at, seen_at)
    values (${channel}, ${id}, ${id}, ${stockHouse}, 'accepted', ${lineState}, ${boughtAt}, ${boughtAt}, 'GBP', 10, 0,
      'TAX_INCLUDED', 'STD', false, '{}', '', ${boughtAt}, ${boughtAt})`.execute(db);
  await sql`insert into order_lines (channel, marketplace_order_id, order_line_id, position, shop_sku, title,
      quantity, withdrawn_units, price, unit_price, total_price, wire_state)
    values (${channel}, ${id}, ${`${id}-1`}, 1, ${given.shopSku ?? 'LAMP'}, '', ${given.quantity ?? 1},
      ${given.withdrawnUnits ?? 0}, 10, 10, 10, ${lineState})`.execute(db);
  if (given.step === undefined) return;
  await sql`insert into sales_orders (warehouse, sales_order_number, channel, marketplace_order_id, step, row, due_at,
      staged_at, verified_at, warehouse_status)
    values (${stockHouse}, ${id}, ${channel}, ${id}, ${given.step}, '{}', ${boughtAt}, ${boughtAt},
      ${given.verifiedAt ?? null}, ${given.warehouseStatus ?? null})`.execute(db);
  if (given.absorbedAt === undefined) return;
  await sql`insert into stock_reservations (warehouse, sales_order_number, absorbed_at, status, checked_at)
    values (${stockHouse}, ${id}, ${given.absorbedAt}, '', ${boughtAt})`.execute(db);
}
