/** Every request of the marketplace wire against Mirakl's published description, and every published
 *  example answer against our shapes. The description is the vendor's and not part of this repository:
 *  without it beside the checkout the suite is skipped.
 *  Not exercised: OR15 (its address is dynamic), error answers (the description has none), the values of
 *  custom fields (typed by a discriminator that only the vendor evaluates). */
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { VendorError } from '../../src/errors.ts';
import type { MiraklClient } from '../../src/mirakl/client.ts';
import { listOffers, readOffer } from '../../src/mirakl/offers.ts';
import { readOrderExport, startOrderExport } from '../../src/mirakl/order-export.ts';
import {
  decideAcceptance,
  listOrders,
  setAdditionalFields,
  setOrderReferences,
} from '../../src/mirakl/orders.ts';
import {
  checkVersion,
  readCarriers,
  readChannels,
  readPlatform,
  readReasons,
  readShippingTypes,
  readShop,
} from '../../src/mirakl/platform.ts';
import { testWire } from '../../src/mirakl/test-wire.ts';
import type { HttpRequest } from '../../src/transport.ts';

type Schema = { $ref?: string; type?: string; description?: string; items?: Schema };
type Parameter = {
  in: string;
  name: string;
  required?: boolean;
  schema: Schema;
  description?: string;
};
type Content = Record<string, { schema?: Schema; examples?: Record<string, { value: unknown }> }>;
type Operation = {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
};
type Description = { paths: Record<string, Record<string, Operation>> };

const file = new URL(
  '../../../shared/reference/mirakl-openapi/mirakl-mmp-seller-openapi.json',
  import.meta.url,
);
const isPresent = existsSync(file);
const description: Description = isPresent ? JSON.parse(readFileSync(file, 'utf8')) : { paths: {} };
/** Real parameters of lists and labels that the description leaves out. */
const shared = ['max', 'offset', 'sort', 'order', 'limit', 'page_token', 'locale'];

const ajv = new Ajv2020({ strict: false, coerceTypes: false, allErrors: true });
addFormats.default(ajv);
ajv.addFormat('with decimals', true);
ajv.addSchema({ ...description, $id: 'mirakl' });

const from = new Date('2026-03-01T00:00:00Z');
const until = new Date('2026-03-02T00:00:00Z');
const orderFilter = {
  marketplaceOrderIds: ['A-1', 'A-2'],
  referencesForCustomer: ['C1'],
  referencesForSeller: ['S1', 'S2'],
  states: ['WAITING_ACCEPTANCE', 'SHIPPING'],
  channelCodes: ['UK'],
  hasNoChannel: false,
  createdFrom: from,
  createdUntil: until,
  updatedFrom: from,
  updatedUntil: until,
  isCustomerDebited: true,
  paymentWorkflow: 'PAY_ON_ACCEPTANCE',
  hasIncident: false,
  fulfilmentCentreCodes: ['DEFAULT', 'NORTH'],
  taxMode: 'TAX_INCLUDED',
};
const field = { code: 'wms', type: 'STRING', value: 'SO-1' };

const calls: [operation: string, call: (client: MiraklClient) => Promise<unknown>][] = [
  ['OR11', (client) => listOrders(client, orderFilter)],
  ['OR11', (client) => listOrders(client, orderFilter, { kind: 'token', token: 't' })],
  ['OR11', (client) => listOrders(client, {}, { kind: 'offset', offset: 100 })],
  [
    'OR13',
    (client) =>
      startOrderExport(client, {
        ...orderFilter,
        fulfilmentCentreCode: 'DEFAULT',
        ordersPerFile: 10_000,
      }),
  ],
  ['OR13', (client) => startOrderExport(client, { updatedFrom: from, updatedUntil: until })],
  ['OR14', (client) => readOrderExport(client, 't-1')],
  [
    'OR21',
    (client) =>
      decideAcceptance(client, {
        marketplaceOrderId: 'A-1',
        lines: [{ orderLineId: 'A-1-1', isAccepted: true }],
      }),
  ],
  [
    'OR04',
    (client) =>
      setOrderReferences(client, [{ marketplaceOrderId: 'A-1', referenceForSeller: 'SO-1' }]),
  ],
  [
    'OR31',
    (client) =>
      setAdditionalFields(client, {
        marketplaceOrderId: 'A-1',
        fields: [field, { code: 'tags', value: ['a'] }],
        lines: [{ orderLineId: 'A-1-1', fields: [field] }],
      }),
  ],
  ['A01', readShop],
  ['PC01', readPlatform],
  ['V01', checkVersion],
  ['RE01', readReasons],
  ['SH12', readShippingTypes],
  ['SH21', readCarriers],
  ['CH11', readChannels],
  ['OF21', (client) => listOffers(client, { shopSku: 'MUG-RED', productSku: '9001' })],
  ['OF22', (client) => readOffer(client, '2001')],
];

