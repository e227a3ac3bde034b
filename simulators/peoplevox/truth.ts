/** What checkers may see of the warehouse. */
import { siteOf } from './order-status.ts';
import type { Tenant, Truth } from './state.ts';

/** The view for checkers; the caller has settled the tenant. */
export function truthOf(tenant: Tenant): Truth {
  return {
    ...tenant.log,
    salesOrders: tenant.orders,
    items: tenant.items,
    stock: tenant.stock,
    stockChanges: tenant.changes,
    despatches: tenant.despatches,
    tables: tenant.tables,
    sessions: [...tenant.sessions.values()],
    subscriptions: tenant.events.subscriptions,
    stockAt: (itemCode) => stockOf(tenant, itemCode),
    unitsAllocated: (orderNumber) => unitsAllocated(tenant, orderNumber),
    allocatedAtMs: (orderNumber) =>
      tenant.orders.get(orderNumber)?.history.findLast(({ to }) => to === 'Allocated')?.atMs,
  };
}

function stockOf(tenant: Tenant, itemCode: string): ReturnType<Truth['stockAt']> {
  const rows = tenant.items.get(itemCode)?.stock.values() ?? [];
  return new Map(
    [...rows].map(({ site, onHand, allocated }) => [
      site,
      { onHand, allocated, available: onHand - allocated },
    ]),
  );
}

function unitsAllocated(tenant: Tenant, orderNumber: string): ReturnType<Truth['unitsAllocated']> {
  const order = tenant.orders.get(orderNumber);
  if (!order) return [];
  const site = siteOf(tenant, order);
  const units = new Map<string, number>();
  for (const line of order.lines) {
    if (line.allocated === 0) continue;
    for (const { item, each } of line.parts) {
      units.set(item.code, (units.get(item.code) ?? 0) + each * line.allocated);
    }
  }
  return [...units].map(([itemCode, held]) => ({ itemCode, site, units: held }));
}
