/** Our requests against the WSDL of the Peoplevox service (2016), kept beside the repository with
 *  the other references; skipped where it is absent. Not exercised: replies, and what later
 *  versions of the contract added (encodeParameterData, the WithSitesFilters operations). */
import { existsSync, readFileSync } from 'node:fs';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { describe, expect, it } from 'vitest';
import { callbackQuery } from '../../src/peoplevox/callbacks.ts';
import {
  buildRequest,
  type Operation,
  peoplevoxNamespace,
  type SoapVersion,
  type WireCall,
} from '../../src/peoplevox/envelope.ts';
import { orderBy, reportColumns, reportDate } from '../../src/peoplevox/search.ts';

const wsdlFile = new URL(
  '../../../shared/reference/peoplevox/integrationservicev4.wsdl',
  import.meta.url,
);
const isPresent = existsSync(wsdlFile);

type Node = {
  local: string;
  uri: string;
  attributes: Record<string, string>;
  children: Node[];
  text: string;
};

function parse(xml: string): Node {
  const root: Node = { local: '', uri: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', (tag: SaxesTagNS) => {
    const attributes: Record<string, string> = {};
    for (const attribute of Object.values(tag.attributes))
      attributes[attribute.local] = attribute.value;
    const node: Node = { local: tag.local, uri: tag.uri, attributes, children: [], text: '' };
    open.at(-1)!.children.push(node);
    open.push(node);
  });
  parser.on('text', (text) => {
    open.at(-1)!.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml.replace(/^\uFEFF/, '')).close();
  return root.children[0]!;
}

function* descendants(node: Node): Generator<Node> {
  for (const child of node.children) {
    yield child;
    yield* descendants(child);
  }
}

type Schema = { elements: Map<string, Node>; types: Map<string, Node> };

function schemaOf(wsdl: Node): Schema {
  const schema = [...descendants(wsdl)].find((node) => node.local === 'schema')!;
  const named = (locals: string[]) =>
    new Map(
      schema.children
        .filter((node) => locals.includes(node.local))
        .map((node) => [node.attributes['name']!, node]),
    );
  return { elements: named(['element']), types: named(['complexType', 'simpleType']) };
}

const bare = (qualified: string) => qualified.replace(/^.*:/, '');

/** The child elements of a complex type in order, those of its base first. */
function sequenceOf(schema: Schema, type: Node): Node[] {
  const all = [...descendants(type)];
  const base = all.find((node) => node.local === 'extension')?.attributes['base'];
  const inherited = base ? sequenceOf(schema, schema.types.get(bare(base))!) : [];
  const own = all.find((node) => node.local === 'sequence')?.children ?? [];
  return [...inherited, ...own.filter((node) => node.local === 'element')];
}

/** Everything about `node` that its declaration does not allow; empty when it conforms. */
function violations(schema: Schema, declaration: Node, node: Node): string[] {
  const { name, type } = declaration.attributes;
  const found: string[] = [];
  if (node.uri !== peoplevoxNamespace) found.push(`${node.local} is in namespace ${node.uri}`);
  if (node.local !== name) found.push(`${node.local} stands where ${name} is due`);
  const named = type === undefined ? undefined : schema.types.get(bare(type));
  if (type && !named) return [...found, ...simpleViolations(bare(type), node)];
  const complex = (named ?? declaration.children[0])!;
  if (complex.local === 'simpleType') {
    const allowed = [...descendants(complex)].map((value) => value.attributes['value']);
    if (!allowed.includes(node.text)) found.push(`${node.local} is ${node.text}`);
    return found;
  }
  const children = [...node.children];
  for (const part of sequenceOf(schema, complex)) {
    const child = children[0];
    if (child && child.local === part.attributes['name']) {
      found.push(...violations(schema, part, child));
      children.shift();
    } else if (part.attributes['minOccurs'] !== '0') {
      found.push(`${part.attributes['name']} is missing from ${node.local}`);
    }
  }
  return [...found, ...children.map((child) => `${child.local} is out of place in ${node.local}`)];
}

function simpleViolations(type: string, node: Node): string[] {
  if (node.children.length > 0) return [`${node.local} holds elements`];
  if (type === 'int' && !/^-?\d+$/.test(node.text)) return [`${node.local} is no int`];
  return [];
}

