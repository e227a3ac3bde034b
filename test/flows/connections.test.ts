import { describe, expect, it } from 'vitest';
import { pauseFlow, resumeFlow } from '../../src/runtime/flow-control.ts';
import {
  allRaised,
  exceptionsOf,
  ordersKept,
  raised,
  theFlow,
  theHistory,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import {
  aShopperBuys,
  isSave,
  johnLewis,
  openTrade,
  secondMarket,
  startMs,
  type Trade,
  warehouseId,
} from './trade.ts';

const intake = 'orders.intake';

async function openTwoMarkets(): Promise<Trade> {
  return openTrade({ second: {} });
}

/** Both marketplaces sell one thing; returns the order ids. */
function bothSell(trade: Trade): { ours: string; theirs: string } {
  return {
    ours: aShopperBuys(trade, { LAMP: 1 }),
    theirs: aShopperBuys(trade, { LAMP: 1 }, { on: trade.second }),
  };
}

describe('two marketplaces', () => {
  it('share a warehouse and do not disturb each other', async () => {
    const trade = await openTwoMarkets();
    const { ours, theirs } = bothSell(trade);
    await trade.pass(3);
    expect(theWarehouseShows(trade, ours)?.units).toEqual({ LAMP: 1 });
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });
    expect(trade.second.truth.orders.get(theirs)?.referenceForSeller).toBe(theirs);
  });

  it('may use the same order id: the second is raised until a prefix tells them apart', async () => {
    const trade = await openTwoMarkets();
    aShopperBuys(trade, { LAMP: 1 }, { orderId: 'SAME-1', commercialId: 'SAME' });
    aShopperBuys(trade, { MUG: 1 }, { orderId: 'SAME-1', commercialId: 'SAME', on: trade.second });
    await trade.pass(3);
    expect(theWarehouseShows(trade, 'SAME-1')?.units).toEqual({ LAMP: 1 });
    expect(await raised(trade, 'SAME-1', johnLewis)).toEqual([]);
    expect(await raised(trade, 'SAME-1', secondMarket)).toEqual(['number-taken']);

    const other = trade.settings.channels.find((one) => one.id === secondMarket)!;
    other.salesOrderPrefix = 'SM-';
    await trade.restart();
    await trade.pass(40);
    expect(theWarehouseShows(trade, 'SM-SAME-1')?.units).toEqual({ MUG: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('one is down: the other goes on, it is raised once, and settled when it is back', async () => {
    const trade = await openTwoMarkets();
    await trade.network[johnLewis]!.down();
    const { ours, theirs } = bothSell(trade);
    await trade.pass(1);
    expect(await allRaised(trade)).toEqual([]);
    await trade.pass(15);
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });
    expect(await exceptionsOf(trade, intake)).toMatchObject([
      { code: 'connection-failing', connection: johnLewis, state: 'open', times_opened: 1 },
    ]);
    expect((await theFlow(trade, intake)).failures).toBeGreaterThan(5);

    await trade.network[johnLewis]!.up();
    await trade.pass(5);
    expect(theWarehouseShows(trade, ours)?.units).toEqual({ LAMP: 1 });
    expect(await allRaised(trade)).toEqual([]);
    expect((await theFlow(trade, intake)).failures).toBe(0);
  });

  it('one revokes our key: raised at once, the other goes on, settled with the right key', async () => {
    const trade = await openTwoMarkets();
    trade.johnLewis.setApiKey('another-key');
    const { ours, theirs } = bothSell(trade);
    await trade.work();
    expect(await exceptionsOf(trade, intake)).toMatchObject([
      {
        code: 'connection-refused',
        connection: johnLewis,
        owner: 'integration',
        severity: 'critical',
        message: expect.stringContaining('run packhorse doctor'),
      },
    ]);
    await trade.pass(5);
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });

    trade.johnLewis.setApiKey('key-1');
    await trade.pass(5);
    expect(theWarehouseShows(trade, ours)?.units).toEqual({ LAMP: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('one suspends the shop: its calls are refused, the other goes on', async () => {
    const trade = await openTwoMarkets();
    trade.network[johnLewis]!.instead = () => ({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"status":403,"message":"Forbidden"}',
      delayMs: 0,
    });
    const { theirs } = bothSell(trade);
    await trade.pass(4);
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });
    expect(await raised(trade, intake, johnLewis)).toContain('connection-refused');
    expect(await raised(trade, intake, secondMarket)).toEqual([]);
  });

  it('one throttles us: the other is not slowed down', async () => {
    const trade = await openTwoMarkets();
    trade.johnLewis.faults.set('throttle', 1);
    const { theirs } = bothSell(trade);
    await trade.work();
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });
  });
});

