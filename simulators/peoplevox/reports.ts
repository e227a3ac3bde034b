/** The reports of the web screens, as GetReportData gives them: display names, dates in single
 *  quotes. */
import type { Column, Table } from './query.ts';
import type { Cell, CellKind } from './search.ts';
import type { DespatchRow, Item, SalesOrder, SalesOrderLine, StockRow, Tenant } from './state.ts';
import { displayForm, parseInputDate, wallAt } from './times.ts';

type Shown<Row> = [name: string, kind: CellKind, cell: (row: Row) => Cell];

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
  return own === undefined ? undefined : reports[own]!(tenant, own, use);
}

type Use = <T>(tenant: Tenant, name: string, use: <Row>(table: Table<Row>) => T) => T;

const reports: Record<string, Use> = {
  'Item inventory summary': (tenant, name, use) => use(inventory(tenant, name)),
  'Item inventory summary all sites': (tenant, name, use) => use(inventoryAllSites(tenant, name)),
  'Sales orders by status': (tenant, name, use) => use(ordersByStatus(tenant, name)),
  'Sales order summary': (tenant, name, use) => use(orderSummary(tenant, name)),
  'Outstanding sales orders': (tenant, name, use) => use(outstanding(tenant, name)),
  'Despatch summary': (tenant, name, use) => use(despatchSummary(tenant, name)),
};

function inventory(tenant: Tenant, name: string): Table<StockRow> {
  const columns = columnsOf<StockRow>(tenant, name, [
    ['Item code', 'text', (row) => row.item.code],
    ['Name', 'text', (row) => row.item.fields['Name'] ?? ''],
    ['Site reference', 'text', (row) => row.site],
    ['On hand', 'number', (row) => row.onHand],
    ['Allocated', 'number', (row) => row.allocated],
    ['Available', 'number', (row) => row.onHand - row.allocated],
    ['Item barcode', 'text', (row) => row.item.fields['Barcode'] ?? ''],
  ]);
  return {
    dialect: 'report',
    columns,
    rows: () => tenant.stock,
    indexes: new Map([[columns[0]!.name.toLowerCase(), (code) => stockOf(tenant.items.get(code))]]),
    version: `${tenant.stockVersion}`,
  };
}

function stockOf(item: Item | undefined): StockRow[] {
  return item ? [...item.stock.values()] : [];
}

/** Sums every site, SystemSite too: one of the ways to sell what is not there. */
function inventoryAllSites(tenant: Tenant, name: string): Table<Item> {
  const sum = (item: Item, part: (row: StockRow) => number) =>
    stockOf(item).reduce((units, row) => units + part(row), 0);
  const columns = columnsOf<Item>(tenant, name, [
    ['Item code', 'text', (item) => item.code],
    ['Name', 'text', (item) => item.fields['Name'] ?? ''],
    ['On hand', 'number', (item) => sum(item, (row) => row.onHand)],
    ['Allocated', 'number', (item) => sum(item, (row) => row.allocated)],
    ['Available', 'number', (item) => sum(item, (row) => row.onHand - row.allocated)],
  ]);
  const withStock = (item: Item | undefined) => (item && item.stock.size > 0 ? [item] : []);
  return {
    dialect: 'report',
    columns,
    rows: () => [...tenant.items.values()].flatMap(withStock),
    indexes: new Map([
      [columns[0]!.name.toLowerCase(), (code) => withStock(tenant.items.get(code))],
    ]),
    version: `${tenant.stockVersion}`,
  };
}

function ordersByStatus(tenant: Tenant, name: string): Table<SalesOrder> {
  const columns = columnsOf<SalesOrder>(tenant, name, [
    ['Sales order no.', 'text', (order) => order.number],
    ['Status', 'text', (order) => tenant.settings.statusNames[order.status]],
    ['Requested delivery date', 'date', (order) => dateField(order, 'RequestedDeliveryDate')],
  ]);
  return orderTable(tenant, columns);
}

function orderSummary(tenant: Tenant, name: string): Table<SalesOrder> {
  const columns = columnsOf<SalesOrder>(tenant, name, [
    ['Sales order no.', 'text', (order) => order.number],
    ['Status', 'text', (order) => tenant.settings.statusNames[order.status]],
    ['Number of items', 'number', (order) => order.lines.reduce((n, l) => n + l.quantity, 0)],
    ['Channel', 'text', (order) => order.fields['ChannelName'] ?? ''],
    ['Date', 'date', (order) => wallAt(order.createdAtMs, tenant.settings.timeZone)],
  ]);
  return orderTable(tenant, columns);
}

function orderTable(tenant: Tenant, columns: Column<SalesOrder>[]): Table<SalesOrder> {
  const one = (order: SalesOrder | undefined) => (order ? [order] : []);
  return {
    dialect: 'report',
    columns,
    rows: () => [...tenant.orders.values()],
    indexes: new Map([
      [columns[0]!.name.toLowerCase(), (number) => one(tenant.orders.get(number))],
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
      [columns[0]!.name.toLowerCase(), (number) => openLines(tenant.orders.get(number))],
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
        columns[0]!.name.toLowerCase(),
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
    ['Site reference', 'text', (row) => row.order.fields['Site'] || tenant.settings.sites[0]!],
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

function columnsOf<Row>(tenant: Tenant, report: string, shown: Shown<Row>[]): Column<Row>[] {
  const { settings } = tenant;
  const renamed = settings.reports[report]?.columns ?? {};
  return shown.map(([name, kind, cell]) => ({
    name: renamed[name] ?? name,
    kind,
    cell,
    text: (row) => {
      const value = cell(row);
      if (value === null) return '';
      if (kind === 'date') return displayForm(value as number, settings);
      if (kind === 'bool') return value ? 'True' : 'False';
      return String(value);
    },
  }));
}
