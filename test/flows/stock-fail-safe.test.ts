/** Fail safe: the age of the truth is part of the number, and an answer that was lost never leaves a figure that
 *  is too high. */
import { describe, expect, it } from 'vitest';
import { allRaised, raised } from './beliefs.ts';
import { changesSince, figuresSince, openShop, showcase, shows } from './shelves.ts';
import { aShopperBuys, johnLewis, type Trade, textOf, warehouseId } from './trade.ts';

const full = { LAMP: 99, MUG: 99, TEE: 99 };

/** True for a file of quantities on its way to the marketplace. */
const isFile = (request: { url: string; method?: string }) =>
  request.method === 'POST' && /\/api\/offers\/stock\/imports$/.test(request.url);

describe('the feed of the warehouse', () => {
  it('late: told after ten minutes, figures stay; settles when it is read again', async () => {
    const trade = await openShop();
    await trade.pass(6);
    const at = trade.clock.nowMs();
    trade.warehouse.goDark(20 * 60_000);
    await trade.pass(9);
    expect(await raised(trade, warehouseId)).not.toContain('stock-feed-late');
    await trade.pass(5);
    expect(await raised(trade, warehouseId)).toContain('stock-feed-late');
    expect(figuresSince(trade, 'LAMP', at)).toEqual([]);
    await trade.pass(30);
    expect(await allRaised(trade)).toEqual([]);
    expect(showcase(trade)).toEqual(full);
  });

  it('dark: fewer units step by step, thin items none at once; recovers by itself', async () => {
    const trade = await openShop({
      before: ({ warehouse }) => warehouse.stockCounted('TEE', 'PrimarySite', 5),
    });
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 99, MUG: 99, TEE: 4 });
    const at = trade.clock.nowMs();
    trade.warehouse.goDark(6 * 3_600_000);
    await trade.pass(40);
    expect(showcase(trade)).toEqual({ LAMP: 99, MUG: 99, TEE: 4 });
    await trade.pass(12);
    expect(showcase(trade)).toEqual({ LAMP: 74, MUG: 74, TEE: 0 });
    expect(await raised(trade, warehouseId)).toContain('stock-feed-dark');
    await trade.pass(100);
    expect(showcase(trade)).toEqual({ LAMP: 0, MUG: 0, TEE: 0 });
    expect(figuresSince(trade, 'LAMP', at)).toEqual([74, 49, 24, 0]);
    trade.warehouse.goDark(0);
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 30);
    await trade.pass(40);
    expect(showcase(trade)).toEqual({ LAMP: 99, MUG: 29, TEE: 4 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('reports alone are dark: the same', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.reportsDarkFor(60 * 60_000);
    await trade.pass(54);
    expect(shows(trade, 'LAMP')).toBe(74);
    await trade.pass(30);
    expect(shows(trade, 'LAMP')).toBe(99);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a report that is refused as unusable for long counts as dark too', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.faults.set('emptyReport', 1, 'GetReportData Item inventory summary');
    await trade.pass(60);
    expect(shows(trade, 'LAMP')).toBeLessThanOrEqual(74);
    expect(await raised(trade, warehouseId)).toEqual(
      expect.arrayContaining(['stock-feed-dark', 'stock-mass-change']),
    );
  });

  it('orders go on being taken off while it is dark', async () => {
    const trade = await openShop({ marketplace: { decrementAt: 'never' } });
    await trade.pass(6);
    trade.warehouse.goDark(30 * 60_000);
    aShopperBuys(trade, { LAMP: 40 });
    await trade.pass(10);
    expect(shows(trade, 'LAMP')).toBe(59);
  });

  it('the service itself was away for a night: it reads before it shows anything new', async () => {
    const trade = await openShop();
    await trade.pass(6);
    const at = trade.clock.nowMs();
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 30);
    await trade.leap(10 * 60);
    await trade.pass(6);
    expect(shows(trade, 'LAMP')).toBe(29);
    expect(figuresSince(trade, 'LAMP', at).every((one) => one <= 29)).toBe(true);
    expect(shows(trade, 'MUG')).toBe(99);
  });
});

