import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleStock } from '../../test/sample-stock.ts';
import { type ChannelState, type DiffRow, readDiff, readUnlisted, whyDiffers } from './diff.ts';

const readAt = new Date('2026-02-02T09:00:00Z');
const later = new Date('2026-02-02T09:05:00Z');
const publishing: ChannelState = { mode: 'publish', isPaused: false };

describe('both sides differ because', () => {
  const row: Omit<DiffRow, 'why'> = {
    ...{ channel: 'jl', shopSku: 'A', itemCode: 'A', isKit: false, available: 6, promised: 0 },
    ...{ sellable: 6, wanted: 5, sent: 5, sentAt: readAt, importId: 3, shown: 5, shownAt: later },
    ...{ isActive: true, missingSince: null, step: 'quiet', attempts: 0, lastError: null },
    ...{ isUnknown: false, soldSince: 0 },
  };
  it.each<[string, Partial<DiffRow>, Partial<ChannelState>, RegExp]>([
    ['nothing', {}, {}, /^$/],
    [
      'it is gone there',
      { missingSince: later, step: 'due' },
      {},
      /^the channel no longer lists it$/,
    ],
    [
      'the item is unknown',
      { isUnknown: true, wanted: null },
      {},
      /^the warehouse has no such item$/,
    ],
    ['no number yet', { wanted: null }, {}, /^not worked out yet$/],
    ['it waits', { step: 'due', wanted: 4 }, {}, /^waits to be sent$/],
    [
      'it was refused',
      { step: 'due', attempts: 2, lastError: 'no offer' },
      {},
      /in vain 2 times \(no offer\)$/,
    ],
    ['it is in a file', { step: 'sent', wanted: 4 }, {}, /^in import 3/],
    ['it is not read back', { step: 'taken', wanted: 4 }, {}, /^taken by import 3/],
    ['the channel is only watched', { wanted: 4 }, { mode: 'watch' }, /^stock.mode is watch/],
    ['the channel is paused', { step: 'due', wanted: 4 }, { isPaused: true }, /is paused/],
    ['it was never read', { shown: null }, {}, /not read yet/],
    ['some were sold', { shown: 3, soldSince: 2 }, {}, /^2 sold since/],
    ['somebody else wrote it', { shown: 9, soldSince: 2 }, {}, /^differs since it was read/],
    ['more are gone than were sold', { shown: 2, soldSince: 2 }, {}, /^differs since it was read/],
    ['it cannot be bought', { isActive: false }, {}, /^the offer cannot be bought$/],
  ])('%s', (_, change, state, why) => {
    expect(whyDiffers({ ...row, ...change }, { ...publishing, ...state })).toMatch(why);
  });
});

describe('a diff', () => {
  let database: MigratedDatabase;
  beforeAll(async () => {
    database = await openMigratedDatabase();
    await addSampleStock(database.db, {
      readAt,
      figures: { A: { PrimarySite: 4, Annex: 2 }, B: 9, PART: 3, SPARE: 8, EMPTY: 0 },
      kits: { SET: { PART: 1 }, 'UNLISTED-SET': { SPARE: 1 } },
      listings: [
        { shopSku: 'A', wanted: 5, sent: 5, shown: 5 },
        { shopSku: 'B', wanted: 8, sent: 8, shown: 6, sentAt: readAt },
        { shopSku: 'GHOST', wanted: 0, shown: 0 },
        { shopSku: 'SET', wanted: 2, shown: 4, step: 'due' },
        { shopSku: 'WAS-HERE', isMissing: true },
      ],
      sales: [{ id: 'O-1', shopSku: 'B', units: 2, placedAt: later }],
    });
  });
  afterAll(() => database.drop());

  const diffOf = (isAll: boolean, limit = 10) =>
    readDiff(database.db, { channel: 'john-lewis', state: publishing, isAll, limit });

  it('names what differs, kits without a figure of their own', async () => {
    const { count, rows } = await diffOf(false);
    expect(count).toBe(3);
    expect(rows).toMatchObject([
      { shopSku: 'B', available: 9, soldSince: 2, why: '2 sold since it was sent' },
      { shopSku: 'GHOST', available: null, isUnknown: true },
      { shopSku: 'SET', isKit: true, available: null, promised: null, why: 'waits to be sent' },
    ]);
  });

  it('names every listing when asked, and counts beyond the limit', async () => {
    const { count, rows } = await diffOf(true);
    expect(rows.map((one) => one.shopSku)).toEqual(['A', 'B', 'GHOST', 'SET', 'WAS-HERE']);
    expect(rows[0]).toMatchObject({ available: 6, why: '' });
    expect(count).toBe(5);
    expect(await diffOf(true, 2)).toMatchObject({ count: 5, rows: { length: 2 } });
  });

  it('finds items with stock that no channel lists, neither alone nor in a kit', async () => {
    const spare = { itemCode: 'SPARE', available: 8 };
    expect(await readUnlisted(database.db, 'main', 5)).toEqual({ count: 1, items: [spare] });
    expect(await readUnlisted(database.db, 'main', 0)).toEqual({ count: 1, items: [] });
  });
});
