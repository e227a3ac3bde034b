/** One run of a flow: its fence, its outcome. Used alike by the real schedule and by a rehearsal. */
import { sql } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import { Fenced, Later, Unauthorised, VendorError } from '../errors.ts';
import type { Log } from '../log.ts';
import { withBulk } from './bulk.ts';
import type { Db, Trx } from './db.ts';
import type { Cause, Exceptions, Flow, FlowContext } from './flow.ts';

export type RunDeps = {
  db: Db;
  /** What `db` stands on; for work in bulk. */
  pool: pg.Pool;
  clock: Clock;
  log: Log;
  /** This process, as registered in `instances`. */
  instance: () => number;
  exceptions: Exceptions;
  /** Called after `wake`, so that a waiting schedule looks at once. */
  onWake?: () => void;
  backOff: { firstMs: number; mostMs: number };
};

/** After this many failed runs in a row a person is told. With the usual back-off that is a minute or so.
 *  Smaller: every hiccup of a vendor is raised; larger: nobody learns that work stands still. */
const failuresBeforeRaise = 5;
const connectionCodes = ['connection-refused', 'connection-failing'] as const;

export type RunOutcome = 'done' | 'later' | 'failed' | 'fenced' | 'paused';

/** Makes the rows of `flows` for these flows; cadences of known ones are updated, their history stays. */
export async function registerFlows(db: Db, clock: Clock, flows: readonly Flow[]): Promise<void> {
  for (const flow of flows) {
    await db
      .insertInto('flows')
      .values({
        flow: flow.name,
        connection: flow.connection,
        every_ms: flow.everyMs,
        next_due_at: clock.now(),
      })
      .onConflict((on) =>
        on.columns(['flow', 'connection']).doUpdateSet({ every_ms: flow.everyMs }),
      )
      .execute();
  }
}

/** Runs a flow once: takes a new token (so that any older run can write nothing more), runs it, notes how
 *  it went and when it is due again. Never throws for what the flow threw. */
export async function runFlow(
  deps: RunDeps,
  flow: Flow,
  options: { signal: AbortSignal; jobId?: string },
): Promise<RunOutcome> {
  const begun = await begin(deps, flow, options.jobId);
  if (begun === null) return 'paused';
  const { token } = begun;
  const started = deps.clock.monotonicMs();
  const fields = { flow: flow.name, connection: flow.connection };
  const wish: Wish = { at: null };
  try {
    await flow.run(contextOf(deps, flow, { token, signal: options.signal, wish }));
    // Before the count goes back to none, so that a crash in between leaves it to the next run.
    if (begun.failures > 0) await settleTrouble(deps, flow);
    await finish(deps, flow, token, null, wish);
    deps.log.debug(
      { ...fields, tookMs: Math.round(deps.clock.monotonicMs() - started) },
      'run done',
    );
    return 'done';
  } catch (cause) {
    if (cause instanceof Fenced) {
      deps.log.warn(fields, `run lost its place and stopped: ${cause.message}`);
      return 'fenced';
    }
    const failures = await finish(deps, flow, token, cause as Error);
    if (cause instanceof Later) return 'later';
    await raiseTrouble(deps, flow, cause as Error, failures);
    deps.log.error({ ...fields, err: cause }, `run failed: ${(cause as Error).message}`);
    return 'failed';
  }
}

async function begin(
  deps: RunDeps,
  flow: Flow,
  jobId: string | undefined,
): Promise<{ token: number; failures: number } | null> {
  const row = await deps.db
    .updateTable('flows')
    .set({
      token: sql<number>`token + 1`,
      instance: deps.instance(),
      job_id: jobId ?? null,
      started_at: deps.clock.now(),
      finished_at: null,
    })
    .where('flow', '=', flow.name)
    .where('connection', '=', flow.connection)
    .where('paused_at', 'is', null)
    .returning(['token', 'failures'])
    .executeTakeFirst();
  return row ?? null;
}

/** Returns how many runs in a row have failed now; null when the run lost its place. */
async function finish(
  deps: RunDeps,
  flow: Flow,
  token: number,
  cause: Error | null,
  wish: Wish = { at: null },
): Promise<number | null> {
  const now = deps.clock.now();
  const isFault = cause !== null && !(cause instanceof Later);
  const { firstMs, mostMs } = deps.backOff;
  const row = await deps.db
    .updateTable('flows')
    .set({
      finished_at: now,
      instance: null,
      job_id: null,
      // A run that was put off has neither failed nor shown that it works.
      ...(cause instanceof Later
        ? {}
        : {
            failures: isFault ? sql<number>`failures + 1` : 0,
            last_error: isFault ? said(cause) : null,
          }),
      ...(cause === null ? { last_ok_at: now } : {}),
      ...(wish.at !== null ? { next_due_at: sql<Date>`least(next_due_at, ${wish.at})` } : {}),
      ...(cause instanceof Later ? { next_due_at: cause.until } : {}),
      ...(isFault
        ? {
            next_due_at: sql<Date>`${now}::timestamptz + least(${mostMs}::float8,
              greatest(${firstMs}::float8 * power(2, least(failures, 20)), 0)) * interval '1 millisecond'`,
          }
        : {}),
    })
    .where('flow', '=', flow.name)
    .where('connection', '=', flow.connection)
    .where('token', '=', token)
    .returning('failures')
    .executeTakeFirst();
  return row?.failures ?? null;
}

