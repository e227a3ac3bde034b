import { expect, it } from 'vitest';
import { raised, theWarehouseShows } from './beliefs.ts';
import { aShopperBuys, openTrade } from './trade.ts';

it('an order or a SKU that cannot be searched for is named, and delays nobody', async () => {
  const trade = await openTrade();
  const badNumber = aShopperBuys(trade, { LAMP: 1 }, { orderId: 'JL"7' });
  const badSku = aShopperBuys(trade, { 'PIPE\\2': 1, LAMP: 1 });
  const good = aShopperBuys(trade, { LAMP: 1 });
  await trade.pass(3);
  expect(await raised(trade, badNumber)).toEqual(['number-unusable']);
  expect(await raised(trade, badSku)).toEqual(['sku-unusable']);
  expect(theWarehouseShows(trade, good)).not.toBeNull();
});
