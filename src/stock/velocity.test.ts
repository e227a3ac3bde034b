import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poissonQuantile, salesRate, velocityBuffer } from './velocity.ts';

describe('poissonQuantile', () => {
  it.each([
    ['nothing sells', 0, 0.999, 0],
    ['level 0 is off', 5, 0, 0],
    ['a chance of exactly e^-1 of none', 1, 0.367, 0],
    ['just above the chance of none', 1, 0.368, 1],
    ['published table: mean 1', 1, 0.99, 4],
    ['published table: mean 2', 2, 0.95, 5],
    ['published table: mean 10', 10, 0.95, 15],
    ['published table: mean 10, rare', 10, 0.999, 21],
    ['the median of a whole mean is the mean', 1000, 0.5, 1000],
    ['a very small mean', 1e-6, 0.99999, 0],
    ['a small mean at a high level', 0.01, 0.99999, 2],
  ])('%s', (_, mean, level, quantile) => {
    expect(poissonQuantile(mean, level)).toBe(quantile);
  });

  it('is the sum of the textbook formula, where that can be computed', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 600, noNaN: true }),
        fc.double({ min: 0.5, max: 0.99999, noNaN: true }),
        (mean, level) => {
          let chance = Math.exp(-mean);
          let sum = chance;
          let n = 0;
          while (sum < level) {
            n += 1;
            chance *= mean / n;
            sum += chance;
          }
          expect(Math.abs(poissonQuantile(mean, level) - n)).toBeLessThanOrEqual(
            Math.abs(sum - level) < 1e-11 ? 1 : 0,
          );
        },
      ),
    );
  });

  it('is near the normal quantile with its skew where the mean is large', () => {
    for (const mean of [1e3, 1e4, 1e6]) {
      const z = 3.090232;
      const expected = mean + z * Math.sqrt(mean) + (z * z - 1) / 6 - 0.5;
      expect(Math.abs(poissonQuantile(mean, 0.999) - expected)).toBeLessThanOrEqual(1.1);
    }
  });

  const anyMean = fc.oneof(
    fc.double({ min: 0, max: 50, noNaN: true }),
    fc.double({ min: 0, max: 20_000, noNaN: true }),
  );
  const anyLevel = fc.double({ min: 0, max: 0.99999, noNaN: true });

  it('never falls when the mean rises', () => {
    fc.assert(
      fc.property(anyMean, anyMean, anyLevel, (a, b, level) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(poissonQuantile(low, level)).toBeLessThanOrEqual(poissonQuantile(high, level));
      }),
    );
    expect(poissonQuantile(1e8, 0.99999)).toBeLessThan(poissonQuantile(1e8 + 1, 0.5));
  });

  it('never falls when the level rises', () => {
    fc.assert(
      fc.property(anyMean, anyLevel, anyLevel, (mean, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(poissonQuantile(mean, low)).toBeLessThanOrEqual(poissonQuantile(mean, high));
      }),
    );
  });

  it.each([
    ['a negative mean', -1, 0.9],
    ['a mean that is no number', Number.NaN, 0.9],
    ['certainty', 1, 1],
    ['a level below 0', 1, -0.1],
  ])('refuses %s', (_, mean, level) => {
    expect(() => poissonQuantile(mean, level)).toThrow(RangeError);
  });
});

describe('velocityBuffer', () => {
  it('covers the sales of one lag', () => {
    const lag = { unitsPerHour: 60, lagSeconds: 120, serviceLevel: 0.95 };
    expect(velocityBuffer(lag)).toBe(5);
    expect(velocityBuffer({ ...lag, lagSeconds: 0 })).toBe(0);
    expect(velocityBuffer({ ...lag, serviceLevel: 0 })).toBe(0);
  });
});

describe('salesRate', () => {
  it.each([
    ['no window, no sales', [], 0],
    [
      'a burst counts by its short window',
      [
        { hours: 0.25, units: 10 },
        { hours: 24, units: 48 },
      ],
      40,
    ],
    [
      'a lull leaves the long window',
      [
        { hours: 0.25, units: 0 },
        { hours: 24, units: 48 },
      ],
      2,
    ],
  ])('%s', (_, windows, rate) => {
    expect(salesRate(windows)).toBe(rate);
  });

  it('refuses a window without length', () => {
    expect(() => salesRate([{ hours: 0, units: 1 }])).toThrow(RangeError);
  });
});
