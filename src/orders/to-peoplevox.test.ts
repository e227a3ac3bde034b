import { describe, expect, it } from 'vitest';
import {
  cancelledUnits,
  orderToStage,
  sampleAddress,
  sampleLine,
  stageContext,
} from '../../test/sample-orders.ts';
import { toDecimal } from '../money.ts';
import {
  isUsableItemCode,
  itemCodesOf,
  planSalesOrder,
  type StageCode,
  salesOrderNumberOf,
  stageCodes,
} from './to-peoplevox.ts';

type OrderInput = Parameters<typeof orderToStage>[0];
type ContextInput = Parameters<typeof stageContext>[0];

function plan(order: OrderInput = {}, context: ContextInput = {}) {
  return planSalesOrder(orderToStage(order), stageContext(context));
}

const two = [
  sampleLine({ quantity: 1 }),
  sampleLine({ orderLineId: 'A-2', index: 2, quantity: 3, unitPrice: toDecimal('8.00') }),
];

describe('problems', () => {
  it('an order that is right has none', () => {
    expect(plan().problems).toEqual([]);
  });

  const unknown = { itemFacts: () => ({ found: false, retired: false }) };
  it.each([
    ['number-too-long', { marketplaceOrderId: 'x'.repeat(31) }, {}],
    ['number-unusable', { marketplaceOrderId: 'A"1' }, {}],
    ['number-unusable', { marketplaceOrderId: 'A\\1' }, {}],
    [
      'number-too-long',
      { marketplaceOrderId: 'x'.repeat(30) },
      { channel: { salesOrderPrefix: 'J' } },
    ],
    ['field-too-long', { commercialId: 'x'.repeat(51) }, {}],
    ['field-too-long', { shippingAddress: sampleAddress({ city: 'y'.repeat(101) }) }, {}],
    ['address-missing', { shippingAddress: null }, {}],
    ['address-incomplete', { shippingAddress: sampleAddress({ city: null }) }, {}],
    [
      'country-unknown',
      { shippingAddress: sampleAddress({ country: 'Atlantis', countryIsoCode: null }) },
      {},
    ],
    ['country-not-served', { shippingAddress: sampleAddress({ countryIsoCode: 'IRL' }) }, {}],
    ['service-type-unmapped', { shippingTypeCode: 'EXPRESS' }, {}],
    ['service-type-unmapped', { shippingTypeCode: 'constructor' }, {}],
    ['service-type-unmapped', { shippingTypeCode: null }, {}],
    ['totals-differ', { totalPrice: toDecimal('20.02') }, {}],
    [
      'quantity-invalid',
      { lines: [sampleLine(), sampleLine({ orderLineId: 'A-2', index: 2, quantity: 0 })] },
      {},
    ],
    ['unknown-item', {}, unknown],
    ['unknown-item', {}, { itemFacts: () => undefined }],
    ['retired-item', {}, { itemFacts: () => ({ found: false, retired: true }) }],
    ['sku-unusable', { lines: [sampleLine({ offerSku: 'x'.repeat(51) })] }, {}],
    ['sku-unusable', { lines: [sampleLine({ offerSku: 'say "x"' })] }, {}],
    ['incident-open', { hasIncident: true }, {}],
  ] as [StageCode, OrderInput, ContextInput][])('%s alone', (code, order, context) => {
    expect(plan(order, context).problems.map((one) => one.code)).toEqual([code]);
  });

  it('every code can occur, and everything wrong with an order is named at once', () => {
    const worst: OrderInput = {
      marketplaceOrderId: `"${'x'.repeat(30)}`,
      commercialId: 'x'.repeat(51),
      hasIncident: true,
      shippingTypeCode: 'EXPRESS',
      totalPrice: toDecimal('1'),
      lines: ['GONE', 'RETIRED', 'x'.repeat(51)].map((offerSku, at) =>
        sampleLine({ offerSku, orderLineId: `A-${at + 1}`, index: at + 1 }),
      ),
    };
    const context: ContextInput = {
      itemFacts: (code) => ({ found: false, retired: code === 'RETIRED' }),
    };
    worst.lines!.push(sampleLine({ orderLineId: 'A-4', index: 4, quantity: 0 }));
    const found = [
      { ...worst, shippingAddress: null },
      { ...worst, shippingAddress: sampleAddress({ city: null, countryIsoCode: 'DEU' }) },
      { ...worst, shippingAddress: sampleAddress({ countryIsoCode: null, country: null }) },
    ].map((order) => plan(order, context).problems.map((one) => one.code));
    expect(found[0]).toHaveLength(11);
    expect(found[1]).toHaveLength(12);
    expect(new Set(found.flat())).toEqual(new Set(stageCodes));
  });

  it('two causes of one code become one problem that names both', () => {
    const { problems } = plan({
      commercialId: 'x'.repeat(51),
      shippingAddress: sampleAddress({ city: 'y'.repeat(101) }),
      lines: [
        sampleLine({ offerSku: '"A"' }),
        sampleLine({ offerSku: '"B"', orderLineId: 'A-2', index: 2 }),
      ],
    });
    expect(problems.map((one) => one.code).sort()).toEqual(['field-too-long', 'sku-unusable']);
    const words = problems.map((one) => one.what).join('\n');
    expect(words).toMatch(/commercial id.*city|city.*commercial id/);
    expect(words).toMatch(/"A".*"B"/);
  });

  it('no problem tells personal data', () => {
    const shippingAddress = sampleAddress({ city: null, street1: '9 Secret Mews', zipCode: 'ZZ' });
    expect(JSON.stringify(plan({ shippingAddress }).problems)).not.toMatch(/Secret|Example|ZZ/);
  });

  it.each([
    ['a penny of difference is tolerated', { totalPrice: toDecimal('20.01') }, {}],
    [
      'a wider tolerance is a setting',
      { totalPrice: toDecimal('25') },
      { channel: { totalTolerancePence: 500 } },
    ],
    [
      'promotions are not judged',
      { totalPrice: toDecimal('15'), totalDeducedAmount: toDecimal('5.00') },
      {},
    ],
    [
      'a refused line is not judged',
      {
        lines: [sampleLine(), sampleLine({ orderLineId: 'A-2', state: 'REFUSED' })],
        totalPrice: toDecimal('99'),
      },
      {},
    ],
    [
      'a cancelled unit is not judged',
      {
        lines: [sampleLine({ cancelations: [cancelledUnits(1)], price: toDecimal('10') })],
        totalPrice: toDecimal('99'),
      },
      {},
    ],
    [
      'an unmapped shipping type may have a default',
      { shippingTypeCode: 'EXPRESS' },
      { channel: { defaultServiceType: 'Any' } },
    ],
    [
      'a line that is not to be shipped need not be known',
      {
        lines: [
          sampleLine(),
          sampleLine({ orderLineId: 'A-2', state: 'CANCELED', offerSku: 'GONE' }),
        ],
      },
      { itemFacts: (code: string) => ({ found: code !== 'GONE', retired: false }) },
    ],
  ] as [string, OrderInput, ContextInput][])('none: %s', (_rule, order, context) => {
    expect(plan(order, context).problems).toEqual([]);
  });
});

