/** SQL on acceptance decisions. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import type { LineDecision } from './decide.ts';
import type { LineRow } from './from-mirakl.ts';

export type WaitingOrder = {
  marketplaceOrderId: string;
  commercialId: string;
  createdAt: Date;
  seenAt: Date;
  totalPrice: string;
  attempts: number;
  /** Tries to decide it so far, and when the next one is due (null: now). */
  holds: number;
  holdUntil: Date | null;
  lines: Pick<
    LineRow,
    'order_line_id' | 'shop_sku' | 'quantity' | 'unit_price' | 'offer_id' | 'wire_state'
  >[];
  /** Null: not decided yet. */
  decision: LineDecision[] | null;
  sentAt: Date | null;
  dueAt: Date | null;
};

/** Orders of a channel that wait for acceptance, oldest first. */
export async function readWaitingOrders(
  db: Db,
  channel: string,
  limit: number,
): Promise<WaitingOrder[]> {
  const { rows } = await sql<WaitingOrder>`
    select o.marketplace_order_id as "marketplaceOrderId", o.commercial_id as "commercialId",
      o.wire_created_at as "createdAt", o.seen_at as "seenAt", o.total_price as "totalPrice",
      coalesce(a.attempts, 0) as attempts, o.attempts as holds, o.due_at as "holdUntil", a.decision, a.sent_at as "sentAt", a.due_at as "dueAt",
      (select jsonb_agg(jsonb_build_object('order_line_id', l.order_line_id, 'shop_sku', l.shop_sku,
          'quantity', l.quantity, 'unit_price', l.unit_price::text, 'offer_id', l.offer_id,
          'wire_state', l.wire_state) order by l.position)
        from order_lines l where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id)) as lines
    from orders o left join acceptances a using (channel, marketplace_order_id)
    where o.channel = ${channel} and o.wire_state = 'WAITING_ACCEPTANCE'
    order by o.wire_created_at, o.marketplace_order_id limit ${limit}`.execute(db);
  return rows;
}

/** Keeps a decision (of the policy or of a person). An order that is decided already keeps its decision:
 *  returns false. */
export async function saveDecision(
  trx: Trx,
  decision: {
    channel: string;
    marketplaceOrderId: string;
    lines: readonly LineDecision[];
    decidedBy: string;
    now: Date;
  },
): Promise<boolean> {
  const done = await trx
    .insertInto('acceptances')
    .values({
      channel: decision.channel,
      marketplace_order_id: decision.marketplaceOrderId,
      decided_at: decision.now,
      decided_by: decision.decidedBy,
      decision: JSON.stringify(decision.lines),
      due_at: decision.now,
    })
    .onConflict((on) => on.columns(['channel', 'marketplace_order_id']).doNothing())
    .executeTakeFirst();
  return (done.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Keeps decisions of the policy; orders that are decided already keep theirs. */
export async function saveDecisions(
  trx: Trx,
  channel: string,
  now: Date,
  decisions: readonly { marketplaceOrderId: string; lines: readonly LineDecision[] }[],
): Promise<void> {
  if (decisions.length === 0) return;
  await sql`
    insert into acceptances (channel, marketplace_order_id, decided_at, decided_by, decision, due_at)
    select ${channel}, d."marketplaceOrderId", ${now}, 'policy auto', d.lines, ${now}
    from jsonb_to_recordset(${jsonText(decisions)}::jsonb) as d("marketplaceOrderId" text, lines jsonb)
    on conflict (channel, marketplace_order_id) do nothing`.execute(trx);
}

/** Notes that decisions are about to be sent. Returns them as they stand now, by marketplace order id: a person
 *  may have taken one back or put another in its place. */
export async function noteDecisionsSent(
  trx: Trx,
  channel: string,
  ids: readonly string[],
  now: Date,
): Promise<Map<string, LineDecision[]>> {
  const { rows } = await sql<{ id: string; decision: LineDecision[] }>`
    update acceptances set sent_at = ${now}, attempts = attempts + 1, due_at = null
    where channel = ${channel} and marketplace_order_id = any(${[...ids]}::text[])
    returning marketplace_order_id as id, decision`.execute(trx);
  return new Map(rows.map((row) => [row.id, row.decision]));
}

export type DecisionAnswer = {
  marketplaceOrderId: string;
  at: Date;
  text: string;
  /** When it is sent again; null: the next sight of the order tells. */
  dueAt: Date | null;
};

/** Notes what the marketplace said to decisions. */
export async function noteDecisionAnswers(
  trx: Trx,
  channel: string,
  answers: readonly DecisionAnswer[],
): Promise<void> {
  if (answers.length === 0) return;
  const rows = answers.map((one) => ({ ...one, text: one.text.slice(0, 500) }));
  await sql`
    update acceptances a set answered_at = r.at, answer = r.text, due_at = r."dueAt"
    from jsonb_to_recordset(${jsonText(rows)}::jsonb)
      as r("marketplaceOrderId" text, at timestamptz, text text, "dueAt" timestamptz)
    where a.channel = ${channel} and a.marketplace_order_id = r."marketplaceOrderId"`.execute(trx);
}

/** Forgets a decision that must be made anew. */
export async function dropDecision(trx: Trx, channel: string, id: string): Promise<void> {
  await trx
    .deleteFrom('acceptances')
    .where('channel', '=', channel)
    .where('marketplace_order_id', '=', id)
    .execute();
}

/** Forgets a decision that was never sent, so that a person's can take its place. */
export async function dropUnsentDecision(trx: Trx, channel: string, id: string): Promise<void> {
  await trx
    .deleteFrom('acceptances')
    .where('channel', '=', channel)
    .where('marketplace_order_id', '=', id)
    .where('sent_at', 'is', null)
    .execute();
}

/** Has kept decisions sent again at the accept flow's next turn. */
export async function makeDecisionsDue(
  trx: Trx,
  orders: readonly { channel: string; marketplaceOrderId: string }[],
  now: Date,
): Promise<void> {
  await sql`
    update acceptances a set due_at = ${now}
    from jsonb_to_recordset(${JSON.stringify(orders)}::jsonb) as t(channel text, "marketplaceOrderId" text)
    where a.channel = t.channel and a.marketplace_order_id = t."marketplaceOrderId"`.execute(trx);
}

/** Units sold on the channels of a warehouse that the warehouse does not show yet, by channel and shop SKU:
 *  accepted and awaiting payment, to be shipped but not exported, or decided and not yet seen accepted. */
export async function readPromisedUnits(
  db: Db,
  warehouse: string,
): Promise<{ channel: string; shopSku: string; units: number }[]> {
  const { rows } = await sql<{ channel: string; shopSku: string; units: number }>`
    select l.channel, l.shop_sku as "shopSku", sum(l.quantity - l.withdrawn_units)::int as units
    from orders o join order_lines l using (channel, marketplace_order_id)
    left join acceptances a using (channel, marketplace_order_id)
    where o.warehouse = ${warehouse} and o.state in ('received', 'accepted', 'parked')
      and (l.wire_state in ('WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING')
        or (l.wire_state = 'WAITING_ACCEPTANCE' and exists (
          select from jsonb_array_elements(a.decision) d
          where d->>'orderLineId' = l.order_line_id and (d->>'accepted')::boolean)))
    group by l.channel, l.shop_sku`.execute(db);
  return rows;
}
