/** The door: faults, key, route, query, ceiling, answer, headers. Synchronous; same clock, dice
 *  and order of calls give the same answers. */
import type { SimReply, SimRequest } from '../kernel.ts';
import { issueToken, shopOf, userOf } from './auth.ts';
import { passCeiling } from './ceilings.ts';
import { settle } from './lifecycle.ts';
import { type Market, uuidFrom, vendorNowMs } from './market.ts';
import { faultAfter, faultBefore, type MiraklFaults, meddle } from './mischief.ts';
import { whileDown } from './outages.ts';
import { checkOffered, findRoute, type Route } from './routes.ts';
import { type Call, errorBody, Refusal, type Result, readQuery, refuse } from './wire.ts';

const jsonType = 'application/json;charset=UTF-8';

export function handle(market: Market, faults: MiraklFaults, request: SimRequest): SimReply {
  settle(market);
  const { latencyMs } = market.settings;
  const delayMs = market.dice.wire.between(latencyMs.min, latencyMs.max);
  const [path = '/', search = ''] = splitOnce(request.target);
  const segments = path.split('/').slice(1).map(decoded);
  const found = segments.includes(undefined)
    ? { allowed: [] }
    : findRoute(market, request.method, segments as string[]);
  const isTokenCall = path === '/oauth/token' && request.method === 'POST';
  const operation = isTokenCall ? 'oauth' : 'route' in found ? found.route.operation : 'unknown';
  const down = whileDown(market, operation);
  if (down) return { ...down, delayMs };
  market.log.calls[operation] = (market.log.calls[operation] ?? 0) + 1;
  const before = faultBefore(market, faults, operation);
  if (before) {
    const headers = { ...commonHeaders(market, delayMs), ...before.headers };
    return { ...before, headers, delayMs };
  }
  const door = { market, faults, request, path, search, segments: segments as string[] };
  const result = isTokenCall
    ? (issueToken(market, request) ?? notFound())
    : path.startsWith('/api/')
      ? answered(door, found, operation)
      : notFound();
  const key = `${operation} ${result.status}`;
  market.log.answers[key] = (market.log.answers[key] ?? 0) + 1;
  const { headers: more, ...rest } = result;
  const reply: SimReply = {
    body: '',
    ...rest,
    headers: { ...commonHeaders(market, delayMs), ...more },
    delayMs,
  };
  return faultAfter(faults, operation, reply);
}

type Door = {
  market: Market;
  faults: MiraklFaults;
  request: SimRequest;
  path: string;
  search: string;
  segments: string[];
};

/** The answer, or the refusal in the vendor's words. */
function answered(
  door: Door,
  found: { route: Route } | { allowed: string[] },
  operation: string,
): Result {
  const { market } = door;
  const headers: Record<string, string> = { 'mirakl-user-role': 'SHOP' };
  try {
    const user = userOf(market, door.request);
    if (!('route' in found)) throw noRoute(door, found.allowed);
    checkOffered(market, operation);
    headers['mirakl-api-code'] = operation;
    const call = openCall(door, found.route, user);
    headers['mirakl-shop-uuid'] = call.shop.uuid;
    passCeiling(market, call);
    const result = found.route.answer(market, call, meddle(market, door.faults, call));
    const type: Record<string, string> = result.status === 204 ? {} : { 'content-type': jsonType };
    return { ...result, headers: { ...headers, ...type, ...result.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    noteBreach(market, operation, error);
    return {
      status: error.status,
      body: errorBody(market, error),
      headers: { ...headers, 'content-type': jsonType, ...error.headers },
    };
  }
}

function openCall(door: Door, route: Route, user: Call['user']): Call {
  const { market, request, segments } = door;
  const accept = request.headers['accept'];
  if (accept !== undefined && !acceptable(route.operation).test(accept)) {
    throw refuse(406, 'NOT_ACCEPTABLE', 'Not Acceptable');
  }
  const own = typeof route.params === 'function' ? route.params(market) : route.params;
  const query = readQuery(door.search, { ...own, shop_id: 'integer' });
  const host = request.headers['host'] ?? 'marketplace.example.test';
  return {
    operation: route.operation,
    request,
    origin: market.settings.publicUrl ?? `http://${host}`,
    path: door.path,
    segment: (index) => segments[index] ?? '',
    query,
    shop: shopOf(market, user, query.integer('shop_id')),
    user,
    nowMs: vendorNowMs(market),
  };
}

/** Files are CSV or whatever was sent; all else is JSON. */
function acceptable(operation: string): RegExp {
  const isFile = ['STO03', 'OF03', 'OF54'].includes(operation);
  return isFile ? /csv|octet|json|\*/ : /json|\*\/\*|application\/\*/;
}

function noRoute(door: Door, allowed: string[]): Refusal {
  if (allowed.length === 0) return refuse(404, 'NOT_FOUND', `Not Found: ${door.path}`);
  return refuse(405, 'METHOD_NOT_ALLOWED', 'Method Not Allowed', {
    headers: { allow: allowed.join(', ') },
  });
}

function noteBreach(market: Market, operation: string, refusal: Refusal): void {
  if (!refusal.isBreach) return;
  market.log.contractBreaches.push({
    atMs: vendorNowMs(market),
    operation,
    field: refusal.field ?? '',
    what: refusal.message,
  });
}

function commonHeaders(market: Market, delayMs: number): Record<string, string> {
  return {
    'cache-control': 'no-cache, no-store',
    date: new Date(vendorNowMs(market) + delayMs).toUTCString(),
    'x-correlation-id': uuidFrom(market.dice.wire),
  };
}

function notFound(): Result {
  const body = '<html><body><h1>Not Found</h1></body></html>';
  return { status: 404, body, headers: { 'content-type': 'text/html; charset=UTF-8' } };
}

function splitOnce(target: string): [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** A path part; undefined when it is not valid percent-encoding. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
