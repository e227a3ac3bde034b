import { describe, expect, it } from 'vitest';
import type { MiraklOptions } from './options.ts';
import { openTestShop } from './test-shop.ts';

const minuteMs = 60_000;
const vat = { code: 'VAT', ratePercent: 20, rule: 'PROPORTIONAL_TO_AMOUNT' } as const;

/** Two units at 10.00 with 3.00 for shipping, in SHIPPING. */
function paid(options: Partial<MiraklOptions> = {}) {
  const shop = openTestShop({ acceptance: 'AUTOMATIC', ...options });
  const lines = [{ offerSku: 'A', quantity: 2, unitPrice: '10.00', shippingPrice: '3.00' }];
  const id = shop.anOrder([], { lines });
  shop.wait(minuteMs);
  const lineId = shop.order(id).lines[0]?.lineId as string;
  const item = { order_line_id: lineId, amount: 1, shipping_amount: 0 };
  return {
    ...shop,
    id,
    lineId,
    refund: (wish: object = {}, more: object = {}) =>
      shop.put('/api/orders/refund', {
        refunds: [{ ...item, reason_code: '15', ...wish }],
        ...more,
      }),
    cancel: (wish: object = {}, more: object = {}) =>
      shop.put('/api/orders/cancel', {
        cancelations: [{ ...item, quantity: 1, reason_code: '34', ...wish }],
        ...more,
      }),
  };
}

const whole = { quantity: 2, amount: 20, shipping_amount: 3 };

describe('OR28', () => {
  it.each([
    ['all of price and shipping', whole, 200],
    ['the shipping alone', { amount: 0, shipping_amount: 3 }, 200],
    ['more shipping than was paid', { amount: 0, shipping_amount: 3.01 }, 400],
    ['shipping on account of the price', { amount: 21, shipping_amount: 2 }, 400],
    ['units that are not there', { quantity: 3, excluded_from_shipment: true }, 400],
    ['a tax the order has not', { taxes: [{ code: 'NONE', amount: 1 }] }, 400],
    ['a cancelation’s reason', { reason_code: '34' }, 400],
  ])('asked for %s: %j', (_rule, wish, status) => {
    expect(paid().refund(wish).status).toBe(status);
  });

  it('twice does not give more than was paid', () => {
    const shop = paid();
    expect(shop.refund({ amount: 12 }).status).toBe(200);
    expect(shop.refund({ amount: 12 }).status).toBe(400);
    expect(shop.order(shop.id).lines[0]?.refunds).toHaveLength(1);
  });

  it('all or nothing: one bad item and none is done', () => {
    const shop = paid();
    const good = { order_line_id: shop.lineId, amount: 1, shipping_amount: 0, reason_code: '15' };
    const refunds = [good, { ...good, amount: 99 }];
    expect(shop.put('/api/orders/refund', { refunds }).status).toBe(400);
    expect(shop.order(shop.id).lines[0]?.refunds).toEqual([]);
  });

  it('excluded units leave the despatch; without a quantity none do', () => {
    const shop = paid();
    shop.refund({ amount: 5, excluded_from_shipment: true });
    shop.refund({ amount: 5, quantity: 1, excluded_from_shipment: true });
    shop.put(`/api/orders/${shop.id}/tracking`, { carrier_code: 'DPD', tracking_number: 'D1' });
    shop.put(`/api/orders/${shop.id}/ship`);
    expect(shop.simulator.truth.shipped).toMatchObject([{ units: 1 }]);
  });

  it('is refused before the debit under PAY_ON_SHIPMENT, and once the order is closed', () => {
    const unpaid = paid({ paymentWorkflow: 'PAY_ON_SHIPMENT' });
    expect(unpaid.refund().json['code']).toBe('ORDER_NOT_DEBITED');
    const closed = paid();
    closed.simulator.operatorShipsByHand(closed.id);
    closed.simulator.receive(closed.id);
    closed.simulator.close(closed.id);
    expect(closed.refund().json['code']).toBe('ORDER_INVALID_STATE');
  });
});

