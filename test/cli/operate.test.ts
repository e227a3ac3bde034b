import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cleanup, checksOf, openWorld, outcomeOf, type World } from './world.ts';

const zone = 'America/New_York';

let world: World;
let service: ChildProcess;
/** One good, one with an unknown SKU, one that waits to be accepted. */
let good: string;
let unknown: string;
let waiting: string;

const closers: Parameters<Cleanup>[0][] = [];

beforeAll(async () => {
  world = await openWorld((act) => void closers.push(act), { peoplevox: { timeZone: zone } });
  await world.configure({ warehouse: { timeZone: zone } });
  const createdMs = Date.now() - 3_600_000;
  const buy = (offerSku: string, needsAcceptance: boolean) =>
    world.mirakl.shopperBuys({
      lines: [{ offerSku, quantity: 2, unitPrice: '12.50' }],
      shippingTypeCode: 'STD',
      needsAcceptance,
      createdMs,
    })[0];
  good = buy('ITEM-1', false);
  unknown = buy('NO-SUCH-ITEM', false);
  waiting = buy('00012', true);
  service = await world.run();
  await until(
    () => world.json('orders', 'list', '--state', 'exported'),
    ({ data }) => data.orders.length === 1,
  );
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Asks again until the answer is as wanted; the service works meanwhile. */
async function until<T>(ask: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 60; tries++) {
    const answer = await ask();
    if (isDone(answer)) return answer;
  }
  throw new Error('the service did not get there');
}

describe('the command line beside a running service', () => {
  it('lists and shows orders without personal data', async () => {
    const { output } = await world.cli('orders', 'list', '--search', good.toLowerCase());
    expect(output).toMatch(/^ORDER +CHANNEL +STATE +MARKETPLACE/);
    expect(output).toMatch(new RegExp(`${good} +john-lewis +exported +SHIPPING +1 +25.00 GBP`));
    const shown = await world.cli('orders', 'show', good);
    expect(shown.code).toBe(0);
    expect(shown.output).toContain(`Order ${good} of channel john-lewis: exported`);
    expect(shown.output).toMatch(/ITEM-1 +2 +12.50 +SHIPPING +ITEM-1 +2 +2/);
    expect(shown.output).toMatch(/seen whole +\d{4}-\d{2}-\d{2} /);
    expect(shown.output).toMatch(/verified +seen whole, status .* GetData Sales orders \d\d:\d\d/);
    expect(shown.output).not.toMatch(/High Street|@example\.test/);
    const { data } = await world.json('orders', 'show', good);
    expect(data.order.salesOrder.lines).toMatchObject([{ itemCode: 'ITEM-1', seenQuantity: 2 }]);
    expect(await world.cli('orders', 'show', 'NO-SUCH-ORDER')).toMatchObject({
      code: 4,
      output: '',
    });
  });

  it('names what waits for a person, by cause and one by one', async () => {
    const grouped = await until(
      () => world.json('exceptions', 'list'),
      ({ data }) => data.causes.length === 2,
    );
    expect(grouped.data.causes).toMatchObject([
      { code: 'unknown-item', count: 1, moneyPence: 2_500, owner: 'ecommerce' },
      { code: 'acceptance-held', count: 1, runbook: 'docs/runbook.md#acceptance-held' },
    ]);
    const flat = await world.json('exceptions', 'list', '--flat', '--code', 'unknown-item');
    const [one] = flat.data.exceptions;
    expect(one).toMatchObject({ subjectId: unknown, state: 'open' });
    const shown = await world.cli('exceptions', 'show', String(one.id));
    expect(shown.output).toContain('NO-SUCH-ITEM unknown in Peoplevox');
    expect(await world.cli('exceptions', 'show', '999999')).toMatchObject({ code: 4 });
    expect(await world.cli('exceptions', 'list', '--code', 'no-code')).toMatchObject({ code: 2 });
    expect(await world.cli('exceptions', 'retry')).toMatchObject({ code: 2 });
  });

  it('pauses and resumes a flow', async () => {
    const paused = await world.cli('flows', 'pause', 'orders.rescan', '--why', 'a test');
    expect(paused.output).toContain('orders.rescan paused on 1 connection: john-lewis');
    const { data } = await world.json('flows', 'list');
    const rescan = data.flows.find((one: { flow: string }) => one.flow === 'orders.rescan');
    expect(rescan.pausedWhy).toContain('a test');
    expect((await world.cli('flows', 'resume', 'orders.rescan')).code).toBe(0);
    expect(await world.cli('flows', 'run-now', 'orders.nothing')).toMatchObject({ code: 4 });
  });

  it('finds a wrong time zone by the orders that were sent', async () => {
    const right = checksOf((await world.json('doctor', '--only', 'main')).data);
    expect(right.find((one) => one.name === 'time zone')).toMatchObject({
      status: 'ok',
      fact: expect.stringContaining(good),
    });
    expect(right[1]).toMatchObject({ fact: expect.stringContaining('a service runs on it') });
    await world.configure({ warehouse: { timeZone: 'Europe/London' } });
    const wrong = await world.json('doctor', '--only', 'main');
    await world.configure({ warehouse: { timeZone: zone } });
    expect(wrong.code).toBe(1);
    expect(checksOf(wrong.data).find((one) => one.name === 'time zone')).toMatchObject({
      status: 'fail',
      remedy: expect.stringMatching(/^set warehouses\[0\]\.timeZone: America\/New_York/),
    });
    expect(world.peoplevox.truth.overlaps).toEqual([]);
  });

  it('retries, and sees a mapping solve an unknown item', async () => {
    const dry = await world.json('orders', 'retry', '--state', 'parked', '--dry-run');
    expect(dry.data).toMatchObject({ isDryRun: true, orders: [{ marketplaceOrderId: unknown }] });
    await world.cli('orders', 'retry', '--code', 'unknown-item', '--note', 'try');
    await until(
      () => world.json('exceptions', 'list', '--flat', '--code', 'unknown-item'),
      ({ data }) => data.exceptions[0].state === 'open',
    );
    const mapped = await world.json('mappings', 'set', 'NO-SUCH-ITEM', 'ITEM-1');
    expect(mapped.data).toMatchObject({ itemCode: 'ITEM-1', before: null });
    const { data } = await until(
      () => world.json('orders', 'show', unknown),
      (answer) => answer.data.order.state === 'exported',
    );
    expect(data.exceptions).toMatchObject([{ code: 'unknown-item', state: 'resolved' }]);
    expect(
      data.order.history.some((one: { why: string }) => /asked to try again/.test(one.why)),
    ).toBe(true);
    expect((await world.cli('mappings', 'list')).output).toMatch(/NO-SUCH-ITEM +ITEM-1/);
    expect((await world.cli('mappings', 'remove', 'NO-SUCH-ITEM')).code).toBe(0);
    expect((await world.cli('mappings', 'remove', 'NO-SUCH-ITEM')).code).toBe(4);
  });

  it('accepts an order by hand', async () => {
    const strange = await world.cli('orders', 'accept', waiting, '--refuse-line', 'no-line');
    expect(strange).toMatchObject({ code: 4, errors: expect.stringContaining('no waiting line') });
    expect((await world.cli('orders', 'accept', waiting)).output).toMatch(/accepted/);
    const { data } = await until(
      () => world.json('orders', 'show', waiting),
      (answer) => answer.data.order.decision?.answer === 'taken',
    );
    expect(data.order.decision.decidedBy).toContain('by hand');
    expect(world.mirakl.truth.orders.get(waiting)?.lines[0]?.stage).not.toBe('WAITING_ACCEPTANCE');
    expect((await world.cli('orders', 'accept', waiting)).code).toBe(1);
  });

  it('ends well when the service is told to stop, also twice at once as a service manager may', async () => {
    service.kill('SIGTERM');
    service.kill('SIGTERM');
    const { code, errors } = await outcomeOf(service);
    expect({ code, errors }).toMatchObject({ code: 0, errors: expect.stringContaining('stopped') });
  });
});
