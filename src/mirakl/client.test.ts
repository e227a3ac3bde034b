import { describe, expect, it } from 'vitest';
import { VendorError } from '../errors.ts';
import { TransportError } from '../transport.ts';
import type { MiraklRequest } from './client.ts';
import { Unreadable } from './exchange.ts';
import { type Answer, failureOf, type TestWire, testWire } from './test-wire.ts';

const probe: MiraklRequest<unknown> = {
  operation: 'OR11',
  method: 'GET',
  path: '/api/orders',
  read: (body) => body,
};
const html = '<html><head><title>Maintenance</title></head></html>';

describe('what is sent', () => {
  it('the raw key without a scheme word, and that JSON is wanted', async () => {
    const { client, sent } = testWire([{ body: {} }]);
    await client.call(probe);
    expect(sent[0]).toEqual({
      method: 'GET',
      url: 'https://market.example.test/api/orders',
      headers: { accept: 'application/json', 'user-agent': 'packhorse', authorization: 'key-1' },
      timeoutMs: 5_000,
    });
  });

  it('the shop with every call when one is configured', async () => {
    const { client, sent } = testWire([{ body: {} }], { shopId: '2010' });
    await client.call({ ...probe, query: { max: 5 } });
    expect(sent[0]!.url).toBe('https://market.example.test/api/orders?max=5&shop_id=2010');
  });

  it('the locale only where the operation knows it', async () => {
    const { client, sent } = testWire([{ body: {} }], { locale: 'en_GB' });
    await client.call(probe);
    await client.call({ ...probe, isLocalised: true });
    expect(sent.map((request) => new URL(request.url).search)).toEqual(['', '?locale=en_GB']);
  });

  it('a body as JSON with its type', async () => {
    const { client, sent } = testWire([{ body: {} }]);
    await client.call({ ...probe, method: 'PUT', body: { a: [1], b: undefined } });
    expect(sent[0]).toMatchObject({
      body: '{"a":[1]}',
      headers: { 'content-type': 'application/json' },
    });
  });

  it.each(['https://m.example.test/', 'https://m.example.test/api', 'https://m.example.test/api/'])(
    'the right path for the configured url %s',
    async (url) => {
      const { client, sent } = testWire([{ body: {} }], { url });
      await client.call(probe);
      expect(sent[0]!.url).toBe('https://m.example.test/api/orders');
    },
  );
});

describe('what comes back', () => {
  const rows: [rule: string, answer: Answer, name: string, effect: string][] = [
    ['a page with status 200 is no answer', { body: html }, 'VendorDown', 'unknown'],
    ['broken JSON', { body: '{"a":' }, 'BadAnswer', 'unknown'],
    ['an empty body where data is due', { body: '' }, 'VendorDown', 'unknown'],
    ['204 where data is due', { status: 204 }, 'VendorDown', 'unknown'],
    [
      'a redirect is not followed',
      { status: 307, headers: { location: '/x' } },
      'VendorDown',
      'unknown',
    ],
    ['a refusal', { status: 400, body: { message: 'no' } }, 'Refused', 'none'],
    ['a wrong key', { status: 401, body: { message: 'Unauthorized' } }, 'Unauthorised', 'none'],
    ['a refused connection', new TransportError('refused', { reached: false }), 'NoAnswer', 'none'],
    ['a reset', new TransportError('reset', { reached: true }), 'NoAnswer', 'unknown'],
  ];
  it.each(rows)('%s', async (_rule, answer, name, effect) => {
    const { client, sent, notes, paced } = testWire([answer]);
    const error = await failureOf(client.call(probe));
    expect(error).toBeInstanceOf(VendorError);
    expect(error).toMatchObject({ name, effect, connection: 'north', operation: 'OR11' });
    expect(sent).toHaveLength(1);
    expect(notes.map((note) => note.outcome)).toEqual([name]);
    expect(paced).toEqual(['take OR11', 'done OR11']);
  });

  it('a shape that the reader turns down is a BadAnswer that names the field', async () => {
    const { client, notes } = testWire([{ body: { a: 'Ann Example' } }]);
    const read = () => {
      throw new Unreadable('a: a list is due');
    };
    const error = await failureOf(client.call({ ...probe, read }));
    expect(error.name).toBe('BadAnswer');
    expect(error.message).toBe('OR11 on channel north: unreadable answer (200): a: a list is due');
    expect(notes[0]!.outcome).toBe('BadAnswer');
  });

  it('a mistake in a reader of ours is not blamed on the vendor', async () => {
    const { client, notes, paced } = testWire([{ body: {} }]);
    const read = () => {
      throw new TypeError('ours');
    };
    const error = await failureOf(client.call({ ...probe, read }));
    expect(error.name).toBe('TypeError');
    expect(notes).toHaveLength(1);
    expect(paced).toContain('done OR11');
  });

  it('half a body is NoAnswer, and the answer may have taken effect', async () => {
    const wire = testWire([{ chunks: brokenChunks() }]);
    const error = await failureOf(wire.client.call(probe));
    expect(error).toMatchObject({ name: 'NoAnswer', effect: 'unknown' });
    expect(wire.notes).toMatchObject([{ status: 200, outcome: 'NoAnswer', responseBytes: 5 }]);
  });

  it('a body over the limit is a BadAnswer and is not read on', async () => {
    let given = 0;
    const chunks = endless(() => (given += 1));
    const { client } = testWire([{ chunks }], { maxBodyBytes: 100 });
    const error = await failureOf(client.call(probe));
    expect(error).toMatchObject({ name: 'BadAnswer', effect: 'unknown' });
    expect(error.message).toContain('longer than 100 bytes');
    expect(given).toBe(11);
  });

  it('an error page over the limit keeps its status', async () => {
    const { client } = testWire([{ status: 503, chunks: endless(() => 0) }]);
    const error = await failureOf(client.call(probe));
    expect(error).toMatchObject({ name: 'VendorDown', status: 503 });
  });

  it('an answer that drips for longer than allowed is NoAnswer', async () => {
    const wire: TestWire = testWire([{ chunks: endless(() => (wire.time.ms += 1_000)) }]);
    const error = await failureOf(wire.client.call(probe));
    expect(error).toMatchObject({ name: 'NoAnswer', effect: 'unknown' });
    expect(wire.notes[0]!.tookMs).toBe(6_000);
  });

  it('a text cut in the middle of a letter by the chunks is put together', async () => {
    const bytes = new TextEncoder().encode('{"city":"Lübeck"}');
    const chunks = [bytes.slice(0, 11), bytes.slice(11)];
    const { client } = testWire([{ chunks }]);
    expect((await client.call(probe)).value).toEqual({ city: 'Lübeck' });
  });

  it('only the status counts where no body is wanted, save for a page', async () => {
    const { client } = testWire([{ status: 204 }, { body: '<version/>' }, { body: html }]);
    const request = { ...probe, read: null };
    expect((await client.call(request)).status).toBe(204);
    expect((await client.call(request)).status).toBe(200);
    expect((await failureOf(client.call(request))).name).toBe('VendorDown');
  });
});

