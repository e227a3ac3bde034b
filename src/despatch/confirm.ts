/** Confirm: the marketplace is told that goods left, with carrier and tracking. The intent is kept first; after a
 *  lost answer it is looked up what happened before anything is repeated. */
import { Refused, VendorError } from '../errors.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import {
  createShipments,
  type NewShipment,
  type Shipment,
  type ShipmentCreation,
  setShipmentTracking,
} from '../mirakl/shipments.ts';
import { setOrderTracking, shipOrder } from '../mirakl/tracking.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, Settings } from '../settings.ts';
import { keyOf, moveOf, shippedMove, trackingOf, verifyAfterMs } from './confirm-moves.ts';
import { lookUpUnanswered } from './look-up.ts';
import { afterCancel, isCancelled } from './moot.ts';
import { isOwed, subjectOf, wholeOrder } from './plan.ts';
import { retryAt } from './retry.ts';
import { shipAgain } from './ship-again.ts';
import {
  type Confirmation,
  type ConfirmationMove,
  moveConfirmations,
  type OrderSight,
  orderKey,
  readDueConfirmations,
  readOrderSights,
} from './store.ts';

export type ConfirmDeps = {
  channel: ChannelSettings;
  mirakl: MiraklClient;
  policies: Settings['policies'];
};

/** Confirmations taken up in one run; what is nearest to its deadline first. */
const perRun = 200;
/** Shipments created in one call. Larger: fewer calls; smaller: less to look up after a lost answer. */
const shipmentsPerCall = 25;
/** Orders whose intent to set tracking is kept at once. More: less to write; setting it again does no harm. */
const ordersPerIntent = 25;
/** Refused this often, a person is asked and it is tried seldom. */
const triesBeforeStop = 4;
/** An order that is not to be shipped yet (payment pending) is tried again this soon. */
const notYetMs = 120_000;

/** Tells what is due. Returns how many were told. Throws VendorError when the marketplace is away. */
export async function confirmDue(context: FlowContext, deps: ConfirmDeps): Promise<number> {
  const { id } = deps.channel;
  const now = context.clock.now();
  await lookUpUnanswered(context, deps);
  const due = await readDueConfirmations(
    context.db,
    id,
    ['ready', 'tracked', 'correcting'],
    now,
    perRun,
  );
  let count = 0;
  const corrections = due.filter((one) => one.step === 'correcting');
  for (const one of corrections) count += await correct(context, deps, one);
  const whole = due.filter((one) => one.step !== 'correcting' && one.parcel === wholeOrder);
  for (let at = 0; at < whole.length; at += ordersPerIntent)
    count += await confirmOrders(context, deps, whole.slice(at, at + ordersPerIntent));
  const unshipped = due.filter((one) => one.step === 'tracked' && one.parcel !== wholeOrder);
  count += await shipAgain(context, deps, unshipped);
  const parcels = due.filter((one) => one.step === 'ready' && one.parcel !== wholeOrder);
  for (let at = 0; at < parcels.length; at += shipmentsPerCall)
    count += await confirmParcels(context, deps, parcels.slice(at, at + shipmentsPerCall));
  return count;
}

/** OR23 and OR24: orders as a whole. */
async function confirmOrders(
  context: FlowContext,
  deps: ConfirmDeps,
  given: readonly Confirmation[],
): Promise<number> {
  const orders = await intendTracking(context, given);
  // Said of one order together with the intent of the next: each transaction costs more than a call.
  let answered: ConfirmationMove[] = [];
  const keep = async (moves: readonly ConfirmationMove[]) => {
    const all = [...answered, ...moves];
    answered = [];
    return all.length === 0 ? [] : context.write((trx) => moveConfirmations(trx, all));
  };
  let count = 0;
  try {
    for (const one of orders) {
      const sent = await sendTracking(context, deps, one);
      if (sent === null) continue;
      const { step, sentAt, toldTracking } = sent;
      const told = toldTracking === null ? {} : { toldTracking };
      const kept = await keep([moveOf(one, step, sentAt, { ...told, sentAt: sentAt! })]);
      // It moved on meanwhile.
      if (!kept.some((moved) => keyOf(moved) === keyOf(one))) continue;
      const call = () => shipOrder(deps.mirakl, sent.marketplaceOrderId);
      if (!(await attempt(context, deps, sent, call))) continue;
      answered.push(shippedMove(context, sent));
      count += 1;
    }
  } finally {
    await keep([]);
  }
  return count;
}

