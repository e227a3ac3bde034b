import { describe, expect, it } from 'vitest';
import { boundsOf, onOffer, tooMuchTogether } from './shown.ts';

const uses = (...shown: number[]) =>
  shown.map((units, at) => ({ channel: `m${at}`, shopSku: 'A', each: 1, shown: units }));
const pool = (supply: number, shown: number[], unitsPerHour = 0) => ({
  itemCode: 'A',
  supply,
  unitsPerHour,
  uses: uses(...shown),
});

describe('what one listing may show', () => {
  it.each([
    ['all but one unit of what does not sell', 500, 0, 1, { least: 499, most: 499 }],
    ['nothing of the last unit', 1, 0, 1, { least: 0, most: 0 }],
    ['nothing of what is owed already', -3, 0, 2, { least: 0, most: 0 }],
    ['every listing all of an ample pool', 5_000, 0, 2, { least: 4_999, most: 4_999 }],
    ['its share of a small pool, the odd unit either way', 8, 0, 2, { least: 3, most: 4 }],
    ['fewer by what may sell unseen', 5_000, 4, 2, { least: 4_992, most: 4_999 }],
    ['either, when the buffer may bring the pool below 100', 103, 4, 2, { least: 47, most: 102 }],
  ])('%s', (_rule, supply, unitsPerHour, count, wanted) => {
    expect(boundsOf({ supply, unitsPerHour }, count)).toEqual(wanted);
  });
});

describe('what listings show together', () => {
  it.each([
    ['a small pool is shown once', pool(40, [20, 19]), null],
    [
      'a small pool is not shown twice',
      pool(40, [20, 20]),
      '40 units shown together, at most 39 may be',
    ],
    ['an ample pool is shown by everybody', pool(400, [399, 399]), null],
    ['a single listing has no others', pool(40, [40]), null],
  ])('%s', (_rule, given, wanted) => {
    expect(tooMuchTogether(given)).toBe(wanted);
  });

  it.each([
    ['a small pool: the sum', pool(40, [20, 19]), 39],
    ['an ample pool: the largest', pool(400, [399, 390]), 399],
    ['not listed anywhere: nothing', pool(400, []), 0],
  ])('units on offer of %s', (_rule, given, wanted) => {
    expect(onOffer(given)).toBe(wanted);
  });
});
