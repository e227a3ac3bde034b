/** The Peoplevox session, shared by all workers of one connection. */
import type { Clock } from '../clock.ts';

/** A session as last made. `createdAt` may be moved on to its last use by a store that knows it,
 *  since sessions die of idleness; from creation is always on the safe side. */
export type Session = { sessionId: string; createdAt: Date };

/** Where the one session of a connection is kept. The store is the single place that decides who
 *  logs in. */
export type SessionStore = {
  /** The session in use, or null before the first login. */
  current(): Promise<Session | null>;
  /** A session other than `dead` (null: there was none). When somebody has renewed it meanwhile
   *  that one is returned without a login; else `login` runs, once for all who wait. Rethrows what
   *  `login` throws and keeps nothing then, so that the next caller tries afresh. */
  renew(dead: string | null, login: () => Promise<string>): Promise<Session>;
};

/** A store for one process. A service of several processes needs one that they share. */
export function createMemorySessionStore(clock: Clock): SessionStore {
  let session: Session | null = null;
  let renewal: Promise<Session> | null = null;

  const logIn = async (login: () => Promise<string>): Promise<Session> => {
    try {
      const sessionId = await login();
      session = { sessionId, createdAt: clock.now() };
      return session;
    } finally {
      renewal = null;
    }
  };
  return {
    current: async () => session,
    async renew(dead, login) {
      if (session && session.sessionId !== dead) return session;
      if (renewal) return clock.waitOn(renewal);
      renewal = logIn(login);
      return renewal;
    },
  };
}

/** Whether a session is so old that it may die during the next call. One made in the future, by a
 *  machine whose clock is ahead, counts as young: as old it would cost a login on every call. */
export function isSessionOld(session: Session, sessionMinutes: number, nowMs: number): boolean {
  return nowMs - session.createdAt.getTime() >= sessionMinutes * 60_000;
}

/** The session id in the Detail of Authenticate (`clientId,sessionId`), or null when there is none:
 *  a Detail without a comma is a refused login even when ResponseId is 0. Source: reference section
 *  3.1. */
export function sessionIdOf(detail: string): string | null {
  const comma = detail.lastIndexOf(',');
  return comma < 0 ? null : detail.slice(comma + 1).trim() || null;
}
