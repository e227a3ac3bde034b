import { describe, expect, it } from 'vitest';
import {
  decideAcceptance,
  listOrders,
  type OrderFilter,
  type OrderPage,
  readOrderPages,
  setAdditionalFields,
  setOrderReferences,
} from './orders.ts';
import { type Answer, failureOf, testWire, wireOrder } from './test-wire.ts';

const at = new Date('2026-03-01T00:00:00.500Z');

function pageOf(ids: string[], more: Record<string, unknown> = {}): Answer {
  return { body: { orders: ids.map((id) => wireOrder({ order_id: id })), ...more } };
}

async function drain(pages: AsyncIterable<OrderPage>): Promise<string[][]> {
  const ids: string[][] = [];
  for await (const page of pages) ids.push(page.orders.map((order) => order.marketplaceOrderId));
  return ids;
}

const searches = (sent: { url: string }[]) =>
  sent.map((request) => decodeURIComponent(new URL(request.url).search));

describe('the question', () => {
  const page = 'max=100&sort=dateCreated&order=asc';
  const rows: [rule: string, filter: OrderFilter, search: string][] = [
    ['no filter asks for the oldest hundred', {}, `?${page}`],
    ['ids go comma-separated', { marketplaceOrderIds: ['A', 'B'] }, `?order_ids=A,B&${page}`],
    [
      'states go comma-separated',
      { states: ['SHIPPING', 'STAGING'] },
      `?order_state_codes=SHIPPING,STAGING&${page}`,
    ],
    [
      'centres are repeated',
      { fulfilmentCentreCodes: ['A', 'B'] },
      `?fulfillment_center_code=A&fulfillment_center_code=B&${page}`,
    ],
    [
      'an update window goes to the second',
      { updatedFrom: at, updatedUntil: at },
      `?start_update_date=2026-03-01T00:00:00Z&end_update_date=2026-03-01T00:00:00Z&${page}`,
    ],
    [
      'a creation window',
      { createdFrom: at, createdUntil: at },
      `?start_date=2026-03-01T00:00:00Z&end_date=2026-03-01T00:00:00Z&${page}`,
    ],
    [
      'false is a condition',
      { hasIncident: false, isCustomerDebited: false },
      `?customer_debited=false&has_incident=false&${page}`,
    ],
    [
      'channels, references, workflow and tax mode',
      {
        channelCodes: ['UK'],
        hasNoChannel: true,
        referencesForCustomer: ['C'],
        referencesForSeller: ['S'],
        paymentWorkflow: 'PAY_ON_SHIPMENT',
        taxMode: 'TAX_INCLUDED',
      },
      `?order_references_for_customer=C&order_references_for_seller=S&channel_codes=UK&only_null_channel=true&payment_workflow=PAY_ON_SHIPMENT&order_tax_mode=TAX_INCLUDED&${page}`,
    ],
  ];
  it.each(rows)('%s', async (_rule, filter, search) => {
    const { client, sent } = testWire([pageOf([])]);
    await listOrders(client, filter);
    expect(searches(sent)).toEqual([search]);
  });

  it('a list of no ids is a mistake, not a question for all orders', async () => {
    const { client, sent } = testWire([pageOf([])]);
    const error = await failureOf(listOrders(client, { marketplaceOrderIds: [] }));
    expect(error).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });

  it('the number of orders read goes into the call record', async () => {
    const { client, notes } = testWire([pageOf(['A', 'B'])]);
    await listOrders(client, {});
    expect(notes[0]!.rows).toBe(2);
  });
});

