import { describe, expect, it } from 'vitest';
import { idsIn, openTestShop, ordersIn, startMs } from './test-shop.ts';

/** Orders a second apart, oldest first. */
function withOrders(count: number, options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop(options);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    ids.push(shop.anOrder());
    shop.wait(1000);
  }
  return { shop, ids };
}

describe('OR11 by offset', () => {
  it('shows ten unless asked, oldest first, with the total and links', () => {
    const { shop, ids } = withOrders(25);
    const first = shop.get('/api/orders');
    expect(idsIn(first)).toEqual(ids.slice(0, 10));
    expect(first.json['total_count']).toBe(25);
    expect(first.headers['link']).toBe(
      '<http://shop.example.test/api/orders?max=10&offset=10>; rel="next"',
    );
    const last = shop.get('/api/orders?offset=20');
    expect(idsIn(last)).toEqual(ids.slice(20));
    expect(last.headers['link']).toContain('rel="previous"');
    expect(last.headers['link']).not.toContain('rel="next"');
  });

  it('never shows more than a hundred', () => {
    const { shop } = withOrders(120);
    expect(ordersIn(shop.get('/api/orders?max=500'))).toHaveLength(100);
  });

  it('sorts the other way on demand', () => {
    const { shop, ids } = withOrders(3);
    expect(idsIn(shop.get('/api/orders?sort=dateCreated&order=desc'))).toEqual(ids.toReversed());
  });

  it('loses and repeats rows while orders come in between pages, newest first', () => {
    const { shop, ids } = withOrders(20);
    const first = idsIn(shop.get('/api/orders?order=desc'));
    shop.anOrder();
    const second = idsIn(shop.get('/api/orders?order=desc&offset=10'));
    expect(second[0]).toBe(first.at(-1));
    expect(second).not.toContain(ids[0]);
  });
});

describe('OR11 by token', () => {
  it('walks all orders and ignores every other parameter beside a token', () => {
    const { shop, ids } = withOrders(25, { orderPaging: 'seek' });
    const seen: unknown[] = [];
    let answer = shop.get('/api/orders?limit=10&order_state_codes=WAITING_ACCEPTANCE');
    for (;;) {
      seen.push(...idsIn(answer));
      const token = answer.json['next_page_token'];
      if (token === undefined) break;
      answer = shop.get(`/api/orders?page_token=${token}&order_state_codes=CLOSED&limit=1`);
    }
    expect(seen).toEqual(ids);
  });

  it('has no offset and refuses a made-up token', () => {
    const { shop } = withOrders(1, { orderPaging: 'seek' });
    expect(shop.get('/api/orders?offset=10').status).toBe(400);
    expect(shop.get('/api/orders?page_token=abc').status).toBe(400);
  });
});

