import { describe, expect, it } from 'vitest';
import type { PeoplevoxOptions } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, startCaller } from './wire-for-tests.ts';

const templates = {
  'Sales orders': ['SalesOrderNumber', 'Status', 'RequestedDeliveryDate', 'TotalSale', 'OnHold'],
  'Sales order items': allFields('Sales order items'),
  'Item types': ['ItemCode', 'Name', 'Barcode'],
};

function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  return startCaller({ templates, ...options });
}

function withOrders(count: number, options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = start(options);
  const numbers = Array.from({ length: count }, (_, i) => `JL-${String(i + 1).padStart(3, '0')}`);
  caller.save('Sales orders', `SalesOrderNumber\n${numbers.join('\n')}\n`);
  return caller;
}

const firstCells = (rows: string[]) => rows.slice(1).map((row) => row.split(',')[0]);

describe('paging', () => {
  it.each<[rule: string, page: [number, number], found: string[]]>([
    ['the first page', [1, 2], ['JL-001', 'JL-002']],
    ['the last page is shorter', [3, 2], ['JL-005']],
    ['beyond the last page', [4, 2], []],
    ['0 rows a page is everything', [0, 0], ['JL-001', 'JL-002', 'JL-003', 'JL-004', 'JL-005']],
    ['page 0 reads as page 1', [0, 2], ['JL-001', 'JL-002']],
  ])('%s', (_rule, page, found) => {
    const answer = withOrders(5).get('Sales orders', '', page);
    expect(answer.totalCount).toBe(5);
    expect(firstCells(answer.rows)).toEqual(found);
  });

  it('a page is cut at the largest size, everything at once is not', () => {
    const { get } = withOrders(5, { maxPageSize: 3 });
    expect(get('Sales orders', '', [1, 100]).rows).toHaveLength(1 + 3);
    expect(get('Sales orders', '', [1, 0]).rows).toHaveLength(1 + 5);
  });

  it.each<['header' | 'empty', string]>([
    ['header', 'SalesOrderNumber,Status,RequestedDeliveryDate,TotalSale,OnHold\n'],
    ['empty', ''],
  ])('no match: Detail is %s', (emptyForm, detail) => {
    const { get } = withOrders(1, { emptyForm });
    const answer = get('Sales orders', 'SalesOrderNumber == "JL-9"');
    expect(answer).toMatchObject({ responseId: 0, totalCount: 0, detail });
  });
});

describe('searching templates', () => {
  it('finds a hundred numbers of an OR list, each once', () => {
    const { get } = withOrders(100);
    const numbers = Array.from({ length: 100 }, (_, i) => `JL-${String(i * 2).padStart(3, '0')}`);
    const clause = [...numbers, 'JL-002']
      .map((n) => `SalesOrderNumber.Equals("${n}")`)
      .join(' OR ');
    expect(get('Sales orders', clause).totalCount).toBe(50);
  });

  it.each<[rule: string, search: 'number' | 'name', clause: string, count: number]>([
    ['a number where numbers are compared', 'number', 'Status.Equals(1)', 2],
    ['another number', 'number', 'Status.Equals(6)', 0],
    ['a name there is an error', 'number', 'Status.Equals("New")', -1],
    ['a name where names are compared', 'name', 'Status.Equals("New")', 2],
    ['a number there is an error', 'name', 'Status.Equals(1)', -1],
  ])('Status: %s', (_rule, search, clause, count) => {
    const { get } = withOrders(2, { statusForm: { search, output: 'name' } });
    const answer = get('Sales orders', clause);
    expect(answer.responseId === 0 ? answer.totalCount : answer.responseId).toBe(count);
  });

  it('shows Status as the tenant has it', () => {
    const statusForm = { search: 'number', output: 'number' } as const;
    expect(withOrders(1, { statusForm }).get('Sales orders').rows[1]).toBe('JL-001,1,,,');
    expect(withOrders(1).get('Sales orders').rows[1]).toBe('JL-001,New,,,');
  });

  it('a sites filter leaves only orders of those sites', () => {
    const caller = startCaller({
      sites: ['PrimarySite', 'North'],
      templates: { 'Sales orders': ['SalesOrderNumber', 'Site'] },
    });
    caller.save('Sales orders', 'SalesOrderNumber,Site\nJL-1,North\nJL-2,\n');
    const ask = (filter: string) =>
      caller.call(
        'GetDataWithSitesFilters',
        '<getRequest><TemplateName>Sales orders</TemplateName><PageNo>1</PageNo><ItemsPerPage>9</ItemsPerPage>' +
          `<SearchClause /><sitesFilter>${filter}</sitesFilter></getRequest>`,
      );
    expect(firstCells(ask('Site.Reference = "North"').rows)).toEqual(['JL-1']);
    expect(firstCells(ask('Site.Reference = "PrimarySite"').rows)).toEqual(['JL-2']);
    expect(ask('nonsense').responseId).toBe(-1);
  });
});

