import { describe, expect, it, onTestFinished } from 'vitest';
import { openTestDatabase } from '../../test/database.ts';
import { openDatabase } from './db.ts';
import { migrate, readMigrations } from './migrate.ts';

async function emptyDatabase() {
  const store = await openTestDatabase();
  const opened = openDatabase(store.connectionString, { poolSize: 4, onError: () => {} });
  onTestFinished(async () => {
    await opened.close();
    await store.drop();
  });
  return opened.pool;
}

describe('migrate', () => {
  it('brings an empty database up to date, once', async () => {
    const pool = await emptyDatabase();
    const names = (await readMigrations()).map((one) => one.name);
    expect(names).toEqual([...names].sort());
    expect(await migrate(pool)).toEqual(names);
    expect(await migrate(pool)).toEqual([]);
    const { rows } = await pool.query('select count(*) as orders from orders');
    expect(rows).toEqual([{ orders: 0 }]);
  });

  it('of several that start at once one does the work, the others find it done', async () => {
    const pool = await emptyDatabase();
    const results = await Promise.all([migrate(pool), migrate(pool), migrate(pool)]);
    const names = (await readMigrations()).map((one) => one.name);
    expect(results.filter((one) => one.length > 0)).toEqual([names]);
  });

  it('a dry run names what it would do and leaves nothing behind', async () => {
    const pool = await emptyDatabase();
    const names = (await readMigrations()).map((one) => one.name);
    expect(await migrate(pool, { dryRun: true })).toEqual(names);
    const { rows } = await pool.query("select 1 from pg_namespace where nspname = 'packhorse'");
    expect(rows).toEqual([]);
    expect(await migrate(pool)).toEqual(names);
    expect(await migrate(pool, { dryRun: true })).toEqual([]);
  });

  it('an applied file that was changed since is refused by name', async () => {
    const pool = await emptyDatabase();
    await migrate(pool);
    await pool.query("update schema_migrations set checksum = 'other' where number = 1");
    await expect(migrate(pool)).rejects.toThrow(/000001-.*\.sql was changed after it was applied/);
  });

  it('a database made by a newer program is refused by name, also by a dry run', async () => {
    const pool = await emptyDatabase();
    await migrate(pool);
    await pool.query("insert into schema_migrations values (999999, '999999-future.sql', 'x')");
    await expect(migrate(pool)).rejects.toThrow(/999999-future\.sql.*newer Packhorse/);
    await expect(migrate(pool, { dryRun: true })).rejects.toThrow(/newer Packhorse/);
  });

  it('a migration that fails is undone whole and named, and the next start may try again', async () => {
    const pool = await emptyDatabase();
    await pool.query('create schema packhorse; create table packhorse.watermarks (x int)');
    const [first] = await readMigrations();
    await expect(migrate(pool)).rejects.toThrow(`migration ${first?.name} failed and was undone`);
    const { rows } = await pool.query("select to_regclass('packhorse.flows') as flows");
    expect(rows).toEqual([{ flows: null }]);
    await pool.query('drop table packhorse.watermarks');
    expect(await migrate(pool)).toHaveLength((await readMigrations()).length);
  });
});
