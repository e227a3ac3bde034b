/** Writes an order as OR11 and OR15 show it. The text is kept until the order changes. */
import { Dice } from '../kernel.ts';
import { isoOf, isoOrNone } from './dates.ts';
import { Decimal, type Json, Money, type Penman, write } from './json.ts';
import { type Market, stampOf } from './market.ts';
import {
  cancelationJson,
  commissionOf,
  inMode,
  lineTaxes,
  orderTaxes,
  rate,
  refundJson,
  type Writer,
} from './money-json.ts';
import type { TaxMode } from './options.ts';
import { shownTracking } from './shipments/carriers.ts';
import {
  type AddressInput,
  type CustomValue,
  isFullyRefunded,
  refundedPence,
  type SimLine,
  type SimOrder,
  shownState,
  startedUnits,
  unitsToShip,
} from './state.ts';

export type OrderOddity = { unknownField?: boolean; unknownEnum?: boolean };

/** Texts and replaced texts held at most; more would fill the memory of a long run. */
const maxTexts = 30_000;
const maxReplaced = 1_000;

/** The order's JSON. With another tax mode than its own, or an oddity forced on it, it is not
 *  kept. */
export function orderText(
  market: Market,
  order: SimOrder,
  taxMode: TaxMode = order.taxMode,
  oddity: OrderOddity = {},
): string {
  if (taxMode !== order.taxMode || oddity.unknownEnum || oddity.unknownField) {
    return compose(market, order, taxMode, oddity);
  }
  const { kept, replaced } = market.texts;
  const held = kept.get(order);
  if (held?.version === order.version) return held.text;
  const text = compose(market, order, taxMode, oddity);
  kept.delete(order);
  hold(kept, order, { version: order.version, text }, maxTexts);
  if (held) {
    replaced.delete(order);
    hold(replaced, order, held.text, maxReplaced);
  }
  return text;
}

/** The order as last written before its newest version; null when it never was, or long ago. */
export function staleText(market: Market, order: SimOrder): string | null {
  orderText(market, order);
  return market.texts.replaced.get(order) ?? null;
}

/** Adds an entry and drops the oldest ones above the limit. */
function hold<Value>(
  into: Map<SimOrder, Value>,
  order: SimOrder,
  value: Value,
  limit: number,
): void {
  into.set(order, value);
  if (into.size <= limit) return;
  for (const oldest of into.keys()) {
    into.delete(oldest);
    return;
  }
}

function compose(market: Market, order: SimOrder, mode: TaxMode, oddity: OrderOddity): string {
  const { quirks } = market.settings;
  const isStrange = new Dice(`enum:${order.quirkSeed}`).chance(quirks.unknownEnums);
  const pen: Penman = { ...quirks, dice: new Dice(`${order.quirkSeed}:${order.version}`) };
  const writer = { market, order, mode, pen, isStrange: isStrange || oddity.unknownEnum === true };
  const text = write(orderJson(writer), pen);
  return oddity.unknownField ? `{"x_forced_field":{"deep":[null,1]},${text.slice(1)}` : text;
}

