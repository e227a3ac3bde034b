/** How orders come into the world: what a shopper buys becomes one order per shop of the basket. */
import type { Dice } from '../kernel.ts';
import { penceOf } from './json.ts';
import { begin } from './lifecycle.ts';
import { type Market, shelfOf, spanMs, vendorNowMs } from './market.ts';
import { inactivity, penceNow, sellAt, setOffer } from './offer-book.ts';
import type { PaymentWorkflow } from './options.ts';
import type { LinePart } from './shipments/state.ts';
import type { AddressInput, CustomValue, SimLine, SimOffer, SimOrder } from './state.ts';

export type PurchaseLine = {
  offerSku: string;
  quantity: number;
  /** Decimal text; default: the offer's price. */
  unitPrice?: string;
  /** Decimal text; default "0.00". */
  shippingPrice?: string;
  /** Another shop's offer: the basket splits. Default: the purchase's shop. */
  shopId?: number;
  /** Default: made by the simulator and not derivable. */
  lineId?: string;
  title?: string;
  /** Each unit travels as these packages (setting `multiPartItemShipment`). */
  packages?: readonly string[];
  customFields?: Readonly<Record<string, CustomValue>>;
};

export type Purchase = {
  lines: readonly PurchaseLine[];
  shopId?: number;
  /** The basket's id; default: prefix and a number. */
  commercialId?: string;
  /** Exact order id (one shop only); default: the basket's id with a letter. */
  orderId?: string;
  /** Default: an invented address. Parts left out are null or absent. */
  shipTo?: AddressInput;
  /** Default: the shipping address without its note. */
  billTo?: AddressInput;
  customer?: { id?: string; civility?: string | null; firstname?: string; lastname?: string };
  shippingTypeCode?: string;
  paymentWorkflow?: PaymentWorkflow;
  /** Overrides the operator's setting for this order. */
  needsAcceptance?: boolean;
  stagingMs?: number;
  fulfilledByOperator?: boolean;
  channel?: { code: string; label: string } | null;
  referenceForCustomer?: string;
  customFields?: Readonly<Record<string, CustomValue>>;
  /** Dates the order back: it turns up late, with older dates. Vendor's clock. */
  createdMs?: number;
  updatedMs?: number;
};

/** Thrown to the world when a shopper wants more than the offer shows (setting
 *  `sellsOnlyWhatIsShown`). */
export class SoldOut extends Error {
  override readonly name = 'SoldOut';
}

/** Order ids, one per shop in the basket, in the order of the lines. An unknown SKU is listed on
 *  the fly. */
export function buy(
  market: Market,
  purchase: Purchase,
  origin: SimOrder['origin'] = 'purchase',
): [string, ...string[]] {
  if (market.settings.sellsOnlyWhatIsShown) {
    const problem = whatIsNotShown(market, purchase);
    if (problem !== null) throw new SoldOut(problem);
  }
  const baskets = Map.groupBy(purchase.lines, (line) => shopOfLine(market, purchase, line));
  const sold = [...baskets].map(([id, lines]) => ({
    shopId: id,
    lines: priced(market, id, lines),
  }));
  const dice = market.dice.orders;
  const commercialId = purchase.commercialId ?? nextBasketId(market);
  const ids = sold.map((basket, index) => {
    const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[index] ?? `Z${index}`;
    const orderId = purchase.orderId ?? orderIdFor(market, commercialId, letter);
    if (market.orders.has(orderId)) throw new Error(`order ${orderId} exists already`);
    const order = composeOrder(market, purchase, { ...basket, orderId, commercialId }, dice);
    order.origin = origin;
    takeUp(market, order, purchase);
    return orderId;
  });
  if (ids[0] === undefined) throw new Error('a purchase needs a line');
  return [ids[0], ...ids.slice(1)];
}

/** Buys all of it or nothing: null when one offer shows too little, is inactive or deleted. */
export function buyIfShown(
  market: Market,
  purchase: Purchase,
  origin: SimOrder['origin'] = 'purchase',
): [string, ...string[]] | null {
  return whatIsNotShown(market, purchase) === null ? buy(market, purchase, origin) : null;
}

/** Which offer stands in the way and why; null when every line can be bought as shown. A SKU nobody
 *  ever listed stands in nobody's way: it is listed on the fly. */
