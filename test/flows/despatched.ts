/** Goods that leave, and what everybody knows of them: despatch in the words of the business, for flow tests. */
import { expect } from 'vitest';
import type { Purchase } from '../../simulators/mirakl/purchases.ts';
import type { DespatchWish } from '../../simulators/peoplevox/picking.ts';
import { saveCarrierMapping } from '../../src/despatch/carrier-store.ts';
import {
  aShopperBuys,
  type Bought,
  johnLewis,
  openTrade,
  type Trade,
  type TradeOptions,
} from './trade.ts';

/** Numbers of the right shape, by the carriers that the marketplace knows. */
export const parcel = {
  first: { carrier: 'Royal Mail', trackingNumber: 'AA123456785GB' },
  second: { carrier: 'Royal Mail', trackingNumber: 'BB111222332GB' },
  dpd: { carrier: 'DPD', trackingNumber: '15501234567890' },
} as const;

/** A trade that tells of despatches; channel settings under `despatch` are laid over its own. */
export function openDespatch(
  options: TradeOptions & { despatch?: Record<string, unknown> } = {},
): Promise<Trade> {
  const { despatch, ...own } = options;
  const channel = { ...own.channel, despatch: { mode: 'confirm', ...despatch } };
  return openTrade({ withDespatch: true, ...own, channel });
}

/** A shopper buys, and the warehouse has it, reserved and ready to be picked. Returns the order's id, which is
 *  also its number in the warehouse. */
export async function inTheWarehouse(
  trade: Trade,
  what: Bought | Purchase['lines'],
  more: Partial<Purchase> = {},
): Promise<string> {
  const orderId = aShopperBuys(trade, what, more);
  await trade.pass(8);
  expect(trade.warehouse.truth.salesOrders.get(orderId)?.status).toBe('Allocated');
  return orderId;
}

/** Goods leave the warehouse: all that is left, by Royal Mail, unless the wish says otherwise. Returns the number
 *  of the despatch. */
export function leaves(trade: Trade, orderId: string, wish: DespatchWish = {}): string {
  const { warehouse } = trade;
  const before = warehouse.truth.salesOrders.get(orderId)?.status;
  if (before === 'Allocated') expect(warehouse.pickStarts(orderId)).toEqual({ ok: true });
  const done = warehouse.despatch(orderId, { ...parcel.first, ...wish });
  if (!done.ok) throw new Error(`nothing left: ${done.why}`);
  return done.despatchNumber;
}

/** What a customer sees of a whole order. */
export function theCustomerSees(trade: Trade, orderId: string) {
  const order = trade.johnLewis.truth.orders.get(orderId)!;
  const { tracking } = order;
  return {
    state: order.state,
    carrier: tracking?.carrierCode ?? tracking?.carrierName ?? null,
    number: tracking?.number ?? null,
  };
}

/** Parcels that the marketplace shows as shipped, oldest first: number and units by SKU. */
export function theParcelsShown(
  trade: Trade,
  orderId: string,
): { number: string | null; carrier: string | null; units: Record<string, number> }[] {
  const { shipments } = trade.johnLewis.truth.orders.get(orderId)!;
  return shipments
    .filter((one) => one.shippedMs !== null)
    .map((one) => {
      const units: Record<string, number> = {};
      for (const line of one.lines)
        units[line.offerSku] = (units[line.offerSku] ?? 0) + line.quantity;
      const { tracking } = one;
      return { number: tracking?.number ?? null, carrier: tracking?.carrierCode ?? null, units };
    });
}

/** Units that left by the marketplace's book, and those it still waits for, by SKU. */
export function unitsGone(trade: Trade, orderId: string): Record<string, [number, number]> {
  const gone: Record<string, [number, number]> = {};
  for (const line of trade.johnLewis.truth.shippedLines(orderId)) {
    const [units, left] = gone[line.offerSku] ?? [0, 0];
    gone[line.offerSku] = [units + line.units, left + line.unitsLeft];
  }
  return gone;
}

/** Calls about an order that had an effect on the marketplace, oldest first, such as `OR23`. */
export function effectsOn(trade: Trade, orderId: string): string[] {
  return trade.johnLewis.truth.shippingWrites
    .filter((one) => one.orderId === orderId)
    .map((one) => one.operation);
}

/** What we keep of an order's parcels, by number of the despatch (`whole` where it is told as one). */
export async function whatWeTold(trade: Trade, orderId: string) {
  return trade.service.database.db
    .selectFrom('confirmations')
    .select([
      'parcel',
      'step',
      'waits_for as waitsFor',
      'tracking_number as number',
      'told_tracking as told',
    ])
    .where('marketplace_order_id', '=', orderId)
    .orderBy('despatched_at')
    .orderBy('parcel')
    .execute();
}

/** Steps of an order's parcels, in the same order. */
export async function stepsOf(trade: Trade, orderId: string): Promise<string[]> {
  return (await whatWeTold(trade, orderId)).map((one) => one.step);
}

/** A person maps a carrier of the warehouse. */
export async function somebodyMaps(
  trade: Trade,
  carrier: string,
  to: { code: string } | { name: string; url: string | null },
): Promise<void> {
  const mapping = { carrier, service: '', code: null, name: null, url: null, ...to };
  const made = { at: trade.clock.now(), by: 'Ann Example' };
  await trade.service.database.db
    .transaction()
    .execute((trx) => saveCarrierMapping(trx, johnLewis, mapping, made));
}

/** Nobody told the marketplace anything twice, or broke a rule of it. */
export function expectNothingTwice(trade: Trade): void {
  expect(trade.johnLewis.truth.doubleShipments).toEqual([]);
  expect(trade.johnLewis.truth.contractBreaches).toEqual([]);
}
