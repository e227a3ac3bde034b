/** SQL on what is promised: units sold on any channel that the warehouse has not reserved, and how fast items
 *  sell. Reads the tables of orders; writes only those of stock. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';

/** Line states in which nothing is owed any more. Whatever else a line's state says, words no document mentions
 *  included, its units are promised. Source: marketplace-mirakl.md section 5. */
const over = sql`('REFUSED', 'CANCELED', 'REFUNDED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')`;

/** Lines whose units are promised, by the ItemCode as sold, with the sales order they went into; a query in
 *  brackets. One text for the sum and for who asks about it, so that both always mean the same lines. */
export const promisedLines = (warehouse: string) => sql`(
  select w.* from (
    select l.channel, l.marketplace_order_id, l.order_line_id, l.shop_sku, l.wire_state, o.wire_created_at,
      coalesce(m.item_code, l.shop_sku) as item_code, l.quantity - l.withdrawn_units as units,
      s.sales_order_number, s.step, r.status, r.checked_at, r.absorbed_at
    from order_lines l
    join orders o using (channel, marketplace_order_id)
    left join sku_mappings m on m.channel = l.channel and m.shop_sku = l.shop_sku
    left join sales_orders s on s.channel = o.channel and s.marketplace_order_id = o.marketplace_order_id
      and s.step <> 'cancelled'
    left join stock_reservations r on r.warehouse = s.warehouse and r.sales_order_number = s.sales_order_number
    where l.wire_state not in ${over} and l.quantity > l.withdrawn_units and o.warehouse = ${warehouse}
  ) w
  where w.absorbed_at is null or w.absorbed_at > greatest(
    (select full_at from stock_feeds where warehouse = ${warehouse}),
    (select min(f.read_at) from stock_figures f where f.warehouse = ${warehouse} and f.absent_since is null
      and f.item_code in (select w.item_code union all select k.child from stock_kits k
        where k.warehouse = ${warehouse} and k.parent = w.item_code))))`;

/** Works out what is promised now and how fast items sell, keeps it, and makes items due whose numbers it
 *  changes. `lagChanged`: the buffers of everything that sells are to be worked out anew. Returns how many
 *  items changed.
 *
 *  A unit is promised while its line is owed, unless the figures of the item (of a kit: of its parts) were read
 *  after the warehouse was seen to have reserved stock for its sales order. Rates are the busiest of 15 minutes, 2 hours and a day. */
