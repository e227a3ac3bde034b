/** Compares what each simulator believes with what the service says of itself. Nothing here asks the
 *  service whether it did well: the marketplace's orders and the warehouse's orders are the truth. */

import {
  type SimLine,
  type SimOrder,
  shippedUnits,
  unitsToShip,
} from '../simulators/mirakl/state.ts';
import type { SalesOrder } from '../simulators/peoplevox/state.ts';
import type { Service } from '../src/main.ts';
import type { Placed } from './happenings.ts';
import type { Stage } from './stage.ts';

export type Finding = { orderId: string; what: string };

export type Verdict = {
  placed: number;
  /** Had a line to ship at some time. */
  payable: number;
  inWarehouse: number;
  duplicated: Finding[];
  lost: Finding[];
  wrong: Finding[];
  expectedExceptions: number;
  missedExceptions: Finding[];
  falseExceptions: Finding[];
  /** Orders of which nobody can say where they stand. */
  unaccounted: Finding[];
  /** Milliseconds from payable to verified, of orders that no world's deed or fault of their own delayed. */
  latenciesMs: number[];
};

type Ours = {
  state: string;
  step: string | null;
  verifiedAt: Date | null;
  openCodes: Set<string>;
};

/** Judges the whole day. */
export async function judge(
  stage: Stage,
  placed: readonly Placed[],
  service: Service,
): Promise<Verdict> {
  const ours = await readOurs(service);
  const verdict: Verdict = {
    placed: 0,
    payable: 0,
    inWarehouse: 0,
    duplicated: duplicates(stage),
    lost: [],
    wrong: [],
    expectedExceptions: 0,
    missedExceptions: [],
    falseExceptions: [],
    unaccounted: [],
    latenciesMs: [],
  };
  const byId = new Map(placed.filter((p) => p.orderId).map((p) => [p.orderId!, p]));
  for (const [channel, marketplace] of stage.marketplaces) {
    for (const order of marketplace.truth.orders.values()) {
      verdict.placed += 1;
      const known = ours.get(`${channel} ${order.orderId}`);
      judgeOrder(verdict, { order, channel, placed: byId.get(order.orderId), known, stage });
    }
  }
  judgeGhosts(verdict, stage);
  return verdict;
}

type Case = {
  order: SimOrder;
  channel: string;
  placed: Placed | undefined;
  known: Ours | undefined;
  stage: Stage;
};

function judgeOrder(verdict: Verdict, one: Case): void {
  const { order, known, stage, placed } = one;
  const found = stage.warehouse.truth.salesOrders.get(order.orderId);
  const payableMs = order.history.find((move) => move.to === 'SHIPPING')?.atMs;
  if (payableMs !== undefined) verdict.payable += 1;
  if (found && found.status !== 'Cancelled' && found.lines.length > 0) verdict.inWarehouse += 1;
  const { expects, mayBe } = expectedOf(one, payableMs !== undefined);
  judgeExceptions(verdict, one, { expects, mayBe });
  const wanted = order.lines.filter((line) => unitsOf(line) > 0);
  const isCancelNamed = expects.some((code) => code.startsWith('cancel-'));
  const mustStayOut = expects.length > 0 && !isCancelNamed;
  if (mustStayOut) {
    if (found)
      verdict.wrong.push({
        orderId: order.orderId,
        what: 'went to the warehouse although it must wait',
      });
  } else if (wanted.length > 0 && !isCancelNamed) {
    judgeGoods(verdict, order, found);
  } else if (
    wanted.length === 0 &&
    !isCancelNamed &&
    found &&
    found.status !== 'Cancelled' &&
    !isGone(order)
  ) {
    verdict.wrong.push({
      orderId: order.orderId,
      what: `nothing is to be shipped, but the warehouse has it as ${found.status}`,
    });
  }
  judgeAccount(verdict, one, expects, wanted.length > 0);
  const isPlain = ['plain', 'sameSkuTwice', 'awkwardText'].includes(
    placed?.shopper.kind ?? 'plain',
  );
  if (isPlain && payableMs !== undefined && known?.verifiedAt) {
    verdict.latenciesMs.push(known.verifiedAt.getTime() - payableMs);
  }
}

