import { describe, expect, it } from 'vitest';
import type { MiraklOptions } from './options.ts';
import { openTestShop } from './test-shop.ts';

const minuteMs = 60_000;
const dpd = { carrier_code: 'DPD', tracking_number: 'D1' };

function inShipping(options: Partial<MiraklOptions> = {}, more = {}) {
  const shop = openTestShop({ acceptance: 'AUTOMATIC', ...options });
  const id = shop.anOrder(['A', 'B'], more);
  shop.wait(minuteMs);
  const track = (body: object = dpd) => shop.put(`/api/orders/${id}/tracking`, body);
  return { ...shop, id, track, ship: () => shop.put(`/api/orders/${id}/ship`) };
}

describe('OR23 by the rules of carriers', () => {
  const byName = {
    carrier_name: 'Ann’s Vans',
    carrier_url: 'https://x.test',
    tracking_number: 'V',
  };
  it.each([
    ['any carrier by name', {}, byName, 204],
    [
      'none by name where only registered ones are allowed',
      { alternativeCarriers: false },
      byName,
      400,
    ],
    ['a registered one there', { alternativeCarriers: false }, dpd, 204],
    ['no blank number where the page needs one', {}, { ...dpd, tracking_number: ' ' }, 400],
    ['no code the operator lacks', {}, { carrier_code: 'NONE', carrier_name: 'None' }, 400],
  ] as const)('takes %s', (_rule, options, body, status) => {
    expect(inShipping(options).track(body).status).toBe(status);
  });

  it('keeps the address of a carrier by name, and shows its standard code', () => {
    const shop = inShipping();
    shop.track({ ...byName, carrier_standard_code: 'VANS' });
    expect(shop.shown(shop.id)).toMatchObject({
      shipping_carrier_code: null,
      shipping_carrier_standard_code: 'VANS',
      shipping_company: 'Ann’s Vans',
      shipping_tracking: 'V',
      shipping_tracking_url: 'https://x.test',
    });
  });

  it('corrects what was sent, also after despatch, but not once it is received', () => {
    const shop = inShipping();
    shop.track();
    shop.ship();
    expect(shop.track({ carrier_code: 'EVRI', tracking_number: 'E1' }).status).toBe(204);
    expect(shop.shown(shop.id)['shipping_tracking']).toBe('E1');
    const [line] = shop.simulator.truth.shippedLines(shop.id);
    expect(line?.entries).toMatchObject([
      { tracking: { number: 'D1' }, trackingNow: { number: 'E1' } },
    ]);
    shop.simulator.receive(shop.id);
    expect(shop.track().status).toBe(400);
  });
});

describe('OR24', () => {
  it.each([
    ['minimal', '{"status":400,"message":"Bad Request"}'],
    ['empty', ''],
  ] as const)('answers a wrong state with a bare 400, %s', (bareRefusal, body) => {
    const shop = openTestShop({ bareRefusal });
    const answer = shop.put(`/api/orders/${shop.anOrder()}/ship`);
    expect([answer.status, answer.body]).toEqual([400, body]);
  });

  it.each([
    ['number', { carrier_code: 'RM' }, 400],
    ['carrier', { carrier_code: 'RM' }, 204],
    ['number', { carrier_code: 'RM', tracking_number: 'R1' }, 204],
  ] as const)('with mandatory tracking that means a %s, after %j: %i', (needs, body, status) => {
    const shop = inShipping({ mandatoryTrackingNeeds: needs });
    expect(shop.track(body).status).toBe(204);
    expect(shop.ship().status).toBe(status);
  });

  it('needs none where the shipping type does not', () => {
    expect(inShipping({}, { shippingTypeCode: 'LETTER' }).ship().status).toBe(204);
  });

  it('is refused for what the operator’s own warehouse fulfils', () => {
    const shop = inShipping({}, { fulfilledByOperator: true });
    expect([shop.track().status, shop.ship().status]).toEqual([400, 400]);
    expect(shop.shown(shop.id)['can_shop_ship']).toBe(false);
  });

  it('ships only lines in SHIPPING, and a second call is a noted double', () => {
    const shop = inShipping();
    const [first, second] = shop.order(shop.id).lines.map((line) => line.lineId) as [
      string,
      string,
    ];
    shop.simulator.shopperCancels(shop.id, [second]);
    shop.track();
    shop.ship();
    expect(shop.order(shop.id).lines.map((line) => line.stage)).toEqual(['SHIPPED', 'CANCELED']);
    expect(shop.ship().status).toBe(400);
    expect(shop.simulator.truth.shipped.map((one) => one.lineId)).toEqual([first]);
    expect(shop.simulator.truth.doubleShipments).toMatchObject([
      { kind: 'refused', operation: 'OR24', lineIds: [first] },
    ]);
  });

  it('where parcels are shipped is refused with OR23', () => {
    const shop = inShipping({ multiShipment: true });
    expect([shop.track().status, shop.ship().status]).toEqual([400, 400]);
  });

  it('where parcels are shipped may despatch the whole order: open shipments and the rest', () => {
    const shop = inShipping({ multiShipment: true, orderCallsUnderShipments: 'wholeOrder' });
    const [line] = shop.order(shop.id).lines;
    shop.post('/api/shipments', {
      shipments: [
        { order_id: shop.id, shipment_lines: [{ order_line_id: line?.lineId, quantity: 1 }] },
      ],
    });
    expect([shop.track().status, shop.ship().status]).toEqual([204, 204]);
    expect(shop.order(shop.id).state).toBe('SHIPPED');
    const { shipments } = shop.order(shop.id);
    expect(shipments.map((one) => one.lines.map((entry) => entry.quantity))).toEqual([[1], [1, 2]]);
    expect(shipments.every((one) => one.tracking?.number === 'D1')).toBe(true);
  });
});

