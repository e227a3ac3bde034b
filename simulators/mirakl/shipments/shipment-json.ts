/** Writes a shipment as ST01 and ST11 show it. */
import { isoOf, isoOrNone } from '../dates.ts';
import type { Json } from '../json.ts';
import type { Market } from '../market.ts';
import { shownTracking } from './carriers.ts';
import type { ShipmentState, SimShipment, Tracking } from './state.ts';

export const debitStates = [
  'NO_DEBIT',
  'NOT_STARTED',
  'WAITING_TAX_CONFIRMATION',
  'WAITING_OPERATOR_SYSTEM_CONTACT',
  'WAITING_DEBIT_CONFIRMATION',
  'DEBIT_OK',
  'CANCELED',
] as const;

/** A shipment is debited by itself only under PAY_ON_SHIPMENT. */
export function debitState(market: Market, shipment: SimShipment): (typeof debitStates)[number] {
  const order = market.orders.get(shipment.orderId);
  if (order?.paymentWorkflow !== 'PAY_ON_SHIPMENT') return 'NO_DEBIT';
  if (shipment.status === 'CANCELED') return 'CANCELED';
  if (shipment.shippedMs === null) return 'NOT_STARTED';
  return shipment.debitedMs === null ? 'WAITING_DEBIT_CONFIRMATION' : 'DEBIT_OK';
}

/** `status`: what to claim instead of the truth. */
export function shipmentJson(
  market: Market,
  shipment: SimShipment,
  claim: { status?: ShipmentState; shippedMs?: number } = {},
): Json {
  return {
    created_date: isoOf(shipment.createdMs),
    id: shipment.shipmentId,
    invoice_reference: shipment.invoiceReference ?? undefined,
    last_updated_date: isoOf(shipment.updatedMs),
    order_id: shipment.orderId,
    payment_details:
      shipment.debitedMs === null
        ? undefined
        : {
            customer_debited_date: isoOf(shipment.debitedMs),
            transaction_date: isoOf(shipment.debitedMs),
            transaction_number: `T-${shipment.shipmentId}`,
          },
    shipment_additional_information: shipment.information.map((one) => ({ ...one })),
    shipment_lines: shipment.lines.map((entry) => ({
      offer_sku: entry.offerSku,
      order_line_id: entry.lineId,
      package_reference: entry.packageReference ?? undefined,
      quantity: entry.quantity,
    })),
    shipped_date: isoOrNone(claim.shippedMs ?? shipment.shippedMs),
    shipping_from: originJson(shipment),
    status: claim.status ?? shipment.status,
    status_customer_debit: debitState(market, shipment),
    tracking: trackingJson(shipment, shownTracking(shipment.tracking)),
  };
}

/** Where a shipment leaves from. */
export function originJson(shipment: SimShipment): Json {
  return {
    address: {
      city: 'Exampleton',
      country_iso_code: 'GBR',
      state: undefined,
      street_1: '1 High Street',
      street_2: undefined,
      zip_code: 'XX1 1ZZ',
    },
    warehouse: shipment.warehouse === null ? undefined : { code: shipment.warehouse },
  };
}

function trackingJson(shipment: SimShipment, tracking: Tracking | null): Json {
  const isThere = shipment.receivedMs !== null;
  return {
    carrier_code: tracking?.carrierCode ?? undefined,
    carrier_expected_delivery_date: undefined,
    carrier_name: tracking?.carrierName ?? undefined,
    carrier_standard_code: tracking?.carrierStandardCode ?? undefined,
    last_known_location: undefined,
    milestones: milestones(shipment, tracking),
    tracking_number: tracking?.number ?? undefined,
    tracking_url: tracking?.url ?? undefined,
    validity_status: validity(tracking, isThere),
  };
}

function validity(tracking: Tracking | null, isThere: boolean): string {
  if (!tracking?.number) return 'MISSING_TRACKING';
  if (tracking.carrierCode === null) return 'UNCOVERED';
  return isThere ? 'VERIFIED' : 'UNVERIFIED';
}

/** The platform follows registered carriers only. */
function milestones(shipment: SimShipment, tracking: Tracking | null): Json {
  if (!tracking?.number || tracking.carrierCode === null) return [];
  const steps: [string, number | null][] = [
    ['IN_TRANSIT', shipment.shippedMs],
    ['DELIVERED', shipment.receivedMs],
  ];
  return steps.flatMap(([type, atMs]) => {
    if (atMs === null) return [];
    const [date = '', time = ''] = new Date(atMs).toISOString().split('T');
    return [{ occurrence_date: { date, offset: 'Z', time: time.slice(0, 8) }, type }];
  });
}
