import { describe, expect, it } from 'vitest';
import { openTestShop } from './test-shop.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The states the order went through, each once, with when. */
function path(order: { history: { lineId: string | null; to: string; atMs: number }[] }) {
  return order.history.filter((move) => move.lineId === null).map((move) => move.to);
}

describe('the life of an order', () => {
  it('waits for acceptance, then payment, then ships, is received and closes', () => {
    const shop = openTestShop({ stagingMs: { min: 1000, max: 1000 } });
    const id = shop.anOrder();
    expect(shop.order(id).state).toBe('STAGING');
    shop.wait(1000);
    expect(shop.order(id).state).toBe('WAITING_ACCEPTANCE');
    expect(shop.accept(id).status).toBe(204);
    shop.wait(30_000);
    expect(shop.order(id).state).toBe('WAITING_DEBIT_PAYMENT');
    shop.wait(30_000);
    expect(shop.order(id).state).toBe('SHIPPING');
    shop.put(`/api/orders/${id}/tracking`, { carrier_code: 'DPD', tracking_number: 'D1' });
    expect(shop.put(`/api/orders/${id}/ship`).status).toBe(204);
    shop.wait(40 * dayMs);
    expect(path(shop.order(id))).toEqual([
      'STAGING',
      'WAITING_ACCEPTANCE',
      'WAITING_DEBIT',
      'WAITING_DEBIT_PAYMENT',
      'SHIPPING',
      'SHIPPED',
      'RECEIVED',
      'CLOSED',
    ]);
  });

  it('dates every transition when it fell due, however late anybody looks', () => {
    const shop = openTestShop();
    const id = shop.anOrder();
    const bornMs = shop.nowMs();
    shop.accept(id);
    shop.wait(dayMs);
    const order = shop.order(id);
    expect(order.debitedMs).toBe(bornMs + 60_000);
    expect(order.updatedMs).toBe(bornMs + 60_000);
  });

  it('refuses an order nobody decided in time, with the reason on its lines', () => {
    const shop = openTestShop({ acceptanceWindowMs: dayMs });
    const id = shop.anOrder();
    shop.wait(dayMs);
    const order = shop.order(id);
    expect(order.state).toBe('REFUSED');
    expect(order.lines[0]?.reasonCode).toBe('ACCEPTANCE_TIMEOUT');
    expect(shop.shown(id)['order_state_reason_code']).toBe('ACCEPTANCE_TIMEOUT');
  });

  it('never waits under automatic acceptance, and has no decision date', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder();
    shop.wait(minuteMs);
    expect(shop.order(id).state).toBe('SHIPPING');
    expect(shop.shown(id)['acceptance_decision_date']).toBeNull();
  });

  it.each([
    ['PAY_ON_DELIVERY', ['STAGING', 'SHIPPING']],
    ['PAY_ON_DUE_DATE', ['STAGING', 'SHIPPING']],
    ['PAY_ON_SHIPMENT', ['STAGING', 'SHIPPING']],
    ['PAY_ON_ACCEPTANCE', ['STAGING', 'WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING']],
  ] as const)('under %s goes through %j', (paymentWorkflow, states) => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC', paymentWorkflow });
    const id = shop.anOrder();
    shop.wait(minuteMs);
    expect(path(shop.order(id))).toEqual(states);
  });

  it('is canceled when payment is refused, and after thirty days without any', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC', debit: 'manual' });
    const refused = shop.anOrder();
    const forgotten = shop.anOrder();
    expect(shop.simulator.refusePayment(refused)).toBe(true);
    expect(shop.order(refused).state).toBe('CANCELED');
    expect(shop.simulator.payNow(refused)).toBe(false);
    shop.wait(30 * dayMs - 1);
    expect(shop.order(forgotten).state).toBe('WAITING_DEBIT_PAYMENT');
    shop.wait(1);
    expect(shop.order(forgotten).state).toBe('CANCELED');
  });

  it('goes on with the accepted lines and keeps the refused ones inside', () => {
    const shop = openTestShop();
    const id = shop.anOrder(['A', 'B', 'A']);
    const [first, second, third] = shop.order(id).lines.map((line) => line.lineId);
    shop.put(`/api/orders/${id}/accept`, {
      order_lines: [
        { id: first, accepted: true },
        { id: second, accepted: false },
        { id: third, accepted: true },
      ],
    });
    shop.wait(minuteMs);
    const order = shop.order(id);
    expect(order.state).toBe('SHIPPING');
    expect(order.lines.map((line) => line.stage)).toEqual(['SHIPPING', 'REFUSED', 'SHIPPING']);
    expect(order.lines[1]?.pricePence).toBe(2000);
  });

  it('waits at the collection point when the shipping type says so', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder(['A'], { shippingTypeCode: 'CLC' });
    shop.wait(minuteMs);
    shop.put(`/api/orders/${id}/ship`);
    shop.wait(dayMs);
    expect(shop.order(id).state).toBe('TO_COLLECT');
    expect(shop.simulator.receive(id)).toBe(true);
    expect(shop.order(id).state).toBe('RECEIVED');
  });

  it('is held back by an open incident and catches up when it closes', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder(['A'], { shippingTypeCode: 'LETTER' });
    shop.wait(minuteMs);
    shop.put(`/api/orders/${id}/ship`);
    const lineId = shop.order(id).lines[0]?.lineId ?? '';
    shop.simulator.openIncident(id, lineId);
    const shown = shop.shown(id);
    expect(shown['has_incident']).toBe(true);
    expect((shown['order_lines'] as { order_line_state: string }[])[0]?.order_line_state).toBe(
      'INCIDENT_OPEN',
    );
    shop.wait(20 * dayMs);
    expect(shop.order(id).state).toBe('SHIPPED');
    shop.simulator.closeIncident(id, lineId);
    expect(shop.order(id).state).toBe('RECEIVED');
  });

  it('moves its update date on every change, even twice within a millisecond', () => {
    const shop = openTestShop();
    const id = shop.anOrder();
    const seen = [shop.order(id).updatedMs];
    for (let i = 0; i < 3; i++) {
      shop.simulator.shopperWrites(id);
      seen.push(shop.order(id).updatedMs);
    }
    expect(new Set(seen).size).toBe(4);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('may stand in a state nobody published, until it is reviewed', () => {
    const shop = openTestShop({ quirks: { unknownStates: 1 } });
    const id = shop.anOrder();
    expect(shop.shown(id)['order_state']).toBe('WAITING_RISK_REVIEW');
    shop.wait(minuteMs);
    expect(shop.shown(id)['order_state']).toBe('WAITING_ACCEPTANCE');
  });
});

