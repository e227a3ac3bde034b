/** What one sight of a marketplace order means: rows to keep and our state. Pure. */
import { hash } from 'node:crypto';
import type { Address, MarketplaceOrder, MarketplaceOrderLine } from '../mirakl/order.ts';
import { mayMove, type OrderState, wire } from './state.ts';

/** Personal data of an order; kept in a table of its own. */
export type OrderPeople = {
  firstName: string | null;
  lastName: string | null;
  customerId: string | null;
  notificationEmail: string | null;
  shippingAddress: Address | null;
  billingAddress: Address | null;
};

export type LineRow = {
  order_line_id: string;
  position: number;
  shop_sku: string;
  offer_id: string | null;
  title: string;
  quantity: number;
  withdrawn_units: number;
  price: string;
  unit_price: string;
  total_price: string;
  wire_state: string;
  reason_code: string | null;
};

/** One order as kept: columns of `orders` that a sight sets, its lines and its people. */
export type SightedOrder = {
  marketplace_order_id: string;
  commercial_id: string;
  wire_state: string;
  wire_created_at: Date;
  wire_updated_at: Date;
  currency: string;
  total_price: string;
  shipping_price: string;
  tax_mode: string;
  shipping_type_code: string;
  shipping_deadline: Date | null;
  has_incident: boolean;
  seller_reference: string | null;
  /** The rest of the order, without personal data: what has no column of its own here or in `lines` (which
   *  `detail.lines` repeats by `orderLineId`). What is null or an empty list on the wire is left out. */
  detail: Record<string, unknown>;
  lines: LineRow[];
  people: OrderPeople;
  /** Changes whenever anything that we keep changes. */
  fingerprint: string;
};

/** Flattens an order for keeping. Nothing of the order is lost but `description` texts. */
export function toSightedOrder(order: MarketplaceOrder): SightedOrder {
  const { customer, shippingAddress, billingAddress, lines, ...rest } = order;
  const people: OrderPeople = {
    firstName: customer.firstName,
    lastName: customer.lastName,
    customerId: customer.customerId,
    notificationEmail: customer.notificationEmail,
    shippingAddress,
    billingAddress,
  };
  const organisation = customer.organisation ? { id: customer.organisation.organisationId } : null;
  const keptLines = lines.map(({ description: _, ...line }) => line);
  const fingerprint = hash('md5', JSON.stringify([rest, organisation, keptLines, people]));
  const detail = {
    ...withoutBlanks(rest, columnsOfOrder),
    ...(organisation ? { organisation } : {}),
    lines: keptLines.map((line) => withoutBlanks(line, columnsOfLine)),
  };
  return {
    marketplace_order_id: order.marketplaceOrderId,
    commercial_id: order.commercialId,
    wire_state: order.state,
    wire_created_at: order.createdAt,
    wire_updated_at: order.updatedAt,
    currency: order.currency,
    total_price: order.totalPrice,
    shipping_price: order.shippingPrice,
    tax_mode: order.taxMode ?? 'TAX_INCLUDED',
    shipping_type_code: order.shippingTypeCode ?? '',
    shipping_deadline: order.shippingDeadline,
    has_incident: order.hasIncident || lines.some((line) => line.state === wire.incident),
    seller_reference: order.references.forSeller,
    detail,
    lines: lines.map(toLineRow),
    people,
    fingerprint,
  };
}

/** Kept in columns, so not twice: a large row costs PostgreSQL far more to take and to give back. */
const columnsOfOrder: ReadonlySet<string> = new Set<keyof MarketplaceOrder>([
  'marketplaceOrderId',
  'commercialId',
  'state',
  'createdAt',
  'updatedAt',
  'currency',
  'totalPrice',
  'shippingPrice',
  'shippingDeadline',
]);
const columnsOfLine: ReadonlySet<string> = new Set<keyof MarketplaceOrderLine>([
  'state',
  'reasonCode',
  'offerSku',
  'offerId',
  'title',
  'quantity',
  'price',
  'unitPrice',
  'totalPrice',
]);