describe('OR11 filters', () => {
  const cases: [string, (s: ReturnType<typeof world>) => string, string[]][] = [
    ['named orders', (w) => `order_ids=${w.waiting},${w.shipping}`, ['waiting', 'shipping']],
    ['states', () => 'order_state_codes=SHIPPING,WAITING_ACCEPTANCE', ['waiting', 'shipping']],
    ['a channel', () => 'channel_codes=UK', ['shipping']],
    ['no channel', () => 'only_null_channel=true', ['waiting', 'canceled']],
    ['paid ones', () => 'customer_debited=true', ['shipping']],
    ['an open incident', () => 'has_incident=true', ['shipping']],
    ['no open incident', () => 'has_incident=false', ['waiting', 'canceled']],
    ['the customer’s reference', () => 'order_references_for_customer=C-1', ['canceled']],
    ['the seller’s reference', () => 'order_references_for_seller=S-1,S-2', ['waiting']],
    ['a fulfilment centre', () => 'fulfillment_center_code=OPERATOR_CENTER', ['canceled']],
    [
      'two centres',
      () => 'fulfillment_center_code=X&fulfillment_center_code=DEFAULT',
      ['waiting', 'shipping'],
    ],
    ['a workflow', () => 'payment_workflow=PAY_ON_DELIVERY', []],
    ['creation from', (w) => `start_date=${w.shop.iso(startMs + 1000)}`, ['shipping', 'canceled']],
    ['creation to', (w) => `end_date=${w.shop.iso(startMs)}`, ['waiting']],
    ['change from', (w) => `start_update_date=${w.shop.iso(w.shop.nowMs() - 500)}`, ['waiting']],
    ['change to', (w) => `end_update_date=${w.shop.iso(startMs + 60_000)}`, ['canceled']],
    ['a zone of its own', () => 'end_date=2026-03-02T10:00:00%2B01:00', ['waiting']],
    ['two of them', (w) => `order_state_codes=SHIPPING&order_ids=${w.waiting}`, []],
  ];

  function world() {
    const shop = openTestShop({ updateDeltaMs: 0 });
    const waiting = shop.anOrder();
    shop.wait(1000);
    const shipping = shop.anOrder(['A'], { channel: { code: 'UK', label: 'United Kingdom' } });
    shop.wait(1000);
    const canceled = shop.anOrder(['A'], {
      referenceForCustomer: 'C-1',
      fulfilledByOperator: true,
    });
    shop.simulator.operatorCancels(canceled);
    shop.accept(shipping);
    shop.wait(120_000);
    shop.simulator.openIncident(shipping, `${shipping}-1`);
    shop.wait(120_000);
    const references = { order_reference_for_seller: 'S-1' };
    shop.put('/api/orders', { orders: [{ order_id: waiting, references }] });
    return { shop, waiting, shipping, canceled };
  }

  it.each(cases)('by %s', (_name, query, expected) => {
    const made = world();
    const names: Record<string, unknown> = { ...made };
    const found = idsIn(made.shop.get(`/api/orders?${query(made)}`));
    expect(found).toEqual(expected.map((name) => names[name]));
  });

  it('looks a little further back than the update date asked for', () => {
    const { shop, ids } = withOrders(1, { updateDeltaMs: 5000 });
    const ask = (ms: number) => idsIn(shop.get(`/api/orders?start_update_date=${shop.iso(ms)}`));
    const changedMs = shop.order(ids[0] ?? '').updatedMs;
    expect(ask(changedMs + 5000)).toEqual(ids);
    expect(ask(changedMs + 5001)).toEqual([]);
  });
});

