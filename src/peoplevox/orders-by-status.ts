/** Which orders have a status, from the report `Sales orders by status`: how a cancellation made
 *  in the warehouse is found. */
import type { PeoplevoxClient } from './client.ts';
import type { StatusColumn } from './connection.ts';
import { earliestFrom, fromPeoplevoxDate, UnreadableDate } from './dates.ts';
import { raggedError } from './paging.ts';
import { indexesOf, type ReportShape, readWithColumns } from './report-columns.ts';
import { type ReportPart, streamReport } from './report-rows.ts';
import { and, orderBy, reportDate, reportSearch } from './search.ts';
import { type SalesOrderStatus, salesOrderStatusOf } from './statuses.ts';

/** One order. `requestedDeliveryAt` null when blank or unreadable. */
export type OrderByStatus = {
  salesOrderNumber: string;
  status: SalesOrderStatus;
  requestedDeliveryAt: Date | null;
};

/** A row that is lost; `salesOrderNumber` null when even that is not known. */
export type UnreadableOrder = { salesOrderNumber: string | null; why: string };

/** `hasAllRows` and `isComplete` as in DespatchBatch. */
export type OrdersByStatus = {
  rows: OrderByStatus[];
  unreadable: UnreadableOrder[];
  hasAllRows: boolean;
  isComplete: boolean;
};

/** The orders whose status has the name given (in any letter case), by requested delivery date.
 *  `since`: only those to be delivered then or later, to the second and without end; an order due
 *  before is not found, nor is one without such a date. Each row is checked again, so a server
 *  that ignores the search makes no order cancelled. Throws Unsearchable for the status or a
 *  column's name, BadAnswer for a missing column, Refused (see `readWithColumns`) and VendorError
 *  of the calls. Source: reference sections 10 and 14. */
export async function readOrdersByStatus(
  client: PeoplevoxClient,
  wanted: { status: string; since?: Date },
): Promise<OrdersByStatus> {
  const { name, columns } = client.connection.statusReport;
  const shape: ReportShape<StatusColumn> = {
    name,
    setting: 'reports.salesOrdersByStatus',
    columns,
    needed: ['salesOrderNumber', 'status', 'requestedDeliveryAt'],
  };
  const { timeZone, reportPageSize } = client.connection;
  const parts = readWithColumns(client, shape, (asked) => {
    const due = asked.nameOf('requestedDeliveryAt');
    const hasStatus = reportSearch.equals(asked.nameOf('status'), wanted.status);
    return streamReport(client, {
      request: {
        reportName: name,
        search: wanted.since
          ? and(hasStatus, reportDate(due, '>=', earliestFrom(wanted.since, timeZone), timeZone))
          : hasStatus,
        orderBy: orderBy(due),
        columns: asked.list,
      },
      pageSize: reportPageSize,
      keyOf: () => (row) => row.join('\u0000'),
    });
  });
  const whole: OrdersByStatus = { rows: [], unreadable: [], hasAllRows: false, isComplete: false };
  for await (const part of parts) {
    const { rows, unreadable } = readBatch(client, shape, part);
    const status = wanted.status.trim().toLowerCase();
    whole.rows.push(...rows.filter((row) => statusName(client, row) === status));
    whole.unreadable.push(...unreadable);
    whole.hasAllRows = part.hasAllRows;
    whole.isComplete = part.isComplete && whole.unreadable.length === 0;
  }
  return whole;
}

function readBatch(
  client: PeoplevoxClient,
  shape: ReportShape<StatusColumn>,
  part: ReportPart,
): { rows: OrderByStatus[]; unreadable: UnreadableOrder[] } {
  const unreadable: UnreadableOrder[] = part.ragged.map((row) => ({
    salesOrderNumber: null,
    why: raggedError(row).message,
  }));
  const rows: OrderByStatus[] = [];
  if (part.rows.length === 0) return { rows, unreadable };
  const indexes = indexesOf(client, shape, part.header);
  for (const values of part.rows) {
    const text = (column: StatusColumn) => values[indexes[column] ?? -1] ?? '';
    const salesOrderNumber = text('salesOrderNumber').trim();
    const status = text('status');
    if (salesOrderNumber === '') {
      unreadable.push({ salesOrderNumber: null, why: 'a row without an order number' });
    } else if (status.trim() === '') {
      unreadable.push({ salesOrderNumber, why: 'a row without a status' });
    } else {
      rows.push({
        salesOrderNumber,
        status: salesOrderStatusOf(status, client.connection.statusNumbers),
        requestedDeliveryAt: readDate(text('requestedDeliveryAt'), client),
      });
    }
  }
  return { rows, unreadable };
}

/** The name behind a status, in small letters: a tenant's report may show its number. */
function statusName(client: PeoplevoxClient, { status }: OrderByStatus): string {
  const bare = status.text.trim();
  const { statusNumbers } = client.connection;
  return (Object.hasOwn(statusNumbers, bare) ? statusNumbers[bare]! : bare).toLowerCase();
}

function readDate(text: string, client: PeoplevoxClient): Date | null {
  try {
    return fromPeoplevoxDate(text, client.connection);
  } catch (cause) {
    if (cause instanceof UnreadableDate) return null;
    throw cause;
  }
}
