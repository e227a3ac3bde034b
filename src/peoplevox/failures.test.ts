import { describe, expect, it } from 'vitest';
import { Refused, type Throttled } from '../errors.ts';
import { TransportError } from '../transport.ts';
import type { Operation } from './envelope.ts';
import { type CallContext, failureOf, isNotConfigured, type Seen } from './failures.ts';
import { type Reply, ReplyProblem, type ReplyProblemKind } from './reply.ts';

const nowMs = Date.UTC(2026, 1, 1);
const call = (operation: Operation): CallContext => ({
  connection: 'main',
  operation,
  word: operation === 'Authenticate' ? operation : `${operation} Sales orders`,
});

function reply(fields: Partial<Reply>): Reply {
  return {
    responseId: 0,
    totalCount: 0,
    statuses: [],
    importingQueueId: null,
    errorCode: null,
    fault: null,
    hasDetailBegun: true,
    ...fields,
  };
}

type Answer = Extract<Seen, { kind: 'answer' }>;
const answer = (fields: Partial<Answer>): Answer => ({
  kind: 'answer',
  status: 200,
  headers: {},
  reply: null,
  problem: null,
  detail: '',
  ...fields,
});
const network = (reached: boolean): Seen => ({
  kind: 'network',
  error: new TransportError('ECONNRESET', { reached }),
});
const http = (status: number, headers: Record<string, string> = {}): Seen =>
  answer({ status, headers, problem: new ReplyProblem('foreign', 'the answer is an HTML page') });
const unreadable = (kind: ReplyProblemKind): Seen =>
  answer({ problem: new ReplyProblem(kind, 'because') });
const fault = (code: string, text = 'no', status = 500): Seen =>
  answer({ status, reply: reply({ responseId: null, fault: { code, text } }) });
const refused = (detail: string, responseId = -1, status = 200): Seen =>
  answer({ status, detail, reply: reply({ responseId }) });

type Row = [rule: string, operation: Operation, seen: Seen, name: string | null, effect?: string];

const layers: Row[] = [
  // Layer 1: network and HTTP.
  ['a connection that was refused did nothing', 'SaveData', network(false), 'NoAnswer', 'none'],
  ['a write with a lost answer is unknown', 'SaveData', network(true), 'NoAnswer', 'unknown'],
  ['a read with a lost answer did nothing', 'GetData', network(true), 'NoAnswer', 'none'],
  ['a login with a lost answer did nothing', 'Authenticate', network(true), 'NoAnswer', 'none'],
  [
    'a subscription with a lost answer is unknown',
    'SubscribeEvent',
    network(true),
    'NoAnswer',
    'unknown',
  ],
  ['half an answer to a write is unknown', 'SaveData', unreadable('cut'), 'NoAnswer', 'unknown'],
  ['HTTP 500 with a page is an outage', 'SaveData', http(500), 'VendorDown', 'unknown'],
  ['HTTP 502 is an outage', 'GetData', http(502), 'VendorDown', 'none'],
  ['HTTP 408 is an outage', 'GetData', http(408), 'VendorDown', 'none'],
  ['a redirect is an outage', 'GetData', http(302), 'VendorDown', 'none'],
  ['HTTP 404 is an address to correct', 'GetData', http(404), 'Refused', 'none'],
  ['HTTP 401 is about the credentials', 'SaveData', http(401), 'Unauthorised', 'none'],
  ['HTTP 403 is about the credentials', 'SaveData', http(403), 'Unauthorised', 'none'],
  ['HTTP 429 is throttling', 'SaveData', http(429), 'Throttled', 'none'],
  [
    'HTTP 503 is throttling, a write to be looked at',
    'SaveData',
    http(503),
    'Throttled',
    'unknown',
  ],
  ['an unknown status is an outage', 'GetData', http(599), 'VendorDown', 'none'],
  // Layer 2: not XML, or not this contract.
  [
    'an HTML page with HTTP 200 is an outage',
    'SaveData',
    unreadable('foreign'),
    'VendorDown',
    'unknown',
  ],
  [
    'an empty body with HTTP 200 is an outage',
    'GetData',
    unreadable('empty'),
    'VendorDown',
    'none',
  ],
  [
    'XML that is not well formed is a bad answer',
    'SaveData',
    unreadable('broken'),
    'BadAnswer',
    'unknown',
  ],
  ['another contract is a bad answer', 'GetData', unreadable('shape'), 'BadAnswer', 'none'],
  [
    'an answer beyond the limit is a bad answer',
    'GetData',
    unreadable('size'),
    'BadAnswer',
    'none',
  ],
  // Layer 3: SOAP faults.
  ['a fault that blames the request is a refusal', 'SaveData', fault('Client'), 'Refused', 'none'],
  [
    'a fault with HTTP 200 is a fault too',
    'SaveData',
    fault('Client', 'no', 200),
    'Refused',
    'none',
  ],
  [
    'a 1.2 fault that blames the sender is a refusal',
    'SaveData',
    fault('Sender', 'no', 400),
    'Refused',
    'none',
  ],
  [
    'a fault about the version is a refusal',
    'GetData',
    fault('VersionMismatch'),
    'Refused',
    'none',
  ],
  ['a fault of the server is an outage', 'SaveData', fault('Server'), 'VendorDown', 'unknown'],
  ['a 1.2 fault of the receiver is an outage', 'GetData', fault('Receiver'), 'VendorDown', 'none'],
  ['a fault without a code is an outage', 'GetData', fault(''), 'VendorDown', 'none'],
  [
    'a fault about the number of calls is throttling',
    'GetData',
    fault('Server', 'Too many requests'),
    'Throttled',
    'none',
  ],
  // Layer 4: ResponseId.
  [
    'an invalid session is dead',
    'SaveData',
    refused('System : Security - Invalid Session'),
    'SessionDead',
    'none',
  ],
  [
    'an expired session is dead',
    'GetData',
    refused('system : SECURITY-session expired.'),
    'SessionDead',
    'none',
  ],
  [
    'any non-zero id will do',
    'GetData',
    refused('System : Security - Session Expired', 5),
    'SessionDead',
    'none',
  ],
  [
    'the word session alone is a refusal',
    'GetData',
    refused('Item : session bag - unknown'),
    'Refused',
    'none',
  ],
  [
    'the session text with ResponseId 0 is data',
    'GetData',
    refused('Security - Invalid Session', 0),
    null,
  ],
  [
    'a refused login is about the credentials',
    'Authenticate',
    refused('System : Security - Invalid Session'),
    'Unauthorised',
    'none',
  ],
  [
    'a throttled login is not',
    'Authenticate',
    refused('Request limit reached'),
    'Throttled',
    'none',
  ],
  ['-1 means that nothing was done', 'SaveData', refused('Bad header'), 'Refused', 'none'],
  ['other ids of a write are unknown', 'SaveData', refused('Odd', 3), 'Refused', 'unknown'],
  ['a refusal without a reason is a refusal', 'GetData', refused(''), 'Refused', 'none'],
  [
    'a refusal under HTTP 500 is read for its text',
    'GetData',
    refused('System : Security - Session Expired', -1, 500),
    'SessionDead',
    'none',
  ],
  [
    'a text about too many calls is throttling',
    'GetData',
    refused('Rate limit: too many calls'),
    'Throttled',
    'none',
  ],
  // Layer 5 is no failed call.
  [
    'a processed call is no failure, whatever its rows say',
    'SaveData',
    answer({ reply: reply({ statuses: [{ reference: 'JL-1', status: 'Error' }] }) }),
    null,
  ],
];

