import { describe, expect, it } from 'vitest';
import { openTestShop } from './test-shop.ts';

function bookShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop(options);
  shop.simulator.setOffer({ shopSku: 'A', quantity: 10 });
  const quantity = () => shop.simulator.offer('A')?.quantity;
  return { shop, quantity };
}

describe('a sale', () => {
  it.each([
    ['creation', 8, 8],
    ['acceptance', 10, 8],
    ['never', 10, 10],
  ] as const)('decrementAt %s', (decrementAt, bought, accepted) => {
    const { shop, quantity } = bookShop({ decrementAt });
    const orderId = shop.anOrder(['A']);
    expect(quantity()).toBe(bought);
    shop.accept(orderId);
    expect(quantity()).toBe(accepted);
  });

  it('takes what is there and no more', () => {
    const { shop, quantity } = bookShop();
    shop.simulator.shopperBuys({ lines: [{ offerSku: 'A', quantity: 12 }] });
    expect(quantity()).toBe(0);
  });

  type Shop = ReturnType<typeof openTestShop>;
  const ways: readonly [string, (shop: Shop, orderId: string) => void][] = [
    ['canceled by the shopper', (shop, id) => void shop.simulator.shopperCancels(id)],
    [
      'refused by the shop',
      (shop, id) => {
        const lines = shop.order(id).lines.map((line) => ({ id: line.lineId, accepted: false }));
        shop.put(`/api/orders/${id}/accept`, { order_lines: lines });
      },
    ],
    ['left undecided', (shop) => shop.wait(2 * 24 * 3600_000)],
    [
      'not paid for',
      (shop, id) => {
        shop.accept(id);
        shop.simulator.refusePayment(id);
      },
    ],
  ];
  it.each(ways)('that is %s goes back onto the offer, where the operator does so', (_rule, end) => {
    for (const restocksOnCancel of [true, false]) {
      const { shop, quantity } = bookShop({ restocksOnCancel });
      end(shop, shop.anOrder(['A']));
      expect(quantity()).toBe(restocksOnCancel ? 10 : 8);
    }
  });

  it('goes back in part when units are canceled, and never more than it took', () => {
    const { shop, quantity } = bookShop({ restocksOnCancel: true });
    shop.simulator.backOfficeSetsQuantity('A', 3);
    const [id] = shop.simulator.shopperBuys({ lines: [{ offerSku: 'A', quantity: 5 }] });
    const lineId = shop.order(id).lines[0]?.lineId as string;
    shop.simulator.operatorCancelsUnits(id, lineId, 2);
    expect(quantity()).toBe(2);
    shop.simulator.operatorCancels(id);
    expect(quantity()).toBe(3);
  });

  it('that took nothing gives nothing back', () => {
    const { shop, quantity } = bookShop({ restocksOnCancel: true, decrementAt: 'acceptance' });
    shop.simulator.shopperCancels(shop.anOrder(['A']));
    expect(quantity()).toBe(10);
  });
});

describe('shopperTriesToBuy', () => {
  const basket = (...wanted: [string, number][]) => ({
    lines: wanted.map(([offerSku, quantity]) => ({ offerSku, quantity })),
  });

  it('buys what is shown', () => {
    const { shop, quantity } = bookShop();
    expect(shop.simulator.shopperTriesToBuy(basket(['A', 10]))).toHaveLength(1);
    expect(quantity()).toBe(0);
  });

  type Sim = ReturnType<typeof openTestShop>['simulator'];
  const closed: readonly [string, (simulator: Sim) => void][] = [
    ['shows too little', (sim) => sim.backOfficeSetsQuantity('A', 1)],
    ['is inactive', (sim) => sim.backOfficeDeactivates('A')],
    ['is deleted', (sim) => sim.backOfficeDeletesOffer('A')],
    ['belongs to a closed shop', (sim) => sim.setShopState(2000, 'CLOSE')],
    [
      'is sold in larger quantities',
      (sim) => void sim.setOffer({ shopSku: 'A', minOrderQuantity: 3 }),
    ],
    ['is sold in smaller ones', (sim) => void sim.setOffer({ shopSku: 'A', maxOrderQuantity: 1 })],
    ['is sold in packs', (sim) => void sim.setOffer({ shopSku: 'A', packageQuantity: 4 })],
  ];
  it.each(closed)('buys nothing when one offer %s', (_rule, happens) => {
    const { shop } = bookShop();
    shop.simulator.setOffer({ shopSku: 'B', quantity: 5 });
    happens(shop.simulator);
    expect(shop.simulator.shopperTriesToBuy(basket(['B', 1], ['A', 2]))).toBe(null);
    expect(shop.simulator.truth.orders.size).toBe(0);
    expect(shop.simulator.offer('B')?.quantity).toBe(5);
  });

  it('adds up the lines of one SKU', () => {
    const { shop } = bookShop();
    expect(shop.simulator.shopperTriesToBuy(basket(['A', 6], ['A', 5]))).toBe(null);
  });

  it('sees an import the moment it is due', () => {
    const { shop } = bookShop();
    shop.upload('/api/offers/stock/imports', 'offer-sku;quantity\nA;0');
    shop.wait(6_000);
    expect(shop.simulator.shopperTriesToBuy(basket(['A', 1]))).toBe(null);
  });
});

describe('the truth', () => {
  it('keeps every change of a quantity and who made it', () => {
    const { shop } = bookShop({ restocksOnCancel: true });
    shop.upload('/api/offers/stock/imports', 'offer-sku;quantity\nA;7');
    shop.wait(6_000);
    const orderId = shop.anOrder(['A']);
    shop.simulator.shopperCancels(orderId);
    shop.simulator.backOfficeSetsQuantity('A', 1);
    shop.simulator.backOfficeDeletesOffer('A');
    const { quantityChanges, imports } = shop.simulator.truth;
    expect(quantityChanges.map(({ from, to, by }) => [from, to, by])).toEqual([
      [0, 10, 'setOffer'],
      [10, 7, 'import'],
      [7, 5, 'sale'],
      [5, 7, 'restock'],
      [7, 1, 'backOffice'],
      [1, 0, 'backOffice'],
    ]);
    const importId = imports[0]?.importId;
    expect(quantityChanges[1]).toMatchObject({ shopSku: 'A', shopId: 2000, importId });
    expect(imports).toMatchObject([
      { operation: 'STO01', status: 'COMPLETE', linesInSuccess: 1, linesInError: 0 },
    ]);
    expect((imports[0]?.endedMs ?? 0) - (imports[0]?.arrivedMs ?? 0)).toBe(6_000);
  });

  it('keeps no more changes than asked for, the newest', () => {
    const { shop } = bookShop({ quantityLogLimit: 2 });
    for (const units of [1, 2, 3]) shop.simulator.backOfficeSetsQuantity('A', units);
    expect(shop.simulator.truth.quantityChanges.map((one) => one.to)).toEqual([2, 3]);
  });

  it('keeps a deleted offer, and lists its SKU anew under another id', () => {
    const { shop } = bookShop();
    const before = shop.simulator.offer('A');
    shop.simulator.backOfficeDeletesOffer('A');
    expect(shop.get(`/api/offers/${before?.offerId}`).status).toBe(404);
    expect(shop.offerShown('A')).toBeUndefined();
    const after = shop.simulator.setOffer({ shopSku: 'A', quantity: 4 });
    expect(after.offerId).not.toBe(before?.offerId);
    expect(shop.simulator.truth.offers.map((one) => one.isDeleted)).toEqual([true, false]);
  });
});
