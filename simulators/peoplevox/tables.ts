/** Rows of the templates that are stored by key and have no life of their own, with the checks
 *  they need. */
import { findItem } from './items.ts';
import { recordBreach, type Stored, type Tenant, tableOf } from './state.ts';
import type { ConfiguredTemplate } from './templates.ts';
import { isReadable } from './templates.ts';
import { parseInputDate } from './times.ts';

/** Looks at every cell of a row: lengths, numbers, dates, and words that no careful client sends.
 *  Returns the first reason to refuse the row, or null. */
export function checkCells(
  tenant: Tenant,
  operation: string,
  template: ConfiguredTemplate,
  row: Stored,
): string | null {
  for (const key of template.key) {
    if (key !== 'Line' && key !== 'AddressReference' && !row[key]) return `${key} is required`;
  }
  let problem: string | null = null;
  for (const [name, value] of Object.entries(row)) {
    if (value === '') continue;
    const field = template.fields.get(name);
    if (/^(undefined|null|NaN|\[object Object\])$/.test(value)) {
      recordBreach(tenant, operation, 'literalUndefined', `${name} = ${value}`);
    }
    if (name.includes('Address') && /[\r\n]/.test(value)) {
      recordBreach(tenant, operation, 'lineBreakInAddress', name);
    }
    if (!field) continue;
    if (field.maxLength !== undefined && value.length > field.maxLength) {
      problem ??= `${name} is longer than ${field.maxLength} characters`;
    }
    if (field.kind === 'date' && parseInputDate(value) === null) {
      problem ??= `${name} ${value} is no date`;
    } else if (field.kind !== 'text' && field.kind !== 'date' && !isReadable(field.kind, value)) {
      problem ??= `${name} ${value} is no ${field.kind}`;
    }
  }
  return problem;
}

/** The text under which a row is kept, and which its status names. */
export function keyOf(template: ConfiguredTemplate, row: Stored): string {
  return template.key.map((name) => row[name] ?? '').join('|');
}

/** Applies one row of a table without behaviour. Returns why not, or null. */
export function saveStored(
  tenant: Tenant,
  template: ConfiguredTemplate,
  row: Stored,
  action: number,
): string | null {
  const table = tableOf(tenant, template.name);
  const problem = parentProblem(tenant, template.name, row);
  if (problem) return problem;
  const isNamelessAddress =
    template.key.includes('AddressReference') && (row['AddressReference'] ?? '') === '';
  const key = isNamelessAddress
    ? `${keyOf(template, row)}#${++tenant.lastNumbers.address}`
    : keyOf(template, row);
  if (action === 2) return table.delete(key) ? null : `${template.name} : ${key} was not found`;
  const stored = table.get(key);
  if (stored) Object.assign(stored, row);
  else table.set(key, { ...row });
  return null;
}

/** What a row points to must exist, and a status must be one that may be imported. */
function parentProblem(tenant: Tenant, template: string, row: Stored): string | null {
  const status = row['Status'] ?? '';
  const needs = (table: string, name: string): string | null =>
    tableOf(tenant, table).has(row[name] ?? '') ? null : `${name} ${row[name] ?? ''} was not found`;
  switch (template) {
    case 'Customer addresses':
      return needs('Customers', 'CustomerReference');
    case 'Supplier addresses':
      return needs('Suppliers', 'SupplierReference');
    case 'Purchase orders':
      return ['', 'Pending', 'Cancelled', 'Deleted'].includes(status)
        ? null
        : `Status ${status} cannot be imported`;
    case 'Purchase order items':
      if (!['', 'Pending', 'Closed'].includes(status)) return `Status ${status} cannot be imported`;
      if (!findItem(tenant, row['ItemCode'] ?? '')) {
        return `Item type ${row['ItemCode'] ?? ''} was not found`;
      }
      return needs('Purchase orders', 'PurchaseOrderNumber');
    default:
      return null;
  }
}
