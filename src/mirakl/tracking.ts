/** Whole-order despatch, for marketplaces without several shipments per order: tracking, then shipped. */
import type { MiraklClient } from './client.ts';
import { pathSegment } from './query.ts';

/** Who carries a parcel. With `code`, one of `readCarriers`: the marketplace computes the tracking page and
 *  ignores any other. With `name`, a carrier it does not know; refused where `allowsRegisteredCarriersOnly`. */
export type TrackingCarrier = { code: string } | { name: string; url?: string | undefined };

export type Tracking = {
  carrier: TrackingCarrier;
  /** Null is left out of the call. Due when the registered carrier's page needs a number. Whether leaving it
   *  out in a correction deletes the former number is not documented. */
  trackingNumber: string | null;
};

/** Sets or corrects the one carrier and number of a whole order; ships nothing. Repeating it is harmless.
 *  Throws VendorError; RangeError for an empty code, name, URL or number. Source: OR23. */
export async function setOrderTracking(
  client: MiraklClient,
  change: { marketplaceOrderId: string; tracking: Tracking },
): Promise<void> {
  const { url, ...body } = trackingWire(change.tracking);
  await client.call({
    operation: 'OR23',
    method: 'PUT',
    path: `/api/orders/${pathSegment(change.marketplaceOrderId)}/tracking`,
    body: { ...body, carrier_url: url },
    read: null,
  });
}

/** Marks a whole order as shipped, now. Refused with status 400, often without a word, when the order is not
 *  in SHIPPING, so also when an earlier call got through: read the order before judging. Refused as well while
 *  tracking is due; see `saysTrackingIsMandatory`. Throws VendorError. Source: OR24. */
export async function shipOrder(client: MiraklClient, marketplaceOrderId: string): Promise<void> {
  await client.call({
    operation: 'OR24',
    method: 'PUT',
    path: `/api/orders/${pathSegment(marketplaceOrderId)}/ship`,
    read: null,
  });
}

/** Whether a refusal's `vendorMessage`, or the message about one shipment, asks for tracking first. False
 *  proves nothing: an operator may word it in its own language. Source: magento2-seller-connector issue 25. */
export function saysTrackingIsMandatory(message: string): boolean {
  return /\btracking\b.*\b(mandatory|required)\b/i.test(message);
}

/** The fields of a tracking object but its URL, whose name differs: `carrier_url` in OR23, `tracking_url` in
 *  ST01 and ST23. Throws RangeError for an empty text. */
export function trackingWire(tracking: Tracking) {
  const { carrier, trackingNumber } = tracking;
  const isRegistered = 'code' in carrier;
  return {
    carrier_code: isRegistered ? filled('carrier code', carrier.code) : undefined,
    carrier_name: isRegistered ? undefined : filled('carrier name', carrier.name),
    url: isRegistered ? undefined : filled('tracking URL', carrier.url),
    tracking_number: filled('tracking number', trackingNumber ?? undefined),
  };
}

function filled<T extends string | undefined>(what: string, text: T): T {
  if (text?.trim() === '') throw new RangeError(`the ${what} is empty`);
  return text;
}