function withoutBlanks(all: object, columns: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(all)) {
    const isBlank = value === null || (Array.isArray(value) && value.length === 0);
    if (!isBlank && !columns.has(key)) rest[key] = value;
  }
  return rest;
}

function toLineRow(line: MarketplaceOrderLine, index: number): LineRow {
  return {
    order_line_id: line.orderLineId,
    position: line.index ?? index + 1,
    shop_sku: line.offerSku,
    offer_id: line.offerId,
    title: line.title ?? '',
    quantity: line.quantity,
    withdrawn_units: wire.withdrawn.includes(line.state) ? line.quantity : withdrawnUnits(line),
    price: line.price,
    unit_price: line.unitPrice,
    total_price: line.totalPrice,
    wire_state: line.state,
    reason_code: line.reasonCode,
  };
}

/** Units of a live line that are cancelled but still counted in its `quantity`. Whether the marketplace
 *  takes cancelled units off `quantity` is unconfirmed; it does take their money off `price`, so the price
 *  tells: the quantity is net already when quantity x unit price is nearer to it than the same without the
 *  cancelled units. Nearer, not equal: unit prices may be rounded or discounts taken off the line. */
export function withdrawnUnits(
  line: Pick<MarketplaceOrderLine, 'quantity' | 'unitPrice' | 'price' | 'cancelations'>,
): number {
  const cancelled = line.cancelations.reduce((sum, one) => sum + (one.quantity ?? 0), 0);
  if (cancelled === 0) return 0;
  const unit = scaled(line.unitPrice);
  const price = scaled(line.price);
  const missBy = (units: number) => {
    const miss = unit * BigInt(units) - price;
    return miss < 0n ? -miss : miss;
  };
  const rest = Math.max(0, line.quantity - cancelled);
  return missBy(line.quantity) <= missBy(rest) ? 0 : line.quantity - rest;
}

/** An amount in billionths of a pound, exact for up to 9 decimals. */
function scaled(amount: string): bigint {
  const isNegative = amount.startsWith('-');
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
  return isNegative ? -value : value;
}

/** Units of a line that are to be sent now: only lines in SHIPPING, less what was cancelled. */
export function unitsToShip(
  line: Pick<LineRow, 'wire_state' | 'quantity' | 'withdrawn_units'>,
): number {
  return line.wire_state === wire.shipping ? line.quantity - line.withdrawn_units : 0;
}

/** Our state after this sight, given the state before (null: never seen). Later flows own the states from
 *  `despatched` on, so a sight never leaves those. */
export function stateAfterSight(before: OrderState | null, order: Sighted): OrderState {
  const wanted = stateBySight(order);
  if (before === null) return wanted;
  if (ownedByLaterFlows.includes(before)) return before;
  if (before === 'parked' && wanted === 'accepted') return 'parked';
  if (before === 'exported' && wanted !== 'despatched') return 'exported';
  if (before === wanted || !mayMove(before, wanted)) return before;
  return wanted;
}

type Sighted = Pick<SightedOrder, 'lines'> & Partial<Pick<SightedOrder, 'wire_state'>>;

const ownedByLaterFlows: readonly OrderState[] = ['despatched', 'confirmed', 'settled'];

function stateBySight(order: Sighted): OrderState {
  const live = order.lines.filter(
    (line) => !wire.withdrawn.includes(line.wire_state) && !isEmptied(line),
  );
  if (live.length === 0) return 'cancelled';
  if (live.some((line) => unitsToShip(line) > 0)) return 'accepted';
  // An incident hides the state under it; of an order in SHIPPING the line is still to be shipped, or not.
  if (order.wire_state === wire.shipping && live.some((l) => l.wire_state === wire.incident)) {
    return 'accepted';
  }
  if (live.every((line) => wire.gone.includes(line.wire_state))) return 'despatched';
  return 'received';
}

/** A line in SHIPPING of which nothing is left to ship. */
function isEmptied(line: LineRow): boolean {
  return line.wire_state === wire.shipping && unitsToShip(line) <= 0;
}
