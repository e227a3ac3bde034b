import { describe, expect, it } from 'vitest';
import { matchRows, type RowOutcome } from './row-results.ts';

type Said = readonly (readonly [reference: string | null, status: string])[];

const orders = ['JL-1', 'JL-2', 'JL-3'].map((reference) => ({ reference, aliases: [] }));
const items = [
  { reference: 'JL-1/A', aliases: ['JL-1', 'A', 'JL-1-A'] },
  { reference: 'JL-1/B', aliases: ['JL-1', 'B', 'JL-1-B'] },
  { reference: 'JL-2/A', aliases: ['JL-2', 'A', 'JL-2-A'] },
];

const outcomes = (keys: typeof items, said: Said): RowOutcome[] =>
  matchRows(
    keys,
    said.map(([reference, status]) => ({ reference, status })),
  ).map((row) => row.outcome);

describe('matchRows', () => {
  const rows: [rule: string, said: Said, expected: RowOutcome[]][] = [
    [
      'one for each, in order',
      [
        ['JL-1', 'Success'],
        ['JL-2', 'Error'],
        ['JL-3', 'Success'],
      ],
      ['success', 'error', 'success'],
    ],
    [
      'one for each, in another order, go by reference',
      [
        ['JL-3', 'Error'],
        ['JL-1', 'Success'],
        ['JL-2', 'Success'],
      ],
      ['success', 'success', 'error'],
    ],
    [
      'references without letter case and blanks',
      [
        [' jl-1 ', 'Success'],
        ['jl-3', 'Error'],
        ['jl-2', 'Success'],
      ],
      ['success', 'success', 'error'],
    ],
    [
      'references nobody knows go by position',
      [
        ['4711', 'Success'],
        ['4712', 'Error'],
        ['4713', 'Success'],
      ],
      ['success', 'error', 'success'],
    ],
    [
      'no references go by position',
      [
        [null, 'Error'],
        [null, 'Success'],
        [null, 'Success'],
      ],
      ['error', 'success', 'success'],
    ],
    [
      'too few go by reference, the rest is unanswered',
      [['JL-2', 'Error']],
      ['unanswered', 'error', 'unanswered'],
    ],
    [
      'too few without reference answer nothing',
      [[null, 'Success']],
      ['unanswered', 'unanswered', 'unanswered'],
    ],
    ['none answer nothing', [], ['unanswered', 'unanswered', 'unanswered']],
    [
      'of two words about one row the error counts',
      [
        ['JL-1', 'Error'],
        ['JL-1', 'Success'],
      ],
      ['error', 'unanswered', 'unanswered'],
    ],
    [
      'a status that is neither is unanswered',
      [
        ['JL-1', 'Queued'],
        ['JL-2', 'Success'],
        ['JL-3', ''],
      ],
      ['unanswered', 'success', 'unanswered'],
    ],
  ];
  it.each(rows)('%s', (_, said, expected) => {
    expect(outcomes(orders as typeof items, said)).toEqual(expected);
  });

  const itemRows: [rule: string, said: Said, expected: RowOutcome[]][] = [
    [
      'items by order number, in order',
      [
        ['JL-1', 'Success'],
        ['JL-1', 'Error'],
        ['JL-2', 'Success'],
      ],
      ['success', 'error', 'success'],
    ],
    [
      'items by item code, in order',
      [
        ['A', 'Success'],
        ['B', 'Error'],
        ['A', 'Success'],
      ],
      ['success', 'error', 'success'],
    ],
    [
      'items by a compound, in another order',
      [
        ['JL-2-A', 'Error'],
        ['JL-1-A', 'Success'],
        ['JL-1-B', 'Success'],
      ],
      ['success', 'success', 'error'],
    ],
    [
      'items by a name two rows share, all of one mind',
      [
        ['JL-2', 'Error'],
        ['JL-1', 'Success'],
        ['JL-1', 'Success'],
      ],
      ['success', 'success', 'error'],
    ],
    [
      'items by a name two rows share, of two minds, are read back',
      [
        ['JL-2', 'Success'],
        ['JL-1', 'Success'],
        ['JL-1', 'Error'],
      ],
      ['unanswered', 'unanswered', 'success'],
    ],
    [
      'one word for an order of two lines is read back',
      [
        ['JL-1', 'Success'],
        ['JL-2', 'Success'],
      ],
      ['unanswered', 'unanswered', 'success'],
    ],
  ];
  it.each(itemRows)('%s', (_, said, expected) => {
    expect(outcomes(items, said)).toEqual(expected);
  });

  it('names each row and its place', () => {
    expect(matchRows(orders, [])[2]).toEqual({
      reference: 'JL-3',
      outcome: 'unanswered',
      position: 2,
    });
  });
});
