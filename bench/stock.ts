/** Seconds and memory from the stock report's envelope to published quantities, beside the floor: the same bytes
 *  received and their line feeds counted. And what a reading of changes alone costs, in a catalogue of this
 *  size and in one of a tenth. */
import { type Child, startChild } from './child.ts';
import { load, machine, mebibytes, round, type Spread, spread, table } from './page.ts';
import type { StockFloorAnswers } from './stock-floor.ts';
import type { ServiceQuestion, StockServiceAnswers } from './stock-service.ts';
import type { StockVendorAnswers } from './stock-vendors.ts';
import { type BenchServer, openBenchServer } from './store.ts';

type Given = { skus: number; rounds: number; seed: number };

/** All in seconds, but memory. The four parts add up to the total of their round. */
export type StockFigures = Given & {
  /** Items that each round changes: 2 %. */
  changed: number;
  envelopeMiB: number;
  floor: Spread;
  total: Spread;
  ratioToFloor: number;
  /** Receiving the report by the service's own transport, looking at none of it. */
  read: Spread;
  /** `streamInventory` to its end with its rows thrown away, less the receiving. */
  parse: Spread;
  /** The flow stock.read, less both: COPY, comparison in SQL, taking over what changed. */
  compare: Spread;
  /** The flows stock.reckon and stock.publish: targets, intent, file, the marketplace's answer. */
  write: Spread;
  /** CPU time of the service's process in a round. */
  cpu: Spread;
  /** Following the import and reading back every line of it; not part of the total. */
  readBack: Spread;
  /** The first sight of all offers and of the whole warehouse, by a process of its own. */
  fill: { offers: number; warehouse: number; peakRssMiB: number };
  /** Most memory that the measured service's process ever held. */
  peakRssMiB: number;
  /** `stock.read: changes`: as many changes in a catalogue of this size and in smaller one. */
  changes: { count: number; atSkus: { skus: number; total: Spread }[]; ratio: number };
  machine: string;
  /** Load average of the machine before and after. */
  load: [before: number, after: number];
  versions: string;
  settings: string;
};

/** The service runs as in a container of 500 MB. Without a limit V8 lets garbage pile up as long as the machine has
 *  memory left, and the figure would tell of the machine. */
const memoryLimits = ['--max-old-space-size=352', '--max-semi-space-size=16'];

/** What it should be at a million. */
const target = { skus: 1_000_000, seconds: 12, peakRssMiB: 500 };
/** Most items that are asked for by name; beyond, the service reads the whole report. */
const changesCount = 2_000;
const smallerBy = 10;

/** The question as the service asks it, as far as the vendor looks. */
const reportQuestion = '<TemplateName>Item inventory summary</TemplateName>';

type Scene = {
  given: Given;
  vendors: Child<StockVendorAnswers>;
  /** How a service reaches the vendors and the database. */
  at: Omit<ServiceQuestion, 'read'>;
  /** Moves the services' clock on; see `Ahead`. */
  later(): { aheadMs: number };
};
type Service = Child<StockServiceAnswers>;

/** Measures. Throws when an offer does not show what it should after any round. */
export async function benchStock(given: Given): Promise<{ figures: StockFigures; page: string }> {
  const loadBefore = load();
  const server = await openBenchServer();
  try {
    const smaller = { ...given, skus: Math.round(given.skus / smallerBy) };
    const atSmaller = await withScene(server, smaller, async (scene) => {
      await fill(scene);
      return measureChanges(scene);
    });
    const { filled, whole, atSkus } = await withScene(server, given, async (scene) => ({
      filled: await fill(scene),
      whole: await measureWhole(scene),
      atSkus: await measureChanges(scene),
    }));
    const figures: StockFigures = {
      ...given,
      changed: changedOf(given),
      ...whole,
      fill: filled,
      changes: {
        count: changesCount,
        atSkus: [
          { skus: smaller.skus, total: atSmaller },
          { skus: given.skus, total: atSkus },
        ],
        ratio: round(atSkus.median / atSmaller.median, 2),
      },
      machine: machine(),
      load: [loadBefore, load()],
      versions: `Node ${process.versions.node}, ${server.description}`,
      settings: `ceilings off, flows driven by hand, HTTP on loopback, vendors that answer from prepared bytes in a process of their own, service with ${memoryLimits.join(' ')}`,
    };
    return { figures, page: pageOf(figures) };
  } finally {
    await server.stop();
  }
}

