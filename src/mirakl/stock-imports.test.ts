import { describe, expect, it } from 'vitest';
import type { MiraklClient } from './client.ts';
import { isNotOffered } from './error-from.ts';
import {
  readQuantityImport,
  readQuantityImportErrors,
  startQuantityImport,
} from './offer-imports.ts';
import {
  readStockImport,
  readStockImportErrors,
  type StockLine,
  startStockImport,
} from './stock-imports.ts';
import { failureOf, testWire } from './test-wire.ts';

const lines: StockLine[] = [
  { shopSku: 'MUG-RED', quantity: 7 },
  { shopSku: 'A;"B"\nC', quantity: 0 },
];
const started = { status: 201, body: { import_id: '0f8c-1' } };
const report = 'error-line;error-message;offer-sku\n3;Offer not found;MUG-RED\n';

type Way = {
  operations: [start: string, read: string, errors: string];
  paths: [start: string, read: string, errors: string];
  start: (client: MiraklClient, lines: readonly StockLine[]) => Promise<string>;
  read: typeof readStockImport;
  readErrors: typeof readStockImportErrors;
};

const ways: (Way & { name: string })[] = [
  {
    name: 'the stock import',
    operations: ['STO01', 'STO02', 'STO03'],
    paths: [
      '/api/offers/stock/imports',
      '/api/offers/stock/imports/a%2F1/status',
      '/api/offers/stock/imports/a%2F1/error_report',
    ],
    start: startStockImport,
    read: readStockImport,
    readErrors: readStockImportErrors,
  },
  {
    name: 'the offer import',
    operations: ['OF01', 'OF02', 'OF03'],
    paths: [
      '/api/offers/imports',
      '/api/offers/imports/a%2F1',
      '/api/offers/imports/a%2F1/error_report',
    ],
    start: startQuantityImport,
    read: readQuantityImport,
    readErrors: readQuantityImportErrors,
  },
];

