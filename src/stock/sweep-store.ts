/** SQL that compares what a sweep of offers read with what is kept. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import type { Offering } from './listing-store.ts';

const given = (offers: readonly Offering[]) => sql`(select distinct on ("shopSku") * from
  jsonb_to_recordset(${JSON.stringify(offers)}::jsonb) as g("offerId" text, "shopSku" text, quantity integer,
    "isActive" boolean, "isDeleted" boolean) order by "shopSku", "isDeleted", "offerId" desc)`;

/** Listings that we never wrote: what is read is what they show, and their items are due when that is news. */
export async function saveFirstSight(
  trx: Trx,
  about: { channel: string; warehouse: string; readAt: Date },
  offers: readonly Offering[],
): Promise<void> {
  await sql`
    with news as (
      update stock_listings l set shown = g.quantity, shown_at = ${about.readAt}, most_shown = g.quantity
      from ${given(offers)} g
      where l.channel = ${about.channel} and l.shop_sku = g."shopSku" and l.sent is null and g.quantity is not null
        and l.shown is distinct from g.quantity and (l.shown_at is null or l.shown_at < ${about.readAt})
      returning l.item_code
    )
    insert into stock_due (warehouse, item_code) select distinct ${about.warehouse}, item_code from news
    on conflict do nothing`.execute(trx);
}

export type Differing = { quantity: number; isActive: boolean; isDeleted: boolean };

/** Of these offers, read at `readAt`, those that need a judgement: they show something else than was last read,
 *  or wait to be read back, and nothing was sent since. By SKU. */
export async function readDiffering(
  db: Db,
  channel: string,
  readAt: Date,
  offers: readonly Offering[],
): Promise<Map<string, Differing>> {
  const { rows } = await sql<Differing & { shopSku: string }>`
    select g."shopSku", g.quantity, g."isActive", g."isDeleted"
    from ${given(offers)} g
    join stock_listings l on l.channel = ${channel} and l.shop_sku = g."shopSku"
    left join stock_imports i on i.id = l.import_id
    where g.quantity is not null and l.sent is not null and l.step in ('quiet', 'taken')
      and coalesce(i.finished_at, l.sent_at) < ${readAt} and coalesce(l.shown_at, '-infinity') < ${readAt}
      and (l.step = 'taken' or l.shown is distinct from g.quantity
        or (g."isDeleted") <> (l.missing_since is not null))`.execute(db);
  return new Map(rows.map(({ shopSku, ...one }) => [shopSku, one]));
}

/** Listings whose item the warehouse has no figure of, and about which it was not asked since then. */
export async function readUnfigured(
  db: Db,
  warehouse: string,
  askedBefore: Date,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ itemCode: string }>`
    select distinct l.item_code as "itemCode" from stock_listings l
    left join stock_items i on i.warehouse = l.warehouse and i.item_code = l.item_code
    where l.warehouse = ${warehouse} and l.missing_since is null and (i.item_code is null or i.read_at < ${askedBefore})
      -- Those that were worked out from a figure need not be looked at; an index holds the others.
      and (l.wanted is null or l.why = 'no figure')
      and not exists (select from stock_figures f where f.warehouse = l.warehouse and f.item_code = l.item_code)
      and not exists (select from stock_kits k where k.warehouse = l.warehouse and k.parent = l.item_code)
    order by 1 limit ${limit}`.execute(db);
  return rows.map((row) => row.itemCode);
}

export type KnownItem = { itemCode: string; isKnown: boolean };

/** Keeps whether items are in the item master. */
export async function saveKnownItems(
  trx: Trx,
  warehouse: string,
  now: Date,
  items: readonly KnownItem[],
): Promise<void> {
  if (items.length === 0) return;
  await sql`
    insert into stock_items as i (warehouse, item_code, is_known, read_at)
    select ${warehouse}, "itemCode", "isKnown", ${now}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as r("itemCode" text, "isKnown" boolean)
    on conflict (warehouse, item_code) do update set is_known = excluded.is_known, read_at = excluded.read_at`.execute(
    trx,
  );
}

/** Items that were not known and have a figure or a kit by now; they count as known from here on. */
export async function takeNowKnown(trx: Trx, warehouse: string, now: Date): Promise<void> {
  await sql`
    update stock_items i set is_known = true, read_at = ${now}
    where i.warehouse = ${warehouse} and not i.is_known
      and (exists (select from stock_figures f where f.warehouse = i.warehouse and f.item_code = i.item_code)
        or exists (select from stock_kits k where k.warehouse = i.warehouse and k.parent = i.item_code))`.execute(
    trx,
  );
}

/** Listings of these items. */
export async function readListingsOf(
  db: Db | Trx,
  warehouse: string,
  items: readonly string[],
): Promise<{ channel: string; shopSku: string; itemCode: string; shown: number | null }[]> {
  const { rows } = await sql<{
    channel: string;
    shopSku: string;
    itemCode: string;
    shown: number | null;
  }>`
    select channel, shop_sku as "shopSku", item_code as "itemCode", shown from stock_listings
    where warehouse = ${warehouse} and item_code = any(${[...items]}::text[]) and missing_since is null
    order by 1, 2`.execute(db);
  return rows;
}

/** Listings whose item is known not to be there and that nobody was ever told of: they came after the warehouse was
 *  asked. */
export async function readUnnamed(
  trx: Trx,
  warehouse: string,
): Promise<Awaited<ReturnType<typeof readListingsOf>>> {
  const { rows } = await sql<{
    channel: string;
    shopSku: string;
    itemCode: string;
    shown: number | null;
  }>`
    select l.channel, l.shop_sku as "shopSku", l.item_code as "itemCode", l.shown from stock_items i
    join stock_listings l on l.warehouse = i.warehouse and l.item_code = i.item_code
    where i.warehouse = ${warehouse} and not i.is_known and l.missing_since is null
      and not exists (select from exceptions e where e.code = 'offer-without-item' and e.connection = l.channel
        and e.subject_kind = 'sku' and e.subject_id = l.shop_sku)
    order by 1, 2`.execute(trx);
  return rows;
}

/** Keeps groups and tags of items; those that changed are due. */
export async function saveAttributes(
  trx: Trx,
  warehouse: string,
  now: Date,
  items: readonly { itemCode: string; group: string | null; tags: readonly string[] }[],
): Promise<void> {
  if (items.length === 0) return;
  await sql`
    with kept as (
      insert into stock_items as i (warehouse, item_code, is_known, read_at, item_group, tags)
      select distinct on ("itemCode") ${warehouse}, "itemCode", true, ${now}::timestamptz, "group",
        array(select jsonb_array_elements_text(r.tags))
      from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as r("itemCode" text, "group" text, tags jsonb)
      on conflict (warehouse, item_code) do update set is_known = true, item_group = excluded.item_group, tags = excluded.tags
        where i.item_group is distinct from excluded.item_group or i.tags <> excluded.tags
      returning item_code
    )
    insert into stock_due (warehouse, item_code) select ${warehouse}, item_code from kept on conflict do nothing`.execute(
    trx,
  );
}
