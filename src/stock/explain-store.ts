/** SQL behind `stock explain`: figures by site, the orders that units are promised to, what was sent. Reads only. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';
import { promisedLines } from './demand-store.ts';

/** Names of one thing as a person may give it: ItemCodes per warehouse. `isSku`: it was found as a shop SKU. */
export type Meant = { warehouse: string; itemCode: string; isSku: boolean };

/** ItemCodes that this may mean: an item with a figure, a kit, a listing, an item somebody asked about or bought;
 *  else the item of a shop SKU. Empty when nothing has the name. In order of warehouse. */
export async function readMeant(db: Db, name: string): Promise<Meant[]> {
  const { rows } = await sql<Meant>`
    with items as (
      select warehouse, item_code from stock_figures where item_code = ${name}
      union select warehouse, item_code from stock_listings where item_code = ${name}
      union select warehouse, parent from stock_kits where parent = ${name}
      union select warehouse, child from stock_kits where child = ${name}
      union select warehouse, item_code from stock_demand where item_code = ${name}
    )
    select warehouse, item_code as "itemCode", false as "isSku" from items
    union
    select warehouse, item_code, true from stock_listings
    where shop_sku = ${name} and not exists (select from items)
    order by 1, 2`.execute(db);
  return rows;
}

/** ItemCodes and shop SKUs that begin or end as this name does, at most some thousands; letter case does not
 *  count. */
export async function readSimilarNames(db: Db, name: string): Promise<string[]> {
  const like = (text: string) => text.replace(/[\\%_]/g, '\\$&');
  const begin = `${like(name.slice(0, 2))}%`;
  const end = `%${like(name.slice(-3))}`;
  const { rows } = await sql<{ name: string }>`
    select item_code as name from stock_figures where item_code ilike ${begin} or item_code ilike ${end}
    union select item_code from stock_listings where item_code ilike ${begin} or item_code ilike ${end}
    union select shop_sku from stock_listings where shop_sku ilike ${begin} or shop_sku ilike ${end}
    limit 5000`.execute(db);
  return rows.map((row) => row.name);
}

export type SiteFigure = {
  itemCode: string;
  site: string;
  available: number;
  onHand: number | null;
  allocated: number | null;
  changedAt: Date;
  /** When the read began that wrote it, or the later complete one that found it the same. */
  readAt: Date;
  /** A complete read no longer shows it: it counts as none. */
  absentSince: Date | null;
  /** The last read held no figure for it: the older one stands. */
  unreadableSince: Date | null;
};

/** Figures of these items, site by site. */
export async function readSiteFigures(
  db: Db,
  warehouse: string,
  items: readonly string[],
): Promise<SiteFigure[]> {
  const { rows } = await sql<SiteFigure>`
    select f.item_code as "itemCode", f.site, f.available, f.on_hand as "onHand", f.allocated,
      f.changed_at as "changedAt",
      greatest(f.read_at, case when f.unreadable_since is null then d.full_at end) as "readAt",
      f.absent_since as "absentSince", f.unreadable_since as "unreadableSince"
    from stock_figures f left join stock_feeds d on d.warehouse = f.warehouse
    where f.warehouse = ${warehouse} and f.item_code = any(${[...items]}::text[])
    order by f.item_code, f.site`.execute(db);
  return rows;
}

/** Units of an order line that are promised: sold, and in no figure of the warehouse yet. */
export type PromisedLine = {
  channel: string;
  marketplaceOrderId: string;
  orderLineId: string;
  shopSku: string;
  /** As sold: of a kit, the kit. */
  itemCode: string;
  /** Of what was sold. */
  units: number;
  placedAt: Date;
  wireState: string;
  /** Null: not staged yet. */
  salesOrderNumber: string | null;
  step: string | null;
  /** Status in the warehouse when it was last asked, and when that was; null: not asked yet. */
  status: string | null;
  checkedAt: Date | null;
  /** Null: not seen to be reserved. */
  absorbedAt: Date | null;
};

/** Lines of these items that are promised as the tables stand now, the oldest first. */
export async function readPromisedLines(
  db: Db,
  warehouse: string,
  items: readonly string[],
): Promise<PromisedLine[]> {
  const { rows } = await sql<PromisedLine>`
    select channel, marketplace_order_id as "marketplaceOrderId", order_line_id as "orderLineId",
      shop_sku as "shopSku", item_code as "itemCode", units, wire_created_at as "placedAt",
      wire_state as "wireState", sales_order_number as "salesOrderNumber", step, status,
      checked_at as "checkedAt", absorbed_at as "absorbedAt"
    from ${promisedLines(warehouse)} p where item_code = any(${[...items]}::text[])
    order by wire_created_at, channel, marketplace_order_id, order_line_id`.execute(db);
  return rows;
}

/** What is kept of a listing beside the sum itself. */
export type KeptListing = {
  channel: string;
  shopSku: string;
  offerId: string | null;
  isActive: boolean;
  wanted: number | null;
  wantedAt: Date | null;
  shown: number | null;
  shownAt: Date | null;
  mostShown: number;
  sent: number | null;
  sentAt: Date | null;
  importId: number | null;
  step: string;
  dueAt: Date | null;
  attempts: number;
  verifiedAt: Date | null;
  lastError: string | null;
  /** Its item is on the list of those to be worked out anew. */
  isToReckon: boolean;
};

/** Listings that the channels still have, of these items. */
export async function readKeptListings(
  db: Db,
  warehouse: string,
  items: readonly string[],
): Promise<KeptListing[]> {
  const { rows } = await sql<KeptListing>`
    select l.channel, l.shop_sku as "shopSku", l.offer_id as "offerId", l.is_active as "isActive", l.wanted,
      l.wanted_at as "wantedAt", l.shown, l.shown_at as "shownAt", l.most_shown as "mostShown", l.sent,
      l.sent_at as "sentAt", l.import_id as "importId", l.step, l.due_at as "dueAt", l.attempts,
      l.verified_at as "verifiedAt", l.last_error as "lastError",
      exists (select from stock_due d where d.warehouse = l.warehouse and d.item_code = l.item_code) as "isToReckon"
    from stock_listings l
    where l.warehouse = ${warehouse} and l.item_code = any(${[...items]}::text[]) and l.missing_since is null
    order by l.channel, l.shop_sku`.execute(db);
  return rows;
}

/** One line of a file that was sent. */
export type SentLine = {
  importId: number;
  shopSku: string;
  method: string;
  state: string;
  reference: string | null;
  quantity: number;
  /** The most that may have been on show before. */
  was: number | null;
  basisAt: Date | null;
  sentAt: Date | null;
  finishedAt: Date | null;
  outcome: 'taken' | 'refused' | null;
  reason: string | null;
};

/** The last `most` lines that were sent for each of these SKUs, the newest first. */
export async function readSentLines(
  db: Db,
  channel: string,
  shopSkus: readonly string[],
  most: number,
): Promise<SentLine[]> {
  const { rows } = await sql<SentLine>`
    select i.id as "importId", l.shop_sku as "shopSku", i.method, i.state, i.reference, l.quantity, l.was,
      l.basis_at as "basisAt", i.sent_at as "sentAt", i.finished_at as "finishedAt", l.outcome, l.reason
    from unnest(${[...shopSkus]}::text[]) k
    cross join lateral (
      select j.* from stock_import_lines j join stock_imports n on n.id = j.import_id
      where j.shop_sku = k and n.channel = ${channel} order by j.import_id desc limit ${most}) l
    join stock_imports i on i.id = l.import_id
    order by l.shop_sku, i.id desc`.execute(db);
  return rows;
}
