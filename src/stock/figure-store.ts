/** SQL on what the warehouse has: figures per item and site, how fresh they are, every read there was. */
import { sql } from 'kysely';
import type { Bulk } from '../runtime/bulk.ts';
import type { Db, Trx } from '../runtime/db.ts';

export type Feed = {
  /** When the last complete read began; null before the first. */
  fullAt: Date | null;
  /** When the last good read of any kind began. */
  seenAt: Date | null;
  decayStep: number;
  rulesMark: string;
  approvedUntil: Date | null;
  lagSeconds: number;
};

const noFeed: Feed = {
  fullAt: null,
  seenAt: null,
  decayStep: 0,
  rulesMark: '',
  approvedUntil: null,
  lagSeconds: 180,
};

/** How fresh the truth of a warehouse is. Before the first read: nothing. */
export async function readFeed(db: Db | Trx, warehouse: string): Promise<Feed> {
  const row = await db
    .selectFrom('stock_feeds')
    .select([
      'full_at as fullAt',
      'seen_at as seenAt',
      'decay_step as decayStep',
      'rules_mark as rulesMark',
      'approved_until as approvedUntil',
      'lag_seconds as lagSeconds',
    ])
    .where('warehouse', '=', warehouse)
    .executeTakeFirst();
  return row ?? noFeed;
}

/** Writes what changed of a feed; what is left out stays. */
export async function saveFeed(trx: Trx, warehouse: string, change: Partial<Feed>): Promise<void> {
  const row = {
    ...(change.fullAt === undefined ? {} : { full_at: change.fullAt }),
    ...(change.seenAt === undefined ? {} : { seen_at: change.seenAt }),
    ...(change.decayStep === undefined ? {} : { decay_step: change.decayStep }),
    ...(change.rulesMark === undefined ? {} : { rules_mark: change.rulesMark }),
    ...(change.approvedUntil === undefined ? {} : { approved_until: change.approvedUntil }),
    ...(change.lagSeconds === undefined ? {} : { lag_seconds: change.lagSeconds }),
  };
  await trx
    .insertInto('stock_feeds')
    .values({ warehouse, full_at: null, seen_at: null, approved_until: null, ...row })
    .onConflict((on) => on.column('warehouse').doUpdateSet({ warehouse, ...row }))
    .execute();
}

/** Rows of a report as read; `available` null: it shows the item, but not how many. */
export type IncomingRow = readonly [
  itemCode: string,
  site: string,
  available: number | null,
  onHand: number | null,
  allocated: number | null,
];

/** Makes the temporary table that a read is gathered in. */
export async function openIncoming(bulk: Bulk): Promise<void> {
  await sql`create temporary table incoming (item_code text collate "C", site text collate "C",
    available integer, on_hand integer, allocated integer)`.execute(bulk.db);
}

/** Adds rows to it. Returns how many. */
export function addIncoming(bulk: Bulk, rows: Iterable<IncomingRow>): Promise<number> {
  const columns = ['item_code', 'site', 'available', 'on_hand', 'allocated'];
  return bulk.copyIn('incoming', columns, rows);
}

/** What a gathered read would change. */
export type Comparison = {
  /** Items with stock before, and of these those that would have none. */
  stocked: number;
  emptied: number;
  changed: number;
  /** Items named twice for one site with different figures. */
  twice: { itemCode: string; site: string; figures: number[] }[];
  unreadable: { itemCode: string; site: string }[];
};

/** Compares the gathered rows with what is kept, into the temporary table `changes`. `isWhole`: every item was
 *  read, so that one without a row has none. */
export async function compareIncoming(
  bulk: Bulk,
  warehouse: string,
  isWhole: boolean,
): Promise<Comparison> {
  const { db } = bulk;
  await sql`analyze incoming`.execute(db);
  // Both sides are passed over once: this is most of the work of a reading.
  await sql`create temporary table changes as
    select coalesce(i.item_code, f.item_code) as item_code, coalesce(i.site, f.site) as site,
      i.available, i.on_hand, i.allocated, f.available as was,
      i.item_code is not null and f.absent_since is not null as was_absent,
      i.item_code is not null and f.unreadable_since is not null as was_unreadable
    from incoming i
    ${isWhole ? sql`full` : sql`left`} join (select * from stock_figures where warehouse = ${sql.lit(warehouse)}) f
      on f.item_code = i.item_code and f.site = i.site
    where (i.available is not null and (f.item_code is null or f.available <> i.available
        or f.on_hand is distinct from i.on_hand or f.allocated is distinct from i.allocated
        or f.absent_since is not null or f.unreadable_since is not null))
      or (i.item_code is null and f.absent_since is null)`.execute(db);
  await sql`analyze changes`.execute(db);
  // Of two figures for one place, at least one is another than what is kept.
  const { rows: doubtful } = await sql<{
    itemCode: string;
    site: string;
    figures: number[] | null;
  }>`
    with suspect as (
      select item_code, site from changes where available is not null
      union select item_code, site from incoming where available is null
    )
    select item_code as "itemCode", site, case when count(*) = count(available) then array_agg(available) end as figures
    from incoming join suspect using (item_code, site) group by item_code, site
    having count(*) > count(available) or min(available) <> max(available)
    order by item_code, site`.execute(db);
  if (doubtful.length > 0) {
    await sql`delete from changes c using jsonb_to_recordset(${JSON.stringify(doubtful)}::jsonb)
      as d("itemCode" text, site text) where c.item_code = d."itemCode" and c.site = d.site`.execute(
      db,
    );
  }
  const { rows } = await sql<{ stocked: number; emptied: number; changed: number }>`
    select (select count(*) from stock_figures where warehouse = ${warehouse} and available > 0 and absent_since is null) as stocked,
      count(*) filter (where was > 0 and not was_absent and coalesce(available, 0) <= 0) as emptied,
      count(*) as changed from changes`.execute(db);
  return {
    ...rows[0]!,
    twice: doubtful.flatMap((one) =>
      one.figures ? [{ itemCode: one.itemCode, site: one.site, figures: one.figures }] : [],
    ),
    unreadable: doubtful.filter((one) => one.figures === null),
  };
}

