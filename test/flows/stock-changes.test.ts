/** Reading only what changed: the changes report names items, and these are read again. */
import { describe, expect, it } from 'vitest';
import { allRaised } from './beliefs.ts';
import { figuresSince, openShop, showcase, shows, theReads } from './shelves.ts';
import type { TradeOptions } from './trade.ts';
import { aShopperBuys } from './trade.ts';

const full = { LAMP: 99, MUG: 99, TEE: 99 };
const changes: TradeOptions = { house: { stock: { read: 'changes' } } };

describe('with the changes report', () => {
  it.each(['latest', 'each'] as const)(
    'only items that changed are read again (rows: %s)',
    async (changesRows) => {
      const trade = await openShop({ ...changes, warehouse: { changesRows } });
      // The report still names everything that was put on the shelves just before the first read.
      await trade.pass(30);
      expect(showcase(trade)).toEqual(full);
      trade.warehouse.stockCounted('LAMP', 'PrimarySite', 70);
      await trade.pass(1);
      trade.warehouse.stockCounted('LAMP', 'PrimarySite', 60);
      await trade.pass(6);
      expect(showcase(trade)).toEqual({ ...full, LAMP: 59 });
      const reads = await theReads(trade);
      expect(reads.filter((one) => one.kind === 'full')).toHaveLength(1);
      // One item on two sites, SystemSite not counted.
      expect(reads.at(-1)).toMatchObject({ kind: 'changes', row_count: 1 });
    },
  );

  it('nothing changed: nothing is read, and the feed is fresh', async () => {
    const trade = await openShop(changes);
    await trade.pass(50);
    expect((await theReads(trade)).at(-1)).toMatchObject({ kind: 'changes', row_count: 0 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a sale is taken off once, before and after it is reserved', async () => {
    const trade = await openShop(changes);
    await trade.pass(20);
    const at = trade.clock.nowMs();
    aShopperBuys(trade, { LAMP: 3 });
    await trade.pass(30);
    expect(trade.warehouse.truth.stockAt('LAMP').get('PrimarySite')?.available).toBe(97);
    expect(figuresSince(trade, 'LAMP', at)).toEqual([96]);
  });

  it('a kit that was sold is taken off once, before and after its parts are reserved', async () => {
    const trade = await openShop({
      ...changes,
      rules: [{ match: {}, splitBelow: 0 }],
      before: ({ warehouse, johnLewis }) => {
        warehouse.addItem({ itemCode: 'SET', kitOf: { MUG: 4, TEE: 1 } });
        johnLewis.setOffer({ shopSku: 'SET', price: '40.00', quantity: 0 });
      },
    });
    await trade.pass(20);
    const at = trade.clock.nowMs();
    const id = aShopperBuys(trade, { SET: 2 });
    await trade.pass(30);
    expect(trade.warehouse.truth.unitsAllocated(id)).toHaveLength(2);
    expect(figuresSince(trade, 'MUG', at)).toEqual([91]);
    expect(figuresSince(trade, 'SET', at)).toEqual([22]);
  });

  it('a report that does not tell of reservations never makes a unit sold twice', async () => {
    const trade = await openShop({ ...changes, warehouse: { changesIncludeAllocations: false } });
    await trade.pass(20);
    const at = trade.clock.nowMs();
    aShopperBuys(trade, { LAMP: 3 });
    await trade.pass(90);
    expect(Math.max(...figuresSince(trade, 'LAMP', at))).toBe(96);
    expect(shows(trade, 'LAMP')).toBe(96);
  });

  it('what the report never told is found by the whole read within the hour', async () => {
    const trade = await openShop(changes);
    await trade.pass(20);
    trade.warehouse.faults.set('rowsMissing', 1, 'GetReportData Incremental Changes Report v1');
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 25);
    await trade.pass(70);
    expect(shows(trade, 'LAMP')).toBe(24);
  });

  it('an answer that breaks off is not believed: the whole stock is read instead', async () => {
    const trade = await openShop(changes);
    await trade.pass(20);
    trade.warehouse.faults.set('halfReport', 1, 'GetReportData Incremental Changes Report v1');
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 25);
    trade.warehouse.stockCounted('TEE', 'PrimarySite', 15);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 24, MUG: 99, TEE: 14 });
  });

  it('an item that is retired shows none', async () => {
    const trade = await openShop(changes);
    await trade.pass(20);
    trade.warehouse.retireItem('MUG');
    await trade.pass(65);
    expect(shows(trade, 'MUG')).toBe(0);
  });
});

describe('without the changes report', () => {
  it('the whole stock is read each time, and nobody is bothered', async () => {
    const trade = await openShop({
      ...changes,
      warehouse: { missingReports: ['Incremental Changes Report v1'] },
    });
    await trade.pass(10);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 60);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ ...full, LAMP: 59 });
    expect(new Set((await theReads(trade)).map((one) => one.kind))).toEqual(new Set(['full']));
    expect(await allRaised(trade)).toEqual([]);
  });
});
