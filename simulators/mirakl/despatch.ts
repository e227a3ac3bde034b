/** OR23 and OR24: tracking for a whole order, and its despatch. */
import { ownOrder } from './acceptance.ts';
import { readBody, type Shape } from './body.ts';
import { despatch } from './lifecycle.ts';
import { changed, type Market } from './market.ts';
import { type Call, type Result, refuse } from './wire.ts';

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
export function writeTracking(market: Market, call: Call): Result {
  const body = readBody(call, trackingShape) as Record<string, string | null | undefined>;
  const order = ownOrder(market, call, call.segment(2));
  refuseUnderShipments(market);
  if (!['SHIPPING', 'SHIPPED', 'TO_COLLECT'].includes(order.state)) throw wrongState(order.orderId);
  const number = body['tracking_number'] || null;
  const code = body['carrier_code'] || null;
  const carrier = market.settings.carriers.find((one) => one.code === code);
  if (code !== null && !carrier) {
    throw refuse(400, 'CARRIER_NOT_FOUND', `Carrier ${code} does not exist`, {
      field: 'carrier_code',
    });
  }
  if (!carrier && !market.settings.alternativeCarriers) {
    throw refuse(400, 'CARRIER_NOT_REGISTERED', 'Only registered carriers are allowed');
  }
  if (!carrier && !body['carrier_name']) {
    throw refuse(400, 'VALIDATION_ERROR', 'carrier_code or carrier_name is required');
  }
  if (carrier?.trackingUrl?.includes('{trackingId}') && number === null) {
    throw refuse(400, 'VALIDATION_ERROR', 'tracking_number is required for this carrier');
  }
  // A registered carrier's address is computed; one that was sent is ignored.
  const url = carrier
    ? (carrier.trackingUrl?.replace('{trackingId}', encodeURIComponent(number ?? '')) ?? null)
    : body['carrier_url'] || null;
  order.tracking = {
    carrierCode: carrier?.code ?? null,
    carrierName: carrier?.label ?? body['carrier_name'] ?? null,
    number,
    url,
  };
  changed(market, order, call.nowMs);
  return { status: 204 };
}

/** OR24. Everything still to be shipped leaves; the order must be in SHIPPING. */
export function shipOrder(market: Market, call: Call): Result {
  const order = ownOrder(market, call, call.segment(2));
  refuseUnderShipments(market);
  if (order.state !== 'SHIPPING') throw wrongState(order.orderId);
  const type = market.settings.shippingTypes.find((one) => one.code === order.shippingTypeCode);
  if (type?.mandatoryTracking && order.tracking.carrierName === null) {
    throw refuse(
      400,
      'TRACKING_MANDATORY',
      'Tracking details are mandatory for this shipping method',
    );
  }
  despatch(market, order, 'shop', call.nowMs);
  return { status: 204 };
}

function refuseUnderShipments(market: Market): void {
  if (market.settings.multiShipment) {
    throw refuse(400, 'MULTI_SHIPMENT_ENABLED', 'This operator uses shipments (ST01)');
  }
}

/** Bare: real instances say no more than this. */
function wrongState(orderId: string): Error {
  return refuse(400, 'ORDER_INVALID_STATE', `Bad Request: ${orderId}`);
}