/** Keeps the intent to set tracking, for all of them that need it. Leaves out what moved on meanwhile. */
async function intendTracking(
  context: FlowContext,
  given: readonly Confirmation[],
): Promise<Confirmation[]> {
  const sentAt = context.clock.now();
  const isUntold = (one: Confirmation) => one.step === 'ready' && trackingOf(one) !== null;
  const moves = given
    .filter(isUntold)
    .map((one) => moveOf(one, 'tracking-sent', sentAt, { sentAt }));
  if (moves.length === 0) return [...given];
  const kept = new Set((await context.write((trx) => moveConfirmations(trx, moves))).map(keyOf));
  return given
    .filter((one) => !isUntold(one) || kept.has(keyOf(one)))
    .map((one) => (isUntold(one) ? { ...one, step: 'tracking-sent', sentAt } : one));
}

/** OR23 where it is due. Returns the order as it is to be kept before it is shipped; null: refused. */
async function sendTracking(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Confirmation,
): Promise<Confirmation | null> {
  const { marketplaceOrderId } = one;
  let { toldTracking } = one;
  const tracking = trackingOf(one);
  if (one.step === 'tracking-sent' && tracking !== null) {
    const call = () => setOrderTracking(deps.mirakl, { marketplaceOrderId, tracking });
    if (!(await attempt(context, deps, one, call))) return null;
    toldTracking = one.trackingNumber;
  }
  return { ...one, step: 'ship-sent', sentAt: context.clock.now(), toldTracking };
}

/** Makes a call about one order. True: taken. False: refused, and noted. Throws when nobody knows. */
async function attempt(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Confirmation,
  call: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await context.assertPlace();
    await call();
    return true;
  } catch (cause) {
    if (cause instanceof Refused) {
      await refused(context, deps, one, cause.vendorMessage || cause.message);
      return false;
    }
    if (cause instanceof VendorError && cause.effect === 'none') {
      // It surely never arrived: as if it had not been sent.
      const back = one.step === 'ship-sent' ? 'tracked' : 'ready';
      await context.write((trx) =>
        moveConfirmations(trx, [
          moveOf(one, back, context.clock.now(), { lastError: cause.message }),
        ]),
      );
    }
    throw cause;
  }
}

/** ST01: parcels of several orders in one call, each with its own outcome. */
async function confirmParcels(
  context: FlowContext,
  deps: ConfirmDeps,
  given: readonly Confirmation[],
): Promise<number> {
  const sentAt = context.clock.now();
  const kept = await context.write((trx) =>
    moveConfirmations(
      trx,
      given.map((one) => moveOf(one, 'shipment-sent', sentAt, { sentAt })),
    ),
  );
  const keys = new Set(kept.map(keyOf));
  const sent = given
    .filter((one) => keys.has(keyOf(one)))
    .map((one): Confirmation => ({ ...one, step: 'shipment-sent', sentAt }));
  if (sent.length === 0) return 0;
  let outcomes: ShipmentCreation[];
  try {
    await context.assertPlace();
    outcomes = await createShipments(deps.mirakl, sent.map(shipmentOf));
  } catch (cause) {
    if (cause instanceof Refused) {
      await apart(context, deps, sent, cause);
      return 0;
    }
    if (cause instanceof VendorError && cause.effect === 'none')
      await context.write((trx) =>
        moveConfirmations(
          trx,
          sent.map((one) =>
            moveOf(one, 'ready', context.clock.now(), { lastError: cause.message }),
          ),
        ),
      );
    throw cause;
  }
  const created = outcomes.flatMap((outcome, index) =>
    outcome.outcome === 'created' ? [createdMove(context, sent[index]!, outcome.shipment)] : [],
  );
  if (created.length > 0) await context.write((trx) => moveConfirmations(trx, created));
  for (const [index, outcome] of outcomes.entries()) {
    const one = sent[index]!;
    if (outcome.outcome === 'refused')
      await refused(context, deps, one, outcome.messages.join('; '));
    // Unmentioned: looked up by ST11 like a lost answer, at the next turn.
  }
  return created.length;
}

function shipmentOf(one: Confirmation): NewShipment {
  const tracking = trackingOf(one);
  return {
    marketplaceOrderId: one.marketplaceOrderId,
    lines: one.lines.map(({ orderLineId, units }) => ({ orderLineId, quantity: units })),
    isShipped: true,
    ...(tracking === null ? {} : { tracking }),
  };
}

/** A whole call was refused: one bad parcel must not hold up the others, so each goes by itself next time. */
async function apart(
  context: FlowContext,
  deps: ConfirmDeps,
  sent: readonly Confirmation[],
  cause: Refused,
): Promise<void> {
  const message = cause.vendorMessage || cause.message;
  const [only] = sent;
  if (sent.length === 1 && only) return refused(context, deps, only, message);
  for (const one of sent) {
    await context.write((trx) =>
      moveConfirmations(trx, [moveOf(one, 'ready', context.clock.now())]),
    );
    await confirmParcels(context, deps, [{ ...one, step: 'ready' }]);
  }
}

