import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import {
  cancelledUnits,
  sampleAddress,
  sampleLine,
  sampleOrder,
} from '../../test/sample-orders.ts';
import { toDecimal } from '../money.ts';
import { toSightedOrder } from './from-mirakl.ts';
import type { OrderState } from './state.ts';
import {
  clearUnreadable,
  postpone,
  readDueOrders,
  readKnownOrders,
  recordHistory,
  recordTransition,
  type Sight,
  saveSights,
  saveUnreadable,
  touchSeen,
} from './store.ts';

const now = new Date('2026-02-03T10:00:00Z');
const later = new Date('2026-02-03T11:00:00Z');
let base: MigratedDatabase;
let channel = '';
let number = 0;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

/** Each test has a channel of its own in the one database. */
function newChannel(): string {
  number += 1;
  channel = `jl-${number}`;
  return channel;
}

function sight(own: Parameters<typeof sampleOrder>[0] = {}, as: Partial<Sight> = {}): Sight {
  const order = toSightedOrder(sampleOrder(own));
  return { order, state: 'accepted', payableAt: now, dueAt: now, ...as };
}

function save(sights: Sight[], at = now) {
  return base.write((trx) => saveSights(trx, { channel, warehouse: 'main', now: at }, sights));
}

async function known(id = 'A') {
  return (await base.write((trx) => readKnownOrders(trx, channel, [id]))).get(id);
}

async function history() {
  return base.db
    .selectFrom('order_history')
    .select(['marketplace_order_id as id', 'number', 'from_state as from', 'to_state as to', 'why'])
    .where('channel', '=', channel)
    .orderBy('marketplace_order_id')
    .orderBy('number')
    .execute();
}

describe('saveSights', () => {
  it('keeps an order whole: money exact, dates to the millisecond, people apart', async () => {
    newChannel();
    const order = sampleOrder({
      lines: [sampleLine({ unitPrice: toDecimal('10.10'), price: toDecimal('20.20') })],
      shippingPrice: toDecimal('3.50'),
      totalPrice: toDecimal('23.70'),
      updatedAt: new Date('2026-02-03T09:00:00.123Z'),
    });
    await save([{ ...sight(), order: toSightedOrder(order) }]);
    const [read] = await readDueOrders(base.db, channel, now, 10);
    const { lines, people, ...rest } = toSightedOrder(order);
    expect(read).toMatchObject({ ...rest, detail: JSON.parse(JSON.stringify(rest.detail)) });
    expect(read?.lines).toEqual(lines);
    expect(read?.people).toEqual(JSON.parse(JSON.stringify(people)));
    expect(read).toMatchObject({ channel, state: 'accepted', attempts: 0 });
  });

  it('an order seen again is replaced, not doubled; what was first stays first', async () => {
    newChannel();
    await save([sight()]);
    const cancelled = [sampleLine({ state: 'CANCELED', reasonCode: 'OUT' })];
    const again = sight(
      { lines: cancelled, shippingAddress: null },
      { state: 'cancelled', payableAt: later },
    );
    await save([again], later);
    const orders = await base.db
      .selectFrom('orders')
      .selectAll()
      .where('channel', '=', channel)
      .execute();
    expect(orders).toHaveLength(1);
    expect(orders[0]).toMatchObject({
      state: 'cancelled',
      first_seen_at: now,
      seen_at: later,
      payable_at: now,
    });
    const lines = await base.db
      .selectFrom('order_lines')
      .selectAll()
      .where('channel', '=', channel)
      .execute();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      wire_state: 'CANCELED',
      withdrawn_units: 2,
      reason_code: 'OUT',
    });
  });

  it('a sight starts the counting of attempts anew', async () => {
    newChannel();
    await save([sight()]);
    await base.write((trx) => postpone(trx, [{ channel, marketplaceOrderId: 'A', dueAt: later }]));
    expect(await readDueOrders(base.db, channel, now, 10)).toEqual([]);
    expect((await readDueOrders(base.db, channel, later, 10))[0]?.attempts).toBe(1);
    await save([sight()]);
    expect((await readDueOrders(base.db, channel, now, 10))[0]?.attempts).toBe(0);
  });

  it.each([
    ['half an emoji', 'Ann \ud83d'],
    ['half an emoji the other way round', '\ude00 Ann'],
    ['a zero character', 'Ann\u0000'],
    ['text that only looks like one', 'C:\\u0000 \\ud83d'],
    ['quotes and backslashes', 'O\'Neil "\\'],
    ['the replacement of PostgreSQL parameters', '$1 :name ?'],
  ])(
    'text that JSON can write but the database refuses stops no order: %s',
    async (_rule, title) => {
      newChannel();
      const shippingAddress = sampleAddress({ lastName: title });
      await save([
        sight({ lines: [sampleLine({ title })], shippingAddress }),
        sight({ marketplaceOrderId: 'B' }),
      ]);
      const read = await readDueOrders(base.db, channel, now, 10);
      expect(read.map((one) => one.marketplace_order_id)).toEqual(['A', 'B']);
      const clean = title.toWellFormed().replaceAll('\u0000', '\ufffd');
      expect(read[0]?.lines[0]?.title).toBe(clean);
      expect(read[0]?.people?.shippingAddress?.lastName).toBe(clean);
    },
  );

  it('two channels may have an order of the same id', async () => {
    const first = newChannel();
    await save([sight()]);
    newChannel();
    await save([sight({}, { state: 'received', dueAt: null })]);
    expect((await known())?.state).toBe('received');
    channel = first;
    expect((await known())?.state).toBe('accepted');
  });
});

