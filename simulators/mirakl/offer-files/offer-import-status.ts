/** OF02, OF03 and OF04: what became of the shop's offer imports. */
import { isoOf, msOf } from '../dates.ts';
import { type Json, write } from '../json.ts';
import type { Market } from '../market.ts';
import { penFor } from '../offers.ts';
import type { SimImport } from '../state.ts';
import type { Call, Params, Result } from '../wire.ts';
import { errorReport, type ImportJob, importOf } from './imports.ts';
import { breach } from './uploads.ts';

const statuses = ['WAITING_SYNCHRONIZATION_PRODUCT', 'WAITING', 'RUNNING', 'COMPLETE', 'FAILED'];
const origins = ['API', 'FTP', 'SFTP', 'HTTP', 'HTTPS', 'FRONT', 'PENDING_OFFERS'];

/** Query of OF04. */
export const importListParams: Params = {
  limit: 'integer',
  page_token: 'text',
  sort: { oneOf: ['dateCreated', 'dateCreated,ASC', 'dateCreated,DESC'] },
  start_date: 'datetime',
  end_date: 'datetime',
  status: { oneOf: statuses },
  mode: { oneOf: ['NORMAL', 'REPLACE'] },
  origins: 'repeatedList',
};

/** OF02. */
export function offerImportStatus(market: Market, call: Call): Result {
  const { record } = numbered(market, call);
  const answer: Json = {
    ...countsOf(record),
    reason_status: record.reason ?? undefined,
    type: 'MIRAKL',
  };
  return { status: 200, body: write(answer, penFor(market, 'imports')) };
}

/** OF03, in the format that was sent. */
export function offerErrorReport(market: Market, call: Call): Result {
  return errorReport(market, call, numbered(market, call));
}

/** OF04: the shop's offer imports, newest first, in pages of `limit`. */
export function listOfferImports(market: Market, call: Call): Result {
  const { from, limit, filters } = pageOf(call);
  const asked = new URLSearchParams(filters);
  const found = market.log.imports.filter(
    (one) => one.shopId === call.shop.shopId && isListed(one, asked),
  );
  if (asked.get('sort') !== 'dateCreated,ASC') found.reverse();
  const tokenAt = (at: number) =>
    Buffer.from(JSON.stringify({ from: at, limit, filters })).toString('base64url');
  const answer: Json = {
    data: found.slice(from, from + limit).map((one) => ({
      ...countsOf(one),
      origin: 'API',
      reason_status: one.reason ?? undefined,
      shop_id: one.shopId,
    })),
    ...(from + limit < found.length ? { next_page_token: tokenAt(from + limit) } : {}),
    ...(from > 0 ? { previous_page_token: tokenAt(Math.max(0, from - limit)) } : {}),
  };
  return { status: 200, body: write(answer, penFor(market, 'imports')) };
}

type Page = { from: number; limit: number; filters: string };

/** A page token carries the whole question; with one, every other parameter is ignored. */
function pageOf(call: Call): Page {
  const token = call.query.text('page_token');
  if (token !== undefined) return readToken(token);
  const limit = call.query.integer('limit') ?? 10;
  if (limit < 1) throw breach('limit', 'limit must be greater than 0');
  const filters = new URLSearchParams();
  for (const name of ['sort', 'start_date', 'end_date', 'status', 'mode']) {
    const value = call.query.text(name);
    if (value !== undefined) filters.set(name, value);
  }
  for (const origin of call.query.all('origins') ?? []) {
    if (!origins.includes(origin)) throw breach('origins', `Unknown origin ${origin}`);
    filters.append('origins', origin);
  }
  return { from: 0, limit: Math.min(100, limit), filters: filters.toString() };
}

function readToken(token: string): Page {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Page;
  } catch {
    throw breach('page_token', 'page_token is not valid');
  }
}

function isListed(one: SimImport, filters: URLSearchParams): boolean {
  const asked = filters.getAll('origins');
  const date = (name: string) => msOf(filters.get(name) ?? '');
  return (
    one.operation !== 'STO01' &&
    (asked.length === 0 || asked.includes('API')) &&
    one.status === (filters.get('status') ?? one.status) &&
    one.mode === (filters.get('mode') ?? one.mode) &&
    one.arrivedMs >= (date('start_date') ?? one.arrivedMs) &&
    one.arrivedMs <= (date('end_date') ?? one.arrivedMs)
  );
}

function numbered(market: Market, call: Call): ImportJob {
  const id = call.segment(3);
  if (!/^\d{1,15}$/.test(id)) throw breach('import', 'import must be a number');
  return importOf(market, call, id, ['OF01', 'OF24']);
}

/** Counts stay zero until the import ends. */
function countsOf(record: SimImport): { [field: string]: Json } {
  const isOver = record.endedMs !== null;
  const count = (value: number) => (isOver ? value : 0);
  return {
    date_created: isoOf(record.arrivedMs),
    has_error_report: isOver && record.linesInError > 0,
    import_id: Number(record.importId),
    lines_in_error: count(record.linesInError),
    lines_in_pending: 0,
    lines_in_success: count(record.linesInSuccess),
    lines_read: count(record.linesRead),
    mode: record.mode,
    offer_deleted: count(record.offersDeleted),
    offer_inserted: count(record.offersInserted),
    offer_updated: count(record.offersUpdated),
    status: record.status,
  };
}