describe('lines', () => {
  it('same SKU kept apart', () => {
    expect(plan({ lines: two }).plan.lines).toEqual([
      {
        line: '1',
        itemCode: 'SKU-1',
        quantity: 1,
        salePrice: '10.00',
        parts: [{ orderLineId: 'A-1', units: 1 }],
      },
      {
        line: '2',
        itemCode: 'SKU-1',
        quantity: 3,
        salePrice: '8.00',
        parts: [{ orderLineId: 'A-2', units: 3 }],
      },
    ]);
  });

  it('same SKU merged, with what splits it back', () => {
    const { lines, row } = plan({ lines: two }, { channel: { sameSku: 'merge' } }).plan;
    expect(lines).toEqual([
      {
        line: '1',
        itemCode: 'SKU-1',
        quantity: 4,
        salePrice: '10.00',
        parts: [
          { orderLineId: 'A-1', units: 1 },
          { orderLineId: 'A-2', units: 3 },
        ],
      },
    ]);
    expect(row['TotalSale']).toBe('34.00');
  });

  it.each(['separate', 'merge'] as const)(
    '%s: the numbers stay when an earlier line is cancelled later',
    (sameSku) => {
      const skus = ['A', 'B', 'A', 'C'];
      const linesOf = (state: string) =>
        skus.map((offerSku, at) =>
          sampleLine({
            offerSku,
            orderLineId: `A-${at + 1}`,
            index: at + 1,
            state: at === 0 ? state : 'SHIPPING',
          }),
        );
      const numbers = (state: string) =>
        new Map(
          plan({ lines: linesOf(state) }, { channel: { sameSku } }).plan.lines.flatMap((line) =>
            line.parts.map((part) => [part.orderLineId, line.line] as const),
          ),
        );
      const before = numbers('SHIPPING');
      const after = numbers('CANCELED');
      expect(after.size).toBe(3);
      for (const [orderLineId, number] of after) expect(number).toBe(before.get(orderLineId));
    },
  );

  it('they follow the place on the marketplace, not the order of arrival', () => {
    const lines = [
      sampleLine({ index: 2, orderLineId: 'A-2', offerSku: 'B' }),
      sampleLine({ offerSku: 'A' }),
    ];
    expect(plan({ lines }).plan.lines.map((one) => [one.line, one.itemCode])).toEqual([
      ['1', 'A'],
      ['2', 'B'],
    ]);
  });

  it('the cross-reference table comes before the SKU itself', () => {
    const context = { mappedItem: (sku: string) => (sku === 'SKU-1' ? 'ITEM-9' : undefined) };
    expect(plan({}, context).plan.lines[0]?.itemCode).toBe('ITEM-9');
    expect(itemCodesOf(orderToStage({ lines: two }).lines, context.mappedItem)).toEqual([
      'ITEM-9',
      'ITEM-9',
    ]);
  });

  it.each([
    ['ABC-1', true],
    ['0012', true],
    ['x'.repeat(50), true],
    ['ünïcode', true],
    ['', false],
    ['x'.repeat(51), false],
    [' ABC', false],
    ['ABC ', false],
    ['A"B', false],
    ['A\nB', false],
  ])('ItemCode %j is usable: %s', (text, usable) => {
    expect(isUsableItemCode(text)).toBe(usable);
  });
});

