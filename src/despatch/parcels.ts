/** Parcels: rows of the despatch report become parcels of one marketplace order. Pure. */
import { normalTracking } from './carriers.ts';

/** One row of the report: one item of one despatch. Rows are given once each: two rows are two lots
 *  of units. */
export type DespatchedRow = {
  despatchNumber: string;
  /** Item that left; a component where it is part of a kit. */
  itemCode: string;
  /** The kit it was part of; '' for none. */
  parentCode: string;
  /** The warehouse's name of the sales order line; '' where the report has none. How it numbers is
   *  unconfirmed. */
  line: string;
  quantity: number;
  /** Kits of this parent in this despatch, on each row of a component; null: the report does not
   *  say. */
  parentQuantity: number | null;
  carrier: string;
  service: string;
  serviceTypeCode: string;
  /** '' while there is none. Several are parted by line breaks, which no number holds. */
  trackingNumber: string;
  despatchedAt: Date | null;
};

/** A line as the warehouse was asked for it; a merged one has several parts, whose units sum up to
 *  `quantity`. */
export type SentLine = {
  line: string;
  itemCode: string;
  quantity: number;
  parts: { orderLineId: string; units: number }[];
};

/** Units of a marketplace order line. */
export type LineUnits = { orderLineId: string; units: number };

/** A despatch in the marketplace's words. `lines`: at least one, each order line once, 1 unit or
 *  more, in the order they were sent (as told, where they were told). Carrier and service are those
 *  of one row, one that names a carrier if any does. `trackingNumbers`: distinct but for case and
 *  blanks, trimmed, else as shown. */
export type Parcel = {
  despatchNumber: string;
  lines: LineUnits[];
  carrier: string;
  service: string;
  serviceTypeCode: string;
  trackingNumbers: string[];
  /** The earliest date of its rows. */
  despatchedAt: Date;
};

/** Something of a despatch that is in no parcel. `itemCode`: of the row, or of the kit; '' when it
 *  is the whole despatch. `what`: what happened, to follow the name of the despatch in a message.
 */
export type Problem = {
  code:
    | 'despatch-not-ordered'
    | 'despatch-too-many'
    | 'despatch-kit-unknown'
    | 'despatch-date-unknown';
  despatchNumber: string;
  itemCode: string;
  what: string;
};

/** Allots what left the warehouse to the order lines. All `rows` are of one order; their order
 *  means nothing.
 *
 *  A row with a quantity of 0 or less is as good as absent. A row belongs to the kit it names
 *  where that was ordered, else to its own item. Units go to the line of the same name and item
 *  while it has room, then to any line of the item, earliest despatch first; a line's parts are
 *  filled in their order. A kit's units are told by `parentQuantity` and never guessed from
 *  components.
 *
 *  `fixed`: what the marketplace was told of a despatch, by its number. Those come first, exactly
 *  as told; one without rows or date takes its units but is no parcel here. Units that its rows
 *  show beyond that are a problem, and stay in `left`: they are in no parcel that anybody was told
 *  of.
 *
 *  Returns parcels by date, then number; problems alike; `left`: ordered units in no parcel, 1 or
 *  more per line. As long as nothing fixed is beyond the order, parcels + fixed ones without a
 *  parcel + left = what was ordered, per order line. A despatch without a date is a problem, and
 *  its units are in `left`. Throws nothing. */
export function parcelsOf(
  rows: readonly DespatchedRow[],
  sent: readonly SentLine[],
  fixed: ReadonlyMap<string, readonly LineUnits[]>,
): { parcels: Parcel[]; problems: Problem[]; left: LineUnits[] } {
  const room = roomOf(sent, fixed);
  const problems: Problem[] = [];
  const taken = new Map<string, LineUnits[]>();
  const despatches = despatchesOf(rows);
  const wanted: Lot[] = [];
  for (const despatch of despatches) {
    const lots = lotsOf(despatch, sent, problems);
    const told = fixed.get(despatch.number);
    if (told) problems.push(...beyondTold(despatch.number, lots, told, sent));
    else if (despatch.at) wanted.push(...lots);
    if (!despatch.at) problems.push(dateUnknown(despatch.number));
    taken.set(despatch.number, told ? [...told] : []);
  }
  // Every despatch first gets what its rows name exactly, so that none takes another's line by item
  // alone.
  const open = wanted.map((lot) => ({ lot, units: lot.units }));
  for (const isExact of [true, false]) {
    for (const one of open) {
      const lines = room.filter(
        ({ line, itemCode }) =>
          itemCode === one.lot.itemCode && (!isExact || line === one.lot.line),
      );
      one.units -= fill(lines, one.units, taken.get(one.lot.despatchNumber)!);
    }
  }
  problems.push(...tooMany(open));
  const ids = room.flatMap((line) => line.parts.map((part) => part.orderLineId));
  return {
    parcels: despatches.flatMap((one) => parcelOf(one, taken.get(one.number)!, fixed, ids)),
    problems: inOrder(problems, despatches),
    left: room.flatMap((line) => line.parts).filter((part) => part.units > 0),
  };
}

