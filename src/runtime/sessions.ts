/** The warehouse session in the database: one for all processes, renewed by one of them at a time. */
import type { Clock } from '../clock.ts';
import type { Db } from './db.ts';

/** How long one process may take to log in before another tries. Above the log-in call's own time-out. */
const renewalMs = 150_000;
const lookAgainMs = 200;

export type SharedSession = { sessionId: string; createdAt: Date };

/** Session store on one warehouse connection (the shape that the Peoplevox client asks for). */
export function createSessionStore(deps: {
  db: Db;
  clock: Clock;
  connection: string;
  instance: () => number;
}): {
  current(): Promise<SharedSession | null>;
  renew(dead: string | null, login: () => Promise<string>): Promise<SharedSession>;
} {
  const { db, clock, connection } = deps;
  const current = async (): Promise<SharedSession | null> => {
    const row = await db
      .selectFrom('warehouse_sessions')
      .select(['session_id', 'created_at'])
      .where('connection', '=', connection)
      .executeTakeFirst();
    if (!row?.session_id || !row.created_at) return null;
    return { sessionId: row.session_id, createdAt: row.created_at };
  };
  const claim = async (by: number): Promise<boolean> => {
    const now = clock.now();
    await db
      .insertInto('warehouse_sessions')
      .values({ connection })
      .onConflict((on) => on.column('connection').doNothing())
      .execute();
    const row = await db
      .updateTable('warehouse_sessions')
      .set({ renewing_by: by, renewing_until: new Date(now.getTime() + renewalMs) })
      .where('connection', '=', connection)
      .where((eb) => eb.or([eb('renewing_by', 'is', null), eb('renewing_until', '<=', now)]))
      .returning('connection')
      .executeTakeFirst();
    return row !== undefined;
  };
  // A claim that another process has overruled meanwhile is that process's to end.
  const keep = (by: number, fields: { session_id?: string; created_at?: Date }) =>
    db
      .updateTable('warehouse_sessions')
      .set({ ...fields, renewing_by: null, renewing_until: null })
      .where('connection', '=', connection)
      .where((eb) => eb.or([eb('renewing_by', '=', by), eb('renewing_by', 'is', null)]))
      .execute();
  return {
    current,
    renew: async (dead, login) => {
      const by = deps.instance();
      for (;;) {
        const now = await current();
        if (now && now.sessionId !== dead) return now;
        if (await claim(by)) break;
        await clock.sleep(lookAgainMs);
      }
      try {
        // Somebody may have renewed between our look and our claim.
        const now = await current();
        if (now && now.sessionId !== dead) {
          await keep(by, {});
          return now;
        }
        const session = { sessionId: await login(), createdAt: clock.now() };
        await keep(by, { session_id: session.sessionId, created_at: session.createdAt });
        return session;
      } catch (cause) {
        await keep(by, {});
        throw cause;
      }
    },
  };
}

/** Ends log-ins that processes now dead had begun. */
export async function freeDeadRenewals(db: Db, dead: readonly number[]): Promise<void> {
  if (dead.length === 0) return;
  await db
    .updateTable('warehouse_sessions')
    .set({ renewing_by: null, renewing_until: null })
    .where('renewing_by', 'in', dead)
    .execute();
}
