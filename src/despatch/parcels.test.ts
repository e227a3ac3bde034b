import { describe, expect, it } from 'vitest';
import { type DespatchedRow, type LineUnits, parcelsOf, type SentLine } from './parcels.ts';

const date = new Date('2026-03-18T15:00:00Z');
const row = (changed: Partial<DespatchedRow>): DespatchedRow => ({
  despatchNumber: 'DES1',
  itemCode: 'A',
  parentCode: '',
  line: '1',
  quantity: 1,
  parentQuantity: null,
  carrier: 'DPD',
  service: 'Next Day',
  serviceTypeCode: 'ND',
  trackingNumber: 'T1',
  despatchedAt: date,
  ...changed,
});
/** `1 A a:2 b:1`: line 1 of item A with two parts. */
const line = (text: string): SentLine => {
  const [name, itemCode, ...parts] = text.split(' ');
  const units = parts.map(lineUnits);
  const quantity = units.reduce((sum, one) => sum + one.units, 0);
  return { line: name!, itemCode: itemCode!, quantity, parts: units };
};
const lineUnits = (text: string): LineUnits => {
  const [orderLineId, units] = text.split(':');
  return { orderLineId: orderLineId!, units: Number(units) };
};
const shown = (lines: readonly LineUnits[]) =>
  lines.map((one) => `${one.orderLineId}:${one.units}`).join(' ');
const told = (fixed: Record<string, string>) =>
  new Map(Object.entries(fixed).map(([number, text]) => [number, text.split(' ').map(lineUnits)]));
const reckon = (
  rows: readonly Partial<DespatchedRow>[],
  sent: readonly string[],
  fixed: Record<string, string> = {},
) => {
  const found = parcelsOf(rows.map(row), sent.map(line), told(fixed));
  return {
    parcels: found.parcels.map((one) => `${one.despatchNumber} ${shown(one.lines)}`),
    problems: found.problems.map((one) =>
      [one.code, one.despatchNumber, one.itemCode].filter(Boolean).join(' '),
    ),
    left: shown(found.left),
  };
};
type Found = ReturnType<typeof reckon>;
type Case = [string, Partial<DespatchedRow>[], string[], Partial<Found>];

describe('units of plain items', () => {
  const older = new Date('2026-03-17T15:00:00Z');
  const rows: Case[] = [
    ['nothing despatched leaves all', [], ['1 A a:2'], { parcels: [], left: 'a:2' }],
    ['one unit of two', [{}], ['1 A a:2'], { parcels: ['DES1 a:1'], left: 'a:1' }],
    [
      'all of it leaves nothing',
      [{ quantity: 2 }],
      ['1 A a:2'],
      { parcels: ['DES1 a:2'], left: '' },
    ],
    ['rows of a line add up', [{}, {}], ['1 A a:2'], { parcels: ['DES1 a:2'] }],
    [
      'the line decides between two of an item',
      [{ line: '2' }],
      ['1 A a:1', '2 A b:1'],
      { parcels: ['DES1 b:1'], left: 'a:1' },
    ],
    [
      'the item where lines are numbered otherwise',
      [{ line: '7' }],
      ['1 A a:1', '2 A b:1'],
      { parcels: ['DES1 a:1'], left: 'b:1' },
    ],
    [
      'a line of another item is no match',
      [{ line: '2', itemCode: 'A' }],
      ['1 A a:1', '2 B b:1'],
      { parcels: ['DES1 a:1'], left: 'b:1' },
    ],
    [
      'exact lines first, whoever comes first',
      [{ line: '9', despatchedAt: older, despatchNumber: 'DES0' }, { line: '1' }],
      ['1 A a:1', '2 A b:1'],
      { parcels: ['DES0 b:1', 'DES1 a:1'] },
    ],
    [
      'what a line has no room for goes to another of the item',
      [{ quantity: 3 }],
      ['1 A a:2', '2 A b:2'],
      { parcels: ['DES1 a:2 b:1'], left: 'b:1' },
    ],
    [
      'parts are filled in order',
      [{ quantity: 2 }],
      ['1 A a:1 b:3'],
      { parcels: ['DES1 a:1 b:1'], left: 'b:2' },
    ],
    [
      'item codes are compared to the letter',
      [{ itemCode: 'a' }],
      ['1 A a:1'],
      { parcels: [], problems: ['despatch-not-ordered DES1 a'], left: 'a:1' },
    ],
    [
      'an item never ordered',
      [{ itemCode: 'X' }, {}],
      ['1 A a:1'],
      { parcels: ['DES1 a:1'], problems: ['despatch-not-ordered DES1 X'] },
    ],
    [
      'more than ordered',
      [{ quantity: 5 }],
      ['1 A a:1 b:1'],
      { parcels: ['DES1 a:1 b:1'], problems: ['despatch-too-many DES1 A'], left: '' },
    ],
    [
      'the later despatch has the surplus',
      [{ despatchNumber: 'DES2' }, { despatchNumber: 'DES9', despatchedAt: older }],
      ['1 A a:1'],
      { parcels: ['DES9 a:1'], problems: ['despatch-too-many DES2 A'] },
    ],
    [
      'a quantity of 0 or less has no effect',
      [
        { quantity: 0, itemCode: 'X' },
        { quantity: -1, despatchedAt: null },
      ],
      ['1 A a:1'],
      { parcels: [], problems: [], left: 'a:1' },
    ],
    [
      'a despatch without a date',
      [{ despatchedAt: null }],
      ['1 A a:1'],
      { parcels: [], problems: ['despatch-date-unknown DES1'], left: 'a:1' },
    ],
    [
      'one date for all of its rows will do',
      [{ despatchedAt: null, itemCode: 'B', line: '2' }, {}],
      ['1 A a:1', '2 B b:1'],
      { parcels: ['DES1 a:1 b:1'], problems: [] },
    ],
    [
      'lines as they were sent',
      [{ itemCode: 'B', line: '2' }, {}],
      ['2 B b:1', '1 A a:1'],
      { parcels: ['DES1 b:1 a:1'] },
    ],
    [
      'a parent that was not ordered is no kit',
      [{ parentCode: 'FAMILY' }],
      ['1 A a:1'],
      { parcels: ['DES1 a:1'], problems: [] },
    ],
    [
      'an item that is its own parent is no kit',
      [{ parentCode: 'A' }],
      ['1 A a:1'],
      { parcels: ['DES1 a:1'], problems: [] },
    ],
  ];
  it.each(rows)('%s', (_, given, sent, expected) => {
    expect(reckon(given, sent)).toMatchObject(expected);
  });
});

