/** Export: staged sales orders go into the warehouse, headers then lines, up to 100 rows a call. Before
 *  anything is sent the warehouse is asked what it has: after a lost answer, a crash or a restored backup
 *  nothing is sent over an order that is there. */

import type { Refused } from '../errors.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { saveCustomers } from '../peoplevox/customers.ts';
import type { SaveResult } from '../peoplevox/row-results.ts';
import { saveSalesOrderItems, saveSalesOrders } from '../peoplevox/sales-orders.ts';
import { maxSearchTerms } from '../peoplevox/search.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { Settings, WarehouseSettings } from '../settings.ts';
import { exportRefused, templateRefused } from './export-causes.ts';
import { isolateRefused } from './isolate.ts';
import { lookBeforeSending } from './look.ts';
import { retryAt } from './retry.ts';
import {
  moveSalesOrders,
  readDueSalesOrders,
  restartStopped,
  type SalesOrderRow,
  type StepMove,
} from './sales-order-store.ts';
import { recordHistory } from './store.ts';

/** Failing rows are sent this often before a person is asked. */
const triesBeforePark = 3;

export type ExportDeps = {
  warehouse: WarehouseSettings;
  peoplevox: PeoplevoxClient;
  policies: Settings['policies'];
};

/** Sends what is due until nothing is. Throws VendorError when the warehouse is away; what was sent without
 *  an answer is looked up by the next run. Returns how many orders were taken whole. */
export async function exportDue(context: FlowContext, deps: ExportDeps): Promise<number> {
  let taken = 0;
  for (;;) {
    const headers = await exportHeaders(context, deps);
    const lines = await exportLines(context, deps);
    taken += lines;
    if (headers === 0 && lines === 0) return taken;
  }
}

/** Stopped orders whose rest is over start again; what stopped them is raised again if it persists. */
export async function restartDue(context: FlowContext, deps: ExportDeps): Promise<void> {
  const { id } = deps.warehouse;
  const now = context.clock.now();
  // One look in place of a transaction that changes nothing.
  if ((await readDueSalesOrders(context.db, id, ['stopped'], now, 1)).length === 0) return;
  await context.write((trx) => restartStopped(trx, id, now));
}

async function exportHeaders(context: FlowContext, deps: ExportDeps): Promise<number> {
  const { warehouse } = deps;
  const due = await readDueSalesOrders(
    context.db,
    warehouse.id,
    ['staged', 'header-sent', 'lines-sent'],
    context.clock.now(),
    // As many as one question before sending can ask for.
    Math.min(warehouse.rowsPerCall, maxSearchTerms),
  );
  if (due.length === 0) return 0;
  const absent = await lookBeforeSending(context, deps, due);
  if (absent.length === 0) return due.length;
  await saveMissingCustomers(context, deps, absent);
  await noteSent(context, deps, absent, 'header');
  await isolateRefused(absent, {
    send: async (rows) => {
      await context.assertPlace();
      const call = callName('SaveData Sales orders', context);
      const result = await saveSalesOrders(
        deps.peoplevox,
        rows.map((one) => ({ ...one.row, SalesOrderNumber: one.salesOrderNumber })),
        saveAction(warehouse),
      );
      await keepResults(
        context,
        deps,
        rows,
        outcomesByOrder(
          rows,
          rows.map(() => 1),
          result,
        ),
        {
          next: 'header-in',
          detail: result.detail,
          call,
        },
      );
    },
    park: (row, refusal) => parkRefused(context, deps, row, refusal),
    parkAll: (refusal) => raiseTemplate(context, deps, 'Sales orders', refusal),
  });
  return due.length;
}

async function saveMissingCustomers(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
): Promise<void> {
  const byReference = new Map(
    rows.filter((r) => r.customer).map((r) => [r.customer!['Reference'] ?? '', r.customer!]),
  );
  const customers = [...byReference.values()];
  for (let at = 0; at < customers.length; at += deps.warehouse.rowsPerCall) {
    await context.assertPlace();
    await saveCustomers(deps.peoplevox, customers.slice(at, at + deps.warehouse.rowsPerCall));
  }
}

