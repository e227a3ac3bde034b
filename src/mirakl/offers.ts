/** Our offers as the marketplace lists them. */
import { z } from 'zod';
import { BadAnswer } from '../errors.ts';
import type { DecimalText } from '../money.ts';
import type { MiraklClient } from './client.ts';
import {
  dateOrNull,
  decimalOrNull,
  flag,
  list,
  objectOrNull,
  readRows,
  required,
  shape,
  text,
  units,
  unitsOrNull,
  valueAt,
} from './fields.ts';
import { followPages, nextAsk, type PageAsk, pageFacts, pageQuery } from './paging.ts';
import { pathSegment } from './query.ts';

/** One listing. Texts verbatim, empty is null. */
export type Offer = {
  offerId: string;
  shopSku: string;
  /** The operator's own product id. */
  productSku: string | null;
  title: string | null;
  /** EAN, MPN and the like of the product. */
  productReferences: { type: string; reference: string }[];
  /** Whether a shopper can buy it now; `inactivityReasons` says why not. */
  isActive: boolean;
  inactivityReasons: string[];
  /** Units for sale in all warehouses together. */
  quantity: number;
  /** Empty when stock is not kept per warehouse. */
  warehouses: { code: string; quantity: number }[];
  /** The selling price; under the dropship model what the operator pays us. */
  price: DecimalText | null;
  /** Price and cheapest shipping. */
  totalPrice: DecimalText | null;
  recommendedRetailPrice: DecimalText | null;
  currency: string | null;
  /** Condition code; 11 is new on most instances. */
  stateCode: string | null;
  channelCodes: string[];
  /** 0 as sent may come back as 1. */
  leadTimeToShipDays: number | null;
  minimumOrderUnits: number | null;
  maximumOrderUnits: number | null;
  packageUnits: number | null;
  logisticClassCode: string | null;
  fulfilmentCentreCode: string | null;
  availableFrom: Date | null;
  availableUntil: Date | null;
};

/** Which offers; there is no filter for active ones. */
export type OfferFilter = {
  /** Our shop SKU. */
  shopSku?: string | undefined;
  /** The operator's product id. */
  productSku?: string | undefined;
};

export type UnreadableOffer = { offerId: string | null; index: number; problem: string };

export type OfferPage = {
  offers: Offer[];
  /** Offers without the promised shape, which are missing from `offers`. */
  unreadable: UnreadableOffer[];
  totalCount: number | null;
  next: PageAsk | null;
};

/** One offer by Mirakl's id; an unknown one, or another shop's, is Refused with status 404.
 *  Throws VendorError. Source: OF22. */
export async function readOffer(client: MiraklClient, offerId: string): Promise<Offer> {
  const { value } = await client.call({
    operation: 'OF22',
    method: 'GET',
    path: `/api/offers/${pathSegment(offerId)}`,
    isLocalised: true,
    read: shape(offerSchema),
    rows: () => 1,
  });
  return value;
}

/** The offer with exactly this shop SKU, or null when the shop has none. Throws VendorError, and BadAnswer when
 *  an offer that cannot be read may be the one. Source: OF21. */
export async function findOffer(client: MiraklClient, shopSku: string): Promise<Offer | null> {
  let bad: UnreadableOffer | undefined;
  for await (const page of readOffers(client, { shopSku })) {
    // Nobody says whether the filter matches exactly or knows upper from lower case.
    const found = page.offers.find((offer) => offer.shopSku === shopSku);
    if (found) return found;
    bad ??= page.unreadable[0];
  }
  if (bad === undefined) return null;
  const connection = client.connection.id;
  throw new BadAnswer(
    `OF21 on channel ${connection}: offer ${bad.offerId ?? 'without id'} unreadable: ${bad.problem}`,
    { vendor: 'mirakl', connection, operation: 'OF21', effect: 'none' },
  );
}

/** Some offers of the whole list. `isComplete` is true on the last batch only, and only when every offer that
 *  the list claims was read. */
export type OfferBatch = { offers: Offer[]; unreadable: UnreadableOffer[]; isComplete: boolean };

/** Yields all offers of the shop, up to 100 at a time, none twice, at least one batch. Offers that come or go
 *  meanwhile may be missing. Throws as `readOffers`; batches before a throw are true but not all.
 *  Source: OF21. */
