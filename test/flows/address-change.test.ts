import { expect, it } from 'vitest';
import { moveExceptions } from '../../src/exceptions/store.ts';
import { exceptionsOf, raised } from './beliefs.ts';
import { aShopperBuys, openTrade } from './trade.ts';

it('a changed address is told once: resolved by a person, it stays resolved until the next change', async () => {
  const trade = await openTrade();
  const id = aShopperBuys(trade, { LAMP: 1 });
  await trade.pass(3);
  const order = trade.johnLewis.truth.orders.get(id)!;
  const moveTo = async (city: string) => {
    order.shipTo.city = city;
    trade.johnLewis.shopperWrites(id);
    await trade.pass(3);
  };
  await moveTo('Truro');
  expect(await raised(trade, id)).toEqual(['changed-after-export']);
  const [found] = await exceptionsOf(trade, id);
  const move = { to: 'resolved' as const, who: 'test', note: null };
  await moveExceptions(trade.service.database.db, trade.clock, [found!.id], move);
  trade.johnLewis.shopperWrites(id);
  await trade.pass(3);
  expect(await raised(trade, id)).toEqual([]);
  await moveTo('Cardiff');
  expect(await raised(trade, id)).toEqual(['changed-after-export']);
});