describe.each(ways)('$name', (way) => {
  it('asks the pace for its own operations and calls their addresses', async () => {
    const { client, sent, paced, notes } = testWire([
      started,
      { body: { status: 'WAITING' } },
      { body: report },
    ]);
    await way.start(client, lines);
    await way.read(client, 'a/1');
    await way.readErrors(client, 'a/1');
    expect(paced.filter((entry) => entry.startsWith('take'))).toEqual(
      way.operations.map((operation) => `take ${operation}`),
    );
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual(way.paths);
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
    expect(notes.map(({ rows }) => rows)).toEqual([2, undefined, 1]);
    expect(notes[0]!.requestBytes).toBe((sent[0]!.body as Uint8Array).byteLength);
  });

  it.each([
    ['text', '0f8c-1', '0f8c-1'],
    ['a number', 2035, '2035'],
  ])('an id may come as %s', async (_rule, import_id, id) => {
    const { client } = testWire([{ status: 201, body: { import_id } }]);
    expect(await way.start(client, lines)).toBe(id);
  });

  const refused: [rule: string, lines: StockLine[]][] = [
    ['no lines', []],
    ['less than none', [{ shopSku: 'A', quantity: -1 }]],
    ['a part of a unit', [{ shopSku: 'A', quantity: 1.5 }]],
    ['no number', [{ shopSku: 'A', quantity: Number.NaN }]],
    ['an empty SKU', [{ shopSku: ' ', quantity: 1 }]],
    ['the same SKU twice', [lines[0]!, { shopSku: 'MUG-RED', quantity: 8 }]],
  ];
  it.each(refused)('%s is not sent', async (_rule, bad) => {
    const { client, sent } = testWire([started]);
    expect(await failureOf(way.start(client, bad))).toBeInstanceOf(RangeError);
    expect(sent).toEqual([]);
  });

  const words: [word: string, state: string][] = [
    ['WAITING', 'waiting'],
    ['WAITING_SYNCHRONIZATION_PRODUCT', 'waiting'],
    ['QUEUED', 'waiting'],
    ['RUNNING', 'running'],
    ['COMPLETE', 'complete'],
    ['COMPLETED', 'complete'],
    ['FAILED', 'failed'],
    ['PAUSED', 'other'],
    ['constructor', 'other'],
  ];
  it.each(words)('%s means %s', async (status, state) => {
    const { client } = testWire([{ body: { status } }]);
    expect(await way.read(client, '1')).toEqual({
      state,
      word: status,
      hasErrorReport: false,
      linesInError: null,
      linesInSuccess: null,
      createdAt: null,
    });
  });

  it('tells how many lines were taken', async () => {
    const body = {
      status: 'COMPLETE',
      has_error_report: true,
      lines_in_error: 1,
      lines_in_success: 41,
      date_created: '2026-03-02T09:58:00Z',
    };
    const { client } = testWire([{ body }]);
    expect(await way.read(client, '1')).toMatchObject({
      hasErrorReport: true,
      linesInError: 1,
      linesInSuccess: 41,
      createdAt: new Date('2026-03-02T09:58:00Z'),
    });
  });

  it('asks for the report as a file and reads it, byte order mark or not', async () => {
    const { client, sent } = testWire([{ body: `\uFEFF${report}` }]);
    expect(await way.readErrors(client, '1')).toEqual([
      { lineNumber: 3, shopSku: 'MUG-RED', reason: 'Offer not found' },
    ]);
    expect(sent[0]!.headers['accept']).toMatch(/^text\/csv, application\/octet-stream/);
  });

  it.each([
    ['a web page', '<html><title>Maintenance</title></html>', 'VendorDown'],
    ['nothing', '', 'VendorDown'],
    ['JSON', { message: 'none' }, 'BadAnswer'],
    ['half a file', 'error-line;error-message;sku\n3;"Off', 'BadAnswer'],
  ])('%s in place of a report is an error worth another try', async (_rule, body, name) => {
    const { client, notes } = testWire([{ body }]);
    const error = await failureOf(way.readErrors(client, '1'));
    expect(error).toMatchObject({ name, isRetried: true, status: 200 });
    expect(notes).toHaveLength(1);
    expect(notes[0]!.outcome).toBe(name);
  });

  it.each([403, 404, 405, 410])('status %i says that it is not offered', async (status) => {
    const { client } = testWire([{ status, body: { message: 'no' } }]);
    const error = await failureOf(way.start(client, lines));
    expect(isNotOffered(error)).toBe(true);
    expect(error).toMatchObject({ effect: 'none' });
  });
});

describe('what is in the file', () => {
  const fileOf = async (request: {
    body?: string | Uint8Array;
    headers: Record<string, string>;
  }) => {
    const type = request.headers['content-type']!;
    const body = request.body as Uint8Array<ArrayBuffer>;
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    const file = form.get('file') as File;
    const others = [...form].filter(([name]) => name !== 'file');
    return { name: file.name, type: file.type, text: await file.text(), others };
  };

  const rows: [rule: string, start: Way['start'], text: string, others: string[][]][] = [
    [
      'stock for all warehouses together',
      startStockImport,
      'offer-sku;quantity;warehouse-code;update-delete\nMUG-RED;7;;update\n' +
        '"A;""B""\nC";0;;update\n',
      [],
    ],
    [
      'stock of one warehouse',
      (client, all) => startStockImport(client, all, { warehouseCode: 'NORTH' }),
      'offer-sku;quantity;warehouse-code;update-delete\nMUG-RED;7;NORTH;update\n' +
        '"A;""B""\nC";0;NORTH;update\n',
      [],
    ],
    [
      'quantities of offers, nothing else touched and nothing deleted',
      startQuantityImport,
      'sku;quantity;update-delete\nMUG-RED;7;update\n"A;""B""\nC";0;update\n',
      [['import_mode', 'NORMAL']],
    ],
  ];
  it.each(rows)('%s', async (_rule, start, text, others) => {
    const { client, sent } = testWire([started], { shopId: '9' });
    await start(client, lines);
    const file = { name: 'stock.csv', type: 'text/csv', text, others };
    expect(await fileOf(sent[0]!)).toEqual(file);
    expect(new URL(sent[0]!.url).search).toBe('?shop_id=9');
  });
});
