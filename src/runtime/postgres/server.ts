/** One PostgreSQL server process: made, found alive, launched, stopped. Knows nothing of who uses it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../clock.ts';
import { type Binaries, prepareBinaries } from './binaries.ts';
import { DatabaseFailed, explainFailure } from './failure.ts';
import { giveTo, type Place } from './place.ts';

export type ServerSettings = {
  /** false: nothing is forced to disk, so a power cut may lose everything; for tests only. */
  fsync: boolean;
  /** Must cover every pool of every process that connects, and 3 more for maintenance. */
  maxConnections: number;
};

/** The superuser, owner of everything; the only role that may connect. */
const role = 'packhorse';
export const serviceDatabase = 'packhorse';

/** Recovery after a crash replays at most some GB of log. Too small: a recovery is taken for a failure. */
const readyWithinMs = 300_000;
/** A fast stop rolls open work back and writes a checkpoint; then the server is told to drop everything. */
const fastStopWithinMs = 30_000;
const immediateStopWithinMs = 10_000;
/** How often a starting or stopping server is looked at. A look is one socket call, or one file of /proc. */
const lookEveryMs = 15;
/** One start keeps what the last ones wrote, up to this size, and one file more of the same. */
const logLimitBytes = 5_000_000;

/** For `pg`: over the Unix socket, without a password (see writeAccess). */
export function connectionStringOf(place: Place, database: string): string {
  return `postgresql://${role}@/${database}?host=${encodeURIComponent(place.sockets)}&port=5432&sslmode=disable`;
}

/** The process id of the server that is alive on this cluster, once it answers; null when there is none.
 *  Adopts what a killed parent left behind. Throws DatabaseFailed when one runs but never answers. */
export async function findServer(place: Place): Promise<number | null> {
  const pid = await readPid(pidFileOf(place));
  if (pid === null) return null;
  if (!isPostgres(await commandOf(pid))) return null;
  return (await untilReady(place, async () => isPostgres(await commandOf(pid)))) ? pid : null;
}

/** Starts a server on the cluster, which is made first when it is not there; returns its process id when
 *  it answers. The caller holds the folder's lock and has seen that no server is alive.
 *  Throws DatabaseFailed. */
export async function launchServer(place: Place, settings: ServerSettings): Promise<number> {
  const binaries = await prepareBinaries(place);
  try {
    if (!existsSync(place.cluster)) await makeCluster(place, binaries, settings);
    await refuseOtherVersion(place, binaries);
    await writeAccess(place);
    await disarm(pidFileOf(place));
    await disarm(join(place.sockets, '.s.PGSQL.5432.lock'));
    const logFile = await openLog(place);
    const start = (await stat(logFile)).size;
    const child = await spawnServer(place, { program: binaries.postgres, logFile, settings });
    const isRunning = async () => child.exitCode === null && child.signalCode === null;
    const isReady = await untilReady(place, isRunning).catch((cause: unknown) => {
      // Nobody would ever stop it: it is not ready, and its number would be forgotten.
      child.kill('SIGQUIT');
      throw cause;
    });
    if (isReady) return child.pid as number;
    throw explainFailure({
      folder: place.home,
      action: `PostgreSQL ended with ${child.signalCode ?? `code ${child.exitCode}`} while starting`,
      output: (await readFile(logFile)).subarray(start).toString(),
    });
  } catch (cause) {
    throw explainFailure({ folder: place.home, action: 'starting PostgreSQL failed', cause });
  }
}

/** Stops the server and returns when it is gone; at once when it is gone already. Open transactions are
 *  rolled back. Throws DatabaseFailed when it outlives every request. */
export async function stopServer(place: Place, pid: number): Promise<void> {
  // SIGINT is PostgreSQL's fast stop, SIGQUIT its immediate one: recovery at the next start, nothing lost.
  const isGone =
    (await signalAndWait(pid, 'SIGINT', fastStopWithinMs)) ||
    (await signalAndWait(pid, 'SIGQUIT', immediateStopWithinMs));
  if (!isGone) {
    throw new DatabaseFailed('failed', place.home, `PostgreSQL process ${pid} does not stop`);
  }
  await rm(place.sockets, { recursive: true, force: true });
}

