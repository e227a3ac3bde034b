/** Units on hand and allocated, per item and site. Every change goes through `changeStock`. */
import { raiseEvent } from './events.ts';
import {
  type Change,
  type Item,
  type StockReason,
  type StockRow,
  systemSite,
  type Tenant,
} from './state.ts';
import { inputForm, wallAt } from './times.ts';

/** The stock row of an item on a site, made empty when there was none. An item that gets its
 *  first row also gets one on SystemSite, with units that must never be sold. */
export function stockAt(tenant: Tenant, item: Item, site: string): StockRow {
  let row = item.stock.get(site);
  if (row) return row;
  row = { item, site, onHand: 0, allocated: 0, revision: 0, lastReported: undefined };
  item.stock.set(site, row);
  tenant.stock.push(row);
  tenant.stockVersion += 1;
  if (!item.stock.has(systemSite)) {
    const onHand = tenant.dice.stock.between(1, 40);
    changeStock(tenant, stockAt(tenant, item, systemSite), { onHand }, 'System');
  }
  return row;
}

/** Changes units, keeps what happened, and tells whoever listens. */
export function changeStock(
  tenant: Tenant,
  row: StockRow,
  by: { onHand?: number; allocated?: number },
  reason: StockReason,
): void {
  const { onHand = 0, allocated = 0 } = by;
  if (onHand === 0 && allocated === 0) return;
  row.onHand += onHand;
  row.allocated += allocated;
  row.revision += 1;
  tenant.stockVersion += 1;
  const change: Change = {
    atMs: tenant.timeline.nowMs(),
    itemCode: row.item.code,
    site: row.site,
    available: row.onHand - row.allocated,
    onHand: row.onHand,
    allocated: row.allocated,
    reason,
    row,
    quantityChanged: onHand !== 0 ? onHand : -allocated,
    isReported: onHand !== 0 || tenant.settings.changesIncludeAllocations,
  };
  tenant.changes.push(change);
  row.item.lastChange = change;
  if (change.isReported) row.lastReported = change;
  tell(tenant, change, onHand !== allocated);
}

function tell(tenant: Tenant, change: Change, changesAvailable: boolean): void {
  const { row, site, available } = change;
  const { code, fields } = row.item;
  if (changesAvailable) {
    raiseEvent(tenant, 'AvailabilityChanges', site, {
      ItemCode: code,
      Available: String(available),
    });
  }
  if (!change.isReported) return;
  raiseEvent(tenant, 'IncrementalChanges', site, {
    QuantityChanged: String(change.quantityChanged),
    UpdatedBy: 'warehouse',
    UpdateTimestamp: inputForm(wallAt(change.atMs, tenant.settings.timeZone)),
    Reason: change.reason,
    'ItemType.Name': fields['Name'] ?? '',
    'ItemType.ItemCode': code,
  });
}

/** What reports show of an item has changed, although its units have not. */
export function touchStock(tenant: Tenant, item: Item): void {
  for (const row of item.stock.values()) row.revision += 1;
  tenant.stockVersion += 1;
}

/** The stocked items behind one unit of an item: itself, or the components of a kit. */
export function partsOf(item: Item): { item: Item; each: number }[] {
  if (item.kitOf.size === 0) return [{ item, each: 1 }];
  return [...item.kitOf].map(([part, each]) => ({ item: part, each }));
}

/** Units of a stocked item that could be reserved on a site now; negative when oversold. */
export function availableAt(item: Item, site: string): number {
  const row = item.stock.get(site);
  return row ? row.onHand - row.allocated : 0;
}
