/** What waits when the service was away for long: many orders at once. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Child, startChild } from '../../bench/child.ts';
import type { ServiceAnswers } from '../../bench/service.ts';
import type { VendorAnswers } from '../../bench/vendors.ts';
import { openTestDatabase } from '../database.ts';
import { allRaised, breaches } from './beliefs.ts';
import { aShopperBuys, openTrade, prices, type Trade } from './trade.ts';

const itemCodes = Object.keys(prices);

/** Orders of one to three lines, all payable at once. */
function shoppersBuy(trade: Trade, count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const lines = itemCodes.slice(0, 1 + (at % itemCodes.length));
    return aShopperBuys(trade, Object.fromEntries(lines.map((code, nth) => [code, 1 + nth])));
  });
}

function unitsBought(trade: Trade, orderId: string): Record<string, number> {
  const { lines } = trade.johnLewis.truth.orders.get(orderId)!;
  return Object.fromEntries(lines.map((line) => [line.offerSku, line.quantity]));
}

function unitsInWarehouse(trade: Trade, orderId: string): Record<string, number> | null {
  const order = trade.warehouse.truth.salesOrders.get(orderId);
  return order
    ? Object.fromEntries(order.lines.map((line) => [line.item.code, line.quantity]))
    : null;
}

describe('a thousand orders that wait', () => {
  it('go in whole, for at most one call to the warehouse an order in ten', async () => {
    const trade = await openTrade();
    const ids = shoppersBuy(trade, 1_000);
    await trade.pass(15);
    const astray = ids.filter(
      (id) =>
        JSON.stringify(unitsInWarehouse(trade, id)) !== JSON.stringify(unitsBought(trade, id)),
    );
    expect(astray).toEqual([]);
    expect(trade.warehouse.truth.salesOrders.size).toBe(ids.length);
    const calls = [...trade.warehouse.truth.calls.values()].reduce((sum, count) => sum + count, 0);
    expect(calls / ids.length).toBeLessThanOrEqual(0.1);
    const unwritten = ids.filter(
      (id) => trade.johnLewis.truth.orders.get(id)?.referenceForSeller !== id,
    );
    expect(unwritten).toEqual([]);
    expect(await allRaised(trade)).toEqual([]);
    expect(breaches(trade)).toEqual([]);
  });
});

describe('memory', () => {
  it('is the same for a backlog ten times as long', async () => {
    const vendors = startChild<VendorAnswers>('./vendors.ts', []);
    const service = startChild<ServiceAnswers>('./service.ts', ['--expose-gc']);
    onTestFinished(async () => {
      await Promise.all([vendors.stop(), service.stop()]);
    });
    const short = await peakLiveMiB(vendors, service, 100);
    const long = await peakLiveMiB(vendors, service, 1_000);
    // Measured: 1 to 2 MiB, compiled code mostly. The other 900 orders held at once would add 10 KiB each or more.
    expect(long - short).toBeLessThan(4);
  });
});

/** Most memory alive while so many orders pass through; checks that all of them came home. */
async function peakLiveMiB(
  vendors: Child<VendorAnswers>,
  service: Child<ServiceAnswers>,
  orders: number,
): Promise<number> {
  const database = await openTestDatabase();
  onTestFinished(database.drop);
  const needsAcceptance = false;
  const opened = await vendors.ask('open', { seed: 1, orders, needsAcceptance, latencyMs: 0 });
  const databaseUrl = database.connectionString;
  const question = { ...opened, databaseUrl, orders, needsAcceptance, isRecorded: false };
  const { peakLiveBytes } = await service.ask('run', question);
  const home = { whole: orders, missing: 0, referencesWritten: orders };
  expect(await vendors.ask('truth', null)).toMatchObject(home);
  return peakLiveBytes / 2 ** 20;
}
