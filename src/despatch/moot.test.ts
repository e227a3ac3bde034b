import { describe, expect, it } from 'vitest';
import { despatchedOrder, sampleConfirmation } from '../../test/sample-despatched-order.ts';
import { byHandOtherwise, isCancelled, lessCancelled } from './moot.ts';

const line = { orderLineId: 'A-1', wireState: 'SHIPPING', quantity: 3, withdrawnUnits: 0 };
const units = (count: number) => [{ orderLineId: 'A-1', units: count }];
const parcels = [
  { key: 'DES1', lines: units(2) },
  { key: 'DES2', lines: units(1) },
];

describe('lessCancelled', () => {
  it.each([
    ['nothing cancelled leaves parcels as they are', line, [units(2), units(1)], [[], []]],
    ['what left last loses first', { ...line, withdrawnUnits: 1 }, [units(2), []], [[], units(1)]],
    [
      'a quantity already less says the same',
      { ...line, quantity: 2 },
      [units(2), []],
      [[], units(1)],
    ],
    [
      'a parcel may lose a part',
      { ...line, withdrawnUnits: 2 },
      [units(1), []],
      [units(1), units(1)],
    ],
    [
      'a cancelled line leaves nothing',
      { ...line, wireState: 'CANCELED' },
      [[], []],
      [units(2), units(1)],
    ],
    [
      'a refused line leaves nothing',
      { ...line, wireState: 'REFUSED' },
      [[], []],
      [units(2), units(1)],
    ],
    [
      'a shipped line loses nothing',
      { ...line, wireState: 'SHIPPED' },
      [units(2), units(1)],
      [[], []],
    ],
    [
      'a line with an incident loses nothing',
      { ...line, wireState: 'INCIDENT_OPEN' },
      [units(2), units(1)],
      [[], []],
    ],
  ])('%s', (_rule, one, lines, cancelled) => {
    const cut = lessCancelled(despatchedOrder({ lines: [one] }), parcels);
    expect(cut.map((parcel) => parcel.lines)).toEqual(lines);
    expect(cut.map((parcel) => parcel.cancelled)).toEqual(cancelled);
  });

  it('a line nobody knows leaves nothing', () => {
    const [cut] = lessCancelled(despatchedOrder({ lines: [] }), [parcels[0]!]);
    expect(cut).toEqual({ lines: [], cancelled: units(2) });
  });

  it('a parcel that was told stays as it was told, and takes its units first', () => {
    const told = sampleConfirmation({ parcel: 'DES2', step: 'verified', lines: units(1) });
    const order = despatchedOrder({
      lines: [{ ...line, withdrawnUnits: 2 }],
      confirmations: [told],
    });
    expect(lessCancelled(order, parcels)).toEqual([
      { lines: [], cancelled: units(2) },
      { lines: units(1), cancelled: [] },
    ]);
  });

  it('one that waits is told of nothing yet', () => {
    const waits = sampleConfirmation({ parcel: 'DES2', step: 'waiting', lines: units(1) });
    const order = despatchedOrder({
      lines: [{ ...line, withdrawnUnits: 1 }],
      confirmations: [waits],
    });
    expect(lessCancelled(order, parcels)[1]).toEqual({ lines: [], cancelled: units(1) });
  });
});

it.each([
  ['in SHIPPING is live', line, false],
  ['shipped is live', { ...line, wireState: 'SHIPPED' }, false],
  ['cancelled is not', { ...line, wireState: 'CANCELED' }, true],
  ['emptied unit by unit is not', { ...line, withdrawnUnits: 3 }, true],
])('a line %s', (_rule, one, is) => {
  expect(isCancelled(despatchedOrder({ lines: [one] }), 'A-1')).toBe(is);
});

describe('byHandOtherwise', () => {
  it.each([
    ['the same number is nothing to say', 'AA1', ['AA1'], false, null],
    ['case and blanks do not count', 'aa 1', ['AA1'], false, null],
    ['one of several is enough', 'AA2', ['AA1', 'AA2'], false, null],
    ['another number is named', 'BB1', ['AA1'], false, 'despatch-by-hand'],
    ['none where the warehouse has one is named', null, ['AA1'], false, 'despatch-by-hand'],
    ['none is usual where the operator has shipments', null, ['AA1'], true, null],
    ['a warehouse without a number has nothing to compare', 'BB1', [], false, null],
  ])('%s', (_rule, tracking, numbers, isMultiShipment, code) => {
    const order = despatchedOrder({ tracking });
    expect(byHandOtherwise(order, 'DES1', numbers, isMultiShipment)?.code ?? null).toBe(code);
  });
});
