/** Collect: what left the warehouse. Read by date with overlap, by number for everything that is still open, and
 *  back over several days once a day: the report is late, repeats itself and fills in tracking afterwards. */
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import {
  type DespatchBatch,
  type DespatchRow,
  dateOrderDoubt,
  readDespatchesOf,
  splitTracking,
  streamDespatches,
} from '../peoplevox/despatches.ts';
import { readSalesOrders } from '../peoplevox/sales-orders.ts';
import { isSearchable } from '../peoplevox/search.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import { moveWatermark, readWatermark } from '../runtime/watermark.ts';
import type { WarehouseSettings } from '../settings.ts';
import { readOddNumbers } from './odd-store.ts';
import {
  type KeptRow,
  noteLooks,
  readOpenNumbers,
  saveDespatchRows,
  trackingMark,
} from './store.ts';

export type CollectDeps = { warehouse: WarehouseSettings; peoplevox: PeoplevoxClient };

/** Orders looked up in one question, and questions in one run: the report comes first. */
const ordersPerCall = 100;
const callsPerRun = 3;
const rowsPerWrite = 2_000;
const sweepFact = 'despatch.sweptAt';
const oddFact = 'despatch.oddAt';
const flowName = 'despatch.collect';

/** Reads the report by date. Returns the sales orders of which something is new: nobody says so a second time. Throws
 *  VendorError. */
export async function collectRecent(context: FlowContext, deps: CollectDeps): Promise<string[]> {
  const { warehouse, peoplevox } = deps;
  const { overlapMinutes, sweepDays, firstHours } = warehouse.despatch;
  const started = context.clock.now();
  const known = await readWatermark(context.db, flowName, warehouse.id);
  const swept = (await readFact(context.db, warehouse.id, sweepFact)) as { atMs?: number } | null;
  const isSweep = known !== null && started.getTime() - (swept?.atMs ?? 0) >= 86_400_000;
  const backMs = isSweep
    ? sweepDays * 86_400_000
    : known === null
      ? firstHours * 3_600_000
      : overlapMinutes * 60_000;
  const since = new Date((isSweep ? started : (known ?? started)).getTime() - backMs);
  const changed: string[] = [];
  let isWhole = false;
  await context.assertPlace();
  for await (const batch of streamDespatches(peoplevox, { since })) {
    changed.push(...(await keep(context, deps, batch, since)));
    isWhole ||= batch.hasAllRows;
  }
  // An answer in part is read again from the same place.
  if (!isWhole) return changed;
  await context.write(async (trx) => {
    await moveWatermark(trx, flowName, warehouse.id, started);
    if (isSweep || known === null)
      await saveFact(trx, warehouse.id, sweepFact, { atMs: started.getTime() }, started);
  });
  return changed;
}

/** Tracking that came without a new date, rows that came late with an old one, and what became of orders that
 *  nothing is heard of: read by number. Returns the sales orders asked about. Throws VendorError. */
export async function collectOpen(context: FlowContext, deps: CollectDeps): Promise<string[]> {
  const { warehouse, peoplevox } = deps;
  const before = new Date(context.clock.nowMs() - warehouse.despatch.rereadMinutes * 60_000);
  const open = await readOpenNumbers(context.db, warehouse.id, before, ordersPerCall * callsPerRun);
  for (const number of await oddWhenDue(context, warehouse.id))
    if (!open.includes(number)) open.push(number);
  const changed: string[] = [];
  for (let at = 0; at < open.length; at += ordersPerCall) {
    const asked = open.slice(at, at + ordersPerCall);
    const numbers = asked.filter(isSearchable);
    await context.assertPlace();
    const batch = await readDespatchesOf(peoplevox, numbers, splitsOrders(warehouse));
    changed.push(...(await keep(context, deps, batch, null)));
    await context.assertPlace();
    const { rows: orders } = await readSalesOrders(peoplevox, numbers);
    const status = new Map(orders.map((one) => [one.salesOrderNumber, one.status?.text ?? null]));
    const looks = asked.map((number) => ({
      salesOrderNumber: number,
      status: status.get(number) ?? null,
    }));
    await context.write((trx) => noteLooks(trx, warehouse.id, context.clock.now(), looks));
    changed.push(...asked);
  }
  return changed;
}

