/** Amounts, taxes and commission as orders show them. */
import { isoOf, isoOrNone } from './dates.ts';
import { Decimal, type Json, Money, type Penman, percentOf } from './json.ts';
import type { Market } from './market.ts';
import type { Settings, TaxMode } from './options.ts';
import type { Cancelation, Refund, SimOrder } from './state.ts';

/** What one order is written with. */
export type Writer = {
  market: Market;
  order: SimOrder;
  mode: TaxMode;
  pen: Penman;
  isStrange: boolean;
};
type InMode = Pick<Writer, 'market' | 'order' | 'mode'>;

/** Pence in the tax mode asked for; without tax lines both modes show the same. */
export function inMode(writer: InMode, pence: number): Money {
  const { tax } = writer.market.settings;
  if (!tax || writer.mode === writer.order.taxMode) return new Money(pence);
  const taxPence = taxOf(writer, pence);
  return new Money(writer.mode === 'TAX_INCLUDED' ? pence + taxPence : pence - taxPence);
}

/** The other way round: pence in the order's own mode of an amount given in another. All that is
 *  left stays all, whatever the rounding. */
export function ownPence(writer: InMode, given: number, leftPence: number): number {
  const { tax } = writer.market.settings;
  if (!tax || writer.mode === writer.order.taxMode) return given;
  if (inMode(writer, leftPence).pence === given) return leftPence;
  if (writer.mode === 'TAX_EXCLUDED') return given + percentOf(given, tax.ratePercent);
  return given - Math.round((given * tax.ratePercent) / (100 + tax.ratePercent));
}

/** The tax on, or within, an amount in the order's own mode. */
export function taxOf(writer: Pick<Writer, 'market' | 'order'>, pence: number): number {
  const { tax } = writer.market.settings;
  if (!tax) return 0;
  if (writer.order.taxMode === 'TAX_EXCLUDED') return percentOf(pence, tax.ratePercent);
  return Math.round((pence * tax.ratePercent) / (100 + tax.ratePercent));
}

/** The tax lines of a whole order. */
export function orderTaxes(writer: Writer, pence: number): Json {
  const { tax } = writer.market.settings;
  if (!tax) return undefined;
  const total = new Money(taxOf(writer, pence));
  return [{ code: tax.code, rate: rate(writer, tax.ratePercent), total_amount: total }];
}

/** The tax lines of a price. */
export function lineTaxes(writer: Writer, pence: number): Json {
  const { tax } = writer.market.settings;
  if (!tax) return [];
  return [
    {
      amount: new Money(taxOf(writer, pence)),
      code: tax.code,
      rate: rate(writer, tax.ratePercent),
      tax_calculation_rule: tax.rule,
    },
  ];
}

/** Taxes inside a refund or cancelation carry no calculation rule. */
function moneyBackTaxes(writer: Writer, pence: number): Json {
  const { tax } = writer.market.settings;
  if (!tax) return [];
  const amount = new Money(taxOf(writer, pence));
  return [{ amount, code: tax.code, rate: rate(writer, tax.ratePercent) }];
}

/** One entry of `cancelations`. */
export function cancelationJson(writer: Writer, entry: Cancelation): Json {
  const { fee, tax } = commissionOf(writer.market, entry.amountPence + entry.shippingPence);
  return {
    amount: inMode(writer, entry.amountPence),
    commission_amount: new Money(fee),
    commission_taxes: [{ amount: new Money(tax), code: 'TAXDEFAULT' }],
    commission_total_amount: new Money(fee + tax),
    created_date: isoOf(entry.createdMs),
    eco_contributions: [],
    fees: [],
    id: entry.id,
    quantity: entry.quantity,
    reason_code: entry.reasonCode ?? undefined,
    shipping_amount: inMode(writer, entry.shippingPence),
    shipping_taxes: moneyBackTaxes(writer, entry.shippingPence),
    taxes: moneyBackTaxes(writer, entry.amountPence),
  };
}

/** One entry of `refunds`. */
export function refundJson(writer: Writer, entry: Refund): Json {
  const { fee, tax } = commissionOf(writer.market, entry.amountPence + entry.shippingPence);
  return {
    amount: inMode(writer, entry.amountPence),
    commission_amount: new Money(fee),
    commission_tax_amount: new Money(tax),
    commission_taxes: [{ amount: new Money(tax), code: 'TAXDEFAULT' }],
    commission_total_amount: new Money(fee + tax),
    created_date: isoOf(entry.createdMs),
    eco_contributions: [],
    fees: [],
    id: entry.id,
    order_refund_id: entry.orderRefundId,
    quantity: entry.quantity,
    reason_code: entry.reasonCode,
    refund_state: entry.state,
    shipping_amount: inMode(writer, entry.shippingPence),
    shipping_taxes: moneyBackTaxes(writer, entry.shippingPence),
    state: entry.state,
    tax_legal_notice: undefined,
    taxes: moneyBackTaxes(writer, entry.amountPence),
    transaction_date: isoOrNone(entry.paidMs),
    transaction_number: entry.paidMs === null ? undefined : `R-${entry.id}`,
  };
}

/** A percentage as the pen writes it. */
export function rate(writer: Writer, percent: number): Decimal {
  return new Decimal(writer.pen.decimals === 'two' ? percent.toFixed(4) : String(percent));
}

/** Commission on an amount, and the tax on that commission; in pence. */
export function commissionOf(
  { settings }: { settings: Settings },
  pence: number,
): { fee: number; tax: number } {
  const fee = percentOf(pence, settings.commissionPercent);
  return { fee, tax: percentOf(fee, settings.commissionTaxPercent) };
}
