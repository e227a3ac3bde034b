/** Faults: of the wire, and of the data inside an answer. An order they make is a real one. */
import { type Faults, type WireFault, wireFaults } from '../faults.ts';
import type { SimReply } from '../kernel.ts';
import { changed, type Market } from './market.ts';
import { inactivity } from './offer-book.ts';
import type { ImportMeddling } from './offer-files/imports.ts';
import { staleText } from './order-json.ts';
import { findOrders, type PageTouch } from './orders.ts';
import { buy, buyIfShown } from './purchases.ts';
import type { Meddling } from './routes.ts';
import type { SimOrder } from './state.ts';
import type { Call } from './wire.ts';

export type MiraklFault =
  | WireFault
  /** 200 or 204 without the body there should be; what was asked is done. */
  | 'emptyBody'
  /** OR11: one order of the page has a field nobody knows. */
  | 'unknownField'
  /** OR11: one order of the page has values outside the published enumerations (no state). */
  | 'unknownEnum'
  /** OR11: the page holds its first order twice. */
  | 'duplicateInPage'
  /** OR11, a later page: an order came in between that sorts before it, so rows slide back. */
  | 'pageDrift'
  /** OR11, a later page: an earlier row changed, so with a fixed end date rows slide forward. */
  | 'pageLoss'
  /** OR11: an order turns up now that is dated `lateOrderMs` back. */
  | 'lateOrder'
  /** OR11: orders changed within `lateOrderMs` are shown as they were before. */
  | 'staleOrder'
  /** OR13: the export ends FAILED. */
  | 'exportFails'
  /** OF52: the export ends FAILED. */
  | 'offerExportFails'
  /** STO01, OF01, OF24: the import ends FAILED. */
  | 'importFails'
  /** The import stays RUNNING for `importStuckMs`. */
  | 'importStuck'
  /** The import takes `importSlowFactor` times as long. */
  | 'importSlow'
  /** COMPLETE without an error, but some lines had no effect. */
  | 'importLinesIgnored'
  /** OR24, ST24, ST01 with `shipped`: the answer says done, but nothing left. */
  | 'shipIgnored'
  /** OR23, ST23, ST01: the tracking is taken, counts as given, and is shown nowhere. */
  | 'trackingLost'
  /** Some lines end in the error report although nothing is wrong with them. */
  | 'lineRefusedSpuriously'
  /** There is an error report, but asking for it is answered 404 for `errorReportLostMs`. */
  | 'importErrorReportLost';

export const miraklFaults: readonly MiraklFault[] = [
  ...wireFaults,
  'emptyBody',
  'unknownField',
  'unknownEnum',
  'duplicateInPage',
  'pageDrift',
  'pageLoss',
  'lateOrder',
  'staleOrder',
  'exportFails',
  'offerExportFails',
  'importFails',
  'importStuck',
  'importSlow',
  'importLinesIgnored',
  'lineRefusedSpuriously',
  'shipIgnored',
  'trackingLost',
  'importErrorReportLost',
];

export type MiraklFaults = Faults<MiraklFault>;

/** A fault that keeps the call from the marketplace. Undefined: the call goes through. */
export function faultBefore(
  market: Market,
  faults: MiraklFaults,
  operation: string,
): Pick<SimReply, 'status' | 'headers' | 'body' | 'broken'> | undefined {
  const json = { 'content-type': 'application/json;charset=UTF-8' };
  if (faults.strikes('timeoutBefore', operation)) return nothing('silence');
  if (faults.strikes('resetBefore', operation)) return nothing('reset');
  if (faults.strikes('serverError', operation)) {
    const status = market.dice.wire.pick([500, 503]);
    const body = market.dice.wire.chance(0.5)
      ? `{"status":${status},"message":"Internal Server Error"}`
      : `{"status":${status},"message":"Error","error":"internal","errorDescription":"try later"}`;
    return { status, headers: json, body };
  }
  if (faults.strikes('htmlPage', operation)) {
    const status = market.dice.wire.pick([502, 503, 520, 522]);
    const body = `<html><title>${status}</title><body><h1>Bad gateway</h1></body></html>`;
    return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body };
  }
  if (faults.strikes('throttle', operation)) {
    const retryAfter = String(market.dice.wire.between(1, 90));
    const body = '{"status":429,"message":"Too many requests"}';
    return { status: 429, headers: { ...json, 'retry-after': retryAfter }, body };
  }
  return undefined;
}

/** What the wire makes of an answer already given. */
export function faultAfter(faults: MiraklFaults, operation: string, reply: SimReply): SimReply {
  if (faults.strikes('timeoutAfter', operation)) return { ...reply, ...nothing('silence') };
  if (faults.strikes('resetAfter', operation)) return { ...reply, ...nothing('reset') };
  if (faults.strikes('halfBody', operation)) return { ...reply, broken: 'half' };
  if (reply.status < 300 && reply.body.length > 0 && faults.strikes('emptyBody', operation)) {
    return { ...reply, body: '' };
  }
  return reply;
}

