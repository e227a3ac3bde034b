/** The search language, in both its dialects: GetData with bare field names, GetReportData with
 *  display names in square brackets. Both are read to a tree, checked against the columns, and
 *  run as a function. */
import { wallOf } from './times.ts';

export type Dialect = 'template' | 'report';
export type Cell = string | number | boolean | null;
export type CellKind = 'text' | 'number' | 'bool' | 'date';

/** How a search reads a row. A date cell is a wall time (see times.ts). */
export type SearchColumn<Row> = { name: string; kind: CellKind; cell(row: Row): Cell };

type Literal = { kind: CellKind; value: string | number | boolean };
export type Term = { field: string; operator: string; literal: Literal };
export type Clause =
  | { type: 'term'; term: Term }
  | { type: 'not'; clause: Clause }
  | { type: 'and' | 'or'; clauses: Clause[] };

/** The clause cannot be run; becomes ResponseId -1 with this text. */
export class SearchProblem extends Error {}

/** Reads a search clause; undefined for a blank one. Throws SearchProblem. */
export function parseSearch(text: string, dialect: Dialect): Clause | undefined {
  if (text.trim() === '') return undefined;
  const reader = { tokens: tokens(text, dialect), place: 0 };
  const clause = readOr(reader);
  if (reader.place < reader.tokens.length) throw new SearchProblem('Syntax error');
  return clause;
}

/** Makes a clause into a test of rows. Throws SearchProblem for unknown fields and mismatched
 *  types. */
export function compileSearch<Row>(
  clause: Clause,
  columns: (name: string) => SearchColumn<Row> | undefined,
  ignoresCase: boolean,
): (row: Row) => boolean {
  if (clause.type === 'term') return compileTerm(clause.term, columns, ignoresCase);
  if (clause.type === 'not') {
    const test = compileSearch(clause.clause, columns, ignoresCase);
    return (row) => !test(row);
  }
  const tests = clause.clauses.map((part) => compileSearch(part, columns, ignoresCase));
  return clause.type === 'and'
    ? (row) => tests.every((test) => test(row))
    : (row) => tests.some((test) => test(row));
}

/** When every matching row must have one of a few values in one field: that field (lower case)
 *  and those values, so that an index can find the rows. Undefined when the clause does not say
 *  so. */
export function wantedValues(
  clause: Clause,
  isIndexed: (field: string) => boolean,
): { field: string; values: string[] } | undefined {
  if (clause.type === 'term') {
    const { field, operator, literal } = clause.term;
    const isEqual = operator === '==' || operator === 'equals';
    const name = field.toLowerCase();
    if (!isEqual || typeof literal.value !== 'string' || !isIndexed(name)) return undefined;
    return { field: name, values: [literal.value] };
  }
  if (clause.type === 'not') return undefined;
  const parts = clause.clauses.map((part) => wantedValues(part, isIndexed));
  if (clause.type === 'and') return parts.find((part) => part !== undefined);
  const field = parts[0]?.field;
  if (field === undefined || parts.some((part) => part?.field !== field)) return undefined;
  return { field, values: parts.flatMap((part) => part!.values) };
}

/** The earliest wall time that a matching row may have in a date field; undefined when the clause does
 *  not say. */
export function earliestWanted(clause: Clause, field: string): number | undefined {
  if (clause.type === 'not') return undefined;
  if (clause.type === 'term') {
    const { field: own, operator, literal } = clause.term;
    const isBound = ['>', '>=', '==', 'equals'].includes(operator) && literal.kind === 'date';
    return isBound && own.toLowerCase() === field ? (literal.value as number) : undefined;
  }
  const bounds = clause.clauses.map((part) => earliestWanted(part, field));
  const known = bounds.filter((bound) => bound !== undefined);
  if (clause.type === 'and') return known.length > 0 ? Math.max(...known) : undefined;
  return known.length === bounds.length ? Math.min(...known) : undefined;
}

type Token = { kind: 'string' | 'number' | 'name' | 'bracket' | 'sign'; text: string };
type Reader = { tokens: Token[]; place: number };

const tokenPattern =
  /\s*(?:"([^"]*)"|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w]*)|\[([^\]]+)\]|(&&|\|\||==|!=|>=|<=|[().,!<>]))/y;

function tokens(text: string, dialect: Dialect): Token[] {
  const found: Token[] = [];
  const trimmed = text.trim();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < trimmed.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(trimmed);
    if (!match) throw new SearchProblem(`Syntax error (at index ${at})`);
    const [, string, number, name, bracket, sign] = match;
    if (string !== undefined) found.push({ kind: 'string', text: string });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign });
    else if (dialect === 'template') throw new SearchProblem(`Syntax error (at index ${at})`);
    else found.push({ kind: 'bracket', text: bracket! });
  }
  return found;
}

function readOr(reader: Reader): Clause {
  const clauses = [readAnd(reader)];
  while (takes(reader, '||', 'or')) clauses.push(readAnd(reader));
  return clauses.length === 1 ? clauses[0]! : { type: 'or', clauses };
}

