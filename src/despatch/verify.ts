/** Verify: a despatch is done when the marketplace itself shows it shipped with that number. Orders are seen by
 *  the polls of intake; shipments are read where the operator has several per order. */
import { readShipmentPages, type Shipment } from '../mirakl/shipments.ts';
import { recordTransition } from '../orders/store.ts';
import type { Trx } from '../runtime/db.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ConfirmDeps } from './confirm.ts';
import { isOwed, subjectOf } from './plan.ts';
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

const perRun = 500;
/** How soon a despatch that is not shown yet is looked for again. */
const lookAgainMs = 15_000;
const idsPerCall = 100;
/** Told this often in vain, a person is asked. */
const timesTold = 2;

export const confirmCodes = [
  'confirmation-refused',
  'despatch-not-applied',
  'despatch-unconfirmed',
  'tracking-doubtful',
  'despatch-waiting',
] as const;

/** Looks whether what was told is shown. Returns how many were seen. Throws VendorError. */
export async function verifyDue(context: FlowContext, deps: ConfirmDeps): Promise<number> {
  const now = context.clock.now();
  const due = await readDueConfirmations(context.db, deps.channel.id, ['shipped'], now, perRun);
  if (due.length === 0) return 0;
  const sights = await readOrderSights(context.db, due);
  const shipments = await readShipments(context, deps, due);
  const verdicts = due.map((one) => {
    const sight = sights.get(orderKey(one));
    const shipment = one.shipmentId === null ? null : shipments.get(one.shipmentId);
    return { one, verdict: judgeShipped(one, sight, shipment) };
  });
  const seen = verdicts.filter(({ verdict }) => verdict === 'shown').map(({ one }) => one);
  const moves = verdicts.map(({ one, verdict }) => moveOf(one, verdict, now, deps));
  await context.write(async (trx) => {
    await moveConfirmations(trx, moves);
    await context.exceptions.raise(trx, late(verdicts, moves, now, deps));
    await settleSeen(trx, context, seen);
  });
  return seen.length;
}

/** unshipped: the shipment is there, and not shipped. */
type Verdict = 'shown' | 'notYet' | 'unshipped' | 'otherNumber';

/** What the marketplace shows of a parcel that it was told of. Pure. */
export function judgeShipped(
  one: Confirmation,
  sight: OrderSight | undefined,
  shipment: Shipment | null | undefined,
): Verdict {
  if (one.shipmentId !== null) {
    if (!shipment) return 'notYet';
    if (['SHIPPING', 'READY_FOR_PICK_UP', 'SHIPMENT_PREPARED'].includes(shipment.state))
      return 'unshipped';
    const number = shipment.tracking?.trackingNumber ?? '';
    return number === (one.toldTracking ?? '') ? 'shown' : 'otherNumber';
  }
  if (!sight || one.lines.some((line) => isOwed(sight, line.orderLineId))) return 'notYet';
  const number = sight.tracking ?? '';
  // An order that somebody shipped by hand was never told a number by us.
  if (one.toldTracking === null || number === one.toldTracking) return 'shown';
  return 'otherNumber';
}

async function readShipments(
  context: FlowContext,
  deps: ConfirmDeps,
  due: readonly Confirmation[],
): Promise<Map<string, Shipment>> {
  const ids = [
    ...new Set(due.filter((one) => one.shipmentId !== null).map((one) => one.marketplaceOrderId)),
  ];
  const found = new Map<string, Shipment>();
  for (let at = 0; at < ids.length; at += idsPerCall) {
    await context.assertPlace();
    const filter = { marketplaceOrderIds: ids.slice(at, at + idsPerCall) };
    for await (const page of readShipmentPages(deps.mirakl, filter))
      for (const shipment of page.shipments) found.set(shipment.shipmentId, shipment);
  }
  return found;
}

