import { describe, expect, it } from 'vitest';
import { listItemsToShip, readItemsToShipPages } from './items-to-ship.ts';
import { testWire } from './test-wire.ts';

const wire = {
  order_id: 'A-1',
  shipping_date: '2026-03-01T09:00:00Z',
  shipping_deadline: '2026-03-03T23:59:59.999Z',
  shipping_type_code: 'STD',
  references: { order_reference_for_seller: 'SO-1' },
  fulfillment: { center: { code: 'DEFAULT' } },
  shipment_lines: [
    { order_line_id: 'A-1-1', offer_sku: 'MUG', product_title: 'Mug', quantity: 2 },
    { offer_sku: 'CUP', package_reference: 'P1', quantity: 1 },
  ],
  shipping_address: { lastname: 'Example', street_1: '1 Sample Street' },
};

describe('items to ship', () => {
  it('gives orders in our words', async () => {
    const { client } = testWire([{ body: { data: [wire] } }]);
    const { orders } = await listItemsToShip(client, {});
    expect(orders[0]).toMatchObject({
      marketplaceOrderId: 'A-1',
      shippingDate: new Date('2026-03-01T09:00:00Z'),
      shippingDeadline: new Date('2026-03-03T23:59:59.999Z'),
      shippingTypeCode: 'STD',
      shippingTypeStandardCode: null,
      references: { forCustomer: null, forSeller: 'SO-1' },
      fulfilmentCentreCode: 'DEFAULT',
      shippingAddress: { lastName: 'Example', street1: '1 Sample Street', phone: null },
    });
    expect(orders[0]!.lines).toEqual([
      {
        orderLineId: 'A-1-1',
        offerSku: 'MUG',
        title: 'Mug',
        packageReference: null,
        quantity: 2,
      },
      { orderLineId: null, offerSku: 'CUP', title: null, packageReference: 'P1', quantity: 1 },
    ]);
  });

  it('asks by repeated parameters, then by token, and polls once', async () => {
    const answers = [{ body: { data: [wire], next_page_token: 't' } }, { body: { data: [] } }];
    const { client, sent, paced } = testWire(answers);
    const filter = {
      marketplaceOrderIds: ['A-1', 'A-2'],
      fulfilmentCentreCodes: ['X', 'Y'],
      shippingFrom: new Date('2026-03-01T00:00:00Z'),
      shippingUntil: new Date('2026-03-02T00:00:00Z'),
    };
    const counts: number[] = [];
    for await (const page of readItemsToShipPages(client, filter)) counts.push(page.orders.length);
    expect(counts).toEqual([1, 0]);
    expect(sent.map(({ url }) => decodeURIComponent(new URL(url).search))).toEqual([
      '?order_id=A-1&order_id=A-2&fulfillment_center_code=X&fulfillment_center_code=Y' +
        '&shipping_date_from=2026-03-01T00:00:00Z&shipping_date_to=2026-03-02T00:00:00Z' +
        '&limit=100&sort=shippingDate,ASC',
      '?page_token=t',
    ]);
    expect(paced.filter((word) => word.startsWith('take'))).toEqual([
      'take ST12',
      'take ST12 page',
    ]);
  });

  it('an order without its date is told, not lost', async () => {
    const { client } = testWire([{ body: { data: [{ ...wire, shipping_date: null }, wire] } }]);
    const page = await listItemsToShip(client, {});
    expect(page.orders).toHaveLength(1);
    expect(page.unreadable).toEqual([{ id: 'A-1', index: 0, problem: 'shipping_date: missing' }]);
  });
});
