/** Sales orders and their lines in the warehouse: write, cancel, read back. One call each; the
 *  caller cuts longer lists into calls. */
import type { PeoplevoxClient } from './client.ts';
import { type CellValue, readUnits } from './csv.ts';
import type { SaveAction } from './envelope.ts';
import { readTemplateRows } from './paging.ts';
import type { RowKey, SaveResult } from './row-results.ts';
import { saveRows } from './save-rows.ts';
import { maxSearchTerms, templateSearch } from './search.ts';
import { type SalesOrderStatus, salesOrderStatusOf } from './statuses.ts';
import { type FieldOf, templateOf } from './templates.ts';

/** One order header to write. Fields that are absent stay as they are in the warehouse, `''` blanks
 *  them. Dates come from `toPeoplevoxDate`, money as decimal text. */
export type SalesOrderWrite = Partial<Record<FieldOf<'Sales orders'>, CellValue>> & {
  SalesOrderNumber: string;
};

/** One order line to write. */
export type SalesOrderItemWrite = Partial<Record<FieldOf<'Sales order items'>, CellValue>> & {
  SalesOrderNumber: string;
  ItemCode: string;
};

/** One order as the warehouse has it. `status` null when the template has no such column. `fields`:
 *  every column by our name, text as sent; a column we do not know keeps the tenant's name. */
export type SalesOrder = {
  salesOrderNumber: string;
  status: SalesOrderStatus | null;
  fields: Record<string, string>;
};

/** One order line as the warehouse has it. `quantityOrdered` in units, null when missing or
 *  unreadable (the text is in `fields`); `line`, `sequence` as sent, `''` when the template lacks
 *  them. */
export type SalesOrderItem = {
  salesOrderNumber: string;
  itemCode: string;
  quantityOrdered: number | null;
  line: string;
  sequence: string;
  fields: Record<string, string>;
};

/** `isComplete` false: TotalCount promised more rows than could be read; absence then proves
 *  nothing. */
export type SalesOrderRead<Row> = { rows: Row[]; isComplete: boolean };

/** Inserts or updates order headers in one call. All rows must have the same fields (else
 *  RangeError), as a column that is present but blank would blank the others: see `groupByFields`.
 *  Action 1 does not allocate stock. Source: template `Sales orders`, reference sections 5.3 and
 *  9.2. */
export function saveSalesOrders(
  client: PeoplevoxClient,
  rows: readonly SalesOrderWrite[],
  action: SaveAction = 0,
): Promise<SaveResult> {
  const keys = rows.map((row) => ({ reference: row.SalesOrderNumber, aliases: [] }));
  return saveRows(client, 'Sales orders', { rows, keys, action });
}

/** Inserts or updates order lines in one call, after their headers. Same rules of equal fields and of
 *  Action 1: a line written with Action 0 may have its order allocated after all. The reference of a result is `number/item code`, with `/line` when the row has one. */
export function saveSalesOrderItems(
  client: PeoplevoxClient,
  rows: readonly SalesOrderItemWrite[],
  action: SaveAction = 0,
): Promise<SaveResult> {
  return saveRows(client, 'Sales order items', { rows, keys: rows.map(itemKey), action });
}

/** Asks for orders to be cancelled. Success is no proof once picking began: read back.
 *  Source: reference section 10. */
export function cancelSalesOrders(
  client: PeoplevoxClient,
  numbers: readonly string[],
): Promise<SaveResult> {
  const rows = numbers.map((number) => ({ SalesOrderNumber: number, Status: 'Cancelled' }));
  return saveSalesOrders(client, rows);
}

/** The orders of up to 100 numbers, one row each, in the order sent; an unknown number has no row.
 *  Compare the numbers exactly: the server may ignore letter case. Throws RangeError above 100,
 *  Unsearchable for a number that cannot be searched, BadAnswer for a row that cannot be read. */
export async function readSalesOrders(
  client: PeoplevoxClient,
  numbers: readonly string[],
): Promise<SalesOrderRead<SalesOrder>> {
  const { rows, isComplete } = await readByNumbers(client, 'Sales orders', numbers, {
    keyFields: ['SalesOrderNumber'],
    neededFields: ['SalesOrderNumber'],
  });
  const { statusNumbers } = client.connection;
  const orders = rows.map((fields): SalesOrder => {
    const status = fields['Status'];
    return {
      salesOrderNumber: fields['SalesOrderNumber'] ?? '',
      status: status === undefined ? null : salesOrderStatusOf(status, statusNumbers),
      fields,
    };
  });
  return { rows: orders, isComplete };
}

/** The lines of up to 100 orders. Two lines of one order may have the same item code. Throws as
 *  above. */
export async function readSalesOrderItems(
  client: PeoplevoxClient,
  numbers: readonly string[],
): Promise<SalesOrderRead<SalesOrderItem>> {
  const { rows, isComplete } = await readByNumbers(client, 'Sales order items', numbers, {
    keyFields: ['SalesOrderNumber', 'ItemCode', 'Line', 'Sequence'],
    neededFields: ['SalesOrderNumber', 'ItemCode'],
  });
  const items = rows.map(
    (fields): SalesOrderItem => ({
      salesOrderNumber: fields['SalesOrderNumber'] ?? '',
      itemCode: fields['ItemCode'] ?? '',
      quantityOrdered: readUnits(fields['QuantityOrdered'] ?? ''),
      line: fields['Line'] ?? '',
      sequence: fields['Sequence'] ?? '',
      fields,
    }),
  );
  return { rows: items, isComplete };
}

function itemKey(row: SalesOrderItemWrite): RowKey {
  const { SalesOrderNumber: number, ItemCode: itemCode } = row;
  const line = row.Line === undefined ? '' : String(row.Line);
  const pairs = ['', ' ', '-', '/', ',', ':', '|', '_', '.'].flatMap((mark) => {
    const pair = `${number}${mark}${itemCode}`;
    return line === '' ? [pair] : [pair, `${pair}${mark}${line}`];
  });
  return {
    reference: `${number}/${itemCode}${line === '' ? '' : `/${line}`}`,
    aliases: [number, itemCode, ...pairs],
  };
}

async function readByNumbers<K extends 'Sales orders' | 'Sales order items'>(
  client: PeoplevoxClient,
  key: K,
  numbers: readonly string[],
  fields: { keyFields: readonly FieldOf<K>[]; neededFields: readonly FieldOf<K>[] },
): Promise<{ rows: Record<string, string>[]; isComplete: boolean }> {
  if (numbers.length > maxSearchTerms)
    throw new RangeError(`at most ${maxSearchTerms} order numbers a call, not ${numbers.length}`);
  if (numbers.length === 0) return { rows: [], isComplete: true };
  const template = templateOf(client.connection.templates, key);
  const column = template.columnOf('SalesOrderNumber' as FieldOf<K>);
  const search = templateSearch.anyOf(column, numbers);
  return readTemplateRows(client, key, { search, ...fields });
}
