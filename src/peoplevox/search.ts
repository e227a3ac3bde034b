/** Search clauses for GetData and GetReportData, built so that no value can end its string and add
 *  terms of its own. The two dialects differ, so their clauses are different types. Source:
 *  reference section 7. */
import { wallTimeOf } from './dates.ts';

export type Dialect = 'template' | 'report';

/** A finished clause of one dialect. Only this file makes them. `isCompound`: it has a bare AND or
 *  OR. */
export type Clause<D extends Dialect> = {
  readonly text: string;
  readonly isCompound: boolean;
  readonly dialect: D;
};
export type TemplateClause = Clause<'template'>;
export type ReportClause = Clause<'report'>;

/** A value or field name that cannot be put in a clause: how the language escapes a double quote or
 *  a backslash is unconfirmed. The caller reads by another route, such as all rows. */
export class Unsearchable extends Error {
  override readonly name = 'Unsearchable';
  /** What could not be searched for. */
  readonly value: string;
  constructor(value: string, why: string) {
    super(`cannot be searched for in Peoplevox: ${why}`);
    this.value = value;
  }
}

/** Most terms of one OR list; what is in production use elsewhere. The caller cuts longer lists. */
export const maxSearchTerms = 100;

export type NumberComparison = '==' | '!=' | '>' | '>=' | '<' | '<=';

/** The terms of one dialect. Every method throws Unsearchable for a name or value it cannot
 *  carry. */
export type SearchTerms<D extends Dialect> = {
  /** The field's text is exactly `value` (letter case as the server compares it). */
  equals(field: string, value: string): Clause<D>;
  startsWith(field: string, value: string): Clause<D>;
  /** The field is one of `values`: 1 to 100 of them, else RangeError. */
  anyOf(field: string, values: readonly string[]): Clause<D>;
  /** Numeric comparison; `number` is a whole number or plain decimal text. */
  compare(field: string, comparison: NumberComparison, number: number | string): Clause<D>;
};

/** Terms for GetData: bare field names as the tenant configured them. */
export const templateSearch: SearchTerms<'template'> = termsOf(
  'template',
  templateField,
  (term) => term,
);

/** Terms for GetReportData: display names in square brackets, each term in round ones. */
export const reportSearch: SearchTerms<'report'> = termsOf(
  'report',
  reportColumn,
  (term) => `(${term})`,
);

/** A report's date column at or after, before, ... an instant, told on the tenant's wall clock to
 *  the second. Throws Unsearchable for the column, RangeError for a date outside years 1 to
 *  9999. */
export function reportDate(
  column: string,
  comparison: Exclude<NumberComparison, '==' | '!='>,
  at: Date,
  timeZone: string,
): ReportClause {
  const wall = wallTimeOf(at, timeZone);
  const pad = (value: number) => String(value).padStart(2, '0');
  const parts = [wall.month, wall.day, wall.hour, wall.minute, wall.second].map(pad).join(',');
  const year = String(wall.year).padStart(4, '0');
  const text = `(${reportColumn(column)} ${comparison} DateTime(${year},${parts}))`;
  return { text, isCompound: false, dialect: 'report' };
}

/** All of the clauses hold. Throws RangeError when there are none. */
export function and<D extends Dialect>(...clauses: Clause<D>[]): Clause<D> {
  return join('AND', clauses);
}

/** At least one of the clauses holds. Throws RangeError when there are none. */
export function or<D extends Dialect>(...clauses: Clause<D>[]): Clause<D> {
  return join('OR', clauses);
}

/** The `Columns` argument: `[Item code],[Available]`; empty for all columns. Throws
 *  Unsearchable. */
export function reportColumns(columns: readonly string[]): string {
  return columns.map(reportColumn).join(',');
}

/** The `OrderBy` argument: `[Despatch date] asc`. Throws Unsearchable. */
export function orderBy(column: string, direction: 'asc' | 'desc' = 'asc'): string {
  return `${reportColumn(column)} ${direction}`;
}

function termsOf<D extends Dialect>(
  dialect: D,
  fieldText: (field: string) => string,
  wrap: (term: string) => string,
): SearchTerms<D> {
  const clause = (text: string, isCompound = false): Clause<D> => ({ text, isCompound, dialect });
  const equalsText = (field: string, value: string) =>
    wrap(`${fieldText(field)}.Equals(${stringText(value)})`);
  return {
    equals: (field, value) => clause(equalsText(field, value)),
    startsWith: (field, value) =>
      clause(wrap(`${fieldText(field)}.StartsWith(${stringText(value)})`)),
    anyOf(field, values) {
      if (values.length < 1 || values.length > maxSearchTerms)
        throw new RangeError(`a search takes 1 to ${maxSearchTerms} terms, not ${values.length}`);
      const terms = values.map((value) => equalsText(field, value));
      return clause(terms.join(' OR '), terms.length > 1);
    },
    compare: (field, comparison, number) =>
      clause(wrap(`${fieldText(field)} ${comparison} ${numberText(number)}`)),
  };
}

function join<D extends Dialect>(word: 'AND' | 'OR', clauses: Clause<D>[]): Clause<D> {
  const [first, ...others] = clauses;
  if (!first) throw new RangeError(`${word} of no clauses`);
  if (others.length === 0) return first;
  const terms = clauses.map((clause) => (clause.isCompound ? `(${clause.text})` : clause.text));
  return { text: terms.join(` ${word} `), isCompound: true, dialect: first.dialect };
}

// Half surrogates and characters that XML cannot carry would silently vanish and change the value.
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]/u;

/** True for text that the search terms take as a value; callers name what is not instead of sending it. Pure. */
export function isSearchable(value: string): boolean {
  return value !== '' && !/["\\]/.test(value) && !unprintable.test(value);
}

/** A string literal. A backslash is refused too: some dialects of the language read `\"` as a
 *  quote, and then a value that ends in one would open the rest of the clause. */
function stringText(value: string): string {
  if (value === '') throw new Unsearchable(value, 'an empty text');
  if (value.includes('"')) throw new Unsearchable(value, 'it holds a double quote');
  if (value.includes('\\')) throw new Unsearchable(value, 'it holds a backslash');
  if (unprintable.test(value)) throw new Unsearchable(value, 'it holds a control character');
  return `"${value}"`;
}

function templateField(field: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(field)) return field;
  throw new Unsearchable(field, `a field name of letters, digits and _ is due, not ${field}`);
}

function reportColumn(column: string): string {
  const isName = /^[^[\]"\\]{1,100}$/.test(column) && !unprintable.test(column);
  if (isName && column.trim() !== '') return `[${column}]`;
  throw new Unsearchable(column, `not a column's display name: ${column.slice(0, 100)}`);
}

function numberText(number: number | string): string {
  const text = String(number);
  if (
    typeof number === 'number'
      ? Number.isSafeInteger(number)
      : /^-?\d{1,15}(\.\d{1,9})?$/.test(text)
  )
    return text === '-0' ? '0' : text;
  throw new Unsearchable(text, `not a number: ${text.slice(0, 40)}`);
}