/** A connected client that reports its end to `onEnd` exactly once. Throws what `pg` throws. */
export async function connectClient(
  place: Place,
  database: string,
  onEnd: () => void = () => {},
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: connectionStringOf(place, database),
    application_name: 'packhorse runtime',
    connectionTimeoutMillis: 5_000,
  });
  // An error always ends the client too; without a listener it would end this process.
  client.on('error', () => {});
  client.once('end', onEnd);
  try {
    await client.connect();
  } catch (cause) {
    client.off('end', onEnd);
    await client.end().catch(() => {});
    throw cause;
  }
  return client;
}

/** Makes the service's own database when it is not there. */
export async function ensureDatabase(place: Place): Promise<void> {
  const client = await connectClient(place, 'postgres');
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [
      serviceDatabase,
    ]);
    if (found.rowCount === 0) await client.query(`create database ${serviceDatabase}`);
  } catch (cause) {
    throw explainFailure({ folder: place.home, action: 'making the database failed', cause });
  } finally {
    await client.end();
  }
}

/** true once it answers, false when it ended first. */
async function untilReady(place: Place, isRunning: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + readyWithinMs;
  while (systemClock.monotonicMs() < deadlineMs) {
    if (await answers(place)) return true;
    if (!(await isRunning())) return false;
    await systemClock.sleep(lookEveryMs);
  }
  throw new DatabaseFailed(
    'failed',
    place.home,
    `PostgreSQL runs but has not answered for ${readyWithinMs / 1000} s; read ${join(place.home, 'postgres.log')}`,
  );
}

async function answers(place: Place): Promise<boolean> {
  if (!existsSync(join(place.sockets, '.s.PGSQL.5432'))) return false;
  try {
    const client = await connectClient(place, 'postgres');
    await client.end();
    return true;
  } catch (cause) {
    // 28: a server is there, and keeps us out. Anything else may pass: no listener yet, starting, stopping.
    if (/^28/.test((cause as { code?: string }).code ?? '')) {
      throw explainFailure({ folder: place.home, action: 'its server refused us', cause });
    }
    return false;
  }
}

/** Made under another name and renamed, so that a start that was killed half-way leaves no half cluster. */
async function makeCluster(
  place: Place,
  binaries: Binaries,
  settings: ServerSettings,
): Promise<void> {
  const half = join(place.home, 'cluster.half');
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { mode: 0o700 });
  await giveTo(place.account, half);
  const flags = ['-D', half, '-U', role, '-E', 'UTF8', '--locale=C', '--auth=peer'];
  if (!settings.fsync) flags.push('--no-sync');
  await new Promise<void>((resolve, reject) => {
    const options = { ...place.account, cwd: '/', env: environment };
    execFile(binaries.initdb, flags, options, (error, out, stderr) => {
      if (!error) return resolve();
      const action = `initdb ended with ${error.signal ?? `code ${error.code}`}`;
      reject(explainFailure({ folder: place.home, action, output: `${out}\n${stderr}` }));
    });
  });
  await rename(half, place.cluster);
  // Else a power cut could undo the renaming, and with it everything written since.
  const home = await open(place.home, 'r');
  await home.sync().finally(() => home.close());
}

async function refuseOtherVersion(place: Place, binaries: Binaries): Promise<void> {
  const made = Number.parseInt(await readFile(join(place.cluster, 'PG_VERSION'), 'utf8'), 10);
  if (made === binaries.major) return;
  throw new DatabaseFailed(
    'otherVersion',
    place.home,
    `made by PostgreSQL ${made}, and this Packhorse brings ${binaries.major}; ` +
      `dump it with PostgreSQL ${made} and load the dump into a new folder, or set DATABASE_URL`,
  );
}

