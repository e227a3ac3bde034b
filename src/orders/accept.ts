/** Accept: every order that waits for acceptance is decided, all its lines in one call, by policy or by a
 *  person; the operator's window is watched. */
import { Refused } from '../errors.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import { readOffer } from '../mirakl/offers.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { readInventory } from '../peoplevox/inventory.ts';
import { readFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from '../settings.ts';
import {
  readPromisedUnits,
  readWaitingOrders,
  saveDecisions,
  type WaitingOrder,
} from './accept-store.ts';
import { type DecisionFacts, decideOrder, type LineDecision, type LineToDecide } from './decide.ts';
import { learnItems } from './items.ts';
import { type OfferToKeep, readOffers, readSkuMappings, saveOffers } from './lookup-store.ts';
import { moneyAtStake, retryAt } from './retry.ts';
import { partialDisabledFact, sendDecisions } from './send-decisions.ts';
import { wire } from './state.ts';
import { postpone } from './store.ts';

/** Orders looked at in one run; the oldest first, so that none starves. */
const ordersPerRun = 500;
/** How long an offer's price is trusted. */
const offerFreshMs = 3_600_000;
/** Offers whose prices are kept in one transaction. Larger: fewer commits; smaller: less read anew after a
 *  failure. */
const offersPerWrite = 25;

export type AcceptDeps = {
  channel: ChannelSettings;
  warehouse: WarehouseSettings;
  mirakl: MiraklClient;
  peoplevox: PeoplevoxClient;
  policies: Settings['policies'];
};

/** Decides what waits and sends what is decided. Throws VendorError when a vendor is away. */
export async function accept(context: FlowContext, deps: AcceptDeps): Promise<void> {
  const { channel } = deps;
  if (channel.acceptance.policy === 'off') return;
  const waiting = await readWaitingOrders(context.db, channel.id, ordersPerRun);
  if (waiting.length === 0) return;
  await watchWindow(context, channel, waiting);
  const now = context.clock.now();
  const undecided = waiting.filter(
    (order) => order.decision === null && (order.holdUntil === null || order.holdUntil <= now),
  );
  if (channel.acceptance.policy === 'auto') await decideAll(context, deps, undecided);
  else await holdAll(context, deps, undecided, ['this channel decides by hand']);
  await sendDecisions(context, deps, ordersPerRun);
}

async function watchWindow(
  context: FlowContext,
  channel: ChannelSettings,
  waiting: readonly WaitingOrder[],
): Promise<void> {
  const { windowHours, warnBeforeHours } = channel.acceptance;
  const now = context.clock.nowMs();
  const late = waiting.filter(
    (order) => now >= order.createdAt.getTime() + (windowHours - warnBeforeHours) * 3_600_000,
  );
  if (late.length === 0) return;
  const causes = late.map((order): Cause => {
    const deadlineAt = new Date(order.createdAt.getTime() + windowHours * 3_600_000);
    return {
      code: 'acceptance-window-closing',
      connection: channel.id,
      subjectKind: 'order',
      subjectId: order.marketplaceOrderId,
      message: `order ${order.marketplaceOrderId} still waits for acceptance and will be refused by the marketplace at ${deadlineAt.toISOString()}; accept or refuse it now`,
      moneyPence: moneyAtStake({ total_price: order.totalPrice }),
      deadlineAt,
    };
  });
  await context.write((trx) => context.exceptions.raise(trx, causes));
}

async function decideAll(
  context: FlowContext,
  deps: AcceptDeps,
  orders: readonly WaitingOrder[],
): Promise<void> {
  if (orders.length === 0) return;
  const { channel } = deps;
  const mappings = await readSkuMappings(context.db, channel.id);
  const linesOf = (order: WaitingOrder): LineToDecide[] =>
    order.lines.map((line) => ({
      orderLineId: line.order_line_id,
      itemCode: mappings.get(line.shop_sku) ?? line.shop_sku,
      units: line.quantity,
      unitPrice: line.unit_price,
      offerId: line.offer_id,
    }));
  const facts = await gatherFacts(context, deps, orders.flatMap(linesOf));
  const decisions: { marketplaceOrderId: string; lines: readonly LineDecision[] }[] = [];
  for (const order of orders) {
    const decision = decideOrder(linesOf(order), channel.acceptance, facts.view);
    if (decision.kind === 'hold') {
      await holdAll(context, deps, [order], decision.reasons);
      continue;
    }
    for (const line of linesOf(order)) {
      if (decision.lines.some((one) => one.orderLineId === line.orderLineId && one.accepted)) {
        facts.promise(line.itemCode, line.units);
      }
    }
    decisions.push({ marketplaceOrderId: order.marketplaceOrderId, lines: decision.lines });
  }
  if (decisions.length === 0) return;
  const now = context.clock.now();
  await context.write((trx) => saveDecisions(trx, channel.id, now, decisions));
}

type Gathered = { view: DecisionFacts; promise: (itemCode: string, units: number) => void };

async function gatherFacts(
  context: FlowContext,
  deps: AcceptDeps,
  lines: readonly LineToDecide[],
): Promise<Gathered> {
  const { channel, warehouse, peoplevox } = deps;
  const items = await learnItems(
    context,
    { warehouseId: warehouse.id, peoplevox, freshMinutes: deps.policies.itemFreshMinutes },
    lines.map((line) => line.itemCode),
  );
  const known = [...items].filter(([, facts]) => facts.found).map(([code]) => code);
  const sellable = channel.acceptance.checkStock
    ? await readSellable(context, deps, known)
    : new Map();
  const prices = channel.acceptance.checkPrice ? await readPrices(context, deps, lines) : new Map();
  const isPartialDisabled = (await readFact(context.db, channel.id, partialDisabledFact)) !== null;
  return {
    view: {
      item: (code) => items.get(code),
      sellable: (code) => sellable.get(code),
      offerPrice: (offerId) => prices.get(offerId) ?? null,
      isPartialDisabled,
    },
    promise: (code, units) => {
      if (sellable.has(code)) sellable.set(code, sellable.get(code) - units);
    },
  };
}

/** Available on the configured sites, less what is promised and not yet in the warehouse. */
async function readSellable(
  context: FlowContext,
  deps: AcceptDeps,
  codes: readonly string[],
): Promise<Map<string, number>> {
  const sellable = new Map<string, number>();
  for (let at = 0; at < codes.length; at += 100) {
    const batch = codes.slice(at, at + 100);
    await context.assertPlace();
    const { rows, isComplete } = await readInventory(deps.peoplevox, batch, deps.warehouse.sites);
    // No row means none, but only when the answer was whole.
    if (isComplete) for (const code of batch) sellable.set(code, 0);
    for (const row of rows)
      sellable.set(row.itemCode, (sellable.get(row.itemCode) ?? 0) + row.available);
  }
  const promised = await readPromisedUnits(context.db, deps.warehouse.id);
  const mappings = new Map<string, Map<string, string>>();
  for (const channel of new Set(promised.map((one) => one.channel)))
    mappings.set(channel, await readSkuMappings(context.db, channel));
  for (const one of promised) {
    const mapped = mappings.get(one.channel)?.get(one.shopSku) ?? one.shopSku;
    if (sellable.has(mapped)) sellable.set(mapped, sellable.get(mapped)! - one.units);
  }
  return sellable;
}

async function readPrices(
  context: FlowContext,
  deps: AcceptDeps,
  lines: readonly LineToDecide[],
): Promise<Map<string, string>> {
  const { channel } = deps;
  const ids = [...new Set(lines.flatMap((line) => (line.offerId ? [line.offerId] : [])))];
  const known = await readOffers(context.db, channel.id, ids);
  const freshFrom = context.clock.nowMs() - offerFreshMs;
  const isFresh = (id: string) => (known.get(id)?.readAt.getTime() ?? 0) > freshFrom;
  const prices = new Map<string, string>();
  for (const [id, { price }] of known) if (isFresh(id) && price !== null) prices.set(id, price);
  const toAsk = ids.filter((id) => !isFresh(id));
  for (let at = 0; at < toAsk.length; at += offersPerWrite) {
    const read: OfferToKeep[] = [];
    try {
      for (const id of toAsk.slice(at, at + offersPerWrite)) {
        read.push(await askOffer(context, deps, id));
      }
    } finally {
      const now = context.clock.now();
      if (read.length > 0) await context.write((trx) => saveOffers(trx, channel.id, now, read));
    }
    for (const { offerId, price } of read) if (price !== null) prices.set(offerId, price);
  }
  return prices;
}

async function askOffer(
  context: FlowContext,
  deps: AcceptDeps,
  offerId: string,
): Promise<OfferToKeep> {
  await context.assertPlace();
  const offer = await readOffer(deps.mirakl, offerId).catch((cause: unknown) => {
    // An offer that is gone has no price to compare with; anything else is the vendor being away.
    if (cause instanceof Refused) return null;
    throw cause;
  });
  return {
    offerId,
    shopSku: offer?.shopSku ?? '',
    price: offer?.price ?? null,
    active: offer?.isActive ?? false,
  };
}

/** Raised once and looked at again by and by: stock may come, an item may be made. */
async function holdAll(
  context: FlowContext,
  deps: AcceptDeps,
  orders: readonly WaitingOrder[],
  reasons: readonly string[],
): Promise<void> {
  if (orders.length === 0) return;
  const { channel } = deps;
  const causes = orders.map(
    (order): Cause => ({
      code: 'acceptance-held',
      connection: channel.id,
      subjectKind: 'order',
      subjectId: order.marketplaceOrderId,
      message: `order ${order.marketplaceOrderId} is held before acceptance: ${reasons.join('; ')}; run packhorse orders accept or refuse`,
      evidence: { reasons: [...reasons] },
      moneyPence: moneyAtStake({ total_price: order.totalPrice }),
      deadlineAt: new Date(order.createdAt.getTime() + channel.acceptance.windowHours * 3_600_000),
    }),
  );
  const now = context.clock.now();
  const postponed = orders.map((order) => ({
    channel: channel.id,
    marketplaceOrderId: order.marketplaceOrderId,
    dueAt: retryAt(now, order.holds, deps.policies),
  }));
  await context.write(async (trx) => {
    await context.exceptions.raise(trx, causes);
    await postpone(trx, postponed, wire.waitingAcceptance);
  });
}
