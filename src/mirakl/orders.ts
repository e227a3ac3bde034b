/** Orders at the marketplace: reading pages, deciding acceptance, writing references and custom fields. */
import { z } from 'zod';
import { Refused } from '../errors.ts';
import type { MiraklClient } from './client.ts';
import { list, objectOrNull, readRows, shape, text, valueAt } from './fields.ts';
import type { Json } from './json.ts';
import type { AdditionalField, MarketplaceOrder } from './order.ts';
import { additionalField } from './order-line-schema.ts';
import { orderSchema } from './order-schema.ts';
import { followPages, nextAsk, type PageAsk, type Paging, pageFacts, pageQuery } from './paging.ts';
import { commaSeparated, pathSegment, type Query, repeated } from './query.ts';

/** Which orders; all conditions must hold, absent ones do not count. Lists hold 1 to 100 values.
 *  Dates are inclusive as far as Mirakl tells and cut to the second; on `updatedFrom` it also steps back a
 *  little by itself, so the same orders come again. */
export type OrderFilter = {
  marketplaceOrderIds?: readonly string[] | undefined;
  referencesForCustomer?: readonly string[] | undefined;
  referencesForSeller?: readonly string[] | undefined;
  /** Order states in Mirakl's words. */
  states?: readonly string[] | undefined;
  channelCodes?: readonly string[] | undefined;
  /** Only orders without a channel; `channelCodes` are then ignored by Mirakl. */
  hasNoChannel?: boolean | undefined;
  createdFrom?: Date | undefined;
  createdUntil?: Date | undefined;
  updatedFrom?: Date | undefined;
  updatedUntil?: Date | undefined;
  isCustomerDebited?: boolean | undefined;
  paymentWorkflow?: string | undefined;
  hasIncident?: boolean | undefined;
  fulfilmentCentreCodes?: readonly string[] | undefined;
  taxMode?: string | undefined;
};

/** An order that has not the promised shape; `problem` names the field, never a value. */
export type UnreadableOrder = { marketplaceOrderId: string | null; index: number; problem: string };

/** One page of orders, oldest first. `unreadable` orders are missing from `orders` and are not lost: their
 *  place and, where possible, their id are told. */
export type OrderPage = {
  orders: MarketplaceOrder[];
  unreadable: UnreadableOrder[];
  totalCount: number | null;
  next: PageAsk | null;
};

/** Most orders that one OR04 call takes. */
export const maxReferencesPerCall = 100;

/** One page of orders; the first when `page` is left out, else the former page's `next` with the same
 *  filter. The pace is asked for `OR11` on the first page and for `OR11 page` on later ones, since the ceiling
 *  counts polls. Throws VendorError; RangeError for an empty or too long list in the filter. Source: OR11. */
export async function listOrders(
  client: MiraklClient,
  filter: OrderFilter,
  page?: PageAsk,
): Promise<OrderPage> {
  const paging = seekers.has(client) ? 'seek' : (client.connection.paging ?? 'auto');
  try {
    return await askOrders(client, filter, { page, paging });
  } catch (error) {
    const isUnderstood = !(error instanceof Refused && error.status === 400);
    if (paging !== 'auto' || page !== undefined || isUnderstood) throw error;
    const answer = await askOrders(client, filter, { page, paging: 'seek' }).catch(() => {
      throw error; // Not the paging, then.
    });
    seekers.add(client);
    return answer;
  }
}

/** Marketplaces that refused to be asked by offset and took a question by token. */
const seekers = new WeakSet<MiraklClient>();

async function askOrders(
  client: MiraklClient,
  filter: OrderFilter,
  ask: { page: PageAsk | undefined; paging: Paging },
): Promise<OrderPage> {
  const { page, paging } = ask;
  const query = pageQuery(paging, page, { filter: orderQuery(filter), sort: 'dateCreated' });
  const answer = await client.call({
    operation: 'OR11',
    paceAs: page === undefined ? 'OR11' : 'OR11 page',
    method: 'GET',
    path: '/api/orders',
    query,
    isLocalised: page?.kind !== 'token',
    read: (body) => ({ ...readOrderRows(body), ...pageFacts(body) }),
    rows: (value) => value.orders.length,
  });
  const { orders, unreadable, totalCount, token } = answer.value;
  const count = orders.length + unreadable.length;
  const next = nextAsk(paging, page, { count, totalCount, token, headers: answer.headers });
  return { orders, unreadable, totalCount, next };
}

/** Yields page after page until the list ends, by offset or by token as `connection.paging` says. An order
 *  may come twice (the newer `updatedAt` is the later word) but none is passed over while the filter's
 *  set only shrinks, as it does with a fixed `updatedUntil`. Throws as `listOrders`, and BadAnswer for a
 *  list that repeats itself or never ends. Source: OR11. */
export async function* readOrderPages(
  client: MiraklClient,
  filter: OrderFilter,
): AsyncGenerator<OrderPage, void, void> {
  yield* followPages(
    { connection: client.connection.id, operation: 'OR11' },
    (ask) => listOrders(client, filter, ask),
    (page) => page.orders.map((order) => order.marketplaceOrderId),
  );
}

/** Accepts or refuses every line of one order; Mirakl wants all lines in one call. A second call is Refused
 *  with ORDER_INVALID_STATE, so read the order again before repeating one whose effect is unknown.
 *  Throws VendorError. Source: OR21. */
