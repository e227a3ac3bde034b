import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VendorError } from '../errors.ts';
import { type Json, parseJson } from './json.ts';
import type { MarketplaceOrder } from './order.ts';
import { listOrders, readOrderRows } from './orders.ts';
import { testWire, wireLine, wireOrder } from './test-wire.ts';

function readOne(wire: Record<string, unknown>): MarketplaceOrder {
  const { orders, unreadable } = readOrderRows({ orders: [parseJson(JSON.stringify(wire))] });
  expect(unreadable).toEqual([]);
  return orders[0]!;
}

function problemWith(wire: Record<string, unknown>): string | undefined {
  return readOrderRows([parseJson(JSON.stringify(wire))] as Json).unreadable[0]?.problem;
}

describe('an order', () => {
  it('with nothing but what must be there has nulls, empty lists and false for the rest', () => {
    const {
      total_commission: _1,
      customer: _2,
      customer_notification_email: _3,
      ...least
    } = wireOrder();
    const order = readOne(least);
    expect(order).toMatchObject({
      shippingAddress: null,
      billingAddress: null,
      channelCode: null,
      references: { forCustomer: null, forSeller: null },
      totalCommission: null,
      canCancel: false,
      fullyRefunded: false,
      additionalFields: [],
      customer: { lastName: null, notificationEmail: null, organisation: null },
    });
    expect(JSON.stringify(order)).not.toContain('undefined');
  });

  it('reads null and absent alike', () => {
    const nulls = Object.fromEntries(optionalKeys.map((key) => [key, null]));
    expect(readOne(wireOrder(nulls))).toEqual(readOne(wireOrder()));
  });

  it('carries addresses, references, dates and shipping in our words', () => {
    const order = readOne(
      wireOrder({
        references: { order_reference_for_customer: 'W-9', order_reference_for_seller: 'SO-1' },
        channel: { code: 'UK', label: 'Britain' },
        shipping_type_code: 'STD',
        shipping_deadline: '2026-03-04T10:00:00Z',
        delivery_date: { earliest: '2026-03-05T00:00:00Z', latest: null },
        promotions: { applied_promotions: [], total_deduced_amount: 1.5 },
        fulfillment: { center: { code: 'DEFAULT' } },
        paymentType: 'card',
      }),
    );
    expect(order).toMatchObject({
      references: { forCustomer: 'W-9', forSeller: 'SO-1' },
      channelCode: 'UK',
      shippingTypeCode: 'STD',
      shippingDeadline: new Date('2026-03-04T10:00:00Z'),
      deliveryWindow: { earliest: new Date('2026-03-05T00:00:00Z'), latest: null },
      updatedAt: new Date('2026-03-01T09:05:00.040Z'),
      totalDeducedAmount: '1.5',
      fulfilmentCentreCode: 'DEFAULT',
      paymentType: 'card',
      shippingAddress: { lastName: 'Example', street1: '1 Sample Street', phone: null },
      customer: { firstName: 'Ann', notificationEmail: 'alias-1@market.example.test' },
    });
  });

  it('shows what became of its despatch', () => {
    const order = readOne(
      wireOrder({
        order_state: 'SHIPPED',
        can_cancel: false,
        can_shop_ship: true,
        fully_refunded: true,
        shipping_carrier_code: 'DPD',
        shipping_carrier_standard_code: 'DPD-STD',
        shipping_company: 'DPD UK',
        shipping_tracking: 15501234567890,
        shipping_tracking_url: 'https://dpd.example.test/1',
        shipping_deadline: '2026-03-04T10:00:00Z',
        order_lines: [
          wireLine({
            order_line_state: 'SHIPPED',
            shipped_date: '2026-03-03T10:00:00Z',
            received_date: '2026-03-05T10:00:00Z',
            can_refund: true,
          }),
        ],
      }),
    );
    expect(order).toMatchObject({
      state: 'SHIPPED',
      canCancel: false,
      canShopShip: true,
      fullyRefunded: true,
      shippingCarrierCode: 'DPD',
      shippingCarrierStandardCode: 'DPD-STD',
      shippingCompany: 'DPD UK',
      shippingTracking: '15501234567890',
      shippingTrackingUrl: 'https://dpd.example.test/1',
      shippingDeadline: new Date('2026-03-04T10:00:00Z'),
    });
    expect(order.lines[0]).toMatchObject({
      state: 'SHIPPED',
      shippedAt: new Date('2026-03-03T10:00:00Z'),
      receivedAt: new Date('2026-03-05T10:00:00Z'),
      canRefund: true,
    });
  });

  it('keeps a word for a state that nobody has heard of', () => {
    expect(readOne(wireOrder({ order_state: 'TELEPORTED' })).state).toBe('TELEPORTED');
  });

  it('passes over fields it does not know', () => {
    const order = readOne(wireOrder({ brand_new: { a: 1 } }));
    expect(Object.keys(order)).toEqual(Object.keys(readOne(wireOrder())));
  });

  it('an address of nothing but blanks is no address', () => {
    const customer = { shipping_address: { street_1: '', city: null } };
    expect(readOne(wireOrder({ customer })).shippingAddress).toBeNull();
  });

  it('takes numbers for ids as text', () => {
    const order = readOne(
      wireOrder({ order_id: 95, order_lines: [wireLine({ order_line_id: 7 })] }),
    );
    expect([order.marketplaceOrderId, order.lines[0]!.orderLineId]).toEqual(['95', '7']);
  });

  it('keeps lines in order, the same shop SKU on several of them', () => {
    const order_lines = ['3', '1', '2'].map((id) => wireLine({ order_line_id: id }));
    const { lines } = readOne(wireOrder({ order_lines }));
    expect(lines.map((line) => [line.orderLineId, line.offerSku])).toEqual([
      ['3', 'MUG-RED'],
      ['1', 'MUG-RED'],
      ['2', 'MUG-RED'],
    ]);
  });
});

