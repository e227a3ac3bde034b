/** The clock of every order: stages raised once each, a forecast before it is too late, holidays and cut-off. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/despatch/watch.ts';
import { allRaised, exceptionsOf, raised, weSay } from './beliefs.ts';
import { effectsOn, inTheWarehouse, leaves, openDespatch, parcel, stepsOf } from './despatched.ts';
import { johnLewis, startMs, type Trade } from './trade.ts';

const hour = 60;
const day = 24 * hour;

/** Stages of a clock that a person was told of, oldest first. */
async function told(trade: Trade, orderId: string, clock = 'despatch'): Promise<string[]> {
  const rows = await trade.service.database.db
    .selectFrom('sla_alerts')
    .select('stage')
    .where('marketplace_order_id', '=', orderId)
    .where('clock', '=', clock)
    .orderBy('at')
    .execute();
  return rows.map((one) => one.stage);
}

/** How often an open exception of this code was raised about an order. */
async function timesRaised(trade: Trade, orderId: string, code: string): Promise<number> {
  const all = await exceptionsOf(trade, orderId);
  const ids = all.filter((one) => one.code === code).map((one) => one.id);
  if (ids.length === 0) return 0;
  const events = await trade.service.database.db
    .selectFrom('exception_events')
    .selectAll()
    .where('exception_id', 'in', ids)
    .execute();
  return events.length;
}

/** Until when each order must have left, as ISO text. */
async function mustLeaveBy(trade: Trade): Promise<Record<string, string>> {
  const [channel] = trade.settings.channels;
  const [warehouse] = trade.settings.warehouses;
  const { db } = trade.service.database;
  const view = await viewOf(
    { db, clock: trade.clock },
    { channel: channel!, warehouse: warehouse! },
    100,
  );
  return Object.fromEntries(
    view.map(({ order, deadlines }) => [
      order.marketplaceOrderId,
      deadlines.find((one) => one.clock === 'despatch')!.at.toISOString(),
    ]),
  );
}

describe('an order that does not leave', () => {
  it('is raised a day, four hours, an hour before its deadline and when it is missed, once each', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    await trade.pass(hour);
    expect(await raised(trade, orderId)).toEqual([]);
    const stages: string[] = [];
    for (const [stage, minutes] of [
      ['in-1440', 23 * hour],
      ['in-240', 20 * hour],
      ['in-60', 3 * hour],
      ['missed', hour],
    ] as const) {
      await trade.leap(minutes);
      stages.push(stage);
      await trade.pass(10);
      expect(await told(trade, orderId)).toEqual(stages);
      expect(await raised(trade, orderId)).toContain('sla-despatch');
    }
    const often = await timesRaised(trade, orderId, 'sla-despatch');
    await trade.restart();
    await trade.pass(2 * hour);
    expect(await told(trade, orderId)).toEqual(stages);
    expect(await timesRaised(trade, orderId, 'sla-despatch')).toBe(often);
  });

  it('and leaves in the end is raised no more, without anybody having to say so', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    await trade.leap(47 * hour);
    await trade.pass(5);
    expect(await raised(trade, orderId)).toContain('sla-despatch');
    leaves(trade, orderId);
    await trade.pass(5);
    expect(await allRaised(trade)).toEqual([]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });

  it('because the shopper cancelled it is raised no more', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    await trade.leap(47 * hour);
    await trade.pass(5);
    trade.johnLewis.shopperCancels(orderId);
    await trade.pass(10);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('leaves alerts of other orders as they are', async () => {
    const trade = await openDespatch();
    const [early, late] = [
      await inTheWarehouse(trade, { LAMP: 1 }),
      await inTheWarehouse(trade, { MUG: 1 }),
    ];
    await trade.leap(47 * hour);
    await trade.pass(5);
    leaves(trade, early);
    await trade.pass(5);
    expect(await raised(trade, early)).toEqual([]);
    expect(await raised(trade, late)).toContain('sla-despatch');
  });
});