function whatIsNotShown(market: Market, purchase: Purchase): string | null {
  const nowMs = vendorNowMs(market);
  const wanted = new Map<SimOffer, number>();
  for (const line of purchase.lines) {
    const shopId = shopOfLine(market, purchase, line);
    const offer = market.offersBySku.get(`${shopId}/${line.offerSku}`);
    if (offer) wanted.set(offer, (wanted.get(offer) ?? 0) + line.quantity);
  }
  for (const [offer, units] of wanted) {
    if (offer.isDeleted) return `${offer.shopSku}: deleted`;
    const reasons = inactivity(market, offer, nowMs);
    if (reasons.length > 0) return `${offer.shopSku}: ${reasons.join(', ')}`;
    if (units > offer.quantity) {
      return `${offer.shopSku}: ${units} wanted, ${offer.quantity} on offer`;
    }
    const most = offer.maxOrderQuantity ?? units;
    if (units < (offer.minOrderQuantity ?? 1) || units > most) {
      return `${offer.shopSku}: ${units} is not a quantity it is sold in`;
    }
    if (units % (offer.packageQuantity ?? 1) !== 0) {
      return `${offer.shopSku}: sold in packs of ${offer.packageQuantity}`;
    }
  }
  return null;
}

function shopOfLine(market: Market, purchase: Purchase, line: PurchaseLine): number {
  return line.shopId ?? purchase.shopId ?? (market.settings.shops[0]?.shopId as number);
}

type SoldLine = { want: PurchaseLine; offer: SimOffer };

function priced(market: Market, shopId: number, lines: readonly PurchaseLine[]): SoldLine[] {
  return lines.map((want) => {
    const key = `${shopId}/${want.offerSku}`;
    const offer =
      market.offersBySku.get(key) ??
      setOffer(market, {
        shopId,
        shopSku: want.offerSku,
        quantity: 1000,
        ...(want.unitPrice === undefined ? {} : { price: want.unitPrice }),
      });
    if (!Number.isSafeInteger(want.quantity) || want.quantity < 1) {
      throw new Error(`nobody buys ${want.quantity} of ${want.offerSku}`);
    }
    return { want, offer };
  });
}

function takeUp(market: Market, order: SimOrder, purchase: Purchase): void {
  market.orders.set(order.orderId, order);
  for (const line of order.lines) {
    market.lines.set(`${order.shopId}/${line.lineId}`, { order, line });
  }
  shelfOf(market, order.shopId).add(order);
  sellAt('creation', market, order.lines, vendorNowMs(market));
  const dated = purchase.updatedMs ?? order.createdMs;
  const stagingMs = purchase.stagingMs ?? spanMs(market, market.settings.stagingMs);
  if (order.state === 'WAITING_RISK_REVIEW')
    begin(market, order, Math.max(stagingMs, 60_000), dated);
  else begin(market, order, stagingMs, dated);
}

function nextBasketId(market: Market): string {
  market.counters.basket += 1;
  return `${market.settings.orderIdPrefix}${String(market.counters.basket).padStart(6, '0')}`;
}

function orderIdFor(market: Market, commercialId: string, letter: string): string {
  const dice = market.dice.orders;
  if (!dice.chance(market.settings.quirks.strangeIds)) return `${commercialId}-${letter}`;
  if (dice.chance(0.5)) return String(90 + market.orders.size);
  return `${commercialId}-${'0123456789abcdef'.repeat(4)}-${letter}`;
}

type Basket = { shopId: number; orderId: string; commercialId: string; lines: readonly SoldLine[] };

function composeOrder(market: Market, purchase: Purchase, basket: Basket, dice: Dice): SimOrder {
  const { settings } = market;
  const createdMs = purchase.createdMs ?? vendorNowMs(market);
  const shipTo = purchase.shipTo ?? inventedAddress(market, dice);
  const { additional_info: _note, ...billing } = shipTo;
  const isStrange = dice.chance(settings.quirks.unknownStates);
  const state = isStrange ? 'WAITING_RISK_REVIEW' : 'STAGING';
  const isByShop = dice.chance(0.5);
  const order: SimOrder = {
    orderId: basket.orderId,
    commercialId: basket.commercialId,
    shopId: basket.shopId,
    channel: purchase.channel ?? null,
    origin: 'purchase',
    state,
    lines: [],
    createdMs,
    updatedMs: purchase.updatedMs ?? createdMs,
    decidedMs: null,
    debitedMs: null,
    needsAcceptance:
      purchase.needsAcceptance ??
      (settings.acceptance === 'BOTH' ? isByShop : settings.acceptance === 'NOT_AUTOMATIC'),
    fulfilledByOperator: purchase.fulfilledByOperator ?? false,
    paymentWorkflow: purchase.paymentWorkflow ?? settings.paymentWorkflow,
    taxMode: settings.taxMode,
    customer: {
      id: purchase.customer?.id ?? `customer-${dice.between(1, 99_999)}`,
      civility: purchase.customer?.civility ?? null,
      firstname: purchase.customer?.firstname ?? shipTo.firstname ?? 'Ann',
      lastname: purchase.customer?.lastname ?? shipTo.lastname ?? 'Example',
      locale: 'en_GB',
    },
    notificationEmail: `notification+${dice.between(1e8, 2e9).toString(36)}@mail.example.test`,
    shipTo,
    billTo: purchase.billTo ?? billing,
    detailsShown: settings.detailsBeforeAcceptance,
    shippingTypeCode: purchase.shippingTypeCode ?? settings.shippingTypes[0]?.code ?? 'STD',
    shippingZone: { code: 'UK', label: 'United Kingdom' },
    shippingDeadlineMs: createdMs + settings.leadTimeDays * 24 * 3600_000,
    shippingSinceMs: null,
    hasCustomerMessage: false,
    referenceForCustomer: purchase.referenceForCustomer ?? null,
    referenceForSeller: null,
    customFields: new Map(Object.entries(purchase.customFields ?? {})),
    tracking: null,
    shipments: [],
    oddPence: dice.chance(settings.quirks.oddTotals) ? dice.pick([-1, 1]) : 0,
    history: [{ atMs: createdMs, lineId: null, from: null, to: state, by: 'shopper' }],
    version: 0,
    quirkSeed: `${basket.orderId}:${dice.between(0, 0xffffff)}`,
  };
  order.lines = composeLines(market, order, basket.lines, dice);
  return order;
}

