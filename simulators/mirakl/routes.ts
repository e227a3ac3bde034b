/** The operations served: method, path, parameters, and who answers. */
import { acceptOrder } from './acceptance.ts';
import { shipOrder, writeTracking } from './despatch.ts';
import { exportFile, exportStatus, isExportFile, startExport } from './exports.ts';
import type { Market } from './market.ts';
import { cancelLines, cancelOrder, refundLines } from './money-back.ts';
import type { ImportMeddling } from './offer-files/imports.ts';
import {
  offerExportFile,
  offerExportStatus,
  startOfferExport,
} from './offer-files/offer-exports.ts';
import {
  importListParams,
  listOfferImports,
  offerErrorReport,
  offerImportStatus,
} from './offer-files/offer-import-status.ts';
import { importOffers, writeOffers } from './offer-files/offer-imports.ts';
import { importStock, stockErrorReport, stockImportStatus } from './offer-files/stock-imports.ts';
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
import {
  changeOrigin,
  deleteShipments,
  informShipments,
  readyShipments,
  shipShipments,
  trackShipments,
} from './shipments/change.ts';
import { createShipments } from './shipments/create.ts';
import { listShipments, listToShip, shipmentParams, toShipParams } from './shipments/list.ts';
import { type Call, localised, offsetParams, type Params, type Result, refuse } from './wire.ts';

/** What faults do to the inside of an answer. */
export type Meddling = {
  page: PageTouch;
  exportFails: boolean;
  offerExportFails: boolean;
  imports: ImportMeddling;
  /** Asked once per order or shipment, where it matters. */
  shipping: { isIgnored(): boolean; losesTracking(): boolean };
};

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
  route('ST01', 'POST', '/api/shipments', {}, createShipments),
  route('ST06', 'PUT', '/api/shipments/delete', {}, deleteShipments),
  route('ST07', 'PUT', '/api/shipments', {}, changeOrigin),
  route('ST11', 'GET', '/api/shipments', shipmentParams, listShipments),
  route('ST12', 'GET', '/api/shipments/items_to_ship', toShipParams, listToShip),
  route('ST23', 'POST', '/api/shipments/tracking', {}, trackShipments),
  route('ST24', 'PUT', '/api/shipments/ship', {}, shipShipments),
  route('ST26', 'PUT', '/api/shipments/ready_for_pick_up', {}, readyShipments),
  route('ST31', 'PUT', '/api/shipments/additional_information', {}, informShipments),
  route('OF21', 'GET', '/api/offers', offerFilters, listOffers),
  route('OF24', 'POST', '/api/offers', {}, (market, call, { imports }) =>
    writeOffers(market, call, imports),
  ),
  // Before OF22, whose path takes any one part.
  route('OF01', 'POST', '/api/offers/imports', {}, (market, call, { imports }) =>
    importOffers(market, call, imports),
  ),
  route('OF04', 'GET', '/api/offers/imports', importListParams, listOfferImports),
  route('OF02', 'GET', '/api/offers/imports/*', {}, offerImportStatus),
  route('OF03', 'GET', '/api/offers/imports/*/error_report', {}, offerErrorReport),
  route('STO01', 'POST', '/api/offers/stock/imports', {}, (market, call, { imports }) =>
    importStock(market, call, imports),
  ),
  route('STO02', 'GET', '/api/offers/stock/imports/*/status', {}, stockImportStatus),
  route('STO03', 'GET', '/api/offers/stock/imports/*/error_report', {}, stockErrorReport),
  route('OF52', 'POST', '/api/offers/export/async', {}, (market, call, meddling) =>
    startOfferExport(market, call, meddling.offerExportFails),
  ),
  route('OF53', 'GET', '/api/offers/export/async/status/*', {}, offerExportStatus),
  route('OF54', 'GET', '/api/offers/export/async/file/*', { file: 'text' }, offerExportFile),
  route('OF22', 'GET', '/api/offers/*', offerParams, oneOffer),
  route('A01', 'GET', '/api/account', {}, account),
  route('PC01', 'GET', '/api/platform/configuration', {}, platformConfiguration),
  route('V01', 'GET', '/api/version', {}, version),
  route('RE01', 'GET', '/api/reasons', localised, listReasons),
  route('SH12', 'GET', '/api/shipping/types', localised, listShippingTypes),
  route('SH21', 'GET', '/api/shipping/carriers', {}, listCarriers),
];
const downloadRoute = route('OR15', 'GET', '/api/*', { file: 'text' }, exportFile);

/** Throws what an operator without the operation answers. */
export function checkOffered(market: Market, operation: string): void {
  const { stockImports, offerExports, multiShipment, shipmentsWhenOff } = market.settings;
  const availability = /^STO0[123]$/.test(operation)
    ? stockImports
    : /^OF5[234]$/.test(operation)
      ? offerExports
      : /^ST\d\d$/.test(operation) && !multiShipment
        ? shipmentsWhenOff
        : 'offered';
  if (availability === 400) {
    throw refuse(400, 'MULTI_SHIPMENT_DISABLED', 'This operator ships whole orders (OR24)');
  }
  if (availability === 404) throw refuse(404, 'NOT_FOUND', 'Not Found');
  if (availability === 403) throw refuse(403, 'FORBIDDEN', 'Forbidden');
}

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
