/** Reads a JSON body and holds it against the operation's documented shape. */
import { penceOfNumber } from './json.ts';
import { type Call, refuse } from './wire.ts';

/** Shape of a value. Every value may be null unless its field is required. `unknown`: anything. */
export type Shape =
  | 'text'
  | 'number'
  | 'integer'
  /** A whole number of at least 1. */
  | 'positive'
  | 'boolean'
  | 'unknown'
  | { text: RegExp }
  | { list: Shape; min?: number; max?: number }
  | { fields: Readonly<Record<string, Shape>>; required: readonly string[] };

/** The body, checked. Throws a Refusal: 415 for a wrong type, 400 for anything the contract
 *  forbids. */
export function readBody(call: Call, shape: Shape): Record<string, unknown> {
  const body = parseBody(call);
  const problem = firstProblem(body, shape, '');
  if (problem) {
    throw refuse(400, 'VALIDATION_ERROR', problem.what, { field: problem.field, isBreach: true });
  }
  return body;
}

/** The body as an object, its shape not yet checked. */
export function parseBody(call: Call): Record<string, unknown> {
  const type = call.request.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(type)) {
    throw refuse(415, 'UNSUPPORTED_MEDIA_TYPE', 'Unsupported Media Type', {
      field: 'content-type',
      isBreach: true,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(call.request.body));
  } catch {
    throw refuse(400, 'VALIDATION_ERROR', 'The body is not JSON', {
      field: 'body',
      isBreach: true,
    });
  }
  if (!isRecord(parsed)) {
    throw refuse(400, 'VALIDATION_ERROR', 'The body must be an object', {
      field: 'body',
      isBreach: true,
    });
  }
  return parsed;
}

/** Pence of an amount in a body. Throws a Refusal for a negative one or one with a third
 *  decimal. */
export function amountOf(value: unknown, field: string): number {
  const pence = typeof value === 'number' ? penceOfNumber(value) : undefined;
  if (pence === undefined || pence < 0) {
    throw refuse(400, 'VALIDATION_ERROR', `${field} is not a valid amount`, {
      field,
      isBreach: true,
    });
  }
  return pence;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Problem = { field: string; what: string };

export function firstProblem(value: unknown, shape: Shape, at: string): Problem | undefined {
  if (shape === 'unknown') return undefined;
  if (typeof shape === 'string') return scalarProblem(value, shape, at);
  if ('text' in shape) {
    const isGood = typeof value === 'string' && shape.text.test(value);
    return isGood ? undefined : { field: at, what: `${at} is not well formed` };
  }
  if ('list' in shape) return listProblem(value, shape, at);
  if (!isRecord(value)) return { field: at, what: `${at || 'body'} must be an object` };
  for (const field of shape.required) {
    if (value[field] === undefined || value[field] === null) {
      return { field: path(at, field), what: `${path(at, field)} is required` };
    }
  }
  for (const [field, content] of Object.entries(value)) {
    const inner = Object.hasOwn(shape.fields, field) ? shape.fields[field] : undefined;
    if (inner === undefined)
      return { field: path(at, field), what: `Unknown field ${path(at, field)}` };
    if (content === null) continue;
    const problem = firstProblem(content, inner, path(at, field));
    if (problem) return problem;
  }
  return undefined;
}

function listProblem(
  value: unknown,
  shape: { list: Shape; min?: number; max?: number },
  at: string,
): Problem | undefined {
  if (!Array.isArray(value)) return { field: at, what: `${at} must be a list` };
  if (value.length < (shape.min ?? 0)) return { field: at, what: `${at} has too few elements` };
  if (value.length > (shape.max ?? Number.POSITIVE_INFINITY)) {
    return { field: at, what: `The limit of ${shape.max} is exceeded for ${at}` };
  }
  for (const [index, item] of value.entries()) {
    const problem = firstProblem(item, shape.list, `${at}[${index}]`);
    if (problem) return problem;
  }
  return undefined;
}

function scalarProblem(
  value: unknown,
  shape: 'text' | 'number' | 'integer' | 'positive' | 'boolean',
  at: string,
): Problem | undefined {
  const isGood = {
    text: () => typeof value === 'string',
    number: () => typeof value === 'number',
    integer: () => Number.isSafeInteger(value),
    positive: () => Number.isSafeInteger(value) && (value as number) > 0,
    boolean: () => typeof value === 'boolean',
  }[shape]();
  return isGood ? undefined : { field: at, what: `${at} must be a ${shape}` };
}

function path(at: string, field: string): string {
  return at ? `${at}.${field}` : field;
}
