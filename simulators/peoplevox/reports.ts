/** The reports of the web screens, as GetReportData gives them: display names, dates in single
 *  quotes. */
import { siteOf } from './order-status.ts';
import type { Column, Table } from './query.ts';
import { columnsOf, headingOf, type Shown } from './report-columns.ts';
import type { DespatchRow, SalesOrder, SalesOrderLine, Tenant } from './state.ts';
import { inventory, inventoryAllSites, latestChanges, reconciliation } from './stock-reports.ts';
import { parseInputDate, wallAt } from './times.ts';

/** Hands the table behind a report, by the tenant's own name for it, to `use`; undefined when
 *  there is no such report. */
export function withReport<T>(
  tenant: Tenant,
  name: string,
  use: <Row>(table: Table<Row>) => T,
): T | undefined {
  const own = Object.keys(reports).find(
    (report) => (tenant.settings.reports[report]?.name ?? report) === name,
  );
  const isThere = own !== undefined && !tenant.settings.missingReports.includes(own);
  return isThere ? reports[own]!(tenant, own, use) : undefined;
}

type Use = <T>(tenant: Tenant, name: string, use: <Row>(table: Table<Row>) => T) => T;

const reports: Record<string, Use> = {
  'Item inventory summary': (tenant, name, use) => use(inventory(tenant, name)),
  'Item inventory summary all sites': (tenant, name, use) => use(inventoryAllSites(tenant, name)),
  'Incremental Changes Report v1': (tenant, name, use) => use(latestChanges(tenant, name)),
  'Item availability latest reconciliation': (tenant, name, use) =>
    use(reconciliation(tenant, name)),
  'Sales orders by status': (tenant, name, use) => use(ordersByStatus(tenant, name)),
  'Sales order summary': (tenant, name, use) => use(orderSummary(tenant, name)),
  'Outstanding sales orders': (tenant, name, use) => use(outstanding(tenant, name)),
  'Despatch summary': (tenant, name, use) => use(despatchSummary(tenant, name)),
};

function ordersByStatus(tenant: Tenant, name: string): Table<SalesOrder> {
  const columns = columnsOf<SalesOrder>(tenant, name, [
    ['Sales order no.', 'text', (order) => order.number],
    ['Status', 'text', (order) => tenant.settings.statusNames[order.status]],
    ['Requested delivery date', 'date', (order) => dateField(order, 'RequestedDeliveryDate')],
  ]);
  return orderTable(tenant, name, columns);
}

function orderSummary(tenant: Tenant, name: string): Table<SalesOrder> {
  const columns = columnsOf<SalesOrder>(tenant, name, [
    ['Sales order no.', 'text', (order) => order.number],
    ['Status', 'text', (order) => tenant.settings.statusNames[order.status]],
    ['Number of items', 'number', (order) => order.lines.reduce((n, l) => n + l.quantity, 0)],
    ['Channel', 'text', (order) => order.fields['ChannelName'] ?? ''],
    ['Date', 'date', (order) => wallAt(order.createdAtMs, tenant.settings.timeZone)],
  ]);
  return orderTable(tenant, name, columns);
}

function orderTable(
  tenant: Tenant,
  report: string,
  columns: Column<SalesOrder>[],
): Table<SalesOrder> {
  const one = (order: SalesOrder | undefined) => (order ? [order] : []);
  return {
    dialect: 'report',
    columns,
    rows: () => [...tenant.orders.values()],
    indexes: new Map([
      [headingOf(tenant, report, 'Sales order no.'), (number) => one(tenant.orders.get(number))],
    ]),
  };
}

