/** The life of an order until it can be despatched: staged, decided, paid; refused, canceled and
 *  refunded lines among them. What follows is in `delivery.ts`. */
import { releaseUnits, skipEmptyDespatch } from './delivery.ts';
import { changed, type Market, spanMs, vendorNowMs } from './market.ts';
import { restock, sellAt } from './offer-book.ts';
import { finish, note, open, setStage } from './stages.ts';
import {
  type Actor,
  type CancelRequest,
  type RefundRequest,
  type SimLine,
  type SimOrder,
  shownState,
} from './state.ts';

/** Lets everything happen that fell due, in order, each with its own date. */
export function settle(market: Market): void {
  const nowMs = vendorNowMs(market);
  for (let due = market.agenda.take(nowMs); due; due = market.agenda.take(nowMs)) {
    due.work(due.dueMs);
  }
}

/** An order has just been taken up: staged, or at once what follows. */
export function begin(market: Market, order: SimOrder, stagingMs: number, atMs: number): void {
  if (stagingMs === 0) {
    afterStaging(market, order, atMs);
    return;
  }
  market.agenda.add(atMs + stagingMs, (dueMs) => {
    if (order.state === 'STAGING' || order.state === 'WAITING_RISK_REVIEW') {
      afterStaging(market, order, dueMs);
    }
  });
}

/** Takes the shop's decision (OR21). Every line id must be decided; the caller has checked. */
export function decide(
  market: Market,
  order: SimOrder,
  accepted: ReadonlySet<string>,
  atMs: number,
): void {
  order.decidedMs = atMs;
  // A line canceled before the decision stays canceled, whatever the decision says.
  const kept = open(order).filter((line) => accepted.has(line.lineId));
  const refused = open(order).filter((line) => !accepted.has(line.lineId));
  setStage(order, refused, 'REFUSED', 'shop', atMs);
  restock(market, refused, atMs);
  sellAt('acceptance', market, kept, atMs);
  if (kept.length > 0) awaitPayment(market, order, kept, 'shop', atMs);
  finish(market, order, 'shop', atMs);
}

/** The customer's money arrived. True when the order was waiting for it. */
export function pay(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  if (!isUnpaid(order)) return false;
  toShipping(market, order, open(order), by, atMs);
  order.debitedMs = atMs;
  for (const line of open(order)) line.debitedMs = atMs;
  finish(market, order, by, atMs);
  return true;
}

/** The money will not come: CANCELED. Amounts stay, as nothing was ever paid. */
export function refusePayment(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  if (!isUnpaid(order)) return false;
  restock(market, open(order), atMs);
  setStage(order, open(order), 'CANCELED', by, atMs);
  finish(market, order, by, atMs);
  return true;
}

/** Takes units off lines; what is canceled leaves the line's quantity and amounts. Returns the
 *  ids. */
export function cancel(
  market: Market,
  order: SimOrder,
  requests: readonly CancelRequest[],
  by: Actor,
  atMs: number,
): string[] {
  const ids = requests.map(({ line, quantity, amountPence, shippingPence, reasonCode }) => {
    const id = String(++market.counters.money);
    line.cancelations.push({
      id,
      quantity,
      amountPence,
      shippingPence,
      reasonCode,
      createdMs: atMs,
      by,
    });
    restock(market, [line], atMs, quantity);
    line.quantity -= quantity;
    line.pricePence -= amountPence;
    line.shippingPence -= shippingPence;
    line.updatedMs = atMs;
    if (line.quantity === 0) setStage(order, [line], 'CANCELED', by, atMs);
    releaseUnits(order, line, atMs);
    return id;
  });
  skipEmptyDespatch(market, order, by, atMs);
  finish(market, order, by, atMs);
  return ids;
}

