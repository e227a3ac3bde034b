/** The offers themselves: every change of one, and of its quantity above all, is made here and
 *  leaves its mark in the log. */
import { penceOf } from './json.ts';
import { type Market, vendorNowMs } from './market.ts';
import type { OfferTerms, QuantityChange, SimLine, SimOffer } from './state.ts';

/** Who changes a quantity, and when by the vendor's clock. */
export type Cause = Pick<QuantityChange, 'by' | 'atMs' | 'importId'>;

export type OfferInput = {
  shopSku: string;
  /** Default: the first shop. */
  shopId?: number;
  /** Decimal text such as "12.50". */
  price?: string;
  /** Units in all; ends a breakdown by warehouse. */
  quantity?: number;
  /** Units by warehouse code, in place of `quantity`. */
  warehouses?: Readonly<Record<string, number>>;
  /** Condition code; 11 (new) by default. */
  stateCode?: string;
  active?: boolean;
  productSku?: string;
  title?: string;
  ean?: string | null;
  leadTimeDays?: number | null;
  description?: string | null;
  minOrderQuantity?: number | null;
  maxOrderQuantity?: number | null;
  packageQuantity?: number | null;
  minQuantityAlert?: number | null;
  /** Decimal text; without dates it holds from now on. */
  discountPrice?: string | null;
};

/** Lists an offer, or changes the given fields of one. A deleted one is listed anew. */
export function setOffer(market: Market, input: OfferInput): SimOffer {
  const shopId = input.shopId ?? (market.settings.shops[0]?.shopId as number);
  const cause: Cause = { by: 'setOffer', atMs: vendorNowMs(market) };
  const offer =
    offerOf(market, shopId, input.shopSku) ?? listOffer(market, shopId, input.shopSku, cause.atMs);
  const { shopSku: _sku, shopId: _shop, price, quantity, warehouses, ...rest } = input;
  const { discountPrice, ...plain } = rest;
  Object.assign(
    offer,
    Object.fromEntries(Object.entries(plain).filter(([, v]) => v !== undefined)),
  );
  if (price !== undefined) offer.unitPence = penceOf(price);
  if (discountPrice !== undefined) {
    offer.discountPence = discountPrice === null ? null : penceOf(discountPrice);
  }
  if (quantity !== undefined) setQuantity(market, offer, quantity, cause);
  for (const [code, units] of Object.entries(warehouses ?? {})) {
    setWarehouse(market, offer, { code, units }, cause);
  }
  touch(market, offer, cause.atMs);
  return offer;
}

/** The listed offer; undefined when there is none or it is deleted. */
export function offerOf(market: Market, shopId: number, shopSku: string): SimOffer | undefined {
  const offer = market.offersBySku.get(`${shopId}/${shopSku}`);
  return offer?.isDeleted ? undefined : offer;
}

/** A new offer with nothing on it; the SKU's deleted one keeps its own id. */
export function listOffer(market: Market, shopId: number, shopSku: string, atMs: number): SimOffer {
  const offerId = ++market.counters.offer;
  const offer: SimOffer = {
    ...noTerms,
    offerId,
    shopId,
    shopSku,
    productSku: `MKP${String(offerId).padStart(12, '0')}`,
    title: `Product ${shopSku}`,
    ean: null,
    warehouses: new Map(),
    active: true,
    isDeleted: false,
    createdMs: atMs,
    updatedMs: atMs,
  };
  market.offers.set(offerId, offer);
  market.offersBySku.set(`${shopId}/${shopSku}`, offer);
  market.offersVersion += 1;
  return offer;
}

/** What an offer holds of which nothing is said: also what every omitted field is reset to. */
export const noTerms: OfferTerms = {
  unitPence: 1250,
  quantity: 0,
  stateCode: '11',
  leadTimeDays: null,
  description: null,
  internalDescription: null,
  priceAdditionalInfo: null,
  logisticClass: null,
  minQuantityAlert: null,
  minOrderQuantity: null,
  maxOrderQuantity: null,
  packageQuantity: null,
  discountPence: null,
  discountStartMs: null,
  discountEndMs: null,
  availableStartMs: null,
  availableEndMs: null,
};

/** One figure for the whole offer; a breakdown by warehouse ends. */
export function setQuantity(market: Market, offer: SimOffer, to: number, cause: Cause): void {
  offer.warehouses.clear();
  writeQuantity(market, offer, to, cause);
}

/** One warehouse's figure; the offer's quantity becomes the sum. `units` null: the warehouse no
 *  longer counts. */