function createdMove(context: FlowContext, one: Confirmation, shipment: Shipment) {
  return shippedMove(context, one, {
    shipmentId: shipment.shipmentId,
    toldTracking: one.trackingNumber,
  });
}

/** The marketplace said no. What the order looks like there decides what it means. */
async function refused(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Confirmation,
  message: string,
): Promise<void> {
  const now = context.clock.now();
  const sight = (await readOrderSights(context.db, [one])).get(orderKey(one));
  const isOver = sight !== undefined && one.lines.every((line) => !isOwed(sight, line.orderLineId));
  if (isOver) return over(context, one, sight);
  const attempts = one.attempts + 1;
  const isToStop = attempts >= triesBeforeStop;
  const isEarly = sight?.wireState.startsWith('WAITING_');
  const dueAt = isEarly
    ? new Date(now.getTime() + notYetMs)
    : retryAt(now, attempts, deps.policies, { id: keyOf(one), deadline: one.deadlineAt });
  const back: Confirmation['step'] = one.step === 'ship-sent' ? 'tracked' : 'ready';
  const move = moveOf(one, isEarly || !isToStop ? back : 'ready', dueAt, {
    attempts,
    lastError: message,
  });
  const cause: Cause = {
    ...subjectOf(one),
    code: 'confirmation-refused',
    message: `order ${one.marketplaceOrderId}: the marketplace does not take the despatch ${one.parcel}: ${message || 'no reason given'}; tried ${attempts} times, again at ${dueAt.toISOString()}. Look at the order there`,
    evidence: { parcel: one.parcel, said: message, wireState: sight?.wireState ?? null },
    deadlineAt: one.deadlineAt,
  };
  await context.write(async (trx) => {
    await moveConfirmations(trx, [move]);
    if (!isEarly) await context.exceptions.raise(trx, [cause]);
  });
}

/** Nothing is left to tell: shipped by hand, to be seen so; or cancelled, and a person must know of the goods. */
async function over(context: FlowContext, one: Confirmation, sight: OrderSight): Promise<void> {
  const now = context.clock.now();
  const cancelled = one.lines.filter((line) => isCancelled(sight, line.orderLineId));
  const isAll = cancelled.length === one.lines.length;
  await context.write(async (trx) => {
    await moveConfirmations(trx, [isAll ? moveOf(one, 'moot', null) : moveOf(one, 'shipped', now)]);
    if (cancelled.length > 0)
      await context.exceptions.raise(trx, [afterCancel(one, one.parcel, cancelled)]);
  });
}

/** A tracking number that changed after it was told. */
async function correct(context: FlowContext, deps: ConfirmDeps, one: Confirmation) {
  const tracking = trackingOf(one);
  const now = context.clock.now();
  if (tracking === null) return 0;
  await context.assertPlace();
  try {
    if (one.shipmentId === null) {
      const { marketplaceOrderId } = one;
      await setOrderTracking(deps.mirakl, { marketplaceOrderId, tracking });
    } else {
      const [outcome] = await setShipmentTracking(deps.mirakl, [
        { shipmentId: one.shipmentId, tracking },
      ]);
      if (outcome?.outcome === 'refused') return notCorrected(context, one, outcome.message ?? '');
    }
  } catch (cause) {
    // Setting the same number again is harmless: a lost answer is simply repeated.
    if (!(cause instanceof Refused)) throw cause;
    return notCorrected(context, one, cause.vendorMessage || cause.message);
  }
  const dueAt = new Date(now.getTime() + verifyAfterMs);
  // The time to be seen with the new number begins anew.
  const move = moveOf(one, 'shipped', dueAt, { toldTracking: one.trackingNumber, shippedAt: now });
  await context.write((trx) => moveConfirmations(trx, [move]));
  return 1;
}

async function notCorrected(context: FlowContext, one: Confirmation, message: string) {
  await context.write(async (trx) => {
    const toldTracking = one.trackingNumber;
    await moveConfirmations(trx, [
      moveOf(one, 'verified', null, { toldTracking, lastError: message }),
    ]);
    await context.exceptions.raise(trx, [
      {
        ...subjectOf(one),
        code: 'tracking-correction-refused',
        message: `order ${one.marketplaceOrderId}: the tracking number changed to ${one.trackingNumber} after the despatch was confirmed with ${one.toldTracking}, and the marketplace does not take it: ${message}. Change it in the back office, or tell the customer`,
        evidence: { now: one.trackingNumber, told: one.toldTracking, said: message },
      },
    ]);
  });
  return 0;
}
