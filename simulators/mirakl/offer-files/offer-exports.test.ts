import { describe, expect, it } from 'vitest';
import { type Answered, openTestShop, startMs } from '../test-shop.ts';
import { readCsv } from './csv.ts';

const target = '/api/offers/export/async';
const json = { export_type: 'application/json' };

/** A is active, Z has no stock, D is disabled, X is deleted. */
function exportShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop({
    exportDelayMs: { min: 5_000, max: 5_000 },
    minimumItemsPerChunk: 1,
    ...options,
  });
  for (const shopSku of ['A', 'Z', 'D', 'X']) {
    shop.simulator.setOffer({ shopSku, quantity: shopSku === 'Z' ? 0 : 5, price: '9.90' });
  }
  shop.wait(60_000);
  shop.simulator.backOfficeDeactivates('D');
  shop.simulator.backOfficeDeletesOffer('X');
  const start = (body: object) => shop.post(target, body);
  const status = (answer: Answered) => shop.get(`${target}/status/${answer.json['tracking_id']}`);
  const pathsOf = (answer: Answered) =>
    (status(answer).json['urls'] as string[]).map((url) =>
      url.replace('http://shop.example.test', ''),
    );
  const filesOf = (body: object) => {
    const answer = start(body);
    shop.wait(5_000);
    return pathsOf(answer).map((path) => String(shop.get(path).body));
  };
  const rowsOf = (body: object) =>
    filesOf({ ...json, ...body }).flatMap((text) => JSON.parse(text) as Record<string, unknown>[]);
  return { shop, start, status, pathsOf, filesOf, rowsOf };
}

