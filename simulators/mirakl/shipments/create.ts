/** ST01: the shop makes parcels out of order lines, and may despatch them at once. */
import { ownOrder, refuseFulfilled } from '../acceptance.ts';
import { readBody, type Shape } from '../body.ts';
import { despatchShipment } from '../delivery.ts';
import { type Json, write } from '../json.ts';
import type { Market } from '../market.ts';
import { penFor } from '../offers.ts';
import type { Meddling } from '../routes.ts';
import type { SimLine, SimOrder } from '../state.ts';
import { type Call, Refusal, type Result, refuse } from '../wire.ts';
import { addShipment, type ShipmentDraft, unitsLeft } from './book.ts';
import { acceptTracking, checkMandatory, givenTracking } from './carriers.ts';
import { informationShape, readInformation } from './information.ts';
import { noteRefusedTwice, noteWrite } from './notes.ts';
import { shipmentJson } from './shipment-json.ts';
import type { LinePart, ShipmentLine, SimShipment } from './state.ts';

/** The tracking of a shipment, in ST01 and ST23. */
export const trackingShape: Shape = {
  fields: {
    carrier_code: 'text',
    carrier_name: 'text',
    carrier_standard_code: 'text',
    tracking_number: 'text',
    tracking_url: 'text',
  },
  required: [],
};
const shipmentShape: Shape = {
  fields: {
    invoice_reference: { text: /^[0-9a-zA-Z_-]{0,255}$/ },
    order_id: 'text',
    shipment_additional_information: { list: informationShape },
    shipment_lines: {
      list: {
        fields: {
          offer_sku: 'text',
          order_line_id: 'text',
          package_reference: 'text',
          quantity: 'positive',
        },
        required: ['quantity'],
      },
      min: 1,
    },
    shipped: 'boolean',
    shipping_from: {
      fields: { warehouse: { fields: { code: 'text' }, required: [] } },
      required: [],
    },
    tracking: trackingShape,
  },
  required: ['order_id', 'shipment_lines'],
};
const createShape: Shape = {
  fields: { shipments: { list: shipmentShape, min: 1, max: 1000 } },
  required: ['shipments'],
};

type Given = Record<string, unknown>;

/** ST01. Each shipment for itself: made, or an error beside those that were. */
export function createShipments(market: Market, call: Call, { shipping }: Meddling): Result {
  const body = readBody(call, createShape);
  const errors: Json[] = [];
  const made: Json[] = [];
  for (const given of body['shipments'] as Given[]) {
    try {
      made.push(createOne(market, call, given, shipping));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ message: error.message, order_id: given['order_id'] as string });
    }
  }
  const answer = { shipment_errors: errors, shipment_success: made };
  return { status: 201, body: write(answer, penFor(market, 'shipments')) };
}

function createOne(market: Market, call: Call, given: Given, shipping: Meddling['shipping']): Json {
  const order = ownOrder(market, call, given['order_id'] as string);
  refuseFulfilled(order);
  const lines = readLines(market, call, order, given['shipment_lines'] as Given[]);
  const draft = readDraft(market, given, lines, shipping);
  const isShipped = given['shipped'] === true;
  if (isShipped) checkMandatory(market, order, draft.tracking);
  const how = { operation: 'ST01', by: 'shop', atMs: call.nowMs } as const;
  const shipment = addShipment(market, order, draft, how);
  note(market, shipment, call.nowMs, 'created');
  if (!isShipped) return shipmentJson(market, shipment);
  if (shipping.isIgnored()) {
    return shipmentJson(market, shipment, { status: 'SHIPPED', shippedMs: call.nowMs });
  }
  despatchShipment(market, order, shipment, how);
  note(market, shipment, call.nowMs, 'shipped');
  return shipmentJson(market, shipment);
}

