/** Which carrier and tracking an order or a shipment may be given, and what is shown of it. */
import type { Market } from '../market.ts';
import type { SimOrder } from '../state.ts';
import { refuse } from '../wire.ts';
import type { Tracking } from './state.ts';

/** Tracking as OR23, ST01 or ST23 bring it; they differ in the name of the address. */
export type GivenTracking = {
  carrierCode: string | null;
  carrierName: string | null;
  carrierStandardCode: string | null;
  number: string | null;
  url: string | null;
  /** `carrier_url` or `tracking_url`, for the refusal. */
  prefix: string;
};

/** The texts of a body, blanks as nothing. */
export function givenTracking(
  body: Record<string, unknown>,
  urlField: 'carrier_url' | 'tracking_url',
  prefix = '',
): GivenTracking {
  const text = (field: string) => (body[field] as string | null | undefined)?.trim() || null;
  return {
    carrierCode: text('carrier_code'),
    carrierName: text('carrier_name'),
    carrierStandardCode: text('carrier_standard_code'),
    number: text('tracking_number'),
    url: text(urlField),
    prefix,
  };
}

/** A registered carrier by its code, whose address is computed; or any other by its name, where
 *  that is allowed. Throws a Refusal (400) for anything else. */
export function acceptTracking(market: Market, given: GivenTracking): Tracking {
  const { carrierCode, number, prefix } = given;
  const carrier = market.settings.carriers.find((one) => one.code === carrierCode);
  if (carrierCode !== null && !carrier) {
    throw refuse(400, 'CARRIER_NOT_FOUND', `Carrier ${carrierCode} does not exist`, {
      field: `${prefix}carrier_code`,
    });
  }
  if (!carrier) return byName(market, given);
  if (carrier.trackingUrl?.includes('{trackingId}') && number === null) {
    throw refuse(400, 'VALIDATION_ERROR', 'tracking_number is required for this carrier', {
      field: `${prefix}tracking_number`,
    });
  }
  // One that was sent is ignored.
  const url = carrier.trackingUrl?.replaceAll('{trackingId}', encodeURIComponent(number ?? ''));
  return {
    carrierCode: carrier.code,
    carrierName: carrier.label,
    carrierStandardCode: carrier.standardCode,
    number,
    url: url ?? null,
    isLost: false,
  };
}

/** Throws a Refusal where the shipping type wants tracking that is not there. */
export function checkMandatory(market: Market, order: SimOrder, tracking: Tracking | null): void {
  const { shippingTypes, mandatoryTrackingNeeds } = market.settings;
  const type = shippingTypes.find((one) => one.code === order.shippingTypeCode);
  if (!type?.mandatoryTracking) return;
  if (tracking && (mandatoryTrackingNeeds === 'carrier' || tracking.number !== null)) return;
  const what = 'Tracking details are mandatory for this shipping method';
  throw refuse(400, 'TRACKING_MANDATORY', what);
}

/** What anybody sees of it; null when nothing was given, or when it got lost. */
export function shownTracking(tracking: Tracking | null): Tracking | null {
  return tracking?.isLost ? null : tracking;
}

function byName(market: Market, given: GivenTracking): Tracking {
  if (!market.settings.alternativeCarriers) {
    throw refuse(400, 'CARRIER_NOT_REGISTERED', 'Only registered carriers are allowed', {
      field: `${given.prefix}carrier_code`,
    });
  }
  if (given.carrierName === null) {
    throw refuse(400, 'VALIDATION_ERROR', 'carrier_code or carrier_name is required', {
      field: `${given.prefix}carrier_name`,
    });
  }
  const { carrierName, carrierStandardCode, number, url } = given;
  return { carrierCode: null, carrierName, carrierStandardCode, number, url, isLost: false };
}
