/** OR23 and OR24: tracking for a whole order, and its despatch. */
import { ownOrder, refuseFulfilled } from './acceptance.ts';
import { readBody, type Shape } from './body.ts';
import { despatch } from './delivery.ts';
import { changed, type Market } from './market.ts';
import type { Meddling } from './routes.ts';
import { despatchRest } from './shipments/book.ts';
import { acceptTracking, checkMandatory, givenTracking } from './shipments/carriers.ts';
import { noteRefusedTwice, noteWrite } from './shipments/notes.ts';
import type { SimOrder } from './state.ts';
import { type Call, type Refusal, type Result, refuse } from './wire.ts';

const trackingShape: Shape = {
  fields: {
    carrier_code: 'text',
    carrier_name: 'text',
    carrier_standard_code: 'text',
    carrier_url: 'text',
    tracking_number: 'text',
  },
  required: [],
};

/** OR23. Before or after despatch, and again to correct it. Does not ship. */
export function writeTracking(market: Market, call: Call, { shipping }: Meddling): Result {
  const body = readBody(call, trackingShape);
  const order = ownOrder(market, call, call.segment(2));
  refuseUnderShipments(market);
  refuseFulfilled(order);
  if (!['SHIPPING', 'SHIPPED', 'TO_COLLECT'].includes(order.state)) throw bare(market);
  const accepted = acceptTracking(market, givenTracking(body, 'carrier_url'));
  order.tracking = { ...accepted, isLost: shipping.losesTracking() };
  changed(market, order, call.nowMs);
  note(market, call, order, 'tracking');
  return { status: 204 };
}

/** OR24. Everything still to be shipped leaves; the order must be in SHIPPING. */
export function shipOrder(market: Market, call: Call, { shipping }: Meddling): Result {
  const order = ownOrder(market, call, call.segment(2));
  refuseUnderShipments(market);
  refuseFulfilled(order);
  if (order.state !== 'SHIPPING') {
    const lineIds = order.lines.filter((one) => one.shippedMs !== null).map((one) => one.lineId);
    if (lineIds.length > 0) noteRefusedTwice(market, order, call, { lineIds, shipmentIds: [] });
    throw bare(market);
  }
  checkMandatory(market, order, order.tracking);
  if (shipping.isIgnored()) return { status: 204 };
  const how = { operation: 'OR24', by: 'shop', atMs: call.nowMs } as const;
  if (market.settings.multiShipment) despatchRest(market, order, order.tracking, how);
  else despatch(market, order, how);
  note(market, call, order, 'shipped');
  return { status: 204 };
}

function refuseUnderShipments(market: Market): void {
  const { multiShipment, orderCallsUnderShipments } = market.settings;
  if (multiShipment && orderCallsUnderShipments === 'refused') {
    throw refuse(400, 'MULTI_SHIPMENT_ENABLED', 'This operator uses shipments (ST01)');
  }
}

function note(market: Market, call: Call, order: SimOrder, effect: 'tracking' | 'shipped'): void {
  const { operation, nowMs } = call;
  const { orderId, tracking } = order;
  noteWrite(market, { atMs: nowMs, operation, orderId, shipmentId: null, effect, tracking });
}

/** Real instances say no more than this to a wrong state. */
function bare(market: Market): Refusal {
  const body =
    market.settings.bareRefusal === 'empty' ? '' : '{"status":400,"message":"Bad Request"}';
  return refuse(400, 'ORDER_INVALID_STATE', 'Bad Request', { body });
}
