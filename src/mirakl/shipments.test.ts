import { describe, expect, it } from 'vitest';
import {
  createShipments,
  deleteShipments,
  listShipments,
  type NewShipment,
  readShipmentPages,
  setShipmentTracking,
  shipShipments,
} from './shipments.ts';
import { type Answer, failureOf, testWire } from './test-wire.ts';

const parcel: NewShipment = {
  marketplaceOrderId: 'A-1',
  lines: [{ orderLineId: 'A-1-1', quantity: 2 }],
  isShipped: true,
};

function wireShipment(changes: Record<string, unknown> = {}) {
  return {
    id: 's-1',
    order_id: 'A-1',
    status: 'SHIPPED',
    created_date: '2026-03-02T09:00:00Z',
    shipment_lines: [{ order_line_id: 'A-1-1', quantity: 2 }],
    ...changes,
  };
}

const created = (...rows: unknown[]): Answer => {
  return { status: 201, body: { shipment_success: rows, shipment_errors: [] } };
};
const bodyOf = (request: { body?: unknown }) => JSON.parse(String(request.body));

describe('createShipments', () => {
  it('sends lines, tracking with tracking_url, reference and warehouse', async () => {
    const { client, sent } = testWire([created(wireShipment())]);
    const results = await createShipments(client, [
      {
        ...parcel,
        lines: [{ orderLineId: 'A-1-1', quantity: 2, packageReference: 'P1' }],
        tracking: { carrier: { name: 'Van', url: 'https://van.test/T1' }, trackingNumber: 'T1' },
        invoiceReference: 'D-1_2',
        warehouseCode: 'NORTH',
      },
      { ...parcel, marketplaceOrderId: 'A-2', isShipped: false },
    ]);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: 'https://market.example.test/api/shipments',
    });
    expect(bodyOf(sent[0]!).shipments).toEqual([
      {
        order_id: 'A-1',
        shipment_lines: [{ order_line_id: 'A-1-1', quantity: 2, package_reference: 'P1' }],
        shipped: true,
        invoice_reference: 'D-1_2',
        shipping_from: { warehouse: { code: 'NORTH' } },
        tracking: {
          carrier_name: 'Van',
          tracking_number: 'T1',
          tracking_url: 'https://van.test/T1',
        },
      },
      {
        order_id: 'A-2',
        shipment_lines: [{ order_line_id: 'A-1-1', quantity: 2 }],
        shipped: false,
      },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'unmentioned']);
  });

  it('a created shipment that cannot be read is unmentioned, and says why', async () => {
    const { client } = testWire([created(wireShipment({ status: null }))]);
    expect(await createShipments(client, [parcel])).toEqual([
      {
        marketplaceOrderId: 'A-1',
        outcome: 'unmentioned',
        shipment: null,
        messages: ['unreadable: status: missing'],
      },
    ]);
  });

  it('an answer that breaks off may have created everything', async () => {
    const { client } = testWire([{ status: 201, body: '{"shipment_success": [' }]);
    const error = await failureOf(createShipments(client, [parcel]));
    expect(error).toMatchObject({ name: 'BadAnswer', effect: 'unknown' });
  });

  const mistakes: [rule: string, shipments: NewShipment[]][] = [
    ['no shipments', []],
    ['more than a thousand', Array<NewShipment>(1001).fill(parcel)],
    ['no lines', [{ ...parcel, lines: [] }]],
    ['no units', [{ ...parcel, lines: [{ orderLineId: 'A', quantity: 0 }] }]],
    ['half a unit', [{ ...parcel, lines: [{ orderLineId: 'A', quantity: 0.5 }] }]],
    ['an invoice reference with a space', [{ ...parcel, invoiceReference: 'a b' }]],
    ['an invoice reference too long', [{ ...parcel, invoiceReference: 'a'.repeat(256) }]],
    [
      'an empty number',
      [{ ...parcel, tracking: { carrier: { code: 'DPD' }, trackingNumber: '' } }],
    ],
  ];
  it.each(mistakes)('%s is a mistake and is not sent', async (_rule, shipments) => {
    const { client, sent } = testWire([created()]);
    expect(await failureOf(createShipments(client, shipments))).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });
});

describe('changing shipments', () => {
  const tracking = { carrier: { code: 'DPD' }, trackingNumber: 'T1' };
  const answer = {
    body: { shipment_success: [{ id: 's-2' }], shipment_errors: [{ id: 's-1', message: 'no' }] },
  };

  it('ST23 posts tracking per shipment', async () => {
    const { client, sent } = testWire([answer]);
    const results = await setShipmentTracking(client, [
      { shipmentId: 's-1', tracking },
      { shipmentId: 's-2', tracking },
    ]);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: 'https://market.example.test/api/shipments/tracking',
    });
    expect(bodyOf(sent[0]!).shipments[0]).toEqual({
      id: 's-1',
      tracking: { carrier_code: 'DPD', tracking_number: 'T1' },
    });
    expect(results).toEqual([
      { shipmentId: 's-1', outcome: 'refused', message: 'no' },
      { shipmentId: 's-2', outcome: 'done', message: null },
    ]);
  });

  const byId = [
    { name: 'ST24', call: shipShipments, path: '/api/shipments/ship' },
    { name: 'ST06', call: deleteShipments, path: '/api/shipments/delete' },
  ];
  it.each(byId)('$name puts the ids', async ({ call, path }) => {
    const { client, sent } = testWire([answer]);
    const results = await call(client, ['s-1', 's-2', 's-3']);
    expect(sent[0]).toMatchObject({ method: 'PUT', url: `https://market.example.test${path}` });
    expect(bodyOf(sent[0]!)).toEqual({ shipments: [{ id: 's-1' }, { id: 's-2' }, { id: 's-3' }] });
    expect(results.map(({ outcome }) => outcome)).toEqual(['refused', 'done', 'unmentioned']);
  });

  it.each(byId)('$name takes no list of none and no shipment twice', async ({ call }) => {
    const { client, sent } = testWire([answer]);
    expect(await failureOf(call(client, []))).toBeInstanceOf(RangeError);
    expect(await failureOf(call(client, ['s-1', 's-1']))).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });

  it('the lists that only the example of ST06 has are read too', async () => {
    const body = { deletion_success: [{ id: 'a' }], deletion_errors: [{ id: 'b', message: 'no' }] };
    const { client } = testWire([{ body }]);
    const results = await deleteShipments(client, ['a', 'b']);
    expect(results.map(({ outcome }) => outcome)).toEqual(['done', 'refused']);
  });

  it('a success that names nobody leaves its shipment unmentioned', async () => {
    const { client } = testWire([{ body: { shipment_success: [{}] } }]);
    expect(await shipShipments(client, ['a'])).toEqual([
      { shipmentId: 'a', outcome: 'unmentioned', message: null },
    ]);
  });
});

