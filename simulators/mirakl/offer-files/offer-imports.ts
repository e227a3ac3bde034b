/** OF01 and OF24: offers from a CSV file or a JSON body, in the background. */
import { readBody } from '../body.ts';
import { plain, write } from '../json.ts';
import type { Market } from '../market.ts';
import { deleteOffer } from '../offer-book.ts';
import type { ImportMode, SimImport } from '../state.ts';
import { type Call, type Result, refuse } from '../wire.ts';
import { csvLine, quoted } from './csv.ts';
import {
  duplicateOf,
  enqueue,
  type FailedLine,
  type ImportLine,
  type ImportMeddling,
  openRecord,
} from './imports.ts';
import { cellsOf, offersShape } from './offer-bodies.ts';
import { applyOfferLine, type OfferLineRules } from './offer-lines.ts';
import { ignoredColumns, termColumns } from './offer-terms.ts';
import { breach, cellReader, readUpload, reportColumns, type Upload } from './uploads.ts';

const otherColumns = ['sku', 'product-id', 'product-id-type', 'update-delete'];
const offerColumns = new Set([...otherColumns, ...termColumns, ...ignoredColumns]);
const channelColumn = /^[a-z]+(-[a-z]+)*\[[^\]]+\]$/;

/** OF01. */
export function importOffers(market: Market, call: Call, meddling: ImportMeddling): Result {
  const { csvDelimiter: delimiter } = market.settings;
  const upload = readUpload(call, {
    fields: ['import_mode', 'operator_format', 'with_products'],
    isColumn: (name) => offerColumns.has(name) || channelColumn.test(name),
    required: ['sku'],
    delimiter,
  });
  const mode = modeOf(market, upload.fields);
  const fingerprint = `${mode}\n${upload.text}`;
  const known = duplicateOf(market, call, 'OF01', fingerprint);
  if (known) return started(call, known);
  const record = openRecord(market, call, 'OF01', mode);
  const named = skusIn(upload);
  const rules: OfferLineRules = {
    record,
    missing: missingIn(market, mode),
  };
  const readable = upload.brokenAt === null;
  const plan = {
    lines: readable ? csvLines(market, upload, rules) : [],
    unreadable: readable ? null : `A parsing error has occurred at line ${upload.brokenAt}`,
    finish: (atMs: number) => {
      if (mode === 'REPLACE') deleteUnnamed(market, record, named, atMs);
    },
    report: (failed: readonly FailedLine[]) => csvReport(upload.header, failed, delimiter),
    reportType: 'application/octet-stream',
    fingerprint,
  };
  enqueue(market, record, plan, meddling);
  return started(call, record);
}

/** OF24. Whatever an offer's object leaves out is reset, as if it had never been set. */
export function writeOffers(market: Market, call: Call, meddling: ImportMeddling): Result {
  const body = readBody(call, offersShape);
  const fingerprint = Buffer.from(call.request.body).toString('utf8');
  const known = duplicateOf(market, call, 'OF24', fingerprint);
  if (known) return started(call, known);
  const record = openRecord(market, call, 'OF24', 'NORMAL');
  const rules: OfferLineRules = { record, missing: 'reset' };
  const offers = body['offers'] as Record<string, unknown>[];
  const lines = offers.map((offer, index): ImportLine => {
    const cells = cellsOf(offer);
    return {
      number: index + 1,
      raw: JSON.stringify(offer),
      apply: (atMs) => applyOfferLine(market, rules, (column) => cells.get(column), atMs),
    };
  });
  const isJson = market.settings.jsonImportReport === 'json';
  const plan = {
    lines,
    unreadable: null,
    report: isJson ? jsonReport : (failed: readonly FailedLine[]) => skuReport(market, failed),
    reportType: isJson ? 'application/json;charset=UTF-8' : 'application/octet-stream',
    fingerprint,
  };
  enqueue(market, record, plan, meddling);
  return started(call, record);
}

function modeOf(market: Market, fields: ReadonlyMap<string, string>): ImportMode {
  const mode = fields.get('import_mode');
  const isKnown =
    mode === 'NORMAL' ||
    mode === 'REPLACE' ||
    (mode === 'PARTIAL_UPDATE' && market.settings.partialUpdate);
  if (!isKnown) throw breach('import_mode', 'import_mode must be NORMAL or REPLACE');
  for (const name of ['operator_format', 'with_products']) {
    const value = fields.get(name) ?? 'false';
    if (value !== 'true' && value !== 'false') throw breach(name, `${name} must be a boolean`);
  }
  if (fields.get('with_products') === 'true') {
    throw refuse(400, 'VALIDATION_ERROR', 'Products are not imported here', {
      field: 'with_products',
    });
  }
  return mode;
}

function csvLines(market: Market, upload: Upload, rules: OfferLineRules): ImportLine[] {
  const cell = cellReader(upload.header);
  return upload.records.map((sent) => ({
    number: sent.number,
    raw: sent.raw,
    apply: (atMs) =>
      sent.cells.length === upload.header.length
        ? applyOfferLine(market, rules, (column) => cell(sent, column), atMs)
        : `Expected ${upload.header.length} columns, found ${sent.cells.length}`,
  }));
}

function skusIn(upload: Upload): Set<string> {
  const cell = cellReader(upload.header);
  return new Set(upload.records.map((sent) => cell(sent, 'sku') ?? ''));
}

/** REPLACE rewrites every offer; the deprecated mode was made to touch only what is in the file. */
function missingIn(market: Market, mode: ImportMode): 'kept' | 'reset' {
  if (mode === 'REPLACE') return 'reset';
  return mode === 'NORMAL' ? market.settings.missingColumns : 'kept';
}

/** REPLACE: what the file does not name is no longer listed. Lines in error count as named. */
function deleteUnnamed(
  market: Market,
  record: SimImport,
  named: ReadonlySet<string>,
  atMs: number,
): void {
  for (const offer of market.offers.values()) {
    if (offer.shopId !== record.shopId || offer.isDeleted || named.has(offer.shopSku)) continue;
    deleteOffer(market, offer, { by: 'import', atMs, importId: record.importId });
    record.offersDeleted += 1;
  }
}

function started(call: Call, record: SimImport): Result {
  return {
    status: 201,
    body: write({ import_id: Number(record.importId) }, plain),
    headers: { location: `${call.origin}/api/offers/imports/${record.importId}` },
  };
}

function csvReport(
  header: readonly string[],
  failed: readonly FailedLine[],
  delimiter: string,
): string {
  const names = [...header, ...reportColumns].map(quoted).join(delimiter);
  const rows = failed.map(({ line, reason }) =>
    [line.raw, quoted(String(line.number)), quoted(reason)].join(delimiter),
  );
  return `${[names, ...rows].join('\n')}\n`;
}

function jsonReport(failed: readonly FailedLine[]): string {
  const offers = failed.map(({ line, reason }) => {
    const more = JSON.stringify({ error_line: line.number, error_message: reason });
    return `${line.raw.slice(0, -1)},${more.slice(1)}`;
  });
  return `{"offers":[${offers.join(',')}]}`;
}

/** OF24 reported like a file: nothing of the offer but its SKU. */
function skuReport(market: Market, failed: readonly FailedLine[]): string {
  const { csvDelimiter: delimiter } = market.settings;
  const rows = failed.map(({ line, reason }) => {
    const { shop_sku } = JSON.parse(line.raw) as { shop_sku: string };
    return csvLine([shop_sku, String(line.number), reason], delimiter);
  });
  return `${[csvLine(['sku', ...reportColumns], delimiter), ...rows].join('\n')}\n`;
}
