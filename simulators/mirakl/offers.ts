/** OF21 and OF22: the shop's offers. */
import { isoOf, isoOrNone } from './dates.ts';
import { type Json, Money, type Penman, write } from './json.ts';
import { type Market, vendorNowMs } from './market.ts';
import { inactivity, offerOf, penceNow } from './offer-book.ts';
import type { SimOffer } from './state.ts';
import { type Call, offsetWindow, type Result, refuse } from './wire.ts';

/** OF21. Offset paging; sorted by total price unless asked otherwise, then by offer id. */
export function listOffers(market: Market, call: Call): Result {
  const { query } = call;
  const states = query.list('offer_state_codes');
  const sku = query.text('sku');
  const product = query.text('product_id');
  const { shopId } = call.shop;
  // A look-up by SKU must not sort the whole catalogue.
  const named = sku === undefined ? undefined : offerOf(market, shopId, sku);
  const listed =
    sku === undefined
      ? sortedOffers(market, shopId, query.text('sort') ?? 'totalPrice')
      : named
        ? [named]
        : [];
  const found = listed.filter(
    (offer) =>
      (!states || states.includes(offer.stateCode)) &&
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
  if (!offer || offer.isDeleted || offer.shopId !== call.shop.shopId) {
    throw refuse(404, 'OFFER_NOT_FOUND', `Offer with identifier '${id}' not found`);
  }
  return { status: 200, body: write(offerJson(market, offer), penFor(market, 'offers')) };
}

/** Pens for answers that are not cached: oddities by the wire's dice. */
export function penFor(market: Market, label: string): Penman {
  return { ...market.settings.quirks, dice: market.dice.wire.fork(label) };
}

const sortings = new WeakMap<Market, Map<string, { version: number; offers: SimOffer[] }>>();

function sortedOffers(market: Market, shopId: number, sort: string): readonly SimOffer[] {
  let held = sortings.get(market);
  if (!held) sortings.set(market, (held = new Map()));
  const key = `${shopId}/${sort}`;
  const known = held.get(key);
  if (known?.version === market.offersVersion) return known.offers;
  const offers = [...market.offers.values()].filter(
    (offer) => offer.shopId === shopId && !offer.isDeleted,
  );
  offers.sort((a, b) => {
    const byTitle =
      sort === 'productTitle' ? (a.title < b.title ? -1 : a.title > b.title ? 1 : 0) : 0;
    return byTitle || a.unitPence - b.unitPence || a.offerId - b.offerId;
  });
  held.set(key, { version: market.offersVersion, offers });
  return offers;
}

function offerJson(market: Market, offer: SimOffer): Json {
  const nowMs = vendorNowMs(market);
  const reasons = inactivity(market, offer, nowMs);
  const price = new Money(penceNow(offer, nowMs));
  const leadTimeDays = offer.leadTimeDays ?? market.settings.leadTimeDays;
  const pricing = pricingJson(offer, price);
  const warehouses = [...offer.warehouses].map(([code, quantity]) => ({ code, quantity }));
  return {
    active: reasons.length === 0,
    all_prices: [pricing],
    allow_quote_requests: false,
    applicable_pricing: pricing,
    available_end_date: isoOrNone(offer.availableEndMs),
    available_start_date: isoOrNone(offer.availableStartMs),
    category_code: 'HOME',
    category_label: 'Home & garden',
    channels: [],
    currency_iso_code: market.settings.currency,
    description: offer.description,
    discount: discountJson(offer),
    eco_contributions: [],
    favorite_rank: undefined,
    fulfillment: { center: { code: 'DEFAULT' } },
    inactivity_reasons: reasons,
    internal_description: offer.internalDescription ?? undefined,
    // 0 may come back as 1: what the marketplace shows is not always what it was sent.
    leadtime_to_ship: Math.max(1, leadTimeDays),
    logistic_class: logisticClass(offer),
    max_order_quantity: offer.maxOrderQuantity,
    min_order_quantity: offer.minOrderQuantity,
    min_quantity_alert: offer.minQuantityAlert,
    min_shipping_price: new Money(0),
    min_shipping_price_additional: new Money(0),
    min_shipping_type: 'STD',
    min_shipping_zone: 'UK',
    msrp: undefined,
    offer_additional_fields: [],
    offer_id: offer.offerId,
    package_quantity: offer.packageQuantity,
    price,
    price_additional_info: offer.priceAdditionalInfo ?? undefined,
    product_brand: undefined,
    product_description: undefined,
    product_references: offer.ean ? [{ reference: offer.ean, reference_type: 'EAN' }] : [],
    product_sku: offer.productSku,
    product_tax_code: undefined,
    product_title: offer.title,
    quantity: offer.quantity,
    shipping_deadline: isoOf(nowMs + leadTimeDays * 24 * 3600_000),
    shop_sku: offer.shopSku,
    state_code: offer.stateCode,
    total_price: price,
    warehouses: warehouses.length > 0 ? warehouses : undefined,
  };
}

function pricingJson(offer: SimOffer, price: Money): Json {
  const origin = new Money(offer.unitPence);
  const discount = offer.discountPence === null ? null : new Money(offer.discountPence);
  return {
    channel_code: undefined,
    discount_end_date: isoOrNone(offer.discountEndMs),
    discount_start_date: isoOrNone(offer.discountStartMs),
    price,
    unit_discount_price: discount ?? undefined,
    unit_origin_price: origin,
    volume_prices: [
      { price, quantity_threshold: 1, unit_discount_price: discount, unit_origin_price: origin },
    ],
  };
}

function discountJson(offer: SimOffer): Json {
  if (offer.discountPence === null) return undefined;
  return {
    discount_price: new Money(offer.discountPence),
    end_date: isoOrNone(offer.discountEndMs),
    origin_price: new Money(offer.unitPence),
    ranges: [],
    start_date: isoOrNone(offer.discountStartMs),
  };
}

function logisticClass(offer: SimOffer): Json {
  const code = offer.logisticClass ?? 'M';
  return { code, label: code === 'M' ? 'Medium' : `Class ${code}` };
}