describe('money and quantities of a line', () => {
  it('money keeps the digits that were sent', () => {
    const text = JSON.stringify(wireOrder()).replace('"price_unit":10.25', '"price_unit":10.2500');
    const { orders } = readOrderRows([parseJson(text)] as Json);
    expect(orders[0]!.lines[0]).toMatchObject({ unitPrice: '10.2500', shippingPrice: '0' });
  });

  it('cancelations, refunds, taxes, fees, promotions and custom fields', () => {
    const line = wireLine({
      taxes: [{ code: 'VAT', amount: 3.42, rate: 20, tax_calculation_rule: 'NONE' }],
      fees: [{ code: 'ECO', amount: 0.1 }],
      promotions: [{ id: 'p1', apportioned: true, deduced_amount: 2, configuration: {} }],
      cancelations: [
        { id: 11, quantity: 1, amount: 10.25, reason_code: 'OUT_OF_STOCK', commission_amount: 1.5 },
      ],
      refunds: [
        {
          id: 'r1',
          order_refund_id: 'or1',
          amount: 5,
          shipping_amount: 0,
          state: 'REFUNDED',
          quantity: null,
        },
      ],
      order_line_additional_fields: [
        { code: 'gift', type: 'BOOLEAN', value: true },
        { code: 'tags', value: ['a', 'b'] },
        { code: 'weight', type: 'NUMERIC', value: 1.5 },
      ],
      shipping_from: { warehouse: { code: 'W1' } },
    });
    expect(readOne(wireOrder({ order_lines: [line] })).lines[0]).toMatchObject({
      taxes: [{ code: 'VAT', amount: '3.42', rate: '20', calculationRule: 'NONE' }],
      fees: [{ code: 'ECO', amount: '0.1' }],
      promotions: [{ promotionId: 'p1', promoCode: null, deducedAmount: '2', isApportioned: true }],
      cancelations: [
        {
          cancelationId: '11',
          quantity: 1,
          amount: '10.25',
          reasonCode: 'OUT_OF_STOCK',
          commissionAmount: '1.5',
          shippingAmount: null,
        },
      ],
      refunds: [
        {
          refundId: 'r1',
          orderRefundId: 'or1',
          amount: '5',
          shippingAmount: '0',
          state: 'REFUNDED',
          quantity: null,
        },
      ],
      additionalFields: [
        { code: 'gift', type: 'BOOLEAN', value: true },
        { code: 'tags', type: null, value: ['a', 'b'] },
        { code: 'weight', type: 'NUMERIC', value: '1.5' },
      ],
      warehouseCode: 'W1',
    });
  });

  it('the newer refund state goes before its deprecated twin', () => {
    const refunds = [
      { id: 'r1', refund_state: 'WAITING_REFUND_TAX_CONFIRMATION', state: 'WAITING_REFUND' },
    ];
    const order = readOne(wireOrder({ order_lines: [wireLine({ refunds })] }));
    expect(order.lines[0]!.refunds[0]!.state).toBe('WAITING_REFUND_TAX_CONFIRMATION');
  });

  const quantities: [rule: string, quantity: unknown, expected: number | string][] = [
    ['a quantity of 0 is a quantity', 0, 0],
    ['2.0 counts as 2', '2.0', 2],
    [
      'half a unit is unreadable',
      1.5,
      'order_lines[0].quantity: a whole number of 0 or more is due',
    ],
    [
      'less than nothing is unreadable',
      -1,
      'order_lines[0].quantity: a whole number of 0 or more is due',
    ],
    ['no quantity is unreadable', null, 'order_lines[0].quantity: missing'],
  ];
  it.each(quantities)('%s', (_rule, quantity, expected) => {
    const wire = wireOrder({ order_lines: [wireLine({ quantity })] });
    const found = problemWith(wire) ?? readOne(wire).lines[0]!.quantity;
    expect(found).toBe(expected);
  });
});

