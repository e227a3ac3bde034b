/** What GetData shows of each template: stored texts under the tenant's headings, and what may
 *  be searched. */
import { siteOf } from './order-status.ts';
import type { Column, Table } from './query.ts';
import type { Cell, CellKind } from './search.ts';
import type { Item, SalesOrder, SalesOrderLine, Stored, Tenant } from './state.ts';
import { tableOf } from './state.ts';
import { type ConfiguredTemplate, type FieldKind, twoPlaces } from './templates.ts';
import { displayForm, inputForm, parseInputDate } from './times.ts';

/** Hands the table behind a template to `use`; its rows have a type of their own per template. */
export function withTemplateTable<T>(
  tenant: Tenant,
  template: ConfiguredTemplate,
  use: <Row>(table: Table<Row>) => T,
): T {
  switch (template.name) {
    case 'Sales orders':
      return use(salesOrders(tenant, template));
    case 'Sales order items':
      return use(salesOrderItems(tenant, template));
    case 'Item types':
      return use(itemTypes(tenant, template));
    case 'Item type kittings':
      return use(kittings(tenant, template));
    default:
      return use(storedRows(tenant, template));
  }
}

function salesOrders(tenant: Tenant, template: ConfiguredTemplate): Table<SalesOrder> {
  const { orders, ordersByOwnReference } = tenant;
  const read = (field: string) => (order: SalesOrder) =>
    field === 'SalesOrderNumber' ? order.number : (order.fields[field] ?? '');
  const one = (order: SalesOrder | undefined) => (order ? [order] : []);
  return {
    dialect: 'template',
    columns: columnsOf(tenant, template, read).map((column, i) =>
      template.columns[i]!.field.name === 'Status' ? statusColumn(tenant, column.name) : column,
    ),
    rows: () => [...orders.values()],
    indexes: indexes(template, {
      SalesOrderNumber: (number) => one(orders.get(number)),
      CustomerPurchaseOrderReferenceNumber: (own) => [...(ordersByOwnReference.get(own) ?? [])],
    }),
    site: (order) => siteOf(tenant, order),
  };
}

function statusColumn(tenant: Tenant, name: string): Column<SalesOrder> {
  const { statusForm, statusNames, statusNumbers } = tenant.settings;
  const shown = (order: SalesOrder, form: 'number' | 'name') =>
    form === 'number' ? statusNumbers[order.status] : statusNames[order.status];
  return {
    name,
    kind: statusForm.search === 'number' ? 'number' : 'text',
    cell: (order) => shown(order, statusForm.search),
    text: (order) => String(shown(order, statusForm.output)),
  };
}

type OrderAndLine = { order: SalesOrder; line: SalesOrderLine };

function salesOrderItems(tenant: Tenant, template: ConfiguredTemplate): Table<OrderAndLine> {
  const linesOf = (order: SalesOrder) => order.lines.map((line) => ({ order, line }));
  return {
    dialect: 'template',
    columns: columnsOf(tenant, template, (field) => ({ order, line }) => {
      if (field === 'SalesOrderNumber') return order.number;
      if (field === 'ItemCode') return line.item.code;
      if (field === 'QuantityOrdered') return String(line.quantity);
      return field === 'Line' ? line.line : (line.fields[field] ?? '');
    }),
    rows: () => [...tenant.orders.values()].flatMap(linesOf),
    indexes: indexes(template, {
      SalesOrderNumber: (number) => {
        const order = tenant.orders.get(number);
        return order ? linesOf(order) : [];
      },
    }),
    site: ({ order }) => siteOf(tenant, order),
  };
}

function itemTypes(tenant: Tenant, template: ConfiguredTemplate): Table<Item> {
  const { items, itemsByBarcode } = tenant;
  const one = (item: Item | undefined) => (item ? [item] : []);
  return {
    dialect: 'template',
    columns: columnsOf(tenant, template, (field) => (item) => item.fields[field] ?? ''),
    rows: () => [...items.values()],
    indexes: indexes(template, {
      ItemCode: (code) => one(items.get(code)),
      Barcode: (barcode) =>
        itemsByBarcode.has(barcode)
          ? one(itemsByBarcode.get(barcode))
          : [...items.values()].filter((item) => item.fields['Barcode'] === barcode),
    }),
  };
}

function kittings(tenant: Tenant, template: ConfiguredTemplate): Table<Stored> {
  const rowsOf = (parent: Item) =>
    [...parent.kitOf].map(([child, units]) => ({
      ParentItemCode: parent.code,
      ChildItemCode: child.code,
      Quantity: String(units),
    }));
  return {
    dialect: 'template',
    columns: columnsOf(tenant, template, (field) => (row: Stored) => row[field] ?? ''),
    rows: () => [...tenant.items.values()].flatMap(rowsOf),
    indexes: indexes(template, {
      ParentItemCode: (code) => {
        const parent = tenant.items.get(code);
        return parent ? rowsOf(parent) : [];
      },
    }),
  };
}

function storedRows(tenant: Tenant, template: ConfiguredTemplate): Table<Stored> {
  const table = tableOf(tenant, template.name);
  const [onlyKey, ...others] = template.key;
  const byKey = (key: string) => (table.has(key) ? [table.get(key)!] : []);
  return {
    dialect: 'template',
    columns: columnsOf(tenant, template, (field) => (row: Stored) => row[field] ?? ''),
    rows: () => [...table.values()],
    indexes: indexes(template, onlyKey && others.length === 0 ? { [onlyKey]: byKey } : {}),
  };
}

function indexes<Row>(
  template: ConfiguredTemplate,
  byField: Record<string, (text: string) => readonly Row[]>,
): Map<string, (text: string) => readonly Row[]> {
  const found = new Map<string, (text: string) => readonly Row[]>();
  for (const { header, field } of template.columns) {
    const index = byField[field.name];
    if (index) found.set(header.toLowerCase(), index);
  }
  return found;
}

const cellKinds: Record<FieldKind, CellKind> = {
  text: 'text',
  int: 'number',
  decimal: 'number',
  bool: 'bool',
  date: 'date',
};

function columnsOf<Row>(
  tenant: Tenant,
  template: ConfiguredTemplate,
  read: (field: string) => (row: Row) => string,
): Column<Row>[] {
  return template.columns.map(({ header, field }) => {
    const stored = read(field.name);
    return {
      name: header,
      kind: cellKinds[field.kind],
      cell: (row) => cellOf(field.kind, stored(row)),
      text: (row) => textOf(tenant, field.kind, stored(row)),
    };
  });
}

function cellOf(kind: FieldKind, stored: string): Cell {
  if (kind === 'text') return stored;
  if (stored === '') return null;
  if (kind === 'date') return parseInputDate(stored);
  return kind === 'bool' ? stored.toLowerCase() === 'true' : Number(stored);
}

function textOf(tenant: Tenant, kind: FieldKind, stored: string): string {
  if (kind === 'text' || kind === 'int' || stored === '') return stored;
  if (kind === 'decimal') return twoPlaces(stored);
  if (kind === 'bool') return stored.toLowerCase() === 'true' ? 'True' : 'False';
  const wall = parseInputDate(stored);
  if (wall === null) return stored;
  const { settings } = tenant;
  return settings.getDataDates === 'input' ? inputForm(wall) : displayForm(wall, settings);
}
