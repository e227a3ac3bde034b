import { describe, expect, it } from 'vitest';
import type { EventDelivery } from './options.ts';
import { allFields } from './templates.ts';
import { type Caller, exportOrder, startCaller } from './wire-for-tests.ts';

const hook = 'https://hooks.example.test/pvx';

/** RED: 9 on PrimarySite, 1 on North; one order of 2 RED that will be allocated. */
function start(): Caller & { told: EventDelivery[] } {
  const told: EventDelivery[] = [];
  const caller = startCaller({
    templates: {
      'Sales orders': allFields('Sales orders'),
      'Sales order items': allFields('Sales order items'),
    },
    sites: ['PrimarySite', 'North'],
    deliver: (delivery) => told.push(delivery),
  });
  caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 9, North: 1 } });
  exportOrder(caller, 'JL-1', { RED: 2 });
  return { ...caller, told };
}

function subscribe({ call }: Caller): void {
  call(
    'SubscribeEvent',
    `<eventType>AvailabilityChanges</eventType><filter /><callbackUrl>${hook}/stock?sku={ItemCode}&amp;qty={Available}</callbackUrl>`,
  );
  call(
    'SubscribePostEvent',
    `<eventType>IncrementalChanges</eventType><filter /><postUrl>${hook}/moves</postUrl>` +
      '<postParams>sku={ItemType.ItemCode}&amp;by={QuantityChanged}&amp;why={Reason}</postParams>',
  );
}

type World = Caller['sim'];
const cancelCsv = 'SalesOrderNumber,Status\nJL-1,Cancelled\n';

describe('every change of stock', () => {
  it.each<
    [
      rule: string,
      act: (sim: World, caller: Caller) => void,
      available: number[],
      moves: [by: string, why: string][],
    ]
  >([
    ['goods in', (sim) => sim.goodsArrive('RED', 'PrimarySite', 5), [12], [['5', 'Goods in']]],
    [
      'a count upwards',
      (sim) => sim.stockCounted('RED', 'PrimarySite', 20),
      [18],
      [['11', 'Stock count']],
    ],
    [
      'a count below what is reserved',
      (sim) => sim.stockCounted('RED', 'PrimarySite', 1),
      [-1],
      [['-8', 'Stock count']],
    ],
    [
      'a count that finds what was thought',
      (sim) => sim.stockCounted('RED', 'PrimarySite', 9),
      [],
      [],
    ],
    ['damage', (sim) => sim.stockDamaged('RED', 'PrimarySite', 8), [-1], [['-8', 'Damaged']]],
    [
      'a move to another site',
      (sim) => sim.stockMoved('RED', 'PrimarySite', 'North', 4),
      [3, 5],
      [
        ['-4', 'Moved'],
        ['4', 'Moved'],
      ],
    ],
    [
      'a cancellation',
      (_, caller) => caller.save('Sales orders', cancelCsv),
      [9],
      [['2', 'Release']],
    ],
    [
      'a despatch, which leaves Available as it is',
      (sim) => {
        sim.pickStarts('JL-1');
        sim.despatch('JL-1');
      },
      [],
      [['-2', 'Despatch']],
    ],
    [
      'an allocation',
      (_, caller) => {
        exportOrder(caller, 'JL-2', { RED: 3 });
        caller.clock.passMinutes(6);
        caller.sim.settle();
      },
      [4],
      [['-3', 'Allocation']],
    ],
  ])('%s is logged and told', (_rule, act, available, moves) => {
    const caller = start();
    caller.clock.passMinutes(6);
    caller.sim.settle();
    subscribe(caller);
    const before = caller.sim.truth.stockChanges.length;
    act(caller.sim, caller);
    caller.clock.passMinutes(4);
    const changes = caller.sim.truth.stockChanges.slice(before);
    expect(changes.map((change) => change.reason)).toEqual(moves.map(([, why]) => why));
    for (const { site, itemCode, onHand, allocated, available: left } of changes) {
      expect([itemCode, left]).toEqual(['RED', onHand - allocated]);
      expect(['PrimarySite', 'North']).toContain(site);
    }
    const gets = caller.told.filter(({ method }) => method === 'GET').map(({ url }) => url);
    expect(gets).toEqual(available.map((units) => `${hook}/stock?sku=RED&qty=${units}`));
    const posts = caller.told.filter(({ method }) => method === 'POST').map(({ body }) => body);
    expect(posts).toEqual(moves.map(([by, why]) => `sku=RED&by=${by}&why=${why}`));
  });

  it('a tenant that does not count allocations raises IncrementalChanges for units only', () => {
    const bodies: string[] = [];
    const caller = startCaller({
      changesIncludeAllocations: false,
      deliver: ({ eventType }) => bodies.push(eventType),
    });
    caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 9 } });
    subscribe(caller);
    exportOrder(caller, 'JL-1', { RED: 2 });
    caller.clock.passMinutes(20);
    caller.sim.settle();
    expect(bodies).toEqual(['AvailabilityChanges']);
    caller.sim.goodsArrive('RED', 'PrimarySite', 1);
    caller.clock.passMinutes(4);
    caller.sim.settle();
    expect(bodies.slice(1)).toEqual(['AvailabilityChanges', 'IncrementalChanges']);
  });

  it('goods in are told as such, too', () => {
    const bodies: string[] = [];
    const caller = startCaller({ deliver: ({ body }) => bodies.push(body) });
    caller.sim.addItem({ itemCode: 'RED', name: 'Red' });
    caller.call(
      'SubscribePostEvent',
      `<eventType>GoodsReceived</eventType><filter /><postUrl>${hook}</postUrl><postParams>{GoodsInId} {Consignments.ConsignmentItemTypes.ItemType.ItemCode} {Consignments.ConsignmentItemTypes.Quantity}</postParams>`,
    );
    caller.sim.goodsArrive('RED', 'PrimarySite', 6);
    caller.clock.passMinutes(4);
    caller.sim.settle();
    expect(bodies).toEqual(['1 RED 6']);
  });
});

describe('what cannot be done', () => {
  it.each<[rule: string, act: (sim: World) => unknown, outcome: object]>([
    [
      'damaging more than is there',
      (sim) => sim.stockDamaged('RED', 'PrimarySite', 10),
      { ok: false, why: 'RED has 9 on PrimarySite' },
    ],
    [
      'moving what is not there',
      (sim) => sim.stockMoved('RED', 'North', 'PrimarySite', 2),
      { ok: false, why: 'RED has 1 on North' },
    ],
  ])('%s changes nothing', (_rule, act, outcome) => {
    const { sim } = start();
    const before = sim.truth.stockChanges.length;
    expect(act(sim)).toEqual(outcome);
    expect(sim.truth.stockChanges).toHaveLength(before);
  });

  it.each<[rule: string, act: (sim: World) => unknown, why: string]>([
    ['an unknown site', (sim) => sim.goodsArrive('RED', 'Moon', 1), 'no site Moon'],
    ['an unknown item', (sim) => sim.goodsArrive('PINK', 'North', 1), 'no item PINK'],
    ['half a unit', (sim) => sim.stockCounted('RED', 'North', 0.5), '0.5 is no number'],
    ['stock of a kit', (sim) => sim.goodsArrive('SET', 'North', 1), 'kit SET has no stock'],
    ['a kit of an item with stock', (sim) => sim.setKit('RED', { SET: 1 }), 'RED has stock'],
  ])('%s is a mistake of the caller', (_rule, act, why) => {
    const { sim } = start();
    sim.addItem({ itemCode: 'SET', kitOf: { RED: 2 } });
    expect(() => act(sim)).toThrow(why);
  });
});
