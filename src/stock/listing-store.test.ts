import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { aListing, anOrder, clearStock, stockChannel, stockHouse } from '../../test/stock-rows.ts';
import {
  countZeroing,
  followMappings,
  hasWork,
  type ListingMove,
  markMissing,
  moveListings,
  type Offering,
  readListings,
  readListingsToSend,
  readSoldSince,
  saveOfferings,
} from './listing-store.ts';

let base: MigratedDatabase;
const before = new Date('2026-02-02T11:00:00Z');
const now = new Date('2026-02-02T12:00:00Z');
const later = new Date('2026-02-02T13:00:00Z');

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => clearStock(base));

const offer = (shopSku: string, own: Partial<Offering> = {}): Offering => ({
  offerId: '1',
  shopSku,
  quantity: 5,
  isActive: true,
  isDeleted: false,
  ...own,
});
const see = (at: Date, ...offers: Offering[]) =>
  base.write((trx) =>
    saveOfferings(trx, { channel: stockChannel, warehouse: stockHouse, readAt: at }, offers),
  );
const theOne = async (shopSku = 'A') => (await readListings(base.db, stockChannel, [shopSku]))[0];

async function due(): Promise<string[]> {
  const rows = await base.db
    .selectFrom('stock_due')
    .select('item_code')
    .orderBy('item_code')
    .execute();
  return rows.map((one) => one.item_code);
}

describe('offers that were seen', () => {
  it('become listings of the mapped item, or of the item with their own SKU, and are due', async () => {
    await sql`insert into sku_mappings (channel, shop_sku, item_code, made_at, made_by)
      values (${stockChannel}, 'JL-1', 'LAMP', ${now}, 'Ann Example')`.execute(base.db);
    expect(
      await see(now, offer('A'), offer('JL-1', { quantity: 8, isActive: false })),
    ).toMatchObject([
      { shopSku: 'A', wasActive: null, wasMissing: null },
      { shopSku: 'JL-1', isActive: false },
    ]);
    expect(await theOne('JL-1')).toMatchObject({
      itemCode: 'LAMP',
      shown: 8,
      mostShown: 8,
      isActive: false,
    });
    expect(await due()).toEqual(['A', 'LAMP']);
  });

  it('once more, with the same news: nothing is due, nothing is told', async () => {
    await see(now, offer('A'));
    await sql`truncate stock_due`.execute(base.db);
    expect(await see(later, offer('A', { quantity: 9 }))).toEqual([]);
    expect(await theOne()).toMatchObject({ shown: 5, shownAt: now });
    expect(await due()).toEqual([]);
  });

  it('twice in one answer: the one that is not deleted counts', async () => {
    await see(
      now,
      offer('A', { isDeleted: true, offerId: '9', quantity: 0 }),
      offer('A', { offerId: '2' }),
    );
    expect(await theOne()).toMatchObject({ offerId: '2', missingSince: null, shown: 5 });
  });

  it('without a figure: nothing is known to be shown', async () => {
    await see(now, offer('A', { quantity: null }));
    expect(await theOne()).toMatchObject({ shown: null, shownAt: null, mostShown: 0 });
  });

  it('deleted, and back: each is told, and after it nothing read before counts', async () => {
    await see(before, offer('A', { quantity: 7 }));
    expect(await see(now, offer('A', { isDeleted: true, quantity: 0 }))).toMatchObject([
      { isMissing: true, wasMissing: false },
    ]);
    expect(await theOne()).toMatchObject({ missingSince: now, shown: 7 });
    await sql`truncate stock_due`.execute(base.db);
    expect(await see(later, offer('A', { quantity: 7 }))).toMatchObject([
      { isMissing: false, wasMissing: true },
    ]);
    expect(await theOne()).toMatchObject({
      missingSince: null,
      shown: null,
      shownAt: null,
      mostShown: 7,
    });
    expect(await due()).toEqual(['A']);
  });

  it('taken off sale and put back are told', async () => {
    await see(before, offer('A'));
    expect(await see(now, offer('A', { isActive: false }))).toMatchObject([
      { isActive: false, wasActive: true },
    ]);
    expect(await see(later, offer('A'))).toMatchObject([{ isActive: true, wasActive: false }]);
  });
});

