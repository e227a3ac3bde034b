import { describe, expect, it } from 'vitest';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';
import {
  cancelSalesOrders,
  readSalesOrderItems,
  readSalesOrders,
  saveSalesOrderItems,
  saveSalesOrders,
} from './sales-orders.ts';
import { groupByFields } from './save-rows.ts';
import { Unsearchable } from './search.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `JL-${index}`);

/** A wire whose GetData answers these pages in turn. */
function tableWire(pages: { totalCount: number; detail: string }[], settings = {}) {
  let pageNo = 0;
  return fakeWire(
    (operation) =>
      operation === 'GetData' ? replyXml(operation, pages[pageNo++] ?? { totalCount: 0 }) : null,
    settings,
  );
}

const savingWire = (statuses: readonly (readonly [string, string])[], detail = '') =>
  fakeWire(
    (operation) =>
      operation === 'SaveData'
        ? replyXml(operation, { statuses, detail, more: '<ImportingQueueId>12</ImportingQueueId>' })
        : null,
    { templates: { 'Sales order items': { name: 'SO items', columns: { ItemCode: 'SKU' } } } },
  );

describe('saveSalesOrders', () => {
  it('writes the fields given, in one call, and says of each row what became of it', async () => {
    const wire = savingWire(
      [
        ['JL-2', 'Error'],
        ['JL-1', 'Success'],
      ],
      'Item unknown',
    );
    const result = await saveSalesOrders(
      wire.client,
      [
        { SalesOrderNumber: 'JL-1', ContactName: 'Ann Example', TotalSale: '10.00' },
        { SalesOrderNumber: 'JL-2', ContactName: 'Bo, Example\n', TotalSale: '7.50' },
      ],
      1,
    );
    expect(elementOf(wire.requests[1]!, 'TemplateName')).toBe('Sales orders');
    expect(elementOf(wire.requests[1]!, 'Action')).toBe('1');
    expect(elementOf(wire.requests[1]!, 'CsvData')).toBe(
      'SalesOrderNumber,ContactName,TotalSale\n' +
        '"JL-1","Ann Example","10.00"\n"JL-2","Bo, Example","7.50"\n',
    );
    expect(result).toEqual({
      rows: [
        { reference: 'JL-1', outcome: 'success', position: 0 },
        { reference: 'JL-2', outcome: 'error', position: 1 },
      ],
      detail: 'Item unknown',
      importingQueueId: 12,
    });
  });

  it('refuses rows with different fields, which would blank each other', async () => {
    const { client, requests } = savingWire([]);
    const rows = [
      { SalesOrderNumber: 'JL-1' },
      { SalesOrderNumber: 'JL-2', Email: 'a@example.test' },
    ];
    await expect((async () => saveSalesOrders(client, rows))()).rejects.toThrow(RangeError);
    expect(requests).toHaveLength(0);
  });

  it('cancels by a status alone', async () => {
    const wire = savingWire([['JL-1', 'Success']]);
    await cancelSalesOrders(wire.client, ['JL-1']);
    expect(elementOf(wire.requests[1]!, 'CsvData')).toBe(
      'SalesOrderNumber,Status\n"JL-1","Cancelled"\n',
    );
  });
});

describe('groupByFields', () => {
  it('puts rows with the same fields together, an undefined one counting as absent', () => {
    const rows = [{ a: 1 }, { b: 1, a: 1 }, { a: 2, b: undefined }, { a: 1, b: 2 }];
    expect(groupByFields(rows)).toEqual([
      [rows[0], rows[2]],
      [rows[1], rows[3]],
    ]);
  });
});

describe('saveSalesOrderItems', () => {
  const rows = [
    { SalesOrderNumber: 'JL-1', ItemCode: 'A', QuantityOrdered: 1, Line: '1' },
    { SalesOrderNumber: 'JL-1', ItemCode: 'A', QuantityOrdered: 2, Line: '2' },
    { SalesOrderNumber: 'JL-1', ItemCode: 'B', QuantityOrdered: 3, Line: '3' },
  ];

  it('uses the names the tenant gave', async () => {
    const wire = savingWire([]);
    await saveSalesOrderItems(wire.client, rows);
    expect(elementOf(wire.requests[1]!, 'TemplateName')).toBe('SO items');
    expect(elementOf(wire.requests[1]!, 'CsvData')).toBe(
      'SalesOrderNumber,SKU,QuantityOrdered,Line\n' +
        '"JL-1","A","1","1"\n"JL-1","A","2","2"\n"JL-1","B","3","3"\n',
    );
  });

  it.each([
    ['the order number', ['JL-1', 'JL-1', 'JL-1'], ['success', 'error', 'success']],
    ['the item code', ['A', 'A', 'B'], ['success', 'error', 'success']],
    [
      'a compound in another order',
      ['JL-1-B-3', 'JL-1-A-2', 'JL-1-A-1'],
      ['success', 'error', 'success'],
    ],
  ])('maps results when Reference is %s', async (_, references, expected) => {
    const words = ['Success', 'Error', 'Success'];
    const wire = savingWire(references.map((reference, index) => [reference, words[index]!]));
    const result = await saveSalesOrderItems(wire.client, rows);
    expect(result.rows.map((row) => row.outcome)).toEqual(expected);
    expect(result.rows[1]!.reference).toBe('JL-1/A/2');
  });
});

