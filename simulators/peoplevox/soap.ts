/** SOAP 1.1 and 1.2 envelopes, in and out, the way a classic ASP.NET service reads and writes
 *  them. */
import { SaxesParser } from 'saxes';

export const namespace = 'http://www.peoplevox.net/';
const envelopes = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const;
const instanceNamespace = 'http://www.w3.org/2001/XMLSchema-instance';

export type SoapVersion = keyof typeof envelopes;

export type XmlElement = {
  /** Without prefix. */
  name: string;
  uri: string;
  /** Characters directly inside, CDATA included, exactly as sent. */
  text: string;
  children: XmlElement[];
  isNil: boolean;
};

export type Envelope = { version: SoapVersion; header: XmlElement | undefined; body: XmlElement };

/** Becomes HTTP 500 with a `soap:Fault`. */
export class SoapProblem extends Error {
  readonly code: 'Client' | 'Server' | 'VersionMismatch';
  constructor(code: SoapProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What every operation answers with; see section 4 of the reference. */
export type IntegrationResponse = {
  responseId: number;
  totalCount: number;
  detail: string;
  /** Undefined leaves the element out. */
  statuses?: RowStatus[];
  importingQueueId?: number;
};
export type RowStatus = { reference: string; status: 'Success' | 'Error' };

/** A whole call refused: layer 4 of the reference. */
export function failed(text: string): IntegrationResponse {
  return { responseId: -1, totalCount: 0, detail: text, statuses: [] };
}

/** Reads a request. Throws SoapProblem for what is no well-formed SOAP envelope in UTF-8. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('Invalid character in the given encoding.');
  }
  const root = parseXml(text);
  const version = (Object.keys(envelopes) as SoapVersion[]).find((v) => envelopes[v] === root.uri);
  if (root.name !== 'Envelope' || version === undefined) {
    throw new SoapProblem(
      'VersionMismatch',
      `Possible SOAP version mismatch: Envelope namespace ${root.uri} was unexpected.`,
    );
  }
  const part = (name: string) => root.children.find((c) => c.name === name && c.uri === root.uri);
  const body = part('Body');
  if (!body) throw unreadable('The SOAP Body is missing.');
  return { version, header: part('Header'), body };
}

function unreadable(why: string): SoapProblem {
  return new SoapProblem('Client', `Server was unable to read request. ---> ${why}`);
}

function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  parser.on('error', () => {
    throw unreadable(`There is an error in XML document (${parser.line}, ${parser.column}).`);
  });
  parser.on('doctype', () => {
    throw unreadable('For security reasons DTD is prohibited in this XML document.');
  });
  parser.on('opentag', (tag) => {
    const isNil = Object.values(tag.attributes).some(
      (a) => a.uri === instanceNamespace && a.local === 'nil' && /^(true|1)$/.test(a.value),
    );
    const element = { name: tag.local, uri: tag.uri, text: '', children: [], isNil };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (characters: string) => {
    const element = open.at(-1);
    if (element) element.text += characters;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  if (!root) throw unreadable('Root element is missing.');
  return root;
}

/** The answer to an operation; later fields stand at the end, as far as anybody knows. */
export function writeAnswer(
  version: SoapVersion,
  operation: string,
  answer: IntegrationResponse,
  laterFields: boolean,
): string {
  return inEnvelope(
    version,
    `<${operation}Response xmlns="${namespace}"><${operation}Result>` +
      writeFields(answer, laterFields) +
      `</${operation}Result></${operation}Response>`,
  );
}

/** The answer of the plain HTTP bindings: no envelope around it. */
export function writeBareAnswer(answer: IntegrationResponse, laterFields: boolean): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n' +
    `<IntegrationResponse xmlns="${namespace}">` +
    writeFields(answer, laterFields) +
    '</IntegrationResponse>'
  );
}

/** A SOAP fault in the form of the request's version. */
export function writeFault(version: SoapVersion, problem: SoapProblem): string {
  const text = escapeXml(problem.message);
  if (version === '1.1') {
    return inEnvelope(
      version,
      `<soap:Fault><faultcode>soap:${problem.code}</faultcode>` +
        `<faultstring>${text}</faultstring><detail /></soap:Fault>`,
    );
  }
  const codes = { Client: 'Sender', Server: 'Receiver', VersionMismatch: 'VersionMismatch' };
  return inEnvelope(
    version,
    `<soap:Fault><soap:Code><soap:Value>soap:${codes[problem.code]}</soap:Value></soap:Code>` +
      `<soap:Reason><soap:Text xml:lang="en">${text}</soap:Text></soap:Reason>` +
      '<soap:Detail /></soap:Fault>',
  );
}

/** What the service says its answers are. */
export function contentType(version: SoapVersion): string {
  return version === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8';
}

function inEnvelope(version: SoapVersion, body: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>' +
    `<soap:Envelope xmlns:soap="${envelopes[version]}" xmlns:xsi="${instanceNamespace}" ` +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<soap:Body>${body}</soap:Body></soap:Envelope>`
  );
}

function writeFields(answer: IntegrationResponse, laterFields: boolean): string {
  let out =
    `<ResponseId>${answer.responseId}</ResponseId><TotalCount>${answer.totalCount}</TotalCount>` +
    (answer.detail === '' ? '<Detail />' : `<Detail>${escapeXml(answer.detail)}</Detail>`);
  if (answer.statuses?.length === 0) out += '<Statuses />';
  else if (answer.statuses)
    out += `<Statuses>${answer.statuses.map(writeStatus).join('')}</Statuses>`;
  if (!laterFields) return out;
  return (
    `${out}<ImportingQueueId>${answer.importingQueueId ?? 0}</ImportingQueueId>` +
    '<SalesOrdersToDespatchIds /><ErrorCode />'
  );
}

function writeStatus(row: RowStatus): string {
  return (
    '<IntegrationStatusResponse>' +
    (row.reference === ''
      ? '<Reference />'
      : `<Reference>${escapeXml(row.reference)}</Reference>`) +
    `<Status>${row.status}</Status></IntegrationStatusResponse>`
  );
}

const special = /[&<>\r]/;
const specials = /[&<>\r]/g;
const written: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };

function escapeXml(text: string): string {
  return special.test(text) ? text.replace(specials, (c) => written[c]!) : text;
}
