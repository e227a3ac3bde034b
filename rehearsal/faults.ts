/** How unkind the simulated vendors are, per call. `typical`: a bad day as integrators describe it. `harsh`:
 *  many times that, with silent losses and a service that is killed again and again. */
import type { MiraklSimulator } from '../simulators/mirakl/simulator.ts';
import type { PeoplevoxSimulator } from '../simulators/peoplevox/simulator.ts';

export type FaultLevel = 'none' | 'typical' | 'harsh';
export const faultLevels: readonly FaultLevel[] = ['none', 'typical', 'harsh'];

type Chances<Kind extends string> = Partial<Record<Kind, number>>;
type MiraklKind = Parameters<MiraklSimulator['faults']['set']>[0];
type PeoplevoxKind = Parameters<PeoplevoxSimulator['faults']['set']>[0];

const wire = {
  timeoutBefore: 0.003,
  timeoutAfter: 0.004,
  resetBefore: 0.003,
  resetAfter: 0.004,
  serverError: 0.006,
  htmlPage: 0.003,
  halfBody: 0.003,
  throttle: 0.003,
} as const;

const typical: { mirakl: Chances<MiraklKind>; peoplevox: Chances<PeoplevoxKind> } = {
  mirakl: {
    ...wire,
    duplicateInPage: 0.01,
    pageDrift: 0.003,
    lateOrder: 0.002,
    unknownField: 0.02,
    unknownEnum: 0.02,
    importFails: 0.01,
    importSlow: 0.01,
    importLinesIgnored: 0.01,
    lineRefusedSpuriously: 0.01,
    importErrorReportLost: 0.02,
    offerExportFails: 0.02,
    shipIgnored: 0.01,
    trackingLost: 0.01,
  },
  peoplevox: {
    ...wire,
    expireSession: 0.006,
    rowErrorSpurious: 0.004,
    queuedImport: 0.02,
    duplicateRow: 0.01,
    totalCountDrift: 0.005,
    statusesMissing: 0.003,
    emptyDetail: 0.003,
    soapFault: 0.003,
    quantityWord: 0.004,
    quantityBlank: 0.004,
    duplicateRowDiffers: 0.004,
    halfReport: 0.004,
    columnsReordered: 0.01,
    renamedColumn: 0.002,
    foreignHeader: 0.002,
  },
};

const harsh: typeof typical = {
  mirakl: {
    ...scaled(typical.mirakl, 8),
    pageLoss: 0.01,
    staleOrder: 0.01,
    lateOrder: 0.008,
    emptyBody: 0.01,
    exportFails: 0.1,
    importStuck: 0.004,
  },
  peoplevox: {
    ...scaled(typical.peoplevox, 8),
    rowDropped: 0.01,
    halfBatch: 0.02,
    loginRefused: 0.05,
    unorderedPages: 0.05,
    quantityGrouped: 0.02,
    quantityFraction: 0.02,
    columnMissing: 0.01,
    rowsMissing: 0.003,
  },
};

/** Switches a simulator's faults to the level. `none` switches all off. */
export function setMiraklFaults(simulator: MiraklSimulator, level: FaultLevel): void {
  simulator.faults.clear();
  const chances = level === 'none' ? {} : level === 'typical' ? typical.mirakl : harsh.mirakl;
  for (const [kind, chance] of Object.entries(chances))
    simulator.faults.set(kind as MiraklKind, chance);
}

/** The same for the warehouse. */
export function setPeoplevoxFaults(simulator: PeoplevoxSimulator, level: FaultLevel): void {
  simulator.faults.clear();
  const chances = level === 'none' ? {} : level === 'typical' ? typical.peoplevox : harsh.peoplevox;
  for (const [kind, chance] of Object.entries(chances))
    simulator.faults.set(kind as PeoplevoxKind, chance);
}

function scaled<Kind extends string>(chances: Chances<Kind>, by: number): Chances<Kind> {
  return Object.fromEntries(
    Object.entries<number>(chances as Record<string, number>).map(([kind, chance]) => [
      kind,
      Math.min(0.2, chance * by),
    ]),
  ) as Chances<Kind>;
}
