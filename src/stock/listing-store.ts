/** SQL on what channels list: what each SKU should show, what it was sent, what it was seen to show. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';

export type Step = 'quiet' | 'due' | 'sent' | 'taken';

export type Listing = {
  channel: string;
  shopSku: string;
  itemCode: string;
  offerId: string | null;
  isActive: boolean;
  missingSince: Date | null;
  shown: number | null;
  shownAt: Date | null;
  /** The most that the channel may be showing now. */
  mostShown: number;
  wanted: number | null;
  wantedAt: Date | null;
  basisAt: Date | null;
  pool: number | null;
  sent: number | null;
  sentAt: Date | null;
  importId: number | null;
  step: Step;
  attempts: number;
};

const columns = sql`l.channel, l.shop_sku as "shopSku", l.item_code as "itemCode", l.offer_id as "offerId",
  l.is_active as "isActive", l.missing_since as "missingSince", l.shown, l.shown_at as "shownAt",
  l.most_shown as "mostShown", l.wanted, l.wanted_at as "wantedAt", l.basis_at as "basisAt", l.pool, l.sent,
  l.sent_at as "sentAt", l.import_id as "importId", l.step, l.attempts`;

/** Listings by SKU. */
export async function readListings(
  db: Db | Trx,
  channel: string,
  shopSkus: readonly string[],
): Promise<Listing[]> {
  const { rows } = await sql<Listing>`
    select ${columns} from stock_listings l
    where l.channel = ${channel} and l.shop_sku = any(${[...shopSkus]}::text[])`.execute(db);
  return rows;
}

/** Listings of a step that are due, the longest due first. */
export async function readDueListings(
  db: Db,
  channel: string,
  step: Step,
  now: Date,
  limit: number,
): Promise<Listing[]> {
  const { rows } = await sql<Listing>`
    select ${columns} from stock_listings l
    where l.channel = ${channel} and l.step = ${step} and l.step <> 'quiet' and l.due_at <= ${now}
    order by l.due_at, l.shop_sku limit ${limit}`.execute(db);
  return rows;
}

/** What is to be sent: reductions before increases, each time those nearest to zero first, so that a short file
 *  holds what matters most. `isZeroHeld`: those that go to zero wait for a person. */
export async function readListingsToSend(
  trx: Trx,
  channel: string,
  now: Date,
  given: { limit: number; isZeroHeld: boolean },
): Promise<Listing[]> {
  const { rows } = await sql<Listing>`
    select ${columns} from stock_listings l
    where l.channel = ${channel} and l.step = 'due' and l.due_at <= ${now} and l.wanted is not null
      and l.missing_since is null and not (${given.isZeroHeld} and l.wanted = 0)
    order by (l.wanted < l.most_shown) desc, l.wanted, l.shop_sku limit ${given.limit} for update`.execute(
    trx,
  );
  return rows;
}

/** How many offers of a channel with stock on show are about to go to zero and, when they are at least `least`,
 *  how many have stock on show at all (else 0, since counting them looks at every offer). */
export async function countZeroing(
  db: Db | Trx,
  channel: string,
  least: number,
): Promise<{ stocked: number; zeroing: number }> {
  const { rows } = await sql<{ stocked: number; zeroing: number }>`
    select zeroing, case when zeroing < ${least} then 0 else (select count(*) from stock_listings
      where channel = ${channel} and missing_since is null and greatest(shown, sent) > 0) end as stocked
    from (select count(*) as zeroing from stock_listings where channel = ${channel} and missing_since is null
      and step = 'due' and wanted = 0 and coalesce(sent, shown) > 0) z`.execute(db);
  return rows[0]!;
}

/** After most listings were written anew. Without it PostgreSQL may take a large table for a small one until it
 *  looks by itself, a minute later, and read it once for each row of a batch. */
export async function refreshListingStatistics(db: Db | Trx): Promise<void> {
  await sql`analyze stock_listings`.execute(db);
}

