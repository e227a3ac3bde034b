/** The marketplace behind the API: its clock, its dice, its books. Everything else in this folder
 *  works on one of these. */
import type { Dice } from '../kernel.ts';
import { isoOf } from './dates.ts';
import type { ImportDesk } from './offer-files/imports.ts';
import type { OfferExport } from './offer-files/offer-exports.ts';
import type { Settings, SpanMs } from './options.ts';
import type {
  DoubleShipment,
  ShippedUnits,
  ShippingWrite,
  SimShipment,
} from './shipments/state.ts';
import type {
  CeilingBreach,
  ContractBreach,
  Decision,
  QuantityChange,
  ReferenceWrite,
  SimImport,
  SimLine,
  SimOffer,
  SimOrder,
} from './state.ts';
import { Agenda, OrderShelf } from './store.ts';

/** How a call fails while the marketplace is down. */
export type OutageForm = 'http503' | 'reset' | 'silence';

export type ShopAccount = {
  shopId: number;
  name: string;
  uuid: string;
  model: 'MARKETPLACE' | 'DROPSHIP' | 'ONE_CREDITOR';
  state: 'OPEN' | 'CLOSE' | 'SUSPENDED' | 'TERMINATED';
  openedMs: number;
};

/** A user of the back office. The shops it may see, its default first. */
export type User = { name: string; shopIds: number[] };

/** One OR13 run. Files exist once it is COMPLETED, under `/api/<fileKey>?file=<name>`. */
export type OrderExport = {
  trackingId: string;
  shopId: number;
  status: 'PENDING' | 'COMPLETED' | 'FAILED';
  changedMs: number;
  fileKey: string;
  files: Map<string, string>;
};

/** When calls were made that count against a ceiling, by operation and scope. */
export type CeilingBook = {
  readonly stamps: Map<string, number[]>;
  /** The polling rounds of OR11 that are still being paged, by scope and filters. */
  readonly rounds: Map<string, { offset: number; atMs: number }>;
};

export type Market = {
  readonly settings: Settings;
  /** Independent dice, so that more calls do not change what shoppers get. */
  readonly dice: { orders: Dice; life: Dice; wire: Dice; ids: Dice; imports: Dice };
  readonly shops: ReadonlyMap<number, ShopAccount>;
  /** Who may come in, by key. */
  readonly users: Map<string, User>;
  /** The user of the main key; bearer tokens stand for it. */
  readonly mainUser: User;
  /** Bearer tokens and when they end. */
  readonly tokens: Map<string, number>;
  readonly orders: Map<string, SimOrder>;
  /** Lines by shop and line id: `2000/139`. */
  readonly lines: Map<string, { order: SimOrder; line: SimLine }>;
  readonly shelves: ReadonlyMap<number, OrderShelf>;
  /** By id, oldest first; deleted ones too. */
  readonly shipments: Map<string, SimShipment>;
  /** The log's `shipped` by order. */
  readonly shippedByOrder: Map<SimOrder, ShippedUnits[]>;
  /** Pence paid out by shop: no longer payable. */
  readonly paidOut: Map<number, number>;
  /** Nobody is answered before then. */
  readonly down: { untilMs: number; form: OutageForm };
  readonly offers: Map<number, SimOffer>;
  /** Offers by shop and shop SKU: `2000/SKU-1`. */
  readonly offersBySku: Map<string, SimOffer>;
  /** Rises when the sorting of offers may change; a quantity does not change it. */
  offersVersion: number;
  /** Transitions that time brings; run by `settle` with the moment they fell due. */
  readonly agenda: Agenda<(atMs: number) => void>;
  /** Orders as written, and as written before their newest version. */
  readonly texts: {
    kept: Map<SimOrder, { version: number; text: string }>;
    replaced: Map<SimOrder, string>;
  };
  readonly exports: Map<string, OrderExport>;
  readonly offerExports: Map<string, OfferExport>;
  readonly importDesk: ImportDesk;
  readonly ceilings: CeilingBook;
  readonly counters: Record<'basket' | 'line' | 'offer' | 'money' | 'import', number>;
  readonly log: {
    decisions: Decision[];
    references: ReferenceWrite[];
    despatches: { atMs: number; orderId: string; lineIds: string[] }[];
    shipped: ShippedUnits[];
    shippingWrites: ShippingWrite[];
    doubleShipments: DoubleShipment[];
    downCalls: { atMs: number; operation: string }[];
    quantityChanges: QuantityChange[];
    imports: SimImport[];
    calls: Record<string, number>;
    answers: Record<string, number>;
    ceilingBreaches: CeilingBreach[];
    contractBreaches: ContractBreach[];
    unauthorized: number;
  };
};

