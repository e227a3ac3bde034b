/** Diff: warehouse and channel beside each other, SKU by SKU, and in words why they differ. Reads only. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';
import type { Step } from './listing-store.ts';

/** One SKU on both sides. `available` and `promised` are null for a kit, whose parts have them. */
export type DiffRow = {
  channel: string;
  shopSku: string;
  itemCode: string;
  isKit: boolean;
  /** Null: the warehouse gave no figure. */
  available: number | null;
  promised: number | null;
  /** Units of the listing that could be sold if nothing were withheld. */
  sellable: number | null;
  wanted: number | null;
  sent: number | null;
  sentAt: Date | null;
  importId: number | null;
  shown: number | null;
  shownAt: Date | null;
  isActive: boolean;
  missingSince: Date | null;
  step: Step;
  attempts: number;
  lastError: string | null;
  /** The warehouse has no such item: neither a figure nor a kit. */
  isUnknown: boolean;
  /** Units sold on the channel since the last number was sent. */
  soldSince: number;
  why: string;
};

/** What else decides whether and how soon a channel's listings are sent. */
export type ChannelState = { mode: 'publish' | 'watch' | 'off'; isPaused: boolean };

export type Diff = {
  /** SKUs of the channel that are shown, and how many there are in all. */
  rows: DiffRow[];
  count: number;
};

/** SKUs of a channel by code; only those that differ unless `isAll`: wanted is not shown, something is on its way,
 *  the item is not in the warehouse, or the offer cannot be bought. At most `limit` rows. */
export async function readDiff(
  db: Db,
  given: { channel: string; state: ChannelState; isAll: boolean; limit: number },
): Promise<Diff> {
  const { channel, state, isAll, limit } = given;
  const { rows } = await sql<Omit<DiffRow, 'why'> & { count: number }>`
    with own as (
      select l.*, f.available as figure,
        exists (select from stock_kits k where k.warehouse = l.warehouse and k.parent = l.item_code) as is_kit
      from stock_listings l
      left join lateral (select sum(available) filter (where absent_since is null)::int as available, count(*) as sites
        from stock_figures g where g.warehouse = l.warehouse and g.item_code = l.item_code having count(*) > 0) f on true
      where l.channel = ${channel}
    ), chosen as (
      select * from own
      where ${isAll} or missing_since is null and (step <> 'quiet' or shown is distinct from wanted
        or not is_active and shown > 0 or figure is null and not is_kit)
    )
    select c.channel, c.shop_sku as "shopSku", c.item_code as "itemCode", c.is_kit as "isKit",
      case when not c.is_kit then c.figure end as available,
      case when not c.is_kit then coalesce(d.promised, 0) end as promised,
      c.pool as sellable, c.wanted, c.sent, c.sent_at as "sentAt", c.import_id as "importId", c.shown,
      c.shown_at as "shownAt", c.is_active as "isActive", c.missing_since as "missingSince", c.step, c.attempts,
      c.last_error as "lastError", c.figure is null and not c.is_kit as "isUnknown", sold.units as "soldSince",
      (select count(*) from chosen) as count
    from (select * from chosen order by shop_sku limit ${limit}) c
    left join stock_demand d on d.warehouse = c.warehouse and d.item_code = c.item_code
    left join lateral (select coalesce(sum(o.quantity), 0)::int as units
      from order_lines o join orders p using (channel, marketplace_order_id)
      where o.channel = c.channel and o.shop_sku = c.shop_sku and p.wire_created_at >= c.sent_at) sold on true
    order by c.shop_sku`.execute(db);
  return {
    count: rows[0]?.count ?? 0,
    rows: rows.map(({ count: _, ...row }) => ({ ...row, why: whyDiffers(row, state) })),
  };
}

/** Why both sides differ, in words; empty when they do not. Pure. */
export function whyDiffers(row: Omit<DiffRow, 'why'>, state: ChannelState): string {
  if (row.missingSince !== null) return 'the channel no longer lists it';
  const facts: string[] = [];
  if (row.isUnknown) facts.push('the warehouse has no such item');
  const way = wayOf(row, state);
  if (way !== '') facts.push(way);
  if (!row.isActive && (row.shown ?? 0) > 0) facts.push('the offer cannot be bought');
  return facts.join('; ');
}

function wayOf(row: Omit<DiffRow, 'why'>, state: ChannelState): string {
  if (row.wanted === null) return row.isUnknown ? '' : 'not worked out yet';
  if (row.step === 'sent') return `in import ${row.importId}, its end is not known yet`;
  if (row.step === 'taken') return `taken by import ${row.importId}, not read back yet`;
  if (row.step === 'due' || row.shown !== row.wanted) {
    if (state.mode !== 'publish') return `stock.mode is ${state.mode}: nothing is sent`;
    if (state.isPaused) return 'the channel is paused';
  }
  if (row.step === 'due') {
    const again = row.attempts > 0 ? `, sent in vain ${row.attempts} times` : '';
    const cause = row.lastError === null ? '' : ` (${row.lastError})`;
    return `waits to be sent${again}${cause}`;
  }
  if (row.shown === row.wanted) return '';
  if (row.shown === null) return 'the channel was not read yet';
  const { sent, shown, soldSince } = row;
  if (sent === row.wanted && shown < sent && shown >= sent - soldSince)
    return `${sent - shown} sold since it was sent`;
  return 'differs since it was read; looked at again with the next sweep';
}

/** Items with stock that no channel lists, neither themselves nor in a kit. At most `limit`, those with most units
 *  first; `count`: all of them. */
export async function readUnlisted(
  db: Db,
  warehouse: string,
  limit: number,
): Promise<{ count: number; items: { itemCode: string; available: number }[] }> {
  const { rows } = await sql<{ itemCode: string; available: number; count: number }>`
    select item_code as "itemCode", available, count(*) over () as count from (
      select item_code, sum(available)::int as available from stock_figures
      where warehouse = ${warehouse} and absent_since is null group by item_code having sum(available) > 0
    ) f
    where not exists (select from stock_listings l where l.warehouse = ${warehouse}
        and l.item_code = f.item_code and l.missing_since is null)
      and not exists (select from stock_kits k join stock_listings l on l.warehouse = k.warehouse
          and l.item_code = k.parent and l.missing_since is null
        where k.warehouse = ${warehouse} and k.child = f.item_code)
    order by available desc, item_code limit ${Math.max(1, limit)}`.execute(db);
  return {
    count: rows[0]?.count ?? 0,
    items: rows.slice(0, limit).map(({ itemCode, available }) => ({ itemCode, available })),
  };
}
