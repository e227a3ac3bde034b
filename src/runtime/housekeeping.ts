/** Keeps the runtime's own tables from growing without end. */
import { pruneCalls } from './calls.ts';
import type { Flow } from './flow.ts';

/** Deletes journal entries past their time, hourly. */
export function housekeepingFlow(policies: { keepCallsDays: number }): Flow {
  return {
    name: 'runtime.housekeeping',
    connection: 'all',
    everyMs: 3_600_000,
    urgency: 9,
    run: async (context) => {
      const pruned = await pruneCalls(context.db, context.clock, policies.keepCallsDays);
      if (pruned > 0) context.log.info({ pruned }, 'old journal entries deleted');
    },
  };
}
