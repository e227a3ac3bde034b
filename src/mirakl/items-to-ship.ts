/** What the marketplace still expects to be shipped, line by line. */
import { z } from 'zod';
import type { MiraklClient } from './client.ts';
import {
  date,
  dateOrNull,
  list,
  objectOrNull,
  readRows,
  required,
  text,
  type UnreadableRow,
  units,
  valueAt,
} from './fields.ts';
import type { Address } from './order.ts';
import { address } from './order-schema.ts';
import { followPages, pageFacts, pageQuery } from './paging.ts';
import { repeated } from './query.ts';
import { nextToken, type TokenAsk } from './shipments.ts';

/** What is left to ship of one order; an order with nothing left is absent from the list. */
export type ItemsToShip = {
  marketplaceOrderId: string;
  lines: ItemToShip[];
  /** When the order moved to SHIPPING, not when it ships. */
  shippingDate: Date;
  shippingDeadline: Date | null;
  shippingTypeCode: string | null;
  shippingTypeStandardCode: string | null;
  references: { forCustomer: string | null; forSeller: string | null };
  fulfilmentCentreCode: string | null;
  shippingAddress: Address | null;
};

export type ItemToShip = {
  /** Null on older operators, which name the offer alone. */
  orderLineId: string | null;
  /** Our SKU on the marketplace. */
  offerSku: string | null;
  title: string | null;
  packageReference: string | null;
  /** Units left. Where units travel in several packages, the same units stand once per package: never add
   *  them up over package references. */
  quantity: number;
};

/** Which orders; absent conditions do not count. Lists hold 1 to 100 values. */
export type ItemsToShipFilter = {
  marketplaceOrderIds?: readonly string[] | undefined;
  fulfilmentCentreCodes?: readonly string[] | undefined;
  /** When orders moved to SHIPPING. Cut to the second. */
  shippingFrom?: Date | undefined;
  shippingUntil?: Date | undefined;
};

/** One page of orders with something left, the longest in SHIPPING first. `unreadable` ones (their `id` is the
 *  order's) are missing from `orders`. */
export type ItemsToShipPage = {
  orders: ItemsToShip[];
  unreadable: UnreadableRow[];
  /** Always null: the list is not counted. */
  totalCount: number | null;
  next: TokenAsk | null;
};

/** One page, up to 100 orders; the first when `page` is left out. The pace is asked for `ST12` on the first
 *  page, which may be asked every five minutes, and for `ST12 page` on later ones.
 *  Throws VendorError; RangeError for an empty or too long list. Source: ST12. */
export async function listItemsToShip(
  client: MiraklClient,
  filter: ItemsToShipFilter,
  page?: TokenAsk,
): Promise<ItemsToShipPage> {
  const answer = await client.call({
    operation: 'ST12',
    paceAs: page === undefined ? 'ST12' : 'ST12 page',
    method: 'GET',
    path: '/api/shipments/items_to_ship',
    query: pageQuery('seek', page, {
      filter: {
        order_id: repeated(filter.marketplaceOrderIds),
        fulfillment_center_code: repeated(filter.fulfilmentCentreCodes),
        shipping_date_from: filter.shippingFrom,
        shipping_date_to: filter.shippingUntil,
      },
      sort: 'shippingDate',
    }),
    read: (body) => {
      const given = { schema: itemsToShip, idKey: 'order_id' };
      return { ...readRows(valueAt(body, 'data'), 'data', given), ...pageFacts(body) };
    },
    rows: (value) => value.rows.length,
  });
  const { rows, unreadable } = answer.value;
  return { orders: rows, unreadable, totalCount: null, next: nextToken(page, answer) };
}

/** Yields page after page until the list ends. Throws as `listItemsToShip`, and BadAnswer for a list that
 *  repeats itself or never ends. Source: ST12. */
export async function* readItemsToShipPages(
  client: MiraklClient,
  filter: ItemsToShipFilter = {},
): AsyncGenerator<ItemsToShipPage, void, void> {
  yield* followPages(
    { connection: client.connection.id, operation: 'ST12' },
    (ask) => listItemsToShip(client, filter, ask?.kind === 'token' ? ask : undefined),
    (page) => page.orders.map((order) => order.marketplaceOrderId),
  );
}

const item = z
  .object({
    order_line_id: text,
    offer_sku: text,
    product_title: text,
    package_reference: text,
    quantity: units,
  })
  .transform((wire): ItemToShip => {
    return {
      orderLineId: wire.order_line_id,
      offerSku: wire.offer_sku,
      title: wire.product_title,
      packageReference: wire.package_reference,
      quantity: wire.quantity,
    };
  });

const itemsToShip = z
  .object({
    order_id: required,
    shipment_lines: list(item),
    shipping_date: date,
    shipping_deadline: dateOrNull,
    shipping_type_code: text,
    shipping_type_standard_code: text,
    references: objectOrNull(
      z.object({ order_reference_for_customer: text, order_reference_for_seller: text }),
    ),
    fulfillment: objectOrNull(z.object({ center: objectOrNull(z.object({ code: text })) })),
    shipping_address: objectOrNull(address),
  })
  .transform((wire): ItemsToShip => {
    return {
      marketplaceOrderId: wire.order_id,
      lines: wire.shipment_lines,
      shippingDate: wire.shipping_date,
      shippingDeadline: wire.shipping_deadline,
      shippingTypeCode: wire.shipping_type_code,
      shippingTypeStandardCode: wire.shipping_type_standard_code,
      references: {
        forCustomer: wire.references?.order_reference_for_customer ?? null,
        forSeller: wire.references?.order_reference_for_seller ?? null,
      },
      fulfilmentCentreCode: wire.fulfillment?.center?.code ?? null,
      shippingAddress: wire.shipping_address,
    };
  });