describe('units of kits', () => {
  const part = (
    itemCode: string,
    parentQuantity: number | null,
    rest: Partial<DespatchedRow> = {},
  ) => ({
    itemCode,
    parentCode: 'KIT',
    quantity: 2,
    parentQuantity,
    ...rest,
  });
  const rows: Case[] = [
    [
      'counted once, not once per component',
      [part('P', 1), part('Q', 1)],
      ['1 KIT k:3'],
      { parcels: ['DES1 k:1'], left: 'k:2' },
    ],
    [
      'the smallest where components disagree',
      [part('P', 3), part('Q', 2)],
      ['1 KIT k:3'],
      { parcels: ['DES1 k:2'], left: 'k:1' },
    ],
    [
      'what one component says when the other says nothing',
      [part('P', null), part('Q', 2)],
      ['1 KIT k:3'],
      { parcels: ['DES1 k:2'], problems: [] },
    ],
    [
      'unknown when none says it',
      [part('P', null), part('Q', null)],
      ['1 KIT k:1'],
      { parcels: [], problems: ['despatch-kit-unknown DES1 KIT'], left: 'k:1' },
    ],
    [
      'none is finished yet',
      [part('P', 0)],
      ['1 KIT k:1'],
      { parcels: [], problems: [], left: 'k:1' },
    ],
    [
      'once per line that asked for it',
      [part('P', 1), part('Q', 1), part('P', 2, { line: '2' })],
      ['1 KIT k:1', '2 KIT l:2'],
      { parcels: ['DES1 k:1 l:2'] },
    ],
    [
      'components on lines of their own are still one kit',
      [part('P', 1, { line: '11' }), part('Q', 1, { line: '12' })],
      ['1 KIT k:2'],
      { parcels: ['DES1 k:1'], left: 'k:1' },
    ],
    [
      'a component on two unknown lines is of two kits',
      [
        part('P', 1, { line: '11' }),
        part('P', 1, { line: '12' }),
        part('Q', 1, { line: '11' }),
        part('Q', 1, { line: '12' }),
      ],
      ['1 KIT k:2'],
      { parcels: ['DES1 k:2'] },
    ],
    [
      'once per despatch',
      [part('P', 1), part('P', 1, { despatchNumber: 'DES2' })],
      ['1 KIT k:3'],
      { parcels: ['DES1 k:1', 'DES2 k:1'], left: 'k:1' },
    ],
    [
      'beside the component sold alone',
      [part('P', 1), { itemCode: 'P', line: '2' }],
      ['1 KIT k:1', '2 P p:1'],
      { parcels: ['DES1 k:1 p:1'] },
    ],
    [
      'more kits than ordered',
      [part('P', 4)],
      ['1 KIT k:3'],
      { parcels: ['DES1 k:3'], problems: ['despatch-too-many DES1 KIT'] },
    ],
    [
      'neither kit nor component ordered',
      [part('P', 1)],
      ['1 A a:1'],
      { parcels: [], problems: ['despatch-not-ordered DES1 P'] },
    ],
  ];
  it.each(rows)('%s', (_, given, sent, expected) => {
    expect(reckon(given, sent)).toMatchObject(expected);
  });
});