/** Lines named twice are added up, so that together they cannot exceed what is left. */
function readLines(
  market: Market,
  call: Call,
  order: SimOrder,
  given: readonly Given[],
): ShipmentLine[] {
  const found = new Map<LinePart, { line: SimLine; entry: ShipmentLine }>();
  for (const wish of given) {
    const line = lineOf(order, wish);
    if (line.stage !== 'SHIPPING') {
      if (line.shippedMs !== null) {
        noteRefusedTwice(market, order, call, { lineIds: [line.lineId], shipmentIds: [] });
      }
      const what = `Order line ${line.lineId} is not in SHIPPING but in ${line.stage}`;
      throw refuse(400, 'ORDER_LINE_INVALID_STATE', what);
    }
    const part = partOf(line, (wish['package_reference'] as string | null | undefined) || null);
    const quantity = wish['quantity'] as number;
    const held = found.get(part)?.entry;
    if (held) held.quantity += quantity;
    else {
      const { lineId, offerSku } = line;
      found.set(part, {
        line,
        entry: { lineId, offerSku, packageReference: part.reference, quantity },
      });
    }
  }
  for (const [part, { line, entry }] of found) {
    const left = unitsLeft(line, part);
    if (entry.quantity <= left) continue;
    if (part.shipped > 0) {
      noteRefusedTwice(market, order, call, { lineIds: [line.lineId], shipmentIds: [] });
    }
    const what = `${entry.quantity} of order line ${line.lineId} to ship, but ${left} are left`;
    throw refuse(400, 'QUANTITY_EXCEEDED', what);
  }
  return [...found.values()].map(({ entry }) => entry);
}

function lineOf(order: SimOrder, wish: Given): SimLine {
  const lineId = (wish['order_line_id'] as string | null | undefined) || null;
  const sku = (wish['offer_sku'] as string | null | undefined) || null;
  if (lineId === null && sku === null) {
    throw refuse(400, 'VALIDATION_ERROR', 'order_line_id is required');
  }
  const lines = order.lines.filter((line) =>
    lineId === null ? line.offerSku === sku : line.lineId === lineId,
  );
  if (lines.length > 1) {
    throw refuse(400, 'ORDER_LINE_AMBIGUOUS', `Several order lines have the offer SKU ${sku}`);
  }
  const [line] = lines;
  if (!line || (sku !== null && line.offerSku !== sku)) {
    const what = `Order line ${lineId ?? sku} does not belong to order ${order.orderId}`;
    throw refuse(400, 'ORDER_LINE_NOT_FOUND', what);
  }
  return line;
}

function partOf(line: SimLine, reference: string | null): LinePart {
  const part = line.parts.find((one) => one.reference === reference);
  if (part) return part;
  const what =
    reference === null
      ? `Order line ${line.lineId} travels as several packages: package_reference is required`
      : `Order line ${line.lineId} has no package ${reference}`;
  throw refuse(400, 'PACKAGE_NOT_FOUND', what);
}

function readDraft(
  market: Market,
  given: Given,
  lines: ShipmentLine[],
  shipping: Meddling['shipping'],
): ShipmentDraft {
  const origin = given['shipping_from'] as { warehouse?: { code?: string | null } | null } | null;
  const warehouse = origin?.warehouse?.code || null;
  checkWarehouse(market, warehouse);
  const information = readInformation(market, given['shipment_additional_information'] as Given[]);
  const [problem] = information.problems;
  if (problem) throw refuse(400, problem.code, problem.message);
  const body = (given['tracking'] ?? {}) as Given;
  const wish = givenTracking(body, 'tracking_url', 'tracking.');
  const isGiven = Object.values(body).some((value) => value !== null && value !== '');
  const accepted = isGiven ? acceptTracking(market, wish) : null;
  return {
    lines,
    tracking: accepted && { ...accepted, isLost: shipping.losesTracking() },
    invoiceReference: (given['invoice_reference'] as string | null | undefined) || null,
    warehouse,
    information: information.values,
  };
}

/** Throws a Refusal for a warehouse this shop does not have. */
export function checkWarehouse(market: Market, code: string | null): void {
  if (code === null || market.settings.warehouses.includes(code)) return;
  throw refuse(400, 'WAREHOUSE_NOT_FOUND', `Warehouse ${code} does not exist`);
}

function note(
  market: Market,
  shipment: SimShipment,
  atMs: number,
  effect: 'created' | 'shipped',
): void {
  const { orderId, shipmentId, tracking } = shipment;
  noteWrite(market, { atMs, operation: 'ST01', orderId, shipmentId, effect, tracking });
}
