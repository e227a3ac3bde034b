/** OR28, OR29 and OR30: refunds and cancelations by the shop. */
import { ownOrder } from './acceptance.ts';
import { balanceOf, drawOn, isUnpaid } from './balance.ts';
import { amountOf, readBody, type Shape } from './body.ts';
import { type Json, Money, plain, write } from './json.ts';
import { cancel, refund } from './lifecycle.ts';
import { type Market, uuidFrom } from './market.ts';
import { ownPence, taxOf } from './money-json.ts';
import type { TaxMode } from './options.ts';
import { open } from './stages.ts';
import { refundedPence, type SimLine, type SimOrder, startedUnits, wantedUnits } from './state.ts';
import { type Call, type Refusal, type Result, refuse } from './wire.ts';

const codedAmount: Shape = { fields: { amount: 'number', code: 'text' }, required: [] };
const common: Record<string, Shape> = {
  amount: 'number',
  currency_iso_code: 'text',
  fees: { list: codedAmount },
  order_line_id: 'text',
  quantity: 'integer',
  reason_code: 'text',
  shipping_amount: 'number',
  shipping_taxes: { list: codedAmount },
  taxes: { list: codedAmount },
};
const required = ['amount', 'order_line_id', 'reason_code', 'shipping_amount'];
const refundShape: Shape = {
  fields: {
    order_tax_mode: 'text',
    refunds: {
      list: { fields: { ...common, excluded_from_shipment: 'boolean' }, required },
      min: 1,
    },
  },
  required: ['refunds'],
};
const cancelShape: Shape = {
  fields: {
    order_tax_mode: 'text',
    cancelations: { list: { fields: common, required: [...required, 'quantity'] }, min: 1 },
  },
  required: ['cancelations'],
};

type Item = {
  order: SimOrder;
  line: SimLine;
  /** As the body has them, in its tax mode. */
  given: { amountPence: number; shippingPence: number };
  /** In the order's own tax mode. */
  amountPence: number;
  shippingPence: number;
  quantity: number;
  reasonCode: string;
  excludedFromShipment: boolean;
};

/** OR28. All or nothing; amounts may not exceed what is left, nor the shop's balance; the reason
 *  must be the shop's. */
export function refundLines(market: Market, call: Call): Result {
  const body = readBody(call, refundShape);
  const mode = modeOf(market, body);
  const items = readItems(market, call, body, { field: 'refunds', reason: 'REFUND', mode });
  for (const { order, line } of items) {
    if (!market.settings.refundableStates.includes(line.stage)) throw wrongState(order);
    if (isUnpaid(order)) {
      throw refuse(400, 'ORDER_NOT_DEBITED', `Order ${order.orderId} is not debited yet`);
    }
  }
  checkLeft(items, refundLeft);
  checkExcluded(items);
  checkBalance(market, call, items);
  const groupIds = new Map(
    [...new Set(items.map((item) => item.order))].map((order) => [
      order,
      uuidFrom(market.dice.ids),
    ]),
  );
  const written = items.map((item) => {
    const orderRefundId = groupIds.get(item.order) as string;
    const { order, given: _given, ...request } = item;
    const id = refund(market, order, request, orderRefundId, 'shop', call.nowMs);
    return {
      ...echo(market, item),
      excluded_from_shipment: item.excludedFromShipment,
      order_refund_id: orderRefundId,
      refund_id: id,
    };
  });
  return { status: 200, body: write({ order_tax_mode: mode, refunds: written }, plain) };
}

/** OR29. The whole order, while nothing of it has left and it may be canceled. */
export function cancelOrder(market: Market, call: Call): Result {
  const order = ownOrder(market, call, call.segment(2));
  const isWhole = order.lines.every((line) => startedUnits(line) === 0);
  if (!market.settings.cancelableStates.includes(order.state) || !isWhole) throw wrongState(order);
  cancel(market, order, everything(order), 'shop', call.nowMs);
  return { status: 204 };
}