describe("the channel's own rule", () => {
  const lenient = { leadTimeDays: 20 };
  /** Easter of 2026: Good Friday is 3 April, Easter Monday 6 April; London is an hour ahead of UTC. */
  const thursdayMs = Date.UTC(2026, 3, 2);

  it.each([
    ['before the cut-off: the same day', 'ENG', 12, 0, '2026-04-02T22:59:59.000Z'],
    [
      'after the cut-off: the next working day, Good Friday and Easter Monday not among them',
      'ENG',
      14,
      0,
      '2026-04-07T22:59:59.000Z',
    ],
    ['in Scotland Easter Monday is worked', 'SCT', 14, 0, '2026-04-06T22:59:59.000Z'],
    ['one working day over the long weekend', 'ENG', 12, 1, '2026-04-07T22:59:59.000Z'],
  ])('%s', async (_rule, nation, hourUtc, days, expected) => {
    const trade = await openDespatch({
      marketplace: lenient,
      despatch: { sla: { nation, despatchWithinWorkingDays: days } },
    });
    trade.clock.leapTo(thursdayMs + hourUtc * hour * 60_000);
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    expect(await mustLeaveBy(trade)).toEqual({ [orderId]: expected });
  });

  it('counts only where it is stricter than the marketplace', async () => {
    const trade = await openDespatch({ despatch: { sla: { despatchWithinWorkingDays: 10 } } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const deadline = new Date(startMs + 2 * day * 60_000).toISOString();
    expect(await mustLeaveBy(trade)).toEqual({ [orderId]: deadline });
  });

  it('counts days on which the warehouse is closed', async () => {
    const trade = await openDespatch({
      marketplace: lenient,
      despatch: { sla: { despatchWithinWorkingDays: 1, closedDays: ['2026-02-03'] } },
    });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    expect(await mustLeaveBy(trade)).toEqual({ [orderId]: '2026-02-04T23:59:59.000Z' });
  });
});

describe('the forecast', () => {
  it("says at the warehouse's pace which orders will be late, and takes it back when it is faster", async () => {
    const trade = await openDespatch({ marketplace: { leadTimeDays: 0.25 } });
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await inTheWarehouse(trade, { LAMP: 1 }));
    const [gone, ...queue] = ids as [string, ...string[]];
    await trade.pass(5);
    const late = async () => {
      const found = [];
      for (const id of queue)
        if ((await raised(trade, id)).includes('sla-forecast')) found.push(id);
      return found;
    };
    expect(await late()).toEqual([]);
    // One in three hours: the first of the queue leaves in time, the others do not.
    leaves(trade, gone);
    await trade.pass(3);
    expect(await late()).toEqual(queue.slice(1));
    for (const id of queue.slice(0, 3)) leaves(trade, id);
    await trade.pass(5);
    expect(await late()).toEqual([]);
    expect(await told(trade, queue[3]!, 'forecast')).toEqual(['late']);
  });
});

describe('a despatch that the marketplace does not show', () => {
  it('is raised after the minutes set, once, and closes by itself', async () => {
    const trade = await openDespatch({ despatch: { sla: { confirmWithinMinutes: 10 } } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId, { trackingNumber: '' });
    await trade.pass(9);
    expect(await raised(trade, orderId)).toEqual([]);
    await trade.pass(4);
    expect(await raised(trade, orderId)).toEqual(['despatch-unconfirmed']);
    await trade.pass(hour);
    expect(await told(trade, orderId, 'confirmation')).toEqual(['missed']);
    trade.warehouse.setTracking(despatch, parcel.first.trackingNumber);
    await trade.pass(10);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('part of an order counts too', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 1 });
    leaves(trade, orderId, { lines: [{ itemCode: 'LAMP', quantity: 1 }] });
    await trade.pass(25);
    expect(await raised(trade, orderId)).toEqual([]);
    await trade.pass(10);
    expect(await raised(trade, orderId)).toEqual(['despatch-unconfirmed']);
  });
});

it('a channel that is only watched is told nothing, and everything is seen', async () => {
  const trade = await openDespatch({ despatch: { mode: 'watch' } });
  const orderId = await inTheWarehouse(trade, { LAMP: 1 });
  leaves(trade, orderId);
  await trade.pass(35);
  expect(effectsOn(trade, orderId)).toEqual([]);
  expect(await stepsOf(trade, orderId)).toEqual(['ready']);
  expect(await raised(trade, orderId, johnLewis)).toEqual(['despatch-unconfirmed']);
});
