/** Publishing: only what changed goes out, every line is followed to its end and read back, and what the channel
 *  shows is what was meant. */
import { describe, expect, it } from 'vitest';
import { allRaised, breaches, exceptionsOf, raised } from './beliefs.ts';
import {
  changesSince,
  figuresSince,
  openShop,
  passUntil,
  showcase,
  shows,
  theFiles,
} from './shelves.ts';
import { aShopperBuys, johnLewis, openTrade, type Trade } from './trade.ts';

const full = { LAMP: 99, MUG: 99, TEE: 99 };

/** How many lines each file since then had, as the marketplace read them. */
function linesSince(trade: Trade, sinceMs: number): number[] {
  return theFiles(trade)
    .filter((one) => one.arrivedMs >= sinceMs)
    .map((one) => one.linesRead);
}

describe('what is sent', () => {
  it('is what changed and nothing else; when nothing changes no file goes out', async () => {
    const trade = await openShop();
    await trade.pass(6);
    const at = trade.clock.nowMs();
    await trade.pass(20);
    expect(linesSince(trade, at)).toEqual([]);
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 50);
    await trade.pass(8);
    expect(linesSince(trade, at)).toEqual([1]);
    expect(showcase(trade)).toEqual({ ...full, MUG: 49 });
  });

  it('leaves everything else of an offer as it is', async () => {
    const trade = await openShop({
      before: ({ johnLewis: market }) => {
        market.setOffer({
          shopSku: 'LAMP',
          price: '31.50',
          discountPrice: '29.00',
          description: 'A lamp',
          leadTimeDays: 4,
          minOrderQuantity: 2,
        });
      },
    });
    const before = { ...trade.johnLewis.offer('LAMP')! };
    await trade.pass(8);
    const { quantity, updatedMs: _u, ...after } = trade.johnLewis.offer('LAMP')!;
    expect(quantity).toBe(99);
    expect(before).toMatchObject(after);
  });

  it('keeps to the ceilings of the marketplace over an hour of constant change', async () => {
    const trade = await openShop({ channel: { stock: { publishSeconds: 60 } } });
    for (let n = 0; n < 30; n += 1) {
      trade.warehouse.stockCounted('MUG', 'PrimarySite', 200 + n);
      await trade.pass(2);
    }
    expect(shows(trade, 'MUG')).toBeGreaterThanOrEqual(226);
    expect(breaches(trade)).toEqual([]);
  });

  it('reductions and items near zero go first when a file holds only so many lines', async () => {
    const trade = await openShop({ channel: { stock: { linesPerImport: 1 } } });
    await trade.pass(16);
    expect(showcase(trade)).toEqual(full);
    const at = trade.clock.nowMs();
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 300);
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 60);
    trade.warehouse.stockCounted('TEE', 'PrimarySite', 3);
    await trade.pass(16);
    const order = trade.johnLewis.truth.quantityChanges
      .filter((one) => one.atMs > at)
      .map((one) => one.shopSku);
    expect(order).toEqual(['TEE', 'MUG', 'LAMP']);
  });

  it('a channel that is only watched is never written to', async () => {
    const trade = await openShop({ channel: { stock: { mode: 'watch' } } });
    await trade.pass(20);
    expect(theFiles(trade)).toEqual([]);
    expect(showcase(trade)).toEqual({ LAMP: 1_000, MUG: 1_000, TEE: 1_000 });
  });
});

