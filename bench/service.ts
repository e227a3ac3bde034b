/** Child process: the real service, ceilings off, real HTTP and a real database; driven by hand on the
 *  machine's clock without waiting between runs. */
import { rehearsalSettings } from '../rehearsal/settings.ts';
import { systemClock } from '../src/clock.ts';
import { silentLog } from '../src/log.ts';
import { composeService, driveByHand, type Service } from '../src/main.ts';
import { createHttpTransport, type Transport } from '../src/transport.ts';
import { answerParent } from './child.ts';
import { type RecordedCall, recording } from './recording.ts';
import type { Opened } from './vendors.ts';

export type RunQuestion = Opened & {
  /** An empty database. */
  databaseUrl: string;
  orders: number;
  needsAcceptance: boolean;
  /** Whether the calls are kept, for the floor to make them again. */
  isRecorded: boolean;
};

export type RunFigures = {
  wallMs: number;
  /** CPU time of this process, user and system, during the run. */
  cpuMs: number;
  /** Most memory this process ever had resident. Units: bytes. */
  peakRssBytes: number;
  /** Most memory in use by live objects at any call of the run; 0 unless Node runs with --expose-gc. */
  peakLiveBytes: number;
  calls: RecordedCall[];
};

export type ServiceAnswers = { run(question: RunQuestion): Promise<RunFigures> };

const answers: ServiceAnswers = {
  run: async (question) => {
    const http = createHttpTransport();
    const calls: RecordedCall[] = [];
    const live = { peakBytes: 0 };
    const send = globalThis.gc ? weighing(http.send, live) : http.send;
    const service = await composeService({
      settings: rehearsalSettings({
        marketplaces: [{ id: 'john-lewis', url: question.marketplaceUrl }],
        warehouseUrl: question.warehouseUrl,
      }),
      databaseUrl: question.databaseUrl,
      clock: systemClock,
      log: silentLog,
      transport: question.isRecorded ? recording(send, question, calls) : send,
      isPaced: false,
    });
    try {
      return { ...(await measure(service, question)), peakLiveBytes: live.peakBytes, calls };
    } finally {
      await service.close();
      await http.close();
    }
  },
};
answerParent(answers);

async function measure(service: Service, question: RunQuestion) {
  const drive = driveByHand(service, 1);
  await drive.begin([]);
  const signal = new AbortController().signal;
  const run = async (name: string) => {
    const flow = service.flows.find((one) => one.name === name)!;
    const outcome = await drive.run(flow, signal, () => {});
    if (outcome !== 'done') throw new Error(`${name} ended as ${outcome}`);
    // The schedule writes the journal every half second; here it is written after each run.
    await service.journal.flush();
  };
  const cpuBefore = process.cpuUsage();
  const startMs = systemClock.monotonicMs();
  await run('orders.intake');
  if (question.needsAcceptance) {
    while ((await countOrders(service, 'WAITING_ACCEPTANCE')) > 0) {
      await run('orders.accept');
      await run('orders.intake');
    }
  }
  await run('orders.export');
  for (let left = question.orders; left > 0; ) {
    await run('orders.reference');
    const before = left;
    left = question.orders - (await countWritten(service));
    if (left === before) throw new Error(`${left} orders do not come to an end`);
  }
  const wallMs = systemClock.monotonicMs() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuMs = (cpu.user + cpu.system) / 1_000;
  return { wallMs, cpuMs, peakRssBytes: process.resourceUsage().maxRSS * 1_024 };
}

async function countOrders(service: Service, wireState: string): Promise<number> {
  const row = await service.database.db
    .selectFrom('orders')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('wire_state', '=', wireState)
    .executeTakeFirstOrThrow();
  return row.count;
}

async function countWritten(service: Service): Promise<number> {
  const row = await service.database.db
    .selectFrom('sales_orders')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('reference_written_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Weighs what is alive just before each call: where the service waits, and holds what it works on. */
function weighing(send: Transport, live: { peakBytes: number }): Transport {
  return (request) => {
    void globalThis.gc?.();
    const { heapUsed } = process.memoryUsage();
    live.peakBytes = Math.max(live.peakBytes, heapUsed);
    return send(request);
  };
}
