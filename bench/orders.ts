/** Orders a second through the whole flow with the ceilings off, beside the floor: a bare loop that makes the
 *  same HTTP calls with no store. Both in one run, in turn, each time against fresh vendors of one seed. */
import { type Child, startChild } from './child.ts';
import type { FloorAnswers } from './floor.ts';
import { machine, mebibytes, round, type Spread, spread, table } from './page.ts';
import type { RecordedCall } from './recording.ts';
import type { ServiceAnswers } from './service.ts';
import { type BenchServer, openBenchServer } from './store.ts';
import type { Truth, VendorAnswers, Waiting } from './vendors.ts';

type Given = { orders: number; rounds: number; seed: number };

export type Row = {
  acceptance: 'automatic' | 'by seller (OR21)';
  /** How long a vendor takes over a call. Units: milliseconds. */
  vendorMs: number;
  ordersPerSecond: Spread;
  floorOrdersPerSecond: Spread;
  ratioToFloor: number;
  /** CPU time of the service's process. Units: milliseconds an order. */
  cpuMsPerOrder: number;
  floorCpuMsPerOrder: number;
  callsPerOrder: Truth['calls'];
  /** Most memory that the service's process ever held. Units: MiB. */
  peakRssMiB: number;
};

export type OrdersFigures = Given & {
  machine: string;
  versions: string;
  settings: string;
  rows: Row[];
};

/** What the ratio should be at least. */
const targetRatio = 0.5;

type Case = Pick<Waiting, 'needsAcceptance' | 'latencyMs'>;

/** Vendors that answer at once show what the service itself costs; 50 ms is quick for one over the internet. */
const cases: readonly Case[] = [
  { needsAcceptance: false, latencyMs: 0 },
  { needsAcceptance: true, latencyMs: 0 },
  { needsAcceptance: false, latencyMs: 50 },
];

type Cast = {
  server: BenchServer;
  vendors: Child<VendorAnswers>;
  service: Child<ServiceAnswers>;
  floor: Child<FloorAnswers>;
};

export async function benchOrders(given: Given): Promise<{ figures: OrdersFigures; page: string }> {
  const server = await openBenchServer();
  const rows: Row[] = [];
  try {
    for (const one of cases) {
      rows.push(await withCast(server, (cast) => measureRow(cast, given, one)));
    }
  } finally {
    await server.stop();
  }
  const figures = {
    orders: given.orders,
    rounds: given.rounds,
    seed: given.seed,
    machine: machine(),
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
  const service = startChild<ServiceAnswers>('./service.ts');
  const floor = startChild<FloorAnswers>('./floor.ts');
  try {
    return await work({ server, vendors, service, floor });
  } finally {
    await Promise.all([vendors.stop(), service.stop(), floor.stop()]);
  }
}

async function measureRow(cast: Cast, given: Given, one: Case): Promise<Row> {
  const waiting: Waiting = { seed: given.seed, orders: given.orders, ...one };
  // The warm-up is recorded: it is what the floor plays.
  const warm = await runService(cast, waiting, true);
  await replay(cast, waiting, warm);
  const runs: Awaited<ReturnType<typeof runService>>[] = [];
  const floors: Awaited<ReturnType<typeof replay>>[] = [];
  for (let round = 0; round < given.rounds; round += 1) {
    runs.push(await runService(cast, waiting, false));
    floors.push(await replay(cast, waiting, warm));
  }
  const perSecond = (run: { wallMs: number }) => (given.orders / run.wallMs) * 1_000;
  const ordersPerSecond = spread(runs.map(perSecond));
  const floorOrdersPerSecond = spread(floors.map(perSecond));
  const { calls } = runs[0]!.truth;
  return {
    acceptance: one.needsAcceptance ? 'by seller (OR21)' : 'automatic',
    vendorMs: one.latencyMs,
    ordersPerSecond,
    floorOrdersPerSecond,
    ratioToFloor: round(ordersPerSecond.median / floorOrdersPerSecond.median, 3),
    cpuMsPerOrder: round(spread(runs.map((run) => run.cpuMs)).median / given.orders, 3),
    floorCpuMsPerOrder: round(spread(floors.map((run) => run.cpuMs)).median / given.orders, 3),
    callsPerOrder: {
      mirakl: round(calls.mirakl / given.orders, 4),
      peoplevox: round(calls.peoplevox / given.orders, 4),
    },
    peakRssMiB: mebibytes(Math.max(...runs.map((run) => run.peakRssBytes))),
  };
}

async function runService(cast: Cast, waiting: Waiting, isRecorded: boolean) {
  const opened = await cast.vendors.ask('open', waiting);
  const { orders, needsAcceptance } = waiting;
  const run = await cast.server.withDatabase((databaseUrl) =>
    cast.service.ask('run', { ...opened, databaseUrl, orders, needsAcceptance, isRecorded }),
  );
  return { ...run, openedMs: opened.openedMs, truth: await checkedTruth(cast, 'service') };
}

async function replay(
  cast: Cast,
  waiting: Waiting,
  warm: { calls: RecordedCall[]; openedMs: number },
) {
  const opened = await cast.vendors.ask('open', waiting);
  const { calls, openedMs: recordedMs } = warm;
  const played = await cast.floor.ask('replay', { ...opened, calls, recordedMs });
  await checkedTruth(cast, 'floor');
  return played;
}

/** A run that did not bring every order home is no measurement. */
async function checkedTruth(cast: Cast, who: string): Promise<Truth> {
  const truth = await cast.vendors.ask('truth', null);
  if (truth.missing > 0 || truth.referencesWritten < truth.whole)
    throw new Error(`${who}: not every order came home: ${JSON.stringify(truth)}`);
  return truth;
}

function pageOf(figures: OrdersFigures): string {
  const head = [
    'acceptance',
    'vendor ms/call',
    'orders',
    'orders/s',
    'floor/s',
    'ratio',
    'CPU ms/order',
    'Mirakl calls/order',
    'Peoplevox calls/order',
    'peak RSS',
  ];
  const rows = figures.rows.map((row) => [
    row.acceptance,
    String(row.vendorMs),
    String(figures.orders),
    spreadText(row.ordersPerSecond),
    spreadText(row.floorOrdersPerSecond),
    row.ratioToFloor.toFixed(2),
    row.cpuMsPerOrder.toFixed(2),
    String(row.callsPerOrder.mirakl),
    String(row.callsPerOrder.peoplevox),
    `${row.peakRssMiB} MiB`,
  ]);
  const verdicts = figures.rows.map((row) => (row.ratioToFloor >= targetRatio ? 'met' : 'MISSED'));
  return [
    `Orders through the whole flow: median of ${figures.rounds} rounds (least-most), seed ${figures.seed}`,
    ...table([head, ...rows]),
    `target: at least ${targetRatio} of the floor, which makes the same calls with no store: ${verdicts.join(', ')}`,
    figures.settings,
    figures.machine,
    figures.versions,
  ].join('\n');
}

function spreadText({ median, min, max }: Spread): string {
  return `${Math.round(median)} (${Math.round(min)}-${Math.round(max)})`;
}
