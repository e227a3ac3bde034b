/** SQL on what the warehouse will not send. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';

export type NewWithdrawal = {
  channel: string;
  marketplaceOrderId: string;
  orderLineId: string;
  units: number;
  kind: 'cancel' | 'refund';
  why: string;
  state: 'proposed' | 'approved';
};

export type Withdrawal = Omit<NewWithdrawal, 'state'> & {
  id: number;
  state: 'proposed' | 'approved' | 'sent' | 'done' | 'refused' | 'dismissed';
  attempts: number;
  sentAt: Date | null;
  proposedAt: Date;
  decidedAt: Date | null;
  decidedBy: string | null;
  doneAt: Date | null;
  /** What the marketplace was told of its worth, decimal text; null before that. */
  sentAmount: string | null;
  sentShippingAmount: string | null;
  lastError: string | null;
  /** The order as last seen shows a cancellation or refund like the one that was sent, made since. */
  isShown: boolean;
  /** Of the line as last seen: units owed, its state, and what money it is about (decimal text). */
  owedUnits: number;
  wireState: string;
  quantity: number;
  price: string;
  shippingPrice: string;
  taxMode: string;
};

/** The marketplace's clock may be behind ours. Longer than two withdrawals of one line are apart: the second is
 *  taken for the first. */
const clockSkew = '2 minutes';

const columns = sql`w.id, w.channel, w.marketplace_order_id as "marketplaceOrderId", w.order_line_id as "orderLineId",
  w.units, w.kind, w.why, w.state, w.attempts, w.sent_at as "sentAt", w.proposed_at as "proposedAt",
  w.decided_at as "decidedAt", w.decided_by as "decidedBy", w.done_at as "doneAt",
  w.amount::text as "sentAmount", w.shipping_amount::text as "sentShippingAmount", w.last_error as "lastError", l.quantity - l.withdrawn_units as "owedUnits",
  l.wire_state as "wireState", l.quantity, l.price::text as price,
  coalesce((select d->>'shippingPrice' from jsonb_array_elements(o.detail->'lines') d
    where d->>'orderLineId' = l.order_line_id), '0') as "shippingPrice", o.tax_mode as "taxMode",
  exists (select from jsonb_array_elements(o.detail->'lines') d
    cross join jsonb_array_elements(coalesce(d->'cancelations', '[]') || coalesce(d->'refunds', '[]')) r
    where d->>'orderLineId' = l.order_line_id and coalesce((r->>'quantity')::int, w.units) = w.units
      and (r->>'amount')::numeric = w.amount
      and coalesce((r->>'createdAt')::timestamptz, w.sent_at) >= w.sent_at - ${clockSkew}::interval) as "isShown"`;

const source = sql`withdrawals w join orders o using (channel, marketplace_order_id)
  join order_lines l using (channel, marketplace_order_id, order_line_id)`;

/** Keeps what is new of these; nothing is withdrawn twice, so what was to be cancelled of a line is not to be refunded
 *  as well when it was shipped meanwhile. Returns what was new. */
export async function insertWithdrawals(
  trx: Trx,
  now: Date,
  wanted: readonly NewWithdrawal[],
): Promise<NewWithdrawal[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<NewWithdrawal>`
    insert into withdrawals (channel, marketplace_order_id, order_line_id, units, kind, why, state, proposed_at, due_at)
    select channel, "marketplaceOrderId", "orderLineId", units, kind, why, state, ${now}::timestamptz,
      case when state = 'approved' then ${now}::timestamptz end
    from jsonb_to_recordset(${jsonText(wanted)}::jsonb) as r(channel text, "marketplaceOrderId" text,
      "orderLineId" text, units integer, kind text, why text, state text)
    where not exists (select from withdrawals w where (w.channel, w.marketplace_order_id, w.order_line_id, w.why)
      = (r.channel, r."marketplaceOrderId", r."orderLineId", r.why))
    on conflict do nothing
    returning channel, marketplace_order_id as "marketplaceOrderId", order_line_id as "orderLineId", units, kind, why, state`.execute(
    trx,
  );
  return rows;
}

