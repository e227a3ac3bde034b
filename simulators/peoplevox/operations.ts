/** The operations of the service: their arguments as the schema has them, and what each of them
 *  does. */
import { isEventType, readSitesFilter, subscribe } from './events.ts';
import { type diedHalfway, saveData } from './imports.ts';
import { type Ask, type ReadCache, readTable } from './query.ts';
import { withReport } from './reports.ts';
import { SearchProblem } from './search.ts';
import { authenticate } from './sessions.ts';
import {
  failed,
  type IntegrationResponse,
  namespace,
  SoapProblem,
  type XmlElement,
} from './soap.ts';
import { recordBreach, type Tenant } from './state.ts';
import { withTemplateTable } from './template-reads.ts';
import type { ConfiguredTemplate } from './templates.ts';

type ArgumentKind = 'string' | 'int' | 'requiredInt' | 'bool' | 'eventType';
type Signature = {
  /** The element that holds the arguments, when they do not stand in the operation itself. */
  wrapper?: string;
  /** In schema order. */
  takes: readonly (readonly [name: string, kind: ArgumentKind])[];
  isLater?: boolean;
};

export type Arguments = { text(name: string): string; int(name: string): number };

const get = [
  ['TemplateName', 'string'],
  ['PageNo', 'requiredInt'],
  ['ItemsPerPage', 'requiredInt'],
  ['SearchClause', 'string'],
] as const;
const subscription = [
  ['eventType', 'eventType'],
  ['filter', 'string'],
] as const;

const signatures: Record<string, Signature> = {
  Authenticate: {
    takes: [
      ['clientId', 'string'],
      ['username', 'string'],
      ['password', 'string'],
    ],
  },
  GetData: { wrapper: 'getRequest', takes: get },
  GetDataWithSitesFilters: {
    wrapper: 'getRequest',
    takes: [...get, ['sitesFilter', 'string']],
    isLater: true,
  },
  GetReportData: {
    wrapper: 'getReportRequest',
    takes: [...get, ['FilterClause', 'string'], ['OrderBy', 'string'], ['Columns', 'string']],
  },
  GetReportColumns: { takes: [['templateName', 'string']] },
  GetSaveTemplate: { takes: [['templateName', 'string']] },
  SaveData: {
    wrapper: 'saveRequest',
    takes: [
      ['TemplateName', 'string'],
      ['CsvData', 'string'],
      ['Action', 'requiredInt'],
    ],
  },
  SubscribeEvent: {
    takes: [...subscription, ['callbackUrl', 'string'], ['encodeParameterData', 'bool']],
  },
  SubscribeEventWithSitesFilters: {
    takes: [...subscription, ['sitesFilter', 'string'], ['callbackUrl', 'string']],
    isLater: true,
  },
  SubscribePostEvent: {
    takes: [
      ...subscription,
      ['postUrl', 'string'],
      ['postParams', 'string'],
      ['encodeParameterData', 'bool'],
    ],
  },
  UnsubscribeEvent: { takes: [['subscriptionId', 'requiredInt']] },
};

/** Whether this tenant's version of the service has an operation. */
export function isOperation(name: string, laterFields: boolean): boolean {
  const signature = Object.hasOwn(signatures, name) ? signatures[name] : undefined;
  return signature !== undefined && (laterFields || !signature.isLater);
}

/** Reads the arguments of a call. Throws SoapProblem for what .NET could not turn into their types;
 *  what it would let pass but a careful client avoids is recorded. */
export function readArguments(tenant: Tenant, operation: string, body: XmlElement): Arguments {
  const { wrapper, takes } = signatures[operation]!;
  const own = body.children[0];
  const isOwn = own?.name === operation && own.uri === namespace;
  if (!isOwn) recordBreach(tenant, operation, 'soapActionMismatch', own?.name ?? 'empty Body');
  const holder = isOwn && wrapper ? own.children.find((c) => isNamed(c, wrapper)) : own;
  const children = (isOwn && holder?.children) || [];
  const values = new Map<string, string>();
  let place = -1;
  for (const child of children) {
    const at = takes.findIndex(([name]) => isNamed(child, name));
    if (at < 0) recordBreach(tenant, operation, 'unknownElement', child.name);
    else if (at < place) recordBreach(tenant, operation, 'elementOrder', child.name);
    if (at < 0) continue;
    place = Math.max(place, at);
    checkKind(tenant, takes[at]![1], child);
    values.set(child.name, child.text);
  }
  for (const [name, kind] of takes) {
    if (values.has(name)) continue;
    if (kind === 'requiredInt') recordBreach(tenant, operation, 'missingInt', name);
  }
  return {
    text: (name) => values.get(name) ?? '',
    int: (name) => Number(values.get(name) ?? 0),
  };
}

function isNamed(element: XmlElement, name: string): boolean {
  return element.name === name && element.uri === namespace;
}

function checkKind(tenant: Tenant, kind: ArgumentKind, { name, text }: XmlElement): void {
  const value = text.trim();
  const isWrong =
    ((kind === 'int' || kind === 'requiredInt') && !isInt(value)) ||
    (kind === 'bool' && !/^(true|false|0|1)$/.test(value)) ||
    (kind === 'eventType' && !isEventType(value, tenant.settings.laterFields));
  if (!isWrong) return;
  const why =
    kind === 'eventType'
      ? `Instance validation error: '${value}' is not a valid value for SubscriptionEventTypes.`
      : 'Input string was not in a correct format.';
  throw new SoapProblem(
    'Client',
    `Server was unable to read request. ---> There is an error in XML document at ${name}. ` +
      `---> ${why}`,
  );
}

function isInt(text: string): boolean {
  return /^[+-]?\d{1,10}$/.test(text) && Math.abs(Number(text)) <= 2 ** 31 - 1;
}

