/** A clock that stands still until a test moves it on. */
import type { Clock } from '../src/clock.ts';

export type ManualClock = Clock & {
  /** Moves the time on and wakes every sleeper whose time has come. */
  advance(ms: number): void;
  /** Resolves as soon as this many tasks sleep on the clock at once. */
  asleep(count: number): Promise<void>;
  /** What each sleep so far asked for. Units: milliseconds. */
  readonly naps: readonly number[];
};

type Sleeper = { until: number; wake: () => void };

/** Starts at 2026-02-03T10:00:00Z unless told otherwise. */
export function createManualClock(start = '2026-02-03T10:00:00.000Z'): ManualClock {
  let at = Date.parse(start);
  let sleepers: Sleeper[] = [];
  let watchers: { count: number; tell: () => void }[] = [];
  const naps: number[] = [];
  const tellWatchers = () => {
    const told = watchers.filter((one) => sleepers.length >= one.count);
    watchers = watchers.filter((one) => !told.includes(one));
    for (const one of told) one.tell();
  };
  return {
    now: () => new Date(at),
    nowMs: () => at,
    monotonicMs: () => at,
    waitOn: (promise) => promise,
    naps,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        naps.push(ms);
        if (signal?.aborted || ms <= 0) return resolve();
        const sleeper: Sleeper = { until: at + ms, wake: resolve };
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          resolve();
        });
        sleepers.push(sleeper);
        tellWatchers();
      }),
    advance: (ms) => {
      at += ms;
      const due = sleepers.filter((one) => one.until <= at);
      sleepers = sleepers.filter((one) => one.until > at);
      for (const one of due) one.wake();
    },
    asleep: (count) =>
      new Promise((resolve) => {
        watchers.push({ count, tell: resolve });
        tellWatchers();
      }),
  };
}
