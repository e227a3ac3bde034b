/** Cancel: what was cancelled on the marketplace before despatch is cancelled in the warehouse and read back.
 *  Once picking has begun a person is told instead. */
import type { Refused } from '../errors.ts';
import { cancelSalesOrders, saveSalesOrderItems } from '../peoplevox/sales-orders.ts';
import type { Trx } from '../runtime/db.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import { type ExportDeps, saveAction } from './export.ts';
import { cancelCodes, cancelNotApplied, cancelTooLate, exportCodes } from './export-causes.ts';
import { isolateRefused } from './isolate.ts';
import { retryAt } from './retry.ts';
import {
  moveSalesOrders,
  readDueSalesOrders,
  type SalesOrderRow,
  type StepMove,
  saveSeenQuantities,
} from './sales-order-store.ts';
import { recordHistory, recordTransition } from './store.ts';
import { judge, readBack, type SeenOrder } from './verify.ts';

const ordersPerCall = 100;
/** How soon a cancellation that does not show yet is looked for again. */
const lookAgainMs = 15_000;
/** A person is asked at this count. A cancellation that was taken counts one and is given twice the time of the
 *  one before, a quarter of an hour in all, since imports may be queued; one that was refused counts two. */
const triesBeforePark = 6;

/** Cancels everything that is due and reads it back. Throws VendorError when the warehouse is away. */
export async function cancelDue(context: FlowContext, deps: ExportDeps): Promise<void> {
  for (;;) {
    const due = await readDueSalesOrders(
      context.db,
      deps.warehouse.id,
      ['cancelling', 'cancel-sent'],
      context.clock.now(),
      Math.min(ordersPerCall, deps.warehouse.rowsPerCall),
    );
    if (due.length === 0) return;
    await cancelBatch(context, deps, due);
  }
}

async function cancelBatch(
  context: FlowContext,
  deps: ExportDeps,
  due: readonly SalesOrderRow[],
): Promise<void> {
  const call = `GetData Sales orders at ${context.clock.now().toISOString()}`;
  const { seen, isComplete } = await readBack(
    context,
    deps,
    due.map((one) => one.salesOrderNumber),
  );
  const verdicts = due.map((row) => ({
    row,
    ...decide(row, seen.get(row.salesOrderNumber), { isComplete, now: context.clock.now() }, deps),
  }));
  await keepVerdicts(context, deps, verdicts, call);
  await sendWhole(
    context,
    deps,
    verdicts.filter((v) => v.next === 'send' && isWhole(v.row)).map((v) => v.row),
  );
  await sendPartly(
    context,
    deps,
    verdicts.filter((v) => v.next === 'send' && !isWhole(v.row)).map((v) => v.row),
  );
}

type Decision = { next: 'done' | 'tooLate' | 'notApplied' | 'send' | 'wait'; what: string };

/** What to do with one order, given what the warehouse shows. Pure. */
function decide(
  row: SalesOrderRow,
  seen: SeenOrder | undefined,
  look: { isComplete: boolean; now: Date },
  deps: ExportDeps,
): Decision {
  const status = seen?.order.status;
  if (!seen) {
    if (!look.isComplete) return { next: 'wait', what: 'the answer was not whole' };
    // What was sent may stand in the import queue and come out of it uncancelled: absence is believed no
    // sooner than a missing order is given up.
    const sentMs = (row.linesSentAt ?? row.headerSentAt)?.getTime() ?? 0;
    const isFresh = look.now.getTime() - sentMs < deps.warehouse.verifyTimeoutMinutes * 60_000;
    return isFresh
      ? { next: 'wait', what: 'not shown' }
      : { next: 'done', what: 'the warehouse has none' };
  }
  // Of a sales order that the warehouse cancelled nothing leaves: what it still owes is for despatch to say.
  const isDone =
    status?.word === 'cancelled' || (!isWhole(row) && judge(row, seen, true).kind === 'whole');
  if (isDone)
    return { next: 'done', what: isWhole(row) ? 'seen cancelled' : 'seen with the new quantities' };
  const text = status?.text ?? '';
  const picking = new Set(deps.warehouse.pickingStatuses.map((name) => name.toLowerCase()));
  if (status?.word === 'despatched' || picking.has(text.toLowerCase()))
    return { next: 'tooLate', what: text };
  if (row.attempts >= triesBeforePark || (!isWhole(row) && deps.warehouse.lineCancel === 'ask')) {
    return { next: 'notApplied', what: `it is still ${text || 'there'}` };
  }
  return { next: 'send', what: text };
}

