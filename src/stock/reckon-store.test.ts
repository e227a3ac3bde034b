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
import { makeAllDue, makeDue, readGround, saveReckoned, takeDue } from './reckon-store.ts';

let base: MigratedDatabase;
const before = new Date('2026-02-02T11:00:00Z');
const now = new Date('2026-02-02T12:00:00Z');

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => clearStock(base));

describe('items that are due', () => {
  it('are taken once each, at most so many', async () => {
    await makeDue(base.db, stockHouse, ['A', 'B', 'B', 'C']);
    await makeDue(base.db, stockHouse, ['A']);
    const first = await base.write((trx) => takeDue(trx, stockHouse, 2));
    const second = await base.write((trx) => takeDue(trx, stockHouse, 2));
    expect([first.length, second.length]).toEqual([2, 1]);
    expect([...first, ...second].sort()).toEqual(['A', 'B', 'C']);
  });

  it('named anew while they are worked out are due again', async () => {
    await makeDue(base.db, stockHouse, ['A']);
    await base.write((trx) => takeDue(trx, stockHouse, 10));
    await makeDue(base.db, stockHouse, ['A']);
    expect(await base.write((trx) => takeDue(trx, stockHouse, 10))).toEqual(['A']);
  });

  it('stay due when the work on them fails', async () => {
    await makeDue(base.db, stockHouse, ['A']);
    const failing = base.write(async (trx) => {
      await takeDue(trx, stockHouse, 10);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await base.write((trx) => takeDue(trx, stockHouse, 10))).toEqual(['A']);
  });

  it('all of them: every item that is listed, once', async () => {
    await aListing(base, { shopSku: 'A' });
    await aListing(base, { shopSku: 'A', channel: 'second' });
    await aListing(base, { shopSku: 'JL-1', itemCode: 'B' });
    await base.write((trx) => makeAllDue(trx, stockHouse));
    expect((await base.write((trx) => takeDue(trx, stockHouse, 10))).sort()).toEqual(['A', 'B']);
  });
});

describe('the ground of an item', () => {
  it('is its figures over all sites, without those that are gone, and the oldest of their times', async () => {
    await aFigure(base, { itemCode: 'A', available: 5, readAt: now });
    await aFigure(base, { itemCode: 'A', available: 7, site: 'North', readAt: before });
    await aFigure(base, {
      itemCode: 'A',
      available: 90,
      site: 'Old',
      readAt: now,
      absentSince: now,
    });
    const { figures } = await readGround(base.db, stockHouse, ['A']);
    expect(figures).toEqual([{ itemCode: 'A', available: 12, at: before }]);
  });

  it('of an item that is gone everywhere is none, not nothing', async () => {
    await aFigure(base, { itemCode: 'A', available: 5, readAt: before, absentSince: now });
    expect((await readGround(base.db, stockHouse, ['A'])).figures).toMatchObject([
      { available: 0 },
    ]);
    expect((await readGround(base.db, stockHouse, ['B'])).figures).toEqual([]);
  });

  it('is every listing that draws on the same units: kits, their parts, other channels', async () => {
    await aKit(base, 'SET', { A: 1, B: 2 });
    await aKit(base, 'BOX', { B: 1, C: 1 });
    for (const shopSku of ['A', 'B', 'C', 'SET', 'BOX', 'Z']) await aListing(base, { shopSku });
    await aListing(base, { shopSku: 'A', channel: 'second' });
    await aListing(base, { shopSku: 'GONE', itemCode: 'A', missingSince: now });
    const { outlets, kits } = await readGround(base.db, stockHouse, ['A']);
    expect(outlets.map((one) => `${one.channel} ${one.shopSku}`)).toEqual([
      'john-lewis A',
      'john-lewis B',
      'john-lewis BOX',
      'john-lewis C',
      'john-lewis SET',
      'second A',
    ]);
    expect(kits).toHaveLength(4);
  });
});

describe('what listings should show', () => {
  const reckon = async (quantity: number, publishing = [stockChannel]) => {
    const one = {
      channel: stockChannel,
      shopSku: 'A',
      quantity,
      pool: 50,
      basisAt: before,
      why: 'pool',
    };
    const count = await base.write((trx) => saveReckoned(trx, now, publishing, [one]));
    const kept = await base.db.selectFrom('stock_listings').selectAll().executeTakeFirstOrThrow();
    return { count, kept };
  };
  const soon = new Date('2026-02-02T13:00:00Z');

  it.each<{ rule: string; listing: Partial<GivenListing>; quantity: number; step: string }>([
    { rule: 'differs from what is shown: due', listing: { shown: 9 }, quantity: 5, step: 'due' },
    { rule: 'is shown already: quiet', listing: { shown: 5 }, quantity: 5, step: 'quiet' },
    { rule: 'was sent already: quiet', listing: { shown: 9, sent: 5 }, quantity: 5, step: 'quiet' },
    { rule: 'nobody knows what is shown: due', listing: {}, quantity: 5, step: 'due' },
    {
      rule: 'differs from what is under way: due, before that has ended',
      listing: { sent: 9, step: 'sent' },
      quantity: 5,
      step: 'due',
    },
    {
      rule: 'is what is under way: goes on',
      listing: { sent: 5, step: 'sent' },
      quantity: 5,
      step: 'sent',
    },
    {
      rule: 'is what waits to be read back: goes on',
      listing: { sent: 5, step: 'taken' },
      quantity: 5,
      step: 'taken',
    },
    {
      rule: 'is right again before it was sent: quiet',
      listing: { sent: 5, step: 'due', dueAt: before },
      quantity: 5,
      step: 'quiet',
    },
    {
      rule: 'is right, but was refused: due still',
      listing: { sent: 5, step: 'due', dueAt: soon, attempts: 1 },
      quantity: 5,
      step: 'due',
    },
  ])('$rule', async ({ listing, quantity, step }) => {
    await aListing(base, { shopSku: 'A', ...listing });
    const { kept, count } = await reckon(quantity);
    expect(kept).toMatchObject({ step, wanted: quantity, pool: 50, basis_at: before });
    expect(count).toBe(step === 'due' ? 1 : 0);
  });

  it.each([
    {
      rule: 'a line that waits after a refusal goes on waiting with the same figure',
      quantity: 5,
      at: soon,
    },
    { rule: 'a new figure is tried at once', quantity: 4, at: now },
  ])('$rule', async ({ quantity, at }) => {
    const refused = { sent: 9, wanted: 5, step: 'due', dueAt: soon, attempts: 7 };
    await aListing(base, { shopSku: 'A', ...refused });
    expect((await reckon(quantity)).kept).toMatchObject({ due_at: at, wanted: quantity });
  });

  it('a channel that is only watched is never due', async () => {
    await aListing(base, { shopSku: 'A', shown: 9 });
    expect(await reckon(5, [])).toMatchObject({ count: 0, kept: { step: 'quiet', wanted: 5 } });
  });

  it('tells since when it is wanted', async () => {
    await aListing(base, { shopSku: 'A', shown: 9, wanted: 5 });
    await sql`update stock_listings set wanted_at = ${before}`.execute(base.db);
    expect((await reckon(5)).kept.wanted_at).toEqual(before);
    expect((await reckon(6)).kept.wanted_at).toEqual(now);
  });
});
