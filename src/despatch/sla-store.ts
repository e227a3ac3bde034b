/** SQL on the clock: orders that still owe something, alerts given, the pace of the warehouse. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';

export type OpenOrder = {
  channel: string;
  marketplaceOrderId: string;
  salesOrderNumber: string | null;
  state: string;
  wireState: string;
  createdAt: Date;
  payableAt: Date | null;
  shippingDeadline: Date | null;
  /** When the last of it was seen to have left; null while something is still there. */
  despatchedAt: Date | null;
  /** Since when a parcel of it has left that the marketplace does not show; null: none. */
  untoldSince: Date | null;
  /** When it came into the warehouse. */
  exportedAt: Date | null;
  /** What its confirmations wait for, if anything. */
  waitsFor: string | null;
  totalPrice: string;
};

/** Orders of a channel of which the marketplace still waits for something, the nearest deadline first. */
export async function readOpenOrders(db: Db, channel: string, limit: number): Promise<OpenOrder[]> {
  const { rows } = await sql<OpenOrder>`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId", s.sales_order_number as "salesOrderNumber",
      o.state, o.wire_state as "wireState", o.wire_created_at as "createdAt", o.payable_at as "payableAt",
      o.shipping_deadline as "shippingDeadline", s.verified_at as "exportedAt", o.total_price::text as "totalPrice",
      case when c.units >= owed.units then c.seen_at end as "despatchedAt", c.waits_for as "waitsFor",
      c.untold_since as "untoldSince"
    from orders o
    join lateral (select sum(l.quantity - l.withdrawn_units)::int as units from order_lines l
      where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id)
        and l.wire_state in ('WAITING_ACCEPTANCE', 'SHIPPING', 'INCIDENT_OPEN')) owed on owed.units > 0
    left join sales_orders s on (s.channel, s.marketplace_order_id) = (o.channel, o.marketplace_order_id)
    left join lateral (select max(c.first_seen_at) as seen_at, min(c.waits_for) as waits_for,
        min(c.first_seen_at) filter (where c.step <> 'verified') as untold_since,
        sum((select sum((x->>'units')::int) from jsonb_array_elements(c.lines) x))::int as units
      from confirmations c where (c.channel, c.marketplace_order_id) = (o.channel, o.marketplace_order_id)
        and c.step <> 'moot') c on true
    where o.channel = ${channel} and o.state not in ('confirmed', 'settled', 'cancelled')
    order by o.shipping_deadline nulls last, o.wire_created_at limit ${limit}`.execute(db);
  return rows;
}

/** Orders that a warehouse despatched in the hours before, over all that it fills. */
export async function countDespatched(db: Db, warehouse: string, since: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct sales_order_number)::int as count from despatch_rows
    where warehouse = ${warehouse} and despatched_at >= ${since}`.execute(db);
  return rows[0]!.count;
}

export type AlertKey = {
  channel: string;
  marketplaceOrderId: string;
  clock: string;
  stage: string;
};

/** Notes alerts; returns those that had not been given before. */
export async function noteAlerts(
  trx: Trx,
  now: Date,
  alerts: readonly AlertKey[],
): Promise<AlertKey[]> {
  if (alerts.length === 0) return [];
  const { rows } = await sql<AlertKey>`
    insert into sla_alerts (channel, marketplace_order_id, clock, stage, at)
    select channel, "marketplaceOrderId", clock, stage, ${now}::timestamptz
    from jsonb_to_recordset(${jsonText(alerts)}::jsonb) as a(channel text, "marketplaceOrderId" text, clock text, stage text)
    on conflict do nothing
    returning channel, marketplace_order_id as "marketplaceOrderId", clock, stage`.execute(trx);
  return rows;
}

/** Closes alerts of orders that need them no more. Returns the orders, with the clock each was about. */
export async function closeAlerts(
  trx: Trx,
  channel: string,
  now: Date,
  stillOpen: readonly { marketplaceOrderId: string; clock: string }[],
): Promise<{ marketplaceOrderId: string; clock: string }[]> {
  const { rows } = await sql<{ marketplaceOrderId: string; clock: string }>`
    update sla_alerts a set closed_at = ${now}
    where a.channel = ${channel} and a.closed_at is null and not exists (
      select from jsonb_to_recordset(${jsonText(stillOpen)}::jsonb) as o("marketplaceOrderId" text, clock text)
      where o."marketplaceOrderId" = a.marketplace_order_id and o.clock = a.clock)
    returning a.marketplace_order_id as "marketplaceOrderId", a.clock`.execute(trx);
  return rows;
}
