/** The Peoplevox client: one function per operation of the service, with the session kept alive
 *  beneath. */
import type { Clock } from '../clock.ts';
import { type BadAnswer, Unauthorised } from '../errors.ts';
import type { NoteCall, Pace, Transport } from '../transport.ts';
import type { PeoplevoxConnection } from './connection.ts';
import { type CellValue, type CsvHeader, type RaggedRow, writeCsv } from './csv.ts';
import type { EventType, Operation, SaveAction, WireCall } from './envelope.ts';
import { type Exchange, exchange, type Processed, type TableBatch, type Wire } from './exchange.ts';
import {
  badAnswer,
  type CallContext,
  isNotConfigured,
  SessionDead,
  stillDead,
} from './failures.ts';
import type { RowStatus } from './reply.ts';
import type { ReportClause, TemplateClause } from './search.ts';
import { isSessionOld, type Session, type SessionStore, sessionIdOf } from './session.ts';
import { readReportColumns } from './templates.ts';

/** One page of a table. `totalCount`: rows that match in all. `header.names` is empty when nothing
 *  came. `ragged`: rows that could not be read, named. */
export type TablePage = {
  totalCount: number;
  header: CsvHeader;
  rows: string[][];
  ragged: RaggedRow[];
};

/** `pageNo` counts from 1; `itemsPerPage` 0 asks for everything; `search` null for all rows. */
export type DataRequest = {
  templateName: string;
  pageNo: number;
  itemsPerPage: number;
  search: TemplateClause | null;
};

/** As DataRequest. `orderBy` and `columns` come from search.ts; empty for none and for all. Columns
 *  may come that were not asked for: read by name. */
export type ReportRequest = {
  reportName: string;
  pageNo: number;
  itemsPerPage: number;
  search: ReportClause | null;
  orderBy: string;
  columns: string;
};

/** Rows of one SaveData, each with one value per column, at least one row. */
export type SaveRequest = {
  templateName: string;
  columns: readonly string[];
  rows: readonly (readonly CellValue[])[];
  action: SaveAction;
};

/** What SaveData answered; a row with status `Error` is not an exception. `detail` may hold the
 *  reasons. */
export type SaveReply = {
  statuses: RowStatus[];
  totalCount: number | null;
  detail: string;
  importingQueueId: number | null;
  errorCode: string | null;
};

/** `filter` is empty for every event of the type. */
export type EventRequest = { eventType: EventType; filter: string; callbackUrl: string };
export type PostEventRequest = {
  eventType: EventType;
  filter: string;
  postUrl: string;
  postParams: string;
};

/** Every function throws the classes of errors.ts and nothing else for what Peoplevox or the
 *  network did; a write whose answer was lost has effect `unknown`. Each HTTP exchange waits for
 *  the pace under the word given here and is noted once under the same word. */
export type PeoplevoxClient = {
  readonly connection: PeoplevoxConnection;
  /** Logs in and returns the new session id; does not touch the store. Word: `Authenticate`. */
  authenticate(): Promise<string>;
  /** A page of a template. Word: `GetData Sales orders`. */
  getData(request: DataRequest): Promise<TablePage>;
  /** A page of a report. Word: `GetReportData Item inventory summary`. */
  getReportData(request: ReportRequest): Promise<TablePage>;
  /** The same row by row as it arrives, in bounded memory. Only when it ends without a throw were
   *  all rows of the answer seen. Breaking off closes the connection. */
  streamReportData(request: ReportRequest): AsyncGenerator<TableBatch, void, undefined>;
  /** Display names of a report's columns. Word: `GetReportColumns Despatch summary`. */
  getReportColumns(reportName: string): Promise<string[]>;
  /** The header row the tenant configured; `isConfigured` false when there is none.
   *  Word: `GetSaveTemplate Sales orders`. */
  getSaveTemplate(templateName: string): Promise<{ isConfigured: boolean; fields: string[] }>;
  /** Writes rows; never repeated by itself save once on a dead session. Word: `SaveData Sales
   *  orders`. */
  saveData(request: SaveRequest): Promise<SaveReply>;
  /** The subscription id: store it at once, nothing lists it. Word: `SubscribeEvent Returns`. */
  subscribeEvent(request: EventRequest): Promise<number>;
  /** The same for a POST. Word: `SubscribePostEvent Returns`. */
  subscribePostEvent(request: PostEventRequest): Promise<number>;
  /** Whether Peoplevox says it ended the subscription. Word: `UnsubscribeEvent`. */
  unsubscribeEvent(subscriptionId: number): Promise<boolean>;
};