function changedOf({ skus }: Given): number {
  return Math.round(skus / 50);
}

async function withScene<T>(
  server: BenchServer,
  given: Given,
  work: (scene: Scene) => Promise<T>,
): Promise<T> {
  const vendors = startChild<StockVendorAnswers>('./stock-vendors.ts');
  try {
    const urls = await vendors.ask('open', { seed: given.seed, skus: given.skus });
    return await server.withDatabase((databaseUrl) =>
      work({ given, vendors, at: { databaseUrl, ...urls }, later: createGaps() }),
    );
  } finally {
    await vendors.stop();
  }
}

/** Each gap is more than the cadence of files, the wait for a look at an import, and the time between two
 *  sweeps, but not so long that the warehouse's figures count as old. */
function createGaps(): Scene['later'] {
  const gapMs = 20 * 60_000;
  let aheadMs = 0;
  return () => ({ aheadMs: (aheadMs += gapMs) });
}

async function withService<T>(
  scene: Scene,
  read: ServiceQuestion['read'],
  work: (service: Service) => Promise<T>,
): Promise<T> {
  const service = startChild<StockServiceAnswers>('./stock-service.ts', [
    ...process.execArgv,
    ...memoryLimits,
  ]);
  try {
    await service.ask('open', { ...scene.at, read });
    const result = await work(service);
    await service.ask('close', null);
    return result;
  } finally {
    await service.stop();
  }
}

async function fill(scene: Scene): Promise<StockFigures['fill']> {
  return withService(scene, 'full', async (service) => {
    const { offersMs, warehouseMs } = await service.ask('fill', null);
    const { peakRssBytes } = await service.ask('memory', null);
    return {
      offers: round(offersMs / 1_000, 2),
      warehouse: round(warehouseMs / 1_000, 2),
      peakRssMiB: mebibytes(peakRssBytes),
    };
  });
}

type Whole = Pick<
  StockFigures,
  | 'envelopeMiB'
  | 'floor'
  | 'total'
  | 'ratioToFloor'
  | 'read'
  | 'parse'
  | 'compare'
  | 'write'
  | 'cpu'
  | 'readBack'
  | 'peakRssMiB'
>;

async function measureWhole(scene: Scene): Promise<Whole> {
  const floor = startChild<StockFloorAnswers>('./stock-floor.ts');
  try {
    return await withService(scene, 'full', async (service) => {
      // The first round warms up code and caches, as they are in a service that has run for a while.
      await measureRound(scene, service, floor, 1);
      const rounds: Awaited<ReturnType<typeof measureRound>>[] = [];
      for (let at = 0; at < scene.given.rounds; at += 1)
        rounds.push(await measureRound(scene, service, floor, at + 2));
      const { peakRssBytes } = await service.ask('memory', null);
      const seconds = (of: (one: (typeof rounds)[number]) => number) =>
        spread(
          rounds.map((one) => of(one) / 1_000),
          3,
        );
      const total = seconds((one) => one.readMs + one.reckonMs + one.publishMs);
      const floorSeconds = seconds((one) => one.scanMs);
      return {
        envelopeMiB: mebibytes(rounds[0]!.envelopeBytes),
        floor: floorSeconds,
        total,
        ratioToFloor: round(total.median / floorSeconds.median, 1),
        read: seconds((one) => one.drainMs),
        parse: seconds((one) => one.parseMs - one.drainMs),
        compare: seconds((one) => one.readMs - one.parseMs),
        write: seconds((one) => one.reckonMs + one.publishMs),
        cpu: seconds((one) => one.cpuMs),
        readBack: seconds((one) => one.readBackMs),
        peakRssMiB: mebibytes(peakRssBytes),
      };
    });
  } finally {
    await floor.stop();
  }
}

