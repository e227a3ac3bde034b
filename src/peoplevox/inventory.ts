/** Stock per item and site, from the report `Item inventory summary`. */
import type { PeoplevoxClient, ReportRequest } from './client.ts';
import { contextOf } from './client.ts';
import { type CsvBatch, type CsvHeader, readUnits, UnreadableCsv } from './csv.ts';
import { badAnswer } from './failures.ts';
import { pagesOf, raggedError } from './paging.ts';
import {
  maxSearchTerms,
  orderBy,
  type ReportClause,
  reportColumns,
  reportSearch,
} from './search.ts';

/** Stock of one item at one site, in units. `available` may be negative (oversold). `onHand` and
 *  `allocated` are null when the report lacks the column or the figure cannot be read: they are not
 *  sold by. */
export type InventoryRow = {
  itemCode: string;
  site: string;
  onHand: number | null;
  allocated: number | null;
  available: number;
};

/** A row whose stock cannot be read; it is not absent and not zero. `itemCode` null when even that
 *  is lost. */
export type UnreadableInventory = { itemCode: string | null; site: string | null; why: string };

/** `isComplete` is true on the last batch only, and only when every row was read. */
export type InventoryBatch = {
  rows: InventoryRow[];
  unreadable: UnreadableInventory[];
  isComplete: boolean;
};

/** Peoplevox's own site; its stock is never for sale. */
const systemSite = 'systemsite';

/** Stock of up to 100 item codes at the given sites (none given: all), SystemSite never among them.
 *  An item without a row never had stock there. Throws RangeError above 100, Unsearchable for a
 *  code that cannot be searched (stream all instead), BadAnswer for a missing column. Source:
 *  reference section 11. */
export async function readInventory(
  client: PeoplevoxClient,
  codes: readonly string[],
  sites: readonly string[],
): Promise<InventoryBatch> {
  if (codes.length > maxSearchTerms)
    throw new RangeError(`at most ${maxSearchTerms} item codes a call, not ${codes.length}`);
  const whole: InventoryBatch = { rows: [], unreadable: [], isComplete: codes.length === 0 };
  if (codes.length === 0) return whole;
  const report = client.connection.inventoryReport;
  // Sites are left to the filter here: an AND of two OR lists is a shape nobody has shown to work.
  const search = reportSearch.anyOf(report.itemCode[0], codes);
  for await (const batch of pagedInventory(client, search, sites, client.connection.pageSize)) {
    whole.rows.push(...batch.rows);
    whole.unreadable.push(...batch.unreadable);
    whole.isComplete = batch.isComplete;
  }
  return whole;
}

/** All stock at the given sites (none given: all), in batches as they arrive; memory stays bounded
 *  when `reportPageSize` is 0. Absence of an item means something only after a batch with
 *  `isComplete`. Throws as above; rows before a throw are true but not all. */
export async function* streamInventory(
  client: PeoplevoxClient,
  sites: readonly string[],
): AsyncGenerator<InventoryBatch, void, undefined> {
  const { reportPageSize } = client.connection;
  const search = siteSearch(client, sites);
  if (reportPageSize > 0) yield* pagedInventory(client, search, sites, reportPageSize);
  else yield* wholeInventory(client, search, sites);
}

async function* wholeInventory(
  client: PeoplevoxClient,
  search: ReportClause | null,
  sites: readonly string[],
): AsyncGenerator<InventoryBatch, void, undefined> {
  let count = 0;
  let totalCount = 0;
  let isReadable = true;
  for await (const batch of client.streamReportData(reportRequest(client, search, 1, 0))) {
    count += batch.rows.length;
    totalCount = batch.totalCount;
    const { rows, unreadable } = readBatch(client, batch, sites);
    if (unreadable.length > 0) isReadable = false;
    if (rows.length + unreadable.length > 0) yield { rows, unreadable, isComplete: false };
  }
  yield { rows: [], unreadable: [], isComplete: isReadable && count >= totalCount };
}

