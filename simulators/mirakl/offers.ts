/** OF21 and OF22: the shop's offers, and the world's side of them. */
import { isoOf } from './dates.ts';
import { type Json, Money, type Penman, penceOf, write } from './json.ts';
import { type Market, vendorNowMs } from './market.ts';
import type { SimLine, SimOffer } from './state.ts';
import { type Call, offsetWindow, type Result, refuse } from './wire.ts';

export type OfferInput = {
  shopSku: string;
  /** Default: the first shop. */
  shopId?: number;
  /** Decimal text such as "12.50". */
  price?: string;
  quantity?: number;
  /** Condition code; 11 (new) by default. */
  stateCode?: string;
  active?: boolean;
  productSku?: string;
  title?: string;
  ean?: string | null;
  leadTimeDays?: number;
  description?: string | null;
};

/** Lists an offer, or changes the given fields of one. */
export function setOffer(market: Market, input: OfferInput): SimOffer {
  const shopId = input.shopId ?? (market.settings.shops[0]?.shopId as number);
  const key = `${shopId}/${input.shopSku}`;
  const held = market.offersBySku.get(key);
  const offer: SimOffer = held ?? newOffer(market, shopId, input.shopSku);
  if (input.price !== undefined) offer.unitPence = penceOf(input.price);
  if (input.quantity !== undefined) offer.quantity = input.quantity;
  if (input.stateCode !== undefined) offer.stateCode = input.stateCode;
  if (input.active !== undefined) offer.active = input.active;
  if (input.productSku !== undefined) offer.productSku = input.productSku;
  if (input.title !== undefined) offer.title = input.title;
  if (input.ean !== undefined) offer.ean = input.ean;
  if (input.leadTimeDays !== undefined) offer.leadTimeDays = input.leadTimeDays;
  if (input.description !== undefined) offer.description = input.description;
  offer.updatedMs = vendorNowMs(market);
  market.offers.set(offer.offerId, offer);
  market.offersBySku.set(key, offer);
  market.offersVersion += 1;
  return offer;
}

/** OF21. Offset paging; sorted by total price unless asked otherwise, then by offer id. */
export function listOffers(market: Market, call: Call): Result {
  const { query } = call;
  const states = query.list('offer_state_codes');
  const sku = query.text('sku');
  const product = query.text('product_id');
  const sorted = sortedOffers(market, call.shop.shopId, query.text('sort') ?? 'totalPrice');
  const found = sorted.filter(
    (offer) =>
      (!states || states.includes(offer.stateCode)) &&
      (sku === undefined || offer.shopSku === sku) &&
      (product === undefined || offer.productSku === product) &&
      query.flag('favorite') !== true,
  );
  if (query.text('order') === 'desc') found.reverse();
  const page = offsetWindow(call, found.length);
  const pen = penFor(market, 'offers');
  const texts = found
    .slice(page.offset, page.offset + page.max)
    .map((offer) => write(offerJson(market, offer), pen));
  return {
    status: 200,
    body: `{"offers":[${texts.join(',')}],"total_count":${found.length}}`,
    headers: page.link ? { link: page.link } : {},
  };
}

/** OF22: one offer by the marketplace's id. */
export function oneOffer(market: Market, call: Call): Result {
  const id = Number(call.segment(2));
  if (!Number.isSafeInteger(id)) throw refuse(400, 'VALIDATION_ERROR', 'offer must be a number');
  const offer = market.offers.get(id);
  if (!offer || offer.shopId !== call.shop.shopId) {
    throw refuse(404, 'OFFER_NOT_FOUND', `Offer with identifier '${id}' not found`);
  }
  return { status: 200, body: write(offerJson(market, offer), penFor(market, 'offers')) };
}

/** Pens for answers that are not cached: oddities by the wire's dice. */
export function penFor(market: Market, label: string): Penman {
  return { ...market.settings.quirks, dice: market.dice.wire.fork(label) };
}

/** A sale comes off the offer, never below zero. */
export function takeFromOffer(market: Market, line: SimLine): void {
  const offer = market.offers.get(line.offerId);
  if (!offer) return;
  offer.quantity = Math.max(0, offer.quantity - line.quantity);
  market.offersVersion += 1;
}

