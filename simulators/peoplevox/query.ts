/** Reading a table: search, order, page, and write as CSV. Templates and reports both come
 *  through here. */
import { losePageEnd, loseRows, sheetFaults, spoilSheet } from './awkward.ts';
import { csvLine } from './csv.ts';
import {
  type Cell,
  compileSearch,
  type Dialect,
  earliestWanted,
  parseSearch,
  type SearchColumn,
  SearchProblem,
  wantedValues,
} from './search.ts';
import { failed, type IntegrationResponse } from './soap.ts';
import type { Tenant } from './state.ts';

/** A column as shown (`text`) and as searched and ordered (`cell`). */
export type Column<Row> = SearchColumn<Row> & { text(row: Row): string };

export type Table<Row> = {
  dialect: Dialect;
  columns: readonly Column<Row>[];
  /** Every row, in the order the table has when nobody asks for another. */
  rows(): readonly Row[];
  /** Lower-case column name to the rows with exactly this text; missing for columns without an
   *  index. */
  indexes: ReadonlyMap<string, (text: string) => readonly Row[]>;
  /** Rows that may have this wall time or a later one in a date column (its name in lower case), for
   *  tables that need not look at all of them. */
  since?: { column: string; rows(wall: number): readonly Row[] };
  /** Set when a row is written the same until this number of it moves on, whatever the columns. */
  revision?(row: Row): number;
  /** Set when the result of a search stays right while this text is the same. */
  version?: string;
  /** Which rows a sites filter leaves; undefined when the table knows no sites. */
  site?(row: Row): string;
};

export type Ask = {
  operation: string;
  search: string;
  orderBy: string;
  /** Names of wanted columns; blank takes all. */
  columns: string;
  pageNo: number;
  itemsPerPage: number;
  sites: string[] | undefined;
};

/** What is kept of a table between calls: the rows last found, and rows as they were last written. */
export type ReadCache = {
  found: { key: string; rows: readonly unknown[] } | undefined;
  written: { columns: string; lines: Map<unknown, { revision: number; line: string }> } | undefined;
};

/** Searches, orders and pages. Throws SearchProblem for what cannot be understood. */
export function readTable<Row>(
  tenant: Tenant,
  table: Table<Row>,
  ask: Ask,
  cache: ReadCache | undefined,
): IntegrationResponse {
  const { settings, faults, dice } = tenant;
  const { operation } = ask;
  if (ask.itemsPerPage <= 0 && settings.itemsPerPageZero === 'refused') {
    return failed('Integration : Paging - ItemsPerPage must be greater than 0');
  }
  const wanted = chooseColumns(table, settings.honourColumns ? ask.columns : '');
  let rows = findRows(table, ask, settings.searchIgnoresCase, cache);
  const isReport = table.dialect === 'report';
  if (isReport && ask.orderBy.trim() === '' && faults.strikes('unorderedPages', operation)) {
    const turn = dice.pages.between(0, Math.max(0, rows.length - 1));
    rows = [...rows.slice(turn), ...rows.slice(0, turn)];
  }
  if (isReport) rows = loseRows(tenant, operation, rows);
  let page = pageOf(rows, ask, settings);
  if (isReport) page = losePageEnd(tenant, operation, page);
  if (page.length > 0 && faults.strikes('duplicateRow', operation)) {
    page.splice(dice.pages.between(0, page.length), 0, dice.pages.pick(page));
  }
  const drift = faults.strikes('totalCountDrift', operation) ? dice.pages.between(1, 3) : 0;
  const totalCount = Math.max(0, rows.length + (dice.pages.chance(0.5) ? drift : -drift));
  const isEmptied = faults.strikes('emptyDetail', operation);
  const detail = isEmptied ? '' : writePage(tenant, { table, wanted, page, operation }, cache);
  const answer: IntegrationResponse = { responseId: 0, totalCount, detail };
  return isReport ? answer : { ...answer, statuses: [] };
}

function findRows<Row>(
  table: Table<Row>,
  ask: Ask,
  ignoresCase: boolean,
  cache: ReadCache | undefined,
): readonly Row[] {
  const key = JSON.stringify([ask.search, ask.orderBy, ask.sites, table.version]);
  const isKept = cache !== undefined && table.version !== undefined;
  if (isKept && cache.found?.key === key) return cache.found.rows as readonly Row[];
  const byName = new Map(table.columns.map((column) => [column.name.toLowerCase(), column]));
  const clause = parseSearch(ask.search, table.dialect);
  let rows: readonly Row[];
  if (clause) {
    const test = compileSearch(clause, (name) => byName.get(name.toLowerCase()), ignoresCase);
    rows = (ignoresCase ? undefined : indexed(table, clause)) ?? recent(table, clause);
    rows = rows.filter(test);
  } else rows = table.rows();
  const { site } = table;
  if (ask.sites && site) rows = rows.filter((row) => ask.sites!.includes(site(row)));
  if (ask.orderBy.trim() !== '') rows = ordered(rows, ask.orderBy, byName);
  // One search at a time is paged through; older results would only keep memory.
  if (isKept) cache.found = { key, rows };
  return rows;
}

