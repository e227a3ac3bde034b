import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divided, type Outlet, type Pool, type Target, targetsOf } from './availability.ts';
import { type EffectiveRule, effectiveRule } from './rules.ts';

const facts = { lagSeconds: 120, decay: { percentPerStep: 50, thinUnits: 2 } };
const today = { channel: 'jl', itemCode: 'A', group: null, tags: [], on: '2026-11-27' };

/** Shows all there is, unless told otherwise. */
function rule(given: Partial<EffectiveRule> = {}): EffectiveRule {
  const plain = { bufferUnits: 0, serviceLevel: 0, splitBelow: 0 };
  return { ...effectiveRule({ rules: [] }, today), ...plain, ...given };
}

function pool(available: number, given: Partial<Pool> = {}): Pool {
  return { itemCode: 'A', available, promised: 0, unitsPerHour: 0, decayStep: 0, ...given };
}

function outlet(given: Partial<Outlet> = {}): Outlet {
  const parts = [{ itemCode: 'A', each: 1 }];
  const some = { key: 'jl/A', channel: 'jl', itemCode: 'A', parts, rule: rule(), standing: 0 };
  return { ...some, ...given };
}

function targets(pools: Pool[], outlets: Outlet[], wanted = outlets.map((o) => o.key)): Target[] {
  const byCode = new Map(pools.map((one) => [one.itemCode, one]));
  return targetsOf(byCode, outlets, new Set(wanted), facts);
}

function quantities(pools: Pool[], outlets: Outlet[]): number[] {
  return targets(pools, outlets).map(({ quantity }) => quantity);
}

describe('targetsOf: one listing', () => {
  const cases: [string, Pool, Partial<EffectiveRule>, number, string][] = [
    ['shows all that is available', pool(10), {}, 10, 'pool'],
    ['does not show what is promised', pool(10, { promised: 4 }), {}, 6, 'pool'],
    ['a negative available figure sells as zero', pool(-3), {}, 0, 'pool'],
    ['more promised than available sells as zero', pool(3, { promised: 5 }), {}, 0, 'pool'],
    ['half a unit is none', pool(2.5), {}, 2, 'pool'],
    ['withholds units', pool(10), { bufferUnits: 3 }, 7, 'pool'],
    ['withholds per cent, rounded up', pool(15), { bufferPercent: 10 }, 13, 'pool'],
    ['adds units and per cent', pool(10), { bufferUnits: 2, bufferPercent: 10 }, 7, 'pool'],
    ['a whole per cent is not rounded up', pool(5000), { bufferPercent: 2.2 }, 4890, 'pool'],
    ['a buffer above the pool is zero', pool(2), { bufferUnits: 3 }, 0, 'pool'],
    [
      'a fast seller withholds the sales of a lag',
      pool(10, { unitsPerHour: 60 }),
      { bufferUnits: 1, serviceLevel: 0.95 },
      5,
      'pool',
    ],
    [
      'the larger buffer counts, not the sum',
      pool(10, { unitsPerHour: 60 }),
      { bufferUnits: 6, serviceLevel: 0.95 },
      4,
      'pool',
    ],
    ['old figures decay', pool(10, { decayStep: 1 }), {}, 5, 'pool'],
    ['thin items are zero when old', pool(2, { decayStep: 1 }), {}, 0, 'pool'],
    [
      'the percentage is of what has decayed',
      pool(10, { decayStep: 1 }),
      { bufferPercent: 20 },
      4,
      'pool',
    ],
    ['never more than the most', pool(10), { most: 4 }, 4, 'most'],
    ['a most of 0 is zero', pool(10), { most: 0 }, 0, 'most'],
    ['the most is no promise', pool(3), { most: 4 }, 3, 'pool'],
    ['at the cut-off it is zero', pool(3), { cutOff: 3 }, 0, 'cut off'],
    ['above the cut-off it is shown', pool(4), { cutOff: 3 }, 4, 'pool'],
    ['the cut-off comes after the most', pool(10), { most: 3, cutOff: 3 }, 0, 'cut off'],
    ['alone it is never divided', pool(10), { splitBelow: 100 }, 10, 'pool'],
    ['a figure that is no number is none', pool(Number.NaN), {}, 0, 'no figure'],
    ['a promise that is no number', pool(9, { promised: Number.NaN }), {}, 0, 'no figure'],
  ];
  it.each(cases)('%s', (_, one, given, quantity, decidedBy) => {
    const [target] = targets([one], [outlet({ rule: rule(given) })]);
    expect(target).toMatchObject({ quantity, terms: { decidedBy, limitedBy: 'A' } });
  });

  it('is 0 for an item the warehouse gave no figure for', () => {
    expect(targets([], [outlet()])).toMatchObject([
      { quantity: 0, terms: { decidedBy: 'no figure', parts: [{ figure: null, makes: 0 }] } },
    ]);
  });

  it('explains itself with every number', () => {
    const given = pool(20, { promised: 3, unitsPerHour: 60, decayStep: 1 });
    const its = rule({ bufferUnits: 1, bufferPercent: 10, serviceLevel: 0.5, most: 4 });
    expect(targets([given], [outlet({ rule: its, standing: 9 })])).toEqual([
      {
        key: 'jl/A',
        quantity: 4,
        terms: {
          decidedBy: 'most',
          limitedBy: 'A',
          made: 6,
          rule: its,
          standing: 9,
          parts: [
            {
              itemCode: 'A',
              each: 1,
              division: null,
              quota: 6,
              makes: 6,
              figure: {
                ...{ available: 20, promised: 3, sellable: 17, decayStep: 1, decayed: 8 },
                ...{ bufferFixed: 2, unitsPerHour: 60, lagSeconds: 120, bufferVelocity: 2 },
                ...{ buffer: 2, usable: 6 },
              },
            },
          ],
        },
      },
    ]);
  });
});

