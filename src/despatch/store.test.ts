import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleDespatch, type SampleParcel } from '../../test/sample-despatch.ts';
import { sampleConfirmation, sampleRow } from '../../test/sample-despatched-order.ts';
import { readOddNumbers } from './odd-store.ts';
import {
  type KeptRow,
  moveConfirmations,
  noteLooks,
  readDespatchedOrders,
  readDueConfirmations,
  readOpenNumbers,
  saveDespatchRows,
  savePlanned,
} from './store.ts';

const now = new Date('2026-02-03T12:00:00Z');
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
const channel = 'john-lewis';
let base: MigratedDatabase;

beforeEach(async () => {
  base = await openMigratedDatabase();
});
afterEach(() => base.drop());

const row = (own: Partial<KeptRow> = {}): KeptRow => ({
  ...sampleRow(),
  salesOrderNumber: 'A',
  ...own,
});
const saveRows = (rows: KeptRow[], at = now) =>
  base.write((trx) => saveDespatchRows(trx, 'main', at, rows));

async function kept() {
  return base.db
    .selectFrom('despatch_rows')
    .select(['line', 'quantity', 'tracking_number as tracking', 'changed_at as changedAt'])
    .orderBy('line')
    .execute();
}

describe('saveDespatchRows', () => {
  it.each<[string, Partial<KeptRow>, string[], object]>([
    ['the same again is no news', {}, [], { changedAt: now }],
    ['another number is', { trackingNumber: 'X-12345' }, ['A'], { tracking: 'X-12345' }],
    ['a number that is gone is kept', { trackingNumber: '' }, [], { tracking: '15501234567890' }],
    ['other units are', { quantity: 3 }, ['A'], { quantity: 3, changedAt: hours(1) }],
    ['another carrier is', { carrier: 'EVRI' }, ['A'], {}],
    ['a date that is gone is kept', { despatchedAt: null }, [], {}],
    ['another date is', { despatchedAt: hours(-1) }, ['A'], {}],
  ])('%s', async (_rule, own, changed, after) => {
    expect(await saveRows([row()])).toEqual(['A']);
    expect(await saveRows([row(own)], hours(1))).toEqual(changed);
    expect(await kept()).toMatchObject([after]);
  });

  it('one key twice in a report is one row, with every tracking number once', async () => {
    const numbers = ['P-10001', 'P-10002', 'P-10001', ''];
    await saveRows(numbers.map((trackingNumber) => row({ trackingNumber })));
    expect(await kept()).toMatchObject([{ quantity: 2, tracking: 'P-10001\nP-10002' }]);
  });

  it('lines and kits of one item are rows of their own', async () => {
    await saveRows([row(), row({ line: '2' }), row({ line: '3', parentCode: 'SET' })]);
    expect(await kept()).toHaveLength(3);
  });

  it('nothing is nothing', async () => {
    expect(await saveRows([])).toEqual([]);
  });
});

async function someParcels(parcels: readonly SampleParcel[]) {
  const orders = [...new Set(parcels.map((one) => one.order))].map((id) => ({ id }));
  await addSampleDespatch(base.db, { at: now, orders, parcels });
}

async function steps(): Promise<Record<string, string>> {
  const rows = await base.db
    .selectFrom('confirmations')
    .select(['marketplace_order_id as id', 'step'])
    .execute();
  return Object.fromEntries(rows.map((one) => [one.id, one.step]));
}