/** The intent, before anything is sent. */
async function noteSent(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
  what: 'header' | 'lines',
): Promise<void> {
  const now = context.clock.now();
  await context.write((trx) =>
    moveSalesOrders(
      trx,
      deps.warehouse.id,
      rows.map((one) => ({
        salesOrderNumber: one.salesOrderNumber,
        step: what === 'header' ? 'header-sent' : 'lines-sent',
        dueAt: now,
        // Kept from the first time on: by it is told how long an order has not been seen.
        ...(what === 'header' ? { headerSentAt: one.headerSentAt ?? now } : { linesSentAt: now }),
      })),
    ),
  );
}

async function exportLines(context: FlowContext, deps: ExportDeps): Promise<number> {
  const { warehouse } = deps;
  const due = await readDueSalesOrders(
    context.db,
    warehouse.id,
    ['header-in'],
    context.clock.now(),
    // Enough orders to fill a call even when each has one line only.
    warehouse.rowsPerCall,
  );
  for (const batch of cutByLines(due, warehouse.rowsPerCall)) {
    await noteSent(context, deps, batch, 'lines');
    await isolateRefused(batch, {
      send: (rows) => sendLines(context, deps, rows),
      park: (row, refusal) => parkRefused(context, deps, row, refusal),
      parkAll: (refusal) => raiseTemplate(context, deps, 'Sales order items', refusal),
    });
  }
  return due.length;
}

async function sendLines(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
): Promise<void> {
  const lines = rows.flatMap((one) =>
    one.lines
      .filter((line) => line.quantity > 0 || line.seenQuantity !== null)
      .map((line) => ({
        SalesOrderNumber: one.salesOrderNumber,
        ItemCode: line.itemCode,
        QuantityOrdered: String(line.quantity),
        RequestedDeliveryDate: one.row['RequestedDeliveryDate'] ?? '',
        Line: line.line,
        SalePrice: line.salePrice,
      })),
  );
  const counts = rows.map(
    (one) => one.lines.filter((l) => l.quantity > 0 || l.seenQuantity !== null).length,
  );
  const call = callName('SaveData Sales order items', context);
  const outcomes: ('success' | 'error' | 'unanswered')[] = [];
  let detail = '';
  // An order with more lines than a call takes spans several calls.
  for (let at = 0; at < lines.length; at += deps.warehouse.rowsPerCall) {
    await context.assertPlace();
    const result = await saveSalesOrderItems(
      deps.peoplevox,
      lines.slice(at, at + deps.warehouse.rowsPerCall),
      saveAction(deps.warehouse),
    );
    outcomes.push(...result.rows.map((row) => row.outcome));
    detail ||= result.detail;
  }
  await keepResults(context, deps, rows, regroup(counts, outcomes), {
    next: 'lines-in',
    detail,
    call,
  });
}

/** Of headers and lines alike: 1 saves without allocating stock. */
export function saveAction(warehouse: WarehouseSettings): 0 | 1 {
  return warehouse.allocate ? 0 : 1;
}

type Outcome = 'success' | 'error' | 'unanswered';

function outcomesByOrder(
  rows: readonly SalesOrderRow[],
  counts: readonly number[],
  result: SaveResult,
): Outcome[][] {
  return regroup(
    counts.slice(0, rows.length),
    result.rows.map((row) => row.outcome),
  );
}

function regroup(counts: readonly number[], outcomes: readonly Outcome[]): Outcome[][] {
  let at = 0;
  return counts.map((count) => {
    at += count;
    return outcomes.slice(at - count, at);
  });
}

/** Writes the answer: taken orders go on, refused ones are tried again a few times and then raised, those
 *  without an answer are looked up next. */
