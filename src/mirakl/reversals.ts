/** What cancelations and refunds share on the wire: amounts taken back from order lines. */
import { z } from 'zod';
import type { DecimalText } from '../money.ts';
import {
  decimalOrNull,
  flagOrNull,
  list,
  readRows,
  required,
  text,
  unitsOrNull,
  valueAt,
} from './fields.ts';
import { exactNumber, type Json } from './json.ts';
import type { CodedAmount } from './order.ts';

/** Money to take back from one order line, in the order's currency. Amounts are for all units together, 0 or
 *  more, and mean what the tax mode of the call says. */
export type NewReversal = {
  orderLineId: string;
  /** Whole units, 0 or more. */
  quantity: number;
  /** Goods. */
  amount: DecimalText;
  shippingAmount: DecimalText;
  /** One of `readReasons` of the right type with `isShopRight`. */
  reasonCode: string;
  /** Tax on the goods to take back; due when the line has taxes whose `calculationRule` is `NONE`, and not
   *  allowed under order level tax calculation without tax in the prices. Left out when undefined. */
  taxes?: readonly CodedAmount[] | undefined;
  /** As `taxes`, of the shipping price. */
  shippingTaxes?: readonly CodedAmount[] | undefined;
  fees?: readonly CodedAmount[] | undefined;
  /** ISO 4217; due when it is not the operator's own. */
  currency?: string | undefined;
};

/** What the marketplace noted for one line. Null where the answer does not say. */
export type CreatedReversal = {
  orderLineId: string;
  quantity: number | null;
  amount: DecimalText | null;
  shippingAmount: DecimalText | null;
  reasonCode: string | null;
  currency: string | null;
  /** As given, or as Mirakl computed them. */
  taxes: CodedAmount[];
  shippingTaxes: CodedAmount[];
  fees: CodedAmount[];
};

/** Reversals in one call; ours, since Mirakl publishes no limit. Too large: one wrong line may refuse many
 *  good ones. */
const maxReversalsPerCall = 100;

/** Throws RangeError for reversals that one call does not take: none, too many, or two of one line, since the
 *  answer would not tell which is which. */
export function checkReversals(operation: string, reversals: readonly NewReversal[]): void {
  const count = reversals.length;
  if (count === 0 || count > maxReversalsPerCall)
    throw new RangeError(`${operation} takes 1 to ${maxReversalsPerCall} lines, got ${count}`);
  if (new Set(reversals.map(({ orderLineId }) => orderLineId)).size < count)
    throw new RangeError(`${operation} takes each order line once`);
}

/** One entry of OR28 or OR30 as it is sent. Throws RangeError for a quantity that is no whole number of 0 or
 *  more, an amount below 0 or of more than 15 digits, an empty line id or reason. */
export function reversalWire(reversal: NewReversal) {
  const { orderLineId, quantity, reasonCode } = reversal;
  if (orderLineId === '' || reasonCode === '')
    throw new RangeError('a reversal needs an order line id and a reason code');
  if (!Number.isSafeInteger(quantity) || quantity < 0)
    throw new RangeError(`quantity ${quantity} of line ${orderLineId} is not 0 or more units`);
  const amount = (value: DecimalText) => {
    if (value.startsWith('-')) throw new RangeError(`line ${orderLineId}: ${value} is below 0`);
    return exactNumber(value);
  };
  const coded = (values: readonly CodedAmount[] | undefined) =>
    values?.map((value) => ({ amount: amount(value.amount), code: value.code }));
  return {
    order_line_id: orderLineId,
    quantity,
    amount: amount(reversal.amount),
    shipping_amount: amount(reversal.shippingAmount),
    reason_code: reasonCode,
    taxes: coded(reversal.taxes),
    shipping_taxes: coded(reversal.shippingTaxes),
    fees: coded(reversal.fees),
    currency_iso_code: reversal.currency,
  };
}

/** Reads the list of created reversals, by order line; a row that cannot be read is left out, so that its line
 *  counts as unmentioned. Throws Unreadable when there is no list. */
export function readReversals(
  body: Json,
  key: 'cancelations' | 'refunds',
): ReadonlyMap<string, ReversalRow> {
  const { rows } = readRows(valueAt(body, key), key, { schema: rowSchema, idKey: 'order_line_id' });
  return new Map(rows.map((row) => [row.reversal.orderLineId, row]));
}

/** A row of either answer; each operation fills only its own ids. */
export type ReversalRow = {
  cancelationId: string | null;
  refundId: string | null;
  orderRefundId: string | null;
  isExcludedFromShipment: boolean | null;
  reversal: CreatedReversal;
};

const codedAmounts = list(z.object({ code: text, amount: decimalOrNull }))
  .transform((rows): CodedAmount[] =>
    rows.flatMap(({ code, amount }) => (code === null || amount === null ? [] : { code, amount })),
  )
  // Detail that OR11 tells again; not worth losing the news of a refund for.
  .catch([]);

const rowSchema = z
  .object({
    order_line_id: required,
    cancelation_id: text,
    refund_id: text,
    order_refund_id: text,
    quantity: unitsOrNull,
    amount: decimalOrNull,
    shipping_amount: decimalOrNull,
    reason_code: text,
    currency_iso_code: text,
    excluded_from_shipment: flagOrNull,
    taxes: codedAmounts,
    shipping_taxes: codedAmounts,
    fees: codedAmounts,
  })
  .transform((wire): ReversalRow => {
    return {
      cancelationId: wire.cancelation_id,
      refundId: wire.refund_id,
      orderRefundId: wire.order_refund_id,
      isExcludedFromShipment: wire.excluded_from_shipment,
      reversal: {
        orderLineId: wire.order_line_id,
        quantity: wire.quantity,
        amount: wire.amount,
        shippingAmount: wire.shipping_amount,
        reasonCode: wire.reason_code,
        currency: wire.currency_iso_code,
        taxes: wire.taxes,
        shippingTaxes: wire.shipping_taxes,
        fees: wire.fees,
      },
    };
  });
