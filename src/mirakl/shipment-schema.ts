/** The wire shape of a shipment and its translation into our words. */
import { z } from 'zod';
import { date, dateOrNull, list, objectOrNull, required, text, units } from './fields.ts';

/** One shipment of an order, which is one despatched parcel or several. Codes and state words are verbatim and
 *  open. Source: ST11, ST01. */
export type Shipment = {
  shipmentId: string;
  marketplaceOrderId: string;
  /** `SHIPPING` (created, not shipped), `READY_FOR_PICK_UP`, `SHIPMENT_PREPARED`, `SHIPPED`, `TO_COLLECT`,
   *  `RECEIVED`, `CANCELED`, `CLOSED`, or newer. */
  state: string;
  /** `NO_DEBIT`, `NOT_STARTED`, ..., `DEBIT_OK`: where the shopper pays on shipment. */
  customerDebitState: string | null;
  lines: ShipmentLine[];
  /** Null when none was given. */
  tracking: ShipmentTracking | null;
  invoiceReference: string | null;
  warehouseCode: string | null;
  createdAt: Date;
  /** Null on one that was never changed. */
  updatedAt: Date | null;
  /** When the marketplace was told, not when the goods left. */
  shippedAt: Date | null;
  customerDebitedAt: Date | null;
};

export type ShipmentLine = {
  /** Null on older operators, which name the offer alone. */
  orderLineId: string | null;
  offerSku: string | null;
  packageReference: string | null;
  /** Units. Where units travel in several packages, the same units stand once per package. */
  quantity: number;
};

export type ShipmentTracking = {
  /** Null for a carrier that is not registered. */
  carrierCode: string | null;
  carrierStandardCode: string | null;
  carrierName: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  /** What Mirakl's own look at the carrier says: `MISSING_TRACKING`, `UNVERIFIED`, `UNCOVERED`, `INVALID`,
   *  `VERIFIED`; null where it does not look. */
  validityStatus: string | null;
  /** As the carrier told, in the order of the wire. */
  milestones: Milestone[];
};

/** A stage that the carrier reported. All texts verbatim. */
export type Milestone = {
  /** `IN_TRANSIT`, `OUT_FOR_DELIVERY`, `TO_COLLECT`, `DELIVERED`, `EXCEPTION`. */
  type: string | null;
  /** `YYYY-MM-DD`. */
  date: string | null;
  /** `hh:mm[:ss]`, local. */
  time: string | null;
  /** `±hh:mm` or `Z`; null when the carrier did not say, so that no instant can be made of it. */
  offset: string | null;
};

const milestone = z
  .object({
    type: text,
    occurrence_date: objectOrNull(z.object({ date: text, time: text, offset: text })),
  })
  .transform((wire): Milestone => {
    const at = wire.occurrence_date;
    return {
      type: wire.type,
      date: at?.date ?? null,
      time: at?.time ?? null,
      offset: at?.offset ?? null,
    };
  });

const tracking = z
  .object({
    carrier_code: text,
    carrier_standard_code: text,
    carrier_name: text,
    tracking_number: text,
    tracking_url: text,
    validity_status: text,
    // Reported by carriers, in shapes of their own; never worth losing a shipment for.
    milestones: list(milestone).catch([]),
  })
  .transform((wire): ShipmentTracking => {
    return {
      carrierCode: wire.carrier_code,
      carrierStandardCode: wire.carrier_standard_code,
      carrierName: wire.carrier_name,
      trackingNumber: wire.tracking_number,
      trackingUrl: wire.tracking_url,
      validityStatus: wire.validity_status,
      milestones: wire.milestones,
    };
  });

const line = z
  .object({ order_line_id: text, offer_sku: text, package_reference: text, quantity: units })
  .transform((wire): ShipmentLine => {
    return {
      orderLineId: wire.order_line_id,
      offerSku: wire.offer_sku,
      packageReference: wire.package_reference,
      quantity: wire.quantity,
    };
  });

/** One shipment as ST01 and ST11 send it. Fails when an id, the state, the date of creation or a quantity is
 *  missing or wrong; everything else may be absent. */
export const shipmentSchema: z.ZodType<Shipment> = z
  .object({
    id: required,
    order_id: required,
    status: required,
    status_customer_debit: text,
    shipment_lines: list(line),
    tracking: objectOrNull(tracking),
    invoice_reference: text,
    shipping_from: objectOrNull(z.object({ warehouse: objectOrNull(z.object({ code: text })) })),
    created_date: date,
    last_updated_date: dateOrNull,
    shipped_date: dateOrNull,
    payment_details: objectOrNull(z.object({ customer_debited_date: dateOrNull })),
  })
  .transform((wire): Shipment => {
    return {
      shipmentId: wire.id,
      marketplaceOrderId: wire.order_id,
      state: wire.status,
      customerDebitState: wire.status_customer_debit,
      lines: wire.shipment_lines,
      tracking: wire.tracking,
      invoiceReference: wire.invoice_reference,
      warehouseCode: wire.shipping_from?.warehouse?.code ?? null,
      createdAt: wire.created_date,
      updatedAt: wire.last_updated_date,
      shippedAt: wire.shipped_date,
      customerDebitedAt: wire.payment_details?.customer_debited_date ?? null,
    };
  });
