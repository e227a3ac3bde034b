import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import {
  aFigure,
  aKit,
  aListing,
  clearStock,
  type GivenListing,
  stockChannel,
  stockHouse,
} from '../../test/stock-rows.ts';
import type { Offering } from './listing-store.ts';
import {
  readDiffering,
  readListingsOf,
  readUnfigured,
  saveAttributes,
  saveFirstSight,
  saveKnownItems,
  takeNowKnown,
} from './sweep-store.ts';

let base: MigratedDatabase;
const before = new Date('2026-02-02T11:00:00Z');
const now = new Date('2026-02-02T12:00:00Z');
const later = new Date('2026-02-02T13:00:00Z');

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => clearStock(base));

const offer = (quantity: number | null, own: Partial<Offering> = {}): Offering => ({
  offerId: '1',
  shopSku: 'A',
  quantity,
  isActive: true,
  isDeleted: false,
  ...own,
});

async function due(): Promise<string[]> {
  const rows = await base.db
    .selectFrom('stock_due')
    .select('item_code')
    .orderBy('item_code')
    .execute();
  return rows.map((one) => one.item_code);
}

describe('a listing that we never wrote', () => {
  const see = (...offers: Offering[]) =>
    base.write((trx) =>
      saveFirstSight(trx, { channel: stockChannel, warehouse: stockHouse, readAt: now }, offers),
    );

  it.each<{
    rule: string;
    listing: Partial<GivenListing>;
    quantity: number | null;
    shown: number | null;
    isDue: boolean;
  }>([
    {
      rule: 'shows what is read',
      listing: { shown: 3, shownAt: before },
      quantity: 8,
      shown: 8,
      isDue: true,
    },
    {
      rule: 'shows what it showed: no news',
      listing: { shown: 8, shownAt: before },
      quantity: 8,
      shown: 8,
      isDue: false,
    },
    {
      rule: 'was looked at since: the older look counts no more',
      listing: { shown: 3, shownAt: later },
      quantity: 8,
      shown: 3,
      isDue: false,
    },
    {
      rule: 'is not told: nothing changes',
      listing: { shown: 3, shownAt: before },
      quantity: null,
      shown: 3,
      isDue: false,
    },
    {
      rule: 'but one we wrote is judged elsewhere',
      listing: { shown: 3, shownAt: before, sent: 3 },
      quantity: 8,
      shown: 3,
      isDue: false,
    },
  ])('$rule', async ({ listing, quantity, shown, isDue }) => {
    await aListing(base, { shopSku: 'A', ...listing });
    await see(offer(quantity));
    const kept = await base.db.selectFrom('stock_listings').selectAll().executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ shown, most_shown: shown });
    expect(await due()).toEqual(isDue ? ['A'] : []);
  });
});

describe('offers that need a judgement', () => {
  const differs = async (one: Offering) =>
    [...(await readDiffering(base.db, stockChannel, now, [one])).keys()].length > 0;
  const quiet = { sent: 5, sentAt: before, shown: 5, shownAt: before, step: 'quiet' };

  it.each<{ rule: string; listing: Partial<GivenListing>; offer: Offering; is: boolean }>([
    { rule: 'another figure than was read last', listing: quiet, offer: offer(9), is: true },
    { rule: 'the figure that was read last: none', listing: quiet, offer: offer(5), is: false },
    {
      rule: 'one that waits to be read back',
      listing: { ...quiet, step: 'taken' },
      offer: offer(5),
      is: true,
    },
    { rule: 'one that is deleted', listing: quiet, offer: offer(5, { isDeleted: true }), is: true },
    {
      rule: 'one that was sent after it was read: none',
      listing: { ...quiet, sentAt: later },
      offer: offer(9),
      is: false,
    },
    {
      rule: 'one that was looked at after it was read: none',
      listing: { ...quiet, shownAt: later },
      offer: offer(9),
      is: false,
    },
    {
      rule: 'one that is due anyway: none',
      listing: { ...quiet, step: 'due' },
      offer: offer(9),
      is: false,
    },
    {
      rule: 'one that is under way: none',
      listing: { ...quiet, step: 'sent' },
      offer: offer(9),
      is: false,
    },
    {
      rule: 'one that we never wrote: none',
      listing: { ...quiet, sent: null },
      offer: offer(9),
      is: false,
    },
    {
      rule: 'one that was listed again: nothing read before counts',
      listing: { ...quiet, shown: null, shownAt: null },
      offer: offer(5),
      is: true,
    },
    { rule: 'one without a figure: none', listing: quiet, offer: offer(null), is: false },
  ])('$rule', async ({ listing, offer: seen, is }) => {
    await aListing(base, { shopSku: 'A', ...listing });
    expect(await differs(seen)).toBe(is);
  });

  it('one whose import ended only after the export began: none, the export may hold the older figure', async () => {
    const [{ id }] = (
      await sql<{
        id: number;
      }>`insert into stock_imports (channel, method, state, line_count, made_at, finished_at)
        values (${stockChannel}, 'STO01', 'complete', 1, ${before}, ${later}) returning id`.execute(
        base.db,
      )
    ).rows as [{ id: number }];
    await aListing(base, { shopSku: 'A', ...quiet, step: 'taken', importId: id });
    expect(await differs(offer(9))).toBe(false);
  });
});

