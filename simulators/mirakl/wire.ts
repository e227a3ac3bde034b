/** Requests taken apart and answers put together: query values by their documented style,
 *  refusals by the vendor's error bodies. A query that breaks the contract is refused and kept
 *  for the checkers. */
import type { SimRequest } from '../kernel.ts';
import { msOf } from './dates.ts';
import { type Json, plain, write } from './json.ts';
import type { Market, ShopAccount, User } from './market.ts';

/** How a query value is written. Lists hold at most 100 values. */
export type ParamKind =
  | 'text'
  | 'integer'
  | 'boolean'
  | 'datetime'
  /** One parameter, values separated by commas. */
  | 'commaList'
  /** The parameter repeated, one value each. */
  | 'repeatedList'
  | { repeatedListOf: readonly string[] }
  | { oneOf: readonly string[] }
  | { commaListOf: readonly string[] };
export type Params = Readonly<Record<string, ParamKind>>;

export const offsetParams: Params = {
  max: 'integer',
  offset: 'integer',
  order: { oneOf: ['asc', 'desc'] },
};
export const seekParams: Params = { limit: 'integer', page_token: 'text' };
export const localised: Params = { locale: 'text' };

/** One call that passed the door: its shop, query and body. */
export type Call = {
  operation: string;
  request: SimRequest;
  /** Scheme and host for links. */
  origin: string;
  path: string;
  /** Decoded part of the path; 0 is `api`. */
  segment(index: number): string;
  query: Query;
  shop: ShopAccount;
  user: User;
  /** When the vendor acts, on its own clock. */
  nowMs: number;
};

export type Result = { status: number; body?: string; headers?: Record<string, string> };

/** What the vendor answers instead of doing it. `isBreach`: the client broke the written
 *  contract. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly isBreach: boolean;
  readonly headers: Record<string, string>;
  /** Overrides the error body; the 400 of OR04 has an empty one. */
  readonly body: string | undefined;
  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      field?: string;
      isBreach?: boolean;
      headers?: Record<string, string>;
      body?: string;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = more.field ?? null;
    this.isBreach = more.isBreach ?? false;
    this.headers = more.headers ?? {};
    this.body = more.body;
  }
}

export function refuse(
  status: number,
  code: string,
  message: string,
  more: {
    field?: string;
    isBreach?: boolean;
    headers?: Record<string, string>;
    body?: string;
  } = {},
): Refusal {
  return new Refusal(status, code, message, more);
}

/** The error body. Which key carries the machine code is not established, so it is a setting. */
export function errorBody(market: Market, refusal: Refusal): string {
  if (refusal.body !== undefined) return refusal.body;
  const { status, message, code } = refusal;
  const set = market.settings.errorShape;
  const shape =
    set === 'mixed'
      ? market.dice.wire.pick(['code', 'error_code', 'errors', 'message'] as const)
      : set;
  const field = refusal.field;
  const byShape: Record<typeof shape, Json> = {
    code: { status, message, code },
    error_code: { status, message, error_code: code },
    errors: { status, message, errors: [{ code, field, message }] },
    message: { status, message: `${code}: ${message}` },
  };
  return write(byShape[shape], plain);
}

/** Reads query values by the kinds declared for the operation. Accessors are for declared names
 *  only. */
export class Query {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }
  has(name: string): boolean {
    return this.#values.has(name);
  }
  text(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }
  integer(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }
  flag(name: string): boolean | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : text === 'true';
  }
  dateMs(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : msOf(text);
  }
  /** Values of a comma-separated parameter. */
  list(name: string): readonly string[] | undefined {
    return this.text(name)?.split(',');
  }
  /** Values of a repeated parameter. */
  all(name: string): readonly string[] | undefined {
    return this.#values.get(name);
  }
  /** All of it in one spelling, without the named ones: equal for equal filters. */
  key(without: readonly string[]): string {
    const kept = [...this.#values].filter(([name]) => !without.includes(name));
    return JSON.stringify(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Throws a Refusal for an unknown parameter, a wrong style, type or value, or too many values. */
export function readQuery(search: string, params: Params): Query {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    const held = values.get(name);
    if (held) held.push(value);
    else values.set(name, [value]);
  }
  for (const [name, given] of values) {
    const kind = Object.hasOwn(params, name) ? params[name] : undefined;
    if (kind === undefined) throw breach(name, `Unknown parameter: ${name}`);
    checkValues(name, kind, given);
  }
  return new Query(values);
}

/** The page asked for by offset, and the Link header to its neighbours. More than 100 is cut to
 *  100. */
export function offsetWindow(
  call: Call,
  total: number,
): { max: number; offset: number; link: string | undefined } {
  const wanted = call.query.integer('max') ?? 10;
  const offset = call.query.integer('offset') ?? 0;
  if (wanted < 1) throw breach('max', 'max must be greater than 0');
  if (offset < 0) throw breach('offset', 'offset must not be negative');
  const max = Math.min(100, wanted);
  const links: string[] = [];
  const linkTo = (at: number, rel: string) => {
    const url = new URL(call.origin + call.request.target);
    url.searchParams.set('max', String(max));
    url.searchParams.set('offset', String(at));
    links.push(`<${url.href}>; rel="${rel}"`);
  };
  if (offset > 0) linkTo(Math.max(0, offset - max), 'previous');
  if (offset + max < total) linkTo(offset + max, 'next');
  return { max, offset, link: links.length > 0 ? links.join(', ') : undefined };
}

function checkValues(name: string, kind: ParamKind, given: readonly string[]): void {
  if (kind === 'repeatedList' || (typeof kind === 'object' && 'repeatedListOf' in kind)) {
    limit(name, given);
    if (given.some((value) => value.includes(','))) {
      throw breach(name, `${name} is a repeated parameter, not a comma-separated one`);
    }
    if (kind !== 'repeatedList') for (const one of given) oneOf(name, one, kind.repeatedListOf);
    return;
  }
  if (given.length > 1) throw breach(name, `${name} must be given once`);
  const value = given[0] as string;
  if (kind === 'commaList' || (typeof kind === 'object' && 'commaListOf' in kind)) {
    const values = value.split(',');
    limit(name, values);
    if (values.some((one) => one === '')) throw breach(name, `${name} has an empty value`);
    if (kind !== 'commaList') for (const one of values) oneOf(name, one, kind.commaListOf);
    return;
  }
  if (typeof kind === 'object') {
    oneOf(name, value, kind.oneOf);
    return;
  }
  const isGood = {
    text: () => true,
    integer: () => /^-?\d{1,15}$/.test(value),
    boolean: () => value === 'true' || value === 'false',
    datetime: () => msOf(value) !== undefined,
  }[kind]();
  if (!isGood) throw breach(name, `The value '${value}' of ${name} is not a valid ${kind}`);
}

function limit(name: string, values: readonly string[]): void {
  if (values.length > 100)
    throw breach(name, `The limit of 100 is exceeded for the parameter : ${name}`);
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw breach(name, `The value '${value}' of ${name} is not allowed`);
}

function breach(field: string, message: string): Refusal {
  return refuse(400, 'VALIDATION_ERROR', message, { field, isBreach: true });
}
