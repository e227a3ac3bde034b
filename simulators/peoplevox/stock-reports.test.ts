import { beforeAll, describe, expect, it } from 'vitest';
import type { PeoplevoxOptions } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, exportOrder, startCaller } from './wire-for-tests.ts';

const changesReport = 'Incremental Changes Report v1';
const templates = {
  'Sales orders': allFields('Sales orders'),
  'Sales order items': allFields('Sales order items'),
  'Purchase orders': ['PurchaseOrderNumber', 'Status'],
  'Purchase order items': ['PurchaseOrderNumber', 'ItemCode', 'Status', 'Quantity'],
  'Item type kittings': allFields('Item type kittings'),
};

/** At 09:00 RED has 9 on PrimarySite and 1 on North, BLUE 4 on PrimarySite; it is 09:10 now. */
function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = startCaller({
    templates,
    sites: ['PrimarySite', 'North'],
    sessionIdleMs: Number.MAX_VALUE,
    ...options,
  });
  caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 9, North: 1 } });
  caller.sim.addItem({ itemCode: 'BLUE', stock: { PrimarySite: 4 } });
  caller.clock.passMinutes(10);
  return caller;
}

const since10 = '([Timestamp] >= DateTime(2026,02,02,09,10,00))';

describe('the changes report', () => {
  it('has its five columns, dates in single quotes', () => {
    const caller = start();
    caller.sim.stockCounted('RED', 'PrimarySite', 7);
    const { rows, totalCount } = caller.report(changesReport, { search: since10 });
    expect(totalCount).toBe(1);
    expect(rows).toEqual([
      'Item code,Item current available quantity,Item Barcode,Timestamp,Site reference',
      "RED,7,B-RED,'02/02/2026 09:10:00',PrimarySite",
    ]);
  });

  it.each<[changesRows: 'latest' | 'each', rows: string[]]>([
    ['latest', ['RED,3,North', 'RED,5,PrimarySite']],
    ['each', ['RED,7,PrimarySite', 'RED,3,North', 'RED,5,PrimarySite']],
  ])('a row for the %s change of an item and site', (changesRows, expected) => {
    const caller = start({ changesRows });
    caller.sim.stockCounted('RED', 'PrimarySite', 7);
    caller.clock.passMinutes(1);
    caller.sim.stockCounted('RED', 'North', 3);
    caller.clock.passMinutes(1);
    caller.sim.stockCounted('RED', 'PrimarySite', 5);
    const columns = '[Item code],[Item current available quantity],[Site reference]';
    const ask = { search: since10, columns };
    const ordered = caller.report(changesReport, { ...ask, orderBy: '[Timestamp] asc' });
    expect(ordered.rows.slice(1)).toEqual(expected);
    const backwards = caller.report(changesReport, { ...ask, orderBy: '[Timestamp] desc' });
    expect(backwards.rows.slice(1)).toEqual(expected.toReversed());
    const ofItem = `([Item code].Equals("RED")) AND ${since10}`;
    const found = caller.report(changesReport, { ...ask, search: ofItem });
    expect(found.rows.slice(1).toSorted()).toEqual(expected.toSorted());
  });

  it.each<[rule: string, search: string, codes: string[]]>([
    ['from a moment on', '([Timestamp] >= DateTime(2026,02,02,09,11,00))', ['B', 'C']],
    ['after a moment', '([Timestamp] > DateTime(2026,02,02,09,11,00))', ['C']],
    ['at a moment', '([Timestamp] == DateTime(2026,02,02,09,11,00))', ['B']],
    [
      'between two moments',
      '([Timestamp] >= DateTime(2026,02,02,09,10,00)) AND ([Timestamp] < DateTime(2026,02,02,09,12,00))',
      ['A', 'B'],
    ],
    [
      'around a gap',
      '([Timestamp] <= DateTime(2026,02,02,09,10,00) OR [Timestamp] >= DateTime(2026,02,02,09,12,00)) AND [Item code] != "RED" AND [Item code] != "BLUE"',
      ['A', 'C'],
    ],
    ['not before a moment', '!([Timestamp] < DateTime(2026,02,02,09,12,00))', ['C']],
  ])('finds changes %s', (_rule, search, codes) => {
    const caller = start();
    for (const itemCode of ['A', 'B', 'C']) {
      caller.sim.addItem({ itemCode, stock: { PrimarySite: 1 } });
      caller.clock.passMinutes(1);
    }
    const ask = { search: `(${search}) AND ([Site reference] == "PrimarySite")` };
    const { rows } = caller.report(changesReport, ask);
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(codes);
  });

  it.each([
    [true, ["RED,7,'02/02/2026 09:15:00'"]],
    [false, []],
  ])('allocations count as changes: %s', (changesIncludeAllocations, expected) => {
    const caller = start({ changesIncludeAllocations });
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(10);
    const columns = '[Item code],[Item current available quantity],[Timestamp]';
    const { rows } = caller.report(changesReport, { search: since10, columns });
    expect(rows.slice(1)).toEqual(expected);
  });

  it('forgets a change after 30 days', () => {
    const caller = start();
    const count = () =>
      caller.report(changesReport, { search: '([Site reference] == "North")' }).totalCount;
    caller.clock.passMinutes(30 * 24 * 60 - 10);
    expect(count()).toBe(1);
    caller.clock.passMinutes(1);
    expect(count()).toBe(0);
    expect(caller.report(changesReport, { search: '([Item code] == "RED")' }).totalCount).toBe(0);
  });

  it('finds both halves of the hour that comes twice in autumn', () => {
    const caller = start();
    for (const [itemCode, minute] of [
      ['SUMMER', 15],
      ['WINTER', 75],
    ] as const) {
      const atMs = Date.UTC(2026, 9, 25, 0, minute);
      caller.clock.passMs(atMs - caller.clock.nowMs());
      caller.sim.addItem({ itemCode, stock: { North: 1 } });
    }
    const search = '([Timestamp] >= DateTime(2026,10,25,01,15,00) AND [Site reference] == "North")';
    const { rows } = caller.report(changesReport, { search, columns: '[Item code],[Timestamp]' });
    expect(rows.slice(1)).toEqual(["SUMMER,'25/10/2026 01:15:00'", "WINTER,'25/10/2026 01:15:00'"]);
  });

  it('a retired item shows under its new code', () => {
    const caller = start();
    caller.sim.stockCounted('RED', 'North', 2);
    caller.sim.retireItem('RED');
    const { rows } = caller.report(changesReport, { search: since10, columns: '[Item code]' });
    expect(rows.slice(1)).toEqual(['RED~D~']);
  });
});