describe('what was planned or has moved', () => {
  const planned = (ifStep: 'waiting' | null) => ({
    ...sampleConfirmation({ channel, marketplaceOrderId: 'A', parcel: 'whole', step: 'ready' }),
    ifStep,
  });
  const save = (ifStep: 'waiting' | null) =>
    base.write((trx) => savePlanned(trx, 'main', now, [planned(ifStep)]));

  it('a plan is kept while the parcel is where it was planned from', async () => {
    await someParcels([{ order: 'A', step: 'waiting' }]);
    await save('waiting');
    expect(await steps()).toEqual({ A: 'ready' });
  });

  it('a plan for a parcel that moved on meanwhile is left', async () => {
    await someParcels([{ order: 'A', step: 'ship-sent' }]);
    await save('waiting');
    expect(await steps()).toEqual({ A: 'ship-sent' });
  });

  it('a move from another step than it has is left, and says so', async () => {
    await someParcels([{ order: 'A', step: 'verified' }]);
    const move = { channel, marketplaceOrderId: 'A', parcel: 'whole', dueAt: null };
    const moved = await base.write((trx) =>
      moveConfirmations(trx, [{ ...move, ifStep: 'shipped', step: 'tracked' }]),
    );
    expect(moved).toEqual([]);
    expect(await steps()).toEqual({ A: 'verified' });
  });

  it('a move changes what it names and leaves the rest', async () => {
    await someParcels([{ order: 'A', step: 'shipped', told: 'T-1', attempts: 2 }]);
    const move = { channel, marketplaceOrderId: 'A', parcel: 'whole', dueAt: hours(1) };
    await base.write((trx) =>
      moveConfirmations(trx, [{ ...move, ifStep: 'shipped', step: 'verified', verifiedAt: now }]),
    );
    const one = await base.db.selectFrom('confirmations').selectAll().executeTakeFirst();
    expect(one).toMatchObject({ step: 'verified', told_tracking: 'T-1', attempts: 2 });
    expect([one?.due_at, one?.verified_at]).toEqual([hours(1), now]);
  });
});

describe('readDueConfirmations', () => {
  it('what is nearest to its deadline comes first, what has none last; what is not due does not come', async () => {
    await someParcels([
      { order: 'A', step: 'ready', dueAt: hours(-3) },
      { order: 'B', step: 'ready', dueAt: hours(-1) },
      { order: 'C', step: 'ready', dueAt: hours(-2) },
      { order: 'D', step: 'ready', dueAt: hours(1) },
      { order: 'E', step: 'shipped', dueAt: hours(-1) },
    ]);
    for (const [id, at] of [
      ['B', hours(1)],
      ['C', hours(5)],
    ] as const) {
      const own = base.db.updateTable('confirmations').set({ deadline_at: at });
      await own.where('marketplace_order_id', '=', id).execute();
    }
    const ids = async (limit: number) =>
      (await readDueConfirmations(base.db, channel, ['ready'], now, limit)).map(
        (one) => one.marketplaceOrderId,
      );
    expect(await ids(10)).toEqual(['B', 'C', 'A']);
    expect(await ids(1)).toEqual(['B']);
  });
});

describe('readOpenNumbers', () => {
  type Given = Parameters<typeof addSampleDespatch>[1];
  const order = { id: 'A', placedAt: hours(-2) };
  const parcel = { order: 'A', step: 'waiting' as const };
  it.each<[string, Omit<Given, 'at'>, string[]]>([
    ['an order in the warehouse that is to be shipped', { orders: [order] }, ['A']],
    ['not one that was looked up a moment ago', { orders: [{ ...order, lookedAt: now }] }, []],
    ['not one that is not in the warehouse', { orders: [{ ...order, isOutside: true }] }, []],
    [
      'one that a person must look at leaves all the same',
      { orders: [{ ...order, state: 'parked' }] },
      ['A'],
    ],
    ['not one that is confirmed', { orders: [{ ...order, state: 'confirmed' }] }, []],
    ['not one that is cancelled', { orders: [{ ...order, state: 'cancelled' }] }, []],
    [
      'one that waits, whatever its order shows',
      { orders: [{ ...order, state: 'despatched', wireState: 'SHIPPED' }], parcels: [parcel] },
      ['A'],
    ],
    [
      'one that was refused',
      {
        orders: [{ ...order, state: 'despatched', wireState: 'SHIPPED' }],
        parcels: [{ ...parcel, step: 'ready', attempts: 1 }],
      },
      ['A'],
    ],
    [
      'not one that was told',
      {
        orders: [{ ...order, state: 'despatched', wireState: 'SHIPPED' }],
        parcels: [{ ...parcel, step: 'verified' }],
      },
      [],
    ],
  ])('%s', async (_rule, given, expected) => {
    await addSampleDespatch(base.db, { at: hours(-1), ...given });
    expect(await readOpenNumbers(base.db, 'main', hours(-0.5), 10)).toEqual(expected);
  });

  it('those not asked about for the longest time come first', async () => {
    const orders = [
      { id: 'A', lookedAt: hours(-2) },
      { id: 'B', lookedAt: hours(-4) },
      { id: 'C', lookedAt: hours(-3) },
    ];
    await addSampleDespatch(base.db, { at: hours(-5), orders });
    expect(await readOpenNumbers(base.db, 'main', now, 2)).toEqual(['B', 'C']);
    await base.write((trx) =>
      noteLooks(trx, 'main', now, [{ salesOrderNumber: 'B', status: null }]),
    );
    expect(await readOpenNumbers(base.db, 'main', now, 10)).toEqual(['C', 'A']);
  });
});