export async function decideAcceptance(
  client: MiraklClient,
  decision: {
    marketplaceOrderId: string;
    lines: readonly { orderLineId: string; isAccepted: boolean }[];
  },
): Promise<void> {
  await client.call({
    operation: 'OR21',
    method: 'PUT',
    path: `/api/orders/${pathSegment(decision.marketplaceOrderId)}/accept`,
    body: {
      order_lines: decision.lines.map((line) => ({
        accepted: line.isAccepted,
        id: line.orderLineId,
      })),
    },
    read: null,
  });
}

/** Why the marketplace did not take one value. */
export type FieldError = { code: string | null; field: string | null; message: string | null };

/** What became of one order's reference. `unmentioned`: the answer says nothing about it; read it again. */
export type ReferenceResult = {
  marketplaceOrderId: string;
  outcome: 'updated' | 'refused' | 'unmentioned';
  errors: FieldError[];
};

/** Writes our reference (up to 2000 characters) on 1 to 100 orders. One result per order given, in the
 *  same order. Repeating a call is harmless. Throws VendorError; RangeError for more than 100. Source: OR04. */
export async function setOrderReferences(
  client: MiraklClient,
  references: readonly { marketplaceOrderId: string; referenceForSeller: string }[],
): Promise<ReferenceResult[]> {
  if (references.length === 0 || references.length > maxReferencesPerCall)
    throw new RangeError(
      `OR04 takes 1 to ${maxReferencesPerCall} orders, got ${references.length}`,
    );
  const { value } = await client.call({
    operation: 'OR04',
    method: 'PUT',
    path: '/api/orders',
    body: {
      orders: references.map((reference) => ({
        order_id: reference.marketplaceOrderId,
        references: { order_reference_for_seller: reference.referenceForSeller },
      })),
    },
    read: shape(referencesAnswer),
    rows: () => references.length,
  });
  // The id is optional in the answer; without it a result belongs to the order at its place.
  const isComplete = value.updated_orders.length === references.length;
  const results = new Map(
    value.updated_orders.map((result, index) => {
      const idByPlace = isComplete ? references[index]?.marketplaceOrderId : undefined;
      return [result.order_id ?? idByPlace, result];
    }),
  );
  return references.map(({ marketplaceOrderId }) => {
    const result = results.get(marketplaceOrderId);
    if (!result) return { marketplaceOrderId, outcome: 'unmentioned', errors: [] };
    const outcome = result.errors.length === 0 ? 'updated' : 'refused';
    return { marketplaceOrderId, outcome, errors: result.errors };
  });
}

/** A custom field to write; null or '' deletes its value. Numbers, dates and true/false are sent as text. */
export type FieldValue = {
  code: string;
  value: string | readonly string[] | null;
  /** Mirakl's type word, where the caller knows it. */
  type?: string | undefined;
};

/** Writes custom fields of an order and its lines. Gives the errors of the fields that were not taken
 *  (empty when all were) and the order's fields as they stand now. Repeating a call is harmless.
 *  Throws VendorError. Source: OR31. */
export async function setAdditionalFields(
  client: MiraklClient,
  change: {
    marketplaceOrderId: string;
    fields?: readonly FieldValue[];
    lines?: readonly { orderLineId: string; fields: readonly FieldValue[] }[];
  },
): Promise<{ errors: FieldError[]; fields: AdditionalField[] }> {
  const { value } = await client.call({
    operation: 'OR31',
    method: 'PUT',
    path: `/api/orders/${pathSegment(change.marketplaceOrderId)}/additional_fields`,
    body: {
      order_additional_fields: change.fields,
      order_lines: change.lines?.map((line) => ({
        order_line_id: line.orderLineId,
        order_line_additional_fields: line.fields,
      })),
    },
    read: shape(additionalFieldsAnswer),
  });
  return {
    errors: value.order_update_errors?.errors ?? [],
    fields: value.order_update_result?.order_additional_fields ?? [],
  };
}

/** Orders in a list as answered: `{"orders": [...]}`, or the bare list that an export file may hold.
 *  Throws Unreadable when there is no list. */
export function readOrderRows(body: Json): {
  orders: MarketplaceOrder[];
  unreadable: UnreadableOrder[];
} {
  const entries = Array.isArray(body) ? body : valueAt(body, 'orders');
  const given = { schema: orderSchema, idKey: 'order_id' };
  const { rows, unreadable } = readRows(entries, 'orders', given);
  return {
    orders: rows,
    unreadable: unreadable.map(({ id, ...rest }) => ({ marketplaceOrderId: id, ...rest })),
  };
}

function orderQuery(filter: OrderFilter): Query {
  return {
    order_ids: commaSeparated(filter.marketplaceOrderIds),
    order_references_for_customer: commaSeparated(filter.referencesForCustomer),
    order_references_for_seller: commaSeparated(filter.referencesForSeller),
    order_state_codes: commaSeparated(filter.states),
    channel_codes: commaSeparated(filter.channelCodes),
    only_null_channel: filter.hasNoChannel,
    start_date: filter.createdFrom,
    end_date: filter.createdUntil,
    start_update_date: filter.updatedFrom,
    end_update_date: filter.updatedUntil,
    customer_debited: filter.isCustomerDebited,
    payment_workflow: filter.paymentWorkflow,
    has_incident: filter.hasIncident,
    fulfillment_center_code: repeated(filter.fulfilmentCentreCodes),
    order_tax_mode: filter.taxMode,
  };
}

const fieldErrors = list(z.object({ code: text, field: text, message: text }));

const referencesAnswer = z.object({
  updated_orders: list(z.object({ order_id: text, errors: fieldErrors })),
});

const additionalFieldsAnswer = z.object({
  order_update_errors: objectOrNull(z.object({ errors: fieldErrors })),
  order_update_result: objectOrNull(z.object({ order_additional_fields: list(additionalField) })),
});