async function measureRound(
  scene: Scene,
  service: Service,
  floor: Child<StockFloorAnswers>,
  roundNo: number,
) {
  const { given, at } = scene;
  const count = changedOf(given);
  const { envelopeBytes } = await scene.vendors.ask('change', { round: roundNo, count });
  const report = { warehouseUrl: at.warehouseUrl, body: reportQuestion };
  const { scanMs, lines } = await floor.ask('scan', report);
  const alone = await service.ask('alone', report);
  if (lines <= given.skus || alone.rows !== given.skus)
    throw new Error(`${lines} lines and ${alone.rows} rows came of ${given.skus}`);
  const times = await service.ask('round', scene.later());
  await checkTruth(scene, count);
  const { readBackMs } = await service.ask('readBack', scene.later());
  return { envelopeBytes, scanMs, ...alone, ...times, readBackMs };
}

/** Continues where the whole readings ended, in a process of its own. */
async function measureChanges(scene: Scene): Promise<Spread> {
  return withService(scene, 'changes', async (service) => {
    const totals: number[] = [];
    for (let at = 0; at <= scene.given.rounds; at += 1) {
      await scene.vendors.ask('change', { round: 1_000 + at, count: changesCount });
      const { readMs, reckonMs, publishMs } = await service.ask('round', scene.later());
      await checkTruth(scene, changesCount);
      await service.ask('readBack', scene.later());
      // The first is the warm-up.
      if (at > 0) totals.push((readMs + reckonMs + publishMs) / 1_000);
    }
    return spread(totals, 3);
  });
}

/** A round that did not bring every change to the marketplace is no measurement. */
async function checkTruth(scene: Scene, count: number): Promise<void> {
  const truth = await scene.vendors.ask('truth', null);
  if (truth.wrong > 0 || truth.lines !== count)
    throw new Error(`not every change was published: ${JSON.stringify({ ...truth, count })}`);
}

function pageOf(figures: StockFigures): string {
  const { skus, fill: filled, changes } = figures;
  const head = ['seconds', 'total', 'read', 'parse', 'compare', 'write', 'floor', 'ratio', 'CPU'];
  const parts = [figures.total, figures.read, figures.parse, figures.compare, figures.write];
  const row = [
    `${skus} items`,
    ...[...parts, figures.floor].map((one) => text(one)),
    String(figures.ratioToFloor),
    text(figures.cpu),
  ];
  const isMet =
    figures.total.median <= target.seconds &&
    Math.max(figures.peakRssMiB, filled.peakRssMiB) <= target.peakRssMiB;
  const [small, large] = changes.atSkus;
  return [
    `Stock report of ${skus} items (${figures.envelopeMiB} MiB), ${figures.changed} changed, to published quantities: median of ${figures.rounds} rounds (least-most), seed ${figures.seed}`,
    ...table([head, row]),
    `peak RSS ${figures.peakRssMiB} MiB; first fill ${filled.peakRssMiB} MiB, ${filled.offers} s for the offers and ${filled.warehouse} s for the warehouse; reading back ${text(figures.readBack)} s`,
    ...(skus === target.skus
      ? [
          `target: at most ${target.seconds} s and ${target.peakRssMiB} MiB: ${isMet ? 'met' : 'MISSED'}`,
        ]
      : []),
    `changes report, ${changes.count} changes: ${text(small!.total)} s among ${small!.skus} items, ${text(large!.total)} s among ${large!.skus}: ratio ${changes.ratio}`,
    figures.settings,
    `${figures.machine}, load average ${figures.load.join(' to ')}`,
    figures.versions,
  ].join('\n');
}

function text({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;
}
