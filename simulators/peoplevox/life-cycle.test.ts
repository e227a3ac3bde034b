import { describe, expect, it } from 'vitest';
import { Dice } from '../kernel.ts';
import type { PeoplevoxOptions } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, exportOrder, startCaller } from './wire-for-tests.ts';

const templates = {
  'Sales orders': allFields('Sales orders'),
  'Sales order items': allFields('Sales order items'),
  'Item type kittings': allFields('Item type kittings'),
};

function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = startCaller({ templates, ...options });
  caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 9 } });
  caller.sim.addItem({ itemCode: 'BLUE', stock: { PrimarySite: 9 } });
  return caller;
}

const statusOf = ({ sim }: Caller, number: string) => sim.truth.salesOrders.get(number)?.status;
const cancelCsv = 'SalesOrderNumber,Status\nJL-1,Cancelled\n';

function stockOf({ sim }: Caller, itemCode: string): [onHand: number, allocated: number] {
  const row = sim.truth.items.get(itemCode)!.stock.get('PrimarySite')!;
  return [row.onHand, row.allocated];
}

describe('allocation', () => {
  it('reserves stock when its run comes, at the time of the run', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['New', [9, 0]]);
    const dueMs = caller.sim.nextDueMs();
    caller.clock.passMinutes(20);
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['Allocated', [9, 2]]);
    expect(caller.sim.truth.salesOrders.get('JL-1')!.history.at(-1)).toEqual({
      atMs: dueMs,
      from: 'New',
      to: 'Allocated',
      by: 'allocation',
    });
  });

  it.each<[rule: string, extra: Record<string, string>, action: number]>([
    ['an order on hold', { OnHold: 'true' }, 0],
    ['an order saved with Action 1', {}, 1],
  ])('%s waits until it is released', (_rule, extra, action) => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 1 }, extra, action);
    caller.clock.passMinutes(20);
    expect(statusOf(caller, 'JL-1')).toBe('New');
    caller.save('Sales orders', 'SalesOrderNumber,OnHold\nJL-1,false\n');
    caller.clock.passMinutes(20);
    expect(statusOf(caller, 'JL-1')).toBe('Allocated');
  });

  it('stands still in peak mode', () => {
    const caller = start();
    caller.sim.pauseAllocation(true);
    exportOrder(caller, 'JL-1', { RED: 1 });
    caller.clock.passMinutes(600);
    expect(statusOf(caller, 'JL-1')).toBe('New');
    caller.sim.pauseAllocation(false);
    caller.clock.passMinutes(6);
    expect(statusOf(caller, 'JL-1')).toBe('Allocated');
  });

  it('an order that lacks stock waits for it and takes nothing meanwhile', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { BLUE: 1, RED: 10 });
    caller.clock.passMinutes(20);
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'BLUE')]).toEqual(['New', [9, 0]]);
    caller.sim.stockCounted('RED', 'PrimarySite', 10);
    caller.clock.passMinutes(20);
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['Allocated', [10, 10]]);
  });

  it('Available goes below zero where the tenant oversells, and by a low count', () => {
    const caller = start({ allocation: 'negative' });
    exportOrder(caller, 'JL-1', { RED: 12 });
    caller.clock.passMinutes(20);
    caller.sim.stockCounted('RED', 'PrimarySite', 5);
    expect(stockOf(caller, 'RED')).toEqual([5, 12]);
    const { rows } = caller.report('Item inventory summary', {
      search: '([Item code].Equals("RED")) AND ([Site reference].Equals("PrimarySite"))',
      columns: '[On hand],[Allocated],[Available]',
    });
    expect(rows[1]).toBe('5,12,-7');
  });

  it('changing a quantity starts allocation again; saving the same does not', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    exportOrder(caller, 'JL-1', { RED: 2 });
    expect(statusOf(caller, 'JL-1')).toBe('Allocated');
    exportOrder(caller, 'JL-1', { RED: 3 });
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['New', [9, 0]]);
    caller.clock.passMinutes(6);
    expect(stockOf(caller, 'RED')).toEqual([9, 3]);
  });

  it('a kit reserves and sends its parts', () => {
    const caller = start();
    caller.sim.addItem({ itemCode: 'SET', kitOf: { RED: 2, BLUE: 1 } });
    exportOrder(caller, 'JL-1', { SET: 2 });
    caller.clock.passMinutes(6);
    expect([stockOf(caller, 'RED'), stockOf(caller, 'BLUE')]).toEqual([
      [9, 4],
      [9, 2],
    ]);
    caller.sim.pickStarts('JL-1');
    caller.sim.despatch('JL-1');
    const columns = '[Item code],[Parent],[No of items],[No. of parent items despatched]';
    expect(caller.report('Despatch summary', { columns }).rows.slice(1)).toEqual([
      'RED,SET,4,2',
      'BLUE,SET,2,2',
    ]);
  });
});