/** The client of one connection. All clients of one connection must share `sessions`.
 *  Source: reference sections 2 to 5. */
export function createPeoplevoxClient(options: {
  connection: PeoplevoxConnection;
  transport: Transport;
  clock: Clock;
  pace: Pace;
  sessions: SessionStore;
  noteCall: NoteCall;
}): PeoplevoxClient {
  const { connection } = options;
  const calls = createCalls(options, options.sessions);
  return {
    connection,
    authenticate: calls.logIn,
    getData: (request) => collect(calls.table(dataCall(request))),
    getReportData: (request) => collect(calls.table(reportCall(request))),
    async *streamReportData(request) {
      yield* calls.table(reportCall(request));
    },
    async getReportColumns(reportName) {
      const call: WireCall = { operation: 'GetReportColumns', templateName: reportName };
      return readReportColumns((await calls.text(call)).detail);
    },
    getSaveTemplate: (templateName) => configuredHeader(calls, templateName),
    saveData: (request) => save(calls, request),
    subscribeEvent: (request) =>
      subscribe(calls, { operation: 'SubscribeEvent', ...request, ...encoding(connection) }),
    subscribePostEvent: (request) =>
      subscribe(calls, { operation: 'SubscribePostEvent', ...request, ...encoding(connection) }),
    async unsubscribeEvent(subscriptionId) {
      const call: WireCall = { operation: 'UnsubscribeEvent', subscriptionId };
      return /^\s*true\s*$/i.test((await calls.text(call)).detail);
    },
  };
}

/** What the journal and the pace call a call of `operation` on `subject`. */
export function contextOf(
  connection: PeoplevoxConnection,
  operation: Operation,
  subject: string,
): CallContext {
  return {
    connection: connection.id,
    operation,
    word: subject === '' ? operation : `${operation} ${subject}`,
  };
}

type Calls = {
  logIn(): Promise<string>;
  table(call: WireCall): AsyncGenerator<TableBatch, Processed, undefined>;
  text(call: WireCall, writtenRows?: number): Promise<Processed>;
  context(call: WireCall): CallContext;
};

function createCalls(wire: Wire, sessions: SessionStore): Calls {
  const { connection, clock } = wire;
  const context = (call: WireCall) => contextOf(connection, call.operation, subjectOf(call));
  const plan = (call: WireCall, reads: 'csv' | 'text', rows?: number): Exchange => ({
    call,
    context: context(call),
    credentials: null,
    timeoutMs: isReport(call) ? connection.reportTimeoutMs : connection.templateTimeoutMs,
    reads,
    ...(rows === undefined ? {} : { writtenRows: rows }),
  });

  const logIn = async (): Promise<string> => {
    const call = authenticateCall(connection);
    const { detail } = await finished(exchange(wire, plan(call, 'text')));
    const sessionId = sessionIdOf(detail);
    if (sessionId !== null) return sessionId;
    throw new Unauthorised('Peoplevox refuses the login: its answer names no session', {
      vendor: 'peoplevox',
      connection: connection.id,
      operation: call.operation,
      effect: 'none',
    });
  };

  const liveSession = async (): Promise<Session> => {
    const session = await sessions.current();
    if (session && !isSessionOld(session, connection.sessionMinutes, clock.nowMs())) return session;
    return sessions.renew(session?.sessionId ?? null, logIn);
  };

  // A session is never fetched while a permit is held: a login needs leave of its own, and where
  // one call at a time is allowed the two would wait for each other.
  async function* withSession(wanted: Exchange): AsyncGenerator<TableBatch, Processed, undefined> {
    const inSession = (session: Session) => {
      const credentials = { clientId: connection.clientId, sessionId: session.sessionId };
      return exchange(wire, { ...wanted, credentials });
    };
    const session = await liveSession();
    try {
      return yield* inSession(session);
    } catch (cause) {
      if (!(cause instanceof SessionDead)) throw cause;
    }
    const renewed = await sessions.renew(session.sessionId, logIn);
    try {
      return yield* inSession(renewed);
    } catch (cause) {
      throw cause instanceof SessionDead ? stillDead(wanted.context, cause) : cause;
    }
  }

  return {
    logIn,
    context,
    table: (call) => withSession(plan(call, 'csv')),
    text: (call, rows) => finished(withSession(plan(call, 'text', rows))),
  };
}

