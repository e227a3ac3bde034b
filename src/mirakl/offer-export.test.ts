import { describe, expect, it } from 'vitest';
import { fetchOfferExport, readOfferExport, startOfferExport } from './offer-export.ts';
import { failureOf, testWire } from './test-wire.ts';

describe('startOfferExport', () => {
  const changedSince = new Date('2026-03-01T08:00:00.900Z');
  const rows: [rule: string, filter: Parameters<typeof startOfferExport>[1], sent: object][] = [
    ['all active offers', {}, { include_inactive_offers: false }],
    ['all offers', { includeInactive: true }, { include_inactive_offers: true }],
    ['changes', { changedSince }, { last_request_date: '2026-03-01T08:00:00Z' }],
    [
      'changes hold inactive offers anyway; asking for both is refused by Mirakl',
      { changedSince, includeInactive: true },
      { last_request_date: '2026-03-01T08:00:00Z' },
    ],
  ];
  it.each(rows)('%s', async (_rule, filter, which) => {
    const { client, sent } = testWire([{ body: { tracking_id: 't-1' } }]);
    expect(await startOfferExport(client, filter)).toBe('t-1');
    expect(JSON.parse(String(sent[0]!.body))).toEqual({
      export_type: 'application/json',
      include_fields: ['offer_id', 'shop_sku', 'quantity', 'active', 'deleted', 'last_updated'],
      megabytes_per_chunk: 10,
      ...which,
    });
  });
});

describe('readOfferExport', () => {
  const urls = ['https://market.example.test/file/1'];
  const rows: [rule: string, body: object, read: object][] = [
    [
      'pending',
      { status: 'PENDING' },
      { state: 'pending', word: 'PENDING', urls: [], error: null },
    ],
    ['completed', { status: 'COMPLETED', urls }, { state: 'completed', urls }],
    [
      'failed',
      { status: 'FAILED', error: { code: '1', detail: 'Internal error' } },
      { state: 'failed', error: '1: Internal error' },
    ],
    ['failed without a word', { status: 'FAILED', error: null }, { state: 'failed', error: null }],
    [
      'failed with half a word',
      { status: 'FAILED', error: { detail: 'x' } },
      { state: 'failed', error: 'x' },
    ],
    ['cancelled', { status: 'CANCELED' }, { state: 'failed', word: 'CANCELED' }],
    ['a new word', { status: 'RESTING' }, { state: 'other', word: 'RESTING' }],
    ['a word of JavaScript', { status: 'toString' }, { state: 'other', word: 'toString' }],
  ];
  it.each(rows)('%s', async (_rule, body, read) => {
    const { client } = testWire([{ body }]);
    expect(await readOfferExport(client, 't-1')).toMatchObject(read);
  });

  it('asks by the escaped id', async () => {
    const { client, sent } = testWire([{ body: { status: 'PENDING' } }]);
    await readOfferExport(client, 't/1');
    expect(new URL(sent[0]!.url).pathname).toBe('/api/offers/export/async/status/t%2F1');
  });
});

describe('fetchOfferExport', () => {
  const own = 'https://market.example.test/file/1?file=of52%offers/0.json';
  const offer = {
    offer_id: 9007199254740991,
    shop_sku: 'MUG-RED',
    quantity: 7,
    active: true,
    deleted: false,
    last_updated: '2026-03-01T09:00:00Z',
  };
  const read = {
    offerId: '9007199254740991',
    shopSku: 'MUG-RED',
    quantity: 7,
    isActive: true,
    isDeleted: false,
    updatedAt: new Date('2026-03-01T09:00:00Z'),
  };

  it.each([
    ['the bare list', [offer]],
    ['a list under its name', { offers: [offer] }],
  ])('%s, called as given, with more time than a page', async (_rule, body) => {
    const { client, sent, notes } = testWire([{ body }], { shopId: '9' });
    expect(await fetchOfferExport(client, own)).toEqual({ offers: [read], unreadable: [] });
    expect(sent[0]).toMatchObject({
      url: own,
      timeoutMs: 50_000,
      headers: { authorization: 'key-1' },
    });
    expect(notes[0]).toMatchObject({ operation: 'OF54', rows: 1 });
  });

  it('what an offer does not say is null or false', async () => {
    const { client } = testWire([{ body: [{ offer_id: 1, shop_sku: 'A', deleted: true }] }]);
    const { offers } = await fetchOfferExport(client, own);
    expect(offers).toEqual([
      {
        offerId: '1',
        shopSku: 'A',
        quantity: null,
        isActive: false,
        isDeleted: true,
        updatedAt: null,
      },
    ]);
  });

  it('a bad row is named and loses no other', async () => {
    const rows = [{ ...offer, quantity: -1, offer_id: 5 }, { shop_sku: 'A' }, offer];
    const { client } = testWire([{ body: rows }]);
    expect(await fetchOfferExport(client, own)).toEqual({
      offers: [read],
      unreadable: [
        { subject: '5', problem: 'quantity: a whole number of 0 or more is due' },
        { subject: 'row 2', problem: 'offer_id: missing' },
      ],
    });
  });

  it.each(['https://files.example.test/1', 'http://market.example.test/1', 'x'])(
    'sends nothing to %s',
    async (url) => {
      const { client, sent } = testWire([{ body: [] }]);
      expect(await failureOf(fetchOfferExport(client, url))).toMatchObject({ name: 'BadAnswer' });
      expect(sent).toEqual([]);
    },
  );
});
