/** The wire shape of an order and its translation into our words. */
import { z } from 'zod';
import {
  date,
  dateOrNull,
  decimal,
  decimalOrNull,
  flag,
  list,
  objectOrNull,
  required,
  text,
} from './fields.ts';
import type { Address, Contact, Customer, MarketplaceOrder, OrderTax } from './order.ts';
import { additionalField, orderLine } from './order-line-schema.ts';

const orderTax = z
  .object({ code: required, rate: decimalOrNull, total_amount: decimal })
  .transform(({ total_amount, ...rest }): OrderTax => ({ ...rest, totalAmount: total_amount }));

const contactFields = {
  customer_id: text,
  civility: text,
  firstname: text,
  lastname: text,
  locale: text,
};
const contactWire = z.object(contactFields);
const contact = contactWire.transform(toContact);

/** An address; one of nothing but nulls is null. */
export const address = z
  .object({
    civility: text,
    firstname: text,
    lastname: text,
    company: text,
    company_2: text,
    street_1: text,
    street_2: text,
    city: text,
    state: text,
    zip_code: text,
    country: text,
    country_iso_code: text,
    phone: text,
    phone_secondary: text,
    additional_info: text,
  })
  .transform((wire): Address | null => {
    if (Object.values(wire).every((value) => value === null)) return null;
    return {
      civility: wire.civility,
      firstName: wire.firstname,
      lastName: wire.lastname,
      company: wire.company,
      company2: wire.company_2,
      street1: wire.street_1,
      street2: wire.street_2,
      city: wire.city,
      state: wire.state,
      zipCode: wire.zip_code,
      country: wire.country,
      countryIsoCode: wire.country_iso_code,
      phone: wire.phone,
      phoneSecondary: wire.phone_secondary,
      additionalInfo: wire.additional_info,
    };
  });

const customerWire = z.object({
  ...contactFields,
  organization: objectOrNull(
    z.object({
      organization_id: text,
      name: text,
      identification_number: text,
      tax_identification_number: text,
    }),
  ),
  accounting_contact: objectOrNull(contact),
  delivery_contact: objectOrNull(contact),
  billing_address: objectOrNull(address),
  shipping_address: objectOrNull(address),
});

const orderWire = z.object({
  order_id: required,
  commercial_id: required,
  order_state: required,
  order_state_reason_code: text,
  order_state_reason_label: text,
  order_lines: z.array(orderLine),
  customer: objectOrNull(customerWire),
  customer_notification_email: text,
  references: objectOrNull(
    z.object({ order_reference_for_customer: text, order_reference_for_seller: text }),
  ),
  channel: objectOrNull(z.object({ code: text })),
  created_date: date,
  last_updated_date: date,
  acceptance_decision_date: dateOrNull,
  shipping_deadline: dateOrNull,
  delivery_date: objectOrNull(z.object({ earliest: dateOrNull, latest: dateOrNull })),
  customer_debited_date: dateOrNull,
  currency_iso_code: required,
  order_tax_mode: text,
  payment_workflow: text,
  payment_type: text,
  paymentType: text,
  transaction_number: text,
  transaction_date: dateOrNull,
  price: decimal,
  shipping_price: decimal,
  total_price: decimal,
  total_commission: decimalOrNull,
  promotions: objectOrNull(z.object({ total_deduced_amount: decimalOrNull })),
  shipping_type_code: text,
  shipping_type_label: text,
  shipping_type_standard_code: text,
  shipping_zone_code: text,
  shipping_zone_label: text,
  shipping_carrier_code: text,
  shipping_carrier_standard_code: text,
  shipping_company: text,
  shipping_tracking: text,
  shipping_tracking_url: text,
  shipping_pudo_id: text,
  fulfillment: objectOrNull(z.object({ center: objectOrNull(z.object({ code: text })) })),
  order_taxes: list(orderTax),
  order_refunds: list(z.object({ order_refund_id: required, taxes: list(orderTax) })),
  order_additional_fields: list(additionalField),
  quote_id: text,
  can_cancel: flag,
  can_shop_ship: flag,
  has_incident: flag,
  has_customer_message: flag,
  has_invoice: flag,
  fully_refunded: flag,
  customer_directly_pays_seller: flag,
});

/** One order as OR11 and OR15 send it. Fails when an id, a state, a date of change, a price or a quantity is
 *  missing or wrong, or when two lines share an id; everything else may be absent. */
