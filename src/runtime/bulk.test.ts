import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { type Bulk, withBulk } from './bulk.ts';

let base: MigratedDatabase;
beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

const columns = ['code', 'units'];

async function openTable({ db }: Bulk): Promise<void> {
  await sql`create temporary table shelf (code text, units integer)`.execute(db);
}

async function shelf({ db }: Bulk): Promise<unknown[]> {
  const { rows } = await sql`select code, units from shelf order by code collate "C"`.execute(db);
  return rows;
}

/** The PostgreSQL process that serves this connection. */
async function backend({ db }: Bulk): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  return rows[0]!.pid;
}

describe('rows by COPY', () => {
  it.each([
    { what: 'plain text', code: 'LAMP' },
    { what: 'tab, line ends and backslash', code: 'a\tb\nc\rd\\e' },
    { what: 'a backslash and an N, which is no null', code: '\\N' },
    { what: 'the mark that ends a file', code: '\\.' },
    { what: 'empty text, which is no null', code: '' },
    { what: 'letters of many languages', code: 'Größe Łódź 灯 🐎' },
    { what: 'quotes and delimiters of CSV', code: `'";,|` },
  ])('keeps $what as it is', async ({ code }) => {
    await withBulk(base.pool, async (bulk) => {
      await openTable(bulk);
      expect(await bulk.copyIn('shelf', columns, [[code, 1]])).toBe(1);
      expect(await shelf(bulk)).toEqual([{ code, units: 1 }]);
    });
  });

  it('null is null, a negative number stays one, a zero character becomes U+FFFD', async () => {
    await withBulk(base.pool, async (bulk) => {
      await openTable(bulk);
      await bulk.copyIn('shelf', columns, [
        ['A', null],
        ['B', -7],
        ['C\0D', 0],
      ]);
      expect(await shelf(bulk)).toEqual([
        { code: 'A', units: null },
        { code: 'B', units: -7 },
        { code: 'C\ufffdD', units: 0 },
      ]);
    });
  });

  it('no rows are no rows; a second lot comes on top', async () => {
    await withBulk(base.pool, async (bulk) => {
      await openTable(bulk);
      expect(await bulk.copyIn('shelf', columns, [])).toBe(0);
      expect(await bulk.copyIn('shelf', columns, [['A', 1]])).toBe(1);
      expect(await bulk.copyIn('shelf', columns, [['B', 2]])).toBe(1);
      expect(await shelf(bulk)).toHaveLength(2);
    });
  });

  it('more rows than fit into one piece all arrive', async () => {
    const rows = function* () {
      for (let n = 0; n < 50_000; n += 1) yield [`ITEM-${n}`, n] as const;
    };
    await withBulk(base.pool, async (bulk) => {
      await openTable(bulk);
      expect(await bulk.copyIn('shelf', columns, rows())).toBe(50_000);
      const { rows: sums } =
        await sql`select count(*)::int as rows, sum(units)::int as units from shelf`.execute(
          bulk.db,
        );
      expect(sums).toEqual([{ rows: 50_000, units: (50_000 * 49_999) / 2 }]);
    });
  });
});

describe('the connection', () => {
  it('is given back without what was temporary', async () => {
    for (let n = 0; n < 12; n += 1) {
      const found = await withBulk(base.pool, async (bulk) => {
        await openTable(bulk);
        return shelf(bulk);
      });
      expect(found).toEqual([]);
    }
    expect(base.pool.idleCount).toBe(base.pool.totalCount);
  });

  it('has transactions: what is thrown in one is rolled back', async () => {
    await withBulk(base.pool, async (bulk) => {
      await openTable(bulk);
      const failing = bulk.db.transaction().execute(async (trx) => {
        await sql`insert into shelf values ('A', 1)`.execute(trx);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await shelf(bulk)).toEqual([]);
    });
  });

  it('on which something went wrong is not used again', async () => {
    let used = 0;
    const failing = withBulk(base.pool, async (bulk) => {
      used = await backend(bulk);
      await openTable(bulk);
      await bulk.copyIn('shelf', columns, [['A', 'many']]);
    });
    await expect(failing).rejects.toThrow(/invalid input syntax for type integer: "many"/);
    const others = new Set<number>();
    for (let n = 0; n < 12; n += 1) others.add(await withBulk(base.pool, backend));
    expect(others).not.toContain(used);
  });

  it('is not used again after rows that could not be made either', async () => {
    let used = 0;
    const rows = function* (): Generator<[string, number]> {
      yield ['A', 1];
      throw new Error('the answer broke off');
    };
    const failing = withBulk(base.pool, async (bulk) => {
      used = await backend(bulk);
      await openTable(bulk);
      await bulk.copyIn('shelf', columns, rows());
    });
    await expect(failing).rejects.toThrow('the answer broke off');
    const others = new Set<number>();
    for (let n = 0; n < 12; n += 1) others.add(await withBulk(base.pool, backend));
    expect(others).not.toContain(used);
  });

  it('that PostgreSQL cuts in the middle of the work fails that work, not the process', async () => {
    const failing = withBulk(base.pool, async (bulk) => {
      const pid = await backend(bulk);
      await sql`select pg_terminate_backend(${pid})`.execute(base.db);
      await openTable(bulk);
    });
    await expect(failing).rejects.toThrow();
    expect(await withBulk(base.pool, async () => 'well')).toBe('well');
  });
});
