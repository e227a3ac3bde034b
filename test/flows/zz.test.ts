import { it } from 'vitest';
import { theFlow } from './beliefs.ts';
import { aShopperBuys, openTrade, textOf, warehouseId } from './trade.ts';
it('x', async () => {
    const trade = await openTrade({
    });
    trade.network[warehouseId]!.instead = (r) => { if(textOf(r.body).includes('saveReq')) console.log(textOf(r.body).slice(-2000)); return null; };
    aShopperBuys(trade, { LAMP: 2 });
    await trade.pass(1);
    console.log((await theFlow(trade, 'orders.export', warehouseId)).last_error);
});
