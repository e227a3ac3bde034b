/** Importing sales orders and their lines: insert or change by key, cancel by status, never
 *  remove. */
import { deallocate, forget, reconsider, release } from './allocation.ts';
import { findItem } from './items.ts';
import { setStatus } from './order-status.ts';
import { cancel, startPicking } from './picking.ts';
import {
  type SalesOrder,
  type SalesOrderLine,
  type Stored,
  type Tenant,
  tableOf,
} from './state.ts';
import { partsOf } from './stock.ts';

/** Applies one row of `Sales orders`. Returns why not, or null; a refused row changes nothing. */
export function saveSalesOrder(tenant: Tenant, row: Stored, action: number): string | null {
  const number = row['SalesOrderNumber'] ?? '';
  const order = tenant.orders.get(number);
  if (action === 2) return deleteOrder(tenant, number, order);
  const status = row['Status'] ?? '';
  if (status !== '' && status !== tenant.settings.statusNames.Cancelled) {
    return `Sales order ${number} : Status ${status} cannot be imported`;
  }
  if (!order && status !== '') return `Sales order ${number} was not found`;
  const problem = referenceProblem(tenant, row, order);
  if (problem) return problem;
  if (!order) {
    insertOrder(tenant, number, row, action);
    return null;
  }
  if (status !== '') return cancelByApi(tenant, order, row);
  if (isClosed(order)) {
    const verdict = closedVerdict(tenant, order);
    if (verdict !== 'apply') return verdict;
  }
  changeOrder(tenant, order, row, action);
  return null;
}

function referenceProblem(tenant: Tenant, row: Stored, order?: SalesOrder): string | null {
  const site = row['Site'] ?? '';
  if (site !== '' && !tenant.tables.get('Sites')?.has(site)) return `Site ${site} was not found`;
  if (order && movesSite(tenant, order, row) && isBeingPicked(order)) {
    return `Sales order ${order.number} is ${order.status} and cannot change its site`;
  }
  if (!tenant.settings.requireCustomer || (order && row['Customer'] === undefined)) return null;
  const name = row['Customer'] ?? '';
  const customers = tableOf(tenant, 'Customers');
  if (name !== '' && customers.has(name)) return null;
  for (const customer of customers.values()) {
    if (name !== '' && customer['Name'] === name) return null;
  }
  return `Customer ${name} was not found`;
}

function movesSite(tenant: Tenant, order: SalesOrder, row: Stored): boolean {
  const site = row['Site'];
  const named = (reference: string | undefined) => reference || tenant.settings.sites[0]!;
  return site !== undefined && named(site) !== named(order.fields['Site']);
}

/** Its units are reserved where the picker stands. */
function isBeingPicked(order: SalesOrder): boolean {
  return order.status === 'Picking' || order.status === 'Part despatched';
}

function insertOrder(tenant: Tenant, number: string, row: Stored, action: number): void {
  const nowMs = tenant.timeline.nowMs();
  const order: SalesOrder = {
    number,
    fields: {},
    lines: [],
    status: 'New',
    history: [],
    isKeptFromAllocation: action === 1,
    reservedOn: undefined,
    reservationSticks: false,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    headerWrites: 0,
  };
  tenant.orders.set(number, order);
  setStatus(tenant, order, 'New', 'api');
  changeOrder(tenant, order, row, action);
}

/** A user changes an order on screen: the same rules for what is pointed to, none about its status.
 *  Returns why not, or null. */
export function editOrder(tenant: Tenant, order: SalesOrder, fields: Stored): string | null {
  const problem = referenceProblem(tenant, fields, order);
  if (problem) return problem;
  changeOrder(tenant, order, fields, order.isKeptFromAllocation ? 1 : 0);
  order.headerWrites -= 1;
  return null;
}

/** Puts sent fields over the stored ones; what was not sent stays. */
function changeOrder(tenant: Tenant, order: SalesOrder, row: Stored, action: number): void {
  const { ordersByOwnReference } = tenant;
  if (movesSite(tenant, order, row)) deallocate(tenant, order);
  const before = order.fields['CustomerPurchaseOrderReferenceNumber'] ?? '';
  for (const [field, value] of Object.entries(row)) {
    if (field !== 'SalesOrderNumber' && field !== 'Status') order.fields[field] = value;
  }
  const after = order.fields['CustomerPurchaseOrderReferenceNumber'] ?? '';
  if (before !== after) {
    ordersByOwnReference.get(before)?.delete(order);
    const same = ordersByOwnReference.get(after);
    if (same) same.add(order);
    else ordersByOwnReference.set(after, new Set([order]));
  }
  order.isKeptFromAllocation = action === 1;
  order.changedAtMs = tenant.timeline.nowMs();
  order.headerWrites += 1;
  reconsider(tenant, order);
}