/** Runs a call that yields no rows to its end. */
async function finished(
  call: AsyncGenerator<TableBatch, Processed, undefined>,
): Promise<Processed> {
  for (;;) {
    const step = await call.next();
    if (step.done) return step.value;
  }
}

async function collect(call: AsyncGenerator<TableBatch, Processed, undefined>): Promise<TablePage> {
  const rows: string[][] = [];
  const ragged: RaggedRow[] = [];
  let last: TableBatch | null = null;
  for await (const batch of call) {
    for (const row of batch.rows) rows.push(row);
    ragged.push(...batch.ragged);
    last = batch;
  }
  return { totalCount: last!.totalCount, header: last!.header, rows, ragged };
}

async function configuredHeader(
  calls: Calls,
  templateName: string,
): Promise<{ isConfigured: boolean; fields: string[] }> {
  try {
    const call: WireCall = { operation: 'GetSaveTemplate', templateName };
    const { reply, detail } = await calls.text(call);
    const isConfigured = (reply.totalCount ?? 0) >= 0 && detail.trim() !== '';
    return { isConfigured, fields: isConfigured ? readReportColumns(detail) : [] };
  } catch (cause) {
    if (isNotConfigured(cause)) return { isConfigured: false, fields: [] };
    throw cause;
  }
}

async function save(calls: Calls, request: SaveRequest): Promise<SaveReply> {
  if (request.rows.length === 0) throw new RangeError('SaveData of no rows');
  const { templateName, action } = request;
  const csvData = writeCsv(request.columns, request.rows);
  const call: WireCall = { operation: 'SaveData', templateName, csvData, action };
  const { reply, detail } = await calls.text(call, request.rows.length);
  return {
    statuses: reply.statuses,
    totalCount: reply.totalCount,
    detail,
    importingQueueId: reply.importingQueueId,
    errorCode: reply.errorCode,
  };
}

async function subscribe(calls: Calls, call: WireCall): Promise<number> {
  const { detail } = await calls.text(call);
  if (/^\s*\d{1,9}\s*$/.test(detail)) return Number(detail);
  throw subscriptionLost(calls.context(call), detail);
}

function subscriptionLost(context: CallContext, detail: string): BadAnswer {
  return badAnswer(
    context,
    new Error(`no subscription id but ${detail.slice(0, 60) || 'nothing'}`),
  );
}

function dataCall(request: DataRequest): WireCall {
  const { templateName, pageNo, itemsPerPage, search } = request;
  const searchClause = search?.text ?? '';
  return { operation: 'GetData', templateName, pageNo, itemsPerPage, searchClause };
}

function reportCall(request: ReportRequest): WireCall {
  const { reportName: templateName, pageNo, itemsPerPage, search, orderBy, columns } = request;
  const searchClause = search?.text ?? '';
  const page = { templateName, pageNo, itemsPerPage, searchClause };
  return { operation: 'GetReportData', ...page, orderBy, columns };
}

function authenticateCall(connection: PeoplevoxConnection): WireCall {
  const { clientId, username, password } = connection;
  return {
    operation: 'Authenticate',
    clientId,
    username,
    password:
      connection.passwordEncoding === 'base64'
        ? Buffer.from(password, 'utf8').toString('base64')
        : password,
  };
}

function encoding(connection: PeoplevoxConnection): { encodeParameterData?: boolean } {
  const encodeParameterData = connection.encodeParameterData;
  return encodeParameterData === null ? {} : { encodeParameterData };
}

function isReport(call: WireCall): boolean {
  return call.operation === 'GetReportData' || call.operation === 'GetReportColumns';
}

function subjectOf(call: WireCall): string {
  if ('templateName' in call) return call.templateName;
  return 'eventType' in call ? call.eventType : '';
}
