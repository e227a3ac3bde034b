/** Whether a tenant's dates are read as they are meant: its time zone, and day or month first. Judged only by
 *  dates whose true moment is known; where there are none the answer is "not checked". */
import type { Clock } from '../clock.ts';
import { VendorError } from '../errors.ts';
import type { PeoplevoxClient, TablePage } from '../peoplevox/client.ts';
import { type DateOrder, fromPeoplevoxDate, UnreadableDate } from '../peoplevox/dates.ts';
import { orderBy, type ReportClause, reportColumns, reportSearch } from '../peoplevox/search.ts';
import type { WarehouseSettings } from '../settings.ts';
import type { DoctorDeps, SentOrder } from './doctor.ts';
import { type Check, fail, ok, unchecked } from './finding.ts';

const minuteMs = 60_000;
/** How far the warehouse's own clock may be off before its dates count as wrong. */
const toleranceMs = 15 * minuteMs;
/** A date this far in the future cannot be one of something that happened. */
const futureMs = 10 * minuteMs;
const rowsToRead = 50;

export type DateSubject = {
  deps: DoctorDeps;
  warehouse: WarehouseSettings;
  client: PeoplevoxClient;
  path: string;
};

/** What the warehouse showed of dates. `texts` are all of them as sent. */
type Evidence = {
  texts: string[];
  /** Our orders: when we sent them, and when the warehouse says they were made. */
  made: { sent: SentOrder; text: string }[];
  /** Dates of things that have happened; our own order when it is known. */
  happened: { text: string; sent: SentOrder | undefined }[];
};

/** The checks `time zone` and `date order`. Never throws for what the vendor does. */
export async function examineDates(subject: DateSubject): Promise<Check[]> {
  const { deps, warehouse, path } = subject;
  const evidence = await gather(subject);
  const order = examineOrder(evidence.texts, warehouse.dateOrder, path);
  if (order.status === 'fail') {
    return [order, unchecked('time zone', 'dates cannot be read before date order is right')];
  }
  return [order, examineZone(evidence, warehouse, path, deps.clock)];
}

async function gather({ deps, warehouse, client }: DateSubject): Promise<Evidence> {
  const sent = await deps.sentOrders(warehouse.id);
  const byNumber = new Map(sent.map((one) => [one.salesOrderNumber, one]));
  const evidence: Evidence = { texts: [], made: [], happened: [] };
  const ours = sent.slice(0, rowsToRead).map((one) => one.salesOrderNumber);
  if (ours.length > 0) {
    const search = reportSearch.anyOf('Sales order no.', ours);
    const rows = await readDates(client, 'Sales order summary', 'Sales order no.', 'Date', search);
    for (const { number, text } of rows) {
      evidence.texts.push(text);
      const known = byNumber.get(number);
      if (known) evidence.made.push({ sent: known, text });
    }
  }
  const despatches = await readDates(
    client,
    'Despatch summary',
    'Salesorder number',
    'Despatch date',
    null,
  );
  for (const { number, text } of despatches) {
    evidence.texts.push(text);
    evidence.happened.push({ text, sent: byNumber.get(number) });
  }
  const own = warehouse.reports.salesOrdersByStatus;
  const column = (name: string) => own.columns[name] ?? name;
  const wanted = await readDates(
    client,
    own.name,
    column('Sales order no.'),
    column('Requested delivery date'),
    null,
  );
  evidence.texts.push(...wanted.map((one) => one.text));
  return evidence;
}

/** The newest rows of a report: order number and a date as sent. Empty when the tenant has no such report or
 *  calls its columns otherwise: then there is nothing to judge by. */
async function readDates(
  client: PeoplevoxClient,
  reportName: string,
  numberColumn: string,
  dateColumn: string,
  search: ReportClause | null,
): Promise<{ number: string; text: string }[]> {
  let page: TablePage;
  try {
    page = await client.getReportData({
      reportName,
      pageNo: 1,
      itemsPerPage: rowsToRead,
      search,
      orderBy: orderBy(dateColumn, 'desc'),
      columns: reportColumns([numberColumn, dateColumn]),
    });
  } catch (cause) {
    if (cause instanceof VendorError) return [];
    throw cause;
  }
  const { header } = page;
  if (header.duplicates.size > 0) return [];
  const number = header.find(numberColumn);
  const date = header.find(dateColumn);
  if (number === null || date === null) return [];
  return page.rows
    .map((row) => ({ number: row[number] ?? '', text: row[date] ?? '' }))
    .filter((one) => one.text.trim() !== '');
}

/** A number above 12 can only be a day, so such a date shows which comes first. Pure. */
export function examineOrder(texts: readonly string[], order: DateOrder, path: string): Check {
  const shown = texts.flatMap((text): { text: string; order: DateOrder }[] => {
    const match = /^'?(\d{1,2})\/(\d{1,2})\/\d{4}/.exec(text.trim());
    if (!match) return [];
    if (Number(match[1]) > 12) return [{ text, order: 'day-first' }];
    return Number(match[2]) > 12 ? [{ text, order: 'month-first' }] : [];
  });
  const against = shown.find((one) => one.order !== order);
  if (against) {
    return fail(
      'date order',
      `Peoplevox shows ${against.text}, which is ${against.order}; configured is ${order}`,
      `set ${path}.dateOrder: ${against.order}`,
    );
  }
  const proof = shown[0];
  if (proof) return ok('date order', `${order}, as ${proof.text} shows`);
  return unchecked(
    'date order',
    'no date with a number above 12 was found to tell day from month',
    'run doctor again when the warehouse has such orders',
  );
}

