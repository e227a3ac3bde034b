/** The schedule's steps one by one, for a rehearsal in virtual time. The same statements and runs as in
 *  production; only pg-boss and the machine's clock are left out. */
import type { Flow } from './flow.ts';
import { freeDeadHolders } from './pace.ts';
import { claimDue, type RunDeps, type RunOutcome, registerFlows, runFlow } from './runs.ts';
import { freeDeadRenewals } from './sessions.ts';

export type ManualDrive = {
  /** Registers the flows, and takes over what an earlier life left behind. */
  begin(dead: readonly number[]): Promise<void>;
  /** Flows that are due, in the order of their names. */
  claimDue(): Promise<{ flow: string; connection: string }[]>;
  putOff(flow: string, connection: string, at: Date): Promise<void>;
  /** When the next flow falls due; null when there is none. */
  nextDue(): Promise<Date | null>;
  run(flow: Flow, signal: AbortSignal, onWake: () => void): Promise<RunOutcome>;
};

export function createManualDrive(
  deps: Omit<RunDeps, 'instance' | 'onWake'>,
  flows: readonly Flow[],
  instance: number,
): ManualDrive {
  const { db, clock } = deps;
  return {
    begin: async (dead) => {
      await registerFlows(db, clock, flows);
      await freeDeadHolders(db, dead);
      await freeDeadRenewals(db, dead);
      await db
        .updateTable('flows')
        .set({ instance: null, next_due_at: clock.now() })
        .where('instance', 'in', [...dead, -1])
        .execute();
    },
    claimDue: async () => {
      const due = await claimDue(db, clock);
      const key = (one: { flow: string; connection: string }) => `${one.flow} ${one.connection}`;
      return due.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    },
    putOff: async (flow, connection, at) => {
      await db
        .updateTable('flows')
        .set({ next_due_at: at })
        .where('flow', '=', flow)
        .where('connection', '=', connection)
        .execute();
    },
    nextDue: async () => {
      const row = await db
        .selectFrom('flows')
        .select((eb) => eb.fn.min('next_due_at').as('at'))
        .where('paused_at', 'is', null)
        .executeTakeFirst();
      return row?.at ?? null;
    },
    run: (flow, signal, onWake) =>
      runFlow({ ...deps, instance: () => instance, onWake }, flow, { signal }),
  };
}
