import fc from 'fast-check';
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

describe('any rows', () => {
  const anyRow = fc.record({
    despatchNumber: fc.constantFrom('DES1', 'DES2', 'DES3'),
    itemCode: fc.constantFrom('A', 'B', 'P', 'X'),
    parentCode: fc.constantFrom('', '', 'KIT', 'NONE'),
    line: fc.constantFrom('', '1', '2', '3', '4'),
    quantity: fc.integer({ min: -1, max: 4 }),
    parentQuantity: fc.constantFrom(null, 0, 1, 2),
    trackingNumber: fc.constantFrom('', 'T1', 't 1', 'T2'),
    carrier: fc.constantFrom('', 'DPD', 'UPS'),
    despatchedAt: fc.constantFrom(null, date, new Date(0)),
  });
  const anySent = fc
    .array(
      fc.record({
        itemCode: fc.constantFrom('A', 'B', 'KIT'),
        units: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((lines) =>
      lines.map(({ itemCode, units }, at) =>
        line(
          `${at + 1} ${itemCode} ${units.map((count, part) => `${at}-${part}:${count}`).join(' ')}`,
        ),
      ),
    );
  const anyCase = fc.record({
    rows: fc.array(anyRow.map(row), { maxLength: 12 }),
    sent: anySent,
    laterRows: fc.array(anyRow.map(row), { maxLength: 6 }),
  });
  const sumOf = (lines: readonly LineUnits[]) => {
    const sums: Record<string, number> = {};
    for (const one of lines) sums[one.orderLineId] = (sums[one.orderLineId] ?? 0) + one.units;
    return sums;
  };

  it('give parcels and a rest that sum up to what was ordered, line by line', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, sent }) => {
        const { parcels, left } = parcelsOf(rows, sent, new Map());
        const all = [...parcels.flatMap((one) => one.lines), ...left];
        expect(sumOf(all)).toEqual(sumOf(sent.flatMap((one) => one.parts)));
        for (const one of all) expect(one.units).toBeGreaterThan(0);
        for (const one of parcels) expect(one.lines.length).toBeGreaterThan(0);
      }),
    );
  });

  it('give the same in any order, and change nothing that they are given', () => {
    fc.assert(
      fc.property(
        anyCase.chain(({ rows, sent }) =>
          fc.record({
            rows: fc.constant(rows),
            sent: fc.constant(sent),
            mixed: fc.shuffledSubarray(rows, { minLength: rows.length }),
          }),
        ),
        ({ rows, sent, mixed }) => {
          const before = structuredClone({ rows, sent });
          const found = parcelsOf(rows, sent, new Map());
          expect(parcelsOf(mixed, sent, new Map())).toEqual(found);
          expect({ rows, sent }).toEqual(before);
        },
      ),
    );
  });

  it('never change what was told, whatever is seen later', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, sent, laterRows }) => {
        const first = parcelsOf(rows, sent, new Map()).parcels;
        const fixed = new Map(first.map((one) => [one.despatchNumber, one.lines]));
        const { parcels, left } = parcelsOf([...rows, ...laterRows], sent, fixed);
        for (const one of first)
          expect(parcels.find((p) => p.despatchNumber === one.despatchNumber)?.lines).toEqual(
            one.lines,
          );
        const all = [...parcels.flatMap((one) => one.lines), ...left];
        expect(sumOf(all)).toEqual(sumOf(sent.flatMap((one) => one.parts)));
      }),
    );
  });

  it('leave no unit of a despatch in silence', () => {
    fc.assert(
      fc.property(anyCase, ({ rows, sent }) => {
        const { parcels, problems } = parcelsOf(rows, sent, new Map());
        for (const { despatchNumber, quantity, parentQuantity } of rows) {
          if (quantity <= 0 || parentQuantity === 0) continue;
          const named = [...parcels, ...problems].some(
            (one) => one.despatchNumber === despatchNumber,
          );
          const isUnfinishedKit = rows.some(
            (one) => one.despatchNumber === despatchNumber && one.parentQuantity === 0,
          );
          expect(named || isUnfinishedKit).toBe(true);
        }
      }),
    );
  });
});
