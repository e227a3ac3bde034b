/** What commands stand on: the configuration, and the database, whether or not a service runs on it. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type Clock, systemClock } from '../clock.ts';
import { loadConfig, processEnvironment } from '../config.ts';
import { createLog, type Log } from '../log.ts';
import { openStoreUrl } from '../main.ts';
import { type OpenDatabase, openDatabase } from '../runtime/db.ts';
import { findRunningDatabase } from '../runtime/embedded-postgres.ts';
import { pendingMigrations } from '../runtime/migrate.ts';
import { DatabaseInUse } from '../runtime/postgres/failure.ts';
import type { Settings } from '../settings.ts';
import { Failure } from './exit.ts';
import { counted, type Globals } from './output.ts';

/** How long a command waits for a service that is just starting its database. */
const startingWithinMs = 15_000;
const lookAgainMs = 250;

/** The configuration that `--config` names. Throws ConfigError. */
export function readSettings(globals: Globals): Promise<Settings> {
  return loadConfig(globals.config, processEnvironment);
}

/** The log of a command: nothing, or everything with --verbose. */
export function commandLog(globals: Globals): Log {
  return createLog(globals.verbose ? 'debug' : 'silent');
}

/** Where the embedded database is wanted; the same folder that the service uses. */
export function embeddedFolder(settings: Settings): string {
  return `${settings.service.dataDir}/postgres`;
}

/** True when the embedded database is wanted and was never started. */
export function isWithoutData(settings: Settings): boolean {
  return !settings.database.url && !existsSync(embeddedFolder(settings));
}

/** A database's address. `stop` ends only what was started here. */
export type StoreUrl = { url: string; isOwn: boolean; stop(): Promise<void> };

/** The configured database; else, as a guest, the embedded one that a service runs; else the embedded one,
 *  started here. Throws DatabaseFailed, DatabaseInUse. */
export async function openUrlAsGuest(
  settings: Settings,
  log: Log,
  clock: Clock,
): Promise<StoreUrl> {
  if (settings.database.url) {
    return { url: settings.database.url, isOwn: false, stop: async () => {} };
  }
  const giveUpMs = clock.monotonicMs() + startingWithinMs;
  for (;;) {
    const running = await findRunningDatabase(embeddedFolder(settings));
    if (running) return { url: running.connectionString, isOwn: true, stop: async () => {} };
    try {
      return await openStoreUrl(settings, log);
    } catch (cause) {
      // A service holds the folder and its database is not up yet.
      if (!(cause instanceof DatabaseInUse) || clock.monotonicMs() > giveUpMs) throw cause;
    }
    await clock.sleep(lookAgainMs);
  }
}

/** What a command works with. */
export type Store = OpenDatabase & {
  settings: Settings;
  clock: Clock;
  /** Who is at the keyboard, for histories. */
  who: string;
};

/** Opens the database for one command and closes it again, also when it throws. Needs a database that the
 *  service or `migrate` has made; throws Failure when there is none yet. */
export async function withStore<T>(
  globals: Globals,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const settings = await readSettings(globals);
  if (isWithoutData(settings)) {
    const where = embeddedFolder(settings);
    throw new Failure('notFound', `no database at ${where} yet; start packhorse run first`);
  }
  const store = await openUrlAsGuest(settings, commandLog(globals), systemClock);
  try {
    const database = openDatabase(store.url, { poolSize: 2, onError: () => {} });
    try {
      await requireSchema(database);
      return await work({
        ...database,
        settings,
        clock: systemClock,
        who: `${userName()} by hand`,
      });
    } finally {
      await database.close();
    }
  } finally {
    await store.stop();
  }
}

async function requireSchema(database: OpenDatabase): Promise<void> {
  const { missing, isEmpty } = await pendingMigrations(database.pool);
  if (missing.length === 0) return;
  const fact = isEmpty
    ? 'the database has no tables of Packhorse yet'
    : `the database lacks ${counted(missing.length, 'migration')} (${missing.join(', ')})`;
  throw new Failure('failed', `${fact}; run packhorse migrate, or start packhorse run`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Accounts without a name exist in containers.
    return `user ${process.getuid?.() ?? ''}`.trim();
  }
}