function orderJson(writer: Writer): Json {
  const { market, order } = writer;
  const { settings } = market;
  const sums = sumsOf(market, order);
  const isShipping = order.state === 'SHIPPING' && !order.fulfilledByOperator;
  return {
    acceptance_decision_date: isoOrNone(order.decidedMs),
    can_cancel:
      settings.cancelableStates.includes(order.state) &&
      order.lines.every((line) => startedUnits(line) === 0),
    can_shop_ship: isShipping && order.lines.some((line) => unitsToShip(line) > 0),
    channel: order.channel ?? undefined,
    commercial_id: order.commercialId,
    created_date: stampOf(market, order.createdMs),
    currency_iso_code: settings.currency,
    customer: customerJson(writer),
    customer_debited_date: isoOrNone(order.debitedMs),
    customer_directly_pays_seller: false,
    customer_notification_email: order.notificationEmail,
    delivery_date: {
      earliest: isoOf(order.shippingDeadlineMs + 24 * 3600_000),
      latest: isoOf(order.shippingDeadlineMs + 3 * 24 * 3600_000),
    },
    discount_campaigns: undefined,
    fulfillment: { center: { code: order.fulfilledByOperator ? 'OPERATOR_CENTER' : 'DEFAULT' } },
    fully_refunded: order.lines.every(isFullyRefunded),
    has_customer_message: order.hasCustomerMessage,
    has_incident: order.lines.some((line) => line.hasIncident),
    has_invoice: false,
    invoice_details: undefined,
    last_updated_date: stampOf(market, order.updatedMs),
    leadtime_to_ship: settings.leadTimeDays,
    order_additional_fields: customFields(writer, order.customFields),
    order_id: order.orderId,
    order_lines: order.lines.map((line) => lineJson(writer, line)),
    order_refunds: undefined,
    order_state: order.state,
    ...orderReason(order),
    order_tax_mode: writer.mode,
    order_taxes: orderTaxes(writer, sums.price + sums.shipping),
    paymentType: 'CARD',
    payment_duration: undefined,
    payment_type: 'CARD',
    payment_workflow: writer.isStrange ? 'PAY_IN_INSTALMENTS' : order.paymentWorkflow,
    price: inMode(writer, sums.price + order.oddPence),
    promotions: { applied_promotions: [], total_deduced_amount: new Money(0) },
    quote_id: undefined,
    references: {
      order_reference_for_customer: order.referenceForCustomer ?? undefined,
      order_reference_for_seller: order.referenceForSeller ?? undefined,
    },
    ...shippingJson(writer, sums.shipping),
    total_commission: new Money(sums.commission),
    total_price: inMode(writer, sums.price + sums.shipping + order.oddPence),
    transaction_date: isoOrNone(order.debitedMs),
    transaction_number: order.debitedMs === null ? undefined : `T-${order.orderId}`,
  };
}

/** How the order travels; for parcels see ST11. */
function shippingJson(writer: Writer, shippingPence: number): { [field: string]: Json } {
  const { market, order } = writer;
  const { shippingTypes } = market.settings;
  const type = shippingTypes.find((one) => one.code === order.shippingTypeCode);
  const tracking = shownTracking(order.tracking);
  return {
    shipping_carrier_code: tracking?.carrierCode ?? undefined,
    shipping_carrier_standard_code: tracking?.carrierStandardCode ?? undefined,
    shipping_company: tracking?.carrierName ?? undefined,
    shipping_deadline: isoOf(order.shippingDeadlineMs),
    shipping_price: inMode(writer, shippingPence),
    shipping_pudo_id: undefined,
    shipping_tracking: tracking?.number ?? undefined,
    shipping_tracking_url: tracking?.url ?? undefined,
    shipping_type_code: order.shippingTypeCode,
    shipping_type_label: type?.label ?? order.shippingTypeCode,
    shipping_type_standard_code: type?.standardCode ?? undefined,
    shipping_zone_code: order.shippingZone.code,
    shipping_zone_label: order.shippingZone.label,
  };
}

function sumsOf(market: Market, order: SimOrder) {
  const sums = { price: 0, shipping: 0, commission: 0 };
  for (const line of order.lines) {
    const { fee, tax } = commissionOf(market, line.pricePence + line.shippingPence);
    sums.price += line.pricePence;
    sums.shipping += line.shippingPence;
    sums.commission += fee + tax;
  }
  return sums;
}

function orderReason(order: SimOrder): { [field: string]: Json } {
  const isOver = ['REFUSED', 'CANCELED', 'CLOSED'].includes(order.state);
  const line = isOver ? order.lines.find((one) => one.reasonCode !== null) : undefined;
  return {
    order_state_reason_code: line?.reasonCode ?? undefined,
    order_state_reason_label: line?.reasonLabel ?? undefined,
  };
}

function customerJson(writer: Writer): Json {
  const { customer, detailsShown, billTo, shipTo } = writer.order;
  return {
    accounting_contact: undefined,
    billing_address: detailsShown ? addressJson(billTo, false) : null,
    civility: customer.civility ?? undefined,
    customer_id: customer.id,
    delivery_contact: undefined,
    firstname: customer.firstname,
    lastname: customer.lastname,
    locale: customer.locale ?? undefined,
    organization: undefined,
    shipping_address: detailsShown ? addressJson(shipTo, true) : null,
  };
}