export async function* streamOffers(client: MiraklClient): AsyncGenerator<OfferBatch, void, void> {
  const seen = new Set<string>();
  let isReadable = true;
  let total: number | null = null;
  let batch: OfferBatch | null = null;
  for await (const page of readOffers(client)) {
    if (batch) yield batch;
    const offers = page.offers.filter(({ offerId }) => !seen.has(offerId) && seen.add(offerId));
    isReadable &&= page.unreadable.length === 0;
    total = page.totalCount;
    batch = { offers, unreadable: page.unreadable, isComplete: false };
  }
  if (batch) yield { ...batch, isComplete: isReadable && (total === null || seen.size >= total) };
}

/** One page of offers; the first when `page` is left out. Throws VendorError. Source: OF21. */
export async function listOffers(
  client: MiraklClient,
  filter: OfferFilter,
  page?: PageAsk,
): Promise<OfferPage> {
  const paging = client.connection.paging ?? 'auto';
  const answer = await client.call({
    operation: 'OF21',
    method: 'GET',
    path: '/api/offers',
    query: pageQuery(paging, page, {
      filter: { sku: filter.shopSku, product_id: filter.productSku },
    }),
    isLocalised: page?.kind !== 'token',
    read: (body) => {
      const given = { schema: offerSchema, idKey: 'offer_id' };
      return { ...readRows(valueAt(body, 'offers'), 'offers', given), ...pageFacts(body) };
    },
    rows: (value) => value.rows.length,
  });
  const { rows, unreadable, totalCount, token } = answer.value;
  const count = rows.length + unreadable.length;
  return {
    offers: rows,
    unreadable: unreadable.map(({ id, ...rest }) => ({ offerId: id, ...rest })),
    totalCount,
    next: nextAsk(paging, page, { count, totalCount, token, headers: answer.headers }),
  };
}

/** Yields page after page of offers until the list ends; an offer may come twice. Throws VendorError, and
 *  BadAnswer for a list that repeats itself or never ends. Source: OF21. */
export async function* readOffers(
  client: MiraklClient,
  filter: OfferFilter = {},
): AsyncGenerator<OfferPage, void, void> {
  yield* followPages(
    { connection: client.connection.id, operation: 'OF21' },
    (ask) => listOffers(client, filter, ask),
    (page) => page.offers.map((offer) => offer.offerId),
  );
}

const coded = objectOrNull(z.object({ code: text }));

const offerSchema = z
  .object({
    offer_id: required,
    shop_sku: required,
    product_sku: text,
    product_title: text,
    product_references: list(z.object({ reference_type: required, reference: required })),
    active: flag,
    inactivity_reasons: list(required),
    quantity: units,
    warehouses: list(z.object({ code: required, quantity: units })),
    price: decimalOrNull,
    total_price: decimalOrNull,
    msrp: decimalOrNull,
    currency_iso_code: text,
    state_code: text,
    channels: list(required),
    leadtime_to_ship: unitsOrNull,
    min_order_quantity: unitsOrNull,
    max_order_quantity: unitsOrNull,
    package_quantity: unitsOrNull,
    logistic_class: coded,
    fulfillment: objectOrNull(z.object({ center: coded })),
    available_start_date: dateOrNull,
    available_end_date: dateOrNull,
  })
  .transform((wire): Offer => {
    return {
      offerId: wire.offer_id,
      shopSku: wire.shop_sku,
      productSku: wire.product_sku,
      title: wire.product_title,
      productReferences: wire.product_references.map((entry) => {
        return { type: entry.reference_type, reference: entry.reference };
      }),
      isActive: wire.active,
      inactivityReasons: wire.inactivity_reasons,
      quantity: wire.quantity,
      warehouses: wire.warehouses,
      price: wire.price,
      totalPrice: wire.total_price,
      recommendedRetailPrice: wire.msrp,
      currency: wire.currency_iso_code,
      stateCode: wire.state_code,
      channelCodes: wire.channels,
      leadTimeToShipDays: wire.leadtime_to_ship,
      minimumOrderUnits: wire.min_order_quantity,
      maximumOrderUnits: wire.max_order_quantity,
      packageUnits: wire.package_quantity,
      logisticClassCode: wire.logistic_class?.code ?? null,
      fulfilmentCentreCode: wire.fulfillment?.center?.code ?? null,
      availableFrom: wire.available_start_date,
      availableUntil: wire.available_end_date,
    };
  });
