/** A clock for flows that run one after the other: whoever sleeps moves the time on and wakes at once. */
import type { Clock } from '../../src/clock.ts';

export type LeapingClock = Clock & {
  /** Moves the time on, never back. */
  leapTo(ms: number): void;
};

export function createLeapingClock(startMs: number): LeapingClock {
  let atMs = startMs;
  const leapTo = (ms: number) => {
    atMs = Math.max(atMs, ms);
  };
  return {
    now: () => new Date(atMs),
    nowMs: () => atMs,
    monotonicMs: () => atMs,
    sleep: async (ms, signal) => {
      if (!signal?.aborted) leapTo(atMs + Math.max(0, ms));
    },
    waitOn: (promise) => promise,
    leapTo,
  };
}