function isClosed(order: SalesOrder): boolean {
  return order.status === 'Despatched' || order.status === 'Cancelled';
}

function closedVerdict(tenant: Tenant, order: SalesOrder): 'apply' | string | null {
  const { number, status } = order;
  tenant.log.closedOrderWrites.push({ atMs: tenant.timeline.nowMs(), number, status });
  const rule = tenant.settings.closedOrderUpdate;
  if (rule === 'applied') return 'apply';
  return rule === 'ignored' ? null : `Sales order ${number} is ${status} and cannot be changed`;
}

function cancelByApi(tenant: Tenant, order: SalesOrder, row: Stored): string | null {
  if (order.status === 'Cancelled') return null;
  if (
    order.status === 'Allocated' &&
    tenant.faults.strikes('pickBeforeCancel', 'SaveData Sales orders')
  ) {
    startPicking(tenant, order);
  }
  if (!cancel(tenant, order, 'api')) {
    if (tenant.settings.cancelAfterPicking === 'ignored') return null;
    return `Sales order ${order.number} is ${order.status} and cannot be cancelled`;
  }
  changeOrder(tenant, order, row, order.isKeptFromAllocation ? 1 : 0);
  return null;
}

function deleteOrder(tenant: Tenant, number: string, order: SalesOrder | undefined): string | null {
  if (!order) return `Sales order ${number} was not found`;
  if (!['New', 'Allocated', 'Cancelled'].includes(order.status)) {
    return `Sales order ${number} is ${order.status} and cannot be deleted`;
  }
  release(tenant, order);
  forget(tenant, order);
  tenant.orders.delete(number);
  const reference = order.fields['CustomerPurchaseOrderReferenceNumber'] ?? '';
  tenant.ordersByOwnReference.get(reference)?.delete(order);
  return null;
}

/** Applies one row of `Sales order items`. Returns why not, or null; a refused row changes
 *  nothing. */
export function saveSalesOrderItem(tenant: Tenant, row: Stored, action: number): string | null {
  const number = row['SalesOrderNumber'] ?? '';
  const order = tenant.orders.get(number);
  if (!order) return `Sales order ${number} was not found`;
  const item = findItem(tenant, row['ItemCode'] ?? '');
  if (!item) return `Item type ${row['ItemCode'] ?? ''} was not found`;
  if (action === 2) return `Sales order ${number} : lines cannot be deleted`;
  const line = order.lines.find((l) => l.item === item && isSameLine(tenant, l, row['Line']));
  const sent = row['QuantityOrdered'];
  if (sent === '' || (sent === undefined && !line)) return 'QuantityOrdered is required';
  const quantity = Number(sent ?? line?.quantity);
  if (quantity < 0 || (quantity === 0 && tenant.settings.zeroQuantity === 'error')) {
    return `QuantityOrdered ${quantity} is not allowed`;
  }
  if (isClosed(order)) {
    const verdict = closedVerdict(tenant, order);
    if (verdict !== 'apply') return verdict;
  }
  const changesQuantity = !line || line.quantity !== quantity;
  if (changesQuantity && order.status !== 'New' && order.status !== 'Allocated') {
    return `Sales order ${number} is ${order.status} and its lines cannot be changed`;
  }
  if (changesQuantity) deallocate(tenant, order);
  keepLine(order, line ?? newLine(order, { item, parts: partsOf(item) }), quantity, row);
  order.isKeptFromAllocation = action === 1;
  order.changedAtMs = tenant.timeline.nowMs();
  reconsider(tenant, order);
  return null;
}

/** Without a Line column any line of the item is meant. */
function isSameLine(tenant: Tenant, line: SalesOrderLine, sent: string | undefined): boolean {
  if (tenant.settings.duplicateLines === 'merged' || sent === undefined) return true;
  return line.line === sent;
}

function newLine(order: SalesOrder, of: Pick<SalesOrderLine, 'item' | 'parts'>): SalesOrderLine {
  const line = { ...of, line: '', quantity: 0, allocated: 0, despatched: 0, fields: {} };
  order.lines.push(line);
  return line;
}

function keepLine(order: SalesOrder, line: SalesOrderLine, quantity: number, row: Stored): void {
  line.quantity = quantity;
  line.line = row['Line'] ?? line.line;
  Object.assign(line.fields, row, { SalesOrderNumber: order.number });
}
