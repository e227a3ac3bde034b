/** Drives the flows of a real service on a virtual clock: the same cadences, fences and runs as in
 *  production, without pg-boss. Lives of the service can be ended at any moment and begun anew. */

import type { Clock } from '../src/clock.ts';
import type { ManualDrive, Service } from '../src/main.ts';
import type { Life, VirtualClock } from './virtual-clock.ts';

/** How soon a flow that is due while it runs is looked at again. */
const busyMs = 1_000;

/** Starts driving; ends with the life, or when `signal` aborts. `onIdle` is called when nothing runs. */
export function drive(
  clock: VirtualClock,
  life: Life,
  service: Service,
  hooks: ManualDrive,
  signal: AbortSignal,
): void {
  const mine: Clock = clock.forLife(life);
  const busy = new Set<string>();
  let nap = new AbortController();
  const lookNow = () => nap.abort();
  clock.spawn(
    async () => {
      let next: Date | null = mine.now();
      while (!signal.aborted) {
        // Claiming writes: only when something is due.
        const isDue = next !== null && next.getTime() <= mine.nowMs();
        for (const one of isDue ? await hooks.claimDue() : []) {
          const key = `${one.flow} ${one.connection}`;
          const flow = service.flows.find(
            (f) => f.name === one.flow && f.connection === one.connection,
          );
          if (!flow) continue;
          if (busy.has(key)) {
            await hooks.putOff(one.flow, one.connection, new Date(mine.nowMs() + busyMs));
            continue;
          }
          busy.add(key);
          clock.spawn(
            async () => {
              const outcome = await hooks.run(flow, signal, lookNow);
              busy.delete(key);
              // A run that went well leaves every due time as it was, or has called for a look itself.
              if (outcome !== 'done') lookNow();
            },
            { life },
          );
        }
        nap = new AbortController();
        if (isDue) next = await hooks.nextDue();
        const waitMs = next ? Math.max(0, next.getTime() - mine.nowMs()) : 60_000;
        await mine.sleep(waitMs, nap.signal);
        // A run has failed or woken another flow: what falls due next may have changed.
        if (next === null || nap.signal.aborted) next = await hooks.nextDue();
      }
    },
    { life },
  );
}
