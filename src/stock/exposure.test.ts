import { describe, expect, it } from 'vitest';
import { exposure, type Publish, type Sale } from './exposure.ts';

const noon = Date.UTC(2026, 10, 27, 12);
const second = 1000;

function publish(given: Partial<Publish> = {}): Publish {
  const times = { at: noon, doneAt: noon + 60 * second };
  return { channel: 'jl', shopSku: 'A', ...times, quantity: 9, pool: 10, buffer: 1, ...given };
}

function sold(units: number, afterSeconds: number, channel = 'jl'): Sale {
  return { channel, at: noon + afterSeconds * second, units };
}

describe('exposure', () => {
  const cases: [string, Publish[], Sale[], number][] = [
    ['no sale while under way, no risk', [publish()], [sold(5, -1), sold(5, 61)], 0],
    ['a sale at the time of the figure is known to it', [publish()], [sold(5, 0)], 0],
    ['a sale as the number arrives is not', [publish()], [sold(5, 60)], 4],
    ['the buffer absorbs what it can', [publish()], [sold(1, 30)], 0],
    ['sales on any channel count', [publish()], [sold(2, 10, 'jl'), sold(2, 20, 'other')], 3],
    ['nobody buys more than is shown', [publish({ quantity: 2, pool: 3 })], [sold(50, 30)], 2],
    ['a number of 0 is no risk', [publish({ quantity: 0, pool: 1 })], [sold(5, 30)], 0],
    [
      'a number above the pool withholds nothing',
      [publish({ quantity: 4, pool: 2, buffer: 0 })],
      [sold(1, 30)],
      1,
    ],
    [
      'the units of two listings add up',
      [publish(), publish({ channel: 'other' })],
      [sold(3, 30)],
      4,
    ],
  ];
  it.each(cases)('%s', (_, publishes, sales, units) => {
    expect(exposure(publishes, sales)).toEqual([{ day: '2026-11-27', units }]);
  });

  it('counts on the UTC day on which the number arrived, in order of days', () => {
    const late = { at: noon + 43_190 * second, doneAt: noon + 43_200 * second };
    expect(exposure([publish(late), publish()], [sold(3, 43_195), sold(2, 5)])).toEqual([
      { day: '2026-11-27', units: 1 },
      { day: '2026-11-28', units: 2 },
    ]);
    expect(exposure([], [sold(1, 1)])).toEqual([]);
  });

  const buffers: [string, Publish, number, number][] = [
    ['no buffer exposes every unit', publish(), 0, 4],
    ['the same buffer, the same result', publish(), 1, 3],
    ['a larger buffer exposes less', publish(), 3, 1],
    ['a buffer larger than the pool lists nothing', publish(), 11, 0],
    ['a divided pool stays divided', publish({ quantity: 5 }), 0, 0],
    [
      'a pool that the buffer hid is shown by a smaller one',
      publish({ pool: 3, buffer: 5, quantity: 0 }),
      0,
      3,
    ],
  ];
  it.each(buffers)('%s', (_, one, bufferUnits, units) => {
    expect(exposure([one], [sold(4, 30)], { bufferUnits })[0]?.units).toBe(units);
  });
});
