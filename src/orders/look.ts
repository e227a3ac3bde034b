/** The look before anything is sent: what does the warehouse have already? */
import { readSalesOrders } from '../peoplevox/sales-orders.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ExportDeps } from './export.ts';
import { foreignOrder } from './export-causes.ts';
import { retryAt } from './retry.ts';
import { moveSalesOrders, type SalesOrderRow, type StepMove } from './sales-order-store.ts';
import { recordHistory } from './store.ts';

/** How soon an answer that was not whole is asked for again. */
const lookAgainMs = 15_000;
/** A tenant whose TotalCount is always off is believed after so many looks: what is sent is an upsert of our
 *  own number, and never sending is worse. */
const looksBeforeTrust = 3;

/** Asks the warehouse for these numbers. What is there goes on without its header being sent again; what
 *  is there but is not ours is raised. Returns those that are surely absent. */
export async function lookBeforeSending(
  context: FlowContext,
  deps: ExportDeps,
  due: readonly SalesOrderRow[],
): Promise<SalesOrderRow[]> {
  await context.assertPlace();
  const call = `GetData Sales orders at ${context.clock.now().toISOString()}`;
  const { rows, isComplete } = await readSalesOrders(
    deps.peoplevox,
    due.map((one) => one.salesOrderNumber),
  );
  const there = new Map(rows.map((row) => [row.salesOrderNumber, row]));
  const now = context.clock.now();
  const found = due.filter((one) => there.has(one.salesOrderNumber));
  const foreign = found.filter((one) => isForeign(one, there.get(one.salesOrderNumber)!.fields));
  const ours = found.filter((one) => !foreign.includes(one));
  // Most often none is there: nothing to keep, so no transaction.
  if (found.length === 0) return isComplete ? [...due] : [];
  await context.write(async (trx) => {
    await moveSalesOrders(trx, deps.warehouse.id, [
      ...ours.map(
        (one): StepMove => ({
          salesOrderNumber: one.salesOrderNumber,
          // Lines of an order that we did not send in this life are read before they are written.
          step: one.step === 'header-sent' ? 'header-in' : 'lines-in',
          dueAt: now,
          headerSentAt: one.headerSentAt ?? now,
          linesSentAt: one.linesSentAt ?? now,
          seenAt: now,
        }),
      ),
      ...foreign.map(
        (one): StepMove => ({
          salesOrderNumber: one.salesOrderNumber,
          step: 'stopped',
          dueAt: retryAt(now, 20, deps.policies),
        }),
      ),
    ]);
    await recordHistory(
      trx,
      now,
      ours.map((one) => ({
        channel: one.channel,
        marketplaceOrderId: one.marketplaceOrderId,
        kind: 'warehouse',
        from: one.step,
        to: one.step === 'header-sent' ? 'header-in' : 'lines-in',
        why: 'found in the warehouse; not sent again',
        call,
      })),
    );
    await context.exceptions.raise(
      trx,
      foreign.map((one) => foreignOrder(one, deps.warehouse.id)),
    );
  });
  const absent = due.filter((one) => !there.has(one.salesOrderNumber));
  const sure = absent.filter((one) => isComplete || one.attempts >= looksBeforeTrust);
  await putOff(
    context,
    deps,
    absent.filter((one) => !sure.includes(one)),
  );
  return sure;
}

/** An answer that promised more rows than it brought proves no absence; it is asked for again soon. */
async function putOff(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const dueAt = new Date(context.clock.nowMs() + lookAgainMs);
  await context.write((trx) =>
    moveSalesOrders(
      trx,
      deps.warehouse.id,
      rows.map(({ salesOrderNumber, step, attempts }) => ({
        salesOrderNumber,
        step,
        dueAt,
        attempts: attempts + 1,
      })),
    ),
  );
}

/** An order with our number but another purchase reference was made by somebody else. */
function isForeign(ours: SalesOrderRow, theirs: Record<string, string>): boolean {
  const reference = theirs['CustomerPurchaseOrderReferenceNumber'];
  return Boolean(reference) && reference !== ours.row['CustomerPurchaseOrderReferenceNumber'];
}
