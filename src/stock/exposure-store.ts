/** Exposure: units that could have been sold twice, from the files that were sent and the orders that came. Reads
 *  only. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import { exposure, type Publish, type Sale } from './exposure.ts';
import { readRules } from './rule-store.ts';
import { type CompiledRules, compileRules, effectiveRule } from './rules.ts';

/** Lines fetched at a time. Larger: more memory; smaller: more round trips. */
const linesPerFetch = 10_000;
/** How much longer ago a number may have been sent that was replaced in the time asked about. Too short: the first
 *  replacement of a SKU that changes seldom is not counted. */
const longestStandingMs = 7 * 86_400_000;

/** Units at risk on one UTC day for one item. */
export type ExposureRow = {
  day: string;
  itemCode: string;
  /** As it was. */
  units: number;
  /** With each of the buffers asked about, in their order. */
  withBuffers: number[];
};

export type Exposure = {
  since: Date;
  until: Date;
  bufferUnits: readonly number[];
  /** Numbers that were replaced by another in that time: what the figures were worked out from. */
  numbers: number;
  /** Only those where something was at risk with one of the buffers. By day, then by item. */
  rows: ExposureRow[];
};

type Asked = {
  warehouse: string;
  since: Date;
  until: Date;
  bufferUnits: readonly number[];
  itemCode?: string | undefined;
};

/** Works out the exposure of a warehouse, as it was and with other buffers in its place.
 *
 *  A number stands until the import of the next one is done, and is blind to sales since the last read before the
 *  figure of that next one: those could be sold again, less what the number withheld. Only numbers of ours that were
 *  replaced count. Kits count for each of their parts. What was shown of a shared pool, or up to the most that may
 *  be listed, is taken to keep its part of the pool, by the rules in force now. See `exposure`. */
export async function readExposure(trx: Trx, asked: Asked): Promise<Exposure> {
  const { since, until, bufferUnits } = asked;
  const rules = compileRules((await readRules(trx)).rules);
  const readTimes = await readReadTimes(trx, asked);
  const salesOf = await readSales(trx, asked, readTimes[0] ?? since.getTime());
  const found: Exposure = { since, until, bufferUnits, numbers: 0, rows: [] };
  for await (const [itemCode, lines] of sentLinesByItem(trx, asked)) {
    const standing = standingOf(lines, since.getTime(), readTimes);
    const sold = salesOf.get(itemCode);
    found.numbers += standing.length;
    if (!sold) continue;
    const publishes = standing.map((one) => publishOf(one, sold, rules));
    found.rows.push(...exposureRows(itemCode, publishes, sold, bufferUnits));
  }
  found.rows.sort((a, b) => textOrder(a.day, b.day) || textOrder(a.itemCode, b.itemCode));
  return found;
}

/** A number that was sent, in units of the item. Times in milliseconds. */
type SentNumber = {
  itemCode: string;
  channel: string;
  shopSku: string;
  quantity: number;
  /** Units that could be sold, by the figure read at `basisAt`. */
  pool: number | null;
  basisAt: number | null;
  finishedAt: number;
  /** Of the listing, which may be a kit. */
  listingItem: string;
  group: string | null;
  tags: string[];
  /** Units of the item in one of the listing. */
  each: number;
  /** Listings that draw on the item. */
  listings: number;
};

/** A number while it was blind: from `at` until the next one was done. */
type Standing = SentNumber & { at: number; doneAt: number; nextAt: number; nextPool: number };

/** Each number with the one that replaced it. */
function standingOf(
  lines: readonly SentNumber[],
  sinceMs: number,
  readTimes: readonly number[],
): Standing[] {
  return lines.flatMap((next, index) => {
    const one = lines[index - 1];
    if (one?.channel !== next.channel || one.shopSku !== next.shopSku) return [];
    if (one.basisAt === null || next.basisAt === null || next.pool === null) return [];
    if (next.finishedAt < sinceMs) return [];
    const at = Math.max(one.basisAt, lastBefore(readTimes, next.basisAt));
    const { finishedAt: doneAt, basisAt: nextAt, pool: nextPool } = next;
    return [{ ...one, at, doneAt, nextAt, nextPool }];
  });
}

/** What could be sold when the number went blind is what could be sold at the next figure, and what was sold
 *  between the two. */
function publishOf(one: Standing, sold: readonly Sale[], rules: CompiledRules): Publish {
  const between = sold
    .filter((sale) => sale.at > one.at && sale.at <= one.nextAt)
    .reduce((sum, sale) => sum + sale.units, 0);
  const { channel, shopSku, at, doneAt, quantity } = one;
  const pool = one.nextPool + between;
  const withheld = Math.max(0, pool - quantity);
  const { listingItem: itemCode, group, tags } = one;
  const on = new Date(doneAt).toISOString().slice(0, 10);
  const rule = effectiveRule(rules, { channel, itemCode, group, tags, on });
  const isWhole = one.listings === 1 && (rule.most === null || quantity < rule.most * one.each);
  const byRule = rule.bufferUnits + Math.ceil((pool * rule.bufferPercent) / 100 - 1e-9);
  const buffer = isWhole ? withheld : Math.min(withheld, byRule);
  return { channel, shopSku, at, doneAt, quantity, pool, buffer };
}

