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
  for (const one of whole) count += await confirmOrder(context, deps, one);
  const unshipped = due.filter((one) => one.step === 'tracked' && one.parcel !== wholeOrder);
  count += await shipAgain(context, deps, unshipped);
  const parcels = due.filter((one) => one.step === 'ready' && one.parcel !== wholeOrder);
  for (let at = 0; at < parcels.length; at += shipmentsPerCall)
    count += await confirmParcels(context, deps, parcels.slice(at, at + shipmentsPerCall));
  return count;
}

/** OR23 and OR24: an order as a whole. */
async function confirmOrder(
  context: FlowContext,
  deps: ConfirmDeps,
  given: Confirmation,
): Promise<number> {
  let one = given;
  const tracking = trackingOf(one);
  if (one.step === 'ready' && tracking !== null) {
    const sent = await intend(context, one, 'tracking-sent');
    if (sent === null) return 0;
    one = sent;
    const call = () =>
      setOrderTracking(deps.mirakl, { marketplaceOrderId: one.marketplaceOrderId, tracking });
    if (!(await attempt(context, deps, one, call))) return 0;
    const toldTracking = one.trackingNumber;
    const tracked = moveOf(one, 'tracked', context.clock.now(), { toldTracking });
    await context.write((trx) => moveConfirmations(trx, [tracked]));
    one = { ...one, step: 'tracked', toldTracking };
  }
  const sent = await intend(context, one, 'ship-sent');
  if (sent === null) return 0;
  if (!(await attempt(context, deps, sent, () => shipOrder(deps.mirakl, sent.marketplaceOrderId))))
    return 0;
  await context.write((trx) => moveConfirmations(trx, [shippedMove(context, sent)]));
  return 1;
}

/** Keeps the intent; null when it moved on meanwhile. */
async function intend(
  context: FlowContext,
  one: Confirmation,
  step: Confirmation['step'],
): Promise<Confirmation | null> {
  const sentAt = context.clock.now();
  const kept = await context.write((trx) =>
    moveConfirmations(trx, [moveOf(one, step, sentAt, { sentAt })]),
  );
  return kept.length === 0 ? null : { ...one, step, sentAt };
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
  let count = 0;
  for (const [index, outcome] of outcomes.entries()) {
    const one = sent[index]!;
    if (outcome.outcome === 'created') count += await created(context, one, outcome.shipment);
    else if (outcome.outcome === 'refused')
      await refused(context, deps, one, outcome.messages.join('; '));
    // Unmentioned: looked up by ST11 like a lost answer, at the next turn.
  }
  return count;
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

async function created(context: FlowContext, one: Confirmation, shipment: Shipment) {
  const move = shippedMove(context, one, {
    shipmentId: shipment.shipmentId,
    toldTracking: one.trackingNumber,
  });
  await context.write((trx) => moveConfirmations(trx, [move]));
  return 1;
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
  const move = moveOf(one, 'shipped', dueAt, { toldTracking: one.trackingNumber });
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