describe('row', () => {
  it('money has two decimals everywhere', () => {
    const lines = [sampleLine({ unitPrice: toDecimal('3.335'), quantity: 3 })];
    const { row, lines: planned } = plan({ lines, shippingPrice: toDecimal('2.5') }).plan;
    expect(planned[0]?.salePrice).toBe('3.34');
    expect(row).toMatchObject({
      ShippingCost: '2.50',
      TotalSale: '12.52',
      TaxPaid: '0.00',
      Discount: '0.00',
    });
  });

  it('taxes of goods and shipping are added up', () => {
    const tax = (amount: string) => ({
      code: 'VAT',
      amount: toDecimal(amount),
      rate: null,
      calculationRule: null,
    });
    const lines = [sampleLine({ taxes: [tax('3.33'), tax('0.10')], shippingTaxes: [tax('0.07')] })];
    expect(plan({ lines }).plan.row['TaxPaid']).toBe('3.50');
  });

  it('an over-long invoice address is cut, since nothing is delivered there', () => {
    const billingAddress = sampleAddress({ street1: 'z'.repeat(150), city: 'c'.repeat(150) });
    const { plan: made, problems } = plan({ billingAddress });
    expect(problems).toEqual([]);
    expect(made.row['InvoiceAddressLine1']).toBe('z'.repeat(100));
    expect(made.row['InvoiceAddressCity']).toBe('c'.repeat(100));
  });

  it('without a deadline the day of the order is asked for', () => {
    const { row } = plan({ shippingDeadline: null }).plan;
    expect(row['RequestedDeliveryDate']).toBe(row['CreatedDate']);
  });

  it.each([
    ['mode channel names the channel', { mode: 'channel' }, 'JL', null],
    [
      'mode channel with a reference of its own',
      { mode: 'channel', reference: 'MKT' },
      'MKT',
      null,
    ],
    [
      'mode channel makes it where asked',
      { mode: 'channel', create: true },
      'JL',
      { Reference: 'JL', Name: 'John Lewis', FirstName: '' },
    ],
    [
      'mode each makes one per shopper',
      { mode: 'each' },
      'jl-cust-1',
      { Reference: 'jl-cust-1', Name: 'Ann Example', Email: 'ann@example.test' },
    ],
    ['mode none has no such column', { mode: 'none' }, undefined, null],
  ] as const)('customer: %s', (_rule, customer, reference, made) => {
    const result = plan({}, { warehouse: { customer } }).plan;
    expect(result.row['Customer']).toBe(reference);
    if (made) expect(result.customer).toMatchObject(made);
    else expect(result.customer).toBeNull();
  });

  it('attributes, payment method and site are written where the settings ask', () => {
    const warehouse = {
      paymentMethod: 7,
      orderSite: 'North',
      sendEmail: false,
      attributes: {
        Attribute1: 'deliveryNote',
        Attribute2: 'channelId',
        Attribute3: 'shippingTypeCode',
      },
    } as const;
    const shippingAddress = sampleAddress({ additionalInfo: 'Leave\nby the shed' });
    expect(plan({ shippingAddress }, { warehouse }).plan.row).toMatchObject({
      PaymentMethod: '7',
      Site: 'North',
      Email: '',
      Attribute1: 'Leave by the shed',
      Attribute2: 'jl',
      Attribute3: 'STD',
    });
    expect(plan().plan.row).not.toHaveProperty('PaymentMethod');
  });

  it('the number is the prefix and the id', () => {
    const { channel } = stageContext({ channel: { salesOrderPrefix: 'JL-' } });
    expect(salesOrderNumberOf('12345-A', channel)).toBe('JL-12345-A');
  });
});
