/** What a person sees of despatches: lists, and everything known of one order. Reads only. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import type { ConfirmationStep } from './state.ts';
import {
  type Confirmation,
  type OrderSight,
  orderKey,
  readConfirmationsOf,
  readOrderSights,
} from './store.ts';
import { listWithdrawals, type Withdrawal } from './withdrawal-store.ts';

type OrderKey = { channel: string; marketplaceOrderId: string };

/** One confirmation in a list. `deadlineAt`: by which the marketplace wants the order shipped. */
export type ConfirmationSummary = Pick<
  Confirmation,
  | 'channel'
  | 'marketplaceOrderId'
  | 'parcel'
  | 'step'
  | 'waitsFor'
  | 'carrier'
  | 'service'
  | 'carrierCode'
  | 'carrierName'
  | 'trackingNumber'
  | 'despatchedAt'
  | 'firstSeenAt'
  | 'deadlineAt'
  | 'dueAt'
  | 'attempts'
  | 'sentAt'
  | 'shippedAt'
  | 'verifiedAt'
  | 'lastError'
> & {
  warehouse: string;
  salesOrderNumber: string | null;
};

export type ConfirmationFilter = {
  channel?: string | undefined;
  steps?: readonly ConfirmationStep[] | undefined;
  /** Only of these orders. */
  keys?: readonly OrderKey[] | undefined;
  /** Only what the marketplace does not show although its deadline is over, or although it was despatched longer
   *  ago than the channel allows. A channel that is not among `limits` has its deadlines only. */
  late?: { now: Date; limits: readonly { channel: string; confirmWithinMinutes: number }[] };
  limit: number;
};

/** Steps at which nothing is to be done any more. */
const finished: readonly ConfirmationStep[] = ['verified', 'moot'];

/** Confirmations by filter: those that are open first, by deadline, then the others, the newest first. */
export async function listConfirmations(
  db: Db | Trx,
  filter: ConfirmationFilter,
): Promise<ConfirmationSummary[]> {
  const { channel = null, late } = filter;
  const steps = filter.steps === undefined ? null : [...filter.steps];
  const keys = filter.keys === undefined ? null : JSON.stringify(filter.keys);
  const limits = JSON.stringify(late?.limits ?? []);
  const now = late?.now ?? null;
  const over = [...finished];
  const { rows } = await sql<ConfirmationSummary>`
    select c.channel, c.marketplace_order_id as "marketplaceOrderId", c.parcel, c.step, c.waits_for as "waitsFor",
      c.carrier, c.service, c.carrier_code as "carrierCode", c.carrier_name as "carrierName",
      c.tracking_number as "trackingNumber", c.despatched_at as "despatchedAt", c.first_seen_at as "firstSeenAt",
      coalesce(o.shipping_deadline, c.deadline_at) as "deadlineAt", c.due_at as "dueAt", c.attempts,
      c.sent_at as "sentAt", c.shipped_at as "shippedAt", c.verified_at as "verifiedAt",
      c.last_error as "lastError", c.warehouse, s.sales_order_number as "salesOrderNumber"
    from confirmations c
    join orders o using (channel, marketplace_order_id)
    left join sales_orders s using (channel, marketplace_order_id)
    left join jsonb_to_recordset(${limits}::jsonb) as l(channel text, "confirmWithinMinutes" int)
      on l.channel = c.channel
    where (${channel}::text is null or c.channel = ${channel})
      and (${steps}::text[] is null or c.step = any(${steps}::text[]))
      and (${keys}::jsonb is null or (c.channel, c.marketplace_order_id) in (
        select k.channel, k."marketplaceOrderId"
        from jsonb_to_recordset(${keys}::jsonb) k(channel text, "marketplaceOrderId" text)))
      and (${now}::timestamptz is null or (c.step <> all(${over}::text[]) and (
        coalesce(o.shipping_deadline, c.deadline_at) < ${now}::timestamptz
        or c.first_seen_at + l."confirmWithinMinutes" * interval '1 minute' < ${now}::timestamptz)))
    order by c.step = any(${over}::text[]),
      case when c.step <> all(${over}::text[]) then coalesce(o.shipping_deadline, c.deadline_at) end nulls last,
      c.despatched_at desc, c.channel, c.marketplace_order_id, c.parcel
    limit ${filter.limit}`.execute(db);
  return rows;
}

/** Despatches of sales orders that are none of ours, by what their numbers begin with (all before the first
 *  digit). `resembles`: channels that have sales orders whose numbers begin so too; empty: surely another's. */
export type UnknownDespatches = {
  warehouse: string;
  prefix: string;
  orders: number;
  rows: number;
  lastAt: Date | null;
  example: string;
  resembles: string[];
};

