/** One HTTP exchange with Mirakl: sent, read up to a limit, judged, and noted exactly once. */
import type { Clock } from '../clock.ts';
import { BadAnswer } from '../errors.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type NoteCall,
  type Transport,
  TransportError,
} from '../transport.ts';
import { type ErrorContext, errorFrom, isHtml, type Reply } from './error-from.ts';
import { type Json, parseJson } from './json.ts';

/** What every exchange of one connection shares. */
export type Line = { connection: string; transport: Transport; clock: Clock; noteCall: NoteCall };

export type Exchange<T> = {
  /** API code, such as `OR11`. */
  operation: string;
  http: HttpRequest;
  /** A longer body is a BadAnswer and is not read to its end. */
  maxBodyBytes: number;
  read: Reader<T>;
  /** Rows moved, for the call record. */
  rows?: ((value: T) => number) | undefined;
};

/** Makes the value from the parsed JSON, or with `text` from the body as it came (CSV); throws Unreadable when
 *  the shape is wrong. Null: the body is not wanted. A web page in place of the body is always an error. */
export type Reader<T> = ((body: Json) => T) | { text: (body: string) => T } | null;

/** The answer of one call. `value` is undefined when no body was wanted. */
export type MiraklAnswer<T> = {
  status: number;
  headers: Record<string, string>;
  value: T;
  correlationId: string | undefined;
};

/** The body of a good answer has not the promised shape; becomes a BadAnswer. The message names the field
 *  and what was due, never a value, since values may be personal data. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Error pages are read no further than this. Units: bytes. */
const maxErrorBytes = 262_144;

/** Sends one request and reads its answer. Calls `noteCall` once whatever happens. Throws VendorError. */
export async function exchange<T>(line: Line, ask: Exchange<T>): Promise<MiraklAnswer<T>> {
  const startedAt = line.clock.now();
  const startMs = line.clock.monotonicMs();
  const seen: { status?: number; correlationId?: string | undefined; bytes: number } = { bytes: 0 };
  let outcome = 'ok';
  let rows: number | undefined;
  const context = () => ({
    connection: line.connection,
    operation: ask.operation,
    nowMs: line.clock.nowMs(),
  });
  try {
    const response = await line.transport(ask.http);
    seen.status = response.status;
    seen.correlationId = response.headers['x-correlation-id'];
    const reply = await readReply(line.clock, response, ask, startMs, seen);
    const answer = answerFrom(reply, ask, context());
    rows = ask.rows?.(answer.value);
    return answer;
  } catch (error) {
    const thrown = error instanceof TransportError ? errorFrom(error, context()) : error;
    outcome = thrown instanceof Error ? thrown.name : 'unknown';
    throw thrown;
  } finally {
    line.noteCall({
      vendor: 'mirakl',
      connection: line.connection,
      operation: ask.operation,
      startedAt,
      tookMs: line.clock.monotonicMs() - startMs,
      status: seen.status,
      outcome,
      correlationId: seen.correlationId,
      requestBytes: Buffer.byteLength(ask.http.body ?? ''),
      responseBytes: seen.bytes,
      rows,
    });
  }
}

type WholeReply = Reply & { isWhole: boolean };

/** Reads the body up to the limit. Throws TransportError when it breaks off or takes longer than allowed. */
async function readReply(
  clock: Clock,
  response: HttpResponse,
  ask: { http: HttpRequest; maxBodyBytes: number },
  startMs: number,
  seen: { bytes: number },
): Promise<WholeReply> {
  const limit = isGood(response.status) ? ask.maxBodyBytes : maxErrorBytes;
  const chunks: Uint8Array[] = [];
  let isWhole = true;
  for await (const chunk of response.body) {
    seen.bytes += chunk.byteLength;
    if (seen.bytes > limit) {
      isWhole = false;
      break;
    }
    chunks.push(chunk);
    // The transport bounds the wait for each chunk; an answer that drips is bounded here.
    if (clock.monotonicMs() - startMs > ask.http.timeoutMs)
      throw new TransportError('the answer took too long', { reached: true });
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  return { status: response.status, headers: response.headers, text, isWhole };
}

function answerFrom<T>(
  reply: WholeReply,
  ask: Exchange<T>,
  context: ErrorContext,
): MiraklAnswer<T> {
  if (!isGood(reply.status)) throw errorFrom(reply, context);
  if (!reply.isWhole)
    throw errorFrom(reply, { ...context, problem: `longer than ${ask.maxBodyBytes} bytes` });
  const { status, headers } = reply;
  const correlationId = headers['x-correlation-id'];
  if (ask.read === null) {
    const misplaced = reply.text.trim() === '' ? undefined : errorFrom(reply, context);
    // Anything but a web page is let pass: only the status matters here.
    if (misplaced !== undefined && !(misplaced instanceof BadAnswer)) throw misplaced;
    return { status, headers, correlationId, value: undefined as T };
  }
  if (reply.text.trim() === '') throw errorFrom(reply, context);
  return { status, headers, correlationId, value: readBody(reply, ask.read, context) };
}

function readBody<T>(reply: Reply, read: NonNullable<Reader<T>>, context: ErrorContext): T {
  try {
    if (typeof read === 'function') return read(parseJson(reply.text));
    if (isHtml(reply)) throw errorFrom(reply, context);
    return read.text(reply.text);
  } catch (cause) {
    if (cause instanceof Unreadable)
      throw errorFrom(reply, { ...context, problem: cause.message, cause });
    // The parser's message quotes the text, which may be personal: it is not kept as the cause.
    if (cause instanceof SyntaxError)
      throw errorFrom(reply, { ...context, problem: 'broken JSON' });
    throw cause;
  }
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}