function recent<Row>(
  table: Table<Row>,
  clause: Parameters<typeof earliestWanted>[0],
): readonly Row[] {
  const from = table.since && earliestWanted(clause, table.since.column);
  return from === undefined ? table.rows() : table.since!.rows(from);
}

function indexed<Row>(
  table: Table<Row>,
  clause: Parameters<typeof wantedValues>[0],
): readonly Row[] | undefined {
  const wanted = wantedValues(clause, (field) => table.indexes.has(field));
  if (!wanted) return undefined;
  const find = table.indexes.get(wanted.field)!;
  return [...new Set(wanted.values)].flatMap((value) => find(value) as Row[]);
}

function ordered<Row>(
  rows: readonly Row[],
  orderBy: string,
  byName: Map<string, Column<Row>>,
): readonly Row[] {
  const terms = orderBy.split(',').map((term) => {
    const match = /^\s*(?:\[([^\]]+)\]|(\w+))(?:\s+(asc|desc|ascending|descending))?\s*$/i.exec(
      term,
    );
    const column = byName.get((match?.[1] ?? match?.[2] ?? '').toLowerCase());
    if (!match || !column) throw new SearchProblem(`OrderBy ${term.trim()} is not understood`);
    return { column, sign: /^desc/i.test(match[3] ?? '') ? -1 : 1 };
  });
  return [...rows].sort((a, b) => {
    for (const { column, sign } of terms) {
      const order = compareCells(column.cell(a), column.cell(b));
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

function compareCells(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

function chooseColumns<Row>(table: Table<Row>, wish: string): readonly Column<Row>[] {
  if (wish.trim() === '') return table.columns;
  const names = wish.includes('[')
    ? [...wish.matchAll(/\[([^\]]+)\]/g)].map((m) => m[1]!)
    : wish.split(',');
  return names.map((name) => {
    const column = table.columns.find((c) => c.name.toLowerCase() === name.trim().toLowerCase());
    if (!column) throw new SearchProblem(`Column ${name.trim()} does not exist`);
    return column;
  });
}

/** Page numbers below 1 read as 1. */
function pageOf<Row>(
  rows: readonly Row[],
  ask: Ask,
  { maxPageSize, itemsPerPageZero }: Tenant['settings'],
): Row[] {
  let size = Math.min(ask.itemsPerPage, maxPageSize ?? ask.itemsPerPage);
  if (ask.itemsPerPage <= 0) {
    if (itemsPerPageZero === 'everything') return ask.pageNo <= 1 ? [...rows] : [];
    size = maxPageSize ?? 1000;
  }
  const start = (Math.max(1, ask.pageNo) - 1) * size;
  return rows.slice(start, start + size);
}

type Writing<Row> = {
  table: Table<Row>;
  wanted: readonly Column<Row>[];
  page: readonly Row[];
  operation: string;
};

function writePage<Row>(
  tenant: Tenant,
  writing: Writing<Row>,
  cache: ReadCache | undefined,
): string {
  const { table, wanted, page, operation } = writing;
  const { lineEnd, emptyForm } = tenant.settings;
  if (page.length === 0 && emptyForm === 'empty') return '';
  const header = wanted.map((column) => column.name);
  const kinds = wanted.map((column) => column.kind);
  const struck =
    table.dialect === 'report' ? sheetFaults(tenant, operation, { kinds, rows: page.length }) : [];
  if (struck.length > 0) {
    const rows = page.map((row) => wanted.map((column) => column.text(row)));
    const sheet = spoilSheet(tenant, { header, kinds, rows }, struck);
    return [sheet.header, ...sheet.rows].map((cells) => csvLine(cells) + lineEnd).join('');
  }
  const write = (row: Row) => csvLine(wanted.map((column) => column.text(row))) + lineEnd;
  const read = remembered(table, header, write, cache);
  let out = csvLine(header) + lineEnd;
  for (const row of page) out += read(row);
  return out;
}

/** Writing of rows that knows again what it wrote before, where the table can tell. */
function remembered<Row>(
  table: Table<Row>,
  header: readonly string[],
  write: (row: Row) => string,
  cache: ReadCache | undefined,
): (row: Row) => string {
  const { revision } = table;
  if (!cache || !revision) return write;
  const columns = JSON.stringify(header);
  if (cache.written?.columns !== columns) cache.written = { columns, lines: new Map() };
  const { lines } = cache.written;
  return (row) => {
    const known = lines.get(row);
    const now = revision(row);
    if (known?.revision === now) return known.line;
    const line = write(row);
    lines.set(row, { revision: now, line });
    return line;
  };
}