describe('a line that the channel refuses', () => {
  it('is raised for its SKU alone, the others are fine', async () => {
    const trade = await openShop({
      marketplace: { maximumSkuLength: 10 },
      before: ({ johnLewis: market, warehouse }) => {
        warehouse.addItem({ itemCode: 'LONG-ITEM-77', stock: { PrimarySite: 20 } });
        market.setOffer({ shopSku: 'LONG-ITEM-77', price: '5.00', quantity: 3 });
      },
    });
    await trade.pass(8);
    expect(showcase(trade)).toEqual({ ...full, 'LONG-ITEM-77': 3 });
    expect(await allRaised(trade)).toEqual(['stock-line-refused LONG-ITEM-77']);
  });

  it('for once settles by itself when it is sent again', async () => {
    const trade = await openShop({ marketplace: { importLinesAffected: 0.1 } });
    trade.johnLewis.faults.next('lineRefusedSpuriously', 1, 'STO01');
    await trade.pass(4);
    expect(await allRaised(trade)).toEqual([
      expect.stringMatching(/^stock-line-refused (LAMP|MUG|TEE)$/),
    ]);
    expect(Object.values(showcase(trade)).filter((one) => one === 99)).toHaveLength(2);
    await trade.pass(20);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('whose report is not to be had yet is known later', async () => {
    const trade = await openShop();
    trade.johnLewis.faults.next('lineRefusedSpuriously', 1, 'STO01');
    trade.johnLewis.faults.next('importErrorReportLost', 1, 'STO01');
    await trade.pass(5);
    expect(await allRaised(trade)).toEqual([
      expect.stringMatching(/^stock-line-refused (LAMP|MUG|TEE)$/),
    ]);
  });

  it('once is sent again, and does not hold up other figures', async () => {
    const trade = await openShop({ marketplace: { importLinesAffected: 1 } });
    await trade.pass(6);
    trade.johnLewis.faults.next('lineRefusedSpuriously', 1, 'STO01');
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 4);
    await trade.pass(5);
    expect(await raised(trade, 'LAMP')).toEqual(['stock-line-refused']);
    await trade.pass(12);
    expect(shows(trade, 'LAMP')).toBe(3);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('an import that comes to nothing', () => {
  it('FAILED: told, sent again, and settled', async () => {
    const trade = await openShop();
    trade.johnLewis.faults.next('importFails', 1, 'STO01');
    await passUntil(trade, async () => (await raised(trade, johnLewis)).length > 0, 5);
    expect(await raised(trade, johnLewis)).toEqual(['stock-import-failed']);
    await trade.pass(8);
    expect(showcase(trade)).toEqual(full);
    expect(theFiles(trade).map((one) => one.status)).toEqual(['FAILED', 'COMPLETE']);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('stuck: given up after a while and sent again; whatever order they end in, the newest figure stands', async () => {
    const trade = await openShop({ marketplace: { importOrder: 'any' } });
    await trade.pass(6);
    trade.johnLewis.faults.next('importStuck', 1, 'STO01');
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 50);
    await trade.pass(6);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 20);
    await trade.pass(12);
    expect(shows(trade, 'LAMP')).toBe(19);
    // The stuck one ends at last and overwrites it; the next sweep sees that.
    await trade.pass(40);
    expect(figuresSince(trade, 'LAMP', 0)).toContain(49);
    expect(shows(trade, 'LAMP')).toBe(19);
  });

  it('stuck, and everything behind it: all is well once the marketplace moves on', async () => {
    const trade = await openShop();
    trade.johnLewis.faults.next('importStuck', 1, 'STO01');
    await trade.pass(20);
    expect(showcase(trade)).toEqual({ LAMP: 1_000, MUG: 1_000, TEE: 1_000 });
    await trade.pass(30);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('slow: waited for, not repeated', async () => {
    const trade = await openShop();
    trade.johnLewis.faults.next('importSlow', 1, 'STO01');
    await trade.pass(14);
    expect(showcase(trade)).toEqual(full);
    expect(theFiles(trade)).toHaveLength(1);
  });
});

describe('an operator without the stock import (STO01)', () => {
  it.each([403, 404] as const)(
    '(%i): a trial, then the offer import; other fields stay',
    async (stockImports) => {
      const trade = await openShop({
        marketplace: { stockImports },
        before: ({ johnLewis: market }) => {
          market.setOffer({ shopSku: 'LAMP', description: 'A lamp', leadTimeDays: 4 });
        },
      });
      await trade.pass(16);
      expect(showcase(trade)).toEqual(full);
      expect(trade.johnLewis.offer('LAMP')).toMatchObject({
        description: 'A lamp',
        leadTimeDays: 4,
      });
      expect(theFiles(trade).map((one) => one.linesRead)).toEqual([1, 3]);
      expect(new Set(theFiles(trade).map((one) => `${one.operation} ${one.mode}`))).toEqual(
        new Set(['OF01 NORMAL']),
      );
      expect(await allRaised(trade)).toEqual([]);
      trade.warehouse.stockCounted('MUG', 'PrimarySite', 20);
      await trade.pass(6);
      expect(shows(trade, 'MUG')).toBe(19);
    },
  );

  it('whose offer import would reset what the file lacks: nothing is sent, and a person is told', async () => {
    const trade = await openShop({ marketplace: { stockImports: 404, missingColumns: 'reset' } });
    const before = [...trade.johnLewis.truth.offers].map(({ updatedMs: _, ...one }) => ({
      ...one,
    }));
    await trade.pass(30);
    expect(trade.johnLewis.truth.offers.map(({ updatedMs: _, ...one }) => one)).toEqual(before);
    expect(await raised(trade, johnLewis)).toEqual(['stock-method-missing']);
    expect(theFiles(trade)).toHaveLength(1);
  });

  it('is asked again a day later; while it is still missing nothing is written', async () => {
    const trade = await openShop({ marketplace: { stockImports: 404, missingColumns: 'reset' } });
    await trade.pass(16);
    expect(await raised(trade, johnLewis)).toEqual(['stock-method-missing']);
    await trade.leap(24 * 60 + 10);
    await trade.pass(10);
    expect(await raised(trade, johnLewis)).toEqual(['stock-method-missing']);
    expect(showcase(trade)).toEqual({ LAMP: 1_000, MUG: 1_000, TEE: 1_000 });
  });
});

describe('what the channel shows is what was meant', () => {
  it('accepted but not applied: sent again; when it happens again a person is told; it settles', async () => {
    const trade = await openShop({ marketplace: { importLinesAffected: 1 } });
    await trade.pass(6);
    trade.johnLewis.faults.set('importLinesIgnored', 1, 'STO01');
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 60);
    await trade.pass(3);
    expect(await allRaised(trade)).toEqual([]);
    await trade.pass(7);
    expect(await raised(trade, 'LAMP')).toEqual(['stock-not-applied']);
    const [one] = await exceptionsOf(trade, 'LAMP');
    expect(one?.message).toMatch(/shows 99 .* 59 was sent/);
    trade.johnLewis.faults.clear();
    await trade.pass(8);
    expect(shows(trade, 'LAMP')).toBe(59);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a person there types another figure: put right within a sweep, each time', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.johnLewis.backOfficeSetsQuantity('LAMP', 150);
    await trade.pass(24);
    expect(shows(trade, 'LAMP')).toBe(99);
    expect(await allRaised(trade)).toEqual([]);
    for (let n = 0; n < 4; n += 1) {
      trade.johnLewis.backOfficeSetsQuantity('LAMP', 150 + n);
      await trade.pass(5);
    }
    await trade.pass(15);
    expect(shows(trade, 'LAMP')).toBe(99);
  });

  it('another program that writes the same offer all the time is raised', async () => {
    const trade = await openShop();
    await trade.pass(6);
    let figure = 150;
    trade.afterCall = async (request) => {
      if (!/\/offers\/stock\/imports\/[^/]+\/status/.test(request.url)) return;
      figure += 1;
      trade.johnLewis.backOfficeSetsQuantity('LAMP', figure);
    };
    trade.johnLewis.backOfficeSetsQuantity('LAMP', figure);
    await trade.pass(40);
    expect(await raised(trade, 'LAMP')).toEqual(['stock-changed-outside']);
    trade.afterCall = async () => {};
    await trade.pass(20);
    expect(shows(trade, 'LAMP')).toBe(99);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('fewer units than meant are waited for (a sale may explain them), then put right', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.johnLewis.backOfficeSetsQuantity('LAMP', 10);
    await trade.pass(45);
    expect(shows(trade, 'LAMP')).toBe(99);
  });

  it('sales while files are under way: nothing is raised, and never is more on show than is left', async () => {
    const trade = await openTrade({ withStock: true });
    await trade.pass(6);
    const at = trade.clock.nowMs();
    const soldAt: number[] = [];
    for (let n = 0; n < 24; n += 1) {
      soldAt.push(trade.clock.nowMs());
      aShopperBuys(trade, { LAMP: 1 });
      await trade.pass(0.5);
    }
    await trade.pass(8);
    for (const { atMs, to } of changesSince(trade, 'LAMP', at))
      expect(to).toBeLessThanOrEqual(100 - soldAt.filter((one) => one <= atMs).length);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an offer that is taken off sale there is told, and settles when it can be bought again', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.johnLewis.backOfficeDeactivates('MUG');
    await trade.pass(20);
    expect(await raised(trade, 'MUG')).toEqual(['offer-inactive']);
    expect(shows(trade, 'MUG')).toBe(99);
    trade.johnLewis.setOffer({ shopSku: 'MUG', active: true });
    await trade.pass(20);
    expect(await raised(trade, 'MUG')).toEqual([]);
  });

  it('an offer that is off sale when first seen is told', async () => {
    const trade = await openShop({
      before: ({ johnLewis: market }) => {
        market.setOffer({ shopSku: 'MUG', quantity: 99, active: false });
      },
    });
    await trade.pass(20);
    expect(await raised(trade, 'MUG')).toEqual(['offer-inactive']);
  });

  it('an offer that is deleted there is told, and nothing is sent for it', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.johnLewis.backOfficeDeletesOffer('MUG');
    await trade.pass(20);
    expect(shows(trade, 'MUG')).toBeNull();
    expect(await raised(trade, 'MUG')).toEqual(['offer-missing']);
    const at = trade.clock.nowMs();
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 44);
    await trade.pass(10);
    expect(linesSince(trade, at)).toEqual([]);
  });

  it.each([
    { quantity: 99, what: 'the figure it had' },
    { quantity: 5, what: 'another figure' },
    { quantity: 0, what: 'none' },
  ])(
    'a deleted offer that is listed again with $what is kept right again, and settles',
    async ({ quantity }) => {
      const trade = await openShop();
      await trade.pass(6);
      trade.johnLewis.backOfficeDeletesOffer('MUG');
      await trade.pass(20);
      trade.johnLewis.setOffer({ shopSku: 'MUG', price: '8.50', quantity });
      await trade.pass(24);
      expect(shows(trade, 'MUG')).toBe(99);
      expect(await raised(trade, 'MUG')).toEqual([]);
      trade.warehouse.stockCounted('MUG', 'PrimarySite', 44);
      await trade.pass(6);
      expect(shows(trade, 'MUG')).toBe(43);
    },
  );

  it('without the offer export (OF52) the offers are read page by page', async () => {
    const trade = await openShop({ marketplace: { offerExports: 404 } });
    await trade.pass(8);
    expect(showcase(trade)).toEqual(full);
    trade.johnLewis.backOfficeSetsQuantity('LAMP', 150);
    await trade.pass(24);
    expect(shows(trade, 'LAMP')).toBe(99);
  });

  it('an export that fails is started anew', async () => {
    const trade = await openShop();
    trade.johnLewis.faults.next('offerExportFails', 1, 'OF52');
    await trade.pass(10);
    expect(showcase(trade)).toEqual(full);
  });
});
