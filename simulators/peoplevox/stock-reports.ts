/** The reports about stock: what is there, and what has changed. Section 11 of the reference. */
import type { Table } from './query.ts';
import { columnsOf, headingOf } from './report-columns.ts';
import {
  type Change,
  type Item,
  type StockReason,
  type StockRow,
  type Tenant,
  tableOf,
} from './state.ts';
import { wallAt } from './times.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** The changes report goes back no further. */
const changesReachMs = 30 * dayMs;

/** `Item inventory summary`: one row per item and site, SystemSite among them; none for a kit, nor
 *  for an item that never had stock. */
export function inventory(tenant: Tenant, name: string): Table<StockRow> {
  return {
    dialect: 'report',
    columns: columnsOf<StockRow>(tenant, name, [
      ['Item code', 'text', (row) => row.item.code],
      ['Name', 'text', (row) => row.item.fields['Name'] ?? ''],
      ['Site reference', 'text', (row) => row.site],
      ['On hand', 'number', (row) => row.onHand],
      ['Allocated', 'number', (row) => row.allocated],
      ['Available', 'number', (row) => row.onHand - row.allocated],
      ['Item barcode', 'text', (row) => row.item.fields['Barcode'] ?? ''],
    ]),
    rows: () => tenant.stock,
    indexes: new Map([
      [headingOf(tenant, name, 'Item code'), (code) => stockOf(tenant.items.get(code))],
    ]),
    version: `${tenant.stockVersion}`,
    revision: (row) => row.revision,
  };
}

function stockOf(item: Item | undefined): StockRow[] {
  return item ? [...item.stock.values()] : [];
}

/** `Item inventory summary all sites` sums every site, SystemSite too: one of the ways to sell what
 *  is not there. */
export function inventoryAllSites(tenant: Tenant, name: string): Table<Item> {
  const sum = (item: Item, part: (row: StockRow) => number) =>
    stockOf(item).reduce((units, row) => units + part(row), 0);
  const withStock = (item: Item | undefined) => (item && item.stock.size > 0 ? [item] : []);
  return {
    dialect: 'report',
    columns: columnsOf<Item>(tenant, name, [
      ['Item code', 'text', (item) => item.code],
      ['Name', 'text', (item) => item.fields['Name'] ?? ''],
      ['On hand', 'number', (item) => sum(item, (row) => row.onHand)],
      ['Allocated', 'number', (item) => sum(item, (row) => row.allocated)],
      ['Available', 'number', (item) => sum(item, (row) => row.onHand - row.allocated)],
    ]),
    rows: () => [...tenant.items.values()].flatMap(withStock),
    indexes: new Map([
      [headingOf(tenant, name, 'Item code'), (code) => withStock(tenant.items.get(code))],
    ]),
    version: `${tenant.stockVersion}`,
  };
}

/** `Incremental Changes Report v1`: the changes of the last 30 days, oldest first; of each item and
 *  site the latest with the figure of now, or every one with the figure after it. What a search
 *  from a moment on costs depends on the changes since then alone. */
export function latestChanges(tenant: Tenant, name: string): Table<Change> {
  const { settings, timeline } = tenant;
  const nowMs = timeline.nowMs();
  const fromMs = nowMs - changesReachMs;
  const isLatest = settings.changesRows === 'latest';
  const isShown = (change: Change) =>
    isLatest ? change.row.lastReported === change : change.isReported;
  const ofItem = (code: string) =>
    stockOf(tenant.items.get(code)).flatMap(({ lastReported }) =>
      lastReported && lastReported.atMs >= fromMs ? [lastReported] : [],
    );
  return {
    dialect: 'report',
    columns: columnsOf<Change>(tenant, name, [
      ['Item code', 'text', ({ row }) => row.item.code],
      [
        'Item current available quantity',
        'number',
        ({ row, available }) => (isLatest ? row.onHand - row.allocated : available),
      ],
      ['Item Barcode', 'text', ({ row }) => row.item.fields['Barcode'] ?? ''],
      ['Timestamp', 'date', ({ atMs }) => wallAt(atMs, settings.timeZone)],
      ['Site reference', 'text', ({ site }) => site],
    ]),
    rows: () => changesFrom(tenant, fromMs).filter(isShown),
    indexes: isLatest ? new Map([[headingOf(tenant, name, 'Item code'), ofItem]]) : new Map(),
    since: {
      column: headingOf(tenant, name, 'Timestamp'),
      rows: (wall) =>
        changesFrom(tenant, Math.max(fromMs, earliestMoment(tenant, wall))).filter(isShown),
    },
    version: `${tenant.stockVersion} ${nowMs}`,
  };
}

