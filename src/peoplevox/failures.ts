/** Tells the five layers of failure of a Peoplevox call apart (reference section 4) and says each
 *  in our own words. The fifth, a row with Status `Error`, is not a failed call: see
 *  row-results.ts. */
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
import type { TransportError } from '../transport.ts';
import type { Operation } from './envelope.ts';
import type { Reply, ReplyProblem } from './reply.ts';

/** Which call it was. `word` is what the pace and the journal call it, such as `SaveData Sales
 *  orders`. */
export type CallContext = { connection: string; operation: Operation; word: string };

/** Everything that came back of one call. */
export type Seen =
  | { kind: 'network'; error: TransportError }
  | {
      kind: 'answer';
      status: number;
      /** Lower-case names. */
      headers: Record<string, string>;
      /** The reply when it could be read, else null. */
      reply: Reply | null;
      /** Why not, when it could not. */
      problem: ReplyProblem | null;
      /** The text of Detail, at least its first 64,000 characters when the call failed. */
      detail: string;
    };

/** The session is unknown or has run out. Internal: the client renews it and repeats the call
 *  once. */
export class SessionDead extends VendorError {
  override readonly name = 'SessionDead';
  readonly isRetried = true;
}

const sessionText = /security\s*-\s*(invalid session|session expired)/i;
// The form of a breach is unconfirmed, so any wording about the number or rate of calls counts.
const throttleText =
  /too many (requests|calls)|(request|rate|call)s? limit|throttl|quota exceeded|slow down/i;
const notConfiguredText = new RegExp(
  [
    'not\\s+(been\\s+)?(yet\\s+)?configured',
    '(no|unknown) (integration )?template',
    'template\\b.{0,120}\\bnot\\s+(found|exist|set ?up)',
  ].join('|'),
  'i',
);

const writing: ReadonlySet<Operation> = new Set<Operation>([
  'SaveData',
  'SubscribeEvent',
  'SubscribePostEvent',
  'UnsubscribeEvent',
]);

/** The failure that a call ended in, or null when it was processed (ResponseId 0).
 *  `nowMs` is for a Retry-After given as a date. Pure. */
export function failureOf(call: CallContext, seen: Seen, nowMs: number): VendorError | null {
  if (seen.kind === 'network') return networkFailure(call, seen.error);
  const { status } = seen;
  if (status === 429 || status === 503) return httpThrottled(call, seen, nowMs);
  if (status === 401 || status === 403)
    return new Unauthorised(
      `${call.word}: Peoplevox answers HTTP ${status}; check the address and the API user`,
      fieldsOf(call, seen, 'none'),
    );
  if (seen.reply?.fault) return faultFailure(call, seen, seen.reply.fault);
  if (seen.reply && seen.reply.responseId !== 0) return refusal(call, seen, seen.reply);
  if (status < 200 || status > 299) return httpFailure(call, seen);
  if (seen.problem) return problemFailure(call, seen, seen.problem);
  if (!seen.reply) throw new TypeError('an answer has a reply or a problem');
  return null;
}

/** Whether a refusal says that the template or report is not set up in the tenant. Its wording is
 *  unconfirmed, so this is for advice only, never for a decision. */
export function isNotConfigured(error: unknown): boolean {
  return error instanceof Refused && notConfiguredText.test(error.vendorMessage);
}

/** The refusal for a template whose answer has a negative TotalCount: how Peoplevox tells of one that
 *  is not configured when it does not refuse the call. Source: reference section 4. */
export function notConfigured(call: CallContext): Refused {
  const message = 'template is not configured (negative TotalCount)';
  return new Refused(
    `${call.word}: ${message}; configure the template in Peoplevox under Integration`,
    fieldsOf(call, null, 'none'),
    { message },
  );
}

/** An answer that came whole but breaks the contract in what it says: unreadable CSV, a missing
 *  column. */
export function badAnswer(call: CallContext, cause: Error): BadAnswer {
  return new BadAnswer(`${call.word}: unreadable answer: ${cause.message}`, {
    ...fieldsOf(call, null, effectOf(call)),
    cause,
  });
}

/** A session that stayed dead after one renewal. */
export function stillDead(call: CallContext, cause: SessionDead): Unauthorised {
  return new Unauthorised(
    `${call.word}: a session just made is not accepted; check passwordEncoding and the API user`,
    { ...fieldsOf(call, null, 'none'), status: cause.status, cause },
  );
}

type Answer = Extract<Seen, { kind: 'answer' }>;

/** A call that only reads, or only logs in, leaves nothing behind whatever became of its answer. */
function effectOf(call: CallContext): Effect {
  return writing.has(call.operation) ? 'unknown' : 'none';
}

function fieldsOf(call: CallContext, seen: Answer | null, effect: Effect): VendorErrorFields {
  return {
    vendor: 'peoplevox',
    connection: call.connection,
    operation: call.word,
    effect,
    status: seen?.status,
    correlationId: seen ? correlationIdOf(seen.headers) : undefined,
  };
}