/** OR30. Lines or parts of lines, of any orders; all or nothing. */
export function cancelLines(market: Market, call: Call): Result {
  const body = readBody(call, cancelShape);
  const mode = modeOf(market, body);
  const wanted = { field: 'cancelations', reason: 'CANCELATION', mode } as const;
  const items = readItems(market, call, body, wanted);
  for (const { order, line, quantity } of items) {
    if (!market.settings.cancelableStates.includes(line.stage)) throw wrongState(order);
    if (quantity < 1) throw tooMany(line);
  }
  checkLeft(items, cancelLeft);
  for (const [line, group] of Map.groupBy(items, (item) => item.line)) {
    const units = group.reduce((sum, item) => sum + item.quantity, 0);
    if (units > line.quantity - startedUnits(line)) throw tooMany(line);
  }
  const written = items.map((item) => {
    const [id] = cancel(market, item.order, [item], 'shop', call.nowMs);
    return { ...echo(market, item), cancelation_id: id };
  });
  return { status: 200, body: write({ cancelations: written, order_tax_mode: mode }, plain) };
}

/** Cancels all that is open of an order: every unit and every penny left. */
export function everything(order: SimOrder, lines: readonly SimLine[] = open(order)) {
  return lines.map((line) => ({
    line,
    quantity: line.quantity,
    amountPence: line.pricePence,
    shippingPence: line.shippingPence,
    reasonCode: null,
  }));
}

type Left = { price: number; shipping: number };

function refundLeft(line: SimLine): Left {
  const paid = refundedPence(line);
  return { price: line.pricePence - paid.price, shipping: line.shippingPence - paid.shipping };
}

function cancelLeft(line: SimLine): Left {
  return { price: line.pricePence, shipping: line.shippingPence };
}

/** The mode the amounts are in: the body's, else the operator's. */
function modeOf(market: Market, body: Record<string, unknown>): TaxMode {
  const given = body['order_tax_mode'] ?? market.settings.taxMode;
  const mode = (['TAX_INCLUDED', 'TAX_EXCLUDED'] as const).find((one) => one === given);
  if (mode) return mode;
  throw refuse(400, 'VALIDATION_ERROR', `Unknown order_tax_mode ${String(given)}`, {
    field: 'order_tax_mode',
    isBreach: true,
  });
}

function readItems(
  market: Market,
  call: Call,
  body: Record<string, unknown>,
  wanted: { field: 'refunds' | 'cancelations'; reason: string; mode: TaxMode },
): Item[] {
  const leftOf = wanted.field === 'refunds' ? refundLeft : cancelLeft;
  return (body[wanted.field] as Record<string, unknown>[]).map((given) => {
    const lineId = given['order_line_id'] as string;
    const found = market.lines.get(`${call.shop.shopId}/${lineId}`);
    if (!found) throw refuse(404, 'ORDER_LINE_NOT_FOUND', `Order line ${lineId} not found`);
    checkReason(market, given['reason_code'] as string, wanted.reason);
    const currency = given['currency_iso_code'];
    if (typeof currency === 'string' && currency !== market.settings.currency) {
      throw refuse(400, 'VALIDATION_ERROR', 'Wrong currency', { field: 'currency_iso_code' });
    }
    checkTaxes(market, given);
    const writer = { market, order: found.order, mode: wanted.mode };
    const left = leftOf(found.line);
    const amount = amountOf(given['amount'], 'amount');
    const shipping = amountOf(given['shipping_amount'], 'shipping_amount');
    const quantity = (given['quantity'] as number | null | undefined) ?? 0;
    if (quantity < 0) throw tooMany(found.line);
    return {
      ...found,
      given: { amountPence: amount, shippingPence: shipping },
      amountPence: ownPence(writer, amount, left.price),
      shippingPence: ownPence(writer, shipping, left.shipping),
      quantity,
      reasonCode: given['reason_code'] as string,
      excludedFromShipment: given['excluded_from_shipment'] === true,
    };
  });
}

function checkReason(market: Market, code: string, type: string): void {
  const isKnown = market.settings.reasons.some(
    (reason) => reason.code === code && reason.type === type && reason.isShopRight,
  );
  if (isKnown) return;
  throw refuse(400, 'REASON_NOT_FOUND', `Reason ${code} is not valid`, { field: 'reason_code' });
}

