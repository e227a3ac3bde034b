import { describe, expect, it } from 'vitest';
import { type Callback, callbackParams, callbackQuery, readCallback } from './callbacks.ts';

const get = (kind: Callback['kind'], rawQuery: string) =>
  readCallback({ kind, method: 'GET', rawQuery, body: '' });

describe('callbackQuery', () => {
  it.each([
    ['availability', 'sku={ItemCode}&qty={Available}'],
    [
      'orderStatus',
      'order={SalesOrderNumber}&status={SalesOrderStatu.Name}&at={LastModificationTime}',
    ],
    ['returns', ''],
    ['other', ''],
  ] as const)('%s', (kind, query) => {
    expect(callbackQuery(kind)).toBe(query);
  });

  it.each(Object.keys(callbackParams) as Callback['kind'][])(
    'of %s, sent back unfilled, has no values',
    (kind) => {
      const placeholders = callbackParams[kind].map(([, placeholder]) => placeholder);
      const reading = get(kind, callbackQuery(kind));
      expect(reading).toEqual({ values: {}, unresolved: placeholders, alternatives: {} });
    },
  );
});

describe('readCallback', () => {
  it.each<[rule: string, kind: Callback['kind'], query: string, values: Record<string, string>]>([
    ['plain values', 'availability', 'sku=RED-8&qty=4', { sku: 'RED-8', qty: '4' }],
    ['the question mark', 'availability', '?sku=RED-8&qty=4', { sku: 'RED-8', qty: '4' }],
    [
      'an item code that was not encoded',
      'availability',
      'sku=TEE/4 & CO&qty=4',
      { sku: 'TEE/4 & CO', qty: '4' },
    ],
    [
      'one that an HTTP client encoded in part',
      'availability',
      'sku=TEE/4%20&%20CO&qty=4',
      { sku: 'TEE/4 & CO', qty: '4' },
    ],
    [
      'an encoded one',
      'availability',
      'sku=TEE%2F4%20%26%20CO&qty=4',
      { sku: 'TEE/4 & CO', qty: '4' },
    ],
    [
      'the last of two marks parts',
      'availability',
      'sku=A&qty=5&qty=4',
      { sku: 'A&qty=5', qty: '4' },
    ],
    ['an equals sign in a value', 'availability', 'sku=A=B&qty=-3', { sku: 'A=B', qty: '-3' }],
    [
      'a name inside a later value',
      'incremental',
      'sku=A&change=1&reason=x&qty=2&at=',
      { sku: 'A', change: '1', reason: 'x&qty=2', at: '' },
    ],
    ['another order', 'availability', 'qty=4&sku=A & B', { sku: 'A & B', qty: '4' }],
    ['a missing parameter', 'availability', 'qty=4', { qty: '4' }],
    [
      'a parameter of the address before ours',
      'availability',
      'v=1&sku=A&qty=4',
      { sku: 'A', qty: '4' },
    ],
    ['UTF-8', 'availability', 'sku=CAF%C3%89&qty=4', { sku: 'CAFÉ', qty: '4' }],
    [
      'an escape that is no UTF-8 stays',
      'availability',
      'sku=CAF%C9&qty=4',
      { sku: 'CAF%C9', qty: '4' },
    ],
    ['a percent sign alone stays', 'availability', 'sku=50%OFF&qty=4', { sku: '50%OFF', qty: '4' }],
    [
      'a control character stays hidden',
      'availability',
      'sku=A%00%0A&qty=4',
      { sku: 'A%00%0A', qty: '4' },
    ],
    ['plus stays', 'availability', 'sku=A+B&qty=4', { sku: 'A+B', qty: '4' }],
    [
      'every mark parts where no name is ours',
      'other',
      'a=1&b=2=3&c&%64=%41&__proto__=x',
      { a: '1', b: '2=3', d: 'A', ['__proto__']: 'x' },
    ],
    ['nothing', 'availability', '', {}],
  ])('%s', (_, kind, query, values) => {
    const reading = get(kind, query);
    expect(Object.entries(reading.values).toSorted()).toEqual(Object.entries(values).toSorted());
    expect(reading.unresolved).toEqual([]);
  });

  it('takes the form of a POST before the query', () => {
    const reading = readCallback({
      kind: 'orderStatus',
      method: 'post',
      rawQuery: 'order=JL-9&status=New',
      body: 'order=JL-000123-A&at=02/02/2026 14:03:11\r\n',
    });
    expect(reading.values).toEqual({
      order: 'JL-000123-A',
      at: '02/02/2026 14:03:11',
      status: 'New',
    });
  });

  it.each([
    ['sku={ItemCode}&qty=4', ['{ItemCode}'], { qty: '4' }],
    ['sku=%7BItemCode%7D&qty=4', ['{ItemCode}'], { qty: '4' }],
    ['sku=A{B}&qty=4', [], { sku: 'A{B}', qty: '4' }],
  ])('drops a literal placeholder: %s', (query, unresolved, values) => {
    expect(get('availability', query)).toMatchObject({ unresolved, values });
  });

  it.each([
    ['a plus may be a blank', 'availability', 'sku=A+B&qty=4', { sku: ['A B'] }],
    ['an encoded plus is none', 'availability', 'sku=A%2BB&qty=4', { sku: ['A%2BB'] }],
    ['an escape may be the text itself', 'availability', 'sku=X%41&qty=4', { sku: ['X%41'] }],
    [
      'a collection may give several values',
      'tracking',
      'order=JL-1, JL-2&despatch=DES1,2&tracking=&carrier=&service=',
      { order: ['JL-1', 'JL-2'] },
    ],
    ['a plain value has none', 'availability', 'sku=A,B&qty=4', {}],
  ] as const)('gives other readings: %s', (_, kind, query, alternatives) => {
    expect(get(kind, query).alternatives).toEqual(alternatives);
  });
});
