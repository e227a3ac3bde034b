/** Judges a day's despatches: what left the warehouse against what the marketplaces show, by what the simulators
 *  believe. The service is asked only what it named to a person, and when. */
import type { ShippedLine } from '../simulators/mirakl/shipments/state.ts';
import type { SimOrder } from '../simulators/mirakl/state.ts';
import type { DespatchRow } from '../simulators/peoplevox/state.ts';
import type { Finding } from './check.ts';
import type { DeskLog } from './desk.ts';
import type { Outage } from './mishaps.ts';
import type { Floor, Sent } from './pickers.ts';
import type { Stage } from './stage.ts';
import { awakeBetween } from './watch.ts';

export type DespatchVerdict = {
  /** Parcels that left for orders of the marketplaces, and those of them shown with their units and number. */
  made: number;
  confirmed: number;
  /** Made, not confirmed, and named to a person by an open exception. */
  named: Finding[];
  /** Parcels told twice, or orders with more units told than left. */
  duplicated: Finding[];
  wrongTracking: Finding[];
  /** Neither shown nor named. */
  lost: Finding[];
  /** The shipping deadline passed, and nobody had been told before. Orders that the service could see for less than
   *  `graceMs` before are not counted. */
  lateUnalerted: Finding[];
  /** Could be told `graceMs` before the deadline, the time that a vendor was away apart, and was told after. */
  breaches: Finding[];
  /** Exceptions still open about orders that owe nothing. */
  stale: Finding[];
  /** From when the report of the last days shows parcel and number, of parcels that nobody had to wait for. */
  confirmLagsMs: number[];
  verifyLagsMs: number[];
};

export type DespatchCase = {
  stage: Stage;
  floor: Floor;
  desk: DeskLog;
  /** When vendors were away; `channel` null: the warehouse. */
  outages: readonly Outage[];
  nowMs: number;
  /** Time in which whoever can know of a parcel, or of an order, must act. */
  graceMs: number;
};

const minuteMs = 60_000;
/** Readings by date go back this far; what turns up later is found by its number, minutes later. */
const reachMs = 60 * minuteMs;

/** One order of which something left. */
type Order = {
  channel: string;
  order: SimOrder;
  lines: ShippedLine[];
  parcels: Parcel[];
  codes: ReadonlySet<string>;
  isByHand: boolean;
};
type Parcel = {
  sent: Sent;
  numbers: Set<string>;
  units: Map<string, number>;
};

/** What the service said. Keys: channel and order id. */
export type Told = {
  /** Codes of open exceptions. */
  codes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Channel and carrier, of those that wait to be mapped. */
  carriers: ReadonlySet<string>;
  /** When a parcel was seen on the marketplace; by channel, order and parcel. */
  verifiedMs: ReadonlyMap<string, number>;
  /** When the first alert about an order was given. */
  alertedMs: ReadonlyMap<string, number>;
};

/** Judges the whole day, when everything is quiet. Pure. */
export function judgeDespatch(one: DespatchCase, told: Told): DespatchVerdict {
  const verdict: DespatchVerdict = {
    ...{ made: 0, confirmed: 0, named: [] },
    ...{ duplicated: [], wrongTracking: [], lost: [], lateUnalerted: [], breaches: [], stale: [] },
    ...{ confirmLagsMs: [], verifyLagsMs: [] },
  };
  for (const order of ordersOf(one, told.codes)) {
    judgeUnits(verdict, order);
    for (const parcel of order.parcels) judgeParcel(verdict, one, order, parcel, told.carriers);
    judgeLags(verdict, one, order, told.verifiedMs);
    judgeStale(verdict, order);
  }
  judgeDeadlines(verdict, one, told.alertedMs);
  return verdict;
}

function ordersOf({ stage, floor }: DespatchCase, codes: Told['codes']): Order[] {
  const rows = Map.groupBy(stage.warehouse.truth.despatches, (row) => row.despatchNumber);
  const sent = Map.groupBy(floor.sent, (parcel) => `${parcel.channel} ${parcel.orderId}`);
  return [...sent].map(([key, all]) => {
    const { channel, orderId } = all[0]!;
    const { truth } = stage.marketplaces.get(channel)!;
    return {
      channel,
      order: truth.orders.get(orderId)!,
      lines: truth.shippedLines(orderId),
      parcels: all.map((parcel) => parcelOf(parcel, rows.get(parcel.despatchNumber) ?? [])),
      codes: codes.get(key) ?? new Set(),
      isByHand: floor.byHand.has(orderId),
    };
  });
}

function parcelOf(sent: Sent, rows: readonly DespatchRow[]): Parcel {
  const units = new Map<string, number>();
  // Every component of a kit says how many kits left.
  for (const [line, ofLine] of Map.groupBy(rows, (row) => row.line)) {
    const { code } = line.item;
    units.set(code, (units.get(code) ?? 0) + ofLine[0]!.parentQuantity);
  }
  return { sent, units, numbers: new Set(rows.map((row) => row.trackingNumber)) };
}

