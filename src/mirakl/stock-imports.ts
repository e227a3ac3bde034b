/** Stock alone: send a file of quantities, watch its import, read what was not taken. */
import { z } from 'zod';
import type { MiraklClient } from './client.ts';
import { writeCsv } from './csv.ts';
import { type ImportError, readErrorReport } from './error-report.ts';
import { dateOrNull, flag, required, shape, unitsOrNull } from './fields.ts';
import { pathSegment } from './query.ts';

/** How many units of one offer are for sale from now on; replaces what the marketplace believes. */
export type StockLine = {
  shopSku: string;
  /** Whole units, 0 or more. */
  quantity: number;
};

/** `other` is a word we do not know: not final, ask again. `complete` says that all lines were read, not that
 *  all were taken. */
export type ImportState = 'waiting' | 'running' | 'complete' | 'failed' | 'other';

export type ImportStatus = {
  state: ImportState;
  /** Mirakl's own word, such as `WAITING_SYNCHRONIZATION_PRODUCT`. */
  word: string;
  /** Whether the errors can be read; before the end always false. */
  hasErrorReport: boolean;
  /** Null when the answer does not say, as while waiting. */
  linesInError: number | null;
  linesInSuccess: number | null;
  createdAt: Date | null;
};

export type { ImportError };

/** Sends quantities and gives the import's id; Mirakl applies them later. Without `warehouseCode` a quantity
 *  counts for all warehouses together. The same file sent again may give the earlier id. Sending
 *  again is harmless as long as the quantities are still true.
 *  Throws VendorError (`isNotOffered` when the operator lacks it); RangeError for no lines, a quantity that is
 *  no whole number of 0 or more, an empty shop SKU or one that stands twice. Source: STO01. */
export async function startStockImport(
  client: MiraklClient,
  lines: readonly StockLine[],
  options: { warehouseCode?: string | undefined } = {},
): Promise<string> {
  checkLines(lines);
  const warehouse = options.warehouseCode ?? '';
  const csv = writeCsv([
    ['offer-sku', 'quantity', 'warehouse-code', 'update-delete'],
    ...lines.map(({ shopSku, quantity }) => [shopSku, String(quantity), warehouse, 'update']),
  ]);
  const { value } = await client.call({
    operation: 'STO01',
    method: 'POST',
    path: '/api/offers/stock/imports',
    form: [stockFile(csv)],
    read: readImportId,
    rows: () => lines.length,
  });
  return value;
}

/** Where an import stands. Throws VendorError; an unknown id is Refused with status 404. Source: STO02. */
export async function readStockImport(
  client: MiraklClient,
  importId: string,
): Promise<ImportStatus> {
  const { value } = await client.call({
    operation: 'STO02',
    method: 'GET',
    path: `/api/offers/stock/imports/${pathSegment(importId)}/status`,
    read: readImportStatus,
  });
  return value;
}

/** The lines that were not taken, in the report's order; ask only when `hasErrorReport`. Throws VendorError,
 *  BadAnswer when the report is no CSV. Source: STO03. */
export async function readStockImportErrors(
  client: MiraklClient,
  importId: string,
): Promise<ImportError[]> {
  const { value } = await client.call({
    operation: 'STO03',
    method: 'GET',
    path: `/api/offers/stock/imports/${pathSegment(importId)}/error_report`,
    read: { text: readErrorReport },
    rows: (errors) => errors.length,
  });
  return value;
}

/** Throws RangeError, naming the line, for lines that must not be sent. */
export function checkLines(lines: readonly StockLine[]): void {
  if (lines.length === 0) throw new RangeError('a stock import needs at least one line');
  const seen = new Set<string>();
  for (const { shopSku, quantity } of lines) {
    if (shopSku.trim() === '') throw new RangeError('a stock line has no shop SKU');
    if (seen.has(shopSku)) throw new RangeError(`shop SKU ${shopSku} stands on two stock lines`);
    if (!Number.isSafeInteger(quantity) || quantity < 0)
      throw new RangeError(`quantity ${quantity} of shop SKU ${shopSku} is not 0 or more units`);
    seen.add(shopSku);
  }
}

/** The part of the form that carries the file. */
export function stockFile(csv: string) {
  return { name: 'file', value: csv, file: { name: 'stock.csv', contentType: 'text/csv' } };
}

const states: Readonly<Record<string, ImportState>> = {
  WAITING: 'waiting',
  WAITING_SYNCHRONIZATION_PRODUCT: 'waiting',
  QUEUED: 'waiting',
  RUNNING: 'running',
  COMPLETE: 'complete',
  // The word of Mirakl's exports; nobody documents it for imports, but its meaning could be no other.
  COMPLETED: 'complete',
  FAILED: 'failed',
};

const importAnswer = z.object({ import_id: required }).transform((wire) => wire.import_id);

/** Reads the id that an import was given. Source: STO01, OF01. */
export const readImportId = shape(importAnswer);

/** Reads where an import stands. Source: STO02, OF02. */
export const readImportStatus = shape(
  z
    .object({
      status: required,
      has_error_report: flag,
      lines_in_error: unitsOrNull,
      lines_in_success: unitsOrNull,
      date_created: dateOrNull,
    })
    .transform((wire): ImportStatus => {
      return {
        state: Object.hasOwn(states, wire.status) ? states[wire.status]! : 'other',
        word: wire.status,
        hasErrorReport: wire.has_error_report,
        linesInError: wire.lines_in_error,
        linesInSuccess: wire.lines_in_success,
        createdAt: wire.date_created,
      };
    }),
);
