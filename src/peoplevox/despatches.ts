/** What left the warehouse, from the report `Despatch summary`: one row per despatched item. */
import type { PeoplevoxClient } from './client.ts';
import type { DespatchColumn } from './connection.ts';
import { readUnits } from './csv.ts';
import {
  type DateStyle,
  earliestFrom,
  fromPeoplevoxDate,
  latestUntil,
  UnreadableDate,
} from './dates.ts';
import { raggedError } from './paging.ts';
import { indexesOf, type ReportShape, readWithColumns } from './report-columns.ts';
import { type ReportPart, streamReport } from './report-rows.ts';
import {
  and,
  maxSearchTerms,
  or,
  orderBy,
  type ReportClause,
  reportDate,
  reportSearch,
} from './search.ts';

/** One item of one despatch. Texts are trimmed, item codes exactly as sent; `''` when blank or
 *  when the report has no such column (service, serviceTypeCode, parentItemCode, line, site and
 *  carrierReference may be absent). Source: reference section 12. */
export type DespatchRow = {
  salesOrderNumber: string;
  /** One order may have several, one despatch has a row per item. */
  despatchNumber: string;
  carrier: string;
  service: string;
  serviceTypeCode: string;
  /** Null when blank or unreadable. By the tenant's zone and order of day and month; in the hour
   *  that repeats in autumn it may be an hour early. */
  despatchedAt: Date | null;
  /** The same as sent: what `dateOrderDoubt` judges by. */
  despatchedText: string;
  /** `''`: none yet; it may be filled in later without a new date. May hold several:
   *  `splitTracking`. */
  trackingNumber: string;
  itemCode: string;
  /** The kit this item was part of, `''` for none. */
  parentItemCode: string;
  /** Units; null when blank or not a whole number, never a guess. May be negative as sent. */
  quantity: number | null;
  /** Kits despatched, in units; null when blank, unreadable or not in the report. */
  parentQuantity: number | null;
  line: string;
  site: string;
  carrierReference: string;
};

/** Something that cannot be read. `isLost`: its row does not come at all, and `salesOrderNumber`
 *  null says that even the order is not known; else the row comes with a null in that place. */
export type UnreadableDespatch = {
  salesOrderNumber: string | null;
  isLost: boolean;
  why: string;
};

/** Both flags are true on the last batch only: `hasAllRows` when as many rows came as the report
 *  has, readable or not, `isComplete` when besides none was lost. */
export type DespatchBatch = {
  rows: DespatchRow[];
  unreadable: UnreadableDespatch[];
  hasAllRows: boolean;
  isComplete: boolean;
};

/** Despatches from `since` up to and with `until` (to the second; without `until`, all since),
 *  oldest first, in batches as they arrive. A few rows from outside may come where clocks are put
 *  back. Rows come late and with older dates, so ask again with overlap. Rows that come twice are
 *  left in: a row is one by order, despatch number, item code, line and parent, and its later
 *  reading may have the tracking number; but without the column `Line` two lines of one item look
 *  alike, so the same row twice within one batch may be two. Throws RangeError when `until` is
 *  before `since`, Unsearchable for a column's name, BadAnswer for a missing column, Refused (see
 *  `readWithColumns`) and VendorError of the calls; rows before a throw are true but not all. */
export async function* streamDespatches(
  client: PeoplevoxClient,
  range: { since: Date; until?: Date },
): AsyncGenerator<DespatchBatch, void, undefined> {
  const { timeZone, reportPageSize } = client.connection;
  const { since, until } = range;
  if (until && until < since) throw new RangeError('despatches until a time before since');
  const search = (column: string) => {
    const from = reportDate(column, '>=', earliestFrom(since, timeZone), timeZone);
    if (!until) return from;
    // Dates here are whole seconds and the warehouse's may be finer: all of the last second counts.
    const end = new Date(latestUntil(until, timeZone).getTime() + 1_000);
    return and(from, reportDate(column, '<', end, timeZone));
  };
  yield* despatches(client, { by: 'despatchedAt', search, pageSize: reportPageSize });
}

/** All despatches of up to 100 orders; an order without one has no row, which means something
 *  only when `isComplete`. `startsWith` is for tenants that split orders under new numbers with a
 *  suffix; it also finds JL-10 for JL-1. Compare the numbers exactly: the server may ignore
 *  letter case. Rows that come twice as above. Throws RangeError above 100, Unsearchable for a
 *  number that cannot be searched for, and as above. */
