/** What a person sees of orders: lists and the whole life of one, on both sides. Reads only, and no personal
 *  data. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';
import type { LineDecision } from './decide.ts';
import type { OrderKey } from './store.ts';

/** One order in a list. `salesOrderNumber`, `step`, `warehouseStatus` are null before it is staged. */
export type OrderSummary = OrderKey & {
  commercialId: string;
  warehouse: string;
  /** Ours; `wireState` is the marketplace's own word. */
  state: string;
  wireState: string;
  lines: number;
  currency: string;
  /** Decimal text. */
  totalPrice: string;
  placedAt: Date;
  shippingDeadline: Date | null;
  salesOrderNumber: string | null;
  step: string | null;
  warehouseStatus: string | null;
  /** Codes of its open exceptions. */
  exceptions: string[];
};

export type OrderFilter = {
  channel?: string | undefined;
  state?: string | undefined;
  /** Part of an order id, commercial id or SalesOrderNumber; letter case does not count. */
  search?: string | undefined;
  /** Only orders with an open exception of this code. */
  code?: string | undefined;
  /** Only these orders. */
  keys?: readonly OrderKey[] | undefined;
  limit: number;
};

/** Orders by filter, the newest first. */
export async function listOrders(db: Db, filter: OrderFilter): Promise<OrderSummary[]> {
  const like = filter.search === undefined ? null : `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`;
  const keys = filter.keys === undefined ? null : JSON.stringify(filter.keys);
  const { rows } = await sql<OrderSummary>`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId", o.commercial_id as "commercialId",
      o.warehouse, o.state, o.wire_state as "wireState", o.currency, o.total_price::text as "totalPrice",
      o.wire_created_at as "placedAt", o.shipping_deadline as "shippingDeadline",
      s.sales_order_number as "salesOrderNumber", s.step, s.warehouse_status as "warehouseStatus",
      (select count(*)::int from order_lines l
        where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id)) as lines,
      array(select e.code from exceptions e where e.connection = o.channel and e.subject_kind = 'order'
        and e.subject_id = o.marketplace_order_id and e.state in ('open', 'retrying') order by e.code) as exceptions
    from orders o left join sales_orders s using (channel, marketplace_order_id)
    where (${filter.channel ?? null}::text is null or o.channel = ${filter.channel ?? null})
      and (${filter.state ?? null}::text is null or o.state = ${filter.state ?? null})
      and (${like}::text is null or o.marketplace_order_id ilike ${like} or o.commercial_id ilike ${like}
        or s.sales_order_number ilike ${like})
      and (${filter.code ?? null}::text is null or exists (select from exceptions e
        where e.connection = o.channel and e.subject_kind = 'order' and e.subject_id = o.marketplace_order_id
          and e.state in ('open', 'retrying') and e.code = ${filter.code ?? null}))
      and (${keys}::jsonb is null or (o.channel, o.marketplace_order_id) in (
        select k.channel, k."marketplaceOrderId"
        from jsonb_to_recordset(${keys}::jsonb) k(channel text, "marketplaceOrderId" text)))
    order by o.wire_created_at desc, o.channel, o.marketplace_order_id limit ${filter.limit}`.execute(
    db,
  );
  return rows;
}

/** Orders that a person may mean by this id: the order's own id first, else its SalesOrderNumber, else its
 *  commercial id (a basket may be several orders). */
export async function findOrders(
  db: Db,
  id: string,
  channel: string | undefined,
): Promise<OrderKey[]> {
  const { rows } = await sql<OrderKey & { rank: number }>`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId",
      case when o.marketplace_order_id = ${id} then 1 when s.sales_order_number = ${id} then 2 else 3 end as rank
    from orders o left join sales_orders s using (channel, marketplace_order_id)
    where (o.marketplace_order_id = ${id} or s.sales_order_number = ${id} or o.commercial_id = ${id})
      and (${channel ?? null}::text is null or o.channel = ${channel ?? null})
    order by rank, o.channel, o.marketplace_order_id limit 100`.execute(db);
  const best = rows[0]?.rank;
  return rows
    .filter((row) => row.rank === best)
    .map((row) => ({ channel: row.channel, marketplaceOrderId: row.marketplaceOrderId }));
}

export type OrderLineView = {
  orderLineId: string;
  shopSku: string;
  title: string;
  /** Units bought, and of those the units that will not be sent any more. */
  quantity: number;
  withdrawnUnits: number;
  unitPrice: string;
  wireState: string;
  reasonCode: string | null;
};

export type SalesOrderView = {
  warehouse: string;
  salesOrderNumber: string;
  step: string;
  warehouseStatus: string | null;
  serviceType: string | null;
  attempts: number;
  dueAt: Date;
  stagedAt: Date;
  headerSentAt: Date | null;
  linesSentAt: Date | null;
  seenAt: Date | null;
  verifiedAt: Date | null;
  referenceWrittenAt: Date | null;
  lastError: string | null;
  lines: SalesOrderLineView[];
};

export type SalesOrderLineView = {
  line: string;
  itemCode: string;
  quantity: number;
  /** As last seen in the warehouse; null: never. */
  seenQuantity: number | null;
  parts: { orderLineId: string; units: number }[];
};

export type DecisionView = {
  decidedAt: Date;
  decidedBy: string;
  lines: LineDecision[];
  sentAt: Date | null;
  answer: string | null;
};

