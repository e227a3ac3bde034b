import { describe, expect, it } from 'vitest';
import { serve } from '../serve.ts';
import { miraklFaults } from './mischief.ts';
import { SoldOut } from './purchases.ts';
import { apiKey, idsIn, openTestShop, ordersIn, startMs } from './test-shop.ts';

const minuteMs = 60_000;

describe('the door', () => {
  it.each([
    ['no key', {}],
    ['a wrong key', { authorization: 'other' }],
    ['the key as a bearer token', { authorization: `Bearer ${apiKey}` }],
  ])('answers 401 for %s', (_rule, headers) => {
    const shop = openTestShop();
    const answer = shop.simulator.handle({
      method: 'GET',
      target: '/api/version',
      headers,
      body: new Uint8Array(),
    });
    expect(answer.status).toBe(401);
    expect(answer.body).toBe('{"status":401,"message":"Unauthorized"}');
    expect(shop.simulator.truth.unauthorized).toBe(1);
  });

  it.each([
    ['GET', '/api/nothing', 404],
    ['POST', '/api/orders', 405],
    ['GET', '/elsewhere', 404],
    ['GET', '/api/orders/%E0%A4%A', 404],
    ['GET', '/api/version', 200],
  ])('%s %s is %i', (method, target, status) => {
    expect(openTestShop().call(method, target).status).toBe(status);
  });

  it('answers 406 to a client that takes no JSON', () => {
    const shop = openTestShop();
    expect(shop.call('GET', '/api/version', undefined, { accept: 'text/csv' }).status).toBe(406);
  });

  it('carries the headers of a real instance and its own clock', () => {
    const shop = openTestShop({ clockOffsetMs: 90_000 });
    expect(shop.get('/api/version').headers).toMatchObject({
      'mirakl-api-code': 'V01',
      'mirakl-user-role': 'SHOP',
      'mirakl-shop-uuid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-correlation-id': expect.any(String),
      'cache-control': 'no-cache, no-store',
      date: new Date(startMs + 90_000).toUTCString(),
    });
  });

  it.each([
    ['', 200],
    ['?shop_id=2000', 200],
    ['?shop_id=2001', 403],
    ['?shop_id=9', 404],
    ['?shop_id=main', 400],
  ])('lets a user see its own shops only: %s is %i', (query, status) => {
    const shop = openTestShop({ shops: [{ shopId: 2000 }, { shopId: 2001, apiKey: 'another' }] });
    expect(shop.get(`/api/account${query}`).status).toBe(status);
  });

  it('refuses the old key once it is replaced', () => {
    const shop = openTestShop();
    shop.simulator.setApiKey('next');
    expect(shop.get('/api/version').status).toBe(401);
    const headers = { authorization: 'next' };
    expect(shop.call('GET', '/api/version', undefined, headers).status).toBe(200);
  });

  it('hands out bearer tokens that expire', () => {
    const oauth = { clientId: 'me', clientSecret: 'secret', expiresInSeconds: 60 };
    const shop = openTestShop({ oauth });
    const ask = (secret: string) => {
      const form = `grant_type=client_credentials&client_id=me&client_secret=${secret}`;
      return shop.call('POST', '/oauth/token', form, {
        'content-type': 'application/x-www-form-urlencoded',
      });
    };
    expect(ask('wrong').status).toBe(401);
    const granted = JSON.parse(String(ask('secret').body)) as Record<string, unknown>;
    expect(granted['expires_in']).toBe(60);
    const authorization = `Bearer ${granted['access_token']}`;
    expect(shop.call('GET', '/api/version', undefined, { authorization }).status).toBe(200);
    shop.wait(60_000);
    expect(shop.call('GET', '/api/version', undefined, { authorization }).status).toBe(401);
  });
});