describe('targetsOf: kits', () => {
  const pools = [pool(10), pool(7, { itemCode: 'B' })];
  const cases: [string, Outlet['parts'], number, string, string | null][] = [
    ['the scarcest part decides', [part('A', 1), part('B', 2)], 3, 'pool', 'B'],
    ['the first by code of equals decides', [part('B', 7), part('A', 10)], 1, 'pool', 'A'],
    ['the same part twice adds up', [part('A', 2), part('A', 2)], 2, 'pool', 'A'],
    ['a kit without parts is zero', [], 0, 'no parts', null],
    ['a part without a figure', [part('A', 1), part('C', 1)], 0, 'no figure', 'C'],
    ['a part counted as zero', [part('A', 1), part('B', 0)], 0, 'bad part', 'B'],
    ['half a part', [part('A', 0.5), part('A', 0.5)], 0, 'bad part', 'A'],
    ['a bad count is not mended by a good one', [part('A', -1), part('A', 2)], 0, 'bad part', 'A'],
  ];
  it.each(cases)('%s', (_, parts, quantity, decidedBy, limitedBy) => {
    expect(targets(pools, [outlet({ parts })])).toMatchObject([
      { quantity, terms: { decidedBy, limitedBy } },
    ]);
  });
});

function part(itemCode: string, each: number): { itemCode: string; each: number } {
  return { itemCode, each };
}