function composeLines(
  market: Market,
  order: SimOrder,
  lines: readonly SoldLine[],
  dice: Dice,
): SimLine[] {
  const { lineIds } = market.settings.quirks;
  const isNumbered = lineIds === 'number' || (lineIds === 'mixed' && dice.chance(0.5));
  return lines.map(({ want, offer }, at) => {
    const listPence = penceNow(offer, order.createdMs);
    const unitPence = want.unitPrice === undefined ? listPence : penceOf(want.unitPrice);
    market.counters.line += 1;
    const ownId = isNumbered ? String(market.counters.line) : `${order.orderId}-${at + 1}`;
    const lineId = want.lineId ?? ownId;
    order.history.push({
      atMs: order.createdMs,
      lineId,
      from: null,
      to: order.state,
      by: 'shopper',
    });
    return {
      lineId,
      index: at + 1,
      offerId: offer.offerId,
      offerSku: offer.shopSku,
      productSku: offer.productSku,
      productTitle: want.title ?? offer.title,
      categoryCode: 'HOME',
      categoryLabel: 'Home & garden',
      offerState: offer.stateCode,
      orderedQuantity: want.quantity,
      quantity: want.quantity,
      unitPence,
      pricePence: unitPence * want.quantity,
      shippingPence: penceOf(want.shippingPrice ?? '0.00'),
      stage: order.state,
      hasIncident: false,
      reasonCode: null,
      reasonLabel: null,
      createdMs: order.createdMs,
      updatedMs: order.updatedMs,
      debitedMs: null,
      shippedMs: null,
      receivedMs: null,
      cancelations: [],
      refunds: [],
      customFields: new Map(Object.entries(want.customFields ?? {})),
      takenUnits: 0,
      parts: partsOf(market, want),
    };
  });
}

function partsOf(market: Market, want: PurchaseLine): LinePart[] {
  const packages = market.settings.multiPartItemShipment ? (want.packages ?? []) : [];
  const references = packages.length === 0 ? [null] : [...new Set(packages)];
  return references.map((reference) => ({ reference, shipped: 0, held: 0 }));
}

const streets = ['High Street', 'Station Road', 'Mill Lane', "St John's Hill", 'Rue de Lübeck'];
const towns = ['Exampleton', 'Testford', 'Sampleham', 'Little Fixture'];

/** An invented British address, with the gaps and repetitions of real ones. */
function inventedAddress(market: Market, dice: Dice): AddressInput {
  const house = dice.between(1, 240);
  const street = `${house} ${dice.pick(streets)}`;
  const address: AddressInput = {
    firstname: dice.pick(['Ann', 'Bob', 'Zoë', 'Ignatius']),
    lastname: dice.pick(['Example', 'Sample', "O'Test", 'Fixture-Jones']),
    street_1: street,
    zip_code: `XX${dice.between(1, 9)} ${dice.between(1, 9)}ZZ`,
    city: dice.pick(towns),
    country: 'United Kingdom',
    country_iso_code: dice.chance(market.settings.quirks.countryWithoutCode) ? null : 'GBR',
  };
  if (dice.chance(0.2)) address.street_2 = dice.chance(0.5) ? street : 'Flat 2';
  if (dice.chance(0.7)) address.phone = `07700 900${dice.between(100, 999)}`;
  if (dice.chance(0.1)) address.company = 'Example Trading Ltd';
  if (dice.chance(0.15)) address.additional_info = 'Leave with a neighbour';
  if (dice.chance(0.1)) address.state = 'Exampleshire';
  return address;
}
