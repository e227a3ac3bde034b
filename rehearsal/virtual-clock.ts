/** Virtual time: one task runs at a time, and time moves only when every task sleeps. Tasks that are due at
 *  the same instant run in the order in which they went to sleep, so the same seed gives the same run. */
import type { Clock, EpochMs } from '../src/clock.ts';

/** Tasks that die together: one life of the service. Tasks of the world have none. */
export type Life = { isOver: boolean };

type Sleeper = { atMs: EpochMs; order: number; life: Life | null; wake: () => void };

export type VirtualClock = Clock & {
  /** Starts a task now (or at an instant). Its failure ends the run. */
  spawn(task: () => Promise<void>, options?: { atMs?: EpochMs; life?: Life }): void;
  /** Lets time pass until `untilMs`, or until nothing sleeps any more. Throws what a task threw. */
  runUntil(untilMs: EpochMs): Promise<void>;
  /** The same clock as seen by one life: once the life is over its tasks never wake again. */
  forLife(life: Life): Clock;
  /** Ends a life: its tasks stay asleep for ever, as in a killed process. */
  end(life: Life): void;
};

export function createVirtualClock(startMs: EpochMs): VirtualClock {
  let nowMs = startMs;
  let order = 0;
  let sleepers: Sleeper[] = [];
  /** Tasks that await each other and not time. */
  let waiting = 0;
  let release: () => void = () => {};
  let failure: { cause: unknown } | null = null;

  const enqueue = (atMs: number, life: Life | null, wake: () => void): Sleeper => {
    const sleeper = { atMs, order: order++, life, wake };
    // Binary insertion keeps the list sorted by instant, then by order.
    let low = 0;
    let high = sleepers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = sleepers[middle]!;
      if (other.atMs < atMs || (other.atMs === atMs && other.order < sleeper.order))
        low = middle + 1;
      else high = middle;
    }
    sleepers.splice(low, 0, sleeper);
    return sleeper;
  };

  const clockOf = (life: Life | null): Clock => ({
    now: () => new Date(nowMs),
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise<void>((resolve) => {
        if (life?.isOver) return release();
        const sleeper = enqueue(nowMs + (signal?.aborted ? 0 : Math.max(0, ms)), life, resolve);
        signal?.addEventListener(
          'abort',
          () => {
            const at = sleepers.indexOf(sleeper);
            if (at < 0) return;
            sleepers.splice(at, 1);
            enqueue(nowMs, life, resolve);
          },
          { once: true },
        );
        release();
      }),
    waitOn: async (promise) => {
      waiting += 1;
      release();
      try {
        return await promise;
      } finally {
        waiting -= 1;
        if (!life?.isOver) await new Promise<void>((resolve) => enqueue(nowMs, life, resolve));
        else await new Promise<void>(() => {});
      }
    },
  });

  const next = async (): Promise<Sleeper | undefined> => {
    if (sleepers.length === 0 && waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    return sleepers[0];
  };

  const runUntil = async (untilMs: EpochMs) => {
    for (;;) {
      const sleeper = await next();
      if (!sleeper || sleeper.atMs > untilMs) break;
      sleepers.shift();
      nowMs = Math.max(nowMs, sleeper.atMs);
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      sleeper.wake();
      await released;
      if (waiting > 0) await new Promise((resolve) => setImmediate(resolve));
      if (failure) throw (failure as { cause: unknown }).cause;
    }
    nowMs = Math.max(nowMs, untilMs);
  };

  const end = (life: Life) => {
    life.isOver = true;
    sleepers = sleepers.filter((one) => one.life !== life);
  };

  const spawn: VirtualClock['spawn'] = (task, options = {}) => {
    enqueue(options.atMs ?? nowMs, options.life ?? null, () => {
      task()
        .catch((cause: unknown) => {
          failure ??= { cause };
        })
        .finally(() => release());
    });
  };

  return { ...clockOf(null), spawn, runUntil, forLife: clockOf, end };
}
