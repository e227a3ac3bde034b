import { describe, expect, it } from 'vitest';
import { connectionDefaults } from './connection.ts';
import {
  type DespatchBatch,
  dateOrderDoubt,
  readDespatchesOf,
  splitTracking,
  streamDespatches,
} from './despatches.ts';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';
import { Unsearchable } from './search.ts';

const header =
  'Salesorder number,Requested delivery date,Despatch number,Carrier,Service,Despatch date,' +
  'Tracking number,No of items,Site reference,Parent,Item code,Carrier reference,' +
  'Service type code,No. of parent items despatched,Line\n';
const plainRow =
  "JL-1-A,'02/07/2026 00:00',DES1,DPD,Next Day,'01/07/2026 10:15:40',JD01,2,Main,,007,dpd,ND,,1\n";
const plain = {
  salesOrderNumber: 'JL-1-A',
  despatchNumber: 'DES1',
  carrier: 'DPD',
  service: 'Next Day',
  serviceTypeCode: 'ND',
  despatchedAt: new Date('2026-07-01T09:15:40Z'),
  despatchedText: "'01/07/2026 10:15:40'",
  trackingNumber: 'JD01',
  itemCode: '007',
  parentItemCode: '',
  quantity: 2,
  parentQuantity: null,
  line: '1',
  site: 'Main',
  carrierReference: 'dpd',
};
const since = new Date('2026-07-01T09:00:30.700Z');

function despatchWire(details: string[], totalCount: number, settings = {}) {
  let page = 0;
  return fakeWire(
    (operation) =>
      operation === 'GetReportData'
        ? replyXml(operation, { totalCount, detail: details[page++] ?? '' })
        : null,
    settings,
  );
}

async function stream(wire: ReturnType<typeof fakeWire>, range: { since: Date; until?: Date }) {
  const batches: DespatchBatch[] = [];
  for await (const batch of streamDespatches(wire.client, range)) batches.push(batch);
  return {
    rows: batches.flatMap((batch) => batch.rows),
    unreadable: batches.flatMap((batch) => batch.unreadable),
    hasAllRows: batches.at(-1)?.hasAllRows,
    isComplete: batches.at(-1)?.isComplete,
  };
}