function newOffer(market: Market, shopId: number, shopSku: string): SimOffer {
  const offerId = ++market.counters.offer;
  return {
    offerId,
    shopId,
    shopSku,
    productSku: `MKP${String(offerId).padStart(12, '0')}`,
    title: `Product ${shopSku}`,
    ean: null,
    unitPence: 1250,
    quantity: 0,
    stateCode: '11',
    active: true,
    leadTimeDays: market.settings.leadTimeDays,
    description: null,
    updatedMs: 0,
  };
}

const sortings = new WeakMap<Market, Map<string, { version: number; offers: SimOffer[] }>>();

function sortedOffers(market: Market, shopId: number, sort: string): readonly SimOffer[] {
  let held = sortings.get(market);
  if (!held) sortings.set(market, (held = new Map()));
  const key = `${shopId}/${sort}`;
  const known = held.get(key);
  if (known?.version === market.offersVersion) return known.offers;
  const offers = [...market.offers.values()].filter((offer) => offer.shopId === shopId);
  offers.sort((a, b) => {
    const byTitle =
      sort === 'productTitle' ? (a.title < b.title ? -1 : a.title > b.title ? 1 : 0) : 0;
    return byTitle || a.unitPence - b.unitPence || a.offerId - b.offerId;
  });
  held.set(key, { version: market.offersVersion, offers });
  return offers;
}

function inactivity(market: Market, offer: SimOffer): string[] {
  const found: string[] = [];
  if (market.shops.get(offer.shopId)?.state !== 'OPEN') found.push('SHOP_NOT_OPEN');
  if (offer.quantity === 0) found.push('ZERO_QUANTITY');
  if (!offer.active) found.push('PRODUCT_DISABLED');
  return found;
}

function offerJson(market: Market, offer: SimOffer): Json {
  const price = new Money(offer.unitPence);
  const reasons = inactivity(market, offer);
  const pricing = {
    channel_code: undefined,
    discount_end_date: undefined,
    discount_start_date: undefined,
    price,
    unit_discount_price: undefined,
    unit_origin_price: price,
    volume_prices: [
      { price, quantity_threshold: 1, unit_discount_price: null, unit_origin_price: price },
    ],
  };
  return {
    active: reasons.length === 0,
    all_prices: [pricing],
    allow_quote_requests: false,
    applicable_pricing: pricing,
    available_end_date: undefined,
    available_start_date: undefined,
    category_code: 'HOME',
    category_label: 'Home & garden',
    channels: [],
    currency_iso_code: market.settings.currency,
    description: offer.description,
    discount: undefined,
    eco_contributions: [],
    favorite_rank: undefined,
    fulfillment: { center: { code: 'DEFAULT' } },
    inactivity_reasons: reasons,
    internal_description: undefined,
    // 0 may come back as 1: what the marketplace shows is not always what it was sent.
    leadtime_to_ship: Math.max(1, offer.leadTimeDays),
    logistic_class: { code: 'M', label: 'Medium' },
    max_order_quantity: null,
    min_order_quantity: null,
    min_quantity_alert: null,
    min_shipping_price: new Money(0),
    min_shipping_price_additional: new Money(0),
    min_shipping_type: 'STD',
    min_shipping_zone: 'UK',
    msrp: undefined,
    offer_additional_fields: [],
    offer_id: offer.offerId,
    package_quantity: null,
    price,
    price_additional_info: undefined,
    product_brand: undefined,
    product_description: undefined,
    product_references: offer.ean ? [{ reference: offer.ean, reference_type: 'EAN' }] : [],
    product_sku: offer.productSku,
    product_tax_code: undefined,
    product_title: offer.title,
    quantity: offer.quantity,
    shipping_deadline: isoOf(vendorNowMs(market) + offer.leadTimeDays * 24 * 3600_000),
    shop_sku: offer.shopSku,
    state_code: offer.stateCode,
    total_price: price,
    warehouses: undefined,
  };
}
