/** What an import did not take, from the file that Mirakl makes of it. */
import { readCsv } from './csv.ts';
import { Unreadable } from './exchange.ts';

/** One complaint; a line of the file may have several. */
export type ImportError = {
  /** Line of the file as sent, where the header is line 1; null when the report does not say. */
  lineNumber: number | null;
  /** Null when the report does not say, or when its row is too torn to be sure. */
  shopSku: string | null;
  /** Mirakl's text, in the language of the shop's user; empty when it gave none. */
  reason: string;
};

type Columns = { line: number; reason: number; sku: number; isHeaded: boolean; count: number };

/** Names as they compare: lower case, letters only. */
const skuNames = ['offersku', 'sku', 'shopsku'];
const lineNames = ['errorline', 'line', 'linenumber', 'errorlinenumber', 'lineinerror'];
const reasonNames = ['errormessage', 'errorreason', 'reason', 'error', 'message', 'errors'];

/** The complaints of a report, in its order; empty when it has only a header. Finds its columns by name, or
 *  where the names are unknown by place: number and reason stand before the line as sent (STO03) or behind it
 *  (OF03). Throws Unreadable for anything that is no such table. Source: STO03, OF03. */
export function readErrorReport(text: string): ImportError[] {
  // Mirakl's answers about a missing report are JSON, and would pass for a table of one odd row.
  if (/^\s*[{[]/.test(text)) throw new Unreadable('error report: CSV is due');
  const rows = readCsv(text);
  const columns = columnsOf(rows[0] ?? []);
  return (columns.isHeaded ? rows.slice(1) : rows).map((row) => {
    const line = (row[columns.line] ?? '').trim();
    const sku = row.length > columns.count ? '' : (row[columns.sku] ?? '');
    return {
      lineNumber: /^\d{1,9}$/.test(line) ? Number(line) : null,
      shopSku: sku === '' ? null : sku,
      reason: (row[columns.reason] ?? '').trim(),
    };
  });
}

function columnsOf(first: readonly string[]): Columns {
  const names = first.map((name) => name.toLowerCase().replace(/[^a-z]/g, ''));
  const place = (known: readonly string[]) => names.findIndex((name) => known.includes(name));
  const count = first.length;
  const named = { line: place(lineNames), reason: place(reasonNames), sku: place(skuNames) };
  if (named.reason >= 0) return { ...named, isHeaded: true, count };
  if (count < 3) throw new Unreadable('error report: a line number, a reason and a SKU are due');
  const isHeaded = named.sku >= 0;
  const isInFront = isHeaded ? named.sku >= 2 : /^\d+$/.test(first[0]!.trim());
  const byPlace = isInFront
    ? { line: 0, reason: 1, sku: 2 }
    : { line: count - 2, reason: count - 1, sku: 0 };
  return { ...byPlace, ...(isHeaded ? { sku: named.sku } : {}), isHeaded, count };
}
