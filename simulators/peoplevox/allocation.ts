/** Reserving stock for sales orders: who is in line, when a run looks at them, what it reserves, and
 *  how reserved units become free again. */
import { isOn, setStatus, siteOf } from './order-status.ts';
import type { Item, SalesOrder, SalesOrderLine, Tenant } from './state.ts';
import { availableAt, changeStock, stockAt } from './stock.ts';

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
export function reconsiderStarved(tenant: Tenant, item: Item): void {
  const { starved } = tenant.allocation;
  for (const order of starved.get(item) ?? []) reconsider(tenant, order);
  starved.delete(item);
}

/** Peak mode: no order is allocated until it ends. */
export function setAllocationPaused(tenant: Tenant, isPaused: boolean): void {
  tenant.allocation.isPaused = isPaused;
  if (!isPaused && tenant.allocation.waiting.size > 0) scheduleRun(tenant);
}

/** Frees what an order has reserved and not yet sent, unless its reservation sticks. */
export function release(tenant: Tenant, order: SalesOrder): void {
  if (order.reservationSticks) return;
  for (const line of order.lines) {
    if (line.allocated !== 0) reserve(tenant, order, line, -line.allocated);
  }
  order.reservedOn = undefined;
}

/** An order that is wholly or partly reserved was changed: it starts again as New. */
export function deallocate(tenant: Tenant, order: SalesOrder): void {
  if (order.status !== 'Allocated' && order.status !== 'New') return;
  release(tenant, order);
  if (order.status === 'Allocated') setStatus(tenant, order, 'New', 'allocation');
}

/** An order that is gone is in no line any more. */
export function forget(tenant: Tenant, order: SalesOrder): void {
  tenant.allocation.waiting.delete(order);
  for (const orders of tenant.allocation.starved.values()) orders.delete(order);
}

function isAllocatable(order: SalesOrder): boolean {
  return (
    order.status === 'New' &&
    !order.isKeptFromAllocation &&
    !isOn(order, 'OnHold') &&
    order.lines.some((line) => line.quantity > 0)
  );
}

function scheduleRun(tenant: Tenant): void {
  const { allocation, timeline, settings } = tenant;
  if (allocation.isPaused || allocation.runAtMs !== undefined) return;
  allocation.runAtMs = timeline.nowMs() + settings.allocationDelayMs;
  timeline.at(allocation.runAtMs, () => runAllocation(tenant));
}

/** Earliest wanted first. */
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
  const needs = needsOf(order);
  const site = chooseSite(tenant, order, needs);
  const how = tenant.settings.allocation;
  const lacking = [...needs].filter(([item, units]) => availableAt(item, site) < units);
  if (lacking.length > 0 && how !== 'negative') {
    const { starved } = tenant.allocation;
    // Where any site may serve the order, more of anything it needs may make one whole.
    const awaited = tenant.settings.orderWithoutSite === 'withStock' ? [...needs] : lacking;
    for (const [item] of awaited) {
      starved.set(item, (starved.get(item) ?? new Set()).add(order));
    }
    if (how === 'whole') return;
  }
  order.reservedOn = site;
  for (const line of order.lines) {
    const units = how === 'partial' ? reservable(line, site) : missingUnits(line);
    if (units > 0) reserve(tenant, order, line, units);
  }
  const isWhole = order.lines.every((line) => missingUnits(line) === 0);
  if (isWhole) setStatus(tenant, order, 'Allocated', 'allocation');
  else if (order.lines.every((line) => line.allocated === 0)) order.reservedOn = undefined;
}

/** Units of stocked items that the order has still to reserve. */
function needsOf(order: SalesOrder): Map<Item, number> {
  const needs = new Map<Item, number>();
  for (const line of order.lines) {
    const units = missingUnits(line);
    if (units === 0) continue;
    for (const { item, each } of line.parts) needs.set(item, (needs.get(item) ?? 0) + each * units);
  }
  return needs;
}

/** What a line lacks; nothing when a sticking reservation already holds more than it wants. */
function missingUnits(line: SalesOrderLine): number {
  return Math.max(0, line.quantity - line.allocated - line.despatched);
}

function reservable(line: SalesOrderLine, site: string): number {
  return line.parts.reduce(
    (units, { item, each }) =>
      Math.min(units, Math.floor(Math.max(0, availableAt(item, site)) / each)),
    missingUnits(line),
  );
}

function chooseSite(tenant: Tenant, order: SalesOrder, needs: Map<Item, number>): string {
  const { settings } = tenant;
  const isFree = order.reservedOn === undefined && !order.fields['Site'];
  if (!isFree || settings.orderWithoutSite === 'firstSite') return siteOf(tenant, order);
  const hasAll = (site: string) =>
    [...needs].every(([item, units]) => availableAt(item, site) >= units);
  return settings.sites.find(hasAll) ?? settings.sites[0]!;
}

function reserve(tenant: Tenant, order: SalesOrder, line: SalesOrderLine, units: number): void {
  const site = siteOf(tenant, order);
  const reason = units > 0 ? 'Allocation' : 'Release';
  for (const { item, each } of line.parts) {
    changeStock(tenant, stockAt(tenant, item, site), { allocated: each * units }, reason);
    if (units < 0) reconsiderStarved(tenant, item);
  }
  line.allocated += units;
}
