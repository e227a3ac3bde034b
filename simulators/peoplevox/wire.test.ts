import { describe, expect, it } from 'vitest';
import { Dice } from '../kernel.ts';
import type { EventDelivery, PeoplevoxFault, PeoplevoxOptions } from './options.ts';
import { type Caller, startCaller } from './wire-for-tests.ts';

const order = (number: string) => `SalesOrderNumber\n${number}\n`;
const lines = (number: string, item: string, units: number) =>
  `SalesOrderNumber,ItemCode,QuantityOrdered\n${number},${item},${units}\n`;

describe('faults of the wire', () => {
  it.each<[kind: PeoplevoxFault, broken: string | undefined, status: number, isDone: boolean]>([
    ['timeoutBefore', 'silence', 0, false],
    ['timeoutAfter', 'silence', 0, true],
    ['resetBefore', 'reset', 0, false],
    ['resetAfter', 'reset', 0, true],
    ['serverError', undefined, 503, false],
    ['htmlPage', undefined, 200, false],
    ['soapFault', undefined, 500, false],
    ['halfBody', 'half', 200, true],
    ['throttle', undefined, 200, false],
  ])('%s', (kind, broken, status, isDone) => {
    const { sim, save } = startCaller();
    sim.faults.next(kind, 1, 'SaveData Sales orders');
    const { reply, text } = save('Sales orders', order('JL-1'));
    expect([reply.broken, reply.status]).toEqual([broken, status]);
    expect(sim.truth.salesOrders.has('JL-1')).toBe(isDone);
    expect(text.startsWith('<!DOCTYPE html>')).toBe(kind === 'serverError' || kind === 'htmlPage');
    expect(save('Sales orders', order('JL-1')).statuses).toEqual([['JL-1', 'Success']]);
  });
});

describe('the rate', () => {
  it.each<[form: PeoplevoxOptions['rateRefusal'], status: number, responseId: number]>([
    ['response', 200, -1],
    ['http429', 429, 0],
    ['http503', 503, 0],
  ])('the sixteenth call of a window is refused: %s', (rateRefusal, status, responseId) => {
    const { sim, clock, get } = startCaller({
      ratePerWindow: { requests: 15, windowMs: 15_000 },
      rateRefusal: rateRefusal!,
    });
    for (let i = 0; i < 14; i++) expect(get('Sites').responseId).toBe(0);
    const refused = get('Sites');
    expect([refused.reply.status, refused.responseId]).toEqual([status, responseId]);
    expect(sim.truth.rateBreaches).toEqual([{ atMs: clock.nowMs(), operation: 'GetData Sites' }]);
    clock.passMs(15_000);
    expect(get('Sites').reply.status).toBe(200);
    expect(sim.truth.rateBreaches).toHaveLength(1);
  });
});

describe('book-keeping', () => {
  it('counts calls, and those that come while another is being answered', () => {
    const { sim, clock, get } = startCaller({ latencyMs: { min: 500, max: 500, perRow: 0 } });
    clock.passMs(499);
    expect(get('Sites').reply.delayMs).toBe(500);
    clock.passMs(500);
    get('Sites');
    const { overlaps, calls } = sim.truth;
    expect(overlaps.map(({ operation, during }) => [operation, during])).toEqual([
      ['GetData Sites', ['Authenticate']],
    ]);
    expect(Object.fromEntries(calls)).toEqual({ Authenticate: 1, 'GetData Sites': 2 });
  });

  it('an answer takes longer with more rows', () => {
    const { save } = startCaller({ latencyMs: { min: 10, max: 10, perRow: 5 } });
    expect(save('Sales orders', 'SalesOrderNumber\nA\nB\nC\n').reply.delayMs).toBe(25);
  });
});

