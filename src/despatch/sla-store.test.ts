import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleDespatch } from '../../test/sample-despatch.ts';
import { closeAlerts, countDespatched, noteAlerts, readOpenOrders } from './sla-store.ts';

const now = new Date('2026-02-03T12:00:00Z');
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
const channel = 'john-lewis';
let base: MigratedDatabase;

beforeEach(async () => {
  base = await openMigratedDatabase();
});
afterEach(() => base.drop());

const key = (marketplaceOrderId: string, stage: string, clock = 'despatch') => ({
  channel,
  marketplaceOrderId,
  clock,
  stage,
});

describe('alerts', () => {
  it('each stage of each clock is given once', async () => {
    await addSampleDespatch(base.db, { at: now, orders: [{ id: 'A' }, { id: 'B' }] });
    const note = (...keys: ReturnType<typeof key>[]) =>
      base.write((trx) => noteAlerts(trx, now, keys));
    expect(await note(key('A', 'in-60'), key('B', 'in-60'))).toHaveLength(2);
    expect(await note(key('A', 'in-60'), key('A', 'missed'))).toEqual([key('A', 'missed')]);
    expect(await note(key('A', 'missed', 'confirmation'))).toHaveLength(1);
  });

  it('those that nobody needs any more are closed, once; a closed one is not given again', async () => {
    await addSampleDespatch(base.db, { at: now, orders: [{ id: 'A' }, { id: 'B' }] });
    await base.write((trx) => noteAlerts(trx, now, [key('A', 'in-60'), key('B', 'in-60')]));
    const close = () =>
      base.write((trx) =>
        closeAlerts(trx, channel, now, [{ marketplaceOrderId: 'A', clock: 'despatch' }]),
      );
    expect(await close()).toEqual([{ marketplaceOrderId: 'B', clock: 'despatch' }]);
    expect(await close()).toEqual([]);
    expect(await base.write((trx) => noteAlerts(trx, now, [key('B', 'in-60')]))).toEqual([]);
  });
});

describe('readOpenOrders', () => {
  const order = { id: 'A' };
  type Given = Omit<Parameters<typeof addSampleDespatch>[1], 'at'>;
  it.each<[string, Given, object[]]>([
    ['an order that is to be shipped runs', { orders: [order] }, [{ despatchedAt: null }]],
    [
      'one whose units have all left has left',
      { orders: [order], parcels: [{ order: 'A', step: 'ready' }] },
      [{ despatchedAt: now }],
    ],
    [
      'one that waits says for what',
      { orders: [order], parcels: [{ order: 'A', step: 'waiting', waitsFor: 'a number' }] },
      [{ waitsFor: 'a number' }],
    ],
    [
      'what is moot has not left for the marketplace',
      { orders: [order], parcels: [{ order: 'A', step: 'moot' }] },
      [{ despatchedAt: null }],
    ],
    ['a shipped one does not run', { orders: [{ ...order, wireState: 'SHIPPED' }] }, []],
    ['a cancelled one does not run', { orders: [{ ...order, state: 'cancelled' }] }, []],
    ['a confirmed one does not run', { orders: [{ ...order, state: 'confirmed' }] }, []],
  ])('%s', async (_rule, given, expected) => {
    await addSampleDespatch(base.db, { at: now, ...given });
    expect(await readOpenOrders(base.db, channel, 10)).toMatchObject(expected);
    expect(await readOpenOrders(base.db, channel, 10)).toHaveLength(expected.length);
  });

  it('the nearest deadline first, none last', async () => {
    const orders = [
      { id: 'A' },
      { id: 'B', deadlineAt: hours(9) },
      { id: 'C', deadlineAt: hours(1) },
    ];
    await addSampleDespatch(base.db, { at: now, orders });
    const ids = (await readOpenOrders(base.db, channel, 2)).map((one) => one.marketplaceOrderId);
    expect(ids).toEqual(['C', 'B']);
  });
});

it('the pace counts orders, not parcels, since then', async () => {
  const row = { number: 'A', despatch: 'DES1' };
  await addSampleDespatch(base.db, {
    at: now,
    rows: [
      row,
      { ...row, despatch: 'DES2' },
      { number: 'B', despatch: 'DES3', despatchedAt: hours(-4) },
    ],
  });
  expect(await countDespatched(base.db, 'main', hours(-3))).toBe(1);
  expect(await countDespatched(base.db, 'main', hours(-5))).toBe(2);
});