export async function readDespatchesOf(
  client: PeoplevoxClient,
  salesOrderNumbers: readonly string[],
  match: 'equals' | 'startsWith' = 'equals',
): Promise<DespatchBatch> {
  const { length } = salesOrderNumbers;
  if (length > maxSearchTerms)
    throw new RangeError(`at most ${maxSearchTerms} order numbers a call, not ${length}`);
  const isNone = length === 0;
  const whole: DespatchBatch = { rows: [], unreadable: [], hasAllRows: isNone, isComplete: isNone };
  if (isNone) return whole;
  const search = (column: string) =>
    match === 'equals'
      ? reportSearch.anyOf(column, salesOrderNumbers)
      : or(...salesOrderNumbers.map((number) => reportSearch.startsWith(column, number)));
  const { pageSize } = client.connection;
  for await (const batch of despatches(client, { by: 'salesOrderNumber', search, pageSize })) {
    whole.rows.push(...batch.rows);
    whole.unreadable.push(...batch.unreadable);
    whole.hasAllRows = batch.hasAllRows;
    whole.isComplete = batch.isComplete;
  }
  return whole;
}

/** The tracking numbers in one field, each once, in the order sent; empty when it is blank. `none`
 *  takes the field as one number, blanks within it included; else each character of `separators`
 *  parts numbers, a blank standing for white space of any kind and line breaks. How Peoplevox joins
 *  several is unconfirmed. Throws RangeError for a letter or digit as separator. Pure. */
export function splitTracking(text: string, separators: 'none' | string): string[] {
  if (separators === 'none' || separators === '') return text.trim() === '' ? [] : [text.trim()];
  if (/[\p{L}\p{N}]/u.test(separators))
    throw new RangeError(`a letter or digit does not part tracking numbers: ${separators}`);
  const marks = new Set(separators);
  const isMark = (character: string) =>
    marks.has(character) || (marks.has(' ') && character.trim() === '');
  const numbers = [''];
  for (const character of text) {
    if (isMark(character)) numbers.push('');
    else numbers[numbers.length - 1] += character;
  }
  return [...new Set(numbers.map((number) => number.trim()))].filter((number) => number !== '');
}

/** Whether dates show that the tenant's order of day and month is set wrong. A date tells when
 *  only one order makes a day of it that may be: one that exists, is not to come (by more than a
 *  day, for zones set wrong), and is not before `since` (the same), when the rows were asked for
 *  by date. `fits`: all that tell are for the order set; `swapped`: all are for the other;
 *  `unknown`: none tells, or they contradict each other. Pure. */
export function dateOrderDoubt(
  rows: readonly { despatchedText: string }[],
  known: { style: DateStyle; now: Date; since?: Date },
): 'fits' | 'swapped' | 'unknown' {
  const { style, now, since } = known;
  const otherOrder = style.dateOrder === 'day-first' ? 'month-first' : 'day-first';
  const other: DateStyle = { ...style, dateOrder: otherOrder };
  const mayBe = (at: Date | 'unreadable' | null) =>
    at instanceof Date &&
    at.getTime() <= now.getTime() + dayMs &&
    (!since || at.getTime() >= since.getTime() - dayMs);
  const verdicts = new Set<'fits' | 'swapped'>();
  for (const text of new Set(rows.map((row) => row.despatchedText))) {
    const fits = mayBe(readDate(text, style));
    if (fits !== mayBe(readDate(text, other))) verdicts.add(fits ? 'fits' : 'swapped');
  }
  const [verdict] = verdicts;
  return verdicts.size === 1 ? verdict! : 'unknown';
}

const dayMs = 86_400_000;

/** Without these a row says nothing of what left for whom, and how to follow it. */
const needed: readonly DespatchColumn[] = [
  'salesOrderNumber',
  'despatchNumber',
  'carrier',
  'despatchedAt',
  'trackingNumber',
  'itemCode',
  'quantity',
];

