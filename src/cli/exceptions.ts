/** `packhorse exceptions list|show|retry|resolve|ignore`: work that waits for a person. */
import { type Command, Option } from 'commander';
import { retriable, retryConfirmations } from '../despatch/by-hand.ts';
import { listConfirmations } from '../despatch/overview-store.ts';
import { codes, isCode, type Owner, type Severity } from '../exceptions/codes.ts';
import {
  type ExceptionEvent,
  type ExceptionRow,
  listExceptionEvents,
  listExceptions,
  moveExceptions,
} from '../exceptions/store.ts';
import { retryOrders, retryUnreadable } from '../orders/by-hand.ts';
import { listOrders } from '../orders/overview-store.ts';
import type { Trx } from '../runtime/db.ts';
import { listFlows } from '../runtime/flow-control.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import {
  agoText,
  counted,
  type Globals,
  pairsOf,
  penceText,
  print,
  show,
  tableOf,
  ukTime,
} from './output.ts';

type State = ExceptionRow['state'];
type ListOptions = Globals & {
  code?: string;
  owner?: Owner;
  severity?: Severity;
  channel?: string;
  state?: State;
  flat?: boolean;
  limit: number;
};
type MoveOptions = Globals & { code?: string; channel?: string; note?: string };
type Move = 'retrying' | 'resolved' | 'ignored';

const owners: readonly Owner[] = ['warehouse', 'ecommerce', 'finance', 'integration'];
const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low'];
const states: readonly State[] = ['open', 'retrying', 'resolved', 'ignored'];
/** More than is ever open; a list is cut before it is printed. */
const most = 100_000;

/** Adds `exceptions` and its verbs. */
export function addExceptions(program: Command): void {
  const exceptions = program.command('exceptions').description('work that waits for a person');
  exceptions
    .command('list')
    .description('open exceptions by cause, the most urgent first; --flat for each')
    .option('--code <code>', 'only of this code')
    .addOption(new Option('--owner <team>', 'only of this team').choices(owners))
    .addOption(new Option('--severity <level>', 'only of this severity').choices(severities))
    .option('--channel <id>', 'only of this channel or warehouse')
    .addOption(new Option('--state <state>', 'open and retrying unless told').choices(states))
    .option('--flat', 'one row for each exception')
    .option('--limit <n>', 'at most so many rows with --flat', wholeNumber, 100)
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<ListOptions>());
    });
  exceptions
    .command('show')
    .description('one exception with its evidence and all that happened to it')
    .argument('<id>', 'its number', wholeNumber)
    .action(async (id: number, _options, command: Command) => {
      await showOne(id, command.optsWithGlobals<Globals>());
    });
  const verb = (name: string, does: string, to: Move) =>
    exceptions
      .command(name)
      .description(does)
      .argument('[ids...]', 'their numbers', wholeNumbers, [])
      .option('--code <code>', 'all that are open of this code')
      .option('--channel <id>', 'only of this channel or warehouse')
      .option('--note <text>', 'why; kept with it')
      .action(async (ids: number[], _options, command: Command) => {
        await move(ids, to, command.optsWithGlobals<MoveOptions>());
      });
  verb('retry', 'try what is behind them again now', 'retrying');
  verb('resolve', 'close them as done; one whose cause persists opens again', 'resolved');
  verb('ignore', 'close them for good: the same cause is not raised again', 'ignored');
}

async function list(options: ListOptions): Promise<void> {
  requireCode(options.code);
  await withStore(options, async (store) => {
    const found = await listExceptions(store.db, {
      codes: options.code === undefined ? undefined : [options.code],
      connection: options.channel,
      states: options.state === undefined ? undefined : [options.state],
      limit: most,
    });
    const rows = found.filter(
      (row) =>
        (options.owner === undefined || row.owner === options.owner) &&
        (options.severity === undefined || row.severity === options.severity),
    );
    const nowMs = store.clock.nowMs();
    if (options.flat) {
      const shown = rows.slice(0, options.limit);
      show(options, { count: rows.length, exceptions: shown }, () => printFlat(shown, rows, nowMs));
      return;
    }
    const causes = byCause(rows);
    show(options, { count: rows.length, causes }, () => printCauses(causes, nowMs));
  });
}

type CauseRow = {
  code: string;
  title: string;
  connection: string;
  owner: string;
  severity: string;
  count: number;
  /** Pence at stake where it is known. */
  moneyPence: number;
  oldestAt: Date;
  nextDeadlineAt: Date | null;
  runbook: string;
};

