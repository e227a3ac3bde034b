/** The only place in the service that reads the machine's clock. Everything else is handed a Clock,
 *  so that a rehearsal can run a whole trading day in seconds. */

/** An instant as milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

export type Clock = {
  /** The current instant, UTC. */
  now(): Date;
  /** The current instant in epoch milliseconds; cheaper than `now()`. */
  nowMs(): EpochMs;
  /** Milliseconds from an arbitrary origin that never goes back; for durations only. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds (0 or less: at the next turn). An abort resolves it early; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Awaits something that another task of this process will settle. Same as `await` on the machine's
   *  clock; a virtual clock lets the other tasks run meanwhile. Never await another task without it. */
  waitOn<T>(promise: Promise<T>): Promise<T>;
};

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener('abort', done, { once: true });
    }),
  waitOn: (promise) => promise,
};