const page = { templateName: 'Sales orders', pageNo: 1, itemsPerPage: 100 };
const searchClause = 'A.Equals("<&>")';
const calls: WireCall[] = [
  { operation: 'Authenticate', clientId: 'acme1234', username: 'api.user', password: 'cHc=' },
  { operation: 'GetData', ...page, searchClause },
  {
    operation: 'GetReportData',
    ...page,
    templateName: 'Despatch summary',
    searchClause: reportDate('Despatch date', '>=', new Date(0), 'Europe/London').text,
    orderBy: orderBy('Despatch date'),
    columns: reportColumns(['Despatch date', 'No. of parent items despatched']),
  },
  { operation: 'GetReportColumns', templateName: 'Despatch summary' },
  { operation: 'GetSaveTemplate', templateName: 'Sales orders' },
  { operation: 'SaveData', templateName: 'Sales orders', csvData: 'A\n"1"\n', action: 2 },
  {
    operation: 'SubscribeEvent',
    eventType: 'AvailabilityChanges',
    filter: '',
    callbackUrl: `https://x.example.test/pvx/stock?${callbackQuery('availability')}`,
  },
  {
    operation: 'SubscribePostEvent',
    eventType: 'SalesOrderStatusChanges',
    filter: '',
    postUrl: 'https://x.example.test',
    postParams: callbackQuery('orderStatus'),
  },
  { operation: 'UnsubscribeEvent', subscriptionId: 1061 },
];

function requestOf(call: WireCall, version: SoapVersion) {
  const credentials =
    call.operation === 'Authenticate' ? null : { clientId: 'acme1234', sessionId: '0b1c' };
  const { body, headers } = buildRequest(call, credentials, version);
  const envelope = parse(body);
  const part = (local: string) => envelope.children.find((node) => node.local === local);
  return { headers, body: part('Body')!.children[0]!, header: part('Header')?.children[0] };
}

describe.skipIf(!isPresent)('requests against the WSDL', () => {
  const wsdl = parse(
    isPresent ? readFileSync(wsdlFile, 'utf8') : '<definitions><schema/></definitions>',
  );
  const schema = schemaOf(wsdl);
  const soap11 = 'http://schemas.xmlsoap.org/wsdl/soap/';
  const actions = new Map<string, string>();
  for (const node of descendants(wsdl)) {
    const soap = node.children.find((child) => child.local === 'operation' && child.uri === soap11);
    if (soap) actions.set(node.attributes['name']!, soap.attributes['soapAction']!);
  }

  it('covers every operation of the service', () => {
    const ours: Operation[] = calls.map((call) => call.operation);
    expect([...actions.keys()].sort()).toEqual([...ours].sort());
  });

  const cases = calls.flatMap((call) =>
    (['1.1', '1.2'] as const).map((version) => [call.operation, version, call] as const),
  );
  it.each(cases)('%s as SOAP %s conforms', (operation, version, call) => {
    const { body, header, headers } = requestOf(call, version);
    expect(violations(schema, schema.elements.get(operation)!, body)).toEqual([]);
    const action = actions.get(operation)!;
    if (version === '1.1') expect(headers['soapaction']).toBe(`"${action}"`);
    else expect(headers['content-type']).toContain(`action="${action}"`);
    if (operation === 'Authenticate') expect(header).toBeUndefined();
    else
      expect(violations(schema, schema.elements.get('UserSessionCredentials')!, header!)).toEqual(
        [],
      );
  });

  it('would notice an element out of order, a missing int and a wrong enum', () => {
    const xml = (inner: string) =>
      parse(`<GetData xmlns="${peoplevoxNamespace}"><getRequest>${inner}</getRequest></GetData>`);
    const check = (inner: string) =>
      violations(schema, schema.elements.get('GetData')!, xml(inner));
    expect(check('<PageNo>1</PageNo><ItemsPerPage>x</ItemsPerPage>')).toEqual([
      'ItemsPerPage is no int',
    ]);
    expect(check('<PageNo>1</PageNo><ItemsPerPage>1</ItemsPerPage><TemplateName/>')).toEqual([
      'TemplateName is out of place in getRequest',
    ]);
    expect(check('<PageNo>1</PageNo>')).toEqual(['ItemsPerPage is missing from getRequest']);
    const event = parse(
      `<SubscribeEvent xmlns="${peoplevoxNamespace}"><eventType>Odd</eventType></SubscribeEvent>`,
    );
    expect(violations(schema, schema.elements.get('SubscribeEvent')!, event)).toEqual([
      'eventType is Odd',
    ]);
  });
});