/** Once an hour, orders that count as done and differ from what was sent. */
async function oddWhenDue(context: FlowContext, warehouse: string): Promise<string[]> {
  const now = context.clock.now();
  const kept = (await readFact(context.db, warehouse, oddFact)) as { atMs?: number } | null;
  if (now.getTime() - (kept?.atMs ?? 0) < 3_600_000) return [];
  await context.write((trx) => saveFact(trx, warehouse, oddFact, { atMs: now.getTime() }, now));
  const since = new Date(now.getTime() - 2 * 86_400_000);
  return readOddNumbers(context.db, warehouse, since, ordersPerCall * callsPerRun);
}

function splitsOrders(warehouse: WarehouseSettings): 'equals' | 'startsWith' {
  return warehouse.despatch.splitSuffix === undefined ? 'equals' : 'startsWith';
}

async function keep(
  context: FlowContext,
  deps: CollectDeps,
  batch: DespatchBatch,
  since: Date | null,
): Promise<string[]> {
  const { warehouse } = deps;
  const causes: Cause[] = [];
  const rows: KeptRow[] = [];
  for (const row of batch.rows) {
    if (row.quantity === null) continue;
    rows.push(keptRow(row, row.quantity, warehouse));
  }
  for (const { salesOrderNumber, why } of batch.unreadable) {
    causes.push({
      code: 'despatch-unreadable',
      connection: warehouse.id,
      subjectKind: 'salesOrder',
      subjectId: salesOrderNumber ?? '(unknown)',
      message: `a despatch row of sales order ${salesOrderNumber ?? '(unknown)'} cannot be read: ${why}; look at the report ${warehouse.reports.despatchSummary.name} in Peoplevox`,
      evidence: { why },
    });
  }
  const style = { timeZone: warehouse.timeZone, dateOrder: warehouse.dateOrder };
  const told = { style, now: context.clock.now(), ...(since ? { since } : {}) };
  if (dateOrderDoubt(batch.rows, told) === 'swapped') {
    causes.push({
      code: 'despatch-dates-swapped',
      connection: warehouse.id,
      subjectKind: 'warehouse',
      subjectId: warehouse.id,
      message: `warehouse ${warehouse.id}: despatch dates such as ${batch.rows[0]?.despatchedText ?? ''} only make sense with day and month the other way round; change warehouses[].dateOrder (now ${warehouse.dateOrder})`,
      evidence: { dateOrder: warehouse.dateOrder },
    });
  }
  const changed: string[] = [];
  for (let at = 0; at < Math.max(1, rows.length); at += rowsPerWrite) {
    const part = rows.slice(at, at + rowsPerWrite);
    if (part.length === 0 && (at > 0 || causes.length === 0)) break;
    const numbers = await context.write(async (trx) => {
      if (at === 0) await context.exceptions.raise(trx, causes);
      return saveDespatchRows(trx, warehouse.id, context.clock.now(), part);
    });
    changed.push(...numbers);
  }
  return changed;
}

function keptRow(row: DespatchRow, quantity: number, warehouse: WarehouseSettings): KeptRow {
  const { splitSuffix, trackingSeparators } = warehouse.despatch;
  const { salesOrderNumber } = row;
  const whole =
    splitSuffix === undefined
      ? salesOrderNumber
      : salesOrderNumber.replace(new RegExp(`${splitSuffix}$`), '');
  return {
    salesOrderNumber: whole,
    despatchNumber: row.despatchNumber,
    itemCode: row.itemCode,
    parentCode: row.parentItemCode,
    line: row.line,
    quantity,
    parentQuantity: row.parentQuantity,
    carrier: row.carrier,
    service: row.service,
    serviceTypeCode: row.serviceTypeCode,
    trackingNumber: splitTracking(row.trackingNumber, trackingSeparators).join(trackingMark),
    despatchedAt: row.despatchedAt,
  };
}
