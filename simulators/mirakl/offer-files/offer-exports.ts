/** OF52, OF53 and OF54: offers exported in the background. */
import { isRecord, readBody, type Shape } from '../body.ts';
import { isoOf, msOf } from '../dates.ts';
import { type Json, plain, write } from '../json.ts';
import { type Market, spanOf, uuidFrom } from '../market.ts';
import { penFor } from '../offers.ts';
import type { SimOffer } from '../state.ts';
import { type Call, type Result, refuse } from '../wire.ts';
import { csvLine } from './csv.ts';
import { csvCells, isActive, offerObject } from './offer-rows.ts';
import { breach } from './uploads.ts';

const texts: Shape = { list: 'text', max: 1000 };
const exportShape: Shape = {
  fields: {
    channel_codes: texts,
    export_type: 'text',
    include_fields: texts,
    include_inactive_offers: 'boolean',
    items_per_chunk: 'integer',
    last_request_date: 'text',
    megabytes_per_chunk: 'integer',
    ongoing_discount_campaign_identifiers: texts,
    rename_fields: 'unknown',
    shipping_zones: texts,
  },
  required: [],
};

/** One OF52. The offers are those of the moment it was asked for; the files come later. */
export type OfferExport = {
  trackingId: string;
  shopId: number;
  status: 'PENDING' | 'COMPLETED' | 'FAILED';
  startedMs: number;
  changedMs: number;
  fileKey: string;
  type: ExportType;
  /** By file name; empty until COMPLETED. */
  files: Map<string, string>;
  /** The request as sent, to know it again. */
  request: string;
};
type ExportType = 'text/csv' | 'application/json';

type Order = {
  type: ExportType;
  fields: readonly string[] | null;
  names: ReadonlyMap<string, string>;
  sinceMs: number | null;
  withInactive: boolean;
  isEmptied: boolean;
  itemsPerChunk: number;
  bytesPerChunk: number;
};

/** OF52. `willFail`: it ends FAILED. */
export function startOfferExport(market: Market, call: Call, willFail: boolean): Result {
  const order = readOrder(market, readBody(call, exportShape));
  const request = Buffer.from(call.request.body).toString('utf8');
  const known = duplicateOf(market, call, request);
  if (known) return { status: 200, body: write({ tracking_id: known.trackingId }, plain) };
  const started: OfferExport = {
    trackingId: uuidFrom(market.dice.ids),
    shopId: call.shop.shopId,
    status: 'PENDING',
    startedMs: call.nowMs,
    changedMs: call.nowMs,
    fileKey: uuidFrom(market.dice.ids),
    type: order.type,
    files: new Map(),
    request,
  };
  market.offerExports.set(started.trackingId, started);
  const files = willFail ? new Map<string, string>() : filesOf(market, call, order);
  const delayMs = spanOf(market.dice.imports, market.settings.exportDelayMs);
  market.agenda.add(call.nowMs + delayMs, (atMs) => {
    started.changedMs = atMs;
    started.status = willFail ? 'FAILED' : 'COMPLETED';
    started.files = files;
  });
  // The bytes are dropped with the URLs, as a day of exports would fill the memory.
  market.agenda.add(call.nowMs + delayMs + market.settings.exportUrlMs + 1, () => {
    for (const name of started.files.keys()) started.files.set(name, '');
  });
  return { status: 200, body: write({ tracking_id: started.trackingId }, plain) };
}

/** OF53. */
export function offerExportStatus(market: Market, call: Call): Result {
  const found = market.offerExports.get(call.segment(5));
  if (!found || found.shopId !== call.shop.shopId) {
    throw refuse(404, 'EXPORT_NOT_FOUND', 'No such export');
  }
  const base = `${call.origin}/api/offers/export/async/file/${found.fileKey}?file=`;
  const answer: Json = {
    ...(found.status === 'FAILED' ? { error: { code: '1', detail: 'Internal error' } } : {}),
    last_updated: isoOf(found.changedMs),
    status: found.status,
    ...(found.status === 'COMPLETED'
      ? { urls: [...found.files.keys()].map((name) => base + name) }
      : {}),
  };
  return { status: 200, body: write(answer, plain) };
}

/** OF54. 410 once the URL's short life is over. */
export function offerExportFile(market: Market, call: Call): Result {
  const key = call.segment(5);
  const found = [...market.offerExports.values()].find((one) => one.fileKey === key);
  const text = found?.files.get(call.query.text('file') ?? '');
  if (!found || text === undefined || !call.user.shopIds.includes(found.shopId)) {
    throw refuse(404, 'FILE_NOT_FOUND', 'No such file');
  }
  if (call.nowMs - found.changedMs > market.settings.exportUrlMs) {
    throw refuse(410, 'FILE_GONE', 'This download is no longer available');
  }
  return {
    status: 200,
    body: text,
    headers: { 'content-type': `${found.type};charset=UTF-8` },
  };
}

/** True for a body that asks for changes since a date: its ceiling is another. */
export function isDifferential(call: Call): boolean {
  try {
    const body: unknown = JSON.parse(Buffer.from(call.request.body).toString('utf8'));
    return isRecord(body) && typeof body['last_request_date'] === 'string';
  } catch {
    return false;
  }
}

function duplicateOf(market: Market, call: Call, request: string): OfferExport | undefined {
  const { duplicateRequests, duplicateWindowMs } = market.settings;
  if (duplicateRequests === 'new') return undefined;
  return [...market.offerExports.values()].find(
    (one) =>
      one.shopId === call.shop.shopId &&
      one.request === request &&
      call.nowMs - one.startedMs <= duplicateWindowMs,
  );
}

