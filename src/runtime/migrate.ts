/** Brings the schema to the version of this program: numbered SQL files, forward only. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { schemaName } from './db.ts';

export type Migration = { number: number; name: string; sql: string; checksum: string };

const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));
/** Any number that nothing else locks: two starters take turns. */
const lockKey = 5_002;

/** The migrations of this program, in order. */
export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{6}-.+\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(`${folder}${file}`, 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { number: Number(file.slice(0, 6)), name: file, sql, checksum };
    }),
  );
}

/** Applies what is missing and returns its names (with `dryRun`: only names it). Each file is one
 *  transaction in which its version row comes first. Throws when the database is newer than this program
 *  or when an applied file has changed since. */
export async function migrate(
  pool: pg.Pool,
  options: { dryRun?: boolean } = {},
): Promise<string[]> {
  const migrations = await readMigrations();
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    // A dry run looks at a schema that it takes away again.
    if (options.dryRun) await client.query('begin');
    await client.query(`create schema if not exists ${schemaName}`);
    await client.query(`create table if not exists ${schemaName}.schema_migrations (
      number integer primary key, name text not null, checksum text not null,
      applied_at timestamptz not null default now())`);
    const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
      `select number, name, checksum from ${schemaName}.schema_migrations order by number`,
    );
    refuseForeign(rows, migrations);
    const missing = migrations.filter((one) => !rows.some((row) => row.number === one.number));
    if (!options.dryRun) for (const one of missing) await apply(client, one);
    return missing.map((one) => one.name);
  } finally {
    if (options.dryRun) await client.query('rollback').catch(() => {});
    await client.query('select pg_advisory_unlock($1)', [lockKey]).catch(() => {});
    client.release();
  }
}

/** Names of the migrations that the database lacks, in order; changes nothing. `isEmpty`: it has none of
 *  ours yet. Throws as `migrate` does. */
export async function pendingMigrations(
  pool: pg.Pool,
): Promise<{ missing: string[]; isEmpty: boolean }> {
  const migrations = await readMigrations();
  const table = `${schemaName}.schema_migrations`;
  const known = await pool.query('select to_regclass($1) as found', [table]);
  if (known.rows[0].found === null) {
    return { missing: migrations.map((one) => one.name), isEmpty: true };
  }
  const { rows } = await pool.query<{ number: number; name: string; checksum: string }>(
    `select number, name, checksum from ${table} order by number`,
  );
  refuseForeign(rows, migrations);
  const missing = migrations.filter((one) => !rows.some((row) => row.number === one.number));
  return { missing: missing.map((one) => one.name), isEmpty: rows.length === 0 };
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(
      `insert into ${schemaName}.schema_migrations (number, name, checksum) values ($1, $2, $3)`,
      [migration.number, migration.name, migration.checksum],
    );
    await client.query(migration.sql);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    throw new Error(`migration ${migration.name} failed and was undone`, { cause });
  }
}

function refuseForeign(
  applied: readonly { number: number; name: string; checksum: string }[],
  ours: readonly Migration[],
): void {
  for (const row of applied) {
    const mine = ours.find((one) => one.number === row.number);
    if (!mine) {
      throw new Error(
        `the database has migration ${row.name}, which this program does not know: it was made by a newer Packhorse; start that version`,
      );
    }
    if (mine.checksum !== row.checksum) {
      throw new Error(
        `migration ${row.name} was changed after it was applied; restore the released file`,
      );
    }
  }
}
