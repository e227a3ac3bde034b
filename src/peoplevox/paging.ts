/** Reads templates page by page until all rows are there. */
import type { PeoplevoxClient } from './client.ts';
import { contextOf } from './client.ts';
import { type RaggedRow, UnreadableCsv } from './csv.ts';
import { badAnswer, notConfigured } from './failures.ts';
import type { TemplateClause } from './search.ts';
import { type FieldOf, fieldsOfRow, type TemplateKey, templateOf } from './templates.ts';

/** `rows` are new ones only: what an earlier page had is left out. Both flags are true on the last page
 *  alone: `hasAllRows` when as many rows came as TotalCount promised, `isComplete` when besides
 *  none of them was ragged. */
export type Page<Row> = {
  rows: Row[];
  ragged: RaggedRow[];
  hasAllRows: boolean;
  isComplete: boolean;
};

/** More pages than any table here has; a server that never runs dry ends here, incomplete. */
const maxPages = 20_000;

/** What an answer before the pages brought already: so many rows from the start of the table, the
 *  ragged ones among them, and the keys of the last. */
export type Known = { count: number; raggedCount: number; keys: Iterable<string> };

/** Pages until the rows are complete. TotalCount may shift and the server may give fewer rows a
 *  page than asked: it stops when a page brings nothing new, or when both page number and distinct
 *  rows reach TotalCount. Two equal keys on one page are two rows; on different pages they are the
 *  same row met again, and the earlier one stands. With `known` it begins at the page where those
 *  rows end (`pageSize` is then above 0). Throws what `fetch` throws. Source: reference section
 *  8. */
export async function* pagesOf<Row>(options: {
  pageSize: number;
  fetch: (pageNo: number) => Promise<{ totalCount: number; rows: Row[]; ragged: RaggedRow[] }>;
  keyOf: (row: Row) => string;
  known?: Known | null;
}): AsyncGenerator<Page<Row>, void, undefined> {
  const { pageSize, fetch, keyOf } = options;
  const known = options.known ?? { count: 0, raggedCount: 0, keys: [] };
  const seen = new Set<string>(known.keys);
  let distinct = known.count - known.raggedCount;
  let raggedCount = known.raggedCount;
  const firstPageNo = pageSize === 0 ? 1 : Math.floor(known.count / pageSize) + 1;
  for (let pageNo = firstPageNo; pageNo <= maxPages; pageNo++) {
    const { totalCount, rows, ragged } = await fetch(pageNo);
    const size = rows.length + ragged.length;
    // The server may give smaller pages than asked for, and then this one ends within what is known.
    if (size > 0 && pageNo * size <= known.count) continue;
    const keys = rows.map(keyOf);
    const fresh = rows.filter((_, index) => !seen.has(keys[index]!));
    for (const key of keys) seen.add(key);
    distinct += fresh.length;
    raggedCount += ragged.length;
    const isAtEnd = pageSize === 0 || pageNo * pageSize >= totalCount;
    // A negative TotalCount says that something is not set up, not that there is nothing.
    const isAllRead = totalCount >= 0 && distinct + raggedCount >= totalCount;
    const isLast = fresh.length === 0 || pageSize === 0 || (isAtEnd && isAllRead);
    const hasAllRows = isLast && isAllRead;
    yield { rows: fresh, ragged, hasAllRows, isComplete: hasAllRows && raggedCount === 0 };
    if (isLast) return;
  }
}

/** Rows of a template by our field names, page by page. `keyFields` make a row's key: the first
 *  must be among the columns, the others count when they are. Throws BadAnswer when a needed column
 *  is missing or stands twice, Refused when the template is not configured, and VendorError of the
 *  calls. */
export async function* readTemplatePages<K extends TemplateKey>(
  client: PeoplevoxClient,
  key: K,
  options: {
    search: TemplateClause | null;
    keyFields: readonly FieldOf<K>[];
    neededFields: readonly FieldOf<K>[];
  },
): AsyncGenerator<Page<Record<string, string>>, void, undefined> {
  const { connection } = client;
  const template = templateOf(connection.templates, key);
  const pageSize = connection.pageSize;
  yield* pagesOf({
    pageSize,
    keyOf: (row: Record<string, string>) =>
      options.keyFields.map((field) => row[field] ?? '').join('\u0000'),
    async fetch(pageNo) {
      const page = await client.getData({
        templateName: template.name,
        pageNo,
        itemsPerPage: pageSize,
        search: options.search,
      });
      const { totalCount, header, ragged } = page;
      if (totalCount < 0) throw notConfigured(contextOf(connection, 'GetData', template.name));
      if (page.rows.length === 0) return { totalCount, rows: [], ragged };
      try {
        for (const field of options.neededFields) header.at(template.columnOf(field));
      } catch (cause) {
        if (!(cause instanceof UnreadableCsv)) throw cause;
        throw badAnswer(contextOf(connection, 'GetData', template.name), cause);
      }
      return { totalCount, rows: page.rows.map(fieldsOfRow(template, header)), ragged };
    },
  });
}

/** All rows of a search, for reads whose rows must each be there. Throws BadAnswer, naming the
 *  line, when a row could not be read. `isComplete` as in Page. */
export async function readTemplateRows<K extends TemplateKey>(
  client: PeoplevoxClient,
  key: K,
  options: Parameters<typeof readTemplatePages<K>>[2],
): Promise<{ rows: Record<string, string>[]; isComplete: boolean }> {
  const rows: Record<string, string>[] = [];
  let isComplete = false;
  for await (const page of readTemplatePages(client, key, options)) {
    const bad = page.ragged[0];
    if (bad) {
      const { name } = templateOf(client.connection.templates, key);
      throw badAnswer(contextOf(client.connection, 'GetData', name), raggedError(bad));
    }
    rows.push(...page.rows);
    isComplete = page.isComplete;
  }
  return { rows, isComplete };
}

/** A ragged row as an error that names it. */
export function raggedError(row: RaggedRow): UnreadableCsv {
  const where = `line ${row.line} (${row.firstValue.slice(0, 60)})`;
  return new UnreadableCsv(`${where} has ${row.found} values for ${row.expected} columns`);
}
