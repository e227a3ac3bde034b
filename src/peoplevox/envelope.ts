/** Builds the SOAP requests of the Peoplevox integration service, and only those. Reading is in
 *  reply.ts. */

/** The operations of integrationservicev4.asmx that we call; the names are the wire's. */
export type Operation = WireCall['operation'];

/** Event names of the 2016 contract and the later ones seen in use (reference section 5.5). */
export type EventType =
  | 'AvailabilityChanges'
  | 'SalesOrderStatusChanges'
  | 'GoodsReceived'
  | 'TrackingNumberReceived'
  | 'IncrementalChanges'
  | 'Returns'
  | 'DespatchPackageTrackingNumberReceived'
  | 'OnDespatchOrderReceived'
  | 'DespatchPackageDespatched';

/** What SaveData does with the rows: 0 insert or update, 1 the same without allocating stock, 2
 *  delete. */
export type SaveAction = 0 | 1 | 2;

/** One call as the wire knows it. Pages count from 1; `itemsPerPage` 0 asks for everything at once.
 *  `encodeParameterData` is left out when undefined, since the 2016 contract does not know it. */
export type WireCall =
  | { operation: 'Authenticate'; clientId: string; username: string; password: string }
  | ({ operation: 'GetData' } & PageRequest)
  | ({ operation: 'GetReportData'; orderBy: string; columns: string } & PageRequest)
  | { operation: 'GetReportColumns'; templateName: string }
  | { operation: 'GetSaveTemplate'; templateName: string }
  | { operation: 'SaveData'; templateName: string; csvData: string; action: SaveAction }
  | ({ operation: 'SubscribeEvent'; callbackUrl: string } & Subscription)
  | ({ operation: 'SubscribePostEvent'; postUrl: string; postParams: string } & Subscription)
  | { operation: 'UnsubscribeEvent'; subscriptionId: number };

type PageRequest = {
  templateName: string;
  pageNo: number;
  itemsPerPage: number;
  searchClause: string;
};
type Subscription = {
  eventType: EventType;
  filter: string;
  encodeParameterData?: boolean | undefined;
};

export type SoapVersion = '1.1' | '1.2';

/** Who is calling: absent on Authenticate, present on every other call. */
export type Credentials = { clientId: string; sessionId: string };

export const peoplevoxNamespace = 'http://www.peoplevox.net/';

const envelopeNamespaces: Record<SoapVersion, string> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};

/** The whole request: body text (UTF-8) and its headers, lower-case names. Elements stand in the
 *  order of the schema. Source: WSDL; reference sections 2, 3 and 5. */
export function buildRequest(
  call: WireCall,
  credentials: Credentials | null,
  version: SoapVersion,
): { body: string; headers: Record<string, string> } {
  const header = credentials ? `<soap:Header>${credentialsXml(credentials)}</soap:Header>` : '';
  const body =
    '<?xml version="1.0" encoding="utf-8"?>' +
    `<soap:Envelope xmlns:soap="${envelopeNamespaces[version]}">${header}` +
    `<soap:Body><${call.operation} xmlns="${peoplevoxNamespace}">${argumentsXml(call)}` +
    `</${call.operation}></soap:Body></soap:Envelope>`;
  return { body, headers: soapHeaders(call.operation, version) };
}

function soapHeaders(operation: Operation, version: SoapVersion): Record<string, string> {
  const action = `${peoplevoxNamespace}${operation}`;
  if (version === '1.2')
    return { 'content-type': `application/soap+xml; charset=utf-8; action="${action}"` };
  return { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"` };
}

function credentialsXml(credentials: Credentials): string {
  return (
    `<UserSessionCredentials xmlns="${peoplevoxNamespace}"><UserId>0</UserId>` +
    `${tag('ClientId', credentials.clientId)}${tag('SessionId', credentials.sessionId)}` +
    '</UserSessionCredentials>'
  );
}

function argumentsXml(call: WireCall): string {
  switch (call.operation) {
    case 'Authenticate':
      return (
        tag('clientId', call.clientId) +
        tag('username', call.username) +
        tag('password', call.password)
      );
    case 'GetData':
      return `<getRequest>${pageXml(call)}</getRequest>`;
    case 'GetReportData':
      return (
        `<getReportRequest>${pageXml(call)}${tag('FilterClause', '')}` +
        `${tag('OrderBy', call.orderBy)}${tag('Columns', call.columns)}</getReportRequest>`
      );
    case 'GetReportColumns':
    case 'GetSaveTemplate':
      return tag('templateName', call.templateName);
    case 'SaveData':
      return (
        `<saveRequest>${tag('TemplateName', call.templateName)}${tag('CsvData', call.csvData)}` +
        `${tag('Action', wholeNumber(call.action))}</saveRequest>`
      );
    case 'SubscribeEvent':
      return subscriptionXml(call, tag('callbackUrl', call.callbackUrl));
    case 'SubscribePostEvent':
      return subscriptionXml(
        call,
        tag('postUrl', call.postUrl) + tag('postParams', call.postParams),
      );
    case 'UnsubscribeEvent':
      return tag('subscriptionId', wholeNumber(call.subscriptionId));
  }
}

function pageXml(page: PageRequest): string {
  return (
    tag('TemplateName', page.templateName) +
    tag('PageNo', wholeNumber(page.pageNo)) +
    tag('ItemsPerPage', wholeNumber(page.itemsPerPage)) +
    tag('SearchClause', page.searchClause)
  );
}

function subscriptionXml(subscription: Subscription, target: string): string {
  const encode = subscription.encodeParameterData;
  return (
    tag('eventType', subscription.eventType) +
    tag('filter', subscription.filter) +
    target +
    (encode === undefined ? '' : tag('encodeParameterData', String(encode)))
  );
}

/** The service answers a fault to a bad `xs:int`; a bug on our side must show here, not there. */
function wholeNumber(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > 2_147_483_647)
    throw new RangeError(`not an xs:int: ${value}`);
  return String(value);
}

function tag(name: string, value: string): string {
  return `<${name}>${escapeXml(value)}</${name}>`;
}

// XML 1.0 has no way to write these, not even as a reference, so they can only be left out.
// Of the controls (Cc) it can write tab, line ends and those from DEL on. Cs: half a surrogate
// pair.
const illegalInXml = /[^\P{Cc}\t\n\r\u007F-\u009F]|[\p{Cs}\uFFFE\uFFFF]/gu;
const special = /[&<>\r]/g;
const references: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // A bare carriage return would be read as a line feed at the other end.
  '\r': '&#13;',
};

/** Text as element content: escaped, without the characters XML 1.0 cannot carry (they are
 *  removed). */
export function escapeXml(text: string): string {
  return text.replace(illegalInXml, '').replace(special, (character) => references[character]!);
}
