/** The life of a sales order after it was saved: allocated, picked, despatched, or cancelled on
 *  the way. Stock follows each step: allocation reserves, cancelling frees, despatch takes both
 *  away. */
import { raiseEvent } from './events.ts';
import type { OrderStatus } from './options.ts';
import type {
  DespatchRow,
  Item,
  SalesOrder,
  SalesOrderLine,
  StatusChange,
  StockRow,
  Tenant,
} from './state.ts';
import { availableAt, changeStock, stockAt } from './stock.ts';
import { bareDisplayForm, wallAt } from './times.ts';

/** What a world action did; `why` when the order's state forbids it. */
export type Outcome<T = object> = ({ ok: true } & T) | { ok: false; why: string };

/** Where an order is picked from. */
export function siteOf(tenant: Tenant, order: SalesOrder): string {
  return order.fields['Site'] || tenant.settings.sites[0]!;
}

/** Moves an order on, keeps the history and tells subscribers. */
export function setStatus(
  tenant: Tenant,
  order: SalesOrder,
  to: OrderStatus,
  by: StatusChange['by'],
): void {
  const atMs = tenant.timeline.nowMs();
  const from = order.history.length === 0 ? null : order.status;
  order.status = to;
  order.history.push({ atMs, from, to, by });
  order.changedAtMs = atMs;
  const { settings } = tenant;
  raiseEvent(tenant, 'SalesOrderStatusChanges', siteOf(tenant, order), {
    SalesOrderNumber: order.number,
    'SalesOrderStatu.Name': settings.statusNames[to],
    LastModificationTime: bareDisplayForm(wallAt(atMs, settings.timeZone), settings),
  });
}

/** Puts an order in line for the next allocation run, or takes it out, as its state now demands. */
export function reconsider(tenant: Tenant, order: SalesOrder): void {
  const { allocation } = tenant;
  if (!isAllocatable(order)) {
    allocation.waiting.delete(order);
    return;
  }
  allocation.waiting.add(order);
  scheduleRun(tenant);
}

/** More units of an item are there: orders that lacked it are looked at again. */
function reconsiderStarved(tenant: Tenant, item: Item): void {
  const { starved } = tenant.allocation;
  for (const order of starved.get(item) ?? []) reconsider(tenant, order);
  starved.delete(item);
}

function isAllocatable(order: SalesOrder): boolean {
  return (
    order.status === 'New' &&
    !order.isKeptFromAllocation &&
    !isTrue(order.fields['OnHold']) &&
    order.lines.some((line) => line.quantity > 0)
  );
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}

function scheduleRun(tenant: Tenant): void {
  const { allocation, timeline, settings } = tenant;
  if (allocation.isPaused || allocation.runAtMs !== undefined) return;
  allocation.runAtMs = timeline.nowMs() + settings.allocationDelayMs;
  timeline.at(allocation.runAtMs, () => runAllocation(tenant));
}

/** Peak mode: no order is allocated until it ends. */
export function setAllocationPaused(tenant: Tenant, isPaused: boolean): void {
  tenant.allocation.isPaused = isPaused;
  if (!isPaused && tenant.allocation.waiting.size > 0) scheduleRun(tenant);
}

/** Earliest wanted first. An order is reserved whole or not at all. */
function runAllocation(tenant: Tenant): void {
  const { allocation } = tenant;
  allocation.runAtMs = undefined;
  if (allocation.isPaused) return;
  const wantedBy = (order: SalesOrder) => order.fields['RequestedDeliveryDate'] ?? '';
  const orders = [...allocation.waiting].sort((a, b) =>
    wantedBy(a) === wantedBy(b)
      ? a.createdAtMs - b.createdAtMs
      : wantedBy(a) < wantedBy(b)
        ? -1
        : 1,
  );
  allocation.waiting.clear();
  for (const order of orders) if (isAllocatable(order)) allocate(tenant, order);
}

