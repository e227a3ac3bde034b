/** Verify: a sales order is in the warehouse when the warehouse itself shows it with every line and quantity,
 *  whatever it answered before. */
import {
  readSalesOrderItems,
  readSalesOrders,
  type SalesOrder,
  type SalesOrderItem,
} from '../peoplevox/sales-orders.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ExportDeps } from './export.ts';
import { differs, exportCodes, notVisible } from './export-causes.ts';
import { retryAt } from './retry.ts';
import {
  moveSalesOrders,
  readDueSalesOrders,
  type SalesOrderRow,
  type StepMove,
  saveSeenQuantities,
} from './sales-order-store.ts';
import { type HistoryEntry, recordHistory, recordTransition } from './store.ts';

/** Orders read back in one question. */
const ordersPerCall = 100;
/** How soon an order that is not shown yet is looked for again. Smaller: more calls while imports queue. */
const lookAgainMs = 15_000;
/** How long a taken row may stay unseen before it is sent again; doubles each time. Smaller than the import
 *  queue's delay: needless repeats; larger: dropped rows wait. */
const resendAfterMs = 45_000;
/** Sent again at least this often before a person is asked, however late it is. */
const triesBeforeStop = 2;

export type SeenOrder = { order: SalesOrder; items: SalesOrderItem[] };

/** Reads back everything that is due. Returns how many were seen whole. */
export async function verifyDue(context: FlowContext, deps: ExportDeps): Promise<number> {
  let verified = 0;
  for (;;) {
    const due = await readDueSalesOrders(
      context.db,
      deps.warehouse.id,
      ['lines-in'],
      context.clock.now(),
      ordersPerCall,
    );
    if (due.length === 0) return verified;
    verified += await verifyBatch(context, deps, due);
  }
}

/** What the warehouse shows of these orders; absent from the map: it shows none. `isComplete` false: absence
 *  proves nothing. */
export async function readBack(
  context: FlowContext,
  deps: ExportDeps,
  numbers: readonly string[],
): Promise<{ seen: Map<string, SeenOrder>; isComplete: boolean }> {
  await context.assertPlace();
  const headers = await readSalesOrders(deps.peoplevox, numbers);
  await context.assertPlace();
  const items = await readSalesOrderItems(deps.peoplevox, numbers);
  const seen = new Map<string, SeenOrder>();
  for (const order of headers.rows) seen.set(order.salesOrderNumber, { order, items: [] });
  for (const item of items.rows) seen.get(item.salesOrderNumber)?.items.push(item);
  return { seen, isComplete: headers.isComplete && items.isComplete };
}

async function verifyBatch(
  context: FlowContext,
  deps: ExportDeps,
  due: readonly SalesOrderRow[],
): Promise<number> {
  const call = `GetData Sales orders at ${context.clock.now().toISOString()}`;
  const { seen, isComplete } = await readBack(
    context,
    deps,
    due.map((one) => one.salesOrderNumber),
  );
  const verdicts = due.map((row) => ({
    row,
    verdict: judge(row, seen.get(row.salesOrderNumber), isComplete),
  }));
  const whole = verdicts.filter((one) => one.verdict.kind === 'whole').map((one) => one.row);
  const now = context.clock.now();
  await context.write(async (trx) => {
    const moves = verdicts.map(({ row, verdict }) => moveOf(row, verdict, now, deps));
    await moveSalesOrders(
      trx,
      deps.warehouse.id,
      moves.map((one) => one.move),
    );
    await saveSeenQuantities(trx, deps.warehouse.id, whole.flatMap(seenLines));
    await context.exceptions.raise(
      trx,
      moves.flatMap((one) => (one.cause ? [one.cause] : [])),
    );
    await recordHistory(
      trx,
      now,
      moves.flatMap((one) => (one.note ? [{ ...one.note, call }] : [])),
    );
    await recordTransition(
      trx,
      now,
      whole.flatMap((row) =>
        (['accepted', 'parked'] as const).map((from) => ({
          channel: row.channel,
          marketplaceOrderId: row.marketplaceOrderId,
          from,
          to: 'exported' as const,
          why: `sales order ${row.salesOrderNumber} seen whole in the warehouse`,
          call,
        })),
      ),
    );
    const subjects = whole.map((row) => ({
      connection: row.channel,
      subjectKind: 'order',
      subjectId: row.marketplaceOrderId,
    }));
    await context.exceptions.settle(trx, subjects, {
      codes: exportCodes,
      why: 'seen whole in the warehouse',
    });
  });
  return whole.length;
}

type Verdict =
  | { kind: 'whole'; status: string }
  | { kind: 'absent' }
  | { kind: 'unsure' }
  | { kind: 'linesMissing' }
  | { kind: 'differs'; what: string };

