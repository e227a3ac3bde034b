/** Settings of a warehouse in the words of the wire. */
import type { WarehouseSettings } from '../settings.ts';
import { connectionDefaults, type PeoplevoxConnection, type Spellings } from './connection.ts';

/** What the client of this warehouse is made with: what the configuration says, and the rest as
 *  shipped. */
export function toConnection(warehouse: WarehouseSettings): PeoplevoxConnection {
  const { templates, reports } = warehouse;
  return {
    ...connectionDefaults,
    id: warehouse.id,
    url: warehouse.url,
    clientId: warehouse.clientId,
    username: warehouse.username,
    password: warehouse.password,
    passwordEncoding: warehouse.passwordEncoding,
    soapVersion: warehouse.soapVersion,
    sessionMinutes: warehouse.sessionMinutes,
    templateTimeoutMs: warehouse.templateTimeoutSeconds * 1_000,
    reportTimeoutMs: warehouse.reportTimeoutSeconds * 1_000,
    timeZone: warehouse.timeZone,
    dateOrder: warehouse.dateOrder,
    pageSize: warehouse.pageSize,
    reportPageSize: warehouse.stock.reportPageSize,
    templates: {
      'Sales orders': templates.salesOrders,
      'Sales order items': templates.salesOrderItems,
      'Item types': templates.itemTypes,
      Customers: templates.customers,
      'Customer addresses': templates.customerAddresses,
      'Service types': templates.serviceTypes,
      Sites: templates.sites,
      'Item type kittings': templates.itemTypeKittings,
    },
    inventoryReport: inventoryReport(reports.itemInventory),
    changesReport: changesReport(reports.incrementalChanges),
    despatchReport: reportAsNamed(connectionDefaults.despatchReport, reports.despatchSummary),
    statusReport: reportAsNamed(connectionDefaults.statusReport, reports.salesOrdersByStatus),
    statusNumbers: warehouse.statusNumbers,
  };
}

function inventoryReport(own: WarehouseSettings['reports']['itemInventory']) {
  const column = (name: string): [string] => [own.columns[name] ?? name];
  return {
    name: own.name,
    itemCode: column('Item code'),
    site: column('Site reference'),
    onHand: column('On hand'),
    allocated: column('Allocated'),
    available: column('Available'),
  };
}

function changesReport(own: WarehouseSettings['reports']['incrementalChanges']) {
  const column = (name: string): [string] => [own.columns[name] ?? name];
  return {
    name: own.name,
    itemCode: column('Item code'),
    available: column('Item current available quantity'),
    timestamp: column('Timestamp'),
    site: column('Site reference'),
  };
}

/** A report under its name at the tenant. A column is renamed under any of the spellings it is
 *  shipped with, and then has that name alone. */
function reportAsNamed<K extends string>(
  shipped: { columns: Readonly<Record<K, Spellings>> },
  own: WarehouseSettings['reports']['despatchSummary'],
): { name: string; columns: Record<K, Spellings> } {
  const columns: Record<K, Spellings> = { ...shipped.columns };
  for (const key in columns) {
    const renamed = columns[key].find((spelling) => own.columns[spelling] !== undefined);
    if (renamed !== undefined) columns[key] = [own.columns[renamed]!];
  }
  return { name: own.name, columns };
}