describe('readKnownOrders', () => {
  it('tells what the next sight is compared with', async () => {
    newChannel();
    const one = sight({
      lines: [sampleLine(), sampleLine({ orderLineId: 'A-2', state: 'REFUSED' })],
    });
    await save([one]);
    expect(await known()).toEqual({
      marketplaceOrderId: 'A',
      state: 'accepted',
      fingerprint: one.order.fingerprint,
      wireState: 'SHIPPING',
      wireUpdatedAt: new Date('2026-02-03T09:00:00Z'),
      payableAt: now,
      lineStates: { 'A-1': 'SHIPPING', 'A-2': 'REFUSED' },
    });
  });

  it('an order never seen is not there; asking for none gives none', async () => {
    newChannel();
    expect(await known('never')).toBeUndefined();
    expect(await base.write((trx) => readKnownOrders(trx, channel, []))).toEqual(new Map());
  });

  it('the rows are locked until the transaction ends', async () => {
    newChannel();
    await save([sight()]);
    await base.write(async (trx) => {
      await readKnownOrders(trx, channel, ['A']);
      const others = base.db.selectFrom('orders').select('state').where('channel', '=', channel);
      expect(await others.forUpdate().skipLocked().execute()).toEqual([]);
      expect(await others.execute()).toHaveLength(1);
    });
  });
});

describe('readDueOrders', () => {
  it('the nearest deadline first, orders without one last, only states that can be staged', async () => {
    newChannel();
    const at = (day: number) => new Date(`2026-02-0${day}T12:00:00Z`);
    const as = (marketplaceOrderId: string, shippingDeadline: Date | null, state: OrderState) =>
      sight({ marketplaceOrderId, shippingDeadline }, { state });
    await save([
      as('none', null, 'accepted'),
      as('fifth', at(5), 'parked'),
      as('fourth', at(4), 'exported'),
      as('cancelled', at(6), 'cancelled'),
      as('received', at(3), 'received'),
      as('despatched', at(3), 'despatched'),
    ]);
    const read = await readDueOrders(base.db, channel, now, 10);
    expect(read.map((one) => one.marketplace_order_id)).toEqual([
      'fourth',
      'fifth',
      'cancelled',
      'none',
    ]);
    expect(await readDueOrders(base.db, channel, now, 2)).toHaveLength(2);
  });

  it('lines come in their place', async () => {
    newChannel();
    const lines = [10, 9, 2].map((index) =>
      sampleLine({ index, orderLineId: `A-${index}`, cancelations: [cancelledUnits(null)] }),
    );
    await save([sight({ lines })]);
    const [read] = await readDueOrders(base.db, channel, now, 10);
    expect(read?.lines.map((line) => line.position)).toEqual([2, 9, 10]);
  });
});

