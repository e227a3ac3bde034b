/** The service as a process of its own, to be killed: `node service-process.ts <settings as JSON>`. Says
 *  `started` on standard output when work has begun, and what failed when it has not. */
import { createLog } from '../../src/log.ts';
import { startService, systemClock } from '../../src/main.ts';
import type { Settings } from '../../src/settings.ts';

/** `aheadMs`: its clock runs so much ahead, as if it were started that much later. */
export type Given = { settings: Settings; isPaced: boolean; aheadMs: number };

const given = JSON.parse(process.argv[2] ?? '') as Given;
try {
  const running = await startService({
    settings: given.settings,
    clock: {
      ...systemClock,
      now: () => new Date(systemClock.nowMs() + given.aheadMs),
      nowMs: () => systemClock.nowMs() + given.aheadMs,
    },
    log: createLog(given.settings.service.logLevel),
    isPaced: given.isPaced,
  });
  process.on('SIGTERM', () => {
    void running.stop().then(() => process.exit(0));
  });
  process.stdout.write('started\n');
} catch (cause) {
  process.stdout.write(`failed ${(cause as Error).name}: ${(cause as Error).message}\n`);
  process.exit(1);
}
