/** Withdraw: what the warehouse will not send. An order cancelled there, or sent short, is proposed to a person, or
 *  cancelled or refunded on the marketplace, by policy. */
import { Refused, VendorError } from '../errors.ts';
import { cancelLines } from '../mirakl/cancelations.ts';
import { readReasons } from '../mirakl/platform.ts';
import { refundLines } from '../mirakl/refunds.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ArrangeDeps } from './arrange.ts';
import type { ConfirmDeps } from './confirm.ts';
import { parcelsOf } from './parcels.ts';
import { isOwed, subjectOf } from './plan.ts';
import { retryAt } from './retry.ts';
import type { DespatchedOrder } from './store.ts';
import { moneyOf } from './withdrawal-money.ts';
import {
  insertWithdrawals,
  moveWithdrawal,
  type NewWithdrawal,
  readDueWithdrawals,
  readLooks,
  type Withdrawal,
} from './withdrawal-store.ts';

const perRun = 50;
const reasonsFact = 'despatch.reasons';
const reasonsFreshMs = 24 * 3_600_000;
const triesBeforeStop = 4;

/** Looks at orders whose warehouse side came to an end and notes what they still owe. */
export async function proposeWithdrawals(
  trx: Trx,
  context: FlowContext,
  deps: ArrangeDeps,
  orders: readonly DespatchedOrder[],
): Promise<void> {
  const looks = await readLooks(
    trx,
    deps.warehouse.id,
    orders.map((one) => one.salesOrderNumber),
  );
  const wanted: NewWithdrawal[] = [];
  for (const order of orders) {
    const channel = deps.channels.find((one) => one.id === order.channel);
    if (!channel || channel.despatch.withdrawals === 'off') continue;
    const status = looks.get(order.salesOrderNumber)?.trim().toLowerCase() ?? '';
    const isCancelled = status === 'cancelled';
    if (!isCancelled && status !== 'despatched') continue;
    const { left } = parcelsOf(order.rows, order.sent, new Map());
    const why = isCancelled ? 'cancelled in the warehouse' : 'sent short by the warehouse';
    for (const { orderLineId, units } of left) {
      if (units <= 0 || !isOwed(order, orderLineId)) continue;
      wanted.push({
        channel: order.channel,
        marketplaceOrderId: order.marketplaceOrderId,
        orderLineId,
        units,
        kind: 'cancel',
        why,
        state: channel.despatch.withdrawals === 'auto' ? 'approved' : 'proposed',
      });
    }
  }
  const made = await insertWithdrawals(trx, context.clock.now(), wanted);
  await context.exceptions.raise(trx, made.filter((one) => one.state === 'proposed').map(proposal));
}

function proposal(one: NewWithdrawal): Cause {
  return {
    ...subjectOf(one),
    code: 'withdrawal-proposed',
    message: `order ${one.marketplaceOrderId}: ${one.units} of line ${one.orderLineId} were ${one.why}; run packhorse despatch withdraw ${one.marketplaceOrderId} --approve to cancel them on the marketplace, or send them after all`,
    evidence: { orderLineId: one.orderLineId, units: one.units, why: one.why },
  };
}

/** Sends what was approved. Returns how many were taken. Throws VendorError when the marketplace is away. */
export async function withdrawDue(context: FlowContext, deps: ConfirmDeps): Promise<number> {
  const { id } = deps.channel;
  const due = await readDueWithdrawals(context.db, id, context.clock.now(), perRun);
  let count = 0;
  for (const one of due) count += await withdraw(context, deps, one);
  return count;
}

