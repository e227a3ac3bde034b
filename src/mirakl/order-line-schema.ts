/** The wire shape of an order line, its cancelations and refunds, and their translation into our words. */
import { z } from 'zod';
import {
  dateOrNull,
  decimal,
  decimalOrNull,
  flag,
  list,
  objectOrNull,
  required,
  text,
  units,
  unitsOrNull,
} from './fields.ts';
import type {
  AdditionalField,
  Cancelation,
  MarketplaceOrderLine,
  Promotion,
  Refund,
  Reversal,
  Tax,
} from './order.ts';

const codedAmount = z.object({ code: required, amount: decimal });

const tax = z
  .object({ code: required, amount: decimal, rate: decimalOrNull, tax_calculation_rule: text })
  .transform(({ tax_calculation_rule, ...rest }): Tax => {
    return { ...rest, calculationRule: tax_calculation_rule };
  });

/** A custom field of an order or a line; a value of a kind we do not know is kept as its JSON text. */
export const additionalField = z.object({
  code: required,
  type: text,
  value: z.unknown().optional().transform(toFieldValue),
});

const promotion = z
  .object({ id: required, promo_code: text, deduced_amount: decimal, apportioned: flag })
  .transform((wire): Promotion => {
    return {
      promotionId: wire.id,
      promoCode: wire.promo_code,
      deducedAmount: wire.deduced_amount,
      isApportioned: wire.apportioned,
    };
  });

const reversalFields = {
  id: required,
  quantity: unitsOrNull,
  amount: decimalOrNull,
  shipping_amount: decimalOrNull,
  reason_code: text,
  commission_amount: decimalOrNull,
  commission_total_amount: decimalOrNull,
  commission_taxes: list(tax),
  taxes: list(tax),
  shipping_taxes: list(tax),
  fees: list(codedAmount),
  created_date: dateOrNull,
};
const reversalWire = z.object(reversalFields);

const cancelation = reversalWire.transform((wire): Cancelation => {
  return { cancelationId: wire.id, ...toReversal(wire) };
});

const refund = z
  .object({
    ...reversalFields,
    order_refund_id: text,
    refund_state: text,
    state: text,
    transaction_number: text,
    transaction_date: dateOrNull,
  })
  .transform((wire): Refund => {
    return {
      refundId: wire.id,
      orderRefundId: wire.order_refund_id,
      // `state` is the deprecated twin that lacks the newest word.
      state: wire.refund_state ?? wire.state,
      transactionNumber: wire.transaction_number,
      transactionDate: wire.transaction_date,
      ...toReversal(wire),
    };
  });

const lineWire = z.object({
  order_line_id: required,
  order_line_index: unitsOrNull,
  order_line_state: required,
  order_line_state_reason_code: text,
  order_line_state_reason_label: text,
  offer_sku: required,
  product_sku: text,
  product_shop_sku: text,
  offer_id: text,
  offer_state_code: text,
  product_title: text,
  description: text,
  category_code: text,
  category_label: text,
  quantity: units,
  price: decimal,
  price_unit: decimal,
  origin_unit_price: decimalOrNull,
  shipping_price: decimal,
  total_price: decimal,
  commission_fee: decimalOrNull,
  commission_taxes: list(tax),
  total_commission: decimalOrNull,
  fees: list(codedAmount),
  taxes: list(tax),
  shipping_taxes: list(tax),
  tax_legal_notice: text,
  promotions: list(promotion),
  cancelations: list(cancelation),
  refunds: list(refund),
  order_line_additional_fields: list(additionalField),
  shipping_from: objectOrNull(z.object({ warehouse: objectOrNull(z.object({ code: text })) })),
  can_refund: flag,
  created_date: dateOrNull,
  last_updated_date: dateOrNull,
  debited_date: dateOrNull,
  shipped_date: dateOrNull,
  received_date: dateOrNull,
});

/** One order line. Fails when its id, state, shop SKU, quantity or a price is missing or wrong. */
export const orderLine = lineWire.transform((wire): MarketplaceOrderLine => {
  return {
    orderLineId: wire.order_line_id,
    index: wire.order_line_index,
    state: wire.order_line_state,
    reasonCode: wire.order_line_state_reason_code,
    reasonLabel: wire.order_line_state_reason_label,
    offerSku: wire.offer_sku,
    productSku: wire.product_sku,
    productShopSku: wire.product_shop_sku,
    offerId: wire.offer_id,
    offerStateCode: wire.offer_state_code,
    title: wire.product_title,
    description: wire.description,
    categoryCode: wire.category_code,
    categoryLabel: wire.category_label,
    quantity: wire.quantity,
    price: wire.price,
    unitPrice: wire.price_unit,
    originUnitPrice: wire.origin_unit_price,
    shippingPrice: wire.shipping_price,
    totalPrice: wire.total_price,
    commission: wire.commission_fee,
    commissionTaxes: wire.commission_taxes,
    totalCommission: wire.total_commission,
    fees: wire.fees,
    taxes: wire.taxes,
    shippingTaxes: wire.shipping_taxes,
    taxLegalNotice: wire.tax_legal_notice,
    promotions: wire.promotions,
    cancelations: wire.cancelations,
    refunds: wire.refunds,
    additionalFields: wire.order_line_additional_fields,
    warehouseCode: wire.shipping_from?.warehouse?.code ?? null,
    canRefund: wire.can_refund,
    createdAt: wire.created_date,
    updatedAt: wire.last_updated_date,
    debitedAt: wire.debited_date,
    shippedAt: wire.shipped_date,
    receivedAt: wire.received_date,
  };
});

function toReversal(wire: z.output<typeof reversalWire>): Reversal {
  return {
    quantity: wire.quantity,
    amount: wire.amount,
    shippingAmount: wire.shipping_amount,
    reasonCode: wire.reason_code,
    commissionAmount: wire.commission_amount,
    commissionTotalAmount: wire.commission_total_amount,
    commissionTaxes: wire.commission_taxes,
    taxes: wire.taxes,
    shippingTaxes: wire.shipping_taxes,
    fees: wire.fees,
    createdAt: wire.created_date,
  };
}

function toFieldValue(value: unknown): AdditionalField['value'] {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((entry) => String(toFieldValue(entry) ?? ''));
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number | boolean);
}
