/** `packhorse doctor`: checks everything before going live, beside a running service or without one. */
import { statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Answers, type DoctorDeps, examineVendors, type KeptAnswer } from '../audit/doctor.ts';
import { examineAbsence, examineDatabase } from '../audit/doctor-database.ts';
import type { Check, CheckStatus, Examination } from '../audit/finding.ts';
import { type Clock, systemClock } from '../clock.ts';
import { composeCheckClients } from '../main.ts';
import { readSentSalesOrders } from '../orders/overview-store.ts';
import { createJournal, type Journal } from '../runtime/calls.ts';
import { type OpenDatabase, openDatabase } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import { countLiving, findDead, type Instance, joinInstances } from '../runtime/instances.ts';
import { migrate, pendingMigrations } from '../runtime/migrate.ts';
import { freeDeadHolders } from '../runtime/pace.ts';
import { freeDeadRenewals } from '../runtime/sessions.ts';
import type { Settings } from '../settings.ts';
import { createHttpTransport } from '../transport.ts';
import { exitCodes, explain, Failure } from './exit.ts';
import { commandLog, embeddedFolder, openUrlAsGuest, readSettings } from './open-store.ts';
import { counted, type Globals, note, print, show } from './output.ts';

type Options = Globals & { only?: string[] };

/** How far back our own sales orders are compared with the warehouse's dates. */
const sentWithinMs = 7 * 86_400_000;

/** How often leave of dead processes is taken back. */
const freeEveryMs = 1_000;

/** Adds `doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, database and both vendors before going live')
    .option('--only <ids...>', 'only these channels and warehouses')
    .addHelpText(
      'after',
      `
Reads only, waits its turn behind a running service, and keeps to the vendors' ceilings: what may be asked
once a day is kept for a day. The first time it makes the tables that run would make (not with --dry-run).
Exit code 1 when a check failed; a warning is none.`,
    )
    .action(async (_options, command: Command) => {
      await doctor(command.optsWithGlobals<Options>());
    });
}

async function doctor(options: Options): Promise<void> {
  const settings = await readSettings(options);
  requireKnown(settings, options.only ?? []);
  const examinations: Examination[] = [
    { subject: 'configuration', checks: [configCheck(options, settings)] },
  ];
  note('examining the database');
  const base = await openBase(options, settings, systemClock);
  examinations.push({ subject: 'database', checks: base.checks });
  const http = createHttpTransport();
  try {
    const deps = depsOf({ options, settings, base, send: http.send, clock: systemClock });
    examinations.push(...(await examineVendors(deps)));
    await base.journal?.flush();
  } finally {
    await http.close();
    await base.close();
  }
  sayAll(options, examinations);
}

function requireKnown(settings: Settings, only: readonly string[]): void {
  const known = [...settings.channels, ...settings.warehouses].map((one) => one.id);
  const strange = only.find((id) => !known.includes(id));
  if (strange === undefined) return;
  throw new Failure(
    'notFound',
    `no channel or warehouse ${strange}; there are ${known.join(', ')}`,
  );
}

function configCheck(options: Options, settings: Settings): Check {
  const fact = `${options.config}: ${counted(settings.channels.length, 'channel')}, ${counted(settings.warehouses.length, 'warehouse')}`;
  return { name: 'file', status: 'ok', fact };
}

/** The database as far as it can be had. `database` null: the vendors are examined without it. */
type Base = {
  checks: Check[];
  database: OpenDatabase | null;
  instance: number;
  journal: Journal | null;
  close(): Promise<void>;
};

async function openBase(options: Options, settings: Settings, clock: Clock): Promise<Base> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.reverse()) await one();
  };
  try {
    const store = await openUrlAsGuest(settings, commandLog(options), clock);
    closers.push(() => store.stop());
    const database = openDatabase(store.url, { poolSize: 3, onError: () => {} });
    closers.push(() => database.close());
    const facts = await readDatabaseFacts(database, settings, store.isOwn);
    // The pace and the day's answers need the tables; nobody can be disturbed where there are none.
    if (facts.isEmpty && !options.dryRun) await migrate(database.pool);
    const hasTables = !facts.isEmpty || !options.dryRun;
    const checks = examineDatabase(facts);
    if (!hasTables) return { checks, database: null, instance: 0, journal: null, close };
    const instance = await joinAsGuest(store.url, clock, closers);
    closers.push(keepFreeing(database, clock));
    const journal = createJournal({ db: database.db, clock, log: commandLog(options) });
    return { checks, database, instance, journal, close };
  } catch (cause) {
    await close().catch(() => {});
    const checks = [examineAbsence(explain(cause).message)];
    return { checks, database: null, instance: 0, journal: null, close: async () => {} };
  }
}