async function withdraw(context: FlowContext, deps: ConfirmDeps, one: Withdrawal): Promise<number> {
  const now = context.clock.now();
  // What the marketplace shows says whether a lost call had an effect: the units are no longer owed.
  if (one.owedUnits < one.units && one.state === 'sent') {
    await done(context, one);
    return 0;
  }
  // Looked at again before anything is repeated: orders are polled every minute or so.
  if (one.state === 'sent' && now.getTime() - one.sentAt!.getTime() < 180_000) return 0;
  const isShipped = one.wireState !== 'SHIPPING' && one.wireState !== 'INCIDENT_OPEN';
  const money = moneyOf(one);
  const reasonCode = await reasonOf(context, deps, isShipped ? 'REFUND' : 'CANCELATION');
  if (reasonCode === null) return 0;
  await context.write((trx) =>
    moveWithdrawal(trx, one.id, {
      state: 'sent',
      sentAt: now,
      ...money,
      reasonCode,
      dueAt: new Date(now.getTime() + 180_000),
    }),
  );
  const line = {
    orderLineId: one.orderLineId,
    quantity: one.units,
    amount: money.amount,
    shippingAmount: money.shippingAmount,
    reasonCode,
  };
  try {
    await context.assertPlace();
    const taxMode =
      one.taxMode === 'TAX_EXCLUDED' ? ('TAX_EXCLUDED' as const) : ('TAX_INCLUDED' as const);
    const [outcome] = isShipped
      ? await refundLines(deps.mirakl, {
          refunds: [{ ...line, isExcludedFromShipment: true }],
          taxMode,
        })
      : await cancelLines(deps.mirakl, { cancelations: [line], taxMode });
    if (outcome?.outcome !== 'created') return 0;
    await done(context, one);
    return 1;
  } catch (cause) {
    if (cause instanceof Refused) await refused(context, deps, one, cause);
    else if (cause instanceof VendorError && cause.effect === 'none')
      await context.write((trx) => moveWithdrawal(trx, one.id, { state: 'approved', dueAt: now }));
    if (cause instanceof Refused) return 0;
    throw cause;
  }
}

async function done(context: FlowContext, one: Withdrawal): Promise<void> {
  const now = context.clock.now();
  await context.write(async (trx) => {
    await moveWithdrawal(trx, one.id, { state: 'done', doneAt: now, dueAt: null });
    const options = { codes: ['withdrawal-proposed', 'withdrawal-refused'], why: 'withdrawn' };
    await context.exceptions.settle(trx, [subjectOf(one)], options);
  });
}

async function refused(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Withdrawal,
  cause: Refused,
): Promise<void> {
  const now = context.clock.now();
  const attempts = one.attempts + 1;
  const said = cause.vendorMessage || cause.message;
  const isOver = attempts >= triesBeforeStop;
  await context.write(async (trx) => {
    await moveWithdrawal(trx, one.id, {
      state: isOver ? 'refused' : 'approved',
      attempts,
      lastError: said,
      dueAt: isOver
        ? null
        : retryAt(now, attempts, deps.policies, { id: String(one.id), deadline: null }),
    });
    await context.exceptions.raise(trx, [
      {
        ...subjectOf(one),
        code: 'withdrawal-refused',
        message: `order ${one.marketplaceOrderId}: the marketplace does not take the withdrawal of ${one.units} of line ${one.orderLineId}: ${said}. Do it in the back office`,
        evidence: { orderLineId: one.orderLineId, units: one.units, said },
      },
    ]);
  });
}

async function reasonOf(
  context: FlowContext,
  deps: ConfirmDeps,
  type: 'REFUND' | 'CANCELATION',
): Promise<string | null> {
  const { cancelReason, refundReason } = deps.channel.despatch;
  const wish = type === 'REFUND' ? refundReason : cancelReason;
  if (wish !== undefined) return wish;
  const now = context.clock.now();
  const kept = (await readFact(context.db, deps.channel.id, reasonsFact)) as {
    atMs: number;
    byType: Record<string, string>;
  } | null;
  if (kept && now.getTime() - kept.atMs < reasonsFreshMs) return kept.byType[type] ?? null;
  await context.assertPlace();
  const reasons = await readReasons(deps.mirakl);
  const byType: Record<string, string> = {};
  for (const one of reasons) if (one.isShopRight) byType[one.type] ??= one.code;
  const fact = { atMs: now.getTime(), byType };
  await context.write((trx) => saveFact(trx, deps.channel.id, reasonsFact, fact, now));
  return byType[type] ?? null;
}
