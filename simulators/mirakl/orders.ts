/** OR11: the list of orders, by filters, in pages by offset or by token. */
import type { Market } from './market.ts';
import { shelfOf } from './market.ts';
import type { TaxMode } from './options.ts';
import { type OrderOddity, orderText } from './order-json.ts';
import { orderStates, type SimOrder } from './state.ts';
import { creationCompare, firstIndex } from './store.ts';
import {
  type Call,
  localised,
  offsetParams,
  offsetWindow,
  type Params,
  type Result,
  readQuery,
  refuse,
  seekParams,
} from './wire.ts';

const paymentWorkflows = [
  'PAY_ON_ACCEPTANCE',
  'PAY_ON_DELIVERY',
  'PAY_ON_DUE_DATE',
  'PAY_ON_SHIPMENT',
  'NO_CUSTOMER_PAYMENT_CONFIRMATION',
];
export const taxModes = ['TAX_INCLUDED', 'TAX_EXCLUDED'];

const filters: Params = {
  order_ids: 'commaList',
  order_references_for_customer: 'commaList',
  order_references_for_seller: 'commaList',
  order_state_codes: { commaListOf: orderStates },
  channel_codes: 'commaList',
  only_null_channel: 'boolean',
  start_date: 'datetime',
  end_date: 'datetime',
  start_update_date: 'datetime',
  end_update_date: 'datetime',
  customer_debited: 'boolean',
  payment_workflow: { oneOf: paymentWorkflows },
  has_incident: 'boolean',
  fulfillment_center_code: 'repeatedList',
  order_tax_mode: { oneOf: taxModes },
};

/** Parameters of OR11 in the paging this marketplace uses. */
export function orderParams(market: Market): Params {
  if (market.settings.orderPaging === 'seek') {
    const sort = { oneOf: ['dateCreated,ASC', 'dateCreated,DESC'] };
    return { ...filters, ...localised, ...seekParams, sort };
  }
  return { ...filters, ...localised, ...offsetParams, sort: { oneOf: ['dateCreated'] } };
}

function isDescending({ query }: Listing): boolean {
  return query.text('order') === 'desc' || query.text('sort')?.endsWith(',DESC') === true;
}

/** Lets the fault injector change single orders of a page, or repeat one. */
export type PageTouch = {
  oddity(order: SimOrder): OrderOddity;
  /** Another text to show instead; null: the order as it is. */
  instead(order: SimOrder): string | null;
  isRepeated: boolean;
};

const noTouch: PageTouch = { oddity: () => ({}), instead: () => null, isRepeated: false };

export function listOrders(market: Market, call: Call, touch: PageTouch = noTouch): Result {
  if (market.settings.orderPaging === 'seek') return seekPage(market, call, touch);
  const found = findOrders(market, call);
  const page = offsetWindow(call, found.length);
  const orders = found.slice(page.offset, page.offset + page.max);
  const mode = call.query.text('order_tax_mode') as TaxMode | undefined;
  return {
    status: 200,
    body: `{"orders":[${texts(market, orders, mode, touch)}],"total_count":${found.length}}`,
    headers: page.link ? { link: page.link } : {},
  };
}

/** True for the look-up of named orders: what a person does with a page, not a poll. */
export function isLookUp(call: Call): boolean {
  return ['order_ids', 'order_references_for_seller', 'order_references_for_customer'].some(
    (name) => call.query.has(name),
  );
}

/** What a listing depends on. */
export type Listing = Pick<Call, 'query' | 'shop'>;

type Cached = { key: string; version: number; orders: readonly SimOrder[] };
const lastFound = new WeakMap<Market, Map<number, Cached>>();

/** All orders the filters let through, sorted. Pages of one listing reuse it while nothing
 *  changes. */
export function findOrders(market: Market, call: Listing): readonly SimOrder[] {
  const { query, shop } = call;
  const shelf = shelfOf(market, shop.shopId);
  let cache = lastFound.get(market);
  if (!cache) lastFound.set(market, (cache = new Map()));
  const key = query.key(['max', 'offset', 'limit', 'page_token', 'locale', 'order_tax_mode']);
  const kept = cache.get(shop.shopId);
  if (kept?.key === key && kept.version === shelf.version) return kept.orders;
  const wanted = criteria(market, call);
  const orders = candidates(market, call, wanted).filter((order) => isWanted(order, wanted));
  orders.sort(creationCompare);
  if (isDescending(call)) orders.reverse();
  cache.set(shop.shopId, { key, version: shelf.version, orders });
  return orders;
}

type Criteria = {
  ids: ReadonlySet<string> | undefined;
  customerReferences: ReadonlySet<string> | undefined;
  sellerReferences: ReadonlySet<string> | undefined;
  states: ReadonlySet<string> | undefined;
  channels: ReadonlySet<string> | undefined;
  isChannelNull: boolean;
  createdFromMs: number;
  createdToMs: number;
  updatedFromMs: number;
  updatedToMs: number;
  isDebited: boolean | undefined;
  workflow: string | undefined;
  hasIncident: boolean | undefined;
  centers: ReadonlySet<string> | undefined;
};

const everMs = 8.64e15;

function criteria(market: Market, { query }: Listing): Criteria {
  const setOf = (values: readonly string[] | undefined) => values && new Set(values);
  const updatedFromMs = query.dateMs('start_update_date');
  return {
    ids: setOf(query.list('order_ids')),
    customerReferences: setOf(query.list('order_references_for_customer')),
    sellerReferences: setOf(query.list('order_references_for_seller')),
    states: setOf(query.list('order_state_codes')),
    channels: setOf(query.list('channel_codes')),
    isChannelNull: query.flag('only_null_channel') === true,
    createdFromMs: query.dateMs('start_date') ?? -everMs,
    createdToMs: query.dateMs('end_date') ?? everMs,
    updatedFromMs:
      updatedFromMs === undefined ? -everMs : updatedFromMs - market.settings.updateDeltaMs,
    updatedToMs: query.dateMs('end_update_date') ?? everMs,
    isDebited: query.flag('customer_debited'),
    workflow: query.text('payment_workflow'),
    hasIncident: query.flag('has_incident'),
    centers: setOf(query.all('fulfillment_center_code')),
  };
}

