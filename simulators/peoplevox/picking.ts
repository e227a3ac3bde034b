/** The life of a sales order after it was allocated: picked, despatched, or cancelled on the way. Stock follows each step: allocation reserves, cancelling frees, despatch takes both
 *  away. */
import { forget, release } from './allocation.ts';
import { raiseEvent } from './events.ts';
import { isOn, setStatus, siteOf } from './order-status.ts';
import type {
  DespatchRow,
  Item,
  SalesOrder,
  SalesOrderLine,
  StatusChange,
  Tenant,
} from './state.ts';
import { changeStock, stockAt } from './stock.ts';

/** What a world action did; `why` when the order's state forbids it. */
export type Outcome<T = object> = ({ ok: true } & T) | { ok: false; why: string };

/** Cancels an order that nobody has begun to pick; false when it is too late. */
export function cancel(tenant: Tenant, order: SalesOrder, by: StatusChange['by']): boolean {
  const isInTime = order.status === 'New' || order.status === 'Allocated';
  if (!isInTime && !(by === 'warehouse' && order.status === 'Picking')) return false;
  release(tenant, order);
  forget(tenant, order);
  setStatus(tenant, order, 'Cancelled', by);
  return true;
}

/** A picker takes an allocated order. */
export function startPicking(tenant: Tenant, order: SalesOrder): Outcome {
  if (order.status !== 'Allocated') return { ok: false, why: `order is ${order.status}` };
  if (isOn(order, 'OnHold')) return { ok: false, why: 'order is on hold' };
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
  if (isOn(order, 'StopShip')) return { ok: false, why: 'order is stopped' };
  const leaving = chooseUnits(order, wish.lines);
  if (typeof leaving === 'string') return { ok: false, why: leaving };
  const absent = notOnShelf(tenant, order, leaving);
  if (absent) return { ok: false, why: `${absent.code} is not on the shelf` };
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

/** The first item of which fewer units are on hand than would leave, whatever was reserved. */
function notOnShelf(
  tenant: Tenant,
  order: SalesOrder,
  leaving: ReadonlyMap<SalesOrderLine, number>,
): Item | undefined {
  const needs = new Map<Item, number>();
  for (const [line, units] of leaving) {
    for (const { item, each } of line.parts) needs.set(item, (needs.get(item) ?? 0) + each * units);
  }
  const site = siteOf(tenant, order);
  return [...needs].find(([item, units]) => (item.stock.get(site)?.onHand ?? 0) < units)?.[0];
}

function takeUnits(tenant: Tenant, order: SalesOrder, line: SalesOrderLine, units: number): void {
  const site = siteOf(tenant, order);
  const freed = order.reservationSticks ? 0 : units;
  for (const { item, each } of line.parts) {
    const by = { onHand: -each * units, allocated: -each * freed };
    changeStock(tenant, stockAt(tenant, item, site), by, 'Despatch');
  }
  line.allocated -= freed;
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
