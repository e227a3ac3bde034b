/** The marketplace wire's only way out: credentials, shop, pacing and errors for every call. */
import type { Clock } from '../clock.ts';
import { BadAnswer, Throttled, Unauthorised } from '../errors.ts';
import type { HttpRequest, NoteCall, Pace, Transport } from '../transport.ts';
import { type Exchange, exchange, type Line, type MiraklAnswer, type Reader } from './exchange.ts';
import { type FormPart, multipart } from './multipart.ts';
import type { Paging } from './paging.ts';
import { type Query, queryText } from './query.ts';
import { createTokenSource, type OAuth2Auth } from './token.ts';

/** How one marketplace is reached, as configured. */
export type MiraklConnection = {
  /** Channel id of our configuration; names the connection in errors and records. */
  id: string;
  /** Origin of the operator's instance, such as `https://shop.example.test`; a trailing `/api` is allowed. */
  url: string;
  auth: { kind: 'apiKey'; apiKey: string } | OAuth2Auth;
  /** Sent with every call when set; without it Mirakl picks the user's default shop. */
  shopId?: string | undefined;
  /** Milliseconds until an answer must be complete. */
  timeoutMs: number;
  /** Language of labels, such as `en_GB`; sent where the operation knows it. */
  locale?: string | undefined;
  /** Default 64 MiB. Too small: export files fail. Too large: a runaway answer takes the memory. */
  maxBodyBytes?: number | undefined;
  /** How lists are paged; `auto` (default) follows whichever kind the answer offers. */
  paging?: Paging | undefined;
  /** Quiet after a 429 that names no wait. Default 60 seconds. */
  throttledMs?: number | undefined;
  /** Other origins that export files may be fetched from. None by default: an export that points elsewhere
   *  is an error. Our credentials go there only when `sendsCredentials`. */
  downloadOrigins?: readonly { origin: string; sendsCredentials: boolean }[] | undefined;
};

/** One call of an operation. */
export type MiraklRequest<T> = {
  /** API code: what the pace is asked for and what errors and records name. */
  operation: string;
  method: HttpRequest['method'];
  /** From `/api` on, values already escaped; or an absolute URL that Mirakl gave us, called as given. */
  path: string;
  query?: Query | undefined;
  /** The operation takes `locale`. */
  isLocalised?: boolean | undefined;
  /** Sent as JSON when set. */
  body?: object | undefined;
  /** Sent as multipart/form-data when set, in place of `body`. */
  form?: readonly FormPart[] | undefined;
  /** Asks the pace for this word instead of `operation`: a list's later pages are no new poll. */
  paceAs?: string | undefined;
  read: Reader<T>;
  rows?: Exchange<T>['rows'];
  /** Replaces the connection's own for a call known to be slow. */
  timeoutMs?: number | undefined;
};

export type MiraklClient = {
  readonly connection: MiraklConnection;
  /** Sends one request when the pace allows. Throws VendorError, or what the pace throws. */
  call<T>(request: MiraklRequest<T>): Promise<MiraklAnswer<T>>;
};

const defaultMaxBodyBytes = 64 * 1024 * 1024;
const defaultThrottledMs = 60_000;
/** Files come as CSV or as plain bytes, errors about them as JSON; a bare JSON wish may be a 406. */
const acceptedForText = 'text/csv, application/octet-stream, application/json;q=0.5, */*;q=0.1';
/** A file of up to a gigabyte needs more time than a page. */
const fileTimeFactor = 10;
const bytesPerMegabyte = 1024 * 1024;

/** A client for one connection. Never repeats a call, except once after a 401 with a renewed OAuth2 token
 *  (a 401 did nothing). After a 429 the pace keeps everybody quiet for the vendor's wish, or a minute. */
