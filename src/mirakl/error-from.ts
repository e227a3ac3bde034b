/** From a failed exchange to one of our error classes: decided here once for the whole wire. */
import {
  BadAnswer,
  type Effect,
  NoAnswer,
  Refused,
  Throttled,
  Unauthorised,
  VendorDown,
  VendorError,
  type VendorErrorFields,
} from '../errors.ts';
import { TransportError } from '../transport.ts';
import { type Json, parseJson } from './json.ts';

/** An answer with its body read as text; header names in lower case. */
export type Reply = { status: number; headers: Record<string, string>; text: string };

export type ErrorContext = {
  /** Channel id of our configuration. */
  connection: string;
  /** API code, such as `OR21`. */
  operation: string;
  /** For a Retry-After given as a date when the answer carries no Date of its own. */
  nowMs: number;
  /** What was wrong with an answer whose status was good; names a field, never a value. */
  problem?: string | undefined;
  cause?: unknown;
};

/** Machine codes that Mirakl documents, most telling first: `VALIDATION_ERROR` only when nothing else is named.
 *  Source: OR21, OR32. */
const knownCodes = [
  'ORDER_NOT_FOUND',
  'ORDER_INVALID_STATE',
  'ORDER_FULFILLED_UNAUTHORIZED',
  'ORDER_PARTIAL_ACCEPTANCE_DISABLED',
  'ORDER_LINE_NOT_FOUND',
  'ORDER_LINE_DUPLICATE_ID',
  'ORDER_LINE_NULL_ELEMENT',
  'ORDER_LINE_ACCEPTANCE_DECISION_MISSING',
  'VALIDATION_ERROR',
] as const;
const codeKeys = ['code', 'error_code', 'errorCode', 'error', 'errors'];
const codeShape = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
const codeInText = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
/** Longer waits than a day are taken for a mistake of the sender. */
const maxRetryAfterMs = 24 * 3_600_000;
const notOfferedStatuses: ReadonlySet<number> = new Set([403, 404, 405, 410]);
const maxQuotedText = 300;
/** Deeper than any answer nests; stops a hostile one from costing time. */
const maxDepth = 8;

/** The error for an exchange that gave nothing usable: no answer, an error status, or a good status with an
 *  unusable body. Pure. Effects: `none` when the request never arrived or was turned down (4xx), else
 *  `unknown`. Never quotes request data; the vendor's own text is quoted up to 300 characters. */
export function errorFrom(reply: Reply | TransportError, context: ErrorContext): VendorError {
  if (reply instanceof TransportError) return fromTransport(reply, context);
  const { status } = reply;
  const said = whatItSaid(reply);
  const fields = fieldsOf(reply, context);
  const head = `${context.operation} on channel ${context.connection}`;
  if (status >= 200 && status < 300) return fromUnusable(reply, context, head);
  if (status === 429) {
    const wait = retryAfterMs(reply.headers, context.nowMs);
    return new Throttled(`${head}: too many calls (429); wait and call again`, fields, wait);
  }
  if (status === 401 || status === 403) {
    const hint = isHtml(reply) ? 'a gateway answered with a page' : said.message || 'no reason';
    const move = 'check the key, its shop and its role';
    return new Unauthorised(`${head}: not let in (${status}): ${quoted(hint)}; ${move}`, fields);
  }
  if (status >= 400 && status < 500 && status !== 408 && !isHtml(reply)) {
    const code = said.code === undefined ? '' : ` ${said.code}`;
    const text = quoted(said.message || 'no reason given');
    return new Refused(`${head} refused (${status}${code}): ${text}`, fields, said);
  }
  return new VendorDown(`${head}: ${downText(reply, said.message)}`, fields);
}

/** Whether this operator's Mirakl lacks the operation, so that an older one must do. Only to be asked of a
 *  call that names nothing which could be missing itself (STO01, OF01, OF52, not STO02).
 *  Mirakl is deployed operator by operator and says it in several ways: an unknown path (404, 405, 410, as
 *  JSON or as a server's page) or one that the key's role may not use (403, an Unauthorised). A gateway may
 *  answer the same for everything: when the older operation is not offered either, the address or the key
 *  is wrong. */
export function isNotOffered(error: unknown): boolean {
  return error instanceof VendorError && notOfferedStatuses.has(error.status ?? 0);
}

function fromTransport(error: TransportError, context: ErrorContext): NoAnswer {
  const effect: Effect = error.reached ? 'unknown' : 'none';
  const fact = error.reached ? 'no complete answer' : 'could not be reached';
  return new NoAnswer(
    `${context.operation} on channel ${context.connection}: ${fact} (${quoted(error.message)})`,
    { ...bare(context), effect, cause: error },
  );
}

function fromUnusable(reply: Reply, context: ErrorContext, head: string): VendorError {
  const fields = { ...fieldsOf(reply, context), effect: 'unknown' as const, cause: context.cause };
  if (isHtml(reply)) return new VendorDown(`${head}: ${downText(reply, '')}`, fields);
  if (reply.text.trim() === '' && context.problem === undefined)
    return new VendorDown(`${head}: an empty answer (${reply.status}) where data is due`, fields);
  const problem = context.problem ?? 'not the promised shape';
  return new BadAnswer(`${head}: unreadable answer (${reply.status}): ${problem}`, fields);
}

