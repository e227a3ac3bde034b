/** An offer as OF54 writes it: an object of a JSON chunk, or the cells of a CSV one. */
import { isoOf, isoOrNone } from '../dates.ts';
import { type Json, Money } from '../json.ts';
import type { Market } from '../market.ts';
import { inactivity, penceNow } from '../offer-book.ts';
import type { SimOffer } from '../state.ts';

/** Every field the simulator writes; those without a value are left out by `undefined`. */
export function offerObject(
  market: Market,
  offer: SimOffer,
  atMs: number,
): { [field: string]: Json } {
  const discount = offer.discountPence === null ? undefined : new Money(offer.discountPence);
  const origin = new Money(offer.unitPence);
  const warehouses = [...offer.warehouses].map(([code, quantity]) => ({ code, quantity }));
  return {
    active: isActive(market, offer, atMs),
    allow_quote_requests: false,
    available_end_date: isoOrNone(offer.availableEndMs),
    available_start_date: isoOrNone(offer.availableStartMs),
    channels: [],
    currency_iso_code: market.settings.currency,
    date_created: isoOf(offer.createdMs),
    deleted: offer.isDeleted,
    description: offer.description ?? undefined,
    fulfillment: { center: { code: 'DEFAULT' } },
    is_professional: true,
    last_updated: isoOf(offer.updatedMs),
    leadtime_to_ship: offer.leadTimeDays ?? undefined,
    logistic_class: { code: offer.logisticClass ?? 'M' },
    max_order_quantity: offer.maxOrderQuantity ?? undefined,
    min_order_quantity: offer.minOrderQuantity ?? undefined,
    min_shipping_price: new Money(0),
    min_shipping_price_additional: new Money(0),
    min_shipping_type: 'STD',
    min_shipping_zone: 'UK',
    offer_id: offer.offerId,
    package_quantity: offer.packageQuantity ?? undefined,
    premium: false,
    price_additional_info: offer.priceAdditionalInfo ?? undefined,
    prices: [
      {
        discount_end_date: isoOrNone(offer.discountEndMs),
        discount_price: discount,
        discount_start_date: isoOrNone(offer.discountStartMs),
        origin_price: origin,
        volume_prices: [
          { quantity_threshold: 1, unit_discount_price: discount, unit_origin_price: origin },
        ],
      },
    ],
    product_sku: offer.productSku,
    quantity: offer.quantity,
    shop_id: offer.shopId,
    shop_name: market.shops.get(offer.shopId)?.name,
    shop_sku: offer.shopSku,
    state_code: offer.stateCode,
    warehouses: warehouses.length > 0 ? warehouses : undefined,
  };
}

type Cell = (market: Market, offer: SimOffer, atMs: number) => string;

/** Columns in the order of the documented example. */
export const csvCells: ReadonlyMap<string, Cell> = new Map<string, Cell>([
  ['offer-id', (_, offer) => String(offer.offerId)],
  ['product-sku', (_, offer) => offer.productSku],
  ['min-shipping-price', () => '0.00'],
  ['min-shipping-price-additional', () => '0.00'],
  ['min-shipping-zone', () => 'UK'],
  ['min-shipping-type', () => 'STD'],
  ['price', (_, offer, atMs) => amount(penceNow(offer, atMs))],
  ['total-price', (_, offer, atMs) => amount(penceNow(offer, atMs))],
  ['price-additional-info', (_, offer) => offer.priceAdditionalInfo ?? ''],
  ['quantity', (_, offer) => String(offer.quantity)],
  ['description', (_, offer) => offer.description ?? ''],
  ['state-code', (_, offer) => offer.stateCode],
  ['shop-id', (_, offer) => String(offer.shopId)],
  ['shop-name', (market, offer) => market.shops.get(offer.shopId)?.name ?? ''],
  ['professional', () => 'true'],
  ['premium', () => 'false'],
  ['logistic-class', (_, offer) => offer.logisticClass ?? 'M'],
  ['active', (market, offer, atMs) => String(isActive(market, offer, atMs))],
  ['favorite-rank', () => ''],
  ['channels', () => ''],
  ['deleted', (_, offer) => String(offer.isDeleted)],
  ['origin-price', (_, offer) => amount(offer.unitPence)],
  ['discount-start-date', (_, offer) => isoOrNone(offer.discountStartMs) ?? ''],
  ['discount-end-date', (_, offer) => isoOrNone(offer.discountEndMs) ?? ''],
  ['available-start-date', (_, offer) => isoOrNone(offer.availableStartMs) ?? ''],
  ['available-end-date', (_, offer) => isoOrNone(offer.availableEndMs) ?? ''],
  [
    'discount-price',
    (_, offer) => (offer.discountPence === null ? '' : amount(offer.discountPence)),
  ],
  ['currency-iso-code', (market) => market.settings.currency],
  ['discount-ranges', () => ''],
  ['leadtime-to-ship', (_, offer) => numberOrNone(offer.leadTimeDays)],
  ['allow-quote-requests', () => 'false'],
  ['price-ranges', (_, offer) => `1|${amount(offer.unitPence)}`],
  ['fulfillment-center-code', () => 'DEFAULT'],
  ['shop-sku', (_, offer) => offer.shopSku],
  ['date-created', (_, offer) => isoOf(offer.createdMs)],
  ['last-updated', (_, offer) => isoOf(offer.updatedMs)],
  ['model', (market, offer) => market.shops.get(offer.shopId)?.model ?? ''],
  ['min-order-quantity', (_, offer) => numberOrNone(offer.minOrderQuantity)],
  ['max-order-quantity', (_, offer) => numberOrNone(offer.maxOrderQuantity)],
  ['package-quantity', (_, offer) => numberOrNone(offer.packageQuantity)],
]);

/** Whether the offer can be bought; an export of active offers holds no other. */
export function isActive(market: Market, offer: SimOffer, atMs: number): boolean {
  return !offer.isDeleted && inactivity(market, offer, atMs).length === 0;
}

function amount(pence: number): string {
  return `${Math.floor(pence / 100)}.${String(pence % 100).padStart(2, '0')}`;
}

function numberOrNone(value: number | null): string {
  return value === null ? '' : String(value);
}
