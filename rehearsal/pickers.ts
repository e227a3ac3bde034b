/** The people of the warehouse floor: from the moment an order is reserved they pick it and send it, each order in the
 *  way it was dealt (`parcels.ts`). */
import type { Dice } from '../simulators/kernel.ts';
import type { DespatchWish } from '../simulators/peoplevox/picking.ts';
import type { SalesOrder } from '../simulators/peoplevox/state.ts';
import type { OrderKind } from '../simulators/world.ts';
import type { Placed } from './happenings.ts';
import {
  carriers,
  dealWays,
  delaysOf,
  doubtfulNumber,
  paceOf,
  printLabels,
  type Way,
} from './parcels.ts';
import type { Stage } from './stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** One parcel as it left. */
export type Sent = {
  despatchNumber: string;
  orderId: string;
  channel: string;
  way: Way;
  leftMs: number;
  /** From when on the report shows it, and its number. */
  visibleMs: number;
  trackedMs: number;
  /** A doubtful number could be told of no sooner: then a person corrected it. Null: it was right. */
  correctedMs: number | null;
  carrier: string;
};

export type Floor = {
  sent: Sent[];
  /** What every carrier that was ever used is called on a marketplace. */
  codes: Map<string, string>;
  /** Orders that somebody shipped in the back office. */
  byHand: Set<string>;
  /** Whether nobody has anything in hand. */
  isIdle(): boolean;
};

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
/** How often somebody looks for orders to pick. */
const lookMs = 20 * secondMs;
const correctAfterMs = 30 * minuteMs;
/** What is not on the shelf is looked for again so often. */
const searches = 3;
const searchMs = 12 * minuteMs;

/** These change their order themselves: the floor sends it as it stands. */
const changing = new Set<OrderKind>([
  'cancelledEarly',
  'cancelledAfterExport',
  'lineCancelled',
  'unitsCancelled',
  'cancelledTooLate',
]);

type Books = {
  clock: VirtualClock;
  stage: Stage;
  dice: Dice;
  floor: Omit<Floor, 'isIdle'>;
  print: (code: string) => string;
  channelOf: (orderId: string) => string | undefined;
  /** From payable to the deadline. */
  leadMs: number;
  strange: number;
};

/** Has the floor work as long as the clock runs. */
export function letPickersWork(
  clock: VirtualClock,
  stage: Stage,
  placed: readonly Placed[],
  { leadMs, dice }: { leadMs: number; dice: Dice },
): Floor {
  const codes = new Map<string, string>(carriers.map(({ name, code }) => [name, code]));
  const floor = { sent: [], codes, byHand: new Set<string>() };
  const deal = dealWays(dice.fork('ways'));
  const channelOf = (orderId: string) =>
    [...stage.marketplaces].find(([, one]) => one.truth.orders.has(orderId))?.[0];
  const print = printLabels();
  const books: Books = { clock, stage, dice, floor, print, channelOf, leadMs, strange: 0 };
  let busy = 0;
  clock.spawn(async () => {
    const orders = stage.warehouse.truth.salesOrders.values();
    let seen = 0;
    let waiting: SalesOrder[] = [];
    for (;;) {
      const { salesOrders } = stage.warehouse.truth;
      // The iterator never comes to its end, so it also finds what is added later.
      for (; seen < salesOrders.size; seen += 1) waiting.push(orders.next().value as SalesOrder);
      const ready = waiting.filter(({ status }) => status === 'Allocated' || status === 'Picking');
      waiting = waiting.filter(({ status }) => status === 'New');
      const kinds = ready.length > 0 ? kindsOf(placed) : new Map<string, OrderKind>();
      for (const order of ready) {
        const kind = kinds.get(order.number) ?? 'plain';
        const way = changing.has(kind) ? 'whole' : deal();
        busy += 1;
        clock.spawn(async () => {
          await pick(books, order, way, kind);
          busy -= 1;
        });
      }
      await clock.sleep(lookMs);
    }
  });
  return { ...floor, isIdle: () => busy === 0 };
}

function kindsOf(placed: readonly Placed[]): Map<string, OrderKind> {
  return new Map(
    placed.flatMap((one) => (one.orderId ? [[one.orderId, one.shopper.kind] as const] : [])),
  );
}

async function pick(books: Books, order: SalesOrder, way: Way, kind: OrderKind): Promise<void> {
  const { clock, stage, dice } = books;
  const own = dice.fork(order.number);
  const { startMs, leaveMs } = paceOf(way, books.leadMs, own);
  if (order.status === 'Allocated') await clock.sleep(startMs);
  if (way === 'cancelled' || (kind === 'cancelledTooLate' && own.chance(0.5))) {
    await clock.sleep(leaveMs);
    stage.warehouse.cancelOrderInWarehouse(order.number);
    return;
  }
  stage.warehouse.pickStarts(order.number);
  const channel = books.channelOf(order.number);
  if (way === 'byHand' && channel) shipByHand(books, order, channel, 'before');
  await clock.sleep(leaveMs);
  await send(books, order, way, own);
}