/** Groups in the order of the rows, which is that of urgency. */
function byCause(rows: readonly ExceptionRow[]): CauseRow[] {
  return [...Map.groupBy(rows, (row) => `${row.code} ${row.connection}`).values()].map((group) => {
    const first = group[0]!;
    const deadlines = group.flatMap((row) => (row.deadlineAt ? [row.deadlineAt.getTime()] : []));
    return {
      code: first.code,
      title: first.title,
      connection: first.connection,
      owner: first.owner,
      severity: first.severity,
      count: group.length,
      moneyPence: group.reduce((sum, row) => sum + (row.moneyPence ?? 0), 0),
      oldestAt: new Date(Math.min(...group.map((row) => row.openedAt.getTime()))),
      nextDeadlineAt: deadlines.length > 0 ? new Date(Math.min(...deadlines)) : null,
      runbook: runbookOf(first.code),
    };
  });
}

/** Where the runbook says what to do; a test keeps its headings and the codes the same. */
function runbookOf(code: string): string {
  return `docs/runbook.md#${code}`;
}

function printCauses(causes: readonly CauseRow[], nowMs: number): void {
  if (causes.length === 0) {
    print('no exceptions');
    return;
  }
  const rows = causes.map((one) => [
    one.severity,
    one.code,
    one.connection,
    one.owner,
    one.count,
    penceText(one.moneyPence),
    agoText(one.oldestAt, nowMs),
    ukTime(one.nextDeadlineAt),
    one.title,
  ]);
  const headings = ['severity', 'code', 'on', 'owner', 'count', 'at stake', 'oldest'];
  print(tableOf([...headings, 'next deadline (UK)', 'what'], rows));
  print('--flat shows each; docs/runbook.md has a heading for each code');
}

function printFlat(
  shown: readonly ExceptionRow[],
  all: readonly ExceptionRow[],
  nowMs: number,
): void {
  if (shown.length === 0) {
    print('no exceptions');
    return;
  }
  const rows = shown.map((one) => [
    one.id,
    one.severity,
    one.code,
    one.state,
    one.connection,
    `${one.subjectKind} ${one.subjectId}`,
    penceText(one.moneyPence),
    agoText(one.openedAt, nowMs),
    one.message,
  ]);
  const headings = ['id', 'severity', 'code', 'state', 'on', 'about', 'at stake', 'age'];
  print(tableOf([...headings, 'message'], rows));
  if (shown.length < all.length) print(`(${shown.length} of ${all.length}; --limit shows more)`);
}

async function showOne(id: number, globals: Globals): Promise<void> {
  await withStore(globals, async (store) => {
    const [row] = await listExceptions(store.db, { ids: [id], states });
    if (!row) throw new Failure('notFound', `no exception ${id}; exceptions list --flat has ids`);
    const events = await listExceptionEvents(store.db, id);
    const runbook = runbookOf(row.code);
    show(globals, { exception: row, events, runbook }, () => printOne(row, events, runbook));
  });
}

function printOne(row: ExceptionRow, events: readonly ExceptionEvent[], runbook: string): void {
  print(`Exception ${row.id}: ${row.code}, ${row.state}`);
  print(
    pairsOf(
      [
        ['what', row.title],
        ['message', row.message],
        ['about', `${row.subjectKind} ${row.subjectId} on ${row.connection}`],
        ['owner', row.owner],
        ['severity', row.severity],
        ['at stake', penceText(row.moneyPence)],
        ['deadline', ukTime(row.deadlineAt)],
        [
          'opened',
          `${ukTime(row.openedAt)}${row.timesOpened > 1 ? `, for the ${row.timesOpened}th time` : ''}`,
        ],
        ['last seen', ukTime(row.lastSeenAt)],
        ['closed', ukTime(row.closedAt)],
        ['evidence', JSON.stringify(row.evidence)],
        ['what to do', runbook],
      ],
      '  ',
    ),
  );
  print('\nWhat happened');
  const rows = events.map((event) => [ukTime(event.at), event.what, event.who, event.note]);
  print(tableOf(['when (UK)', 'what', 'who', 'note'], rows));
}

function wholeNumbers(text: string, earlier: readonly number[]): number[] {
  return [...earlier, wholeNumber(text)];
}

