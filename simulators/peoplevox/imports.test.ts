import { describe, expect, it } from 'vitest';
import type { PeoplevoxOptions } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, startCaller } from './wire-for-tests.ts';

const header = 'SalesOrderNumber,ContactName,Email';
const order = (number: string) => `${header}\n"${number}","Ann Example","ann@example.test"\n`;
const templates = {
  'Sales orders': allFields('Sales orders'),
  'Sales order items': allFields('Sales order items'),
  'Item types': allFields('Item types'),
  Customers: allFields('Customers'),
  'Customer addresses': allFields('Customer addresses'),
  'Purchase orders': allFields('Purchase orders'),
  'Purchase order items': allFields('Purchase order items'),
  'Item type kittings': allFields('Item type kittings'),
};

function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = startCaller({ templates, ...options });
  caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 10 } });
  caller.sim.addItem({ itemCode: 'BLUE', stock: { PrimarySite: 10 } });
  return caller;
}

const breaches = ({ sim }: Caller) => sim.truth.contractBreaches.map((breach) => breach.kind);

describe('saving by key', () => {
  it('inserts, then changes only the columns that are sent; a blank one blanks', () => {
    const { save, sim } = start();
    expect(save('Sales orders', order('JL-1'))).toMatchObject({
      responseId: 0,
      totalCount: 1,
      statuses: [['JL-1', 'Success']],
    });
    save('Sales orders', 'SalesOrderNumber,Email,Attribute1\nJL-1,,gift\n');
    expect(sim.truth.salesOrders.size).toBe(1);
    expect(sim.truth.salesOrders.get('JL-1')!.fields).toEqual({
      ContactName: 'Ann Example',
      Email: '',
      Attribute1: 'gift',
    });
  });

  it('takes rows one by one: a bad one does not stop the good ones', () => {
    const { save, sim } = start();
    const answer = save('Sales orders', 'SalesOrderNumber,Status\nJL-1,\nJL-2,Despatched\nJL-3,\n');
    expect(answer).toMatchObject({ responseId: 0, totalCount: 2 });
    expect(answer.statuses.map(([, status]) => status)).toEqual(['Success', 'Error', 'Success']);
    expect(answer.detail).toContain('JL-2');
    expect([...sim.truth.salesOrders.keys()]).toEqual(['JL-1', 'JL-3']);
  });

  it('says nothing about a row error where the tenant says nothing', () => {
    const { save } = start({ rowErrorText: 'none' });
    expect(save('Sales orders', 'SalesOrderNumber,Status\nJL-1,New\n').detail).toBe('');
  });

  it.each<[rule: string, template: string, csv: string]>([
    ['a number beyond 30 characters', 'Sales orders', `SalesOrderNumber\n${'9'.repeat(31)}\n`],
    ['a blank key', 'Sales orders', 'SalesOrderNumber,Email\n,a@example.test\n'],
    [
      'a field beyond its maximum',
      'Sales orders',
      `SalesOrderNumber,ChannelName\nJL-9,${'x'.repeat(51)}\n`,
    ],
    [
      'an impossible date',
      'Sales orders',
      'SalesOrderNumber,CreatedDate\nJL-9,2026-02-31 00:00:00\n',
    ],
    ['a date of another form', 'Sales orders', 'SalesOrderNumber,CreatedDate\nJL-9,01/02/2026\n'],
    ['a decimal with a comma', 'Sales orders', 'SalesOrderNumber,TotalSale\nJL-9,"12,50"\n'],
    ['a status other than Cancelled', 'Sales orders', 'SalesOrderNumber,Status\nJL-9,Allocated\n'],
    ['cancelling what is not there', 'Sales orders', 'SalesOrderNumber,Status\nJL-9,Cancelled\n'],
    ['an unknown site', 'Sales orders', 'SalesOrderNumber,Site\nJL-9,Moon\n'],
    [
      'lines of an unknown order',
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-9,RED,1\n',
    ],
    [
      'lines of an unknown item',
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,GREEN,1\n',
    ],
    [
      'an item code in other letters',
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,red,1\n',
    ],
    ['a line without quantity', 'Sales order items', 'SalesOrderNumber,ItemCode\nJL-1,RED\n'],
    [
      'a quantity of zero',
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,RED,0\n',
    ],
    [
      'a quantity with a fraction',
      'Sales order items',
      'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,RED,1.5\n',
    ],
    [
      'an address of an unknown customer',
      'Customer addresses',
      'CustomerReference,AddressLine1\nNOBODY,1 High St\n',
    ],
    ['an item without barcode', 'Item types', 'ItemCode,Name\nGREEN,Green\n'],
    ['a barcode that is taken', 'Item types', 'ItemCode,Name,Barcode\nGREEN,Green,B-RED\n'],
    [
      'a purchase order status from outside',
      'Purchase orders',
      'PurchaseOrderNumber,Status\nPO-1,Complete\n',
    ],
    [
      'a purchase order line without its order',
      'Purchase order items',
      'PurchaseOrderNumber,ItemCode,Quantity\nPO-9,RED,1\n',
    ],
    [
      'a kit of an unknown part',
      'Item type kittings',
      'ParentItemCode,ChildItemCode,Quantity\nRED,GREEN,1\n',
    ],
  ])('%s is a row error, with ResponseId 0 and nothing stored', (_rule, template, csv) => {
    const { save, sim } = start();
    save('Sales orders', order('JL-1'));
    const answer = save(template, csv);
    expect([answer.responseId, answer.totalCount]).toEqual([0, 0]);
    expect(answer.statuses.map(([, status]) => status)).toEqual(['Error']);
    expect(sim.truth.salesOrders.has('JL-9')).toBe(false);
    expect(sim.truth.salesOrders.get('JL-1')!.lines).toEqual([]);
    expect(sim.truth.rowErrors).toHaveLength(1);
  });

  it.each<[rule: string, template: string, csv: string, action: number]>([
    ['a column that is not configured', 'Sales orders', 'SalesOrderNumber,Nope\nJL-1,x\n', 0],
    ['no key column', 'Sales orders', 'Email\na@example.test\n', 0],
    ['nothing at all', 'Sales orders', '', 0],
    ['a quote that never closes', 'Sales orders', 'SalesOrderNumber\n"JL-1\n', 0],
    ['an unknown action', 'Sales orders', 'SalesOrderNumber\nJL-1\n', 3],
    ['a template that is not configured', 'Carriers', 'Name\nx\n', 0],
  ])('%s fails the whole call', (_rule, template, csv, action) => {
    const { save, sim } = start();
    const answer = save(template, csv, action);
    expect([answer.reply.status, answer.responseId]).toEqual([200, -1]);
    expect(answer.detail).not.toBe('');
    expect(sim.truth.salesOrders.size).toBe(0);
  });

  it('a customer must exist only where the tenant checks it', () => {
    const csv = 'SalesOrderNumber,Customer\nJL-1,JLP\n';
    expect(start().save('Sales orders', csv).statuses).toEqual([['JL-1', 'Success']]);
    const strict = start({ requireCustomer: true });
    expect(strict.save('Sales orders', csv).statuses).toEqual([['JL-1', 'Error']]);
    strict.save('Customers', 'Reference,Name\nJLP,Marketplace\n');
    expect(strict.save('Sales orders', csv).statuses).toEqual([['JL-1', 'Success']]);
  });

  it('an address without reference is a new one each time', () => {
    const { save, get } = start();
    save('Customers', 'Reference,Name\nJLP,Marketplace\n');
    const csv = 'CustomerReference,AddressLine1\nJLP,1 High St\n';
    save('Customer addresses', csv);
    save('Customer addresses', csv);
    expect(get('Customer addresses').totalCount).toBe(2);
  });
});