/** Withdrawals that are due: approved, unanswered, or done a while ago. */
export async function readDueWithdrawals(
  db: Db,
  channel: string,
  now: Date,
  limit: number,
): Promise<Withdrawal[]> {
  const { rows } = await sql<Withdrawal>`
    select ${columns} from ${source}
    where w.channel = ${channel} and w.due_at <= ${now} and w.state in ('approved', 'sent', 'done')
    order by w.due_at, w.id limit ${limit}`.execute(db);
  return rows;
}

/** Withdrawals of an order, or all that wait for a person. */
export async function listWithdrawals(
  db: Db | Trx,
  filter: {
    channel?: string | undefined;
    marketplaceOrderId?: string | undefined;
    states?: readonly Withdrawal['state'][] | undefined;
  },
): Promise<Withdrawal[]> {
  const { rows } = await sql<Withdrawal>`
    select ${columns} from ${source}
    where (${filter.channel ?? null}::text is null or w.channel = ${filter.channel ?? null})
      and (${filter.marketplaceOrderId ?? null}::text is null or w.marketplace_order_id = ${filter.marketplaceOrderId ?? null})
      and (${filter.states ?? null}::text[] is null or w.state = any(${filter.states ?? null}::text[]))
    order by w.proposed_at, w.id limit 1000`.execute(db);
  return rows;
}

export type WithdrawalMove = {
  state: Withdrawal['state'];
  dueAt?: Date | null;
  sentAt?: Date;
  doneAt?: Date;
  decidedAt?: Date;
  decidedBy?: string;
  attempts?: number;
  amount?: string;
  shippingAmount?: string;
  reasonCode?: string;
  lastError?: string;
};

/** Moves one along. */
export async function moveWithdrawal(trx: Trx, id: number, move: WithdrawalMove): Promise<void> {
  await trx
    .updateTable('withdrawals')
    .set({
      state: move.state,
      ...(move.dueAt === undefined ? {} : { due_at: move.dueAt }),
      ...(move.sentAt === undefined ? {} : { sent_at: move.sentAt }),
      ...(move.doneAt === undefined ? {} : { done_at: move.doneAt }),
      ...(move.decidedAt === undefined ? {} : { decided_at: move.decidedAt }),
      ...(move.decidedBy === undefined ? {} : { decided_by: move.decidedBy }),
      ...(move.attempts === undefined ? {} : { attempts: move.attempts }),
      ...(move.amount === undefined ? {} : { amount: move.amount }),
      ...(move.shippingAmount === undefined ? {} : { shipping_amount: move.shippingAmount }),
      ...(move.reasonCode === undefined ? {} : { reason_code: move.reasonCode }),
      ...(move.lastError === undefined ? {} : { last_error: move.lastError }),
    })
    .where('id', '=', id)
    .execute();
}

/** The status that each sales order showed when it was last looked up. */
export async function readLooks(
  trx: Trx,
  warehouse: string,
  numbers: readonly string[],
): Promise<Map<string, string>> {
  if (numbers.length === 0) return new Map();
  const rows = await trx
    .selectFrom('despatch_looks')
    .select(['sales_order_number', 'status'])
    .where('warehouse', '=', warehouse)
    .where('sales_order_number', 'in', [...numbers])
    .where('status', 'is not', null)
    .execute();
  return new Map(rows.map((row) => [row.sales_order_number, row.status ?? '']));
}

/** Orders of which something was withdrawn since then. */
export async function readWithdrawnSince(db: Db, channel: string, since: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('withdrawals')
    .select('marketplace_order_id')
    .distinct()
    .where('channel', '=', channel)
    .where('state', '=', 'done')
    .where('done_at', '>=', since)
    .execute();
  return rows.map((row) => row.marketplace_order_id);
}
