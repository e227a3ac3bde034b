/** SQL behind `stock status`: how fresh the truth is and how far the channels are behind it. Reads only. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';
import type { StockImport } from './import-store.ts';

/** One read of a warehouse. */
export type ReadStatus = {
  kind: 'full' | 'changes' | 'items';
  startedAt: Date;
  endedAt: Date;
  rowCount: number;
  changedCount: number;
  outcome: string;
  note: string | null;
};

/** The last reads, the newest first. */
export async function readLastReads(
  db: Db,
  warehouse: string,
  limit: number,
): Promise<ReadStatus[]> {
  return db
    .selectFrom('stock_reads')
    .select([
      'kind',
      'started_at as startedAt',
      'ended_at as endedAt',
      'row_count as rowCount',
      'changed_count as changedCount',
      'outcome',
      'note',
    ])
    .where('warehouse', '=', warehouse)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** `items`: those with a figure, and those of them with units. `toReckon`: numbers to be worked out anew.
 *  `hints`: items to be read again. */
export type WarehouseCounts = { items: number; stocked: number; toReckon: number; hints: number };

export async function countWarehouse(db: Db, warehouse: string): Promise<WarehouseCounts> {
  const { rows } = await sql<WarehouseCounts>`
    select (select count(distinct item_code) from stock_figures
        where warehouse = ${warehouse} and absent_since is null) as items,
      (select count(distinct item_code) from stock_figures
        where warehouse = ${warehouse} and absent_since is null and available > 0) as stocked,
      (select count(*) from stock_due where warehouse = ${warehouse}) as "toReckon",
      (select count(*) from stock_hints where warehouse = ${warehouse}) as hints`.execute(db);
  return rows[0]!;
}

/** Listings that a channel has, by step; `missing`: those it had. `differing`: at rest, and shown is not wanted. */
export type ListingCounts = {
  listings: number;
  stocked: number;
  due: number;
  sent: number;
  taken: number;
  missing: number;
  differing: number;
};

export async function countListings(db: Db, channel: string): Promise<ListingCounts> {
  const { rows } = await sql<ListingCounts>`
    select count(*) filter (where missing_since is null) as listings,
      count(*) filter (where missing_since is null and most_shown > 0) as stocked,
      count(*) filter (where missing_since is null and step = 'due') as due,
      count(*) filter (where missing_since is null and step = 'sent') as sent,
      count(*) filter (where missing_since is null and step = 'taken') as taken,
      count(*) filter (where missing_since is not null) as missing,
      count(*) filter (where missing_since is null and step = 'quiet' and shown is distinct from wanted) as differing
    from stock_listings where channel = ${channel}`.execute(db);
  return rows[0]!;
}

/** A file of quantities, as a person sees it. */
export type ImportStatus = Pick<StockImport, 'id' | 'method' | 'state' | 'reference' | 'madeAt'> & {
  lineCount: number;
  errorCount: number;
  sentAt: Date | null;
  finishedAt: Date | null;
  note: string | null;
};

/** The last file of a channel, or null. */
export async function readLastImport(db: Db, channel: string): Promise<ImportStatus | null> {
  const row = await db
    .selectFrom('stock_imports')
    .select([
      'id',
      'method',
      'state',
      'reference',
      'line_count as lineCount',
      'error_count as errorCount',
      'made_at as madeAt',
      'sent_at as sentAt',
      'finished_at as finishedAt',
      'note',
    ])
    .where('channel', '=', channel)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}
