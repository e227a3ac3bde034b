/** Holds the simulator's answers against the vendor's published description, when that file lies
 *  beside the repository. Not exercised: error bodies (the file declares none), OR15, OF03 and
 *  STO03 (described as files). */
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { calm, usualQuirks } from './options.ts';
import { type Answered, openTestShop } from './test-shop.ts';

const file = new URL(
  '../../../shared/reference/mirakl-openapi/mirakl-mmp-seller-openapi.json',
  import.meta.url,
);
const isPresent = existsSync(file);

/** Required in the file, null on real instances (reference, section 14). The order conditions of an
 *  offer are of the same kind: recorded pages leave them out. */
const nullInPractice = new Set([
  'billing_address',
  'shipping_address',
  'description',
  'country_iso_code',
  'max_order_quantity',
  'min_order_quantity',
  'min_quantity_alert',
  'package_quantity',
  'unit_discount_price',
  'reason_status',
]);

type Schema = Record<string, unknown> & {
  properties?: Record<string, unknown>;
  required?: string[];
};

/** The file writes no nulls at all; optional fields may be null. Its number formats are its own. */
function prepared(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(prepared);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { discriminator: _unused, ...rest } = schema as Schema;
  const copy = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, prepared(value)]),
  ) as Schema;
  if (copy['format'] === 'with decimals') delete copy['format'];
  // The value of shipment information: an object here, text in the variant that nothing refers to.
  if (copy['type'] === 'object' && !copy.properties && !copy['allOf']) delete copy['type'];
  if (!copy.properties) return copy;
  const mayBeNull = (name: string) => !copy.required?.includes(name) || nullInPractice.has(name);
  copy.properties = Object.fromEntries(
    Object.entries(copy.properties).map(([name, inner]) => [
      name,
      mayBeNull(name) ? { anyOf: [{ type: 'null' }, inner] } : inner,
    ]),
  );
  return copy;
}

type Document = {
  paths: Record<
    string,
    Record<string, { operationId?: string; responses: Record<string, unknown> }>
  >;
  components: { schemas: Record<string, unknown> };
};

