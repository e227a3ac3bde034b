/** Child process: the real service, ceilings off, brought to where every order is in the warehouse; then it is
 *  measured how it tells the marketplace what left, driven by hand without waiting. */
import { rehearsalSettings } from '../rehearsal/settings.ts';
import { type Clock, systemClock } from '../src/clock.ts';
import { silentLog } from '../src/log.ts';
import { composeService, driveByHand, type ManualDrive, type Service } from '../src/main.ts';
import { createHttpTransport } from '../src/transport.ts';
import { answerParent } from './child.ts';
import { type RecordedCall, recording } from './recording.ts';
import type { Opened } from './vendors.ts';

export type StageQuestion = Opened & {
  /** An empty database. */
  databaseUrl: string;
  orders: number;
};

export type DespatchRun = {
  /** Units: milliseconds. `collectMs`: the report is read and arranged. `tellMs`: every order is told.
   *  `seeMs`: every order is seen shipped. */
  collectMs: number;
  tellMs: number;
  seeMs: number;
  /** CPU time of this process, user and system, during the three. */
  cpuMs: number;
  /** Most memory this process ever had resident. Units: bytes. */
  peakRssBytes: number;
  calls: RecordedCall[];
};

export type DespatchServiceAnswers = {
  /** Takes the orders in and to the warehouse. Returns the calls that it took. */
  stage(question: StageQuestion): Promise<RecordedCall[]>;
  run(question: null): Promise<DespatchRun>;
  close(question: null): Promise<null>;
};

/** More than a despatch is left alone for before it is looked at, or looked at again; the service's clock leaps
 *  over it. */
const leapMs = 20_000;

type Staged = {
  service: Service;
  drive: ManualDrive;
  orders: number;
  calls: RecordedCall[];
  leap(): void;
  close(): Promise<void>;
};
let staged: Staged | null = null;

const answers: DespatchServiceAnswers = {
  stage: async (question) => {
    staged = await openStage(question);
    for (const flow of ['despatch.confirm', 'orders.intake', 'orders.export'])
      await run(staged, flow);
    return staged.calls.splice(0);
  },
  run: () => measure(staged!),
  close: async () => {
    await staged?.close();
    staged = null;
    return null;
  },
};
answerParent(answers);

async function openStage(question: StageQuestion): Promise<Staged> {
  const http = createHttpTransport();
  const calls: RecordedCall[] = [];
  const time = { aheadMs: 0 };
  const nowMs = () => systemClock.nowMs() + time.aheadMs;
  const clock: Clock = { ...systemClock, nowMs, now: () => new Date(nowMs()) };
  const service = await composeService({
    settings: rehearsalSettings({
      marketplaces: [{ id: 'john-lewis', url: question.marketplaceUrl }],
      warehouseUrl: question.warehouseUrl,
    }),
    databaseUrl: question.databaseUrl,
    clock,
    log: silentLog,
    transport: recording(http.send, question, calls),
    isPaced: false,
  });
  const drive = driveByHand(service, 1);
  await drive.begin([]);
  const close = async () => {
    await service.close();
    await http.close();
  };
  const leap = () => {
    time.aheadMs += leapMs;
  };
  return { service, drive, orders: question.orders, calls, leap, close };
}

async function run({ service, drive }: Staged, name: string): Promise<void> {
  const flow = service.flows.find((one) => one.name === name)!;
  const outcome = await drive.run(flow, new AbortController().signal, () => {});
  if (outcome !== 'done') throw new Error(`${name} ended as ${outcome}`);
  // The schedule writes the journal every half second; here it is written after each run.
  await service.journal.flush();
}

async function measure(stage: Staged): Promise<DespatchRun> {
  const cpuBefore = process.cpuUsage();
  const collectMs = await timed(() => run(stage, 'despatch.collect'));
  const tellMs = await timed(() => confirmUntil(stage, 'shipped_at'));
  stage.leap();
  const seeMs = await timed(async () => {
    await run(stage, 'orders.intake');
    await confirmUntil(stage, 'verified_at');
  });
  const cpu = process.cpuUsage(cpuBefore);
  return {
    collectMs,
    tellMs,
    seeMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    calls: stage.calls,
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - startMs;
}

/** One run takes up a part of what waits: it is run until all of it is through. */
async function confirmUntil(stage: Staged, mark: 'shipped_at' | 'verified_at'): Promise<void> {
  for (let known = -1, done = 0; done < stage.orders; known = done) {
    await run(stage, 'despatch.confirm');
    done = await countMarked(stage.service, mark);
    if (done === known) throw new Error(`${stage.orders - done} orders never get ${mark}`);
  }
}

async function countMarked(service: Service, mark: 'shipped_at' | 'verified_at'): Promise<number> {
  const row = await service.database.db
    .selectFrom('confirmations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(mark, 'is not', null)
    .executeTakeFirstOrThrow();
  return row.count;
}