export type HistoryView = {
  number: number;
  at: Date;
  kind: string;
  from: string | null;
  to: string | null;
  why: string;
  call: string | null;
};

/** All that is kept of one order but the people in it. */
export type OrderLife = OrderSummary & {
  shippingTypeCode: string;
  shippingPrice: string;
  hasIncident: boolean;
  sellerReference: string | null;
  updatedAt: Date;
  firstSeenAt: Date;
  seenAt: Date;
  payableAt: Date | null;
  dueAt: Date | null;
  orderLines: OrderLineView[];
  decision: DecisionView | null;
  salesOrder: SalesOrderView | null;
  history: HistoryView[];
};

/** The life of one order, or null when it is not known. */
export async function readOrderLife(db: Db, key: OrderKey): Promise<OrderLife | null> {
  const [summary] = await listOrders(db, { keys: [key], limit: 1 });
  if (!summary) return null;
  const own = await db
    .selectFrom('orders')
    .select([
      'shipping_type_code as shippingTypeCode',
      'shipping_price as shippingPrice',
      'has_incident as hasIncident',
      'seller_reference as sellerReference',
      'wire_updated_at as updatedAt',
      'first_seen_at as firstSeenAt',
      'seen_at as seenAt',
      'payable_at as payableAt',
      'due_at as dueAt',
    ])
    .where('channel', '=', key.channel)
    .where('marketplace_order_id', '=', key.marketplaceOrderId)
    .executeTakeFirstOrThrow();
  return {
    ...summary,
    ...own,
    orderLines: await readLines(db, key),
    decision: await readDecision(db, key),
    salesOrder: await readSalesOrder(db, key),
    history: await readHistory(db, key),
  };
}

async function readLines(db: Db, key: OrderKey): Promise<OrderLineView[]> {
  return db
    .selectFrom('order_lines')
    .select([
      'order_line_id as orderLineId',
      'shop_sku as shopSku',
      'title',
      'quantity',
      'withdrawn_units as withdrawnUnits',
      'unit_price as unitPrice',
      'wire_state as wireState',
      'reason_code as reasonCode',
    ])
    .where('channel', '=', key.channel)
    .where('marketplace_order_id', '=', key.marketplaceOrderId)
    .orderBy('position')
    .orderBy('order_line_id')
    .execute();
}

async function readDecision(db: Db, key: OrderKey): Promise<DecisionView | null> {
  const row = await db
    .selectFrom('acceptances')
    .select(['decided_at', 'decided_by', 'decision', 'sent_at', 'answer'])
    .where('channel', '=', key.channel)
    .where('marketplace_order_id', '=', key.marketplaceOrderId)
    .executeTakeFirst();
  if (!row) return null;
  return {
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    lines: row.decision,
    sentAt: row.sent_at,
    answer: row.answer,
  };
}

async function readSalesOrder(db: Db, key: OrderKey): Promise<SalesOrderView | null> {
  const { rows } = await sql<SalesOrderView>`
    select s.warehouse, s.sales_order_number as "salesOrderNumber", s.step,
      s.warehouse_status as "warehouseStatus", s.row->>'ServiceType' as "serviceType", s.attempts,
      s.due_at as "dueAt", s.staged_at as "stagedAt", s.header_sent_at as "headerSentAt",
      s.lines_sent_at as "linesSentAt", s.seen_at as "seenAt", s.verified_at as "verifiedAt",
      s.reference_written_at as "referenceWrittenAt", s.last_error as "lastError",
      coalesce((select jsonb_agg(jsonb_build_object('line', l.line, 'itemCode', l.item_code,
          'quantity', l.quantity, 'seenQuantity', l.seen_quantity, 'parts', l.parts) order by l.line::int)
        from sales_order_lines l
        where (l.warehouse, l.sales_order_number) = (s.warehouse, s.sales_order_number)), '[]') as lines
    from sales_orders s
    where s.channel = ${key.channel} and s.marketplace_order_id = ${key.marketplaceOrderId}`.execute(
    db,
  );
  return rows[0] ?? null;
}

async function readHistory(db: Db, key: OrderKey): Promise<HistoryView[]> {
  return db
    .selectFrom('order_history')
    .select(['number', 'at', 'kind', 'from_state as from', 'to_state as to', 'why', 'call'])
    .where('channel', '=', key.channel)
    .where('marketplace_order_id', '=', key.marketplaceOrderId)
    .orderBy('number')
    .execute();
}

/** A sales order of ours with the moment we sent it and the CreatedDate we wrote. */
export type SentSalesOrder = {
  salesOrderNumber: string;
  sentAt: Date;
  /** `yyyy-MM-dd HH:mm:ss` on the tenant's clock, as configured then. */
  createdText: string;
};

/** The newest sales orders that a warehouse was sent since `since`, newest first. */
export async function readSentSalesOrders(
  db: Db,
  warehouse: string,
  since: Date,
  limit: number,
): Promise<SentSalesOrder[]> {
  const { rows } = await sql<SentSalesOrder>`
    select sales_order_number as "salesOrderNumber", header_sent_at as "sentAt",
      coalesce(row->>'CreatedDate', '') as "createdText"
    from sales_orders
    where warehouse = ${warehouse} and header_sent_at >= ${since} and verified_at is not null
    order by header_sent_at desc, sales_order_number limit ${limit}`.execute(db);
  return rows;
}