describe('reading shipments', () => {
  it('asks by repeated parameters and by token, never by offset', async () => {
    const first = { body: { data: [wireShipment()], next_page_token: 't1' } };
    const { client, sent } = testWire([first, { body: { data: [] } }], { paging: 'offset' });
    const filter = {
      marketplaceOrderIds: ['A-1', 'A-2'],
      states: ['SHIPPING', 'SHIPPED'],
      customerDebitStates: ['DEBIT_OK'],
      updatedFrom: new Date('2026-03-01T00:00:00Z'),
      updatedUntil: new Date('2026-03-02T00:00:00Z'),
    };
    const counts: number[] = [];
    for await (const page of readShipmentPages(client, filter)) counts.push(page.shipments.length);
    expect(counts).toEqual([1, 0]);
    expect(sent.map(({ url }) => decodeURIComponent(new URL(url).search))).toEqual([
      '?order_id=A-1&order_id=A-2&shipment_state_code=SHIPPING&shipment_state_code=SHIPPED' +
        '&shipment_customer_debit_state_code=DEBIT_OK&last_updated_from=2026-03-01T00:00:00Z' +
        '&last_updated_to=2026-03-02T00:00:00Z&limit=100&sort=dateCreated,ASC',
      '?page_token=t1',
    ]);
  });

  it('gives a shipment in our words', async () => {
    const wire = wireShipment({
      status_customer_debit: 'DEBIT_OK',
      shipment_lines: [{ offer_sku: 'MUG', package_reference: 'P1', quantity: 1 }],
      invoice_reference: 'D-1',
      shipping_from: { warehouse: { code: 'NORTH' } },
      last_updated_date: null,
      shipped_date: '2026-03-02T10:00:00Z',
      payment_details: { customer_debited_date: '2026-03-02T11:00:00Z' },
      tracking: {
        carrier_code: 'DPD',
        tracking_number: 15501234567890,
        tracking_url: 'https://dpd.example.test/1',
        validity_status: 'INVALID',
        milestones: [
          {
            type: 'DELIVERED',
            occurrence_date: { date: '2026-03-03', time: '12:50', offset: null },
          },
          { type: 'IN_TRANSIT' },
        ],
      },
    });
    const { client } = testWire([{ body: { data: [wire] } }]);
    const { shipments } = await listShipments(client, {});
    expect(shipments).toEqual([
      {
        shipmentId: 's-1',
        marketplaceOrderId: 'A-1',
        state: 'SHIPPED',
        customerDebitState: 'DEBIT_OK',
        lines: [{ orderLineId: null, offerSku: 'MUG', packageReference: 'P1', quantity: 1 }],
        tracking: {
          carrierCode: 'DPD',
          carrierStandardCode: null,
          carrierName: null,
          trackingNumber: '15501234567890',
          trackingUrl: 'https://dpd.example.test/1',
          validityStatus: 'INVALID',
          milestones: [
            { type: 'DELIVERED', date: '2026-03-03', time: '12:50', offset: null },
            { type: 'IN_TRANSIT', date: null, time: null, offset: null },
          ],
        },
        invoiceReference: 'D-1',
        warehouseCode: 'NORTH',
        createdAt: new Date('2026-03-02T09:00:00Z'),
        updatedAt: null,
        shippedAt: new Date('2026-03-02T10:00:00Z'),
        customerDebitedAt: new Date('2026-03-02T11:00:00Z'),
      },
    ]);
  });

  it('odd milestones do not cost the shipment, an odd quantity does', async () => {
    const odd = wireShipment({ tracking: { milestones: ['gone'], tracking_number: 'T1' } });
    const bad = wireShipment({ id: 's-2', shipment_lines: [{ quantity: 'two' }] });
    const { client } = testWire([{ body: { data: [odd, bad] } }]);
    const page = await listShipments(client, {});
    expect(page.shipments[0]!.tracking).toMatchObject({ trackingNumber: 'T1', milestones: [] });
    expect(page.unreadable).toEqual([
      {
        id: 's-2',
        index: 1,
        problem: 'shipment_lines[0].quantity: a whole number of 0 or more is due',
      },
    ]);
  });

  it('no order ids are a mistake, not a question for all shipments', async () => {
    const { client, sent } = testWire([{ body: { data: [] } }]);
    const error = await failureOf(listShipments(client, { marketplaceOrderIds: [] }));
    expect(error).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });
});
