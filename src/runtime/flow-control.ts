/** What a person may see and change of the flows: how each goes, pause, resume, run now. */
import type { Clock } from '../clock.ts';
import type { Db } from './db.ts';
import { wakeFlow } from './runs.ts';

/** One flow on one connection, as last noted by the schedule. */
export type FlowStatus = {
  flow: string;
  connection: string;
  everySeconds: number;
  nextDueAt: Date;
  /** A run is under way; null: none. */
  runningSince: Date | null;
  lastOkAt: Date | null;
  /** Failed runs in a row. */
  failures: number;
  lastError: string | null;
  pausedAt: Date | null;
  pausedWhy: string | null;
};

export type FlowFilter = { flow?: string | undefined; connection?: string | undefined };

/** Flows by name and connection; empty before the service first ran. */
export async function listFlows(db: Db, filter: FlowFilter): Promise<FlowStatus[]> {
  const rows = await db
    .selectFrom('flows')
    .selectAll()
    .$if(filter.flow !== undefined, (q) => q.where('flow', '=', filter.flow!))
    .$if(filter.connection !== undefined, (q) => q.where('connection', '=', filter.connection!))
    .orderBy('flow')
    .orderBy('connection')
    .execute();
  return rows.map((row) => ({
    flow: row.flow,
    connection: row.connection,
    everySeconds: row.every_ms / 1_000,
    nextDueAt: row.next_due_at,
    runningSince: row.instance !== null && row.finished_at === null ? row.started_at : null,
    lastOkAt: row.last_ok_at,
    failures: row.failures,
    lastError: row.last_error,
    pausedAt: row.paused_at,
    pausedWhy: row.paused_why,
  }));
}

/** Stops a flow until it is resumed. A run under way can write nothing more from now on. */
export async function pauseFlow(
  db: Db,
  clock: Clock,
  which: { flow: string; connection: string },
  why: string,
): Promise<void> {
  await db
    .updateTable('flows')
    .set({ paused_at: clock.now(), paused_why: why })
    .where('flow', '=', which.flow)
    .where('connection', '=', which.connection)
    .where('paused_at', 'is', null)
    .execute();
}

/** Lets a paused flow run again, at once. */
export async function resumeFlow(
  db: Db,
  clock: Clock,
  which: { flow: string; connection: string },
): Promise<void> {
  await db
    .updateTable('flows')
    .set({ paused_at: null, paused_why: null })
    .where('flow', '=', which.flow)
    .where('connection', '=', which.connection)
    .execute();
  await wakeFlow(db, clock, which.flow, which.connection);
}
