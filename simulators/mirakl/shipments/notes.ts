/** What is written down for checkers about goods that leave. */
import type { Market } from '../market.ts';
import { type SimOrder, shippedUnits, unitsToShip } from '../state.ts';
import type {
  Handover,
  ShipmentLine,
  ShippedLine,
  ShippedUnits,
  ShippingWrite,
  SimShipment,
  Tracking,
} from './state.ts';

/** Every unit that leaves, one entry per line or package. */
export function noteShipped(
  market: Market,
  order: SimOrder,
  parcel: { shipment: SimShipment | null; tracking: Tracking | null },
  entries: readonly ShipmentLine[],
  how: Handover,
): void {
  for (const { lineId, offerSku, packageReference, quantity } of entries) {
    const units: ShippedUnits = {
      ...how,
      orderId: order.orderId,
      lineId,
      offerSku,
      units: quantity,
      packageReference,
      shipmentId: parcel.shipment?.shipmentId ?? null,
      tracking: parcel.tracking,
      isLate: how.atMs > order.shippingDeadlineMs,
    };
    market.log.shipped.push(units);
    const held = market.shippedByOrder.get(order);
    if (held) held.push(units);
    else market.shippedByOrder.set(order, [units]);
  }
}

/** Two parcels cannot carry one number: the second is the first, told again. */
export function noteSameParcel(
  market: Market,
  order: SimOrder,
  shipment: SimShipment,
  how: Handover,
): void {
  const number = shipment.tracking?.number;
  if (!number) return;
  for (const other of order.shipments) {
    if (other === shipment || other.shippedMs === null || other.tracking?.number !== number)
      continue;
    const lineIds = shipment.lines
      .filter((mine) =>
        other.lines.some(
          (one) => one.lineId === mine.lineId && one.packageReference === mine.packageReference,
        ),
      )
      .map((entry) => entry.lineId);
    if (lineIds.length === 0) continue;
    market.log.doubleShipments.push({
      atMs: how.atMs,
      operation: how.operation,
      orderId: order.orderId,
      kind: 'sameParcel',
      lineIds,
      shipmentIds: [other.shipmentId, shipment.shipmentId],
    });
  }
}

/** A call that had an effect on an order or a shipment. */
export function noteWrite(market: Market, write: ShippingWrite): void {
  market.log.shippingWrites.push(write);
}

/** Goods that had left were reported again; the call is refused. */
export function noteRefusedTwice(
  market: Market,
  order: SimOrder,
  call: { operation: string; nowMs: number },
  what: { lineIds: string[]; shipmentIds: string[] },
): void {
  market.log.doubleShipments.push({
    atMs: call.nowMs,
    operation: call.operation,
    orderId: order.orderId,
    kind: 'refused',
    ...what,
  });
}

/** What became of every line of an order, with the tracking shown now. */
export function shippedLinesOf(market: Market, order: SimOrder): ShippedLine[] {
  const entries = market.shippedByOrder.get(order) ?? [];
  return order.lines.map((line) => ({
    lineId: line.lineId,
    offerSku: line.offerSku,
    orderedUnits: line.orderedQuantity,
    units: shippedUnits(line),
    unitsLeft: unitsToShip(line),
    entries: entries
      .filter((entry) => entry.lineId === line.lineId)
      .map((entry) => ({ ...entry, trackingNow: trackingNow(market, order, entry.shipmentId) })),
  }));
}

function trackingNow(market: Market, order: SimOrder, shipmentId: string | null): Tracking | null {
  if (shipmentId === null) return order.tracking;
  return market.shipments.get(shipmentId)?.tracking ?? null;
}
