/** Item types: the warehouse's catalogue. Codes match exactly; a barcode belongs to one item
 *  only. */
import type { Item, Stored, Tenant } from './state.ts';
import { touchStock } from './stock.ts';

/** Applies one row of `Item types`. Returns why not, or null. */
export function saveItemType(tenant: Tenant, row: Stored, action: number): string | null {
  const code = row['ItemCode'] ?? '';
  const existing = tenant.items.get(code);
  if (action === 2) {
    if (!existing || existing.isRetired) return `Item type ${code} was not found`;
    retireItem(tenant, existing);
    return null;
  }
  if (existing?.isRetired || code.includes('~D~')) return `Item type ${code} was deleted`;
  const barcode = row['Barcode'] ?? existing?.fields['Barcode'] ?? '';
  if (barcode === '') return `Item type ${code} : Barcode is required`;
  const owner = tenant.itemsByBarcode.get(barcode);
  if (owner && owner !== existing) return `Barcode ${barcode} is already in use`;
  if (existing) {
    changeItem(tenant, existing, row);
    return null;
  }
  if ((row['Name'] ?? '') === '') return `Item type ${code} : Name is required`;
  insertItem(tenant, { UnitOfMeasure: 'EA', ...row });
  return null;
}

/** Adds an item from its stored fields; the caller has checked code and barcode. */
export function insertItem(tenant: Tenant, fields: Stored): Item {
  const item: Item = {
    code: fields['ItemCode']!,
    fields: { ...fields },
    isRetired: false,
    stock: new Map(),
    lastChange: undefined,
    kitOf: new Map(),
  };
  tenant.items.set(item.code, item);
  tenant.itemsByBarcode.set(fields['Barcode']!, item);
  return item;
}

function changeItem(tenant: Tenant, item: Item, row: Stored): void {
  tenant.itemsByBarcode.delete(item.fields['Barcode']!);
  Object.assign(item.fields, row);
  tenant.itemsByBarcode.set(item.fields['Barcode']!, item);
  touchStock(tenant, item);
}

/** Deletes an item the way the vendor does: it stays, with `~D~` in its code, and its old code and
 *  barcode are free again. Orders keep pointing to it. */
export function retireItem(tenant: Tenant, item: Item): void {
  tenant.items.delete(item.code);
  tenant.itemsByBarcode.delete(item.fields['Barcode']!);
  let code = `${item.code}~D~`;
  for (let i = 2; tenant.items.has(code); i++) code = `${item.code}~D~${i}`;
  item.code = code;
  item.isRetired = true;
  item.fields['ItemCode'] = code;
  item.fields['Barcode'] = `${item.fields['Barcode']}~D~`;
  tenant.items.set(code, item);
  touchStock(tenant, item);
}

/** A live item by its exact code. */
export function findItem(tenant: Tenant, code: string): Item | undefined {
  const item = tenant.items.get(code);
  return item?.isRetired ? undefined : item;
}

/** Applies one row of `Item type kittings`. Returns why not, or null. */
export function saveKitting(tenant: Tenant, row: Stored, action: number): string | null {
  const parent = findItem(tenant, row['ParentItemCode'] ?? '');
  const child = findItem(tenant, row['ChildItemCode'] ?? '');
  if (!parent) return `Item type ${row['ParentItemCode']} was not found`;
  if (!child) return `Item type ${row['ChildItemCode']} was not found`;
  if (action === 2) {
    return parent.kitOf.delete(child) ? null : `${child.code} is no part of ${parent.code}`;
  }
  const units = Number(row['Quantity'] ?? parent.kitOf.get(child) ?? 0);
  if (units < 1) return 'Quantity must be at least 1';
  if (child === parent || child.kitOf.size > 0) return `${child.code} cannot be part of a kit`;
  parent.kitOf.set(child, units);
  return null;
}