describe('readSalesOrders', () => {
  it('searches by number and reads by name, numbers and unknown columns included', async () => {
    const detail =
      'Own column,salesordernumber,Status,CreatedDate\nx,0012,4,2026-02-03 00:00:00\ny,JL-2,Picking,\n';
    const wire = tableWire([{ totalCount: 2, detail }], { statusNumbers: { '4': 'Despatched' } });
    const { rows, isComplete } = await readSalesOrders(wire.client, ['0012', 'JL-2']);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      'SalesOrderNumber.Equals("0012") OR SalesOrderNumber.Equals("JL-2")',
    );
    expect(isComplete).toBe(true);
    expect(rows.map((row) => [row.salesOrderNumber, row.status])).toEqual([
      ['0012', { word: 'despatched', text: '4' }],
      ['JL-2', { word: 'other', text: 'Picking' }],
    ]);
    expect(rows[0]!.fields).toEqual({
      'Own column': 'x',
      SalesOrderNumber: '0012',
      Status: '4',
      CreatedDate: '2026-02-03 00:00:00',
    });
  });

  it('reads on until all pages are there, and a row met twice counts once', async () => {
    const wire = tableWire(
      [
        { totalCount: 3, detail: 'SalesOrderNumber\nJL-0\nJL-1\n' },
        { totalCount: 3, detail: 'SalesOrderNumber\nJL-1\nJL-2\n' },
      ],
      { pageSize: 2 },
    );
    const { rows, isComplete } = await readSalesOrders(wire.client, numbers(3));
    expect(rows.map((row) => row.salesOrderNumber)).toEqual(['JL-0', 'JL-1', 'JL-2']);
    expect([isComplete, rows[0]!.status]).toEqual([true, null]);
    expect(wire.requests.slice(1).map((sent) => elementOf(sent, 'PageNo'))).toEqual(['1', '2']);
  });

  it('asks nobody for no numbers', async () => {
    const wire = tableWire([]);
    expect(await readSalesOrders(wire.client, [])).toEqual({ rows: [], isComplete: true });
    expect(wire.requests).toHaveLength(0);
  });

  it.each([
    ['a missing key column', 'Number,Status\nJL-1,New\n', /column SalesOrderNumber is missing/],
    [
      'a key column that stands twice',
      'SalesOrderNumber,SalesOrderNumber\nJL-1,JL-2\n',
      /more than once/,
    ],
    ['a ragged row', 'SalesOrderNumber,Status\nJL-1\n', /line 2 \(JL-1\) has 1 values for 2/],
  ])('calls %s a bad answer', async (_, detail, message) => {
    const wire = tableWire([{ totalCount: 1, detail }]);
    const reading = readSalesOrders(wire.client, ['JL-1']);
    await expect(reading).rejects.toMatchObject({
      name: 'BadAnswer',
      operation: 'GetData Sales orders',
      message: expect.stringMatching(message),
    });
  });

  it('tells the caller to cut longer lists, and which number cannot be searched', async () => {
    const { client } = tableWire([]);
    await expect(readSalesOrders(client, numbers(101))).rejects.toThrow(RangeError);
    await expect(readSalesOrders(client, ['12"'])).rejects.toThrow(Unsearchable);
  });
});

describe('readSalesOrderItems', () => {
  it('gives lines with units, an unreadable quantity as null', async () => {
    const detail =
      'SalesOrderNumber,SKU,QuantityOrdered,Line\nJL-1,007,2.00,1\nJL-1,007,1,2\nJL-1,B,two,3\n';
    const wire = tableWire([{ totalCount: 3, detail }], {
      templates: { 'Sales order items': { columns: { ItemCode: 'SKU' } } },
    });
    const { rows } = await readSalesOrderItems(wire.client, ['JL-1']);
    expect(rows.map((row) => [row.itemCode, row.quantityOrdered, row.line])).toEqual([
      ['007', 2, '1'],
      ['007', 1, '2'],
      ['B', null, '3'],
    ]);
    expect(rows[2]!.fields['QuantityOrdered']).toBe('two');
  });
});
