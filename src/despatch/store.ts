/** All SQL on despatches: what the warehouse sent, and how far the marketplace knows of it. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import type { DespatchedRow, LineUnits, SentLine } from './parcels.ts';
import type { ConfirmationStep } from './state.ts';

/** A row of the despatch report as kept. */
export type KeptRow = DespatchedRow & { salesOrderNumber: string };

/** Keeps rows of the report. Rows that are there already are changed only where something of them is new; a
 *  tracking number that was there is never replaced by none. Returns the sales orders of which something changed. */
export async function saveDespatchRows(
  trx: Trx,
  warehouse: string,
  now: Date,
  rows: readonly KeptRow[],
): Promise<string[]> {
  if (rows.length === 0) return [];
  const { rows: changed } = await sql<{ number: string }>`
    with given as (
      select * from jsonb_to_recordset(${jsonText(merged(rows))}::jsonb) as r("salesOrderNumber" text,
        "despatchNumber" text, "itemCode" text, "parentCode" text, line text, quantity integer,
        "parentQuantity" integer, carrier text, service text, "serviceTypeCode" text, "trackingNumber" text,
        "despatchedAt" timestamptz)
    ), kept as (
      insert into despatch_rows as d (warehouse, despatch_number, sales_order_number, item_code, parent_code, line,
        quantity, parent_quantity, carrier, service, service_type_code, tracking_number, despatched_at,
        first_seen_at, changed_at)
      select ${warehouse}, "despatchNumber", "salesOrderNumber", "itemCode", "parentCode", line, quantity,
        "parentQuantity", carrier, service, "serviceTypeCode", "trackingNumber", "despatchedAt",
        ${now}::timestamptz, ${now}::timestamptz from given
      on conflict (warehouse, despatch_number, sales_order_number, item_code, parent_code, line) do update set
        quantity = excluded.quantity, parent_quantity = excluded.parent_quantity, carrier = excluded.carrier,
        service = excluded.service, service_type_code = excluded.service_type_code,
        tracking_number = case when excluded.tracking_number = '' then d.tracking_number else excluded.tracking_number end,
        despatched_at = coalesce(excluded.despatched_at, d.despatched_at), changed_at = excluded.changed_at
        where (d.quantity, d.carrier, d.service, d.service_type_code) is distinct from
            (excluded.quantity, excluded.carrier, excluded.service, excluded.service_type_code)
          or d.parent_quantity is distinct from excluded.parent_quantity
          or (excluded.tracking_number <> '' and d.tracking_number <> excluded.tracking_number)
          or (excluded.despatched_at is not null and d.despatched_at is distinct from excluded.despatched_at)
      returning d.sales_order_number
    )
    select distinct sales_order_number as number from kept order by 1`.execute(trx);
  return changed.map((row) => row.number);
}

/** Rows of one key are one row: the report repeats itself, and several tracking numbers of one despatch are told
 *  in several rows. */
function merged(rows: readonly KeptRow[]): KeptRow[] {
  const byKey = new Map<string, KeptRow>();
  for (const row of rows) {
    const key = [
      row.despatchNumber,
      row.salesOrderNumber,
      row.itemCode,
      row.parentCode,
      row.line,
    ].join('\u0000');
    const known = byKey.get(key);
    byKey.set(key, known ? { ...known, trackingNumber: joined(known, row) } : row);
  }
  return [...byKey.values()];
}

/** Parts several tracking numbers of one despatch; no tracking number holds it. */
export const trackingMark = '\n';

function joined(a: KeptRow, b: KeptRow): string {
  const all = [a.trackingNumber, b.trackingNumber].flatMap((text) => text.split(trackingMark));
  return [...new Set(all.filter((one) => one !== ''))].join(trackingMark);
}

/** What is needed to tell the marketplace of an order's despatches. */
export type DespatchedOrder = {
  channel: string;
  marketplaceOrderId: string;
  salesOrderNumber: string;
  state: string;
  wireState: string;
  seenAt: Date;
  shippingDeadline: Date | null;
  shippingTypeCode: string;
  /** What the order itself shows; null: nothing, also where the operator has shipments. */
  tracking: string | null;
  lines: { orderLineId: string; wireState: string; quantity: number; withdrawnUnits: number }[];
  sent: SentLine[];
  rows: DespatchedRow[];
  confirmations: Confirmation[];
};

export type Confirmation = {
  channel: string;
  marketplaceOrderId: string;
  parcel: string;
  step: ConfirmationStep;
  waitsFor: string | null;
  lines: LineUnits[];
  carrier: string;
  service: string;
  carrierCode: string | null;
  carrierName: string | null;
  trackingNumber: string;
  trackingUrl: string | null;
  despatchedAt: Date;
  firstSeenAt: Date;
  deadlineAt: Date | null;
  dueAt: Date | null;
  attempts: number;
  sentAt: Date | null;
  shipmentId: string | null;
  toldTracking: string | null;
  /** A doubtful number that a person let pass. */
  acceptedTracking: string | null;
  shippedAt: Date | null;
  verifiedAt: Date | null;
  lastError: string | null;
};

