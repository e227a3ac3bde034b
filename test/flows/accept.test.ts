import { describe, expect, it } from 'vitest';
import { decideByHand } from '../../src/orders/by-hand.ts';
import { readOrderLife } from '../../src/orders/overview-store.ts';
import {
  allRaised,
  breaches,
  raised,
  theMarketplaceShows,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import { aShopperBuys, johnLewis, openTrade, type Trade, type TradeOptions } from './trade.ts';

/** A marketplace whose orders wait for acceptance, under these rules. */
function openWaiting(
  acceptance: Record<string, unknown> = {},
  more: TradeOptions = {},
): Promise<Trade> {
  const marketplace = { acceptance: 'NOT_AUTOMATIC' as const, ...more.marketplace };
  return openTrade({ ...more, marketplace, channel: { acceptance, ...more.channel } });
}

function decisionsOn(trade: Trade, orderId: string) {
  return trade.johnLewis.truth.decisions.filter((one) => one.orderId === orderId);
}

describe('accept', () => {
  it('accepts what is known, sellable and rightly priced, in one decision', async () => {
    const trade = await openWaiting();
    const id = aShopperBuys(trade, { LAMP: 2, MUG: 1 });
    await trade.pass(5);
    expect(decisionsOn(trade, id)).toHaveLength(1);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2, MUG: 1 });
    expect(breaches(trade)).toEqual([]);
  });

  it('decides line by line: one that the warehouse cannot fill is refused, the other goes', async () => {
    const trade = await openWaiting();
    const id = aShopperBuys(trade, { LAMP: 150, MUG: 1 });
    await trade.pass(5);
    expect(theMarketplaceShows(trade, id)).toEqual(['REFUSED', 'SHIPPING']);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ MUG: 1 });
  });

  it('orders of one minute do not share the same units', async () => {
    const trade = await openWaiting();
    const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 40 }));
    await trade.pass(5);
    const states = ids.map((id) => theMarketplaceShows(trade, id)[0]);
    expect(states).toEqual(['SHIPPING', 'SHIPPING', 'REFUSED']);
  });

  it.each([
    ['hold', ['acceptance-held'], 'WAITING_ACCEPTANCE'],
    ['accept', [], 'SHIPPING'],
    ['refuse', [], 'REFUSED'],
  ] as const)('short stock is dealt with by policy: %s', async (onShortStock, codes, state) => {
    const trade = await openWaiting({ onShortStock });
    const id = aShopperBuys(trade, { LAMP: 150 });
    await trade.pass(5);
    expect(theMarketplaceShows(trade, id)).toEqual([state]);
    expect(await raised(trade, id)).toEqual(codes);
  });

  it('an order with an unknown SKU is held, and decided once the item is there', async () => {
    const trade = await openWaiting();
    const id = aShopperBuys(trade, { 'NEW-1': 1, MUG: 1 });
    await trade.pass(3);
    expect(theMarketplaceShows(trade, id)).toEqual(['WAITING_ACCEPTANCE', 'WAITING_ACCEPTANCE']);
    expect(await raised(trade, id)).toEqual(['acceptance-held']);

    trade.warehouse.addItem({ itemCode: 'NEW-1', stock: { PrimarySite: 5 } });
    await trade.pass(10);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ 'NEW-1': 1, MUG: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a line sold far below its offer is held', async () => {
    const trade = await openWaiting();
    const id = aShopperBuys(trade, [{ offerSku: 'LAMP', quantity: 1, unitPrice: '3.00' }]);
    const near = aShopperBuys(trade, [{ offerSku: 'LAMP', quantity: 1, unitPrice: '28.51' }]);
    await trade.pass(5);
    expect(await raised(trade, id)).toEqual(['acceptance-held']);
    expect(theMarketplaceShows(trade, id)).toEqual(['WAITING_ACCEPTANCE']);
    expect(theMarketplaceShows(trade, near)).toEqual(['SHIPPING']);
  });

  it('where partial acceptance is disabled, one bad line refuses the order', async () => {
    const trade = await openWaiting({}, { marketplace: { partialAcceptance: false } });
    const id = aShopperBuys(trade, { LAMP: 150, MUG: 1 });
    const whole = aShopperBuys(trade, { MUG: 2 });
    await trade.pass(8);
    expect(theMarketplaceShows(trade, id)).toEqual(['REFUSED', 'REFUSED']);
    expect(theMarketplaceShows(trade, whole)).toEqual(['SHIPPING']);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an order that waits too long is raised before the window closes', async () => {
    const trade = await openWaiting({ policy: 'manual', windowHours: 24, warnBeforeHours: 4 });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(3);
    await trade.leap(19 * 60);
    expect(await raised(trade, id)).toEqual(['acceptance-held']);
    await trade.leap(65);
    expect(await raised(trade, id)).toEqual(['acceptance-held', 'acceptance-window-closing']);
  });

  it.each(['resetBefore', 'resetAfter', 'timeoutAfter', 'serverError', 'emptyBody'] as const)(
    'an order is decided once, whatever becomes of the answer: %s',
    async (fault) => {
      const trade = await openWaiting();
      trade.johnLewis.faults.next(fault, 1, 'OR21');
      const id = aShopperBuys(trade, { LAMP: 1 });
      await trade.pass(10);
      expect(decisionsOn(trade, id)).toHaveLength(1);
      expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('a decision whose sender died is not made a second time', async () => {
    const trade = await openWaiting();
    const id = aShopperBuys(trade, { LAMP: 1 });
    const died = trade.dieAfter((request) => request.url.endsWith(`/api/orders/${id}/accept`));
    void trade.pass(3);
    await died;
    await trade.restart();
    await trade.pass(10);
    expect(decisionsOn(trade, id)).toHaveLength(1);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
  });

  it('a person decides where the policy is manual, line by line', async () => {
    const trade = await openWaiting({ policy: 'manual' });
    const id = aShopperBuys(trade, { LAMP: 1, MUG: 1 });
    await trade.pass(3);
    expect(await raised(trade, id)).toEqual(['acceptance-held']);
    await aPersonRefuses(trade, id, 'LAMP');
    await trade.pass(5);
    expect(theMarketplaceShows(trade, id)).toEqual(['REFUSED', 'SHIPPING']);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ MUG: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an order that somebody decides in the back office is followed from there', async () => {
    const trade = await openWaiting({ policy: 'off' });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(3);
    expect(await weSay(trade, id)).toMatchObject({ state: 'received' });
    expect(await raised(trade, id)).toEqual([]);
    const [line] = trade.johnLewis.truth.orders.get(id)!.lines;
    trade.johnLewis.handle({
      method: 'PUT',
      target: `/api/orders/${id}/accept`,
      headers: { authorization: 'key-1', 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ order_lines: [{ id: line!.lineId, accepted: true }] })),
    });
    await trade.pass(5);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
  });
});

/** As `packhorse orders accept --refuse-line` does it. */
async function aPersonRefuses(trade: Trade, orderId: string, shopSku: string): Promise<void> {
  const { db } = trade.service.database;
  const key = { channel: johnLewis, marketplaceOrderId: orderId };
  const life = (await readOrderLife(db, key))!;
  const lines = life.orderLines.map((line) => ({
    orderLineId: line.orderLineId,
    accepted: line.shopSku !== shopSku,
    why: 'by hand',
  }));
  await db
    .transaction()
    .execute((trx) => decideByHand(trx, trade.clock, life, { lines, who: 'ann' }));
}
