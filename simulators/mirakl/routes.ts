/** The operations served: method, path, parameters, and who answers. */
import { acceptOrder } from './acceptance.ts';
import { shipOrder, writeTracking } from './despatch.ts';
import { exportFile, exportStatus, isExportFile, startExport } from './exports.ts';
import type { Market } from './market.ts';
import { cancelLines, cancelOrder, refundLines } from './money-back.ts';
import { listOffers, oneOffer } from './offers.ts';
import { listOrders, orderParams, type PageTouch } from './orders.ts';
import {
  account,
  listCarriers,
  listReasons,
  listShippingTypes,
  platformConfiguration,
  version,
} from './platform.ts';
import { patchOrders, writeCustomFields } from './references.ts';
import { type Call, localised, offsetParams, type Params, type Result } from './wire.ts';

/** What faults do to the inside of an answer. */
export type Meddling = { page: PageTouch; exportFails: boolean };

export type Route = {
  /** The vendor's operation code. */
  operation: string;
  method: 'GET' | 'POST' | 'PUT';
  /** Path parts; `*` is any one part. */
  path: readonly string[];
  params: Params | ((market: Market) => Params);
  answer(market: Market, call: Call, meddling: Meddling): Result;
};

const offerFilters: Params = {
  ...offsetParams,
  ...localised,
  sort: { oneOf: ['totalPrice', 'price', 'productTitle'] },
  offer_state_codes: 'commaList',
  sku: 'text',
  product_id: 'text',
  favorite: 'boolean',
  pricing_channel_code: 'text',
  pricing_customer_organization_id: 'text',
};
const offerParams: Params = {
  ...localised,
  pricing_channel_code: 'text',
  pricing_customer_organization_id: 'text',
};

function route(
  operation: string,
  method: Route['method'],
  path: string,
  params: Route['params'],
  answer: Route['answer'],
): Route {
  return { operation, method, path: path.split('/').slice(1), params, answer };
}

const routes: readonly Route[] = [
  route('OR11', 'GET', '/api/orders', orderParams, (market, call, { page }) =>
    listOrders(market, call, page),
  ),
  route('OR04', 'PUT', '/api/orders', {}, patchOrders),
  route('OR13', 'POST', '/api/orders/async-export', localised, (market, call, meddling) =>
    startExport(market, call, meddling.exportFails),
  ),
  route('OR14', 'GET', '/api/orders/async-export/status/*', {}, exportStatus),
  route('OR28', 'PUT', '/api/orders/refund', {}, refundLines),
  route('OR30', 'PUT', '/api/orders/cancel', {}, cancelLines),
  route('OR21', 'PUT', '/api/orders/*/accept', {}, acceptOrder),
  route('OR23', 'PUT', '/api/orders/*/tracking', {}, writeTracking),
  route('OR24', 'PUT', '/api/orders/*/ship', {}, shipOrder),
  route('OR29', 'PUT', '/api/orders/*/cancel', {}, cancelOrder),
  route('OR31', 'PUT', '/api/orders/*/additional_fields', {}, writeCustomFields),
  route('OF21', 'GET', '/api/offers', offerFilters, listOffers),
  route('OF22', 'GET', '/api/offers/*', offerParams, oneOffer),
  route('A01', 'GET', '/api/account', {}, account),
  route('PC01', 'GET', '/api/platform/configuration', {}, platformConfiguration),
  route('V01', 'GET', '/api/version', {}, version),
  route('RE01', 'GET', '/api/reasons', localised, listReasons),
  route('SH12', 'GET', '/api/shipping/types', localised, listShippingTypes),
  route('SH21', 'GET', '/api/shipping/carriers', {}, listCarriers),
];
const downloadRoute = route('OR15', 'GET', '/api/*', { file: 'text' }, exportFile);

/** The route of a call; or the methods its path does take; or nothing at all. */
export function findRoute(
  market: Market,
  method: string,
  segments: readonly string[],
): { route: Route } | { allowed: string[] } {
  const key = segments[1];
  const isDownload = segments.length === 2 && key !== undefined && isExportFile(market, key);
  const known = isDownload ? [downloadRoute] : routes.filter((one) => matches(one.path, segments));
  const found = known.find((one) => one.method === method);
  return found ? { route: found } : { allowed: known.map((one) => one.method) };
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((part, index) => (part === '*' ? segments[index] !== '' : part === segments[index]))
  );
}
