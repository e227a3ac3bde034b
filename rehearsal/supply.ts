/** What could be supplied at every moment, worked out from what the simulators believe and nothing else, and every
 *  sale held against it. */
import type { SimOrder } from '../simulators/mirakl/state.ts';
import type { Item, SalesOrder, StockChange } from '../simulators/peoplevox/state.ts';
import type { Stage } from './stage.ts';

/** One purchase of one stocked item (a kit counts as its parts). Units: each of the item. */
export type Sale = {
  atMs: number;
  channel: string;
  orderId: string;
  shopSku: string;
  itemCode: string;
  units: number;
  /** What could have been supplied just before. */
  supplyBefore: number;
  /** Units beyond that, those that nobody could have prevented apart: people had taken them away a moment before. */
  oversold: number;
  unavoidable: number;
};

export type SupplyLog = {
  sales: Sale[];
  /** Per item, when people last took units away, and how many of them no sale has been excused by. */
  lowered: Map<string, { atMs: number; units: number }[]>;
};

export type Supply = {
  readonly log: SupplyLog;
  /** Takes in what happened since the last look, new orders above all: call it right after a purchase, and often.
   *  Returns the items whose figures or sales changed. */
  look(): Set<string>;
  /** Units that could go to somebody who buys now: available on the sites that sell, less what is sold on any
   *  channel and neither reserved nor cancelled. May be negative. Null: the warehouse has no such item. */
  of(itemCode: string): number | null;
  /** The same for a listing, kits by their scarcest part; null: nothing to make it of. */
  ofListing(shopSku: string): number | null;
  /** Units that the marketplaces wait for and the warehouse gave up: whoever counts them as promised is careful. */
  givenUpOf(itemCode: string): number;
  /** What one unit of a listing is made of; empty: nothing that the warehouse knows. */
  partsOf(shopSku: string): Part[];
};

export type Part = { itemCode: string; each: number };

export type SupplyRules = {
  nowMs(): number;
  /** Whether the service could not have told of something that happened then by now. */
  isRecent(atMs: number): boolean;
  /** Whether a marketplace is away, so that nobody can know what is sold there, nor lower what it shows. */
  isBlind(): boolean;
};

/** Line states in which units are owed to somebody and have not left. */
const owedStages = new Set([
  'STAGING',
  'WAITING_ACCEPTANCE',
  'WAITING_DEBIT',
  'WAITING_DEBIT_PAYMENT',
  'SHIPPING',
  'WAITING_RISK_REVIEW',
]);
const byPeople = new Set<string>(['Stock count', 'Damaged', 'Moved']);

type Books = {
  stage: Stage;
  rules: SupplyRules;
  log: SupplyLog;
  /** Every order that has a line of the item, however it stands. */
  ordersOf: Map<string, Set<SimOrder>>;
  /** Where each marketplace's book of orders was read to. */
  readers: Map<string, { orders: IterableIterator<SimOrder>; seen: number }>;
  stockSeen: number;
  /** On hand by item and site, as last taken in. */
  onHand: Map<string, number>;
};

/** Begins with an empty book: call it before anybody buys. */
export function openSupply(stage: Stage, rules: SupplyRules): Supply {
  const readers: Books['readers'] = new Map();
  for (const [channel, one] of stage.marketplaces) {
    readers.set(channel, { orders: one.truth.orders.values(), seen: 0 });
  }
  const log: SupplyLog = { sales: [], lowered: new Map() };
  const books: Books = {
    ...{ stage, rules, log, readers },
    ordersOf: new Map(),
    stockSeen: 0,
    onHand: new Map(),
  };
  return {
    log,
    look: () => look(books),
    of: (itemCode) => supplyOf(books, itemCode),
    ofListing: (shopSku) => {
      const made = partsOf(stage, shopSku).map(({ itemCode, each }) =>
        Math.floor((supplyOf(books, itemCode) ?? 0) / each),
      );
      return made.length === 0 ? null : Math.min(...made);
    },
    givenUpOf: (itemCode) => givenUpOf(books, itemCode),
    partsOf: (shopSku) => partsOf(stage, shopSku),
  };
}

function partsOf({ warehouse }: Stage, shopSku: string): Part[] {
  const item = warehouse.truth.items.get(shopSku);
  return item && !item.isRetired ? partsOfItem(item) : [];
}

function partsOfItem(item: Item): Part[] {
  if (item.kitOf.size === 0) return [{ itemCode: item.code, each: 1 }];
  return [...item.kitOf].map(([part, each]) => ({ itemCode: part.code, each }));
}

function supplyOf({ stage, ordersOf }: Books, itemCode: string): number | null {
  const { truth } = stage.warehouse;
  const item = truth.items.get(itemCode);
  if (!item || item.isRetired) return null;
  let units = 0;
  for (const site of stage.sites) {
    const row = item.stock.get(site);
    if (row) units += row.onHand - row.allocated;
  }
  for (const order of ordersOf.get(itemCode) ?? []) {
    units -= unreserved(order, truth.salesOrders.get(order.orderId), itemCode, stage);
  }
  return units;
}

