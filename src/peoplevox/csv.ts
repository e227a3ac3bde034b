/** The CSV inside the SOAP envelope: written with every value quoted, read in pieces of any size.
 *  Values are text from end to end, so a leading zero or a long barcode is never lost. */

/** What `cell` accepts. Money and other decimals come as text, since a binary number would add
 *  digits. */
export type CellValue = string | number | bigint | boolean;

/** The text of the CSV, or a part of it, cannot be read as the contract says. The message names the
 *  line. */
export class UnreadableCsv extends Error {
  override readonly name = 'UnreadableCsv';
}

/** A row whose number of values is not that of the header: which column shifted cannot be known, so
 *  it is named and not read. `line` counts from 1 in the CSV text; `firstValue` helps to find
 *  it. */
export type RaggedRow = { line: number; expected: number; found: number; firstValue: string };

/** The header row. Names as sent, trimmed; look-up ignores letter case and surrounding blanks. */
export type CsvHeader = {
  names: readonly string[];
  /** Names (lower case) that stand more than once; asking for one throws, since either may be
   *  meant. */
  duplicates: ReadonlySet<string>;
  /** Index of the first of `names` that the header has, else null. Throws UnreadableCsv on a
   *  duplicate. */
  find(...names: string[]): number | null;
  /** The same, but throws UnreadableCsv when there is none. */
  at(...names: string[]): number;
};

/** Rows in the order sent, each with one value per header name; `''` for an empty field. */
export type CsvBatch = { header: CsvHeader; rows: string[][]; ragged: RaggedRow[] };

/** Longest record. Larger lets an unclosed quote swallow a report, smaller refuses long
 *  descriptions. */
const maxRecordChars = 1_000_000;

/** CSV text with one header line and one line per row, each ended by `\n`; every value quoted.
 *  Throws RangeError when a row has not one value per column, TypeError from `cell`.
 *  Source: reference sections 5.3 and 6. */
export function writeCsv(
  columns: readonly string[],
  rows: readonly (readonly CellValue[])[],
): string {
  let text = `${columns.map(headerText).join(',')}\n`;
  for (const row of rows) {
    if (row.length !== columns.length)
      throw new RangeError(`a row has ${row.length} values for ${columns.length} columns`);
    text += `${row.map((value) => quoted(cell(value))).join(',')}\n`;
  }
  return text;
}

// Line ends, tabs, C0, DEL, C1, the two Unicode line ends, half surrogates and what XML cannot
// carry.
const breaking = /[\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]+/gu;

/** The text of one value: a run of line breaks, tabs or control characters becomes one blank, ends
 *  are trimmed. Throws TypeError for undefined, null, NaN, fractions as binary numbers and objects:
 *  one shop wrote the word `undefined` into its warehouse. */
export function cell(value: CellValue): string {
  switch (typeof value) {
    case 'string':
      return value.replace(breaking, ' ').trim();
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      if (Number.isSafeInteger(value)) return String(value);
      throw new TypeError(`a CSV cell takes whole numbers or decimal text, not ${value}`);
    default:
      throw new TypeError(`a CSV cell cannot hold ${value === null ? 'null' : typeof value}`);
  }
}

/** Whole units in Peoplevox's text: `7`, `-3`, `7.00`; null for anything else, never a guess.
 *  Pure. */
export function readUnits(text: string): number | null {
  const match = /^\s*(-?\d{1,12})(?:\.0{1,9})?\s*$/.exec(text);
  return match ? Number(match[1]) + 0 : null;
}

/** Reads a whole CSV text. `header.names` is empty when the text is. Throws UnreadableCsv. */
export function readCsv(text: string): CsvBatch {
  const reader = createCsvReader();
  const batch = reader.push(text);
  const rest = reader.end();
  return {
    header: rest.header,
    rows: batch.rows.concat(rest.rows),
    ragged: batch.ragged.concat(rest.ragged),
  };
}

export type CsvReader = {
  /** Takes the next piece, cut anywhere, and returns the rows it completes. Throws
   *  UnreadableCsv. */
  push(text: string): CsvBatch;
  /** No more text: returns the last row if it had no line end. Throws UnreadableCsv on an open
   *  quote. */
  end(): CsvBatch;
};

/** A reader for text that arrives in pieces. Accepts `\n` and `\r\n`, a byte order mark, blank
 *  lines before the header and between rows, line breaks inside quotes, a quote inside an unquoted
 *  value (kept). */
export function createCsvReader(): CsvReader {
  let rest = '';
  let line = 1;
  let isStart = true;
  let header: CsvHeader | null = null;
  const cursor: Cursor = { text: '', at: 0, isEnd: false, isBlank: false, lines: 0 };

  const take = (text: string, isEnd: boolean): CsvBatch => {
    cursor.text = rest === '' ? text : rest + text;
    if (isStart && cursor.text !== '') {
      isStart = false;
      if (cursor.text.startsWith('\uFEFF')) cursor.text = cursor.text.slice(1);
    }
    cursor.at = 0;
    cursor.isEnd = isEnd;
    const rows: string[][] = [];
    const ragged: RaggedRow[] = [];
    while (cursor.at < cursor.text.length) {
      const row = takeRecord(cursor, line);
      if (!row) break;
      const startedAt = line;
      line += cursor.lines;
      if (cursor.isBlank) continue;
      if (!header) {
        header = createHeader(row);
      } else if (row.length === header.names.length) {
        rows.push(row);
      } else {
        ragged.push({
          line: startedAt,
          expected: header.names.length,
          found: row.length,
          firstValue: row[0] ?? '',
        });
      }
    }
    rest = cursor.text.slice(cursor.at);
    if (rest.length > maxRecordChars)
      throw new UnreadableCsv(`line ${line}: no end of row within ${maxRecordChars} characters`);
    return { header: header ?? emptyHeader, rows, ragged };
  };
  return { push: (text) => take(text, false), end: () => take('', true) };
}

