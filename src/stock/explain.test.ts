import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleImport, addSampleStock, sampleStockSettings } from '../../test/sample-stock.ts';
import { refreshDemand } from './demand-store.ts';
import { type Explanation, explainItem, presentTerms, whyPromised } from './explain.ts';
import { readMeant, readSimilarNames } from './explain-store.ts';
import { readFeed } from './figure-store.ts';
import { reckonItems } from './reckon.ts';
import { saveReckoned } from './reckon-store.ts';
import { readRules, saveRules } from './rule-store.ts';

const readAt = new Date('2026-02-02T09:00:00Z');
const now = new Date('2026-02-02T09:01:00Z');
const minutesAgo = (minutes: number) => new Date(readAt.getTime() - minutes * 60_000);
const settings = sampleStockSettings();
const [warehouse] = settings.warehouses;

let database: MigratedDatabase;

beforeAll(async () => {
  database = await openMigratedDatabase();
  const { db, write } = database;
  await addSampleStock(db, {
    readAt,
    figures: { LAMP: { PrimarySite: 60, Annex: 40 }, BULB: 30, TEE: 500 },
    kits: { SET: { LAMP: 1, BULB: 2 } },
    groups: { TEE: 'shirts' },
    listings: [
      { shopSku: 'LAMP', shown: 90, sent: 90 },
      { shopSku: 'SKU-LAMP', itemCode: 'LAMP', channel: 'second-market', shown: 10 },
      { shopSku: 'SET', shown: 5 },
      { shopSku: 'TEE', shown: 1 },
      { shopSku: 'GHOST', shown: 3 },
      { shopSku: 'OLD', isMissing: true },
    ],
    sales: [
      { id: 'A-1', shopSku: 'LAMP', units: 2, placedAt: minutesAgo(9) },
      {
        id: 'A-2',
        shopSku: 'SET',
        units: 3,
        placedAt: minutesAgo(8),
        salesOrderNumber: 'A-2',
        step: 'staged',
      },
      {
        id: 'A-3',
        shopSku: 'LAMP',
        units: 5,
        placedAt: minutesAgo(7),
        salesOrderNumber: 'A-3',
        status: 'New',
      },
      // Reserved before the figures were read, gone, refused: in the figure, or not owed.
      {
        id: 'A-4',
        shopSku: 'LAMP',
        units: 7,
        placedAt: minutesAgo(6),
        salesOrderNumber: 'A-4',
        status: 'Allocated',
        reservedAt: minutesAgo(5),
      },
      { id: 'A-5', shopSku: 'LAMP', units: 11, placedAt: minutesAgo(5), wireState: 'SHIPPED' },
      { id: 'A-6', shopSku: 'LAMP', units: 13, placedAt: minutesAgo(4), wireState: 'REFUSED' },
      // Reserved after they were read: the figure does not know.
      {
        id: 'A-7',
        shopSku: 'TEE',
        units: 4,
        placedAt: minutesAgo(3),
        salesOrderNumber: 'A-7',
        status: 'Allocated',
        reservedAt: now,
      },
    ],
  });
  await addSampleImport(db, {
    basisAt: minutesAgo(20),
    finishedAt: minutesAgo(19),
    lines: { LAMP: { quantity: 91, pool: 92, was: 100 } },
  });
  await addSampleImport(db, {
    basisAt: minutesAgo(10),
    finishedAt: minutesAgo(9),
    lines: { LAMP: { quantity: 90, pool: 91, was: 91 }, TEE: { quantity: 7, pool: 8 } },
    refused: { TEE: 'no such offer' },
  });
  await write(async (trx) => {
    await saveRules(trx, {
      rules: {
        rules: [
          { match: {}, bufferUnits: 2, splitBelow: 100 },
          { match: { groups: ['shirts'] }, bufferPercent: 10, most: 400 },
        ],
      },
      ...{ by: 'ann by hand', note: 'a test', at: minutesAgo(60) },
    });
    await refreshDemand(trx, 'main', now, false);
    const given = { warehouse: warehouse!, channels: settings.channels, now };
    const terms = presentTerms({
      ...given,
      feed: await readFeed(trx, 'main'),
      rules: await readRules(trx),
    });
    const reckoned = await reckonItems(trx, 'main', ['LAMP', 'TEE', 'GHOST'], terms);
    await saveReckoned(trx, now, ['john-lewis', 'second-market'], reckoned);
  });
});

afterAll(() => database.drop());

function explainOf(itemCode: string, channel?: string): Promise<Explanation> {
  const { channels } = settings;
  return explainItem(database.db, { warehouse: warehouse!, channels, itemCode, channel, now });
}