/** Takes the compared changes into force. Returns the items that can be read again since. */
export async function applyChanges(
  trx: Trx,
  warehouse: string,
  startedAt: Date,
): Promise<{ readableAgain: string[] }> {
  const { rows } = await sql<{ itemCode: string }>`
    select distinct item_code as "itemCode" from changes where was_unreadable`.execute(trx);
  await sql`
    insert into stock_figures as f (warehouse, item_code, site, available, on_hand, allocated, changed_at, read_at)
    select distinct on (item_code, site) ${warehouse}, item_code, site, available, on_hand, allocated,
      ${startedAt}::timestamptz, ${startedAt}::timestamptz
    from changes where available is not null
    on conflict (warehouse, item_code, site) do update set available = excluded.available,
      on_hand = excluded.on_hand, allocated = excluded.allocated, read_at = excluded.read_at,
      changed_at = case when f.available = excluded.available and f.absent_since is null
        then f.changed_at else excluded.changed_at end,
      absent_since = null, unreadable_since = null`.execute(trx);
  await sql`
    update stock_figures f set absent_since = ${startedAt}, changed_at = ${startedAt} from changes c
    where c.available is null and f.warehouse = ${warehouse} and f.item_code = c.item_code and f.site = c.site`.execute(
    trx,
  );
  await sql`
    insert into stock_due (warehouse, item_code)
    with moved as (
      select distinct item_code from changes where available is distinct from was or was_absent or was_unreadable
    )
    select ${warehouse}, item_code from moved
    where item_code in (select l.item_code from stock_listings l where l.warehouse = ${warehouse})
    union select ${warehouse}, item_code from moved
    where item_code in (select k.child from stock_kits k where k.warehouse = ${warehouse})
    on conflict do nothing`.execute(trx);
  return { readableAgain: rows.map((row) => row.itemCode) };
}

/** After many figures were written anew; see `refreshListingStatistics`. */
export async function refreshFigureStatistics(db: Db): Promise<void> {
  await sql`analyze stock_figures`.execute(db);
}

/** Notes that the read held no figure for these rows; the older figure stands, and grows old. Where there is no
 *  older one the item counts as having none. */