describe('targetsOf: several listings of one pool', () => {
  const split = rule({ splitBelow: 20 });
  function listing(key: string, standing: number, given: Partial<Outlet> = {}): Outlet {
    return outlet({ key, standing, rule: split, ...given });
  }

  const cases: [string, number, Outlet[], number[]][] = [
    ['at splitBelow each shows all', 20, [listing('a', 20), listing('b', 20)], [20, 20]],
    ['below it they divide', 19, [listing('a', 20), listing('b', 20)], [10, 9]],
    [
      'splitBelow 0 is never divided, and holds nobody back',
      10,
      [listing('a', 10, { rule: rule() }), listing('b', 0)],
      [10, 5],
    ],
    [
      'by weight',
      12,
      [listing('a', 12, { rule: rule({ splitBelow: 20, share: 3 }) }), listing('b', 12)],
      [9, 3],
    ],
    [
      'weight 0 gets nothing',
      12,
      [listing('a', 12, { rule: rule({ splitBelow: 20, share: 0 }) }), listing('b', 12)],
      [0, 12],
    ],
    ['the last unit goes to the first key', 1, [listing('b', 1), listing('a', 1)], [1, 0]],
    [
      'the last unit goes to the single item, not the kit',
      1,
      [listing('a', 1, { parts: [part('A', 1), part('B', 1)] }), listing('b', 1)],
      [0, 1],
    ],
    [
      'units above the most of one go to the others',
      10,
      [listing('a', 10, { rule: rule({ splitBelow: 20, most: 2 }) }), listing('b', 10)],
      [2, 8],
    ],
    [
      'a kit that can never be made takes no share',
      10,
      [listing('a', 0, { parts: [part('A', 1), part('Z', 1)] }), listing('b', 10)],
      [0, 10],
    ],
    [
      'a kit divides in units of the pool',
      9,
      [listing('a', 9, { parts: [part('A', 2)] }), listing('b', 9)],
      [2, 5],
    ],
    ['nobody rises into what another still shows', 10, [listing('a', 10), listing('b', 0)], [5, 0]],
    ['it rises as far as there is room', 10, [listing('a', 7), listing('b', 0)], [5, 3]],
    ['standing at its share it stays', 10, [listing('a', 5), listing('b', 5)], [5, 5]],
    [
      'the room is divided between those that rise',
      9,
      [listing('a', 5), listing('b', 0), listing('c', 0)],
      [3, 2, 2],
    ],
    [
      'what a kit shows counts by its components',
      10,
      [listing('a', 4, { parts: [part('A', 2)] }), listing('b', 0)],
      [2, 2],
    ],
    [
      'each divides what its own buffer leaves',
      10,
      [listing('a', 0), listing('b', 0, { rule: rule({ splitBelow: 20, bufferUnits: 6 }) })],
      [5, 2],
    ],
  ];
  it.each(cases)('%s', (_, available, outlets, expected) => {
    expect(quantities([pool(available), pool(50, { itemCode: 'B' })], outlets)).toEqual(expected);
  });

  it('says whether the share or what others show decided', () => {
    const [a, b] = targets([pool(10)], [listing('a', 7), listing('b', 0)]);
    expect(a?.terms.decidedBy).toBe('share');
    expect(b?.terms).toMatchObject({
      decidedBy: 'standing',
      parts: [
        {
          quota: 3,
          division: { listings: 2, share: 1, shares: 2, quota: 5, standingOthers: 7, ceiling: 3 },
        },
      ],
    });
  });

  it('gives the same whether the others are wanted or only weigh in', () => {
    const outlets = [listing('a', 5), listing('b', 0), listing('c', 0)];
    const all = targets([pool(9)], outlets);
    for (const one of all) expect(targets([pool(9)], outlets, [one.key])).toEqual([one]);
    expect(targets([pool(9)], outlets, [])).toEqual([]);
  });
});

describe('divided', () => {
  const anyTakers = fc.array(
    fc.record({
      weight: fc.oneof(fc.nat(5), fc.double({ min: 0.001, max: 100, noNaN: true })),
      most: fc.oneof(fc.nat(60), fc.constant(Number.POSITIVE_INFINITY)),
    }),
    { maxLength: 6 },
  );

  it('is what handing out the units one by one would give', () => {
    fc.assert(
      fc.property(fc.nat(300), anyTakers, (units, takers) => {
        const byHand = takers.map(() => 0);
        for (let unit = 0; unit < units; unit += 1) {
          const ranks = takers.map(({ weight, most }, at) =>
            byHand[at]! < most ? weight / (2 * byHand[at]! + 1) : 0,
          );
          const best = ranks.indexOf(Math.max(...ranks));
          if (best >= 0 && ranks[best]! > 0) byHand[best]! += 1;
        }
        expect(divided(units, takers)).toEqual(byHand);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no unit from anybody when there is one more', () => {
    fc.assert(
      fc.property(fc.nat(100_000), anyTakers, (units, takers) => {
        const more = divided(units + 1, takers);
        for (const [at, quota] of divided(units, takers).entries()) {
          expect(more[at]).toBeGreaterThanOrEqual(quota);
        }
      }),
    );
  });
});
