import { describe, expect, it } from 'vitest';
import type { MiraklFault } from '../mischief.ts';
import { type Answered, openTestShop } from '../test-shop.ts';

const target = '/api/offers/stock/imports';

function faultyShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop(options);
  const skus = Array.from({ length: 20 }, (_, index) => `S${index}`);
  for (const shopSku of skus) shop.simulator.setOffer({ shopSku, quantity: 10 });
  const file = ['offer-sku;quantity', ...skus.map((sku) => `${sku};3`)].join('\n');
  const send = (fault?: MiraklFault) => {
    if (fault) shop.simulator.faults.next(fault, 1, 'STO01');
    return shop.upload(target, file);
  };
  const ask = (answer: Answered, what: string) =>
    shop.get(`${target}/${answer.json['import_id']}/${what}`);
  const changed = () => skus.filter((sku) => shop.simulator.offer(sku)?.quantity === 3).length;
  return { shop, send, ask, changed };
}

describe('faults of imports', () => {
  it('importFails: FAILED, and nothing is applied', () => {
    const { shop, send, ask, changed } = faultyShop();
    const answer = send('importFails');
    shop.wait(6_000);
    expect(ask(answer, 'status').json).toMatchObject({ status: 'FAILED', has_error_report: false });
    expect(changed()).toBe(0);
  });

  it('importFails line by line: the first half is applied', () => {
    const { shop, send, changed } = faultyShop({ importApplies: 'lineByLine' });
    send('importFails');
    shop.wait(6_000);
    expect(changed()).toBe(10);
    expect(shop.simulator.truth.imports).toMatchObject([{ status: 'FAILED', linesInSuccess: 10 }]);
  });

  it('importStuck: RUNNING for half an hour, and what came later waits behind it', () => {
    const { shop, send, ask, changed } = faultyShop();
    const stuck = send('importStuck');
    const behind = send();
    shop.wait(29 * 60_000);
    expect(ask(stuck, 'status').json['status']).toBe('RUNNING');
    expect(ask(behind, 'status').json['status']).toBe('WAITING');
    shop.wait(2 * 60_000);
    expect(ask(behind, 'status').json['status']).toBe('COMPLETE');
    expect(changed()).toBe(20);
  });

  it('importLinesIgnored: COMPLETE without an error, although some lines had no effect', () => {
    const { shop, send, ask, changed } = faultyShop();
    const answer = send('importLinesIgnored');
    shop.wait(6_000);
    expect(ask(answer, 'status').json).toMatchObject({
      status: 'COMPLETE',
      lines_in_success: 20,
      has_error_report: false,
    });
    expect(changed()).toBeLessThan(20);
    expect(changed() + (shop.simulator.truth.imports[0]?.linesIgnored ?? 0)).toBe(20);
  });

  it('lineRefusedSpuriously: lines in the report with which nothing is wrong', () => {
    const { shop, send, ask, changed } = faultyShop();
    const answer = send('lineRefusedSpuriously');
    shop.wait(6_000);
    const errors = ask(answer, 'status').json['lines_in_error'] as number;
    expect(errors).toBeGreaterThan(0);
    expect(changed()).toBe(20 - errors);
    expect(String(ask(answer, 'error_report').body)).toContain('unexpected error');
  });

  it('importErrorReportLost: 404 for a while, although there is a report', () => {
    const { shop, send, ask } = faultyShop();
    shop.simulator.faults.next('importErrorReportLost');
    const answer = send('lineRefusedSpuriously');
    shop.wait(6_000);
    expect(ask(answer, 'status').json['has_error_report']).toBe(true);
    expect(ask(answer, 'error_report').status).toBe(404);
    shop.wait(2 * 60_000);
    expect(ask(answer, 'error_report').status).toBe(200);
  });

  it.each([
    ['timeoutAfter', 1],
    ['resetAfter', 1],
    ['halfBody', 1],
    ['emptyBody', 1],
    ['timeoutBefore', 0],
    ['resetBefore', 0],
    ['serverError', 0],
    ['htmlPage', 0],
    ['throttle', 0],
  ] as const)('%s leaves %d imports behind', (kind, imports) => {
    const { shop, send } = faultyShop();
    const answer = send(kind);
    expect(answer.status === 201 && answer.broken === undefined && answer.body !== '').toBe(false);
    expect(shop.simulator.truth.imports).toHaveLength(imports);
  });
});

describe('ceilings', () => {
  const minuteMs = 60_000;

  it.each([
    ['STO01', 1, minuteMs],
    ['OF01', 1, minuteMs],
    ['OF24', 1, minuteMs],
    ['OF52 differential', 1, minuteMs],
    ['OF52 full', 1, 24 * 60 * minuteMs],
    ['OF04', 1, minuteMs],
  ])('%s: %d call in its window, then 429 with Retry-After', (operation, _calls, windowMs) => {
    const { shop } = faultyShop({ ceilings: 'enforced' });
    const calls: Record<string, () => Answered> = {
      STO01: () => shop.upload(target, 'offer-sku;quantity\nS0;1'),
      OF01: () =>
        shop.upload('/api/offers/imports', 'sku;quantity\nS0;1', { import_mode: 'NORMAL' }),
      OF24: () => shop.post('/api/offers', { offers: [] }),
      'OF52 differential': () =>
        shop.post('/api/offers/export/async', { last_request_date: '2026-01-01T00:00:00Z' }),
      'OF52 full': () => shop.post('/api/offers/export/async', {}),
      OF04: () => shop.get('/api/offers/imports'),
    };
    const call = calls[operation] as () => Answered;
    expect(call().status).not.toBe(429);
    const refused = call();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBe(windowMs / 1000);
    shop.wait(windowMs);
    expect(call().status).not.toBe(429);
    expect(shop.simulator.truth.ceilingBreaches).toHaveLength(1);
  });

  it.each([
    ['STO02', `${target}/a/status`, `${target}/b/status`, 15_000],
    ['STO03', `${target}/a/error_report`, `${target}/b/error_report`, minuteMs],
    ['OF02', '/api/offers/imports/1', '/api/offers/imports/2', minuteMs],
    ['OF03', '/api/offers/imports/1/error_report', '/api/offers/imports/2/error_report', minuteMs],
    ['OF53', '/api/offers/export/async/status/a', '/api/offers/export/async/status/b', 10_000],
  ])('%s counts each import or export for itself', (_operation, one, other, windowMs) => {
    const { shop } = faultyShop({ ceilings: 'enforced' });
    const statuses = [one, other, one].map((path) => shop.get(path).status);
    expect(statuses).toEqual([404, 404, 429]);
    shop.wait(windowMs);
    expect(shop.get(one).status).toBe(404);
  });
});