function openDescription() {
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
  const schemas = prepared(document.components.schemas);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  ajv.addSchema({ $id: 'mirakl', components: { schemas } });
  const validate = (name: string, value: unknown): unknown[] => {
    const check = ajv.getSchema(`mirakl#/components/schemas/${name}`);
    if (!check) throw new Error(`no schema ${name}`);
    check(value);
    return (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
  return { validate, document };
}

/** A shop with an order in every kind of trouble. */
function busyShop(quirks: Parameters<typeof openTestShop>[0]) {
  const tax = { code: 'VAT', ratePercent: 20, rule: 'PROPORTIONAL_TO_AMOUNT' } as const;
  const shop = openTestShop({
    tax,
    multiShipment: true,
    warehouses: ['N'],
    receivedAfterMs: 60_000,
    ...quirks,
  });
  const [waiting, shipping, canceled] = [['A'], ['A', 'B', 'A'], ['C']].map((skus) =>
    shop.anOrder(skus, {
      customFields: { 'gift-message': 'Hello', parcels: 2 },
      channel: { code: 'UK', label: 'United Kingdom' },
    }),
  ) as [string, string, string];
  shop.accept(shipping);
  shop.simulator.shopperCancels(canceled);
  shop.wait(60_000);
  const [first, second] = shop.order(shipping).lines.map((line) => line.lineId) as [string, string];
  shop.simulator.operatorCancelsUnits(shipping, first, 1);
  shop.simulator.refund(shipping, { lineId: second });
  shop.simulator.setOffer({ shopSku: 'Z', quantity: 0, ean: '5012345678900' });
  ship(shop, shipping, first);
  shop.upload('/api/offers/imports', 'sku;quantity\nA;1', { import_mode: 'NORMAL' });
  shop.wait(60_000);
  return { shop, waiting, shipping, first };
}

/** A parcel on its way, and one that waits. */
function ship(shop: ReturnType<typeof openTestShop>, orderId: string, lineId: string) {
  const [, , third] = shop.order(orderId).lines;
  const shipment = (line: string, shipped: boolean) => ({
    order_id: orderId,
    shipment_lines: [{ order_line_id: line, quantity: 1 }],
    tracking: { carrier_code: 'DPD', tracking_number: line },
    shipment_additional_information: [{ code: 'delivery-note', type: 'STRING', value: 'N1' }],
    shipped,
  });
  return shop.post('/api/shipments', {
    shipments: [
      shipment(lineId, false),
      shipment(third?.lineId ?? '', true),
      shipment('NONE', true),
    ],
  });
}

describe.skipIf(!isPresent)('the published description accepts', () => {
  const description = isPresent ? openDescription() : undefined;
  const problems = (schema: string, value: unknown) => description?.validate(schema, value);
  const statusPath = (answer: Answered) =>
    (answer.headers['location'] ?? '').replace(/^http:..[^/]+/, '');
  const reads = [
    ['OR11', '/api/orders'],
    ['OF21', '/api/offers'],
    ['OF22', '/api/offers/2131'],
    ['OF04', '/api/offers/imports'],
    ['ST11', '/api/shipments'],
    ['ST12', '/api/shipments/items_to_ship'],
    ['A01', '/api/account'],
    ['PC01', '/api/platform/configuration'],
    ['RE01', '/api/reasons'],
    ['SH12', '/api/shipping/types'],
    ['SH21', '/api/shipping/carriers'],
  ] as const;

  it.each(reads)('%s, calm', (operation, target) => {
    const { shop } = busyShop({ quirks: calm });
    const answer = shop.get(target);
    expect(answer.status).toBe(200);
    expect(String(answer.body)).not.toContain('"data":[]');
    expect(problems(`${operation}_Response_200`, answer.json)).toEqual([]);
  });

  it.each(reads)('%s, with every oddity', (operation, target) => {
    const { shop } = busyShop({ quirks: { ...usualQuirks, unknownFields: 0.5, unknownEnums: 1 } });
    expect(problems(`${operation}_Response_200`, shop.get(target).json)).toEqual([]);
  });

  it('the answers of OR04, OR13, OR14, OR28, OR30 and OR31', () => {
    const { shop, waiting, shipping, first } = busyShop({ quirks: calm });
    const references = { order_reference_for_seller: 'S' };
    const patched = shop.put('/api/orders', {
      orders: [{ order_id: waiting, references }, { order_id: 'NONE' }],
    });
    const money = { order_line_id: first, amount: 1, shipping_amount: 0 };
    const refunded = shop.put('/api/orders/refund', { refunds: [{ ...money, reason_code: '15' }] });
    const canceled = shop.put('/api/orders/cancel', {
      cancelations: [{ ...money, quantity: 1, reason_code: '34' }],
    });
    const fields = { order_additional_fields: [{ code: 'parcels', value: 3 }] };
    const written = shop.put(`/api/orders/${shipping}/additional_fields`, fields);
    const started = shop.call('POST', '/api/orders/async-export', {
      start_date: '2026-01-01T00:00:00Z',
      end_date: '2027-01-01T00:00:00Z',
    });
    shop.wait(60_000);
    const status = shop.get(`/api/orders/async-export/status/${started.json['tracking_id']}`);
    const answers = { OR04: patched, OR28: refunded, OR30: canceled, OR31: written };
    for (const [operation, answer] of Object.entries({ ...answers, OR13: started, OR14: status })) {
      expect([operation, answer.status]).toEqual([operation, 200]);
      expect(problems(`${operation}_Response_200`, answer.json)).toEqual([]);
    }
  });

  it.each([
    ['calm', calm],
    ['with every oddity', { ...usualQuirks, nullOrAbsent: false, unknownFields: 0.5 }],
  ])('the answers of stock imports, offer imports and offer exports, %s', (_rule, quirks) => {
    const { shop } = busyShop({ quirks, warehouses: ['N'] });
    shop.simulator.setOffer({ shopSku: 'W', warehouses: { N: 3 }, discountPrice: '1.00' });
    const stock = shop.upload('/api/offers/stock/imports', 'offer-sku;quantity\nA;1\nNONE;1');
    const file = shop.upload('/api/offers/imports', 'sku;quantity\nA;1', { import_mode: 'NORMAL' });
    const offers = shop.post('/api/offers', {
      offers: [
        {
          shop_sku: 'A',
          product_id: 'MKP1',
          product_id_type: 'SKU',
          price: 1,
          state_code: '11',
          update_delete: '',
        },
      ],
    });
    const started = shop.post('/api/offers/export/async', { export_type: 'application/json' });
    const waiting = shop.get(`/api/offers/imports/${file.json['import_id']}`);
    shop.wait(60_000);
    const exported = shop.get(`/api/offers/export/async/status/${started.json['tracking_id']}`);
    const url = (exported.json['urls'] as string[])[0] ?? '';
    const rows = JSON.parse(String(shop.get(url.replace(/^http:..[^/]+/, '')).body)) as unknown[];
    const answers: readonly [string, unknown][] = [
      ['STO01_Response_201', stock.json],
      ['STO02_Response_200', shop.get(statusPath(stock)).json],
      ['OF01_Response_201', file.json],
      ['OF02_Response_200', waiting.json],
      ['OF02_Response_200', shop.get(statusPath(file)).json],
      ['OF24_Response_201', offers.json],
      ['OF04_Response_200', shop.get('/api/offers/imports?limit=1').json],
      ['OF52_Response_200', started.json],
      ['OF53_Response_200', exported.json],
      ...rows.map((row) => ['OF54_Response_200_Ext_FileStructure', row] as [string, unknown]),
      ['OF21_Response_200', shop.get('/api/offers').json],
    ];
    expect(rows.length).toBeGreaterThan(2);
    for (const [schema, value] of answers) {
      expect([schema, problems(schema, value)]).toEqual([schema, []]);
    }
  });

  it('the answers of ST01, ST06, ST07, ST23, ST24, ST26 and ST31', () => {
    const { shop } = busyShop({ quirks: calm, acceptance: 'AUTOMATIC' });
    const orderId = shop.anOrder(['A', 'B', 'C'], { paymentWorkflow: 'PAY_ON_SHIPMENT' });
    const created = ship(shop, orderId, shop.order(orderId).lines[0]?.lineId ?? '');
    const [{ id } = { id: '' }] = created.json['shipment_success'] as { id: string }[];
    const both = (more: object) => ({
      shipments: [
        { id, ...more },
        { id: 'NONE', ...more },
      ],
    });
    const note = { code: 'delivery-note', type: 'STRING', value: 'N2' };
    const informed = { shipment_additional_information: [note] };
    const tracking = { carrier_name: 'Vans', tracking_number: 'V1' };
    const answers: readonly [string, number, Answered][] = [
      ['ST01_Response_201', 201, created],
      ['ST31_Response_200', 200, shop.put('/api/shipments/additional_information', both(informed))],
      [
        'ST07_Response_200',
        200,
        shop.put('/api/shipments', both({ shipping_from: { warehouse: { code: 'N' } } })),
      ],
      ['ST23_Response_200', 200, shop.post('/api/shipments/tracking', both({ tracking }))],
      ['ST26_Response_200', 200, shop.put('/api/shipments/ready_for_pick_up', both({}))],
      ['ST24_Response_200', 200, shop.put('/api/shipments/ship', both({}))],
      ['ST06_Response_200', 200, shop.put('/api/shipments/delete', both({}))],
    ];
    for (const [schema, status, answer] of answers) {
      expect([schema, answer.status]).toEqual([schema, status]);
      expect([schema, problems(schema, answer.json)]).toEqual([schema, []]);
    }
    shop.wait(60_000);
    const debited = shop.get('/api/shipments?shipment_customer_debit_state_code=DEBIT_OK');
    expect(debited.json['data']).toHaveLength(2);
    expect(problems('ST11_Response_200', debited.json)).toEqual([]);
  });

  it('every parameter the simulator knows beside paging, and no documented one is missing', () => {
    const documented = (id: string) =>
      Object.values(description?.document.paths ?? {})
        .flatMap((path) => Object.values(path))
        .filter((one) => one.operationId === id)
        .flatMap(
          (one) => (one as unknown as { parameters: { name: string; in: string }[] }).parameters,
        )
        .filter((one) => one.in === 'query')
        .map((one) => one.name);
    for (const [operation, target] of reads) {
      const { shop } = busyShop({ quirks: calm });
      for (const name of documented(operation)) {
        shop.get(`${target}?${name}=1`);
      }
      const unknown = shop.simulator.truth.contractBreaches.filter((one) =>
        one.what.startsWith('Unknown parameter'),
      );
      expect([operation, unknown]).toEqual([operation, []]);
    }
  });
});
