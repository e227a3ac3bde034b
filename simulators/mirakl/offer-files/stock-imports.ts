/** STO01, STO02 and STO03: stock figures from a CSV file, globally or by warehouse. */
import { isoOf } from '../dates.ts';
import { plain, write } from '../json.ts';
import type { Market } from '../market.ts';
import { type Cause, offerOf, setQuantity, setWarehouse } from '../offer-book.ts';
import { penFor } from '../offers.ts';
import type { SimOffer } from '../state.ts';
import type { Call, Result } from '../wire.ts';
import { type CsvRecord, quoted } from './csv.ts';
import {
  enqueue,
  errorReport,
  type FailedLine,
  type ImportLine,
  type ImportMeddling,
  importOf,
  openRecord,
} from './imports.ts';
import { wholeNumber } from './offer-terms.ts';
import { cellReader, readUpload, reportColumns, type Upload } from './uploads.ts';

const columns = ['offer-sku', 'quantity', 'warehouse-code', 'update-delete'];

/** STO01. 201 with the import's id and where its status can be asked for. */
export function importStock(market: Market, call: Call, meddling: ImportMeddling): Result {
  const { csvDelimiter: delimiter } = market.settings;
  const upload = readUpload(call, {
    fields: [],
    isColumn: (name) => columns.includes(name),
    required: ['offer-sku', 'quantity'],
    delimiter,
  });
  const record = openRecord(market, call, 'STO01', 'NORMAL');
  const cause = { by: 'import' as const, importId: record.importId };
  const shopId = call.shop.shopId;
  const lines = upload.records.map((sent) => stockLine(market, upload, sent, { ...cause, shopId }));
  const plan = {
    lines: upload.brokenAt === null ? lines : [],
    unreadable:
      upload.brokenAt === null ? null : `A parsing error has occurred at line ${upload.brokenAt}`,
    report: (failed: readonly FailedLine[]) => stockReport(market, upload, failed),
    reportType: 'text/csv;charset=UTF-8',
    fingerprint: '',
  };
  enqueue(market, record, plan, meddling);
  return {
    status: 201,
    body: write({ import_id: record.importId }, plain),
    headers: { location: `${call.origin}/api/offers/stock/imports/${record.importId}/status` },
  };
}

/** STO02. */
export function stockImportStatus(market: Market, call: Call): Result {
  const { record } = importOf(market, call, call.segment(4), ['STO01']);
  const isOver = record.endedMs !== null;
  const answer = {
    date_created: isoOf(record.arrivedMs),
    has_error_report: isOver && record.linesInError > 0,
    import_id: record.importId,
    lines_in_error: isOver ? record.linesInError : undefined,
    lines_in_success: isOver ? record.linesInSuccess : undefined,
    shop_id: record.shopId,
    status: record.status,
  };
  return { status: 200, body: write(answer, penFor(market, 'imports')) };
}

/** STO03. */
export function stockErrorReport(market: Market, call: Call): Result {
  return errorReport(market, call, importOf(market, call, call.segment(4), ['STO01']));
}

type Origin = Omit<Cause, 'atMs'> & { shopId: number };

function stockLine(market: Market, upload: Upload, sent: CsvRecord, origin: Origin): ImportLine {
  const cell = cellReader(upload.header);
  const { shopId, ...by } = origin;
  return {
    number: sent.number,
    raw: sent.raw,
    apply(atMs) {
      if (sent.cells.length !== upload.header.length) {
        return `Expected ${upload.header.length} columns, found ${sent.cells.length}`;
      }
      const sku = cell(sent, 'offer-sku') ?? '';
      if (sku === '') return 'offer-sku is required';
      if (sku.length > market.settings.maximumSkuLength) return 'offer-sku is too long';
      const offer = offerOf(market, shopId, sku);
      if (!offer) return `The offer with SKU ${sku} does not exist`;
      const verb = cell(sent, 'update-delete') ?? '';
      if (!['', 'update', 'delete'].includes(verb)) return `Unknown update-delete value ${verb}`;
      const units = verb === 'delete' ? null : wholeNumber(cell(sent, 'quantity') ?? '');
      if (units === undefined) return 'quantity must be a whole number, 0 or more';
      const code = cell(sent, 'warehouse-code') ?? '';
      return writeStock(market, offer, { code, units }, { ...by, atMs });
    },
  };
}

/** A deleted global figure is 0; a deleted warehouse no longer counts. */
function writeStock(
  market: Market,
  offer: SimOffer,
  stock: { code: string; units: number | null },
  cause: Cause,
): string | null {
  const { warehouses, mixedStock } = market.settings;
  if (stock.code === '') {
    if (offer.warehouses.size > 0 && mixedStock === 'refused') {
      return 'The stock of this offer is kept by warehouse';
    }
    setQuantity(market, offer, stock.units ?? 0, cause);
    return null;
  }
  if (!warehouses.includes(stock.code)) return `Unknown warehouse ${stock.code}`;
  if (offer.warehouses.size === 0 && offer.quantity > 0 && mixedStock === 'refused') {
    return 'The stock of this offer is not kept by warehouse';
  }
  setWarehouse(market, offer, stock, cause);
  return null;
}

function stockReport(market: Market, upload: Upload, failed: readonly FailedLine[]): string {
  const { csvDelimiter: delimiter, stockReportHeader } = market.settings;
  const names = [...reportColumns, ...upload.header].map(quoted).join(delimiter);
  const rows = failed.map(({ line, reason }) =>
    [String(line.number), quoted(reason), line.raw].join(delimiter),
  );
  return `${[...(stockReportHeader ? [names] : []), ...rows].join('\n')}\n`;
}
