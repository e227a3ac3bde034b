import { describe, expect, it } from 'vitest';
import { readOffer, readOffers } from './offers.ts';
import { failureOf, testWire } from './test-wire.ts';

const wireOffer = (changes: Record<string, unknown> = {}) => ({
  offer_id: 9007199254740991,
  shop_sku: 'MUG-RED',
  active: false,
  inactivity_reasons: ['ZERO_QUANTITY'],
  quantity: 0,
  price: 10.5,
  product_references: [{ reference_type: 'EAN', reference: 5012345678900 }],
  warehouses: [{ code: 'W1', quantity: 0 }],
  logistic_class: { code: 'S', label: 'Small' },
  ...changes,
});

describe('offers', () => {
  it('one by id, exact to the last digit', async () => {
    const { client, sent } = testWire([{ body: wireOffer() }]);
    expect(await readOffer(client, '9007199254740991')).toMatchObject({
      offerId: '9007199254740991',
      shopSku: 'MUG-RED',
      isActive: false,
      inactivityReasons: ['ZERO_QUANTITY'],
      quantity: 0,
      price: '10.5',
      totalPrice: null,
      productReferences: [{ type: 'EAN', reference: '5012345678900' }],
      warehouses: [{ code: 'W1', quantity: 0 }],
      logisticClassCode: 'S',
      availableFrom: null,
    });
    expect(sent[0]!.url).toBe('https://market.example.test/api/offers/9007199254740991');
  });

  it('an unknown one is Refused with status 404', async () => {
    const { client } = testWire([{ status: 404, body: { message: 'Offer not found' } }]);
    expect(await failureOf(readOffer(client, '1'))).toMatchObject({ name: 'Refused', status: 404 });
  });

  it('page by page, by shop SKU, with unreadable ones told apart', async () => {
    const { client, sent } = testWire([
      { body: { offers: [wireOffer(), wireOffer({ offer_id: 2, quantity: -1 })], total_count: 3 } },
      { body: { offers: [wireOffer({ offer_id: 3 })], total_count: 3 } },
    ]);
    const pages = [];
    for await (const page of readOffers(client, { shopSku: 'MUG RED' })) pages.push(page);
    expect(pages.map((page) => page.offers.length)).toEqual([1, 1]);
    expect(pages[0]!.unreadable).toEqual([
      { offerId: '2', index: 1, problem: 'quantity: a whole number of 0 or more is due' },
    ]);
    expect(sent.map((request) => new URL(request.url).search)).toEqual([
      '?sku=MUG%20RED&max=100',
      '?sku=MUG%20RED&max=100&offset=2',
    ]);
  });
});