describe('paging by offset', () => {
  const total = (n: number) => ({ total_count: n });

  it('goes on until the total is reached, stepping by what really came', async () => {
    const answers = [
      pageOf(['A', 'B'], total(5)),
      pageOf(['C'], total(5)),
      pageOf(['D', 'E'], total(5)),
    ];
    const { client, sent } = testWire(answers);
    expect(await drain(readOrderPages(client, {}))).toEqual([['A', 'B'], ['C'], ['D', 'E']]);
    expect(searches(sent).map((search) => new URLSearchParams(search).get('offset'))).toEqual([
      null,
      '2',
      '3',
    ]);
  });

  it('unreadable orders count as received', async () => {
    const first = { body: { orders: [wireOrder({ price: 'x' }), wireOrder()], total_count: 3 } };
    const { client, sent } = testWire([first, pageOf(['C'], total(3))]);
    await drain(readOrderPages(client, {}));
    expect(searches(sent)[1]).toContain('offset=2');
  });

  it('follows a Link header where no total is given', async () => {
    const link =
      '<https://market.example.test/api/orders?offset=0>; rel="previous", <https://market.example.test/api/orders?offset=1>; rel="next"';
    const { client } = testWire([{ ...pageOf(['A']), headers: { link } }, pageOf(['B'])]);
    expect(await drain(readOrderPages(client, {}))).toEqual([['A'], ['B']]);
  });

  it('ends after one page when neither total nor link speaks of more', async () => {
    const { client, sent } = testWire([pageOf(['A'])]);
    await drain(readOrderPages(client, {}));
    expect(sent).toHaveLength(1);
  });

  it('an empty list is one empty page', async () => {
    const { client } = testWire([pageOf([], total(0))]);
    expect(await drain(readOrderPages(client, {}))).toEqual([[]]);
  });

  it('steps back when the list shrinks under way, so that no order is passed over', async () => {
    // B leaves the filter after the first page, so C moves up to where the first page ended.
    const answers = [
      pageOf(['A', 'B'], total(5)),
      pageOf(['D', 'E'], total(4)),
      pageOf(['C', 'D'], total(4)),
      pageOf(['E'], total(4)),
    ];
    const { client, sent } = testWire(answers);
    const ids = (await drain(readOrderPages(client, {}))).flat();
    expect(new Set(ids)).toEqual(new Set(['A', 'B', 'C', 'D', 'E']));
    expect(searches(sent).map((search) => new URLSearchParams(search).get('offset'))).toEqual([
      null,
      '2',
      '1',
      '3',
    ]);
  });

  const faults: [rule: string, answers: Answer[], fact: string][] = [
    [
      'the same page again and again',
      [pageOf(['A'], { total_count: 9 })],
      'two pages were the same',
    ],
    [
      'an empty page before the total is reached',
      [pageOf(['A'], total(9)), pageOf([], total(9))],
      'a page was empty',
    ],
  ];
  it.each(faults)('stops at %s', async (_rule, answers, fact) => {
    const { client } = testWire(answers);
    const error = await failureOf(drain(readOrderPages(client, {})));
    expect(error).toMatchObject({ name: 'BadAnswer', operation: 'OR11' });
    expect(error.message).toContain(fact);
  });
});

describe('paging by token', () => {
  it('sends the token and the shop alone, dropping the filter', async () => {
    const answers = [pageOf(['A'], { next_page_token: 't+1' }), pageOf(['B'])];
    const { client, sent } = testWire(answers, { paging: 'seek', shopId: '9', locale: 'en_GB' });
    expect(await drain(readOrderPages(client, { states: ['SHIPPING'] }))).toEqual([['A'], ['B']]);
    expect(searches(sent)).toEqual([
      '?order_state_codes=SHIPPING&limit=100&sort=dateCreated,ASC&locale=en_GB&shop_id=9',
      '?page_token=t+1&shop_id=9',
    ]);
    expect(sent[1]!.url).toContain('page_token=t%2B1');
  });

  it('auto asks by token where paging by offset is refused, and remembers it', async () => {
    const no = { status: 400, body: { status: 400, message: 'Unknown parameter: max' } };
    const { client, sent } = testWire([no, pageOf(['A']), pageOf(['B'])]);
    expect(await drain(readOrderPages(client, {}))).toEqual([['A']]);
    expect(await drain(readOrderPages(client, {}))).toEqual([['B']]);
    expect(searches(sent).map((query) => query.replace(/&.*/, ''))).toEqual([
      '?max=100',
      '?limit=100',
      '?limit=100',
    ]);
  });

  it('auto names the first refusal when asking by token is refused too', async () => {
    const no = (message: string) => ({ status: 400, body: { status: 400, message } });
    const { client } = testWire([no('Bad date'), no('Unknown parameter: limit')]);
    expect((await failureOf(drain(readOrderPages(client, {})))).message).toContain('Bad date');
  });

  it('auto follows a token when the answer brings one', async () => {
    const { client, sent } = testWire([
      pageOf(['A'], { next_page_token: 't1', total_count: 2 }),
      pageOf(['B'], { next_page_token: null, total_count: 2 }),
    ]);
    await drain(readOrderPages(client, {}));
    expect(searches(sent)[1]).toBe('?page_token=t1');
  });

  it('auto finds a token in the Link header', async () => {
    const link = '</api/orders?page_token=t7>; rel=next';
    const { client, sent } = testWire([{ ...pageOf(['A']), headers: { link } }, pageOf(['B'])]);
    await drain(readOrderPages(client, {}));
    expect(searches(sent)[1]).toBe('?page_token=t7');
  });

  it('offset never follows a token', async () => {
    const answers = [
      pageOf(['A'], { next_page_token: 't1', total_count: 2 }),
      pageOf(['B'], { total_count: 2 }),
    ];
    const { client, sent } = testWire(answers, { paging: 'offset' });
    await drain(readOrderPages(client, {}));
    expect(searches(sent)[1]).toContain('offset=1');
  });

  it('stops at a token that was given before', async () => {
    const answers = [
      pageOf(['A'], { next_page_token: 't1' }),
      pageOf(['B'], { next_page_token: 't2' }),
      pageOf(['C'], { next_page_token: 't1' }),
    ];
    const { client } = testWire(answers);
    const error = await failureOf(drain(readOrderPages(client, {})));
    expect(error.message).toContain('a page token came back');
  });

  it('an empty page with a token is not the end', async () => {
    const { client } = testWire([pageOf([], { next_page_token: 't1' }), pageOf(['B'])]);
    expect(await drain(readOrderPages(client, {}))).toEqual([[], ['B']]);
  });
});