function moveOf(
  one: Confirmation,
  verdict: Verdict,
  now: Date,
  deps: ConfirmDeps,
): ConfirmationMove {
  const { channel, marketplaceOrderId, parcel } = one;
  const base = { channel, marketplaceOrderId, parcel, ifStep: one.step };
  if (verdict === 'shown')
    return { ...base, step: 'verified', dueAt: null, verifiedAt: now, attempts: 0 };
  const sinceMs = now.getTime() - (one.shippedAt ?? one.sentAt ?? now).getTime();
  if (sinceMs < deps.channel.despatch.verifyMinutes * 60_000) {
    return { ...base, step: 'shipped', dueAt: new Date(now.getTime() + lookAgainMs) };
  }
  const attempts = one.attempts + 1;
  const lastError =
    verdict === 'otherNumber' ? 'shown with another number' : 'not shown as shipped';
  if (verdict === 'otherNumber') {
    return { ...base, step: 'correcting', dueAt: now, attempts, shippedAt: now, lastError };
  }
  // A shipment of the marketplace's is never made a second time: while it is not shown at all it is looked at until
  // somebody acts.
  const step = one.shipmentId === null || verdict === 'unshipped' ? 'tracked' : 'shipped';
  return { ...base, step, dueAt: now, attempts, shippedAt: now, lastError };
}

function late(
  verdicts: readonly { one: Confirmation; verdict: Verdict }[],
  moves: readonly ConfirmationMove[],
  now: Date,
  deps: ConfirmDeps,
): Cause[] {
  return verdicts.flatMap(({ one, verdict }, index) => {
    const attempts = moves[index]!.attempts ?? 0;
    if (verdict === 'shown' || attempts < timesTold - 1 || attempts === one.attempts) return [];
    const fact =
      verdict === 'otherNumber' ? 'shows another tracking number' : 'does not show it shipped';
    return [
      {
        ...subjectOf(one),
        code: 'despatch-not-applied',
        message: `order ${one.marketplaceOrderId}: the marketplace accepted the despatch ${one.parcel} (${one.toldTracking || 'no tracking'}) and after ${deps.channel.despatch.verifyMinutes} minutes ${fact}; it is told again. Look at the order there`,
        evidence: { parcel: one.parcel, told: one.toldTracking, at: now.toISOString() },
        deadlineAt: one.deadlineAt,
      },
    ];
  });
}

async function settleSeen(
  trx: Trx,
  context: FlowContext,
  seen: readonly Confirmation[],
): Promise<void> {
  if (seen.length === 0) return;
  const now = context.clock.now();
  const orders = new Map(seen.map((one) => [orderKey(one), one]));
  const all = await readConfirmationsOf(trx, [...orders.values()]);
  const sights = await readOrderSights(trx, [...orders.values()]);
  const open = new Set(
    all.filter((one) => one.step !== 'verified' && one.step !== 'moot').map(orderKey),
  );
  const done = [...orders.values()].filter((one) => {
    const sight = sights.get(orderKey(one));
    const isOwedStill = sight?.lines.some((line) => leftOf(sight, line, all) > 0) ?? true;
    return !open.has(orderKey(one)) && !isOwedStill;
  });
  const told = (one: Confirmation) => one.toldTracking || 'no tracking number';
  const keys = ({ channel, marketplaceOrderId }: Confirmation) => ({ channel, marketplaceOrderId });
  await recordTransition(
    trx,
    now,
    done.flatMap((one) =>
      (['exported', 'accepted', 'parked'] as const).map((from) => ({
        ...keys(one),
        from,
        to: 'despatched' as const,
        why: `every unit has left; the marketplace shows it with ${told(one)}`,
      })),
    ),
  );
  await recordTransition(
    trx,
    now,
    done.map((one) => ({
      ...keys(one),
      from: 'despatched' as const,
      to: 'confirmed' as const,
      why: `seen on the marketplace with ${told(one)}`,
    })),
  );
  await context.exceptions.settle(trx, done.map(subjectOf), {
    codes: confirmCodes,
    why: 'the marketplace shows it shipped',
  });
}

/** Units of a line that neither the order as last seen nor its shipments show shipped: shipments are read here,
 *  and the order a poll later. */
function leftOf(
  sight: OrderSight,
  line: OrderSight['lines'][number],
  all: readonly Confirmation[],
): number {
  if (!isOwed(sight, line.orderLineId)) return 0;
  const shown = all
    .filter((one) => one.step === 'verified' && one.shipmentId !== null)
    .filter((one) => orderKey(one) === orderKey(sight))
    .flatMap((one) => one.lines)
    .reduce((sum, one) => sum + (one.orderLineId === line.orderLineId ? one.units : 0), 0);
  return line.quantity - line.withdrawnUnits - shown;
}