describe('a warehouse that is away', () => {
  it('is told of once, orders go on being read, and all go in when it is back', async () => {
    const trade = await openTrade();
    await trade.network[warehouseId]!.down();
    const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 1 }));
    await trade.pass(10);
    expect(await ordersKept(trade)).toBe(3);
    expect(await allRaised(trade)).toEqual(['connection-failing orders.export']);
    await trade.network[warehouseId]!.up();
    await trade.pass(5);
    expect(ids.every((id) => theWarehouseShows(trade, id)?.units['LAMP'] === 1)).toBe(true);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('one that refuses the password is told of at once', async () => {
    const trade = await openTrade({ warehouse: { password: 'changed' } });
    aShopperBuys(trade, { LAMP: 1 });
    await trade.work();
    expect(await raised(trade, 'orders.export', warehouseId)).toEqual(['connection-refused']);
  });

  it('a trouble that a person resolves too early opens again', async () => {
    const trade = await openTrade();
    trade.johnLewis.setApiKey('another-key');
    await trade.work();
    await trade.service.database.db
      .updateTable('exceptions')
      .set({ state: 'resolved', closed_at: trade.clock.now() })
      .execute();
    await trade.pass(5);
    expect(await exceptionsOf(trade, intake)).toMatchObject([
      { code: 'connection-refused', state: 'open', times_opened: 2 },
    ]);
  });
});

describe('pause and resume', () => {
  const exportFlow = { flow: 'orders.export', connection: warehouseId };

  it('a run under way can write nothing from the moment it is paused, and calls nobody', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.run(intake);
    trade.afterCall = async (request) => {
      if (!isSave('Sales orders')(request)) return;
      await pauseFlow(trade.service.database.db, trade.clock, exportFlow, 'a test');
    };
    expect(await trade.run('orders.export')).toBe('fenced');
    expect(await weSay(trade, id)).toMatchObject({ state: 'accepted', step: 'header-sent' });
    const callsBefore = new Map(trade.warehouse.truth.calls);
    await trade.pass(30);
    expect(await trade.run('orders.export')).toBe('paused');
    expect(trade.warehouse.truth.calls).toEqual(callsBefore);
    expect(await weSay(trade, id)).toMatchObject({ state: 'accepted', step: 'header-sent' });

    trade.afterCall = async () => {};
    await resumeFlow(trade.service.database.db, trade.clock, exportFlow);
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
  });

  it('a run that another has overtaken writes nothing any more', async () => {
    // The leaping clock stands at the end of the inner run when the outer one's answer arrives.
    const trade = await openTrade({ channel: { timeoutSeconds: 600 } });
    const id = aShopperBuys(trade, { LAMP: 1 });
    const outcomes: string[] = [];
    trade.afterCall = async (request) => {
      trade.afterCall = async () => {};
      expect(request.url).toContain('/api/orders');
      outcomes.push(await trade.run(intake));
    };
    outcomes.push(await trade.run(intake));
    expect(outcomes).toEqual(['done', 'fenced']);
    expect(await theHistory(trade, id)).toHaveLength(2);
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
  });

  it('one paused channel leaves the other alone', async () => {
    const trade = await openTwoMarkets();
    await pauseFlow(
      trade.service.database.db,
      trade.clock,
      { flow: intake, connection: johnLewis },
      'a test',
    );
    const { ours, theirs } = bothSell(trade);
    await trade.pass(5);
    expect(await weSay(trade, ours)).toBeNull();
    expect(theWarehouseShows(trade, theirs)?.units).toEqual({ LAMP: 1 });
    expect(trade.clock.nowMs()).toBeGreaterThan(startMs);
  });
});