describe('order lines', () => {
  const items = 'SalesOrderNumber,ItemCode,QuantityOrdered,Line\nJL-1,RED,1,1\nJL-1,RED,2,2\n';

  it.each<[rule: string, duplicateLines: 'apart' | 'merged', quantities: number[]]>([
    ['are kept apart by Line', 'apart', [1, 2]],
    ['overwrite each other', 'merged', [2]],
  ])('two lines of one item %s', (_rule, duplicateLines, quantities) => {
    const { save, sim } = start({ duplicateLines });
    save('Sales orders', order('JL-1'));
    save('Sales order items', items);
    save('Sales order items', items);
    expect(sim.truth.salesOrders.get('JL-1')!.lines.map((line) => line.quantity)).toEqual(
      quantities,
    );
  });

  it.each<['order' | 'item' | 'compound', string]>([
    ['order', 'JL-1'],
    ['item', 'RED'],
    ['compound', 'JL-1,RED'],
  ])('their status may name the %s', (itemReference, reference) => {
    const { save } = start({ itemReference });
    save('Sales orders', order('JL-1'));
    expect(save('Sales order items', items).statuses[0]).toEqual([reference, 'Success']);
  });

  it('cannot be removed', () => {
    const { save, sim } = start();
    save('Sales orders', order('JL-1'));
    save('Sales order items', items);
    expect(save('Sales order items', items, 2).statuses[0]).toEqual(['JL-1', 'Error']);
    expect(sim.truth.salesOrders.get('JL-1')!.lines).toHaveLength(2);
  });
});

