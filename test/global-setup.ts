/** Vitest's global set-up: offers one PostgreSQL server to the whole run, started when the first test asks
 *  for it, so that a run of pure tests pays nothing. Test files reach it through test/database.ts. */
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/runtime/embedded-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Unix socket that answers with one line of JSON: `{ url }` or `{ error }`. */
    databaseDesk: string;
  }
}

const prefix = 'packhorse-test-';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers();
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  // Root's server runs under another account, which must be able to enter.
  await chmod(folder, 0o711);
  let server: Promise<EmbeddedPostgres> | undefined;
  const desk = await openDesk(join(folder, 'desk'), async () => {
    server ??= start(join(folder, 'data'));
    return (await server).connectionString;
  });
  project.provide('databaseDesk', join(folder, 'desk'));
  return async () => {
    await new Promise((settle) => desk.close(settle));
    await (await server?.catch(() => undefined))?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

function start(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, settings: { fsync: false, maxConnections: 200 } });
}

function openDesk(path: string, urlOf: () => Promise<string>): Promise<Server> {
  const desk = createServer(async (asker) => {
    // An asker that went away needs no answer.
    asker.on('error', () => {});
    const answer = await urlOf().then(
      (url) => ({ url }),
      (error: Error) => ({ error: error.message }),
    );
    asker.end(JSON.stringify(answer));
  });
  return new Promise((settle, reject) => {
    desk.once('error', reject);
    desk.listen(path, () => settle(desk));
  });
}

/** A run that was killed leaves its server behind: adopt it, stop it, and take its folder away. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    if (pid === 0 || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    try {
      await (await start(join(folder, 'data'))).stop();
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Another run removes it at this moment, or it is another user's: neither is this run's affair.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as { code?: string }).code === 'EPERM';
  }
}
