/** `packhorse run` and `packhorse migrate`. */
import type { Command } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { createLog } from '../log.ts';
import { openStoreUrl, type Running, startService } from '../main.ts';
import { openDatabase } from '../runtime/db.ts';
import { migrate, pendingMigrations, readMigrations } from '../runtime/migrate.ts';
import type { Settings } from '../settings.ts';
import { exitCodes } from './exit.ts';
import {
  commandLog,
  embeddedFolder,
  isWithoutData,
  openUrlAsGuest,
  readSettings,
} from './open-store.ts';
import { counted, type Globals, note, print, show } from './output.ts';

/** Adds `run`. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('start the service; runs until SIGTERM or Ctrl-C')
    .addHelpText(
      'after',
      `
SIGTERM and SIGINT let runs that have begun finish (up to 25 seconds); a second signal ends at once,
and nothing is lost by it. Logs are JSON lines on standard error; service.logLevel says how many.`,
    )
    .action(async (_options, command: Command) => {
      await run(command.optsWithGlobals<Globals>());
    });
}

/** Adds `migrate`. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to the version of this program (run does it too)')
    .action(async (_options, command: Command) => {
      await bringUpToDate(command.optsWithGlobals<Globals>());
    });
}

async function run(globals: Globals): Promise<void> {
  const settings = await readSettings(globals);
  const stopped = stopSignal(systemClock);
  const log = createLog(globals.verbose ? 'debug' : settings.service.logLevel);
  note(`starting: ${describe(settings)}`);
  const running = await startService({ settings, clock: systemClock, log });
  sayStarted(globals, settings, running);
  const signal = await stopped;
  note(`${signal}: stopping; runs that have begun may finish. Again: end at once.`);
  await running.stop();
  note('stopped');
  // A run that had not finished by then may still wait for leave to call; it can write nothing any more.
  process.exit(exitCodes.ok.code);
}

/** A launcher and a service manager may each pass on the one signal that somebody sent. */
const sameSignalMs = 1_000;

/** Resolves at the first signal to stop; a later one ends the process there and then. */
function stopSignal(clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | null = null;
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => {
        if (firstAtMs === null) {
          firstAtMs = clock.monotonicMs();
          resolve(signal);
        } else if (clock.monotonicMs() - firstAtMs > sameSignalMs) process.exit(code);
      });
    }
  });
}

function sayStarted(globals: Globals, settings: Settings, running: Running): void {
  const flows = running.service.flows.map((one) => ({
    flow: one.name,
    connection: one.connection,
    everySeconds: one.everyMs / 1_000,
  }));
  const database = settings.database.url ? 'configured' : embeddedFolder(settings);
  const data = { event: 'running', pid: process.pid, database, flows };
  // One line: whoever started us reads lines.
  if (globals.json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else print(`running: ${counted(flows.length, 'flow')}, process ${process.pid}; Ctrl-C stops it`);
}

function describe(settings: Settings): string {
  const channels = settings.channels.filter((one) => one.enabled).map((one) => one.id);
  const warehouses = settings.warehouses.filter((one) => one.enabled).map((one) => one.id);
  const database = settings.database.url
    ? 'the configured database'
    : `${embeddedFolder(settings)}`;
  return `channels ${channels.join(', ') || 'none'}; warehouses ${warehouses.join(', ') || 'none'}; data in ${database}`;
}

async function bringUpToDate(globals: Globals): Promise<void> {
  const settings = await readSettings(globals);
  const log = commandLog(globals);
  if (globals.dryRun && isWithoutData(settings)) {
    // Starting the embedded database would make it.
    sayMigrations(
      globals,
      (await readMigrations()).map((one) => one.name),
    );
    return;
  }
  // A service that runs on the embedded database has migrated it; only looking may be done beside it.
  const store = globals.dryRun
    ? await openUrlAsGuest(settings, log, systemClock)
    : await openStoreUrl(settings, log);
  const database = openDatabase(store.url, { poolSize: 2, onError: () => {} });
  try {
    const { missing } = await pendingMigrations(database.pool);
    if (!globals.dryRun) await migrate(database.pool);
    sayMigrations(globals, missing);
  } finally {
    await database.close();
    await store.stop();
  }
}

function sayMigrations(globals: Globals, names: readonly string[]): void {
  show(globals, { isDryRun: Boolean(globals.dryRun), migrations: names }, () => {
    if (names.length === 0) print('the database is up to date');
    for (const name of names) print(`${globals.dryRun ? 'would apply' : 'applied'} ${name}`);
  });
}