const activities: Record<StockReason, string> = {
  'Goods in': 'Goods in',
  'Stock count': 'Stock adjustment',
  Damaged: 'Stock adjustment',
  Moved: 'Item movement',
  Allocation: 'Sales order',
  Release: 'Sales order',
  Despatch: 'Sales order',
  System: 'System',
};

/** `Item availability latest reconciliation`: the last change of each item, with the figures of the
 *  site on which it happened; which site that is, the report does not say. */
export function reconciliation(tenant: Tenant, name: string): Table<Change> {
  let onOrder: Map<string, number> | undefined;
  const isLast = (change: Change) => change.row.item.lastChange === change;
  const lastOf = (item: Item | undefined) => (item?.lastChange ? [item.lastChange] : []);
  return {
    dialect: 'report',
    columns: columnsOf<Change>(tenant, name, [
      ['Item code', 'text', ({ row }) => row.item.code],
      ['Quantity changed', 'number', (change) => change.quantityChanged],
      ['On hand', 'number', (change) => change.onHand],
      ['Allocated', 'number', (change) => change.allocated],
      ['Available', 'number', (change) => change.available],
      [
        'On order',
        'number',
        ({ row }) => (onOrder ??= unitsOnOrder(tenant)).get(row.item.code) ?? 0,
      ],
      ['Activity', 'text', ({ reason }) => activities[reason]],
      ['Reason', 'text', ({ reason }) => reason],
      ['Date time', 'date', ({ atMs }) => wallAt(atMs, tenant.settings.timeZone)],
    ]),
    rows: () => [...tenant.items.values()].flatMap(lastOf),
    indexes: new Map([
      [headingOf(tenant, name, 'Item code'), (code) => lastOf(tenant.items.get(code))],
    ]),
    since: {
      column: headingOf(tenant, name, 'Date time'),
      rows: (wall) => changesFrom(tenant, earliestMoment(tenant, wall)).filter(isLast),
    },
  };
}

/** Units on lines of purchase orders that are neither closed nor called off. */
function unitsOnOrder(tenant: Tenant): Map<string, number> {
  const orders = tableOf(tenant, 'Purchase orders');
  const units = new Map<string, number>();
  for (const line of tableOf(tenant, 'Purchase order items').values()) {
    const status = orders.get(line['PurchaseOrderNumber'] ?? '')?.['Status'] ?? '';
    if (line['Status'] === 'Closed' || status === 'Cancelled' || status === 'Deleted') continue;
    const code = line['ItemCode'] ?? '';
    units.set(code, (units.get(code) ?? 0) + Number(line['Quantity'] ?? 0));
  }
  return units;
}

/** Changes at or after a moment. They are kept in order of time, so that only those are looked at. */
function changesFrom(tenant: Tenant, fromMs: number): Change[] {
  const { changes } = tenant;
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle]!.atMs < fromMs) low = middle + 1;
    else high = middle;
  }
  return changes.slice(low);
}

/** The first moment that may show a wall time; when the clocks go back, two moments do. */
function earliestMoment(tenant: Tenant, wall: number): number {
  const aheadMs = (ms: number) => wallAt(ms, tenant.settings.timeZone) - ms;
  return wall - Math.max(aheadMs(wall - dayMs), aheadMs(wall + dayMs));
}
