import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import {
  aFigure,
  aKit,
  anOrder,
  clearStock,
  type GivenOrder,
  stockHouse,
} from '../../test/stock-rows.ts';
import {
  adoptVerified,
  oldestIntake,
  readStuck,
  readUnreserved,
  refreshDemand,
  saveReservations,
} from './demand-store.ts';
import { saveFeed } from './figure-store.ts';

let base: MigratedDatabase;
const now = new Date('2026-02-02T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => clearStock(base));

const refresh = (lagChanged = false) =>
  base.write((trx) => refreshDemand(trx, stockHouse, now, lagChanged));

async function demand(): Promise<Record<string, { promised: number; perHour: number }>> {
  const rows = await base.db.selectFrom('stock_demand').selectAll().execute();
  return Object.fromEntries(
    rows.map((one) => [one.item_code, { promised: one.promised, perHour: one.units_per_hour }]),
  );
}

async function due(): Promise<string[]> {
  const rows = await base.db
    .selectFrom('stock_due')
    .select('item_code')
    .orderBy('item_code')
    .execute();
  return rows.map((one) => one.item_code);
}

describe('units that are promised', () => {
  /** LAMP was read a minute ago, 3 units were bought three hours ago. */
  const three = { id: 'A', quantity: 3, boughtAt: minutesAgo(180) };
  it.each<{ rule: string; order: Partial<GivenOrder>; promised: number }>([
    { rule: 'to be shipped', order: {}, promised: 3 },
    ...[
      'STAGING',
      'WAITING_ACCEPTANCE',
      'WAITING_DEBIT',
      'WAITING_DEBIT_PAYMENT',
      'INCIDENT_OPEN',
    ].map((lineState) => ({ rule: lineState, order: { lineState }, promised: 3 })),
    { rule: 'a state nobody knows', order: { lineState: 'WAITING_FOR_GODOT' }, promised: 3 },
    ...['REFUSED', 'CANCELED', 'REFUNDED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED'].map(
      (lineState) => ({ rule: `not ${lineState}`, order: { lineState }, promised: 0 }),
    ),
    { rule: 'without those withdrawn', order: { withdrawnUnits: 2 }, promised: 1 },
    { rule: 'not when all are withdrawn', order: { withdrawnUnits: 3 }, promised: 0 },
    { rule: 'staged for the warehouse', order: { step: 'staged' }, promised: 3 },
    {
      rule: 'in the warehouse, not reserved',
      order: { step: 'verified', absorbedAt: null },
      promised: 3,
    },
    {
      rule: 'not when reserved before the read',
      order: { step: 'verified', absorbedAt: minutesAgo(2) },
      promised: 0,
    },
    {
      rule: 'not when reserved as the read began',
      order: { step: 'verified', absorbedAt: minutesAgo(1) },
      promised: 0,
    },
    {
      rule: 'when reserved since the read',
      order: { step: 'verified', absorbedAt: now },
      promised: 3,
    },
    {
      rule: 'when its sales order was cancelled',
      order: { step: 'cancelled', absorbedAt: minutesAgo(2) },
      promised: 3,
    },
  ])('$rule', async ({ order, promised }) => {
    await aFigure(base, { itemCode: 'LAMP', available: 9, readAt: minutesAgo(1) });
    await anOrder(base, { ...three, ...order });
    await refresh();
    expect((await demand())['LAMP']?.promised).toBe(promised);
  });

  it('are summed over channels and orders, by the ItemCode that SKUs are mapped to', async () => {
    await sql`insert into sku_mappings (channel, shop_sku, item_code, made_at, made_by)
      values ('second', 'SM-1', 'LAMP', ${now}, 'Ann Example')`.execute(base.db);
    await anOrder(base, { ...three, id: 'A' });
    await anOrder(base, { ...three, id: 'B', quantity: 4 });
    await anOrder(base, { ...three, id: 'A', channel: 'second', shopSku: 'SM-1', quantity: 5 });
    await refresh();
    expect((await demand())['LAMP']?.promised).toBe(12);
  });

  it('a whole read vouches for figures that it found nothing to change in', async () => {
    await aFigure(base, { itemCode: 'LAMP', available: 9, readAt: minutesAgo(500) });
    await base.write((trx) => saveFeed(trx, stockHouse, { fullAt: minutesAgo(1) }));
    await anOrder(base, { ...three, step: 'verified', absorbedAt: minutesAgo(2) });
    await refresh();
    expect((await demand())['LAMP']?.promised).toBe(0);
  });

  it.each([
    {
      rule: 'a site read later does not vouch for one read earlier',
      north: minutesAgo(5),
      promised: 3,
    },
    { rule: 'both sites were read since', north: minutesAgo(1), promised: 0 },
  ])('$rule', async ({ north, promised }) => {
    await aFigure(base, { itemCode: 'LAMP', available: 9, readAt: minutesAgo(1) });
    await aFigure(base, { itemCode: 'LAMP', available: 2, site: 'North', readAt: north });
    await anOrder(base, { ...three, step: 'verified', absorbedAt: minutesAgo(2) });
    await refresh();
    expect((await demand())['LAMP']?.promised).toBe(promised);
  });

  it('a site where the item is no more holds nothing back', async () => {
    await aFigure(base, { itemCode: 'LAMP', available: 9, readAt: minutesAgo(1) });
    const gone = { site: 'North', readAt: minutesAgo(900), absentSince: minutesAgo(800) };
    await aFigure(base, { itemCode: 'LAMP', available: 2, ...gone });
    await anOrder(base, { ...three, step: 'verified', absorbedAt: minutesAgo(2) });
    await refresh();
    expect((await demand())['LAMP']?.promised).toBe(0);
  });

  it.each([
    { rule: 'every part of a kit was read since: absorbed', tee: minutesAgo(1), promised: 0 },
    { rule: 'one part of a kit was not: promised', tee: minutesAgo(5), promised: 3 },
  ])('$rule', async ({ tee, promised }) => {
    await aKit(base, 'SET', { MUG: 2, TEE: 1 });
    await aFigure(base, { itemCode: 'MUG', available: 9, readAt: minutesAgo(1) });
    await aFigure(base, { itemCode: 'TEE', available: 9, readAt: tee });
    await anOrder(base, { ...three, shopSku: 'SET', step: 'verified', absorbedAt: minutesAgo(2) });
    await refresh();
    expect((await demand())['SET']?.promised).toBe(promised);
  });
});

describe('how fast items sell', () => {
  it.each([
    { rule: 'a burst counts by the last 15 minutes', ages: [1, 2, 3, 14], perHour: 16 },
    { rule: 'two hours', ages: [20, 40, 60, 80, 100, 110], perHour: 3 },
    { rule: 'a day', ages: Array.from({ length: 48 }, (_, n) => 125 + n * 27), perHour: 2 },
    { rule: 'longer ago counts no more', ages: [60 * 25], perHour: 0 },
  ])('$rule', async ({ ages, perHour }) => {
    for (const [n, age] of ages.entries())
      await anOrder(base, { id: `A${n}`, lineState: 'SHIPPED', boughtAt: minutesAgo(age) });
    await refresh();
    expect((await demand())['LAMP']?.perHour ?? 0).toBe(perHour);
  });
});

describe('items to be worked out again', () => {
  it('are those whose promise or rate changed, once, and the parts of kits that were sold', async () => {
    await aKit(base, 'SET', { MUG: 2 });
    await anOrder(base, { id: 'A', boughtAt: minutesAgo(200) });
    await anOrder(base, { id: 'B', shopSku: 'SET', boughtAt: minutesAgo(200) });
    expect(await refresh()).toBe(2);
    expect(await due()).toEqual(['LAMP', 'MUG', 'SET']);
    await sql`truncate stock_due`.execute(base.db);
    expect(await refresh()).toBe(0);
    expect(await due()).toEqual([]);
    await sql`update order_lines set wire_state = 'CANCELED' where shop_sku = 'LAMP'`.execute(
      base.db,
    );
    expect(await refresh()).toBe(1);
    expect(await due()).toEqual(['LAMP']);
  });

  it('are all that sell when the lag changed', async () => {
    await anOrder(base, { id: 'A', boughtAt: minutesAgo(200) });
    await anOrder(base, { id: 'B', shopSku: 'MUG', boughtAt: minutesAgo(60 * 30) });
    await refresh();
    await sql`truncate stock_due`.execute(base.db);
    await refresh(true);
    expect(await due()).toEqual(['LAMP']);
  });

  it('an item that is neither promised nor sold any more is forgotten, and due once more', async () => {
    await anOrder(base, { id: 'A', boughtAt: minutesAgo(60 * 30) });
    await refresh();
    await sql`truncate stock_due`.execute(base.db);
    await sql`update order_lines set wire_state = 'SHIPPED'`.execute(base.db);
    await refresh();
    expect(await demand()).toEqual({});
    expect(await due()).toEqual(['LAMP']);
  });
});

describe('reservations', () => {
  const held: GivenOrder = {
    id: 'A',
    boughtAt: minutesAgo(60),
    step: 'verified',
    verifiedAt: minutesAgo(50),
  };
  const asked = async () =>
    (await readUnreserved(base.db, stockHouse, new Date(0), 10)).map((one) => one.salesOrderNumber);
  const absorbedAt = async () =>
    (await base.db.selectFrom('stock_reservations').select('absorbed_at').executeTakeFirst())
      ?.absorbed_at;

  it('are asked about while they are owed and not seen, those never asked about first', async () => {
    await anOrder(base, { ...held, id: 'A', absorbedAt: null });
    await anOrder(base, { ...held, id: 'B' });
    await anOrder(base, { ...held, id: 'C', absorbedAt: minutesAgo(1) });
    await anOrder(base, { ...held, id: 'D', lineState: 'SHIPPED' });
    await anOrder(base, { ...held, id: 'E', step: 'lines-in' });
    expect(await asked()).toEqual(['B', 'A']);
  });

  it.each([
    { status: ' allocated ', isReserved: true },
    { status: 'New', isReserved: false },
  ])(
    'what orders saw when they verified is taken over: "$status"',
    async ({ status, isReserved }) => {
      await anOrder(base, { ...held, warehouseStatus: status });
      await base.write((trx) => adoptVerified(trx, stockHouse, now, ['Allocated', 'Picking']));
      expect(await absorbedAt()).toEqual(isReserved ? minutesAgo(50) : null);
    },
  );

  it('the first sight counts; a reservation that was lost again counts no more', async () => {
    await anOrder(base, held);
    const see = (at: Date, isReserved: boolean) =>
      base.write((trx) =>
        saveReservations(trx, stockHouse, at, [{ salesOrderNumber: 'A', status: 'x', isReserved }]),
      );
    await see(minutesAgo(9), true);
    await see(minutesAgo(5), true);
    expect(await absorbedAt()).toEqual(minutesAgo(9));
    await see(minutesAgo(4), false);
    expect(await absorbedAt()).toBeNull();
    await see(minutesAgo(3), true);
    expect(await absorbedAt()).toEqual(minutesAgo(3));
  });

  it('that never come are named with their order, once they are old enough', async () => {
    await anOrder(base, { ...held, absorbedAt: null });
    expect(await readStuck(base.db, stockHouse, minutesAgo(55))).toEqual([]);
    expect(await readStuck(base.db, stockHouse, minutesAgo(10))).toMatchObject([
      { salesOrderNumber: 'A', marketplaceOrderId: 'A', since: minutesAgo(50) },
    ]);
  });
});

describe('when orders were last read', () => {
  it('is the oldest of the channels, and null when one never was', async () => {
    const flow = (connection: string, at: Date | null) =>
      sql`
      insert into flows (flow, connection, every_ms, next_due_at, last_ok_at)
      values ('orders.intake', ${connection}, 1, ${now}, ${at})`.execute(base.db);
    await flow('one', minutesAgo(5));
    await flow('two', minutesAgo(9));
    await flow('three', null);
    expect(await oldestIntake(base.db, ['one', 'two'])).toEqual(minutesAgo(9));
    expect(await oldestIntake(base.db, ['one', 'three'])).toBeNull();
  });
});
