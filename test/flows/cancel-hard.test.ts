import { describe, expect, it } from 'vitest';
import { defaultTemplates } from '../../simulators/peoplevox/templates.ts';
import { raised, theWarehouseShows, weSay } from './beliefs.ts';
import { aShopperBuys, openTrade } from './trade.ts';

describe('a cancellation that the warehouse makes hard', () => {
  it('refused as a whole call is told to a person and holds up no other order', async () => {
    const templates = defaultTemplates();
    const withoutStatus = templates['Sales orders']!.filter((field) => field !== 'Status');
    const trade = await openTrade({
      warehouse: { templates: { ...templates, 'Sales orders': withoutStatus } },
    });
    const cancelled = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(3);
    trade.johnLewis.shopperCancels(cancelled);
    await trade.pass(3);
    const later = aShopperBuys(trade, { MUG: 1 });
    await trade.pass(3);
    expect(await raised(trade, cancelled)).toEqual(['cancel-not-applied']);
    expect(theWarehouseShows(trade, later)).not.toBeNull();
    expect(await weSay(trade, later)).toMatchObject({ state: 'exported' });
  });

  it('of an order that stands in a slow import queue reaches it when it comes out', async () => {
    const trade = await openTrade({ warehouse: { importQueue: { delayMs: 300_000 } } });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(2);
    expect(theWarehouseShows(trade, id)).toBeNull();
    trade.johnLewis.shopperCancels(id);
    await trade.pass(30);
    expect(trade.warehouse.truth.salesOrders.get(id)?.status).toBe('Cancelled');
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
    expect(await raised(trade, id)).toEqual([]);
  });
});
