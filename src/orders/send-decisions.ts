/** Decisions go to the marketplace, one call an order; what it says to each is kept. */
import { NoAnswer, Refused, VendorError } from '../errors.ts';
import { decideAcceptance } from '../mirakl/orders.ts';
import { saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { lastOkAt } from '../runtime/runs.ts';
import type { AcceptDeps } from './accept.ts';
import {
  dropDecision,
  makeDecisionsDue,
  noteDecisionAnswers,
  noteDecisionsSent,
  readWaitingOrders,
  type WaitingOrder,
} from './accept-store.ts';
import type { LineDecision } from './decide.ts';
import { intakeFlow } from './intake.ts';
import { moneyAtStake, retryAt } from './retry.ts';
import { type HistoryEntry, recordHistory } from './store.ts';

/** Decisions whose intent is noted in one transaction, and their answers in another. Larger: fewer commits;
 *  smaller: fewer orders whose answer is unknown after a crash, which wait for `settleMs`. */
const ordersPerIntent = 20;
/** After a lost answer: how long a newer sight of the order must show it still waiting before it is sent again. */
const settleMs = 30_000;
/** The marketplace was seen to refuse decisions that differ by line. */
export const partialDisabledFact = 'partialAcceptanceDisabled';

/** Sends every decision that is due, of the first `limit` waiting orders. Throws VendorError when the
 *  marketplace is away. Source: OR21. */
export async function sendDecisions(
  context: FlowContext,
  deps: AcceptDeps,
  limit: number,
): Promise<void> {
  const intakeAt = await lastOkAt(context.db, intakeFlow, deps.channel.id);
  const waiting = await readWaitingOrders(context.db, deps.channel.id, limit);
  const now = context.clock.now();
  const due = waiting.filter((order) => order.decision !== null && isDue(order, now, intakeAt));
  for (let at = 0; at < due.length; at += ordersPerIntent) {
    await sendSome(context, deps, due.slice(at, at + ordersPerIntent));
  }
}

/** Never sent, or put off until now, or sent without effect. That is so when a sight well after it shows it
 *  still waiting, or when polls went well since and none brought it: a decided order would have changed. */
function isDue(order: WaitingOrder, now: Date, intakeAt: Date | null): boolean {
  if (order.dueAt !== null) return order.dueAt <= now;
  if (order.sentAt === null) return true;
  const sentMs = order.sentAt.getTime();
  return (
    order.seenAt.getTime() > sentMs + settleMs || (intakeAt?.getTime() ?? 0) > sentMs + 4 * settleMs
  );
}

type Taken = { marketplaceOrderId: string; at: Date; decision: readonly LineDecision[] };

/** The intent of all, then one call each, then the answers of all. */
async function sendSome(
  context: FlowContext,
  deps: AcceptDeps,
  orders: readonly WaitingOrder[],
): Promise<void> {
  const { channel } = deps;
  const sentAt = context.clock.now();
  const ids = orders.map((order) => order.marketplaceOrderId);
  const decisions = await context.write((trx) => noteDecisionsSent(trx, channel.id, ids, sentAt));
  const untried = new Set(decisions.keys());
  const taken: Taken[] = [];
  try {
    for (const order of orders) {
      const id = order.marketplaceOrderId;
      const decision = decisions.get(id);
      if (!decision) continue;
      await context.assertPlace();
      untried.delete(id);
      const refusal = await sendOne(deps, id, decision);
      if (refusal) await keepRefusal(context, deps, order, refusal);
      else taken.push({ marketplaceOrderId: id, at: context.clock.now(), decision });
    }
  } finally {
    await keepTaken(context, channel.id, { taken, untried: [...untried], sentAt });
  }
}

async function sendOne(
  deps: AcceptDeps,
  marketplaceOrderId: string,
  decision: readonly LineDecision[],
): Promise<VendorError | null> {
  try {
    await decideAcceptance(deps.mirakl, {
      marketplaceOrderId,
      lines: decision.map((line) => ({ orderLineId: line.orderLineId, isAccepted: line.accepted })),
    });
    return null;
  } catch (cause) {
    if (cause instanceof VendorError) return cause;
    throw cause;
  }
}

async function keepTaken(
  context: FlowContext,
  channel: string,
  outcome: { taken: readonly Taken[]; untried: readonly string[]; sentAt: Date },
): Promise<void> {
  const { taken, untried, sentAt } = outcome;
  if (taken.length + untried.length === 0) return;
  const now = context.clock.now();
  await context.write(async (trx) => {
    await noteDecisionAnswers(
      trx,
      channel,
      taken.map(({ marketplaceOrderId, at }) => ({
        marketplaceOrderId,
        at,
        text: 'taken',
        dueAt: null,
      })),
    );
    // The run ends before their turn: they were surely not sent.
    const again = untried.map((marketplaceOrderId) => ({ channel, marketplaceOrderId }));
    await makeDecisionsDue(trx, again, now);
    await recordHistory(
      trx,
      now,
      taken.map((one) => takenEntry(channel, one, sentAt)),
    );
  });
}

function takenEntry(channel: string, taken: Taken, sentAt: Date): HistoryEntry {
  const { marketplaceOrderId, decision } = taken;
  const accepted = decision.filter((line) => line.accepted).length;
  const lines = decision.map((l) => `${l.orderLineId} ${l.accepted ? 'yes' : 'no'} (${l.why})`);
  return {
    channel,
    marketplaceOrderId,
    kind: 'note',
    from: null,
    to: null,
    why: `${accepted} of ${decision.length} line(s) accepted: ${lines.join('; ')}`,
    call: `OR21 at ${sentAt.toISOString()}`,
  };
}

async function keepRefusal(
  context: FlowContext,
  deps: AcceptDeps,
  order: WaitingOrder,
  cause: VendorError,
): Promise<void> {
  const { channel } = deps;
  const id = order.marketplaceOrderId;
  const at = context.clock.now();
  const code = cause instanceof Refused ? (cause.vendorCode ?? cause.vendorMessage) : cause.name;
  if (/PARTIAL_ACCEPTANCE_DISABLED/i.test(`${code} ${cause.message}`)) {
    await context.write(async (trx) => {
      await saveFact(trx, channel.id, partialDisabledFact, true, at);
      await dropDecision(trx, channel.id, id);
    });
    return;
  }
  if (!(cause instanceof Refused)) {
    const dueAt = cause.effect === 'none' ? retryAt(at, order.attempts, deps.policies) : null;
    await context.write((trx) =>
      noteDecisionAnswers(trx, channel.id, [
        { marketplaceOrderId: id, at, text: cause.message, dueAt },
      ]),
    );
    // With the whole vendor away there is no sense in trying the other orders.
    if (!(cause instanceof NoAnswer)) throw cause;
    return;
  }
  const isDecided = /INVALID_STATE/i.test(`${code} ${cause.message}`);
  await context.write(async (trx) => {
    await noteDecisionAnswers(trx, channel.id, [
      {
        marketplaceOrderId: id,
        at,
        text: cause.message,
        // Tried again by and by, ever more rarely: what was wrong may be put right at the marketplace.
        dueAt: isDecided ? null : retryAt(at, order.attempts, deps.policies),
      },
    ]);
    if (isDecided) return; // Decided already, by a lost answer of ours or by hand: the next sight tells.
    await context.exceptions.raise(trx, [
      {
        code: 'acceptance-refused',
        connection: channel.id,
        subjectKind: 'order',
        subjectId: id,
        message: `order ${id}: the marketplace did not take the decision: ${cause.vendorMessage}; decide it in the marketplace's back office`,
        evidence: { said: cause.vendorMessage, code: cause.vendorCode ?? null },
        moneyPence: moneyAtStake({ total_price: order.totalPrice }),
      },
    ]);
  });
}