/** Units of an item that an order is owed and the warehouse has not yet set aside for it. */
function unreserved(
  order: SimOrder,
  found: SalesOrder | undefined,
  itemCode: string,
  stage: Stage,
): number {
  // What the warehouse itself gave up goes to nobody, whether or not the marketplace knows by now.
  if (isGivenUp(found)) return 0;
  const owed = owedOf(order, itemCode, stage);
  let set = 0;
  for (const line of found?.lines ?? []) {
    for (const { item, each } of line.parts) {
      if (item.code === itemCode) set += each * (line.allocated + line.despatched);
    }
  }
  return Math.max(0, owed - set);
}

function isGivenUp(found: SalesOrder | undefined): boolean {
  return found?.status === 'Cancelled' && found.history.at(-1)?.by === 'warehouse';
}

function givenUpOf({ stage, ordersOf }: Books, itemCode: string): number {
  let units = 0;
  for (const order of ordersOf.get(itemCode) ?? []) {
    if (isGivenUp(stage.warehouse.truth.salesOrders.get(order.orderId)))
      units += owedOf(order, itemCode, stage);
  }
  return units;
}

/** Units of an item that a marketplace waits for. */
function owedOf(order: SimOrder, itemCode: string, stage: Stage): number {
  let owed = 0;
  for (const line of order.lines) {
    if (!owedStages.has(line.stage)) continue;
    for (const part of partsOf(stage, line.offerSku)) {
      if (part.itemCode === itemCode) owed += part.each * line.quantity;
    }
  }
  return owed;
}

function look(books: Books): Set<string> {
  const touched = new Set<string>();
  takeInStock(books, touched);
  for (const [channel, reader] of books.readers) {
    const { orders } = books.stage.marketplaces.get(channel)!.truth;
    // The iterator never comes to its end, so it also finds what is added later.
    for (; reader.seen < orders.size; reader.seen += 1) {
      takeInOrder(books, channel, reader.orders.next().value as SimOrder, touched);
    }
  }
  return touched;
}

function takeInStock(books: Books, touched: Set<string>): void {
  const { stockChanges } = books.stage.warehouse.truth;
  for (; books.stockSeen < stockChanges.length; books.stockSeen += 1) {
    const change = stockChanges[books.stockSeen]!;
    touched.add(change.itemCode);
    noteLowered(books, change);
  }
}

/** What people take away; carried to another site that sells, it is there again at the same moment. */
function noteLowered(books: Books, change: StockChange): void {
  if (!books.stage.sites.includes(change.site)) return;
  const key = `${change.itemCode}\n${change.site}`;
  const by = change.onHand - (books.onHand.get(key) ?? 0);
  books.onHand.set(key, change.onHand);
  if (!byPeople.has(change.reason)) return;
  const all = books.log.lowered.get(change.itemCode) ?? [];
  books.log.lowered.set(change.itemCode, all);
  const last = all.at(-1);
  if (by < 0) all.push({ atMs: change.atMs, units: -by });
  else if (change.reason === 'Moved' && last?.atMs === change.atMs) last.units -= by;
}

function takeInOrder(books: Books, channel: string, order: SimOrder, touched: Set<string>): void {
  const units = new Map<string, { units: number; shopSku: string }>();
  const keep = (itemCode: string) =>
    books.ordersOf.set(itemCode, (books.ordersOf.get(itemCode) ?? new Set()).add(order));
  for (const { offerSku: shopSku, orderedQuantity } of order.lines) {
    const parts = partsOf(books.stage, shopSku);
    // Somebody may make the item later on.
    if (parts.length === 0) keep(shopSku);
    for (const { itemCode, each } of parts) {
      const before = units.get(itemCode)?.units ?? 0;
      units.set(itemCode, { units: before + each * orderedQuantity, shopSku });
      keep(itemCode);
    }
  }
  for (const [itemCode, bought] of units) {
    touched.add(itemCode);
    const after = supplyOf(books, itemCode)!;
    const beyond = Math.max(0, Math.min(bought.units, -after));
    const unavoidable = books.rules.isBlind() ? beyond : excused(books, itemCode, beyond);
    books.log.sales.push({
      atMs: books.rules.nowMs(),
      ...{ channel, orderId: order.orderId, itemCode, ...bought },
      supplyBefore: after + bought.units,
      oversold: beyond - unavoidable,
      unavoidable,
    });
  }
}

/** How many of these units people had just taken away; each such unit excuses one sale. */
function excused({ log, rules }: Books, itemCode: string, beyond: number): number {
  let left = beyond;
  for (const one of log.lowered.get(itemCode) ?? []) {
    if (!rules.isRecent(one.atMs)) continue;
    const units = Math.min(left, one.units);
    one.units -= units;
    left -= units;
  }
  return beyond - left;
}
