/** The look before anything is sent: what does the warehouse have already? */
import { readSalesOrders } from '../peoplevox/sales-orders.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ExportDeps } from './export.ts';
import { foreignOrder } from './export-causes.ts';
import { retryAt } from './retry.ts';
import { moveSalesOrders, type SalesOrderRow, type StepMove } from './sales-order-store.ts';
import { recordHistory } from './store.ts';

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
  return isComplete ? due.filter((one) => !there.has(one.salesOrderNumber)) : [];
}

/** An order with our number but another purchase reference was made by somebody else. */
function isForeign(ours: SalesOrderRow, theirs: Record<string, string>): boolean {
  const reference = theirs['CustomerPurchaseOrderReferenceNumber'];
  return Boolean(reference) && reference !== ours.row['CustomerPurchaseOrderReferenceNumber'];
}
