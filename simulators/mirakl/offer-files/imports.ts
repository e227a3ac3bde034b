/** The desk where imports wait, run and end. What a line does is the operation's own affair. */
import { type Market, spanOf, uuidFrom } from '../market.ts';
import type { ImportMode, SimImport } from '../state.ts';
import { type Call, type Result, refuse } from '../wire.ts';

/** What faults do to one import. */
export type ImportMeddling = {
  fails: boolean;
  isStuck: boolean;
  isSlow: boolean;
  ignoresLines: boolean;
  refusesLines: boolean;
  losesReport: boolean;
};

export type ImportLine = {
  /** As an error report names it. */
  number: number;
  /** As it was sent. */
  raw: string;
  /** Does what the line says. The reason when it cannot; null when it did. */
  apply(atMs: number): string | null;
};
export type FailedLine = { line: ImportLine; reason: string };

export type ImportPlan = {
  lines: readonly ImportLine[];
  /** Why it will end FAILED with nothing applied; null: it can be read. */
  unreadable: string | null;
  /** After the last line, unless it failed. */
  finish?(atMs: number): void;
  report(failed: readonly FailedLine[]): string;
  /** Type of the error report. */
  reportType: string;
  /** Equal for the same request. */
  fingerprint: string;
};

/** One import at the desk. */
export type ImportJob = {
  record: SimImport;
  reportText: string | null;
  reportType: string;
  losesReport: boolean;
};

export type ImportDesk = {
  /** By shop and import id: `2000/2035`. */
  readonly jobs: Map<string, ImportJob>;
  /** By shop: when the last one in the queue ends. */
  readonly busyUntilMs: Map<number, number>;
  /** By shop and operation: the last request, to know it again. */
  readonly recent: Map<string, { fingerprint: string; record: SimImport }>;
};

/** The record of a new import. The plan is made with it, as its lines count into it. */
export function openRecord(
  market: Market,
  call: Call,
  operation: SimImport['operation'],
  mode: ImportMode,
): SimImport {
  const isStock = operation === 'STO01';
  return {
    operation,
    importId: isStock ? uuidFrom(market.dice.ids) : String(++market.counters.import),
    shopId: call.shop.shopId,
    mode,
    status: 'WAITING',
    arrivedMs: call.nowMs,
    startedMs: null,
    endedMs: null,
    linesRead: 0,
    linesInError: 0,
    linesInSuccess: 0,
    linesIgnored: 0,
    offersInserted: 0,
    offersUpdated: 0,
    offersDeleted: 0,
    reason: null,
    submissions: 1,
  };
}

/** Plans the life of the import and takes it into the books. */
export function enqueue(
  market: Market,
  record: SimImport,
  plan: ImportPlan,
  meddling: ImportMeddling,
): void {
  const { settings, agenda, importDesk } = market;
  const job: ImportJob = {
    record,
    reportText: null,
    reportType: plan.reportType,
    losesReport: meddling.losesReport,
  };
  market.log.imports.push(record);
  importDesk.jobs.set(`${record.shopId}/${record.importId}`, job);
  importDesk.recent.set(`${record.shopId}/${record.operation}`, {
    fingerprint: plan.fingerprint,
    record,
  });
  const dice = market.dice.imports;
  const factor = meddling.isSlow ? settings.importSlowFactor : 1;
  const readyMs = record.arrivedMs + spanOf(dice, settings.importWaitingMs) * factor;
  const queueMs = importDesk.busyUntilMs.get(record.shopId) ?? 0;
  const startMs = settings.importOrder === 'arrival' ? Math.max(readyMs, queueMs) : readyMs;
  const workMs =
    spanOf(dice, settings.importRunningMs) + plan.lines.length * settings.importMsPerLine;
  const runMs = meddling.isStuck ? settings.importStuckMs : Math.ceil(workMs * factor);
  importDesk.busyUntilMs.set(record.shopId, Math.max(queueMs, startMs + runMs));
  agenda.add(startMs, (atMs) => {
    record.status = 'RUNNING';
    record.startedMs = atMs;
  });
  run(market, job, { plan, meddling, startMs, runMs });
}