describe('OR11 refuses and records', () => {
  it.each([
    ['an unknown parameter', 'page=2', 'page'],
    ['a repeated comma list', 'order_ids=A&order_ids=B', 'order_ids'],
    ['a comma in a repeated list', 'fulfillment_center_code=A,B', 'fulfillment_center_code'],
    ['more than a hundred ids', `order_ids=${Array(101).fill('A').join(',')}`, 'order_ids'],
    ['an unknown state', 'order_state_codes=SHIPING', 'order_state_codes'],
    ['a date without a zone', 'start_date=2026-03-02T10:00:00', 'start_date'],
    ['a plus that was not encoded', 'start_date=2026-03-02T10:00:00+01:00', 'start_date'],
    ['a day that does not exist', 'start_date=2026-02-30T10:00:00Z', 'start_date'],
    ['a boolean in words', 'has_incident=yes', 'has_incident'],
    ['a sort it has not', 'sort=dateUpdated', 'sort'],
    ['a page of nothing', 'max=0', 'max'],
    ['a negative offset', 'offset=-1', 'offset'],
  ])('%s', (_rule, query, field) => {
    const shop = openTestShop();
    expect(shop.get(`/api/orders?${query}`).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toMatchObject([{ operation: 'OR11', field }]);
  });
});

describe('what an order looks like', () => {
  it('keeps pennies exact and shows prices in the other tax mode', () => {
    const tax = { code: 'VAT', ratePercent: 20, rule: 'PROPORTIONAL_TO_AMOUNT' } as const;
    const shop = openTestShop({ tax });
    const [id] = shop.simulator.shopperBuys({
      lines: [{ offerSku: 'A', quantity: 3, unitPrice: '7.90', shippingPrice: '2.40' }],
    });
    const body = String(shop.get(`/api/orders?order_ids=${id}`).body);
    expect(body).toContain('"price":23.70');
    expect(body).toContain('"total_price":26.10');
    const net = shop.get(`/api/orders?order_ids=${id}&order_tax_mode=TAX_EXCLUDED`);
    expect(ordersIn(net)[0]).toMatchObject({ price: 19.75, order_tax_mode: 'TAX_EXCLUDED' });
  });

  it('drops milliseconds only when they are zero', () => {
    const shop = openTestShop();
    const whole = shop.anOrder(['A'], { stagingMs: 60_000 });
    shop.wait(40);
    const broken = shop.anOrder(['A'], { stagingMs: 60_000 });
    expect(shop.shown(whole)['created_date']).toBe('2026-03-02T09:00:00Z');
    expect(shop.shown(broken)['created_date']).toBe('2026-03-02T09:00:00.040Z');
  });

  it('is written the same until it changes, then anew', () => {
    const shop = openTestShop({ quirks: { nullOrAbsent: true, shuffledFields: true } });
    const id = shop.anOrder();
    const read = () => String(shop.get(`/api/orders?order_ids=${id}`).body);
    const first = read();
    expect(read()).toBe(first);
    shop.simulator.shopperWrites(id);
    expect(read()).not.toBe(first);
  });

  it('shows its oddities when they are on', () => {
    const shop = openTestShop({
      quirks: { unknownFields: 1, unknownEnums: 1, decimals: 'short', strangeIds: 1, oddTotals: 1 },
    });
    const texts = Array.from({ length: 20 }, () => shop.anOrder()).map((id) => ({
      id,
      text: String(shop.get(`/api/orders?order_ids=${id}`).body),
    }));
    expect(texts.every(({ text }) => text.includes('"x_new_'))).toBe(true);
    expect(texts.every(({ text }) => text.includes('PAY_IN_INSTALMENTS'))).toBe(true);
    expect(texts.every(({ text }) => text.includes('"price":20,'))).toBe(true);
    expect(texts.some(({ id }) => id.length > 60)).toBe(true);
    expect(texts.some(({ id }) => /^\d+$/.test(id))).toBe(true);
  });

  it('splits a basket over the shops in it', () => {
    const shop = openTestShop({ shops: [{ shopId: 2000 }, { shopId: 2001 }] });
    const ids = shop.simulator.shopperBuys({
      commercialId: 'B1',
      lines: [
        { offerSku: 'A', quantity: 1 },
        { offerSku: 'A', quantity: 1, shopId: 2001 },
      ],
    });
    expect(ids).toEqual(['B1-A', 'B1-B']);
    expect(idsIn(shop.get('/api/orders'))).toEqual(['B1-A']);
    expect(idsIn(shop.get('/api/orders?shop_id=2001'))).toEqual(['B1-B']);
  });
});

describe('the index', () => {
  it('finds the same as looking at every order, after many changes', () => {
    const { shop, ids } = withOrders(300, { updateDeltaMs: 0 });
    for (let i = 0; i < 900; i++) {
      shop.wait(7);
      shop.simulator.shopperWrites(ids[(i * 37) % ids.length] as string);
    }
    const orders = [...shop.simulator.truth.orders.values()];
    const middleMs = startMs + 300_000 + 5000;
    const from = shop.iso(middleMs);
    const to = shop.iso(middleMs + 500);
    const found = idsIn(
      shop.get(`/api/orders?max=100&start_update_date=${from}&end_update_date=${to}`),
    );
    const expected = orders
      .filter((order) => order.updatedMs >= middleMs && order.updatedMs <= middleMs + 500)
      .map((order) => order.orderId);
    expect(found).toEqual(expected);
    expect(expected.length).toBeGreaterThan(10);
  });
});
