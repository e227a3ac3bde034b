/** Switches of carriers, tracking, despatch and the seller's balance, with their defaults. Part of
 *  the marketplace's options. Where nobody has confirmed the vendor's behaviour both answers are
 *  here. */

export type ShippingType = {
  code: string;
  label: string;
  description: string;
  standardCode: string | null;
  mandatoryTracking: boolean;
  clickAndCollect: boolean;
};
export type Carrier = {
  code: string;
  label: string;
  standardCode: string | null;
  /** `{trackingId}` stands for the number; null: the carrier has no tracking page. */
  trackingUrl: string | null;
};

export type ShipmentSettings = {
  /** PC01 `features.shipment.multi_shipment`: parcels by ST*, not whole orders by OR23 and OR24. */
  multiShipment: boolean;
  /** PC01 `multi_part_item_shipment`: an item may travel as several packages. */
  multiPartItemShipment: boolean;
  /** OR23 and OR24 where parcels are shipped (not established). `wholeOrder`: OR24 despatches all
   *  that is open. */
  orderCallsUnderShipments: 'refused' | 'wholeOrder';
  /** What ST* answers where only whole orders are shipped (not established). */
  shipmentsWhenOff: 400 | 403 | 404;
  /** OR11 shows the tracking of the newest despatched parcel (not established). */
  orderShowsShipmentTracking: boolean;
  /** False is PC01 `disable_seller_alternative_carrier`: only registered carriers. */
  alternativeCarriers: boolean;
  /** What a shipping type with mandatory tracking asks for (not established). */
  mandatoryTrackingNeeds: 'number' | 'carrier';
  /** The body of a refusal that gives no reason, such as OR24 in a wrong state (not
   *  established). */
  bareRefusal: 'minimal' | 'empty';
  shippingTypes: readonly ShippingType[];
  carriers: readonly Carrier[];
  /** What ST01 and ST31 may write on a shipment. */
  shipmentFields: readonly { code: string; type: 'STRING' | 'DATE' }[];
  /** `kept`: refunds need as much as the shop has pending or payable. */
  sellerBalance: 'kept' | 'unlimited';
  /** What the shop had before the first order, in pence. */
  openingBalance: { pendingPence: number; payablePence: number };
};

const carriers: readonly Carrier[] = [
  {
    code: 'DPD',
    label: 'DPD',
    standardCode: 'DPD',
    trackingUrl: 'https://dpd.example.test/track/{trackingId}',
  },
  {
    code: 'EVRI',
    label: 'Evri',
    standardCode: null,
    trackingUrl: 'https://evri.example.test/?parcel={trackingId}',
  },
  { code: 'RM', label: 'Royal Mail', standardCode: 'ROYAL_MAIL', trackingUrl: null },
];

const shippingTypes: readonly ShippingType[] = [
  {
    code: 'STD',
    label: 'Standard',
    description: 'Three to five days',
    standardCode: 'CU_ADD-STD',
    mandatoryTracking: true,
    clickAndCollect: false,
  },
  {
    code: 'EXP',
    label: 'Express',
    description: 'Next working day',
    standardCode: 'CU_ADD-EXP',
    mandatoryTracking: true,
    clickAndCollect: false,
  },
  {
    code: 'LETTER',
    label: 'Letter',
    description: 'Untracked letter',
    standardCode: null,
    mandatoryTracking: false,
    clickAndCollect: false,
  },
  {
    code: 'CLC',
    label: 'Click & collect',
    description: 'Collect in shop',
    standardCode: 'CLC_OPERATOR-STD',
    mandatoryTracking: false,
    clickAndCollect: true,
  },
];

export const shipmentDefaults: ShipmentSettings = {
  multiShipment: false,
  multiPartItemShipment: false,
  orderCallsUnderShipments: 'refused',
  shipmentsWhenOff: 403,
  orderShowsShipmentTracking: false,
  alternativeCarriers: true,
  mandatoryTrackingNeeds: 'number',
  bareRefusal: 'minimal',
  shippingTypes,
  carriers,
  shipmentFields: [
    { code: 'delivery-note', type: 'STRING' },
    { code: 'handed-over-on', type: 'DATE' },
  ],
  sellerBalance: 'kept',
  openingBalance: { pendingPence: 0, payablePence: 0 },
};
