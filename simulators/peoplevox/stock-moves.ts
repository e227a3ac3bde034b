/** What people do to stock on the warehouse floor. Available may fall below zero: they do not ask
 *  what is reserved. */
import { reconsiderStarved } from './allocation.ts';
import { raiseEvent } from './events.ts';
import type { Outcome } from './picking.ts';
import type { Item, StockRow, Tenant } from './state.ts';
import { changeStock, stockAt } from './stock.ts';
import { bareDisplayForm, wallAt } from './times.ts';

/** Somebody counts: on hand is now so many units. */
export function stockCounted(tenant: Tenant, item: Item, site: string, units: number): void {
  const row = rowOf(tenant, item, site, units);
  const more = units - row.onHand;
  changeStock(tenant, row, { onHand: more }, 'Stock count');
  if (more > 0) reconsiderStarved(tenant, item);
}

/** A delivery is booked in; it may be the item's first. */
export function goodsArrive(tenant: Tenant, item: Item, site: string, units: number): void {
  changeStock(tenant, rowOf(tenant, item, site, units), { onHand: units }, 'Goods in');
  reconsiderStarved(tenant, item);
  const { settings, timeline } = tenant;
  const id = ++tenant.lastNumbers.goodsIn;
  raiseEvent(tenant, 'GoodsReceived', site, {
    GoodsInId: String(id),
    Reference: `GI${id}`,
    ReconciledDateTime: bareDisplayForm(wallAt(timeline.nowMs(), settings.timeZone), settings),
    'Consignments.ConsignmentItemTypes.Quantity': String(units),
    'Consignments.ConsignmentItemTypes.ItemType.Name': item.fields['Name'] ?? '',
    'Consignments.ConsignmentItemTypes.ItemType.ItemCode': item.code,
  });
}

/** Units are found broken and written off, reserved ones too. */
export function stockDamaged(tenant: Tenant, item: Item, site: string, units: number): Outcome {
  return takeFrom(tenant, item, { site, units, reason: 'Damaged' });
}

/** Units are carried from one site to another. */
export function stockMoved(
  tenant: Tenant,
  item: Item,
  move: { from: string; to: string; units: number },
): Outcome {
  const { from, to, units } = move;
  check(tenant, item, to, units);
  const taken = takeFrom(tenant, item, { site: from, units, reason: 'Moved' });
  if (!taken.ok) return taken;
  changeStock(tenant, stockAt(tenant, item, to), { onHand: units }, 'Moved');
  reconsiderStarved(tenant, item);
  return taken;
}

function takeFrom(
  tenant: Tenant,
  item: Item,
  what: { site: string; units: number; reason: 'Damaged' | 'Moved' },
): Outcome {
  const { site, units, reason } = what;
  check(tenant, item, site, units);
  const row = item.stock.get(site);
  if (!row || row.onHand < units) {
    return { ok: false, why: `${item.code} has ${row?.onHand ?? 0} on ${site}` };
  }
  changeStock(tenant, row, { onHand: -units }, reason);
  return { ok: true };
}

function rowOf(tenant: Tenant, item: Item, site: string, units: number): StockRow {
  check(tenant, item, site, units);
  return stockAt(tenant, item, site);
}

/** Throws for what no warehouse could do: an unknown site, stock of a kit, half a unit. */
function check(tenant: Tenant, item: Item, site: string, units: number): void {
  if (!tenant.sites.has(site)) throw new Error(`no site ${site} in the simulated warehouse`);
  if (item.kitOf.size > 0) throw new Error(`kit ${item.code} has no stock of its own`);
  if (!Number.isInteger(units) || units < 0) throw new Error(`${units} is no number of units`);
}
