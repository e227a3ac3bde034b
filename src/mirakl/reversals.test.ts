import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refused } from '../errors.ts';
import { penceToText, toDecimal } from '../money.ts';
import { cancelLines, cancelOrder } from './cancelations.ts';
import { exactNumber } from './json.ts';
import { type NewRefund, refundLines, saysBalanceIsTooLow } from './refunds.ts';
import { failureOf, testWire } from './test-wire.ts';

const refund: NewRefund = {
  orderLineId: 'A-1-1',
  quantity: 1,
  amount: toDecimal('10.10'),
  shippingAmount: toDecimal('0'),
  reasonCode: '15',
  isExcludedFromShipment: true,
};
const { isExcludedFromShipment: _, ...cancelation } = refund;
const noted = { order_line_id: 'A-1-1', amount: 10.1, shipping_amount: 0, quantity: 1 };

describe('refundLines', () => {
  it('sends exact amounts, restated taxes and the tax mode', async () => {
    const { client, sent } = testWire([{ body: { refunds: [] } }]);
    const taxed = {
      ...refund,
      taxes: [{ code: 'VAT', amount: toDecimal('1.68') }],
      shippingTaxes: [{ code: 'VAT', amount: toDecimal('0.00') }],
      fees: [{ code: 'CARD', amount: toDecimal('0.5') }],
      currency: 'GBP',
    };
    await refundLines(client, { refunds: [taxed], taxMode: 'TAX_INCLUDED' });
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'https://market.example.test/api/orders/refund',
    });
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      order_tax_mode: 'TAX_INCLUDED',
      refunds: [
        {
          order_line_id: 'A-1-1',
          quantity: 1,
          amount: 10.1,
          shipping_amount: 0,
          reason_code: '15',
          taxes: [{ code: 'VAT', amount: 1.68 }],
          shipping_taxes: [{ code: 'VAT', amount: 0 }],
          fees: [{ code: 'CARD', amount: 0.5 }],
          currency_iso_code: 'GBP',
          excluded_from_shipment: true,
        },
      ],
    });
  });

  it('leaves out what was not given', async () => {
    const { client, sent } = testWire([{ body: { refunds: [] } }]);
    await refundLines(client, { refunds: [refund] });
    const body = JSON.parse(String(sent[0]!.body));
    expect(Object.keys(body)).toEqual(['refunds']);
    expect(body.refunds[0]).not.toHaveProperty('taxes');
  });

  it('gives one result per line sent, in the order sent, by order line', async () => {
    const row = { ...noted, refund_id: 1130, order_refund_id: 'g-1', reason_code: '15' };
    const taxes = [{ code: 'VAT', amount: 1.68, rate: 20 }, { code: null }];
    const { client } = testWire([{ body: { refunds: [{ ...row, taxes }] } }]);
    const other = { ...refund, orderLineId: 'A-1-2' };
    expect(await refundLines(client, { refunds: [other, refund] })).toEqual([
      { orderLineId: 'A-1-2', outcome: 'unmentioned', refund: null },
      {
        orderLineId: 'A-1-1',
        outcome: 'created',
        refund: {
          refundId: '1130',
          orderRefundId: 'g-1',
          orderLineId: 'A-1-1',
          quantity: 1,
          amount: '10.1',
          shippingAmount: '0',
          reasonCode: '15',
          currency: null,
          isExcludedFromShipment: null,
          taxes: [{ code: 'VAT', amount: '1.68' }],
          shippingTaxes: [],
          fees: [],
        },
      },
    ]);
  });

  const holes: [rule: string, row: object][] = [
    ['without an id', noted],
    ['with an odd amount', { ...noted, refund_id: '1', amount: 'ten' }],
  ];
  it.each(holes)('a row %s leaves its line unmentioned', async (_rule, row) => {
    const { client } = testWire([{ body: { refunds: [row] } }]);
    const [result] = await refundLines(client, { refunds: [refund] });
    expect(result).toEqual({ orderLineId: 'A-1-1', outcome: 'unmentioned', refund: null });
  });

  it('an answer without a list is a BadAnswer that may have paid', async () => {
    const { client } = testWire([{ body: {} }]);
    const error = await failureOf(refundLines(client, { refunds: [refund] }));
    expect(error).toMatchObject({ name: 'BadAnswer', effect: 'unknown' });
  });

  it('too little balance is Refused in the words of the marketplace', async () => {
    const message = 'The shop does not have a sufficient payable balance for the refund';
    const { client } = testWire([{ status: 400, body: { status: 400, message } }]);
    const error = await failureOf(refundLines(client, { refunds: [refund] }));
    expect(error).toMatchObject({ name: 'Refused', vendorMessage: message, effect: 'none' });
    expect(saysBalanceIsTooLow((error as Refused).vendorMessage)).toBe(true);
    expect(saysBalanceIsTooLow('Invalid reason')).toBe(false);
  });
});

