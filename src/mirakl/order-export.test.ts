import { describe, expect, it } from 'vitest';
import { fetchOrderExport, readOrderExport, startOrderExport } from './order-export.ts';
import { failureOf, testWire, wireOrder } from './test-wire.ts';

const file = { body: { orders: [wireOrder(), wireOrder({ order_id: 'B', price: null })] } };

describe('startOrderExport', () => {
  it('sends dates to the second and files no larger than half of what is read', async () => {
    const { client, sent } = testWire([{ body: { tracking_id: 't-1' } }]);
    const window = {
      updatedFrom: new Date('2026-03-01T00:00:00.900Z'),
      updatedUntil: new Date('2026-03-02T00:00:00Z'),
      states: ['SHIPPING'],
    };
    expect(await startOrderExport(client, window)).toBe('t-1');
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      order_state_codes: ['SHIPPING'],
      start_update_date: '2026-03-01T00:00:00Z',
      end_update_date: '2026-03-02T00:00:00Z',
      megabytes_per_chunk: 32,
    });
  });
});

describe('readOrderExport', () => {
  it('gives the state and no addresses while it runs', async () => {
    const body = { status: 'PENDING', last_updated: '2026-03-02T10:00:00Z' };
    const { client, sent } = testWire([{ body }]);
    expect(await readOrderExport(client, 't/1')).toEqual({
      status: 'PENDING',
      updatedAt: new Date('2026-03-02T10:00:00Z'),
      urls: [],
    });
    expect(sent[0]!.url).toBe('https://market.example.test/api/orders/async-export/status/t%2F1');
  });
});

describe('fetchOrderExport', () => {
  const own = 'https://market.example.test/dynamic/1?file=a%20b&sig=x';
  const foreign = 'https://files.example.test/1?sig=x';

  it('calls an address of the marketplace as given, with the key, and allows it more time', async () => {
    const { client, sent, notes } = testWire([file], { shopId: '9' });
    const { orders, unreadable } = await fetchOrderExport(client, own);
    expect(sent[0]).toMatchObject({
      url: own,
      timeoutMs: 50_000,
      headers: { authorization: 'key-1' },
    });
    expect([orders.length, unreadable.length, notes[0]!.rows]).toEqual([1, 1, 1]);
  });

  it.each([
    foreign,
    'http://market.example.test/1',
    '//files.example.test/1',
    'file:///etc/hosts',
    'x',
  ])('sends nothing at all to %s when it is not allowed', async (url) => {
    const { client, sent } = testWire([file]);
    const error = await failureOf(fetchOrderExport(client, url));
    expect(error).toMatchObject({ name: 'BadAnswer', effect: 'none' });
    expect(sent).toEqual([]);
  });

  it.each([true, false])(
    'calls an allowed origin, credentials as configured: %s',
    async (sendsCredentials) => {
      const downloadOrigins = [{ origin: 'https://files.example.test', sendsCredentials }];
      const { client, sent } = testWire([file], { downloadOrigins });
      await fetchOrderExport(client, foreign);
      expect('authorization' in sent[0]!.headers).toBe(sendsCredentials);
    },
  );

  it('a file may hold the bare list', async () => {
    const { client } = testWire([{ body: [wireOrder()] }]);
    expect((await fetchOrderExport(client, own)).orders).toHaveLength(1);
  });
});
