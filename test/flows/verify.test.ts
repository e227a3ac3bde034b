import { describe, expect, it } from 'vitest';
import {
  allRaised,
  exceptionsOf,
  raised,
  theFlow,
  theSalesOrder,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import { somebodySaves } from './somebody-else.ts';
import { aShopperBuys, openTrade, warehouseId } from './trade.ts';

describe('verify', () => {
  it.each(['SaveData Sales orders', 'SaveData Sales order items'])(
    'a row that the warehouse said it took, and dropped, is sent again (%s)',
    async (operation) => {
      const trade = await openTrade();
      trade.warehouse.faults.next('rowDropped', 1, operation);
      const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 2, MUG: 1 }));
      await trade.pass(5);
      expect(trade.warehouse.truth.droppedRows).toHaveLength(1);
      for (const id of ids) {
        expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2, MUG: 1 });
        expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
      }
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('an order that does not show is raised, and settled when it shows at last', async () => {
    const trade = await openTrade({ warehouse: { importQueue: { delayMs: 60 * 60_000 } } });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(25);
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await raised(trade, id)).toEqual(['export-not-visible']);
    expect(await weSay(trade, id)).toMatchObject({ state: 'accepted', step: 'stopped' });

    await trade.pass(70);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
    expect(await exceptionsOf(trade, id)).toMatchObject([
      { code: 'export-not-visible', state: 'resolved', times_opened: 1 },
    ]);
  });

  it('an order whose header is dropped every time is raised once, and goes in when that ends', async () => {
    const trade = await openTrade();
    trade.warehouse.faults.set('rowDropped', 1, 'SaveData Sales orders');
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(45);
    expect(await raised(trade, id)).toEqual(['export-refused']);
    trade.warehouse.faults.clear();
    await trade.pass(40);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an order that is in the warehouse already, with wrong units, is put right', async () => {
    const trade = await openTrade();
    await beforeUs(trade, 'OURS-1', 'OURS', 'LAMP,5,1');
    const id = aShopperBuys(trade, { LAMP: 2 }, { orderId: 'OURS-1', commercialId: 'OURS' });
    await trade.pass(6);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2 });
    expect(theSalesOrder(trade, id).headerWrites).toBe(1);
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
  });

  it('an order that has what nobody sold is raised, and never counted as in', async () => {
    const trade = await openTrade();
    await beforeUs(trade, 'OURS-1', 'OURS', 'TEE,1,9');
    const id = aShopperBuys(trade, { LAMP: 2 }, { orderId: 'OURS-1', commercialId: 'OURS' });
    await trade.pass(25);
    expect(await raised(trade, id)).toEqual(['export-differs']);
    expect((await exceptionsOf(trade, id))[0]?.message).toContain('TEE 1 instead of 0');
    expect(await weSay(trade, id)).toMatchObject({ state: 'accepted', step: 'stopped' });
  });

  it('an order of somebody else with our number is never touched', async () => {
    const trade = await openTrade();
    await beforeUs(trade, 'TAKEN-1', 'SOMEBODY ELSE', 'TEE,1,1');
    const before = structuredClone(theSalesOrder(trade, 'TAKEN-1').fields);
    const id = aShopperBuys(trade, { LAMP: 2 }, { orderId: 'TAKEN-1', commercialId: 'TAKEN' });
    const other = aShopperBuys(trade, { MUG: 1 });
    await trade.pass(45);
    expect(await raised(trade, id)).toEqual(['number-taken']);
    expect(theSalesOrder(trade, id).fields).toEqual(before);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ TEE: 1 });
    expect(theWarehouseShows(trade, other)?.units).toEqual({ MUG: 1 });
    expect(trade.johnLewis.truth.orders.get(id)?.referenceForSeller).toBeNull();
    expect((await theFlow(trade, 'orders.export', warehouseId)).failures).toBe(0);
  });

  it.each(['emptyDetail', 'totalCountDrift', 'duplicateRow'] as const)(
    'an answer that cannot be whole proves nothing: %s',
    async (fault) => {
      const trade = await openTrade();
      trade.warehouse.faults.next(fault, 1, 'GetData Sales orders');
      trade.warehouse.faults.next(fault, 2, 'GetData Sales order items');
      const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 1 }));
      await trade.pass(6);
      for (const id of ids) {
        expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
        expect(theSalesOrder(trade, id).headerWrites).toBe(1);
      }
      expect(await allRaised(trade)).toEqual([]);
    },
  );
});

/** The warehouse has such an order before we ever send one. `line` is item, units, line number. */
async function beforeUs(
  trade: Awaited<ReturnType<typeof openTrade>>,
  number: string,
  reference: string,
  line: string,
): Promise<void> {
  somebodySaves(
    trade,
    'Sales orders',
    `SalesOrderNumber,CustomerPurchaseOrderReferenceNumber\n${number},${reference}`,
  );
  somebodySaves(
    trade,
    'Sales order items',
    `SalesOrderNumber,ItemCode,QuantityOrdered,Line\n${number},${line}`,
  );
}
