import { describe, expect, it } from 'vitest';
import { allRaised, breaches, theWarehouseShows, weSay } from './beliefs.ts';
import { aShopperBuys, openTrade } from './trade.ts';

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
});