describe('events', () => {
  function start(options: Partial<PeoplevoxOptions> = {}) {
    const got: EventDelivery[] = [];
    const caller = startCaller({ deliver: (delivery) => got.push(delivery), ...options });
    caller.sim.addItem({ itemCode: 'A&B', stock: { PrimarySite: 5 } });
    return { ...caller, got };
  }
  const stockUrl = 'https://hooks.example.test/stock?sku={ItemCode}&amp;qty={Available}';
  const subscribe = ({ call }: Caller, more = '', url = stockUrl) =>
    call(
      'SubscribeEvent',
      `<eventType>AvailabilityChanges</eventType><filter /><callbackUrl>${url}</callbackUrl>${more}`,
    );

  it('come in a batch, unencoded unless asked, until the subscription ends', () => {
    const caller = start();
    const { sim, clock, got } = caller;
    expect(subscribe(caller)).toMatchObject({ responseId: 0, detail: '1061' });
    subscribe(caller, '<encodeParameterData>true</encodeParameterData>');
    sim.stockCounted('A&B', 'PrimarySite', 4);
    clock.passMinutes(2);
    sim.stockCounted('A&B', 'PrimarySite', 3);
    sim.settle();
    expect(got).toEqual([]);
    clock.passMinutes(1);
    sim.settle();
    expect(got.map((delivery) => delivery.url.split('?')[1])).toEqual([
      'sku=A&B&qty=4',
      'sku=A%26B&qty=4',
      'sku=A&B&qty=3',
      'sku=A%26B&qty=3',
    ]);
    const end = (id: number) =>
      caller.call('UnsubscribeEvent', `<subscriptionId>${id}</subscriptionId>`);
    expect([end(1061).detail, end(1062).detail, end(1062).responseId]).toEqual([
      'True',
      'True',
      -1,
    ]);
    sim.stockCounted('A&B', 'PrimarySite', 2);
    clock.passMinutes(10);
    sim.settle();
    expect(got).toHaveLength(4);
  });

  it('POST carries the filled form; what it does not know stays literal', () => {
    const { call, save, sim, clock, got } = start();
    call(
      'SubscribePostEvent',
      '<eventType>SalesOrderStatusChanges</eventType><filter /><postUrl>https://hooks.example.test/o</postUrl>' +
        '<postParams>order={SalesOrderNumber}&amp;status={SalesOrderStatu.Name}&amp;at={LastModificationTime}&amp;x={Nope}</postParams>',
    );
    save('Sales orders', order('JL-1'));
    clock.passMinutes(4);
    sim.settle();
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({
      method: 'POST',
      url: 'https://hooks.example.test/o',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'order=JL-1&status=New&at=02/02/2026 09:00:00&x={Nope}',
    });
  });

  it('tell a tracking number when it becomes known', () => {
    const { call, save, sim, clock, got } = start();
    call(
      'SubscribeEvent',
      '<eventType>TrackingNumberReceived</eventType><filter /><callbackUrl>https://hooks.example.test/t?' +
        'd={DespatchNumber}&amp;t={TrackingNumber}&amp;o={Picks.SalesOrder.SalesOrderNumber}</callbackUrl>',
    );
    save('Sales orders', order('JL-1'));
    save('Sales order items', lines('JL-1', 'A&B', 1));
    clock.passMinutes(6);
    sim.pickStarts('JL-1');
    sim.despatch('JL-1', { trackingNumber: 'JD0001', trackedAfterMs: 10 * 60_000 });
    clock.passMinutes(12);
    sim.settle();
    expect(got).toHaveLength(0);
    clock.passMinutes(2);
    sim.settle();
    expect(got.map((delivery) => delivery.url)).toEqual([
      'https://hooks.example.test/t?d=DES1001&t=JD0001&o=JL-1',
    ]);
  });

  it('a sites filter keeps other sites out', () => {
    const { call, sim, clock, got } = start({ sites: ['PrimarySite', 'North'] });
    call(
      'SubscribeEventWithSitesFilters',
      `<eventType>AvailabilityChanges</eventType><filter /><sitesFilter>Site.Reference = "North"</sitesFilter><callbackUrl>${stockUrl}</callbackUrl>`,
    );
    sim.stockCounted('A&B', 'PrimarySite', 1);
    sim.stockCounted('A&B', 'North', 8);
    clock.passMinutes(3);
    sim.settle();
    expect(got.map((delivery) => delivery.url.split('qty=')[1])).toEqual(['8']);
  });

  it.each<[kind: PeoplevoxFault, quantities: string[]]>([
    ['eventLost', ['3']],
    ['eventTwice', ['4', '4', '3']],
    ['eventLiteral', ['{Available}', '3']],
  ])('%s', (kind, quantities) => {
    const caller = start();
    subscribe(caller);
    caller.sim.faults.next(kind, 1, 'AvailabilityChanges');
    caller.sim.stockCounted('A&B', 'PrimarySite', 4);
    caller.sim.stockCounted('A&B', 'PrimarySite', 3);
    caller.clock.passMinutes(3);
    caller.sim.settle();
    expect(caller.got.map((delivery) => delivery.url.split('qty=')[1])).toEqual(quantities);
  });

  it('may come shuffled, and bare although encoding was asked for', () => {
    const caller = start();
    subscribe(caller, '<encodeParameterData>true</encodeParameterData>');
    caller.sim.faults.set('eventsShuffled', 1);
    caller.sim.faults.set('eventUnencoded', 1);
    for (let units = 20; units > 0; units--) caller.sim.stockCounted('A&B', 'PrimarySite', units);
    caller.clock.passMinutes(3);
    caller.sim.settle();
    const quantities = caller.got.map((delivery) => Number(delivery.url.split('qty=')[1]));
    expect(caller.got.every((delivery) => delivery.url.includes('sku=A&B&'))).toBe(true);
    expect(quantities).not.toEqual([...quantities].sort((a, b) => b - a));
    expect(new Set(quantities).size).toBe(20);
  });
});

describe('replay', () => {
  function day(seed: string): string[] {
    const caller = startCaller({
      dice: new Dice(seed),
      latencyMs: { min: 20, max: 200, perRow: 1 },
      importQueue: { delayMs: 30_000 },
    });
    const { sim, clock } = caller;
    const kinds: PeoplevoxFault[] = [
      'timeoutAfter',
      'rowErrorSpurious',
      'duplicateRow',
      'htmlPage',
    ];
    for (const kind of kinds) sim.faults.set(kind, 0.2);
    sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 50 } });
    const seen: string[] = [];
    for (let i = 0; i < 30; i++) {
      const answers = [
        caller.save('Sales orders', order(`JL-${i}`)),
        caller.save('Sales order items', lines(`JL-${i - 1}`, 'RED', 1)),
        caller.report('Item inventory summary', { orderBy: '[Site reference] asc' }),
      ];
      for (const { reply } of answers) seen.push(JSON.stringify(reply));
      clock.passMinutes(1);
    }
    for (const { number, status, history } of sim.truth.salesOrders.values()) {
      seen.push(JSON.stringify({ number, status, history }));
    }
    return seen;
  }

  it('the same seed, clock and calls give the same day; another seed another one', () => {
    expect(day('monday')).toEqual(day('monday'));
    expect(day('monday')).not.toEqual(day('tuesday'));
  });
});
