/** Stock per item and site, from the report `Item inventory summary`. */
import type { PeoplevoxClient } from './client.ts';
import { type CsvBatch, type CsvHeader, readUnits } from './csv.ts';
import { raggedError } from './paging.ts';
import { columnsOrBadAnswer, type ReportReading, streamReport } from './report-rows.ts';
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

/** Both flags are true on the last batch only: `hasAllRows` when as many rows came as the report has,
 *  readable or not, `isComplete` when besides every one of them was read. */
export type InventoryBatch = {
  rows: InventoryRow[];
  unreadable: UnreadableInventory[];
  hasAllRows: boolean;
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
  const whole: InventoryBatch = {
    rows: [],
    unreadable: [],
    hasAllRows: codes.length === 0,
    isComplete: codes.length === 0,
  };
  if (codes.length === 0) return whole;
  const report = client.connection.inventoryReport;
  // Sites are left to the filter here: an AND of two OR lists is a shape nobody has shown to work.
  const search = reportSearch.anyOf(report.itemCode[0], codes);
  for await (const batch of inventory(client, search, sites, client.connection.pageSize)) {
    whole.rows.push(...batch.rows);
    whole.unreadable.push(...batch.unreadable);
    whole.hasAllRows = batch.hasAllRows;
    whole.isComplete = batch.isComplete;
  }
  return whole;
}

/** All stock at the given sites (none given: all), in batches as they arrive; memory stays bounded
 *  when `reportPageSize` is 0. Absence of an item means something only after a batch with
 *  `isComplete`. An item and site that stand twice in one answer come twice, and neither is
 *  chosen here; the same pair on a later page is one row that moved while paging, and only the
 *  earlier page's reading comes: so a caller that sees a pair twice knows that the report itself says
 *  two things. Throws as above; rows before a throw are true but not all. */
export async function* streamInventory(
  client: PeoplevoxClient,
  sites: readonly string[],
): AsyncGenerator<InventoryBatch, void, undefined> {
  yield* inventory(client, siteSearch(client, sites), sites, client.connection.reportPageSize);
}

/** Whether stock at a site is wanted: it is one of `sites` (none given: any), in any letter case, and
 *  never SystemSite. Pure. */
export function siteFilter(sites: readonly string[]): (site: string) => boolean {
  const wanted = new Set(sites.map(normalSite));
  return (site) => {
    const place = normalSite(site);
    return place !== systemSite && (wanted.size === 0 || wanted.has(place));
  };
}

async function* inventory(
  client: PeoplevoxClient,
  search: ReportClause | null,
  sites: readonly string[],
  pageSize: number,
): AsyncGenerator<InventoryBatch, void, undefined> {
  let isReadable = true;
  const parts = streamReport(client, {
    request: reportRequest(client, search),
    pageSize,
    keyOf(header) {
      const columns = columnsOf(client, header);
      // Joined, not concatenated: a concatenation would keep the whole page's text alive per key.
      return (row) => [row[columns.itemCode], row[columns.site]].join('\u0000');
    },
  });
  const isWanted = siteFilter(sites);
  for await (const part of parts) {
    const { rows, unreadable } = readBatch(client, part, isWanted);
    if (unreadable.length > 0) isReadable = false;
    const { hasAllRows, isComplete } = part;
    yield { rows, unreadable, hasAllRows, isComplete: isComplete && isReadable };
  }
}

function reportRequest(
  client: PeoplevoxClient,
  search: ReportClause | null,
): ReportReading['request'] {
  const { name, itemCode, site, onHand, allocated, available } = client.connection.inventoryReport;
  return {
    reportName: name,
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
  const { name } = report;
  return columnsOrBadAnswer(client, { name, setting: 'reports.itemInventory' }, () => ({
    itemCode: header.at(...report.itemCode),
    site: header.at(...report.site),
    onHand: header.find(...report.onHand),
    allocated: header.find(...report.allocated),
    available: header.at(...report.available),
  }));
}

function readBatch(
  client: PeoplevoxClient,
  batch: CsvBatch,
  isWanted: (site: string) => boolean,
): { rows: InventoryRow[]; unreadable: UnreadableInventory[] } {
  const unreadable: UnreadableInventory[] = batch.ragged.map((row) => ({
    itemCode: null,
    site: null,
    why: raggedError(row).message,
  }));
  const rows: InventoryRow[] = [];
  if (batch.rows.length === 0) return { rows, unreadable };
  const columns = columnsOf(client, batch.header);
  const figure = (row: string[], index: number | null) =>
    index === null ? null : readUnits(row[index] ?? '');
  for (const row of batch.rows) {
    const itemCode = row[columns.itemCode] ?? '';
    const site = row[columns.site] ?? '';
    if (!isWanted(site)) continue;
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