function exposureRows(
  itemCode: string,
  publishes: readonly Publish[],
  sold: readonly Sale[],
  bufferUnits: readonly number[],
): ExposureRow[] {
  const others = bufferUnits.map((units) => exposure(publishes, sold, { bufferUnits: units }));
  return exposure(publishes, sold).flatMap(({ day, units }, at) => {
    const withBuffers = others.map((one) => one[at]!.units);
    const isAny = units > 0 || withBuffers.some((n) => n > 0);
    return isAny ? [{ day, itemCode, units, withBuffers }] : [];
  });
}

/** Numbers that were taken, item by item, each item's by SKU and in the order they were sent. By a cursor: a month
 *  of a large catalogue is more than fits in memory. */
async function* sentLinesByItem(
  trx: Trx,
  asked: Asked,
): AsyncGenerator<[itemCode: string, lines: SentNumber[]]> {
  await declareSentLines(trx, asked);
  let lines: SentNumber[] = [];
  for (;;) {
    const { rows } = await sql<SentNumber>`fetch ${sql.lit(linesPerFetch)} from sent_lines`.execute(
      trx,
    );
    for (const row of rows) {
      const itemCode = lines[0]?.itemCode;
      if (itemCode !== undefined && itemCode !== row.itemCode) {
        yield [itemCode, lines];
        lines = [];
      }
      lines.push(row);
    }
    if (rows.length < linesPerFetch) break;
  }
  if (lines.length > 0) yield [lines[0]!.itemCode, lines];
  await sql`close sent_lines`.execute(trx);
}

async function declareSentLines(trx: Trx, asked: Asked): Promise<void> {
  const { warehouse, itemCode, since, until } = asked;
  const from = new Date(since.getTime() - longestStandingMs);
  const chosen =
    itemCode === undefined
      ? sql``
      : sql`and (l.item_code = ${itemCode} or l.item_code in (
          select parent from stock_kits where warehouse = ${warehouse} and child = ${itemCode}))`;
  const part = itemCode === undefined ? sql`` : sql`where item_code = ${itemCode}`;
  await sql`
    declare sent_lines no scroll cursor for
    with listed as (
      select l.channel, l.shop_sku, l.item_code as listing_item, coalesce(k.child, l.item_code) as item_code,
        coalesce(k.quantity, 1) as each, a.item_group, coalesce(a.tags, '{}') as tags
      from stock_listings l
      left join stock_kits k on k.warehouse = l.warehouse and k.parent = l.item_code
      left join stock_items a on a.warehouse = l.warehouse and a.item_code = l.item_code
      where l.warehouse = ${warehouse} ${chosen}
    ), own as (
      select *, count(*) over (partition by item_code) as listings from listed ${part}
    )
    select o.item_code as "itemCode", o.channel, o.shop_sku as "shopSku", j.quantity * o.each as quantity,
      j.pool * o.each as pool, ${epochMs(sql`j.basis_at`)} as "basisAt", ${epochMs(sql`i.finished_at`)} as "finishedAt",
      o.listing_item as "listingItem", o.item_group as "group", o.tags, o.each, o.listings
    from stock_imports i
    join stock_import_lines j on j.import_id = i.id
    join own o on o.channel = i.channel and o.shop_sku = j.shop_sku
    where i.state = 'complete' and j.outcome = 'taken' and i.made_at >= ${from} and i.finished_at <= ${until}
    order by o.item_code, o.channel, o.shop_sku, j.import_id`.execute(trx);
}

/** Sales by item, kits as their parts. */
async function readSales(
  db: Db,
  asked: Asked,
  sinceMs: number,
): Promise<ReadonlyMap<string, Sale[]>> {
  const { warehouse, itemCode = null, until } = asked;
  const { rows } = await sql<Sale & { itemCode: string }>`
    select o.channel, ${epochMs(sql`o.wire_created_at`)} as at, coalesce(k.child, s.item_code) as "itemCode",
      s.quantity * coalesce(k.quantity, 1) as units
    from orders o
    join lateral (select coalesce(m.item_code, l.shop_sku) as item_code, l.quantity
      from order_lines l left join sku_mappings m on m.channel = l.channel and m.shop_sku = l.shop_sku
      where l.channel = o.channel and l.marketplace_order_id = o.marketplace_order_id) s on true
    left join stock_kits k on k.warehouse = o.warehouse and k.parent = s.item_code
    where o.warehouse = ${warehouse} and o.wire_created_at >= ${new Date(sinceMs)} and o.wire_created_at <= ${until}
      and (${itemCode}::text is null or coalesce(k.child, s.item_code) = ${itemCode})`.execute(db);
  return Map.groupBy(rows, (row) => row.itemCode);
}

/** When the warehouse was read, whole or what changed; in order. */
async function readReadTimes(db: Db, { warehouse, since, until }: Asked): Promise<number[]> {
  const from = new Date(since.getTime() - longestStandingMs);
  const { rows } = await sql<{ at: number }>`
    select ${epochMs(sql`started_at`)} as at from stock_reads
    where warehouse = ${warehouse} and started_at >= ${from} and started_at <= ${until}
      and outcome = 'applied' and kind <> 'items'
    order by started_at`.execute(db);
  return rows.map((row) => row.at);
}

/** The last of these times before `until`; -Infinity when there is none. */
function lastBefore(times: readonly number[], until: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < until) low = middle + 1;
    else high = middle;
  }
  return times[low - 1] ?? Number.NEGATIVE_INFINITY;
}

/** A time in milliseconds since 1970, as a double. */
function epochMs(at: ReturnType<typeof sql>) {
  return sql`(extract(epoch from ${at}) * 1000)::float8`;
}

/** By code unit. */
function textOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