describe('cancelling', () => {
  it('frees what was reserved, and again is no error', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    expect(caller.save('Sales orders', cancelCsv).statuses).toEqual([['JL-1', 'Success']]);
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['Cancelled', [9, 0]]);
    expect(caller.save('Sales orders', cancelCsv).statuses).toEqual([['JL-1', 'Success']]);
  });

  it.each<[rule: string, cancelAfterPicking: 'error' | 'ignored', status: string]>([
    ['a row error', 'error', 'Error'],
    ['Success without effect', 'ignored', 'Success'],
  ])('once picking began it is %s', (_rule, cancelAfterPicking, status) => {
    const caller = start({ cancelAfterPicking });
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    expect(caller.sim.pickStarts('JL-1')).toEqual({ ok: true });
    expect(caller.save('Sales orders', cancelCsv).statuses).toEqual([['JL-1', status]]);
    expect(statusOf(caller, 'JL-1')).toBe('Picking');
  });

  it('a picker may be a moment faster', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.faults.next('pickBeforeCancel');
    expect(caller.save('Sales orders', cancelCsv).statuses).toEqual([['JL-1', 'Error']]);
    expect(statusOf(caller, 'JL-1')).toBe('Picking');
  });

  it('the warehouse can cancel while picking, not after', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    expect(caller.sim.cancelOrderInWarehouse('JL-1')).toEqual({ ok: true });
    expect(stockOf(caller, 'RED')).toEqual([9, 0]);
    const { rows } = caller.report('Sales orders by status', {
      search: '(Status.Equals("Cancelled"))',
    });
    expect(rows[1]).toBe('JL-1,Cancelled,');
    expect(caller.sim.cancelOrderInWarehouse('JL-1').ok).toBe(false);
  });

  it.each<['error' | 'ignored' | 'applied', string, string]>([
    ['error', 'Error', ''],
    ['ignored', 'Success', ''],
    ['applied', 'Success', 'late'],
  ])('writing to a cancelled order: %s', (closedOrderUpdate, status, attribute) => {
    const caller = start({ closedOrderUpdate });
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.save('Sales orders', cancelCsv);
    const answer = caller.save('Sales orders', 'SalesOrderNumber,Attribute1\nJL-1,late\n');
    expect(answer.statuses).toEqual([['JL-1', status]]);
    const order = caller.sim.truth.salesOrders.get('JL-1')!;
    expect([order.status, order.fields['Attribute1'] ?? '']).toEqual(['Cancelled', attribute]);
    expect(caller.sim.truth.closedOrderWrites).toHaveLength(1);
  });
});

