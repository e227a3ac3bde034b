import { describe, expect, it } from 'vitest';
import { moneyAtStake, retryAt } from './retry.ts';

const policies = { retryFirstSeconds: 30, retryMostSeconds: 1800 };
const now = new Date('2026-02-03T10:00:00Z');

describe('retryAt', () => {
  it.each([
    ['the first wait is the first', 0, 30],
    ['the wait doubles', 1, 60],
    ['it doubles again', 4, 480],
    ['it stops at the longest', 6, 1800],
    ['a very large count is still the longest', 5_000, 1800],
  ])('%s', (_rule, attempts, seconds) => {
    expect(retryAt(now, attempts, policies).getTime() - now.getTime()).toBe(seconds * 1_000);
  });

  it('a first wait above the longest is cut to it', () => {
    const at = retryAt(now, 0, { retryFirstSeconds: 90, retryMostSeconds: 60 });
    expect(at).toEqual(new Date('2026-02-03T10:01:00Z'));
  });
});

describe('moneyAtStake', () => {
  it.each([
    ['pounds become pence', '15.64', 1564n],
    ['parts of a penny are rounded', '0.005', 1n],
    ['nothing is nothing', '0', 0n],
  ])('%s', (_rule, total, pence) => {
    expect(moneyAtStake({ total_price: total })).toBe(pence);
  });
});