describe('explain', () => {
  it.each(['LAMP', 'SET', 'BULB', 'TEE', 'GHOST'])(
    'adds up for %s, and is what is kept',
    async (code) => {
      const explained = await explainOf(code);
      expect(explained.listings.length).toBeGreaterThan(0);
      for (const { target, kept } of explained.listings) {
        expect(kept.wanted).toBe(target.quantity);
        for (const part of target.terms.parts) {
          const pool = explained.pools.find((one) => one.itemCode === part.itemCode)!;
          if (part.figure === null) {
            expect(pool.available).toBeNull();
            continue;
          }
          const { figure } = part;
          expect(sum(pool.sites.map((one) => one.available))).toBe(figure.available);
          expect(sum(pool.orders.map((one) => one.poolUnits))).toBe(figure.promised);
          expect(pool.promised).toBe(figure.promised);
          expect(figure.sellable).toBe(figure.available - figure.promised);
          expect(figure.usable).toBe(figure.decayed - figure.buffer);
          expect(part.makes).toBe(Math.floor(part.quota / part.each));
        }
      }
    },
  );

  it('names the orders that units are promised to, kits as their parts, and why', async () => {
    const { pools } = await explainOf('LAMP');
    const lamp = pools.find((one) => one.itemCode === 'LAMP');
    expect(lamp?.orders).toMatchObject([
      { marketplaceOrderId: 'A-1', poolUnits: 2, why: 'not in the warehouse yet' },
      { marketplaceOrderId: 'A-2', itemCode: 'SET', poolUnits: 3 },
      { marketplaceOrderId: 'A-3', poolUnits: 5 },
    ]);
    expect(lamp?.orders[1]?.why).toBe('on its way to the warehouse (staged)');
    expect(lamp?.orders[2]?.why).toMatch(/^no stock reserved for it \(status New/);
    expect(pools.find((one) => one.itemCode === 'BULB')).toMatchObject({
      promised: 6,
      orders: [{ marketplaceOrderId: 'A-2', units: 3, poolUnits: 6 }],
    });
  });

  it('shows every listing that draws on the item, or those of one channel', async () => {
    const skus = async (code: string, channel?: string) =>
      (await explainOf(code, channel)).listings.map((one) => one.shopSku);
    expect(await skus('LAMP')).toEqual(['LAMP', 'SET', 'SKU-LAMP']);
    expect(await skus('LAMP', 'second-market')).toEqual(['SKU-LAMP']);
    expect(await skus('BULB')).toEqual(['SET']);
    expect(await skus('SET')).toEqual(['SET']);
    expect((await explainOf('SET')).parts).toEqual([
      { itemCode: 'BULB', each: 2 },
      { itemCode: 'LAMP', each: 1 },
    ]);
  });

  it('says which rule each number is from, what was sent, and what became of it', async () => {
    const { ruleSet, listings } = await explainOf('TEE');
    expect(ruleSet).toMatchObject({ id: 1, madeBy: 'ann by hand' });
    const [tee] = listings;
    expect(tee?.target.terms.rule).toMatchObject({
      bufferUnits: 2,
      bufferPercent: 10,
      from: { bufferUnits: 0, bufferPercent: 1, most: 1, serviceLevel: null },
    });
    expect(tee?.target).toMatchObject({ quantity: 400, terms: { decidedBy: 'most' } });
    expect(tee?.sent).toMatchObject([{ importId: 2, outcome: 'refused', reason: 'no such offer' }]);
    const lamp = (await explainOf('LAMP')).listings.find((one) => one.shopSku === 'LAMP');
    expect(lamp?.sent.map((one) => one.quantity)).toEqual([90, 91]);
  });

  it('shows an item without a listing, with what is promised of it', async () => {
    const { db } = database;
    await db.deleteFrom('stock_listings').where('shop_sku', '=', 'TEE').execute();
    const { listings, pools } = await explainOf('TEE');
    expect(listings).toEqual([]);
    expect(pools).toMatchObject([
      { itemCode: 'TEE', available: 500, promised: 4, group: 'shirts' },
    ]);
  });
});

describe('what a name means', () => {
  it.each([
    ['an item', 'BULB', [{ itemCode: 'BULB', isSku: false }]],
    ['a kit', 'SET', [{ itemCode: 'SET', isSku: false }]],
    ['a shop SKU of another name', 'SKU-LAMP', [{ itemCode: 'LAMP', isSku: true }]],
    ['nothing', 'LAMQ', []],
  ])('%s', async (_, name, meant) => {
    expect(await readMeant(database.db, name)).toMatchObject(meant);
  });

  it('finds names that begin or end alike', async () => {
    expect(await readSimilarNames(database.db, 'LAMQ')).toContain('LAMP');
    expect(await readSimilarNames(database.db, '%_')).toEqual([]);
  });
});

describe('units are promised because', () => {
  const at = readAt;
  const verified = {
    salesOrderNumber: 'S',
    step: 'verified',
    status: null,
    checkedAt: null,
    absorbedAt: null,
  };
  it.each([
    [
      'no sales order exists',
      { ...verified, salesOrderNumber: null, step: null },
      /^not in the warehouse yet$/,
    ],
    ['it is still being exported', { ...verified, step: 'header' }, /on its way .*header/],
    ['nobody asked yet', verified, /not asked about yet/],
    ['nothing is reserved', { ...verified, status: '', checkedAt: at }, /status not told/],
    ['the figure is older', { ...verified, checkedAt: at, absorbedAt: at }, /the figure is older/],
  ])('%s', (_, line, why) => {
    expect(whyPromised(line)).toMatch(why);
  });
});

function sum(units: readonly number[]): number {
  return units.reduce((all, one) => all + one, 0);
}
