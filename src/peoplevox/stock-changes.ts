/** What became of stock lately, from the report `Incremental Changes Report v1`. */
import { Refused } from '../errors.ts';
import type { PeoplevoxClient } from './client.ts';
import { type CsvBatch, type CsvHeader, readUnits } from './csv.ts';
import { earliestFrom, fromPeoplevoxDate, UnreadableDate } from './dates.ts';
import { isNotConfigured } from './failures.ts';
import { siteFilter } from './inventory.ts';
import { raggedError } from './paging.ts';
import { columnsOrBadAnswer, streamReport } from './report-rows.ts';
import { orderBy, reportColumns, reportDate } from './search.ts';

/** One change of one item at one site. `available`: units after it, may be negative; null when
 *  the figure cannot be read: the item did change, so read it again. `at` is null when the report
 *  has no readable time; in the hour that repeats in autumn it may be an hour early. */
export type StockChange = {
  itemCode: string;
  site: string;
  available: number | null;
  at: Date | null;
};

/** `itemCode` null: the row is lost, and which item changed is not known. Else its change is among
 *  the changes with a null where the value could not be read. */
export type UnreadableChange = { itemCode: string | null; why: string };

/** `isComplete` is true on the last batch only, and only when no row was lost. */
export type StockChangeBatch = {
  changes: StockChange[];
  unreadable: UnreadableChange[];
  isComplete: boolean;
};

/** Changes since a time (to the second, that second included) at the given sites (none given: all),
 *  never at SystemSite; oldest first; the same item as often as it changed. The report reaches back
 *  30 days. Times are the tenant's wall clock, and rows may come late: overlap. Throws Refused when
 *  the tenant lacks the report (see `isReportMissing`), BadAnswer for a missing column,
 *  Unsearchable for a column's name, VendorError of the calls. Source: reference section 11. */
export async function* streamStockChanges(
  client: PeoplevoxClient,
  since: Date,
  sites: readonly string[],
): AsyncGenerator<StockChangeBatch, void, undefined> {
  const { changesReport: report, timeZone, reportPageSize } = client.connection;
  const { name, itemCode, available, timestamp, site } = report;
  const parts = streamReport(client, {
    request: {
      reportName: name,
      // Sites are left to the filter here: the fewer terms, the less a tenant can refuse.
      search: reportDate(timestamp[0], '>=', earliestFrom(since, timeZone), timeZone),
      orderBy: orderBy(timestamp[0]),
      columns: reportColumns([itemCode[0], available[0], timestamp[0], site[0]]),
    },
    pageSize: reportPageSize,
    keyOf: () => (row) => row.join('\u0000'),
  });
  const isWanted = siteFilter(sites);
  let isReadable = true;
  try {
    for await (const part of parts) {
      const { changes, unreadable } = readBatch(client, part, isWanted);
      if (unreadable.some((row) => row.itemCode === null)) isReadable = false;
      yield { changes, unreadable, isComplete: part.isComplete && isReadable };
    }
  } catch (cause) {
    throw await explained(client, cause);
  }
}

/** Whether a call was refused because the tenant has no such report, as far as can be told: the
 *  wording of refusals is unconfirmed. True for a refusal that names the report (and no column or
 *  clause), or says that it is unknown, and for one after which GetReportColumns gave no columns. */
export function isReportMissing(error: unknown): boolean {
  if (!(error instanceof Refused)) return false;
  if (error instanceof ReportMissing) return true;
  const [, reportName] = /^GetReport(?:Data|Columns) (.+)$/s.exec(error.operation) ?? [];
  if (reportName === undefined) return false;
  const name = reportName.toLowerCase();
  const text = error.vendorMessage.toLowerCase();
  // The report's own name may hold such a word.
  if (otherFaultText.test(text.replaceAll(name, ''))) return false;
  return text.includes(name) || unknownReportText.test(text) || isNotConfigured(error);
}

const unknownReportText =
  /(no such|unknown|invalid) report|report\b.{0,120}\b(not (found|available|exist)|unknown|no longer exist)/s;
const otherFaultText = /column|field|clause|search|filter|order ?by|expression|syntax|date|page/;

/** The refusal of a report that GetReportColumns names no columns of, with the setting to look
 *  at. Outwardly a Refused like any other; `isReportMissing` knows it. */
export function reportMissing(cause: Refused, report: { name: string; setting: string }): Refused {
  const { vendor, connection, operation, effect, status, correlationId } = cause;
  return new ReportMissing(
    `${cause.message}; GetReportColumns names no columns: is there a report ${report.name}? ` +
      `Its name here goes to ${report.setting}.name`,
    { vendor, connection, operation, effect, status, correlationId, cause },
    { message: cause.vendorMessage, code: cause.vendorCode },
  );
}

/** A refusal that GetReportColumns explained. Outwardly a Refused like any other. */
class ReportMissing extends Refused {}

/** The error of a call, or one that says that the report is missing when a second question shows
 *  it. */
async function explained(client: PeoplevoxClient, cause: unknown): Promise<unknown> {
  if (!(cause instanceof Refused) || isReportMissing(cause)) return cause;
  const { name } = client.connection.changesReport;
  try {
    const columns = await client.getReportColumns(name);
    if (columns.length > 0) return cause;
  } catch (second) {
    if (!(second instanceof Refused)) return cause;
  }
  return reportMissing(cause, { name, setting: 'reports.incrementalChanges' });
}

type Columns = { itemCode: number; site: number; available: number; timestamp: number | null };

function columnsOf(client: PeoplevoxClient, header: CsvHeader): Columns {
  const report = client.connection.changesReport;
  const { name } = report;
  return columnsOrBadAnswer(client, { name, setting: 'reports.incrementalChanges' }, () => ({
    itemCode: header.at(...report.itemCode),
    site: header.at(...report.site),
    available: header.at(...report.available),
    timestamp: header.find(...report.timestamp),
  }));
}

function readBatch(
  client: PeoplevoxClient,
  batch: CsvBatch,
  isWanted: (site: string) => boolean,
): { changes: StockChange[]; unreadable: UnreadableChange[] } {
  const unreadable: UnreadableChange[] = batch.ragged.map((row) => ({
    itemCode: null,
    why: raggedError(row).message,
  }));
  const changes: StockChange[] = [];
  if (batch.rows.length === 0) return { changes, unreadable };
  const columns = columnsOf(client, batch.header);
  for (const row of batch.rows) {
    const itemCode = row[columns.itemCode] ?? '';
    const site = row[columns.site] ?? '';
    if (!isWanted(site)) continue;
    if (itemCode.trim() === '') {
      unreadable.push({ itemCode: null, why: 'a row without an item code' });
      continue;
    }
    const figure = row[columns.available] ?? '';
    const available = readUnits(figure);
    if (available === null)
      unreadable.push({ itemCode, why: `available is not a whole number: '${cut(figure)}'` });
    const time = columns.timestamp === null ? '' : (row[columns.timestamp] ?? '');
    const at = readTime(time, client);
    if (at === null && time.trim() !== '')
      unreadable.push({ itemCode, why: `not a date: '${cut(time)}'` });
    changes.push({ itemCode, site, available, at });
  }
  return { changes, unreadable };
}

function readTime(text: string, client: PeoplevoxClient): Date | null {
  try {
    return fromPeoplevoxDate(text, client.connection);
  } catch (cause) {
    if (cause instanceof UnreadableDate) return null;
    throw cause;
  }
}

function cut(text: string): string {
  return text.slice(0, 40);
}