function isWhole(row: SalesOrderRow): boolean {
  return row.lines.every((line) => line.quantity === 0);
}

async function keepVerdicts(
  context: FlowContext,
  deps: ExportDeps,
  verdicts: readonly (Decision & { row: SalesOrderRow })[],
  call: string,
): Promise<void> {
  const now = context.clock.now();
  const settled = verdicts.filter((one) => one.next === 'done');
  const causes = verdicts.flatMap(({ row, next, what }): Cause[] => {
    if (next === 'tooLate') return [cancelTooLate(row, what)];
    return next === 'notApplied' ? [cancelNotApplied(row, what)] : [];
  });
  await context.write(async (trx) => {
    await moveSalesOrders(
      trx,
      deps.warehouse.id,
      verdicts.filter((v) => v.next !== 'send').map((v) => moveOf(v, now, deps)),
    );
    await saveSeenQuantities(
      trx,
      deps.warehouse.id,
      settled.flatMap(({ row }) =>
        row.lines.map((line) => ({
          salesOrderNumber: row.salesOrderNumber,
          line: line.line,
          quantity: line.quantity,
        })),
      ),
    );
    await context.exceptions.raise(trx, causes);
    await recordHistory(
      trx,
      now,
      verdicts
        // What a person was told once is not told every half hour again.
        .filter(
          ({ next, row }) =>
            next === 'done' ||
            (!['wait', 'send'].includes(next) && row.attempts <= triesBeforePark),
        )
        .map(({ row, next, what }) => ({
          channel: row.channel,
          marketplaceOrderId: row.marketplaceOrderId,
          kind: 'warehouse' as const,
          from: row.step,
          to: next === 'done' ? (isWhole(row) ? 'cancelled' : 'verified') : 'stopped',
          why: what,
          call,
        })),
    );
    await settle(context, trx, settled, call);
  });
}

/** Orders whose cancellation shows: on to their next state, and their exceptions are settled. */
async function settle(
  context: FlowContext,
  trx: Trx,
  settled: readonly (Decision & { row: SalesOrderRow })[],
  call: string,
): Promise<void> {
  const now = context.clock.now();
  for (const from of ['accepted', 'parked', 'exported'] as const) {
    await recordTransition(
      trx,
      now,
      settled
        // An order of which a part is left is in the warehouse whole now, perhaps for the first time.
        .filter(({ row }) => isWhole(row) || from !== 'exported')
        .map(({ row, what }) => ({
          channel: row.channel,
          marketplaceOrderId: row.marketplaceOrderId,
          from,
          to: isWhole(row) ? ('cancelled' as const) : ('exported' as const),
          why: `sales order ${row.salesOrderNumber}: ${what}`,
          call,
        })),
    );
  }
  const subjects = settled.map(({ row }) => ({
    connection: row.channel,
    subjectKind: 'order',
    subjectId: row.marketplaceOrderId,
  }));
  await context.exceptions.settle(trx, subjects, {
    codes: [...cancelCodes, ...exportCodes],
    why: 'the cancellation shows',
  });
}

function moveOf(verdict: Decision & { row: SalesOrderRow }, now: Date, deps: ExportDeps): StepMove {
  const { row, next } = verdict;
  const base = { salesOrderNumber: row.salesOrderNumber, attempts: row.attempts };
  if (next === 'done') {
    return {
      ...base,
      step: isWhole(row) ? 'cancelled' : 'verified',
      dueAt: now,
      seenAt: now,
      attempts: 0,
      ...(isWhole(row) || row.verifiedAt ? {} : { verifiedAt: now, referenceDueAt: now }),
    };
  }
  if (next === 'wait') {
    return {
      ...base,
      step: 'cancelling',
      dueAt: new Date(now.getTime() + lookAgainMs),
    };
  }
  // Looked at again now and then: the warehouse may still act, or a person may.
  return {
    ...base,
    step: 'cancelling',
    dueAt: retryAt(now, 20, deps.policies),
    attempts: triesBeforePark + 1,
  };
}

