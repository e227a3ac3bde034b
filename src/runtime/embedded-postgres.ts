/** A real PostgreSQL of our own, from an npm package, for those who have not set a database URL.
 *  It listens on a Unix socket only, keeps its data between starts, is restarted when it dies, and is found
 *  again when the service was killed and the server was not. Linux and macOS; as root or as anybody. */
import { systemClock } from '../clock.ts';
import { type Log, silentLog } from '../log.ts';
import { DatabaseFailed } from './postgres/failure.ts';
import { type FolderLock, lockFolder } from './postgres/lock.ts';
import { findPlace, type Place, settlePlace } from './postgres/place.ts';
import {
  connectClient,
  connectionStringOf,
  ensureDatabase,
  findServer,
  launchServer,
  type ServerSettings,
  serviceDatabase,
  stopServer,
} from './postgres/server.ts';

export type EmbeddedPostgresOptions = {
  /** Where the data are wanted. Kept elsewhere when root wants them inside a folder that others cannot
   *  enter; the file `moved-to` in it then says where (see postgres/place.ts). */
  dataDir: string;
  log?: Log;
  /** Unset: fsync on, 60 connections. A server that is adopted keeps the settings it was started with. */
  settings?: Partial<ServerSettings>;
  /** Absolute folders to try, in this order, when the data cannot be where they are wanted. */
  elsewhere?: readonly string[];
  /** Told when the server is gone while it should run, and when it is back. Must not throw. */
  watch?: (event: ServerEvent) => void;
};

/** `restartFailed` is followed by another try, for ever, at most 30 s later. */
export type ServerEvent =
  | { kind: 'lost'; pid: number }
  | { kind: 'restarted'; pid: number }
  | { kind: 'restartFailed'; error: Error; nextTryMs: number };

export type EmbeddedPostgres = {
  /** For `pg`. Stays the same when the server is restarted, and at the next start in the same folder. */
  readonly connectionString: string;
  /** The server's process id; another one after a restart. */
  readonly pid: number;
  /** Whether the server was alive already, left behind by a service that was killed. */
  readonly isAdopted: boolean;
  /** Where the data really are. */
  readonly home: string;
  /** Stops the server, adopted or not, and lets go of the folder. Open transactions are rolled back.
   *  Calling it again waits for the same stop. Throws DatabaseFailed when the server does not stop. */
  stop(): Promise<void>;
};

const defaultSettings: ServerSettings = { fsync: true, maxConnections: 60 };
const defaultElsewhere = ['/var/lib/packhorse', '/var/tmp/packhorse'];
const firstRetryMs = 250;
const longestRetryMs = 30_000;

/** Starts the database, or adopts the one that is alive on the folder; resolves when it answers.
 *  Throws DatabaseInUse when another service holds the folder, DatabaseFailed for everything else; nothing
 *  is left running then. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  if (process.getuid === undefined) {
    const said = 'not for Windows; set DATABASE_URL to a PostgreSQL server';
    throw new DatabaseFailed('noBinaries', options.dataDir, said);
  }
  const place = await settlePlace({
    dataDir: options.dataDir,
    elsewhere: options.elsewhere ?? defaultElsewhere,
  });
  const lock = lockFolder(place.home);
  const server = new SupervisedServer(place, lock, options);
  try {
    await server.start();
  } catch (cause) {
    // The first failure is the one to tell.
    await server.stop().catch(() => {});
    throw cause;
  }
  return server;
}

/** The database that is alive on this folder, kept by a running service or left behind by one; null when
 *  none is. For guests: takes no lock, starts nothing, makes nothing. Throws DatabaseFailed when it keeps us
 *  out or never answers. */
export async function findRunningDatabase(
  dataDir: string,
): Promise<{ connectionString: string; home: string } | null> {
  const place = await findPlace(dataDir);
  if (place === null || (await findServer(place)) === null) return null;
  return { connectionString: connectionStringOf(place, serviceDatabase), home: place.home };
}

/** Owns the server process, the folder's lock and the connection by whose end it learns of a death. */
class SupervisedServer implements EmbeddedPostgres {
  readonly connectionString: string;
  readonly home: string;
  pid = 0;
  isAdopted = false;
  readonly #place: Place;
  readonly #lock: FolderLock;
  readonly #settings: ServerSettings;
  readonly #log: Log;
  readonly #watch: (event: ServerEvent) => void;
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;
  #revival: Promise<void> | undefined;
  #letGo: () => Promise<void> = async () => {};

  constructor(place: Place, lock: FolderLock, options: EmbeddedPostgresOptions) {
    this.#place = place;
    this.#lock = lock;
    this.#settings = { ...defaultSettings, ...options.settings };
    this.#log = options.log ?? silentLog;
    this.#watch = options.watch ?? (() => {});
    this.home = place.home;
    this.connectionString = connectionStringOf(place, serviceDatabase);
  }

  async start(): Promise<void> {
    const startedMs = systemClock.monotonicMs();
    const alive = await findServer(this.#place);
    this.isAdopted = alive !== null;
    this.pid = alive ?? (await launchServer(this.#place, this.#settings));
    // An uncaught error or process.exit() skips stop(); a killed process skips this too, hence adoption.
    process.on('exit', this.#stopAtExit);
    await ensureDatabase(this.#place);
    await this.#attach();
    const how = this.isAdopted ? 'adopted' : 'started';
    const tookMs = Math.round(systemClock.monotonicMs() - startedMs);
    this.#log.info({ pid: this.pid, home: this.home, tookMs }, `database ${how}`);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#revival;
    await this.#letGo();
    try {
      if (this.pid !== 0) await stopServer(this.#place, this.pid);
    } finally {
      process.off('exit', this.#stopAtExit);
      this.#lock.release();
    }
  }

  readonly #stopAtExit = (): void => {
    try {
      process.kill(this.pid, 'SIGINT');
    } catch {
      // It is gone already, which is what was wanted.
    }
  };

  /** Holds one idle connection; the kernel ends it the moment the server dies, so nothing is polled. */
  async #attach(): Promise<void> {
    const client = await connectClient(this.#place, 'postgres', () => {
      if (!this.#stopping.signal.aborted) this.#revival = this.#revive();
    });
    this.#letGo = () => client.end();
  }

  /** Runs until a server answers again or stop() is called. Never rejects. */
  async #revive(): Promise<void> {
    const lostPid = this.pid;
    let isTold = false;
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        // Alive when only our connection was cut, or when PostgreSQL restarted its workers by itself.
        const alive = await findServer(this.#place);
        if (alive === lostPid && !isTold) return await this.#attach();
        if (!isTold) {
          this.#log.error({ pid: lostPid }, 'database died; restarting it');
          this.#watch({ kind: 'lost', pid: lostPid });
          isTold = true;
        }
        this.pid = alive ?? (await launchServer(this.#place, this.#settings));
        await this.#attach();
        this.#log.warn({ pid: this.pid }, 'database restarted');
        return this.#watch({ kind: 'restarted', pid: this.pid });
      } catch (cause) {
        const error = cause as Error;
        const nextTryMs = Math.min(longestRetryMs, firstRetryMs * 2 ** attempt);
        this.#log.error({ nextTryMs, error: error.message }, 'database could not be restarted');
        this.#watch({ kind: 'restartFailed', error, nextTryMs });
        await systemClock.sleep(nextTryMs, this.#stopping.signal);
      }
    }
  }
}