/** Pure but for the clock. */
export function examineZone(
  evidence: Pick<Evidence, 'made' | 'happened'>,
  warehouse: Pick<WarehouseSettings, 'timeZone' | 'dateOrder'>,
  path: string,
  clock: Clock,
): Check {
  const { timeZone } = warehouse;
  const read = (text: string) => instantOf(text, warehouse);
  for (const { sent, text } of evidence.made) {
    // A warehouse that gives back the date we wrote says nothing about its zone.
    if (wallMs(text, warehouse) === wallMs(sent.createdText, warehouse)) continue;
    const at = read(text);
    if (at === null) continue;
    const offMs = at.getTime() - sent.sentAt.getTime();
    if (Math.abs(offMs) <= toleranceMs) {
      return ok(
        'time zone',
        `${timeZone}: ${sent.salesOrderNumber} is shown as made when it was sent`,
      );
    }
    return wrongZone({
      fact: `${sent.salesOrderNumber} was sent at ${sent.sentAt.toISOString()} and is shown as made at ${text.trim()}, which in ${timeZone} is ${at.toISOString()}`,
      offMs,
      near: sent.sentAt,
      timeZone,
      path,
    });
  }
  for (const { sent, text } of evidence.happened) {
    const at = read(text);
    if (at === null) continue;
    const aheadMs = at.getTime() - clock.nowMs();
    if (aheadMs > futureMs) {
      const fact = `a despatch is shown at ${text.trim()}, which in ${timeZone} is ${at.toISOString()}: that is yet to come`;
      return wrongZone({ fact, offMs: null, near: clock.now(), timeZone, path });
    }
    if (sent && at.getTime() < sent.sentAt.getTime() - toleranceMs) {
      const fact = `${sent.salesOrderNumber} is shown as despatched at ${text.trim()}, which in ${timeZone} is before it was sent`;
      return wrongZone({ fact, offMs: null, near: sent.sentAt, timeZone, path });
    }
  }
  return unchecked(
    'time zone',
    `${timeZone}: nothing in the warehouse has a time that is known from elsewhere`,
    'run doctor again when the first orders of Packhorse are in the warehouse',
  );
}

function wrongZone(found: {
  fact: string;
  /** How far the dates are off, when that is known. */
  offMs: number | null;
  near: Date;
  timeZone: string;
  path: string;
}): Check {
  const setting = `${found.path}.timeZone`;
  if (found.offMs === null) {
    return fail(
      'time zone',
      found.fact,
      `set ${setting} to the zone that the tenant's screens show, and look at ${found.path}.dateOrder`,
    );
  }
  const quarterMs = 15 * minuteMs;
  const offsetMs =
    offsetOf(found.timeZone, found.near) + Math.round(found.offMs / quarterMs) * quarterMs;
  const fitting = commonZones.filter((zone) => offsetOf(zone, found.near) === offsetMs);
  const names = fitting.length > 0 ? fitting.join(' or ') : `a zone at ${utcText(offsetMs)}`;
  const but = fitting.length > 0 ? ` (its dates are at ${utcText(offsetMs)})` : '';
  return fail('time zone', found.fact, `set ${setting}: ${names}${but}`);
}

/** Zones that tenants are known to be in, the likeliest first. */
const commonZones = [
  'Europe/London',
  'UTC',
  'Europe/Amsterdam',
  'America/New_York',
  'America/Chicago',
  'America/Denver',
  'America/Los_Angeles',
  'Australia/Sydney',
  'Pacific/Auckland',
];

function instantOf(
  text: string,
  style: Pick<WarehouseSettings, 'timeZone' | 'dateOrder'>,
): Date | null {
  try {
    return fromPeoplevoxDate(text, style);
  } catch (cause) {
    if (cause instanceof UnreadableDate) return null;
    throw cause;
  }
}

/** The numbers of a date to the minute (some tenants show no seconds), as if its zone were UTC; null when
 *  there is none. */
function wallMs(text: string, style: Pick<WarehouseSettings, 'dateOrder'>): number | null {
  const at = instantOf(text, { timeZone: 'UTC', dateOrder: style.dateOrder });
  return at === null ? null : Math.floor(at.getTime() / minuteMs) * minuteMs;
}

/** What the zone's clock is ahead of UTC at a moment, in milliseconds. */
function offsetOf(timeZone: string, at: Date): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const match = /([+-])(\d{2}):(\d{2})/.exec(name);
  if (!match) return 0;
  const size = (Number(match[2]) * 60 + Number(match[3])) * minuteMs;
  return match[1] === '-' ? -size : size;
}

function utcText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / minuteMs;
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  return `UTC${offsetMs < 0 ? '-' : '+'}${hours}:${String(minutes % 60).padStart(2, '0')}`;
}