describe('values', () => {
  it('are written back as the warehouse writes them', () => {
    const { save, get } = start();
    save(
      'Sales orders',
      'SalesOrderNumber,RequestedDeliveryDate,TotalSale,OnHold\n007,2026-07-01,7.9,TRUE\n',
    );
    expect(get('Sales orders').rows[1]).toBe('007,New,2026-07-01 00:00:00,7.90,True');
  });

  it.each<[rule: string, options: Partial<PeoplevoxOptions>, shown: string]>([
    ['day first, with seconds', {}, "'21/07/2026 09:15:40'"],
    ['month first', { dateOrder: 'month-first' }, "'07/21/2026 09:15:40'"],
    ['without seconds', { seconds: false }, "'21/07/2026 09:15'"],
  ])('dates of the display form: %s', (_rule, options, shown) => {
    const { save, get, report } = start({ getDataDates: 'display', ...options });
    save('Sales orders', 'SalesOrderNumber,RequestedDeliveryDate\nJL-1,2026-07-21 09:15:40\n');
    expect(get('Sales orders').rows[1]!.split(',')[2]).toBe(shown);
    expect(report('Sales orders by status').rows[1]!.split(',')[2]).toBe(shown);
  });

  it.each<[zone: string, shown: string]>([
    ['Europe/London', "'01/07/2026 00:30:00'"],
    ['UTC', "'30/06/2026 23:30:00'"],
    ['America/New_York', "'30/06/2026 19:30:00'"],
  ])('moments show the clock of %s', (timeZone, shown) => {
    const caller = start({ timeZone });
    caller.clock.passMs(Date.UTC(2026, 5, 30, 23, 30, 0) - caller.clock.nowMs());
    caller.login();
    caller.save('Sales orders', 'SalesOrderNumber\nJL-1\n');
    const { rows } = caller.report('Sales order summary', { columns: '[Date]' });
    expect(rows[1]).toBe(shown);
  });
});