describe('addresses', () => {
  it.each([
    [false, true],
    [true, false],
  ])('with details before acceptance %s are null before SHIPPING: %s', (early, isNull) => {
    const shop = openTestShop({ detailsBeforeAcceptance: early });
    const id = shop.anOrder();
    const before = shop.shown(id)['customer'] as Record<string, unknown>;
    expect(before['shipping_address'] === null).toBe(isNull);
    shop.accept(id);
    shop.wait(minuteMs);
    const after = shop.shown(id)['customer'] as Record<string, unknown>;
    expect(after['shipping_address']).toMatchObject({ country_iso_code: 'GBR' });
  });

  it('are written as given: null, over-long, with line breaks and emoji', () => {
    const shop = openTestShop({ detailsBeforeAcceptance: true });
    const street_1 = `1 "Quoted"\nStreet 🏠 ${'x'.repeat(500)}`;
    const id = shop.anOrder(['A'], { shipTo: { street_1, city: null, lastname: 'O\\Test' } });
    const customer = shop.shown(id)['customer'] as Record<string, Record<string, unknown>>;
    expect(customer['shipping_address']).toMatchObject({ street_1, city: null });
    expect(customer['billing_address']).toMatchObject({ lastname: 'O\\Test' });
  });
});

describe('cancelations and refunds', () => {
  const inShipping = () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder(['A', 'B']);
    shop.wait(minuteMs);
    const [first, second] = shop.order(id).lines.map((line) => line.lineId) as [string, string];
    return { shop, id, first, second };
  };

  it('takes canceled units out of quantity and price and lists them', () => {
    const { shop, id, first } = inShipping();
    expect(shop.simulator.operatorCancelsUnits(id, first, 1)).toBe(true);
    const line = (shop.shown(id)['order_lines'] as Record<string, unknown>[])[0];
    expect(line).toMatchObject({ quantity: 1, price: 10, order_line_state: 'SHIPPING' });
    expect(line?.['cancelations']).toMatchObject([{ quantity: 1, amount: 10 }]);
  });

  it('cancels the order once its last line is canceled', () => {
    const { shop, id, first, second } = inShipping();
    shop.simulator.shopperCancels(id, [first]);
    expect(shop.order(id).state).toBe('SHIPPING');
    shop.simulator.shopperCancels(id, [second]);
    expect(shop.order(id).state).toBe('CANCELED');
    expect(shop.shown(id)['total_price']).toBe(0);
  });

  it('lets nobody cancel what is despatched', () => {
    const { shop, id } = inShipping();
    shop.put(`/api/orders/${id}/tracking`, { carrier_code: 'RM', tracking_number: 'R1' });
    shop.put(`/api/orders/${id}/ship`);
    expect(shop.simulator.shopperCancels(id)).toBe(false);
    expect(shop.put(`/api/orders/${id}/cancel`).status).toBe(400);
  });

  it('cancels a whole order by OR29 and units by OR30', () => {
    const { shop, id, first } = inShipping();
    const part = shop.put('/api/orders/cancel', {
      cancelations: [
        { order_line_id: first, quantity: 1, amount: 10, shipping_amount: 0, reason_code: '34' },
      ],
    });
    expect(part.status).toBe(200);
    expect(shop.order(id).lines[0]?.quantity).toBe(1);
    expect(shop.put(`/api/orders/${id}/cancel`).status).toBe(204);
    expect(shop.order(id).state).toBe('CANCELED');
    expect(shop.put(`/api/orders/${id}/cancel`).status).toBe(400);
  });

  it('still expects refunded units in the despatch unless they are excluded from it', () => {
    const { shop, id, first, second } = inShipping();
    const ask = (line: string, excluded: boolean) =>
      shop.put('/api/orders/refund', {
        refunds: [
          {
            order_line_id: line,
            quantity: 2,
            amount: 20,
            shipping_amount: 0,
            reason_code: '15',
            excluded_from_shipment: excluded,
          },
        ],
      });
    expect(ask(first, false).status).toBe(200);
    shop.wait(10 * minuteMs);
    expect(shop.order(id).lines.map((line) => line.stage)).toEqual(['SHIPPING', 'SHIPPING']);
    expect(ask(second, true).status).toBe(200);
    shop.wait(10 * minuteMs);
    const lines = shop.shown(id)['order_lines'] as { order_line_state: string }[];
    expect(lines.map((line) => line.order_line_state)).toEqual(['SHIPPING', 'REFUNDED']);
    expect(ask(second, true).status).toBe(400);
  });

  it('pays a refund back after a while, in three steps', () => {
    const { shop, id, first } = inShipping();
    const refundId = shop.simulator.refund(id, { lineId: first, amount: '3.50', quantity: 1 });
    const state = () => shop.order(id).lines[0]?.refunds.find((one) => one.id === refundId)?.state;
    expect(state()).toBe('WAITING_REFUND');
    shop.wait(2.5 * minuteMs);
    expect(state()).toBe('WAITING_REFUND_PAYMENT');
    shop.wait(2.5 * minuteMs);
    expect(state()).toBe('REFUNDED');
  });

  it.each([
    ['more than is left', { amount: 20.01 }],
    ['a third decimal', { amount: 1.005 }],
    ['a reason of another type', { reason_code: '34' }],
    ['a reason that is not the shop’s', { reason_code: '17' }],
    ['another currency', { currency_iso_code: 'EUR' }],
  ])('refuses a refund with %s', (_rule, wrong) => {
    const { shop, first } = inShipping();
    const item = { order_line_id: first, amount: 1, shipping_amount: 0, reason_code: '15' };
    const answer = shop.put('/api/orders/refund', { refunds: [{ ...item, ...wrong }] });
    expect(answer.status).toBe(400);
  });
});