/** The smallest set at hand that surely holds every match. */
function candidates(market: Market, call: Listing, wanted: Criteria): SimOrder[] {
  const shelf = shelfOf(market, call.shop.shopId);
  if (wanted.ids) {
    const named = [...wanted.ids].map((id) => market.orders.get(id));
    return named.filter((order) => order?.shopId === call.shop.shopId) as SimOrder[];
  }
  if (wanted.sellerReferences) return shelf.withSellerReferences(wanted.sellerReferences);
  const { updatedFromMs, updatedToMs, createdFromMs, createdToMs, states } = wanted;
  const updated = shelf.countUpdated(updatedFromMs, updatedToMs);
  const inStates = states ? shelf.countInStates(states) : Number.POSITIVE_INFINITY;
  if (states && inStates <= updated) return shelf.inStates(states);
  if (updated < shelf.size) return shelf.updated(updatedFromMs, updatedToMs);
  return [...shelf.created(createdFromMs, createdToMs)];
}

function isWanted(order: SimOrder, wanted: Criteria): boolean {
  const has = (set: ReadonlySet<string> | undefined, value: string | null) =>
    !set || (value !== null && set.has(value));
  return (
    order.createdMs >= wanted.createdFromMs &&
    order.createdMs <= wanted.createdToMs &&
    order.updatedMs >= wanted.updatedFromMs &&
    order.updatedMs <= wanted.updatedToMs &&
    has(wanted.states, order.state) &&
    has(wanted.customerReferences, order.referenceForCustomer) &&
    has(wanted.sellerReferences, order.referenceForSeller) &&
    (wanted.isChannelNull
      ? order.channel === null
      : has(wanted.channels, order.channel?.code ?? null)) &&
    (wanted.isDebited === undefined || wanted.isDebited === (order.debitedMs !== null)) &&
    (wanted.workflow === undefined || wanted.workflow === order.paymentWorkflow) &&
    (wanted.hasIncident === undefined ||
      wanted.hasIncident === order.lines.some((line) => line.hasIncident)) &&
    has(wanted.centers, order.fulfilledByOperator ? 'OPERATOR_CENTER' : 'DEFAULT')
  );
}

function texts(
  market: Market,
  orders: readonly SimOrder[],
  mode: TaxMode | undefined,
  touch: PageTouch,
): string {
  const written = orders.map(
    (order) =>
      touch.instead(order) ?? orderText(market, order, mode ?? order.taxMode, touch.oddity(order)),
  );
  if (touch.isRepeated && written[0] !== undefined) written.push(written[0]);
  return written.join(',');
}

/** What a page token stands for: the first page's query, and the last order shown. */
type Token = { query: string; shopId: number; createdMs: number; orderId: string };

function seekPage(market: Market, call: Call, touch: PageTouch): Result {
  const token = call.query.text('page_token');
  if (token === undefined)
    return seekFrom(market, call, call.request.target.split('?')[1] ?? '', touch);
  const held = readToken(token);
  if (!held || !market.shelves.has(held.shopId)) {
    throw refuse(400, 'VALIDATION_ERROR', 'page_token is not valid', { field: 'page_token' });
  }
  // Every other parameter of this request is ignored, the shop's included.
  const params = { ...orderParams(market), shop_id: 'integer' as const };
  const query = readQuery(held.query, params);
  const shop = market.shops.get(held.shopId);
  return seekFrom(market, { ...call, query, shop: shop ?? call.shop }, held.query, touch, held);
}

function seekFrom(
  market: Market,
  call: Call,
  search: string,
  touch: PageTouch,
  after?: Token,
): Result {
  const limit = Math.min(100, Math.max(1, call.query.integer('limit') ?? 10));
  const found = findOrders(market, call);
  const isReversed = isDescending(call);
  const start = after ? firstIndex(found, (order) => isBeyond(order, after, isReversed)) : 0;
  const orders = found.slice(start, start + limit);
  const last = orders.at(-1);
  const mode = call.query.text('order_tax_mode') as TaxMode | undefined;
  const next =
    last && start + limit < found.length
      ? `,"next_page_token":${JSON.stringify(tokenFor(call, search, last))}`
      : '';
  return {
    status: 200,
    body: `{"orders":[${texts(market, orders, mode, touch)}]${next}}`,
  };
}

function isBeyond(order: SimOrder, after: Token, isReversed: boolean): boolean {
  const byDate = order.createdMs - after.createdMs;
  const compared =
    byDate || (order.orderId < after.orderId ? -1 : order.orderId > after.orderId ? 1 : 0);
  return isReversed ? compared < 0 : compared > 0;
}

function tokenFor(call: Call, search: string, last: SimOrder): string {
  const token: Token = {
    query: search,
    shopId: call.shop.shopId,
    createdMs: last.createdMs,
    orderId: last.orderId,
  };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(text: string): Token | undefined {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Token>;
    const { query, shopId, createdMs, orderId } = token;
    if (typeof query !== 'string' || typeof orderId !== 'string') return undefined;
    if (typeof shopId !== 'number' || typeof createdMs !== 'number') return undefined;
    return { query, shopId, createdMs, orderId };
  } catch {
    return undefined;
  }
}