export const orderSchema: z.ZodType<MarketplaceOrder> = orderWire
  .refine(
    (wire) => new Set(wire.order_lines.map((l) => l.orderLineId)).size === wire.order_lines.length,
    {
      message: 'two lines share one order_line_id',
    },
  )
  .transform(toOrder);

function toContact(wire: z.output<typeof contactWire>): Contact {
  return {
    customerId: wire.customer_id,
    civility: wire.civility,
    firstName: wire.firstname,
    lastName: wire.lastname,
    locale: wire.locale,
  };
}

function toCustomer(
  wire: z.output<typeof customerWire> | null,
  notificationEmail: string | null,
): Customer {
  const organisation = wire?.organization ?? null;
  return {
    customerId: wire?.customer_id ?? null,
    civility: wire?.civility ?? null,
    firstName: wire?.firstname ?? null,
    lastName: wire?.lastname ?? null,
    locale: wire?.locale ?? null,
    organisation: organisation && {
      organisationId: organisation.organization_id,
      name: organisation.name,
      identificationNumber: organisation.identification_number,
      taxIdentificationNumber: organisation.tax_identification_number,
    },
    accountingContact: wire?.accounting_contact ?? null,
    deliveryContact: wire?.delivery_contact ?? null,
    notificationEmail,
  };
}

function toOrder(wire: z.output<typeof orderWire>): MarketplaceOrder {
  return {
    marketplaceOrderId: wire.order_id,
    commercialId: wire.commercial_id,
    state: wire.order_state,
    stateReasonCode: wire.order_state_reason_code,
    stateReasonLabel: wire.order_state_reason_label,
    lines: wire.order_lines,
    customer: toCustomer(wire.customer, wire.customer_notification_email),
    shippingAddress: wire.customer?.shipping_address ?? null,
    billingAddress: wire.customer?.billing_address ?? null,
    references: {
      forCustomer: wire.references?.order_reference_for_customer ?? null,
      forSeller: wire.references?.order_reference_for_seller ?? null,
    },
    channelCode: wire.channel?.code ?? null,
    createdAt: wire.created_date,
    updatedAt: wire.last_updated_date,
    acceptanceDecisionDate: wire.acceptance_decision_date,
    shippingDeadline: wire.shipping_deadline,
    deliveryWindow: wire.delivery_date,
    fulfilmentCentreCode: wire.fulfillment?.center?.code ?? null,
    orderTaxes: wire.order_taxes,
    orderRefunds: wire.order_refunds.map((refund) => {
      return { orderRefundId: refund.order_refund_id, taxes: refund.taxes };
    }),
    additionalFields: wire.order_additional_fields,
    quoteId: wire.quote_id,
    canCancel: wire.can_cancel,
    canShopShip: wire.can_shop_ship,
    hasIncident: wire.has_incident,
    hasCustomerMessage: wire.has_customer_message,
    hasInvoice: wire.has_invoice,
    fullyRefunded: wire.fully_refunded,
    ...toPayment(wire),
    ...toShipping(wire),
  };
}

function toPayment(wire: z.output<typeof orderWire>) {
  return {
    customerDebitedAt: wire.customer_debited_date,
    customerDirectlyPaysSeller: wire.customer_directly_pays_seller,
    currency: wire.currency_iso_code,
    taxMode: wire.order_tax_mode,
    paymentWorkflow: wire.payment_workflow,
    // The camel-case twin is deprecated; older operators send nothing else.
    paymentType: wire.payment_type ?? wire.paymentType,
    transactionNumber: wire.transaction_number,
    transactionDate: wire.transaction_date,
    price: wire.price,
    shippingPrice: wire.shipping_price,
    totalPrice: wire.total_price,
    totalCommission: wire.total_commission,
    totalDeducedAmount: wire.promotions?.total_deduced_amount ?? null,
  };
}

function toShipping(wire: z.output<typeof orderWire>) {
  return {
    shippingTypeCode: wire.shipping_type_code,
    shippingTypeLabel: wire.shipping_type_label,
    shippingTypeStandardCode: wire.shipping_type_standard_code,
    shippingZoneCode: wire.shipping_zone_code,
    shippingZoneLabel: wire.shipping_zone_label,
    shippingCarrierCode: wire.shipping_carrier_code,
    shippingCarrierStandardCode: wire.shipping_carrier_standard_code,
    shippingCompany: wire.shipping_company,
    shippingTracking: wire.shipping_tracking,
    shippingTrackingUrl: wire.shipping_tracking_url,
    shippingPudoId: wire.shipping_pudo_id,
  };
}