describe('reports a tenant may not have', () => {
  it.each([changesReport, 'Item inventory summary', 'Despatch summary'])('%s', (name) => {
    const caller = start();
    expect(caller.report(name).responseId).toBe(0);
    caller.sim.change({ missingReports: [name] });
    const unknown = caller.report('No such report').detail;
    expect(caller.report(name).detail).toBe(unknown.replace('No such report', name));
    const columns = caller.call('GetReportColumns', `<templateName>${name}</templateName>`);
    expect(columns.responseId).toBe(-1);
  });

  it('or not all columns of', () => {
    const caller = start({ reports: { [changesReport]: { without: ['Item Barcode'] } } });
    const { rows } = caller.report(changesReport);
    expect(rows[0]).toBe('Item code,Item current available quantity,Timestamp,Site reference');
    expect(caller.report(changesReport, { columns: '[Item Barcode]' }).responseId).toBe(-1);
  });
});

describe('latest reconciliation', () => {
  it('has one row per item: its last change, and what is on order', () => {
    const caller = start();
    caller.save('Purchase orders', 'PurchaseOrderNumber,Status\nP-1,\nP-2,Cancelled\n');
    caller.save(
      'Purchase order items',
      'PurchaseOrderNumber,ItemCode,Status,Quantity\nP-1,RED,,20\nP-1,BLUE,Closed,5\nP-2,BLUE,,7\n',
    );
    caller.sim.stockDamaged('BLUE', 'PrimarySite', 1);
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(10);
    const { rows } = caller.report('Item availability latest reconciliation', {
      orderBy: '[Item code] asc',
    });
    expect(rows).toEqual([
      'Item code,Quantity changed,On hand,Allocated,Available,On order,Activity,Reason,Date time',
      "BLUE,-1,3,0,3,0,Stock adjustment,Damaged,'02/02/2026 09:10:00'",
      "RED,-2,9,2,7,20,Sales order,Allocation,'02/02/2026 09:15:00'",
    ]);
    const search = '([Date time] > DateTime(2026,02,02,09,12,00))';
    const late = caller.report('Item availability latest reconciliation', { search });
    expect(late.rows.slice(1).map((row) => row.split(',')[0])).toEqual(['RED']);
  });
});

