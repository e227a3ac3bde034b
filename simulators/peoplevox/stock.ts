/** Units on hand and allocated, per item and site. Every change goes through `changeStock`. */
import { raiseEvent } from './events.ts';
import { type Item, type StockRow, systemSite, type Tenant } from './state.ts';
import { inputForm, wallAt } from './times.ts';

/** The stock row of an item on a site, made empty when there was none. An item that gets its
 *  first row also gets one on SystemSite, with units that must never be sold. */
export function stockAt(tenant: Tenant, item: Item, site: string): StockRow {
  let row = item.stock.get(site);
  if (row) return row;
  row = { item, site, onHand: 0, allocated: 0 };
  item.stock.set(site, row);
  tenant.stock.push(row);
  tenant.stockVersion += 1;
  if (!item.stock.has(systemSite)) {
    stockAt(tenant, item, systemSite).onHand = tenant.dice.stock.between(0, 40);
  }
  return row;
}

/** Changes units and tells whoever listens; orders that lacked the item are looked at again. */
export function changeStock(
  tenant: Tenant,
  row: StockRow,
  by: { onHand?: number; allocated?: number },
  reason: string,
): void {
  const onHand = by.onHand ?? 0;
  const allocated = by.allocated ?? 0;
  if (onHand === 0 && allocated === 0) return;
  row.onHand += onHand;
  row.allocated += allocated;
  tenant.stockVersion += 1;
  const atMs = tenant.timeline.nowMs();
  const available = row.onHand - row.allocated;
  tenant.log.stockChanges.push({ atMs, itemCode: row.item.code, site: row.site, available });
  const { code, fields } = row.item;
  if (onHand !== allocated) {
    raiseEvent(tenant, 'AvailabilityChanges', row.site, {
      ItemCode: code,
      Available: String(available),
    });
  }
  if (onHand !== 0) {
    raiseEvent(tenant, 'IncrementalChanges', row.site, {
      QuantityChanged: String(onHand),
      UpdatedBy: 'warehouse',
      UpdateTimestamp: inputForm(wallAt(atMs, tenant.settings.timeZone)),
      Reason: reason,
      'ItemType.Name': fields['Name'] ?? '',
      'ItemType.ItemCode': code,
    });
  }
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