describe('pace', () => {
  it('keeps quiet for as long as a 429 asks, before leave is given back', async () => {
    const { client, paced } = testWire([{ status: 429, headers: { 'retry-after': '30' } }]);
    const error = await failureOf(client.call(probe));
    expect(error).toMatchObject({ name: 'Throttled', retryAfterMs: 30_000, effect: 'none' });
    expect(paced).toEqual(['take OR11', 'backOff OR11 30000', 'done OR11']);
  });

  it.each([
    [undefined, 60_000],
    [9_000, 9_000],
  ])(
    'keeps quiet for the default when a 429 names no wait (setting %s)',
    async (throttledMs, ms) => {
      const { client, paced } = testWire([{ status: 429 }], { throttledMs });
      const error = await failureOf(client.call(probe));
      expect(error).toMatchObject({ retryAfterMs: undefined });
      expect(paced[1]).toBe(`backOff OR11 ${ms}`);
    },
  );
});

describe('call record', () => {
  it('tells time, sizes, rows and the correlation id once', async () => {
    const answer = { body: { rows: [1, 2] }, headers: { 'x-correlation-id': 'c-1' } };
    const { client, notes } = testWire([answer]);
    await client.call({ ...probe, method: 'PUT', body: { n: 'é' }, rows: () => 2 });
    expect(notes).toEqual([
      {
        vendor: 'mirakl',
        connection: 'north',
        operation: 'OR11',
        startedAt: new Date('2026-03-02T10:00:00Z'),
        tookMs: 20,
        status: 200,
        outcome: 'ok',
        correlationId: 'c-1',
        requestBytes: 10,
        responseBytes: 14,
        rows: 2,
      },
    ]);
  });

  it('carries the correlation id into the error', async () => {
    const { client } = testWire([{ status: 500, headers: { 'x-correlation-id': 'c-2' } }]);
    expect(await failureOf(client.call(probe))).toMatchObject({ correlationId: 'c-2' });
  });
});

function brokenChunks(): Iterable<Uint8Array> {
  return lazily(function* () {
    yield new TextEncoder().encode('{"a":');
    throw new TransportError('broke off', { reached: true });
  });
}

function endless(onChunk: () => number): Iterable<Uint8Array> {
  return lazily(function* () {
    while (true) {
      onChunk();
      yield new Uint8Array(10).fill(0x20);
    }
  });
}

function lazily(make: () => Generator<Uint8Array>): Iterable<Uint8Array> {
  return { [Symbol.iterator]: make };
}
