import { describe, expect, it } from 'vitest';
import { miraklLane } from './ceilings.ts';

const channel = { partnerClass: 'default', pollSeconds: 300 } as const;

describe('miraklLane', () => {
  const minute: [operation: string, leastGapMs: number][] = [
    ['STO01', 60_000],
    ['STO02', 15_000],
    ['STO03', 60_000],
    ['OF01', 60_000],
    ['OF02', 60_000],
    ['OF03', 60_000],
    ['OF52', 60_000],
    ['OF53', 10_000],
    ['ST12', 300_000],
  ];
  it.each(minute)('%s has its own lane, %i ms and a margin wide', (operation, leastGapMs) => {
    const lane = miraklLane(operation, channel);
    expect(lane).toMatchObject({ name: operation, isExclusive: false });
    expect(lane.gapMs).toBeGreaterThan(leastGapMs);
    expect(lane.gapMs).toBeLessThanOrEqual(leastGapMs + 1_000);
  });

  it.each(['OF21', 'OF22', 'OF54', 'OR21', 'OR23', 'OR24', 'OR28', 'OR30', 'ST01', 'ST11', 'ST24'])(
    '%s shares the lane of events',
    (operation) => {
      expect(miraklLane(operation, channel).name).toBe('events');
    },
  );

  it('an integrator polls orders every quarter of an hour, a seller every minute', () => {
    const gapMs = (partnerClass: 'default' | 'external') =>
      miraklLane('OR11', { ...channel, partnerClass }).gapMs;
    expect([gapMs('external'), gapMs('default')]).toEqual([901_000, 61_000]);
  });
});
