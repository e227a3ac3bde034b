/** Confirmations a second with the ceilings off: from the warehouse's report to every order seen shipped, beside
 *  the floor, which makes the same HTTP calls again with no store. Fresh vendors of one seed each time. */
import { type Child, startChild } from './child.ts';
import type { DespatchRun, DespatchServiceAnswers } from './despatch-service.ts';
import type { FloorAnswers } from './floor.ts';
import { load, machine, mebibytes, round, type Spread, spread, table } from './page.ts';
import type { RecordedCall } from './recording.ts';
import { type BenchServer, openBenchServer } from './store.ts';
import type { Truth, VendorAnswers, Waiting } from './vendors.ts';

type Given = { orders: number; rounds: number; seed: number };

export type DespatchRow = {
  operator: string;
  /** Orders a second from the report to being seen shipped. */
  perSecond: Spread;
  floorPerSecond: Spread;
  ratioToFloor: number;
  /** Units: seconds. The report is read and arranged; all is told; all is seen shipped. */
  collect: Spread;
  tell: Spread;
  see: Spread;
  /** CPU time of the service's process. Units: milliseconds an order. */
  cpuMsPerOrder: number;
  callsPerOrder: {
    mirakl: number;
    peoplevox: number;
    /** The marketplace's calls by operation. */
    byOperation: Record<string, number>;
  };
  /** Most memory that the service's process ever held. Units: MiB. */
  peakRssMiB: number;
};

export type DespatchFigures = Given & {
  machine: string;
  /** Load average before and after. */
  load: [number, number];
  versions: string;
  settings: string;
  rows: DespatchRow[];
};

type Kind = NonNullable<Waiting['despatch']>;

/** How the operator is told, by what it knows. */
const operators: Record<Kind, string> = {
  wholeOrder: 'one shipment (OR23, OR24)',
  shipments: 'several (ST01, ST11)',
};

type Cast = {
  server: BenchServer;
  vendors: Child<VendorAnswers>;
  service: Child<DespatchServiceAnswers>;
  floor: Child<FloorAnswers>;
};

/** Measures both kinds of operators. Throws when an order was not told, or told twice. */
export async function benchDespatch(
  given: Given,
): Promise<{ figures: DespatchFigures; page: string }> {
  const server = await openBenchServer();
  const loadBefore = load();
  const rows: DespatchRow[] = [];
  try {
    for (const kind of ['wholeOrder', 'shipments'] as const)
      rows.push(await withCast(server, (cast) => measureRow(cast, given, kind)));
  } finally {
    await server.stop();
  }
  const figures = {
    orders: given.orders,
    rounds: given.rounds,
    seed: given.seed,
    machine: machine(),
    load: [loadBefore, load()] as [number, number],
    versions: `Node ${process.versions.node}, ${server.description}`,
    settings:
      'ceilings off, flows driven by hand without waiting, HTTP on loopback, vendors in a process of their own',
    rows,
  };
  return { figures, page: pageOf(figures) };
}

/** Fresh processes for each row, so that one row's memory is not told as another's. */
async function withCast<T>(server: BenchServer, work: (cast: Cast) => Promise<T>): Promise<T> {
  const vendors = startChild<VendorAnswers>('./vendors.ts');
  const service = startChild<DespatchServiceAnswers>('./despatch-service.ts');
  const floor = startChild<FloorAnswers>('./floor.ts');
  try {
    return await work({ server, vendors, service, floor });
  } finally {
    await Promise.all([vendors.stop(), service.stop(), floor.stop()]);
  }
}

async function measureRow(cast: Cast, given: Given, kind: Kind): Promise<DespatchRow> {
  const { seed, orders } = given;
  const waiting = { seed, orders, needsAcceptance: false, latencyMs: 0, despatch: kind };
  // The warm-up is what the floor plays.
  const warm = await runService(cast, waiting);
  await replay(cast, waiting, warm);
  const runs: Run[] = [];
  const floors: { wallMs: number }[] = [];
  for (let at = 0; at < given.rounds; at += 1) {
    runs.push(await runService(cast, waiting));
    floors.push(await replay(cast, waiting, warm));
  }
  const perSecond = spread(runs.map((run) => (orders / totalMs(run)) * 1_000));
  const floorPerSecond = spread(floors.map((run) => (orders / run.wallMs) * 1_000));
  const seconds = (of: (run: Run) => number) =>
    spread(
      runs.map((run) => of(run) / 1_000),
      3,
    );
  return {
    operator: operators[kind],
    perSecond,
    floorPerSecond,
    ratioToFloor: round(perSecond.median / floorPerSecond.median, 3),
    collect: seconds((run) => run.collectMs),
    tell: seconds((run) => run.tellMs),
    see: seconds((run) => run.seeMs),
    cpuMsPerOrder: round(spread(runs.map((run) => run.cpuMs)).median / orders, 3),
    callsPerOrder: callsOf(runs[0]!, orders),
    peakRssMiB: mebibytes(Math.max(...runs.map((run) => run.peakRssBytes))),
  };
}