/** Whether more was picked than the marketplace still wants: the cancellation came after the picker. */
function leavesBeyond(order: SimOrder, found: SalesOrder | undefined): boolean {
  if (!found || ['New', 'Allocated', 'Cancelled'].includes(found.status)) return false;
  const picked = found.lines.reduce((sum, line) => sum + line.quantity, 0);
  return picked > order.lines.reduce((sum, line) => sum + unitsOf(line), 0);
}

/** What a person must see in the end. Bad orders that never came to be shipped expect nothing, or, where the
 *  marketplace waits for acceptance, to be held there. */
function expectedOf(one: Case, wasPayable: boolean): Expected {
  const { order, placed, stage } = one;
  const found = stage.warehouse.truth.salesOrders.get(order.orderId);
  const isBeyond = placed?.deed === 'done' && leavesBeyond(order, found);
  const expects = mustBeTold(one, wasPayable, isBeyond);
  // Cancelled there before it was ever seen whole: sent again in vain, and named.
  if (isGivenUp(found)) return { expects, mayBe: ['export-refused', 'export-differs'] };
  return { expects, mayBe: isBeyond ? ['cancel-too-late', 'cancel-not-applied'] : [] };
}

/** `mayBe`: what a person may see besides. */
type Expected = { expects: readonly string[]; mayBe: readonly string[] };

function mustBeTold(
  { order, placed, stage }: Case,
  wasPayable: boolean,
  isBeyond: boolean,
): readonly string[] {
  const isStuck = placed?.shopper.kind === 'lineCancelled' && placed.deed === 'done';
  if (isStuck && !stage.canEmptyLines && !isBeyond) return ['cancel-not-applied'];
  const found = stage.warehouse.truth.salesOrders.get(order.orderId);
  if (isBeyond) return ['cancel-too-late'];
  const expects = placed?.shopper.expects ?? [];
  if (expects.length === 0) return [];
  if (expects[0] === 'cancel-too-late')
    return placed?.deed === 'done' && !isGivenUp(found) ? expects : [];
  const isLive = order.lines.some((line) => unitsToShip(line) > 0);
  if (wasPayable && isLive) return expects;
  const isHeld =
    order.state === 'WAITING_ACCEPTANCE' && expects.some((code) => code.endsWith('-item'));
  return isHeld ? ['acceptance-held'] : [];
}

/** Judged by `check-despatch.ts`. */
function isOfDespatch(code: string): boolean {
  return /^(despatch|carrier|tracking|confirmation|sla|withdrawal)-/.test(code);
}

/** Units that are to reach the customer, gone or not. */
function unitsOf(line: SimLine): number {
  return unitsToShip(line) + shippedUnits(line);
}

/** Whether the warehouse itself gave the order up. */
function isGivenUp(found: SalesOrder | undefined): boolean {
  return found?.status === 'Cancelled' && found.history.at(-1)?.by === 'warehouse';
}

function judgeExceptions(
  verdict: Verdict,
  { order, known }: Case,
  { expects, mayBe }: Expected,
): void {
  verdict.expectedExceptions += expects.length;
  const open = known?.openCodes ?? new Set<string>();
  for (const code of expects) {
    if (!open.has(code)) verdict.missedExceptions.push({ orderId: order.orderId, what: code });
  }
  for (const code of open) {
    if (isOfDespatch(code) || mayBe.includes(code)) continue;
    if (!expects.includes(code))
      verdict.falseExceptions.push({ orderId: order.orderId, what: code });
  }
}

function judgeGoods(verdict: Verdict, order: SimOrder, found: SalesOrder | undefined): void {
  if (isGivenUp(found)) return;
  if (!found || found.status === 'Cancelled') {
    verdict.lost.push({
      orderId: order.orderId,
      what: found ? 'cancelled in the warehouse' : 'not in the warehouse',
    });
    return;
  }
  const wanted = new Map<string, number>();
  for (const line of order.lines) {
    const units = unitsOf(line);
    if (units > 0) wanted.set(line.offerSku, (wanted.get(line.offerSku) ?? 0) + units);
  }
  const shown = new Map<string, number>();
  for (const line of found.lines) {
    if (line.quantity > 0)
      shown.set(line.item.code, (shown.get(line.item.code) ?? 0) + line.quantity);
  }
  for (const code of new Set([...wanted.keys(), ...shown.keys()])) {
    if (wanted.get(code) !== shown.get(code)) {
      const what = `${code}: ${shown.get(code) ?? 0} in the warehouse, ${wanted.get(code) ?? 0} wanted`;
      verdict.wrong.push({ orderId: order.orderId, what });
    }
  }
}