export function openMarket(settings: Settings): Market {
  const ids = settings.dice.fork('ids');
  const shops = new Map<number, ShopAccount>();
  const users = new Map<string, User>();
  for (const shop of settings.shops) {
    shops.set(shop.shopId, {
      shopId: shop.shopId,
      name: shop.name ?? `Shop ${shop.shopId}`,
      uuid: uuidFrom(ids),
      model: shop.model ?? 'MARKETPLACE',
      state: shop.state ?? 'OPEN',
      openedMs: settings.clock.nowMs() + settings.clockOffsetMs - 365 * 24 * 3600_000,
    });
    const key = shop.apiKey ?? settings.apiKey;
    const user = users.get(key) ?? { name: `user-${users.size + 1}`, shopIds: [] };
    user.shopIds.push(shop.shopId);
    users.set(key, user);
  }
  return {
    settings,
    dice: {
      orders: settings.dice.fork('orders'),
      life: settings.dice.fork('life'),
      wire: settings.dice.fork('wire'),
      ids,
      // Not from the settings' dice: one fork more would shift those of the faults.
      imports: ids.fork('imports'),
    },
    shops,
    users,
    mainUser: users.get(settings.apiKey) as User,
    tokens: new Map(),
    orders: new Map(),
    lines: new Map(),
    shelves: new Map([...shops.keys()].map((shopId) => [shopId, new OrderShelf()])),
    shipments: new Map(),
    shippedByOrder: new Map(),
    paidOut: new Map(),
    down: { untilMs: Number.NEGATIVE_INFINITY, form: 'http503' },
    offers: new Map(),
    offersBySku: new Map(),
    offersVersion: 0,
    agenda: new Agenda(),
    texts: { kept: new Map(), replaced: new Map() },
    exports: new Map(),
    offerExports: new Map(),
    importDesk: { jobs: new Map(), busyUntilMs: new Map(), recent: new Map() },
    ceilings: { stamps: new Map(), rounds: new Map() },
    counters: { basket: 0, line: 138, offer: 2130, money: 1100, import: 2034 },
    log: {
      decisions: [],
      references: [],
      despatches: [],
      shipped: [],
      shippingWrites: [],
      doubleShipments: [],
      downCalls: [],
      quantityChanges: [],
      imports: [],
      calls: {},
      answers: {},
      ceilingBreaches: [],
      contractBreaches: [],
      unauthorized: 0,
    },
  };
}

/** The vendor's own clock, which may be off. Epoch milliseconds. */
export function vendorNowMs(market: Market): number {
  return market.settings.clock.nowMs() + market.settings.clockOffsetMs;
}

export function shelfOf(market: Market, shopId: number): OrderShelf {
  const shelf = market.shelves.get(shopId);
  if (!shelf) throw new Error(`no shop ${shopId} in this marketplace`);
  return shelf;
}

/** An order the world names. Throws when there is none: a mistake of the test, not of the
 *  client. */
export function orderOf(market: Market, orderId: string): SimOrder {
  const order = market.orders.get(orderId);
  if (!order) throw new Error(`no marketplace order ${orderId}`);
  return order;
}

/** Must follow every change of an order: raises its version and moves its update date, which never
 *  stands still, not even when two changes fall into one millisecond. */
export function changed(market: Market, order: SimOrder, atMs: number): void {
  order.version += 1;
  order.updatedMs = Math.max(atMs, order.updatedMs + 1);
  shelfOf(market, order.shopId).changed(order);
}

/** A date as this marketplace writes creation and update dates. */
export function stampOf(market: Market, ms: number): string {
  return isoOf(market.settings.dateMilliseconds === 'seconds' ? ms - (ms % 1000) : ms);
}

export function uuidFrom(dice: Dice): string {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => dice.between(0, 15).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${dice.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
}

/** A length of time between the two ends, by the dice of order lives. */
export function spanMs(market: Market, span: SpanMs): number {
  return spanOf(market.dice.life, span);
}

export function spanOf(dice: Dice, span: SpanMs): number {
  return span.min === span.max ? span.min : dice.between(span.min, span.max);
}