describe('what is held against a caller', () => {
  it.each<[breach: string, csv: string]>([
    ['literalUndefined', 'SalesOrderNumber,Email\nJL-1,undefined\n'],
    ['literalUndefined', 'SalesOrderNumber,ContactName\nJL-2,null\n'],
    ['lineBreakInAddress', 'SalesOrderNumber,ShippingAddressLine1\nJL-1,"1 High St\nFlat 2"\n'],
    ['mixedColumns', 'SalesOrderNumber,Email\nJL-1\n'],
    ['unknownHeader', 'SalesOrderNumber,Nope\nJL-1,1\n'],
    ['missingKeyColumn', 'Email\na@example.test\n'],
  ])('%s', (breach, csv) => {
    const caller = start();
    caller.save('Sales orders', csv);
    expect(breaches(caller)).toEqual([breach]);
  });

  it('a word such as undefined is stored as it came', () => {
    const { save, sim } = start();
    save('Sales orders', 'SalesOrderNumber,Email\nJL-1,undefined\n');
    expect(sim.truth.salesOrders.get('JL-1')!.fields['Email']).toBe('undefined');
  });

  it.each<['refused' | 'taken', number]>([
    ['refused', 100],
    ['taken', 101],
  ])('rows beyond the hundredth are %s', (overMaxRows, taken) => {
    const caller = start({ overMaxRows });
    const rows = Array.from({ length: 101 }, (_, i) => `JL-${i}`).join('\n');
    const answer = caller.save('Sales orders', `SalesOrderNumber\n${rows}\n`);
    expect(answer.statuses).toHaveLength(101);
    expect(caller.sim.truth.salesOrders.size).toBe(taken);
    expect(breaches(caller)).toEqual(['tooManyRows']);
  });
});

