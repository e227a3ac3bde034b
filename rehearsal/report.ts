/** What a rehearsal prints: one JSON object for programs, a page for people. */
import type { DespatchVerdict } from './check-despatch.ts';
import type { StockVerdict } from './check-stock.ts';
import type { Outcome, RehearsalOptions } from './run.ts';

export type Report = {
  seed: number;
  faults: string;
  orders: {
    placed: number;
    payable: number;
    inWarehouse: number;
    duplicated: number;
    lost: number;
    wrongItemOrQuantity: number;
  };
  exceptions: { expected: number; missed: number; false: number };
  unaccounted: number;
  ceilingBreaches: number;
  contractBreaches: number;
  crashes: number;
  faultsSuffered: number;
  /** Calls that reached each vendor, by operation. */
  calls: { mirakl: Record<string, number>; peoplevox: Record<string, number> };
  peoplevoxCallsPerOrder: number;
  /** Payable to verified in the warehouse; plain orders only. Units: virtual seconds. */
  latencySeconds: { p50: number | null; p99: number | null };
  /** See StockVerdict. Lags in virtual seconds; withheld units per item, and in percent of all stock. */
  stock: {
    oversold: number;
    oversoldUnavoidable: number;
    wrongAtEnd: number;
    publishedAboveTruth: number;
    undetectedDivergence: number;
    unitsWithheld: { mean: number; percent: number; meanOfThin: number };
    lagSeconds: { p50: number | null; p99: number | null };
    refusedSales: number;
    publishes: number;
    linesSent: number;
    skus: number;
    listings: number;
  };
  /** See DespatchVerdict. Lags in virtual seconds, from when the report shows parcel and number. */
  despatch: {
    made: number;
    confirmed: number;
    named: number;
    duplicated: number;
    wrongTracking: number;
    lost: number;
    lateUnalerted: number;
    lagSeconds: {
      confirmed: { p50: number | null; p99: number | null };
      verified: { p50: number | null; p99: number | null };
    };
  };
  sla: { breachesByIntegration: number };
  virtualHours: number;
  wallSeconds: number;
  /** The first findings of each kind, for a person who looks into a failure. */
  findings: { kind: string; subject: string; what: string }[];
  passed: boolean;
};

/** Most findings printed; the counts are always whole. */
const mostFindings = 40;

export function makeReport(
  options: Pick<RehearsalOptions, 'seed' | 'faults'> & { cadenceSeconds: number },
  outcome: Outcome,
  wallSeconds: number,
): Report {
  const { verdict, stage } = outcome;
  const marketplaces = [...stage.marketplaces.values()].map((one) => one.truth);
  const warehouse = stage.warehouse.truth;
  const ceilingBreaches =
    marketplaces.reduce((sum, truth) => sum + truth.ceilingBreaches.length, 0) +
    warehouse.rateBreaches.length +
    warehouse.overlaps.length;
  const contractBreaches =
    marketplaces.reduce((sum, truth) => sum + truth.contractBreaches.length, 0) +
    warehouse.contractBreaches.length;
  const findings = findingsOf(outcome);
  findings.push(...tooSlow(options, outcome));
  const peoplevox = Object.fromEntries([...warehouse.calls].sort());
  const peoplevoxCalls = Object.values(peoplevox).reduce((sum, count) => sum + count, 0);
  return {
    seed: options.seed,
    faults: options.faults,
    orders: {
      placed: verdict.placed,
      payable: verdict.payable,
      inWarehouse: verdict.inWarehouse,
      duplicated: verdict.duplicated.length,
      lost: verdict.lost.length,
      wrongItemOrQuantity: verdict.wrong.length,
    },
    exceptions: {
      expected: verdict.expectedExceptions,
      missed: verdict.missedExceptions.length,
      false: verdict.falseExceptions.length,
    },
    unaccounted: verdict.unaccounted.length,
    ceilingBreaches,
    contractBreaches,
    crashes: outcome.crashes,
    faultsSuffered:
      stage.warehouse.faults.hits.length +
      [...stage.marketplaces.values()].reduce((sum, one) => sum + one.faults.hits.length, 0),
    calls: { mirakl: addUp(marketplaces.map((truth) => truth.calls)), peoplevox },
    peoplevoxCallsPerOrder: round(peoplevoxCalls / Math.max(1, verdict.payable)),
    latencySeconds: {
      p50: percentile(verdict.latenciesMs, 0.5),
      p99: percentile(verdict.latenciesMs, 0.99),
    },
    stock: stockOf(outcome.stock),
    despatch: despatchOf(outcome.despatch),
    sla: { breachesByIntegration: outcome.despatch.breaches.length },
    virtualHours: round(outcome.virtualSeconds / 3_600),
    wallSeconds: round(wallSeconds),
    findings: findings.slice(0, mostFindings),
    passed: findings.length === 0 && ceilingBreaches === 0 && contractBreaches === 0,
  };
}