describe('readOddNumbers', () => {
  const order = { id: 'A', state: 'confirmed', wireState: 'SHIPPED' };
  const told = { order: 'A', step: 'verified' as const, told: 'T-10001' };
  const sent = { number: 'A', despatch: 'DES1', tracking: 'T-10001' };
  type Given = Omit<Parameters<typeof addSampleDespatch>[1], 'at'>;
  it.each<[string, Given, string[]]>([
    ['all told as it was sent', { rows: [sent], parcels: [told] }, []],
    [
      'told with a number that the warehouse has changed',
      { rows: [{ ...sent, tracking: 'T-2' }], parcels: [told] },
      ['A'],
    ],
    [
      'told with one of several',
      { rows: [{ ...sent, tracking: 'T-2\nT-10001' }], parcels: [told] },
      [],
    ],
    [
      'told by hand, so with no number of ours',
      { rows: [sent], parcels: [{ order: 'A', step: 'verified' }] },
      [],
    ],
    [
      'too long ago',
      { rows: [{ ...sent, tracking: 'T-2', despatchedAt: hours(-99) }], parcels: [told] },
      [],
    ],
  ])('%s', async (_rule, given, expected) => {
    await addSampleDespatch(base.db, { at: now, orders: [order], ...given });
    expect(await readOddNumbers(base.db, 'main', hours(-48), 10)).toEqual(expected);
  });

  it('fewer units told than sold, until somebody was asked', async () => {
    const parcels = [told];
    await addSampleDespatch(base.db, { at: now, orders: [order], rows: [sent], parcels });
    await base.db.updateTable('order_lines').set({ quantity: 4 }).execute();
    expect(await readOddNumbers(base.db, 'main', hours(-48), 10)).toEqual(['A']);
    await addSampleDespatch(base.db, { at: now, withdrawals: [{ order: 'A' }] });
    expect(await readOddNumbers(base.db, 'main', hours(-48), 10)).toEqual([]);
  });
});

it('readDespatchedOrders: an order with lines, what was sent, rows and parcels; strangers left out', async () => {
  await addSampleDespatch(base.db, {
    at: now,
    orders: [{ id: 'A', deadlineAt: hours(5) }, { id: 'B' }],
    rows: [{ number: 'A', despatch: 'DES1', tracking: 'T-10001' }],
    parcels: [{ order: 'A', step: 'waiting', waitsFor: 'a tracking number' }],
  });
  const found = await readDespatchedOrders(base.db, 'main', ['A', 'WEB-77']);
  expect(found).toMatchObject([
    {
      marketplaceOrderId: 'A',
      shippingDeadline: hours(5),
      lines: [{ orderLineId: 'A-1', wireState: 'SHIPPING', quantity: 3, withdrawnUnits: 0 }],
      rows: [{ despatchNumber: 'DES1', quantity: 3, trackingNumber: 'T-10001', despatchedAt: now }],
      confirmations: [{ parcel: 'whole', step: 'waiting', waitsFor: 'a tracking number' }],
    },
  ]);
});
