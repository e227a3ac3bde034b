/** When work that did not succeed is tried again, and what it is worth. Pure. */
import { roundedPence, toDecimal } from '../money.ts';

/** Doubles from the first wait to the longest; `attempts` counts earlier tries. */
export function retryAt(
  now: Date,
  attempts: number,
  policies: { retryFirstSeconds: number; retryMostSeconds: number },
): Date {
  const seconds = Math.min(
    policies.retryMostSeconds,
    policies.retryFirstSeconds * 2 ** Math.min(attempts, 20),
  );
  return new Date(now.getTime() + seconds * 1_000);
}

/** What the shopper pays for the order. Units: pence. */
export function moneyAtStake(order: { total_price: string }): bigint {
  return roundedPence(toDecimal(order.total_price));
}