/** Compares an order with what the warehouse shows, units summed per ItemCode (whether the warehouse keeps
 *  two lines of one item apart is unconfirmed). Pure. */
export function judge(
  row: SalesOrderRow,
  seen: SeenOrder | undefined,
  isComplete: boolean,
): Verdict {
  if (!seen) return { kind: isComplete ? 'absent' : 'unsure' };
  const wanted = unitsByItem(
    row.lines.map((line) => ({ itemCode: line.itemCode, units: line.quantity })),
  );
  const shown = unitsByItem(
    seen.items.map((item) => ({
      itemCode: item.itemCode,
      units: item.quantityOrdered ?? Number.NaN,
    })),
  );
  const wrong = [...new Set([...wanted.keys(), ...shown.keys()])].filter(
    (code) => (wanted.get(code) ?? 0) !== (shown.get(code) ?? 0),
  );
  if (seen.order.status?.word === 'cancelled' && [...wanted.values()].some((units) => units > 0)) {
    return { kind: 'differs', what: 'it is cancelled there' };
  }
  if (wrong.length === 0) return { kind: 'whole', status: seen.order.status?.text ?? '' };
  if (!isComplete) return { kind: 'unsure' };
  const isOnlyMissing = wrong.every((code) => !shown.has(code));
  if (isOnlyMissing) return { kind: 'linesMissing' };
  const what = wrong
    .map((code) => `${code} ${unitsText(shown.get(code))} instead of ${wanted.get(code) ?? 0}`)
    .join(', ');
  return { kind: 'differs', what };
}

function unitsText(units: number | undefined): string {
  return Number.isNaN(units) ? 'an unreadable quantity' : String(units ?? 0);
}

function unitsByItem(lines: readonly { itemCode: string; units: number }[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of lines) sums.set(line.itemCode, (sums.get(line.itemCode) ?? 0) + line.units);
  for (const [code, units] of sums) if (units === 0) sums.delete(code);
  return sums;
}

type Moved = {
  move: StepMove;
  cause?: ReturnType<typeof differs>;
  note?: HistoryEntry;
};

function moveOf(row: SalesOrderRow, verdict: Verdict, now: Date, deps: ExportDeps): Moved {
  const after = (ms: number) => new Date(now.getTime() + ms);
  const base = { salesOrderNumber: row.salesOrderNumber };
  const note = (to: string, why: string): HistoryEntry => ({
    channel: row.channel,
    marketplaceOrderId: row.marketplaceOrderId,
    kind: 'warehouse',
    from: row.step,
    to,
    why,
  });
  if (verdict.kind === 'whole') {
    return {
      move: {
        ...base,
        step: 'verified',
        dueAt: now,
        seenAt: now,
        verifiedAt: row.verifiedAt ?? now,
        warehouseStatus: verdict.status,
        ...(row.verifiedAt ? {} : { referenceDueAt: now }),
      },
      note: note('verified', `seen whole, status ${verdict.status || 'not told'}`),
    };
  }
  const sentAt = row.linesSentAt ?? row.headerSentAt ?? row.stagedAt;
  const limitMs = deps.warehouse.verifyTimeoutMinutes * 60_000;
  const isOverdue =
    now.getTime() - (row.headerSentAt ?? row.stagedAt).getTime() >= limitMs &&
    row.attempts >= triesBeforeStop;
  const restMs = resendAfterMs * 2 ** Math.min(row.attempts, 8);
  const isEarly = !isOverdue && now.getTime() - sentAt.getTime() < restMs;
  if (verdict.kind === 'unsure' || isEarly) {
    return { move: { ...base, step: 'lines-in', dueAt: after(lookAgainMs) } };
  }
  const resend = verdict.kind === 'absent' ? 'staged' : 'header-in';
  if (!isOverdue) {
    return {
      move: { ...base, step: resend, dueAt: now, attempts: row.attempts + 1 },
      note: note(
        resend,
        verdict.kind === 'differs'
          ? `differs: ${verdict.what}; sent again`
          : 'not shown; sent again',
      ),
    };
  }
  const cause =
    verdict.kind === 'differs'
      ? differs(row, verdict.what)
      : notVisible(row, deps.warehouse.verifyTimeoutMinutes);
  return {
    move: {
      ...base,
      step: 'stopped',
      dueAt: retryAt(now, 20, deps.policies),
      lastError: cause.message,
    },
    cause,
    note: note('stopped', cause.message),
  };
}

function seenLines(row: SalesOrderRow) {
  return row.lines.map((line) => ({
    salesOrderNumber: row.salesOrderNumber,
    line: line.line,
    quantity: line.quantity,
  }));
}