async function move(ids: readonly number[], to: Move, options: MoveOptions): Promise<void> {
  requireCode(options.code);
  if (ids.length === 0 && options.code === undefined) {
    throw new Failure('usage', 'name exceptions by their numbers, or all of one cause with --code');
  }
  await withStore(options, async (store) => {
    const rows = await listExceptions(store.db, {
      ids: ids.length > 0 ? ids : undefined,
      codes: options.code === undefined ? undefined : [options.code],
      connection: options.channel,
      limit: most,
    });
    await requireAll(store, ids, rows, options);
    if (!options.dryRun) await moveAll(store, rows, to, options.note ?? null);
    show(options, { isDryRun: Boolean(options.dryRun), to, exceptions: rows }, () => {
      if (rows.length === 0) return print('no open exception meets that');
      const table = rows.map((row) => [row.id, row.code, row.connection, row.subjectId]);
      print(tableOf(['id', 'code', 'on', 'about'], table));
      const verb = options.dryRun ? 'would be' : rows.length === 1 ? 'is' : 'are';
      print(`${counted(rows.length, 'exception')} ${verb} ${to}`);
    });
  });
}

/** Numbers that were named must be open, so that nothing is thought done that was not. */
async function requireAll(
  store: Store,
  numbers: readonly number[],
  rows: readonly ExceptionRow[],
  options: MoveOptions,
): Promise<void> {
  const missing = numbers.filter((id) => !rows.some((row) => row.id === id));
  if (missing.length === 0) return;
  const known = await listExceptions(store.db, { ids: missing, states });
  const facts = missing.map((id) => {
    const row = known.find((one) => one.id === id);
    if (!row) return `${id} does not exist`;
    const isClosed = row.state === 'resolved' || row.state === 'ignored';
    return `${id} is ${isClosed ? row.state : `not of ${options.code ?? options.channel}`}`;
  });
  throw new Failure('notFound', `nothing was changed: exception ${facts.join('; exception ')}`);
}

async function moveAll(
  store: Store,
  rows: readonly ExceptionRow[],
  to: Move,
  note: string | null,
): Promise<void> {
  await store.db.transaction().execute(async (trx) => {
    const ids = rows.map((row) => row.id);
    await moveExceptions(trx, store.clock, ids, { to, who: store.who, note });
    if (to !== 'ignored') await lookAgain(store, trx, rows);
  });
}

/** Has what is behind the exceptions looked at again: a cause that persists opens again by itself. */
async function lookAgain(store: Store, trx: Trx, rows: readonly ExceptionRow[]): Promise<void> {
  const about = rows.filter((row) => row.subjectKind === 'order');
  const keys = about.map((row) => ({
    channel: row.connection,
    marketplaceOrderId: row.subjectId,
  }));
  const orders = keys.length > 0 ? await listOrders(trx, { keys, limit: most }) : [];
  await retryOrders(trx, store.clock, orders, store.who);
  await tellAgain(store, trx, rows);
  const unreadable = about.filter((row) => row.code === 'order-unreadable');
  for (const channel of new Set(unreadable.map((row) => row.connection))) {
    await retryUnreadable(trx, store.clock, channel);
  }
  const others = rows.filter((row) => row.subjectKind !== 'order');
  for (const connection of new Set(others.map((row) => row.connection))) {
    for (const one of await listFlows(trx, { connection })) {
      await wakeFlow(trx, store.clock, one.flow, one.connection);
    }
  }
}

/** Parcels of the orders, and of channels on which a carrier was not mapped. */
async function tellAgain(store: Store, trx: Trx, rows: readonly ExceptionRow[]): Promise<void> {
  const keys = rows.flatMap((row) =>
    row.subjectKind === 'order'
      ? [{ channel: row.connection, marketplaceOrderId: row.subjectId }]
      : [],
  );
  const parcels = await listConfirmations(trx, { keys, steps: retriable, limit: most });
  const carriers = rows.filter((row) => row.subjectKind === 'carrier');
  for (const channel of new Set(carriers.map((row) => row.connection)))
    parcels.push(...(await listConfirmations(trx, { channel, steps: ['waiting'], limit: most })));
  await retryConfirmations(trx, store.clock, { parcels, isAsItIs: false, who: store.who });
}

function requireCode(code: string | undefined): void {
  if (code === undefined || isCode(code)) return;
  const known = Object.keys(codes).join(', ');
  throw new Failure('usage', `${code} is no exception code; there are ${known}`);
}
