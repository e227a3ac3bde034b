/** Quantities through the offer import, for operators whose Mirakl has no stock import yet. */
import type { MiraklClient } from './client.ts';
import { writeCsv } from './csv.ts';
import { readErrorReport } from './error-report.ts';
import { pathSegment } from './query.ts';
import {
  checkLines,
  type ImportError,
  type ImportStatus,
  readImportId,
  readImportStatus,
  type StockLine,
  stockFile,
} from './stock-imports.ts';

/** Sends quantities and gives the import's id. Columns that the file does not have (price, dates, ...) keep
 *  their values; offers that it does not have are left alone; a SKU without an offer becomes a line in
 *  error, since a new offer needs a product. The same file sent again may give the earlier id.
 *  Throws VendorError; RangeError as `startStockImport`. Source: OF01, import mode NORMAL (REPLACE would
 *  delete every offer that is not in the file). */
export async function startQuantityImport(
  client: MiraklClient,
  lines: readonly StockLine[],
): Promise<string> {
  checkLines(lines);
  const csv = writeCsv([
    ['sku', 'quantity', 'update-delete'],
    ...lines.map(({ shopSku, quantity }) => [shopSku, String(quantity), 'update']),
  ]);
  const { value } = await client.call({
    operation: 'OF01',
    method: 'POST',
    path: '/api/offers/imports',
    form: [{ name: 'import_mode', value: 'NORMAL' }, stockFile(csv)],
    read: readImportId,
    rows: () => lines.length,
  });
  return value;
}

/** Where an import stands. Throws VendorError; an unknown id is Refused with status 404. Source: OF02. */
export async function readQuantityImport(
  client: MiraklClient,
  importId: string,
): Promise<ImportStatus> {
  const { value } = await client.call({
    operation: 'OF02',
    method: 'GET',
    path: `/api/offers/imports/${pathSegment(importId)}`,
    read: readImportStatus,
  });
  return value;
}

/** The lines that were not taken, in the report's order; ask only when `hasErrorReport`. Throws VendorError,
 *  BadAnswer when the report is no CSV. Source: OF03. */
export async function readQuantityImportErrors(
  client: MiraklClient,
  importId: string,
): Promise<ImportError[]> {
  const { value } = await client.call({
    operation: 'OF03',
    method: 'GET',
    path: `/api/offers/imports/${pathSegment(importId)}/error_report`,
    read: { text: readErrorReport },
    rows: (errors) => errors.length,
  });
  return value;
}
