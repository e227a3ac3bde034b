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
import { isSurelyUnchanged } from './look-up.ts';
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
  readWithdrawnSince,
  type Withdrawal,
} from './withdrawal-store.ts';

const perRun = 50;
const reasonsFact = 'despatch.reasons';
const reasonsFreshMs = 24 * 3_600_000;
const triesBeforeStop = 4;
/** How soon it is looked again while nobody knows whether a call had an effect. */
const lookAgainMs = 30_000;
/** By then orders have seen what a withdrawal changed. */
const afterMs = 10 * 60_000;

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
  const now = context.clock.now();
  const wanted: NewWithdrawal[] = [];
  for (const order of orders) {
    const channel = deps.channels.find((one) => one.id === order.channel);
    if (!channel || channel.despatch.withdrawals === 'off') continue;
    const status = looks.get(order.salesOrderNumber)?.trim().toLowerCase() ?? '';
    const isCancelled = status === 'cancelled';
    if (!isCancelled && !(status === 'despatched' && isLongGone(order, now))) continue;
    const why = isCancelled ? 'cancelled in the warehouse' : 'sent short by the warehouse';
    const state = channel.despatch.withdrawals === 'auto' ? 'approved' : 'proposed';
    const { channel: id, marketplaceOrderId } = order;
    for (const short of shortOf(order)) {
      wanted.push({ channel: id, marketplaceOrderId, ...short, why, state });
    }
  }
  const made = await insertWithdrawals(trx, now, wanted);
  await context.exceptions.raise(trx, made.filter((one) => one.state === 'proposed').map(proposal));
}

/** Rows of a despatch come late: what is missing of one this long after is not coming. */
const lateRowsMs = 2 * 3_600_000;

function isLongGone(order: DespatchedOrder, now: Date): boolean {
  const times = order.rows.map((row) => row.despatchedAt?.getTime() ?? now.getTime());
  return times.length > 0 && Math.max(...times) <= now.getTime() - lateRowsMs;
}

/** Units of each line that the marketplace counts on and that did not leave: to be cancelled while the line is to
 *  be shipped, to be refunded once it counts as shipped. Pure. */
export function shortOf(
  order: Pick<DespatchedOrder, 'lines' | 'rows' | 'sent'>,
): Pick<NewWithdrawal, 'orderLineId' | 'units' | 'kind'>[] {
  const gone = new Map<string, number>();
  for (const { lines } of parcelsOf(order.rows, order.sent, new Map()).parcels)
    for (const { orderLineId, units } of lines)
      gone.set(orderLineId, (gone.get(orderLineId) ?? 0) + units);
  const ours = new Set(order.sent.flatMap((line) => line.parts.map((part) => part.orderLineId)));
  return order.lines.flatMap((line) => {
    const units = line.quantity - line.withdrawnUnits - (gone.get(line.orderLineId) ?? 0);
    if (units <= 0 || !ours.has(line.orderLineId)) return [];
    const isOpen = isOwed(order, line.orderLineId);
    if (!isOpen && !shippedStates.has(line.wireState)) return [];
    const kind: NewWithdrawal['kind'] = isOpen ? 'cancel' : 'refund';
    return [{ orderLineId: line.orderLineId, units, kind }];
  });
}

const shippedStates: ReadonlySet<string> = new Set(['SHIPPED', 'TO_COLLECT', 'RECEIVED']);

function proposal(one: NewWithdrawal): Cause {
  return {
    ...subjectOf(one),
    code: 'withdrawal-proposed',
    message: `order ${one.marketplaceOrderId}: ${one.units} of line ${one.orderLineId} were ${one.why}; run packhorse despatch withdraw ${one.marketplaceOrderId} --approve to ${one.kind} them on the marketplace, or send them after all`,
    evidence: { orderLineId: one.orderLineId, units: one.units, why: one.why },
  };
}

/** Sends what was approved. Returns how many were taken. Throws VendorError when the marketplace is away. */
export async function withdrawDue(context: FlowContext, deps: ConfirmDeps): Promise<number> {
  const { id } = deps.channel;
  const due = await readDueWithdrawals(context.db, id, context.clock.now(), perRun);
  let count = 0;
  for (const one of due) count += await withdraw(context, deps, one);
  if (due.length > 0) await settleOwn(context, id);
  return count;
}

/** What the marketplace takes off an order because of a withdrawal comes back to orders as a cancellation that is
 *  too late for the warehouse: it is not, the goods never left. */
async function settleOwn(context: FlowContext, channel: string): Promise<void> {
  const since = new Date(context.clock.nowMs() - 86_400_000);
  const own = await readWithdrawnSince(context.db, channel, since);
  const subjects = own.map((marketplaceOrderId) => subjectOf({ channel, marketplaceOrderId }));
  const options = {
    codes: ['cancel-too-late', 'cancel-not-applied'],
    why: 'withdrawn by the warehouse itself',
  };
  await context.write((trx) => context.exceptions.settle(trx, subjects, options));
}

async function withdraw(context: FlowContext, deps: ConfirmDeps, one: Withdrawal): Promise<number> {
  const now = context.clock.now();
  if (one.state === 'done') {
    await context.write((trx) => moveWithdrawal(trx, one.id, { state: 'done', dueAt: null }));
    return 0;
  }
  // What the marketplace shows says whether a lost call had an effect.
  if (one.state === 'sent' && (one.isShown || one.owedUnits < one.units)) {
    await done(context, one);
    return 0;
  }
  // Looked at again before anything is repeated: money is never sent on a guess.
  if (one.state === 'sent' && !(await isSurelyUnchanged(context, deps, one, undefined))) {
    const dueAt = new Date(now.getTime() + lookAgainMs);
    await context.write((trx) => moveWithdrawal(trx, one.id, { state: 'sent', dueAt }));
    return 0;
  }
  const isShipped = shippedStates.has(one.wireState);
  const money = moneyOf(one);
  const reasonCode = await reasonOf(context, deps, isShipped ? 'REFUND' : 'CANCELATION');
  if (reasonCode === null) {
    const wanted = isShipped ? 'refundReason' : 'cancelReason';
    await refused(
      context,
      deps,
      one,
      `the operator lists no reason that a shop may give; set ${wanted}`,
    );
    return 0;
  }
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
    if (cause instanceof Refused)
      await refused(context, deps, one, cause.vendorMessage || cause.message);
    else if (cause instanceof VendorError && cause.effect === 'none')
      await context.write((trx) => moveWithdrawal(trx, one.id, { state: 'approved', dueAt: now }));
    if (cause instanceof Refused) return 0;
    throw cause;
  }
}

async function done(context: FlowContext, one: Withdrawal): Promise<void> {
  const now = context.clock.now();
  await context.write(async (trx) => {
    // Looked at once more, when the marketplace's side of it has come back to orders.
    await moveWithdrawal(trx, one.id, {
      state: 'done',
      doneAt: now,
      dueAt: new Date(now.getTime() + afterMs),
    });
    const options = { codes: ['withdrawal-proposed', 'withdrawal-refused'], why: 'withdrawn' };
    await context.exceptions.settle(trx, [subjectOf(one)], options);
  });
}

async function refused(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Withdrawal,
  said: string,
): Promise<void> {
  const now = context.clock.now();
  const attempts = one.attempts + 1;
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