describe('streamDespatches', () => {
  it('asks by despatch date on the wall clock, for no personal data, and reads by name', async () => {
    const wire = despatchWire([header + plainRow], 1);
    expect(await stream(wire, { since })).toEqual({
      rows: [plain],
      unreadable: [],
      hasAllRows: true,
      isComplete: true,
    });
    const sent = (name: string) => elementOf(wire.requests[1]!, name);
    expect(sent('TemplateName')).toBe('Despatch summary');
    expect(sent('SearchClause')).toBe('([Despatch date] >= DateTime(2026,07,01,10,00,30))');
    expect(sent('OrderBy')).toBe('[Despatch date] asc');
    expect(sent('Columns')).toBe(
      '[Salesorder number],[Despatch number],[Carrier],[Service],[Service type code],' +
        '[Despatch date],[Tracking number],[Item code],[Parent],[No of items],' +
        '[No. of parent items despatched],[Line],[Site reference],[Carrier reference]',
    );
    expect(sent('ItemsPerPage')).toBe('0');
  });

  it.each([
    ['to the end of the second', '2026-07-01T09:30:00.200Z', '2026,07,01,10,30,01'],
    ['past earlier texts of the hour that repeats', '2026-10-25T01:10:00Z', '2026,10,25,02,10,01'],
  ])('asks up to a time, %s', async (_, until, text) => {
    const wire = despatchWire([header], 0);
    await stream(wire, { since, until: new Date(until) });
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      `([Despatch date] >= DateTime(2026,07,01,10,00,30)) AND ([Despatch date] < DateTime(${text}))`,
    );
  });

  it('refuses a range that ends before it begins', async () => {
    const range = { since, until: new Date(since.getTime() - 1) };
    await expect(stream(despatchWire([header], 0), range)).rejects.toThrow(RangeError);
  });

  it('leaves rows that come twice in, and the empty tracking number of a row empty', async () => {
    const late = plainRow.replace('JD01', ' ');
    const { rows } = await stream(despatchWire([header + late + plainRow + plainRow], 3), {
      since,
    });
    expect(rows.map((row) => row.trackingNumber)).toEqual(['', 'JD01', 'JD01']);
  });

  it('reads the components of a kit with the kit and how many of it', async () => {
    const kit = plainRow.replace('Main,,007,dpd,ND,,', 'Main,KIT-1,007,dpd,ND,3.00,');
    const { rows } = await stream(despatchWire([header + kit], 1), { since });
    expect(rows).toEqual([{ ...plain, parentItemCode: 'KIT-1', parentQuantity: 3 }]);
  });

  it.each([
    [
      'a blank quantity',
      ['JD01,2,', 'JD01,,'],
      { quantity: null },
      "quantity is not a whole number: ''",
    ],
    [
      'a quantity in words',
      ['JD01,2,', 'JD01,two,'],
      { quantity: null },
      "quantity is not a whole number: 'two'",
    ],
    [
      'half a unit',
      ['JD01,2,', 'JD01,0.5,'],
      { quantity: null },
      "quantity is not a whole number: '0.5'",
    ],
    [
      'kits in words',
      ['ND,,1', 'ND,some,1'],
      { parentQuantity: null },
      "quantity of kits is not a whole number: 'some'",
    ],
    [
      'a date in the other order',
      ["'01/07/2026 10:15:40'", "'07/21/2026'"],
      { despatchedAt: null, despatchedText: "'07/21/2026'" },
      "not a date: ''07/21/2026''",
    ],
  ] as const)(
    'keeps a row with %s as nothing, and names it',
    async (_, [from, to], change, why) => {
      const wire = despatchWire([header + plainRow.replace(from, to)], 1);
      expect(await stream(wire, { since })).toEqual({
        rows: [{ ...plain, ...change }],
        unreadable: [{ salesOrderNumber: 'JL-1-A', isLost: false, why }],
        hasAllRows: true,
        isComplete: true,
      });
    },
  );

  it('has no time for a row without a date, and says nothing of it', async () => {
    const row = plainRow.replace("'01/07/2026 10:15:40'", '');
    const { rows, unreadable } = await stream(despatchWire([header + row], 1), { since });
    expect([rows[0]?.despatchedAt, unreadable]).toEqual([null, []]);
  });

  it.each([
    [
      'without an order number',
      plainRow.replace('JL-1-A', ' '),
      null,
      'a row without an order number (despatch DES1)',
    ],
    ['without an item code', plainRow.replace('007', ''), 'JL-1-A', 'a row without an item code'],
    ['that is ragged', 'JL-1-A,DES1\n', null, 'line 2 (JL-1-A) has 2 values for 15 columns'],
  ])('has all rows but is not complete with one %s', async (_, row, salesOrderNumber, why) => {
    expect(await stream(despatchWire([header + row], 1), { since })).toEqual({
      rows: [],
      unreadable: [{ salesOrderNumber, isLost: true, why }],
      hasAllRows: true,
      isComplete: false,
    });
  });

  it('does without the columns that tenants may lack', async () => {
    const detail =
      'Sales order number,Despatch number,Carrier,Despatch date,Tracking number,Item code,No. of items\n' +
      'JL-1-A,DES1,DPD,2026-07-01 10:15:40,JD01,007,2\n';
    const { rows } = await stream(despatchWire([detail], 1), { since });
    expect(rows).toEqual([
      {
        ...plain,
        despatchedText: '2026-07-01 10:15:40',
        service: '',
        serviceTypeCode: '',
        line: '',
        site: '',
        carrierReference: '',
      },
    ]);
  });

  it.each([
    'Salesorder number',
    'Despatch number',
    'Carrier',
    'Despatch date',
    'Tracking number',
    'Item code',
    'No of items',
  ])('names the missing column %s, what was found and the setting', async (column) => {
    const wire = despatchWire([header.replace(column, 'Other') + plainRow], 1);
    await expect(stream(wire, { since })).rejects.toMatchObject({
      name: 'BadAnswer',
      message: expect.stringMatching(
        new RegExp(
          `column ${column} .*missing; found .*Other.*reports\\.despatchSummary\\.columns`,
        ),
      ),
    });
  });

  it('reads in pages, meets a moved row once and the same row with tracking again', async () => {
    const other = plainRow.replace('007', '008');
    const tracked = plainRow.replace('JD01', 'JD02');
    const pages = [header + plainRow + other, header + other + tracked];
    const wire = despatchWire(pages, 3, { reportPageSize: 2 });
    const { rows, isComplete } = await stream(wire, { since });
    expect(rows.map((row) => `${row.itemCode} ${row.trackingNumber}`)).toEqual([
      '007 JD01',
      '008 JD01',
      '007 JD02',
    ]);
    expect(isComplete).toBe(true);
  });

  it('is not complete when fewer rows came than there are', async () => {
    const wire = despatchWire([header + plainRow], 2);
    const { rows, hasAllRows, isComplete } = await stream(wire, { since });
    expect([rows.length, hasAllRows, isComplete]).toEqual([1, false, false]);
  });
});

