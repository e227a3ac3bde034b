/** Building blocks for the shapes of Mirakl's answers. All of them treat null and absent alike, pass over
 *  unknown fields, and complain without quoting the value, which may be personal data. */
import { z } from 'zod';
import { type DecimalText, toDecimal } from '../money.ts';
import { Unreadable } from './exchange.ts';
import { type Json, parseDate } from './json.ts';

/** A row of a list that has not the promised shape. The rest of the list is good. */
export type UnreadableRow = {
  /** The row's id when at least that could be read. */
  id: string | null;
  /** Place in the list as answered, from 0. */
  index: number;
  /** Which field and what was due; holds no value. */
  problem: string;
};

/** Text or an id, verbatim; a number becomes its text; absent or empty is null. */
export const text = optionalField('text', asText);
/** Text or an id that must be there and not be empty. */
export const required = requiredField('text', asText);
/** An amount or a rate, exact. */
export const decimal = requiredField('a decimal number', asDecimal);
export const decimalOrNull = optionalField('a decimal number', asDecimal);
/** An instant, UTC. */
export const date = requiredField('an ISO 8601 date', asDate);
export const dateOrNull = optionalField('an ISO 8601 date', asDate);
/** A count: a safe whole number, 0 or more; `2.0` counts as 2. */
export const units = requiredField('a whole number of 0 or more', asUnits);
export const unitsOrNull = optionalField('a whole number of 0 or more', asUnits);
/** A claim; absent is false. */
export const flag = optionalField('true or false', asFlag).transform((value) => value ?? false);
/** A claim that an older operator may not make; absent is null. */
export const flagOrNull = optionalField('true or false', asFlag);

/** A list; absent is empty. */
export function list<S extends z.ZodType>(entry: S) {
  return z
    .array(entry)
    .nullish()
    .transform((entries) => entries ?? []);
}

/** An object; absent is null. */
export function objectOrNull<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? null);
}

/** A reader for `client.call`. Throws Unreadable naming the first wrong field. */
export function shape<S extends z.ZodType>(schema: S): (body: Json) => z.output<S> {
  return (body) => {
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw new Unreadable(problemOf(parsed.error));
    return parsed.data;
  };
}

/** Reads a list row by row, so that one bad row does not lose the others. Keeps the order of both.
 *  Throws Unreadable when `rows` is no list. */
export function readRows<T>(
  rows: Json | undefined,
  name: string,
  given: { schema: z.ZodType<T>; idKey: string },
): { rows: T[]; unreadable: UnreadableRow[] } {
  if (!Array.isArray(rows)) throw new Unreadable(`${name}: a list is due`);
  const read: { rows: T[]; unreadable: UnreadableRow[] } = { rows: [], unreadable: [] };
  for (const [index, row] of rows.entries()) {
    const parsed = given.schema.safeParse(row);
    if (parsed.success) read.rows.push(parsed.data);
    else {
      const problem = problemOf(parsed.error);
      read.unreadable.push({ id: idOf(row, given.idKey), index, problem });
    }
  }
  return read;
}

/** The named value of an object answer, undefined when absent or when the answer is no object. */
export function valueAt(body: Json, key: string): Json | undefined {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, key) ? body[key] : undefined;
}

function optionalField<T>(due: string, convert: (value: unknown) => T | null | undefined) {
  return z
    .unknown()
    .optional()
    .transform((value, ctx): T | null => {
      if (value === null || value === undefined) return null;
      const converted = convert(value);
      if (converted !== undefined) return converted;
      ctx.addIssue({ code: 'custom', message: `${due} is due` });
      return z.NEVER;
    });
}

function requiredField<T>(due: string, convert: (value: unknown) => T | null | undefined) {
  return z
    .unknown()
    .optional()
    .transform((value, ctx): T => {
      const converted = convert(value);
      if (converted !== undefined && converted !== null) return converted;
      const isMissing = value === null || value === undefined || value === '';
      ctx.addIssue({ code: 'custom', message: isMissing ? 'missing' : `${due} is due` });
      return z.NEVER;
    });
}

function asText(value: unknown): string | null | undefined {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' ? String(value) : undefined;
}

function asDecimal(value: unknown): DecimalText | null | undefined {
  if (value === '') return null;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return toDecimal(String(value));
  } catch {
    return undefined;
  }
}

function asDate(value: unknown): Date | null | undefined {
  if (value === '') return null;
  return typeof value === 'string' ? (parseDate(value) ?? undefined) : undefined;
}

function asUnits(value: unknown): number | null | undefined {
  if (value === '') return null;
  const digits = typeof value === 'string' ? /^(\d{1,15})(?:\.0+)?$/.exec(value)?.[1] : undefined;
  const count = typeof value === 'number' ? value : Number(digits ?? Number.NaN);
  return Number.isSafeInteger(count) && count >= 0 ? count + 0 : undefined;
}

function asFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'not the promised shape';
  const path = issue.path.reduce<string>(
    (at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}${at && '.'}${String(key)}`),
    '',
  );
  const due = issue.code === 'invalid_type' ? `${issue.expected} is due` : issue.message;
  return path === '' ? due : `${path}: ${due}`;
}

function idOf(row: Json, key: string): string | null {
  return asText(valueAt(row, key)) ?? null;
}