describe('after every offer was read', () => {
  it('those that were not among them are missing, once; what draws on their items is due', async () => {
    await aListing(base, { shopSku: 'A', shown: 5, shownAt: before });
    await aListing(base, {
      shopSku: 'JL-1',
      itemCode: 'B',
      shown: 5,
      shownAt: before,
      step: 'due',
    });
    await aListing(base, { shopSku: 'C', shown: 5, shownAt: later });
    await aListing(base, { shopSku: 'B', channel: 'second', shown: 5, shownAt: before });
    const mark = () => base.write((trx) => markMissing(trx, stockChannel, now, ['A']));
    expect(await mark()).toEqual([{ shopSku: 'JL-1', itemCode: 'B' }]);
    expect(await theOne('JL-1')).toMatchObject({ step: 'quiet', mostShown: 0, missingSince: now });
    expect(await due()).toEqual(['B']);
    expect(await mark()).toEqual([]);
  });
});

describe('what is to be sent', () => {
  it('is due, wanted, listed and on time: reductions first, then nearest to zero', async () => {
    const due = { step: 'due', dueAt: before };
    await aListing(base, { shopSku: 'UP', ...due, shown: 1, wanted: 50 });
    await aListing(base, { shopSku: 'UP-LITTLE', ...due, shown: 1, wanted: 2 });
    await aListing(base, { shopSku: 'DOWN', ...due, shown: 90, wanted: 40 });
    await aListing(base, { shopSku: 'OUT', ...due, shown: 3, wanted: 0 });
    await aListing(base, { shopSku: 'LATER', step: 'due', dueAt: later, shown: 3, wanted: 0 });
    await aListing(base, { shopSku: 'GONE', ...due, shown: 3, wanted: 0, missingSince: before });
    await aListing(base, { shopSku: 'UNKNOWN', ...due, shown: 3 });
    await aListing(base, { shopSku: 'UNDER-WAY', step: 'sent', dueAt: before, wanted: 0 });
    const skus = async (limit: number, isZeroHeld = false) =>
      (
        await base.write((trx) => readListingsToSend(trx, stockChannel, now, { limit, isZeroHeld }))
      ).map((one) => one.shopSku);
    expect(await skus(10)).toEqual(['OUT', 'DOWN', 'UP-LITTLE', 'UP']);
    expect(await skus(2)).toEqual(['OUT', 'DOWN']);
    // Held for a person: what goes to zero keeps no place from the others.
    expect(await skus(2, true)).toEqual(['DOWN', 'UP-LITTLE']);
  });

  it('a raise that is under way counts as shown: taking it back is a reduction', async () => {
    const due = { step: 'due', dueAt: before };
    await aListing(base, { shopSku: 'A', ...due, shown: 3, sent: 90, mostShown: 90, wanted: 60 });
    await aListing(base, { shopSku: 'B', ...due, shown: 3, wanted: 5 });
    const [first] = await base.write((trx) =>
      readListingsToSend(trx, stockChannel, now, { limit: 1, isZeroHeld: false }),
    );
    expect(first?.shopSku).toBe('A');
  });

  it('counts offers with stock, and those about to have none', async () => {
    const due = { step: 'due', dueAt: before, wanted: 0 };
    await aListing(base, { shopSku: 'A', shown: 5, ...due });
    await aListing(base, { shopSku: 'B', shown: 5, sent: 0, ...due });
    await aListing(base, { shopSku: 'C', shown: 0, sent: 4, ...due });
    await aListing(base, { shopSku: 'D', shown: 0, ...due });
    await aListing(base, { shopSku: 'E', shown: 7 });
    await aListing(base, { shopSku: 'F', shown: 7, missingSince: before, ...due });
    expect(await countZeroing(base.db, stockChannel, 2)).toEqual({ stocked: 4, zeroing: 2 });
    // Too few to matter: nobody counts the rest.
    expect(await countZeroing(base.db, stockChannel, 3)).toEqual({ stocked: 0, zeroing: 2 });
  });

  it.each([
    { rule: 'all quiet', step: 'quiet', has: false },
    { rule: 'something due', step: 'due', has: true },
    { rule: 'something to be read back', step: 'taken', has: true },
  ])('there is work: $rule', async ({ step, has }) => {
    await aListing(base, { shopSku: 'A', step });
    await aListing(base, { shopSku: 'A', channel: 'second', step: 'due' });
    expect(await hasWork(base.db, stockChannel)).toBe(has);
  });
});