/** Credentials that are not accepted are told of at once, anything else when it goes on. Told again after
 *  every failed run, so that one who resolved it too early sees it again. */
async function raiseTrouble(
  deps: RunDeps,
  flow: Flow,
  cause: Error,
  failures: number | null,
): Promise<void> {
  const isRefused = cause instanceof Unauthorised;
  if (failures === null || (!isRefused && failures < failuresBeforeRaise)) return;
  const vendor = cause instanceof VendorError ? cause : null;
  const what = isRefused
    ? `${cause.connection} does not accept our credentials, so ${flow.name} of ${flow.connection} stands still`
    : `${flow.name} of ${flow.connection} has failed ${failures} times in a row`;
  const trouble: Cause = {
    ...subjectOf(flow),
    code: isRefused ? 'connection-refused' : 'connection-failing',
    message: `${what}: ${said(cause)}; run packhorse doctor`,
    evidence: {
      said: said(cause),
      failures,
      connection: vendor?.connection ?? null,
      operation: vendor?.operation ?? null,
      status: vendor?.status ?? null,
    },
  };
  await deps.db.transaction().execute((trx) => deps.exceptions.raise(trx, [trouble]));
}

async function settleTrouble(deps: RunDeps, flow: Flow): Promise<void> {
  const options = { codes: connectionCodes, why: 'it works again' };
  await deps.db
    .transaction()
    .execute((trx) => deps.exceptions.settle(trx, [subjectOf(flow)], options));
}

function subjectOf(flow: Flow) {
  return { connection: flow.connection, subjectKind: 'flow', subjectId: flow.name };
}

/** A vendor's words may hold a zero character, which PostgreSQL's text may not. */
function said(cause: Error): string {
  return cause.message.replaceAll('\0', '').slice(0, 2_000);
}

/** When a run wants its flow to run again; null: as its cadence says. */
type Wish = { at: Date | null };

function contextOf(
  deps: RunDeps,
  flow: Flow,
  { token, signal, wish }: { token: number; signal: AbortSignal; wish: Wish },
): FlowContext {
  const prove = async (db: Db | Trx, lock: boolean) => {
    const query = db
      .selectFrom('flows')
      .select(['token', 'paused_at'])
      .where('flow', '=', flow.name)
      .where('connection', '=', flow.connection);
    const row = await (lock ? query.forShare() : query).executeTakeFirst();
    if (row?.token !== token || row.paused_at !== null) {
      const why = row?.paused_at ? 'paused' : `run ${row?.token} began after run ${token}`;
      throw new Fenced(`${flow.name} ${flow.connection}: ${why}`);
    }
  };
  return {
    db: deps.db,
    clock: deps.clock,
    log: deps.log,
    signal,
    exceptions: deps.exceptions,
    assertPlace: async () => {
      if (signal.aborted) throw new Later(deps.clock.now(), 'told to stop');
      await prove(deps.db, false);
    },
    write: (work) =>
      deps.db.transaction().execute(async (trx) => {
        await prove(trx, true);
        return work(trx);
      }),
    bulk: (work) => withBulk(deps.pool, (bulk) => work(bulk, (trx) => prove(trx, true))),
    again: (at) => {
      if (wish.at === null || at < wish.at) wish.at = at;
    },
    wake: async (name, connection) => {
      await wakeFlow(deps.db, deps.clock, name, connection);
      deps.onWake?.();
    },
  };
}

/** Makes a flow due now; a paused one stays paused. */
export async function wakeFlow(
  db: Db | Trx,
  clock: Clock,
  flow: string,
  connection: string,
): Promise<void> {
  await db
    .updateTable('flows')
    .set({ next_due_at: clock.now() })
    .where('flow', '=', flow)
    .where('connection', '=', connection)
    .where('next_due_at', '>', clock.now())
    .execute();
}

/** When a flow last ended well, or null. */
export async function lastOkAt(db: Db, flow: string, connection: string): Promise<Date | null> {
  const row = await db
    .selectFrom('flows')
    .select('last_ok_at')
    .where('flow', '=', flow)
    .where('connection', '=', connection)
    .executeTakeFirst();
  return row?.last_ok_at ?? null;
}

/** Takes every flow that is due and moves its next turn on by one cadence, in one statement, so that of
 *  several processes only one gets each. */
export async function claimDue(
  db: Db,
  clock: Clock,
): Promise<{ flow: string; connection: string }[]> {
  const now = clock.now();
  return db
    .updateTable('flows')
    .set({ next_due_at: sql<Date>`${now}::timestamptz + every_ms * interval '1 millisecond'` })
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('flow', 'connection'),
        'in',
        selectFrom('flows')
          .select(['flow', 'connection'])
          .where('next_due_at', '<=', now)
          .where('paused_at', 'is', null)
          .forUpdate()
          // A row that a running flow's transaction holds is taken at the next look instead.
          .skipLocked()
          .$asTuple('flow', 'connection'),
      ),
    )
    .returning(['flow', 'connection'])
    .execute();
}
