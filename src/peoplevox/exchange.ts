/** One HTTP exchange with Peoplevox: leave to call, request, answer read as it arrives, note of how
 *  it went. Sessions and repeats are the client's affair. */
import type { Clock } from '../clock.ts';
import { Throttled, VendorError } from '../errors.ts';
import {
  type HttpResponse,
  type NoteCall,
  type Pace,
  type Transport,
  TransportError,
} from '../transport.ts';
import type { PeoplevoxConnection } from './connection.ts';
import { type CsvBatch, createCsvReader, UnreadableCsv } from './csv.ts';
import { buildRequest, type Credentials, type WireCall } from './envelope.ts';
import { badAnswer, type CallContext, correlationIdOf, failureOf } from './failures.ts';
import { createReplyScanner, type Reply, ReplyProblem } from './reply.ts';

/** What the wire stands on. */
export type Wire = {
  connection: PeoplevoxConnection;
  transport: Transport;
  clock: Clock;
  pace: Pace;
  noteCall: NoteCall;
};

export type Exchange = {
  call: WireCall;
  context: CallContext;
  /** Null only for Authenticate. */
  credentials: Credentials | null;
  timeoutMs: number;
  /** `csv`: Detail is a table and is handed out in batches. `text`: Detail is returned at the
   *  end. */
  reads: 'csv' | 'text';
  /** Rows that a SaveData carries, for the journal. */
  writtenRows?: number;
};

/** Rows of a table as they arrive. The last batch always comes, with no rows and an empty header
 *  when the table is empty; its `totalCount` is final. `totalCount`: rows that match in all, not in
 *  the page. */
export type TableBatch = CsvBatch & { totalCount: number };

/** A processed call. `detail` is empty when it was read as a table. */
export type Processed = { reply: Reply; detail: string };

/** What is awaited of an answer that is not a success; a fault or an error page is shorter. */
const maxFailureBytes = 256 * 1024;
const maxFailureText = 64_000;
/** Quiet after a refusal for too many calls that names no time: the window one integrator
 *  measured. */
const defaultBackOffMs = 15_000;

/** Makes one exchange. Yields table batches (none when `reads` is `text`); returns when the answer
 *  is whole and was processed. Rows yielded before a throw are part of an answer that is not to be
 *  trusted as complete. Closing it early drops the connection. Throws VendorError of every kind,
 *  SessionDead included. */
export async function* exchange(
  wire: Wire,
  plan: Exchange,
): AsyncGenerator<TableBatch, Processed, undefined> {
  const { clock, connection } = wire;
  const { word } = plan.context;
  const request = buildRequest(plan.call, plan.credentials, connection.soapVersion);
  const permit = await wire.pace.take(word);
  const seen: Progress = { responseBytes: 0, rows: plan.writtenRows };
  const startedAt = clock.now();
  const startedMs = clock.monotonicMs();
  let outcome = 'ok';
  try {
    const response = await wire.transport({
      method: 'POST',
      url: serviceUrl(connection),
      headers: request.headers,
      body: request.body,
      timeoutMs: plan.timeoutMs,
    });
    seen.status = response.status;
    seen.correlationId = correlationIdOf(response.headers);
    const spentMs = clock.monotonicMs() - startedMs;
    return yield* readAnswer(wire, plan, response, seen, spentMs);
  } catch (cause) {
    const failure = asFailure(plan.context, cause, clock.nowMs());
    outcome = failure.name;
    if (failure instanceof Throttled)
      await wire.pace.backOff(word, failure.retryAfterMs ?? defaultBackOffMs);
    throw failure;
  } finally {
    wire.noteCall({
      vendor: 'peoplevox',
      connection: connection.id,
      operation: word,
      startedAt,
      tookMs: clock.monotonicMs() - startedMs,
      status: seen.status,
      outcome,
      correlationId: seen.correlationId,
      requestBytes: Buffer.byteLength(request.body),
      responseBytes: seen.responseBytes,
      rows: seen.rows,
    });
    await permit.done();
  }
}

function serviceUrl(connection: PeoplevoxConnection): string {
  const host = connection.url.replace(/\/+$/, '');
  return `${host}/${encodeURIComponent(connection.clientId)}/resources/integrationservicev4.asmx`;
}

/** What the note at the end needs; grows while the answer is read. */
type Progress = {
  status?: number;
  correlationId?: string | undefined;
  responseBytes: number;
  rows: number | undefined;
};

