/** A person in the back office ships an order, past every rule a shop's call must keep. */
import { despatch } from '../delivery.ts';
import type { Market } from '../market.ts';
import { type SimOrder, unitsToShip } from '../state.ts';
import { despatchRest } from './book.ts';
import type { Handover, Tracking } from './state.ts';

/** What was typed into the form. A registered carrier needs no more than its code. */
export type HandTracking = {
  carrierCode?: string;
  carrierName?: string;
  number?: string;
  url?: string;
};

/** Despatches all that is left. False when there is nothing to ship. Throws for a carrier nobody
 *  registered. */
export function shipByHand(
  market: Market,
  order: SimOrder,
  tracking: HandTracking | null,
  atMs: number,
): boolean {
  if (!order.lines.some((line) => unitsToShip(line) > 0)) return false;
  const typed = tracking && trackingOf(market, tracking);
  const how: Handover = { operation: 'by hand', by: 'operator', atMs };
  if (market.settings.multiShipment) {
    despatchRest(market, order, typed, how);
    return true;
  }
  order.tracking = typed ?? order.tracking;
  despatch(market, order, how);
  return true;
}

function trackingOf(market: Market, typed: HandTracking): Tracking {
  const { carrierCode, carrierName, number = null, url = null } = typed;
  const carrier = market.settings.carriers.find((one) => one.code === carrierCode);
  if (carrierCode !== undefined && !carrier) throw new Error(`no carrier ${carrierCode}`);
  const page = carrier?.trackingUrl?.replaceAll('{trackingId}', encodeURIComponent(number ?? ''));
  return {
    carrierCode: carrier?.code ?? null,
    carrierName: carrier?.label ?? carrierName ?? 'unknown',
    carrierStandardCode: carrier?.standardCode ?? null,
    number,
    url: carrier ? (page ?? null) : url,
    isLost: false,
  };
}
