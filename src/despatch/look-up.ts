/** Look up: calls whose answer was lost. What the marketplace shows says whether they had an effect; only then is
 *  anything repeated. */
import { readShipmentPages, type Shipment } from '../mirakl/shipments.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ConfirmDeps } from './confirm.ts';
import { moveOf, shippedMove } from './confirm-moves.ts';
import { isOwed } from './plan.ts';
import { unanswered } from './state.ts';
import {
  type Confirmation,
  type ConfirmationMove,
  moveConfirmations,
  type OrderSight,
  orderKey,
  readConfirmationsOf,
  readDueConfirmations,
  readOrderSights,
} from './store.ts';

const perRun = 200;
/** How soon it is looked again while nothing is sure. */
const lookAgainMs = 15_000;

/** Calls whose answer was lost: what the marketplace shows says whether they had an effect. */
export async function lookUpUnanswered(context: FlowContext, deps: ConfirmDeps): Promise<void> {
  const now = context.clock.now();
  const lost = await readDueConfirmations(context.db, deps.channel.id, unanswered, now, perRun);
  if (lost.length === 0) return;
  const shipments = lost.filter((one) => one.step === 'shipment-sent');
  if (shipments.length > 0) await lookUpShipments(context, deps, shipments);
  const sights = await readOrderSights(context.db, lost);
  const moves: ConfirmationMove[] = [];
  for (const one of lost) {
    // Setting tracking again is harmless.
    if (one.step === 'tracking-sent') moves.push(moveOf(one, 'ready', now));
    if (one.step !== 'ship-sent') continue;
    const sight = sights.get(orderKey(one));
    if (sight && one.lines.every((line) => !isOwed(sight, line.orderLineId)))
      moves.push(moveOf(one, 'shipped', now, { shippedAt: one.sentAt ?? now }));
    else if (await isSurelyUnchanged(context, deps, one, sight))
      moves.push(moveOf(one, 'tracked', now));
    else moves.push(moveOf(one, 'ship-sent', new Date(now.getTime() + lookAgainMs)));
  }
  await context.write((trx) => moveConfirmations(trx, moves));
}

/** An order that was read whole after the call and is still to be shipped was not shipped by it. Orders are read
 *  when they changed, so a completed poll that began well after the call and brought nothing says the same. */
export async function isSurelyUnchanged(
  context: FlowContext,
  deps: ConfirmDeps,
  one: Pick<Confirmation, 'sentAt'>,
  sight: OrderSight | undefined,
): Promise<boolean> {
  const sentMs = (one.sentAt ?? context.clock.now()).getTime();
  const settledMs = sentMs + deps.channel.timeoutSeconds * 1_000 + 30_000;
  if (sight && sight.seenAt.getTime() > settledMs) return true;
  const poll = await context.db
    .selectFrom('flows')
    .select('last_ok_at')
    .where('flow', '=', 'orders.intake')
    .where('connection', '=', deps.channel.id)
    .executeTakeFirst();
  const polledMs = poll?.last_ok_at?.getTime() ?? 0;
  return polledMs > settledMs + deps.channel.pollSeconds * 1_000;
}

async function lookUpShipments(
  context: FlowContext,
  deps: ConfirmDeps,
  lost: readonly Confirmation[],
): Promise<void> {
  const now = context.clock.now();
  const ids = [...new Set(lost.map((one) => one.marketplaceOrderId))];
  const found: Shipment[] = [];
  let isSure = true;
  for (let at = 0; at < ids.length; at += 100) {
    await context.assertPlace();
    for await (const page of readShipmentPages(deps.mirakl, {
      marketplaceOrderIds: ids.slice(at, at + 100),
    })) {
      found.push(...page.shipments);
      isSure &&= page.unreadable.length === 0;
    }
  }
  // Two parcels may look alike: one that is known for another is not this one's.
  const others = await readConfirmationsOf(context.db, lost);
  const taken = new Set(others.flatMap((one) => one.shipmentId ?? []));
  const moves = lost.map((one) => {
    const match = found.find(
      (shipment) =>
        !taken.has(shipment.shipmentId) &&
        shipment.marketplaceOrderId === one.marketplaceOrderId &&
        isSame(shipment, one),
    );
    if (match) {
      taken.add(match.shipmentId);
      return shippedMove(context, one, {
        shipmentId: match.shipmentId,
        toldTracking: match.tracking?.trackingNumber ?? '',
      });
    }
    const waitMs = deps.channel.timeoutSeconds * 1_000;
    const isSettled = isSure && now.getTime() - (one.sentAt ?? now).getTime() > waitMs;
    if (isSettled) return moveOf(one, 'ready', now);
    return moveOf(one, 'shipment-sent', new Date(now.getTime() + lookAgainMs));
  });
  await context.write((trx) => moveConfirmations(trx, moves));
}

/** The same units with the same number. */
function isSame(shipment: Shipment, one: Confirmation): boolean {
  if ((shipment.tracking?.trackingNumber ?? '') !== one.trackingNumber) return false;
  const units = new Map(one.lines.map((line) => [line.orderLineId, line.units]));
  return (
    shipment.lines.length === units.size &&
    shipment.lines.every((line) => units.get(line.orderLineId ?? '') === line.quantity)
  );
}