/** Who may connect: the user this service runs as, and root; the kernel vouches for the caller ("peer").
 *  There is no password to keep or leak. The socket's folder (0700) keeps other users out already; peer
 *  keeps out other programs that run as `nobody` too. Written at every start: the user may have changed. */
async function writeAccess(place: Place): Promise<void> {
  const users = [...new Set(['root', userInfo().username])];
  const lines = users.map((user) => `${role} "${user}" ${role}\n`);
  await writeFile(join(place.home, 'pg_ident.conf'), lines.join(''), { mode: 0o644 });
  const rule = `local all ${role} peer map=${role}\n`;
  await writeFile(join(place.home, 'pg_hba.conf'), rule, { mode: 0o644 });
}

/** PostgreSQL gets none of this process's environment: no secrets, no PG* variables. */
const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };

/** Detached: a Ctrl-C in the terminal is for the service, which stops its database last. The log is a file
 *  and not a pipe, because the server may outlive this process. */
async function spawnServer(
  place: Place,
  start: { program: string; logFile: string; settings: ServerSettings },
): Promise<ChildProcess> {
  const log = openSync(start.logFile, 'a');
  try {
    const child = spawn(start.program, ['-D', place.cluster, ...flagsOf(place, start.settings)], {
      ...place.account,
      cwd: '/',
      env: environment,
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function flagsOf(place: Place, settings: ServerSettings): string[] {
  const set: Record<string, string> = {
    hba_file: join(place.home, 'pg_hba.conf'),
    ident_file: join(place.home, 'pg_ident.conf'),
    unix_socket_directories: place.sockets,
    unix_socket_permissions: '0700',
    listen_addresses: '',
    port: '5432',
    max_connections: String(settings.maxConnections),
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Failed statements are the caller's to report; in this log they would be customers' data.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    // Our statements are many and short; compiling them costs more than it saves.
    jit: 'off',
  };
  // synchronous_commit stays on, so that even then a killed process loses nothing.
  if (!settings.fsync) Object.assign(set, { fsync: 'off', full_page_writes: 'off' });
  return Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function openLog(place: Place): Promise<string> {
  const file = join(place.home, 'postgres.log');
  const found = await stat(file).catch(() => null);
  if (found && found.size > logLimitBytes) await rename(file, `${file}.1`);
  await writeFile(file, '', { flag: 'a', mode: 0o600 });
  return file;
}

function pidFileOf(place: Place): string {
  return join(place.cluster, 'postmaster.pid');
}

async function readPid(file: string): Promise<number | null> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** After a crash the number may belong to somebody else (in a container it nearly always does) or to a
 *  zombie that nobody buries, and PostgreSQL would refuse to start. It looks through its own parent's
 *  number, so that is written there. The rest of the file stays: by it PostgreSQL finds workers of the
 *  old server that have not ended yet. */
async function disarm(file: string): Promise<void> {
  const pid = await readPid(file);
  if (pid === null || !isTaken(pid) || isPostgres(await commandOf(pid))) return;
  const [, ...rest] = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [String(process.pid), ...rest].join('\n'));
}

/** Whether the number belongs to a process that we may signal, living or zombie; what PostgreSQL asks. */
function isTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isPostgres(command: string): boolean {
  return basename(command) === 'postgres';
}

/** The program that the process runs; empty when there is no such process, or only its zombie. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.split('\0')[0] ?? '';
  }
  return new Promise((settle) => {
    execFile('/bin/ps', ['-o', 'comm=', '-p', String(pid)], (_error, out) => settle(out.trim()));
  });
}

async function signalAndWait(
  pid: number,
  signal: NodeJS.Signals,
  withinMs: number,
): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + withinMs;
  if (!isPostgres(await commandOf(pid))) return true;
  process.kill(pid, signal);
  while (systemClock.monotonicMs() < deadlineMs) {
    if (!isPostgres(await commandOf(pid))) return true;
    await systemClock.sleep(lookEveryMs);
  }
  return false;
}
