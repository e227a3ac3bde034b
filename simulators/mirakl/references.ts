/** OR04 and OR31: the shop writes its own reference and custom fields on orders. */
import { ownOrder } from './acceptance.ts';
import { isRecord, readBody, type Shape } from './body.ts';
import { type Json, plain, write } from './json.ts';
import { changed, type Market } from './market.ts';
import type { CustomValue, SimOrder } from './state.ts';
import { type Call, Refusal, type Result, refuse } from './wire.ts';

type FieldError = { code: string; field: string; message: string };

const contribution: Shape = {
  fields: {
    epr_category_code: 'text',
    producer_id: 'text',
    producer_id_owner: 'text',
    unit_amount: 'number',
    total_amount: 'number',
  },
  required: ['epr_category_code'],
};
const orderPatch: Shape = {
  fields: {
    order_id: 'text',
    order_lines: {
      list: {
        fields: { order_line_id: 'text', eco_contributions: { list: contribution } },
        required: ['order_line_id'],
      },
    },
    references: { fields: { order_reference_for_seller: 'text' }, required: [] },
  },
  required: ['order_id'],
};
const patchShape: Shape = {
  fields: { orders: { list: orderPatch, min: 1 } },
  required: ['orders'],
};

/** OR04. Up to 100 orders, each with its own errors inside the 200; above 100 an empty 400. */
export function patchOrders(market: Market, call: Call): Result {
  const body = readBody(call, patchShape);
  const patches = body['orders'] as Record<string, unknown>[];
  if (patches.length > 100) {
    throw refuse(400, 'VALIDATION_ERROR', 'More than 100 orders', {
      field: 'orders',
      isBreach: true,
      body: '',
    });
  }
  const updated = patches.map((patch) => patchOne(market, call, patch));
  return { status: 200, body: write({ updated_orders: updated }, plain) };
}

const customField: Shape = {
  fields: { code: 'text', type: 'text', value: 'unknown' },
  required: ['code'],
};
const customShape: Shape = {
  fields: {
    order_additional_fields: { list: customField },
    order_lines: {
      list: {
        fields: { order_line_id: 'text', order_line_additional_fields: { list: customField } },
        required: ['order_line_id'],
      },
    },
  },
  required: [],
};

/** OR31. All or nothing: the values after the update, or the errors and the body that came. */
export function writeCustomFields(market: Market, call: Call): Result {
  const body = readBody(call, customShape);
  const order = ownOrder(market, call, call.segment(2));
  const errors: FieldError[] = [];
  const changes: (() => void)[] = [];
  const collect = (
    fields: unknown,
    entity: 'ORDER' | 'ORDER_LINE',
    into: Map<string, CustomValue>,
    at: string,
  ) => {
    for (const [index, given] of ((fields as unknown[] | undefined) ?? []).entries()) {
      const outcome = readCustomField(market, given as Record<string, unknown>, entity);
      if ('message' in outcome) errors.push({ ...outcome, field: `${at}[${index}]` });
      else changes.push(() => store(into, outcome));
    }
  };
  collect(body['order_additional_fields'], 'ORDER', order.customFields, 'order_additional_fields');
  for (const [index, given] of ((body['order_lines'] as unknown[] | undefined) ?? []).entries()) {
    if (!isRecord(given)) continue;
    const line = order.lines.find((one) => one.lineId === given['order_line_id']);
    const at = `order_lines[${index}]`;
    if (!line) {
      const message = `Order line ${String(given['order_line_id'])} not found`;
      errors.push({ code: 'ORDER_LINE_NOT_FOUND', field: `${at}.order_line_id`, message });
      continue;
    }
    const fields = given['order_line_additional_fields'];
    collect(fields, 'ORDER_LINE', line.customFields, `${at}.order_line_additional_fields`);
  }
  if (errors.length > 0) {
    return { status: 200, body: JSON.stringify({ order_update_errors: { errors, input: body } }) };
  }
  for (const change of changes) change();
  if (changes.length > 0) changed(market, order, call.nowMs);
  return { status: 200, body: write({ order_update_result: customResult(market, order) }, plain) };
}

