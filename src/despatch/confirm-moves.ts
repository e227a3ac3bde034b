/** What is said of a confirmation on its way, and how it moves. */
import type { Tracking } from '../mirakl/tracking.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { Confirmation, ConfirmationMove } from './store.ts';

/** From the answer to the first look whether the marketplace shows it. */
export const verifyAfterMs = 5_000;

/** Carrier and number in the words of the wire; null when there is no carrier to name. */
export function trackingOf(one: Confirmation): Tracking | null {
  const trackingNumber = one.trackingNumber === '' ? null : one.trackingNumber;
  if (one.carrierCode !== null) return { carrier: { code: one.carrierCode }, trackingNumber };
  if (one.carrierName === null) return null;
  const { carrierName: name, trackingUrl: url } = one;
  return { carrier: url === null ? { name } : { name, url }, trackingNumber };
}

/** A confirmation at another step, due then. */
export function moveOf(
  one: Confirmation,
  step: Confirmation['step'],
  dueAt: Date | null,
  more: Partial<ConfirmationMove> = {},
): ConfirmationMove {
  const { channel, marketplaceOrderId, parcel } = one;
  return { channel, marketplaceOrderId, parcel, ifStep: one.step, step, dueAt, ...more };
}

/** One that the marketplace took just now. */
export function shippedMove(
  context: FlowContext,
  one: Confirmation,
  more: Partial<ConfirmationMove> = {},
): ConfirmationMove {
  const now = context.clock.now();
  return moveOf(one, 'shipped', new Date(now.getTime() + verifyAfterMs), {
    shippedAt: now,
    attempts: 0,
    ...more,
  });
}

/** Tells confirmations apart. */
export function keyOf(one: {
  channel: string;
  marketplaceOrderId: string;
  parcel: string;
}): string {
  return JSON.stringify([one.channel, one.marketplaceOrderId, one.parcel]);
}
