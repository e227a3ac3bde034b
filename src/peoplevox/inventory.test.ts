import { describe, expect, it } from 'vitest';
import { elementOf, fakeWire, refusalXml, replyXml } from './fake-transport.ts';
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

async function stream(wire: ReturnType<typeof fakeWire>, sites: string[] = []) {
  const batches: InventoryBatch[] = [];
  for await (const batch of streamInventory(wire.client, sites)) batches.push(batch);
  return {
    rows: batches.flatMap((batch) => batch.rows),
    unreadable: batches.flatMap((batch) => batch.unreadable),
    complete: batches.map((batch) => batch.isComplete),
    hasAllRows: batches.map((batch) => batch.hasAllRows),
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

  it('names the columns found, and the setting that renames them', async () => {
    const wire = stockWire(['Artikel,Lager,Verfügbar\nA,Main,1\n'], 1);
    await expect(readInventory(wire.client, ['A'], [])).rejects.toMatchObject({
      message: expect.stringMatching(
        /column Item code is missing; found Artikel, Lager, Verfügbar; .*reports\.itemInventory\.columns/,
      ),
    });
  });

  it.each([
    ['7', 7],
    [' 7 ', 7],
    ['-7', -7],
    ['7.00', 7],
    ['-0', 0],
    ['"1,200"', null],
    ['3.5', null],
    ['1200.', null],
    ['+7', null],
    ['1e3', null],
    ['7 EA', null],
    ['', null],
    [' ', null],
    ['٧', null],
  ])('reads the figure <%s> as %s', async (text, units) => {
    const wire = stockWire([`${header}A,a,Main,1,0,${text}\n`], 1);
    const { rows, unreadable, isComplete } = await readInventory(wire.client, ['A'], []);
    expect(rows.map((row) => row.available)).toEqual(units === null ? [] : [units]);
    expect(unreadable.map((row) => row.itemCode)).toEqual(units === null ? ['A'] : []);
    expect(isComplete).toBe(units !== null);
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
    ['TotalCount is negative', '', -1],
  ])('is not complete when %s', async (_, detail, totalCount) => {
    expect((await stream(stockWire([detail], totalCount))).complete.at(-1)).toBe(false);
  });

  it.each<[string, number, string, number]>([
    ['has all rows, not complete, with a ragged one', 0, 'A,a,Main,1,0,1\nB,b\n', 2],
    ['has all rows, not complete, with a bad figure', 0, 'A,a,Main,1,0,x\n', 1],
    ['has all rows, not complete, with a bad figure on a page', 9, 'A,a,Main,1,0,x\n', 1],
  ])('%s', async (_, reportPageSize, rows, totalCount) => {
    const { hasAllRows, complete } = await stream(
      stockWire([header + rows], totalCount, { reportPageSize }),
    );
    expect([hasAllRows.at(-1), hasAllRows.filter(Boolean), complete.at(-1)]).toEqual([
      true,
      [true],
      false,
    ]);
  });

  it('has not all rows when fewer came than promised', async () => {
    const { hasAllRows } = await stream(stockWire([`${header}A,a,Main,1,0,1\n`], 2));
    expect(hasAllRows.filter(Boolean)).toEqual([]);
  });

  it('hands out both rows of an item and site that stand twice in one answer', async () => {
    const wire = stockWire([`${header}A,a,Main,9,0,9\nA,a,Main,1,0,1\n`], 2);
    const { rows, complete } = await stream(wire);
    expect([rows.map((row) => row.available), complete.at(-1)]).toEqual([[9, 1], true]);
  });

  it('gives the earlier reading of a row that moved to the next page', async () => {
    const pages = [
      `${header}A,a,Main,1,0,1\nB,b,Main,2,0,2\n`,
      `${header}B,b,Main,5,0,5\nC,c,Main,3,0,3\n`,
    ];
    const { rows, complete } = await stream(stockWire(pages, 3, { reportPageSize: 2 }));
    expect([rows.map((row) => row.available), complete.at(-1)]).toEqual([[1, 2, 3], true]);
  });

  it('reads all sites where one cannot be put in a search', async () => {
    const wire = stockWire([`${header}A,a,"Main ""1""",1,0,1\nB,b,Other,1,0,1\n`], 2);
    const { rows } = await stream(wire, ['Main "1"']);
    expect(rows.map((row) => row.itemCode)).toEqual(['A']);
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe('');
  });
});

describe('streamInventory where 0 does not give everything', () => {
  const all = Array.from({ length: 25 }, (_, index) => `SKU-${index},n,Main,1,0,${index}\n`);

  /** A tenant that gives at most `cap` rows an answer, and for ItemsPerPage 0 what `whole` says. */
  function cappedWire(cap: number, whole: number | 'refused', pageSize: number, served = all) {
    return fakeWire(
      (operation, request) => {
        if (operation !== 'GetReportData') return null;
        const size = Number(elementOf(request, 'ItemsPerPage'));
        if (size === 0 && whole === 'refused') return refusalXml(operation, 'ItemsPerPage is bad');
        const most = size === 0 ? Number(whole) : Math.min(size, cap);
        const from = (Number(elementOf(request, 'PageNo')) - 1) * most;
        const detail = header + served.slice(from, from + most).join('');
        return replyXml(operation, { totalCount: all.length, detail });
      },
      { pageSize },
    );
  }

  it.each([
    ['cut to the size of a page', cappedWire(10, 10, 10), ['1/0', '2/10', '3/10']],
    ['cut below it', cappedWire(10, 10, 20), ['1/0', '1/20', '2/20', '3/20']],
    ['cut above it, within a page', cappedWire(10, 12, 10), ['1/0', '2/10', '3/10']],
    [
      'cut far above what a page may hold',
      cappedWire(5, 18, 10),
      ['1/0', '2/10', '3/10', '4/10', '5/10'],
    ],
    ['refused', cappedWire(10, 'refused', 10), ['1/0', '1/10', '2/10', '3/10']],
    ['honoured', cappedWire(10, 25, 10), ['1/0']],
  ])('reads every row once when it is %s', async (_, wire, asked) => {
    const { rows, complete } = await stream(wire);
    expect(rows.map((row) => row.available).toSorted((a, b) => a - b)).toEqual([...all.keys()]);
    expect(complete.filter(Boolean)).toEqual([true]);
    expect(complete.at(-1)).toBe(true);
    const pages = wire.requests
      .slice(1)
      .map((sent) => `${elementOf(sent, 'PageNo')}/${elementOf(sent, 'ItemsPerPage')}`);
    expect(pages).toEqual(asked);
  });

  it('ends incomplete when TotalCount promises more than there is', async () => {
    const wire = cappedWire(10, 25, 10, all.slice(0, 23));
    const { rows, complete } = await stream(wire);
    expect([rows.length, complete.at(-1)]).toEqual([23, false]);
  });

  it('ends incomplete, each row once, when every page is the same', async () => {
    const detail = header + all.slice(0, 10).join('');
    const wire = stockWire(new Array(20).fill(detail), 25, { pageSize: 10 });
    const { rows, complete } = await stream(wire);
    expect([rows.length, complete.at(-1), wire.requests.length]).toEqual([10, false, 3]);
  });

  it('tells what the pages are refused for when the report itself is', async () => {
    const wire = fakeWire((operation) =>
      operation === 'GetReportData' ? refusalXml(operation, 'Report unknown') : null,
    );
    await expect(stream(wire)).rejects.toMatchObject({ vendorMessage: 'Report unknown' });
    expect(wire.requests).toHaveLength(3);
  });
});