describe('what became of a listing', () => {
  const move = (own: Partial<ListingMove>) =>
    base.write((trx) =>
      moveListings(trx, stockChannel, later, [
        {
          shopSku: 'A',
          ifStep: 'taken',
          ifImport: 3,
          step: 'quiet',
          dueAt: null,
          attempts: 0,
          ...own,
        },
      ]),
    );
  const taken = {
    shopSku: 'A',
    step: 'taken',
    importId: 3,
    shown: 9,
    sent: 5,
    mostShown: 9,
    attempts: 1,
  };

  it('is kept: what was read is the most it may show', async () => {
    await aListing(base, taken);
    await move({ shown: 5, shownAt: now, verifiedAt: now });
    expect(await theOne()).toMatchObject({
      step: 'quiet',
      shown: 5,
      shownAt: now,
      mostShown: 5,
      attempts: 0,
    });
  });

  it('what is left out stays', async () => {
    await aListing(base, { ...taken, isActive: false });
    await move({ step: 'due', dueAt: now, attempts: 2 });
    expect(await theOne()).toMatchObject({
      step: 'due',
      shown: 9,
      mostShown: 9,
      isActive: false,
      attempts: 2,
    });
  });

  it.each([
    { rule: 'it was sent anew meanwhile', listing: { ...taken, step: 'sent', importId: 4 } },
    { rule: 'it was worked out anew meanwhile', listing: { ...taken, step: 'due' } },
    { rule: 'another import took it', listing: { ...taken, importId: 4 } },
  ])('nothing, when $rule', async ({ listing }) => {
    await aListing(base, listing);
    await move({ shown: 5, shownAt: now });
    expect(await theOne()).toMatchObject({ step: listing.step, shown: 9, mostShown: 9 });
  });

  it('missing, and back', async () => {
    await aListing(base, taken);
    await move({ isMissing: true });
    expect((await theOne())?.missingSince).toEqual(later);
    await move({ ifStep: 'quiet', isMissing: false });
    expect((await theOne())?.missingSince).toBeNull();
  });
});

describe('mappings', () => {
  it('that were made, changed or taken away are followed, and both items are due', async () => {
    await aListing(base, { shopSku: 'JL-1' });
    await aListing(base, { shopSku: 'A' });
    const follow = () => base.write((trx) => followMappings(trx, stockChannel, stockHouse));
    await follow();
    expect(await due()).toEqual([]);
    await sql`insert into sku_mappings (channel, shop_sku, item_code, made_at, made_by)
      values (${stockChannel}, 'JL-1', 'LAMP', ${now}, 'Ann Example')`.execute(base.db);
    await follow();
    expect((await theOne('JL-1'))?.itemCode).toBe('LAMP');
    expect(await due()).toEqual(['JL-1', 'LAMP']);
    await sql`truncate stock_due`.execute(base.db);
    await sql`delete from sku_mappings`.execute(base.db);
    await follow();
    expect((await theOne('JL-1'))?.itemCode).toBe('JL-1');
    expect(await due()).toEqual(['JL-1', 'LAMP']);
  });
});

describe('units sold since', () => {
  it('each since its own time, on this channel alone', async () => {
    await anOrder(base, { id: 'A', shopSku: 'A', quantity: 2, boughtAt: now });
    await anOrder(base, { id: 'B', shopSku: 'A', quantity: 3, boughtAt: before });
    await anOrder(base, { id: 'C', shopSku: 'B', quantity: 4, boughtAt: before });
    await anOrder(base, { id: 'A', channel: 'second', shopSku: 'A', quantity: 9, boughtAt: now });
    const sold = await readSoldSince(base.db, stockChannel, [
      { shopSku: 'A', since: now },
      { shopSku: 'B', since: before },
      { shopSku: 'C', since: before },
    ]);
    expect(Object.fromEntries(sold)).toEqual({ A: 2, B: 4 });
    expect(await readSoldSince(base.db, stockChannel, [])).toEqual(new Map());
  });
});