async function keepResults(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
  outcomes: readonly Outcome[][],
  taken: { next: 'header-in' | 'lines-in'; detail: string; call: string },
): Promise<void> {
  const now = context.clock.now();
  const of = (index: number): Outcome => {
    const all = outcomes[index] ?? [];
    if (all.includes('error')) return 'error';
    return all.every((one) => one === 'success') ? 'success' : 'unanswered';
  };
  const isTaken = (row: SalesOrderRow) => of(rows.indexOf(row)) === 'success';
  const refused = rows.filter((row) => of(rows.indexOf(row)) === 'error');
  const parked = refused.filter((row) => row.attempts + 1 >= triesBeforePark);
  await context.write(async (trx) => {
    await moveSalesOrders(trx, deps.warehouse.id, [
      ...rows.filter(isTaken).map(
        (row): StepMove => ({
          salesOrderNumber: row.salesOrderNumber,
          step: taken.next,
          dueAt: now,
        }),
      ),
      ...refused.map(
        (row): StepMove => ({
          salesOrderNumber: row.salesOrderNumber,
          // Lines may be refused because their header was dropped without a word: it is looked for first.
          step: parked.includes(row)
            ? 'stopped'
            : taken.next === 'lines-in'
              ? 'header-sent'
              : 'staged',
          dueAt: retryAt(now, parked.includes(row) ? 20 : row.attempts, deps.policies),
          attempts: row.attempts + 1,
          lastError: taken.detail.slice(0, 500) || 'row refused without a text',
        }),
      ),
    ]);
    await context.exceptions.settle(trx, [templateSubject(deps.warehouse.id, taken.next)], {
      codes: ['template-refused'],
      why: 'its rows are taken again',
    });
    await context.exceptions.raise(
      trx,
      parked.map((row) => exportRefused(row, taken.detail, outcomes[rows.indexOf(row)] ?? [])),
    );
    await recordHistory(
      trx,
      now,
      rows.map((row) => ({
        channel: row.channel,
        marketplaceOrderId: row.marketplaceOrderId,
        kind: 'warehouse' as const,
        from: row.step,
        to: isTaken(row)
          ? taken.next
          : of(rows.indexOf(row)) === 'error'
            ? 'refused'
            : 'unanswered',
        why: isTaken(row)
          ? 'taken by the warehouse'
          : `not taken: ${taken.detail.slice(0, 200) || 'no text'}`,
        call: taken.call,
      })),
    );
  });
}

function templateSubject(connection: string, taken: 'header-in' | 'lines-in') {
  const subjectId = taken === 'header-in' ? 'Sales orders' : 'Sales order items';
  return { connection, subjectKind: 'template', subjectId };
}

async function parkRefused(
  context: FlowContext,
  deps: ExportDeps,
  row: SalesOrderRow,
  refusal: Refused,
): Promise<void> {
  const now = context.clock.now();
  await context.write(async (trx) => {
    await moveSalesOrders(trx, deps.warehouse.id, [
      {
        salesOrderNumber: row.salesOrderNumber,
        step: 'stopped',
        dueAt: retryAt(now, 20, deps.policies),
        lastError: refusal.vendorMessage.slice(0, 500),
      },
    ]);
    await context.exceptions.raise(trx, [exportRefused(row, refusal.vendorMessage, [])]);
  });
}

async function raiseTemplate(
  context: FlowContext,
  deps: ExportDeps,
  template: string,
  refusal: Refused,
): Promise<void> {
  await context.write((trx) =>
    context.exceptions.raise(trx, [
      templateRefused(deps.warehouse.id, template, refusal.vendorMessage),
    ]),
  );
  throw refusal;
}

/** Whole orders up to the row limit; an order of more lines than that stands alone. */
function cutByLines(rows: readonly SalesOrderRow[], limit: number): SalesOrderRow[][] {
  const batches: SalesOrderRow[][] = [];
  let size = 0;
  for (const row of rows) {
    const lines = row.lines.length;
    if (batches.length === 0 || size + lines > limit) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)!.push(row);
    size += lines;
  }
  return batches;
}

function callName(operation: string, context: FlowContext): string {
  return `${operation} at ${context.clock.now().toISOString()}`;
}
