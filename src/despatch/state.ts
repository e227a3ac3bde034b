/** Steps of a confirmation: how far the marketplace has been told of a parcel. */

/** waiting: something is missing (tracking, a carrier, the rest of the order); `waits_for` says what. ready: to be
 *  told. tracking-sent, ship-sent, shipment-sent: the intent to send it is recorded, the answer is not. tracked:
 *  the marketplace took the tracking number, the order is not shipped yet. shipped: it answered that it is; to be
 *  seen there. verified: seen there. correcting: shipped, and the tracking number is another one by now.
 *  stopped: waits for a person. moot: nothing is left to tell (shipped by hand, or cancelled). */
export type ConfirmationStep = (typeof steps)[number];

/** Every step, in the order in which a parcel goes through them. */
export const steps = [
  'waiting',
  'ready',
  'tracking-sent',
  'tracked',
  'ship-sent',
  'shipment-sent',
  'shipped',
  'correcting',
  'verified',
  'stopped',
  'moot',
] as const;

/** Steps at which a call was sent and nobody knows its effect: looked up before anything is repeated. */
export const unanswered: readonly ConfirmationStep[] = [
  'tracking-sent',
  'ship-sent',
  'shipment-sent',
];

/** Steps from which the marketplace may know of the parcel: its lines never change any more. */
export const told: readonly ConfirmationStep[] = [
  'ship-sent',
  'shipment-sent',
  'shipped',
  'correcting',
  'verified',
];
