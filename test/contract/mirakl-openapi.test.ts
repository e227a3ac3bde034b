/** Every request of the marketplace wire against Mirakl's published description, and every published
 *  example answer against our shapes. The description is the vendor's and not part of this repository:
 *  without it beside the checkout the suite is skipped.
 *  Not exercised: OR15 and the request of OF54 (their addresses are dynamic), error answers (the description has none), the values of
 *  custom fields (typed by a discriminator that only the vendor evaluates). */
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { VendorError } from '../../src/errors.ts';
import { fetchOfferExport, startOfferExport } from '../../src/mirakl/offer-export.ts';
import { readQuantityImportErrors } from '../../src/mirakl/offer-imports.ts';
import { testWire } from '../../src/mirakl/test-wire.ts';
import type { HttpRequest } from '../../src/transport.ts';
import { batches, calls } from './mirakl-calls.ts';

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
type Description = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: object }> };
};

const file = new URL(
  '../../../shared/reference/mirakl-openapi/mirakl-mmp-seller-openapi.json',
  import.meta.url,
);
const isPresent = existsSync(file);
const absent: Description = { paths: {}, components: { schemas: {} } };
const description: Description = isPresent ? JSON.parse(readFileSync(file, 'utf8')) : absent;
/** Real parameters of lists and labels that the description leaves out. */
const shared = ['max', 'offset', 'sort', 'order', 'limit', 'page_token', 'locale'];

const ajv = new Ajv2020({ strict: false, coerceTypes: false, allErrors: true });
addFormats.default(ajv);
ajv.addFormat('with decimals', true);
ajv.addSchema({ ...description, $id: 'mirakl' });

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
      expect(await faultsOf(operation, wire.sent[0]!)).toEqual([]);
    }
  });

  it('a parameter that nobody published is found', async () => {
    const request = requestOf('https://m.example.test/api/account?shop_id=x&shopp=1');
    expect(await faultsOf('A01', request)).toEqual(['shop_id=x', 'shopp is not a parameter']);
  });

  it('a wrong list style is found', async () => {
    const states = 'order_state_codes=SHIPPING&order_state_codes=SHIPPED';
    const request = requestOf(`https://m.example.test/api/orders?${states}`);
    expect(await faultsOf('OR11', request)).toEqual(['order_state_codes may stand once']);
  });

  it('a wrong path and a wrong body are found', async () => {
    const wrong = { ...requestOf('https://m.example.test/api/order'), body: '{"orders":[]}' };
    expect(await faultsOf('OR04', wrong)).toEqual([
      'PUT /api/orders is due',
      '/orders must NOT have fewer than 1 items',
    ]);
  });

  it('a form without its file is found', async () => {
    const { client, sent } = testWire([{ body: {} }]);
    await client.call({
      operation: 'OF01',
      method: 'POST',
      path: '/api/offers/imports',
      form: [{ name: 'import_mode', value: 'NORMAL' }],
      read: null,
    });
    expect(await faultsOf('OF01', sent[0]!)).toEqual([" must have required property 'file'"]);
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

describe.skipIf(!isPresent)('published answers to batches go back to what was sent', () => {
  it.each(batches)('%s %s', async (operation, example, call, outcomes) => {
    const { client } = testWire([{ body: exampleOf(operation, 'application/json', example) }]);
    const results = await call(client);
    expect(results.map(({ outcome }) => outcome)).toEqual(outcomes);
  });
});

describe.skipIf(!isPresent)('published files fit our shapes', () => {
  it.each(['application/json-0', 'application/json-1'])('OF54 %s', async (name) => {
    const { client } = testWire([{ body: exampleOf('OF54', 'application/json', name) }]);
    const file = await fetchOfferExport(client, 'https://market.example.test/file/1');
    expect(file.unreadable).toEqual([]);
    expect(file.offers.length).toBeGreaterThan(0);
  });

  it('OF03', async () => {
    const type = 'application/octet-stream';
    const { client } = testWire([{ body: exampleOf('OF03', type, `${type}-0`) }]);
    expect(await readQuantityImportErrors(client, '2035')).toEqual([
      { lineNumber: 2, shopSku: 'OFFER_SKU_004', reason: 'The product does not exist' },
    ]);
  });

  it('the fields of an offer export are all published', async () => {
    const schema = description.components.schemas['OF54_Response_200_Ext_FileStructure'];
    const { client, sent } = testWire([{ body: { tracking_id: 't' } }]);
    await startOfferExport(client, {});
    const asked: string[] = JSON.parse(String(sent[0]!.body)).include_fields;
    expect(Object.keys(schema!.properties ?? {})).toEqual(expect.arrayContaining(asked));
  });
});

/** What is wrong with a request by the description; empty when nothing is. */
async function faultsOf(operationId: string, request: HttpRequest): Promise<string[]> {
  const { path, method, operation } = find(operationId);
  const url = new URL(request.url);
  const shape = new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`);
  const isRight = shape.test(url.pathname) && request.method === method.toUpperCase();
  return [
    ...(isRight ? [] : [`${method.toUpperCase()} ${path} is due`]),
    ...queryFaults(operation, url.searchParams),
    ...(await bodyFaults(operation, request)),
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

async function bodyFaults(operation: Operation, request: HttpRequest): Promise<string[]> {
  const content = operation.requestBody?.content ?? {};
  const form = content['multipart/form-data']?.schema;
  const json = content['application/json']?.schema;
  if (!form && !json) return request.body === undefined ? [] : ['no body is due'];
  const validate = form ? ajv.compile(form) : ajv.compile({ $ref: `mirakl${json!.$ref}` });
  const body = form ? await formOf(request) : JSON.parse(String(request.body ?? 'null'));
  if (validate(body)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** The form as another reader than ours finds it; files as their text. */
async function formOf(request: HttpRequest): Promise<Record<string, string>> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const body = request.body as Uint8Array<ArrayBuffer>;
  const form = await new Response(body, { headers }).formData();
  const entries = [...form].map(async ([name, value]) => {
    return [name, typeof value === 'string' ? value : await value.text()];
  });
  return Object.fromEntries(await Promise.all(entries));
}

function typed(text: string, schema: Schema): unknown {
  if (schema.type === 'integer' || schema.type === 'number') return Number(text);
  if (schema.type === 'boolean') return text === 'true' || (text === 'false' ? false : text);
  return text;
}

function examplesOf(operationId: string): [name: string, body: unknown][] {
  if (!isPresent) return [];
  const { responses } = find(operationId).operation;
  const content = (responses['200'] ?? responses['201'])?.content?.['application/json'];
  return Object.entries(content?.examples ?? {})
    .filter(([name]) => name.startsWith('application/json'))
    .map(([name, example]) => [name, example.value]);
}

function exampleOf(operationId: string, type: string, name: string): unknown {
  const { responses } = find(operationId).operation;
  const content = (responses['200'] ?? responses['201'])?.content?.[type];
  return content?.examples?.[name]?.value;
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
