import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleStock } from '../../test/sample-stock.ts';
import { approveMassChange, pushListings, putInForce, readPushable } from './by-hand.ts';
import { readFeed } from './figure-store.ts';
import { saveReckoned } from './reckon-store.ts';
import { readRules } from './rule-store.ts';
import { defaultRules, type RuleSet } from './rules.ts';

const clock = createManualClock();
const now = clock.now();
const later = new Date(now.getTime() + 3_600_000);

let database: MigratedDatabase;

beforeEach(async () => {
  database = await openMigratedDatabase();
  const { db } = database;
  await addSampleStock(db, {
    readAt: now,
    listings: [
      { shopSku: 'A', wanted: 5, sent: 5, shown: 5 },
      {
        shopSku: 'B',
        wanted: 0,
        sent: 0,
        shown: 0,
        step: 'due',
        attempts: 4,
        lastError: 'refused',
      },
      { shopSku: 'NEW' },
      { shopSku: 'GONE', wanted: 1, isMissing: true },
      { shopSku: 'A', channel: 'second-market', wanted: 5, shown: 5 },
    ],
  });
  const flow = { every_ms: 60_000, next_due_at: later, job_id: null, started_at: null };
  const rest = { finished_at: null, last_ok_at: null, last_error: null, paused_at: null };
  await db
    .insertInto('flows')
    .values(
      [
        ['stock.publish', 'john-lewis'],
        ['stock.publish', 'second-market'],
        ['stock.read', 'main'],
        ['stock.reckon', 'main'],
      ].map(([name, connection]) => ({
        ...{ flow: name!, connection: connection!, instance: null, paused_why: null },
        ...flow,
        ...rest,
      })),
    )
    .execute();
});

afterEach(() => database.drop());

async function woken(): Promise<string[]> {
  const rows = await database.db.selectFrom('flows').selectAll().execute();
  const due = rows.filter((one) => one.next_due_at <= clock.now());
  return due.map((one) => `${one.flow} ${one.connection}`).sort();
}

async function stepsOf(channel: string): Promise<Record<string, string>> {
  const rows = await database.db
    .selectFrom('stock_listings')
    .select(['shop_sku', 'step', 'attempts'])
    .where('channel', '=', channel)
    .execute();
  return Object.fromEntries(rows.map((one) => [one.shop_sku, `${one.step} ${one.attempts}`]));
}

describe('a push', () => {
  const given = { channel: 'john-lewis', who: 'ann' };
  const push = (items?: string[]) =>
    database.write((trx) => pushListings(trx, clock, { ...given, items }));

  it('makes every listing with a number due anew, on its channel only', async () => {
    expect(await readPushable(database.db, given)).toEqual([
      { shopSku: 'A', itemCode: 'A', quantity: 5 },
      { shopSku: 'B', itemCode: 'B', quantity: 0 },
    ]);
    await push();
    expect(await stepsOf('john-lewis')).toEqual({
      A: 'due 0',
      B: 'due 0',
      NEW: 'quiet 0',
      GONE: 'quiet 0',
    });
    expect(await stepsOf('second-market')).toEqual({ A: 'quiet 0' });
    expect(await woken()).toEqual(['stock.publish john-lewis']);
  });

  it('is of the items that are named only', async () => {
    await push(['A', 'NEW']);
    expect(await stepsOf('john-lewis')).toMatchObject({ A: 'due 0', B: 'due 4', NEW: 'quiet 0' });
  });

  it('outlasts that its number is worked out to be the same again', async () => {
    await push(['A']);
    const reckoned = { channel: 'john-lewis', shopSku: 'A', quantity: 5, pool: 6, basisAt: now };
    await database.write((trx) =>
      saveReckoned(trx, now, ['john-lewis'], [{ ...reckoned, why: 'pool' }]),
    );
    expect(await stepsOf('john-lewis')).toMatchObject({ A: 'due 0' });
  });
});

describe('an approval', () => {
  it('lasts half an hour, and has the held change looked at at once', async () => {
    const channels = ['john-lewis'];
    const until = await database.write((trx) =>
      approveMassChange(trx, clock, { warehouse: 'main', channels }),
    );
    expect(until.getTime() - now.getTime()).toBe(30 * 60_000);
    expect((await readFeed(database.db, 'main')).approvedUntil).toEqual(until);
    expect(await woken()).toEqual(['stock.publish john-lewis', 'stock.read main']);
  });
});

describe('rules', () => {
  const rules: RuleSet = { rules: [{ match: {}, bufferUnits: 7 }] };
  const given = { rules, who: 'ann', note: 'more careful', warehouses: ['main'] };
  const put = (planned: number, given_ = given) =>
    database.write((trx) => putInForce(trx, clock, { ...given_, planned }));

  it('come into force with who, when and why, and everything is worked out anew', async () => {
    expect(await put(0)).toBe(1);
    expect(await readRules(database.db)).toMatchObject({
      ...{ id: 1, madeBy: 'ann', note: 'more careful', madeAt: now, rules, isInForce: true },
    });
    expect(await woken()).toEqual(['stock.reckon main']);
  });

  it('do not replace a set that nobody looked at', async () => {
    await put(0);
    expect(await put(0, { ...given, rules: defaultRules })).toBeNull();
    expect((await readRules(database.db)).id).toBe(1);
  });
});
