import { describe, expect, it } from 'vitest';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';
import { type InventoryBatch, readInventory, streamInventory } from './inventory.ts';
import { Unsearchable } from './search.ts';

const header = 'Item code,Name,Site reference,On hand,Allocated,Available\n';

function stockWire(details: string[], totalCount: number, settings = {}, pieceBytes = 65_536) {
  let page = 0;
  return fakeWire((operation) => {
    if (operation !== 'GetReportData') return null;
    return { body: replyXml(operation, { totalCount, detail: details[page++] ?? '' }), pieceBytes };
  }, settings);
}

async function stream(wire: ReturnType<typeof stockWire>, sites: string[] = []) {
  const batches: InventoryBatch[] = [];
  for await (const batch of streamInventory(wire.client, sites)) batches.push(batch);
  return {
    rows: batches.flatMap((batch) => batch.rows),
    unreadable: batches.flatMap((batch) => batch.unreadable),
    complete: batches.map((batch) => batch.isComplete),
  };
}

describe('readInventory', () => {
  it('reads by item code and keeps the wanted sites, never SystemSite', async () => {
    const detail = `${header}007,Cup,PrimarySite,9,2,7\n007,Cup,systemsite,5,0,5\n007,Cup,Outlet,1,3,-2.00\n`;
    const wire = stockWire([detail, detail], 3);
    const all = await readInventory(wire.client, ['007', 'B&Q'], []);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      '([Item code].Equals("007")) OR ([Item code].Equals("B&Q"))',
    );
    expect(elementOf(wire.requests[1]!, 'Columns')).toBe(
      '[Item code],[Site reference],[On hand],[Allocated],[Available]',
    );
    expect(elementOf(wire.requests[1]!, 'OrderBy')).toBe('[Item code] asc');
    expect(all.rows).toEqual([
      { itemCode: '007', site: 'PrimarySite', onHand: 9, allocated: 2, available: 7 },
      { itemCode: '007', site: 'Outlet', onHand: 1, allocated: 3, available: -2 },
    ]);
    expect(all.isComplete).toBe(true);
    const one = await readInventory(wire.client, ['007'], [' primarysite']);
    expect(one.rows.map((row) => row.site)).toEqual(['PrimarySite']);
  });

  it('names a figure that cannot be read, and is then not complete', async () => {
    const wire = stockWire([`${header}A,a,Main,1,0,n/a\nB,b,Main,x,,4\n,c,Main,1,0,1\n`], 3);
    const result = await readInventory(wire.client, ['A', 'B'], []);
    expect(result.rows).toEqual([
      { itemCode: 'B', site: 'Main', onHand: null, allocated: null, available: 4 },
    ]);
    expect(result.unreadable).toEqual([
      { itemCode: 'A', site: 'Main', why: "available is not a whole number: 'n/a'" },
      { itemCode: null, site: 'Main', why: 'a row without an item code' },
    ]);
    expect(result.isComplete).toBe(false);
  });

  it('reads other spellings the tenant names', async () => {
    const report = {
      name: 'Own stock',
      itemCode: ['Item code', 'Item Code'],
      site: ['Site'],
      onHand: [],
      allocated: [],
      available: ['Free'],
    } as const;
    const wire = stockWire(['Item Code,Site,Free\nA,Main,3\n'], 1, { inventoryReport: report });
    const { rows } = await readInventory(wire.client, ['A'], []);
    expect(rows).toEqual([
      { itemCode: 'A', site: 'Main', onHand: null, allocated: null, available: 3 },
    ]);
    expect(elementOf(wire.requests[1]!, 'Columns')).toBe('[Item code],[Site],[Free]');
    expect(wire.notes[1]!.operation).toBe('GetReportData Own stock');
  });

  it('calls a missing column a bad answer, naming it', async () => {
    const wire = stockWire(['Item code,Site reference\nA,Main\n'], 1);
    await expect(readInventory(wire.client, ['A'], [])).rejects.toMatchObject({
      name: 'BadAnswer',
      message: expect.stringContaining('column Available is missing'),
    });
  });

  it('asks nobody for no codes, and refuses what it cannot search', async () => {
    const wire = stockWire([], 0);
    expect(await readInventory(wire.client, [], [])).toMatchObject({ rows: [], isComplete: true });
    await expect(readInventory(wire.client, ['12"'], [])).rejects.toThrow(Unsearchable);
    await expect(readInventory(wire.client, new Array(101).fill('A'), [])).rejects.toThrow(
      RangeError,
    );
  });
});

describe('streamInventory', () => {
  const lines = Array.from({ length: 300 }, (_, index) => `SKU-${index},n,Main,1,0,${index}\n`);

  it('reads everything in one answer and ends with a batch that says so', async () => {
    const wire = stockWire([header + lines.join('')], 300, {}, 500);
    const { rows, complete } = await stream(wire, ['Main']);
    expect(rows).toHaveLength(300);
    expect(rows[299]).toMatchObject({ itemCode: 'SKU-299', available: 299 });
    expect(complete.length).toBeGreaterThan(5);
    expect(complete.filter(Boolean)).toEqual([true]);
    expect(complete.at(-1)).toBe(true);
    expect(elementOf(wire.requests[1]!, 'ItemsPerPage')).toBe('0');
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe('([Site reference].Equals("Main"))');
  });

  it('reads in pages where the tenant wants it', async () => {
    const pages = [0, 1, 2].map(
      (page) => header + lines.slice(page * 100, page * 100 + 100).join(''),
    );
    const wire = stockWire(pages, 300, { reportPageSize: 100 });
    const { rows, complete } = await stream(wire);
    expect(rows).toHaveLength(300);
    expect(complete).toEqual([false, false, true]);
  });

  it('counts one item at two sites on two pages as two rows', async () => {
    const pages = [`${header}A,a,Main,1,0,1\n`, `${header}A,a,Outlet,2,0,2\n`];
    const { rows, complete } = await stream(stockWire(pages, 2, { reportPageSize: 1 }));
    expect(rows.map((row) => row.site)).toEqual(['Main', 'Outlet']);
    expect(complete.at(-1)).toBe(true);
  });

  it.each([
    ['fewer rows came than promised', `${header}A,a,Main,1,0,1\n`, 2],
    ['a row is ragged', `${header}A,a,Main,1,0,1\nB,b\n`, 2],
    ['the table is empty though rows are promised', '', 2],
  ])('is not complete when %s', async (_, detail, totalCount) => {
    expect((await stream(stockWire([detail], totalCount))).complete.at(-1)).toBe(false);
  });

  it('reads all sites where one cannot be put in a search', async () => {
    const wire = stockWire([`${header}A,a,"Main ""1""",1,0,1\nB,b,Other,1,0,1\n`], 2);
    const { rows } = await stream(wire, ['Main "1"']);
    expect(rows.map((row) => row.itemCode)).toEqual(['A']);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe('');
  });
});