/** One parcel after the other, until nothing is left that can be found. */
async function send(books: Books, order: SalesOrder, way: Way, own: Dice): Promise<void> {
  const { clock } = books;
  const isSplit = ['twoParcels', 'partial', 'short'].includes(way) && unitsLeft(order) > 1;
  if (isSplit) {
    const half = Math.floor(unitsLeft(order) / 2);
    leave(books, order, way, own, half);
    if (way === 'short') return;
    await clock.sleep(way === 'partial' ? own.between(10, 30) * minuteMs : 30 * secondMs);
  }
  for (let search = 0; search < searches && isOpen(order); search += 1) {
    leave(books, order, way, own, Number.POSITIVE_INFINITY);
    if (isOpen(order)) await clock.sleep(searchMs);
  }
}

function isOpen(order: SalesOrder): boolean {
  return (order.status === 'Picking' || order.status === 'Part despatched') && unitsLeft(order) > 0;
}

function unitsLeft(order: SalesOrder): number {
  return order.lines.reduce((sum, line) => sum + line.quantity - line.despatched, 0);
}

/** Sends what is on the shelf, at most so many units, as one parcel. */
function leave(books: Books, order: SalesOrder, way: Way, own: Dice, most: number): void {
  const { clock, stage, floor, print } = books;
  const lines = onShelf(order, most);
  const channel = books.channelOf(order.number);
  if (lines.length === 0 || !channel) return;
  const carrier = own.pick(carriers);
  const name = way === 'wrongCarrier' ? `Van ${(books.strange += 1)}` : carrier.name;
  const number = print(carrier.code);
  const isDoubtful = way === 'doubtful';
  const { trackedAfterMs, visibleAfterMs } = delaysOf(way, own);
  const wish: DespatchWish = {
    lines,
    carrier: name,
    trackingNumber: isDoubtful ? doubtfulNumber(order.number, number, own) : number,
    trackedAfterMs,
    visibleAfterMs,
  };
  const done = stage.warehouse.despatch(order.number, wish);
  if (!done.ok) return;
  const { despatchNumber } = done;
  const nowMs = clock.nowMs();
  floor.sent.push({
    ...{ despatchNumber, orderId: order.number, channel, way, carrier: name },
    leftMs: nowMs,
    visibleMs: nowMs + visibleAfterMs,
    trackedMs: nowMs + trackedAfterMs,
    correctedMs: isDoubtful ? nowMs + correctAfterMs : null,
  });
  floor.codes.set(name, carrier.code);
  if (way === 'byHand') shipByHand(books, order, channel, 'after', number);
  const correction =
    way === 'doubtful' ? number : way === 'corrected' ? print(carrier.code) : undefined;
  if (correction === undefined) return;
  const afterMs = isDoubtful ? correctAfterMs : own.between(10, 25) * minuteMs;
  clock.spawn(async () => stage.warehouse.setTracking(despatchNumber, correction), {
    atMs: nowMs + afterMs,
  });
}

/** Units of each line that are there, whatever was reserved: people may have counted or broken some. */
function onShelf(order: SalesOrder, most: number): NonNullable<DespatchWish['lines']> {
  const taken = new Map<string, number>();
  let left = most;
  return order.lines.flatMap((line) => {
    const there = line.parts.map(({ item, each }) => {
      const site = order.reservedOn;
      const onHand = site === undefined ? 0 : (item.stock.get(site)?.onHand ?? 0);
      return Math.floor((onHand - (taken.get(item.code) ?? 0)) / each);
    });
    const quantity = Math.min(left, line.quantity - line.despatched, ...there);
    if (quantity < 1) return [];
    left -= quantity;
    for (const { item, each } of line.parts)
      taken.set(item.code, (taken.get(item.code) ?? 0) + each * quantity);
    return [{ itemCode: line.item.code, line: line.line, quantity }];
  });
}

/** Where whole orders are shipped, somebody is impatient and types a number of their own before the goods leave; where
 *  parcels are, they type what is on the label as soon as it is printed. */
function shipByHand(
  { stage, floor }: Books,
  order: SalesOrder,
  channel: string,
  when: 'before' | 'after',
  label = '',
): void {
  const isByParcel = stage.parcelChannels.has(channel);
  if (isByParcel !== (when === 'after')) return;
  const number = isByParcel ? label : `HAND${order.number}77`;
  const market = stage.marketplaces.get(channel)!;
  if (market.operatorShipsByHand(order.number, { carrierCode: 'DPD', number }))
    floor.byHand.add(order.number);
}
