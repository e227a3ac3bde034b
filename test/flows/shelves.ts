/** What is on the shelves and on show: stock in the words of the business, for flow tests. */

import type { MiraklSimulator } from '../../simulators/mirakl/simulator.ts';
import type { QuantityChange } from '../../simulators/mirakl/state.ts';
import { saveRules } from '../../src/stock/rule-store.ts';
import type { Rule } from '../../src/stock/rules.ts';
import { openTrade, type Trade, type TradeOptions, warehouseId } from './trade.ts';

/** One unit is withheld and nothing more, so that every expected number can be worked out in the head. */
const plainRule: Rule = { match: {}, bufferUnits: 1, serviceLevel: 0 };

/** A trade that keeps stock by plain rules, and these on top. `before` arranges vendors before the service
 *  sees them. */
export async function openShop(
  options: TradeOptions & { rules?: Rule[]; before?: (trade: Trade) => void } = {},
): Promise<Trade> {
  const { rules = [], before, ...own } = options;
  const trade = await openTrade({ withStock: true, ...own });
  await setRules(trade, rules);
  before?.(trade);
  return trade;
}

/** Somebody changes the rules: the plain one and these from now on. */
export async function setRules(trade: Trade, rules: readonly Rule[]): Promise<void> {
  const given = { rules: [plainRule, ...rules] };
  const at = trade.clock.now();
  await trade.service.database.db
    .transaction()
    .execute((trx) => saveRules(trx, { rules: given, by: 'Ann Example', note: 'test', at }));
}

/** Units on show to shoppers; null: no such offer is listed. */
export function shows(
  trade: Trade,
  shopSku: string,
  on: MiraklSimulator = trade.johnLewis,
): number | null {
  const offer = on.truth.offers.findLast((one) => one.shopSku === shopSku);
  return offer === undefined || offer.isDeleted ? null : offer.quantity;
}

/** Every SKU on show and its units. */
export function showcase(
  trade: Trade,
  on: MiraklSimulator = trade.johnLewis,
): Record<string, number> {
  const offers = on.truth.offers.filter((one) => !one.isDeleted);
  return Object.fromEntries(offers.map((one) => [one.shopSku, one.quantity]));
}

/** The figures an offer went through since then, sales included, oldest first. */
export function figuresSince(
  trade: Trade,
  shopSku: string,
  sinceMs: number,
  on: MiraklSimulator = trade.johnLewis,
): number[] {
  return changesSince(trade, shopSku, sinceMs, on).map((one) => one.to);
}

/** Changes of an offer's figure since then, oldest first. */
export function changesSince(
  trade: Trade,
  shopSku: string,
  sinceMs: number,
  on: MiraklSimulator = trade.johnLewis,
): QuantityChange[] {
  return on.truth.quantityChanges.filter((one) => one.shopSku === shopSku && one.atMs >= sinceMs);
}

/** A person says that a mass change is right. */
export async function approve(trade: Trade, minutes: number): Promise<void> {
  const until = new Date(trade.clock.nowMs() + minutes * 60_000);
  await trade.service.database.db
    .updateTable('stock_feeds')
    .set({ approved_until: until })
    .where('warehouse', '=', warehouseId)
    .execute();
}

/** Reads of the warehouse's stock so far, oldest first. */
export async function theReads(trade: Trade) {
  return trade.service.database.db.selectFrom('stock_reads').selectAll().orderBy('id').execute();
}

/** Files of quantities sent so far, as the marketplace has them. */
export function theFiles(trade: Trade, on: MiraklSimulator = trade.johnLewis) {
  return on.truth.imports;
}

/** Lets time pass in small steps until it is so. Throws after that many minutes. */
export async function passUntil(
  trade: Trade,
  isSo: () => boolean | Promise<boolean>,
  mostMinutes: number,
): Promise<void> {
  for (let minutes = 0; minutes < mostMinutes; minutes += 0.25) {
    if (await isSo()) return;
    await trade.pass(0.25);
  }
  throw new Error(`not so after ${mostMinutes} minutes`);
}