/** Registered, so that a doctor which is killed in a call does not hold the service back. */
async function joinAsGuest(
  url: string,
  clock: Clock,
  closers: (() => Promise<void>)[],
): Promise<number> {
  const instance: Instance = await joinInstances({ url, clock });
  closers.push(() => instance.close());
  return instance.id;
}

/** A process that died in a call still holds its leave, and where no service runs nobody takes it back. Does
 *  so again and again until the function that it returns is called. */
function keepFreeing({ db }: OpenDatabase, clock: Clock): () => Promise<void> {
  const stop = new AbortController();
  const freeing = (async () => {
    while (!stop.signal.aborted) {
      const dead = await findDead(db);
      await freeDeadHolders(db, dead);
      await freeDeadRenewals(db, dead);
      await clock.sleep(freeEveryMs, stop.signal);
    }
  })();
  // A database that goes away shows in the checks themselves.
  freeing.catch(() => {});
  return async () => {
    stop.abort();
    await freeing.catch(() => {});
  };
}

async function readDatabaseFacts(database: OpenDatabase, settings: Settings, isEmbedded: boolean) {
  const { pool, db } = database;
  const { rows } = await pool.query<{ version: string; bytes: number }>(
    `select current_setting('server_version') as version, pg_database_size(current_database()) as bytes`,
  );
  const { missing, isEmpty } = await pendingMigrations(pool);
  const folder = embeddedFolder(settings);
  const disk = isEmbedded ? await statfs(folder) : null;
  return {
    isEmbedded,
    place: isEmbedded ? folder : placeOf(settings.database.url ?? ''),
    isServiceRunning: !isEmpty && (await countLiving(db)) > 0,
    version: rows[0]!.version.split(' ')[0]!,
    missing,
    isEmpty,
    freeBytes: disk && disk.bavail * disk.bsize,
    sizeBytes: rows[0]!.bytes,
  };
}

/** A database's URL without user, password and options. */
function placeOf(url: string): string {
  return /^[a-z]+:\/\/(?:[^@/]*@)?([^?]*)/.exec(url)?.[1] || 'the configured server';
}

function depsOf(parts: {
  options: Options;
  settings: Settings;
  base: Base;
  send: ReturnType<typeof createHttpTransport>['send'];
  clock: Clock;
}): DoctorDeps {
  const { options, settings, base, clock } = parts;
  const db = base.database?.db ?? null;
  const clients = composeCheckClients({
    settings,
    clock,
    transport: parts.send,
    db,
    instance: () => base.instance,
    note: (record) => base.journal?.note(record),
  });
  return {
    settings,
    clock,
    ...clients,
    answers: answersIn(base, clock),
    sentOrders: async (warehouse) => {
      if (!db) return [];
      return readSentSalesOrders(db, warehouse, new Date(clock.nowMs() - sentWithinMs), 20);
    },
    only: options.only ?? [],
    onBegin: (subject) => note(`examining ${subject}`),
  };
}

/** Without a database nothing is kept from one examination to the next. */
function answersIn(base: Base, clock: Clock): Answers {
  const db = base.database?.db;
  return {
    read: async (connection, kind) =>
      db ? ((await readFact(db, connection, kind)) as KeptAnswer | null) : null,
    keep: async (connection, kind, answer) => {
      if (db) await saveFact(db, connection, kind, answer, clock.now());
    },
  };
}

const words: Record<CheckStatus, string> = {
  ok: 'ok',
  warn: 'warn',
  fail: 'FAIL',
  unchecked: 'not checked',
};

function sayAll(options: Options, examinations: readonly Examination[]): void {
  const all = examinations.flatMap((one) => one.checks);
  const count = (status: CheckStatus) => all.filter((one) => one.status === status).length;
  const counts = {
    ok: count('ok'),
    warn: count('warn'),
    fail: count('fail'),
    unchecked: count('unchecked'),
  };
  show(options, { isHealthy: counts.fail === 0, counts, examinations }, () => {
    for (const one of examinations) printExamination(one);
    const parts = [`${counts.ok} ok`, `${counts.warn} warnings`, `${counts.fail} failed`];
    print(`${parts.join(', ')}, ${counts.unchecked} not checked`);
  });
  if (counts.fail > 0) process.exitCode = exitCodes.failed.code;
}

function printExamination({ subject, checks }: Examination): void {
  print(subject);
  const statusWidth = Math.max(...Object.values(words).map((word) => word.length));
  const nameWidth = Math.max(...checks.map((one) => one.name.length));
  for (const one of checks) {
    print(`  ${words[one.status].padEnd(statusWidth)}  ${one.name.padEnd(nameWidth)}  ${one.fact}`);
    if (one.remedy) print(`  ${' '.repeat(statusWidth + nameWidth + 2)}  -> ${one.remedy}`);
  }
  print();
}