function allocate(tenant: Tenant, order: SalesOrder): void {
  const site = siteOf(tenant, order);
  const needs = new Map<Item, number>();
  for (const line of order.lines) {
    for (const { item, each } of line.parts) {
      needs.set(item, (needs.get(item) ?? 0) + each * line.quantity);
    }
  }
  for (const [item, units] of needs) {
    if (tenant.settings.oversell || availableAt(item, site) >= units) continue;
    const { starved } = tenant.allocation;
    starved.set(item, (starved.get(item) ?? new Set()).add(order));
    return;
  }
  for (const line of order.lines) reserve(tenant, order, line, line.quantity);
  setStatus(tenant, order, 'Allocated', 'allocation');
}

function reserve(tenant: Tenant, order: SalesOrder, line: SalesOrderLine, units: number): void {
  const site = siteOf(tenant, order);
  for (const { item, each } of line.parts) {
    changeStock(tenant, stockAt(tenant, item, site), { allocated: each * units }, 'Allocation');
    if (units < 0) reconsiderStarved(tenant, item);
  }
  line.allocated += units;
}

/** Frees what an order has reserved and not yet sent. */
export function release(tenant: Tenant, order: SalesOrder): void {
  for (const line of order.lines) {
    if (line.allocated !== 0) reserve(tenant, order, line, -line.allocated);
  }
}

/** An allocated order was changed: it starts again as New. */
export function deallocate(tenant: Tenant, order: SalesOrder): void {
  if (order.status !== 'Allocated') return;
  release(tenant, order);
  setStatus(tenant, order, 'New', 'allocation');
}

/** Cancels an order that nobody has begun to pick; false when it is too late. */
export function cancel(tenant: Tenant, order: SalesOrder, by: StatusChange['by']): boolean {
  const isInTime = order.status === 'New' || order.status === 'Allocated';
  if (!isInTime && !(by === 'warehouse' && order.status === 'Picking')) return false;
  release(tenant, order);
  tenant.allocation.waiting.delete(order);
  setStatus(tenant, order, 'Cancelled', by);
  return true;
}

/** A picker takes an allocated order. */
export function startPicking(tenant: Tenant, order: SalesOrder): Outcome {
  if (order.status !== 'Allocated') return { ok: false, why: `order is ${order.status}` };
  if (isTrue(order.fields['OnHold'])) return { ok: false, why: 'order is on hold' };
  setStatus(tenant, order, 'Picking', 'warehouse');
  return { ok: true };
}

export type DespatchWish = {
  /** Which units leave; everything that is left when absent. `line` tells equal items apart. */
  lines?: { itemCode: string; line?: string; quantity: number }[];
  /** '' or absent: none comes, unless one is set later. */
  trackingNumber?: string;
  /** The tracking number becomes known so long after the despatch. */
  trackedAfterMs?: number;
  /** The report shows the rows so long after the despatch, with the older date. */
  visibleAfterMs?: number;
  carrier?: string;
  service?: string;
};

/** Goods leave: a despatch with its rows, stock taken, the order despatched whole or in part. */
export function despatch(
  tenant: Tenant,
  order: SalesOrder,
  wish: DespatchWish,
): Outcome<{ despatchNumber: string }> {
  if (order.status !== 'Picking' && order.status !== 'Part despatched') {
    return { ok: false, why: `order is ${order.status}` };
  }
  if (isTrue(order.fields['StopShip'])) return { ok: false, why: 'order is stopped' };
  const leaving = chooseUnits(order, wish.lines);
  if (typeof leaving === 'string') return { ok: false, why: leaving };
  const despatchNumber = `DES${++tenant.lastNumbers.despatch}`;
  for (const [line, units] of leaving) {
    takeUnits(tenant, order, line, units);
    addRows(tenant, { despatchNumber, order, line, units, wish });
  }
  const isWhole = order.lines.every((line) => line.despatched >= line.quantity);
  const status = isWhole ? 'Despatched' : 'Part despatched';
  if (order.status !== status) setStatus(tenant, order, status, 'warehouse');
  if (wish.trackingNumber) {
    const atMs = tenant.timeline.nowMs() + (wish.trackedAfterMs ?? 0);
    tenant.timeline.at(atMs, () => tellTracking(tenant, order, despatchNumber));
  }
  return { ok: true, despatchNumber };
}

