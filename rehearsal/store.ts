/** A database of its own for each rehearsal: on the configured server, else on a throwaway embedded one. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startThrowawayPostgres } from '../src/main.ts';

export type RehearsalStore = { url: string; close(): Promise<void> };

/** Opens an empty database. `serverUrl` absent: a PostgreSQL of its own, without fsync, in a temporary folder. */
export async function openRehearsalStore(serverUrl: string | undefined): Promise<RehearsalStore> {
  if (serverUrl) return openOnServer(serverUrl);
  const folder = await mkdtemp(join(tmpdir(), 'packhorse-rehearsal-'));
  // Entering must be allowed to the account that PostgreSQL runs as when we are root; reading need not.
  await chmod(folder, 0o711);
  const server = await startThrowawayPostgres(join(folder, 'postgres'));
  return {
    url: server.url,
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openOnServer(serverUrl: string): Promise<RehearsalStore> {
  const name = `packhorse_rehearsal_${randomUUID().replaceAll('-', '')}`;
  await run(serverUrl, `create database ${name}`);
  const parts = /^([a-z]+:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(serverUrl);
  return {
    url: `${parts?.[1]}/${name}${parts?.[2] ?? ''}`,
    close: () => run(serverUrl, `drop database if exists ${name} with (force)`),
  };
}

/** Empties the demo's own database: the simulated vendors are new at every start, so what it remembers of
 *  older ones would be wrong. */
export async function emptyStore(url: string): Promise<void> {
  await run(url, 'drop schema if exists packhorse cascade');
  await run(url, 'drop schema if exists packhorse_jobs cascade');
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
