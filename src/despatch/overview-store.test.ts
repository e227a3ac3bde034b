import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleDespatch } from '../../test/sample-despatch.ts';
import {
  type ConfirmationFilter,
  countUnknownDespatches,
  listConfirmations,
  readDespatchLife,
} from './overview-store.ts';

const now = createManualClock().now();
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
const limits = [{ channel: 'john-lewis', confirmWithinMinutes: 30 }];

let database: MigratedDatabase;

beforeAll(async () => {
  database = await openMigratedDatabase();
  await addSampleDespatch(database.db, {
    at: now,
    orders: [
      { id: 'JL-1', deadlineAt: hours(5) },
      { id: 'JL-2', deadlineAt: hours(-1) },
      { id: 'JL-3', deadlineAt: hours(-9) },
      { id: 'JL-4', lookedAt: hours(-1) },
      { id: 'JL-5', deadlineAt: hours(-1) },
      { id: 'SM-1', channel: 'second-market', deadlineAt: hours(2) },
      { id: 'JL-6', isOutside: true },
    ],
    rows: [
      { number: 'JL-4', despatch: 'D-4', tracking: '15501234567890' },
      { number: 'JL-99', despatch: 'D-7' },
      { number: 'SHOP-7', despatch: 'D-8' },
      { number: 'SHOP-8', despatch: 'D-9', despatchedAt: hours(-3) },
      { number: '4711', despatch: 'D-10' },
    ],
    parcels: [
      { order: 'JL-1', step: 'waiting', waitsFor: 'a tracking number' },
      { order: 'JL-2', step: 'ready', attempts: 3, code: 'DPD' },
      { order: 'JL-3', step: 'verified', told: 'X-1', verifiedAt: now },
      { order: 'JL-4', step: 'shipped', despatchedAt: hours(-2) },
      { order: 'JL-5', step: 'moot' },
      { order: 'SM-1', channel: 'second-market', step: 'stopped', despatchedAt: hours(-4) },
    ],
    withdrawals: [{ order: 'JL-4' }],
  });
});

afterAll(() => database.drop());

describe('listConfirmations', () => {
  type Row = [rule: string, filter: Partial<ConfirmationFilter>, orders: string[]];
  it.each<Row>([
    [
      'open ones first by deadline, then what is over, the newest first',
      {},
      ['JL-2', 'SM-1', 'JL-1', 'JL-4', 'JL-3', 'JL-5'],
    ],
    ['of a channel', { channel: 'second-market' }, ['SM-1']],
    ['at steps', { steps: ['waiting', 'ready'] }, ['JL-2', 'JL-1']],
    ['of orders', { keys: [{ channel: 'john-lewis', marketplaceOrderId: 'JL-4' }] }, ['JL-4']],
    ['of no order', { keys: [] }, []],
    [
      'late: past the deadline, or unconfirmed longer than the channel allows; never what is over',
      { late: { now, limits } },
      ['JL-2', 'JL-4'],
    ],
    ['late: a channel without a limit has its deadlines', { late: { now, limits: [] } }, ['JL-2']],
    ['at most so many', { limit: 1 }, ['JL-2']],
  ])('%s', async (_, filter, orders) => {
    const found = await listConfirmations(database.db, { limit: 100, ...filter });
    expect(found.map((one) => one.marketplaceOrderId)).toEqual(orders);
  });

  it('has the deadline of the order and its number in the warehouse', async () => {
    const found = await listConfirmations(database.db, { channel: 'second-market', limit: 1 });
    expect(found).toMatchObject([
      { parcel: 'whole', deadlineAt: hours(2), salesOrderNumber: 'SM-1', warehouse: 'main' },
    ]);
  });
});

describe('countUnknownDespatches', () => {
  it('counts by what the numbers begin with; what resembles ours comes first', async () => {
    expect(await countUnknownDespatches(database.db, 10)).toEqual([
      {
        ...{ warehouse: 'main', prefix: 'JL-', orders: 1, rows: 1, lastAt: now },
        ...{ example: 'JL-99', resembles: ['john-lewis'] },
      },
      {
        ...{ warehouse: 'main', prefix: 'SHOP-', orders: 2, rows: 2, lastAt: now },
        ...{ example: 'SHOP-8', resembles: [] },
      },
      {
        ...{ warehouse: 'main', prefix: '', orders: 1, rows: 1, lastAt: now },
        ...{ example: '4711', resembles: [] },
      },
    ]);
  });
});

describe('readDespatchLife', () => {
  const read = (marketplaceOrderId: string) =>
    readDespatchLife(database.db, { channel: 'john-lewis', marketplaceOrderId });

  it('has both sides of an order', async () => {
    expect(await read('JL-4')).toMatchObject({
      sight: { wireState: 'SHIPPING', warehouse: 'main', shippingDeadline: null },
      salesOrder: { salesOrderNumber: 'JL-4', lookedAt: hours(-1), status: 'Picking' },
      rows: [{ despatchNumber: 'D-4', trackingNumber: '15501234567890', despatchedAt: now }],
      confirmations: [{ step: 'shipped' }],
      alerts: [],
      withdrawals: [{ orderLineId: 'JL-4-1', units: 1, state: 'proposed' }],
    });
  });

  it('has no sales order for an order that never went to the warehouse', async () => {
    expect(await read('JL-6')).toMatchObject({ salesOrder: null, rows: [], confirmations: [] });
  });

  it('is null for an order that does not exist', async () => {
    expect(await read('JL-0')).toBeNull();
  });
});
