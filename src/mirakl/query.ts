/** Query strings in Mirakl's two list styles. Sending a list in the wrong style filters wrongly without
 *  an error, so each operation says which one it means. */
import { formatDate } from './json.ts';

/** One query parameter; undefined leaves it out. */
export type QueryValue = string | number | boolean | Date | QueryList | undefined;
export type Query = Readonly<Record<string, QueryValue>>;
export type QueryList = { style: 'commaSeparated' | 'repeated'; values: readonly string[] };

/** Most values Mirakl takes in one list parameter; more is a 400. */
const maxValues = 100;

/** `name=a,b`. Throws RangeError for an empty list (it would filter nothing), more than 100 values,
 *  or a value that holds a comma itself. */
export function commaSeparated(values: readonly string[] | undefined): QueryList | undefined {
  const bad = values?.find((value) => value.includes(','));
  if (bad !== undefined)
    throw new RangeError(`a comma cannot be sent inside a comma-separated list: ${bad}`);
  return listOf('commaSeparated', values);
}

/** `name=a&name=b`. Throws RangeError for an empty list or more than 100 values. */
export function repeated(values: readonly string[] | undefined): QueryList | undefined {
  return listOf('repeated', values);
}

/** `?a=1&b=2` with everything escaped (`+` is `%2B`, `:` is `%3A`), or nothing when no parameter is set. */
export function queryText(query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    textsOf(value).map((text) => `${name}=${encodeURIComponent(text)}`),
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** An id escaped for use between two slashes. Throws RangeError for one that would name another path. */
export function pathSegment(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new RangeError(`not an id that a path can hold: "${id}"`);
  return encodeURIComponent(id);
}

function textsOf(value: QueryValue): string[] {
  if (value === undefined) return [];
  if (value instanceof Date) return [formatDate(value)];
  if (typeof value !== 'object') return [String(value)];
  return value.style === 'repeated' ? [...value.values] : [value.values.join(',')];
}

function listOf(
  style: QueryList['style'],
  values: readonly string[] | undefined,
): QueryList | undefined {
  if (values === undefined) return undefined;
  if (values.length === 0 || values.length > maxValues)
    throw new RangeError(`a list parameter takes 1 to ${maxValues} values, got ${values.length}`);
  return { style, values };
}
