/** Reserve: which orders the warehouse's figures include already. Until then their units are taken off by us. */

import { readSalesOrders } from '../peoplevox/sales-orders.ts';
import { Unsearchable } from '../peoplevox/search.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { readUnstuck } from './cause-store.ts';
import {
  adoptVerified,
  normal,
  readStuck,
  readUnreserved,
  saveReservations,
} from './demand-store.ts';
import type { ReadDeps } from './read.ts';

/** Sales orders asked about in one question, and questions in one run: at a call a second more would hold up the
 *  figures themselves. */
const ordersPerCall = 100;
const callsPerRun = 5;
/** How often an order that had stock reserved is looked at again, until the marketplace owes it no more. */
const recheckMs = 30 * 60_000;

/** Learns which sales orders have stock reserved, before the figures are read. Throws VendorError. */
export async function learnReservations(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse, peoplevox } = deps;
  const reserved = warehouse.stock.allocatedStatuses;
  await context.write((trx) => adoptVerified(trx, warehouse.id, context.clock.now(), reserved));
  const recheckBefore = new Date(context.clock.nowMs() - recheckMs);
  const most = ordersPerCall * callsPerRun;
  const waiting = await readUnreserved(context.db, warehouse.id, recheckBefore, most);
  const words = new Set(reserved.map(normal));
  for (let at = 0; at < waiting.length; at += ordersPerCall) {
    const asked = waiting.slice(at, at + ordersPerCall).map((one) => one.salesOrderNumber);
    await context.assertPlace();
    const { rows } = await readSalesOrders(peoplevox, asked).catch((cause: unknown) => {
      // Such a number is raised by orders; its units simply stay promised.
      if (cause instanceof Unsearchable) return { rows: [] };
      throw cause;
    });
    const seenAt = context.clock.now();
    const sights = rows.map((order) => ({
      salesOrderNumber: order.salesOrderNumber,
      status: order.status?.text ?? '',
      isReserved: words.has(normal(order.status?.text ?? '')) || order.status?.word === 'allocated',
    }));
    const seen = new Set(sights.map((one) => one.salesOrderNumber));
    // Asked about and not shown: put behind the others.
    const unseen = asked.filter((number) => !seen.has(number));
    await context.write((trx) =>
      saveReservations(trx, warehouse.id, seenAt, [
        ...sights,
        ...unseen.map((number) => ({ salesOrderNumber: number, status: '', isReserved: false })),
      ]),
    );
  }
}

/** Raises orders for which the warehouse reserves nothing for too long: their units are offered to nobody. */
export async function raiseStuck(context: FlowContext, deps: Pick<ReadDeps, 'warehouse'>) {
  const { warehouse } = deps;
  const hours = warehouse.stock.stuckHours;
  const before = new Date(context.clock.nowMs() - hours * 3_600_000);
  const unstuck = await readUnstuck(context.db, warehouse.id);
  if (unstuck.length > 0) {
    const options = { codes: ['stock-reservation-stuck'], why: 'stock is reserved, or not owed' };
    await context.write((trx) => context.exceptions.settle(trx, unstuck, options));
  }
  const stuck = await readStuck(context.db, warehouse.id, before);
  if (stuck.length === 0) return;
  await context.write((trx) =>
    context.exceptions.raise(
      trx,
      stuck.map((order) => ({
        code: 'stock-reservation-stuck',
        connection: order.channel,
        subjectKind: 'order',
        subjectId: order.marketplaceOrderId,
        message: `sales order ${order.salesOrderNumber} has been in warehouse ${warehouse.id} since ${order.since.toISOString()} with status ${order.status || 'not told'}: no stock is reserved for it, and its units of ${order.items.join(', ')} are offered to nobody. Allocate or cancel it in Peoplevox`,
        evidence: { status: order.status, items: order.items },
      })),
    ),
  );
}
