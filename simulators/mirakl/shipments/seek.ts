/** Seek paging: a page token stands for the first page's query and a place in the listing, so that
 *  rows that come or go do not shift the others. */
import type { Market } from '../market.ts';
import { type Call, type Params, readQuery, refuse } from '../wire.ts';

/** A row with what it is sorted by. */
export type Placed<Row> = { ms: number; id: string; row: Row };

type Token = { query: string; shopId: number; ms: number; id: string; isBackwards: boolean };

export type SeekPage<Row> = { rows: Row[]; next: string | undefined; previous: string | undefined };

/** The page asked for. `find` gets the call with the query of the first page: under a token every
 *  other parameter is ignored, the shop's included. Rows may be in any order. */
export function seek<Row>(
  market: Market,
  call: Call,
  params: Params,
  find: (call: Call) => Placed<Row>[],
): SeekPage<Row> {
  const text = call.query.text('page_token');
  const token = text === undefined ? undefined : readToken(market, text);
  const search = token?.query ?? call.request.target.split('?')[1] ?? '';
  const first = token ? firstCall(market, call, params, token) : call;
  const limit = first.query.integer('limit') ?? 10;
  if (limit < 1) throw bad('limit', 'limit must be greater than 0');
  const size = Math.min(100, limit);
  const isDescending = first.query.text('sort')?.endsWith(',DESC') === true;
  const order = (a: Place, b: Place) => compare(a, b) * (isDescending ? -1 : 1);
  const placed = find(first).sort(order);
  const [from, to] = windowOf(placed, token, size, order);
  const page = placed.slice(from, to);
  const tokenAt = (place: Place | undefined, isBackwards: boolean) =>
    place && tokenFor({ query: search, shopId: first.shop.shopId, ...pick(place), isBackwards });
  return {
    rows: page.map((one) => one.row),
    next: to < placed.length ? tokenAt(page.at(-1), false) : undefined,
    previous: from > 0 ? tokenAt(page[0], true) : undefined,
  };
}

type Place = { ms: number; id: string };

function windowOf(
  placed: readonly Place[],
  token: Token | undefined,
  size: number,
  order: (a: Place, b: Place) => number,
): [number, number] {
  if (!token) return [0, Math.min(size, placed.length)];
  if (token.isBackwards) {
    const end = placed.filter((one) => order(one, token) < 0).length;
    return [Math.max(0, end - size), end];
  }
  const start = placed.filter((one) => order(one, token) <= 0).length;
  return [start, Math.min(start + size, placed.length)];
}

function firstCall(market: Market, call: Call, params: Params, token: Token): Call {
  const query = readQuery(token.query, { ...params, shop_id: 'integer' });
  return { ...call, query, shop: market.shops.get(token.shopId) ?? call.shop };
}

function compare(a: Place, b: Place): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function pick({ ms, id }: Place): Place {
  return { ms, id };
}

function tokenFor(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(market: Market, text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>;
    const { query, shopId, ms, id, isBackwards } = token;
    if (typeof query !== 'string' || typeof id !== 'string' || typeof ms !== 'number') throw token;
    if (typeof shopId !== 'number' || !market.shops.has(shopId)) throw token;
    return { query, shopId, ms, id, isBackwards: isBackwards === true };
  } catch {
    throw bad('page_token', 'page_token is not valid');
  }
}

function bad(field: string, message: string) {
  return refuse(400, 'VALIDATION_ERROR', message, { field, isBreach: true });
}
