/** Customers in the warehouse, for tenants that want one before the first order. */
import type { PeoplevoxClient } from './client.ts';
import type { CellValue } from './csv.ts';
import type { SaveResult } from './row-results.ts';
import { saveRows } from './save-rows.ts';
import type { FieldOf } from './templates.ts';

/** One customer to write. `Reference` is the key and must be there; rows kept as JSON lose that
 *  fact to the compiler, so it is checked when they are written. */
export type CustomerWrite = Partial<Record<FieldOf<'Customers'>, CellValue>>;

/** One address to write; without an AddressReference Peoplevox adds a new address each time. */
export type CustomerAddressWrite = Partial<Record<FieldOf<'Customer addresses'>, CellValue>> & {
  CustomerReference: string;
};

/** Inserts or updates customers in one call; all rows must have the same fields and a Reference,
 *  else it rejects with RangeError. Source: template `Customers`, reference section 9.4. */
export async function saveCustomers(
  client: PeoplevoxClient,
  rows: readonly CustomerWrite[],
): Promise<SaveResult> {
  const keys = rows.map(({ Reference: reference }) => {
    if (typeof reference !== 'string' || reference.trim() === '')
      throw new RangeError('a customer without a Reference cannot be written');
    return { reference, aliases: [] };
  });
  return saveRows(client, 'Customers', { rows, keys, action: 0 });
}

/** Inserts or updates addresses of customers in one call, after the customers. Same rule of equal
 *  fields. The reference of a result is `customer/address`, or the customer alone. */
export function saveCustomerAddresses(
  client: PeoplevoxClient,
  rows: readonly CustomerAddressWrite[],
): Promise<SaveResult> {
  const keys = rows.map((row) => {
    const address = row.AddressReference === undefined ? '' : String(row.AddressReference);
    const customer = row.CustomerReference;
    if (address === '') return { reference: customer, aliases: [] };
    return { reference: `${customer}/${address}`, aliases: [customer, address] };
  });
  return saveRows(client, 'Customer addresses', { rows, keys, action: 0 });
}
