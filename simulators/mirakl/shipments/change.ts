/** ST06, ST07, ST23, ST24, ST26 and ST31: what a shop does to shipments it has made. Every call
 *  names many; each is done, or stands among the errors of the 200. */
import { readBody, type Shape } from '../body.ts';
import { despatchShipment } from '../delivery.ts';
import { type Json, plain, write } from '../json.ts';
import type { Market } from '../market.ts';
import type { Meddling } from '../routes.ts';
import type { SimOrder } from '../state.ts';
import { type Call, Refusal, type Result, refuse } from '../wire.ts';
import { deleteShipment, isWaiting, touch } from './book.ts';
import { acceptTracking, checkMandatory, givenTracking } from './carriers.ts';
import { checkWarehouse, trackingShape } from './create.ts';
import { informationShape, readInformation } from './information.ts';
import { noteRefusedTwice, noteWrite } from './notes.ts';
import { originJson } from './shipment-json.ts';
import type { ShippingWrite, SimShipment } from './state.ts';

type Given = Record<string, unknown>;
type Item = { order: SimOrder; shipment: SimShipment; given: Given };

const byId = itemsShape({}, 1000);
const byIdAndTracking = itemsShape({ tracking: trackingShape }, 1000);
const warehouse: Shape = { fields: { code: 'text' }, required: ['code'] };
const byIdAndOrigin = itemsShape(
  { shipping_from: { fields: { warehouse }, required: ['warehouse'] } },
  100,
);
const byIdAndInformation = itemsShape(
  { shipment_additional_information: { list: informationShape } },
  100,
);

/** ST06. Only what is not despatched. */
export function deleteShipments(market: Market, call: Call): Result {
  return forEach(market, call, byId, ({ order, shipment }) => {
    mustWait(shipment);
    deleteShipment(market, order, shipment, call.nowMs);
    note(market, call, shipment, 'deleted');
    return { id: shipment.shipmentId };
  });
}

/** ST07. Only what is not despatched. */
export function changeOrigin(market: Market, call: Call): Result {
  return forEach(market, call, byIdAndOrigin, ({ order, shipment, given }) => {
    mustWait(shipment);
    const from = given['shipping_from'] as { warehouse: { code: string } };
    checkWarehouse(market, from.warehouse.code);
    shipment.warehouse = from.warehouse.code;
    touch(market, order, shipment, call.nowMs);
    note(market, call, shipment, 'warehouse');
    return { id: shipment.shipmentId, shipping_from: originJson(shipment) };
  });
}

/** ST23. Until the customer has it, also to correct what was sent. */
export function trackShipments(market: Market, call: Call, { shipping }: Meddling): Result {
  return forEach(market, call, byIdAndTracking, ({ order, shipment, given }) => {
    if (!['SHIPPING', 'READY_FOR_PICK_UP', 'SHIPPED', 'TO_COLLECT'].includes(shipment.status)) {
      throw wrongState(shipment);
    }
    const wish = givenTracking(given['tracking'] as Given, 'tracking_url', 'tracking.');
    const accepted = acceptTracking(market, wish);
    shipment.tracking = { ...accepted, isLost: shipping.losesTracking() };
    touch(market, order, shipment, call.nowMs);
    note(market, call, shipment, 'tracking');
    return { id: shipment.shipmentId };
  });
}

/** ST24. The date of despatch is that of the call. */
export function shipShipments(market: Market, call: Call, { shipping }: Meddling): Result {
  return forEach(market, call, byId, ({ order, shipment }) => {
    if (shipment.shippedMs !== null) {
      const lineIds = shipment.lines.map((entry) => entry.lineId);
      const shipmentIds = [shipment.shipmentId];
      noteRefusedTwice(market, order, call, { lineIds, shipmentIds });
    }
    mustWait(shipment);
    checkMandatory(market, order, shipment.tracking);
    if (!shipping.isIgnored()) {
      const how = { operation: 'ST24', by: 'shop', atMs: call.nowMs } as const;
      despatchShipment(market, order, shipment, how);
      note(market, call, shipment, 'shipped');
    }
    return { id: shipment.shipmentId };
  });
}

