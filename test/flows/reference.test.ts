import { describe, expect, it } from 'vitest';
import { allRaised, breaches, raised, theWarehouseShows } from './beliefs.ts';
import { aShopperBuys, johnLewis, openTrade, type Trade, textOf } from './trade.ts';

function referenceOf(trade: Trade, orderId: string): string | null | undefined {
  return trade.johnLewis.truth.orders.get(orderId)?.referenceForSeller;
}

/** The marketplace does not know this order when its references are written. */
function theMarketplaceForgets(trade: Trade, orderId: string): void {
  trade.network[johnLewis]!.instead = (request, vendor) => {
    if (request.method !== 'PUT') return null;
    const body = textOf(request.body).replaceAll(`"order_id":"${orderId}"`, '"order_id":"GONE"');
    const reply = vendor({ ...request, body: Buffer.from(body) });
    return { ...reply, body: textOf(reply.body).replaceAll('GONE', orderId) };
  };
}

describe("the warehouse's number on the marketplace", () => {
  it('is written back for many orders in one call', async () => {
    const trade = await openTrade({ channel: { salesOrderPrefix: 'JL-' } });
    const ids = Array.from({ length: 30 }, () => aShopperBuys(trade, { MUG: 1 }));
    await trade.pass(4);
    expect(ids.map((id) => referenceOf(trade, id))).toEqual(ids.map((id) => `JL-${id}`));
    expect(trade.johnLewis.truth.references).toHaveLength(30);
    expect(trade.johnLewis.truth.calls['OR04']).toBe(1);
    expect(breaches(trade)).toEqual([]);
  });

  it('an order whose number is not taken is raised, the others are written', async () => {
    const trade = await openTrade();
    const [bad, good] = [aShopperBuys(trade, { MUG: 1 }), aShopperBuys(trade, { MUG: 1 })];
    theMarketplaceForgets(trade, bad);
    await trade.pass(4);
    expect(referenceOf(trade, good)).toBe(good);
    expect(referenceOf(trade, bad)).toBeNull();
    expect(await raised(trade, bad)).toEqual(['reference-refused']);
    expect(theWarehouseShows(trade, bad)?.units).toEqual({ MUG: 1 });

    trade.network[johnLewis]!.instead = () => null;
    await trade.pass(40);
    expect(referenceOf(trade, bad)).toBe(bad);
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each(['resetBefore', 'resetAfter', 'serverError', 'emptyBody', 'throttle'] as const)(
    'is written whatever becomes of the answer: %s',
    async (fault) => {
      const trade = await openTrade();
      trade.johnLewis.faults.next(fault, 1, 'OR04');
      const id = aShopperBuys(trade, { MUG: 1 });
      await trade.pass(8);
      expect(referenceOf(trade, id)).toBe(id);
      expect(await allRaised(trade)).toEqual([]);
      expect(breaches(trade)).toEqual([]);
    },
  );

  it('is not written where that is switched off', async () => {
    const trade = await openTrade({ channel: { writeBackReference: false } });
    const id = aShopperBuys(trade, { MUG: 1 });
    await trade.pass(4);
    expect(referenceOf(trade, id)).toBeNull();
  });
});