describe('the import queue', () => {
  it('answers Success at once and applies later, keeping errors to itself', () => {
    const { save, sim, clock } = start({ importQueue: { delayMs: 60_000 } });
    const answer = save('Sales orders', 'SalesOrderNumber,Status\nJL-1,\nJL-2,New\n');
    expect(answer.statuses.map(([, status]) => status)).toEqual(['Success', 'Success']);
    expect(answer.importingQueueId).toBe(1);
    expect(sim.truth.salesOrders.size).toBe(0);
    const dueMs = sim.nextDueMs()!;
    clock.passMinutes(5);
    expect([...sim.truth.salesOrders.keys()]).toEqual(['JL-1']);
    expect(sim.truth.salesOrders.get('JL-1')!.createdAtMs).toBe(dueMs);
    expect(sim.truth.imports[0]).toMatchObject({ appliedAtMs: dueMs });
    expect(sim.truth.imports[0]!.errors.map((e) => e.reference)).toEqual(['JL-2']);
  });

  it('one import alone may be queued by fault', () => {
    const { save, sim } = start();
    sim.faults.next('queuedImport', 1, 'SaveData Sales orders');
    expect(save('Sales orders', order('JL-1')).importingQueueId).toBe(1);
    expect(save('Sales orders', order('JL-2')).importingQueueId).toBe(0);
    expect([...sim.truth.salesOrders.keys()]).toEqual(['JL-2']);
  });
});

describe('faults of an import', () => {
  const three = 'SalesOrderNumber\nJL-1\nJL-2\nJL-3\n';

  it('half a batch is applied and no answer comes', () => {
    const { save, sim } = start();
    sim.faults.next('halfBatch');
    expect(save('Sales orders', three).reply.broken).toBe('reset');
    expect([...sim.truth.salesOrders.keys()]).toEqual(['JL-1', 'JL-2']);
  });

  it('a good row is refused, and works the next time', () => {
    const { save, sim } = start();
    sim.faults.next('rowErrorSpurious');
    expect(save('Sales orders', order('JL-1')).statuses).toEqual([['JL-1', 'Error']]);
    expect(sim.truth.salesOrders.size).toBe(0);
    expect(save('Sales orders', order('JL-1')).statuses).toEqual([['JL-1', 'Success']]);
  });

  it('a row is answered Success and lost', () => {
    const { save, sim } = start();
    sim.faults.next('rowDropped');
    expect(save('Sales orders', order('JL-1')).statuses).toEqual([['JL-1', 'Success']]);
    expect(sim.truth.salesOrders.size).toBe(0);
    expect(sim.truth.droppedRows.map((row) => row.reference)).toEqual(['JL-1']);
  });

  it('statuses may be missing although rows are applied', () => {
    const { save, sim } = start();
    sim.faults.next('statusesMissing');
    expect(save('Sales orders', three)).toMatchObject({ responseId: 0, statuses: [] });
    expect(sim.truth.salesOrders.size).toBe(3);
  });
});

describe('templates', () => {
  it('a tenant may have its own headings, for reading and for writing', () => {
    const { save, get, call } = start({
      renamedHeaders: { 'Item types': { ItemCode: 'SKU' } },
      templates: { 'Item types': ['ItemCode', 'Name', 'Barcode'] },
    });
    const columns = call('GetSaveTemplate', '<templateName>Item types</templateName>');
    expect([columns.detail, columns.totalCount]).toEqual(['SKU,Name,Barcode', 3]);
    save('Item types', 'SKU,Name,Barcode\nGREEN,Green,0012\n');
    expect(get('Item types', 'SKU == "GREEN"').rows).toEqual([
      'SKU,Name,Barcode',
      'GREEN,Green,0012',
    ]);
    expect(get('Item types', 'ItemCode == "GREEN"').responseId).toBe(-1);
  });

  it('one that is not configured has a negative count', () => {
    const { call } = startCaller({ templates: {} });
    const inner = '<templateName>Sales orders</templateName>';
    expect(call('GetSaveTemplate', inner)).toMatchObject({ responseId: 0, totalCount: -1 });
  });

  it('start from the real header rows, with their oddities', () => {
    const { call } = startCaller();
    const detail = (name: string) =>
      call('GetSaveTemplate', `<templateName>${name}</templateName>`).detail.split(',');
    expect(detail('Sales orders')).toHaveLength(30);
    expect(detail('Item types').filter((name) => name === 'RetailPrice')).toHaveLength(2);
    expect(detail('Item types')).toHaveLength(47);
    expect(detail('Purchase order items')).toContain('ExpectededDeliveryDate');
  });
});
