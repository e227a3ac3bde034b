import { describe, expect, it } from 'vitest';
import { findOffer, readOffer, readOffers, streamOffers } from './offers.ts';
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

describe('findOffer', () => {
  it('asks by SKU and takes the exact match only', async () => {
    const near = wireOffer({ offer_id: 1, shop_sku: 'mug-red' });
    const { client, sent } = testWire([{ body: { offers: [near, wireOffer()], total_count: 2 } }]);
    expect(await findOffer(client, 'MUG-RED')).toMatchObject({ offerId: '9007199254740991' });
    expect(new URL(sent[0]!.url).search).toBe('?sku=MUG-RED&max=100');
  });

  it('is null when there is none', async () => {
    const { client } = testWire([{ body: { offers: [], total_count: 0 } }]);
    expect(await findOffer(client, 'MUG-RED')).toBeNull();
  });

  it('looks further when the filter did not filter', async () => {
    const other = wireOffer({ offer_id: 1, shop_sku: 'OTHER' });
    const { client, sent } = testWire([
      { body: { offers: [other], total_count: 2 } },
      { body: { offers: [wireOffer()], total_count: 2 } },
    ]);
    expect(await findOffer(client, 'MUG-RED')).toMatchObject({ shopSku: 'MUG-RED' });
    expect(sent).toHaveLength(2);
  });

  it('an unreadable offer is not taken for none', async () => {
    const offers = [wireOffer({ quantity: 'many' })];
    const { client } = testWire([{ body: { offers, total_count: 1 } }]);
    const error = await failureOf(findOffer(client, 'MUG-RED'));
    expect(error).toMatchObject({ name: 'BadAnswer', effect: 'none' });
    expect(error.message).toContain('9007199254740991');
  });
});

describe('streamOffers', () => {
  const page = (ids: number[], total: number | undefined, changes = {}) => {
    const offers = ids.map((id) => wireOffer({ offer_id: id, ...changes }));
    return { body: { offers, total_count: total } };
  };
  const rows: [rule: string, pages: object[], ids: string[][], isComplete: boolean][] = [
    ['an empty list is one batch, complete', [page([], 0)], [[]], true],
    [
      'the last batch alone is complete',
      [page([1, 2], 3), page([3], 3)],
      [['1', '2'], ['3']],
      true,
    ],
    ['a list that does not count itself', [page([1], undefined)], [['1']], true],
    [
      'an offer that comes twice is given once, and the one it pushed out is missed',
      [page([1, 2], 4), page([2, 3], 4)],
      [['1', '2'], ['3']],
      false,
    ],
    [
      'an unreadable offer makes it incomplete',
      [page([1], 2), page([2], 2, { quantity: -1 })],
      [['1'], []],
      false,
    ],
  ];
  it.each(rows)('%s', async (_rule, pages, ids, isComplete) => {
    const { client } = testWire(pages);
    const batches = [];
    for await (const batch of streamOffers(client)) batches.push(batch);
    expect(batches.map(({ offers }) => offers.map(({ offerId }) => offerId))).toEqual(ids);
    expect(batches.map((batch) => batch.isComplete)).toEqual([
      ...ids.slice(1).map(() => false),
      isComplete,
    ]);
  });
});
