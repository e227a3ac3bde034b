import { describe, expect, it } from 'vitest';
import { readOrderLife } from '../../src/orders/overview-store.ts';
import { allRaised, breaches, theHistory, theWarehouseShows, weSay } from './beliefs.ts';
import { aShopperBuys, johnLewis, openTrade } from './trade.ts';

describe('an order from the marketplace into the warehouse', () => {
  it('goes in whole, is seen there, and its number is written back', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { LAMP: 2, MUG: 1 });
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)).toEqual({ status: 'New', units: { LAMP: 2, MUG: 1 } });
    expect(await weSay(trade, id)).toEqual({
      state: 'exported',
      wire: 'SHIPPING',
      step: 'verified',
    });
    expect(trade.johnLewis.truth.orders.get(id)?.referenceForSeller).toBe(id);
    expect(await allRaised(trade)).toEqual([]);
    expect(breaches(trade)).toEqual([]);
  });

  it('its whole life is in its history: when, from, to, why, and by which call', async () => {
    const trade = await openTrade({
      marketplace: { acceptance: 'NOT_AUTOMATIC' },
      warehouse: { zeroQuantity: 'taken' },
    });
    const id = aShopperBuys(trade, { LAMP: 2, MUG: 1 });
    await trade.pass(5);
    const [lamp] = trade.johnLewis.truth.orders.get(id)!.lines;
    trade.johnLewis.operatorCancelsUnits(id, lamp!.lineId, 1);
    await trade.pass(4);
    trade.johnLewis.shopperCancels(id);
    await trade.pass(4);
    expect(await theHistory(trade, id)).toEqual([
      'marketplace: null -> WAITING_ACCEPTANCE',
      'state: null -> received',
      expect.stringMatching(/^note: 2 of 2 line\(s\) accepted: .*known, sellable/),
      'marketplace: WAITING_ACCEPTANCE -> SHIPPING',
      'state: received -> accepted',
      'warehouse: null -> staged',
      'warehouse: staged -> header-in',
      'warehouse: header-in -> lines-in',
      'warehouse: lines-in -> verified',
      'state: accepted -> exported',
      'warehouse: verified -> cancelling',
      'warehouse: cancel-sent -> verified',
      'marketplace: SHIPPING -> CANCELED',
      'warehouse: verified -> cancelling',
      'warehouse: cancel-sent -> cancelled',
      'state: exported -> cancelled',
    ]);
    const key = { channel: johnLewis, marketplaceOrderId: id };
    const life = (await readOrderLife(trade.service.database.db, key))!;
    const calls = life.history.flatMap((one) => (one.call ? [one.call.split(' at ')[0]] : []));
    expect([...new Set(calls)].sort()).toEqual([
      'GetData Sales orders',
      'OR11',
      'OR21',
      'SaveData Sales order items',
      'SaveData Sales orders',
    ]);
    expect(life.history.map((one) => one.number)).toEqual(life.history.map((_, at) => at + 1));
    const times = life.history.map((one) => one.at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(life.salesOrder?.lines).toMatchObject([
      { itemCode: 'LAMP', quantity: 0 },
      { itemCode: 'MUG', quantity: 0 },
    ]);
  });

  it('a history holds no name, no address and no e-mail', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { LAMP: 1, 'NEW-1': 1 });
    await trade.pass(3);
    const { db } = trade.service.database;
    const history = await db
      .selectFrom('order_history')
      .selectAll()
      .where('marketplace_order_id', '=', id)
      .execute();
    const exceptions = await db.selectFrom('exceptions').selectAll().execute();
    const text = JSON.stringify([history, exceptions]);
    expect(text).not.toMatch(/Ann|Example|High Street|LS1|example\.test/);
  });
});
