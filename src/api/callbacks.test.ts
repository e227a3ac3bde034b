import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { type CallbackIntake, createCallbackIntake, type ReadCallback } from './callbacks.ts';

const token = 'a-token-nobody-guesses-1234';
let base: MigratedDatabase;
let clock: ManualClock;
let intake: CallbackIntake;
let warnings: Record<string, unknown>[];

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(async () => {
  await base.db.deleteFrom('stock_hints').execute();
  await base.db.deleteFrom('vendor_facts').execute();
  clock = createManualClock();
  warnings = [];
  intake = open();
});

/** Reads forms; several values of one name are its readings. */
const read: ReadCallback = ({ rawQuery, body }) => {
  const form = new URLSearchParams(body || rawQuery);
  const [sku, ...others] = form.getAll('sku');
  const isLiteral = sku?.startsWith('{') ?? false;
  return {
    values: sku === undefined || isLiteral ? {} : { ...Object.fromEntries(form), sku },
    unresolved: isLiteral ? [sku!] : [],
    alternatives: others.length > 0 ? { sku: others } : {},
  };
};

function open(db = base.db): CallbackIntake {
  const log = {
    debug: () => {},
    info: () => {},
    warn: (fields: Record<string, unknown>) => void warnings.push(fields),
    error: () => {},
  };
  return createCallbackIntake({
    ...{ db, clock, token, read, log },
    warehouses: [
      { id: 'main', listens: true },
      { id: 'quiet', listens: false },
    ],
  });
}

const post = (body: string, warehouse = 'main') =>
  intake.take({
    method: 'POST',
    target: `/callbacks/${token}/${warehouse}/availability`,
    body,
  });

const hints = async () => {
  const rows = await base.db.selectFrom('stock_hints').selectAll().orderBy('item_code').execute();
  return rows.map((row) => row.item_code);
};

describe('calls of the warehouse', () => {
  it('are written together, each item once', async () => {
    for (const code of ['MUG', 'LAMP', 'MUG']) expect(post(`sku=${code}&qty=1`)).toBe(true);
    expect(await hints()).toEqual([]);
    await intake.flush();
    expect(await hints()).toEqual(['LAMP', 'MUG']);
    expect(intake.hasPending()).toBe(false);
  });

  it('give no more than eight codes each', async () => {
    post(Array.from({ length: 20 }, (_, at) => `sku=${at + 10}`).join('&'));
    await intake.flush();
    expect(await hints()).toHaveLength(8);
  });

  it('that wait are bounded, and what is beyond is counted', async () => {
    for (let at = 0; at < 20_003; at += 1) post(`sku=${at}&qty=1`);
    await intake.flush();
    expect(await hints()).toHaveLength(20_000);
    expect(warnings).toMatchObject([{ warehouse: 'main', calls: 20_003, dropped: 3 }]);
  });

  it('are answered and left when the warehouse has no events', async () => {
    expect(post('sku=LAMP&qty=1', 'quiet')).toBe(true);
    expect(intake.hasPending()).toBe(false);
    expect(warnings).toEqual([]);
  });

  it('that name nothing are said once a minute, by number only', async () => {
    post('sku={ItemCode}&qty={Available}');
    await intake.flush();
    for (let at = 0; at < 5; at += 1) {
      post('name=Ann+Example');
      await intake.flush();
    }
    expect(warnings).toHaveLength(1);
    clock.advance(60_000);
    post('name=Ann+Example');
    await intake.flush();
    expect(warnings).toEqual([
      { warehouse: 'main', calls: 1, ignored: 0, unresolved: 1, unreadable: 0, dropped: 0 },
      { warehouse: 'main', calls: 6, ignored: 0, unresolved: 0, unreadable: 6, dropped: 0 },
    ]);
  });

  it.each([
    { name: 'cut at a # mean every item that begins so', target: '?sku=LAMP', found: true },
    { name: 'that are whole mean one item', target: '?sku=LAMP&qty=1', found: false },
  ])('$name', async ({ target, found }) => {
    await base.db.deleteFrom('stock_figures').execute();
    const row = { warehouse: 'main', site: 'A', available: 1, changed_at: clock.now() };
    const figures = ['LAMP', 'LAMP#A', 'LAMP#B', 'LAMP-C', 'LAMPS'].map((item_code) => ({
      ...{ ...row, item_code, read_at: clock.now() },
    }));
    await base.db.insertInto('stock_figures').values(figures).execute();
    const path = `/callbacks/${token}/main/availability`;
    intake.take({ method: 'GET', target: `${path}${target}`, body: '' });
    await intake.flush();
    expect(await hints()).toEqual(found ? ['LAMP', 'LAMP#A', 'LAMP#B'] : ['LAMP']);
  });

  it('are lost with the database, without a word to the caller', async () => {
    const away = await openMigratedDatabase();
    await away.drop();
    intake = open(away.db);
    expect(post('sku=LAMP&qty=1')).toBe(true);
    await intake.flush();
    expect(warnings).toMatchObject([{ dropped: 1 }]);
  });
});