describe('readDespatchesOf', () => {
  it('reads by order number, all in one result', async () => {
    const wire = despatchWire([header + plainRow], 1);
    const result = await readDespatchesOf(wire.client, ['JL-1-A', 'B&Q']);
    expect(result).toEqual({ rows: [plain], unreadable: [], hasAllRows: true, isComplete: true });
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      '([Salesorder number].Equals("JL-1-A")) OR ([Salesorder number].Equals("B&Q"))',
    );
    expect(elementOf(wire.requests[1]!, 'ItemsPerPage')).toBe(String(connectionDefaults.pageSize));
  });

  it('finds the numbers an order was split into', async () => {
    const wire = despatchWire([header], 0);
    await readDespatchesOf(wire.client, ['JL-1', 'JL-2'], 'startsWith');
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe(
      '([Salesorder number].StartsWith("JL-1")) OR ([Salesorder number].StartsWith("JL-2"))',
    );
  });

  it('asks nothing for no orders', async () => {
    const wire = despatchWire([], 0);
    const result = await readDespatchesOf(wire.client, []);
    expect([result.rows, result.isComplete, wire.requests.length]).toEqual([[], true, 0]);
  });

  it.each([
    ['more than 100 numbers', Array.from({ length: 101 }, (_, n) => `JL-${n}`), RangeError],
    ['a number that cannot be searched for', ['JL-"1'], Unsearchable],
  ])('refuses %s', async (_, numbers, error) => {
    const { client } = despatchWire([], 0);
    await expect(readDespatchesOf(client, numbers)).rejects.toThrow(error);
  });
});

describe('splitTracking', () => {
  it.each([
    ['none keeps the field whole', ' JD 01,JD02 ', 'none', ['JD 01,JD02']],
    ['nothing is no number', '  ', 'none', []],
    ['separators that part nothing give one number', 'JD01', ',;', ['JD01']],
    ['each character parts', 'JD01, JD02;JD03', ',;', ['JD01', 'JD02', 'JD03']],
    [
      'a blank parts at any white space',
      'JD01\r\nJD02\tJD03  JD04',
      ' ',
      ['JD01', 'JD02', 'JD03', 'JD04'],
    ],
    ['a blank that is no separator stays', 'JD 01,JD 02', ',', ['JD 01', 'JD 02']],
    ['a number that stands twice is one', 'JD01,JD01,', ',', ['JD01']],
    ['no separators are none', 'JD01,JD02', '', ['JD01,JD02']],
  ])('%s', (_, text, separators, numbers) => {
    expect(splitTracking(text, separators)).toEqual(numbers);
  });

  it('refuses a separator that stands in numbers', () => {
    expect(() => splitTracking('JD01', ',D')).toThrow(RangeError);
  });
});

describe('dateOrderDoubt', () => {
  const style = { timeZone: 'Europe/London', dateOrder: 'day-first' } as const;
  const now = new Date('2026-05-12T12:00:00Z');
  const recent = new Date('2026-05-10T12:00:00Z');

  it.each([
    ['a day above 12 in its place fits', ["'21/03/2026 09:15'"], null, 'fits'],
    ["a day above 12 in the month's place is swapped", ["'03/21/2026 09:15'"], null, 'swapped'],
    [
      'a date to come that is past in the other order is swapped',
      ["'05/11/2026'"],
      null,
      'swapped',
    ],
    ['a date that is to come only in the other order fits', ["'11/05/2026'"], null, 'fits'],
    [
      'a date before those asked for is swapped',
      ["'05/10/2026'", "'05/12/2026'"],
      recent,
      'swapped',
    ],
    ['a date that is right in either order tells nothing', ["'02/03/2026'"], null, 'unknown'],
    ['the same day and month tells nothing', ["'05/05/2026'"], null, 'unknown'],
    ['a date of the input form tells nothing', ['2026-03-21 09:15:00'], null, 'unknown'],
    ['a blank, or what is no date, tells nothing', ['', 'soon'], null, 'unknown'],
    [
      'dates that contradict each other tell nothing',
      ["'21/03/2026'", "'03/21/2026'"],
      null,
      'unknown',
    ],
    [
      'one that tells counts among those that do not',
      ["'02/03/2026'", "'21/03/2026'"],
      null,
      'fits',
    ],
    ['a date some hours ahead is a wrong zone', ["'13/05/2026 10:00'"], null, 'fits'],
  ] as const)('%s', (_, texts, from, verdict) => {
    const rows = texts.map((despatchedText) => ({ despatchedText }));
    expect(dateOrderDoubt(rows, { style, now, ...(from ? { since: from } : {}) })).toBe(verdict);
  });

  it('judges by the order that is set', () => {
    const known = { style: { ...style, dateOrder: 'month-first' }, now } as const;
    expect(dateOrderDoubt([{ despatchedText: "'21/03/2026'" }], known)).toBe('swapped');
  });
});