/** Faults inside the answer of this call; they may change the marketplace first. */
export function meddle(market: Market, faults: MiraklFaults, call: Call): Meddling {
  const { operation } = call;
  const rest = {
    exportFails: operation === 'OR13' && faults.strikes('exportFails', operation),
    offerExportFails: operation === 'OF52' && faults.strikes('offerExportFails', operation),
    imports: importMeddling(faults, operation),
    shipping: {
      isIgnored: () => faults.strikes('shipIgnored', operation),
      losesTracking: () => faults.strikes('trackingLost', operation),
    },
  };
  if (operation !== 'OR11') return { page: untouched, ...rest };
  if (canInvent(market, call) && faults.strikes('lateOrder', operation)) lateOrder(market, call);
  const isLaterPage = call.query.has('page_token') || (call.query.integer('offset') ?? 0) > 0;
  if (isLaterPage) {
    if (canInvent(market, call) && faults.strikes('pageDrift', operation)) drift(market, call);
    const first = findOrders(market, call)[0];
    if (first && faults.strikes('pageLoss', operation)) {
      first.hasCustomerMessage = true;
      changed(market, first, call.nowMs);
    }
  }
  return { page: pageTouch(market, faults, call), ...rest };
}

function importMeddling(faults: MiraklFaults, operation: string): ImportMeddling {
  const isImport = ['STO01', 'OF01', 'OF24'].includes(operation);
  const strikes = (kind: MiraklFault) => isImport && faults.strikes(kind, operation);
  return {
    fails: strikes('importFails'),
    isStuck: strikes('importStuck'),
    isSlow: strikes('importSlow'),
    ignoresLines: strikes('importLinesIgnored'),
    refusesLines: strikes('lineRefusedSpuriously'),
    losesReport: strikes('importErrorReportLost'),
  };
}

const untouched: PageTouch = { oddity: () => ({}), instead: () => null, isRepeated: false };

function pageTouch(market: Market, faults: MiraklFaults, call: Call): PageTouch {
  const orders = findOrders(market, call);
  if (orders.length === 0) return untouched;
  const unknownField = faults.strikes('unknownField', 'OR11');
  const unknownEnum = faults.strikes('unknownEnum', 'OR11');
  const isStale = faults.strikes('staleOrder', 'OR11');
  const sinceMs = call.nowMs - market.settings.lateOrderMs;
  let isFirst = true;
  return {
    oddity() {
      const oddity = isFirst ? { unknownField, unknownEnum } : {};
      isFirst = false;
      return oddity;
    },
    instead: (order) => (isStale && order.updatedMs >= sinceMs ? staleText(market, order) : null),
    isRepeated: faults.strikes('duplicateInPage', 'OR11'),
  };
}

function lateOrder(market: Market, call: Call): void {
  const datedMs = call.nowMs - market.settings.lateOrderMs;
  invent(market, call, 'lateOrder', { createdMs: datedMs, updatedMs: datedMs });
}

/** Dated before the listing's first row when it ascends, now when it descends: rows slide either
 *  way. */
function drift(market: Market, call: Call): void {
  const [first, second] = findOrders(market, call);
  const ascends = !first || !second || first.createdMs <= second.createdMs;
  const createdMs = ascends && first ? first.createdMs - 1 : call.nowMs;
  invent(market, call, 'pageDrift', { createdMs, updatedMs: call.nowMs });
}

function canInvent(market: Market, call: Call): boolean {
  return market.settings.invent !== null || offerOnSale(market, call) !== undefined;
}

function offerOnSale(market: Market, call: Call) {
  for (const offer of market.offers.values()) {
    if (offer.shopId !== call.shop.shopId) continue;
    if (inactivity(market, offer, call.nowMs).length === 0) return offer;
  }
  return undefined;
}

function invent(
  market: Market,
  call: Call,
  origin: SimOrder['origin'],
  dates: { createdMs: number; updatedMs: number },
): void {
  const lines = [{ offerSku: offerOnSale(market, call)?.shopSku ?? '', quantity: 1 }];
  const purchase = market.settings.invent?.() ?? { lines };
  // Where nobody can buy more than is shown, a fault cannot either: then no order is made.
  const sell = market.settings.sellsOnlyWhatIsShown ? buyIfShown : buy;
  sell(market, { shopId: call.shop.shopId, ...purchase, ...dates }, origin);
}

function nothing(broken: 'silence' | 'reset') {
  return { status: 0, headers: {}, body: '', broken };
}