async function* readAnswer(
  wire: Wire,
  plan: Exchange,
  response: HttpResponse,
  seen: Progress,
  spentMs: number,
): AsyncGenerator<TableBatch, Processed, undefined> {
  const isSuccess = response.status >= 200 && response.status <= 299;
  const maxBytes = isSuccess ? wire.connection.maxAnswerBytes : maxFailureBytes;
  const answer = createAnswer(plan, seen);
  let problem: ReplyProblem | null = null;
  const waitLeftMs = plan.timeoutMs - spentMs;
  try {
    const decode = textDecoderOf(response.headers['content-type']);
    for await (const bytes of withinTime(response.body, wire.clock, waitLeftMs)) {
      seen.responseBytes += bytes.length;
      if (seen.responseBytes > maxBytes)
        throw new ReplyProblem('size', `the answer is longer than ${maxBytes} bytes`);
      const batch = answer.take(decode(bytes), isSuccess);
      if (batch) yield batch;
    }
    answer.finish(decode(null));
  } catch (cause) {
    if (!(cause instanceof ReplyProblem)) throw cause;
    problem = cause;
  }
  const failure = failureOf(
    plan.context,
    {
      kind: 'answer',
      status: response.status,
      headers: response.headers,
      reply: problem ? null : answer.reply,
      problem,
      detail: answer.detail(),
    },
    wire.clock.nowMs(),
  );
  if (failure) throw failure;
  if (plan.reads === 'csv') yield answer.lastBatch();
  return { reply: answer.reply, detail: answer.detail() };
}

type Answer = {
  reply: Reply;
  /** Reads on; returns rows when the call was processed and this piece completed some. */
  take(text: string, isSuccess: boolean): TableBatch | null;
  finish(text: string): void;
  lastBatch(): TableBatch;
  detail(): string;
};

function createAnswer(plan: Exchange, seen: Progress): Answer {
  let held = '';
  const scanner = createReplyScanner(plan.call.operation, (text) => {
    // The reason of a refusal is short; a long one must not fill memory.
    const isRefused = scanner.reply.responseId !== 0 && scanner.reply.responseId !== null;
    if (!isRefused || held.length < maxFailureText) held += text;
  });
  const { reply } = scanner;
  const table = plan.reads === 'csv' ? createCsvReader() : null;
  const counted = (batch: CsvBatch): TableBatch => {
    seen.rows = (seen.rows ?? 0) + batch.rows.length;
    return { ...batch, totalCount: reply.totalCount ?? 0 };
  };
  return {
    reply,
    take(text, isSuccess) {
      scanner.feed(text);
      // Until ResponseId says 0 the text may be a reason, not a table.
      if (!table || !isSuccess || reply.responseId !== 0 || held === '') return null;
      const batch = table.push(held);
      held = '';
      return batch.rows.length + batch.ragged.length > 0 ? counted(batch) : null;
    },
    finish(text) {
      scanner.feed(text);
      scanner.end();
      if (table && reply.responseId === 0 && reply.totalCount === null)
        throw new ReplyProblem('shape', 'the answer has no readable TotalCount');
    },
    lastBatch() {
      const last = table!.push(held);
      held = '';
      const rest = table!.end();
      return counted({
        header: rest.header,
        rows: last.rows.concat(rest.rows),
        ragged: last.ragged.concat(rest.ragged),
      });
    },
    detail: () => held,
  };
}

/** Bytes to text by the answer's charset (UTF-8 unless it says otherwise). Bytes that are no text
 *  are an error: a replaced letter in an item code would name another item. Null ends the text. */
function textDecoderOf(contentType: string | undefined): (bytes: Uint8Array | null) => string {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  const decoder = decoderFor(charset);
  return (bytes) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      throw new ReplyProblem('broken', `the answer is not valid ${charset}`);
    }
  };
}

function decoderFor(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new ReplyProblem('broken', `the answer is in the unknown charset ${charset}`);
  }
}

/** The body as it is, but only so much waiting in all: an answer that drips for hours ends too. The
 *  time the reader takes between two pieces does not count. */
async function* withinTime(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  limitMs: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = body[Symbol.asyncIterator]();
  let waitedMs = 0;
  try {
    for (;;) {
      const from = clock.monotonicMs();
      const piece = await pieces.next();
      if (piece.done) return;
      waitedMs += clock.monotonicMs() - from;
      if (waitedMs > limitMs)
        throw new TransportError('the answer was not complete in time', { reached: true });
      yield piece.value;
    }
  } finally {
    await pieces.return?.();
  }
}

/** What is ours or a bug stays as it is; the rest becomes one of the wire's own errors. */
function asFailure(context: CallContext, cause: unknown, nowMs: number): Error {
  if (cause instanceof VendorError) return cause;
  if (cause instanceof TransportError)
    return failureOf(context, { kind: 'network', error: cause }, nowMs)!;
  if (cause instanceof UnreadableCsv) return badAnswer(context, cause);
  return cause instanceof Error ? cause : new Error(String(cause));
}
