import { describe, expect, it } from 'vitest';
import { saveSkuMapping } from '../../src/orders/lookup-store.ts';
import { allRaised, exceptionsOf, raised, theWarehouseShows, weSay } from './beliefs.ts';
import { anAddress, aShopperBuys, johnLewis, openTrade, type Trade } from './trade.ts';

describe('stage', () => {
  it('names everything that is wrong with an order at once', async () => {
    const trade = await openTrade();
    trade.warehouse.addItem({ itemCode: 'OLD', retired: true });
    const id = aShopperBuys(
      trade,
      { 'NEW-1': 1, OLD: 1, LAMP: 1 },
      {
        commercialId: 'A-BASKET-WITH-A-VERY-LONG-NUMBER-0001',
        shippingTypeCode: 'CLC',
        shipTo: { ...anAddress, zip_code: null, country: 'Ruritania', country_iso_code: null },
      },
    );
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await raised(trade, id)).toEqual([
      'address-incomplete',
      'country-unknown',
      'number-too-long',
      'retired-item',
      'service-type-unmapped',
      'unknown-item',
    ]);
  });

  it('an exception says how much money is at stake, until when, and what to look at', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'NEW-1': 2, LAMP: 1 });
    await trade.pass(3);
    const [found] = await exceptionsOf(trade, id);
    const order = trade.johnLewis.truth.orders.get(id)!;
    expect(found).toMatchObject({
      code: 'unknown-item',
      owner: 'ecommerce',
      severity: 'high',
      money_pence: 2 * 999 + 3000,
      evidence: { itemCodes: ['NEW-1'] },
      message: expect.stringContaining('NEW-1'),
    });
    expect(found?.deadline_at?.getTime()).toBe(order.shippingDeadlineMs);
  });

  it.each([
    ['an unknown SKU', { 'NEW-1': 1 }, {}, 'unknown-item'],
    ['a SKU in other letter case', { lamp: 1 }, {}, 'unknown-item'],
    ['a SKU that cannot be an ItemCode', { 'A"B': 1 }, {}, 'sku-unusable'],
    ['no delivery address', { LAMP: 1 }, { shipTo: {} }, 'address-missing'],
    [
      'a country that is not delivered to',
      { LAMP: 1 },
      { shipTo: { ...anAddress, country: 'France', country_iso_code: 'FRA', zip_code: '75001' } },
      'country-not-served',
    ],
    [
      'a street that is too long',
      { LAMP: 1 },
      { shipTo: { ...anAddress, street_1: `${'Very '.repeat(50)}Long Street` } },
      'field-too-long',
    ],
    [
      'a shipping type without service',
      { LAMP: 1 },
      { shippingTypeCode: 'CLC' },
      'service-type-unmapped',
    ],
  ])('an order with %s waits, and the others go', async (_what, bought, more, code) => {
    const trade = await openTrade();
    const good = [aShopperBuys(trade, { MUG: 1 }), aShopperBuys(trade, { TEE: 1 })];
    const bad = aShopperBuys(trade, bought as Record<string, number>, more);
    good.push(aShopperBuys(trade, { LAMP: 1 }));
    await trade.pass(3);
    expect(good.map((id) => theWarehouseShows(trade, id)?.status)).toEqual(['New', 'New', 'New']);
    expect(theWarehouseShows(trade, bad)).toBeNull();
    expect(await raised(trade, bad)).toContain(code);
    expect(await weSay(trade, bad)).toMatchObject({ state: 'parked', step: null });
  });

  it('one bad line holds its order whole', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { LAMP: 1, 'NEW-1': 1 });
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)).toBeNull();
  });

  it('a mapping of the SKU releases the order', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'JL-LAMP': 3 });
    await trade.pass(3);
    expect(await raised(trade, id)).toEqual(['unknown-item']);
    await trade.service.database.db.transaction().execute((trx) =>
      saveSkuMapping(trx, {
        channel: johnLewis,
        shopSku: 'JL-LAMP',
        itemCode: 'LAMP',
        madeBy: 'ann',
        now: trade.clock.now(),
      }),
    );
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 3 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an item that is added later releases the order by itself', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'NEW-1': 1 });
    await trade.pass(3);
    trade.warehouse.addItem({ itemCode: 'NEW-1', stock: { PrimarySite: 5 } });
    await trade.pass(10);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ 'NEW-1': 1 });
    expect(await exceptionsOf(trade, id)).toMatchObject([{ state: 'resolved', times_opened: 1 }]);
  });

  it('an exception that a person resolves opens again while its cause persists', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'NEW-1': 1 });
    await trade.pass(3);
    await aPersonMarks(trade, id, 'resolved');
    await trade.pass(10);
    expect(await exceptionsOf(trade, id)).toMatchObject([{ state: 'open', times_opened: 2 }]);
  });

  it('an exception that a person ignores stays ignored', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'NEW-1': 1 });
    await trade.pass(3);
    await aPersonMarks(trade, id, 'ignored');
    await trade.pass(10);
    expect(await exceptionsOf(trade, id)).toMatchObject([{ state: 'ignored' }]);
  });

  it('an order that is cancelled while it waits needs nobody any more', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { 'NEW-1': 1 });
    await trade.pass(3);
    trade.johnLewis.shopperCancels(id);
    await trade.pass(3);
    expect(await allRaised(trade)).toEqual([]);
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
  });

  it('an order that turns bad before it was sent is not sent as it was', async () => {
    const trade = await openTrade();
    aShopperBuys(trade, { TEE: 1 });
    await trade.pass(2);
    trade.warehouse.faults.set('serverError', 1, 'GetData Sales orders');
    const id = aShopperBuys(trade, { TEE: 1 });
    await trade.pass(2);
    expect(await weSay(trade, id)).toMatchObject({ step: 'staged' });
    const line = trade.johnLewis.truth.orders.get(id)!.lines[0]!.lineId;
    trade.johnLewis.openIncident(id, line);
    await trade.pass(2);
    trade.warehouse.faults.clear();
    await trade.pass(5);
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await raised(trade, id)).toEqual(['incident-open']);

    trade.johnLewis.closeIncident(id, line);
    await trade.pass(5);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ TEE: 1 });
  });
});

async function aPersonMarks(
  trade: Trade,
  orderId: string,
  state: 'resolved' | 'ignored',
): Promise<void> {
  await trade.service.database.db
    .updateTable('exceptions')
    .set({ state, closed_at: trade.clock.now() })
    .where('subject_id', '=', orderId)
    .execute();
}