describe('reports', () => {
  function stocked(options: Partial<PeoplevoxOptions> = {}): Caller {
    const caller = start({ sites: ['PrimarySite', 'North'], ...options });
    caller.sim.addItem({ itemCode: 'RED', name: 'Red, big', stock: { PrimarySite: 9, North: 1 } });
    caller.sim.addItem({ itemCode: 'BLUE', stock: { PrimarySite: 4 } });
    caller.sim.addItem({ itemCode: 'NEVER' });
    return caller;
  }

  it('inventory has one row per item and site, SystemSite among them, none without stock', () => {
    const { report } = stocked();
    const { rows } = report('Item inventory summary', {
      orderBy: '[Item code] asc, [Site reference] desc',
      columns: '[Item code],[Site reference]',
    });
    expect(rows.slice(1)).toEqual([
      'BLUE,SystemSite',
      'BLUE,PrimarySite',
      'RED,SystemSite',
      'RED,PrimarySite',
      'RED,North',
    ]);
  });

  it('inventory of one site, found by a list of item codes', () => {
    const { report } = stocked();
    const answer = report('Item inventory summary', {
      search:
        '([Item code] == "RED" OR [Item code] == "NONE") AND ([Site reference].Equals("PrimarySite"))',
    });
    expect(answer.totalCount).toBe(1);
    expect(answer.detail).toContain('RED,"Red, big",PrimarySite,9,0,9,');
  });

  it('a stock change shows in a search that was just asked', () => {
    const { sim, report } = stocked();
    const ask = { search: '([Available] > 4)', columns: '[Item code]' };
    const codes = () => firstCells(report('Item inventory summary', ask).rows);
    expect(codes()).toContain('RED');
    sim.stockCounted('RED', 'PrimarySite', 0);
    sim.stockCounted('RED', 'SystemSite', 0);
    expect(codes()).not.toContain('RED');
  });

  it('columns may be ignored, renamed and listed', () => {
    const deaf = stocked({ honourColumns: false });
    expect(deaf.report('Item inventory summary', { columns: '[Item code]' }).rows[0]).toBe(
      'Item code,Name,Site reference,On hand,Allocated,Available,Item barcode',
    );
    const own = stocked({
      reports: { 'Item inventory summary': { name: 'Our stock', columns: { 'Item code': 'SKU' } } },
      reportColumnsForm: 'lines',
    });
    expect(own.report('Item inventory summary').responseId).toBe(-1);
    expect(firstCells(own.report('Our stock', { search: '(SKU == "BLUE")' }).rows)[0]).toBe('BLUE');
    const listed = own.call('GetReportColumns', '<templateName>Our stock</templateName>');
    expect(listed.detail.split('\n')[0]).toBe('SKU');
  });

  it.each<[rule: string, ask: { search?: string; orderBy?: string; columns?: string }]>([
    ['an unknown column', { columns: '[Nope]' }],
    ['an unknown order', { orderBy: '[Nope] asc' }],
    ['a search that cannot be read', { search: '[Item code' }],
  ])('%s fails the call', (_rule, ask) => {
    expect(stocked().report('Item inventory summary', ask).responseId).toBe(-1);
  });

  it('outstanding orders list the lines that are still to send', () => {
    const caller = stocked();
    caller.save('Sales orders', 'SalesOrderNumber\nJL-1\nJL-2\n');
    caller.save(
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,RED,1\nJL-2,BLUE,1\n',
    );
    caller.sim.cancelOrderInWarehouse('JL-2');
    const columns = '[Sales order no.],[Item code]';
    expect(caller.report('Outstanding sales orders', { columns }).rows.slice(1)).toEqual([
      'JL-1,RED',
    ]);
  });
});

describe('faults of an answer', () => {
  const ask = { columns: '[Sales order no.]' };
  it.each<['emptyDetail' | 'totalCountDrift' | 'duplicateRow' | 'renamedColumn']>([
    ['emptyDetail'],
    ['totalCountDrift'],
    ['duplicateRow'],
    ['renamedColumn'],
  ])('%s, once', (kind) => {
    const { sim, report } = withOrders(10);
    const right = report('Sales orders by status', ask).text;
    sim.faults.next(kind);
    const wrong = report('Sales orders by status', ask);
    expect(wrong.reply.status).toBe(200);
    expect(wrong.responseId).toBe(0);
    expect(wrong.text).not.toBe(right);
    expect(report('Sales orders by status', ask).text).toBe(right);
    expect(sim.faults.hits.map((hit) => hit.kind)).toEqual([kind]);
  });

  it('pages without an order may repeat and miss rows; ordered ones do not', () => {
    const { sim, report } = withOrders(20);
    sim.faults.set('unorderedPages', 1);
    const pages = (orderBy: string) =>
      [1, 2, 3, 4].flatMap((pageNo) =>
        firstCells(report('Sales orders by status', { ...ask, orderBy, page: [pageNo, 5] }).rows),
      );
    expect(new Set(pages('[Sales order no.] asc')).size).toBe(20);
    expect(new Set(pages('')).size).toBeLessThan(20);
  });
});
