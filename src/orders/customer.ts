/** Which Peoplevox customer an order belongs to. Pure. */
import { cut, tidy } from './address.ts';
import type { OrderToStage, StageContext } from './to-peoplevox.ts';

/** Longest Name, Reference, FirstName and LastName. Source: peoplevox.md section 9. */
const longestText = 50;

/** The customer's reference, as the header names it: one per channel, or one per shopper in mode `each`. */
export function customerReference(order: OrderToStage, context: StageContext): string {
  const { customer } = context.warehouse;
  if (customer.mode !== 'each') return customer.reference ?? context.channel.id.toUpperCase();
  const shopper = order.people?.customerId ?? order.commercial_id;
  return cut(`${context.channel.id}-${shopper}`, longestText);
}

/** The row of template `Customers` to write before the order; null where none is asked for. `row` is the
 *  planned header. */
export function planCustomer(
  order: OrderToStage,
  context: StageContext,
  row: Record<string, string>,
): Record<string, string> | null {
  const { mode, create } = context.warehouse.customer;
  if (mode === 'none' || (mode === 'channel' && !create)) return null;
  const isEach = mode === 'each';
  const name = isEach ? row['ContactName'] || order.commercial_id : context.channel.name;
  return {
    Name: cut(name, longestText),
    Reference: customerReference(order, context),
    FirstName: isEach ? cut(tidy(order.people?.firstName), longestText) : '',
    LastName: isEach ? cut(tidy(order.people?.lastName), longestText) : '',
    Email: isEach ? (row['Email'] ?? '') : '',
  };
}
