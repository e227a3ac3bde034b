/** Reads a report row by row: all in one answer, or page by page where the tenant wants or does it
 *  so. */
import { Refused } from '../errors.ts';
import type { PeoplevoxClient, ReportRequest } from './client.ts';
import { contextOf } from './client.ts';
import { type CsvBatch, type CsvHeader, UnreadableCsv } from './csv.ts';
import { badAnswer, isNotConfigured } from './failures.ts';
import { type Known, pagesOf } from './paging.ts';

/** One report to read. `pageSize` 0 asks for everything in one answer. `keyOf` makes a row's key from
 *  a header; it may throw. */
export type ReportReading = {
  request: Omit<ReportRequest, 'pageNo' | 'itemsPerPage'>;
  pageSize: number;
  keyOf: (header: CsvHeader) => (row: readonly string[]) => string;
};

/** Both flags are true on the last part only: `hasAllRows` when as many rows came as TotalCount
 *  promised, `isComplete` when besides none of them was ragged. */
export type ReportPart = CsvBatch & { hasAllRows: boolean; isComplete: boolean };

/** The rows in parts as they arrive, in bounded memory when `pageSize` is 0; at least one part. A
 *  tenant that refuses to give everything at once, or cuts such an answer short, is read on in pages
 *  of `connection.pageSize`. Two rows with one key in one answer are both handed out; the same key
 *  on a later page is the same row met again, because others moved while paging, and is left out: the
 *  reading of the earlier page stands. (So a true pair that a page break parts counts as one, and the
 *  reading ends incomplete.) Throws VendorError of the calls; rows before a throw are true but not
 *  all. Source: reference section 8. */
export async function* streamReport(
  client: PeoplevoxClient,
  reading: ReportReading,
): AsyncGenerator<ReportPart, void, undefined> {
  if (reading.pageSize > 0) {
    yield* pagedReport(client, reading, null);
    return;
  }
  const known = yield* wholeReport(client, reading);
  if (known === 'complete') return;
  const { pageSize } = client.connection;
  yield* pagedReport(client, { ...reading, pageSize }, known === 'refused' ? null : known);
}

/** Runs a look-up of columns. A missing or doubled one becomes a BadAnswer that names the columns
 *  found and the setting that renames them, such as `reports.itemInventory`. */
export function columnsOrBadAnswer<T>(
  client: PeoplevoxClient,
  report: { name: string; setting: string },
  lookUp: () => T,
): T {
  try {
    return lookUp();
  } catch (cause) {
    if (!(cause instanceof UnreadableCsv)) throw cause;
    const advice = `give the names it has here as ${report.setting}.columns`;
    throw badAnswer(
      contextOf(client.connection, 'GetReportData', report.name),
      new UnreadableCsv(`${cause.message}; ${advice}`, { cause }),
    );
  }
}

async function* wholeReport(
  client: PeoplevoxClient,
  { request, keyOf }: ReportReading,
): AsyncGenerator<ReportPart, Known | 'complete' | 'refused', undefined> {
  const tail = createTail(2 * client.connection.pageSize);
  let count = 0;
  let raggedCount = 0;
  let totalCount = 0;
  let header: CsvHeader | null = null;
  try {
    for await (const part of client.streamReportData({ ...request, pageNo: 1, itemsPerPage: 0 })) {
      count += part.rows.length + part.ragged.length;
      raggedCount += part.ragged.length;
      totalCount = part.totalCount;
      header = part.header;
      tail.add(part.rows);
      const { rows, ragged } = part;
      yield { header, rows, ragged, hasAllRows: false, isComplete: false };
    }
  } catch (cause) {
    // Nobody says how a tenant refuses 0. Any other reason for a refusal is met again on page 1.
    if (cause instanceof Refused && count === 0 && !isNotConfigured(cause)) return 'refused';
    throw cause;
  }
  if (count < totalCount) {
    const keys = count > raggedCount ? tail.rows().map(keyOf(header!)) : [];
    return { count, raggedCount, keys };
  }
  // A negative TotalCount says that something is not set up, not that there is nothing.
  const hasAllRows = totalCount >= 0;
  const isComplete = hasAllRows && raggedCount === 0;
  yield { header: header!, rows: [], ragged: [], hasAllRows, isComplete };
  return 'complete';
}

async function* pagedReport(
  client: PeoplevoxClient,
  { request, pageSize, keyOf }: ReportReading,
  known: Known | null,
): AsyncGenerator<ReportPart, void, undefined> {
  let header: CsvHeader | null = null;
  let keyOfRow = (row: readonly string[]): string => row.join('\u0000');
  const pages = pagesOf({
    pageSize,
    known,
    keyOf: (row: string[]) => keyOfRow(row),
    async fetch(pageNo) {
      const page = await client.getReportData({ ...request, pageNo, itemsPerPage: pageSize });
      header = page.header;
      if (page.rows.length > 0) keyOfRow = keyOf(page.header);
      return page;
    },
  });
  for await (const page of pages) yield { header: header!, ...page };
}

/** The last `size` rows of a stream, or some more: what the page that begins before the end of a short
 *  answer may show again. All keys of a report of a million rows would be too many to hold. */
function createTail(size: number): { add(rows: string[][]): void; rows(): string[][] } {
  const batches: string[][][] = [];
  let count = 0;
  return {
    add(rows) {
      if (rows.length === 0) return;
      batches.push(rows);
      count += rows.length;
      if (count <= 2 * size) return;
      while (batches.length > 1 && count - batches[0]!.length >= size)
        count -= batches.shift()!.length;
    },
    rows: () => batches.flat(),
  };
}