async function* despatches(
  client: PeoplevoxClient,
  wanted: {
    by: DespatchColumn;
    search: (column: string) => ReportClause;
    pageSize: number;
  },
): AsyncGenerator<DespatchBatch, void, undefined> {
  const { name, columns } = client.connection.despatchReport;
  const shape: ReportShape<DespatchColumn> = {
    name,
    setting: 'reports.despatchSummary',
    columns,
    needed,
  };
  const parts = readWithColumns(client, shape, (asked) =>
    streamReport(client, {
      request: {
        reportName: name,
        search: wanted.search(asked.nameOf(wanted.by)),
        orderBy: orderBy(asked.nameOf('despatchedAt')),
        columns: asked.list,
      },
      pageSize: wanted.pageSize,
      // The whole row: its ids alone may be those of two lines, and one would then be left out.
      keyOf: () => (row) => row.join('\u0000'),
    }),
  );
  let isReadable = true;
  for await (const part of parts) {
    const { rows, unreadable } = readBatch(client, shape, part);
    if (unreadable.some((row) => row.isLost)) isReadable = false;
    const { hasAllRows, isComplete } = part;
    yield { rows, unreadable, hasAllRows, isComplete: isComplete && isReadable };
  }
}

function readBatch(
  client: PeoplevoxClient,
  shape: ReportShape<DespatchColumn>,
  part: ReportPart,
): { rows: DespatchRow[]; unreadable: UnreadableDespatch[] } {
  const unreadable: UnreadableDespatch[] = part.ragged.map((row) => ({
    salesOrderNumber: null,
    isLost: true,
    why: raggedError(row).message,
  }));
  const rows: DespatchRow[] = [];
  if (part.rows.length === 0) return { rows, unreadable };
  const indexes = indexesOf(client, shape, part.header);
  for (const values of part.rows) {
    const text = (column: DespatchColumn) => {
      const index = indexes[column];
      return index === null ? '' : values[index]!;
    };
    const found = readRow(text, client.connection);
    if (found.row) rows.push(found.row);
    unreadable.push(...found.unreadable);
  }
  return { rows, unreadable };
}

function readRow(
  text: (column: DespatchColumn) => string,
  style: DateStyle,
): { row: DespatchRow | null; unreadable: UnreadableDespatch[] } {
  const trimmed = (column: DespatchColumn) => text(column).trim();
  const number = trimmed('salesOrderNumber');
  const salesOrderNumber = number === '' ? null : number;
  const unreadable: UnreadableDespatch[] = [];
  const note = (why: string, isLost: boolean) =>
    void unreadable.push({ salesOrderNumber, isLost, why });
  if (number === '')
    note(`a row without an order number (despatch ${cut(trimmed('despatchNumber'))})`, true);
  else if (trimmed('itemCode') === '') note('a row without an item code', true);
  if (unreadable.length > 0) return { row: null, unreadable };
  const despatchedText = text('despatchedAt');
  const despatchedAt = readDate(despatchedText, style);
  if (despatchedAt === 'unreadable') note(`not a date: '${cut(despatchedText)}'`, false);
  const quantity = readUnits(text('quantity'));
  if (quantity === null) note(`quantity is not a whole number: '${cut(text('quantity'))}'`, false);
  const parentQuantity = readUnits(text('parentQuantity'));
  if (parentQuantity === null && trimmed('parentQuantity') !== '')
    note(`quantity of kits is not a whole number: '${cut(text('parentQuantity'))}'`, false);
  const row: DespatchRow = {
    salesOrderNumber: number,
    despatchNumber: trimmed('despatchNumber'),
    carrier: trimmed('carrier'),
    service: trimmed('service'),
    serviceTypeCode: trimmed('serviceTypeCode'),
    despatchedAt: despatchedAt === 'unreadable' ? null : despatchedAt,
    despatchedText,
    trackingNumber: trimmed('trackingNumber'),
    itemCode: text('itemCode'),
    parentItemCode: trimmed('parentItemCode') === '' ? '' : text('parentItemCode'),
    quantity,
    parentQuantity,
    line: trimmed('line'),
    site: trimmed('site'),
    carrierReference: trimmed('carrierReference'),
  };
  return { row, unreadable };
}

/** Null for a blank one. */
function readDate(text: string, style: DateStyle): Date | 'unreadable' | null {
  try {
    return fromPeoplevoxDate(text, style);
  } catch (cause) {
    if (cause instanceof UnreadableDate) return 'unreadable';
    throw cause;
  }
}

function cut(text: string): string {
  return text.slice(0, 40);
}