/** Sums per line, so that two items for one line cannot together exceed it. */
function checkLeft(items: readonly Item[], leftOf: (line: SimLine) => Left): void {
  for (const [line, group] of Map.groupBy(items, (item) => item.line)) {
    const left = leftOf(line);
    const price = group.reduce((sum, item) => sum + item.amountPence, 0);
    const shipping = group.reduce((sum, item) => sum + item.shippingPence, 0);
    const units = group.reduce((sum, item) => sum + item.quantity, 0);
    if (price > left.price || shipping > left.shipping || units > line.quantity) {
      throw refuse(400, 'AMOUNT_EXCEEDED', `More than is left on line ${line.lineId}`, {
        field: 'amount',
      });
    }
  }
}

/** Only units that have not left can be taken out of the shipment. */
function checkExcluded(items: readonly Item[]): void {
  const excluded = items.filter((item) => item.excludedFromShipment);
  for (const [line, group] of Map.groupBy(excluded, (item) => item.line)) {
    const units = group.reduce((sum, item) => sum + item.quantity, 0);
    if (line.stage === 'SHIPPING' && units > wantedUnits(line) - startedUnits(line)) {
      throw tooMany(line);
    }
  }
}

function checkBalance(market: Market, call: Call, items: readonly Item[]): void {
  if (market.settings.sellerBalance === 'unlimited') return;
  const needed = { pending: 0, payable: 0 };
  for (const [line, group] of Map.groupBy(items, (item) => item.line)) {
    const pence = group.reduce((sum, item) => sum + item.amountPence + item.shippingPence, 0);
    const draw = drawOn(market, line, pence);
    needed[draw.from] += draw.pence;
  }
  const { pendingPence, payablePence } = balanceOf(market, call.shop.shopId);
  const short =
    needed.payable > Math.max(0, payablePence)
      ? 'payable'
      : needed.pending > Math.max(0, pendingPence)
        ? 'pending'
        : null;
  if (short === null) return;
  const what = `The shop does not have a sufficient ${short} balance for the refund`;
  throw refuse(400, 'INSUFFICIENT_BALANCE', what);
}

/** Taxes with the rule NONE must be restated with every amount; a code must be the order's. */
function checkTaxes(market: Market, item: Record<string, unknown>): void {
  const { tax } = market.settings;
  for (const field of ['taxes', 'shipping_taxes']) {
    for (const given of (item[field] ?? []) as { code?: string | null }[]) {
      if (given.code === tax?.code) continue;
      throw refuse(400, 'VALIDATION_ERROR', `Unknown tax ${String(given.code)}`, { field });
    }
  }
  if (tax?.rule !== 'NONE') return;
  const isMissing = (field: string, amount: unknown) =>
    amount !== 0 && (!Array.isArray(item[field]) || (item[field] as unknown[]).length === 0);
  if (isMissing('taxes', item['amount']) || isMissing('shipping_taxes', item['shipping_amount'])) {
    throw refuse(400, 'VALIDATION_ERROR', 'Tax amounts are required', { field: 'taxes' });
  }
}

function echo(market: Market, item: Item): { [field: string]: Json } {
  const { tax } = market.settings;
  const taxes = (pence: number): Json =>
    tax ? [{ amount: new Money(taxOf({ market, order: item.order }, pence)), code: tax.code }] : [];
  return {
    amount: new Money(item.given.amountPence),
    currency_iso_code: market.settings.currency,
    eco_contributions: [],
    fees: [],
    order_line_id: item.line.lineId,
    quantity: item.quantity,
    reason_code: item.reasonCode,
    shipping_amount: new Money(item.given.shippingPence),
    shipping_taxes: taxes(item.shippingPence),
    taxes: taxes(item.amountPence),
  };
}

function tooMany(line: SimLine): Refusal {
  const what = `quantity exceeds what is left of line ${line.lineId}`;
  return refuse(400, 'VALIDATION_ERROR', what, { field: 'quantity' });
}

function wrongState(order: SimOrder): Refusal {
  const what = `Order ${order.orderId} is not in the expected state: ${order.state}`;
  return refuse(400, 'ORDER_INVALID_STATE', what);
}