describe('cancelLines', () => {
  it('sends the lines and gives one result per line', async () => {
    const body = { cancelations: [{ ...noted, cancelation_id: '1116', reason_code: 15 }] };
    const { client, sent } = testWire([{ body }]);
    const other = { ...cancelation, orderLineId: 'A-1-2' };
    const results = await cancelLines(client, { cancelations: [cancelation, other] });
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'https://market.example.test/api/orders/cancel',
    });
    expect(JSON.parse(String(sent[0]!.body)).cancelations[0]).toEqual({
      order_line_id: 'A-1-1',
      quantity: 1,
      amount: 10.1,
      shipping_amount: 0,
      reason_code: '15',
    });
    expect(results).toMatchObject([
      { outcome: 'created', cancelation: { cancelationId: '1116', reasonCode: '15' } },
      { orderLineId: 'A-1-2', outcome: 'unmentioned', cancelation: null },
    ]);
  });

  const mistakes: [rule: string, changes: Partial<NewRefund>][] = [
    ['an amount below 0', { amount: toDecimal('-1') }],
    ['a tax below 0', { taxes: [{ code: 'VAT', amount: toDecimal('-0.01') }] }],
    ['an amount that no JSON number keeps', { amount: toDecimal('99999999999999.99') }],
    ['half a unit', { quantity: 0.5 }],
    ['units below 0', { quantity: -1 }],
    ['no line', { orderLineId: '' }],
    ['no reason', { reasonCode: '' }],
  ];
  it.each(mistakes)('%s is a mistake and is not sent', async (_rule, changes) => {
    const { client, sent } = testWire([{ body: {} }]);
    const wrong = { ...cancelation, ...changes };
    expect(await failureOf(cancelLines(client, { cancelations: [wrong] }))).toBeInstanceOf(
      RangeError,
    );
    expect(sent).toEqual([]);
  });

  it.each([
    ['no lines', []],
    ['a line given twice', [cancelation, cancelation]],
    ['more than a hundred', Array.from({ length: 101 }, (_one, n) => lineOf(n))],
  ])('%s is a mistake and is not sent', async (_rule, cancelations) => {
    const { client, sent } = testWire([{ body: {} }]);
    expect(await failureOf(cancelLines(client, { cancelations }))).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });
});

function lineOf(n: number) {
  return { ...cancelation, orderLineId: `A-${n}` };
}

describe('cancelOrder', () => {
  it('puts nothing on the order', async () => {
    const { client, sent } = testWire([{ status: 204 }]);
    await cancelOrder(client, 'A-1');
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'https://market.example.test/api/orders/A-1/cancel',
    });
    expect(sent[0]!.body).toBeUndefined();
  });
});

describe('amounts as JSON numbers', () => {
  it('every amount of pence up to ten thousand million pounds is written as it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), (pence) => {
        const written = JSON.stringify(exactNumber(toDecimal(penceToText(pence))));
        const [whole, fraction = ''] = written.split('.');
        expect(BigInt(whole! + fraction.padEnd(2, '0'))).toBe(pence);
      }),
    );
  });

  it('fifteen digits are kept, leading zeros do not count, sixteen are refused', () => {
    const written = (amount: string) => JSON.stringify(exactNumber(toDecimal(amount)));
    expect(written('12345678901234.5')).toBe('12345678901234.5');
    expect(written('-000001234567890.12')).toBe('-1234567890.12');
    expect(() => written('123456789012345.6')).toThrow(RangeError);
  });
});
