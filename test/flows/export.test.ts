import { describe, expect, it } from 'vitest';
import {
  allRaised,
  breaches,
  exceptionsOf,
  raised,
  theFlow,
  theSalesOrder,
  theWarehouseShows,
  weSay,
} from './beliefs.ts';
import { theWarehouseChokesOn, theWarehouseRecovers } from './somebody-else.ts';
import {
  anAddress,
  aShopperBuys,
  isSave,
  openTrade,
  type Trade,
  textOf,
  warehouseId,
} from './trade.ts';

const headers = 'SaveData Sales orders';
const lines = 'SaveData Sales order items';

function saves(trade: Trade, operation: string): number {
  return trade.warehouse.truth.calls.get(operation) ?? 0;
}

describe('export: failing rows', () => {
  it('a refused line stops its own order only, is raised, and cleared once the item is back', async () => {
    const trade = await openTrade();
    aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(3);
    trade.warehouse.retireItem('LAMP'); // the service trusts what it knows of LAMP for hours yet
    const bad = aShopperBuys(trade, { LAMP: 1, MUG: 1 });
    const good = aShopperBuys(trade, { MUG: 2 });
    await trade.pass(10);
    expect(theWarehouseShows(trade, good)?.units).toEqual({ MUG: 2 });
    expect(await raised(trade, bad)).toEqual(['export-refused']);
    expect((await exceptionsOf(trade, bad))[0]?.evidence).toMatchObject({ itemCodes: ['LAMP'] });
    const sent = saves(trade, lines);
    await trade.pass(10);
    expect(saves(trade, lines)).toBe(sent);

    trade.warehouse.addItem({ itemCode: 'LAMP', barcode: 'B-2', stock: { PrimarySite: 9 } });
    await trade.pass(35);
    expect(theWarehouseShows(trade, bad)?.units).toEqual({ LAMP: 1, MUG: 1 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a row that is refused once is simply sent again', async () => {
    const trade = await openTrade();
    trade.warehouse.faults.next('rowErrorSpurious', 1, headers);
    trade.warehouse.faults.next('rowErrorSpurious', 1, lines);
    const ids = [1, 2, 3].map(() => aShopperBuys(trade, { MUG: 1 }));
    await trade.pass(6);
    expect(ids.map((id) => theWarehouseShows(trade, id)?.units)).toEqual(
      ids.map(() => ({ MUG: 1 })),
    );
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each([headers, lines])(
    'when one row makes the warehouse refuse the whole call, the others go in (%s)',
    async (operation) => {
      const trade = await openTrade();
      const ids = Array.from({ length: 20 }, () => aShopperBuys(trade, { MUG: 1 }));
      const bad = ids[7]!;
      theWarehouseChokesOn(
        trade,
        'Object reference not set',
        operation === headers ? `"${bad}","Leeds"` : `"${bad}","MUG"`,
      );
      await trade.pass(4);
      const shown = ids.filter((id) => theWarehouseShows(trade, id)?.units['MUG'] === 1);
      expect(shown).toEqual(ids.filter((id) => id !== bad));
      expect(await allRaised(trade)).toEqual([`export-refused ${bad}`]);

      theWarehouseRecovers(trade);
      await trade.pass(40);
      expect(theWarehouseShows(trade, bad)?.units).toEqual({ MUG: 1 });
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('a template that is refused altogether is one exception, not one per order', async () => {
    const trade = await openTrade();
    const ids = [1, 2, 3, 4].map(() => aShopperBuys(trade, { MUG: 1 }));
    theWarehouseChokesOn(trade, 'Column Email is not configured', 'Sales orders');
    await trade.pass(2);
    expect(await allRaised(trade)).toEqual([
      'connection-failing orders.export',
      'template-refused Sales orders',
    ]);
    theWarehouseRecovers(trade);
    await trade.pass(5);
    expect(ids.every((id) => theWarehouseShows(trade, id)?.units['MUG'] === 1)).toBe(true);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('export: lost answers and crashes', () => {
  it.each([
    ['between header and lines', 'Sales orders'],
    ['after the lines', 'Sales order items'],
  ])('a service that dies %s goes on where it was', async (_when, template) => {
    const trade = await openTrade();
    const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 1, MUG: 2 }));
    const died = trade.dieAfter(isSave(template));
    void trade.pass(2);
    await died;
    await trade.restart();
    await trade.pass(5);
    for (const id of ids) {
      expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1, MUG: 2 });
      expect(theSalesOrder(trade, id).lines).toHaveLength(2);
      expect(theSalesOrder(trade, id).headerWrites).toBe(1);
      expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
    }
    expect(breaches(trade)).toEqual([]);
  });

  it.each(
    [
      'resetBefore',
      'resetAfter',
      'timeoutAfter',
      'halfBody',
      'halfBatch',
      'statusesMissing',
    ].flatMap((fault) => [headers, lines].map((operation) => [fault, operation] as const)),
  )('%s on %s loses and doubles nothing', async (fault, operation) => {
    const trade = await openTrade();
    trade.warehouse.faults.next(fault as 'resetAfter', 1, operation);
    const ids = [1, 2, 3].map(() => aShopperBuys(trade, { LAMP: 1, MUG: 2 }));
    await trade.pass(8);
    expect(trade.warehouse.faults.hits).toHaveLength(1);
    for (const id of ids) {
      expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1, MUG: 2 });
      expect(theSalesOrder(trade, id).lines).toHaveLength(2);
    }
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each(['GetData Sales orders', headers, lines, 'GetData Sales order items'])(
    'a session that dies just before %s is renewed, and the call repeated',
    async (operation) => {
      const trade = await openTrade();
      trade.warehouse.faults.next('expireSession', 1, operation);
      const id = aShopperBuys(trade, { LAMP: 1 });
      await trade.pass(2);
      expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
      expect(trade.warehouse.truth.calls.get('Authenticate')).toBe(2);
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('imports that the warehouse queues are waited for', async () => {
    const trade = await openTrade({ warehouse: { importQueue: { delayMs: 40_000 } } });
    const id = aShopperBuys(trade, { LAMP: 2 });
    await trade.run('orders.intake');
    await trade.run('orders.export');
    expect(theWarehouseShows(trade, id)).toBeNull();
    expect(await weSay(trade, id)).toMatchObject({ state: 'accepted', step: 'lines-in' });
    await trade.pass(5);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2 });
    expect(theSalesOrder(trade, id).headerWrites).toBe(1);
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported' });
  });
});

describe('export: what tenants differ in', () => {
  it.each([
    [
      'separate',
      [
        { item: 'LAMP', units: 1 },
        { item: 'LAMP', units: 2 },
        { item: 'MUG', units: 1 },
      ],
    ],
    [
      'merge',
      [
        { item: 'LAMP', units: 3 },
        { item: 'MUG', units: 1 },
      ],
    ],
  ] as const)('two lines of one SKU: %s', async (sameSku, expected) => {
    const trade = await openTrade({ channel: { sameSku } });
    const line = (offerSku: string, quantity: number, unitPrice: string) => ({
      offerSku,
      quantity,
      unitPrice,
    });
    const id = aShopperBuys(trade, [
      line('LAMP', 1, '30.00'),
      line('LAMP', 2, '30.00'),
      line('MUG', 1, '8.50'),
    ]);
    await trade.pass(3);
    const shown = theSalesOrder(trade, id).lines;
    expect(shown.map((one) => ({ item: one.item.code, units: one.quantity }))).toEqual(expected);
    expect(await weSay(trade, id)).toMatchObject({ step: 'verified' });
  });

  it('merged lines suit a warehouse that keeps one line an item', async () => {
    const trade = await openTrade({
      channel: { sameSku: 'merge' },
      warehouse: { duplicateLines: 'merged' },
    });
    const id = aShopperBuys(trade, [
      { offerSku: 'LAMP', quantity: 1, unitPrice: '30.00' },
      { offerSku: 'LAMP', quantity: 2, unitPrice: '30.00' },
    ]);
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 3 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each([
    ['one per channel', { mode: 'channel', create: true }, ['JOHN-LEWIS']],
    ['one per shopper', { mode: 'each' }, ['john-lewis-C7', 'john-lewis-C8']],
  ])('a tenant that wants its customers first gets them: %s', async (_how, customer, expected) => {
    const trade = await openTrade({ warehouse: { requireCustomer: true }, house: { customer } });
    const ids = ['C7', 'C8', 'C7'].map((id) =>
      aShopperBuys(trade, { MUG: 1 }, { customer: { id } }),
    );
    await trade.pass(3);
    expect(ids.map((id) => theWarehouseShows(trade, id)?.units)).toEqual(
      ids.map(() => ({ MUG: 1 })),
    );
    expect([...trade.warehouse.truth.tables.get('Customers')!.keys()].sort()).toEqual(expected);
  });

  it('SOAP 1.2 is spoken where it is configured', async () => {
    const trade = await openTrade({ house: { soapVersion: '1.2' } });
    const seen = new Set<string>();
    trade.network[warehouseId]!.instead = (request) => {
      seen.add(request.headers['content-type']?.split(';')[0] ?? '');
      return null;
    };
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(2);
    expect([...seen]).toEqual(['application/soap+xml']);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 1 });
  });

  it('columns that the tenant renamed are written and read by the column map', async () => {
    const trade = await openTrade({
      warehouse: {
        renamedHeaders: {
          'Sales orders': { SalesOrderNumber: 'OrderNo', ChannelName: 'SoldOn' },
          'Sales order items': {
            ItemCode: 'SKU',
            QuantityOrdered: 'Units',
            SalesOrderNumber: 'OrderNo',
          },
          'Item types': { ItemCode: 'SKU' },
        },
      },
      house: {
        templates: {
          salesOrders: { columns: { SalesOrderNumber: 'OrderNo', ChannelName: 'SoldOn' } },
          salesOrderItems: {
            columns: { ItemCode: 'SKU', QuantityOrdered: 'Units', SalesOrderNumber: 'OrderNo' },
          },
          itemTypes: { columns: { ItemCode: 'SKU' } },
        },
      },
    });
    const id = aShopperBuys(trade, { LAMP: 2 });
    await trade.pass(3);
    expect(theWarehouseShows(trade, id)?.units).toEqual({ LAMP: 2 });
    expect(theSalesOrder(trade, id).fields['ChannelName']).toBe('John Lewis');
    expect(await weSay(trade, id)).toMatchObject({ step: 'verified' });
    expect(breaches(trade)).toEqual([]);
  });

  it('a tenant in New York with the month first, plain passwords and status numbers', async () => {
    const trade = await openTrade({
      warehouse: {
        passwordEncoding: 'plain',
        timeZone: 'America/New_York',
        dateOrder: 'month-first',
        getDataDates: 'display',
        statusForm: { search: 'number', output: 'number' },
        lineEnd: '\r\n',
      },
      house: {
        passwordEncoding: 'plain',
        timeZone: 'America/New_York',
        dateOrder: 'month-first',
        statusNumbers: { '1': 'New', '2': 'Allocated', '3': 'Picking', '6': 'Cancelled' },
      },
    });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(3);
    expect(theSalesOrder(trade, id).fields['CreatedDate']).toBe('2026-02-02 04:00:00');
    expect(await weSay(trade, id)).toMatchObject({ state: 'exported', step: 'verified' });
    trade.johnLewis.shopperCancels(id);
    await trade.pass(5);
    expect(theWarehouseShows(trade, id)?.status).toBe('Cancelled');
    expect(await weSay(trade, id)).toMatchObject({ state: 'cancelled', step: 'cancelled' });
  });

  it('orders are saved without allocating stock where the tenant wants that', async () => {
    const trade = await openTrade({ house: { allocate: false } });
    const id = aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(20);
    expect(theWarehouseShows(trade, id)).toEqual({ status: 'New', units: { LAMP: 1 } });
  });
});

describe('export: awkward text', () => {
  it('arrives unharmed, without line breaks and emoji', async () => {
    const trade = await openTrade();
    const id = aShopperBuys(
      trade,
      { LAMP: 1 },
      {
        shipTo: {
          ...anAddress,
          firstname: '🎁 Zoë',
          lastname: 'D’Arcy "Dot" O\'Example',
          company: 'Smith, Jones & <Sons>',
          street_1: 'Unit 4;\r\n"The Mews", 7 High Street',
          street_2: '=SUM(A1)\tRear entrance',
          additional_info: 'Ring twice,\nleave with neighbour 🙂',
        },
      },
    );
    await trade.pass(3);
    const { fields } = theSalesOrder(trade, id);
    expect(fields['ContactName']).toBe('Zoë D’Arcy "Dot" O\'Example');
    const address = Object.entries(fields).filter(([name]) => name.startsWith('Shipping'));
    const text = address.map(([, value]) => value).join(' | ');
    expect(text).toContain('Smith, Jones & <Sons>');
    expect(text).toContain('Unit 4; "The Mews", 7 High Street');
    for (const value of Object.values(fields)) {
      expect(value).not.toMatch(/[\r\n\t]|undefined|null|\p{Extended_Pictographic}/u);
    }
    expect(await weSay(trade, id)).toMatchObject({ step: 'verified' });
    expect(breaches(trade)).toEqual([]);
  });

  it.each(['00012345', 'TEE/7 & CO', 'Mug, 7', 'écharpe-7', "O'BRIEN", 'A;B', '1E10'])(
    'ItemCode %s is found and written letter by letter',
    async (itemCode) => {
      const trade = await openTrade();
      trade.warehouse.addItem({ itemCode, stock: { PrimarySite: 5 } });
      const id = aShopperBuys(trade, { [itemCode]: 2 });
      await trade.pass(3);
      expect(theWarehouseShows(trade, id)?.units).toEqual({ [itemCode]: 2 });
      expect(await weSay(trade, id)).toMatchObject({ step: 'verified' });
      expect(breaches(trade)).toEqual([]);
    },
  );
});

describe('export: the calls', () => {
  it('a hundred orders take few calls, and none is made when nothing waits', async () => {
    const trade = await openTrade();
    for (let n = 0; n < 100; n += 1) aShopperBuys(trade, { LAMP: 1 });
    await trade.pass(2);
    const calls = () => [...trade.warehouse.truth.calls.values()].reduce((sum, n) => sum + n, 0);
    expect(trade.warehouse.truth.salesOrders.size).toBe(100);
    expect(calls()).toBeLessThanOrEqual(10);
    const before = calls();
    await trade.pass(10);
    expect(calls()).toBe(before);
    expect((await theFlow(trade, 'orders.export', warehouseId)).failures).toBe(0);
  });

  it('no call holds more rows than configured, though an order has more lines than that', async () => {
    const trade = await openTrade({ house: { rowsPerCall: 5 } });
    let most = 0;
    trade.network[warehouseId]!.instead = (request) => {
      const csv = /<CsvData>([\s\S]*)<\/CsvData>/.exec(textOf(request.body))?.[1];
      if (csv) most = Math.max(most, csv.trim().split('\n').length - 1);
      return null;
    };
    const wide = aShopperBuys(
      trade,
      Array.from({ length: 12 }, () => ({ offerSku: 'LAMP', quantity: 1, unitPrice: '30.00' })),
    );
    const ids = Array.from({ length: 7 }, () => aShopperBuys(trade, { LAMP: 1, MUG: 1 }));
    await trade.pass(3);
    expect(most).toBe(5);
    expect(theWarehouseShows(trade, wide)?.units).toEqual({ LAMP: 12 });
    expect(ids.every((id) => theWarehouseShows(trade, id)?.units['MUG'] === 1)).toBe(true);
  });
});
