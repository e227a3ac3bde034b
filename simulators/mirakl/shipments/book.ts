/** The parcels of an order: made, despatched, taken back. Rules that a shop's call must keep are in
 *  `create.ts` and `change.ts`; here they are kept. */
import { despatchShipment, partOf } from '../delivery.ts';
import { changed, type Market, uuidFrom } from '../market.ts';
import { type SimLine, type SimOrder, wantedUnits } from '../state.ts';
import type {
  Handover,
  LinePart,
  ShipmentInformation,
  ShipmentLine,
  SimShipment,
  Tracking,
} from './state.ts';

/** What a shipment is made of. */
export type ShipmentDraft = {
  lines: ShipmentLine[];
  tracking: Tracking | null;
  invoiceReference: string | null;
  warehouse: string | null;
  information: ShipmentInformation[];
};

/** Units of a package that are in no shipment yet. */
export function unitsLeft(line: SimLine, part: LinePart): number {
  if (line.stage !== 'SHIPPING') return 0;
  return Math.max(0, wantedUnits(line) - part.shipped - part.held);
}

/** Makes a shipment that holds its units until it is despatched or deleted. */
export function addShipment(
  market: Market,
  order: SimOrder,
  draft: ShipmentDraft,
  how: Pick<Handover, 'by' | 'atMs'>,
): SimShipment {
  const shipment: SimShipment = {
    ...draft,
    shipmentId: uuidFrom(market.dice.ids),
    orderId: order.orderId,
    shopId: order.shopId,
    status: 'SHIPPING',
    createdMs: how.atMs,
    updatedMs: how.atMs,
    shippedMs: null,
    receivedMs: null,
    debitedMs: null,
    by: how.by,
    isDeleted: false,
  };
  for (const entry of shipment.lines) partOf(order, entry).held += entry.quantity;
  order.shipments.push(shipment);
  market.shipments.set(shipment.shipmentId, shipment);
  changed(market, order, how.atMs);
  return shipment;
}

/** Gives the units back. The caller has seen that it is not despatched. */
export function deleteShipment(
  market: Market,
  order: SimOrder,
  shipment: SimShipment,
  atMs: number,
): void {
  for (const entry of shipment.lines) partOf(order, entry).held -= entry.quantity;
  order.shipments = order.shipments.filter((one) => one !== shipment);
  shipment.isDeleted = true;
  touch(market, order, shipment, atMs);
}

/** Despatches every open shipment, and all that is in none as one more. */
export function despatchRest(
  market: Market,
  order: SimOrder,
  tracking: Tracking | null,
  how: Handover,
): void {
  const lines = order.lines.flatMap((line) =>
    line.parts.map((part) => ({
      lineId: line.lineId,
      offerSku: line.offerSku,
      packageReference: part.reference,
      quantity: unitsLeft(line, part),
    })),
  );
  const rest = lines.filter((entry) => entry.quantity > 0);
  if (rest.length > 0) {
    const draft = { tracking, invoiceReference: null, warehouse: null, information: [] };
    addShipment(market, order, { lines: rest, ...draft }, how);
  }
  for (const shipment of order.shipments) {
    if (!isWaiting(shipment)) continue;
    shipment.tracking ??= tracking;
    despatchShipment(market, order, shipment, how);
  }
}

/** Not despatched, not canceled, not deleted. */
export function isWaiting(shipment: SimShipment): boolean {
  return !shipment.isDeleted && ['SHIPPING', 'READY_FOR_PICK_UP'].includes(shipment.status);
}

/** Must follow every change of a shipment that is no despatch. */
export function touch(market: Market, order: SimOrder, shipment: SimShipment, atMs: number): void {
  shipment.updatedMs = Math.max(atMs, shipment.updatedMs + 1);
  changed(market, order, atMs);
}