function downText(reply: Reply, message: string): string {
  const { status } = reply;
  if (status >= 300 && status < 400) {
    const host = hostOf(reply.headers['location']);
    return `redirected (${status}) to ${host}; redirects are not followed, check the channel's url`;
  }
  if (isHtml(reply)) {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(reply.text)?.[1]?.trim() ?? 'no title';
    return `a web page came instead of an answer (${status}): ${quoted(title)}`;
  }
  return `failed at the marketplace (${status}): ${quoted(message || 'no reason given')}`;
}

function fieldsOf(reply: Reply, context: ErrorContext): VendorErrorFields {
  const isTurnedDown = reply.status >= 400 && reply.status < 500;
  return {
    ...bare(context),
    effect: isTurnedDown ? 'none' : 'unknown',
    status: reply.status,
    correlationId: reply.headers['x-correlation-id'],
  };
}

function bare(
  context: ErrorContext,
): Pick<VendorErrorFields, 'vendor' | 'connection' | 'operation'> {
  return { vendor: 'mirakl', connection: context.connection, operation: context.operation };
}

/** Milliseconds to wait by a Retry-After of seconds or an HTTP date; undefined when absent or meaningless.
 *  A date is measured against the answer's own Date, so that our clock's error does not matter. */
function retryAfterMs(headers: Record<string, string>, nowMs: number): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  const wait = /^\d+(?:\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1000)
    : (httpDateMs(text) ?? Number.NaN) - (httpDateMs(headers['date']) ?? nowMs);
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), maxRetryAfterMs);
}

/** The instant in an HTTP date header, or undefined when absent or unreadable. */
export function httpDateMs(text: string | undefined): number | undefined {
  // The engine reads nearly anything as some date, so the shape is checked first.
  if (text === undefined || !/^[A-Z][a-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

/** Whether a web page came, which no operation answers with. */
export function isHtml(reply: Reply): boolean {
  const start = reply.text.slice(0, 500).trimStart().toLowerCase();
  if (start.startsWith('{') || start.startsWith('[')) return false;
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return true;
  return start !== '' && (reply.headers['content-type'] ?? '').includes('text/html');
}

/** The vendor's message and machine code, from whichever key carries them. */
function whatItSaid(reply: Reply): { message: string; code?: string | undefined } {
  if (isHtml(reply)) return { message: '' };
  let body: Json;
  try {
    body = parseJson(reply.text);
  } catch {
    return { message: reply.text.trim(), code: bestCode([], codesIn(reply.text)) };
  }
  const message = messageOf(body);
  return { message, code: bestCode(codesUnderKeys(body, 0), codesAnywhere(body, 0)) };
}

/** Documented codes go before unknown ones; a code under a code's key may be one we have never heard of. */
function bestCode(underKeys: string[], anywhere: string[]): string | undefined {
  const seen = new Set([...underKeys, ...anywhere]);
  return knownCodes.find((code) => seen.has(code)) ?? underKeys[0];
}

function codesUnderKeys(value: Json, depth: number): string[] {
  if (value === null || typeof value !== 'object' || depth > maxDepth) return [];
  if (Array.isArray(value)) return value.flatMap((entry) => codesUnderKeys(entry, depth + 1));
  return codeKeys.flatMap((key) => {
    const found = Object.hasOwn(value, key) ? value[key]! : null;
    if (typeof found === 'string') return codeShape.test(found) ? [found] : [];
    return codesUnderKeys(found, depth + 1);
  });
}

function codesAnywhere(value: Json, depth: number): string[] {
  if (typeof value === 'string') return codesIn(value);
  if (value === null || typeof value !== 'object' || depth > maxDepth) return [];
  return Object.values(value).flatMap((entry) => codesAnywhere(entry, depth + 1));
}

function codesIn(text: string): string[] {
  return text.slice(0, 10_000).match(codeInText) ?? [];
}

function messageOf(body: Json): string {
  if (typeof body === 'string') return body;
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return '';
  const listed = Array.isArray(body['errors']) ? body['errors'].map(listedMessage) : [];
  const own = ['message', 'errorDescription', 'error_description', 'error', 'detail', 'title']
    .map((key) => body[key])
    .find((text) => typeof text === 'string' && text.trim() !== '');
  return [own, ...listed].filter((text) => typeof text === 'string' && text !== '').join('; ');
}

function listedMessage(entry: Json): string {
  if (typeof entry === 'string') return entry;
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return '';
  const message = textOf(entry['message']) || textOf(entry['code']);
  const field = textOf(entry['field']);
  return field === '' ? message : `${field}: ${message}`;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function hostOf(location: string | undefined): string {
  try {
    return new URL(location ?? '').host || 'an unknown place';
  } catch {
    return location?.startsWith('/') ? 'another path' : 'an unknown place';
  }
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > maxQuotedText ? `${line.slice(0, maxQuotedText)}…` : line;
}
