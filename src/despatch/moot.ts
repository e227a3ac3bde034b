/** Moot: goods that left and that the marketplace does not wait for: cancelled there meanwhile, or shipped there by
 *  hand. Pure. */
import type { Cause } from '../errors.ts';
import { normalTracking } from './carriers.ts';
import type { LineUnits } from './parcels.ts';
import { told } from './state.ts';
import type { DespatchedOrder } from './store.ts';

/** Line states in which nothing was shipped and nothing will be. */
const cancelledStates = ['REFUSED', 'CANCELED', 'REFUNDED'];

type Order = Pick<
  DespatchedOrder,
  'channel' | 'marketplaceOrderId' | 'lines' | 'confirmations' | 'tracking' | 'shippingDeadline'
>;

/** What is left of each parcel, and what of it the marketplace cancelled; the parcels that left last lose first.
 *  One that was told is left as it was told. */
export function lessCancelled(
  order: Pick<Order, 'lines' | 'confirmations'>,
  parcels: readonly { key: string; lines: readonly LineUnits[] }[],
): { lines: LineUnits[]; cancelled: LineUnits[] }[] {
  const room = new Map<string, number>();
  for (const { orderLineId, quantity, withdrawnUnits, wireState } of order.lines)
    room.set(orderLineId, cancelledStates.includes(wireState) ? 0 : quantity - withdrawnUnits);
  const isTold = (key: string) =>
    order.confirmations.some((one) => one.parcel === key && told.includes(one.step));
  const take = ({ orderLineId, units }: LineUnits) => {
    const free = Math.max(0, Math.min(units, room.get(orderLineId) ?? 0));
    room.set(orderLineId, (room.get(orderLineId) ?? 0) - free);
    return free;
  };
  for (const one of order.confirmations) if (told.includes(one.step)) one.lines.forEach(take);
  return parcels.map((parcel) => {
    if (isTold(parcel.key)) return { lines: [...parcel.lines], cancelled: [] };
    const cut = parcel.lines.map((line) => ({ ...line, free: take(line) }));
    const some = (units: (one: (typeof cut)[number]) => number) =>
      cut
        .map((one) => ({ orderLineId: one.orderLineId, units: units(one) }))
        .filter((one) => one.units > 0);
    return { lines: some((one) => one.free), cancelled: some((one) => one.units - one.free) };
  });
}

/** Whether the marketplace cancelled a line, or never sold it. */
export function isCancelled(order: Pick<Order, 'lines'>, orderLineId: string): boolean {
  const line = order.lines.find((one) => one.orderLineId === orderLineId);
  return (
    line === undefined ||
    cancelledStates.includes(line.wireState) ||
    line.quantity - line.withdrawnUnits <= 0
  );
}

/** Goods that are on their way to somebody who cancelled them. `parcel`: the despatch, or `whole`. */
export function afterCancel(
  order: { channel: string; marketplaceOrderId: string },
  parcel: string,
  cancelled: readonly LineUnits[],
): Cause {
  const units = cancelled.reduce((sum, one) => sum + one.units, 0);
  return {
    connection: order.channel,
    subjectKind: 'order',
    subjectId: order.marketplaceOrderId,
    code: 'despatch-after-cancel',
    message: `order ${order.marketplaceOrderId}, despatch ${parcel}: ${units === 1 ? '1 unit' : `${units} units`} left the warehouse that the marketplace had cancelled; stop the parcel, or have it back`,
    evidence: { parcel, lines: cancelled },
  };
}

/** Null when the order shows the number that the warehouse has, or it has none. Where the operator has shipments the
 *  order itself may show none. */
export function byHandOtherwise(
  order: Order,
  parcel: string,
  trackingNumbers: readonly string[],
  isMultiShipment: boolean,
): Cause | null {
  const shown = order.tracking ?? '';
  const isSame = trackingNumbers.some((one) => normalTracking(one) === normalTracking(shown));
  if (isSame || trackingNumbers.length === 0 || (shown === '' && isMultiShipment)) return null;
  return {
    connection: order.channel,
    subjectKind: 'order',
    subjectId: order.marketplaceOrderId,
    code: 'despatch-by-hand',
    message: `order ${order.marketplaceOrderId}, despatch ${parcel}: somebody shipped it on the marketplace with ${shown || 'no tracking number'}, and the warehouse sent it with ${trackingNumbers.join(', ')}; correct it in the back office, where that is wrong`,
    evidence: { parcel, shown: order.tracking, despatched: trackingNumbers },
  };
}