export async function markUnreadable(
  trx: Trx,
  warehouse: string,
  startedAt: Date,
  rows: readonly { itemCode: string; site: string }[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into stock_figures as f (warehouse, item_code, site, available, changed_at, read_at, absent_since, unreadable_since)
    select distinct on ("itemCode", site) ${warehouse}, "itemCode", site, 0, ${startedAt}::timestamptz,
      ${startedAt}::timestamptz, ${startedAt}::timestamptz, ${startedAt}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r("itemCode" text, site text)
    on conflict (warehouse, item_code, site) do update
      set unreadable_since = coalesce(f.unreadable_since, excluded.unreadable_since)`.execute(trx);
}

/** Figures of items that were asked for one by one: rows not changed are vouched for all the same. An item without
 *  a row stays as it is: only the whole report says that something is gone, since only there a sudden emptiness
 *  shows. */
export async function saveItemFigures(
  trx: Trx,
  warehouse: string,
  startedAt: Date,
  read: { asked: readonly string[]; rows: readonly IncomingRow[] },
): Promise<number> {
  const rows = read.rows.map(([itemCode, site, available, onHand, allocated]) => ({
    itemCode,
    site,
    available,
    onHand,
    allocated,
  }));
  const { rows: changed } = await sql<{ itemCode: string }>`
    with read as (
      select distinct on ("itemCode", site) * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r("itemCode" text, site text, available integer, "onHand" integer, allocated integer)
    ), before as (
      select f.item_code, f.site, f.available, f.absent_since from stock_figures f
      where f.warehouse = ${warehouse} and f.item_code = any(${[...read.asked]}::text[])
    ), kept as (
      insert into stock_figures as f (warehouse, item_code, site, available, on_hand, allocated, changed_at, read_at)
      select ${warehouse}, "itemCode", site, available, "onHand", allocated, ${startedAt}::timestamptz, ${startedAt}::timestamptz
      from read where available is not null
      on conflict (warehouse, item_code, site) do update set available = excluded.available,
        on_hand = excluded.on_hand, allocated = excluded.allocated, read_at = excluded.read_at,
        changed_at = case when f.available = excluded.available and f.absent_since is null
          then f.changed_at else excluded.changed_at end,
        absent_since = null, unreadable_since = null
    ), changed as (
      select r."itemCode" from read r left join before b on b.item_code = r."itemCode" and b.site = r.site
      where b.item_code is null or b.available <> r.available or b.absent_since is not null
    ), due as (
      insert into stock_due (warehouse, item_code) select ${warehouse}, "itemCode" from changed on conflict do nothing
    )
    select "itemCode" from changed`.execute(trx);
  return changed.length;
}

export type StockRead = {
  kind: 'full' | 'changes' | 'items';
  startedAt: Date;
  endedAt: Date;
  rowCount: number;
  changedCount: number;
  outcome: 'applied' | 'partial' | 'held';
  note: string | null;
};

/** Notes how a read went. */
export async function noteRead(trx: Trx, warehouse: string, read: StockRead): Promise<void> {
  await trx
    .insertInto('stock_reads')
    .values({
      warehouse,
      kind: read.kind,
      started_at: read.startedAt,
      ended_at: read.endedAt,
      row_count: read.rowCount,
      changed_count: read.changedCount,
      outcome: read.outcome,
      note: read.note,
    })
    .execute();
}

/** Rows of the last whole report, or null when there was none. */
export async function lastFullRows(db: Db, warehouse: string): Promise<number | null> {
  const row = await db
    .selectFrom('stock_reads')
    .select('row_count')
    .where('warehouse', '=', warehouse)
    .where('kind', '=', 'full')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.row_count ?? null;
}

/** Whether anything is kept of what the warehouse has. */
export async function hasFigures(db: Db | Trx, warehouse: string): Promise<boolean> {
  const row = await db
    .selectFrom('stock_figures')
    .select('item_code')
    .where('warehouse', '=', warehouse)
    .where('available', '>', 0)
    .where('absent_since', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Items to be read again soon, the oldest first. */
export async function readHints(db: Db, warehouse: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('stock_hints')
    .select('item_code')
    .where('warehouse', '=', warehouse)
    .orderBy('at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.item_code);
}

/** Drops hints given before a read began that covered them; all items when none are named. */
export async function dropHints(
  trx: Trx,
  warehouse: string,
  before: Date,
  items?: readonly string[],
): Promise<void> {
  let query = trx
    .deleteFrom('stock_hints')
    .where('warehouse', '=', warehouse)
    .where('at', '<=', before);
  if (items) query = query.where('item_code', 'in', [...items]);
  if (items?.length !== 0) await query.execute();
}

/** Keeps hints; what is hinted at twice is kept once, with the later time. */
export async function addHints(
  db: Db | Trx,
  warehouse: string,
  at: Date,
  hints: { items: readonly string[]; source: string },
): Promise<void> {
  if (hints.items.length === 0) return;
  await sql`
    insert into stock_hints (warehouse, item_code, at, source)
    select distinct ${warehouse}, i, ${at}::timestamptz, ${hints.source} from unnest(${[...hints.items]}::text[]) i
    on conflict (warehouse, item_code) do update set at = excluded.at, source = excluded.source`.execute(
    db,
  );
}

/** Replaces the kits of a warehouse. Items of kits that changed are due. */
export async function saveKits(
  trx: Trx,
  warehouse: string,
  parts: readonly { parent: string; child: string; quantity: number }[],
): Promise<void> {
  const given = sql`jsonb_to_recordset(${JSON.stringify(parts)}::jsonb)
    as r(parent text, child text, quantity integer)`;
  await sql`
    with gone as (
      delete from stock_kits k where k.warehouse = ${warehouse} and not exists (
        select from ${given} where r.parent = k.parent and r.child = k.child) returning k.parent
    ), kept as (
      insert into stock_kits as k (warehouse, parent, child, quantity)
      select distinct on (parent, child) ${warehouse}, parent, child, quantity from ${given}
      on conflict (warehouse, parent, child) do update set quantity = excluded.quantity
        where k.quantity <> excluded.quantity
      returning k.parent
    )
    insert into stock_due (warehouse, item_code)
    select ${warehouse}, parent from gone union select ${warehouse}, parent from kept on conflict do nothing`.execute(
    trx,
  );
}
