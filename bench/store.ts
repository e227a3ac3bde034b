/** Databases for benchmarks: on the configured server, else on an embedded one as safe as in production. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { databaseUrlOfEnvironment } from '../src/main.ts';
import { startEmbeddedPostgres } from '../src/runtime/embedded-postgres.ts';

export type BenchServer = {
  /** Such as `PostgreSQL 18.1, embedded, fsync on`. */
  description: string;
  /** Runs the work on a new, empty database, which is gone afterwards. */
  withDatabase<T>(work: (url: string) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
};

/** Starts or connects. The embedded server syncs to disk, since a figure without that would be no figure. */
export async function openBenchServer(): Promise<BenchServer> {
  const given = databaseUrlOfEnvironment();
  const server = given ? { url: given, stop: async () => {} } : await startEmbedded();
  const [facts] = await query(
    server.url,
    "select current_setting('server_version') as version, current_setting('fsync') as fsync",
  );
  const where = given ? 'DATABASE_URL' : 'embedded';
  return {
    description: `PostgreSQL ${facts?.['version']}, ${where}, fsync ${facts?.['fsync']}`,
    withDatabase: (work) => withDatabase(server.url, work),
    stop: server.stop,
  };
}

async function startEmbedded(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'packhorse-bench-'));
  // Root's server runs under another account, which must be able to enter.
  await chmod(folder, 0o711);
  const own = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  const stop = async () => {
    await own.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: own.connectionString, stop };
}

async function withDatabase<T>(server: string, work: (url: string) => Promise<T>): Promise<T> {
  const name = `packhorse_bench_${randomUUID().replaceAll('-', '')}`;
  await query(server, `create database ${name}`);
  try {
    const parts = /^([a-z]+:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(server);
    return await work(`${parts?.[1]}/${name}${parts?.[2] ?? ''}`);
  } finally {
    await query(server, `drop database if exists ${name} with (force)`);
  }
}

async function query(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(sql)).rows;
  } finally {
    await client.end();
  }
}
