/** The CSV dialect inside `CsvData` and `Detail`: comma, double quotes doubled inside, `\n` or
 *  `\r\n`. */

export type CsvRead = { rows: string[][] } | { problem: string };

/** Every line that is not blank, the header among them. A quote that never closes is a problem
 *  of the whole text; a quote in the middle of an unquoted value is an ordinary character. */
export function readCsv(text: string): CsvRead {
  const rows: string[][] = [];
  let row: string[] = [];
  let place = 0;
  while (place < text.length) {
    const cell = text[place] === '"' ? quotedCell(text, place) : plainCell(text, place);
    if (cell === undefined) return { problem: `line ${rows.length + 1}: a quote is not closed` };
    row.push(cell.value);
    place = cell.end;
    if (text[place] === ',') {
      place += 1;
      if (place < text.length) continue;
      row.push('');
    }
    if (text[place] === '\r') place += 1;
    if (text[place] === '\n') place += 1;
    if (row.length > 1 || row[0]!.trim() !== '') rows.push(row);
    row = [];
  }
  return { rows };
}

type CellRead = { value: string; end: number };

function plainCell(text: string, start: number): CellRead {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 44 || code === 10 || code === 13) break;
  }
  return { value: text.slice(start, end), end };
}

function quotedCell(text: string, start: number): CellRead | undefined {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      // What stands between a closing quote and the next comma belongs to the value,
      // as Excel reads it.
      const rest = plainCell(text, quote + 1);
      return { value: value + rest.value, end: rest.end };
    }
    value += '"';
    from = quote + 2;
  }
}

const needsQuotes = /[",\r\n]/;

/** One line without its end; values are quoted only when they need it. */
export function csvLine(cells: readonly string[]): string {
  let line = '';
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!;
    if (i > 0) line += ',';
    line += needsQuotes.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
  return line;
}
