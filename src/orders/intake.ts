/** Intake: marketplace orders that are new or changed are kept, with what that means for us. */
import type { MiraklClient } from '../mirakl/client.ts';
import { type OrderPage, readOrderPages } from '../mirakl/orders.ts';
import type { Trx } from '../runtime/db.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { moveWatermark, readWatermark } from '../runtime/watermark.ts';
import type { ChannelSettings } from '../settings.ts';
import { type SightedOrder, stateAfterSight, toSightedOrder } from './from-mirakl.ts';
import { wire } from './state.ts';
import {
  clearUnreadable,
  type HistoryEntry,
  type KnownOrder,
  readKnownOrders,
  recordHistory,
  type Sight,
  saveSights,
  saveUnreadable,
  touchSeen,
} from './store.ts';
import { stageCodes } from './to-peoplevox.ts';

export const intakeFlow = 'orders.intake';

/** What intake needs of one marketplace connection. */
export type IntakeDeps = { channel: ChannelSettings; mirakl: MiraklClient };

export type IntakeResult = {
  seen: number;
  changed: number;
  /** Something is to be staged or decided. */
  hasWork: boolean;
  /** Latest change that was seen, by the marketplace's own clock; null when nothing was. */
  latest: Date | null;
};

/** Reads everything that changed since the watermark less the overlap, page by page, each page in one
 *  transaction with its rows. The watermark is the latest change seen, by the marketplace's clock (ours may be
 *  off), never later than ours; it moves when the last page is in. No end date is sent: pages come oldest
 *  first, so what arrives meanwhile stands behind them. Late orders with an older date are found by the
 *  overlap or by the daily rescan. Source: OR11. */
export async function intake(context: FlowContext, deps: IntakeDeps): Promise<IntakeResult> {
  const { channel, mirakl } = deps;
  const until = context.clock.now();
  const mark = await readWatermark(context.db, intakeFlow, channel.id);
  const from = mark
    ? new Date(mark.getTime() - channel.overlapSeconds * 1_000)
    : new Date(until.getTime() - channel.rescanDays * 86_400_000);
  await context.assertPlace();
  const total: IntakeResult = { seen: 0, changed: 0, hasWork: false, latest: null };
  for await (const page of readOrderPages(mirakl, { updatedFrom: from })) {
    const result = await keepPage(context, deps, page, `OR11 at ${until.toISOString()}`);
    total.seen += result.seen;
    total.changed += result.changed;
    total.hasWork ||= result.hasWork;
    total.latest = later(total.latest, result.latest);
  }
  const { latest } = total;
  const at = latest && new Date(Math.min(latest.getTime(), until.getTime()));
  // Most polls see the overlap again and nothing new: then it stays where it is.
  if (at && (mark === null || at > mark)) {
    await context.write((trx) => moveWatermark(trx, intakeFlow, channel.id, at));
  }
  if (total.changed > 0) {
    context.log.info(
      { channel: channel.id, seen: total.seen, changed: total.changed },
      'orders read',
    );
  }
  return total;
}

/** Keeps one page of orders. An order seen before with a newer date than this sight is left as it is. */
export async function keepPage(
  context: FlowContext,
  deps: IntakeDeps,
  page: Pick<OrderPage, 'orders' | 'unreadable'>,
  call: string,
): Promise<IntakeResult> {
  const nothing = { seen: 0, changed: 0, hasWork: false, latest: null };
  if (page.orders.length + page.unreadable.length === 0) return nothing;
  const now = context.clock.now();
  const byId = new Map<string, SightedOrder>();
  for (const order of page.orders) {
    const sighted = toSightedOrder(order);
    const other = byId.get(sighted.marketplace_order_id);
    if (!other || other.wire_updated_at <= sighted.wire_updated_at) {
      byId.set(sighted.marketplace_order_id, sighted);
    }
  }
  return context.write(async (trx) => {
    const known = await readKnownOrders(trx, deps.channel.id, [...byId.keys()]);
    const changed = [...byId.values()].filter((order) =>
      isNews(known.get(order.marketplace_order_id), order),
    );
    const sights = changed.map((order) =>
      sightOf(order, known.get(order.marketplace_order_id), now),
    );
    const where = { channel: deps.channel.id, warehouse: deps.channel.warehouse, now };
    await saveSights(trx, where, sights);
    const untouched = [...byId.keys()].filter(
      (id) => !changed.some((o) => o.marketplace_order_id === id),
    );
    await touchSeen(trx, deps.channel.id, untouched, now);
    await recordHistory(
      trx,
      now,
      sights.flatMap((sight) => historyOf(deps.channel.id, sight, known, call)),
    );
    await settleFinished(context, trx, deps.channel.id, sights);
    await keepUnreadable(context, trx, deps.channel.id, page.unreadable, [...byId.keys()]);
    return {
      seen: byId.size,
      changed: changed.length,
      hasWork: sights.some((sight) => sight.dueAt !== null || isWaiting(sight.order)),
      latest: [...byId.values()].reduce<Date | null>(
        (at, one) => later(at, one.wire_updated_at),
        null,
      ),
    };
  });
}

