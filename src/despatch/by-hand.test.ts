import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aShopperBuys,
  johnLewis,
  openTrade,
  type Trade,
  type TradeOptions,
} from '../../test/flows/trade.ts';
import { createManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleDespatch } from '../../test/sample-despatch.ts';
import type { Trx } from '../runtime/db.ts';
import { pauseFlow } from '../runtime/flow-control.ts';
import {
  decideWithdrawals,
  lookAgain,
  mapCarrier,
  retryConfirmations,
  unmapCarrier,
} from './by-hand.ts';
import { readCarrierMappings } from './carrier-store.ts';
import type { CarrierMapping } from './carriers.ts';
import { confirmFlow } from './flow.ts';
import { readOpenNumbers } from './store.ts';
import { listWithdrawals } from './withdrawal-store.ts';

const channel = 'john-lewis';
const who = 'ann by hand';

describe('by hand', () => {
  const clock = createManualClock();
  const now = clock.now();
  const later = new Date(now.getTime() + 600_000);
  const long = new Date(now.getTime() - 600_000);
  const soon = new Date(now.getTime() - 60_000);
  let database: MigratedDatabase;

  beforeEach(async () => {
    database = await openMigratedDatabase();
    const orders = ['A', 'B', 'C', 'D', 'E', 'F'];
    await addSampleDespatch(database.db, {
      at: now,
      orders: orders.map((id) => ({ id, placedAt: long, lookedAt: soon })),
      parcels: [
        { order: 'A', step: 'waiting', waitsFor: 'a mapping of carrier dpd-uk', carrier: 'dpd-uk' },
        { order: 'B', step: 'ready', attempts: 5, dueAt: later, carrier: 'DPD UK', tracking: 'T2' },
        { order: 'C', step: 'stopped', carrier: 'EVRI', tracking: 'LS1 4AP' },
        { order: 'D', step: 'shipped', attempts: 2, dueAt: later, carrier: 'DPD UK' },
        { order: 'E', step: 'verified', carrier: 'DPD UK' },
        { order: 'F', step: 'ship-sent', attempts: 1, dueAt: later },
      ],
      withdrawals: [
        { order: 'A' },
        { order: 'B', state: 'refused', units: 2 },
        { order: 'C', state: 'sent' },
      ],
      flows: ['despatch.collect main', 'despatch.confirm john-lewis', 'orders.intake john-lewis'],
    });
  });

  afterEach(() => database.drop());

  const parcel = (marketplaceOrderId: string) => ({ channel, marketplaceOrderId, parcel: 'whole' });

  async function woken(): Promise<string[]> {
    const rows = await database.db.selectFrom('flows').selectAll().execute();
    const due = rows.filter((one) => one.next_due_at <= now);
    return due.map((one) => one.flow).sort();
  }

  async function dueToLookUp(): Promise<string[]> {
    const before = new Date(now.getTime() - 300_000);
    return (await readOpenNumbers(database.db, 'main', before, 100)).sort();
  }

  async function kept(order: string) {
    return database.db
      .selectFrom('confirmations')
      .select(['step', 'attempts', 'due_at', 'accepted_tracking', 'waits_for'])
      .where('marketplace_order_id', '=', order)
      .executeTakeFirstOrThrow();
  }

  type Row = [rule: string, order: string, isAsItIs: boolean, after: object, wakes: string[]];
  const replanned = ['despatch.collect', 'despatch.confirm'];
  it.each<Row>([
    ['one that waits is planned anew', 'A', false, { step: 'waiting' }, replanned],
    [
      'one that was refused is told now, as if for the first time',
      'B',
      false,
      { step: 'ready', attempts: 0, due_at: now },
      ['despatch.confirm'],
    ],
    [
      'one that stopped is planned anew',
      'C',
      false,
      { step: 'waiting', waits_for: 'its turn to be planned again', accepted_tracking: null },
      replanned,
    ],
    ['a doubtful number may pass', 'C', true, { accepted_tracking: 'LS1 4AP' }, replanned],
    ['no number cannot pass', 'A', true, { accepted_tracking: null }, replanned],
    [
      'a number that is not held back needs no leave',
      'B',
      true,
      { accepted_tracking: null },
      ['despatch.confirm'],
    ],
    [
      'one that was told is looked for now, and its tries count on',
      'D',
      false,
      { step: 'shipped', attempts: 2, due_at: now },
      ['despatch.confirm'],
    ],
    [
      'a lost answer is looked up now, not told again',
      'F',
      false,
      { step: 'ship-sent', due_at: now },
      ['despatch.confirm'],
    ],
    ['one that is done stays so', 'E', true, { step: 'verified', due_at: null }, []],
  ])('%s', async (_, order, isAsItIs, after, wakes) => {
    const before = await kept(order);
    const parcels = [parcel(order)];
    const retried = await database.write((trx) =>
      retryConfirmations(trx, clock, { parcels, isAsItIs, who }),
    );
    expect(retried.map((one) => one.step)).toEqual(order === 'E' ? [] : [before.step]);
    expect(await kept(order)).toMatchObject(after);
    expect(await woken()).toEqual(wakes);
    expect(await dueToLookUp()).toEqual(wakes.includes('despatch.collect') ? [order] : []);
  });

  it('a retry is in the history of the order, with who asked', async () => {
    const parcels = [parcel('C')];
    await database.write((trx) => retryConfirmations(trx, clock, { parcels, isAsItIs: true, who }));
    const history = await database.db.selectFrom('order_history').select('why').execute();
    expect(history).toEqual([{ why: 'ann by hand let the tracking number pass as it is' }]);
  });

  it('a look-up asked for keeps the status and comes before all others', async () => {
    await database.write((trx) => lookAgain(trx, clock, 'main', ['B', 'NEW']));
    const looks = await database.db.selectFrom('despatch_looks').selectAll().execute();
    expect(looks.find((one) => one.sales_order_number === 'B')).toMatchObject({
      looked_at: new Date(0),
      status: 'Picking',
    });
    expect(await dueToLookUp()).toEqual(['B']);
  });

  it('a mapping has parcels of the carrier planned anew that were not told yet', async () => {
    const mapping: CarrierMapping = {
      ...{ carrier: 'DPD UK', service: '', code: 'DPD', name: null, url: null },
    };
    const given = { channel, warehouse: 'main', mapping, who };
    expect(await database.write((trx) => mapCarrier(trx, clock, given))).toEqual(['A', 'B']);
    expect(await dueToLookUp()).toEqual(['A', 'B']);
    expect(await woken()).toEqual(['despatch.collect']);
    expect(await readCarrierMappings(database.db, channel)).toEqual([
      { ...mapping, madeAt: now, madeBy: who },
    ]);
    const gone = { channel, warehouse: 'main', carrier: 'DPD UK', service: '' };
    const forget = (trx: Trx) => unmapCarrier(trx, clock, gone);
    expect(await database.write(forget)).toEqual(['A', 'B']);
    expect(await database.write(forget)).toBeNull();
  });

  type Decided = ['approve' | 'dismiss', states: string[], decided: number, wakes: string[]];
  it.each<Decided>([
    ['approve', ['approved', 'approved', 'sent'], 2, ['despatch.confirm']],
    ['dismiss', ['dismissed', 'dismissed', 'sent'], 2, []],
  ])(
    '%s decides on what is open and leaves what was sent',
    async (decision, states, count, wakes) => {
      const ids = (await listWithdrawals(database.db, {})).map((one) => one.id);
      const given = { ids, decision, who };
      const decided = await database.write((trx) => decideWithdrawals(trx, clock, given));
      expect(decided).toHaveLength(count);
      const after = await listWithdrawals(database.db, {});
      expect(after.map((one) => one.state)).toEqual(states);
      expect(after[0]).toMatchObject({ decidedBy: who, decidedAt: now });
      expect(await woken()).toEqual(wakes);
    },
  );
});