describe('ceilings', () => {
  it('take one poll a minute and count its pages as one', () => {
    const shop = openTestShop({ ceilings: 'enforced' });
    for (let i = 0; i < 30; i++) shop.anOrder();
    expect(shop.get('/api/orders?offset=0').status).toBe(200);
    expect(shop.get('/api/orders?offset=10').status).toBe(200);
    expect(shop.get('/api/orders?offset=20').status).toBe(200);
    shop.wait(30_000);
    const refused = shop.get('/api/orders');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('30');
    expect(shop.simulator.truth.ceilingBreaches).toMatchObject([{ operation: 'OR11', calls: 1 }]);
    shop.wait(30_000);
    expect(shop.get('/api/orders').status).toBe(200);
  });

  it('take other filters, or pages of a listing never begun, for another poll', () => {
    for (const second of ['?has_incident=true', '?offset=10&has_incident=true', '']) {
      const shop = openTestShop({ ceilings: 'enforced' });
      shop.get('/api/orders');
      expect(shop.get(`/api/orders${second}`).status).toBe(429);
    }
  });

  it('let named orders be looked up at any time', () => {
    const shop = openTestShop({ ceilings: 'enforced' });
    const id = shop.anOrder();
    for (let i = 0; i < 20; i++) {
      expect(shop.get(`/api/orders?order_ids=${id}`).status).toBe(200);
    }
  });

  it.each([
    ['OR04', 1, 60_000],
    ['OR31', 5, 1000],
  ])('hold %s to %i calls in %i ms', (operation, calls, windowMs) => {
    const shop = openTestShop({ ceilings: 'enforced' });
    const id = shop.anOrder();
    const call = () =>
      operation === 'OR04'
        ? shop.put('/api/orders', { orders: [{ order_id: id }] }).status
        : shop.put(`/api/orders/${id}/additional_fields`, {}).status;
    for (let i = 0; i < calls; i++) expect(call()).toBe(200);
    expect(call()).toBe(429);
    shop.wait(windowMs);
    expect(call()).toBe(200);
  });

  it('are stricter for an external partner and lifted on demand', () => {
    const partner = openTestShop({ ceilings: 'externalPartner' });
    partner.get('/api/orders');
    partner.wait(10 * minuteMs);
    expect(partner.get('/api/orders').status).toBe(429);
    const free = openTestShop({ ceilings: 'enforced', ceilingNumbers: { OR11: null } });
    free.get('/api/orders');
    expect(free.get('/api/orders').status).toBe(200);
  });

  it('cap what is "per event" by the second', () => {
    const shop = openTestShop({ ceilings: 'enforced', perEventPerSecond: 3 });
    const statuses = Array.from({ length: 4 }, () => shop.get('/api/reasons').status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });
});

describe('faults of the wire', () => {
  it.each([
    ['timeoutBefore', 'silence', false],
    ['timeoutAfter', 'silence', true],
    ['resetBefore', 'reset', false],
    ['resetAfter', 'reset', true],
    ['halfBody', 'half', true],
  ] as const)('%s: %s, and the order is accepted: %s', (fault, broken, isDone) => {
    const shop = openTestShop();
    const id = shop.anOrder();
    shop.simulator.faults.next(fault, 1, 'OR21');
    expect(shop.accept(id).broken).toBe(broken);
    expect(shop.order(id).state === 'WAITING_DEBIT').toBe(isDone);
    expect(shop.simulator.faults.hits).toMatchObject([{ operation: 'OR21', kind: fault }]);
  });

  it.each([
    ['serverError', /^50[03]$/],
    ['htmlPage', /^5\d\d$/],
    ['throttle', /^429$/],
  ] as const)('%s answers %s and does nothing', (fault, status) => {
    const shop = openTestShop();
    const id = shop.anOrder();
    shop.simulator.faults.next(fault);
    expect(String(shop.accept(id).status)).toMatch(status);
    expect(shop.order(id).state).toBe('WAITING_ACCEPTANCE');
  });

  it('emptyBody loses the body of a 200, done all the same', () => {
    const shop = openTestShop();
    const id = shop.anOrder();
    shop.simulator.faults.next('emptyBody');
    const references = { order_reference_for_seller: 'S' };
    const answer = shop.put('/api/orders', { orders: [{ order_id: id, references }] });
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(shop.order(id).referenceForSeller).toBe('S');
  });
});

describe('faults of the data', () => {
  const twenty = () => {
    const shop = openTestShop();
    const ids = Array.from({ length: 20 }, () => {
      shop.wait(1000);
      return shop.anOrder();
    });
    shop.simulator.setOffer({ shopSku: 'SKU-1', quantity: 5 });
    return { shop, ids };
  };

  it('duplicateInPage holds the first order twice', () => {
    const { shop, ids } = twenty();
    shop.simulator.faults.next('duplicateInPage');
    const seen = idsIn(shop.get('/api/orders'));
    expect(seen).toHaveLength(11);
    expect(seen.at(-1)).toBe(ids[0]);
  });

  it('pageDrift repeats a row on the next page, by an order that is really there', () => {
    const { shop } = twenty();
    const first = idsIn(shop.get('/api/orders'));
    shop.simulator.faults.next('pageDrift');
    expect(idsIn(shop.get('/api/orders?offset=10'))[0]).toBe(first.at(-1));
    const orders = [...shop.simulator.truth.orders.values()];
    const drifted = orders.find((order) => order.origin === 'pageDrift');
    expect(idsIn(shop.get('/api/orders'))[0]).toBe(drifted?.orderId);
  });

  it('pageLoss skips a row when the listing has a fixed end', () => {
    const { shop, ids } = twenty();
    const listing = `/api/orders?end_update_date=${shop.iso(shop.nowMs() + 500)}`;
    const first = idsIn(shop.get(listing));
    shop.wait(1000);
    shop.simulator.faults.next('pageLoss');
    const second = idsIn(shop.get(`${listing}&offset=10`));
    const missing = ids.filter((id) => !first.includes(id) && !second.includes(id));
    expect(missing).toEqual([ids[10]]);
  });

  it('lateOrder brings an order dated before the last poll', () => {
    const { shop } = twenty();
    shop.wait(10 * minuteMs);
    shop.simulator.faults.next('lateOrder');
    const since = shop.iso(shop.nowMs() - 30_000);
    expect(idsIn(shop.get(`/api/orders?start_update_date=${since}`))).toEqual([]);
    const wider = shop.iso(shop.nowMs() - 61_000);
    expect(idsIn(shop.get(`/api/orders?start_update_date=${wider}`))).toHaveLength(1);
  });

  it('staleOrder shows a changed order as it was', () => {
    const { shop, ids } = twenty();
    const id = ids[0] as string;
    expect(shop.shown(id)['order_state']).toBe('WAITING_ACCEPTANCE');
    shop.accept(id);
    shop.simulator.faults.next('staleOrder');
    expect(shop.shown(id)['order_state']).toBe('WAITING_ACCEPTANCE');
    expect(shop.shown(id)['order_state']).toBe('WAITING_DEBIT');
  });

  it('unknownField and unknownEnum touch one order of the page', () => {
    const { shop } = twenty();
    shop.simulator.faults.next('unknownField');
    shop.simulator.faults.next('unknownEnum');
    const orders = ordersIn(shop.get('/api/orders'));
    expect(orders.filter((order) => 'x_forced_field' in order)).toHaveLength(1);
    expect(orders.map((order) => order['payment_workflow']).slice(0, 2)).toEqual([
      'PAY_IN_INSTALMENTS',
      'PAY_ON_ACCEPTANCE',
    ]);
  });
});

describe('the same seed', () => {
  it('gives the same answers to the same calls, faults and oddities included', () => {
    const run = () => {
      const shop = openTestShop({ quirks: { shuffledFields: true, nullOrAbsent: true } });
      for (const fault of miraklFaults) shop.simulator.faults.set(fault, 0.05);
      const log: unknown[] = [];
      for (let i = 0; i < 200; i++) {
        shop.wait(7000);
        if (i % 2 === 0) shop.anOrder(['A', 'B'], i % 3 === 0 ? { stagingMs: 9000 } : {});
        if (i % 5 === 0) {
          for (const order of shop.simulator.truth.orders.values()) {
            if (order.state === 'WAITING_ACCEPTANCE') shop.accept(order.orderId);
          }
        }
        log.push(
          shop.simulator.handle({
            method: 'GET',
            target: `/api/orders?max=7&offset=${(i % 4) * 7}`,
            headers: { authorization: apiKey },
            body: new Uint8Array(),
          }),
        );
      }
      return { log, hits: shop.simulator.faults.hits };
    };
    const first = run();
    expect(run()).toEqual(first);
    expect(new Set(first.hits.map((hit) => hit.kind)).size).toBeGreaterThan(10);
  });
});

describe('the world', () => {
  it('takes sales off the offer, and refuses to oversell when told', () => {
    const shop = openTestShop({ sellsOnlyWhatIsShown: true });
    shop.simulator.setOffer({ shopSku: 'A', quantity: 3, price: '4.20' });
    shop.simulator.shopperBuys({ lines: [{ offerSku: 'A', quantity: 2 }] });
    expect(shop.simulator.offer('A')?.quantity).toBe(1);
    const two = { lines: [1, 2].map(() => ({ offerSku: 'A', quantity: 1 })) };
    expect(() => shop.simulator.shopperBuys(two)).toThrow(SoldOut);
  });

  it('is served over a real socket, links included', async () => {
    const shop = openTestShop();
    for (let i = 0; i < 11; i++) shop.anOrder();
    const served = await serve(shop.simulator.handle);
    try {
      const headers = { authorization: apiKey };
      const first = await fetch(`${served.url}/api/orders`, { headers });
      const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
      const second = (await (await fetch(next, { headers })).json()) as { orders: unknown[] };
      expect(second.orders).toHaveLength(1);
    } finally {
      await served.close();
    }
  });
});