type Despatch = { number: string; at: Date | null; rows: DespatchedRow[] };
/** Units of an ordered item in one despatch. `line`: as shown. */
type Lot = { despatchNumber: string; itemCode: string; line: string; units: number };
/** A sent line whose parts hold what is not yet in a parcel. */
type Room = { line: string; itemCode: string; parts: LineUnits[] };

function roomOf(
  sent: readonly SentLine[],
  fixed: ReadonlyMap<string, readonly LineUnits[]>,
): Room[] {
  const told = new Map<string, number>();
  for (const { orderLineId, units } of [...fixed.values()].flat())
    told.set(orderLineId, (told.get(orderLineId) ?? 0) + units);
  return sent.map(({ line, itemCode, parts }) => ({
    line,
    itemCode,
    parts: parts.map(({ orderLineId, units }) => {
      const already = Math.min(units, told.get(orderLineId) ?? 0);
      told.set(orderLineId, (told.get(orderLineId) ?? 0) - already);
      return { orderLineId, units: units - already };
    }),
  }));
}

/** Despatches by date (unknown last), then number; their rows in an order of their own contents. */
function despatchesOf(rows: readonly DespatchedRow[]): Despatch[] {
  const byNumber = Map.groupBy(
    rows.filter((row) => row.quantity > 0),
    (row) => row.despatchNumber,
  );
  const despatches = [...byNumber].map(([number, all]) => {
    const dates = all.flatMap((row) => (row.despatchedAt ? [row.despatchedAt.getTime()] : []));
    const at = dates.length === 0 ? null : new Date(Math.min(...dates));
    return { number, at, rows: all.toSorted((a, b) => compare(rowText(a), rowText(b))) };
  });
  const time = (one: Despatch) => one.at?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return despatches.sort((a, b) => time(a) - time(b) || compare(a.number, b.number));
}

/** What a despatch holds of the ordered items; what was never ordered, or is not known, becomes a
 *  problem. */
function lotsOf(despatch: Despatch, sent: readonly SentLine[], problems: Problem[]): Lot[] {
  const ordered = new Set(sent.map((line) => line.itemCode));
  const lots: Lot[] = [];
  const strangers = new Map<string, number>();
  const kits = new Map<string, DespatchedRow[]>();
  for (const row of despatch.rows) {
    const { itemCode, parentCode, line, quantity: units } = row;
    if (parentCode !== '' && parentCode !== itemCode && ordered.has(parentCode))
      kits.set(parentCode, [...(kits.get(parentCode) ?? []), row]);
    else if (ordered.has(itemCode))
      lots.push({ despatchNumber: despatch.number, itemCode, line, units });
    else strangers.set(itemCode, (strangers.get(itemCode) ?? 0) + units);
  }
  for (const [itemCode, units] of strangers) {
    const what = `${unitsText(units)} of ${itemCode} left the warehouse, which this order did not ask for`;
    problems.push({
      code: 'despatch-not-ordered',
      despatchNumber: despatch.number,
      itemCode,
      what,
    });
  }
  for (const [itemCode, components] of kits) {
    const found = kitUnits(itemCode, components, sent);
    for (const { line, units } of found ?? [])
      lots.push({ despatchNumber: despatch.number, itemCode, line, units });
    if (found) continue;
    const what = `components of kit ${itemCode} left the warehouse, and the report does not say how many kits they are`;
    problems.push({
      code: 'despatch-kit-unknown',
      despatchNumber: despatch.number,
      itemCode,
      what,
    });
  }
  return lots;
}

/** Kits of one parent in one despatch; null: unknown. Rows whose line is one that asked for the kit
 *  are counted by that line: what the rows say, the smallest where they disagree. Elsewhere a line
 *  may be the kit's or the component's own, so each component adds up its lines and the component
 *  with the fewest kits counts. */
function kitUnits(
  kit: string,
  rows: readonly DespatchedRow[],
  sent: readonly SentLine[],
): { line: string; units: number }[] | null {
  const known = new Set(sent.filter((one) => one.itemCode === kit).map((one) => one.line));
  const byLine = Map.groupBy(rows, (row) => (known.has(row.line) ? row.line : null));
  const found: { line: string; units: number }[] = [];
  for (const [line, ofLine] of byLine) {
    const said = ofLine.filter((row) => row.parentQuantity !== null);
    if (said.length === 0) return null;
    const counts = [...Map.groupBy(said, (row) => row.itemCode).values()].map((ofComponent) =>
      [...Map.groupBy(ofComponent, (row) => row.line).values()]
        .map((same) => Math.min(...same.map((row) => row.parentQuantity ?? 0)))
        .reduce((sum, units) => sum + units, 0),
    );
    found.push({ line: line ?? '', units: Math.max(0, Math.min(...counts)) });
  }
  return found;
}