describe('despatch', () => {
  it('goes out in parts, each with its own number, and takes the stock', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2, BLUE: 1 }, { IsPartialShipment: 'true' });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    const lines = [{ itemCode: 'RED', quantity: 1 }];
    expect(caller.sim.despatch('JL-1', { lines })).toEqual({ ok: true, despatchNumber: 'DES1001' });
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['Part despatched', [8, 1]]);
    expect(caller.sim.despatch('JL-1')).toEqual({ ok: true, despatchNumber: 'DES1002' });
    expect([statusOf(caller, 'JL-1'), stockOf(caller, 'RED')]).toEqual(['Despatched', [7, 0]]);
    expect(caller.sim.despatch('JL-1').ok).toBe(false);
    const { rows } = caller.report('Despatch summary', {
      columns: '[Despatch number],[Item code],[No of items]',
    });
    expect(rows.slice(1)).toEqual(['DES1001,RED,1', 'DES1002,RED,1', 'DES1002,BLUE,1']);
  });

  it('needs picking first, and no more units than are left', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    expect(caller.sim.pickStarts('JL-1')).toEqual({ ok: false, why: 'order is New' });
    caller.clock.passMinutes(6);
    expect(caller.sim.despatch('JL-1')).toEqual({ ok: false, why: 'order is Allocated' });
    caller.sim.pickStarts('JL-1');
    const lines = [{ itemCode: 'RED', quantity: 3 }];
    expect(caller.sim.despatch('JL-1', { lines })).toEqual({
      ok: false,
      why: 'RED has 2 units left',
    });
  });

  it('takes only what is on the shelf, whatever was reserved', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    caller.sim.stockCounted('RED', 'PrimarySite', 1);
    expect(caller.sim.despatch('JL-1')).toEqual({ ok: false, why: 'RED is not on the shelf' });
    const lines = [{ itemCode: 'RED', quantity: 1 }];
    expect(caller.sim.despatch('JL-1', { lines }).ok).toBe(true);
    expect(stockOf(caller, 'RED')).toEqual([0, 1]);
  });

  it('StopShip keeps it in', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    caller.sim.editOrderByHand('JL-1', { StopShip: 'true' });
    expect(caller.sim.despatch('JL-1')).toEqual({ ok: false, why: 'order is stopped' });
  });

  it('lines cannot be changed once picking began', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    const csv = 'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,RED,5\n';
    expect(caller.save('Sales order items', csv).statuses).toEqual([['JL-1', 'Error']]);
  });

  it('the row may come late with an older date, and tracking later still', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.pickStarts('JL-1');
    caller.sim.despatch('JL-1', {
      trackingNumber: 'JD0001',
      visibleAfterMs: 10 * 60_000,
      trackedAfterMs: 30 * 60_000,
    });
    const rows = () =>
      caller.report('Despatch summary', { columns: '[Tracking number],[Despatch date]' }).rows;
    expect(rows()).toHaveLength(1);
    caller.clock.passMinutes(10);
    expect(rows()[1]).toBe(",'02/02/2026 09:06:00'");
    caller.clock.passMinutes(20);
    expect(rows()[1]).toBe("JD0001,'02/02/2026 09:06:00'");
    caller.sim.setTracking('DES1001', 'JD0002');
    expect(rows()[1]).toBe("JD0002,'02/02/2026 09:06:00'");
  });
});

describe('items', () => {
  it('a retired item keeps its orders and gives its code away', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.retireItem('RED');
    expect([...caller.sim.truth.items.keys()]).toEqual(['BLUE', 'RED~D~']);
    expect(caller.get('Sales order items').rows[1]).toContain('JL-1,RED~D~,2');
    const csv = 'SalesOrderNumber,ItemCode,QuantityOrdered\nJL-1,RED,1\n';
    expect(caller.save('Sales order items', csv).statuses).toEqual([['JL-1', 'Error']]);
    expect(caller.sim.pickStarts('JL-1')).toEqual({ ok: true });
    caller.sim.addItem({ itemCode: 'RED' });
    caller.sim.retireItem('RED');
    expect(caller.sim.truth.items.has('RED~D~2')).toBe(true);
  });
});