describe('and then the flows', () => {
  async function aDespatch(wish: object, options: TradeOptions = {}): Promise<[Trade, string]> {
    const trade = await openTrade({ withDespatch: true, ...options });
    const orderId = aShopperBuys(trade, { LAMP: 2 });
    await trade.pass(10);
    trade.warehouse.pickStarts(orderId);
    expect(trade.warehouse.despatch(orderId, wish)).toMatchObject({ ok: true });
    await trade.pass(2);
    return [trade, orderId];
  }

  const act = <T>(trade: Trade, work: (trx: Trx) => Promise<T>) =>
    trade.service.database.db.transaction().execute(work);
  const stateOf = (trade: Trade, id: string) => trade.johnLewis.truth.orders.get(id)?.state;
  const toRoyalMail = (carrier: string): CarrierMapping => ({
    ...{ carrier, service: '', code: 'RM', name: null, url: null },
  });

  it('a mapping sends what waited for it within a minute', async () => {
    const [trade, id] = await aDespatch({ carrier: 'Roy Mael', trackingNumber: 'AA123456785GB' });
    expect(stateOf(trade, id)).toBe('SHIPPING');
    const mapping = toRoyalMail('Roy Mael');
    const given = { channel: johnLewis, warehouse: 'main', mapping, who };
    expect(await act(trade, (trx) => mapCarrier(trx, trade.clock, given))).toEqual([id]);
    await trade.pass(1);
    expect(stateOf(trade, id)).toBe('SHIPPED');
  });

  it('a doubtful number is sent once a person lets it pass', async () => {
    const [trade, id] = await aDespatch({ carrier: 'Royal Mail', trackingNumber: 'LS1 4AP' });
    const mapping = toRoyalMail('Royal Mail');
    const given = { channel: johnLewis, warehouse: 'main', mapping, who };
    await act(trade, (trx) => mapCarrier(trx, trade.clock, given));
    await trade.pass(10);
    expect(stateOf(trade, id)).toBe('SHIPPING');
    const parcels = [{ channel: johnLewis, marketplaceOrderId: id, parcel: 'whole' }];
    await act(trade, (trx) =>
      retryConfirmations(trx, trade.clock, { parcels, isAsItIs: true, who }),
    );
    await trade.pass(1);
    expect(stateOf(trade, id)).toBe('SHIPPED');
    expect(trade.johnLewis.truth.orders.get(id)?.tracking?.number).toBe('LS1 4AP');
  });

  it('a mapping that changes before a parcel is told counts for it', async () => {
    const [trade, id] = await aDespatch({ carrier: 'Roy Mael', trackingNumber: 'AA123456785GB' });
    const { db } = trade.service.database;
    await pauseFlow(db, trade.clock, { flow: confirmFlow, connection: johnLewis }, 'a test');
    const told = async (code: string) => {
      const mapping = { ...toRoyalMail('Roy Mael'), code };
      const given = { channel: johnLewis, warehouse: 'main', mapping, who };
      await act(trade, (trx) => mapCarrier(trx, trade.clock, given));
      await trade.pass(1);
      const row = await db.selectFrom('confirmations').selectAll().executeTakeFirstOrThrow();
      return [row.marketplace_order_id, row.step, row.carrier_code];
    };
    expect(await told('DPD')).toEqual([id, 'ready', 'DPD']);
    expect(await told('RM')).toEqual([id, 'ready', 'RM']);
  });
});
