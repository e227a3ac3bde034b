import { describe, expect, it } from 'vitest';
import { readCsv } from './csv.ts';
import {
  checkTemplate,
  fieldsOfRow,
  missingColumns,
  readReportColumns,
  templateOf,
  tooLongFields,
} from './templates.ts';

const renamed = {
  'Sales order items': { name: 'SO items', columns: { ItemCode: 'SKU' } },
} as const;

describe('templateOf', () => {
  it('is as shipped when the tenant changed nothing', () => {
    const template = templateOf({}, 'Sales orders');
    expect([template.name, template.columnOf('Status')]).toEqual(['Sales orders', 'Status']);
  });

  it('uses the names the tenant gave, both ways', () => {
    const template = templateOf(renamed, 'Sales order items');
    expect(template.name).toBe('SO items');
    expect(template.columnOf('ItemCode')).toBe('SKU');
    expect(template.fieldOf('sku')).toBe('ItemCode');
    expect(template.fieldOf('Own column')).toBe('Own column');
  });
});

describe('checkTemplate', () => {
  it.each([
    ['all there', ['salesordernumber ', 'SKU', 'QuantityOrdered'], []],
    [
      'the tenant renamed a column once more',
      ['SalesOrderNumber', 'ItemCode', 'QuantityOrdered'],
      ['SKU'],
    ],
    ['nothing configured', [], ['SalesOrderNumber', 'SKU', 'QuantityOrdered']],
  ])('%s', (_, header, missing) => {
    const template = templateOf(renamed, 'Sales order items');
    const needed = ['SalesOrderNumber', 'ItemCode', 'QuantityOrdered'] as const;
    expect(checkTemplate(template, header, needed)).toEqual(missing);
  });

  it('compares report columns the same way', () => {
    expect(missingColumns(['Item Code'], ['Item code', 'Available'])).toEqual(['Available']);
  });
});

describe('tooLongFields', () => {
  it('names each field beyond its limit, and only those', () => {
    const row = {
      SalesOrderNumber: 'x'.repeat(31),
      ContactName: 'y'.repeat(100),
      TotalSale: '1.00',
    };
    expect(tooLongFields('Sales orders', row)).toEqual([
      { field: 'SalesOrderNumber', length: 31, max: 30 },
    ]);
  });
});

describe('readReportColumns', () => {
  const expected = ['Item code', 'No. of items', 'Available'];
  it.each([
    ['a comma list', 'Item code,No. of items, Available'],
    ['a bracketed comma list', '[Item code],[No. of items],[Available]'],
    ['a quoted comma list', '"Item code","No. of items","Available"'],
    ['lines', 'Item code\r\nNo. of items\r\nAvailable\r\n'],
    ['bracketed lines with commas', '[Item code],\n[No. of items],\n[Available]'],
  ])('reads %s', (_, detail) => {
    expect(readReportColumns(detail)).toEqual(expected);
  });

  it('keeps a comma inside brackets', () => {
    expect(readReportColumns('[Weight, kg],[Name]')).toEqual(['Weight, kg', 'Name']);
  });

  it('gives no columns for an empty text', () => {
    expect(readReportColumns(' \n')).toEqual([]);
  });
});

describe('fieldsOfRow', () => {
  it('gives values by our names and leaves a column that stands twice out', () => {
    const { header, rows } = readCsv('SKU,Line,line,Own\nA,1,2,x\n');
    const read = fieldsOfRow(templateOf(renamed, 'Sales order items'), header);
    expect(rows.map(read)).toEqual([{ ItemCode: 'A', Own: 'x' }]);
  });
});
