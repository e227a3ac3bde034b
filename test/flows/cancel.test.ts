import { describe, expect, it } from 'vitest';
import {
  allRaised,
  exceptionsOf,
  raised,
  theHistory,
  theSalesOrder,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import {
  aShopperBuys,
  type Bought,
  isSave,
  openTrade,
  type Trade,
  type TradeOptions,
  warehouseId,
} from './trade.ts';

/** An order that has arrived in the warehouse. */
async function openWithOrder(
  bought: Bought,
  options: TradeOptions = {},
): Promise<{ trade: Trade; id: string; lineIds: string[] }> {
  const trade = await openTrade(options);
  const id = aShopperBuys(trade, bought);
  await trade.pass(3);
  expect(await weSay(trade, id)).toMatchObject({ state: 'exported' });
  const lineIds = trade.johnLewis.truth.orders.get(id)!.lines.map((line) => line.lineId);
  return { trade, id, lineIds };
}

const emptiesLines: TradeOptions = { warehouse: { zeroQuantity: 'taken' } };

describe('cancel', () => {
  it('a whole order is cancelled in the warehouse, and seen cancelled', async () => {
    const { trade, id } = await openWithOrder({ LAMP: 1, MUG: 2 });
    trade.johnLewis.shopperCancels(id);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
    expect(await weSay(trade, id)).toEqual({
      state: 'cancelled',
      wire: 'CANCELED',
      step: 'cancelled',
    });
    expect(await theHistory(trade, id)).toContain('warehouse: verified -> cancelling');
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a line is cancelled in the warehouse, the others stay', async () => {
    const { trade, id, lineIds } = await openWithOrder({ LAMP: 1, MUG: 2 }, emptiesLines);
    trade.johnLewis.shopperCancels(id, [lineIds[0]!]);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ MUG: 2 });
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('some units of a line are cancelled', async () => {
    const { trade, id, lineIds } = await openWithOrder({ LAMP: 3 });
    trade.johnLewis.operatorCancelsUnits(id, lineIds[0]!, 1);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2 });
    trade.johnLewis.operatorCancelsUnits(id, lineIds[0]!, 1);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('units of merged lines are taken off the one line that stands for them', async () => {
    const trade = await openTrade({ channel: { sameSku: 'merge' } });
    const line = (quantity: number) => ({ offerSku: 'LAMP', quantity, unitPrice: '30.00' });
    const id = aShopperBuys(trade, [line(2), line(3)]);
    await trade.pass(3);
    const lineIds = trade.johnLewis.truth.orders.get(id)!.lines.map((one) => one.lineId);
    trade.johnLewis.shopperCancels(id, [lineIds[0]!]);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 3 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('lines cancelled one after the other end as a cancelled order', async () => {
    const { trade, id, lineIds } = await openWithOrder({ LAMP: 1, MUG: 2 }, emptiesLines);
    for (const lineId of lineIds) {
      trade.johnLewis.shopperCancels(id, [lineId]);
      await trade.pass(4);
    }
    expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled', step: 'cancelled' });
  });

  it('a warehouse that cannot empty a line is told of by a person', async () => {
    const { trade, id, lineIds } = await openWithOrder({ LAMP: 1, MUG: 2 });
    trade.johnLewis.shopperCancels(id, [lineIds[0]!]);
    await trade.pass(10);
    expect(await raised(trade, id)).toEqual(['cancel-not-applied']);
    expect((await exceptionsOf(trade, id))[0]).toMatchObject({
      owner: 'warehouse',
      money_pence: 4700,
    });
  });

  it('a tenant may want to be asked for every line', async () => {
    const { trade, id, lineIds } = await openWithOrder(
      { LAMP: 1, MUG: 2 },
      { ...emptiesLines, house: { lineCancel: 'ask' } },
    );
    trade.johnLewis.shopperCancels(id, [lineIds[0]!]);
    await trade.pass(4);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1, MUG: 2 });
    expect(await raised(trade, id)).toEqual(['cancel-not-applied']);
  });

  it.each(['error', 'ignored'] as const)(
    'a cancellation after picking began comes too late (%s)',
    async (cancelAfterPicking) => {
      const { trade, id } = await openWithOrder({ LAMP: 1 }, { warehouse: { cancelAfterPicking } });
      await trade.pass(10);
      expect(trade.warehouse.pickStarts(id)).toMatchObject({ ok: true });
      trade.johnLewis.shopperCancels(id);
      await trade.pass(4);
      expect(theWarehouseShows(trade, id)?.status).toBe('Picking');
      expect(await raised(trade, id)).toEqual(['cancel-too-late']);
    },
  );

  it('picking that begins at the very moment of the cancellation is seen', async () => {
    const { trade, id } = await openWithOrder({ LAMP: 1 });
    await trade.pass(10);
    trade.warehouse.faults.next('pickBeforeCancel', 1);
    trade.johnLewis.shopperCancels(id);
    await trade.pass(6);
    expect(theWarehouseShows(trade, id)?.status).toBe('Picking');
    expect(await raised(trade, id)).toEqual(['cancel-too-late']);
  });

  it('once somebody cancels it in the warehouse after all, nobody is asked any more', async () => {
    const { trade, id, lineIds } = await openWithOrder({ LAMP: 1, MUG: 2 });
    trade.johnLewis.shopperCancels(id, [lineIds[0]!]);
    await trade.pass(10);
    expect(await raised(trade, id)).toEqual(['cancel-not-applied']);
    trade.johnLewis.shopperCancels(id);
    await trade.pass(45);
    expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an order that is cancelled before it was sent never goes out', async () => {
    const trade = await openTrade();
    await trade.network[warehouseId]!.down();
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(2);
    trade.johnLewis.shopperCancels(id);
    await trade.pass(2);
    await trade.network[warehouseId]!.up();
    await trade.pass(6);
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a line that is cancelled before it was sent is not sent', async () => {
    const trade = await openTrade();
    aShopperBuys(trade, { LAMP: 1, MUG: 1 });
    await trade.pass(2); // both items are known by now
    trade.warehouse.faults.set('serverError', 1);
    const id = aShopperBuys(trade, { LAMP: 1, MUG: 1 });
    await trade.pass(2);
    expect(await weSay(trade, id)).toMatchObject({ step: 'staged' });
    const [line] = trade.johnLewis.truth.orders.get(id)!.lines;
    trade.johnLewis.shopperCancels(id, [line!.lineId]);
    await trade.pass(2);
    trade.warehouse.faults.clear();
    await trade.pass(6);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ MUG: 1 });
  });

  it('an order that is cancelled between its header and its lines is cancelled there', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(trade, { LAMP: 1 });
    const died = trade.dieAfter(isSave('Sales orders'));
    void trade.pass(2);
    await died;
    trade.johnLewis.shopperCancels(id);
    await trade.restart();
    await trade.pass(8);
    expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
  });

  it.each(['resetAfter', 'resetBefore', 'rowDropped', 'rowErrorSpurious'] as const)(
    'a cancellation is made whatever becomes of its answer: %s',
    async (fault) => {
      const { trade, id } = await openWithOrder({ LAMP: 1 });
      trade.warehouse.faults.next(fault, 1, 'SaveData Sales orders');
      trade.johnLewis.shopperCancels(id);
      await trade.pass(8);
      expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
      expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('another delivery address after export is raised and never written over', async () => {
    const { trade, id } = await openWithOrder({ LAMP: 1 });
    const order = trade.johnLewis.truth.orders.get(id)!;
    Object.assign(order.shipTo, { street_1: '2 Low Street' });
    trade.johnLewis.shopperWrites(id);
    await trade.pass(3);
    expect(await raised(trade, id)).toEqual(['changed-after-export']);
    expect(theSalesOrder(trade, id).fields['ShippingAddressLine1']).toBe('1 High Street');
  });
});