describe('an unreadable order', () => {
  const rows: [rule: string, changes: Record<string, unknown>, problem: string][] = [
    ['no id', { order_id: '' }, 'order_id: missing'],
    ['no state', { order_state: null }, 'order_state: missing'],
    ['no lines at all', { order_lines: null }, 'order_lines: array is due'],
    ['a price in words', { price: 'ten' }, 'price: a decimal number is due'],
    [
      'a date that does not exist',
      { created_date: '2026-02-30T00:00:00Z' },
      'created_date: an ISO 8601 date is due',
    ],
    [
      'a wrong date where null would do',
      { shipping_deadline: 'soon' },
      'shipping_deadline: an ISO 8601 date is due',
    ],
    [
      'two lines with one id',
      { order_lines: [wireLine(), wireLine()] },
      'two lines share one order_line_id',
    ],
    [
      'a line without our SKU',
      { order_lines: [wireLine({ offer_sku: null })] },
      'order_lines[0].offer_sku: missing',
    ],
  ];
  it.each(rows)('%s: the problem names the field and no value', (_rule, changes, problem) => {
    expect(problemWith(wireOrder(changes))).toBe(problem);
  });

  it('does not take the others with it, and keeps its place and id', () => {
    const rows = [
      wireOrder(),
      wireOrder({ order_id: 'B1002-A', price: 'x' }),
      null,
      wireOrder({ order_id: 'B1003-A' }),
    ];
    const { orders, unreadable } = readOrderRows(parseJson(JSON.stringify(rows)));
    expect(orders.map((order) => order.marketplaceOrderId)).toEqual(['B1001-A', 'B1003-A']);
    expect(unreadable).toEqual([
      { marketplaceOrderId: 'B1002-A', index: 1, problem: 'price: a decimal number is due' },
      { marketplaceOrderId: null, index: 2, problem: 'object is due' },
    ]);
  });
});

describe('junk', () => {
  it('never makes listOrders throw anything but a VendorError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (body) => {
        const { client } = testWire([{ body }]);
        await expectOnlyVendorErrors(() => listOrders(client, {}));
      }),
      { numRuns: 300 },
    );
  });

  it('in any one field gives an order or a told problem, never a crash', () => {
    const keys = [...Object.keys(wireOrder()), ...optionalKeys];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        const { orders, unreadable } = readOrderRows([
          parseJson(JSON.stringify(wireOrder({ [key]: value }))),
        ]);
        expect(orders.length + unreadable.length).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

const optionalKeys = [
  'acceptance_decision_date',
  'channel',
  'references',
  'shipping_deadline',
  'delivery_date',
  'customer_debited_date',
  'order_tax_mode',
  'payment_workflow',
  'payment_type',
  'paymentType',
  'promotions',
  'shipping_type_code',
  'shipping_tracking',
  'fulfillment',
  'order_taxes',
  'order_refunds',
  'order_additional_fields',
  'quote_id',
  'can_cancel',
  'has_incident',
  'fully_refunded',
  'transaction_date',
  'order_state_reason_code',
];

async function expectOnlyVendorErrors(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(VendorError);
  }
}
