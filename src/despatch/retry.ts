/** When a confirmation that was refused is tried again. Pure. */
import { hash } from 'node:crypto';

/** Doubles from the first wait to the longest, spread by up to a fifth so that many refused at once do not come
 *  back at once; an order near its deadline is tried four times as often. `attempts` counts tries made. */
export function retryAt(
  now: Date,
  attempts: number,
  policies: { retryFirstSeconds: number; retryMostSeconds: number },
  about: { id: string; deadline: Date | null },
): Date {
  const seconds = Math.min(
    policies.retryMostSeconds,
    policies.retryFirstSeconds * 2 ** Math.min(Math.max(0, attempts - 1), 20),
  );
  const leftSeconds = about.deadline
    ? (about.deadline.getTime() - now.getTime()) / 1_000
    : Number.POSITIVE_INFINITY;
  const isNear = leftSeconds > 0 && leftSeconds < nearSeconds;
  const part = Number.parseInt(hash('md5', `${about.id} ${attempts}`).slice(0, 6), 16) / 0xffffff;
  const wait = (isNear ? Math.max(15, seconds / 4) : seconds) * (1 + part / 5);
  return new Date(now.getTime() + wait * 1_000);
}

/** What counts as near a deadline. */
const nearSeconds = 4 * 3_600;
