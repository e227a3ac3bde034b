/** Taking back what was not shipped: whole orders, lines, or some units of a line. */
import type { MiraklClient } from './client.ts';
import { pathSegment } from './query.ts';
import {
  type CreatedReversal,
  checkReversals,
  type NewReversal,
  readReversals,
  reversalWire,
} from './reversals.ts';

/** Units of a line to cancel, and the money that goes with them. `reasonCode` is of type CANCELATION. */
export type NewCancelation = NewReversal;

/** What became of one line's cancelation. `unmentioned`: the answer does not name the line; read the order
 *  again (`cancelations` of its line) before it is sent again. */
export type CancelationResult = { orderLineId: string } & (
  | { outcome: 'created'; cancelation: CreatedReversal & { cancelationId: string } }
  | { outcome: 'unmentioned'; cancelation: null }
);

/** Cancels a whole order, without a reason. Refused unless the order says `canCancel`, so also when an earlier
 *  call got through: read the order before judging. Throws VendorError. Source: OR29. */
export async function cancelOrder(client: MiraklClient, marketplaceOrderId: string): Promise<void> {
  await client.call({
    operation: 'OR29',
    method: 'PUT',
    path: `/api/orders/${pathSegment(marketplaceOrderId)}/cancel`,
    read: null,
  });
}

/** Cancels 1 to 100 lines in part or whole; one result per line given, in the same order. The answer has no
 *  list of errors: whether one wrong line refuses the whole call is not documented, so give the lines of one
 *  order only. Never repeat it unread: it cancels again. `taxMode` says what the amounts mean; pass the
 *  order's own. Without it the operator's default holds. Throws VendorError; RangeError for none, too many, a
 *  line given twice, an amount below 0 or of more than 15 digits, a quantity that is no whole number.
 *  Source: OR30. */
export async function cancelLines(
  client: MiraklClient,
  given: { cancelations: readonly NewCancelation[]; taxMode?: string | undefined },
): Promise<CancelationResult[]> {
  const { cancelations, taxMode } = given;
  checkReversals('OR30', cancelations);
  const { value } = await client.call({
    operation: 'OR30',
    method: 'PUT',
    path: '/api/orders/cancel',
    body: { cancelations: cancelations.map(reversalWire), order_tax_mode: taxMode },
    read: (body) => readReversals(body, 'cancelations'),
    rows: () => cancelations.length,
  });
  return cancelations.map(({ orderLineId }): CancelationResult => {
    const row = value.get(orderLineId);
    if (!row || row.cancelationId === null)
      return { orderLineId, outcome: 'unmentioned', cancelation: null };
    const { cancelationId, reversal } = row;
    return { orderLineId, outcome: 'created', cancelation: { cancelationId, ...reversal } };
  });
}