/** Parts as given: null stays null, a part not given is null or absent. */
export function addressJson(address: AddressInput, isShipping: boolean): Json {
  return {
    city: address.city,
    civility: address.civility,
    company: address.company,
    company_2: address.company_2,
    country: address.country,
    country_iso_code: address.country_iso_code,
    firstname: address.firstname,
    lastname: address.lastname,
    phone: address.phone,
    phone_secondary: address.phone_secondary,
    state: address.state,
    street_1: address.street_1,
    street_2: address.street_2,
    zip_code: address.zip_code,
    ...(isShipping ? { additional_info: address.additional_info } : {}),
  };
}

function lineJson(writer: Writer, line: SimLine): Json {
  const { market } = writer;
  const { fee, tax } = commissionOf(market, line.pricePence + line.shippingPence);
  const commissionRate = rate(writer, market.settings.commissionTaxPercent);
  const left = refundedPence(line);
  return {
    can_refund:
      market.settings.refundableStates.includes(line.stage) &&
      left.price + left.shipping < line.pricePence + line.shippingPence,
    cancelations: line.cancelations.map((entry) => cancelationJson(writer, entry)),
    category_code: line.categoryCode,
    category_label: line.categoryLabel,
    commission_fee: new Money(fee),
    commission_rate_vat: commissionRate,
    commission_taxes: [{ amount: new Money(tax), code: 'TAXDEFAULT', rate: commissionRate }],
    commission_vat: new Money(tax),
    created_date: stampOf(market, line.createdMs),
    debited_date: isoOrNone(line.debitedMs),
    description: null,
    discount_campaign: undefined,
    eco_contributions: [],
    fees: [],
    last_updated_date: stampOf(market, line.updatedMs),
    measurement: undefined,
    offer_id: line.offerId,
    offer_sku: line.offerSku,
    offer_state_code: line.offerState,
    order_line_additional_fields: customFields(writer, line.customFields),
    order_line_id: line.lineId,
    order_line_index: line.index,
    order_line_state: shownState(line),
    order_line_state_reason_code: line.reasonCode ?? undefined,
    order_line_state_reason_label: line.reasonLabel ?? undefined,
    origin_unit_price: inMode(writer, line.unitPence),
    price: inMode(writer, line.pricePence),
    price_additional_info: undefined,
    price_amount_breakdown: undefined,
    price_unit: inMode(writer, line.unitPence),
    product_medias: mediasJson(writer, line),
    product_shop_sku: line.offerSku,
    product_sku: line.productSku,
    product_title: line.productTitle,
    promotions: [],
    quantity: line.quantity,
    received_date: isoOrNone(line.receivedMs),
    refunds: line.refunds.map((entry) => refundJson(writer, entry)),
    shipped_date: isoOrNone(line.shippedMs),
    shipping_from: {
      address: {
        city: 'Exampleton',
        country_iso_code: 'GBR',
        state: undefined,
        zip_code: 'XX1 1ZZ',
      },
      warehouse: undefined,
    },
    shipping_price: inMode(writer, line.shippingPence),
    shipping_price_additional_unit: undefined,
    shipping_price_unit: undefined,
    shipping_taxes: lineTaxes(writer, line.shippingPence),
    tax_legal_notice: undefined,
    taxes: lineTaxes(writer, line.pricePence),
    total_commission: new Money(fee + tax),
    total_price: inMode(writer, line.pricePence + line.shippingPence),
  };
}

function mediasJson(writer: Writer, line: SimLine): Json {
  const media = { media_url: `/media/product/${line.offerId}`, mime_type: 'JPEG' };
  if (writer.isStrange) return [{ ...media, type: 'HOLOGRAM' }];
  return line.offerId % 2 === 0 ? [] : [{ ...media, type: 'MEDIUM' }];
}

function customFields(writer: Writer, values: ReadonlyMap<string, CustomValue>): Json {
  const { customFieldValues } = writer.market.settings.quirks;
  const isTyped =
    customFieldValues === 'typed' || (customFieldValues === 'mixed' && writer.pen.dice.chance(0.5));
  return [...values].map(([code, value]) => {
    const field = writer.market.settings.customFields.find((one) => one.code === code);
    return { code, type: field?.type ?? 'STRING', value: customValue(value, isTyped) };
  });
}

/** Text for everything but lists, or the JSON type that follows the field's type. */
function customValue(value: CustomValue, isTyped: boolean): Json {
  if (typeof value === 'number') return isTyped ? new Decimal(String(value)) : String(value);
  if (typeof value === 'boolean') return isTyped ? value : String(value);
  return value;
}
