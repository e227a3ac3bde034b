import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decayed, feedStage } from './decay.ts';

describe('feedStage', () => {
  const limits = { lateSeconds: 600, darkSeconds: 1800, stepSeconds: 900 };
  it.each([
    ['just read', 0, 'fresh', 0],
    ['a clock that was set back', -5, 'fresh', 0],
    ['a second before late', 599, 'fresh', 0],
    ['late from the limit on', 600, 'late', 0],
    ['a second before dark', 1799, 'late', 0],
    ['dark from the limit on, at step 1', 1800, 'dark', 1],
    ['a second before the next step', 2699, 'dark', 1],
    ['a step for every full stepSeconds', 2700, 'dark', 2],
    ['never read', null, 'dark', 1000],
    ['dark for ever', 1e12, 'dark', 1000],
    ['an age that is no number', Number.NaN, 'dark', 1000],
  ])('%s', (_, ageSeconds, word, step) => {
    expect(feedStage({ ageSeconds, ...limits })).toEqual({ word, step });
  });

  it('is dark and not late when both limits are the same', () => {
    expect(feedStage({ ageSeconds: 600, ...limits, darkSeconds: 600 }).word).toBe('dark');
  });
});

describe('decayed', () => {
  const rule = { percentPerStep: 30, thinUnits: 3 };
  it.each([
    ['step 0 changes nothing', 10, 0, 10],
    ['step 0 leaves thin items alone', 1, 0, 1],
    ['step 0 leaves a negative figure negative', -4, 0, -4],
    ['thin items are 0 from step 1', 3, 1, 0],
    ['others lose their percentage', 10, 1, 7],
    ['twice the percentage at step 2', 10, 2, 4],
    ['rounded down', 5, 1, 3],
    ['never below 0', 10, 9, 0],
    ['a negative figure is 0', -4, 1, 0],
  ])('%s', (_, units, step, left) => {
    expect(decayed(units, step, rule)).toBe(left);
  });

  it('never rises with the step and never falls with the units', () => {
    const whole = fc.nat(500);
    fc.assert(
      fc.property(
        whole,
        fc.nat(9),
        fc.record({ percentPerStep: fc.nat(100), thinUnits: fc.nat(20) }),
        (units, step, any) => {
          const left = decayed(units, step, any);
          expect(left).toBeGreaterThanOrEqual(0);
          expect(decayed(units, step + 1, any)).toBeLessThanOrEqual(left);
          expect(decayed(units + 1, step, any)).toBeGreaterThanOrEqual(left);
        },
      ),
    );
  });
});