/** Nobody is told of more units than left. */
function judgeUnits(verdict: DespatchVerdict, { order, lines, parcels, isByHand }: Order): void {
  if (isByHand) return;
  const left = addUp(parcels.map((one) => one.units));
  const told = addUp(lines.map((line) => new Map([[line.offerSku, line.units]])));
  for (const [sku, units] of told) {
    const most = left.get(sku) ?? 0;
    if (units <= most) continue;
    const what = `${units} of ${sku} are shown as shipped, ${most} left the warehouse`;
    verdict.duplicated.push({ orderId: order.orderId, what });
  }
}

function judgeParcel(
  verdict: DespatchVerdict,
  { stage }: DespatchCase,
  order: Order,
  parcel: Parcel,
  carriers: ReadonlySet<string>,
): void {
  const { orderId } = order.order;
  const isByParcel = stage.parcelChannels.has(order.channel);
  verdict.made += 1;
  const { sent } = parcel;
  const isNamed = order.codes.size > 0 || carriers.has(`${order.channel} ${sent.carrier}`);
  const problem = isByParcel ? parcelProblem(order, parcel) : wholeProblem(order);
  if (problem === null) verdict.confirmed += 1;
  else {
    const codes = [...order.codes].join(', ');
    const what = `${sent.despatchNumber} (${sent.way}): ${problem.what}`;
    const finding = { orderId, what };
    if (isNamed) verdict.named.push({ orderId, what: `${what}; ${codes || 'carrier-unmapped'}` });
    else if (problem.kind === 'number') verdict.wrongTracking.push(finding);
    else verdict.lost.push(finding);
  }
}

type Problem = { kind: 'number' | 'units'; what: string };

/** One shipment has the parcel's number and its units. */
function parcelProblem({ order }: Order, { numbers, units }: Parcel): Problem | null {
  const shipped = order.shipments.filter((one) => one.shippedMs !== null);
  const own = shipped.filter((one) => numbers.has(shownNumber(one.tracking) ?? ''));
  const [only] = own;
  const shown = shipped.map((one) => shownNumber(one.tracking) ?? 'none').join(', ');
  const wanted = [...numbers].join(', ');
  if (!only) {
    const unitsShown = addUp(shipped.map(unitsOf));
    const isShown = [...units].every(([sku, count]) => (unitsShown.get(sku) ?? 0) >= count);
    const what = `the warehouse has number ${wanted}, the marketplace shows ${shown || 'nothing'}`;
    return { kind: isShown ? 'number' : 'units', what };
  }
  if (isSame(unitsOf(only), units)) return null;
  return {
    kind: 'units',
    what: `the shipment ${wanted} holds ${text(unitsOf(only))}, not ${text(units)}`,
  };
}

function unitsOf(shipment: SimOrder['shipments'][number]): Map<string, number> {
  return addUp(shipment.lines.map((line) => new Map([[line.offerSku, line.quantity]])));
}

/** All that left is shown shipped, with one of the numbers. */
function wholeProblem({ order, lines, parcels }: Order): Problem | null {
  const left = addUp(parcels.map((one) => one.units));
  const told = addUp(lines.map((line) => new Map([[line.offerSku, line.units]])));
  if (!isSame(left, told))
    return { kind: 'units', what: `${text(left)} left, ${text(told)} are shown as shipped` };
  const number = shownNumber(order.tracking);
  const numbers = parcels.flatMap((one) => [...one.numbers]);
  if (number !== null && numbers.includes(number)) return null;
  const what = `the warehouse has number ${numbers.join(', ')}, the marketplace shows ${number ?? 'none'}`;
  return { kind: 'number', what };
}

function shownNumber(tracking: SimOrder['tracking']): string | null {
  return tracking && !tracking.isLost ? tracking.number : null;
}

/** When the marketplace was told of a parcel: where whole orders are shipped, of the order. Null: never. */
function toldMs(order: Order, parcel: Parcel, isByParcel: boolean): number | null {
  if (!isByParcel) {
    const times = order.lines.flatMap((line) => line.entries.map((entry) => entry.atMs));
    return times.length === 0 ? null : Math.min(...times);
  }
  const own = order.order.shipments.find((one) => parcel.numbers.has(one.tracking?.number ?? ''));
  return own?.shippedMs ?? null;
}

/** From when on a parcel could be told of; where whole orders are shipped, when all of it had left and a number was
 *  there. */
function tellableMs(order: Order, parcel: Parcel, isByParcel: boolean, desk: DeskLog): number {
  const of = isByParcel ? [parcel.sent] : order.parcels.map((one) => one.sent);
  const released = of.map((one) => Math.max(one.correctedMs ?? 0, mappedMs(desk, one)));
  const tracked = of.map((one) => one.trackedMs);
  return Math.max(...of.map((one) => one.visibleMs), ...released, Math.min(...tracked));
}

