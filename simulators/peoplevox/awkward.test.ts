import { describe, expect, it } from 'vitest';
import type { PeoplevoxFault, PeoplevoxOptions } from './options.ts';
import { type Answer, type Caller, startCaller } from './wire-for-tests.ts';

const name = 'Item inventory summary';
const columns = '[Item code],[Site reference],[On hand],[Allocated],[Available]';
const header = 'Item code,Site reference,On hand,Allocated,Available';
const count = 20;

/** ITEM-01 to ITEM-20 with 1 to 20 units on PrimarySite. */
function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = startCaller(options);
  for (let i = 1; i <= count; i++) {
    const itemCode = `ITEM-${String(i).padStart(2, '0')}`;
    caller.sim.addItem({ itemCode, stock: { PrimarySite: i } });
  }
  return caller;
}

const search = '([Site reference].Equals("PrimarySite"))';
const read = ({ report }: Caller, page: [number, number] = [1, 100]) =>
  report(name, { search, columns, page });
const cells = ({ rows }: Answer) => rows.slice(1).map((row) => row.split(','));
const figures = (row: string[]) => row.slice(2).join();

type Look = (wrong: Answer, right: Answer) => void;

function oneRowReads(text: string): Look {
  return (wrong, right) => {
    expect([wrong.totalCount, wrong.rows[0]]).toEqual([count, header]);
    const changed = wrong.rows.filter((row) => !right.rows.includes(row));
    expect(changed).toHaveLength(1);
    expect(changed[0]).toMatch(new RegExp(`^ITEM-\\d\\d,PrimarySite,${text},${text},${text}$`));
  };
}

