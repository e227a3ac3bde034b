/** Structured logs (pino): JSON lines on standard error, one per step outcome. Never a customer's name,
 *  address, e-mail or a secret: the fields below are the only ones that flows use. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Creates the service's log. Synchronous writes, so that the last words before a crash arrive. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }),
  );
}

/** Logs nothing; for tests and for commands whose output is data. */
export const silentLog: Log = createLog('silent');