function judgeAccount(
  verdict: Verdict,
  one: Case,
  expects: readonly string[],
  isWanted: boolean,
): void {
  const { order, known } = one;
  if (!known) {
    verdict.unaccounted.push({ orderId: order.orderId, what: 'never seen' });
    return;
  }
  const isNamed = known.openCodes.size > 0;
  const isOwed = order.lines.some((line) => unitsToShip(line) > 0);
  const isSettled =
    (isOwed && known.state === 'exported') ||
    (isWanted && !isOwed && known.state === 'confirmed') ||
    (!isWanted && ['cancelled', 'received', 'despatched', 'confirmed'].includes(known.state)) ||
    (known.state === 'received' && !order.history.some((move) => move.to === 'SHIPPING'));
  const isOthers = isGivenUp(one.stage.warehouse.truth.salesOrders.get(order.orderId));
  if (!isSettled && !(isNamed && (expects.length > 0 || isOthers))) {
    verdict.unaccounted.push({
      orderId: order.orderId,
      what: `${known.state}, step ${known.step}, marketplace ${order.state}`,
    });
  }
}

/** Two sales orders of one purchase, or lines that came twice. */
function duplicates(stage: Stage): Finding[] {
  const found: Finding[] = [];
  const seen = new Map<string, string>();
  for (const order of stage.warehouse.truth.salesOrders.values()) {
    const reference = order.fields['CustomerPurchaseOrderReferenceNumber'] ?? order.number;
    const other = seen.get(reference);
    if (other) found.push({ orderId: order.number, what: `same purchase as ${other}` });
    seen.set(reference, order.number);
  }
  return found;
}

/** Sales orders that no marketplace knows. */
function judgeGhosts(verdict: Verdict, stage: Stage): void {
  const known = new Set(
    [...stage.marketplaces.values()].flatMap((m) => [...m.truth.orders.keys()]),
  );
  for (const number of stage.warehouse.truth.salesOrders.keys()) {
    if (!known.has(number))
      verdict.wrong.push({ orderId: number, what: 'no marketplace has such an order' });
  }
}

function isGone(order: SimOrder): boolean {
  return order.lines.some((line) =>
    ['SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED'].includes(line.stage),
  );
}

/** The life of one order as the service kept it, a line an event; for a person who looks into a finding. */
export async function explain(service: Service, orderId: string): Promise<string[]> {
  const rows = await service.database.db
    .selectFrom('order_history')
    .select(['at', 'kind', 'from_state', 'to_state', 'why', 'call'])
    .where('marketplace_order_id', '=', orderId)
    .orderBy('number')
    .execute();
  return rows.map(
    (row) =>
      `${row.at.toISOString()} ${row.kind} ${row.from_state} -> ${row.to_state}: ${row.why} [${row.call ?? ''}]`,
  );
}

async function readOurs(service: Service): Promise<Map<string, Ours>> {
  const { db } = service.database;
  const orders = await db
    .selectFrom('orders as o')
    .leftJoin('sales_orders as s', (join) =>
      join
        .onRef('s.channel', '=', 'o.channel')
        .onRef('s.marketplace_order_id', '=', 'o.marketplace_order_id'),
    )
    .select([
      'o.channel',
      'o.marketplace_order_id as id',
      'o.state',
      's.step',
      's.verified_at as verifiedAt',
    ])
    .execute();
  const open = await db
    .selectFrom('exceptions')
    .select(['connection', 'subject_id as id', 'code'])
    .where('subject_kind', '=', 'order')
    .where('state', 'in', ['open', 'retrying'])
    .execute();
  const ours = new Map<string, Ours>();
  for (const row of orders) {
    ours.set(`${row.channel} ${row.id}`, {
      state: row.state,
      step: row.step,
      verifiedAt: row.verifiedAt,
      openCodes: new Set(),
    });
  }
  for (const row of open) ours.get(`${row.connection} ${row.id}`)?.openCodes.add(row.code);
  return ours;
}