describe('items without a figure', () => {
  const ask = () => readUnfigured(base.db, stockHouse, now, 10);
  const know = (at: Date, ...items: [string, boolean][]) =>
    base.write((trx) =>
      saveKnownItems(
        trx,
        stockHouse,
        at,
        items.map(([itemCode, isKnown]) => ({ itemCode, isKnown })),
      ),
    );

  it('are asked about: no figure, no kit, listed still, not asked since', async () => {
    for (const shopSku of ['NEW', 'FIGURE', 'SET', 'ASKED', 'LONG-AGO'])
      await aListing(base, { shopSku });
    await aListing(base, { shopSku: 'GONE', missingSince: before });
    await aFigure(base, { itemCode: 'FIGURE', available: 0, readAt: before });
    await aKit(base, 'SET', { FIGURE: 1 });
    await know(later, ['ASKED', false]);
    await know(before, ['LONG-AGO', false]);
    expect(await ask()).toEqual(['LONG-AGO', 'NEW']);
  });

  it('count as known once they have a figure or are a kit', async () => {
    await know(before, ['A', false], ['SET', false], ['B', false], ['C', true]);
    await aFigure(base, { itemCode: 'A', available: 0, readAt: now });
    await aKit(base, 'SET', { A: 1 });
    await base.write((trx) => takeNowKnown(trx, stockHouse, now));
    const rows = await base.db.selectFrom('stock_items').selectAll().orderBy('item_code').execute();
    expect(rows.map((one) => [one.item_code, one.is_known, one.read_at])).toEqual([
      ['A', true, now],
      ['B', false, before],
      ['C', true, before],
      ['SET', true, now],
    ]);
  });

  it('their listings are found on every channel, but for those that are gone', async () => {
    await aListing(base, { shopSku: 'JL-1', itemCode: 'A', shown: 4 });
    await aListing(base, { shopSku: 'A', channel: 'second' });
    await aListing(base, { shopSku: 'OLD', itemCode: 'A', missingSince: now });
    expect(await readListingsOf(base.db, stockHouse, ['A'])).toEqual([
      { channel: stockChannel, shopSku: 'JL-1', itemCode: 'A', shown: 4 },
      { channel: 'second', shopSku: 'A', itemCode: 'A', shown: null },
    ]);
  });
});

describe('groups and tags', () => {
  it('are kept; items whose changed are due, and known', async () => {
    const save = (group: string | null, tags: string[]) =>
      base.write((trx) => saveAttributes(trx, stockHouse, now, [{ itemCode: 'A', group, tags }]));
    await save('Fragile', ['gift', 'glass']);
    expect(await due()).toEqual(['A']);
    await sql`truncate stock_due`.execute(base.db);
    await save('Fragile', ['gift', 'glass']);
    expect(await due()).toEqual([]);
    await save(null, ['gift']);
    expect(await due()).toEqual(['A']);
    const kept = await base.db.selectFrom('stock_items').selectAll().executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ is_known: true, item_group: null, tags: ['gift'] });
  });
});