/** Takes up to `units` from the lines into `taken`; returns how many it took. */
function fill(lines: readonly Room[], units: number, taken: LineUnits[]): number {
  let took = 0;
  for (const part of lines.flatMap((line) => line.parts)) {
    const now = Math.min(part.units, units - took);
    if (now <= 0) continue;
    part.units -= now;
    took += now;
    const known = taken.find((one) => one.orderLineId === part.orderLineId);
    if (known) known.units += now;
    else taken.push({ orderLineId: part.orderLineId, units: now });
  }
  return took;
}

function beyondTold(
  despatchNumber: string,
  lots: readonly Lot[],
  told: readonly LineUnits[],
  sent: readonly SentLine[],
): Problem[] {
  const problems: Problem[] = [];
  for (const [itemCode, units] of unitsByItem(lots)) {
    const ids = new Set(
      sent
        .filter((one) => one.itemCode === itemCode)
        .flatMap((one) => one.parts.map((p) => p.orderLineId)),
    );
    const said = told.reduce((sum, one) => sum + (ids.has(one.orderLineId) ? one.units : 0), 0);
    if (units <= said) continue;
    const what = `${unitsText(units)} of ${itemCode} are in it, and the marketplace was told of ${said} before the rest was seen`;
    problems.push({ code: 'despatch-too-many', despatchNumber, itemCode, what });
  }
  return problems;
}

function tooMany(open: readonly { lot: Lot; units: number }[]): Problem[] {
  const problems: Problem[] = [];
  const byDespatch = Map.groupBy(
    open.filter((one) => one.units > 0),
    (one) => one.lot.despatchNumber,
  );
  for (const [despatchNumber, ofDespatch] of byDespatch) {
    const lots = ofDespatch.map(({ lot, units }) => ({ ...lot, units }));
    for (const [itemCode, units] of unitsByItem(lots)) {
      const what = `${unitsText(units)} of ${itemCode} left the warehouse beyond what was ordered`;
      problems.push({ code: 'despatch-too-many', despatchNumber, itemCode, what });
    }
  }
  return problems;
}

function unitsByItem(lots: readonly Lot[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const lot of lots) units.set(lot.itemCode, (units.get(lot.itemCode) ?? 0) + lot.units);
  return units;
}

function dateUnknown(despatchNumber: string): Problem {
  const what = 'the report gives it no date';
  return { code: 'despatch-date-unknown', despatchNumber, itemCode: '', what };
}

function parcelOf(
  despatch: Despatch,
  taken: readonly LineUnits[],
  fixed: ReadonlyMap<string, readonly LineUnits[]>,
  ids: readonly string[],
): Parcel[] {
  const [first] = despatch.rows;
  if (!despatch.at || !first || taken.length === 0) return [];
  const lines = taken.map((line) => ({ ...line }));
  if (!fixed.has(despatch.number))
    lines.sort((a, b) => ids.indexOf(a.orderLineId) - ids.indexOf(b.orderLineId));
  const named = despatch.rows.find((row) => row.carrier.trim() !== '') ?? first;
  const numbers = new Map<string, string>();
  for (const shown of despatch.rows.flatMap((row) => row.trackingNumber.split(/[\r\n]+/))) {
    const key = normalTracking(shown);
    if (key !== '' && !numbers.has(key)) numbers.set(key, shown.trim());
  }
  return [
    {
      despatchNumber: despatch.number,
      lines,
      carrier: named.carrier,
      service: named.service,
      serviceTypeCode: named.serviceTypeCode,
      trackingNumbers: [...numbers.values()],
      despatchedAt: despatch.at,
    },
  ];
}

function inOrder(problems: readonly Problem[], despatches: readonly Despatch[]): Problem[] {
  const place = new Map(despatches.map((one, at) => [one.number, at]));
  return problems.toSorted(
    (a, b) =>
      (place.get(a.despatchNumber) ?? 0) - (place.get(b.despatchNumber) ?? 0) ||
      compare(a.itemCode, b.itemCode) ||
      compare(a.code, b.code),
  );
}

/** Everything of a row in one text, so that equal rows alone are interchangeable. */
function rowText(row: DespatchedRow): string {
  const { despatchedAt, ...texts } = row;
  const { line, itemCode, parentCode, trackingNumber, carrier, service, serviceTypeCode } = texts;
  return JSON.stringify([
    line,
    itemCode,
    parentCode,
    trackingNumber,
    carrier,
    service,
    serviceTypeCode,
    texts.quantity,
    texts.parentQuantity,
    despatchedAt?.getTime() ?? null,
  ]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function unitsText(units: number): string {
  return units === 1 ? '1 unit' : `${units} units`;
}
