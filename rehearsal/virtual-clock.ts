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
  const time = new Time(startMs);
  return {
    ...clockOf(time, null),
    spawn: (task, options = {}) => time.spawn(task, options.atMs, options.life ?? null),
    runUntil: (untilMs) => time.runUntil(untilMs),
    forLife: (life) => clockOf(time, life),
    end: (life) => time.end(life),
  };
}

/** The line of sleepers, and the one task that is awake. */
class Time {
  nowMs: EpochMs;
  #order = 0;
  #sleepers: Sleeper[] = [];
  /** Tasks that await each other and not time. */
  #waiting = 0;
  #release: () => void = () => {};
  #failure: { cause: unknown } | null = null;

  constructor(startMs: EpochMs) {
    this.nowMs = startMs;
  }

  /** Joins the line: sorted by instant, then by who came first. */
  enqueue(atMs: EpochMs, life: Life | null, wake: () => void): Sleeper {
    const sleeper = { atMs, order: this.#order++, life, wake };
    let low = 0;
    let high = this.#sleepers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sleepers[middle]!.atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    this.#sleepers.splice(low, 0, sleeper);
    return sleeper;
  }

  /** True when it stood in the line. */
  leave(sleeper: Sleeper): boolean {
    const at = this.#sleepers.indexOf(sleeper);
    if (at >= 0) this.#sleepers.splice(at, 1);
    return at >= 0;
  }

  /** The task that is awake goes to sleep, or ends. */
  release(): void {
    this.#release();
  }

  async wait<T>(promise: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.release();
    try {
      return await promise;
    } finally {
      this.#waiting -= 1;
    }
  }

  spawn(task: () => Promise<void>, atMs: EpochMs | undefined, life: Life | null): void {
    this.enqueue(atMs ?? this.nowMs, life, () => {
      task()
        .catch((cause: unknown) => {
          this.#failure ??= { cause };
        })
        .finally(() => this.release());
    });
  }

  async runUntil(untilMs: EpochMs): Promise<void> {
    for (;;) {
      // Whoever awaits another task joins the line a moment after that task has ended.
      if (this.#waiting > 0) await new Promise((resolve) => setImmediate(resolve));
      const sleeper = this.#sleepers[0];
      if (!sleeper || sleeper.atMs > untilMs) break;
      this.#sleepers.shift();
      this.nowMs = Math.max(this.nowMs, sleeper.atMs);
      const released = new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      sleeper.wake();
      await released;
      if (this.#failure) throw this.#failure.cause;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  end(life: Life): void {
    life.isOver = true;
    this.#sleepers = this.#sleepers.filter((one) => one.life !== life);
  }
}

function clockOf(time: Time, life: Life | null): Clock {
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (life?.isOver) return time.release();
      const restMs = signal?.aborted ? 0 : Math.max(0, ms);
      const wake = () => {
        // A signal lives as long as the service: what no longer waits for it must let go of it.
        signal?.removeEventListener('abort', wakeNow);
        resolve();
      };
      const sleeper = time.enqueue(time.nowMs + restMs, life, wake);
      const wakeNow = () => {
        if (time.leave(sleeper)) time.enqueue(time.nowMs, life, resolve);
      };
      signal?.addEventListener('abort', wakeNow, { once: true });
      time.release();
    });
  return {
    now: () => new Date(time.nowMs),
    nowMs: () => time.nowMs,
    monotonicMs: () => time.nowMs,
    sleep,
    waitOn: async (promise) => {
      try {
        return await time.wait(promise);
      } finally {
        if (life?.isOver) await new Promise<void>(() => {});
        await new Promise<void>((resolve) => time.enqueue(time.nowMs, life, resolve));
      }
    },
  };
}