describe('recordTransition', () => {
  const move = (from: OrderState, to: OrderState, id = 'A') => ({
    channel,
    marketplaceOrderId: id,
    from,
    to,
    why: `because ${from}`,
    dueAt: null,
  });

  it('moves the order and keeps why', async () => {
    newChannel();
    await save([sight()]);
    const moved = await base.write((trx) =>
      recordTransition(trx, later, [move('accepted', 'parked')]),
    );
    expect(moved).toMatchObject([{ channel, marketplaceOrderId: 'A' }]);
    expect((await known())?.state).toBe('parked');
    expect(await history()).toEqual([
      { id: 'A', number: 1, from: 'accepted', to: 'parked', why: 'because accepted' },
    ]);
  });

  it('from a state that the order is not in changes nothing and leaves no history', async () => {
    newChannel();
    await save([sight()]);
    const moves = [move('parked', 'exported'), move('accepted', 'parked', 'never-seen')];
    expect(await base.write((trx) => recordTransition(trx, later, moves))).toEqual([]);
    expect((await known())?.state).toBe('accepted');
    expect(await history()).toEqual([]);
  });

  it('of two moves of one order in a batch only the one that fits counts', async () => {
    newChannel();
    await save([sight()]);
    const moves = [move('parked', 'exported'), move('accepted', 'exported')];
    const moved = await base.write((trx) => recordTransition(trx, later, moves));
    expect(moved).toMatchObject([{ from: 'accepted' }]);
    expect(await history()).toMatchObject([{ from: 'accepted', to: 'exported' }]);
  });
});

describe('recordHistory', () => {
  it('numbers go on per order, in the order of the list', async () => {
    newChannel();
    await save([sight(), sight({ marketplaceOrderId: 'B' })]);
    const entry = (marketplaceOrderId: string, why: string) => ({
      channel,
      marketplaceOrderId,
      kind: 'note' as const,
      from: null,
      to: null,
      why,
    });
    await base.write((trx) =>
      recordHistory(trx, now, [entry('A', 'first'), entry('B', 'other'), entry('A', 'second')]),
    );
    await base.write((trx) => recordHistory(trx, now, [entry('A', 'third')]));
    expect((await history()).map((one) => [one.id, one.number, one.why])).toEqual([
      ['A', 1, 'first'],
      ['A', 2, 'second'],
      ['A', 3, 'third'],
      ['B', 1, 'other'],
    ]);
  });
});

describe('orders that cannot be read', () => {
  it('are kept until they can be read', async () => {
    newChannel();
    const found = [{ subject: 'X', problem: 'total_price: a decimal number is due' }];
    await base.write((trx) => saveUnreadable(trx, channel, now, found));
    await base.write((trx) => saveUnreadable(trx, channel, later, found));
    const rows = await base.db
      .selectFrom('unreadable_orders')
      .selectAll()
      .where('channel', '=', channel)
      .execute();
    expect(rows).toMatchObject([{ subject: 'X', first_seen_at: now, last_seen_at: later }]);
    expect(await base.write((trx) => clearUnreadable(trx, channel, ['Y']))).toEqual([]);
    expect(await base.write((trx) => clearUnreadable(trx, channel, ['X', 'Y']))).toEqual(['X']);
    expect(await base.write((trx) => clearUnreadable(trx, channel, []))).toEqual([]);
  });
});

describe('touchSeen', () => {
  it('changes nothing but when it was seen', async () => {
    newChannel();
    await save([sight()]);
    await base.write((trx) => touchSeen(trx, channel, ['A'], later));
    const order = await base.db
      .selectFrom('orders')
      .selectAll()
      .where('channel', '=', channel)
      .executeTakeFirst();
    expect(order).toMatchObject({ seen_at: later, first_seen_at: now, due_at: now, attempts: 0 });
  });
});