describe('kits', () => {
  it('have no stock row of their own, their parts have', () => {
    const caller = start();
    caller.sim.addItem({ itemCode: 'SET', kitOf: { RED: 2, BLUE: 1 } });
    exportOrder(caller, 'JL-1', { SET: 2 });
    caller.clock.passMinutes(10);
    const search = '([Site reference] == "PrimarySite")';
    const columns = '[Item code],[Available]';
    const { rows } = caller.report('Item inventory summary', { search, columns });
    expect(rows.slice(1)).toEqual(['RED,5', 'BLUE,2']);
    expect(caller.sim.truth.stockAt('SET').size).toBe(0);
  });

  it('can be read, under the headings of the tenant, retired parts too', () => {
    const caller = start({
      templates: { 'Item type kittings': ['ChildItemCode', 'ParentItemCode', 'Quantity'] },
      renamedHeaders: { 'Item type kittings': { ParentItemCode: 'Kit' } },
    });
    caller.sim.addItem({ itemCode: 'SET', kitOf: { RED: 2, BLUE: 1 } });
    caller.sim.retireItem('BLUE');
    const all = caller.get('Item type kittings').rows;
    expect(all).toEqual(['ChildItemCode,Kit,Quantity', 'RED,SET,2', 'BLUE~D~,SET,1']);
    caller.sim.setKit('SET', { RED: 3 });
    const { rows } = caller.get('Item type kittings', 'Kit.Equals("SET")');
    expect(rows.slice(1)).toEqual(['RED,SET,3']);
  });
});

describe('rows written before', () => {
  const barcodeReads = ({ sim }: Caller) => {
    const item = sim.truth.items.get('RED')!;
    let reads = 0;
    const get = (fields: Record<string, string>, name: string) => {
      if (name === 'Barcode') reads += 1;
      return fields[name];
    };
    item.fields = new Proxy(item.fields, { get });
    return () => reads;
  };
  const ask = { search: '([Item code] == "RED") AND ([Site reference] == "North")' };

  it('are not written again', () => {
    const caller = start();
    const reads = barcodeReads(caller);
    const first = caller.report('Item inventory summary', ask).text;
    caller.sim.stockCounted('BLUE', 'PrimarySite', 1);
    expect(caller.report('Item inventory summary', ask).text).toBe(first);
    expect(reads()).toBe(1);
  });

  it.each<[rule: string, act: (caller: Caller) => void, row: string]>([
    ['its units', ({ sim }) => sim.stockCounted('RED', 'North', 5), 'RED,RED,North,5,0,5,B-RED'],
    [
      'its name',
      ({ save }) => save('Item types', 'ItemCode,Name\nRED,Crimson\n'),
      'RED,Crimson,North,1,0,1,B-RED',
    ],
    [
      'its code',
      ({ sim }) => {
        sim.retireItem('RED');
        sim.addItem({ itemCode: 'RED', name: 'Other', stock: { North: 3 } });
      },
      'RED,Other,North,3,0,3,B-RED',
    ],
  ])('are written again once %s changed', (_rule, act, row) => {
    const caller = start({ templates: { ...templates, 'Item types': allFields('Item types') } });
    caller.report('Item inventory summary', ask);
    caller.report('Item inventory summary');
    act(caller);
    expect(caller.report('Item inventory summary', ask).rows.slice(1)).toEqual([row]);
    const whole = caller.report('Item inventory summary').rows;
    expect(whole).toContain(row);
    expect(whole).not.toContain('RED,RED,North,1,0,1,B-RED');
  });

  it('are written anew for other columns', () => {
    const caller = start();
    caller.report('Item inventory summary', ask);
    const other = caller.report('Item inventory summary', { ...ask, columns: '[On hand],[Name]' });
    expect(other.rows).toEqual(['On hand,Name', '1,RED']);
  });
});

describe('20,000 items on two sites', () => {
  let caller: Caller;
  const codeOf = (number: number) => `SKU-${String(number).padStart(5, '0')}`;
  beforeAll(() => {
    caller = start();
    for (let i = 0; i < 20_000; i++) {
      caller.sim.addItem({ itemCode: codeOf(i), stock: { PrimarySite: i % 50, North: 1 } });
    }
    caller.clock.passMinutes(10);
  });

  // Ten answers of 150 ms each, and the time the test takes to read them.
  it('are read whole, ten times over', { timeout: 2500 }, () => {
    for (let units = 1; units <= 10; units++) {
      caller.sim.stockCounted(codeOf(7), 'North', units);
      const { detail } = caller.report('Item inventory summary', { page: [1, 0] });
      expect(detail).toContain(`${codeOf(7)},${codeOf(7)},North,${units},0,${units},`);
      expect(detail).not.toContain(`,North,${units - 1},0,${units - 1},B-${codeOf(7)}`);
    }
  });

  it('cost nothing when only what changed is asked for', { timeout: 2500 }, () => {
    for (let units = 11; units <= 1510; units++) {
      caller.clock.passMinutes(1);
      caller.sim.stockCounted(codeOf(units), 'North', units);
      const at = new Date(caller.clock.nowMs()).toISOString().split(/\D/).slice(0, 6);
      const { totalCount } = caller.report(changesReport, {
        search: `([Timestamp] >= DateTime(${at}))`,
        orderBy: '[Timestamp] asc',
      });
      expect(totalCount).toBe(1);
    }
  });
});
