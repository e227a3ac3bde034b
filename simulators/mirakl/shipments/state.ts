/** What the marketplace knows about parcels, and what it notes for checkers. Part of
 *  `../state.ts`. */
import type { Actor } from '../state.ts';

export const shipmentStates = [
  'SHIPPING',
  'READY_FOR_PICK_UP',
  'SHIPMENT_PREPARED',
  'SHIPPED',
  'TO_COLLECT',
  'RECEIVED',
  'CANCELED',
  'CLOSED',
] as const;
/** Where a shipment stands. `SHIPMENT_PREPARED` is published, but nothing here leads to it. */
export type ShipmentState = (typeof shipmentStates)[number];

/** Carrier and number as accepted. */
export type Tracking = {
  /** A registered carrier's; null for one given by name. */
  carrierCode: string | null;
  carrierName: string;
  carrierStandardCode: string | null;
  number: string | null;
  url: string | null;
  /** Accepted, but shown to nobody (fault `trackingLost`). */
  isLost: boolean;
};

/** Units of one package of a line: the whole item, unless items travel as several packages. */
export type LinePart = {
  /** Null: the whole item. */
  reference: string | null;
  /** In despatched shipments, or gone with the whole order. */
  shipped: number;
  /** In shipments that are not despatched yet. */
  held: number;
};

export type ShipmentLine = {
  lineId: string;
  offerSku: string;
  packageReference: string | null;
  quantity: number;
};

/** What ST01 and ST31 write beside the goods. */
export type ShipmentInformation = { code: string; type: 'STRING' | 'DATE'; value: string };

export type SimShipment = {
  shipmentId: string;
  orderId: string;
  shopId: number;
  status: ShipmentState;
  /** Units canceled before despatch are taken out. */
  lines: ShipmentLine[];
  tracking: Tracking | null;
  invoiceReference: string | null;
  warehouse: string | null;
  information: ShipmentInformation[];
  createdMs: number;
  updatedMs: number;
  shippedMs: number | null;
  receivedMs: number | null;
  debitedMs: number | null;
  by: Actor;
  /** ST06; still known, shown nowhere. */
  isDeleted: boolean;
};

/** How goods leave, for the notes. */
export type Handover = {
  /** `by hand`: a person in the back office. */
  operation: 'OR24' | 'ST01' | 'ST24' | 'by hand';
  by: Actor;
  atMs: number;
};

export type ShippedUnits = Handover & {
  orderId: string;
  lineId: string;
  offerSku: string;
  /** Of this package when it has a reference, else whole items. */
  units: number;
  packageReference: string | null;
  /** Null: with the whole order. */
  shipmentId: string | null;
  tracking: Tracking | null;
  /** After the order's shipping deadline. */
  isLate: boolean;
};

/** What became of one line of an order. */
export type ShippedLine = {
  lineId: string;
  offerSku: string;
  orderedUnits: number;
  /** Complete units that left. */
  units: number;
  /** Units that are still to be shipped. */
  unitsLeft: number;
  entries: (ShippedUnits & { trackingNow: Tracking | null })[];
};

export type ShippingWrite = {
  atMs: number;
  operation: string;
  orderId: string;
  shipmentId: string | null;
  effect:
    | 'tracking'
    | 'created'
    | 'shipped'
    | 'deleted'
    | 'readyForPickUp'
    | 'warehouse'
    | 'information';
  tracking: Tracking | null;
};

export type DoubleShipment = {
  atMs: number;
  operation: string;
  orderId: string;
  /** `refused`: goods that had left were reported again, and the marketplace said no.
   *  `sameParcel`: two despatched shipments of a line carry one tracking number. */
  kind: 'refused' | 'sameParcel';
  lineIds: string[];
  shipmentIds: string[];
};