function later(a: Date | null, b: Date | null): Date | null {
  if (!a || !b) return a ?? b;
  return a > b ? a : b;
}

function isNews(known: KnownOrder | undefined, order: SightedOrder): boolean {
  if (!known) return true;
  return known.fingerprint !== order.fingerprint && order.wire_updated_at >= known.wireUpdatedAt;
}

function isWaiting(order: SightedOrder): boolean {
  return order.lines.some((line) => line.wire_state === wire.waitingAcceptance);
}

function sightOf(order: SightedOrder, known: KnownOrder | undefined, now: Date): Sight {
  const state = stateAfterSight(known?.state ?? null, order);
  const isPayable = order.lines.some((line) => line.wire_state === wire.shipping);
  // An order that is in the warehouse, or was on its way there, is looked at again after every change.
  const isDue =
    ['accepted', 'parked', 'exported'].includes(state) ||
    (state === 'cancelled' && known !== undefined);
  return {
    order,
    state,
    payableAt: known?.payableAt ?? (isPayable ? now : null),
    dueAt: isDue ? now : null,
  };
}

function historyOf(
  channel: string,
  sight: Sight,
  known: Map<string, KnownOrder>,
  call: string,
): HistoryEntry[] {
  const { order } = sight;
  const before = known.get(order.marketplace_order_id);
  const key = { channel, marketplaceOrderId: order.marketplace_order_id, call };
  const entries: HistoryEntry[] = [];
  if (before?.wireState !== order.wire_state) {
    const lines = lineStates(order);
    entries.push({
      ...key,
      kind: 'marketplace',
      from: before?.wireState ?? null,
      to: order.wire_state,
      why: before ? `lines: ${lines}` : `first seen; lines: ${lines}`,
    });
  } else if (
    order.lines.some((line) => before.lineStates[line.order_line_id] !== line.wire_state)
  ) {
    entries.push({
      ...key,
      kind: 'marketplace',
      from: before.wireState,
      to: order.wire_state,
      why: `lines changed: ${lineStates(order)}`,
    });
  }
  if (before?.state !== sight.state) {
    entries.push({
      ...key,
      kind: 'state',
      from: before?.state ?? null,
      to: sight.state,
      why: 'seen on the marketplace',
    });
  }
  return entries;
}

function lineStates(order: SightedOrder): string {
  return order.lines.map((line) => `${line.order_line_id} ${line.wire_state}`).join(', ');
}

/** An order that is finished before it reached the warehouse needs no repair any more. */
async function settleFinished(
  context: FlowContext,
  trx: Trx,
  channel: string,
  sights: readonly Sight[],
): Promise<void> {
  const subjectsOf = (which: (sight: Sight) => boolean) =>
    sights.filter(which).map((sight) => ({
      connection: channel,
      subjectKind: 'order',
      subjectId: sight.order.marketplace_order_id,
    }));
  await context.exceptions.settle(
    trx,
    subjectsOf((s) => s.state === 'cancelled' || s.state === 'despatched'),
    {
      codes: stageCodes,
      why: 'nothing is left to ship',
    },
  );
  await context.exceptions.settle(
    trx,
    subjectsOf((s) => !isWaiting(s.order)),
    {
      codes: ['acceptance-held', 'acceptance-window-closing', 'acceptance-refused'],
      why: 'the order no longer waits for acceptance',
    },
  );
}

async function keepUnreadable(
  context: FlowContext,
  trx: Trx,
  channel: string,
  unreadable: OrderPage['unreadable'],
  readable: readonly string[],
): Promise<void> {
  const now = context.clock.now();
  const found = unreadable.map((one) => ({
    subject: one.marketplaceOrderId ?? `without id: ${one.problem}`.slice(0, 200),
    problem: one.problem,
  }));
  await saveUnreadable(trx, channel, now, found);
  await context.exceptions.raise(
    trx,
    found.map((one) => ({
      code: 'order-unreadable',
      connection: channel,
      subjectKind: 'order',
      subjectId: one.subject,
      message: `order ${one.subject} of channel ${channel} cannot be read: ${one.problem}; look at it in the marketplace's back office and report the field`,
      evidence: { problem: one.problem },
    })),
  );
  const cleared = await clearUnreadable(trx, channel, readable);
  const subjects = cleared.map((id) => ({
    connection: channel,
    subjectKind: 'order',
    subjectId: id,
  }));
  await context.exceptions.settle(trx, subjects, {
    codes: ['order-unreadable'],
    why: 'it can be read now',
  });
}
