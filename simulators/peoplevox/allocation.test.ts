import { describe, expect, it } from 'vitest';
import type { PeoplevoxOptions } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, exportOrder, startCaller } from './wire-for-tests.ts';

const templates = {
  'Sales orders': allFields('Sales orders'),
  'Sales order items': allFields('Sales order items'),
};

/** RED: 5 on PrimarySite, 9 on North. BLUE: 4 on PrimarySite. SET is 2 RED and 1 BLUE. */
function start(options: Partial<PeoplevoxOptions> = {}): Caller {
  const caller = startCaller({ templates, sites: ['PrimarySite', 'North'], ...options });
  caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 5, North: 9 } });
  caller.sim.addItem({ itemCode: 'BLUE', stock: { PrimarySite: 4 } });
  caller.sim.addItem({ itemCode: 'SET', kitOf: { RED: 2, BLUE: 1 } });
  return caller;
}

const statusOf = ({ sim }: Caller, number: string) => sim.truth.salesOrders.get(number)?.status;
const available = ({ sim }: Caller, itemCode: string) =>
  Object.fromEntries(
    ['PrimarySite', 'North'].flatMap((site) => {
      const units = sim.truth.stockAt(itemCode).get(site)?.available;
      return units === undefined ? [] : [[site, units]];
    }),
  );
const cancelCsv = 'SalesOrderNumber,Status\nJL-1,Cancelled\n';

describe('too little stock', () => {
  it.each<
    [
      rule: PeoplevoxOptions['allocation'] & string,
      lines: Record<string, number>,
      status: string,
      primary: number,
      held: [itemCode: string, units: number][],
    ]
  >([
    ['whole', { RED: 7 }, 'New', 5, []],
    ['partial', { RED: 7 }, 'New', 0, [['RED', 5]]],
    ['negative', { RED: 7 }, 'Allocated', -2, [['RED', 7]]],
    ['whole', { SET: 3 }, 'New', 5, []],
    [
      'partial',
      { SET: 3 },
      'New',
      1,
      [
        ['RED', 4],
        ['BLUE', 2],
      ],
    ],
    [
      'negative',
      { SET: 3 },
      'Allocated',
      -1,
      [
        ['RED', 6],
        ['BLUE', 3],
      ],
    ],
  ])('%s, an order of %o', (allocation, lines, status, primary, held) => {
    const caller = start({ allocation });
    exportOrder(caller, 'JL-1', lines);
    caller.clock.passMinutes(6);
    expect(statusOf(caller, 'JL-1')).toBe(status);
    expect(available(caller, 'RED')).toEqual({ PrimarySite: primary, North: 9 });
    const { truth } = caller.sim;
    expect(truth.unitsAllocated('JL-1').map((one) => [one.itemCode, one.units])).toEqual(held);
  });

  it('a partly reserved order takes the rest when it comes, and only then is allocated', () => {
    const caller = start({ allocation: 'partial' });
    exportOrder(caller, 'JL-1', { RED: 7 });
    caller.clock.passMinutes(6);
    expect(caller.sim.truth.allocatedAtMs('JL-1')).toBeUndefined();
    caller.sim.goodsArrive('RED', 'PrimarySite', 3);
    caller.clock.passMinutes(6);
    expect([statusOf(caller, 'JL-1'), available(caller, 'RED')['PrimarySite']]).toEqual([
      'Allocated',
      1,
    ]);
    expect(caller.sim.truth.allocatedAtMs('JL-1')).toBe(caller.clock.nowMs() - 60_000);
  });

  it('cancelling a partly reserved order frees what it had', () => {
    const caller = start({ allocation: 'partial' });
    exportOrder(caller, 'JL-1', { RED: 7 });
    caller.clock.passMinutes(6);
    caller.save('Sales orders', cancelCsv);
    expect(available(caller, 'RED')['PrimarySite']).toBe(5);
    expect(caller.sim.truth.unitsAllocated('JL-1')).toEqual([]);
  });

  it('the rule may change while orders wait', () => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 7 });
    caller.clock.passMinutes(6);
    caller.sim.change({ allocation: 'negative' });
    exportOrder(caller, 'JL-1', { RED: 6 });
    caller.clock.passMinutes(6);
    expect([statusOf(caller, 'JL-1'), available(caller, 'RED')['PrimarySite']]).toEqual([
      'Allocated',
      -1,
    ]);
  });
});

