/** What the operator owes the shop: refunds draw on it. */
import { type Market, shelfOf } from './market.ts';
import { commissionOf } from './money-json.ts';
import { refundedPence, type SimLine, type SimOrder } from './state.ts';

export type Balance = {
  /** Sold, but not yet with the customer. */
  pendingPence: number;
  /** With the customer, and not yet paid out. */
  payablePence: number;
  paidPence: number;
};

const pendingStages = ['SHIPPING', 'SHIPPED', 'TO_COLLECT'];
const payableStages = ['RECEIVED', 'CLOSED'];

/** Prices less commission, cancelations and refunds. */
export function balanceOf(market: Market, shopId: number): Balance {
  const { pendingPence, payablePence } = market.settings.openingBalance;
  const paidPence = market.paidOut.get(shopId) ?? 0;
  const balance = { pendingPence, payablePence: payablePence - paidPence, paidPence };
  const everMs = Number.POSITIVE_INFINITY;
  for (const order of shelfOf(market, shopId).created(-everMs, everMs)) {
    if (isUnpaid(order)) continue;
    for (const line of order.lines) {
      if (pendingStages.includes(line.stage)) balance.pendingPence += netPence(market, line);
      if (payableStages.includes(line.stage)) balance.payablePence += netPence(market, line);
    }
  }
  return balance;
}

/** What a refund of a line draws on, and how much: the commission on it comes back. */
export function drawOn(
  market: Market,
  line: SimLine,
  refundPence: number,
): { from: 'pending' | 'payable'; pence: number } {
  const left = leftPence(line);
  const pence = net(market, left) - net(market, left - refundPence);
  return { from: payableStages.includes(line.stage) ? 'payable' : 'pending', pence };
}

/** Everything payable is paid. Pence. */
export function payOut(market: Market, shopId: number): number {
  const { payablePence, paidPence } = balanceOf(market, shopId);
  if (payablePence <= 0) return 0;
  market.paidOut.set(shopId, paidPence + payablePence);
  return payablePence;
}

/** The customer pays on shipment, and nothing of the order has been shipped and paid yet. */
export function isUnpaid(order: SimOrder): boolean {
  return (
    order.paymentWorkflow === 'PAY_ON_SHIPMENT' &&
    order.debitedMs === null &&
    order.shipments.every((shipment) => shipment.debitedMs === null)
  );
}

function netPence(market: Market, line: SimLine): number {
  return net(market, leftPence(line));
}

function leftPence(line: SimLine): number {
  const refunded = refundedPence(line);
  return line.pricePence + line.shippingPence - refunded.price - refunded.shipping;
}

function net(market: Market, pence: number): number {
  const { fee, tax } = commissionOf(market, pence);
  return pence - fee - tax;
}