function readAnd(reader: Reader): Clause {
  const clauses = [readNot(reader)];
  while (takes(reader, '&&', 'and')) clauses.push(readNot(reader));
  return clauses.length === 1 ? clauses[0]! : { type: 'and', clauses };
}

function readNot(reader: Reader): Clause {
  if (takes(reader, '!', 'not')) return { type: 'not', clause: readNot(reader) };
  if (!takes(reader, '(')) return { type: 'term', term: readTerm(reader) };
  const clause = readOr(reader);
  expect(reader, ')');
  return clause;
}

const methods = new Map(
  ['Equals', 'StartsWith', 'EndsWith', 'Contains'].map((name) => [name, name.toLowerCase()]),
);

function readTerm(reader: Reader): Term {
  const field = take(reader);
  if (field.kind !== 'name' && field.kind !== 'bracket') throw new SearchProblem('Field expected');
  if (takes(reader, '.')) {
    const word = take(reader).text;
    const operator = methods.get(word);
    if (!operator) throw new SearchProblem(`No applicable method '${word}' exists`);
    expect(reader, '(');
    const literal = readLiteral(reader);
    expect(reader, ')');
    return { field: field.text, operator, literal };
  }
  const sign = take(reader).text;
  if (!/^(==|!=|>=|<=|>|<)$/.test(sign)) throw new SearchProblem('Operator expected');
  return { field: field.text, operator: sign, literal: readLiteral(reader) };
}

function readLiteral(reader: Reader): Literal {
  const token = take(reader);
  if (token.kind === 'string') return { kind: 'text', value: token.text };
  if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
  if (token.kind === 'name' && /^(true|false)$/i.test(token.text)) {
    return { kind: 'bool', value: token.text.toLowerCase() === 'true' };
  }
  if (token.kind !== 'name' || token.text !== 'DateTime') {
    throw new SearchProblem('Expression expected');
  }
  expect(reader, '(');
  const numbers: number[] = [];
  do {
    const part = take(reader);
    if (!/^\d+$/.test(part.text)) throw new SearchProblem('DateTime takes whole numbers');
    numbers.push(Number(part.text));
  } while (takes(reader, ','));
  expect(reader, ')');
  if (numbers.length !== 6) throw new SearchProblem('DateTime takes six numbers');
  const wall = wallOf(...(numbers as [number, number, number, number, number, number]));
  if (wall === null) throw new SearchProblem('DateTime names no moment of the calendar');
  return { kind: 'date', value: wall };
}

function take(reader: Reader): Token {
  const token = reader.tokens[reader.place++];
  if (!token) throw new SearchProblem('Expression ends too early');
  return token;
}

function takes(reader: Reader, sign: string, word?: string): boolean {
  const token = reader.tokens[reader.place];
  const isIt =
    (token?.kind === 'sign' && token.text === sign) ||
    (word !== undefined && token?.kind === 'name' && token.text.toLowerCase() === word);
  if (isIt) reader.place += 1;
  return isIt;
}

function expect(reader: Reader, sign: string): void {
  if (!takes(reader, sign)) throw new SearchProblem(`'${sign}' expected`);
}

function compileTerm<Row>(
  { field, operator, literal }: Term,
  columns: (name: string) => SearchColumn<Row> | undefined,
  ignoresCase: boolean,
): (row: Row) => boolean {
  const column = columns(field);
  if (!column) throw new SearchProblem(`No property or field '${field}' exists`);
  if (column.kind !== literal.kind) {
    throw new SearchProblem(
      `'${field}' is ${column.kind} and cannot be compared with ${literal.kind}`,
    );
  }
  const isText = literal.kind === 'text';
  if (!isText && /^(startswith|endswith|contains)$/.test(operator)) {
    throw new SearchProblem(`No applicable method '${operator}' exists for '${field}'`);
  }
  const fold = (cell: Cell) =>
    ignoresCase && typeof cell === 'string' ? cell.toLowerCase() : cell;
  const wanted = fold(literal.value) as string | number | boolean;
  const test = comparison(operator, wanted);
  return (row) => test(fold(column.cell(row)));
}

function comparison(operator: string, wanted: string | number | boolean): (cell: Cell) => boolean {
  const text = String(wanted);
  switch (operator) {
    case '==':
    case 'equals':
      return (cell) => cell === wanted;
    case '!=':
      return (cell) => cell !== wanted;
    case 'startswith':
      return (cell) => String(cell ?? '').startsWith(text);
    case 'endswith':
      return (cell) => String(cell ?? '').endsWith(text);
    case 'contains':
      return (cell) => String(cell ?? '').includes(text);
    case '>':
      return (cell) => cell !== null && cell > wanted;
    case '>=':
      return (cell) => cell !== null && cell >= wanted;
    case '<':
      return (cell) => cell !== null && cell < wanted;
    default:
      return (cell) => cell !== null && cell <= wanted;
  }
}
