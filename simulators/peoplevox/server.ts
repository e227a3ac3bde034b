/** The service itself: path, SOAP in, session, operation, SOAP out, and every way the wire may
 *  fail. */
import type { SimReply, SimRequest } from '../kernel.ts';
import { beginCall, endCall, isWithinRate, latencyOf } from './calls.ts';
import { diedHalfway } from './imports.ts';
import {
  type Arguments,
  type Caches,
  isOperation,
  labelOf,
  perform,
  readArguments,
} from './operations.ts';
import type { PeoplevoxFault } from './options.ts';
import { darkReply } from './outages.ts';
import { checkSession } from './sessions.ts';
import {
  contentType,
  type Envelope,
  failed,
  type IntegrationResponse,
  namespace,
  readEnvelope,
  SoapProblem,
  type SoapVersion,
  writeAnswer,
  writeBareAnswer,
  writeFault,
} from './soap.ts';
import { recordBreach, type Tenant } from './state.ts';

/** Answers one request of the wire. */
export function answerRequest(tenant: Tenant, caches: Caches, request: SimRequest): SimReply {
  const dark = darkReply(tenant, 'all', request.headers['soapaction'] ?? request.target);
  if (dark) return dark;
  const [path = '', query = ''] = splitOnce(request.target, '?');
  const service = `/${tenant.settings.clientId}/resources/integrationservicev4.asmx`.toLowerCase();
  const asked = path.toLowerCase();
  if (asked !== service && !asked.startsWith(`${service}/`)) return html(404, 'Not Found');
  if (asked !== service) {
    const operation = path.slice(service.length + 1);
    return answerPlain(tenant, caches, operation, query, request);
  }
  if (request.method === 'GET') {
    if (query.toLowerCase() !== 'wsdl') return html(200, 'IntegrationServiceV4');
    const { wsdl } = tenant.settings;
    return wsdl === null ? html(404, 'Not Found') : xml(200, 'text/xml; charset=utf-8', wsdl);
  }
  if (request.method !== 'POST') return html(405, 'Method Not Allowed');
  return answerSoap(tenant, caches, request);
}

function splitOnce(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  return place < 0 ? [text, ''] : [text.slice(0, place), text.slice(place + 1)];
}

function answerSoap(tenant: Tenant, caches: Caches, request: SimRequest): SimReply {
  const declared = request.headers['content-type'] ?? '';
  const version: SoapVersion | undefined = /^text\/xml\b/i.test(declared)
    ? '1.1'
    : /^application\/soap\+xml\b/i.test(declared)
      ? '1.2'
      : undefined;
  if (!version) return html(415, 'Unsupported Media Type');
  try {
    const envelope = readEnvelope(request.body);
    if (envelope.version !== version) {
      throw new SoapProblem('VersionMismatch', 'Possible SOAP version mismatch.');
    }
    const operation = operationOf(tenant, request, envelope);
    const args = readArguments(tenant, operation, envelope.body);
    checkUserId(envelope);
    return answerCall(tenant, caches, { version, operation, args, envelope });
  } catch (problem) {
    if (!(problem instanceof SoapProblem)) throw problem;
    beginCall(tenant, 'malformed');
    recordBreach(tenant, 'malformed', 'malformed', problem.message);
    const delayMs = latencyOf(tenant, 0);
    endCall(tenant, 'malformed', delayMs);
    return xml(500, contentType(version), writeFault(version, problem), delayMs);
  }
}

/** SOAPAction decides; without one the first child of the Body does. */
function operationOf(tenant: Tenant, request: SimRequest, envelope: Envelope): string {
  const inType = /;\s*action="?([^";]*)"?/i.exec(request.headers['content-type'] ?? '')?.[1];
  const action = (request.headers['soapaction'] ?? inType ?? '').trim().replace(/^"(.*)"$/, '$1');
  const first = envelope.body.children[0];
  const own = action.startsWith(namespace) ? action.slice(namespace.length) : '';
  const name = action === '' && first?.uri === namespace ? first.name : own;
  if (isOperation(name, tenant.settings.laterFields)) return name;
  throw new SoapProblem(
    'Client',
    `Server did not recognize the value of HTTP Header SOAPAction: ${action}.`,
  );
}

/** A UserId that is no number cannot be read; nil, blank or none at all can. */
function checkUserId({ header }: Envelope): void {
  const own = header?.children.find((c) => c.name === 'UserSessionCredentials');
  const userId = own?.children.find((c) => c.name === 'UserId');
  if (!userId || userId.isNil || /^\s*[+-]?\d{1,10}\s*$/.test(userId.text)) return;
  throw new SoapProblem(
    'Client',
    'Server was unable to read request. ---> Input string was not in a correct format.',
  );
}

type Call = { version: SoapVersion; operation: string; args: Arguments; envelope: Envelope };