type Run = DespatchRun & {
  staging: RecordedCall[];
  openedMs: number;
  before: Truth;
  after: Truth;
};

async function runService(cast: Cast, waiting: Waiting): Promise<Run> {
  const { vendors, service } = cast;
  const opened = await vendors.ask('open', waiting);
  return cast.server.withDatabase(async (databaseUrl) => {
    const { orders } = waiting;
    const staging = await service.ask('stage', { ...opened, databaseUrl, orders });
    await vendors.ask('leave', null);
    const before = await vendors.ask('truth', null);
    const run = await service.ask('run', null);
    await service.ask('close', null);
    const after = await checkedTruth(cast, waiting, 'service');
    return { ...run, staging, openedMs: opened.openedMs, before, after };
  });
}

async function replay(cast: Cast, waiting: Waiting, warm: Run): Promise<{ wallMs: number }> {
  const opened = await cast.vendors.ask('open', waiting);
  const base = { ...opened, recordedMs: warm.openedMs };
  await cast.floor.ask('replay', { ...base, calls: warm.staging });
  await cast.vendors.ask('leave', null);
  const played = await cast.floor.ask('replay', { ...base, calls: warm.calls });
  await checkedTruth(cast, waiting, 'floor');
  return played;
}

/** A run that did not tell of every order, with its number and once, is no measurement. */
async function checkedTruth(cast: Cast, waiting: Waiting, who: string): Promise<Truth> {
  const truth = await cast.vendors.ask('truth', null);
  if (truth.shipped !== waiting.orders || truth.toldTwice > 0)
    throw new Error(`${who}: not every order was told once: ${JSON.stringify(truth)}`);
  return truth;
}

function totalMs(run: DespatchRun): number {
  return run.collectMs + run.tellMs + run.seeMs;
}

function callsOf({ before, after }: Run, orders: number): DespatchRow['callsPerOrder'] {
  const per = (later: number, earlier = 0) => round((later - earlier) / orders, 4);
  const byOperation = Object.entries(after.marketplaceCalls).flatMap(([name, count]) => {
    const share = per(count, before.marketplaceCalls[name]);
    return share > 0 ? [[name, share] as const] : [];
  });
  return {
    mirakl: per(after.calls.mirakl, before.calls.mirakl),
    peoplevox: per(after.calls.peoplevox, before.calls.peoplevox),
    byOperation: Object.fromEntries(byOperation),
  };
}

function pageOf(figures: DespatchFigures): string {
  const head = [
    'operator knows',
    'orders/s',
    'floor/s',
    'ratio',
    'collect s',
    'tell s',
    'see s',
    'CPU ms/order',
    'Mirakl calls/order',
    'Peoplevox calls/order',
    'peak RSS',
  ];
  const rows = figures.rows.map((row) => [
    row.operator,
    spreadText(row.perSecond),
    spreadText(row.floorPerSecond),
    row.ratioToFloor.toFixed(2),
    row.collect.median.toFixed(2),
    row.tell.median.toFixed(2),
    row.see.median.toFixed(2),
    row.cpuMsPerOrder.toFixed(2),
    String(row.callsPerOrder.mirakl),
    String(row.callsPerOrder.peoplevox),
    `${row.peakRssMiB} MiB`,
  ]);
  return [
    `${figures.orders} despatches from the warehouse's report to seen shipped: median of ${figures.rounds} rounds (least-most), seed ${figures.seed}`,
    ...table([head, ...rows]),
    ...figures.rows.map(
      ({ operator, callsPerOrder }) => `${operator}: ${operationsText(callsPerOrder.byOperation)}`,
    ),
    figures.settings,
    `${figures.machine}, load average ${figures.load.join(' to ')}`,
    figures.versions,
  ].join('\n');
}

function operationsText(byOperation: Record<string, number>): string {
  const parts = Object.entries(byOperation).map(([name, share]) => `${name} ${share}`);
  return `${parts.join(', ')} calls an order`;
}

function spreadText({ median, min, max }: Spread): string {
  return `${Math.round(median)} (${Math.round(min)}-${Math.round(max)})`;
}
