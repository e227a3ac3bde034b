import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { addSampleImport, addSampleStock, type SampleSale } from '../../test/sample-stock.ts';
import { readExposure } from './exposure-store.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 1, 2, 9, minutes));
const since = at(-24 * 60);
const until = at(24 * 60);

let database: MigratedDatabase;

beforeEach(async () => {
  database = await openMigratedDatabase();
  // Read every two minutes.
  await database.db
    .insertInto('stock_reads')
    .values(
      [-10, 0, 2, 4, 6, 8, 10].map((minute) => ({
        ...{ warehouse: 'main', kind: 'full' as const, started_at: at(minute) },
        ...{ ended_at: at(minute), row_count: 1, changed_count: 1, outcome: 'applied', note: null },
      })),
    )
    .execute();
});

afterEach(() => database.drop());

/** LAMP showed `before` units; the number made of the figure of 09:10 replaced it at 09:13. */
async function exposureWith(
  given: { before: number; after: number; pool: number; sales: SampleSale[] },
  bufferUnits: number[] = [],
) {
  const { db } = database;
  const { before, after, pool, sales } = given;
  await addSampleStock(db, { readAt: at(10), listings: [{ shopSku: 'LAMP' }], sales });
  const lines = (quantity: number, units: number) => ({ LAMP: { quantity, pool: units } });
  await addSampleImport(db, { basisAt: at(0), finishedAt: at(1), lines: lines(before, before) });
  await addSampleImport(db, { basisAt: at(10), finishedAt: at(13), lines: lines(after, pool) });
  return exposureOf({ bufferUnits });
}

function exposureOf(own: { bufferUnits?: number[]; itemCode?: string }) {
  const asked = { warehouse: 'main', since, until, bufferUnits: [], ...own };
  return database.write((trx) => readExposure(trx, asked));
}

const sale = (minute: number, units: number): SampleSale => ({
  ...{ id: `O-${minute}`, shopSku: 'LAMP', units, placedAt: at(minute), channel: 'second-market' },
});

describe('exposure', () => {
  it.each([
    [
      'sales while the next number was on its way',
      { before: 5, after: 5, pool: 5, sales: [sale(11, 2)] },
      2,
    ],
    [
      'sales since the last read before its figure',
      { before: 5, after: 3, pool: 3, sales: [sale(9, 2)] },
      2,
    ],
    [
      'no sale that an earlier read had seen',
      { before: 5, after: 3, pool: 3, sales: [sale(7, 2)] },
      0,
    ],
    ['no sale after it was done', { before: 5, after: 5, pool: 5, sales: [sale(14, 2)] }, 0],
    ['no unit that was withheld', { before: 4, after: 4, pool: 6, sales: [sale(11, 3)] }, 1],
    [
      'no more than was shown',
      { before: 1, after: 0, pool: 0, sales: [sale(9, 1), sale(11, 4)] },
      1,
    ],
  ])('counts %s', async (_, given, units) => {
    const found = await exposureWith(given);
    expect(found.rows.map((row) => row.units)).toEqual(units === 0 ? [] : [units]);
    expect(found.numbers).toBe(1);
  });

  it('tries other buffers beside what was', async () => {
    const given = { before: 9, after: 7, pool: 8, sales: [sale(9, 2), sale(11, 2)] };
    const { rows } = await exposureWith(given, [0, 1, 3, 4]);
    expect(rows).toEqual([
      { day: '2026-02-02', itemCode: 'LAMP', units: 3, withBuffers: [4, 3, 1, 0] },
    ]);
  });

  it('counts a kit for its parts, and no line that was refused', async () => {
    const { db } = database;
    const listings = [{ shopSku: 'SET' }, { shopSku: 'MUG' }];
    const kits = { SET: { LAMP: 2 } };
    await addSampleStock(db, { readAt: at(10), listings, kits, sales: [sale(11, 3)] });
    const lines = { SET: { quantity: 5, pool: 5 }, MUG: { quantity: 5, pool: 5 } };
    await addSampleImport(db, { basisAt: at(0), finishedAt: at(1), lines });
    const refused = { MUG: 'no offer' };
    await addSampleImport(db, { basisAt: at(10), finishedAt: at(13), lines, refused });
    const found = await exposureOf({});
    expect(found).toMatchObject({ numbers: 1, rows: [{ itemCode: 'LAMP', units: 3 }] });
    expect((await exposureOf({ itemCode: 'MUG' })).rows).toEqual([]);
    expect((await exposureOf({ itemCode: 'LAMP' })).rows).toHaveLength(1);
  });
});