/** Whether anything of a channel is on its way. */
export async function hasWork(db: Db, channel: string): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select exists (select from stock_listings where channel = ${channel} and step <> 'quiet')
      or exists (select from stock_imports where channel = ${channel} and state in ('intended', 'running')) as has`.execute(
    db,
  );
  return rows[0]!.has;
}

export type Offering = {
  offerId: string;
  shopSku: string;
  /** Null: not told. */
  quantity: number | null;
  isActive: boolean;
  isDeleted: boolean;
};

/** A listing that is new or is not what it was. `was`: null for one that was not known. */
export type OfferNews = {
  shopSku: string;
  itemCode: string;
  quantity: number | null;
  isActive: boolean;
  isMissing: boolean;
  wasActive: boolean | null;
  wasMissing: boolean | null;
};

/** Notes which offers there are, as read at `readAt`. New ones are due to be worked out; figures of known ones
 *  are judged elsewhere, and of one that is listed again nothing read before counts. Returns what is news. */
export async function saveOfferings(
  trx: Trx,
  given: { channel: string; warehouse: string; readAt: Date },
  offers: readonly Offering[],
): Promise<OfferNews[]> {
  if (offers.length === 0) return [];
  const isBack = sql`l.missing_since is not null and excluded.missing_since is null`;
  const { rows } = await sql<OfferNews>`
    with read as (
      select distinct on ("shopSku") * from jsonb_to_recordset(${JSON.stringify(offers)}::jsonb) as r("offerId" text,
        "shopSku" text, quantity integer, "isActive" boolean, "isDeleted" boolean)
      order by "shopSku", "isDeleted", "offerId" desc
    ), before as (
      select l.shop_sku, l.is_active, l.missing_since from stock_listings l join read r on r."shopSku" = l.shop_sku
      where l.channel = ${given.channel}
    ), kept as (
      insert into stock_listings as l (channel, shop_sku, warehouse, item_code, offer_id, is_active, missing_since,
        shown, shown_at, most_shown)
      select ${given.channel}, r."shopSku", ${given.warehouse}, coalesce(m.item_code, r."shopSku"), r."offerId",
        r."isActive", case when r."isDeleted" then ${given.readAt}::timestamptz end,
        r.quantity, case when r.quantity is not null then ${given.readAt}::timestamptz end, coalesce(r.quantity, 0)
      from read r left join sku_mappings m on m.channel = ${given.channel} and m.shop_sku = r."shopSku"
      on conflict (channel, shop_sku) do update set offer_id = excluded.offer_id, is_active = excluded.is_active,
        warehouse = excluded.warehouse,
        missing_since = case when excluded.missing_since is null then null
          else coalesce(l.missing_since, excluded.missing_since) end,
        shown = case when ${isBack} then null else l.shown end,
        shown_at = case when ${isBack} then null else l.shown_at end,
        most_shown = case when ${isBack} then greatest(l.most_shown, excluded.most_shown) else l.most_shown end
        where l.offer_id is distinct from excluded.offer_id or l.is_active <> excluded.is_active
          or l.warehouse <> excluded.warehouse or (l.missing_since is null) <> (excluded.missing_since is null)
      returning l.shop_sku, l.item_code, l.is_active, l.missing_since
    ), due as (
      insert into stock_due (warehouse, item_code)
      select distinct ${given.warehouse}, item_code from kept on conflict do nothing
    )
    select k.shop_sku as "shopSku", k.item_code as "itemCode", r.quantity, k.is_active as "isActive",
      k.missing_since is not null as "isMissing", b.is_active as "wasActive",
      case when b.shop_sku is not null then b.missing_since is not null end as "wasMissing"
    from kept k join read r on r."shopSku" = k.shop_sku left join before b on b.shop_sku = k.shop_sku
    order by 1`.execute(trx);
  return rows;
}

/** After every offer was read: those not among them are no longer listed. Returns their SKUs. */
export async function markMissing(
  trx: Trx,
  channel: string,
  before: Date,
  seen: readonly string[],
): Promise<{ shopSku: string; itemCode: string }[]> {
  const { rows } = await sql<{ shopSku: string; itemCode: string }>`
    with gone as (
      update stock_listings l set missing_since = ${before}, step = 'quiet', most_shown = 0
      where l.channel = ${channel} and l.missing_since is null
        and not exists (select from jsonb_array_elements_text(${jsonText(seen)}::jsonb) s where s collate "C" = l.shop_sku)
        and coalesce(l.shown_at, '-infinity') < ${before}
      returning l.shop_sku, l.item_code, l.warehouse
    ), due as (
      -- Other listings of the same items may rise.
      insert into stock_due (warehouse, item_code) select distinct warehouse, item_code from gone on conflict do nothing
    )
    select shop_sku as "shopSku", item_code as "itemCode" from gone`.execute(trx);
  return rows;
}

/** SKUs whose ItemCode is another one by now, since a mapping was made or taken away, follow it. */
export async function followMappings(trx: Trx, channel: string, warehouse: string): Promise<void> {
  await sql`
    with wrong as (
      select l.shop_sku, l.item_code as before, m.item_code as after from stock_listings l
      join sku_mappings m on m.channel = l.channel and m.shop_sku = l.shop_sku
      where l.channel = ${channel} and l.item_code <> m.item_code
      union all
      select l.shop_sku, l.item_code, l.shop_sku from stock_listings l
      where l.channel = ${channel} and l.item_code <> l.shop_sku
        and not exists (select from sku_mappings m where m.channel = l.channel and m.shop_sku = l.shop_sku)
    ), moved as (
      update stock_listings l set item_code = w.after, wanted = null from wrong w
      where l.channel = ${channel} and l.shop_sku = w.shop_sku
    )
    insert into stock_due (warehouse, item_code)
    select ${warehouse}, before from wrong union select ${warehouse}, after from wrong on conflict do nothing`.execute(
    trx,
  );
}

/** What became of a listing; what is left out stays. Applied only while it is still at the step, and in the
 *  import, that it was judged at: what was worked out or sent meanwhile is newer. */
export type ListingMove = {
  shopSku: string;
  ifStep: Step;
  ifImport: number | null;
  step: Step;
  dueAt: Date | null;
  attempts: number;
  /** Set together: what was read, and when. The read figure is then the most it may show. */
  shown?: number;
  shownAt?: Date;
  verifiedAt?: Date;
  isActive?: boolean;
  isMissing?: boolean;
  lastError?: string | null;
};

/** Moves listings of a channel. */
export async function moveListings(
  trx: Trx,
  channel: string,
  now: Date,
  moves: readonly ListingMove[],
): Promise<void> {
  if (moves.length === 0) return;
  await sql`
    update stock_listings l set step = m.step, due_at = m."dueAt", attempts = m.attempts,
      shown = coalesce(m.shown, l.shown), shown_at = coalesce(m."shownAt", l.shown_at),
      most_shown = coalesce(m.shown, l.most_shown), verified_at = coalesce(m."verifiedAt", l.verified_at),
      is_active = coalesce(m."isActive", l.is_active), last_error = m."lastError",
      missing_since = case when m."isMissing" then coalesce(l.missing_since, ${now}::timestamptz)
        when m."isMissing" = false then null else l.missing_since end
    from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as m("shopSku" text, "ifStep" text, "ifImport" bigint, step text,
      "dueAt" timestamptz, attempts integer, shown integer, "shownAt" timestamptz, "verifiedAt" timestamptz,
      "isActive" boolean, "isMissing" boolean, "lastError" text)
    where l.channel = ${channel} and l.shop_sku = m."shopSku"
      and l.step = m."ifStep" and l.import_id is not distinct from m."ifImport"`.execute(trx);
}

/** Units of these SKUs sold on the channel since then, by orders that are known. */
export async function readSoldSince(
  db: Db,
  channel: string,
  asked: readonly { shopSku: string; since: Date }[],
): Promise<Map<string, number>> {
  if (asked.length === 0) return new Map();
  const { rows } = await sql<{ shopSku: string; units: number }>`
    select a."shopSku", sum(l.quantity)::int as units
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a("shopSku" text, since timestamptz)
    join order_lines l on l.channel = ${channel} and l.shop_sku = a."shopSku"
    join orders o using (channel, marketplace_order_id)
    where o.wire_created_at >= a.since
    group by a."shopSku"`.execute(db);
  return new Map(rows.map((row) => [row.shopSku, row.units]));
}