describe('OF52, OF53 and OF54', () => {
  it('are PENDING, then COMPLETED with addresses of this marketplace', () => {
    const { shop, start, status } = exportShop();
    const answer = start(json);
    expect(status(answer).json).toMatchObject({ status: 'PENDING' });
    shop.wait(5_000);
    const { urls, ...rest } = status(answer).json;
    expect(rest).toMatchObject({ status: 'COMPLETED' });
    expect(urls).toEqual([
      expect.stringMatching(
        /^http:\/\/shop\.example\.test\/api\/offers\/export\/async\/file\/[0-9a-f-]{36}\?file=of52-export%offers\/0\.json$/,
      ),
    ]);
  });

  it.each([
    ['only active offers in full', {}, ['A']],
    ['all that are listed, when asked', { include_inactive_offers: true }, ['A', 'Z', 'D']],
    [
      'all that changed since a date, inactive and deleted ones too',
      { last_request_date: new Date(startMs + 30_000).toISOString() },
      ['D', 'X'],
    ],
    ['none of a channel the offers are not on', { channel_codes: ['UK'] }, []],
  ])('hold %s', (_rule, body, skus) => {
    const { rowsOf } = exportShop();
    expect(rowsOf(body).map((row) => row['shop_sku'])).toEqual(skus);
  });

  it('flag what is inactive or deleted', () => {
    const { rowsOf } = exportShop();
    const rows = rowsOf({ last_request_date: new Date(startMs).toISOString() });
    expect(rows.map((row) => [row['shop_sku'], row['active'], row['deleted']])).toEqual([
      ['A', true, false],
      ['Z', false, false],
      ['D', false, false],
      ['X', false, true],
    ]);
  });

  it.each([
    ['a sale', (shop: ReturnType<typeof openTestShop>) => void shop.anOrder(['A'])],
    [
      'a figure typed over ours',
      (shop: ReturnType<typeof openTestShop>) => shop.simulator.backOfficeSetsQuantity('A', 2),
    ],
  ])('count %s as a change', (_rule, happens) => {
    const { shop, rowsOf } = exportShop();
    shop.wait(60_000);
    const since = new Date(shop.nowMs()).toISOString();
    expect(rowsOf({ last_request_date: since })).toEqual([]);
    happens(shop);
    expect(rowsOf({ last_request_date: since }).map((row) => row['shop_sku'])).toEqual(['A']);
  });

  it('show the offers as they were when asked for', () => {
    const { shop, start, pathsOf } = exportShop();
    const answer = start(json);
    shop.simulator.backOfficeSetsQuantity('A', 1);
    shop.wait(5_000);
    expect(String(shop.get(pathsOf(answer)[0] as string).body)).toContain('"quantity":5');
  });

  it('are CSV unless JSON is asked for, with kebab-case names', () => {
    const { filesOf } = exportShop();
    const [header, row] = readCsv(filesOf({})[0] as string, ';').records.map((one) => one.cells);
    const cells = Object.fromEntries((header ?? []).map((name, at) => [name, row?.[at]]));
    expect(cells).toMatchObject({
      'shop-sku': 'A',
      quantity: '5',
      active: 'true',
      deleted: 'false',
      price: '9.90',
      'state-code': '11',
    });
  });

  it('have the fields asked for, and CSV under other names', () => {
    const { filesOf, rowsOf } = exportShop();
    expect(rowsOf({ include_fields: ['shop_sku', 'quantity'] })).toEqual([
      { shop_sku: 'A', quantity: 5 },
    ]);
    const renamed = { include_fields: ['shop-sku', 'eco'], rename_fields: { 'shop-sku': 'sku' } };
    expect(filesOf(renamed)).toEqual(['sku;eco\nA;\n']);
  });

  it('come in chunks, and as one empty file when there is nothing', () => {
    const { filesOf } = exportShop();
    const body = { ...json, include_inactive_offers: true, items_per_chunk: 2 };
    expect(filesOf(body).map((text) => (JSON.parse(text) as unknown[]).length)).toEqual([2, 1]);
    expect(filesOf({ ...json, channel_codes: ['UK'] })).toEqual(['[]']);
  });

  it('take their addresses back after a short life, and give them to nobody else', () => {
    const { shop, start, pathsOf } = exportShop({
      exportUrlMs: 60_000,
      shops: [{ shopId: 2000 }, { shopId: 3, apiKey: 'other' }],
    });
    const answer = start(json);
    shop.wait(5_000);
    const path = pathsOf(answer)[0] as string;
    const other = { authorization: 'other' };
    expect(shop.call('GET', path, undefined, other).status).toBe(404);
    expect(shop.get(path).status).toBe(200);
    shop.wait(60_001);
    expect(shop.get(path).status).toBe(410);
  });

  it('may fail, and say so', () => {
    const { shop, start, status } = exportShop();
    shop.simulator.faults.next('offerExportFails');
    const answer = start(json);
    shop.wait(5_000);
    expect(status(answer).json).toMatchObject({
      status: 'FAILED',
      error: { code: '1', detail: 'Internal error' },
    });
    expect(status(answer).json['urls']).toBeUndefined();
  });

  it.each([
    ['new', false],
    ['existing', true],
  ] as const)('for the same request soon after: %s', (duplicateRequests, isSame) => {
    const { shop, start } = exportShop({ duplicateRequests });
    const ids = [json, json].map((body) => start(body).json['tracking_id']);
    expect(ids[0] === ids[1]).toBe(isSame);
    shop.wait(61_000);
    expect(start(json).json['tracking_id']).not.toBe(ids[1]);
  });

  it.each([
    ['a date together with inactive offers', { include_inactive_offers: true }],
    ['a date together with no inactive offers', { include_inactive_offers: false }],
    ['a date that is none', { last_request_date: 'yesterday' }],
    ['an unknown type', { export_type: 'text/xml' }],
    ['a CSV name in JSON', { ...json, include_fields: ['shop-sku'] }],
    ['a JSON name in CSV', { include_fields: ['shop_sku'] }],
    ['other names in JSON', { ...json, rename_fields: { a: 'b' } }],
    ['other names that are no texts', { rename_fields: { a: 1 } }],
    ['a chunk too small', { items_per_chunk: 0 }],
    ['a chunk too big', { megabytes_per_chunk: 1001 }],
    ['a field it does not know', { updated_since: 'x' }],
  ])('refuse %s', (_rule, wrong) => {
    const { shop, start } = exportShop();
    expect(start({ last_request_date: '2026-01-01T00:00:00Z', ...wrong }).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toMatchObject([{ operation: 'OF52' }]);
  });

  it.each([[404], [403]] as const)('answer %d where the operator has none', (offerExports) => {
    const { start, status } = exportShop({ offerExports });
    const answer = start(json);
    expect([answer.status, status(answer).status]).toEqual([offerExports, offerExports]);
  });

  it('know no export they did not start', () => {
    const { shop } = exportShop();
    expect(shop.get(`${target}/status/none`).status).toBe(404);
    expect(shop.get(`${target}/file/none?file=x`).status).toBe(404);
  });
});