/** When a person mapped its carrier; 0: nobody had to. */
function mappedMs(desk: DeskLog, { channel, carrier }: Sent): number {
  return desk.mappedMs.get(`${channel} ${carrier}`) ?? 0;
}

function judgeLags(
  verdict: DespatchVerdict,
  one: DespatchCase,
  order: Order,
  verified: ReadonlyMap<string, number>,
): void {
  const isByParcel = one.stage.parcelChannels.has(order.channel);
  const { orderId, shippingDeadlineMs } = order.order;
  for (const parcel of order.parcels) {
    const fromMs = tellableMs(order, parcel, isByParcel, one.desk);
    const told = toldMs(order, parcel, isByParcel);
    const isLate = told === null ? one.nowMs > shippingDeadlineMs : told > shippingDeadlineMs;
    const leftMs = awake(one, order.channel, fromMs, shippingDeadlineMs);
    if (isLate && leftMs >= one.graceMs && order.codes.size === 0 && !order.isByHand) {
      const at = told === null ? 'never' : timeOf(told);
      const what = `${parcel.sent.despatchNumber} could be told from ${timeOf(fromMs)}, was told ${at}, deadline ${timeOf(shippingDeadlineMs)}`;
      verdict.breaches.push({ orderId, what });
    }
    const of = isByParcel ? [parcel] : order.parcels;
    const isHeld = of.some(
      ({ sent }) =>
        sent.correctedMs !== null || mappedMs(one.desk, sent) > sent.leftMs || isOutOfReach(sent),
    );
    if (isHeld || order.isByHand || told === null) continue;
    verdict.confirmLagsMs.push(Math.max(0, told - fromMs));
    const key = `${order.channel} ${orderId} ${isByParcel ? parcel.sent.despatchNumber : 'whole'}`;
    const seenMs = verified.get(key);
    // A correction is verified anew.
    if (seenMs !== undefined && parcel.sent.way !== 'corrected')
      verdict.verifyLagsMs.push(seenMs - fromMs);
    if (!isByParcel) return;
  }
}

function isOutOfReach(sent: Sent): boolean {
  return Math.max(sent.visibleMs, sent.trackedMs) - sent.leftMs >= reachMs;
}

/** What an order that owes nothing, and of which all is shown, must not be named for. */
const settling = new Set([
  'despatch-unconfirmed',
  'despatch-not-applied',
  'confirmation-refused',
  'tracking-doubtful',
  'sla-despatch',
  'sla-forecast',
]);

function judgeStale(verdict: DespatchVerdict, order: Order): void {
  if (order.lines.some((line) => line.unitsLeft > 0)) return;
  for (const code of order.codes) {
    if (settling.has(code)) verdict.stale.push({ orderId: order.order.orderId, what: code });
  }
}

/** Every order that the marketplace waited for when its deadline passed. */
function judgeDeadlines(
  verdict: DespatchVerdict,
  one: DespatchCase,
  first: Told['alertedMs'],
): void {
  for (const [channel, { truth }] of one.stage.marketplaces) {
    for (const order of truth.orders.values()) {
      const { orderId, shippingSinceMs, shippingDeadlineMs } = order;
      if (shippingSinceMs === null || shippingDeadlineMs > one.nowMs) continue;
      const isLate = truth
        .shippedLines(orderId)
        .some((line) => line.unitsLeft > 0 || line.entries.some((entry) => entry.isLate));
      const alertedMs = first.get(`${channel} ${orderId}`) ?? Number.POSITIVE_INFINITY;
      const seeableMs = awake(one, channel, shippingSinceMs, shippingDeadlineMs);
      if (!isLate || alertedMs <= shippingDeadlineMs || seeableMs < one.graceMs) continue;
      const told = Number.isFinite(alertedMs) ? `at ${timeOf(alertedMs)}` : 'never';
      const what = `deadline ${timeOf(shippingDeadlineMs)} passed, alert given ${told}`;
      verdict.lateUnalerted.push({ orderId, what });
    }
  }
}

/** Milliseconds of a span in which both vendors could be reached. */
function awake({ outages }: DespatchCase, channel: string, fromMs: number, toMs: number): number {
  const own = outages.filter((one) => one.channel === null || one.channel === channel);
  return toMs <= fromMs ? 0 : awakeBetween(fromMs, toMs, own);
}

function addUp(all: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const one of all) {
    for (const [sku, units] of one) if (units > 0) sum.set(sku, (sum.get(sku) ?? 0) + units);
  }
  return sum;
}

function isSame(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([sku, units]) => b.get(sku) === units);
}

function text(units: ReadonlyMap<string, number>): string {
  return [...units].map(([sku, count]) => `${count} ${sku}`).join(' + ') || 'nothing';
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}