describe('which site reserves', () => {
  it.each<
    [
      rule: string,
      orderWithoutSite: 'firstSite' | 'withStock',
      named: string,
      units: number,
      held: string,
    ]
  >([
    ['the first site, whatever others have', 'firstSite', '', 6, 'none'],
    ['the first site when it has all', 'withStock', '', 5, 'PrimarySite'],
    ['the first site that has all', 'withStock', '', 6, 'North'],
    ['none when no site has all', 'withStock', '', 10, 'none'],
    ['the site that is named', 'firstSite', 'North', 6, 'North'],
    ['only the site that is named', 'withStock', 'PrimarySite', 6, 'none'],
  ])('%s', (_rule, orderWithoutSite, named, units, held) => {
    const caller = start({ orderWithoutSite });
    exportOrder(caller, 'JL-1', { RED: units }, { Site: named });
    caller.clock.passMinutes(6);
    const reserved = caller.sim.truth.unitsAllocated('JL-1');
    expect(reserved.map(({ site }) => site)).toEqual(held === 'none' ? [] : [held]);
    if (held === 'none') return;
    caller.sim.pickStarts('JL-1');
    caller.sim.despatch('JL-1');
    const { rows } = caller.report('Despatch summary', { columns: '[Site reference]' });
    expect(rows[1]).toBe(held);
    expect(caller.sim.truth.stockAt('RED').get(held)!.allocated).toBe(0);
  });

  it('an order reserved elsewhere is saved again without moving', () => {
    const caller = start({ orderWithoutSite: 'withStock' });
    exportOrder(caller, 'JL-1', { RED: 6 }, { Site: '' });
    caller.clock.passMinutes(6);
    exportOrder(caller, 'JL-1', { RED: 6 }, { Site: '' });
    expect([statusOf(caller, 'JL-1'), available(caller, 'RED')]).toEqual([
      'Allocated',
      { PrimarySite: 5, North: 3 },
    ]);
  });

  it('stock that arrives on any site serves an order that may go anywhere', () => {
    const caller = start({ orderWithoutSite: 'withStock' });
    exportOrder(caller, 'JL-1', { BLUE: 3, RED: 6 });
    caller.clock.passMinutes(6);
    expect(statusOf(caller, 'JL-1')).toBe('New');
    caller.sim.goodsArrive('BLUE', 'North', 3);
    caller.clock.passMinutes(6);
    expect(available(caller, 'BLUE')).toEqual({ PrimarySite: 4, North: 0 });
  });

  it('SystemSite has units and never serves an order', () => {
    const caller = start({ orderWithoutSite: 'withStock' });
    caller.sim.stockCounted('RED', 'SystemSite', 500);
    exportOrder(caller, 'JL-1', { RED: 100 });
    caller.clock.passMinutes(6);
    expect(statusOf(caller, 'JL-1')).toBe('New');
    expect(caller.sim.truth.stockAt('BLUE').get('SystemSite')!.onHand).toBeGreaterThan(0);
  });
});

describe('a reservation that sticks', () => {
  it.each<[rule: string, end: (caller: Caller) => void, left: [onHand: number, allocated: number]]>(
    [
      ['stays when the order is cancelled', (c) => c.save('Sales orders', cancelCsv), [5, 2]],
      [
        'stays when the goods leave',
        ({ sim }) => {
          sim.pickStarts('JL-1');
          sim.despatch('JL-1');
        },
        [3, 2],
      ],
      [
        'is not taken twice when the order changes',
        (caller) => {
          exportOrder(caller, 'JL-1', { RED: 3 });
          caller.clock.passMinutes(6);
        },
        [5, 3],
      ],
      [
        'is not given back when the order asks for less',
        (caller) => {
          exportOrder(caller, 'JL-1', { RED: 1 });
          caller.clock.passMinutes(6);
        },
        [5, 2],
      ],
    ],
  )('%s', (_rule, end, left) => {
    const caller = start();
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(6);
    caller.sim.reservationSticks('JL-1');
    end(caller);
    const { onHand, allocated } = caller.sim.truth.stockAt('RED').get('PrimarySite')!;
    expect([onHand, allocated]).toEqual(left);
  });
});

describe('late allocation', () => {
  it.each<[rule: string, options: Partial<PeoplevoxOptions>, afterMinutes: number | undefined]>([
    ['at once', { allocationDelayMs: 0 }, 0],
    ['an hour', { allocationDelayMs: 3_600_000 }, 60],
    ['never, in a tenant that starts in peak mode', { allocationPaused: true }, undefined],
  ])('%s', (_rule, options, afterMinutes) => {
    const caller = start({ sessionIdleMs: Number.MAX_VALUE, ...options });
    const savedAtMs = caller.clock.nowMs();
    exportOrder(caller, 'JL-1', { RED: 1 });
    caller.clock.passMinutes(600);
    const atMs = caller.sim.truth.allocatedAtMs('JL-1');
    expect(atMs).toBe(afterMinutes === undefined ? undefined : savedAtMs + afterMinutes * 60_000);
    expect(available(caller, 'RED')['PrimarySite']).toBe(afterMinutes === undefined ? 5 : 4);
  });
});
