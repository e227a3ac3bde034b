import { describe, expect, it } from 'vitest';
import { retryAt } from './retry.ts';

const now = new Date('2026-02-03T10:00:00Z');
const policies = { retryFirstSeconds: 30, retryMostSeconds: 3_600 };

function wait(attempts: number, own: { deadlineHours?: number; id?: string } = {}): number {
  const deadline =
    own.deadlineHours === undefined
      ? null
      : new Date(now.getTime() + own.deadlineHours * 3_600_000);
  const at = retryAt(now, attempts, policies, { id: own.id ?? 'A', deadline });
  return (at.getTime() - now.getTime()) / 1_000;
}

describe('retryAt', () => {
  it.each([
    ['the first wait', 1, 30],
    ['doubles', 2, 60],
    ['doubles again', 4, 240],
    ['never longer than the longest', 40, 3_600],
    ['nor for a count that no number holds', 5_000, 3_600],
    ['none counted is like one', 0, 30],
  ])('%s, and up to a fifth more', (_rule, attempts, seconds) => {
    expect(wait(attempts)).toBeGreaterThanOrEqual(seconds);
    expect(wait(attempts)).toBeLessThanOrEqual(seconds * 1.2);
  });

  it.each([
    ['near its deadline it is tried four times as often', 5, 3, 120],
    ['but never sooner than after 15 seconds', 1, 3, 15],
    ['far from its deadline it waits as ever', 5, 5, 480],
    ['past its deadline it waits as ever', 5, -1, 480],
  ])('%s', (_rule, attempts, deadlineHours, seconds) => {
    expect(wait(attempts, { deadlineHours })).toBeGreaterThanOrEqual(seconds);
    expect(wait(attempts, { deadlineHours })).toBeLessThanOrEqual(seconds * 1.2);
  });

  it('those refused at once do not come back at once', () => {
    const waits = Array.from({ length: 50 }, (_, at) => wait(1, { id: `A-${at}` }));
    expect(new Set(waits.map((one) => one.toFixed(1))).size).toBeGreaterThan(20);
  });

  it('the same try is due at the same time, however often it is asked', () => {
    expect(wait(3)).toBe(wait(3));
  });
});
