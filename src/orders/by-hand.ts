/** What a person does with orders: try again now, accept or refuse by hand. Each acts inside the caller's
 *  transaction, so that the exceptions it is about move with it. */
import type { Clock } from '../clock.ts';
import type { Trx } from '../runtime/db.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { dropUnsentDecision, makeDecisionsDue, saveDecision } from './accept-store.ts';
import type { LineDecision } from './decide.ts';
import { acceptFlow, exportFlow, referenceFlow, rescanFlow } from './flow.ts';
import type { OrderLife, OrderSummary } from './overview-store.ts';
import { makeSalesOrdersDue } from './sales-order-store.ts';
import { wire } from './state.ts';
import { makeOrdersDue, type OrderKey, recordHistory } from './store.ts';

/** Makes orders due now, with the count of tries at zero, and wakes the flows that look at them: staging and
 *  export, acceptance where one waits, the reference where it was refused. */
export async function retryOrders(
  trx: Trx,
  clock: Clock,
  orders: readonly OrderSummary[],
  who: string,
): Promise<void> {
  if (orders.length === 0) return;
  const now = clock.now();
  await makeOrdersDue(trx, orders, now);
  await makeSalesOrdersDue(trx, orders, now);
  const waiting = orders.filter((one) => one.wireState === wire.waitingAcceptance);
  await makeDecisionsDue(trx, waiting, now);
  await recordHistory(
    trx,
    now,
    orders.map((one) => noteOf(one, `${who} asked to try again`)),
  );
  for (const warehouse of new Set(orders.map((one) => one.warehouse))) {
    await wakeFlow(trx, clock, exportFlow, warehouse);
  }
  for (const channel of new Set(orders.map((one) => one.channel))) {
    await wakeFlow(trx, clock, acceptFlow, channel);
    await wakeFlow(trx, clock, referenceFlow, channel);
  }
}

/** Has orders that could not be read looked for again, by the rescan of their channel. */
export async function retryUnreadable(trx: Trx, clock: Clock, channel: string): Promise<void> {
  await wakeFlow(trx, clock, rescanFlow, channel);
}

/** Keeps a person's decision on an order that waits for acceptance and has the accept flow send it. One that
 *  was made before but never sent is replaced. Returns false when another was sent already. */
export async function decideByHand(
  trx: Trx,
  clock: Clock,
  order: OrderLife,
  decision: { lines: readonly LineDecision[]; who: string },
): Promise<boolean> {
  const now = clock.now();
  const key = { channel: order.channel, marketplaceOrderId: order.marketplaceOrderId };
  await dropUnsentDecision(trx, key.channel, key.marketplaceOrderId);
  const isKept = await saveDecision(trx, {
    ...key,
    lines: decision.lines,
    decidedBy: decision.who,
    now,
  });
  if (!isKept) return false;
  const refused = decision.lines.filter((line) => !line.accepted).map((line) => line.orderLineId);
  const what = refused.length === 0 ? 'accepts every line' : `refuses ${refused.join(', ')}`;
  await recordHistory(trx, now, [noteOf(key, `${decision.who} ${what}`)]);
  await wakeFlow(trx, clock, acceptFlow, key.channel);
  return true;
}

function noteOf(key: OrderKey, why: string) {
  const { channel, marketplaceOrderId } = key;
  return { channel, marketplaceOrderId, kind: 'note' as const, from: null, to: null, why };
}
