import { describe, expect, it } from 'vitest';
import { idsIn, openTestShop } from './test-shop.ts';

const minuteMs = 60_000;

function withExport(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop({
    exportDelayMs: { min: 5000, max: 5000 },
    minimumItemsPerChunk: 1,
    ...options,
  });
  const dates = {
    start_date: new Date(shop.nowMs() - minuteMs).toISOString(),
    end_date: new Date(shop.nowMs() + minuteMs).toISOString(),
  };
  const start = (more: Record<string, unknown> = {}) =>
    shop.call('POST', '/api/orders/async-export', { ...dates, ...more });
  const status = (answer: { json: Record<string, unknown> }) =>
    shop.get(`/api/orders/async-export/status/${answer.json['tracking_id']}`);
  const pathOf = (url: string) => url.replace('http://shop.example.test', '');
  return { shop, start, status, pathOf };
}

describe('OR13, OR14 and OR15', () => {
  it('deliver all matching orders in files, once they are ready', () => {
    const { shop, start, status, pathOf } = withExport();
    const ids = Array.from({ length: 5 }, () => shop.anOrder());
    const started = start({ items_per_chunk: 2, order_state_codes: ['WAITING_ACCEPTANCE'] });
    expect(status(started).json).toMatchObject({ status: 'PENDING' });
    shop.wait(5000);
    const urls = status(started).json['urls'] as string[];
    expect(urls).toHaveLength(3);
    expect(urls.flatMap((url) => idsIn(shop.get(pathOf(url))))).toEqual(ids);
  });

  it('run once per shop at a time', () => {
    const { shop, start } = withExport();
    expect(start().status).toBe(200);
    expect(start().status).toBe(400);
    shop.wait(5000);
    expect(start().status).toBe(200);
  });

  it('take their URLs back after a short life, and give them to nobody else', () => {
    const { shop, start, status, pathOf } = withExport({
      exportUrlMs: minuteMs,
      shops: [{ shopId: 1 }, { shopId: 2, apiKey: 'another' }],
    });
    const started = start();
    shop.wait(5000);
    const path = pathOf((status(started).json['urls'] as string[])[0] ?? '');
    const other = { authorization: 'another' };
    expect(shop.call('GET', path, undefined, other).status).toBe(404);
    expect(shop.get(path).status).toBe(200);
    shop.wait(minuteMs + 1);
    expect(shop.get(path).status).toBe(410);
  });

  it('may fail', () => {
    const { shop, start, status } = withExport();
    shop.simulator.faults.next('exportFails');
    const started = start();
    shop.wait(5000);
    expect(status(started).json).toMatchObject({ status: 'FAILED' });
    expect(status(started).json['urls']).toBeUndefined();
  });

  it.each([
    ['half a range', { end_date: null }],
    ['a chunk too small', { items_per_chunk: 0 }],
    ['an unknown state', { order_state_codes: ['OPEN'] }],
    ['a comma-separated state', { order_state_codes: 'SHIPPING' }],
    ['a field it does not know', { updated_since: 'x' }],
  ])('refuse %s', (_rule, wrong) => {
    const { shop, start } = withExport();
    expect(start(wrong).status).toBe(400);
    expect(shop.simulator.truth.contractBreaches).toHaveLength(1);
  });

  it('know no status they did not start', () => {
    expect(openTestShop().get('/api/orders/async-export/status/none').status).toBe(404);
  });
});