function stockOf({ lagsMs, findings: _, unitsWithheld, ...counts }: StockVerdict): Report['stock'] {
  const { mean, percent, meanOfThin } = unitsWithheld;
  return {
    ...counts,
    unitsWithheld: {
      mean: round(mean),
      percent: round(percent),
      meanOfThin: round(meanOfThin),
    },
    lagSeconds: { p50: percentile(lagsMs, 0.5), p99: percentile(lagsMs, 0.99) },
  };
}

function despatchOf(verdict: DespatchVerdict): Report['despatch'] {
  const { made, confirmed, named, confirmLagsMs, verifyLagsMs } = verdict;
  return {
    ...{ made, confirmed, named: named.length },
    duplicated: verdict.duplicated.length,
    wrongTracking: verdict.wrongTracking.length,
    lost: verdict.lost.length,
    lateUnalerted: verdict.lateUnalerted.length,
    lagSeconds: { confirmed: spread(confirmLagsMs), verified: spread(verifyLagsMs) },
  };
}

function spread(lagsMs: readonly number[]): { p50: number | null; p99: number | null } {
  return { p50: percentile(lagsMs, 0.5), p99: percentile(lagsMs, 0.99) };
}

/** Seconds within which a parcel must be told, and seen on the marketplace, where nothing fails. */
const mostConfirmSeconds = 90;
const mostVerifySeconds = 180;

/** Without faults a change must be shown within two cadences, and a parcel in minutes. */
function tooSlow(
  { faults, cadenceSeconds }: { faults: string; cadenceSeconds: number },
  { stock, despatch }: Outcome,
): Report['findings'] {
  const limits: [string, readonly number[], number, string][] = [
    ['stock', stock.lagsMs, 2 * cadenceSeconds, 'a change took'],
    ['despatch', despatch.confirmLagsMs, mostConfirmSeconds, 'confirming took'],
    ['despatch', despatch.verifyLagsMs, mostVerifySeconds, 'verifying took'],
  ];
  return limits.flatMap(([subject, lagsMs, most, took]) => {
    const p99 = percentile(lagsMs, 0.99);
    if (faults !== 'none' || p99 === null || p99 <= most) return [];
    return [{ kind: 'slow', subject, what: `${took} ${p99} s (p99), at most ${most} are allowed` }];
  });
}

function findingsOf({ verdict, stock, despatch, stage }: Outcome): Report['findings'] {
  const kinds: [string, { orderId: string; what: string }[]][] = [
    ['lost', verdict.lost],
    ['duplicated', verdict.duplicated],
    ['wrong', verdict.wrong],
    ['missed exception', verdict.missedExceptions],
    ['false exception', verdict.falseExceptions],
    ['unaccounted', verdict.unaccounted],
    ['told twice', despatch.duplicated],
    ['wrong tracking', despatch.wrongTracking],
    ['despatch lost', despatch.lost],
    ['late and nobody told', despatch.lateUnalerted],
    ['told too late', despatch.breaches],
    ['stale exception', despatch.stale],
    ['contract', contractFindings(stage)],
    ['ceiling', ceilingFindings(stage)],
  ];
  return [
    ...kinds.flatMap(([kind, list]) =>
      list.map(({ orderId: subject, what }) => ({ kind, subject, what })),
    ),
    ...stock.findings.map(({ kind, shopSku: subject, what }) => ({ kind, subject, what })),
  ];
}

function contractFindings(stage: Outcome['stage']): { orderId: string; what: string }[] {
  const marketplaces = [...stage.marketplaces.values()].flatMap((one) =>
    one.truth.contractBreaches.map((b) => ({
      orderId: b.operation,
      what: `${b.field}: ${b.what}`,
    })),
  );
  const warehouse = stage.warehouse.truth.contractBreaches.map((b) => ({
    orderId: b.operation,
    what: `${b.kind}: ${b.detail}`,
  }));
  return [...marketplaces, ...warehouse];
}

