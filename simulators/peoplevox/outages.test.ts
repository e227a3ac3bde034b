import { describe, expect, it } from 'vitest';
import { type Caller, startCaller } from './wire-for-tests.ts';

const asked: Record<string, (caller: Caller) => { reply: { status: number; broken?: string } }> = {
  Authenticate: (caller) => caller.login(),
  'GetData Item types': (caller) => caller.get('Item types'),
  'GetReportData Item inventory summary': (caller) => caller.report('Item inventory summary'),
  'SaveData Customers': (caller) => caller.save('Customers', 'Reference,Name\nC-1,Ann Example\n'),
};

describe('an outage', () => {
  it.each<[what: 'goDark' | 'reportsDarkFor', operation: string, isDark: boolean]>([
    ['goDark', 'Authenticate', true],
    ['goDark', 'GetData Item types', true],
    ['goDark', 'GetReportData Item inventory summary', true],
    ['goDark', 'SaveData Customers', true],
    ['reportsDarkFor', 'Authenticate', false],
    ['reportsDarkFor', 'GetData Item types', false],
    ['reportsDarkFor', 'GetReportData Item inventory summary', true],
    ['reportsDarkFor', 'SaveData Customers', false],
  ])('%s: %s fails: %s, until the time is over', (what, operation, isDark) => {
    const caller = startCaller();
    caller.sim[what](60_000);
    expect(asked[operation]!(caller).reply).toMatchObject(
      isDark ? { broken: 'reset' } : { status: 200 },
    );
    expect(caller.sim.truth.darkCalls).toHaveLength(isDark ? 1 : 0);
    caller.clock.passMs(59_999);
    expect(asked[operation]!(caller).reply.broken).toBe(isDark ? 'reset' : undefined);
    caller.clock.passMs(1);
    expect(asked[operation]!(caller).reply).toMatchObject({ status: 200 });
  });

  it.each([
    ['reset', { broken: 'reset' }],
    ['silence', { broken: 'silence' }],
    ['http503', { status: 503 }],
  ] as const)('takes the form of %s', (form, reply) => {
    const caller = startCaller();
    caller.sim.goDark(1000, form);
    expect(caller.get('Item types').reply).toMatchObject(reply);
    caller.sim.goDark(0);
    caller.sim.reportsDarkFor(1000, form);
    expect(caller.report('Item inventory summary').reply).toMatchObject(reply);
  });

  it('does nothing of what is asked, while the warehouse goes on', () => {
    const told: string[] = [];
    const caller = startCaller({ deliver: ({ url }) => told.push(url) });
    caller.sim.addItem({ itemCode: 'RED', stock: { PrimarySite: 9 } });
    caller.call(
      'SubscribeEvent',
      '<eventType>AvailabilityChanges</eventType><filter /><callbackUrl>https://hooks.example.test/{Available}</callbackUrl>',
    );
    caller.sim.goDark(3_600_000);
    caller.save('Customers', 'Reference,Name\nC-1,Ann Example\n');
    expect(caller.sim.truth.tables.get('Customers')?.size ?? 0).toBe(0);
    caller.sim.goodsArrive('RED', 'PrimarySite', 1);
    caller.clock.passMinutes(4);
    caller.sim.settle();
    expect(told).toEqual(['https://hooks.example.test/10']);
  });
});