/** One row per line that still has units to send. */
function outstanding(
  tenant: Tenant,
  name: string,
): Table<{ order: SalesOrder; line: SalesOrderLine }> {
  type Row = { order: SalesOrder; line: SalesOrderLine };
  const columns = columnsOf<Row>(tenant, name, [
    ['Sales order no.', 'text', ({ order }) => order.number],
    ['Requested delivery date', 'date', ({ order }) => dateField(order, 'RequestedDeliveryDate')],
    ['Item_Name', 'text', ({ line }) => line.item.fields['Name'] ?? ''],
    ['Item code', 'text', ({ line }) => line.item.code],
  ]);
  const openLines = (order: SalesOrder | undefined): Row[] =>
    !order || order.status === 'Cancelled' || order.status === 'Despatched'
      ? []
      : order.lines
          .filter((line) => line.despatched < line.quantity)
          .map((line) => ({ order, line }));
  return {
    dialect: 'report',
    columns,
    rows: () => [...tenant.orders.values()].flatMap(openLines),
    indexes: new Map([
      [
        headingOf(tenant, name, 'Sales order no.'),
        (number) => openLines(tenant.orders.get(number)),
      ],
    ]),
  };
}

/** One row per despatched item; rows and tracking numbers may turn up later than their date. */
function despatchSummary(tenant: Tenant, name: string): Table<DespatchRow> {
  const nowMs = tenant.timeline.nowMs();
  const columns = columnsOf<DespatchRow>(tenant, name, despatchColumns(tenant, nowMs));
  const isVisible = (row: DespatchRow) => row.visibleAtMs <= nowMs;
  return {
    dialect: 'report',
    columns,
    rows: () => tenant.despatches.filter(isVisible),
    indexes: new Map([
      [
        headingOf(tenant, name, 'Salesorder number'),
        (number) => {
          const order = tenant.orders.get(number);
          return ((order && tenant.despatchesByOrder.get(order)) ?? []).filter(isVisible);
        },
      ],
    ]),
  };
}

function despatchColumns(tenant: Tenant, nowMs: number): Shown<DespatchRow>[] {
  const ofOrder = (field: string) => (row: DespatchRow) => row.order.fields[field] ?? '';
  const ofItem = (field: string) => (row: DespatchRow) => row.item.fields[field] ?? '';
  const isPart = (row: DespatchRow) => row.item !== row.line.item;
  return [
    ['Salesorder number', 'text', (row) => row.order.number],
    ['Requested delivery date', 'date', (row) => dateField(row.order, 'RequestedDeliveryDate')],
    ['Despatch number', 'text', (row) => row.despatchNumber],
    ['Carrier', 'text', (row) => row.carrier],
    ['Service', 'text', (row) => row.service],
    ['Despatch date', 'date', (row) => wallAt(row.despatchedAtMs, tenant.settings.timeZone)],
    ['Tracking number', 'text', (row) => (row.trackedAtMs <= nowMs ? row.trackingNumber : '')],
    ['Item name', 'text', ofItem('Name')],
    ['No of items', 'number', (row) => row.quantity],
    ['Destination country', 'text', ofOrder('ShippingAddressCountry')],
    ['Site reference', 'text', (row) => siteOf(tenant, row.order)],
    ['Parent', 'text', (row) => (isPart(row) ? row.line.item.code : '')],
    ['Item code', 'text', (row) => row.item.code],
    ['Service type code', 'text', ofOrder('ServiceType')],
    ['Customer order reference', 'text', ofOrder('CustomerPurchaseOrderReferenceNumber')],
    ['Email', 'text', ofOrder('Email')],
    ['Contact name', 'text', ofOrder('ContactName')],
    ['Channel name', 'text', ofOrder('ChannelName')],
    ['Sales order attribute 1', 'text', ofOrder('Attribute1')],
    ['Sales order attribute 2', 'text', ofOrder('Attribute2')],
    ['Sales order attribute 3', 'text', ofOrder('Attribute3')],
    ['Sales order attribute 4', 'text', ofOrder('Attribute4')],
    ['Sales order attribute 5', 'text', ofOrder('Attribute5')],
    ['Item barcode', 'text', ofItem('Barcode')],
    [
      'No. of parent items despatched',
      'number',
      (row) => (isPart(row) ? row.parentQuantity : null),
    ],
    ['Line', 'text', (row) => row.line.line],
  ];
}

function dateField(order: SalesOrder, field: string): number | null {
  return parseInputDate(order.fields[field] ?? '');
}