describe('a long random walk', () => {
  const allowed: Record<string, string[]> = {
    New: ['Allocated', 'Cancelled'],
    Allocated: ['New', 'Picking', 'Cancelled'],
    Picking: ['Part despatched', 'Despatched', 'Cancelled'],
    'Part despatched': ['Despatched'],
  };

  function checkBooks({ sim }: Caller): void {
    const reserved = new Map<string, number>();
    for (const order of sim.truth.salesOrders.values()) {
      for (const { from, to } of order.history) {
        if (from !== null) expect(allowed[from], `${from} to ${to}`).toContain(to);
      }
      for (const line of order.lines) {
        expect(line.despatched).toBeLessThanOrEqual(line.quantity);
        for (const { item, each } of line.parts) {
          const key = `${item.code} ${order.reservedOn}`;
          reserved.set(key, (reserved.get(key) ?? 0) + each * line.allocated);
        }
      }
    }
    for (const row of sim.truth.stock) {
      const key = `${row.item.code} ${row.site}`;
      expect([key, row.allocated]).toEqual([key, reserved.get(key) ?? 0]);
      expect(row.onHand).toBeGreaterThanOrEqual(0);
    }
  }

  it.each<[seed: number, options: Partial<PeoplevoxOptions>]>([
    [1, {}],
    [2, { orderWithoutSite: 'withStock' }],
    [3, { allocation: 'partial' }],
    [4, { allocation: 'partial', orderWithoutSite: 'withStock' }],
    [5, { allocation: 'negative' }],
  ])('allocated is always what the orders hold; seed %i, %o', (seed, options) => {
    const sites = ['PrimarySite', 'North'];
    const caller = start({ sites, sessionIdleMs: Number.MAX_VALUE, ...options });
    const { sim, save, clock } = caller;
    sim.addItem({ itemCode: 'SET', kitOf: { RED: 2, BLUE: 1 } });
    const dice = new Dice(seed);
    const acts: ((number: string) => void)[] = [
      (number) => exportOrder(caller, number, { [dice.pick(['RED', 'BLUE', 'SET'])]: 1 }),
      (number) => exportOrder(caller, number, { BLUE: dice.between(1, 3) }),
      (number) => save('Sales orders', `SalesOrderNumber,Status\n${number},Cancelled\n`),
      (number) =>
        save('Sales orders', `SalesOrderNumber,Site\n${number},${dice.pick(['North', ''])}\n`),
      (number) => sim.truth.salesOrders.has(number) && sim.pickStarts(number),
      (number) => sim.truth.salesOrders.has(number) && sim.despatch(number),
      (number) => {
        const line = sim.truth.salesOrders.get(number)?.lines[0];
        if (line) sim.despatch(number, { lines: [{ itemCode: line.item.code, quantity: 1 }] });
      },
      (number) => sim.truth.salesOrders.has(number) && sim.cancelOrderInWarehouse(number),
      () => {
        const itemCode = dice.pick(['RED', 'BLUE']);
        const site = dice.pick(['PrimarySite', 'North']);
        sim.stockCounted(itemCode, site, dice.between(0, 20));
      },
      () => sim.goodsArrive('RED', dice.pick(sites), dice.between(0, 5)),
      () => sim.stockDamaged('RED', dice.pick(sites), 1),
      () => sim.stockMoved('BLUE', dice.pick(sites), dice.pick(sites), 1),
      (number) =>
        dice.chance(0.05) && sim.truth.salesOrders.has(number) && sim.reservationSticks(number),
      () => sim.pauseAllocation(dice.chance(0.2)),
    ];
    for (let i = 0; i < 1500; i++) {
      dice.pick(acts)(`JL-${dice.between(1, 60)}`);
      clock.passMinutes(dice.between(0, 4));
      if (i % 10 === 0) checkBooks(caller);
    }
    checkBooks(caller);
    const reached = new Set([...sim.truth.salesOrders.values()].map((order) => order.status));
    expect(reached).toContain('Despatched');
    expect(reached).toContain('Cancelled');
  });
});