describe('decideAcceptance', () => {
  it('sends every line of the order', async () => {
    const { client, sent } = testWire([{ status: 204 }]);
    const lines = [
      { orderLineId: 'A-1', isAccepted: true },
      { orderLineId: 'A-2', isAccepted: false },
    ];
    await decideAcceptance(client, { marketplaceOrderId: 'A/1', lines });
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'https://market.example.test/api/orders/A%2F1/accept',
      body: '{"order_lines":[{"accepted":true,"id":"A-1"},{"accepted":false,"id":"A-2"}]}',
    });
  });

  it('a second time is Refused with the state as its code', async () => {
    const { client } = testWire([{ status: 400, body: { code: 'ORDER_INVALID_STATE' } }]);
    const error = await failureOf(decideAcceptance(client, { marketplaceOrderId: 'A', lines: [] }));
    expect(error).toMatchObject({
      name: 'Refused',
      vendorCode: 'ORDER_INVALID_STATE',
      operation: 'OR21',
    });
  });
});

describe('setOrderReferences', () => {
  const given = ['A', 'B', 'C'].map((id) => ({
    marketplaceOrderId: id,
    referenceForSeller: `SO-${id}`,
  }));

  it('tells for each order what became of it, in the order given', async () => {
    const errors = [{ code: 'ORDER_NOT_FOUND', field: 'order_id', message: 'unknown' }];
    const body = {
      updated_orders: [
        { order_id: 'C', errors },
        { order_id: 'A', errors: null },
      ],
    };
    const { client, sent } = testWire([{ body }]);
    expect(await setOrderReferences(client, given)).toEqual([
      { marketplaceOrderId: 'A', outcome: 'updated', errors: [] },
      { marketplaceOrderId: 'B', outcome: 'unmentioned', errors: [] },
      { marketplaceOrderId: 'C', outcome: 'refused', errors },
    ]);
    expect(JSON.parse(String(sent[0]!.body)).orders[1]).toEqual({
      order_id: 'B',
      references: { order_reference_for_seller: 'SO-B' },
    });
  });

  it('results without an id belong to the orders at their places', async () => {
    const errors = [{ code: 'X_Y', field: 'f', message: 'm' }];
    const { client } = testWire([{ body: { updated_orders: [{}, { errors }, {}] } }]);
    const outcomes = (await setOrderReferences(client, given)).map((result) => result.outcome);
    expect(outcomes).toEqual(['updated', 'refused', 'updated']);
  });

  it.each([0, 101])('%s orders in one call are a mistake', async (count) => {
    const { client, sent } = testWire([{ body: {} }]);
    const many = Array(count).fill(given[0]);
    expect(await failureOf(setOrderReferences(client, many))).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });
});

describe('setAdditionalFields', () => {
  it('gives the errors of fields not taken and the fields as they stand', async () => {
    const errors = [{ code: 'FIELD_UNKNOWN', field: 'gift', message: 'unknown' }];
    const result = { order_additional_fields: [{ code: 'wms', type: 'STRING', value: 'SO-1' }] };
    const { client, sent } = testWire([
      { body: { order_update_errors: { errors }, order_update_result: result } },
    ]);
    const change = {
      marketplaceOrderId: 'A',
      fields: [{ code: 'wms', value: 'SO-1' }],
      lines: [{ orderLineId: 'A-1', fields: [{ code: 'gift', value: null }] }],
    };
    expect(await setAdditionalFields(client, change)).toEqual({
      errors,
      fields: [{ code: 'wms', type: 'STRING', value: 'SO-1' }],
    });
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      order_additional_fields: [{ code: 'wms', value: 'SO-1' }],
      order_lines: [
        { order_line_id: 'A-1', order_line_additional_fields: [{ code: 'gift', value: null }] },
      ],
    });
  });

  it('no errors in the answer means all were taken', async () => {
    const { client } = testWire([{ body: { order_update_errors: null } }]);
    const change = { marketplaceOrderId: 'A', fields: [] };
    expect(await setAdditionalFields(client, change)).toEqual({ errors: [], fields: [] });
  });
});
