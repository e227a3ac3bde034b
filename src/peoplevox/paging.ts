/** Reads templates page by page until all rows are there. */
import type { PeoplevoxClient } from './client.ts';
import { contextOf } from './client.ts';
import { type RaggedRow, UnreadableCsv } from './csv.ts';
import { badAnswer } from './failures.ts';
import type { TemplateClause } from './search.ts';
import { type FieldOf, fieldsOfRow, type TemplateKey, templateOf } from './templates.ts';

/** `rows` are new ones only: what an earlier page had is left out. `isComplete` is true on the last
 *  page alone, and only when every row that TotalCount promised was read. */
export type Page<Row> = { rows: Row[]; ragged: RaggedRow[]; isComplete: boolean };

/** More pages than any table here has; a server that never runs dry ends here, incomplete. */
const maxPages = 20_000;

/** Pages until the rows are complete. TotalCount may shift and the server may give fewer rows a
 *  page than asked: it stops when a page brings nothing new, or when both page number and distinct
 *  rows reach TotalCount. Two equal keys on one page are two rows; on different pages they are the
 *  same row met again. Throws what `fetch` throws. Source: reference section 8. */
export async function* pagesOf<Row>(options: {
  pageSize: number;
  fetch: (pageNo: number) => Promise<{ totalCount: number; rows: Row[]; ragged: RaggedRow[] }>;
  keyOf: (row: Row) => string;
}): AsyncGenerator<Page<Row>, void, undefined> {
  const { pageSize, fetch, keyOf } = options;
  const seen = new Set<string>();
  let distinct = 0;
  let raggedCount = 0;
  for (let pageNo = 1; pageNo <= maxPages; pageNo++) {
    const { totalCount, rows, ragged } = await fetch(pageNo);
    const keys = rows.map(keyOf);
    const fresh = rows.filter((_, index) => !seen.has(keys[index]!));
    for (const key of keys) seen.add(key);
    distinct += fresh.length;
    raggedCount += ragged.length;
    const isAtEnd = pageSize === 0 || pageNo * pageSize >= totalCount;
    const isAllRead = distinct + raggedCount >= totalCount;
    const isLast = fresh.length === 0 || pageSize === 0 || (isAtEnd && isAllRead);
    const isComplete = isLast && isAllRead && raggedCount === 0;
    yield { rows: fresh, ragged, isComplete };
    if (isLast) return;
  }
}

/** Rows of a template by our field names, page by page. `keyFields` make a row's key: the first
 *  must be among the columns, the others count when they are. Throws BadAnswer when a needed column
 *  is missing or stands twice, and VendorError of the calls. */
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