describe('what was told already', () => {
  it.each([
    [
      'keeps its lines though an earlier despatch would take them',
      [{ despatchNumber: 'DES0', despatchedAt: new Date(0) }, {}],
      ['1 A a:1 b:1'],
      { DES1: 'a:1' },
      { parcels: ['DES0 b:1', 'DES1 a:1'], problems: [], left: '' },
    ],
    [
      'stays when its rows now show less',
      [{ quantity: 1 }],
      ['1 A a:2'],
      { DES1: 'a:2' },
      { parcels: ['DES1 a:2'], problems: [], left: '' },
    ],
    [
      'stays when its rows show more, which is a problem',
      [{ quantity: 2 }],
      ['1 A a:3'],
      { DES1: 'a:1' },
      { parcels: ['DES1 a:1'], problems: ['despatch-too-many DES1 A'], left: 'a:2' },
    ],
    [
      'another item that turned up in it is a problem',
      [{}, { itemCode: 'B', line: '2' }],
      ['1 A a:1', '2 B b:1'],
      { DES1: 'a:1' },
      { parcels: ['DES1 a:1'], problems: ['despatch-too-many DES1 B'], left: 'b:1' },
    ],
    [
      'takes its units without rows',
      [{ despatchNumber: 'DES2' }],
      ['1 A a:1 b:1'],
      { DES1: 'a:1' },
      { parcels: ['DES2 b:1'], left: '' },
    ],
    [
      'takes its units without a date',
      [{ despatchedAt: null }],
      ['1 A a:1 b:1'],
      { DES1: 'a:1' },
      { parcels: [], problems: ['despatch-date-unknown DES1'], left: 'b:1' },
    ],
    [
      'stays though nobody ordered it',
      [{}],
      ['1 A a:1'],
      { DES1: 'gone:1' },
      { parcels: ['DES1 gone:1'], problems: ['despatch-too-many DES1 A'], left: 'a:1' },
    ],
  ] as [string, Partial<DespatchedRow>[], string[], Record<string, string>, Partial<Found>][])(
    '%s',
    (_, given, sent, fixed, expected) => {
      expect(reckon(given, sent, fixed)).toMatchObject(expected);
    },
  );
});

describe('a parcel', () => {
  const parcel = (...rows: Partial<DespatchedRow>[]) =>
    parcelsOf(rows.map(row), [line('1 A a:9')], new Map()).parcels[0];

  it('has distinct tracking numbers as shown, trimmed', () => {
    const numbers = ['T2', ' T1 ', 't 1', '', 'T1', 'T3\nT1'];
    const found = parcel(...numbers.map((trackingNumber) => ({ trackingNumber })));
    expect(found?.trackingNumbers).toEqual(['T1', 'T2', 'T3']);
  });

  it('has no tracking number while the report has none', () => {
    expect(parcel({ trackingNumber: ' ' })?.trackingNumbers).toEqual([]);
  });

  it('has carrier and service of one row that names a carrier', () => {
    const found = parcel(
      { carrier: '', service: 'Other', serviceTypeCode: 'O' },
      { carrier: 'DPD', service: 'Next Day', serviceTypeCode: 'ND' },
    );
    expect(found).toMatchObject({ carrier: 'DPD', service: 'Next Day', serviceTypeCode: 'ND' });
  });

  it('has the earliest of its dates', () => {
    const earlier = new Date('2026-03-18T14:00:00Z');
    expect(parcel({}, { despatchedAt: earlier }, {})?.despatchedAt).toEqual(earlier);
  });
});
