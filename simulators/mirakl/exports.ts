/** OR13, OR14 and OR15: orders exported in the background, one export per shop at a time. */
import { readBody, type Shape } from './body.ts';
import { isoOf, msOf } from './dates.ts';
import { plain, write } from './json.ts';
import { type Market, type OrderExport, spanMs, uuidFrom } from './market.ts';
import type { TaxMode } from './options.ts';
import { orderText } from './order-json.ts';
import { findOrders, type Listing, taxModes } from './orders.ts';
import { orderStates } from './state.ts';
import { type Call, Query, type Result, refuse } from './wire.ts';

const exportShape: Shape = {
  fields: {
    channel_codes: { list: 'text', max: 100 },
    end_date: 'text',
    end_update_date: 'text',
    fulfillment_center_codes: 'text',
    items_per_chunk: 'integer',
    megabytes_per_chunk: 'integer',
    only_null_channel: 'boolean',
    order_state_codes: { list: 'text', max: 100 },
    order_tax_mode: 'text',
    start_date: 'text',
    start_update_date: 'text',
  },
  required: [],
};

/** OR13. Refused while another export of the shop is PENDING. `willFail`: it ends FAILED. */
export function startExport(market: Market, call: Call, willFail: boolean): Result {
  const body = readBody(call, exportShape);
  checkBody(market, body);
  const running = [...market.exports.values()].find(
    (one) => one.shopId === call.shop.shopId && one.status === 'PENDING',
  );
  if (running) {
    throw refuse(400, 'EXPORT_ALREADY_RUNNING', 'Only one export request can run per shop');
  }
  const started: OrderExport = {
    trackingId: uuidFrom(market.dice.ids),
    shopId: call.shop.shopId,
    status: 'PENDING',
    changedMs: call.nowMs,
    fileKey: uuidFrom(market.dice.ids),
    files: new Map(),
  };
  market.exports.set(started.trackingId, started);
  market.agenda.add(call.nowMs + spanMs(market, market.settings.exportDelayMs), (atMs) => {
    started.changedMs = atMs;
    started.status = willFail ? 'FAILED' : 'COMPLETED';
    if (!willFail) started.files = filesOf(market, { query: queryOf(body), shop: call.shop }, body);
  });
  return { status: 200, body: write({ tracking_id: started.trackingId }, plain) };
}

/** OR14. */
export function exportStatus(market: Market, call: Call): Result {
  const found = market.exports.get(call.segment(4));
  if (!found || found.shopId !== call.shop.shopId) {
    throw refuse(404, 'EXPORT_NOT_FOUND', 'No such export');
  }
  const urls = [...found.files.keys()].map(
    (name) => `${call.origin}/api/${found.fileKey}?file=${name}`,
  );
  const answer = {
    last_updated: isoOf(found.changedMs),
    status: found.status,
    ...(found.status === 'COMPLETED' ? { urls } : {}),
  };
  return { status: 200, body: write(answer, plain) };
}

/** OR15. 410 once the URL's short life is over. */
export function exportFile(market: Market, call: Call): Result {
  const key = call.segment(1);
  const found = [...market.exports.values()].find((one) => one.fileKey === key);
  const text = found?.files.get(call.query.text('file') ?? '');
  if (!found || text === undefined || !call.user.shopIds.includes(found.shopId)) {
    throw refuse(404, 'FILE_NOT_FOUND', 'No such file');
  }
  if (call.nowMs - found.changedMs > market.settings.exportUrlMs) {
    throw refuse(410, 'FILE_GONE', 'This download is no longer available');
  }
  return { status: 200, body: text };
}

/** True when the path is a download the marketplace once handed out. */
export function isExportFile(market: Market, key: string): boolean {
  return [...market.exports.values()].some((one) => one.fileKey === key);
}

function checkBody(market: Market, body: Record<string, unknown>): void {
  const fail = (field: string, what: string) =>
    refuse(400, 'VALIDATION_ERROR', what, { field, isBreach: true });
  for (const field of ['start_date', 'end_date', 'start_update_date', 'end_update_date']) {
    const given = body[field];
    if (typeof given === 'string' && msOf(given) === undefined) throw fail(field, 'not a date');
  }
  const hasPair = (from: string, to: string) => body[from] != null && body[to] != null;
  if (!hasPair('start_date', 'end_date') && !hasPair('start_update_date', 'end_update_date')) {
    throw fail('start_update_date', 'At least one complete date range is mandatory');
  }
  const sizes = [
    ['items_per_chunk', market.settings.minimumItemsPerChunk, 1_000_000],
    ['megabytes_per_chunk', market.settings.minimumMegabytesPerChunk, 1024],
  ] as const;
  for (const [field, low, high] of sizes) {
    const given = body[field];
    if (typeof given === 'number' && (given < low || given > high)) {
      throw fail(field, `${field} must be between ${low} and ${high}`);
    }
  }
  for (const state of (body['order_state_codes'] ?? []) as string[]) {
    if (!(orderStates as readonly string[]).includes(state)) {
      throw fail('order_state_codes', `Unknown state ${state}`);
    }
  }
  const mode = body['order_tax_mode'];
  if (typeof mode === 'string' && !taxModes.includes(mode)) throw fail('order_tax_mode', 'unknown');
  const centers = body['fulfillment_center_codes'];
  if (typeof centers === 'string' && centers.length > 100) {
    throw fail('fulfillment_center_codes', 'size must be between 0 and 100');
  }
}

/** The same filters as OR11's, so that both listings agree. */
function queryOf(body: Record<string, unknown>): Query {
  const values = new Map<string, string[]>();
  for (const name of ['start_date', 'end_date', 'start_update_date', 'end_update_date']) {
    if (typeof body[name] === 'string') values.set(name, [body[name]]);
  }
  for (const name of ['channel_codes', 'order_state_codes']) {
    const list = body[name];
    if (Array.isArray(list) && list.length > 0) values.set(name, [list.join(',')]);
  }
  if (body['only_null_channel'] === true) values.set('only_null_channel', ['true']);
  const centers = body['fulfillment_center_codes'];
  if (typeof centers === 'string' && centers) {
    values.set('fulfillment_center_code', centers.split(','));
  }
  return new Query(values);
}

function filesOf(
  market: Market,
  listing: Listing,
  body: Record<string, unknown>,
): Map<string, string> {
  const items = (body['items_per_chunk'] as number | undefined) ?? 1_000_000;
  const bytes = ((body['megabytes_per_chunk'] as number | undefined) ?? 512) * 1_000_000;
  const mode = body['order_tax_mode'] as TaxMode | undefined;
  const chunks: string[][] = [[]];
  let size = 0;
  for (const order of findOrders(market, listing)) {
    const text = orderText(market, order, mode ?? order.taxMode);
    const chunk = chunks.at(-1) as string[];
    if (chunk.length >= items || (chunk.length > 0 && size + text.length > bytes)) {
      chunks.push([text]);
      size = text.length;
    } else {
      chunk.push(text);
      size += text.length;
    }
  }
  return new Map(
    chunks.map((texts, index) => [
      `file${index + 1}`,
      `{"orders":[${texts.join(',')}],"total_count":${texts.length}}`,
    ]),
  );
}