describe('the tax mode of amounts', () => {
  it.each([
    ['the operator’s own when none is given', {}, 12, 12],
    ['without tax: the tax comes on top', { order_tax_mode: 'TAX_EXCLUDED' }, 10, 12],
    ['with tax, as the operator has it', { order_tax_mode: 'TAX_INCLUDED' }, 12, 12],
  ])('%s', (_rule, more, amount, booked) => {
    const shop = paid({ tax: vat });
    const answer = shop.refund({ amount }, more);
    expect(answer.json).toMatchObject({
      order_tax_mode: 'TAX_INCLUDED',
      refunds: [{ amount, taxes: [{ code: 'VAT', amount: 2 }] }],
      ...more,
    });
    expect(shop.order(shop.id).lines[0]?.refunds[0]?.amountPence).toBe(booked * 100);
  });

  it('all that is left stays all, whatever the rounding', () => {
    const shop = paid({ tax: vat });
    const more = { order_tax_mode: 'TAX_EXCLUDED' };
    const shown = { quantity: 2, amount: 16.67, shipping_amount: 2.5 };
    expect(shop.cancel({ ...shown, amount: 16.68 }, more).status).toBe(400);
    expect(shop.cancel(shown, more).status).toBe(200);
    expect(shop.order(shop.id).lines[0]).toMatchObject({ pricePence: 0, shippingPence: 0 });
  });

  it('where prices are without tax, amounts with tax are taken apart', () => {
    const shop = paid({ tax: vat, taxMode: 'TAX_EXCLUDED' });
    shop.refund({ amount: 12 }, { order_tax_mode: 'TAX_INCLUDED' });
    expect(shop.order(shop.id).lines[0]?.refunds[0]?.amountPence).toBe(1000);
  });

  it('nobody published is a breach', () => {
    const shop = paid();
    expect(shop.refund({}, { order_tax_mode: 'NET' }).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });

  it('taxes of the rule NONE must be restated, for every amount that is not zero', () => {
    const shop = paid({ tax: { ...vat, rule: 'NONE' } });
    const taxes = [{ code: 'VAT', amount: 0.17 }];
    expect(shop.refund().status).toBe(400);
    expect(shop.refund({ taxes }).status).toBe(200);
    expect(shop.refund({ taxes, shipping_amount: 1 }).status).toBe(400);
    expect(shop.cancel({ taxes, shipping_amount: 1, shipping_taxes: taxes }).status).toBe(200);
  });
});

describe('OR29 and OR30', () => {
  it.each([
    ['all units with all shipping', whole, 200, 'CANCELED'],
    [
      'one unit with a share of the shipping',
      { amount: 10, shipping_amount: 1.5 },
      200,
      'SHIPPING',
    ],
    ['no unit', { quantity: 0 }, 400, 'SHIPPING'],
    ['more units than there are', { quantity: 3 }, 400, 'SHIPPING'],
    ['more shipping than was paid', { shipping_amount: 4 }, 400, 'SHIPPING'],
    ['a refund’s reason', { reason_code: '15' }, 400, 'SHIPPING'],
    ['a reason only the operator has', { reason_code: 'FRAUD' }, 400, 'SHIPPING'],
  ])('OR30 asked for %s: %j', (_rule, wish, status, state) => {
    const shop = paid();
    expect(shop.cancel(wish).status).toBe(status);
    expect(shop.order(shop.id).state).toBe(state);
  });

  it.each([
    [true, 12],
    [false, 10],
  ])('units go back on the offer: %s', (restocksOnCancel, quantity) => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC', restocksOnCancel });
    shop.simulator.setOffer({ shopSku: 'A', quantity: 12 });
    const id = shop.anOrder(['A']);
    shop.wait(minuteMs);
    expect(shop.put(`/api/orders/${id}/cancel`).status).toBe(204);
    expect(shop.simulator.offer('A')?.quantity).toBe(quantity);
  });
});

describe('the balance of the shop', () => {
  const balances = (shop: ReturnType<typeof openTestShop>) =>
    shop.get('/api/account').json['payment_details'];
  const delivered = (options: Partial<MiraklOptions> = {}) => {
    const shop = paid(options);
    shop.simulator.operatorShipsByHand(shop.id);
    shop.simulator.receive(shop.id);
    return shop;
  };

  it('is pending until the goods are there, then payable, then paid; less commission', () => {
    const shop = paid();
    // 23.00 less 15 % and 20 % tax on that.
    expect(balances(shop)).toEqual({ pending_balance: 18.86, payable_balance: 0, paid_balance: 0 });
    shop.simulator.operatorShipsByHand(shop.id);
    shop.simulator.receive(shop.id);
    expect(balances(shop)).toEqual({ pending_balance: 0, payable_balance: 18.86, paid_balance: 0 });
    expect(shop.simulator.payOut()).toBe(1886);
    expect(balances(shop)).toEqual({ pending_balance: 0, payable_balance: 0, paid_balance: 18.86 });
  });

  it('pays a refund as long as the sale is not paid out', () => {
    expect(delivered().refund(whole).status).toBe(200);
  });

  it('refuses a refund on a received order once it is paid out, whatever is pending', () => {
    const shop = delivered();
    shop.simulator.payOut();
    shop.anOrder(['B']);
    shop.wait(minuteMs);
    const answer = shop.refund();
    expect(answer.status).toBe(400);
    expect(answer.json['message']).toBe(
      'The shop does not have a sufficient payable balance for the refund',
    );
    expect(shop.order(shop.id).lines[0]?.refunds).toEqual([]);
  });

  it.each([
    ['what it had before', { openingBalance: { pendingPence: 0, payablePence: 5000 } }],
    ['no balance at all', { sellerBalance: 'unlimited' as const }],
  ])('may rest on %s', (_rule, options) => {
    const shop = delivered(options);
    if ('openingBalance' in options)
      expect(balances(shop)).toMatchObject({ payable_balance: 68.86 });
    else shop.simulator.payOut();
    expect(shop.refund().status).toBe(200);
  });
});