const confirmationColumns = sql`c.channel, c.marketplace_order_id as "marketplaceOrderId", c.parcel, c.step,
  c.waits_for as "waitsFor", c.lines, c.carrier, c.service, c.carrier_code as "carrierCode",
  c.carrier_name as "carrierName", c.tracking_number as "trackingNumber", c.tracking_url as "trackingUrl",
  c.despatched_at as "despatchedAt", c.first_seen_at as "firstSeenAt", c.deadline_at as "deadlineAt",
  c.due_at as "dueAt", c.attempts, c.sent_at as "sentAt", c.shipment_id as "shipmentId",
  c.told_tracking as "toldTracking", c.accepted_tracking as "acceptedTracking", c.shipped_at as "shippedAt", c.verified_at as "verifiedAt",
  c.last_error as "lastError"`;

/** Orders by their sales order numbers, with everything known of their despatches. Numbers that no order of ours
 *  has are left out. */
export async function readDespatchedOrders(
  db: Db | Trx,
  warehouse: string,
  numbers: readonly string[],
): Promise<DespatchedOrder[]> {
  if (numbers.length === 0) return [];
  const { rows } = await sql<
    Omit<DespatchedOrder, 'rows' | 'confirmations'> & {
      rows: (Omit<DespatchedRow, 'despatchedAt'> & { despatchedAt: string | null })[];
    }
  >`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId", s.sales_order_number as "salesOrderNumber",
      o.state, o.wire_state as "wireState", o.seen_at as "seenAt", o.shipping_deadline as "shippingDeadline",
      o.shipping_type_code as "shippingTypeCode", o.detail->>'shippingTracking' as tracking,
      (select coalesce(jsonb_agg(jsonb_build_object('orderLineId', l.order_line_id, 'wireState', l.wire_state,
          'quantity', l.quantity, 'withdrawnUnits', l.withdrawn_units) order by l.position, l.order_line_id), '[]')
        from order_lines l where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id)) as lines,
      (select coalesce(jsonb_agg(jsonb_build_object('line', l.line, 'itemCode', l.item_code, 'quantity', l.quantity,
          'parts', l.parts) order by l.line), '[]')
        from sales_order_lines l where (l.warehouse, l.sales_order_number) = (s.warehouse, s.sales_order_number)) as sent,
      (select coalesce(jsonb_agg(jsonb_build_object('despatchNumber', d.despatch_number, 'itemCode', d.item_code,
          'parentCode', d.parent_code, 'line', d.line, 'quantity', d.quantity, 'parentQuantity', d.parent_quantity,
          'carrier', d.carrier, 'service', d.service, 'serviceTypeCode', d.service_type_code,
          'trackingNumber', d.tracking_number, 'despatchedAt', d.despatched_at)), '[]')
        from despatch_rows d where (d.warehouse, d.sales_order_number) = (s.warehouse, s.sales_order_number)) as rows
    from sales_orders s join orders o using (channel, marketplace_order_id)
    where s.warehouse = ${warehouse} and s.sales_order_number = any(${[...numbers]}::text[])
    order by s.sales_order_number`.execute(db);
  const confirmations = await readConfirmationsOf(db, rows);
  return rows.map((row) => ({
    ...row,
    rows: row.rows.map((one) => ({
      ...one,
      despatchedAt: one.despatchedAt === null ? null : new Date(one.despatchedAt),
    })),
    confirmations: confirmations.filter(
      (one) => one.channel === row.channel && one.marketplaceOrderId === row.marketplaceOrderId,
    ),
  }));
}

/** Confirmations of these orders. */
export async function readConfirmationsOf(
  db: Db | Trx,
  orders: readonly { channel: string; marketplaceOrderId: string }[],
): Promise<Confirmation[]> {
  if (orders.length === 0) return [];
  const keys = orders.map(({ channel, marketplaceOrderId }) => ({ channel, marketplaceOrderId }));
  const { rows } = await sql<Confirmation>`
    select ${confirmationColumns} from confirmations c
    join jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k(channel text, "marketplaceOrderId" text)
      on c.channel = k.channel and c.marketplace_order_id = k."marketplaceOrderId"
    order by c.channel, c.marketplace_order_id, c.despatched_at, c.parcel`.execute(db);
  return rows;
}

/** Confirmations of a channel at these steps that are due: those whose deadline is nearest first, so that scarce
 *  calls go to orders at risk. */