describe('the marketplace', () => {
  it('is away when a file should go out: it goes out when it is back', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 10);
    await trade.network[johnLewis]!.down();
    await trade.pass(15);
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 20);
    await trade.network[johnLewis]!.up();
    await trade.pass(15);
    expect(showcase(trade)).toEqual({ LAMP: 9, MUG: 19, TEE: 99 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('is away while a file is under way: what became of it is found out', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 10);
    trade.afterCall = async (request) => {
      if (!isFile(request)) return;
      trade.afterCall = async () => {};
      await trade.network[johnLewis]!.down();
    };
    await trade.pass(10);
    await trade.network[johnLewis]!.up();
    await trade.pass(12);
    expect(shows(trade, 'LAMP')).toBe(9);
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each([
    'timeoutAfter',
    'timeoutBefore',
    'resetAfter',
    'serverError',
    'htmlPage',
    'halfBody',
    'emptyBody',
    'throttle',
  ] as const)(
    'a file is answered by %s: the right figure stands in the end, none above it in between',
    async (fault) => {
      const trade = await openShop();
      await trade.pass(6);
      const at = trade.clock.nowMs();
      trade.warehouse.stockCounted('LAMP', 'PrimarySite', 10);
      trade.johnLewis.faults.next(fault, 2, 'STO01');
      await trade.pass(16);
      expect(figuresSince(trade, 'LAMP', at)).toEqual([9]);
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('cannot tell its orders for an hour: buffers of what sells grow', async () => {
    const trade = await openShop({ rules: [{ match: {}, serviceLevel: 0.999 }] });
    await trade.pass(6);
    for (let n = 0; n < 10; n += 1) aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(20);
    const before = shows(trade, 'LAMP')!;
    trade.johnLewis.faults.set('serverError', 1, 'OR11');
    await trade.pass(50);
    expect(shows(trade, 'LAMP')).toBeLessThan(before);
    expect(shows(trade, 'MUG')).toBe(99);
  });
});

describe('the service is killed', () => {
  /** Everything there is sold until nothing can be: how many units more than the warehouse has. */
  function oversellable(trade: Trade, sku: string): number {
    const there = trade.warehouse.truth.stockAt(sku).get('PrimarySite')!.available;
    return shows(trade, sku)! - there;
  }

  it('when a file was taken and its answer is lost: figures are right after the restart, never above the truth', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 10);
    const died = trade.dieAfter(isFile);
    const dead = trade.pass(6);
    await Promise.race([died, dead]);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 4);
    const at = trade.clock.nowMs();
    await trade.restart();
    await trade.pass(10);
    expect(shows(trade, 'LAMP')).toBe(3);
    expect(oversellable(trade, 'LAMP')).toBeLessThanOrEqual(0);
    expect(changesSince(trade, 'LAMP', at).every((one) => one.to <= 9)).toBe(true);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('the same when the lost file would have raised a figure that has fallen since', async () => {
    const trade = await openShop({
      before: ({ warehouse }) => warehouse.stockCounted('LAMP', 'PrimarySite', 5),
    });
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 80);
    const died = trade.dieAfter(isFile);
    void trade.pass(6);
    await died;
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 5);
    await trade.restart();
    await trade.pass(10);
    expect(shows(trade, 'LAMP')).toBe(4);
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each([
    { what: 'after it asked how an import stands', isMeant: /\/stock\/imports\/[^/]+\/status/ },
    { what: 'after it read an offer back', isMeant: /\/api\/offers\?/ },
    { what: 'after it asked for an export of offers', isMeant: /\/api\/offers\/export\/async$/ },
  ])('$what: it goes on where it was', async ({ isMeant }) => {
    const trade = await openShop();
    const died = trade.dieAfter((request) => isMeant.test(request.url));
    void trade.pass(8);
    await died;
    await trade.restart();
    await trade.pass(12);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('while it reads the stock: nothing of half a read is kept', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 30);
    const died = trade.dieAfter(({ body }) => textOf(body).includes('Item inventory summary'));
    void trade.pass(6);
    await died;
    await trade.restart();
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ ...full, LAMP: 29 });
  });
});
