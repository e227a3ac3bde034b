import { describe, expect, it } from 'vitest';
import { dayMs, dpd, minuteMs, openParcelShop } from './test-parcels.ts';

type Row = Record<string, unknown> & { id: string; order_id: string };
type Answer = { json: Record<string, unknown> };

const rows = (answer: Answer) => answer.json['data'] as Row[];
const orders = (answer: Answer) => rows(answer).map((row) => row.order_id);

/** Five orders, a minute apart, each with a shipment. */
function fiveShipments() {
  const shop = openParcelShop();
  const made = Array.from({ length: 5 }, () => {
    const orderId = shop.inShipping();
    return { orderId, id: shop.aShipment(orderId) };
  });
  return { shop, made, ids: made.map((one) => one.id) };
}

describe('ST11', () => {
  it('pages by token, both ways, ten at a time unless told otherwise', () => {
    const { shop, ids } = fiveShipments();
    const page = (target: string) => shop.get(target);
    const first = page('/api/shipments?limit=2');
    expect(rows(first).map((row) => row.id)).toEqual(ids.slice(0, 2));
    expect('previous_page_token' in first.json).toBe(false);
    const second = page(`/api/shipments?page_token=${first.json['next_page_token']}`);
    expect(rows(second).map((row) => row.id)).toEqual(ids.slice(2, 4));
    const third = page(`/api/shipments?page_token=${second.json['next_page_token']}`);
    expect(rows(third).map((row) => row.id)).toEqual(ids.slice(4));
    expect('next_page_token' in third.json).toBe(false);
    const back = page(`/api/shipments?page_token=${third.json['previous_page_token']}`);
    expect(rows(back).map((row) => row.id)).toEqual(ids.slice(2, 4));
    expect(rows(page('/api/shipments'))).toHaveLength(5);
  });

  it('does not shift the rows of a token when an earlier one goes', () => {
    const { shop, ids } = fiveShipments();
    const first = shop.get('/api/shipments?limit=2');
    shop.act('delete', { id: ids[0] });
    const second = shop.get(`/api/shipments?page_token=${first.json['next_page_token']}`);
    expect(rows(second).map((row) => row.id)).toEqual(ids.slice(2, 4));
  });

  it('ignores every other parameter beside a page token', () => {
    const { shop, ids } = fiveShipments();
    const token = shop.get('/api/shipments?limit=2').json['next_page_token'];
    const second = shop.get(`/api/shipments?page_token=${token}&limit=1&order_id=NONE`);
    expect(rows(second).map((row) => row.id)).toEqual(ids.slice(2, 4));
  });

  it('sorts by creation, either way', () => {
    const { shop, ids } = fiveShipments();
    const found = rows(shop.get('/api/shipments?sort=dateCreated,DESC&limit=2'));
    expect(found.map((row) => row.id)).toEqual(ids.toReversed().slice(0, 2));
  });

  it('takes repeated order ids, states and debit states', () => {
    const { shop, made } = fiveShipments();
    const [first, , third] = made;
    shop.act('ship', { id: third?.id });
    const two = `order_id=${first?.orderId}&order_id=${third?.orderId}`;
    const found = (search: string) => orders(shop.get(`/api/shipments?${search}`));
    expect(found(two)).toEqual([first?.orderId, third?.orderId]);
    expect(found('shipment_state_code=SHIPPED&shipment_state_code=CLOSED')).toEqual([
      third?.orderId,
    ]);
    expect(found('shipment_customer_debit_state_code=DEBIT_OK')).toEqual([]);
    expect(found('shipment_customer_debit_state_code=NO_DEBIT')).toHaveLength(5);
  });

  it('filters by the date of the last change', () => {
    const { shop, made } = fiveShipments();
    const sinceMs = shop.nowMs() + 1;
    shop.wait(minuteMs);
    shop.act('tracking', { id: made[1]?.id, tracking: dpd });
    const since = shop.get(`/api/shipments?last_updated_from=${shop.iso(sinceMs)}`);
    expect(orders(since)).toEqual([made[1]?.orderId]);
    expect(orders(shop.get(`/api/shipments?last_updated_to=${shop.iso(sinceMs)}`))).toHaveLength(4);
  });

  it.each([
    ['commas between order ids', 'order_id=A,B'],
    ['a state nobody published', 'shipment_state_code=LOST'],
    ['offset paging', 'max=10'],
    ['another sort', 'sort=shippingDate,ASC'],
    ['a limit of zero', 'limit=0'],
    ['a token it never gave', 'page_token=abc'],
  ])('answers 400 to %s and keeps it as a breach', (_rule, search) => {
    const { shop } = fiveShipments();
    expect(shop.get(`/api/shipments?${search}`).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });
});

describe('ST12', () => {
  it('shows what is in no shipment yet, with address and deadline', () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A', 'B'], { shipTo: { lastname: 'Example', city: 'Testford' } });
    shop.aShipment(id, { lines: [[0, 1]] });
    const order = shop.order(id);
    expect(rows(shop.get('/api/shipments/items_to_ship'))).toMatchObject([
      {
        order_id: id,
        shipment_lines: [
          { order_line_id: shop.lineIds(id)[0], offer_sku: 'A', quantity: 1 },
          { order_line_id: shop.lineIds(id)[1], offer_sku: 'B', quantity: 2 },
        ],
        shipping_address: { city: 'Testford' },
        shipping_deadline: new Date(order.shippingDeadlineMs).toISOString().replace('.000Z', 'Z'),
        fulfillment: { center: { code: 'DEFAULT' } },
      },
    ]);
  });

  it('leaves out what waits for nothing: not in SHIPPING, in shipments, canceled', () => {
    const shop = openParcelShop();
    const held = shop.inShipping(['A']);
    shop.aShipment(held, { lines: [[0, 2]] });
    shop.simulator.shopperCancels(shop.inShipping(['A']));
    shop.anOrder(['A'], { needsAcceptance: true });
    expect(rows(shop.get('/api/shipments/items_to_ship'))).toEqual([]);
  });

  it('names each package of an item', () => {
    const shop = openParcelShop({ multiPartItemShipment: true });
    shop.inShipping([], {
      lines: [{ offerSku: 'SOFA', quantity: 2, packages: ['SEAT', 'LEGS'] }],
    });
    expect(rows(shop.get('/api/shipments/items_to_ship'))[0]?.['shipment_lines']).toMatchObject([
      { package_reference: 'SEAT', quantity: 2 },
      { package_reference: 'LEGS', quantity: 2 },
    ]);
  });

  it('filters by order, by centre and by the date of moving to SHIPPING, and pages', () => {
    const shop = openParcelShop();
    const ids = [shop.inShipping(), shop.inShipping(), shop.inShipping()];
    const center = shop.inShipping(['A'], { fulfilledByOperator: true });
    const found = (search: string) => orders(shop.get(`/api/shipments/items_to_ship?${search}`));
    expect(found(`order_id=${ids[0]}&order_id=${ids[2]}`)).toEqual([ids[0], ids[2]]);
    expect(found('fulfillment_center_code=OPERATOR_CENTER')).toEqual([center]);
    const sinceMs = shop.order(ids[1] ?? '').shippingSinceMs as number;
    expect(found(`shipping_date_from=${shop.iso(sinceMs)}`)).toEqual([ids[1], ids[2], center]);
    expect(found(`shipping_date_to=${shop.iso(sinceMs)}`)).toEqual([ids[0], ids[1]]);
    const first = shop.get('/api/shipments/items_to_ship?limit=3&sort=shippingDate,DESC');
    expect(orders(first)).toEqual([center, ids[2], ids[1]]);
    expect(found(`page_token=${first.json['next_page_token']}`)).toEqual([ids[0]]);
  });
});

describe('ceilings of shipments', () => {
  it('ST12 may be asked every five minutes; later pages belong to the first', () => {
    const shop = openParcelShop({ ceilings: 'enforced' });
    for (let i = 0; i < 3; i++) shop.inShipping();
    const first = shop.get('/api/shipments/items_to_ship?limit=1');
    const next = `/api/shipments/items_to_ship?page_token=${first.json['next_page_token']}`;
    expect(shop.get(next).status).toBe(200);
    const again = shop.get('/api/shipments/items_to_ship?limit=1');
    expect([again.status, again.headers['retry-after']]).toEqual([429, '300']);
    shop.wait(5 * minuteMs);
    expect(shop.get('/api/shipments/items_to_ship').status).toBe(200);
    expect(shop.simulator.truth.ceilingBreaches).toMatchObject([{ operation: 'ST12' }]);
  });

  it('the other calls are per event, a hundred a second together', () => {
    const shop = openParcelShop({ ceilings: 'enforced' });
    const id = shop.inShipping();
    const statuses = Array.from({ length: 101 }, () =>
      shop.get(`/api/shipments?order_id=${id}`),
    ).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    shop.wait(dayMs);
    expect(shop.get('/api/shipments').status).toBe(200);
  });
});
