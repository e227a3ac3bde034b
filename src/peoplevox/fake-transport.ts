/** For the unit tests of this folder only: a Transport that answers from a script, replies composed
 *  from the reference, and the things a client is made of. */
import type { Clock } from '../clock.ts';
import type { CallRecord, HttpRequest, HttpResponse, Pace, Transport } from '../transport.ts';
import { createPeoplevoxClient, type PeoplevoxClient } from './client.ts';
import { connectionDefaults, type PeoplevoxConnection } from './connection.ts';
import { escapeXml, type Operation } from './envelope.ts';
import { createMemorySessionStore, type SessionStore } from './session.ts';

/** An answer in the making; `pieceBytes` cuts the body into pieces of that size, each `pieceMs` in
 *  coming. */
export type Scripted = {
  status?: number;
  headers?: Record<string, string>;
  body: string | Uint8Array;
  pieceBytes?: number;
  pieceMs?: number;
};

/** Result elements of one reply, in schema order. */
export function replyXml(
  operation: Operation,
  result: {
    responseId?: number;
    totalCount?: number;
    detail?: string;
    statuses?: readonly (readonly [reference: string, status: string])[];
    more?: string;
  } = {},
): string {
  const statuses = (result.statuses ?? [])
    .map(
      ([reference, status]) =>
        `<IntegrationStatusResponse><Reference>${escapeXml(reference)}</Reference>` +
        `<Status>${status}</Status></IntegrationStatusResponse>`,
    )
    .join('');
  return (
    '<?xml version="1.0" encoding="utf-8"?>' +
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>' +
    `<${operation}Response xmlns="http://www.peoplevox.net/"><${operation}Result>` +
    `<ResponseId>${result.responseId ?? 0}</ResponseId>` +
    `<TotalCount>${result.totalCount ?? 1}</TotalCount>` +
    `<Detail>${escapeXml(result.detail ?? '')}</Detail>` +
    `<Statuses>${statuses}</Statuses>${result.more ?? ''}` +
    `</${operation}Result></${operation}Response></soap:Body></soap:Envelope>`
  );
}

/** A whole-call failure as section 4 shows it. */
export function refusalXml(operation: Operation, detail: string): string {
  return replyXml(operation, { responseId: -1, totalCount: 0, detail });
}

/** A SOAP 1.1 fault as ASP.NET writes it. */
export function faultXml(code: string, text: string): string {
  return (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>' +
    `<faultcode>soap:${code}</faultcode><faultstring>${escapeXml(text)}</faultstring><detail />` +
    '</soap:Fault></soap:Body></soap:Envelope>'
  );
}

export type FakeWire = {
  client: PeoplevoxClient;
  connection: PeoplevoxConnection;
  sessions: SessionStore;
  /** Every request sent, Authenticate included. */
  requests: HttpRequest[];
  notes: CallRecord[];
  /** `take <word>`, `done <word>`, `backOff <word> <ms>` in the order they happened. */
  paceLog: string[];
  clock: Clock & { advance(ms: number): void };
};

/** A client whose calls `answer` answers. Authenticate is answered here with sessions `s1`, `s2`,
 *  ... unless `answer` gives something for it. */
export function fakeWire(
  answer: (
    operation: Operation,
    request: HttpRequest,
  ) => Scripted | string | null | Promise<Scripted | string | null>,
  settings: Partial<PeoplevoxConnection> = {},
): FakeWire {
  const connection: PeoplevoxConnection = {
    ...connectionDefaults,
    id: 'main',
    url: 'https://wms.example.test',
    clientId: 'acme1234',
    username: 'api.user',
    password: 'My-Passw0rd',
    ...settings,
  };
  const clock = steppingClock();
  const requests: HttpRequest[] = [];
  const notes: CallRecord[] = [];
  const paceLog: string[] = [];
  let logins = 0;
  const transport: Transport = async (request) => {
    requests.push(request);
    const operation = operationOf(request);
    const scripted = await answer(operation, request);
    if (scripted !== null) return asResponse(scripted, clock);
    if (operation !== 'Authenticate') throw new Error(`no answer scripted for ${operation}`);
    return asResponse(replyXml('Authenticate', { detail: `acme1234,s${++logins}` }), clock);
  };
  const pace: Pace = {
    async take(word) {
      paceLog.push(`take ${word}`);
      return { done: async () => void paceLog.push(`done ${word}`) };
    },
    backOff: async (word, ms) => void paceLog.push(`backOff ${word} ${ms}`),
  };
  const sessions = createMemorySessionStore(clock);
  const noteCall = (note: CallRecord) => void notes.push(note);
  const client = createPeoplevoxClient({ connection, transport, clock, pace, sessions, noteCall });
  return { client, connection, sessions, requests, notes, paceLog, clock };
}

/** A clock that moves only when told, from 2026-02-01T10:00:00Z. */
export function steppingClock(): Clock & { advance(ms: number): void } {
  let nowMs = Date.UTC(2026, 1, 1, 10);
  return {
    now: () => new Date(nowMs),
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => void (nowMs += ms),
    waitOn: (promise) => promise,
    advance: (ms) => void (nowMs += ms),
  };
}

/** The operation a SOAP 1.1 or 1.2 request names. */
function operationOf(request: HttpRequest): Operation {
  const action = request.headers['soapaction'] ?? request.headers['content-type'] ?? '';
  return (/peoplevox\.net\/(\w+)/.exec(action)?.[1] ?? '') as Operation;
}

/** The text of one element of a request, unescaped. */
export function elementOf(request: HttpRequest, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(String(request.body))?.[1] ?? '';
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', '#13': '\r' };
  return text.replace(/&([^;]+);/g, (_, entity: string) => characters[entity] ?? '?');
}

function asResponse(scripted: Scripted | string, clock: Clock): HttpResponse {
  const answer = typeof scripted === 'string' ? { body: scripted } : scripted;
  const headers = { 'content-type': 'text/xml; charset=utf-8', ...answer.headers };
  return { status: answer.status ?? 200, headers, body: pieces(answer, clock) };
}

async function* pieces(answer: Scripted, clock: Clock): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(answer.body);
  const size = answer.pieceBytes ?? 65_536;
  for (let at = 0; at < bytes.length; at += size) {
    if (answer.pieceMs) await clock.sleep(answer.pieceMs);
    yield bytes.subarray(at, at + size);
  }
}
