/** Child process: the real service with its ceilings off, driven by hand through the stock flows. One process
 *  fills, a fresh one is measured, so that the memory of one is not told as the other's. */
import { rehearsalSettings } from '../rehearsal/settings.ts';
import { type Clock, systemClock } from '../src/clock.ts';
import { silentLog } from '../src/log.ts';
import { composeService, driveByHand, type ManualDrive, type Service } from '../src/main.ts';
import { streamInventory } from '../src/peoplevox/inventory.ts';
import { createHttpTransport } from '../src/transport.ts';
import { answerParent } from './child.ts';

export type ServiceQuestion = {
  databaseUrl: string;
  marketplaceUrl: string;
  warehouseUrl: string;
  /** Whether the whole report is read or the report of changes. */
  read: 'full' | 'changes';
};

/** How far the service's clock is ahead of the machine's: between two rounds a cadence has to pass, and nobody
 *  waits for it. It must never go back, in later processes neither. */
type Ahead = { aheadMs: number };

/** How long the flows took, one after the other. Units: milliseconds. */
export type FlowTimes = { readMs: number; reckonMs: number; publishMs: number };

export type StockServiceAnswers = {
  open(question: ServiceQuestion): Promise<null>;
  /** The first sight of everything: offers, then the warehouse. */
  fill(question: null): Promise<{ offersMs: number; warehouseMs: number }>;
  /** What changed, from the question to the warehouse until the marketplace has taken the file. */
  round(question: Ahead): Promise<FlowTimes & { cpuMs: number }>;
  /** The same answer received and thrown away, and received, parsed and thrown away. */
  alone(question: { warehouseUrl: string; body: string }): Promise<{
    drainMs: number;
    parseMs: number;
    rows: number;
  }>;
  /** Follows the import to its end and reads back what the marketplace shows. */
  readBack(question: Ahead): Promise<{ readBackMs: number }>;
  /** Most memory that this process ever held. Units: bytes. */
  memory(question: null): Promise<{ peakRssBytes: number }>;
  close(question: null): Promise<null>;
};

type Open = {
  service: Service;
  drive: ManualDrive;
  http: ReturnType<typeof createHttpTransport>;
};
let open: Open | null = null;

let aheadMs = 0;
const clock: Clock = {
  ...systemClock,
  now: () => new Date(clock.nowMs()),
  nowMs: () => systemClock.nowMs() + aheadMs,
};
const answers: StockServiceAnswers = {
  open: async (question) => {
    const http = createHttpTransport();
    const { databaseUrl, marketplaceUrl, warehouseUrl, read } = question;
    const settings = rehearsalSettings({
      marketplaces: [{ id: 'john-lewis', url: marketplaceUrl }],
      warehouseUrl,
    });
    const service = await composeService({
      settings: {
        ...settings,
        warehouses: settings.warehouses.map((one) => ({
          ...one,
          stock: { ...one.stock, read, fullReadMinutes: 10_080 },
        })),
      },
      databaseUrl,
      clock,
      log: silentLog,
      transport: http.send,
      isPaced: false,
    });
    const drive = driveByHand(service, 1);
    await drive.begin([]);
    open = { service, drive, http };
    return null;
  },
  fill: async () => {
    // The export is begun by one run and taken up by the next.
    const offersMs = (await run('stock.offers', 'later')) + (await run('stock.offers'));
    const warehouseMs = (await run('stock.read')) + (await run('stock.reckon'));
    return { offersMs, warehouseMs };
  },
  round: async (question) => {
    aheadMs = question.aheadMs;
    const before = process.cpuUsage();
    const readMs = await run('stock.read');
    const reckonMs = await run('stock.reckon');
    const publishMs = await run('stock.publish');
    const { user, system } = process.cpuUsage(before);
    return { readMs, reckonMs, publishMs, cpuMs: (user + system) / 1_000 };
  },
  alone: async ({ warehouseUrl, body }) => {
    const drainMs = await timed(() => drained(warehouseUrl, body));
    let rows = 0;
    const parseMs = await timed(async () => {
      const peoplevox = open!.service.warehouses.get('main')!;
      for await (const batch of streamInventory(peoplevox, ['PrimarySite']))
        rows += batch.rows.length;
    });
    return { drainMs, parseMs, rows };
  },
  readBack: async (question) => {
    aheadMs = question.aheadMs;
    const readBackMs = await timed(async () => {
      await run('stock.publish');
      // What an import brought is read back some seconds after its end.
      aheadMs += 10_000;
      await run('stock.offers', 'later');
      await run('stock.offers');
    });
    return { readBackMs };
  },
  memory: async () => ({ peakRssBytes: process.resourceUsage().maxRSS * 1_024 }),
  close: async () => {
    await open!.service.close();
    await open!.http.close();
    return null;
  },
};
answerParent(answers);

/** Runs a flow once; returns how long it took. */
async function run(name: string, expected: 'done' | 'later' = 'done'): Promise<number> {
  const { service, drive } = open!;
  const flow = service.flows.find((one) => one.name === name)!;
  return timed(async () => {
    const outcome = await drive.run(flow, new AbortController().signal, () => {});
    if (outcome !== expected) throw new Error(`${name} ended as ${outcome}: ${await said(name)}`);
    await service.journal.flush();
  });
}

async function said(flow: string): Promise<string> {
  const { db } = open!.service.database;
  const query = db.selectFrom('flows').select('last_error').where('flow', '=', flow);
  return (await query.executeTakeFirst())?.last_error ?? '';
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - startMs;
}

/** Receives the whole report as the service does, and looks at none of it. */
async function drained(warehouseUrl: string, body: string): Promise<void> {
  const answer = await open!.http.send({
    method: 'POST',
    url: `${warehouseUrl}/bench/integrationservicev4.asmx`,
    headers: { soapaction: '"http://www.peoplevox.net/GetReportData"' },
    body,
    timeoutMs: 60_000,
  });
  let bytes = 0;
  for await (const piece of answer.body) bytes += piece.length;
  if (bytes === 0) throw new Error('the report has no bytes');
}