function chooseUnits(
  order: SalesOrder,
  lines: DespatchWish['lines'],
): Map<SalesOrderLine, number> | string {
  const leaving = new Map<SalesOrderLine, number>();
  const left = (line: SalesOrderLine) => line.quantity - line.despatched - (leaving.get(line) ?? 0);
  if (!lines) for (const line of order.lines) if (left(line) > 0) leaving.set(line, left(line));
  for (const { itemCode, line: wanted, quantity } of lines ?? []) {
    const line = order.lines.find(
      (l) => l.item.code === itemCode && (wanted === undefined || l.line === wanted),
    );
    if (!line) return `the order has no line of ${itemCode}`;
    if (quantity < 1 || quantity > left(line)) return `${itemCode} has ${left(line)} units left`;
    leaving.set(line, (leaving.get(line) ?? 0) + quantity);
  }
  return leaving.size > 0 ? leaving : 'nothing is left to despatch';
}

function takeUnits(tenant: Tenant, order: SalesOrder, line: SalesOrderLine, units: number): void {
  const site = siteOf(tenant, order);
  for (const { item, each } of line.parts) {
    const by = { onHand: -each * units, allocated: -each * units };
    changeStock(tenant, stockAt(tenant, item, site), by, 'Despatch');
  }
  line.allocated -= units;
  line.despatched += units;
}

function addRows(
  tenant: Tenant,
  sent: {
    despatchNumber: string;
    order: SalesOrder;
    line: SalesOrderLine;
    units: number;
    wish: DespatchWish;
  },
): void {
  const { despatchNumber, order, line, units, wish } = sent;
  const despatchedAtMs = tenant.timeline.nowMs();
  const serviceCode = wish.service ?? order.fields['ServiceType'] ?? '';
  for (const { item, each } of line.parts) {
    const row: DespatchRow = {
      despatchNumber,
      order,
      line,
      item,
      quantity: each * units,
      parentQuantity: units,
      despatchedAtMs,
      visibleAtMs: despatchedAtMs + (wish.visibleAfterMs ?? 0),
      trackingNumber: wish.trackingNumber ?? '',
      trackedAtMs: despatchedAtMs + (wish.trackedAfterMs ?? 0),
      carrier:
        wish.carrier ?? tenant.tables.get('Service types')?.get(serviceCode)?.['Carrier'] ?? '',
      service: serviceCode,
    };
    tenant.despatches.push(row);
    const rows = tenant.despatchesByOrder.get(order);
    if (rows) rows.push(row);
    else tenant.despatchesByOrder.set(order, [row]);
  }
}

/** The tracking number of a despatch becomes known: on the order, and to subscribers. */
export function tellTracking(tenant: Tenant, order: SalesOrder, despatchNumber: string): void {
  const rows = tenant.despatchesByOrder.get(order) ?? [];
  const row = rows.find((r) => r.despatchNumber === despatchNumber);
  if (!row) return;
  order.fields['DespatchTrackingNumber'] = row.trackingNumber;
  order.fields['CarrierName'] = row.carrier;
  raiseEvent(tenant, 'TrackingNumberReceived', siteOf(tenant, order), {
    DespatchNumber: despatchNumber,
    TrackingNumber: row.trackingNumber,
    'Carrier.Number': row.carrier,
    'ServiceType.Name': row.service,
    'ServiceType.Code': row.service,
    'Picks.SalesOrder.SalesOrderNumber': order.number,
    'Picks.SalesOrder.Email': order.fields['Email'] ?? '',
  });
}

/** Units a stock row holds beyond what orders reserved; for world actions that set counts. */
export function countStock(tenant: Tenant, row: StockRow, onHand: number, reason: string): void {
  const more = onHand - row.onHand;
  changeStock(tenant, row, { onHand: more }, reason);
  if (more > 0) reconsiderStarved(tenant, row.item);
}
