/** The despatches of one order, for a person who looks into a finding: what left, what the marketplace was told and
 *  shows, what the service keeps of it, and what it named. */
import type { Service } from '../src/main.ts';
import type { DespatchCase } from './check-despatch.ts';

/** A line a fact. */
export async function explainDespatch(
  { stage, floor }: DespatchCase,
  service: Service,
  orderId: string,
): Promise<string[]> {
  const { truth } = stage.warehouse;
  const found = truth.salesOrders.get(orderId);
  const moves = found?.history.map((move) => `${timeOf(move.atMs)} ${move.to} by ${move.by}`) ?? [];
  const parcels = floor.sent
    .filter((one) => one.orderId === orderId)
    .map((one) => {
      const rows = truth.despatches.filter((row) => row.despatchNumber === one.despatchNumber);
      const units = rows.map((row) => `${row.quantity} ${row.item.code}`).join(' + ');
      const numbers = [...new Set(rows.map((row) => row.trackingNumber))].join(', ');
      return `${timeOf(one.leftMs)} ${one.despatchNumber} (${one.way}) leaves with ${units} by ${one.carrier}, number ${numbers} from ${timeOf(one.trackedMs)}, shown from ${timeOf(one.visibleMs)}`;
    });
  return [
    `warehouse: ${moves.join(', ') || 'has none'}`,
    ...parcels,
    ...marketplaceSide(stage, orderId),
    ...(await serviceSide(service, orderId)),
  ];
}

function marketplaceSide(stage: DespatchCase['stage'], orderId: string): string[] {
  return [...stage.marketplaces].flatMap(([channel, { truth }]) => {
    const order = truth.orders.get(orderId);
    if (!order) return [];
    const writes = truth.shippingWrites
      .filter((one) => one.orderId === orderId)
      .map((one) => {
        const what = `${one.operation} ${one.effect} ${one.tracking?.number ?? ''}`;
        return `${timeOf(one.atMs)} ${channel} takes ${what}${one.tracking?.isLost ? ' (lost)' : ''}`;
      });
    const lines = truth
      .shippedLines(orderId)
      .map((one) => `${one.units} of ${one.orderedUnits} ${one.offerSku} shipped`);
    const deadline = timeOf(order.shippingDeadlineMs);
    const number = order.tracking?.number ?? 'none';
    const shown = `${channel} shows ${order.state}, number ${number}, ${lines.join(', ')}, deadline ${deadline}`;
    return [...writes, shown];
  });
}

async function serviceSide(service: Service, orderId: string): Promise<string[]> {
  const { db } = service.database;
  const rows = await db
    .selectFrom('despatch_rows')
    .selectAll()
    .where('sales_order_number', '=', orderId)
    .execute();
  const confirmations = await db
    .selectFrom('confirmations')
    .selectAll()
    .where('marketplace_order_id', '=', orderId)
    .execute();
  const exceptions = await db
    .selectFrom('exceptions')
    .selectAll()
    .where('subject_id', '=', orderId)
    .execute();
  const alerts = await db
    .selectFrom('sla_alerts')
    .selectAll()
    .where('marketplace_order_id', '=', orderId)
    .execute();
  return [
    ...rows.map(
      (row) =>
        `service keeps ${row.despatch_number}: ${row.quantity} ${row.item_code}, number ${row.tracking_number}, seen ${timeAt(row.first_seen_at)}, changed ${timeAt(row.changed_at)}`,
    ),
    ...confirmations.map(
      (one) =>
        `service ${one.parcel}: ${one.step} ${one.waits_for ?? ''} attempts ${one.attempts}, ${JSON.stringify(one.lines)}, number ${one.tracking_number}, told ${one.told_tracking}, seen ${timeAt(one.first_seen_at)}, sent ${timeAt(one.sent_at)}, shipped ${timeAt(one.shipped_at)}, verified ${timeAt(one.verified_at)}, ${one.last_error ?? ''}`,
    ),
    ...exceptions.map((one) => `exception ${one.code} ${one.state}: ${one.message}`),
    ...alerts.map((one) => `alert ${one.clock} ${one.stage} at ${timeAt(one.at)}`),
  ];
}

function timeAt(at: Date | null): string {
  return at === null ? 'never' : timeOf(at.getTime());
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}