/** Promises money back; it is paid after a while. Returns the refund's ids. */
export function refund(
  market: Market,
  order: SimOrder,
  request: RefundRequest,
  orderRefundId: string,
  by: Actor,
  atMs: number,
): string {
  const { line, ...rest } = request;
  const id = String(++market.counters.money);
  const entry = {
    ...rest,
    id,
    orderRefundId,
    state: 'WAITING_REFUND' as const,
    createdMs: atMs,
    paidMs: null,
    by,
  };
  line.refunds.push(entry);
  line.updatedMs = atMs;
  const delayMs = market.settings.refundDelayMs;
  advanceRefund(market, order, line, id, 'WAITING_REFUND_PAYMENT', atMs + delayMs / 2);
  advanceRefund(market, order, line, id, 'REFUNDED', atMs + delayMs);
  releaseUnits(order, line, atMs);
  skipEmptyDespatch(market, order, by, atMs);
  finish(market, order, by, atMs);
  return id;
}

function afterStaging(market: Market, order: SimOrder, atMs: number): void {
  const lines = open(order);
  if (order.needsAcceptance) {
    setStage(order, lines, 'WAITING_ACCEPTANCE', 'operator', atMs);
    market.agenda.add(atMs + market.settings.acceptanceWindowMs, (dueMs) => {
      if (order.state === 'WAITING_ACCEPTANCE') acceptanceTimeout(market, order, dueMs);
    });
  } else {
    sellAt('acceptance', market, lines, atMs);
    awaitPayment(market, order, lines, 'operator', atMs);
  }
  finish(market, order, 'operator', atMs);
}

function acceptanceTimeout(market: Market, order: SimOrder, atMs: number): void {
  const lines = open(order);
  restock(market, lines, atMs);
  setStage(order, lines, 'REFUSED', 'time', atMs);
  for (const line of lines) {
    line.reasonCode = 'ACCEPTANCE_TIMEOUT';
    line.reasonLabel = 'Acceptance deadline passed';
  }
  finish(market, order, 'time', atMs);
}

function awaitPayment(
  market: Market,
  order: SimOrder,
  lines: SimLine[],
  by: Actor,
  atMs: number,
): void {
  if (order.paymentWorkflow !== 'PAY_ON_ACCEPTANCE') {
    toShipping(market, order, lines, by, atMs);
    return;
  }
  setStage(order, lines, 'WAITING_DEBIT', by, atMs);
  const delayMs = spanMs(market, market.settings.debitDelayMs);
  const isRefused = market.dice.life.chance(market.settings.debitRefusedChance);
  market.agenda.add(atMs + Math.floor(delayMs / 2), (dueMs) => {
    if (order.state !== 'WAITING_DEBIT') return;
    setStage(order, open(order), 'WAITING_DEBIT_PAYMENT', 'operator', dueMs);
    finish(market, order, 'operator', dueMs);
  });
  market.agenda.add(atMs + market.settings.debitExpiryMs, (dueMs) => {
    refusePayment(market, order, 'time', dueMs);
  });
  if (market.settings.debit === 'manual') return;
  market.agenda.add(atMs + delayMs, (dueMs) => {
    if (isRefused) refusePayment(market, order, 'operator', dueMs);
    else pay(market, order, 'operator', dueMs);
  });
}

function toShipping(
  market: Market,
  order: SimOrder,
  lines: SimLine[],
  by: Actor,
  atMs: number,
): void {
  setStage(order, lines, 'SHIPPING', by, atMs);
  order.detailsShown = true;
  order.shippingSinceMs = atMs;
  order.shippingDeadlineMs = atMs + market.settings.leadTimeDays * 24 * 3600_000;
}

function advanceRefund(
  market: Market,
  order: SimOrder,
  line: SimLine,
  refundId: string,
  to: 'WAITING_REFUND_PAYMENT' | 'REFUNDED',
  dueMs: number,
): void {
  market.agenda.add(dueMs, (atMs) => {
    const entry = line.refunds.find((candidate) => candidate.id === refundId);
    if (!entry) return;
    const from = shownState(line);
    entry.state = to;
    if (to === 'REFUNDED') entry.paidMs = atMs;
    line.updatedMs = atMs;
    if (shownState(line) !== from) {
      note(order, line.lineId, from, shownState(line), 'operator', atMs);
    }
    changed(market, order, atMs);
  });
}

function isUnpaid(order: SimOrder): boolean {
  return order.state === 'WAITING_DEBIT' || order.state === 'WAITING_DEBIT_PAYMENT';
}
