/** Child process: the same calls in the same order, sent one after the other and read to their end, with no
 *  store and nothing parsed but the new session's id. What any service on these vendors must at least spend. */
import { Pool } from 'undici';
import { systemClock } from '../src/clock.ts';
import { answerParent } from './child.ts';
import type { RecordedCall } from './recording.ts';
import type { Opened } from './vendors.ts';

export type ReplayQuestion = Opened & {
  calls: readonly RecordedCall[];
  /** When the vendors of the recording were opened: dates in questions are moved by the difference. */
  recordedMs: number;
};

export type ReplayFigures = { wallMs: number; cpuMs: number };

export type FloorAnswers = { replay(question: ReplayQuestion): Promise<ReplayFigures> };

const answers: FloorAnswers = {
  replay: async (question) => {
    const shiftMs = question.openedMs - question.recordedMs;
    const calls = question.calls.map((call) => ({ ...call, target: moved(call.target, shiftMs) }));
    const pools = {
      marketplace: new Pool(question.marketplaceUrl, { connections: 8 }),
      warehouse: new Pool(question.warehouseUrl, { connections: 8 }),
    };
    const cpuBefore = process.cpuUsage();
    const startMs = systemClock.monotonicMs();
    await sendAll(pools, calls);
    const wallMs = systemClock.monotonicMs() - startMs;
    const cpu = process.cpuUsage(cpuBefore);
    await Promise.all([pools.marketplace.close(), pools.warehouse.close()]);
    return { wallMs, cpuMs: (cpu.user + cpu.system) / 1_000 };
  },
};
answerParent(answers);

/** Of the warehouse; also for a second part of the calls, against the same vendors. */
let session = '';

async function sendAll(
  pools: Record<RecordedCall['to'], Pool>,
  calls: readonly RecordedCall[],
): Promise<void> {
  for (const { to, method, target, headers, body } of calls) {
    const answer = await pools[to].request({
      method,
      path: target,
      headers,
      body: body?.replace(/<SessionId>[^<]*/, `<SessionId>${session}`) ?? null,
    });
    if (answer.statusCode >= 300) throw new Error(`${method} ${target}: ${answer.statusCode}`);
    const bytes = await answer.body.arrayBuffer();
    if (body?.includes('<Authenticate')) {
      session = /,([^<,]+)<\/Detail>/.exec(Buffer.from(bytes).toString('utf8'))?.[1] ?? '';
    }
  }
}

/** Polls ask for what changed since an instant that has to lie before the new vendors' orders, and as far. */
function moved(target: string, shiftMs: number): string {
  const url = new URL(target, 'http://localhost');
  const from = url.searchParams.get('start_update_date');
  if (from === null) return target;
  url.searchParams.set('start_update_date', new Date(Date.parse(from) + shiftMs).toISOString());
  return url.pathname + url.search;
}
