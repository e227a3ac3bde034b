/** ST11 and ST12: the shipments there are, and what is still to be put into one. */
import { isoOf } from '../dates.ts';
import { type Json, write } from '../json.ts';
import { type Market, shelfOf } from '../market.ts';
import { penFor } from '../offers.ts';
import { addressJson } from '../order-json.ts';
import type { SimOrder } from '../state.ts';
import { type Call, type Params, type Result, seekParams } from '../wire.ts';
import { unitsLeft } from './book.ts';
import { type Placed, type SeekPage, seek } from './seek.ts';
import { debitState, debitStates, shipmentJson } from './shipment-json.ts';
import { type SimShipment, shipmentStates } from './state.ts';

export const shipmentParams: Params = {
  ...seekParams,
  sort: { oneOf: ['dateCreated,ASC', 'dateCreated,DESC'] },
  order_id: 'repeatedList',
  shipment_state_code: { repeatedListOf: shipmentStates },
  shipment_customer_debit_state_code: { repeatedListOf: debitStates },
  last_updated_from: 'datetime',
  last_updated_to: 'datetime',
};
export const toShipParams: Params = {
  ...seekParams,
  sort: { oneOf: ['shippingDate,ASC', 'shippingDate,DESC'] },
  order_id: 'repeatedList',
  fulfillment_center_code: 'repeatedList',
  shipping_date_from: 'datetime',
  shipping_date_to: 'datetime',
};

const everMs = 8.64e15;

/** ST11. Sorted by creation. */
export function listShipments(market: Market, call: Call): Result {
  const page = seek(market, call, shipmentParams, (first) => findShipments(market, first));
  return answer(market, page, (shipment) => shipmentJson(market, shipment));
}

/** ST12. One row per order with the units that are in no shipment yet, sorted by the date the order
 *  moved to SHIPPING. */
export function listToShip(market: Market, call: Call): Result {
  const page = seek(market, call, toShipParams, (first) => findToShip(market, first));
  return answer(market, page, (order) => toShipJson(market, order));
}

function answer<Row>(market: Market, page: SeekPage<Row>, json: (row: Row) => Json): Result {
  const pen = penFor(market, 'shipments');
  const rows = page.rows.map((row) => write(json(row), pen));
  // At the ends a token is absent, never null.
  const token = (name: string, value: string | undefined) =>
    value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
  const tokens = token('next_page_token', page.next) + token('previous_page_token', page.previous);
  return { status: 200, body: `{"data":[${rows.join(',')}]${tokens}}` };
}

function findShipments(market: Market, { query, shop }: Call): Placed<SimShipment>[] {
  const orderIds = query.all('order_id');
  const states = query.all('shipment_state_code');
  const debits = query.all('shipment_customer_debit_state_code');
  const fromMs = query.dateMs('last_updated_from') ?? -everMs;
  const toMs = query.dateMs('last_updated_to') ?? everMs;
  const candidates = orderIds
    ? [...new Set(orderIds)].flatMap((id) => market.orders.get(id)?.shipments ?? [])
    : [...market.shipments.values()];
  return candidates
    .filter(
      (one) =>
        one.shopId === shop.shopId &&
        !one.isDeleted &&
        one.updatedMs >= fromMs &&
        one.updatedMs <= toMs &&
        (!states || states.includes(one.status)) &&
        (!debits || debits.includes(debitState(market, one))),
    )
    .map((row) => ({ ms: row.createdMs, id: row.shipmentId, row }));
}

function findToShip(market: Market, { query, shop }: Call): Placed<SimOrder>[] {
  const orderIds = query.all('order_id');
  const centers = query.all('fulfillment_center_code');
  const fromMs = query.dateMs('shipping_date_from') ?? -everMs;
  const toMs = query.dateMs('shipping_date_to') ?? everMs;
  return shelfOf(market, shop.shopId)
    .inStates(['SHIPPING'])
    .filter((order) => {
      const sinceMs = order.shippingSinceMs;
      if (sinceMs === null || sinceMs < fromMs || sinceMs > toMs) return false;
      if (orderIds && !orderIds.includes(order.orderId)) return false;
      if (centers && !centers.includes(centerOf(order))) return false;
      return linesToShip(order).length > 0;
    })
    .map((row) => ({ ms: row.shippingSinceMs as number, id: row.orderId, row }));
}

function toShipJson(market: Market, order: SimOrder): Json {
  const type = market.settings.shippingTypes.find((one) => one.code === order.shippingTypeCode);
  return {
    fulfillment: { center: { code: centerOf(order) } },
    order_id: order.orderId,
    references: {
      order_reference_for_customer: order.referenceForCustomer ?? undefined,
      order_reference_for_seller: order.referenceForSeller ?? undefined,
    },
    shipment_lines: linesToShip(order),
    shipping_address: addressJson(order.shipTo, true),
    shipping_date: isoOf(order.shippingSinceMs as number),
    shipping_deadline: isoOf(order.shippingDeadlineMs),
    shipping_type_code: order.shippingTypeCode,
    shipping_type_standard_code: type?.standardCode ?? undefined,
  };
}

function linesToShip(order: SimOrder): Json[] {
  return order.lines.flatMap((line) =>
    line.parts.flatMap((part) => {
      const quantity = unitsLeft(line, part);
      if (quantity === 0) return [];
      return [
        {
          offer_sku: line.offerSku,
          order_line_id: line.lineId,
          package_description: undefined,
          package_reference: part.reference ?? undefined,
          product_title: line.productTitle,
          quantity,
        },
      ];
    }),
  );
}

function centerOf(order: SimOrder): string {
  return order.fulfilledByOperator ? 'OPERATOR_CENTER' : 'DEFAULT';
}
