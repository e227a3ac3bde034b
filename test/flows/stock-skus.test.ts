/** SKUs that only one side knows: named, never guessed. */
import { describe, expect, it } from 'vitest';
import { allRaised, raised } from './beliefs.ts';
import { openShop, showcase, shows } from './shelves.ts';
import { aShopperBuys } from './trade.ts';

const full = { LAMP: 99, MUG: 99, TEE: 99 };

describe('SKUs on one side only', () => {
  it('on the marketplace only: shows none, is named, and settles when the item appears', async () => {
    const trade = await openShop({
      before: ({ johnLewis }) => {
        johnLewis.setOffer({ shopSku: 'GHOST', price: '5.00', quantity: 7 });
      },
    });
    await trade.pass(8);
    expect(shows(trade, 'GHOST')).toBe(0);
    expect(await raised(trade, 'GHOST')).toEqual(['offer-without-item']);
    trade.warehouse.addItem({ itemCode: 'GHOST', stock: { PrimarySite: 4 } });
    await trade.pass(8);
    expect(shows(trade, 'GHOST')).toBe(3);
    expect(await raised(trade, 'GHOST')).toEqual([]);
  });

  it('settles as well when the item is made first and stocked days later', async () => {
    const trade = await openShop({
      before: ({ johnLewis }) => {
        johnLewis.setOffer({ shopSku: 'GHOST', price: '5.00', quantity: 7 });
      },
    });
    await trade.pass(8);
    trade.warehouse.addItem({ itemCode: 'GHOST' });
    await trade.leap(25 * 60);
    await trade.pass(8);
    trade.warehouse.goodsArrive('GHOST', 'PrimarySite', 4);
    await trade.pass(8);
    expect(shows(trade, 'GHOST')).toBe(3);
    expect(await raised(trade, 'GHOST')).toEqual([]);
  });

  it('on the marketplace only, where such offers are left alone: is named and keeps its units', async () => {
    const trade = await openShop({
      channel: { stock: { unknownItems: 'leave' } },
      before: ({ johnLewis }) => {
        johnLewis.setOffer({ shopSku: 'GHOST', price: '5.00', quantity: 7 });
      },
    });
    await trade.pass(8);
    expect(shows(trade, 'GHOST')).toBe(7);
    expect(await raised(trade, 'GHOST')).toEqual(['offer-without-item']);
  });

  it('in the item master without any stock: shows none, and nobody is bothered', async () => {
    const trade = await openShop({
      before: ({ johnLewis, warehouse }) => {
        warehouse.addItem({ itemCode: 'SOON' });
        johnLewis.setOffer({ shopSku: 'SOON', price: '5.00', quantity: 7 });
      },
    });
    await trade.pass(8);
    expect(shows(trade, 'SOON')).toBe(0);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('in the warehouse only: nothing is sent for it until it is listed, then it shows', async () => {
    const trade = await openShop({
      before: ({ warehouse }) => warehouse.addItem({ itemCode: 'NEW', stock: { PrimarySite: 8 } }),
    });
    await trade.pass(8);
    expect(Object.keys(showcase(trade))).toEqual(['LAMP', 'MUG', 'TEE']);
    trade.johnLewis.setOffer({ shopSku: 'NEW', price: '5.00', quantity: 0 });
    await trade.pass(24);
    expect(shows(trade, 'NEW')).toBe(7);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a kit with a part that the warehouse does not have shows none', async () => {
    const trade = await openShop({
      before: ({ warehouse, johnLewis }) => {
        warehouse.addItem({ itemCode: 'PART' });
        warehouse.addItem({ itemCode: 'SET', kitOf: { MUG: 1, PART: 1 } });
        johnLewis.setOffer({ shopSku: 'SET', price: '40.00', quantity: 5 });
      },
    });
    await trade.pass(8);
    expect(showcase(trade)).toEqual({ ...full, SET: 0 });
    aShopperBuys(trade, { MUG: 1 });
    await trade.pass(5);
    expect(shows(trade, 'MUG')).toBe(98);
  });
});