/** The same request again within the window, when the operator knows such (`duplicateRequests`). */
export function duplicateOf(
  market: Market,
  call: Call,
  operation: SimImport['operation'],
  fingerprint: string,
): SimImport | null {
  const { duplicateRequests, duplicateWindowMs } = market.settings;
  if (duplicateRequests === 'new') return null;
  const last = market.importDesk.recent.get(`${call.shop.shopId}/${operation}`);
  if (last?.fingerprint !== fingerprint) return null;
  if (call.nowMs - last.record.arrivedMs > duplicateWindowMs) return null;
  last.record.submissions += 1;
  return last.record;
}

/** The shop's import of one of these operations; 404 when there is none. */
export function importOf(
  market: Market,
  call: Call,
  importId: string,
  operations: readonly SimImport['operation'][],
): ImportJob {
  const job = market.importDesk.jobs.get(`${call.shop.shopId}/${importId}`);
  if (!job || !operations.includes(job.record.operation)) {
    throw refuse(404, 'IMPORT_NOT_FOUND', `Import with identifier '${importId}' not found`);
  }
  return job;
}

/** The error report; 404 when there is none, and for a while when it is lost. */
export function errorReport(market: Market, call: Call, job: ImportJob): Result {
  const { endedMs, importId } = job.record;
  const isLost = job.losesReport && call.nowMs < (endedMs ?? 0) + market.settings.errorReportLostMs;
  if (job.reportText === null || isLost) {
    throw refuse(404, 'ERROR_REPORT_NOT_FOUND', `Import ${importId} has no error report`);
  }
  return { status: 200, body: job.reportText, headers: { 'content-type': job.reportType } };
}

type Run = { plan: ImportPlan; meddling: ImportMeddling; startMs: number; runMs: number };

/** How many moments of a running import change figures, at most. */
const stepsWhileRunning = 50;

function run(market: Market, job: ImportJob, { plan, meddling, startMs, runMs }: Run): void {
  const { record } = job;
  const failed: FailedLine[] = [];
  const fateOf = fates(market, plan.lines.length, meddling);
  const isPiecemeal = market.settings.importApplies === 'lineByLine';
  // An import that fails has applied nothing, or, line by line, its first half.
  const reach = meddling.fails ? (isPiecemeal ? plan.lines.length >> 1 : 0) : plan.lines.length;
  let next = 0;
  const applyTo = (end: number, atMs: number) => {
    for (; next < end; next++) applyLine(plan.lines[next] as ImportLine, fateOf(next), atMs);
  };
  const applyLine = (line: ImportLine, fate: Fate, atMs: number) => {
    record.linesRead += 1;
    const reason =
      fate === 'refused' ? spuriousReason : fate === 'ignored' ? null : line.apply(atMs);
    if (fate === 'ignored') record.linesIgnored += 1;
    if (reason === null) record.linesInSuccess += 1;
    else failed.push({ line, reason });
    record.linesInError = failed.length;
  };
  if (isPiecemeal) {
    const steps = Math.min(stepsWhileRunning, reach);
    for (let step = 1; step <= steps; step++) {
      const end = Math.floor((reach * step) / steps);
      const atMs = startMs + Math.floor((runMs * step) / (steps + 1));
      market.agenda.add(atMs, (dueMs) => applyTo(end, dueMs));
    }
  }
  market.agenda.add(startMs + runMs, (atMs) => {
    applyTo(reach, atMs);
    record.endedMs = atMs;
    record.reason = meddling.fails ? 'Internal error' : plan.unreadable;
    record.status = record.reason === null ? 'COMPLETE' : 'FAILED';
    if (record.status === 'COMPLETE') plan.finish?.(atMs);
    if (failed.length > 0) job.reportText = plan.report(failed);
  });
}

type Fate = 'applied' | 'ignored' | 'refused';
const spuriousReason = 'An unexpected error occurred while processing the line';

/** What faults have in store for each line. A fault that strikes hits at least one line. */
function fates(market: Market, count: number, meddling: ImportMeddling): (index: number) => Fate {
  const fate = new Map<number, Fate>();
  const strike = (kind: Fate) => {
    if (count === 0) return;
    fate.set(market.dice.imports.between(0, count - 1), kind);
    for (let index = 0; index < count; index++) {
      if (market.dice.imports.chance(market.settings.importLinesAffected)) fate.set(index, kind);
    }
  };
  if (meddling.ignoresLines) strike('ignored');
  if (meddling.refusesLines) strike('refused');
  return (index) => fate.get(index) ?? 'applied';
}
