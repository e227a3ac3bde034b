/** What every step in the life of a sales order needs: its site, its switches, and moving it on. */
import { raiseEvent } from './events.ts';
import type { OrderStatus } from './options.ts';
import type { SalesOrder, StatusChange, Tenant } from './state.ts';
import { bareDisplayForm, wallAt } from './times.ts';

/** Where an order is picked from: where its units are reserved, else where they will be. */
export function siteOf(tenant: Tenant, order: SalesOrder): string {
  return order.reservedOn ?? (order.fields['Site'] || tenant.settings.sites[0]!);
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

/** Whether a switch of the order, such as `OnHold`, is on. */
export function isOn(order: SalesOrder, field: 'OnHold' | 'StopShip'): boolean {
  return order.fields[field]?.toLowerCase() === 'true';
}
