/** Reading a table: search, order, page, and write as CSV. Templates and reports both come
 *  through here. */
import { csvLine } from './csv.ts';
import {
  type Cell,
  compileSearch,
  type Dialect,
  parseSearch,
  type SearchColumn,
  SearchProblem,
  wantedValues,
} from './search.ts';
import type { IntegrationResponse } from './soap.ts';
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

/** Searches, orders and pages. Throws SearchProblem for what cannot be understood. */
export function readTable<Row>(
  tenant: Tenant,
  table: Table<Row>,
  ask: Ask,
  cache: Map<string, unknown> | undefined,
): IntegrationResponse {
  const { settings, faults, dice } = tenant;
  const { operation } = ask;
  const wanted = chooseColumns(table, settings.honourColumns ? ask.columns : '');
  let rows = findRows(table, ask, settings.searchIgnoresCase, cache);
  const isReport = table.dialect === 'report';
  if (isReport && ask.orderBy.trim() === '' && faults.strikes('unorderedPages', operation)) {
    const turn = dice.pages.between(0, Math.max(0, rows.length - 1));
    rows = [...rows.slice(turn), ...rows.slice(0, turn)];
  }
  const page = pageOf(rows, ask, settings.maxPageSize);
  if (page.length > 0 && faults.strikes('duplicateRow', operation)) {
    page.splice(dice.pages.between(0, page.length), 0, dice.pages.pick(page));
  }
  const drift = faults.strikes('totalCountDrift', operation) ? dice.pages.between(1, 3) : 0;
  const totalCount = Math.max(0, rows.length + (dice.pages.chance(0.5) ? drift : -drift));
  const isEmptied = faults.strikes('emptyDetail', operation);
  const detail = isEmptied ? '' : writeRows(tenant, wanted, page, isReport, operation);
  const answer: IntegrationResponse = { responseId: 0, totalCount, detail };
  return isReport ? answer : { ...answer, statuses: [] };
}

function findRows<Row>(
  table: Table<Row>,
  ask: Ask,
  ignoresCase: boolean,
  cache: Map<string, unknown> | undefined,
): readonly Row[] {
  const key = JSON.stringify([ask.search, ask.orderBy, ask.sites, table.version]);
  if (cache && table.version !== undefined && cache.has(key)) return cache.get(key) as Row[];
  const byName = new Map(table.columns.map((column) => [column.name.toLowerCase(), column]));
  const clause = parseSearch(ask.search, table.dialect);
  let rows: readonly Row[];
  if (clause) {
    const test = compileSearch(clause, (name) => byName.get(name.toLowerCase()), ignoresCase);
    rows = (ignoresCase ? undefined : indexed(table, clause)) ?? table.rows();
    rows = rows.filter(test);
  } else rows = table.rows();
  const { site } = table;
  if (ask.sites && site) rows = rows.filter((row) => ask.sites!.includes(site(row)));
  if (ask.orderBy.trim() !== '') rows = ordered(rows, ask.orderBy, byName);
  if (cache && table.version !== undefined) {
    // One search at a time is paged through; older results would only keep memory.
    cache.clear();
    cache.set(key, rows);
  }
  return rows;
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

/** ItemsPerPage 0 is everything; page numbers below 1 read as 1. */
function pageOf<Row>(rows: readonly Row[], ask: Ask, maxPageSize: number | null): Row[] {
  if (ask.itemsPerPage <= 0) return ask.pageNo <= 1 ? [...rows] : [];
  const size = Math.min(ask.itemsPerPage, maxPageSize ?? ask.itemsPerPage);
  const start = (Math.max(1, ask.pageNo) - 1) * size;
  return rows.slice(start, start + size);
}

function writeRows<Row>(
  tenant: Tenant,
  columns: readonly Column<Row>[],
  page: readonly Row[],
  isReport: boolean,
  operation: string,
): string {
  const { settings, faults, dice } = tenant;
  if (page.length === 0 && settings.emptyForm === 'empty') return '';
  const header = columns.map((column) => column.name);
  if (isReport && faults.strikes('renamedColumn', operation)) {
    header[dice.pages.between(0, header.length - 1)] += ' (new)';
  }
  let out = csvLine(header) + settings.lineEnd;
  for (const row of page)
    out += csvLine(columns.map((column) => column.text(row))) + settings.lineEnd;
  return out;
}
