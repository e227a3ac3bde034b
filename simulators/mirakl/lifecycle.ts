/** The life of an order: staged, decided, paid, despatched, received, closed; refused, canceled and
 *  refunded lines among them. Every transition is here and leaves a Move behind. */
import { changed, type Market, spanMs, vendorNowMs } from './market.ts';
import { takeFromOffer } from './offers.ts';
import {
  type Actor,
  type CancelRequest,
  type LineState,
  type OrderState,
  orderStates,
  type RefundRequest,
  type SimLine,
  type SimOrder,
  shownState,
  unitsToShip,
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
  if (market.settings.decrementOffer === 'acceptance') {
    for (const line of kept) takeFromOffer(market, line);
  }
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
    line.quantity -= quantity;
    line.pricePence -= amountPence;
    line.shippingPence -= shippingPence;
    line.updatedMs = atMs;
    if (line.quantity === 0) setStage(order, [line], 'CANCELED', by, atMs);
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
  skipEmptyDespatch(market, order, by, atMs);
  finish(market, order, by, atMs);
  return id;
}

/** Everything that is to be shipped leaves (OR24). */
export function despatch(market: Market, order: SimOrder, by: Actor, atMs: number): string[] {
  const lines = order.lines.filter((line) => unitsToShip(line) > 0);
  setStage(order, lines, 'SHIPPED', by, atMs);
  for (const line of lines) line.shippedMs = atMs;
  const lineIds = lines.map((line) => line.lineId);
  market.log.despatches.push({ atMs, orderId: order.orderId, lineIds });
  skipEmptyDespatch(market, order, by, atMs);
  afterDespatch(market, order, atMs);
  finish(market, order, by, atMs);
  return lineIds;
}

/** The goods are with the customer. True when they were on their way. */
export function receive(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  const lines = order.lines.filter(
    (line) => line.stage === 'SHIPPED' || line.stage === 'TO_COLLECT',
  );
  if (lines.length === 0 || lines.some((line) => line.hasIncident)) return false;
  setStage(order, lines, 'RECEIVED', by, atMs);
  for (const line of lines) line.receivedMs = atMs;
  market.agenda.add(atMs + market.settings.closedAfterMs, (dueMs) => {
    close(market, order, 'time', dueMs);
  });
  finish(market, order, by, atMs);
  return true;
}

/** Nothing can change any more. True when the order was received. */
export function close(market: Market, order: SimOrder, by: Actor, atMs: number): boolean {
  const lines = open(order);
  if (order.state !== 'RECEIVED' || lines.some((line) => line.hasIncident)) return false;
  setStage(order, lines, 'CLOSED', by, atMs);
  for (const line of lines) line.reasonCode = 'AUTO_CLOSED';
  finish(market, order, by, atMs);
  return true;
}

/** Opens or closes an incident. An open one holds RECEIVED and CLOSED back; they follow on
 *  closing. */
export function setIncident(
  market: Market,
  order: SimOrder,
  line: SimLine,
  incident: { isOpen: boolean; reasonCode: string },
  atMs: number,
): void {
  const from = shownState(line);
  line.hasIncident = incident.isOpen;
  line.reasonCode = incident.isOpen ? incident.reasonCode : null;
  line.updatedMs = atMs;
  note(order, line.lineId, from, shownState(line), 'operator', atMs);
  if (!incident.isOpen) catchUp(market, order, line, atMs);
  finish(market, order, 'operator', atMs);
}

/** Lines that are neither refused nor canceled. */
export function open(order: SimOrder): SimLine[] {
  return order.lines.filter((line) => line.stage !== 'REFUSED' && line.stage !== 'CANCELED');
}

function afterStaging(market: Market, order: SimOrder, atMs: number): void {
  const lines = open(order);
  if (order.needsAcceptance) {
    setStage(order, lines, 'WAITING_ACCEPTANCE', 'operator', atMs);
    market.agenda.add(atMs + market.settings.acceptanceWindowMs, (dueMs) => {
      if (order.state === 'WAITING_ACCEPTANCE') acceptanceTimeout(market, order, dueMs);
    });
  } else {
    if (market.settings.decrementOffer === 'acceptance') {
      for (const line of lines) takeFromOffer(market, line);
    }
    awaitPayment(market, order, lines, 'operator', atMs);
  }
  finish(market, order, 'operator', atMs);
}