/** The intent. The first answer is read back at once; later ones are given time, as imports may be queued. */
async function noteSent(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
): Promise<void> {
  const now = context.clock.now();
  const restMs = (attempts: number) => (attempts === 0 ? 0 : lookAgainMs * 2 ** attempts);
  await context.write((trx) =>
    moveSalesOrders(
      trx,
      deps.warehouse.id,
      rows.map((row) => ({
        salesOrderNumber: row.salesOrderNumber,
        step: 'cancel-sent',
        dueAt: new Date(now.getTime() + restMs(row.attempts)),
        attempts: row.attempts + 1,
      })),
    ),
  );
}

/** Sends cancellations; ones that the warehouse refuses are told to a person and hold up nobody, neither
 *  other cancellations nor the orders that go in. */
async function sendAll(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
  send: (rows: readonly SalesOrderRow[]) => Promise<void>,
): Promise<void> {
  if (rows.length === 0) return;
  await noteSent(context, deps, rows);
  const park = (refused: readonly SalesOrderRow[], refusal: Refused) =>
    parkRefused(context, deps, refused, refusal);
  await isolateRefused(rows, {
    send,
    park: (row, refusal) => park([row], refusal),
    parkAll: (refusal) => park(rows, refusal),
  });
}

async function parkRefused(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
  refusal: Refused,
): Promise<void> {
  const now = context.clock.now();
  const what = `the warehouse refused it: ${refusal.vendorMessage}`;
  await context.write(async (trx) => {
    await moveSalesOrders(
      trx,
      deps.warehouse.id,
      rows.map((row) => moveOf({ row, next: 'notApplied', what }, now, deps)),
    );
    await context.exceptions.raise(
      trx,
      rows.map((row) => cancelNotApplied(row, what)),
    );
  });
}

function sendWhole(context: FlowContext, deps: ExportDeps, rows: readonly SalesOrderRow[]) {
  return sendAll(context, deps, rows, async (some) => {
    await context.assertPlace();
    const numbers = some.map((row) => row.salesOrderNumber);
    const { rows: results } = await cancelSalesOrders(deps.peoplevox, numbers);
    const refused = some.filter((_, at) => results[at]?.outcome === 'error');
    await countRefused(context, deps, refused);
  });
}

function sendPartly(context: FlowContext, deps: ExportDeps, rows: readonly SalesOrderRow[]) {
  return sendAll(context, deps, rows, async (some) => {
    const lines = some.flatMap(changedLines);
    const refused = new Set<string>();
    for (let at = 0; at < lines.length; at += deps.warehouse.rowsPerCall) {
      const part = lines.slice(at, at + deps.warehouse.rowsPerCall);
      await context.assertPlace();
      const result = await saveSalesOrderItems(deps.peoplevox, part, saveAction(deps.warehouse));
      for (const { outcome, position } of result.rows) {
        if (outcome === 'error') refused.add(part[position]!.SalesOrderNumber);
      }
    }
    await countRefused(
      context,
      deps,
      some.filter((row) => refused.has(row.salesOrderNumber)),
    );
  });
}

/** A refusal is no matter of waiting: looked at again at once. */
async function countRefused(
  context: FlowContext,
  deps: ExportDeps,
  rows: readonly SalesOrderRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const dueAt = context.clock.now();
  await context.write((trx) =>
    moveSalesOrders(
      trx,
      deps.warehouse.id,
      rows.map(({ salesOrderNumber, attempts }) => ({
        salesOrderNumber,
        step: 'cancel-sent',
        dueAt,
        attempts: attempts + 2,
      })),
    ),
  );
}

function changedLines(row: SalesOrderRow) {
  return row.lines
    .filter((line) => line.seenQuantity === null || line.seenQuantity !== line.quantity)
    .map((line) => ({
      SalesOrderNumber: row.salesOrderNumber,
      ItemCode: line.itemCode,
      QuantityOrdered: String(line.quantity),
      Line: line.line,
    }));
}
