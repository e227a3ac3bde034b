import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { aListing, clearStock, stockChannel } from '../../test/stock-rows.ts';
import {
  closeImport,
  intendImport,
  lastImport,
  moveImport,
  readImportLines,
  readOpenImports,
  resendImport,
} from './import-store.ts';
import { readListings } from './listing-store.ts';

let base: MigratedDatabase;
const before = new Date('2026-02-02T11:00:00Z');
const now = new Date('2026-02-02T12:00:00Z');
const later = new Date('2026-02-02T13:00:00Z');
const channel = stockChannel;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => clearStock(base));

const listing = async (shopSku: string) => (await readListings(base.db, channel, [shopSku]))[0]!;

/** Intends a file of these listings, which are due. Returns its number. */
async function intend(...skus: string[]): Promise<number> {
  const listings = await readListings(base.db, channel, skus);
  return base.write((trx) =>
    intendImport(trx, { channel, method: 'STO01', now, basisAt: before }, listings),
  );
}

const close = (id: number, ...refused: { shopSku: string; reason: string }[]) =>
  base.write((trx) =>
    closeImport(trx, { id, channel, now, readBackAt: now, againAt: later }, refused),
  );

describe('the intent to send', () => {
  it('is kept with every line and what it replaces; the listings are under way', async () => {
    await aListing(base, { shopSku: 'UP', step: 'due', dueAt: before, shown: 3, wanted: 8 });
    await aListing(base, { shopSku: 'DOWN', step: 'due', dueAt: before, shown: 30, wanted: 8 });
    const id = await intend('UP', 'DOWN');
    expect(await listing('UP')).toMatchObject({
      step: 'sent',
      sent: 8,
      sentAt: now,
      importId: id,
      mostShown: 8,
    });
    // Until somebody looks it may show either.
    expect(await listing('DOWN')).toMatchObject({
      step: 'sent',
      sent: 8,
      shown: 30,
      mostShown: 30,
    });
    const asked = ['UP', 'DOWN'].map((shopSku) => ({ importId: id, shopSku }));
    expect(Object.fromEntries(await readImportLines(base.db, asked))).toEqual({ UP: 3, DOWN: 30 });
    expect(await lastImport(base.db, channel)).toEqual({ madeAt: now, basisAt: before });
  });

  it('is open until it has an end; the others only when it is time to ask', async () => {
    await aListing(base, { shopSku: 'A', wanted: 1 });
    const [meant, asked, early, ended] = [
      await intend('A'),
      await intend('A'),
      await intend('A'),
      await intend('A'),
    ];
    await base.write(async (trx) => {
      await moveImport(trx, asked!, {
        state: 'running',
        reference: 'r-1',
        checkAt: now,
        sentAt: now,
      });
      await moveImport(trx, early!, { state: 'running', reference: 'r-2', checkAt: later });
      await moveImport(trx, ended!, { state: 'complete', finishedAt: now });
    });
    const open = await readOpenImports(base.db, channel, now);
    expect(open.map((one) => [one.id, one.state, one.reference])).toEqual([
      [meant, 'intended', null],
      [asked, 'running', 'r-1'],
    ]);
    expect(await readOpenImports(base.db, 'second', later)).toEqual([]);
  });
});

describe('the end of an import', () => {
  it('lines that were taken are to be read back, refused ones are due later with their reason', async () => {
    for (const shopSku of ['A', 'B'])
      await aListing(base, { shopSku, shown: 9, wanted: 5, step: 'due' });
    const id = await intend('A', 'B');
    expect(await close(id, { shopSku: 'B', reason: 'unknown offer' })).toEqual([
      { shopSku: 'B', quantity: 5, attempts: 1, reason: 'unknown offer' },
    ]);
    expect(await listing('A')).toMatchObject({ step: 'taken', attempts: 0, mostShown: 9 });
    expect(await listing('B')).toMatchObject({ step: 'due', attempts: 1, mostShown: 9 });
    const lines = await base.db
      .selectFrom('stock_import_lines')
      .selectAll()
      .orderBy('shop_sku')
      .execute();
    expect(lines.map((one) => [one.shop_sku, one.outcome, one.reason])).toEqual([
      ['A', 'taken', null],
      ['B', 'refused', 'unknown offer'],
    ]);
  });

  it('a line refused twice in the report, and one that was never in the file, change nothing else', async () => {
    await aListing(base, { shopSku: 'A', wanted: 5, step: 'due' });
    await aListing(base, { shopSku: 'Z', step: 'quiet' });
    const id = await intend('A');
    const refused = await close(
      id,
      { shopSku: 'A', reason: 'one' },
      { shopSku: 'A', reason: 'two' },
      { shopSku: 'Z', reason: 'three' },
    );
    expect(refused).toHaveLength(1);
    expect(await listing('A')).toMatchObject({ step: 'due', attempts: 1 });
    expect(await listing('Z')).toMatchObject({ step: 'quiet', attempts: 0 });
  });

  it.each([
    { rule: 'sent anew meanwhile', anew: true, step: 'sent' },
    { rule: 'worked out anew meanwhile', anew: false, step: 'due' },
  ])('a listing that was $rule goes on with the newer figure', async ({ anew, step }) => {
    await aListing(base, { shopSku: 'A', wanted: 5, step: 'due', dueAt: before });
    const id = await intend('A');
    const change = { wanted: 3, step: 'due' as const };
    await base.db.updateTable('stock_listings').set(change).execute();
    const newer = anew ? await intend('A') : id;
    await close(id);
    expect(await listing('A')).toMatchObject({ step, wanted: 3, importId: newer });
  });
});

describe('an import whose effect is not known', () => {
  it('its lines are due again, and what it may show stays counted', async () => {
    await aListing(base, { shopSku: 'A', shown: 3, wanted: 50, step: 'due' });
    const id = await intend('A');
    await base.write((trx) => resendImport(trx, { id, channel, dueAt: now, error: 'lost' }));
    expect(await listing('A')).toMatchObject({
      step: 'due',
      attempts: 1,
      shown: 3,
      sent: 50,
      mostShown: 50,
    });
  });

  it('a listing that was sent anew meanwhile is left alone', async () => {
    await aListing(base, { shopSku: 'A', wanted: 50, step: 'due' });
    const id = await intend('A');
    const newer = await intend('A');
    await base.write((trx) => resendImport(trx, { id, channel, dueAt: now, error: 'lost' }));
    expect(await listing('A')).toMatchObject({ step: 'sent', importId: newer, attempts: 0 });
  });
});
