/** Leave to call a vendor within one process, for checks that must work while the database is away. */
import type { Clock } from '../clock.ts';
import type { Pace } from '../transport.ts';
import type { Lane } from './pace.ts';

/** How often a caller looks whether the call in flight is done. */
const lookAgainMs = 20;

/** A pace that no other process knows of. Never throws. */
export function createLocalPace(deps: {
  clock: Clock;
  laneOf: (operation: string) => Lane | null;
}): Pace {
  const lanes = new Map<string, { nextMs: number; isHeld: boolean }>();
  const stateOf = (lane: Lane) => {
    const known = lanes.get(lane.name) ?? { nextMs: 0, isHeld: false };
    lanes.set(lane.name, known);
    return known;
  };
  return {
    take: async (operation) => {
      const lane = deps.laneOf(operation);
      if (!lane) return { done: async () => {} };
      const state = stateOf(lane);
      for (;;) {
        const waitMs = state.nextMs - deps.clock.nowMs();
        if (waitMs <= 0 && !state.isHeld) break;
        await deps.clock.sleep(Math.max(waitMs, lookAgainMs));
      }
      state.nextMs = deps.clock.nowMs() + lane.gapMs;
      state.isHeld = lane.isExclusive;
      return {
        done: async () => {
          state.isHeld = false;
        },
      };
    },
    backOff: async (operation, ms) => {
      const lane = deps.laneOf(operation);
      if (!lane) return;
      const state = stateOf(lane);
      state.nextMs = Math.max(state.nextMs, deps.clock.nowMs() + ms);
    },
  };
}