/** The name under which a call is counted and suffers faults: `SaveData Sales orders`,
 *  `Authenticate`. */
export function labelOf(operation: string, args: Arguments): string {
  const about = args.text('TemplateName') || args.text('templateName');
  return about === '' ? operation : `${operation} ${about}`;
}

/** What is kept of each report between calls, by its name. */
export type Caches = Map<string, ReadCache>;

/** Does what was asked. */
export function perform(
  tenant: Tenant,
  caches: Caches,
  operation: string,
  args: Arguments,
): IntegrationResponse | typeof diedHalfway {
  switch (operation) {
    case 'Authenticate':
      return authenticate(tenant, {
        clientId: args.text('clientId'),
        username: args.text('username'),
        password: args.text('password'),
      });
    case 'GetData':
    case 'GetDataWithSitesFilters':
      return getData(tenant, operation, args);
    case 'GetReportData':
      return getReportData(tenant, caches, args);
    case 'GetReportColumns':
      return getReportColumns(tenant, args.text('templateName'));
    case 'GetSaveTemplate':
      return getSaveTemplate(tenant, args.text('templateName'));
    case 'SaveData': {
      const template = configured(tenant, args.text('TemplateName'));
      if (typeof template === 'string') return failed(template);
      const sent = { template, csv: args.text('CsvData'), action: args.int('Action') };
      return saveData(tenant, labelOf(operation, args), sent);
    }
    case 'UnsubscribeEvent':
      return tenant.events.subscriptions.delete(args.int('subscriptionId'))
        ? succeeded('True')
        : failed('Integration : Subscription - Not found');
    default:
      return subscribeEvent(tenant, operation, args);
  }
}

function succeeded(detail: string, totalCount = 1): IntegrationResponse {
  return { responseId: 0, totalCount, detail, statuses: [] };
}

function configured(tenant: Tenant, name: string): ConfiguredTemplate | string {
  return (
    tenant.templates.get(name) ??
    `Integration : Template - The template '${name}' is not configured`
  );
}

function getData(tenant: Tenant, operation: string, args: Arguments): IntegrationResponse {
  const template = configured(tenant, args.text('TemplateName'));
  if (typeof template === 'string') return failed(template);
  const sites = readSitesFilter(args.text('sitesFilter'));
  if (sites === null) return failed('Integration : Search - The sites filter is not understood');
  const ask = { ...askOf(tenant, operation, args), sites };
  return withTemplateTable(tenant, template, (table) =>
    searchSafely(() => readTable(tenant, table, ask, undefined)),
  );
}

function getReportData(tenant: Tenant, caches: Caches, args: Arguments): IntegrationResponse {
  const name = args.text('TemplateName');
  const ask = askOf(tenant, 'GetReportData', args);
  let cache = caches.get(name);
  if (!cache) caches.set(name, (cache = { found: undefined, written: undefined }));
  return (
    withReport(tenant, name, (table) => searchSafely(() => readTable(tenant, table, ask, cache))) ??
    failed(`Integration : Report - The report '${name}' does not exist`)
  );
}

function askOf(tenant: Tenant, operation: string, args: Arguments): Ask {
  const label = labelOf(operation, args);
  const pageNo = args.int('PageNo');
  const itemsPerPage = args.int('ItemsPerPage');
  if (itemsPerPage < 0 || (itemsPerPage > 0 && pageNo < 1)) {
    recordBreach(tenant, label, 'pageNumber', `page ${pageNo} of ${itemsPerPage} rows`);
  }
  return {
    operation: label,
    search: args.text('SearchClause'),
    orderBy: args.text('OrderBy'),
    columns: args.text('Columns'),
    pageNo,
    itemsPerPage,
    sites: undefined,
  };
}

function searchSafely(read: () => IntegrationResponse): IntegrationResponse {
  try {
    return read();
  } catch (problem) {
    if (!(problem instanceof SearchProblem)) throw problem;
    return failed(`Integration : Search - ${problem.message}`);
  }
}

function getReportColumns(tenant: Tenant, name: string): IntegrationResponse {
  const columns = withReport(tenant, name, (table) => table.columns.map((column) => column.name));
  if (!columns) return failed(`Integration : Report - The report '${name}' does not exist`);
  const { reportColumnsForm, lineEnd } = tenant.settings;
  return succeeded(columns.join(reportColumnsForm === 'comma' ? ',' : lineEnd), columns.length);
}

function getSaveTemplate(tenant: Tenant, name: string): IntegrationResponse {
  const template = tenant.templates.get(name);
  if (!template) return { responseId: 0, totalCount: -1, detail: '', statuses: [] };
  const headers = template.columns.map((column) => column.header);
  return succeeded(headers.join(','), headers.length);
}

function subscribeEvent(tenant: Tenant, operation: string, args: Arguments): IntegrationResponse {
  const isPost = operation === 'SubscribePostEvent';
  const url = args.text(isPost ? 'postUrl' : 'callbackUrl');
  if (!/^https?:\/\//i.test(url))
    return failed('Integration : Subscription - The URL is not valid');
  const sites = readSitesFilter(args.text('sitesFilter'));
  if (sites === null) return failed('Integration : Search - The sites filter is not understood');
  const id = subscribe(tenant, {
    // .NET gives an enumeration that was left out its first value.
    eventType: args.text('eventType').trim() || 'AvailabilityChanges',
    method: isPost ? 'POST' : 'GET',
    url,
    postParams: args.text('postParams'),
    encode:
      tenant.settings.laterFields && /^\s*(true|1)\s*$/.test(args.text('encodeParameterData')),
    sites,
    filter: args.text('filter'),
  });
  return succeeded(String(id));
}
