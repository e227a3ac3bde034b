/** SQL for working out what channels should show: items that are due, and everything their numbers hang on. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';

/** Everything that the numbers of some items hang on. */
export type Ground = {
  figures: { itemCode: string; available: number; at: Date | null }[];
  demand: { itemCode: string; promised: number; unitsPerHour: number }[];
  kits: { parent: string; child: string; quantity: number }[];
  items: { itemCode: string; group: string | null; tags: string[] }[];
  /** Every listing that draws on the same items. */
  outlets: {
    channel: string;
    shopSku: string;
    itemCode: string;
    mostShown: number;
    /** What is on show or on its way, as far as it was meant. */
    meant: number | null;
    wanted: number | null;
    step: string;
  }[];
};

/** Takes up to `limit` due items off the list, in this transaction: what changes meanwhile is listed anew. In the
 *  order of their codes, as the tables that are looked into next are mostly kept, too. */
export async function takeDue(trx: Trx, warehouse: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ itemCode: string }>`
    delete from stock_due where ctid = any(array(
      select ctid from stock_due where warehouse = ${warehouse} order by item_code limit ${limit} for update skip locked))
    returning item_code as "itemCode"`.execute(trx);
  return rows.map((row) => row.itemCode);
}

/** Every listed item of a warehouse is due. */
export async function makeAllDue(trx: Trx, warehouse: string): Promise<void> {
  await sql`insert into stock_due (warehouse, item_code)
    select distinct warehouse, item_code from stock_listings where warehouse = ${warehouse}
    on conflict do nothing`.execute(trx);
}

/** Some items are due. */
export async function makeDue(
  trx: Db | Trx,
  warehouse: string,
  items: readonly string[],
): Promise<void> {
  if (items.length === 0) return;
  await sql`insert into stock_due (warehouse, item_code)
    select distinct ${warehouse}, i from unnest(${[...items]}::text[]) i on conflict do nothing`.execute(
    trx,
  );
}

/** Gathers the ground for these items: what they and the kits they are part of are made of, and all listings
 *  that draw on any of it. */
export async function readGround(
  db: Db | Trx,
  warehouse: string,
  due: readonly string[],
): Promise<Ground> {
  const given = [...due];
  const { rows: kits } = await sql<Ground['kits'][number]>`
    with wide as (
      -- The due items, the kits they are part of, and those kits' other parts.
      select unnest(${given}::text[]) collate "C" as code
      union select parent from stock_kits where warehouse = ${warehouse} and child = any(${given}::text[])
    ), wider as (
      select code from wide
      union select child from stock_kits k join wide w on k.warehouse = ${warehouse} and k.parent = w.code
    )
    select parent, child, quantity from stock_kits k
    where k.warehouse = ${warehouse} and (k.parent in (select code from wider) or k.parent in (
      select parent from stock_kits p where p.warehouse = ${warehouse} and p.child in (select code from wider)))`.execute(
    db,
  );
  const codes = [...new Set([...given, ...kits.flatMap((kit) => [kit.parent, kit.child])])];
  const [figures, demand, items, outlets] = await Promise.all([
    sql<Ground['figures'][number]>`
      select f.item_code as "itemCode", coalesce(sum(f.available) filter (where f.absent_since is null), 0)::int as available,
        greatest(min(f.read_at), (select full_at from stock_feeds where warehouse = ${warehouse})) as at
      from stock_figures f where f.warehouse = ${warehouse} and f.item_code = any(${codes}::text[])
      group by f.item_code`.execute(db),
    sql<Ground['demand'][number]>`
      select item_code as "itemCode", promised, units_per_hour as "unitsPerHour" from stock_demand
      where warehouse = ${warehouse} and item_code = any(${codes}::text[])`.execute(db),
    sql<Ground['items'][number]>`
      select item_code as "itemCode", item_group as "group", tags from stock_items
      where warehouse = ${warehouse} and item_code = any(${codes}::text[])
        and (item_group is not null or tags <> '{}')`.execute(db),
    sql<Ground['outlets'][number]>`
      select channel, shop_sku as "shopSku", item_code as "itemCode", most_shown as "mostShown",
        coalesce(sent, shown) as meant, wanted, step
      from stock_listings where warehouse = ${warehouse} and item_code = any(${codes}::text[])
        and missing_since is null
      order by channel, shop_sku`.execute(db),
  ]);
  return {
    kits,
    figures: figures.rows,
    demand: demand.rows,
    items: items.rows,
    outlets: outlets.rows,
  };
}

export type Reckoned = {
  channel: string;
  shopSku: string;
  quantity: number;
  pool: number | null;
  basisAt: Date | null;
  why: string;
};

/** Keeps what listings should show. Those of channels that publish become due when that is not what was meant
 *  to be on show; those that turn out right again are not sent. Returns how many are due now. */
export async function saveReckoned(
  trx: Trx,
  now: Date,
  publishing: readonly string[],
  reckoned: readonly Reckoned[],
): Promise<number> {
  if (reckoned.length === 0) return 0;
  const { rows } = await sql<{ due: number }>`
    with given as (
      select * from jsonb_to_recordset(${JSON.stringify(reckoned)}::jsonb) as r(channel text, "shopSku" text,
        quantity integer, pool integer, "basisAt" timestamptz, why text)
    ), kept as (
      update stock_listings l set wanted = g.quantity, basis_at = g."basisAt", pool = g.pool, why = g.why,
        wanted_at = case when l.wanted is distinct from g.quantity then ${now}::timestamptz else l.wanted_at end,
        step = case
          when not (l.channel = any(${[...publishing]}::text[])) then l.step
          when coalesce(l.sent, l.shown) is distinct from g.quantity then 'due'
          when l.step = 'due' and l.attempts = 0 and l.last_error is null then 'quiet'
          else l.step end,
        due_at = case
          when not (l.channel = any(${[...publishing]}::text[])) then l.due_at
          when coalesce(l.sent, l.shown) is distinct from g.quantity then
            case when l.step = 'due' and l.attempts > 0 and l.wanted is not distinct from g.quantity then l.due_at
              else ${now}::timestamptz end
          else l.due_at end
      from given g where l.channel = g.channel and l.shop_sku = g."shopSku"
      returning l.step
    )
    select count(*) filter (where step = 'due')::int as due from kept`.execute(trx);
  return rows[0]!.due;
}
