/** OR28, OR29 and OR30: refunds and cancelations by the shop. */
import { ownOrder } from './acceptance.ts';
import { amountOf, readBody, type Shape } from './body.ts';
import { type Json, Money, plain, write } from './json.ts';
import { cancel, open, refund } from './lifecycle.ts';
import { type Market, uuidFrom } from './market.ts';
import { refundedPence, type SimLine, type SimOrder } from './state.ts';
import { type Call, type Result, refuse } from './wire.ts';

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
  amountPence: number;
  shippingPence: number;
  quantity: number;
  reasonCode: string;
  excludedFromShipment: boolean;
};

/** OR28. All or nothing; amounts may not exceed what is left, the reason must be the shop's. */
export function refundLines(market: Market, call: Call): Result {
  const body = readBody(call, refundShape);
  const given = body['refunds'] as Record<string, unknown>[];
  const items = readItems(market, call, given, 'REFUND');
  checkTaxes(market, given);
  for (const item of items) {
    if (!market.settings.refundableStates.includes(item.line.stage)) throw wrongState(item.order);
  }
  checkLeft(items, (line) => {
    const paid = refundedPence(line);
    return { price: line.pricePence - paid.price, shipping: line.shippingPence - paid.shipping };
  });
  const groupIds = new Map(
    [...new Set(items.map((item) => item.order))].map((order) => [
      order,
      uuidFrom(market.dice.ids),
    ]),
  );
  const written = items.map((item) => {
    const orderRefundId = groupIds.get(item.order) as string;
    const id = refund(market, item.order, item, orderRefundId, 'shop', call.nowMs);
    return {
      ...echo(market, item),
      excluded_from_shipment: item.excludedFromShipment,
      order_refund_id: orderRefundId,
      refund_id: id,
    };
  });
  const answer = { order_tax_mode: market.settings.taxMode, refunds: written };
  return { status: 200, body: write(answer, plain) };
}

/** OR29. The whole order, while it may be canceled. */
export function cancelOrder(market: Market, call: Call): Result {
  const order = ownOrder(market, call, call.segment(2));
  if (!market.settings.cancelableStates.includes(order.state)) throw wrongState(order);
  cancel(market, order, everything(order), 'shop', call.nowMs);
  return { status: 204 };
}

/** OR30. Lines or parts of lines, of any orders; all or nothing. */
export function cancelLines(market: Market, call: Call): Result {
  const body = readBody(call, cancelShape);
  const given = body['cancelations'] as Record<string, unknown>[];
  const items = readItems(market, call, given, 'CANCELATION');
  checkTaxes(market, given);
  for (const item of items) {
    const isOpen = market.settings.cancelableStates.includes(item.line.stage);
    if (!isOpen) throw wrongState(item.order);
    if (item.quantity < 1 || item.quantity > item.line.quantity) {
      throw refuse(400, 'VALIDATION_ERROR', 'quantity exceeds what is left', { field: 'quantity' });
    }
  }
  checkLeft(items, (line) => ({ price: line.pricePence, shipping: line.shippingPence }));
  const written = items.map((item) => {
    const [id] = cancel(market, item.order, [item], 'shop', call.nowMs);
    return { ...echo(market, item), cancelation_id: id };
  });
  const answer = { order_tax_mode: market.settings.taxMode, cancelations: written };
  return { status: 200, body: write(answer, plain) };
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

function readItems(
  market: Market,
  call: Call,
  given: readonly Record<string, unknown>[],
  reasonType: string,
): Item[] {
  return given.map((item) => {
    const lineId = item['order_line_id'] as string;
    const found = market.lines.get(`${call.shop.shopId}/${lineId}`);
    if (!found) throw refuse(404, 'ORDER_LINE_NOT_FOUND', `Order line ${lineId} not found`);
    const reasonCode = item['reason_code'] as string;
    const isKnown = market.settings.reasons.some(
      (reason) => reason.code === reasonCode && reason.type === reasonType && reason.isShopRight,
    );
    if (!isKnown) {
      throw refuse(400, 'REASON_NOT_FOUND', `Reason ${reasonCode} is not valid`, {
        field: 'reason_code',
      });
    }
    const currency = item['currency_iso_code'];
    if (typeof currency === 'string' && currency !== market.settings.currency) {
      throw refuse(400, 'VALIDATION_ERROR', 'Wrong currency', { field: 'currency_iso_code' });
    }
    return {
      ...found,
      amountPence: amountOf(item['amount'], 'amount'),
      shippingPence: amountOf(item['shipping_amount'], 'shipping_amount'),
      quantity: (item['quantity'] as number | undefined) ?? 0,
      reasonCode,
      excludedFromShipment: item['excluded_from_shipment'] === true,
    };
  });
}

/** Sums per line, so that two items for one line cannot together exceed it. */
function checkLeft(
  items: readonly Item[],
  leftOf: (line: SimLine) => { price: number; shipping: number },
): void {
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

/** Taxes with the rule NONE must be restated with every amount. */
function checkTaxes(market: Market, given: readonly Record<string, unknown>[]): void {
  const { tax } = market.settings;
  if (tax?.rule !== 'NONE') return;
  for (const item of given) {
    const isMissing = (field: string, amount: unknown) =>
      amount !== 0 && (!Array.isArray(item[field]) || (item[field] as unknown[]).length === 0);
    if (
      isMissing('taxes', item['amount']) ||
      isMissing('shipping_taxes', item['shipping_amount'])
    ) {
      throw refuse(400, 'VALIDATION_ERROR', 'Tax amounts are required', { field: 'taxes' });
    }
  }
}

function echo(market: Market, item: Item): { [field: string]: Json } {
  return {
    amount: new Money(item.amountPence),
    currency_iso_code: market.settings.currency,
    eco_contributions: [],
    fees: [],
    order_line_id: item.line.lineId,
    quantity: item.quantity,
    reason_code: item.reasonCode,
    shipping_amount: new Money(item.shippingPence),
    shipping_taxes: [],
    taxes: [],
  };
}

function wrongState(order: SimOrder): Error {
  const what = `Order ${order.orderId} is not in the expected state: ${order.state}`;
  return refuse(400, 'ORDER_INVALID_STATE', what);
}
