import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleStock, type SampleStock, sampleStockSettings } from '../../test/sample-stock.ts';
import { massZeroChannels, type Plan, planRules } from './plan.ts';
import { defaultRules, type Rule, ruleSetShape } from './rules.ts';

const readAt = new Date('2026-02-02T09:00:00Z');
const now = new Date('2026-02-02T09:01:00Z');
const settings = sampleStockSettings({ massZeroPercent: 50, massZeroLeast: 2 });

let database: MigratedDatabase;

beforeEach(async () => {
  database = await openMigratedDatabase();
});

afterEach(() => database.drop());

/** Plans rules that are added to the built-in ones. */
async function planOf(
  stock: Omit<SampleStock, 'readAt'>,
  rules: Rule[],
  isAll = false,
): Promise<Plan> {
  await addSampleStock(database.db, { readAt, ...stock });
  const { warehouses, channels } = settings;
  const set = ruleSetShape.parse({ rules: [...defaultRules.rules, ...rules] });
  return database.db
    .transaction()
    .setAccessMode('read only')
    .execute((trx) => planRules(trx, { rules: set, warehouses, channels, now, isAll }));
}

const single = {
  figures: { A: 200, B: 3, C: 0 },
  listings: ['A', 'B', 'C'].map((shopSku) => ({ shopSku })),
};
const shared = {
  figures: { A: 200 },
  listings: [{ shopSku: 'A' }, { shopSku: 'A', channel: 'second-market' }],
};
const kit = {
  figures: { LAMP: 200, BULB: 500 },
  kits: { SET: { LAMP: 1, BULB: 2 } },
  listings: [{ shopSku: 'LAMP' }, { shopSku: 'SET' }],
};

type Row = [
  rule: string,
  stock: Omit<SampleStock, 'readAt'>,
  rules: Rule[],
  sums: Pick<Plan, 'changed' | 'toZero' | 'fromZero' | 'withheld'>,
];
const none = { changed: 0, toZero: 0, fromZero: 0 };

describe('a plan', () => {
  it.each<Row>([
    [
      'of the same numbers changes nothing',
      single,
      [{ match: {}, bufferUnits: 1 }],
      { ...none, withheld: { before: 2, after: 2 } },
    ],
    [
      'counts what goes to zero',
      single,
      [{ match: {}, bufferUnits: 3 }],
      { changed: 2, toZero: 1, fromZero: 0, withheld: { before: 2, after: 6 } },
    ],
    [
      'counts what comes from zero',
      { ...single, figures: { A: 1 } },
      [{ match: {}, bufferUnits: 0 }],
      { changed: 1, toZero: 0, fromZero: 1, withheld: { before: 1, after: 0 } },
    ],
    [
      'counts a pool once, however many channels offer it whole',
      shared,
      [{ match: {}, bufferUnits: 10 }],
      { ...none, changed: 2, withheld: { before: 1, after: 10 } },
    ],
    [
      'adds up what channels offer that divide a pool',
      shared,
      [{ match: {}, splitBelow: 1_000 }],
      { ...none, changed: 2, withheld: { before: 1, after: 1 } },
    ],
    [
      'counts units only one channel gives up as offered by the other',
      shared,
      [{ match: { channels: ['second-market'] }, most: 5 }],
      { ...none, changed: 1, withheld: { before: 1, after: 1 } },
    ],
    [
      'counts kits among what offers their parts',
      kit,
      [{ match: { items: ['SET'] }, most: 0 }],
      { changed: 1, toZero: 1, fromZero: 0, withheld: { before: 1 + 102, after: 1 + 500 } },
    ],
    [
      'looks past rules for another day',
      single,
      [{ match: { until: '2026-02-01' }, bufferUnits: 50 }],
      { ...none, withheld: { before: 2, after: 2 } },
    ],
  ])('%s', async (_, stock, rules, sums) => {
    expect(await planOf(stock, rules)).toMatchObject(sums);
  });

  it('names the largest changes first, and writes nothing', async () => {
    const plan = await planOf(single, [
      { match: {}, bufferUnits: 3 },
      { match: { items: ['A'] }, most: 100 },
    ]);
    expect(plan.changes).toEqual([
      { channel: 'john-lewis', shopSku: 'A', itemCode: 'A', before: 199, after: 100 },
      { channel: 'john-lewis', shopSku: 'B', itemCode: 'B', before: 2, after: 0 },
    ]);
    const kept = await database.db
      .selectFrom('stock_listings')
      .select(['wanted', 'step'])
      .execute();
    expect(kept).toEqual(Array(3).fill({ wanted: null, step: 'quiet' }));
  });

  it('works out every listing of many, and keeps all changes only when asked', async () => {
    const { db } = database;
    await addSampleStock(db, { readAt });
    await sql`insert into stock_figures (warehouse, item_code, site, available, changed_at, read_at)
      select 'main', 'I-' || n, 'PrimarySite', 10, ${readAt}, ${readAt} from generate_series(1, 4100) n`.execute(
      db,
    );
    await sql`insert into stock_listings (channel, shop_sku, warehouse, item_code)
      select 'john-lewis', 'I-' || n, 'main', 'I-' || n from generate_series(1, 4100) n`.execute(
      db,
    );
    const rules: Rule[] = [{ match: {}, bufferUnits: 4 }];
    const plan = await planOf({}, rules);
    expect(plan).toMatchObject({ changed: 4_100, withheld: { before: 4_100, after: 16_400 } });
    expect(plan.channels[0]).toMatchObject({ listings: 4_100, stocked: 4_100 });
    expect(plan.changes).toHaveLength(20);
    expect((await planOf({}, rules, true)).changes).toHaveLength(4_100);
  });

  it('leaves out offers without an item where the channel leaves them alone', async () => {
    const { db } = database;
    await addSampleStock(db, { readAt, listings: [{ shopSku: 'GHOST' }] });
    const { warehouses, channels } = sampleStockSettings({ unknownItems: 'leave' });
    const plan = await planRules(db, { rules: defaultRules, warehouses, channels, now });
    expect(plan.channels[0]).toMatchObject({ listings: 0 });
  });

  it('has nothing to say of a warehouse that was never read', async () => {
    const { warehouses, channels } = settings;
    const plan = await planRules(database.db, { rules: defaultRules, warehouses, channels, now });
    expect(plan).toMatchObject({ changed: 0, withheld: { before: 0, after: 0 } });
  });
});

describe('a person confirms', () => {
  const channel = { channel: 'john-lewis', listings: 9, changed: 0, fromZero: 0 };
  it.each([
    ['more than the share of a mass change', { stocked: 4, toZero: 3 }, 1],
    ['not the share itself', { stocked: 4, toZero: 2 }, 0],
    ['not fewer than the least', { stocked: 1, toZero: 1 }, 0],
  ])('%s', (_, counts, expected) => {
    const plan = { channels: [{ ...channel, ...counts }] } as unknown as Plan;
    expect(massZeroChannels(plan, settings.channels)).toHaveLength(expected);
  });
});
