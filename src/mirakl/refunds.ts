/** Giving money back for order lines, shipped or not. */
import type { MiraklClient } from './client.ts';
import {
  type CreatedReversal,
  checkReversals,
  type NewReversal,
  readReversals,
  reversalWire,
} from './reversals.ts';

/** Money to give back for one line. `quantity` only informs; the money is in the amounts. `reasonCode` is of
 *  type REFUND. */
export type NewRefund = NewReversal & {
  /** True: these units are not to be shipped any more. Without it, units refunded before despatch still count
   *  as to be shipped. */
  isExcludedFromShipment: boolean;
};

/** A refund as noted; paid out later (`refunds` of the order's line say how far it is). */
export type CreatedRefund = CreatedReversal & {
  refundId: string;
  /** Groups the refunds of one order in one call. */
  orderRefundId: string | null;
  isExcludedFromShipment: boolean | null;
};

/** What became of one line's refund. `unmentioned`: the answer does not name the line; read the order again
 *  (`refunds` of its line) before it is sent again. */
export type RefundResult = { orderLineId: string } & (
  | { outcome: 'created'; refund: CreatedRefund }
  | { outcome: 'unmentioned'; refund: null }
);

/** Refunds 1 to 100 lines; one result per line given, in the same order. The answer has no list of errors:
 *  whether one wrong line refuses the whole call is not documented, so give the lines of one order only. Never
 *  repeat it unread: it pays again. `taxMode` says what the amounts mean; pass the order's own. Without it the
 *  operator's default holds. Refused for a wrong reason, too little balance (`saysBalanceIsTooLow`), an order
 *  not yet debited or already CLOSED, and what else the operator rules.
 *  Throws VendorError; RangeError for none, too many, a line given twice, an amount below 0 or of more than 15
 *  digits, a quantity that is no whole number. Source: OR28. */
export async function refundLines(
  client: MiraklClient,
  given: { refunds: readonly NewRefund[]; taxMode?: string | undefined },
): Promise<RefundResult[]> {
  const { refunds, taxMode } = given;
  checkReversals('OR28', refunds);
  const { value } = await client.call({
    operation: 'OR28',
    method: 'PUT',
    path: '/api/orders/refund',
    body: {
      refunds: refunds.map((refund) => {
        return { ...reversalWire(refund), excluded_from_shipment: refund.isExcludedFromShipment };
      }),
      order_tax_mode: taxMode,
    },
    read: (body) => readReversals(body, 'refunds'),
    rows: () => refunds.length,
  });
  return refunds.map(({ orderLineId }): RefundResult => {
    const row = value.get(orderLineId);
    if (!row || row.refundId === null) return { orderLineId, outcome: 'unmentioned', refund: null };
    const { refundId, orderRefundId, isExcludedFromShipment, reversal } = row;
    const refund = { refundId, orderRefundId, isExcludedFromShipment, ...reversal };
    return { orderLineId, outcome: 'created', refund };
  });
}

/** Whether a refusal's `vendorMessage` says that the shop's balance does not cover the refund, which then may
 *  succeed later. False proves nothing: an operator may word it in its own language.
 *  Source: ChannelEngine help, "Why is my refund not exported?". */
export function saysBalanceIsTooLow(message: string): boolean {
  return /\bsufficient\b.*\bbalance\b/i.test(message);
}