/** The id that a gateway in front of the service may give an answer. Peoplevox itself documents
 *  none. */
export function correlationIdOf(headers: Record<string, string>): string | undefined {
  return headers['x-correlation-id'] ?? headers['x-request-id'] ?? headers['request-id'];
}

function networkFailure(call: CallContext, error: TransportError): NoAnswer {
  const effect = error.reached ? effectOf(call) : 'none';
  return new NoAnswer(`${call.word}: no answer from Peoplevox: ${error.message}`, {
    ...fieldsOf(call, null, effect),
    cause: error,
  });
}

function httpThrottled(call: CallContext, seen: Answer, nowMs: number): Throttled {
  // A 503 may also come from a server that stopped in mid-work, so a write is to be looked at
  // first.
  const effect = seen.status === 429 ? 'none' : effectOf(call);
  return new Throttled(
    `${call.word}: Peoplevox asks for fewer calls (HTTP ${seen.status})`,
    fieldsOf(call, seen, effect),
    retryAfterMsOf(seen.headers['retry-after'], nowMs),
  );
}

function retryAfterMsOf(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d{1,6}\s*$/.test(value)) return Number(value) * 1000;
  const until = Date.parse(value);
  return Number.isNaN(until) ? undefined : Math.max(0, until - nowMs);
}

function faultFailure(
  call: CallContext,
  seen: Answer,
  fault: { code: string; text: string },
): VendorError {
  if (throttleText.test(fault.text)) return textThrottled(call, seen, fault.text);
  // Receiver and Server speak of trouble at their end, every other code (Client, Sender,
  // VersionMismatch, MustUnderstand) of our request. An empty code cannot blame us.
  if (/^(server|receiver)?$/i.test(fault.code))
    return new VendorDown(
      `${call.word}: Peoplevox failed inside: ${shortened(fault.text)}`,
      fieldsOf(call, seen, effectOf(call)),
    );
  return new Refused(
    `${call.word}: Peoplevox cannot read the request: ${shortened(fault.text)}`,
    fieldsOf(call, seen, 'none'),
    { message: fault.text, code: fault.code },
  );
}

function refusal(call: CallContext, seen: Answer, reply: Reply): VendorError {
  const text = seen.detail.trim();
  if (throttleText.test(text)) return textThrottled(call, seen, text);
  if (call.operation === 'Authenticate')
    return new Unauthorised(
      `Peoplevox refuses the login: ${shortened(text)}; check username, password, passwordEncoding`,
      fieldsOf(call, seen, 'none'),
    );
  if (sessionText.test(text))
    return new SessionDead(`${call.word}: the session has ended`, fieldsOf(call, seen, 'none'));
  // -1 is known to mean that the whole call failed; what other figures mean is not.
  const effect = reply.responseId === -1 ? 'none' : effectOf(call);
  const advice = notConfiguredText.test(text)
    ? '; configure the template in Peoplevox under Integration'
    : '';
  return new Refused(
    `${call.word} refused by Peoplevox: ${shortened(text)}${advice}`,
    fieldsOf(call, seen, effect),
    { message: text, code: reply.errorCode ?? undefined },
  );
}

function textThrottled(call: CallContext, seen: Answer, text: string): Throttled {
  return new Throttled(
    `${call.word}: Peoplevox asks for fewer calls: ${shortened(text)}`,
    fieldsOf(call, seen, 'none'),
    undefined,
  );
}

function httpFailure(call: CallContext, seen: Answer): VendorError {
  const { status } = seen;
  // A redirect leads to a sign-in or maintenance page; 408 is a gateway that lost patience.
  if (status < 400 || status === 408 || status >= 500)
    return new VendorDown(
      `${call.word}: Peoplevox answers HTTP ${status} instead of a reply`,
      fieldsOf(call, seen, effectOf(call)),
    );
  return new Refused(
    `${call.word}: Peoplevox answers HTTP ${status}; check url and clientId of the connection`,
    fieldsOf(call, seen, 'none'),
    { message: `HTTP ${status}`, code: String(status) },
  );
}

function problemFailure(call: CallContext, seen: Answer, problem: ReplyProblem): VendorError {
  const fields = { ...fieldsOf(call, seen, effectOf(call)), cause: problem };
  switch (problem.kind) {
    case 'empty':
    case 'foreign':
      return new VendorDown(`${call.word}: not an answer of Peoplevox: ${problem.message}`, fields);
    case 'cut':
      return new NoAnswer(`${call.word}: only part of an answer came: ${problem.message}`, fields);
    case 'broken':
    case 'shape':
    case 'size':
      return new BadAnswer(`${call.word}: unreadable answer: ${problem.message}`, fields);
  }
}

/** A vendor's text for a log line: one line, 300 characters. The whole is in `vendorMessage`. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return 'no reason given';
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
