/** What each side believes of an order: the warehouse, the marketplace, and the service itself. */
import type { SalesOrder } from '../../simulators/peoplevox/state.ts';
import { johnLewis, type Trade } from './trade.ts';

/** Units by ItemCode as the warehouse has them, lines of no units left out; null: it has no such order. */
export function theWarehouseShows(
  trade: Trade,
  salesOrderNumber: string,
): { status: string; units: Record<string, number> } | null {
  const order = trade.warehouse.truth.salesOrders.get(salesOrderNumber);
  if (!order) return null;
  const units: Record<string, number> = {};
  for (const line of order.lines.filter((one) => one.quantity > 0)) {
    units[line.item.code] = (units[line.item.code] ?? 0) + line.quantity;
  }
  return { status: order.status, units };
}

/** The warehouse's own record. Throws when there is none. */
export function theSalesOrder(trade: Trade, salesOrderNumber: string): SalesOrder {
  const order = trade.warehouse.truth.salesOrders.get(salesOrderNumber);
  if (!order) throw new Error(`the warehouse has no sales order ${salesOrderNumber}`);
  return order;
}

/** Line states as the marketplace has them, in the order of the lines. */
export function theMarketplaceShows(trade: Trade, orderId: string): string[] {
  const order = [trade.johnLewis, trade.second]
    .map((one) => one.truth.orders.get(orderId))
    .find((one) => one !== undefined);
  if (!order) throw new Error(`no marketplace has order ${orderId}`);
  return order.lines.map((line) => line.stage);
}

/** Where the service says an order stands; null: it never saw it. */
export async function weSay(
  trade: Trade,
  orderId: string,
): Promise<{ state: string; wire: string; step: string | null } | null> {
  const row = await trade.service.database.db
    .selectFrom('orders as o')
    .leftJoin('sales_orders as s', (join) =>
      join
        .onRef('s.channel', '=', 'o.channel')
        .onRef('s.marketplace_order_id', '=', 'o.marketplace_order_id'),
    )
    .select(['o.state', 'o.wire_state as wire', 's.step'])
    .where('o.marketplace_order_id', '=', orderId)
    .executeTakeFirst();
  return row ?? null;
}

/** How many orders the service keeps, of all channels. */
export async function ordersKept(trade: Trade): Promise<number> {
  const row = await trade.service.database.db
    .selectFrom('orders')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Codes of the open exceptions about an order (or a flow, a template), sorted. */
export async function raised(trade: Trade, subject: string, on?: string): Promise<string[]> {
  return (await exceptionsOf(trade, subject, on))
    .filter((row) => ['open', 'retrying'].includes(row.state))
    .map((row) => row.code)
    .sort();
}

/** Every exception there ever was about a subject. */
export async function exceptionsOf(trade: Trade, subject: string, on?: string) {
  let query = trade.service.database.db
    .selectFrom('exceptions')
    .selectAll()
    .where('subject_id', '=', subject)
    .orderBy('id');
  if (on !== undefined) query = query.where('connection', '=', on);
  return query.execute();
}

/** Every open exception as `code subject`, sorted. */
export async function allRaised(trade: Trade): Promise<string[]> {
  const rows = await trade.service.database.db
    .selectFrom('exceptions')
    .select(['code', 'subject_id'])
    .where('state', 'in', ['open', 'retrying'])
    .execute();
  return rows.map((row) => `${row.code} ${row.subject_id}`).sort();
}

/** The kept history of an order, oldest first, as `kind: from -> to`. */
export async function theHistory(trade: Trade, orderId: string): Promise<string[]> {
  const rows = await trade.service.database.db
    .selectFrom('order_history')
    .select(['kind', 'from_state', 'to_state', 'why'])
    .where('marketplace_order_id', '=', orderId)
    .orderBy('number')
    .execute();
  return rows.map((row) =>
    row.kind === 'note' ? `note: ${row.why}` : `${row.kind}: ${row.from_state} -> ${row.to_state}`,
  );
}

/** A flow's row as the runtime keeps it. */
export async function theFlow(trade: Trade, flow: string, connection: string = johnLewis) {
  return trade.service.database.db
    .selectFrom('flows')
    .selectAll()
    .where('flow', '=', flow)
    .where('connection', '=', connection)
    .executeTakeFirstOrThrow();
}

/** Breaches of the vendors' contracts and ceilings so far; empty when the service behaved. */
export function breaches(trade: Trade): string[] {
  const markets = [trade.johnLewis.truth, trade.second.truth];
  const { contractBreaches, rateBreaches, overlaps } = trade.warehouse.truth;
  return [
    ...markets.flatMap((m) =>
      m.contractBreaches.map((b) => `${b.operation} ${b.field}: ${b.what}`),
    ),
    ...markets.flatMap((m) => m.ceilingBreaches.map((b) => `${b.operation} too often`)),
    ...contractBreaches.map((b) => `${b.operation} ${b.kind}: ${b.detail}`),
    ...rateBreaches.map((b) => `${b.operation} too often`),
    ...overlaps.map((b) => `${b.operation} during ${b.during.join(', ')}`),
  ];
}
