import { describe, expect, it } from 'vitest';
import { openTestShop } from './test-shop.ts';

describe('OR21 answers', () => {
  const setting = () => {
    const shop = openTestShop({ partialAcceptance: false });
    const id = shop.anOrder(['A', 'B']);
    const yes = (lineId: string) => ({ id: lineId, accepted: true });
    return { shop, id, first: yes(`${id}-1`), second: yes(`${id}-2`) };
  };
  type Lines = (s: ReturnType<typeof setting>) => unknown;
  it.each<[string, number, Lines]>([
    ['ORDER_LINE_NULL_ELEMENT', 400, (s) => [s.first, null]],
    ['ORDER_LINE_DUPLICATE_ID', 400, (s) => [s.first, s.first]],
    ['ORDER_LINE_NOT_FOUND', 404, (s) => [s.first, s.second, { ...s.first, id: 'X' }]],
    ['ORDER_LINE_ACCEPTANCE_DECISION_MISSING', 400, (s) => [s.first]],
    ['ORDER_PARTIAL_ACCEPTANCE_DISABLED', 400, (s) => [s.first, { ...s.second, accepted: false }]],
    ['VALIDATION_ERROR', 400, (s) => [s.first, { id: s.second.id }]],
    ['VALIDATION_ERROR', 400, (s) => [s.first, { ...s.second, accepted: 'true' }]],
    ['VALIDATION_ERROR', 400, (s) => [s.first, { ...s.second, quantity: 1 }]],
    ['VALIDATION_ERROR', 400, () => []],
    ['VALIDATION_ERROR', 400, () => undefined],
  ])('%s (%i), and decides nothing', (code, status, lines) => {
    const made = setting();
    const answer = made.shop.put(`/api/orders/${made.id}/accept`, { order_lines: lines(made) });
    expect(answer.status).toBe(status);
    expect(answer.json['code']).toBe(code);
    expect(made.shop.order(made.id).state).toBe('WAITING_ACCEPTANCE');
    expect(made.shop.simulator.truth.decisions).toEqual([]);
  });

  it('ORDER_NOT_FOUND for no order, and for another shop’s', () => {
    const { shop, first } = setting();
    const answer = shop.put('/api/orders/NONE/accept', { order_lines: [first] });
    expect([answer.status, answer.json['code']]).toEqual([404, 'ORDER_NOT_FOUND']);
    const two = openTestShop({ shops: [{ shopId: 1 }, { shopId: 2 }] });
    const id = two.anOrder(['A'], { shopId: 2 });
    expect(two.accept(id).json['code']).toBe('ORDER_NOT_FOUND');
  });

  it('ORDER_FULFILLED_UNAUTHORIZED for an order the operator fulfils', () => {
    const shop = openTestShop();
    const id = shop.anOrder(['A'], { fulfilledByOperator: true });
    expect(shop.accept(id).json['code']).toBe('ORDER_FULFILLED_UNAUTHORIZED');
  });

  it('ORDER_INVALID_STATE the second time: it is not idempotent', () => {
    const { shop, id } = setting();
    expect(shop.accept(id).status).toBe(204);
    const again = shop.accept(id);
    expect([again.status, again.json['code']]).toEqual([400, 'ORDER_INVALID_STATE']);
    expect(shop.simulator.truth.decisions).toHaveLength(1);
  });

  it('leaves a line canceled that was canceled before the decision', () => {
    const { shop, id, second } = setting();
    shop.simulator.shopperCancels(id, [`${id}-1`]);
    expect(shop.accept(id).status).toBe(204);
    expect(shop.order(id).lines.map((line) => line.stage)).toEqual(['CANCELED', 'WAITING_DEBIT']);
    const staged = openTestShop();
    const other = staged.anOrder(['A', 'B'], { stagingMs: 1000 });
    staged.simulator.shopperCancels(other, [`${other}-1`]);
    staged.wait(1000);
    const answer = staged.put(`/api/orders/${other}/accept`, {
      order_lines: [{ ...second, id: `${other}-2` }],
    });
    expect(answer.status).toBe(204);
    expect(staged.order(other).lines[0]?.stage).toBe('CANCELED');
  });

  it('refuses the order when no line is accepted', () => {
    const { shop, id } = setting();
    const order_lines = shop.order(id).lines.map((line) => ({ id: line.lineId, accepted: false }));
    shop.put(`/api/orders/${id}/accept`, { order_lines });
    expect(shop.order(id).state).toBe('REFUSED');
    expect(shop.shown(id)['total_price']).toBe(40);
  });

  it.each([
    ['code', { code: 'ORDER_NOT_FOUND' }],
    ['error_code', { error_code: 'ORDER_NOT_FOUND' }],
    ['errors', { errors: [{ code: 'ORDER_NOT_FOUND' }] }],
    ['message', { message: expect.stringMatching(/^ORDER_NOT_FOUND: /) }],
  ] as const)('carries its code by the setting %s', (errorShape, expected) => {
    const shop = openTestShop({ errorShape });
    const order_lines = [{ id: 'X', accepted: true }];
    const answer = shop.put('/api/orders/NONE/accept', { order_lines });
    expect(answer.json).toMatchObject({ status: 404, ...expected });
  });
});

