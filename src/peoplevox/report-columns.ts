/** Asks a report for its columns by the names a tenant has: tenants lack some or spell them
 *  otherwise, and one that is told a column it does not know may refuse the whole report. */
import { Refused } from '../errors.ts';
import type { PeoplevoxClient } from './client.ts';
import type { Spellings } from './connection.ts';
import { type CsvHeader, readCsv, UnreadableCsv, writeCsv } from './csv.ts';
import { isNotConfigured } from './failures.ts';
import { columnsOrBadAnswer } from './report-rows.ts';
import { reportColumns } from './search.ts';
import { isReportMissing, reportMissing } from './stock-changes.ts';

/** A report as we mean to read it. `setting`: where a tenant's names go, such as
 *  `reports.despatchSummary`. `needed`: the columns without which its rows mean nothing. */
export type ReportShape<K extends string> = {
  name: string;
  setting: string;
  columns: Readonly<Record<K, Spellings>>;
  needed: readonly K[];
};

/** What to ask for. `nameOf`: a needed column's name, for search and order. `list`: the `Columns`
 *  argument, empty for all columns. */
export type AskedColumns<K extends string> = { nameOf(column: K): string; list: string };

/** Index of each column in a header, null for one that is absent and not needed. */
export type ColumnIndexes<K extends string> = Record<K, number | null>;

/** What `read` yields, asked for the columns as shipped or configured. When that is refused
 *  before anything came, GetReportColumns says which of them the tenant has, and `read` runs once
 *  more with those (with all columns when it says nothing); what was learned serves this client
 *  until it is refused. Throws Refused when the names were not to blame, or when a needed column
 *  is not there, which is then named with the setting; for a tenant without the report see
 *  `isReportMissing`. Source: reference sections 5.2 and 14. */
export async function* readWithColumns<K extends string, Part>(
  client: PeoplevoxClient,
  shape: ReportShape<K>,
  read: (asked: AskedColumns<K>) => AsyncGenerator<Part, void, undefined>,
): AsyncGenerator<Part, void, undefined> {
  const memory = memoryOf(client);
  const asked = memory.get(shape.name) ?? asShipped(shape);
  let refusal: Refused;
  let hasBegun = false;
  try {
    for await (const part of read(asked)) {
      hasBegun = true;
      yield part;
    }
    return;
  } catch (cause) {
    if (!(cause instanceof Refused) || hasBegun) throw cause;
    if (isReportMissing(cause) || isNotConfigured(cause)) throw cause;
    refusal = cause;
  }
  memory.delete(shape.name);
  const found = await columnsFound(client, shape.name);
  const better = found.length === 0 ? { ...asShipped(shape), list: '' } : asFound();
  if (better.list === asked.list) throw refusal;
  try {
    for await (const part of read(better)) {
      memory.set(shape.name, better);
      yield part;
    }
  } catch (cause) {
    // Refused even without any column named, and nobody knows its columns: it is the report itself.
    throw cause instanceof Refused && found.length === 0 ? reportMissing(cause, shape) : cause;
  }

  function asFound(): AskedColumns<K> {
    try {
      return askedAmong(shape, found);
    } catch (cause) {
      throw cause instanceof UnreadableCsv ? columnsMissing(shape, refusal, cause) : cause;
    }
  }
}

/** Where each column stands in the header of an answer, under any of its spellings. Throws
 *  BadAnswer that names a missing needed column, the columns found and the setting. */
export function indexesOf<K extends string>(
  client: PeoplevoxClient,
  shape: ReportShape<K>,
  header: CsvHeader,
): ColumnIndexes<K> {
  return columnsOrBadAnswer(client, shape, () => lookUp(shape, header));
}

/** What reports that refused our columns are asked for instead, per client. */
const memories = new WeakMap<PeoplevoxClient, Map<string, AskedColumns<string>>>();

function memoryOf(client: PeoplevoxClient): Map<string, AskedColumns<string>> {
  const memory = memories.get(client) ?? new Map<string, AskedColumns<string>>();
  memories.set(client, memory);
  return memory;
}

async function columnsFound(client: PeoplevoxClient, name: string): Promise<string[]> {
  try {
    return await client.getReportColumns(name);
  } catch (cause) {
    if (cause instanceof Refused) return [];
    throw cause;
  }
}

function asShipped<K extends string>(shape: ReportShape<K>): AskedColumns<K> {
  const nameOf = (column: K) => shape.columns[column][0];
  return { nameOf, list: reportColumns(columnsIn(shape).map(nameOf)) };
}

/** Throws UnreadableCsv when a needed column is not among those found. */
function askedAmong<K extends string>(
  shape: ReportShape<K>,
  found: readonly string[],
): AskedColumns<K> {
  const { header } = readCsv(writeCsv(found, []));
  const indexes = lookUp(shape, header);
  const nameOf = (column: K) => header.names[indexes[column] ?? -1] ?? shape.columns[column][0];
  const present = columnsIn(shape).filter((column) => indexes[column] !== null);
  return { nameOf, list: reportColumns(present.map(nameOf)) };
}

function lookUp<K extends string>(shape: ReportShape<K>, header: CsvHeader): ColumnIndexes<K> {
  const entries = columnsIn(shape).map((column) => {
    const spellings = shape.columns[column];
    const isNeeded = shape.needed.includes(column);
    return [column, isNeeded ? header.at(...spellings) : header.find(...spellings)];
  });
  return Object.fromEntries(entries) as ColumnIndexes<K>;
}

function columnsIn<K extends string>(shape: ReportShape<K>): K[] {
  return Object.keys(shape.columns) as K[];
}

function columnsMissing(
  shape: { setting: string },
  refusal: Refused,
  cause: UnreadableCsv,
): Refused {
  const { vendor, connection, operation, effect, status, correlationId } = refusal;
  return new Refused(
    `${refusal.message}; by GetReportColumns ${cause.message}; ` +
      `give the names it has here as ${shape.setting}.columns`,
    { vendor, connection, operation, effect, status, correlationId, cause: refusal },
    { message: refusal.vendorMessage, code: refusal.vendorCode },
  );
}
