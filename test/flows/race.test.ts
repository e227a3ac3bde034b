import { expect, it } from 'vitest';
import { theWarehouseShows, weSay } from './beliefs.ts';
import { aShopperBuys, openTrade, textOf } from './trade.ts';

it('a cancellation seen while staging asks the warehouse for items is not overwritten', async () => {
  const trade = await openTrade({ policies: { itemFreshMinutes: 1 } });
  const id = aShopperBuys(trade, { LAMP: 1 });
  await trade.pass(3);
  expect(theWarehouseShows(trade, id)).not.toBeNull();
  // The order changes without changing anything, so staging looks at it and asks for its item again ...
  trade.johnLewis.shopperWrites(id);
  let isDone = false;
  trade.afterCall = async (request) => {
    if (isDone || !textOf(request.body).includes('<TemplateName>Item types<')) return;
    isDone = true;
    // ... and before the answer arrives the shopper cancels, and a poll sees it.
    trade.johnLewis.shopperCancels(id);
    await trade.run('orders.intake');
  };
  await trade.pass(8);
  expect(isDone).toBe(true);
  expect(trade.warehouse.truth.salesOrders.get(id)?.status).toBe('Cancelled');
  expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled' });
});
