/** Leave to call a vendor, shared by all processes through the database: how often, how many at once, and
 *  who goes first. Mirakl publishes a ceiling per operation; a Peoplevox tenant takes one call at a time. */
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { Later } from '../errors.ts';
import type { Pace, Permit } from '../transport.ts';
import type { Db } from './db.ts';

/** A ceiling that several operations may share. */
export type Lane = {
  name: string;
  /** Least milliseconds between two calls' starts. */
  gapMs: number;
  /** Only one call in flight over all processes. */
  isExclusive: boolean;
};

export type PaceDeps = {
  db: Db;
  clock: Clock;
  connection: string;
  instance: () => number;
  /** Which lane an operation belongs to; null: no ceiling is known, never wait. */
  laneOf: (operation: string) => Lane | null;
  /** Below `urgentBelow` a caller that has to wait makes less urgent callers stand back. */
  urgency: number;
  /** Aborted when the service stops: nobody waits for leave any longer. */
  stop?: AbortSignal;
};

/** A holder that neither finished nor died is overruled after this long. Longer than any call may take;
 *  a dead process's leave is taken back at once by `freeDeadHolders`. */
const holdMs = 20 * 60_000;
/** How long a less urgent caller stands back after a more urgent one was seen waiting. */
const standBackMs = 3_000;
/** How often a waiting caller looks whether the call in flight is done. Too small: queries; too large: idle vendor. */
const lookAgainMs = 100;
/** Callers with urgency at or below this are the ones others stand back for. */
const urgentUpTo = 1;

/** A caller waits in its place no longer than this: a vendor that asks for hours of quiet (an operation allowed
 *  once a day) must not keep a run, and all that it has still to do, hanging. Longer than the widest gap of a lane
 *  that is waited for (15 minutes). */
const mostWaitMs = 20 * 60_000;

/** A pace on one connection. `take` resolves when the call may start; it throws Later (nothing was sent) when the
 *  service stops meanwhile, or when the vendor wants quiet for longer than a run should wait. */
export function createPace(deps: PaceDeps): Pace {
  const known = new Set<string>();
  return {
    take: async (operation) => {
      const lane = deps.laneOf(operation);
      if (!lane) return { done: async () => {} };
      if (!known.has(lane.name)) known.add(await ensureLane(deps, lane.name));
      return waitForLane(deps, lane);
    },
    backOff: async (operation, ms) => {
      const lane = deps.laneOf(operation);
      if (!lane) return;
      await ensureLane(deps, lane.name);
      const until = new Date(deps.clock.nowMs() + ms);
      await deps.db
        .updateTable('pace')
        .set({ next_at: sql<Date>`greatest(next_at, ${until})` })
        .where('connection', '=', deps.connection)
        .where('lane', '=', lane.name)
        .execute();
    },
  };
}

/** Takes back leave that processes now dead were holding, so that their successors need not wait. */
export async function freeDeadHolders(db: Db, dead: readonly number[]): Promise<void> {
  if (dead.length === 0) return;
  await db
    .updateTable('pace')
    .set({ holder: null, holder_until: null })
    .where('holder', 'in', dead)
    .execute();
}

async function ensureLane(deps: PaceDeps, lane: string): Promise<string> {
  await deps.db
    .insertInto('pace')
    .values({ connection: deps.connection, lane, next_at: new Date(0) })
    .onConflict((on) => on.columns(['connection', 'lane']).doNothing())
    .execute();
  return lane;
}

async function waitForLane(deps: PaceDeps, lane: Lane): Promise<Permit> {
  const isUrgent = deps.urgency <= urgentUpTo;
  for (;;) {
    const taken = await tryTake(deps, lane, isUrgent);
    if (taken) return { done: () => (lane.isExclusive ? release(deps, lane) : Promise.resolve()) };
    const waitMs = await timeToWait(deps, lane, isUrgent);
    if (waitMs > mostWaitMs) {
      const until = new Date(deps.clock.nowMs() + waitMs);
      throw new Later(until, `${lane.name}: no call before ${until.toISOString()}`);
    }
    await deps.clock.sleep(waitMs, deps.stop);
    if (deps.stop?.aborted) throw new Later(deps.clock.now(), 'told to stop before the call');
  }
}

async function tryTake(deps: PaceDeps, lane: Lane, isUrgent: boolean): Promise<boolean> {
  const now = deps.clock.now();
  const after = (ms: number) => new Date(now.getTime() + ms);
  const row = await deps.db
    .updateTable('pace')
    .set({
      next_at: after(lane.gapMs),
      ...(lane.isExclusive ? { holder: deps.instance(), holder_until: after(holdMs) } : {}),
      ...(isUrgent ? { urgent_until: null } : {}),
    })
    .where('connection', '=', deps.connection)
    .where('lane', '=', lane.name)
    .where('next_at', '<=', now)
    .where((eb) => eb.or([eb('holder', 'is', null), eb('holder_until', '<=', now)]))
    .$if(!isUrgent, (query) =>
      query.where((eb) => eb.or([eb('urgent_until', 'is', null), eb('urgent_until', '<=', now)])),
    )
    .returning('lane')
    .executeTakeFirst();
  return row !== undefined;
}

async function timeToWait(deps: PaceDeps, lane: Lane, isUrgent: boolean): Promise<number> {
  const asked = deps.clock.now();
  const query = isUrgent
    ? deps.db
        .updateTable('pace')
        // Counted from when the lane is free again: both would wake at that instant.
        .set({
          urgent_until: sql<Date>`greatest(next_at, ${asked}::timestamptz)
            + ${standBackMs}::float8 * interval '1 millisecond'`,
        })
        .where('connection', '=', deps.connection)
        .where('lane', '=', lane.name)
        .returning(['next_at', 'holder', 'urgent_until'])
    : deps.db
        .selectFrom('pace')
        .select(['next_at', 'holder', 'urgent_until'])
        .where('connection', '=', deps.connection)
        .where('lane', '=', lane.name);
  const row = await query.executeTakeFirst();
  const now = deps.clock.nowMs();
  const untilNext = (row?.next_at.getTime() ?? now) - now;
  const isStoodBack = !isUrgent && (row?.urgent_until?.getTime() ?? 0) > now;
  const isFree = row?.holder === null && !isStoodBack;
  return Math.max(untilNext, isFree ? 1 : lookAgainMs);
}

async function release(deps: PaceDeps, lane: Lane): Promise<void> {
  await deps.db
    .updateTable('pace')
    .set({ holder: null, holder_until: null })
    .where('connection', '=', deps.connection)
    .where('lane', '=', lane.name)
    .where('holder', '=', deps.instance())
    .execute();
}