function acceptanceTimeout(market: Market, order: SimOrder, atMs: number): void {
  const lines = open(order);
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
  order.shippingDeadlineMs = atMs + market.settings.leadTimeDays * 24 * 3600_000;
}

function afterDespatch(market: Market, order: SimOrder, atMs: number): void {
  const { settings } = market;
  if (order.paymentWorkflow === 'PAY_ON_SHIPMENT') {
    market.agenda.add(atMs + spanMs(market, settings.debitDelayMs), (dueMs) => {
      order.debitedMs = dueMs;
      for (const line of open(order)) line.debitedMs = dueMs;
      changed(market, order, dueMs);
    });
  }
  const type = settings.shippingTypes.find(
    (candidate) => candidate.code === order.shippingTypeCode,
  );
  if (type?.clickAndCollect) {
    market.agenda.add(atMs + settings.toCollectAfterMs, (dueMs) => {
      const lines = order.lines.filter((line) => line.stage === 'SHIPPED');
      setStage(order, lines, 'TO_COLLECT', 'operator', dueMs);
      finish(market, order, 'operator', dueMs);
    });
  }
  market.agenda.add(atMs + settings.receivedAfterMs, (dueMs) => {
    receive(market, order, 'time', dueMs);
  });
}

/** Steps that fell due while an incident was open are taken now. */
function catchUp(market: Market, order: SimOrder, line: SimLine, atMs: number): void {
  const { receivedAfterMs, closedAfterMs } = market.settings;
  if (line.shippedMs !== null && line.shippedMs + receivedAfterMs <= atMs) {
    receive(market, order, 'time', atMs);
  }
  if (line.receivedMs !== null && line.receivedMs + closedAfterMs <= atMs) {
    close(market, order, 'time', atMs);
  }
}

/** An order whose last unit to ship is refunded or canceled has nothing to wait for: what else was
 *  refunded before despatch counts as RECEIVED. */
function skipEmptyDespatch(market: Market, order: SimOrder, by: Actor, atMs: number): void {
  const waiting = order.lines.filter((line) => line.stage === 'SHIPPING');
  if (waiting.length === 0 || waiting.some((line) => unitsToShip(line) > 0)) return;
  if (open(order).some((line) => line.stage !== 'SHIPPING')) {
    setStage(order, waiting, 'SHIPPED', by, atMs);
    return;
  }
  setStage(order, waiting, 'RECEIVED', by, atMs);
  market.agenda.add(atMs + market.settings.closedAfterMs, (dueMs) => {
    close(market, order, 'time', dueMs);
  });
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

function setStage(
  order: SimOrder,
  lines: readonly SimLine[],
  to: OrderState,
  by: Actor,
  atMs: number,
): void {
  for (const line of lines) {
    const from = shownState(line);
    line.stage = to;
    line.updatedMs = atMs;
    if (shownState(line) !== from) note(order, line.lineId, from, shownState(line), by, atMs);
  }
}

/** The order's state follows from its lines; then the change is made known. */
function finish(market: Market, order: SimOrder, by: Actor, atMs: number): void {
  const state = stateFromLines(order);
  if (state !== order.state) {
    note(order, null, order.state, state, by, atMs);
    order.state = state;
  }
  changed(market, order, atMs);
}

function stateFromLines(order: SimOrder): OrderState {
  const lines = open(order);
  if (lines.length === 0) {
    return order.lines.every((line) => line.stage === 'REFUSED') ? 'REFUSED' : 'CANCELED';
  }
  const needed = lines.filter((line) => line.stage !== 'SHIPPING' || unitsToShip(line) > 0);
  const rank = (line: SimLine) => (orderStates as readonly string[]).indexOf(line.stage);
  const slowest = (needed.length > 0 ? needed : lines).reduce((a, b) =>
    rank(b) < rank(a) ? b : a,
  );
  return slowest.stage;
}

function note(
  order: SimOrder,
  lineId: string | null,
  from: LineState | null,
  to: LineState,
  by: Actor,
  atMs: number,
): void {
  order.history.push({ atMs, lineId, from, to, by });
}