describe('faults of whole orders', () => {
  it('shipIgnored: 204, but nothing left', () => {
    const shop = inShipping();
    shop.track();
    shop.simulator.faults.next('shipIgnored');
    expect(shop.ship().status).toBe(204);
    expect(shop.order(shop.id).state).toBe('SHIPPING');
    expect(shop.simulator.truth.shipped).toEqual([]);
  });

  it('trackingLost: taken and good for OR24, but OR11 shows none', () => {
    const shop = inShipping();
    shop.simulator.faults.next('trackingLost');
    expect(shop.track().status).toBe(204);
    expect(shop.shown(shop.id)).toMatchObject({ shipping_tracking: null, shipping_company: null });
    expect(shop.ship().status).toBe(204);
  });

  it.each(['timeoutAfter', 'resetAfter'] as const)('%s: OR24 has had its effect', (kind) => {
    const shop = inShipping();
    shop.track();
    shop.simulator.faults.next(kind, 1, 'OR24');
    expect(shop.ship().status).toBe(0);
    expect(shop.order(shop.id).state).toBe('SHIPPED');
  });
});

describe('by hand', () => {
  it('the operator ships past every rule, with this tracking or none', () => {
    const shop = inShipping();
    expect(shop.simulator.operatorShipsByHand(shop.id)).toBe(true);
    expect(shop.order(shop.id).state).toBe('SHIPPED');
    expect(shop.simulator.truth.shipped).toMatchObject([
      { by: 'operator', operation: 'by hand', tracking: null },
      { by: 'operator', operation: 'by hand', tracking: null },
    ]);
    expect(shop.simulator.truth.shippingWrites).toEqual([]);
    expect(shop.ship().status).toBe(400);
  });

  it('a parcel shop’s order leaves as one shipment', () => {
    const shop = inShipping({ multiShipment: true });
    shop.simulator.operatorShipsByHand(shop.id, { carrierName: 'Vans', number: 'V1' });
    expect(shop.order(shop.id).shipments).toMatchObject([
      { status: 'SHIPPED', by: 'operator', tracking: { carrierName: 'Vans', number: 'V1' } },
    ]);
  });

  it('the operator cancels what has not left, and is too late after', () => {
    const shop = inShipping();
    shop.track();
    shop.ship();
    expect(shop.simulator.operatorCancels(shop.id)).toBe(false);
  });
});

describe('downtime', () => {
  it.each([
    ['http503', 503, undefined],
    ['reset', 0, 'reset'],
    ['silence', 0, 'silence'],
  ] as const)(
    '%s: nobody is answered and nothing is done, until it is over',
    (form, status, cut) => {
      const shop = inShipping();
      shop.simulator.goDown(minuteMs, form);
      const answer = shop.track();
      expect([answer.status, answer.broken]).toEqual([status, cut]);
      expect(shop.get('/api/version').status).toBe(status);
      expect(shop.post('/oauth/token').status).toBe(status);
      expect(shop.simulator.truth.downCalls.map((one) => one.operation)).toEqual([
        'OR23',
        'V01',
        'oauth',
      ]);
      expect(shop.order(shop.id).tracking).toBeNull();
      shop.wait(minuteMs);
      expect(shop.track().status).toBe(204);
      expect(shop.simulator.truth.calls['OR23']).toBe(1);
    },
  );

  it('ends when told so, and orders go on meanwhile', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder();
    shop.simulator.goDown(60 * minuteMs);
    shop.wait(minuteMs);
    expect(shop.order(id).state).toBe('SHIPPING');
    shop.simulator.goDown(0);
    expect(shop.get('/api/version').status).toBe(200);
  });
});