function patchOne(market: Market, call: Call, patch: Record<string, unknown>): Json {
  const orderId = patch['order_id'] as string;
  const errors: FieldError[] = [];
  let order: SimOrder | undefined;
  try {
    order = ownOrder(market, call, orderId);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    errors.push({ code: error.code, field: 'order_id', message: error.message });
  }
  const lines = (patch['order_lines'] ?? []) as Record<string, unknown>[];
  for (const [index, line] of lines.entries()) {
    if (order?.lines.some((one) => one.lineId === line['order_line_id'])) continue;
    const field = `order_lines[${index}].order_line_id`;
    errors.push({ code: 'ORDER_LINE_NOT_FOUND', field, message: 'Order line not found' });
  }
  const references = patch['references'];
  const reference = isRecord(references) ? references['order_reference_for_seller'] : undefined;
  if (typeof reference === 'string' && reference.length > 2000) {
    const field = 'references.order_reference_for_seller';
    errors.push({ code: 'VALIDATION_ERROR', field, message: 'size must be between 0 and 2000' });
  }
  if (!order || errors.length > 0) return { errors, order_id: orderId, updated: null };
  if (reference !== undefined) {
    order.referenceForSeller = reference === '' ? null : (reference as string | null);
    changed(market, order, call.nowMs);
    market.log.references.push({ atMs: call.nowMs, orderId, reference: order.referenceForSeller });
  }
  const held = { order_reference_for_seller: order.referenceForSeller };
  return { errors: [], order_id: orderId, updated: { order_lines: [], references: held } };
}

type FieldWrite = { code: string; value: CustomValue | null };

function readCustomField(
  market: Market,
  given: Record<string, unknown>,
  entity: 'ORDER' | 'ORDER_LINE',
): FieldWrite | { code: string; message: string } {
  const code = given['code'] as string;
  const field = market.settings.customFields.find(
    (one) => one.code === code && one.entity === entity,
  );
  if (!field)
    return { code: 'ADDITIONAL_FIELD_NOT_FOUND', message: `Unknown custom field ${code}` };
  if (field.editable === false) {
    return { code: 'ADDITIONAL_FIELD_NOT_EDITABLE', message: `${code} is not editable` };
  }
  const value = given['value'];
  if (value === undefined || value === null || value === '') {
    if (!field.required) return { code, value: null };
    return { code: 'ADDITIONAL_FIELD_REQUIRED', message: `${code} is required` };
  }
  const values = field.type === 'MULTIPLE_VALUES_LIST' ? value : [value];
  const isGood =
    Array.isArray(values) &&
    values.every((one) => isValueOf(field.type, one)) &&
    values.every((one) => !field.acceptedValues || field.acceptedValues.includes(String(one)));
  if (!isGood) {
    return { code: 'ADDITIONAL_FIELD_INVALID_VALUE', message: `Invalid value for ${code}` };
  }
  return { code, value: value as CustomValue };
}

function isValueOf(type: string, value: unknown): boolean {
  if (type === 'NUMERIC') return value !== '' && Number.isFinite(Number(value));
  if (type === 'BOOLEAN')
    return value === true || ['true', 'false', false].includes(value as string);
  return typeof value === 'string';
}

function store(into: Map<string, CustomValue>, { code, value }: FieldWrite): void {
  if (value === null) into.delete(code);
  else into.set(code, value);
}

function customResult(market: Market, order: SimOrder): Json {
  const list = (values: ReadonlyMap<string, CustomValue>): Json =>
    [...values].map(([code, value]) => {
      const field = market.settings.customFields.find((one) => one.code === code);
      const shown = typeof value === 'object' ? value : String(value);
      return { code, type: field?.type ?? 'STRING', value: shown };
    });
  return {
    order_additional_fields: list(order.customFields),
    order_lines: order.lines.map((line) => ({
      order_line_additional_fields: list(line.customFields),
      order_line_id: line.lineId,
    })),
  };
}
