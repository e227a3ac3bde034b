/** States of an order and of its sales order, and which moves are allowed. */

/** Ours, of the whole order.
 *  received: seen, nothing to ship yet. accepted: lines are to be shipped. parked: a person must act before it
 *  can go on. exported: seen in the warehouse with every line. cancelled: nothing is left to ship.
 *  despatched, confirmed, settled: later flows. */
export type OrderState =
  | 'received'
  | 'accepted'
  | 'parked'
  | 'exported'
  | 'despatched'
  | 'confirmed'
  | 'settled'
  | 'cancelled';

const moves: Record<OrderState, readonly OrderState[]> = {
  received: ['accepted', 'parked', 'cancelled', 'despatched'],
  accepted: ['parked', 'exported', 'cancelled', 'despatched'],
  parked: ['accepted', 'exported', 'cancelled', 'despatched', 'received'],
  exported: ['despatched', 'cancelled', 'parked'],
  despatched: ['confirmed', 'cancelled'],
  confirmed: ['settled'],
  settled: [],
  cancelled: ['accepted', 'received'],
};

/** True when an order may go from one state to the other. */
export function mayMove(from: OrderState, to: OrderState): boolean {
  return moves[from].includes(to);
}

/** Steps of a sales order on its way into the warehouse.
 *  staged: ready to send. header-sent: the intent to send the header is recorded, its answer is not.
 *  header-in: the header was taken. lines-sent: as header-sent, for the lines. lines-in: all taken; to be seen
 *  in the warehouse. verified: seen there whole. cancelling: to be cancelled there; cancel-sent: sent, to be
 *  seen cancelled. cancelled: seen cancelled, or never sent. stopped: waits for a person. */
export type ExportStep =
  | 'staged'
  | 'header-sent'
  | 'header-in'
  | 'lines-sent'
  | 'lines-in'
  | 'verified'
  | 'cancelling'
  | 'cancel-sent'
  | 'cancelled'
  | 'stopped';

/** Steps at which the warehouse may hold something of the order. */
export const stepsPastSending: readonly ExportStep[] = [
  'header-sent',
  'header-in',
  'lines-sent',
  'lines-in',
  'verified',
  'cancelling',
  'cancel-sent',
  'stopped',
];

/** Marketplace words. */
export const wire = {
  shipping: 'SHIPPING',
  waitingAcceptance: 'WAITING_ACCEPTANCE',
  /** Of a line only; hides the state under it. */
  incident: 'INCIDENT_OPEN',
  /** Line states from which nothing will be shipped any more. */
  withdrawn: ['REFUSED', 'CANCELED', 'REFUNDED'] as readonly string[],
  /** Line states at which the goods are on their way or there. */
  gone: ['SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED'] as readonly string[],
} as const;