describe.skipIf(!isPresent)('requests as the published description has them', () => {
  it.each(
    calls.map(([operation, call], index) => ({
      name: `${operation}, call ${index}`,
      call,
      operation,
    })),
  )('$name', async ({ operation, call }) => {
    for (const paging of ['offset', 'seek'] as const) {
      const wire = testWire([{ body: {} }], { shopId: '2010', locale: 'en_GB', paging });
      await call(wire.client).catch((error: unknown) => {
        // The empty answer may not do; only the request counts here.
        if (!(error instanceof VendorError)) throw error;
      });
      expect(wire.sent).toHaveLength(1);
      expect(faultsOf(operation, wire.sent[0]!)).toEqual([]);
    }
  });

  it('a parameter that nobody published is found', () => {
    const request = requestOf('https://m.example.test/api/account?shop_id=x&shopp=1');
    expect(faultsOf('A01', request)).toEqual(['shop_id=x', 'shopp is not a parameter']);
  });

  it('a wrong list style is found', () => {
    const states = 'order_state_codes=SHIPPING&order_state_codes=SHIPPED';
    const request = requestOf(`https://m.example.test/api/orders?${states}`);
    expect(faultsOf('OR11', request)).toEqual(['order_state_codes may stand once']);
  });

  it('a wrong path and a wrong body are found', () => {
    const wrong = { ...requestOf('https://m.example.test/api/order'), body: '{"orders":[]}' };
    expect(faultsOf('OR04', wrong)).toEqual([
      'PUT /api/orders is due',
      '/orders must NOT have fewer than 1 items',
    ]);
  });
});

describe.skipIf(!isPresent)('published example answers fit our shapes', () => {
  const examples = calls.flatMap(([operation, call]) =>
    examplesOf(operation).map(([name, body]) => ({ name: `${operation} ${name}`, body, call })),
  );
  it('there are some', () => expect(examples.length).toBeGreaterThan(10));

  it.each(examples)('$name', async ({ body, call }) => {
    const { client } = testWire([{ body }]);
    const value = (await call(client)) as { unreadable?: unknown[] } | undefined;
    expect(value?.unreadable ?? []).toEqual([]);
  });
});

/** What is wrong with a request by the description; empty when nothing is. */
function faultsOf(operationId: string, request: HttpRequest): string[] {
  const { path, method, operation } = find(operationId);
  const url = new URL(request.url);
  const shape = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
  const isRight = shape.test(url.pathname) && request.method === method.toUpperCase();
  return [
    ...(isRight ? [] : [`${method.toUpperCase()} ${path} is due`]),
    ...queryFaults(operation, url.searchParams),
    ...bodyFaults(operation, request.body),
  ];
}

function queryFaults(operation: Operation, query: URLSearchParams): string[] {
  return [...new Set(query.keys())].flatMap((name) => {
    const parameter = operation.parameters?.find((one) => one.in === 'query' && one.name === name);
    if (!parameter) return shared.includes(name) ? [] : [`${name} is not a parameter`];
    const values = query.getAll(name);
    const isList = parameter.schema.type === 'array';
    if (values.length > 1 && !isList) return [`${name} may stand once`];
    const isCommaSeparated = parameter.description?.includes('comma-separated');
    const parts = isCommaSeparated ? values.flatMap((value) => value.split(',')) : values;
    const schema = isList ? parameter.schema.items! : parameter.schema;
    const validate = ajv.compile(schema);
    return parts.filter((part) => !validate(typed(part, schema))).map((part) => `${name}=${part}`);
  });
}

function bodyFaults(operation: Operation, body: HttpRequest['body']): string[] {
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (!schema) return body === undefined ? [] : ['no body is due'];
  const validate = ajv.compile({ $ref: `mirakl${schema.$ref}` });
  if (validate(JSON.parse(String(body ?? 'null')))) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

function typed(text: string, schema: Schema): unknown {
  if (schema.type === 'integer' || schema.type === 'number') return Number(text);
  if (schema.type === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  return text;
}

function examplesOf(operationId: string): [name: string, body: unknown][] {
  if (!isPresent) return [];
  const content = find(operationId).operation.responses['200']?.content?.['application/json'];
  return Object.entries(content?.examples ?? {})
    .filter(([name]) => name.startsWith('application/json'))
    .map(([name, example]) => [name, example.value]);
}

function find(operationId: string): { path: string; method: string; operation: Operation } {
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods))
      if (operation.operationId === operationId) return { path, method, operation };
  throw new Error(`the description has no ${operationId}`);
}

function requestOf(url: string): HttpRequest {
  return { method: 'GET', url, headers: {}, timeoutMs: 1 };
}