type Cursor = {
  text: string;
  at: number;
  isEnd: boolean;
  /** Results of the last record: whether its line was empty, how many line ends it took. */
  isBlank: boolean;
  lines: number;
};

const quote = 34;
const comma = 44;
const lineFeed = 10;
const carriageReturn = 13;

/** The record at the cursor, which moves past it; null, and the cursor unmoved, when it is not
 *  complete. */
function takeRecord(cursor: Cursor, line: number): string[] | null {
  const { text, isEnd } = cursor;
  const length = text.length;
  const row: string[] = [];
  let at = cursor.at;
  let breaks = 0;
  for (;;) {
    const start = at;
    let code = text.charCodeAt(at);
    if (code === quote) {
      const close = closingQuote(text, at + 1, isEnd);
      if (close < 0) {
        if (!isEnd) return null;
        throw new UnreadableCsv(`line ${line}: a quoted value has no end`);
      }
      const value = text.slice(start + 1, close);
      breaks += countLineFeeds(value);
      row.push(value.includes('"') ? value.replaceAll('""', '"') : value);
      at = close + 1;
      code = text.charCodeAt(at);
    } else {
      // NaN past the end of the text ends this loop too, as it equals nothing: hence the length
      // test.
      while (at < length && code !== comma && code !== lineFeed) code = text.charCodeAt(++at);
      if (at >= length && !isEnd) return null;
      const hasReturn = at > start && text.charCodeAt(at - 1) === carriageReturn;
      row.push(text.slice(start, hasReturn && code !== comma ? at - 1 : at));
    }
    if (at < length && code === comma) {
      at++;
      // A comma at the very end is followed by one more, empty, value once we know nothing follows.
      if (at < length) continue;
      if (!isEnd) return null;
      row.push('');
    }
    const end = recordEnd(text, at, isEnd);
    if (end === incomplete) return null;
    if (end === misplaced)
      throw new UnreadableCsv(`line ${line + breaks}: text follows a closing quote`);
    cursor.isBlank =
      row.length === 1 && row[0]!.trim() === '' && text.charCodeAt(cursor.at) !== quote;
    cursor.at = end;
    cursor.lines = breaks + 1;
    return row;
  }
}

const incomplete = -1;
const misplaced = -2;

/** Index after the line end that stands at `at`, or why there is none. */
function recordEnd(text: string, at: number, isEnd: boolean): number {
  if (at >= text.length) return isEnd ? at : incomplete;
  const code = text.charCodeAt(at);
  if (code === lineFeed) return at + 1;
  if (code !== carriageReturn) return misplaced;
  if (at + 1 >= text.length) return isEnd ? at + 1 : incomplete;
  return text.charCodeAt(at + 1) === lineFeed ? at + 2 : misplaced;
}

/** Index of the quote that ends the value; -1 when it, or the character that tells, has not
 *  come. */
function closingQuote(text: string, from: number, isEnd: boolean): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (at + 1 >= text.length) return isEnd ? at : -1;
    if (text.charCodeAt(at + 1) !== quote) return at;
  }
  return -1;
}

function countLineFeeds(value: string): number {
  let count = 0;
  for (let at = value.indexOf('\n'); at >= 0; at = value.indexOf('\n', at + 1)) count++;
  return count;
}

function createHeader(row: string[]): CsvHeader {
  const names = row.map((name) => name.trim());
  const indexOf = new Map<string, number>();
  const duplicates = new Set<string>();
  names.forEach((name, index) => {
    const key = name.toLowerCase();
    if (indexOf.has(key)) duplicates.add(key);
    else indexOf.set(key, index);
  });
  const find = (...wanted: string[]): number | null => {
    for (const name of wanted) {
      const key = name.trim().toLowerCase();
      if (duplicates.has(key)) throw new UnreadableCsv(`column ${name} stands more than once`);
      const index = indexOf.get(key);
      if (index !== undefined) return index;
    }
    return null;
  };
  const at = (...wanted: string[]): number => {
    const index = find(...wanted);
    if (index !== null) return index;
    throw new UnreadableCsv(`column ${wanted.join(' or ')} is missing; found ${names.join(', ')}`);
  };
  return { names, duplicates, find, at };
}

const emptyHeader = createHeader([]);

function quoted(value: string): string {
  return `"${value.includes('"') ? value.replaceAll('"', '""') : value}"`;
}

function headerText(name: string): string {
  return /[",\r\n]|^\s|\s$/.test(name) ? quoted(name) : name;
}