export async function readDueConfirmations(
  db: Db,
  channel: string,
  steps: readonly ConfirmationStep[],
  now: Date,
  limit: number,
): Promise<Confirmation[]> {
  const { rows } = await sql<Confirmation>`
    select ${confirmationColumns} from confirmations c
    where c.channel = ${channel} and c.step = any(${[...steps]}::text[]) and c.due_at <= ${now}
    order by c.deadline_at nulls last, c.due_at, c.marketplace_order_id, c.parcel limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** What a parcel should be told as. */
export type PlannedConfirmation = Pick<
  Confirmation,
  | 'channel'
  | 'marketplaceOrderId'
  | 'parcel'
  | 'step'
  | 'waitsFor'
  | 'lines'
  | 'carrier'
  | 'service'
  | 'carrierCode'
  | 'carrierName'
  | 'trackingNumber'
  | 'trackingUrl'
  | 'despatchedAt'
  | 'deadlineAt'
  | 'dueAt'
>;

/** Keeps plans. One that moved on while it was planned (`ifStep`, null: not there yet) is left as it is. */
export async function savePlanned(
  trx: Trx,
  warehouse: string,
  now: Date,
  plans: readonly (PlannedConfirmation & { ifStep: ConfirmationStep | null })[],
): Promise<void> {
  if (plans.length === 0) return;
  await sql`
    insert into confirmations as c (channel, marketplace_order_id, parcel, warehouse, step, waits_for, lines, carrier,
      service, carrier_code, carrier_name, tracking_number, tracking_url, despatched_at, first_seen_at, deadline_at, due_at)
    select p.channel, p."marketplaceOrderId", p.parcel, ${warehouse}, p.step, p."waitsFor", p.lines, p.carrier, p.service,
      p."carrierCode", p."carrierName", p."trackingNumber", p."trackingUrl", p."despatchedAt", ${now}::timestamptz,
      p."deadlineAt", p."dueAt"
    from jsonb_to_recordset(${jsonText(plans)}::jsonb) as p(channel text, "marketplaceOrderId" text, parcel text,
      step text, "waitsFor" text, lines jsonb, carrier text, service text, "carrierCode" text, "carrierName" text,
      "trackingNumber" text, "trackingUrl" text, "despatchedAt" timestamptz, "deadlineAt" timestamptz,
      "dueAt" timestamptz, "ifStep" text)
    where p."ifStep" is null or exists (select from confirmations k where (k.channel, k.marketplace_order_id, k.parcel, k.step)
      = (p.channel, p."marketplaceOrderId", p.parcel, p."ifStep"))
    on conflict (channel, marketplace_order_id, parcel) do update set step = excluded.step,
      waits_for = excluded.waits_for, lines = excluded.lines, carrier = excluded.carrier, service = excluded.service,
      carrier_code = excluded.carrier_code, carrier_name = excluded.carrier_name,
      tracking_number = excluded.tracking_number, tracking_url = excluded.tracking_url,
      despatched_at = excluded.despatched_at, deadline_at = excluded.deadline_at, due_at = excluded.due_at`.execute(
    trx,
  );
}

/** What became of a confirmation; what is left out stays. Only while it is still at `ifStep`. */
export type ConfirmationMove = {
  channel: string;
  marketplaceOrderId: string;
  parcel: string;
  ifStep: ConfirmationStep;
  step: ConfirmationStep;
  dueAt: Date | null;
  attempts?: number;
  sentAt?: Date;
  shipmentId?: string;
  toldTracking?: string;
  shippedAt?: Date;
  verifiedAt?: Date;
  waitsFor?: string;
  lastError?: string;
};

/** Moves confirmations along. Returns the keys that moved. */
export async function moveConfirmations(
  trx: Trx,
  moves: readonly ConfirmationMove[],
): Promise<Pick<ConfirmationMove, 'channel' | 'marketplaceOrderId' | 'parcel'>[]> {
  if (moves.length === 0) return [];
  const { rows } = await sql<Pick<ConfirmationMove, 'channel' | 'marketplaceOrderId' | 'parcel'>>`
    update confirmations c set step = m.step, due_at = m."dueAt", attempts = coalesce(m.attempts, c.attempts),
      sent_at = coalesce(m."sentAt", c.sent_at), shipment_id = coalesce(m."shipmentId", c.shipment_id),
      told_tracking = coalesce(m."toldTracking", c.told_tracking), shipped_at = coalesce(m."shippedAt", c.shipped_at),
      verified_at = coalesce(m."verifiedAt", c.verified_at), waits_for = m."waitsFor", last_error = m."lastError"
    from jsonb_to_recordset(${jsonText(moves)}::jsonb) as m(channel text, "marketplaceOrderId" text, parcel text,
      "ifStep" text, step text, "dueAt" timestamptz, attempts integer, "sentAt" timestamptz, "shipmentId" text,
      "toldTracking" text, "shippedAt" timestamptz, "verifiedAt" timestamptz, "waitsFor" text, "lastError" text)
    where (c.channel, c.marketplace_order_id, c.parcel, c.step) = (m.channel, m."marketplaceOrderId", m.parcel, m."ifStep")
    returning c.channel, c.marketplace_order_id as "marketplaceOrderId", c.parcel`.execute(trx);
  return rows;
}

/** What the marketplace was last seen to show of orders. */
export type OrderSight = {
  channel: string;
  marketplaceOrderId: string;
  state: string;
  wireState: string;
  /** When it was last seen to have changed, or to be there unchanged. */
  seenAt: Date;
  lines: { orderLineId: string; wireState: string; quantity: number; withdrawnUnits: number }[];
  tracking: string | null;
  carrierCode: string | null;
};

export async function readOrderSights(
  db: Db | Trx,
  orders: readonly { channel: string; marketplaceOrderId: string }[],
): Promise<Map<string, OrderSight>> {
  if (orders.length === 0) return new Map();
  const keys = orders.map(({ channel, marketplaceOrderId }) => ({ channel, marketplaceOrderId }));
  const { rows } = await sql<OrderSight>`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId", o.state, o.wire_state as "wireState",
      o.seen_at as "seenAt", o.detail->>'shippingTracking' as tracking, o.detail->>'shippingCarrierCode' as "carrierCode",
      (select coalesce(jsonb_agg(jsonb_build_object('orderLineId', l.order_line_id, 'wireState', l.wire_state,
          'quantity', l.quantity, 'withdrawnUnits', l.withdrawn_units) order by l.position), '[]')
        from order_lines l where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id)) as lines
    from orders o join jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k(channel text, "marketplaceOrderId" text)
      on o.channel = k.channel and o.marketplace_order_id = k."marketplaceOrderId"`.execute(db);
  return new Map(rows.map((row) => [orderKey(row), row]));
}

export function orderKey(one: { channel: string; marketplaceOrderId: string }): string {
  return `${one.channel} ${one.marketplaceOrderId}`;
}

/** Sales orders of which more is to be learnt: parcels that wait or were refused, and orders that went to the
 *  warehouse and are still to be shipped, those not asked about for the longest time first. One whose cancellation
 *  came too late leaves all the same. */
export async function readOpenNumbers(
  db: Db,
  warehouse: string,
  askedBefore: Date,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select s.sales_order_number as number from sales_orders s
    join orders o using (channel, marketplace_order_id)
    left join despatch_looks k on k.warehouse = s.warehouse and k.sales_order_number = s.sales_order_number
    where s.warehouse = ${warehouse} and s.step <> 'cancelled'
      -- One that was to be cancelled before it was seen whole may be picked all the same.
      and (s.verified_at is not null or s.step in ('cancelling', 'cancel-sent'))
      and coalesce(k.looked_at, s.verified_at, 'epoch') < ${askedBefore}
      and (o.state not in ('confirmed', 'settled', 'cancelled') and exists (select from order_lines l
          where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id) and l.wire_state = 'SHIPPING')
        or exists (select from confirmations c where (c.channel, c.marketplace_order_id) = (o.channel, o.marketplace_order_id)
          and (c.step in ('waiting', 'stopped') or c.step = 'ready' and c.attempts > 0)))
    order by coalesce(k.looked_at, s.verified_at, 'epoch'), s.verified_at limit ${limit}`.execute(
    db,
  );
  return rows.map((row) => row.number);
}

/** Notes that sales orders were looked up, and the status each showed (absent: none). */
export async function noteLooks(
  trx: Trx,
  warehouse: string,
  now: Date,
  looks: readonly { salesOrderNumber: string; status: string | null }[],
): Promise<void> {
  if (looks.length === 0) return;
  await sql`
    insert into despatch_looks as k (warehouse, sales_order_number, looked_at, status)
    select ${warehouse}, "salesOrderNumber", ${now}::timestamptz, status
    from jsonb_to_recordset(${jsonText(looks)}::jsonb) as r("salesOrderNumber" text, status text)
    on conflict (warehouse, sales_order_number) do update set looked_at = excluded.looked_at,
      status = coalesce(excluded.status, k.status)`.execute(trx);
}

/** When a confirmation or a withdrawal of a channel is due next, or was due; null: nothing is. */
export async function nextDue(db: Db, channel: string): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    select least(
      (select min(due_at) from confirmations where channel = ${channel} and step <> 'waiting'),
      (select min(due_at) from withdrawals where channel = ${channel})) as at`.execute(db);
  return rows[0]!.at;
}