describe('awkward reports', () => {
  it.each<[PeoplevoxFault, rule: string, look: Look]>([
    [
      'emptyReport',
      'a header and nothing else',
      ({ totalCount, rows }) => expect([totalCount, rows]).toEqual([0, [header]]),
    ],
    [
      'foreignHeader',
      'headings in another language',
      ({ rows }, right) => {
        expect(rows[0]).toBe('Artikelnummer,Standort,Bestand,Reserviert,Verfügbar');
        expect(rows.slice(1)).toEqual(right.rows.slice(1));
      },
    ],
    [
      'columnsReordered',
      'the same columns in another order',
      (wrong, right) => {
        expect(wrong.rows[0]).not.toBe(header);
        const names = wrong.rows[0]!.split(',');
        const back = header.split(',').map((column) => names.indexOf(column));
        expect(cells(wrong).map((row) => back.map((place) => row[place]))).toEqual(cells(right));
      },
    ],
    [
      'columnMissing',
      'a column less, in heading and rows',
      (wrong) => {
        const names = wrong.rows[0]!.split(',');
        expect(header.split(',').filter((column) => !names.includes(column))).toHaveLength(1);
        expect(new Set(cells(wrong).map((row) => row.length))).toEqual(new Set([4]));
      },
    ],
    ['quantityWord', 'n/a for numbers', oneRowReads('n/a')],
    ['quantityFraction', 'fractions', oneRowReads('3.5')],
    ['quantityGrouped', 'a comma for thousands', oneRowReads('"1,200"')],
    ['quantityBlank', 'nothing', oneRowReads('')],
    [
      'duplicateRow',
      'a row twice',
      ({ rows, totalCount }, right) => {
        expect([rows.length, totalCount]).toEqual([1 + count + 1, count]);
        expect(new Set(rows)).toEqual(new Set(right.rows));
      },
    ],
    [
      'duplicateRowDiffers',
      'an item twice with other figures',
      (wrong, right) => {
        expect([wrong.rows.length, wrong.totalCount]).toEqual([1 + count + 1, count]);
        const [odd, ...more] = cells(wrong).filter((row) => !right.rows.includes(row.join()));
        expect(more).toEqual([]);
        const same = cells(wrong).filter((row) => row[0] === odd![0]);
        expect(new Set(same.map(figures)).size).toBe(2);
      },
    ],
    [
      'halfReport',
      'half the rows of all that are counted',
      ({ rows, totalCount }, right) => {
        expect(totalCount).toBe(count);
        expect(rows).toEqual(right.rows.slice(0, 1 + count / 2));
      },
    ],
    [
      'rowsMissing',
      'rows that are neither there nor counted',
      ({ rows, totalCount }, right) => {
        expect(totalCount).toBe(rows.length - 1);
        expect(totalCount).toBeLessThan(count);
        expect(totalCount).toBeGreaterThan(count / 2);
        expect(right.rows).toEqual(expect.arrayContaining(rows));
      },
    ],
  ])('%s: %s, once', (kind, _rule, look) => {
    const caller = start();
    const right = read(caller);
    caller.sim.faults.next(kind, 1, `GetReportData ${name}`);
    const wrong = read(caller);
    expect([wrong.reply.status, wrong.responseId]).toEqual([200, 0]);
    look(wrong, right);
    expect(read(caller).text).toBe(right.text);
    expect(caller.sim.faults.hits.map((hit) => hit.kind)).toEqual([kind]);
  });

  it('several at once, again and again, until they are switched off', () => {
    const caller = start();
    const right = read(caller).text;
    caller.sim.faults.set('columnsReordered', 1);
    caller.sim.faults.set('quantityWord', 1);
    for (let i = 0; i < 5; i++) {
      const { rows } = read(caller);
      expect(rows[0]).not.toBe(header);
      expect(rows.filter((row) => row.includes('n/a'))).toHaveLength(1);
    }
    caller.sim.faults.clear();
    expect(read(caller).text).toBe(right);
  });

  it('templates are spared', () => {
    const caller = start();
    const right = caller.get('Item types').text;
    for (const kind of ['emptyReport', 'columnMissing', 'quantityWord', 'halfReport'] as const) {
      caller.sim.faults.set(kind, 1);
    }
    expect(caller.get('Item types').text).toBe(right);
  });

  it('TotalCount may drift from page to page while the rows are right', () => {
    const caller = start();
    caller.sim.faults.set('totalCountDrift', 1);
    const pages = [1, 2, 3, 4].map((pageNo) => read(caller, [pageNo, 5]));
    expect(pages.map(({ rows }) => rows.length)).toEqual([6, 6, 6, 6]);
    const totals = pages.map(({ totalCount }) => totalCount);
    expect(new Set(totals).size).toBeGreaterThan(1);
    expect(totals).not.toContain(count);
  });

  it('Available may be negative, truly', () => {
    const caller = start();
    caller.sim.change({ allocation: 'negative', allocationDelayMs: 0 });
    caller.save('Sales orders', 'SalesOrderNumber\nJL-1\n');
    caller.save('Sales order items', 'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,ITEM-03,8\n');
    expect(read(caller).rows).toContain('ITEM-03,PrimarySite,3,8,-5');
  });
});

describe('ItemsPerPage 0', () => {
  it.each<[rule: PeoplevoxOptions['itemsPerPageZero'] & string, rows: number | 'refused']>([
    ['everything', count],
    ['clamped', 15],
    ['refused', 'refused'],
  ])('%s', (itemsPerPageZero, rows) => {
    const caller = start({ maxPageSize: 15 });
    caller.sim.change({ itemsPerPageZero });
    for (const answer of [read(caller, [1, 0]), caller.get('Item types', '', [1, 0])]) {
      if (rows === 'refused') expect(answer.responseId).toBe(-1);
      else expect([answer.rows.length - 1, answer.totalCount]).toEqual([rows, count]);
    }
    expect(read(caller, [1, 5]).rows).toHaveLength(1 + 5);
  });

  it('clamped without a largest page is a page of 1000', () => {
    const caller = startCaller({ maxPageSize: null, itemsPerPageZero: 'clamped' });
    for (let i = 0; i < 1001; i++) {
      caller.sim.addItem({ itemCode: `I-${i}`, stock: { PrimarySite: 1 } });
    }
    expect(read(caller, [1, 0]).rows).toHaveLength(1 + 1000);
    expect(read(caller, [2, 0]).rows).toHaveLength(1 + 1);
  });
});