function readOrder(market: Market, body: Record<string, unknown>): Order {
  const type = (body['export_type'] ?? 'text/csv') as ExportType;
  if (type !== 'text/csv' && type !== 'application/json') {
    throw breach('export_type', `Unknown export type ${String(type)}`);
  }
  const since = body['last_request_date'];
  const sinceMs = typeof since === 'string' ? msOf(since) : null;
  if (sinceMs === undefined) throw breach('last_request_date', 'not a date');
  const inactive = body['include_inactive_offers'] ?? null;
  if (sinceMs !== null && inactive !== null) {
    const what = 'include_inactive_offers cannot be used together with last_request_date';
    throw breach('include_inactive_offers', what);
  }
  const isEmptied = ['channel_codes', 'ongoing_discount_campaign_identifiers'].some(
    (name) => ((body[name] ?? []) as string[]).length > 0,
  );
  return {
    type,
    fields: fieldsIn(body, type),
    names: renamesIn(body, type),
    sinceMs,
    withInactive: inactive === true,
    isEmptied,
    ...chunksIn(market, body),
  };
}

function fieldsIn(body: Record<string, unknown>, type: ExportType): readonly string[] | null {
  const fields = (body['include_fields'] ?? null) as string[] | null;
  const wrong = type === 'text/csv' ? /_/ : /-/;
  const stray = fields?.find((name) => wrong.test(name));
  if (stray !== undefined) throw breach('include_fields', `Unknown field ${stray} for ${type}`);
  return fields !== null && fields.length > 0 ? fields : null;
}

function renamesIn(body: Record<string, unknown>, type: ExportType): ReadonlyMap<string, string> {
  const given = body['rename_fields'] ?? null;
  if (given === null) return new Map();
  if (!isRecord(given) || Object.values(given).some((name) => typeof name !== 'string')) {
    throw breach('rename_fields', 'rename_fields must be an object of texts');
  }
  if (type !== 'text/csv') throw breach('rename_fields', 'rename_fields is for CSV only');
  return new Map(Object.entries(given as Record<string, string>));
}

function chunksIn(market: Market, body: Record<string, unknown>) {
  const sizes = [
    ['items_per_chunk', market.settings.minimumItemsPerChunk, 1_000_000],
    ['megabytes_per_chunk', market.settings.minimumMegabytesPerChunk, 1000],
  ] as const;
  for (const [name, low, high] of sizes) {
    const given = body[name];
    if (typeof given === 'number' && (given < low || given > high)) {
      throw breach(name, `${name} must be between ${low} and ${high}`);
    }
  }
  return {
    itemsPerChunk: (body['items_per_chunk'] as number | undefined) ?? 1_000_000,
    bytesPerChunk: ((body['megabytes_per_chunk'] as number | undefined) ?? 1000) * 1_000_000,
  };
}

/** In full: what is active, or all that is listed. Since a date: all that changed, inactive and
 *  deleted offers too. Offers belong to no channel and no campaign: such a filter leaves none. */
function isAsked(market: Market, offer: SimOffer, order: Order, atMs: number): boolean {
  if (order.isEmptied) return false;
  if (order.sinceMs !== null) return offer.updatedMs >= order.sinceMs;
  return order.withInactive ? !offer.isDeleted : isActive(market, offer, atMs);
}

function filesOf(market: Market, call: Call, order: Order): Map<string, string> {
  const chunks: string[][] = [[]];
  let size = 0;
  const row = rowWriter(market, order, call.nowMs);
  for (const offer of market.offers.values()) {
    if (offer.shopId !== call.shop.shopId || !isAsked(market, offer, order, call.nowMs)) continue;
    const text = row(offer);
    const chunk = chunks.at(-1) as string[];
    const isFull = chunk.length >= order.itemsPerChunk || size + text.length > order.bytesPerChunk;
    if (isFull && chunk.length > 0) {
      chunks.push([text]);
      size = text.length;
    } else {
      chunk.push(text);
      size += text.length;
    }
  }
  // The percent sign stands in the vendor's own examples, although it encodes nothing.
  const suffix = order.type === 'text/csv' ? 'csv' : 'json';
  return new Map(
    chunks.map((rows, index) => [
      `of52-export%offers/${index}.${suffix}`,
      fileText(market, rows, order),
    ]),
  );
}

function rowWriter(market: Market, order: Order, atMs: number): (offer: SimOffer) => string {
  if (order.type === 'text/csv') {
    const columns = columnsOf(order);
    return (offer) =>
      csvLine(
        columns.map((name) => csvCells.get(name)?.(market, offer, atMs) ?? ''),
        market.settings.csvDelimiter,
      );
  }
  const pen = penFor(market, 'offers');
  const asked = order.fields === null ? null : new Set(order.fields);
  return (offer) => {
    const all = offerObject(market, offer, atMs);
    const kept = Object.entries(all).filter(
      ([name, value]) => value !== undefined && (asked === null || asked.has(name)),
    );
    return write(Object.fromEntries(kept), pen);
  };
}

function fileText(market: Market, rows: readonly string[], order: Order): string {
  if (order.type !== 'text/csv') return `[${rows.join(',')}]`;
  const header = columnsOf(order).map((name) => order.names.get(name) ?? name);
  return `${[csvLine(header, market.settings.csvDelimiter), ...rows].join('\n')}\n`;
}

function columnsOf(order: Order): readonly string[] {
  return order.fields ?? [...csvCells.keys()];
}