function answerCall(tenant: Tenant, caches: Caches, call: Call): SimReply {
  const { version, operation, args } = call;
  const label = labelOf(operation, args);
  beginCall(tenant, label);
  const early = failBefore(tenant, version, operation, label);
  if (early) {
    endCall(tenant, label, early.delayMs);
    return early;
  }
  const refusal =
    operation === 'Authenticate' ? null : checkSession(tenant, label, call.envelope.header);
  const answer = refusal === null ? perform(tenant, caches, operation, args) : failed(refusal);
  const delayMs = latencyOf(tenant, answer === diedHalfway ? 0 : rowsIn(answer));
  endCall(tenant, label, delayMs);
  if (answer === diedHalfway) return broken('reset', delayMs);
  return failAfter(tenant, label, whole(tenant, call, answer, delayMs));
}

function rowsIn(answer: IntegrationResponse): number {
  if (answer.statuses?.length) return answer.statuses.length;
  let lines = 0;
  for (let at = -1; (at = answer.detail.indexOf('\n', at + 1)) >= 0; ) lines += 1;
  return lines;
}

function whole(
  tenant: Tenant,
  call: Pick<Call, 'version' | 'operation'>,
  answer: IntegrationResponse,
  delayMs: number,
): SimReply {
  const text = writeAnswer(call.version, call.operation, answer, tenant.settings.laterFields);
  return xml(200, contentType(call.version), text, delayMs);
}

/** What goes wrong before anything is done, in the order a real request would meet it. */
function failBefore(
  tenant: Tenant,
  version: SoapVersion,
  operation: string,
  label: string,
): SimReply | undefined {
  const dark = operation === 'GetReportData' && darkReply(tenant, 'reports', label);
  if (dark) return dark;
  const strikes = (kind: PeoplevoxFault) => tenant.faults.strikes(kind, label);
  const delay = () => latencyOf(tenant, 0);
  if (strikes('timeoutBefore')) return broken('silence', delay());
  if (strikes('resetBefore')) return broken('reset', delay());
  if (strikes('serverError')) return html(503, 'Service Unavailable', delay());
  if (strikes('htmlPage')) return html(200, 'Peoplevox - Down for maintenance', delay());
  const isRefused = strikes('throttle') || !isWithinRate(tenant, label);
  if (isRefused) return tooMany(tenant, version, operation);
  if (!strikes('soapFault')) return undefined;
  const problem = new SoapProblem('Server', 'Server was unable to process request.');
  return xml(500, contentType(version), writeFault(version, problem), delay());
}

function tooMany(tenant: Tenant, version: SoapVersion, operation: string): SimReply {
  const delayMs = latencyOf(tenant, 0);
  const form = tenant.settings.rateRefusal;
  if (form === 'http429') return html(429, 'Too Many Requests', delayMs);
  if (form === 'http503') return html(503, 'Service Unavailable', delayMs);
  const answer = failed('System : Throttle - Too many requests');
  return whole(tenant, { version, operation }, answer, delayMs);
}

/** What goes wrong once everything asked for is done. */
function failAfter(tenant: Tenant, label: string, reply: SimReply): SimReply {
  const strikes = (kind: PeoplevoxFault) => tenant.faults.strikes(kind, label);
  if (strikes('timeoutAfter')) return broken('silence', reply.delayMs);
  if (strikes('resetAfter')) return broken('reset', reply.delayMs);
  return strikes('halfBody') ? { ...reply, broken: 'half' } : reply;
}

/** The plain GET and POST bindings. They carry no session, so only Authenticate gets anywhere. */
function answerPlain(
  tenant: Tenant,
  caches: Caches,
  operation: string,
  query: string,
  request: SimRequest,
): SimReply {
  const noBinding = ['GetData', 'GetReportData', 'SaveData'];
  if (!isOperation(operation, false) || noBinding.includes(operation))
    return html(404, 'Not Found');
  const isPost = request.method === 'POST';
  const form = new URLSearchParams(isPost ? new TextDecoder().decode(request.body) : query);
  const args = { text: (name: string) => form.get(name) ?? '', int: () => 0 };
  const label = labelOf(operation, args);
  beginCall(tenant, label);
  const early = failBefore(tenant, '1.1', operation, label);
  if (early) {
    endCall(tenant, label, early.delayMs);
    return early;
  }
  const refusal = operation === 'Authenticate' ? null : checkSession(tenant, label, undefined);
  const answer = refusal === null ? perform(tenant, caches, operation, args) : failed(refusal);
  if (answer === diedHalfway) return broken('reset', 0);
  const text = writeBareAnswer(answer, tenant.settings.laterFields);
  const delayMs = latencyOf(tenant, 0);
  endCall(tenant, label, delayMs);
  return failAfter(tenant, label, xml(200, 'text/xml; charset=utf-8', text, delayMs));
}

function xml(status: number, type: string, body: string, delayMs = 0): SimReply {
  return { status, headers: { 'content-type': type, 'cache-control': 'private' }, body, delayMs };
}

function html(status: number, title: string, delayMs = 0): SimReply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body:
      `<!DOCTYPE html>\n<html><head><title>${title}</title></head>` +
      `<body><h1>${title}</h1></body></html>\n`,
    delayMs,
  };
}

function broken(how: 'silence' | 'reset', delayMs: number): SimReply {
  return { status: 0, headers: {}, body: '', delayMs, broken: how };
}
