/** Switches of offers, their imports and exports, with their defaults. Part of the marketplace's
 *  options. Where nobody has confirmed the vendor's behaviour both answers are here. */
import type { SpanMs } from '../options.ts';

/** Whether this operator has an operation; a number is the status it answers instead. */
export type Availability = 'offered' | 403 | 404;

export type OfferSettings = {
  /** When a sale takes units off the offer (not established). */
  decrementAt: 'creation' | 'acceptance' | 'never';
  /** Canceled and refused units go back onto the offer. */
  restocksOnCancel: boolean;
  /** Nobody can buy more than the offer shows: `shopperBuys` throws SoldOut. */
  sellsOnlyWhatIsShown: boolean;
  /** How many quantity changes `truth` keeps; the oldest go first. */
  quantityLogLimit: number;

  /** STO01 to STO03; older operators lack them. */
  stockImports: Availability;
  /** OF52 to OF54. */
  offerExports: Availability;
  csvDelimiter: ';' | ',';
  /** Longest SKU a line may have, in characters. */
  maximumSkuLength: number;
  /** Codes STO01 takes as `warehouse-code`; none: the shop keeps one figure per offer. */
  warehouses: readonly string[];
  /** A global quantity for an offer kept by warehouse, or the other way round (not established). */
  mixedStock: 'refused' | 'replaced';

  /** From arrival to RUNNING, and from there to the end; a little per line comes on top. */
  importWaitingMs: SpanMs;
  importRunningMs: SpanMs;
  importMsPerLine: number;
  /** `arrival`: one import of a shop at a time, as they came; `any`: each for itself. */
  importOrder: 'arrival' | 'any';
  /** `lineByLine`: figures change while the import is RUNNING. */
  importApplies: 'atEnd' | 'lineByLine';
  /** What a NORMAL offer file does to fields whose columns it lacks (not established). `reset`:
   *  as in OF24; the price is required then, so a file without one has only error lines. */
  missingColumns: 'kept' | 'reset';
  /** The deprecated import mode PARTIAL_UPDATE is taken; it keeps what the file lacks. */
  partialUpdate: boolean;
  /** The same OF01, OF24 or OF52 body again within the window: a new id, or the existing one. */
  duplicateRequests: 'new' | 'existing';
  duplicateWindowMs: number;
  /** STO03 begins with a line of column names (not established). */
  stockReportHeader: boolean;
  /** OF03 after an OF24: the failing offers as JSON, or as the CSV of OF01 (not established). */
  jsonImportReport: 'json' | 'csv';

  /** How long the fault `importStuck` keeps an import RUNNING. */
  importStuckMs: number;
  /** The fault `importSlow` makes both delays this many times longer. */
  importSlowFactor: number;
  /** Share of the lines hit by `importLinesIgnored` and `lineRefusedSpuriously`; at least one. */
  importLinesAffected: number;
  /** How long after the end `importErrorReportLost` answers 404. */
  errorReportLostMs: number;
};

export const offerDefaults: OfferSettings = {
  decrementAt: 'creation',
  restocksOnCancel: false,
  sellsOnlyWhatIsShown: false,
  quantityLogLimit: Number.POSITIVE_INFINITY,
  stockImports: 'offered',
  offerExports: 'offered',
  csvDelimiter: ';',
  maximumSkuLength: 40,
  warehouses: [],
  mixedStock: 'refused',
  importWaitingMs: { min: 2_000, max: 10_000 },
  importRunningMs: { min: 2_000, max: 15_000 },
  importMsPerLine: 0.2,
  importOrder: 'arrival',
  importApplies: 'atEnd',
  missingColumns: 'kept',
  partialUpdate: false,
  duplicateRequests: 'new',
  duplicateWindowMs: 60_000,
  stockReportHeader: true,
  jsonImportReport: 'json',
  importStuckMs: 30 * 60_000,
  importSlowFactor: 20,
  importLinesAffected: 0.1,
  errorReportLostMs: 2 * 60_000,
};