async function* pagedInventory(
  client: PeoplevoxClient,
  search: ReportClause | null,
  sites: readonly string[],
  pageSize: number,
): AsyncGenerator<InventoryBatch, void, undefined> {
  let header: CsvHeader | null = null;
  let keyOf = (row: string[]): string => row.join('\u0000');
  let isReadable = true;
  const pages = pagesOf({
    pageSize,
    keyOf: (row: string[]) => keyOf(row),
    async fetch(pageNo) {
      const page = await client.getReportData(reportRequest(client, search, pageNo, pageSize));
      header = page.header;
      if (page.rows.length > 0) {
        const columns = columnsOf(client, page.header);
        keyOf = (row) => `${row[columns.itemCode]}\u0000${row[columns.site]}`;
      }
      return page;
    },
  });
  for await (const page of pages) {
    const batch = { header: header!, rows: page.rows, ragged: page.ragged };
    const { rows, unreadable } = readBatch(client, batch, sites);
    if (unreadable.length > 0) isReadable = false;
    yield { rows, unreadable, isComplete: page.isComplete && isReadable };
  }
}

function reportRequest(
  client: PeoplevoxClient,
  search: ReportClause | null,
  pageNo: number,
  itemsPerPage: number,
): ReportRequest {
  const { name, itemCode, site, onHand, allocated, available } = client.connection.inventoryReport;
  return {
    reportName: name,
    pageNo,
    itemsPerPage,
    search,
    orderBy: orderBy(itemCode[0]),
    columns: reportColumns([
      itemCode[0],
      site[0],
      ...onHand.slice(0, 1),
      ...allocated.slice(0, 1),
      available[0],
    ]),
  };
}

/** The search by sites only spares bytes: every row is checked again. A site that cannot be
 *  searched for is then simply read along with all others. */
function siteSearch(client: PeoplevoxClient, sites: readonly string[]): ReportClause | null {
  if (sites.length === 0 || sites.length > maxSearchTerms) return null;
  if (sites.some((site) => !/^[\w .&'-]+$/.test(site))) return null;
  return reportSearch.anyOf(client.connection.inventoryReport.site[0], sites);
}

type Columns = {
  itemCode: number;
  site: number;
  onHand: number | null;
  allocated: number | null;
  available: number;
};

function columnsOf(client: PeoplevoxClient, header: CsvHeader): Columns {
  const report = client.connection.inventoryReport;
  try {
    return {
      itemCode: header.at(...report.itemCode),
      site: header.at(...report.site),
      onHand: header.find(...report.onHand),
      allocated: header.find(...report.allocated),
      available: header.at(...report.available),
    };
  } catch (cause) {
    if (!(cause instanceof UnreadableCsv)) throw cause;
    throw badAnswer(contextOf(client.connection, 'GetReportData', report.name), cause);
  }
}

function readBatch(
  client: PeoplevoxClient,
  batch: CsvBatch,
  sites: readonly string[],
): { rows: InventoryRow[]; unreadable: UnreadableInventory[] } {
  const unreadable: UnreadableInventory[] = batch.ragged.map((row) => ({
    itemCode: null,
    site: null,
    why: raggedError(row).message,
  }));
  const rows: InventoryRow[] = [];
  if (batch.rows.length === 0) return { rows, unreadable };
  const columns = columnsOf(client, batch.header);
  const wanted = new Set(sites.map(normalSite));
  const figure = (row: string[], index: number | null) =>
    index === null ? null : readUnits(row[index] ?? '');
  for (const row of batch.rows) {
    const itemCode = row[columns.itemCode] ?? '';
    const site = row[columns.site] ?? '';
    const place = normalSite(site);
    if (place === systemSite || (wanted.size > 0 && !wanted.has(place))) continue;
    const available = figure(row, columns.available);
    if (itemCode.trim() === '') {
      unreadable.push({ itemCode: null, site, why: 'a row without an item code' });
    } else if (available === null) {
      const text = (row[columns.available] ?? '').slice(0, 40);
      unreadable.push({ itemCode, site, why: `available is not a whole number: '${text}'` });
    } else {
      const onHand = figure(row, columns.onHand);
      const allocated = figure(row, columns.allocated);
      rows.push({ itemCode, site, onHand, allocated, available });
    }
  }
  return { rows, unreadable };
}

function normalSite(site: string): string {
  return site.trim().toLowerCase();
}