export function setWarehouse(
  market: Market,
  offer: SimOffer,
  stock: { code: string; units: number | null },
  cause: Cause,
): void {
  if (stock.units === null) offer.warehouses.delete(stock.code);
  else offer.warehouses.set(stock.code, stock.units);
  const sum = [...offer.warehouses.values()].reduce((total, units) => total + units, 0);
  writeQuantity(market, offer, sum, cause);
}

/** Must follow every other change: the differential export goes by this date. */
export function touch(market: Market, offer: SimOffer, atMs: number): void {
  offer.updatedMs = Math.max(offer.updatedMs, atMs);
  market.offersVersion += 1;
}

/** No longer listed; nothing is left of its quantity. */
export function deleteOffer(market: Market, offer: SimOffer, cause: Cause): void {
  setQuantity(market, offer, 0, cause);
  offer.isDeleted = true;
  touch(market, offer, cause.atMs);
}

/** Takes the lines' units off their offers, never below zero, when the operator's setting says that
 *  this is the moment. */
export function sellAt(
  moment: 'creation' | 'acceptance',
  market: Market,
  lines: readonly SimLine[],
  atMs: number,
): void {
  if (market.settings.decrementAt !== moment) return;
  for (const line of lines) {
    const offer = market.offers.get(line.offerId);
    if (!offer || offer.isDeleted) continue;
    const units = Math.min(offer.quantity, line.quantity);
    line.takenUnits += units;
    move(market, offer, -units, { by: 'sale', atMs });
  }
}

/** Puts canceled or refused units back (setting `restocksOnCancel`), no more than the line took.
 *  Default: all that is left of each line. */
export function restock(
  market: Market,
  lines: readonly SimLine[],
  atMs: number,
  quantity?: number,
): void {
  if (!market.settings.restocksOnCancel) return;
  for (const line of lines) {
    const offer = market.offers.get(line.offerId);
    const units = Math.min(line.takenUnits, quantity ?? line.quantity);
    line.takenUnits -= units;
    if (offer && !offer.isDeleted) move(market, offer, units, { by: 'restock', atMs });
  }
}

/** Why nobody can buy the offer now, in the vendor's words; empty: it is active. */
export function inactivity(market: Market, offer: SimOffer, atMs: number): string[] {
  const { quantity, availableStartMs, availableEndMs } = offer;
  const isTooEarly = availableStartMs !== null && atMs < availableStartMs;
  const isTooLate = availableEndMs !== null && atMs > availableEndMs;
  const rules: readonly (readonly [boolean, string])[] = [
    [market.shops.get(offer.shopId)?.state !== 'OPEN', 'SHOP_NOT_OPEN'],
    [quantity === 0, 'ZERO_QUANTITY'],
    [!offer.active, 'PRODUCT_DISABLED'],
    [isTooEarly || isTooLate, 'NOT_IN_AVAILABILITY_PERIOD'],
    [
      quantity > 0 && quantity < (offer.minOrderQuantity ?? 1),
      'AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY',
    ],
    [
      quantity > 0 && quantity < (offer.packageQuantity ?? 1),
      'AVAILABLE_QUANTITY_LESS_THAN_PACKAGE_QUANTITY',
    ],
  ];
  return rules.filter(([holds]) => holds).map(([, reason]) => reason);
}

/** What one unit costs at that moment, a running discount taken off. */
export function penceNow(offer: SimOffer, atMs: number): number {
  const { discountPence, discountStartMs, discountEndMs } = offer;
  if (discountPence === null) return offer.unitPence;
  const isOn = atMs >= (discountStartMs ?? atMs) && atMs <= (discountEndMs ?? atMs);
  return isOn ? discountPence : offer.unitPence;
}

/** More or fewer units; by warehouse it is the first ones that give, and the first that takes. */
function move(market: Market, offer: SimOffer, units: number, cause: Cause): void {
  let left = units;
  for (const [code, held] of offer.warehouses) {
    const step = left < 0 ? Math.max(left, -held) : left;
    offer.warehouses.set(code, held + step);
    left -= step;
  }
  writeQuantity(market, offer, offer.quantity + units, cause);
}

function writeQuantity(market: Market, offer: SimOffer, to: number, cause: Cause): void {
  const from = offer.quantity;
  if (from === to) return;
  offer.quantity = to;
  offer.updatedMs = Math.max(offer.updatedMs, cause.atMs);
  const { shopSku, shopId } = offer;
  const { atMs, by, importId } = cause;
  const log = market.log.quantityChanges;
  log.push({
    atMs,
    shopSku,
    shopId,
    from,
    to,
    by,
    ...(importId === undefined ? {} : { importId }),
  });
  while (log.length > market.settings.quantityLogLimit) log.shift();
}