describe('failureOf', () => {
  it.each(layers)('%s', (_, operation, seen, name, effect) => {
    const failure = failureOf(call(operation), seen, nowMs);
    expect(failure?.name ?? null).toBe(name);
    expect(failure?.effect).toBe(effect);
  });

  it('carries connection, operation, status and correlation id', () => {
    const failure = failureOf(call('GetData'), http(502, { 'x-request-id': 'abc' }), nowMs);
    expect(failure).toMatchObject({
      vendor: 'peoplevox',
      connection: 'main',
      operation: 'GetData Sales orders',
      status: 502,
      correlationId: 'abc',
    });
  });

  it('keeps the whole text and the code of a refusal, but shortens it in the message', () => {
    const text = `Template : Header - ${'x'.repeat(400)}`;
    const seen = answer({ detail: text, reply: reply({ responseId: -1, errorCode: 'E7' }) });
    const failure = failureOf(call('SaveData'), seen, nowMs);
    expect(failure).toBeInstanceOf(Refused);
    expect(failure).toMatchObject({ vendorMessage: text, vendorCode: 'E7' });
    expect(failure!.message.length).toBeLessThan(400);
  });

  it.each([
    ['seconds', '7', 7000],
    ['a date', 'Sun, 01 Feb 2026 00:00:30 GMT', 30_000],
    ['a date gone by', 'Sat, 31 Jan 2026 00:00:30 GMT', 0],
    ['nonsense', 'soon', undefined],
  ])('reads Retry-After given as %s', (_, header, expected) => {
    const failure = failureOf(call('GetData'), http(429, { 'retry-after': header }), nowMs);
    expect((failure as Throttled).retryAfterMs).toBe(expected);
  });
});

describe('isNotConfigured', () => {
  it.each([
    ['Integration : Template - Sales orders is not configured', true],
    ['Template "Sales orders" was not found', true],
    ['Unknown template', true],
    ['Item code not found', false],
  ])('%s: %s', (text, expected) => {
    expect(isNotConfigured(failureOf(call('GetData'), refused(text), nowMs))).toBe(expected);
  });
});