/** Counts them, those that resemble ours first, then the most frequent. */
export async function countUnknownDespatches(
  db: Db | Trx,
  limit: number,
): Promise<UnknownDespatches[]> {
  const { rows } = await sql<UnknownDespatches>`
    with strange as (
      select d.warehouse, d.sales_order_number, substring(d.sales_order_number from '^[^0-9]*') as prefix,
        coalesce(d.despatched_at, d.first_seen_at) as at
      from despatch_rows d where not exists (select from sales_orders s
        where (s.warehouse, s.sales_order_number) = (d.warehouse, d.sales_order_number))
    ), counted as (
      select warehouse, prefix, count(distinct sales_order_number)::int as orders, count(*)::int as rows,
        max(at) as "lastAt", max(sales_order_number) as example
      from strange group by warehouse, prefix
    ), ours as (
      select distinct warehouse, channel, substring(sales_order_number from '^[^0-9]*') as prefix from sales_orders
    )
    select * from (select c.*, array(select o.channel from ours o
      where (o.warehouse, o.prefix) = (c.warehouse, c.prefix) order by 1) as resembles from counted c) x
    order by cardinality(resembles) = 0, orders desc, warehouse, prefix limit ${limit}`.execute(db);
  return rows;
}

/** A row of the despatch report as last told. Several tracking numbers are parted by `trackingMark`. */
export type ReportRow = {
  despatchNumber: string;
  itemCode: string;
  /** The kit that a component was sent for; empty for an item of its own. */
  parentCode: string;
  line: string;
  quantity: number;
  carrier: string;
  service: string;
  trackingNumber: string;
  despatchedAt: Date | null;
  firstSeenAt: Date;
  changedAt: Date;
};

export type AlertView = { clock: string; stage: string; at: Date; closedAt: Date | null };

/** All that is known of an order's despatch. `salesOrder` null: it never went to a warehouse. */
export type DespatchLife = {
  sight: OrderSight & { shippingDeadline: Date | null; warehouse: string };
  salesOrder: {
    salesOrderNumber: string;
    step: string;
    verifiedAt: Date | null;
    /** When it was last looked up by its number, and the status it showed. */
    lookedAt: Date | null;
    status: string | null;
  } | null;
  rows: ReportRow[];
  confirmations: Confirmation[];
  alerts: AlertView[];
  withdrawals: Withdrawal[];
};

/** Reads it, or null when there is no such order. */
export async function readDespatchLife(db: Db | Trx, key: OrderKey): Promise<DespatchLife | null> {
  const sight = (await readOrderSights(db, [key])).get(orderKey(key));
  const { rows: orders } = await sql<{
    warehouse: string;
    shippingDeadline: Date | null;
    salesOrder: string | null;
    step: string;
    verifiedAt: Date | null;
    lookedAt: Date | null;
    status: string | null;
  }>`
    select o.warehouse, o.shipping_deadline as "shippingDeadline", s.sales_order_number as "salesOrder", s.step,
      s.verified_at as "verifiedAt", k.looked_at as "lookedAt", coalesce(k.status, s.warehouse_status) as status
    from orders o left join sales_orders s using (channel, marketplace_order_id)
    left join despatch_looks k on (k.warehouse, k.sales_order_number) = (s.warehouse, s.sales_order_number)
    where o.channel = ${key.channel} and o.marketplace_order_id = ${key.marketplaceOrderId}`.execute(
    db,
  );
  const [order] = orders;
  if (!sight || !order) return null;
  const { warehouse, shippingDeadline, salesOrder: number, ...look } = order;
  const withdrawals = await listWithdrawals(db, key);
  return {
    sight: { ...sight, warehouse, shippingDeadline },
    salesOrder: number === null ? null : { salesOrderNumber: number, ...look },
    rows: number === null ? [] : await readReportRows(db, warehouse, number),
    confirmations: await readConfirmationsOf(db, [key]),
    alerts: await readAlerts(db, key),
    withdrawals,
  };
}

async function readReportRows(
  db: Db | Trx,
  warehouse: string,
  salesOrderNumber: string,
): Promise<ReportRow[]> {
  return db
    .selectFrom('despatch_rows')
    .select([
      'despatch_number as despatchNumber',
      'item_code as itemCode',
      'parent_code as parentCode',
      'line',
      'quantity',
      'carrier',
      'service',
      'tracking_number as trackingNumber',
      'despatched_at as despatchedAt',
      'first_seen_at as firstSeenAt',
      'changed_at as changedAt',
    ])
    .where('warehouse', '=', warehouse)
    .where('sales_order_number', '=', salesOrderNumber)
    .orderBy('despatched_at')
    .orderBy('despatch_number')
    .orderBy('line')
    .orderBy('item_code')
    .execute();
}

async function readAlerts(db: Db | Trx, key: OrderKey): Promise<AlertView[]> {
  return db
    .selectFrom('sla_alerts')
    .select(['clock', 'stage', 'at', 'closed_at as closedAt'])
    .where('channel', '=', key.channel)
    .where('marketplace_order_id', '=', key.marketplaceOrderId)
    .orderBy('at')
    .orderBy('clock')
    .execute();
}
