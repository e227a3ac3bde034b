/** A trade that runs over real time: what shoppers want, and what became of it by what both vendors believe. */
import { onTestFinished } from 'vitest';
import type { Dice } from '../../simulators/kernel.ts';
import { shownState, unitsToShip } from '../../simulators/mirakl/state.ts';
import { systemClock } from '../../src/clock.ts';
import type { Settings } from '../../src/settings.ts';
import { itemCodes, startRealService, until, type Vendors } from './real-service.ts';

/** Longer than any wait before something is looked for, or sent, again. */
const laterMs = 10 * 60_000;

/** Shoppers who buy all the time, and now and then change their mind; ends with the test. */
export function shoppersBuy(vendors: Vendors, dice: Dice, everyMs: number): { stop(): void } {
  const { market } = vendors;
  const buy = () => {
    const lines = Array.from({ length: dice.between(1, 3) }, (_, at) => ({
      offerSku: itemCodes[at]!,
      quantity: dice.between(1, 3),
      unitPrice: '10.00',
    }));
    const [id] = market.shopperBuys({ lines, shippingTypeCode: 'STD' });
    if (dice.chance(0.05)) market.shopperCancels(id);
  };
  const timer = setInterval(buy, everyMs);
  const stop = () => clearInterval(timer);
  onTestFinished(stop);
  return { stop };
}

/** What is not as it should be, by what both vendors believe. Empty: nothing lost, doubled or wrong. */
export function wrongs({ market, warehouse }: Vendors): string[] {
  const found: string[] = [];
  const { salesOrders } = warehouse.truth;
  for (const order of market.truth.orders.values()) {
    const wanted: Record<string, number> = {};
    for (const line of order.lines) {
      if (unitsToShip(line) > 0)
        wanted[line.offerSku] = (wanted[line.offerSku] ?? 0) + unitsToShip(line);
    }
    const shown: Record<string, number> = {};
    const there = salesOrders.get(order.orderId);
    for (const line of there?.status === 'Cancelled' ? [] : (there?.lines ?? [])) {
      shown[line.item.code] = (shown[line.item.code] ?? 0) + line.quantity;
    }
    if (JSON.stringify(sorted(wanted)) !== JSON.stringify(sorted(shown))) {
      const states = order.lines.map(shownState).join();
      found.push(
        `${order.orderId} (${states}): wanted ${JSON.stringify(wanted)}, shown ${JSON.stringify(shown)}`,
      );
    }
    if (order.state.startsWith('WAITING')) found.push(`${order.orderId} still ${order.state}`);
  }
  for (const number of salesOrders.keys()) {
    if (!market.truth.orders.has(number)) found.push(`${number} is nobody's order`);
  }
  const decided = market.truth.decisions.map((one) => one.orderId);
  for (const id of decided.filter((one, at) => decided.indexOf(one) !== at))
    found.push(`${id} decided twice`);
  return found;
}

function sorted(units: Record<string, number>): [string, number][] {
  return Object.entries(units).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** How much both vendors have done: rises with every effect of the service. */
export function progress({ market, warehouse }: Vendors): number {
  const { truth } = warehouse;
  const lines = [...truth.salesOrders.values()].reduce((sum, one) => sum + one.lines.length, 0);
  return truth.salesOrders.size + lines + market.truth.decisions.length;
}

/** Lets the last orders be paid, starts the service as if ten minutes later (so that nothing rests any more),
 *  and returns what is wrong then. The services that ran must have ended. */
export async function wrongsInTheEnd(vendors: Vendors, settings: Settings): Promise<string[]> {
  await systemClock.sleep(600);
  const service = startRealService(settings, { aheadMs: laterMs });
  await until(() => wrongs(vendors).length === 0, 'all is well', 25_000).catch(() => {});
  await service.stop();
  return wrongs(vendors);
}

/** Waits until, from now on, the marketplace was polled, an order was decided and the warehouse got something:
 *  every flow works. Throws after `withinMs`. */
export async function everyFlowWorks(vendors: Vendors, withinMs: number): Promise<void> {
  const { market, warehouse } = vendors;
  const counts = () => [
    market.truth.calls['OR11'] ?? 0,
    market.truth.decisions.length,
    warehouse.truth.salesOrders.size,
  ];
  const before = counts();
  const isSo = () => counts().every((count, at) => count > before[at]!);
  await until(isSo, 'every flow works', withinMs);
}