/** ST26. The operator's carrier may come. */
export function readyShipments(market: Market, call: Call): Result {
  return forEach(market, call, byId, ({ order, shipment }) => {
    if (shipment.status !== 'SHIPPING') throw wrongState(shipment);
    shipment.status = 'READY_FOR_PICK_UP';
    touch(market, order, shipment, call.nowMs);
    note(market, call, shipment, 'readyForPickUp');
    return { id: shipment.shipmentId };
  });
}

/** ST31. A shipment's information is written when all of it is good. */
export function informShipments(market: Market, call: Call): Result {
  const body = readBody(call, byIdAndInformation);
  const failed: Json[] = [];
  const done: Json[] = [];
  for (const given of body['shipments'] as Given[]) {
    const shipmentId = given['id'] as string;
    const found = ownShipment(market, call, shipmentId);
    const wish = given['shipment_additional_information'] as Given[];
    const { values, problems } = readInformation(market, wish);
    if (!found) {
      const message = `Shipment ${shipmentId} not found`;
      problems.unshift({ code: 'SHIPMENT_NOT_FOUND', field: 'id', message });
    }
    if (!found || problems.length > 0) {
      failed.push({ errors: problems, shipment_id: shipmentId });
      continue;
    }
    const { shipment } = found;
    const codes = new Set(values.map((one) => one.code));
    shipment.information = [
      ...shipment.information.filter((one) => !codes.has(one.code)),
      ...values,
    ];
    touch(market, found.order, shipment, call.nowMs);
    note(market, call, shipment, 'information');
    const information = shipment.information.map((one) => ({ ...one }));
    done.push({ shipment_additional_information: information, shipment_id: shipmentId });
  }
  const answer = { shipment_update_errors: failed, shipment_update_success: done };
  return { status: 200, body: write(answer, plain) };
}

function itemsShape(more: Record<string, Shape>, max: number): Shape {
  const fields = { id: 'text' as const, ...more };
  const list: Shape = { fields, required: Object.keys(fields) };
  return { fields: { shipments: { list, min: 1, max } }, required: ['shipments'] };
}

function forEach(market: Market, call: Call, shape: Shape, act: (item: Item) => Json): Result {
  const body = readBody(call, shape);
  const errors: Json[] = [];
  const done: Json[] = [];
  for (const given of body['shipments'] as Given[]) {
    const id = given['id'] as string;
    try {
      const found = ownShipment(market, call, id);
      if (!found) throw refuse(404, 'SHIPMENT_NOT_FOUND', `Shipment ${id} not found`);
      done.push(act({ ...found, given }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ id, message: error.message });
    }
  }
  const answer = { shipment_errors: errors, shipment_success: done };
  return { status: 200, body: write(answer, plain) };
}

/** Undefined for an unknown one, a deleted one, and another shop's. */
function ownShipment(
  market: Market,
  call: Call,
  shipmentId: string,
): { order: SimOrder; shipment: SimShipment } | undefined {
  const shipment = market.shipments.get(shipmentId);
  const order = shipment && market.orders.get(shipment.orderId);
  if (!shipment || !order) return undefined;
  if (shipment.isDeleted || shipment.shopId !== call.shop.shopId) return undefined;
  return { order, shipment };
}

function mustWait(shipment: SimShipment): void {
  if (!isWaiting(shipment)) throw wrongState(shipment);
}

function wrongState(shipment: SimShipment): Refusal {
  const what = `Shipment ${shipment.shipmentId} is not in the expected state: ${shipment.status}`;
  return refuse(400, 'SHIPMENT_INVALID_STATE', what);
}

function note(
  market: Market,
  call: Call,
  shipment: SimShipment,
  effect: ShippingWrite['effect'],
): void {
  const { orderId, shipmentId, tracking } = shipment;
  const { operation, nowMs } = call;
  noteWrite(market, { atMs: nowMs, operation, orderId, shipmentId, effect, tracking });
}
