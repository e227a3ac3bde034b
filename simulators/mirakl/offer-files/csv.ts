/** Reads and writes the vendor's CSV: one delimiter, double quotes, doubled inside. Keeps each
 *  record as it was sent, because error reports hand it back. */

export type CsvRecord = {
  /** Line of the file it begins on; the first is 1. */
  number: number;
  /** As sent, without its line break. */
  raw: string;
  cells: string[];
};

/** Records up to the end or to the first that cannot be read. `brokenAt`: that one's line; null
 *  when all is well. Blank lines are passed over. */
export function readCsv(
  text: string,
  delimiter: string,
): { records: CsvRecord[]; brokenAt: number | null } {
  const records: CsvRecord[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let number = 1;
  while (at < text.length) {
    const found = readRecord(text, at, delimiter);
    if (found === null) return { records, brokenAt: number };
    const raw = text.slice(at, found.end);
    if (raw !== '') records.push({ number, raw, cells: found.cells });
    number += 1 + breaksIn(raw);
    at = found.next;
  }
  return { records, brokenAt: null };
}

/** A line without its break; cells are quoted where they must be. */
export function csvLine(cells: readonly string[], delimiter: string): string {
  return cells
    .map((cell) => (/["\r\n]/.test(cell) || cell.includes(delimiter) ? quoted(cell) : cell))
    .join(delimiter);
}

export function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

type Found = { cells: string[]; end: number; next: number };

function readRecord(text: string, from: number, delimiter: string): Found | null {
  const feed = text.indexOf('\n', from);
  const stop = feed < 0 ? text.length : feed;
  const end = stop > from && text[stop - 1] === '\r' ? stop - 1 : stop;
  const line = text.slice(from, end);
  if (!line.includes('"')) return { cells: line.split(delimiter), end, next: stop + 1 };
  return readQuotedRecord(text, from, delimiter);
}

/** Null for a quote inside an unquoted cell, one that never closes, or text behind a closing one. */
function readQuotedRecord(text: string, from: number, delimiter: string): Found | null {
  const cells: string[] = [];
  const cell = /"((?:[^"]|"")*)"|([^"\r\n]*)/y;
  for (let at = from; ; at += 1) {
    cell.lastIndex = at;
    const found = text[at] === '"' ? cell.exec(text) : plainCell(text, at, delimiter);
    if (found === null) return null;
    cells.push(found[1] === undefined ? (found[0] ?? '') : found[1].replaceAll('""', '"'));
    at += found[0]?.length ?? 0;
    if (at >= text.length) return { cells, end: at, next: at };
    if (text[at] === '\n') return { cells, end: at, next: at + 1 };
    if (text.startsWith('\r\n', at)) return { cells, end: at, next: at + 2 };
    if (text[at] !== delimiter) return null;
  }
}

function plainCell(text: string, from: number, delimiter: string): (string | undefined)[] | null {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') {
    if (text[at] === '"') return null;
    at += 1;
  }
  return [text.slice(from, at)];
}

function breaksIn(raw: string): number {
  let count = 0;
  for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) count += 1;
  return count;
}