export async function refreshDemand(
  trx: Trx,
  warehouse: string,
  now: Date,
  lagChanged: boolean,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with promised as (
      select w.item_code, sum(w.units)::int as units from ${promisedLines(warehouse)} w group by w.item_code
    ), sold as (
      select coalesce(m.item_code, l.shop_sku) as item_code, greatest(
          4.0 * coalesce(sum(l.quantity) filter (where o.wire_created_at > ${now}::timestamptz - interval '15 minutes'), 0),
          coalesce(sum(l.quantity) filter (where o.wire_created_at > ${now}::timestamptz - interval '2 hours'), 0) / 2.0,
          sum(l.quantity) / 24.0)::float8 as per_hour
      from orders o join order_lines l using (channel, marketplace_order_id)
      left join sku_mappings m on m.channel = l.channel and m.shop_sku = l.shop_sku
      where o.warehouse = ${warehouse} and o.wire_created_at > ${now}::timestamptz - interval '1 day'
      group by 1
    ), wanted as (
      select item_code, coalesce(p.units, 0) as promised, coalesce(s.per_hour, 0) as units_per_hour
      from promised p full join sold s using (item_code)
    ), gone as (
      delete from stock_demand d where d.warehouse = ${warehouse}
        and not exists (select from wanted w where w.item_code = d.item_code)
      returning d.item_code
    ), kept as (
      insert into stock_demand as d (warehouse, item_code, promised, units_per_hour, as_of)
      select ${warehouse}, item_code, promised, units_per_hour, ${now}::timestamptz from wanted
      on conflict (warehouse, item_code) do update set promised = excluded.promised,
        units_per_hour = excluded.units_per_hour, as_of = excluded.as_of
        where d.promised <> excluded.promised or abs(d.units_per_hour - excluded.units_per_hour) > 0.01
      returning d.item_code
    ), touched as (
      select item_code from gone union select item_code from kept
      union select item_code from stock_demand where ${lagChanged} and warehouse = ${warehouse} and units_per_hour > 0
    ), due as (
      insert into stock_due (warehouse, item_code) select ${warehouse}, item_code from touched
      union select ${warehouse}, k.child from touched t join stock_kits k on k.warehouse = ${warehouse} and k.parent = t.item_code
      on conflict do nothing
    )
    select count(*)::int as count from touched`.execute(trx);
  return rows[0]!.count;
}

export type Unreserved = {
  salesOrderNumber: string;
  channel: string;
  marketplaceOrderId: string;
  verifiedAt: Date;
};

/** Sales orders that the warehouse holds, whatever waits to be changed in them, and was not seen to have reserved
 *  stock for, those not asked about for the longest time first; then those last seen reserved before `recheckBefore`: somebody may have cancelled
 *  them there. */
export async function readUnreserved(
  db: Db,
  warehouse: string,
  recheckBefore: Date,
  limit: number,
): Promise<Unreserved[]> {
  const { rows } = await sql<Unreserved>`
    select s.sales_order_number as "salesOrderNumber", s.channel, s.marketplace_order_id as "marketplaceOrderId",
      s.verified_at as "verifiedAt"
    from sales_orders s
    left join stock_reservations r on r.warehouse = s.warehouse and r.sales_order_number = s.sales_order_number
    where s.warehouse = ${warehouse} and s.verified_at is not null
      and s.step in ('verified', 'cancelling', 'cancel-sent', 'stopped')
      and (r.absorbed_at is null or r.checked_at < ${recheckBefore})
      and exists (select from order_lines l where l.channel = s.channel
        and l.marketplace_order_id = s.marketplace_order_id and l.wire_state not in ${over})
    order by r.absorbed_at nulls first, r.checked_at nulls first, s.verified_at limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** Takes over what orders saw when they verified: a sales order that already stood as reserved then. */
export async function adoptVerified(
  trx: Trx,
  warehouse: string,
  now: Date,
  reserved: readonly string[],
): Promise<void> {
  await sql`
    insert into stock_reservations as r (warehouse, sales_order_number, absorbed_at, status, checked_at)
    select s.warehouse, s.sales_order_number,
      case when lower(trim(s.warehouse_status)) = any(${reserved.map(normal)}::text[]) then s.verified_at end,
      coalesce(s.warehouse_status, ''), s.verified_at
    from sales_orders s
    where s.warehouse = ${warehouse} and s.step = 'verified' and s.verified_at > ${now}::timestamptz - interval '1 day'
      and not exists (select from stock_reservations k
        where k.warehouse = s.warehouse and k.sales_order_number = s.sales_order_number)
    on conflict do nothing`.execute(trx);
}

export type ReservationSight = { salesOrderNumber: string; status: string; isReserved: boolean };

/** Keeps what the warehouse showed of these sales orders in a read that had ended by `at`. */
export async function saveReservations(
  trx: Trx,
  warehouse: string,
  at: Date,
  sights: readonly ReservationSight[],
): Promise<void> {
  if (sights.length === 0) return;
  await sql`
    insert into stock_reservations as r (warehouse, sales_order_number, absorbed_at, status, checked_at)
    select ${warehouse}, s."salesOrderNumber", case when s."isReserved" then ${at}::timestamptz end, s.status, ${at}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(sights)}::jsonb) as s("salesOrderNumber" text, status text, "isReserved" boolean)
    on conflict (warehouse, sales_order_number) do update set status = excluded.status, checked_at = excluded.checked_at,
      absorbed_at = case when excluded.status = '' then r.absorbed_at when excluded.absorbed_at is null then null
        else coalesce(r.absorbed_at, excluded.absorbed_at) end`.execute(trx);
}

/** A status word as it is compared: without case and outer blanks. */
export function normal(status: string): string {
  return status.trim().toLowerCase();
}

export type StuckOrder = {
  channel: string;
  marketplaceOrderId: string;
  salesOrderNumber: string;
  status: string;
  since: Date;
  items: string[];
};

/** Orders that went to the warehouse before then and have no stock reserved still. */
export async function readStuck(db: Db, warehouse: string, before: Date): Promise<StuckOrder[]> {
  const { rows } = await sql<StuckOrder>`
    select s.channel, s.marketplace_order_id as "marketplaceOrderId", s.sales_order_number as "salesOrderNumber",
      r.status, s.verified_at as since,
      (select array_agg(distinct l.item_code order by l.item_code) from sales_order_lines l
        where l.warehouse = s.warehouse and l.sales_order_number = s.sales_order_number) as items
    from stock_reservations r
    join sales_orders s on s.warehouse = r.warehouse and s.sales_order_number = r.sales_order_number
    where r.warehouse = ${warehouse} and r.absorbed_at is null and s.step = 'verified' and s.verified_at < ${before}
      and exists (select from order_lines l where l.channel = s.channel
        and l.marketplace_order_id = s.marketplace_order_id and l.wire_state not in ${over})
    order by s.verified_at limit 500`.execute(db);
  return rows;
}

/** When each channel's orders were last read, the oldest of them; null when one never was. */
export async function oldestIntake(db: Db, channels: readonly string[]): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    select case when count(last_ok_at) = count(*) then min(last_ok_at) end as at from flows
    where flow = 'orders.intake' and connection = any(${[...channels]}::text[])`.execute(db);
  return rows[0]?.at ?? null;
}