function ceilingFindings(stage: Outcome['stage']): { orderId: string; what: string }[] {
  const marketplaces = [...stage.marketplaces].flatMap(([channel, one]) =>
    one.truth.ceilingBreaches.map((b) => ({
      orderId: b.operation,
      what: `${channel}: more than ${b.calls} in ${b.windowMs / 1_000} s (${b.key}), at ${timeOf(b.atMs)}`,
    })),
  );
  const { rateBreaches, overlaps } = stage.warehouse.truth;
  const warehouse = [
    ...rateBreaches.map((b) => ({ orderId: b.operation, what: `too many, at ${timeOf(b.atMs)}` })),
    ...overlaps.map((b) => ({
      orderId: b.operation,
      what: `during ${b.during.join(', ')}, at ${timeOf(b.atMs)}`,
    })),
  ];
  return [...marketplaces, ...warehouse];
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19);
}

/** The page for people. */
export function formatReport(report: Report): string {
  const { orders, exceptions, latencySeconds, stock, despatch } = report;
  const rows: [string, string | number][] = [
    ['seed', `${report.seed} (faults ${report.faults})`],
    ['orders placed / payable', `${orders.placed} / ${orders.payable}`],
    ['in the warehouse', orders.inWarehouse],
    [
      'lost, duplicated, wrong',
      `${orders.lost}, ${orders.duplicated}, ${orders.wrongItemOrQuantity}`,
    ],
    [
      'exceptions expected, missed, false',
      `${exceptions.expected}, ${exceptions.missed}, ${exceptions.false}`,
    ],
    ['unaccounted', report.unaccounted],
    ['ceilings and contracts breached', `${report.ceilingBreaches}, ${report.contractBreaches}`],
    ['faults suffered, crashes', `${report.faultsSuffered}, ${report.crashes}`],
    ['Peoplevox calls an order', report.peoplevoxCallsPerOrder],
    ['payable to verified, p50 / p99', `${latencySeconds.p50} s / ${latencySeconds.p99} s`],
    ['SKUs, listings', `${stock.skus}, ${stock.listings}`],
    [
      'oversold, nobody could know',
      `${stock.oversold}, ${stock.oversoldUnavoidable}; ${stock.refusedSales} purchases refused`,
    ],
    [
      'above the truth, wrong in the end, undetected',
      `${stock.publishedAboveTruth}, ${stock.wrongAtEnd}, ${stock.undetectedDivergence}`,
    ],
    ['warehouse to offer, p50 / p99', `${stock.lagSeconds.p50} s / ${stock.lagSeconds.p99} s`],
    ['files, lines sent', `${stock.publishes}, ${stock.linesSent}`],
    [
      'units withheld an item, thin ones, share',
      `${stock.unitsWithheld.mean}, ${stock.unitsWithheld.meanOfThin}, ${stock.unitsWithheld.percent} %`,
    ],
    [
      'parcels made, confirmed, named',
      `${despatch.made}, ${despatch.confirmed}, ${despatch.named}`,
    ],
    [
      'parcels lost, told twice, with a wrong number',
      `${despatch.lost}, ${despatch.duplicated}, ${despatch.wrongTracking}`,
    ],
    [
      'late without an alert, late by our doing',
      `${despatch.lateUnalerted}, ${report.sla.breachesByIntegration}`,
    ],
    [
      'parcel to confirmed, to verified, p50 / p99',
      `${despatch.lagSeconds.confirmed.p50} s / ${despatch.lagSeconds.confirmed.p99} s, ${despatch.lagSeconds.verified.p50} s / ${despatch.lagSeconds.verified.p99} s`,
    ],
    ['virtual hours in wall seconds', `${report.virtualHours} h in ${report.wallSeconds} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const found = report.findings.map((one) => `  ${one.kind}: ${one.subject}: ${one.what}`);
  const end = report.passed
    ? 'passed: nothing lost, doubled, wrong, missed, unaccounted or oversold'
    : `FAILED; the same again: packhorse rehearse --seed ${report.seed} --faults ${report.faults}`;
  return [...lines, ...found, end].join('\n');
}

function addUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of all)
    for (const [key, count] of Object.entries(one)) sum[key] = (sum[key] ?? 0) + count;
  return Object.fromEntries(Object.entries(sum).sort());
}

function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]! / 1_000);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