export function createMiraklClient(given: {
  connection: MiraklConnection;
  transport: Transport;
  clock: Clock;
  pace: Pace;
  noteCall: NoteCall;
}): MiraklClient {
  const { connection, transport, clock, pace, noteCall } = given;
  const line: Line = { connection: connection.id, transport, clock, noteCall };
  const { auth } = connection;
  const tokens =
    auth.kind === 'oauth2' ? createTokenSource(line, auth, connection.timeoutMs) : null;

  async function paced<T>(ask: Exchange<T>, paceAs: string): Promise<MiraklAnswer<T>> {
    const permit = await pace.take(paceAs);
    try {
      return await exchange(line, ask);
    } catch (error) {
      // Before the permit is given back, so that nobody slips in between.
      if (error instanceof Throttled) {
        const quietMs = error.retryAfterMs ?? connection.throttledMs ?? defaultThrottledMs;
        await pace.backOff(paceAs, quietMs);
      }
      throw error;
    } finally {
      await permit.done();
    }
  }

  async function call<T>(request: MiraklRequest<T>): Promise<MiraklAnswer<T>> {
    const target = targetOf(connection, request);
    const paceAs = request.paceAs ?? request.operation;
    if (!target.sendsCredentials)
      return paced(asked(connection, request, target.url, null), paceAs);
    if (auth.kind === 'apiKey') {
      return paced(asked(connection, request, target.url, auth.apiKey), paceAs);
    }
    // The token is fetched before leave is taken: with one permit per connection it would wait for itself.
    const token = await tokens!.current();
    try {
      return await paced(asked(connection, request, target.url, `Bearer ${token}`), paceAs);
    } catch (error) {
      if (!(error instanceof Unauthorised && error.status === 401)) throw error;
      tokens!.forget(token);
    }
    const renewed = await tokens!.current();
    return paced(asked(connection, request, target.url, `Bearer ${renewed}`), paceAs);
  }

  return { connection, call };
}

/** Milliseconds until a file of an export must be complete. */
export function fileTimeoutMs({ connection }: MiraklClient): number {
  return connection.timeoutMs * fileTimeFactor;
}

/** Megabytes to ask for in one file of an export: half of what the client would read, in Mirakl's bounds. */
export function megabytesThatFit({ connection }: MiraklClient, maximum: number): number {
  const limit = connection.maxBodyBytes ?? defaultMaxBodyBytes;
  return Math.min(maximum, Math.max(10, Math.floor(limit / bytesPerMegabyte / 2)));
}

function asked<T>(
  connection: MiraklConnection,
  request: MiraklRequest<T>,
  url: string,
  authorization: string | null,
): Exchange<T> {
  const payload = payloadOf(request);
  return {
    operation: request.operation,
    http: {
      method: request.method,
      url,
      headers: {
        accept: isTextWanted(request.read) ? acceptedForText : 'application/json',
        'user-agent': 'packhorse',
        ...(authorization === null ? {} : { authorization }),
        ...(payload === null ? {} : { 'content-type': payload.contentType }),
      },
      ...(payload === null ? {} : { body: payload.body }),
      timeoutMs: request.timeoutMs ?? connection.timeoutMs,
    },
    maxBodyBytes: connection.maxBodyBytes ?? defaultMaxBodyBytes,
    read: request.read,
    rows: request.rows,
  };
}

function payloadOf<T>(
  request: MiraklRequest<T>,
): { contentType: string; body: string | Uint8Array } | null {
  if (request.form !== undefined) return multipart(request.form);
  if (request.body === undefined) return null;
  return { contentType: 'application/json', body: JSON.stringify(request.body) };
}

function isTextWanted<T>(read: Reader<T>): boolean {
  return read !== null && typeof read === 'object';
}

/** Where a request goes, and whether our credentials may go along. */
function targetOf<T>(
  connection: MiraklConnection,
  request: MiraklRequest<T>,
): { url: string; sendsCredentials: boolean } {
  if (request.path.startsWith('/') && !request.path.startsWith('//')) {
    const base = connection.url.replace(/\/+$/, '').replace(/\/api$/, '');
    const query = {
      ...request.query,
      locale: request.isLocalised ? connection.locale : undefined,
      shop_id: connection.shopId,
    };
    return { url: base + request.path + queryText(query), sendsCredentials: true };
  }
  const origin = originOf(request.path);
  if (origin !== null && origin === originOf(connection.url))
    return { url: request.path, sendsCredentials: true };
  const allowed = connection.downloadOrigins?.find((entry) => originOf(entry.origin) === origin);
  if (origin === null || !allowed) throw foreignOrigin(connection, request.operation, origin);
  return { url: request.path, sendsCredentials: allowed.sendsCredentials };
}

function foreignOrigin(connection: MiraklConnection, operation: string, origin: string | null) {
  const fact = `told to fetch from ${origin ?? 'an unreadable address'}, which is not the marketplace`;
  const move = 'if it is right, add it to the channel’s downloadOrigins';
  return new BadAnswer(`${operation} on channel ${connection.id}: ${fact}; ${move}`, {
    vendor: 'mirakl',
    connection: connection.id,
    operation,
    effect: 'none',
  });
}

function originOf(url: string): string | null {
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.origin : null;
}
