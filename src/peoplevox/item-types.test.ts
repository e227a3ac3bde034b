import { describe, expect, it } from 'vitest';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';
import { type ItemTypePage, readAllItemTypes, readItemTypes } from './item-types.ts';
import { Unsearchable } from './search.ts';

function itemWire(details: string[], totalCount: number, settings = {}) {
  let page = 0;
  return fakeWire(
    (operation) =>
      operation === 'GetData'
        ? replyXml(operation, { totalCount, detail: details[page++] ?? '' })
        : null,
    settings,
  );
}

describe('readItemTypes', () => {
  it('reads by code, text as sent, and marks retired items', async () => {
    const detail =
      'ItemCode,Name,Barcode,RetailPrice,RetailPrice\n007,"Cup, red",0123456789012345678,1.00,2.00\n X~D~1 ,Old,,,\n';
    const wire = itemWire([detail], 2);
    const { items, isComplete } = await readItemTypes(wire.client, ['007', ' X~D~1 ']);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      'ItemCode.Equals("007") OR ItemCode.Equals(" X~D~1 ")',
    );
    expect(isComplete).toBe(true);
    expect(items).toMatchObject([
      { itemCode: '007', name: 'Cup, red', barcode: '0123456789012345678', isRetired: false },
      { itemCode: ' X~D~1 ', name: 'Old', barcode: '', isRetired: true },
    ]);
  });

  it('says which codes it cannot search, and takes no more than 100', async () => {
    const { client } = itemWire([], 0);
    await expect(readItemTypes(client, ['12" plate'])).rejects.toThrow(Unsearchable);
    await expect(readItemTypes(client, new Array(101).fill('A'))).rejects.toThrow(RangeError);
  });
});

describe('readAllItemTypes', () => {
  it('streams pages, names unreadable rows and says when it is complete', async () => {
    const wire = itemWire(['ItemCode,Name\nA,a\nB,b\n', 'ItemCode,Name\nC,c\n'], 3, {
      pageSize: 2,
    });
    const pages: ItemTypePage[] = [];
    for await (const page of readAllItemTypes(wire.client)) pages.push(page);
    expect(pages.map((page) => page.items.map((item) => item.itemCode))).toEqual([
      ['A', 'B'],
      ['C'],
    ]);
    expect(pages.map((page) => page.isComplete)).toEqual([false, true]);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe('');

    const ragged = itemWire(['ItemCode,Name\nA,a\nB\n'], 2);
    for await (const page of readAllItemTypes(ragged.client)) {
      expect(page.unreadable).toEqual([{ line: 3, expected: 2, found: 1, firstValue: 'B' }]);
      expect(page.isComplete).toBe(false);
    }
  });
});