describe('despatch by OR23 and OR24', () => {
  it.each([
    ['an unknown carrier code', { carrier_code: 'NONE' }, 400],
    ['a carrier whose page needs a number, without one', { carrier_code: 'DPD' }, 400],
    ['neither code nor name', { tracking_number: 'X' }, 400],
    ['a registered carrier without a tracking page', { carrier_code: 'RM' }, 204],
    ['a carrier by name', { carrier_name: 'Ann’s Vans', carrier_url: 'https://x.test' }, 204],
  ])('with %s', (_rule, body, status) => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder();
    shop.wait(minuteMs);
    expect(shop.put(`/api/orders/${id}/tracking`, body).status).toBe(status);
  });

  it('computes the address of a registered carrier and ignores one that was sent', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder();
    shop.wait(minuteMs);
    const body = { carrier_code: 'DPD', tracking_number: 'D 1', carrier_url: 'https://mine.test' };
    shop.put(`/api/orders/${id}/tracking`, body);
    expect(shop.shown(id)['shipping_tracking_url']).toBe('https://dpd.example.test/track/D%201');
  });

  it('needs tracking where the shipping type does, and the right state always', () => {
    const shop = openTestShop({ acceptance: 'AUTOMATIC' });
    const id = shop.anOrder();
    expect(shop.put(`/api/orders/${id}/ship`).status).toBe(400);
    shop.wait(minuteMs);
    const bare = shop.put(`/api/orders/${id}/ship`);
    expect(bare.json['message']).toBe('Tracking details are mandatory for this shipping method');
    shop.put(`/api/orders/${id}/tracking`, { carrier_code: 'RM', tracking_number: 'R1' });
    expect(shop.put(`/api/orders/${id}/ship`).status).toBe(204);
    expect(shop.put(`/api/orders/${id}/ship`).status).toBe(400);
    expect(shop.simulator.truth.despatches).toHaveLength(1);
  });
});
