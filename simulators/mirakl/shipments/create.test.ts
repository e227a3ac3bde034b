import { describe, expect, it } from 'vitest';
import { complaint, counts, dpd, minuteMs, openParcelShop, type Wish } from './test-parcels.ts';

describe('ST01', () => {
  it('makes a shipment that holds its units and despatches nothing', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    const answer = shop.create(id, { lines: [[0, 2]], tracking: dpd, invoice_reference: 'INV-1' });
    expect(answer.status).toBe(201);
    expect(answer.json['shipment_success']).toMatchObject([
      {
        order_id: id,
        status: 'SHIPPING',
        shipped_date: null,
        invoice_reference: 'INV-1',
        status_customer_debit: 'NO_DEBIT',
        shipment_lines: [{ order_line_id: shop.lineIds(id)[0], offer_sku: 'A', quantity: 2 }],
        tracking: {
          carrier_name: 'DPD',
          tracking_url: 'https://dpd.example.test/track/D1',
          validity_status: 'UNVERIFIED',
        },
      },
    ]);
    expect(shop.stages(id)).toEqual(['SHIPPING', 'SHIPPING']);
    expect(shop.simulator.truth.shipped).toEqual([]);
  });

  it('despatches at once when told so, and dates it now', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    const answer = shop.create(id, { lines: [[0, 2]], tracking: dpd, shipped: true });
    const date = new Date(shop.nowMs()).toISOString().replace('.000Z', 'Z');
    expect(answer.json['shipment_success']).toMatchObject([
      { status: 'SHIPPED', shipped_date: date },
    ]);
    expect(shop.stages(id)).toEqual(['SHIPPED', 'SHIPPING']);
    expect(shop.order(id).state).toBe('SHIPPING');
  });

  it('makes the good ones of a call and lists the others with their order', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    const answer = shop.create(id, { lines: [[0, 1]] }, { lines: [[1, 3]] }, { lines: [[1, 1]] });
    expect(counts(answer)).toEqual([1, 2]);
    expect(answer.json['shipment_errors']).toMatchObject([{ order_id: id }]);
  });

  const refused: [rule: string, wish: Wish, words: RegExp][] = [
    ['more units than were bought', { lines: [[0, 3]] }, /2 are left/],
    [
      'a line named twice, together too much',
      {
        lines: [
          [0, 1],
          [0, 2],
        ],
      },
      /3 of order line/,
    ],
    ['a carrier nobody registered', { tracking: { carrier_code: 'NONE' } }, /does not exist/],
    ['a number missing for the carrier', { tracking: { carrier_code: 'DPD' } }, /tracking_number/],
    ['a number without a carrier', { tracking: { tracking_number: 'X' } }, /carrier_name/],
    ['despatch without mandatory tracking', { shipped: true }, /Tracking details are mandatory/],
    ['a warehouse nobody knows', { shipping_from: { warehouse: { code: 'X' } } }, /Warehouse X/],
    ['a package nobody declared', { lines: [[0, 1, 'BOX']] }, /no package BOX/],
    [
      'unknown shipment information',
      { shipment_additional_information: [{ code: 'x', type: 'STRING', value: 'y' }] },
      /Unknown shipment information/,
    ],
  ];
  it.each(refused)('refuses, inside the 201, %s', (_rule, wish, words) => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    const answer = shop.create(id, wish);
    expect(answer.status).toBe(201);
    expect(counts(answer)).toEqual([1, 0]);
    expect(complaint(answer)).toMatch(words);
    expect(shop.order(id).shipments).toEqual([]);
    expect(shop.simulator.truth.contractBreaches).toEqual([]);
  });

  it('refuses a line of another order, a line that is not in SHIPPING and an unknown order', () => {
    const shop = openParcelShop({ cancelableStates: ['SHIPPING'] });
    const [id, other] = [shop.inShipping(), shop.inShipping()];
    const [line] = shop.lineIds(other);
    const lines = [{ order_line_id: line, quantity: 1 }];
    const ask = (order_id: string) =>
      shop.post('/api/shipments', { shipments: [{ order_id, shipment_lines: lines }] });
    expect(complaint(ask(id))).toMatch(/does not belong to order/);
    expect(complaint(ask('NONE'))).toMatch(/not found/);
    shop.simulator.shopperCancels(other, [line ?? '']);
    expect(complaint(ask(other))).toMatch(/not in SHIPPING but in CANCELED/);
  });

  it('takes the deprecated offer_sku only when one line has it', () => {
    const shop = openParcelShop();
    const ask = (order_id: string) =>
      shop.post('/api/shipments', {
        shipments: [{ order_id, shipment_lines: [{ offer_sku: 'A', quantity: 1 }] }],
      });
    expect(counts(ask(shop.inShipping(['A', 'B'])))).toEqual([0, 1]);
    expect(complaint(ask(shop.inShipping(['A', 'A'])))).toMatch(/Several order lines/);
  });

  const malformed: [rule: string, body: unknown][] = [
    ['no shipment at all', { shipments: [] }],
    ['a quantity of zero', { shipments: [{ order_id: 'X', shipment_lines: [{ quantity: 0 }] }] }],
    ['no lines', { shipments: [{ order_id: 'X', shipment_lines: [] }] }],
    [
      'an invoice reference with a blank',
      {
        shipments: [
          { order_id: 'X', shipment_lines: [{ quantity: 1 }], invoice_reference: 'INV 1' },
        ],
      },
    ],
    [
      'the field name of OR23 for the address',
      {
        shipments: [
          { order_id: 'X', shipment_lines: [{ quantity: 1 }], tracking: { carrier_url: 'u' } },
        ],
      },
    ],
    [
      'more than a thousand',
      {
        shipments: Array.from({ length: 1001 }, () => ({
          order_id: 'X',
          shipment_lines: [{ quantity: 1 }],
        })),
      },
    ],
  ];
  it.each(malformed)('answers 400 to %s and keeps it as a breach', (_rule, body) => {
    const shop = openParcelShop();
    expect(shop.post('/api/shipments', body).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });

  it('counts units held by earlier shipments, and frees none of them by itself', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    shop.aShipment(id, { lines: [[0, 1]] });
    expect(counts(shop.create(id, { lines: [[0, 2]] }))).toEqual([1, 0]);
    expect(counts(shop.create(id, { lines: [[0, 1]] }))).toEqual([0, 1]);
    expect(counts(shop.create(id, { lines: [[0, 1]] }))).toEqual([1, 0]);
  });

  it('keeps every package of an item apart, and ships the unit with its last one', () => {
    const shop = openParcelShop({ multiPartItemShipment: true });
    const lines = [{ offerSku: 'SOFA', quantity: 1, packages: ['SEAT', 'LEGS'] }];
    const id = shop.inShipping([], { lines });
    expect(complaint(shop.create(id, { lines: [[0, 1]] }))).toMatch(
      /package_reference is required/,
    );
    const ship = (reference: string, number: string) =>
      shop.aShipment(id, {
        lines: [[0, 1, reference]],
        tracking: { ...dpd, tracking_number: number },
        shipped: true,
      });
    ship('SEAT', 'D1');
    expect(shop.order(id).state).toBe('SHIPPING');
    expect(counts(shop.create(id, { lines: [[0, 1, 'SEAT']] }))).toEqual([1, 0]);
    ship('LEGS', 'D2');
    expect(shop.order(id).state).toBe('SHIPPED');
    expect(shop.simulator.truth.shippedLines(id)).toMatchObject([{ units: 1, unitsLeft: 0 }]);
  });

  it('leaves units out that are canceled or refunded out of the shipment', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    const [first, second] = shop.lineIds(id) as [string, string];
    shop.simulator.operatorCancelsUnits(id, first, 1);
    shop.simulator.refund(id, { lineId: second, quantity: 1, excludedFromShipment: true });
    expect(counts(shop.create(id, { lines: [[0, 2]] }, { lines: [[1, 2]] }))).toEqual([2, 0]);
    expect(
      counts(
        shop.create(id, {
          lines: [
            [0, 1],
            [1, 1],
          ],
        }),
      ),
    ).toEqual([0, 1]);
  });

  it.each([403, 404, 400] as const)('is answered %s where whole orders are shipped', (status) => {
    const shop = openParcelShop({ multiShipment: false, shipmentsWhenOff: status });
    const id = shop.inShipping();
    expect(shop.create(id, {}).status).toBe(status);
    expect(shop.get('/api/shipments').status).toBe(status);
    expect(shop.get('/api/shipments/items_to_ship').status).toBe(status);
  });

  it('does not ship what the operator’s own warehouse fulfils', () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A'], { fulfilledByOperator: true });
    expect(complaint(shop.create(id, {}))).toMatch(/fulfilled order/);
  });

  it('has its effect although the answer never comes, and notes the same parcel told again', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    shop.simulator.faults.next('timeoutAfter', 1, 'ST01');
    const wish = { lines: [[0, 1]] as const, tracking: dpd, shipped: true };
    expect(shop.create(id, wish).broken).toBe('silence');
    expect(shop.order(id).shipments).toHaveLength(1);
    shop.wait(minuteMs);
    expect(counts(shop.create(id, wish))).toEqual([0, 1]);
    expect(shop.simulator.truth.doubleShipments).toMatchObject([
      { kind: 'sameParcel', orderId: id, lineIds: [shop.lineIds(id)[0]] },
    ]);
    expect(counts(shop.create(id, wish))).toEqual([1, 0]);
    expect(shop.simulator.truth.doubleShipments).toMatchObject([
      { kind: 'sameParcel' },
      { kind: 'refused', operation: 'ST01' },
    ]);
  });
});
