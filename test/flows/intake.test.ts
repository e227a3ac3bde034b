import { describe, expect, it } from 'vitest';
import { resumeFlow } from '../../src/runtime/flow-control.ts';
import {
  allRaised,
  breaches,
  exceptionsOf,
  ordersKept,
  raised,
  theHistory,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import { aShopperBuys, johnLewis, openTrade, type Trade, textOf } from './trade.ts';

const minuteMs = 60_000;

/** Orders that fill one page and a part of the next. */
function manyShoppersBuy(trade: Trade, count: number, dated: { createdMs?: number } = {}): void {
  for (let n = 0; n < count; n += 1) {
    const dates = dated.createdMs === undefined ? {} : { ...dated, updatedMs: dated.createdMs };
    aShopperBuys(trade, { TEE: 1 }, dates);
  }
}

describe('intake', () => {
  it.each(['offset', 'seek'] as const)('reads every page, paged by %s', async (orderPaging) => {
    const trade = await openTrade({
      marketplace: { orderPaging },
      channel: { paging: orderPaging },
    });
    manyShoppersBuy(trade, 230);
    await trade.run('orders.intake');
    expect(await ordersKept(trade)).toBe(230);
    expect(trade.johnLewis.truth.calls['OR11']).toBe(3);
    expect(breaches(trade)).toEqual([]);
  });

  it.each(['pageDrift', 'pageLoss', 'duplicateInPage', 'lateOrder'] as const)(
    'misses no order when a page suffers %s',
    async (fault) => {
      const trade = await openTrade();
      manyShoppersBuy(trade, 120);
      trade.johnLewis.faults.set(fault, 1, 'OR11');
      await trade.run('orders.intake');
      trade.johnLewis.faults.clear();
      await trade.pass(3);
      const { orders } = trade.johnLewis.truth;
      expect(trade.johnLewis.faults.hits.length).toBeGreaterThan(0);
      expect(await ordersKept(trade)).toBe(orders.size);
      expect(trade.warehouse.truth.salesOrders.size).toBe(orders.size);
    },
  );

  it('reads orders of one and the same instant, however many pages they fill', async () => {
    const trade = await openTrade({ marketplace: { dateMilliseconds: 'seconds' } });
    manyShoppersBuy(trade, 110, { createdMs: trade.clock.nowMs() - 10_000 });
    await trade.run('orders.intake');
    manyShoppersBuy(trade, 5, { createdMs: trade.clock.nowMs() - 10_000 });
    await trade.pass(2);
    expect(await ordersKept(trade)).toBe(115);
  });

  it('an order seen again unchanged leaves no second entry in its history', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.run('orders.intake');
    const before = await theHistory(trade, id);
    await trade.run('orders.intake');
    expect(await theHistory(trade, id)).toEqual(before);
  });

  it('an older sight of an order changes nothing', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.pass(2);
    trade.johnLewis.shopperCancels(id);
    await trade.run('orders.intake');
    trade.johnLewis.faults.next('staleOrder', 1, 'OR11');
    await trade.run('orders.intake');
    expect((await weSay(trade, id))?.wire).toBe('CANCELED');
  });

  it('finds an order that turns up late within the overlap', async () => {
    const trade = await openTrade();
    aShopperBuys(trade, { MUG: 1 });
    await trade.pass(3);
    const datedMs = trade.clock.nowMs() - 4 * minuteMs;
    const late = aShopperBuys(trade, { TEE: 1 }, { createdMs: datedMs, updatedMs: datedMs });
    await trade.pass(3);
    expect(theWarehouseShows(trade, late)?.units).toEqual({ TEE: 1 });
  });

  it('finds an order that is dated before the overlap by the daily rescan', async () => {
    const trade = await openTrade();
    await trade.pass(60);
    aShopperBuys(trade, { MUG: 1 });
    await trade.pass(2);
    const datedMs = trade.clock.nowMs() - 30 * minuteMs;
    const late = aShopperBuys(trade, { TEE: 1 }, { createdMs: datedMs, updatedMs: datedMs });
    await trade.pass(3);
    expect(await weSay(trade, late)).toBeNull();

    trade.johnLewis.faults.next('exportFails', 1, 'OR13');
    await resumeRescan(trade);
    await trade.pass(10);
    expect(theWarehouseShows(trade, late)?.units).toEqual({ TEE: 1 });
    expect(trade.johnLewis.truth.calls['OR15']).toBe(1);
    expect(breaches(trade)).toEqual([]);
  });

  it('rescans page by page where the operator has no exports', async () => {
    const trade = await openTrade();
    trade.network[johnLewis]!.instead = (request) =>
      request.target.includes('/async-export') ? notFound : null;
    await trade.pass(60);
    aShopperBuys(trade, { MUG: 1 });
    await trade.pass(2);
    const datedMs = trade.clock.nowMs() - 30 * minuteMs;
    const late = aShopperBuys(trade, { TEE: 1 }, { createdMs: datedMs, updatedMs: datedMs });
    await resumeRescan(trade);
    await trade.pass(10);
    expect(theWarehouseShows(trade, late)?.units).toEqual({ TEE: 1 });
  });

  it('keeps and names an order that it cannot read, and goes on with the others', async () => {
    const trade = await openTrade();
    const bad = aShopperBuys(trade, { LAMP: 1 });
    const good = aShopperBuys(trade, { TEE: 1 });
    let isMangled = true;
    trade.network[johnLewis]!.instead = (request, vendor) => {
      const reply = vendor(request);
      const pattern = new RegExp(`("order_id":"${bad}"[\\s\\S]*?"order_lines":)\\[`);
      const body = textOf(reply.body);
      return isMangled ? { ...reply, body: body.replace(pattern, '$17,"other":[') } : reply;
    };
    await trade.pass(3);
    expect(theWarehouseShows(trade, good)?.units).toEqual({ TEE: 1 });
    expect(theWarehouseShows(trade, bad)).toBeNull();
    expect(await allRaised(trade)).toEqual([`order-unreadable ${bad}`]);

    isMangled = false;
    await trade.pass(3);
    expect(theWarehouseShows(trade, bad)?.units).toEqual({ LAMP: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('survives every fault of the wire and loses nothing', async () => {
    const trade = await openTrade();
    for (const kind of [
      'resetBefore',
      'resetAfter',
      'serverError',
      'htmlPage',
      'halfBody',
      'throttle',
      'emptyBody',
    ] as const) {
      trade.johnLewis.faults.next(kind, 1, 'OR11');
    }
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.pass(20);
    expect(trade.johnLewis.faults.hits).toHaveLength(7);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ TEE: 1 });
    expect(await allRaised(trade)).toEqual([]);
    expect(breaches(trade)).toEqual([]);
  });
});

describe('the life of an order is followed', () => {
  it('accepted, paid, taken by the warehouse', async () => {
    const trade = await openTrade({
      marketplace: { acceptance: 'NOT_AUTOMATIC', debit: 'manual' },
    });
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.pass(5);
    expect(await weSay(trade, id)).toMatchObject({
      state: 'received',
      wire: 'WAITING_DEBIT_PAYMENT',
    });
    trade.johnLewis.payNow(id);
    await trade.pass(3);
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', wire: 'SHIPPING' });
    const states = (await theHistory(trade, id)).filter((line) => !line.startsWith('warehouse'));
    expect(states).toEqual([
      'marketplace: null -> WAITING_ACCEPTANCE',
      'state: null -> received',
      expect.stringMatching(/^note: 1 of 1 line\(s\) accepted/),
      'marketplace: WAITING_ACCEPTANCE -> WAITING_DEBIT_PAYMENT',
      'marketplace: WAITING_DEBIT_PAYMENT -> SHIPPING',
      'state: received -> accepted',
      'state: accepted -> exported',
    ]);
  });

  it('a payment that is refused ends it, and nothing goes to the warehouse', async () => {
    const trade = await openTrade({ marketplace: { debit: 'manual' } });
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.pass(2);
    trade.johnLewis.refusePayment(id);
    await trade.pass(2);
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled', wire: 'CANCELED' });
    expect(theWarehouseShows(trade, id)).toBeNull();
  });

  it('a line that is refunded out of the shipment is taken out in the warehouse too', async () => {
    const trade = await openTrade({ warehouse: { zeroQuantity: 'taken' } });
    const id = aShopperBuys(trade, { TEE: 1, MUG: 2 });
    await trade.pass(3);
    const line = trade.johnLewis.truth.orders.get(id)!.lines[0]!;
    trade.johnLewis.refund(id, { lineId: line.lineId, excludedFromShipment: true });
    await trade.pass(10);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ MUG: 2 });
  });

  it('an incident before export holds the order until it is closed', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { TEE: 1 });
    trade.johnLewis.settle();
    const line = trade.johnLewis.truth.orders.get(id)!.lines[0]!.lineId;
    trade.johnLewis.openIncident(id, line);
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await raised(trade, id)).toEqual(['incident-open']);
    trade.johnLewis.closeIncident(id, line);
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ TEE: 1 });
    expect(await raised(trade, id)).toEqual([]);
  });

  it('an incident after export is told to a person, and settled when it is closed', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { TEE: 1, MUG: 1 });
    await trade.pass(3);
    const line = trade.johnLewis.truth.orders.get(id)!.lines[0]!.lineId;
    trade.johnLewis.openIncident(id, line);
    await trade.pass(3);
    expect(await raised(trade, id)).toEqual(['incident-open']);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ TEE: 1, MUG: 1 });
    trade.johnLewis.closeIncident(id, line);
    await trade.pass(3);
    expect(await exceptionsOf(trade, id)).toMatchObject([
      { code: 'incident-open', state: 'resolved' },
    ]);
  });
});

const notFound = { status: 404, headers: {}, body: '', delayMs: 0 };

async function resumeRescan(trade: Trade): Promise<void> {
  await resumeFlow(trade.service.database.db, trade.clock, {
    flow: 'orders.rescan',
    connection: johnLewis,
  });
}
