/** CSV as Mirakl takes and gives it: a delimiter of the operator's choice, double quotes, any line end. */
import { Unreadable } from './exchange.ts';

/** What Mirakl's own examples use; read everywhere. */
const delimiterOfOurs = ';';
/** Most likely first: the first wins a draw. */
const delimiters = [';', ',', '\t'] as const;
const quote = '"';

/** A file of rows, header included, each line ended by a line feed. Every cell comes back from `readCsv` as
 *  it was given: one with a delimiter, a quote, a line break or blanks at its ends is put in quotes. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(quotedIfDue).join(delimiterOfOurs)}\n`).join('');
}

/** The rows of a file, header included, cells verbatim. Lines without any text are left out; rows may differ
 *  in length. The delimiter is the one that stands most often in the first line. Quotes inside a cell that
 *  does not begin with one are plain text. Throws Unreadable when a quoted cell never ends. */
export function readCsv(text: string): string[][] {
  const delimiter = delimiterOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const cell = text[at] === quote ? quotedCell(text, at) : { value: '', end: at };
    const end = endOfPlain(text, cell.end, delimiter);
    row.push(cell.value + text.slice(cell.end, end));
    at = end + 1;
    if (text[end] === delimiter) {
      if (at === text.length) row.push('');
      continue;
    }
    if (text[end] === '\r' && text[at] === '\n') at += 1;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function quotedIfDue(cell: string): string {
  if (!/[;,\t"\r\n]|^\s|\s$/.test(cell)) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

/** A cell from its opening quote on; `end` is the place behind the closing one. */
function quotedCell(text: string, start: number): { value: string; end: number } {
  let close = text.indexOf(quote, start + 1);
  while (close >= 0 && text[close + 1] === quote) close = text.indexOf(quote, close + 2);
  if (close < 0) throw new Unreadable('CSV: a quoted value never ends');
  return { value: text.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
}

function endOfPlain(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r')
    at += 1;
  return at;
}

function delimiterOf(text: string): string {
  const counts = new Map<string, number>();
  let isQuoted = false;
  for (const character of text) {
    if (character === quote) isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (character === '\n' || character === '\r') break;
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const countOf = (delimiter: string) => counts.get(delimiter) ?? 0;
  return delimiters.reduce((best, one) => (countOf(one) > countOf(best) ? one : best));
}