describe('OR04', () => {
  it('updates what it can and reports the rest inside the 200', () => {
    const shop = openTestShop();
    const good = shop.anOrder();
    const long = shop.anOrder();
    const patch = (order_id: string, text: string | null) => ({
      order_id,
      references: { order_reference_for_seller: text },
    });
    const answer = shop.put('/api/orders', {
      orders: [patch(good, 'SO-1'), patch('NONE', 'SO-2'), patch(long, 'x'.repeat(2001))],
    });
    expect(answer.status).toBe(200);
    const rows = answer.json['updated_orders'] as { errors: { code: string }[] }[];
    expect(rows.map((row) => row.errors.map((error) => error.code))).toEqual([
      [],
      ['ORDER_NOT_FOUND'],
      ['VALIDATION_ERROR'],
    ]);
    expect(shop.order(good).referenceForSeller).toBe('SO-1');
    expect(shop.simulator.truth.references).toMatchObject([{ orderId: good, reference: 'SO-1' }]);
    shop.put('/api/orders', { orders: [patch(good, null)] });
    expect(shop.order(good).referenceForSeller).toBeNull();
  });

  it('answers an empty 400 above a hundred orders', () => {
    const shop = openTestShop();
    const orders = Array.from({ length: 101 }, (_, i) => ({ order_id: `O${i}` }));
    const answer = shop.put('/api/orders', { orders });
    expect([answer.status, answer.body]).toEqual([400, '']);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });

  it.each([
    ['no orders', { orders: [] }],
    ['an order without its id', { orders: [{ references: {} }] }],
    ['a field it does not know', { orders: [{ order_id: 'A', reference: 'x' }] }],
    ['a list', []],
    ['no JSON', '{"orders":'],
  ])('refuses %s and keeps it for the checkers', (_rule, body) => {
    const shop = openTestShop();
    expect(shop.put('/api/orders', body).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });

  it('takes nothing but JSON', () => {
    const shop = openTestShop();
    const type = { 'content-type': 'text/plain' };
    expect(shop.call('PUT', '/api/orders', '{"orders":[]}', type).status).toBe(415);
  });
});

describe('OR31', () => {
  it('writes and deletes custom fields and shows them all', () => {
    const shop = openTestShop();
    const id = shop.anOrder();
    const path = `/api/orders/${id}/additional_fields`;
    const answer = shop.put(path, {
      order_additional_fields: [
        { code: 'parcels', value: 2 },
        { code: 'gift-message', value: 'Hello' },
      ],
      order_lines: [
        {
          order_line_id: `${id}-1`,
          order_line_additional_fields: [{ code: 'delivery-countries', value: ['GBR', 'IRL'] }],
        },
      ],
    });
    expect(answer.json['order_update_result']).toMatchObject({
      order_additional_fields: [{ code: 'parcels', type: 'NUMERIC', value: '2' }, {}],
      order_lines: [{ order_line_additional_fields: [{ value: ['GBR', 'IRL'] }] }],
    });
    shop.put(path, { order_additional_fields: [{ code: 'gift-message', value: '' }] });
    expect([...shop.order(id).customFields.keys()]).toEqual(['parcels']);
  });

  it('writes nothing when one field is wrong, and returns errors with the body', () => {
    const shop = openTestShop();
    const id = shop.anOrder();
    const input = {
      order_additional_fields: [
        { code: 'parcels', value: 2 },
        { code: 'parcels', value: 'two' },
        { code: 'warehouse-status', value: 'LOST' },
        { code: 'no-such-field', value: 'x' },
      ],
    };
    const answer = shop.put(`/api/orders/${id}/additional_fields`, input);
    expect(answer.status).toBe(200);
    const { errors, input: echoed } = answer.json['order_update_errors'] as Record<string, unknown>;
    expect(errors).toHaveLength(3);
    expect(echoed).toEqual(input);
    expect(shop.order(id).customFields.size).toBe(0);
  });
});
