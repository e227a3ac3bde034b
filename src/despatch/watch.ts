/** Watch: the clock of every order that still owes something. Deadlines are raised in stages, each once; a forecast
 *  from the warehouse's pace says earlier which orders will be late. */
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { subjectOf } from './plan.ts';
import { type Deadline, deadlinesOf, type Forecast, forecast, stageOf } from './sla.ts';
import {
  type AlertKey,
  closeAlerts,
  countDespatched,
  noteAlerts,
  type OpenOrder,
  readOpenOrders,
} from './sla-store.ts';

export type WatchDeps = { channel: ChannelSettings; warehouse: WarehouseSettings };

/** Orders looked at in one run; the nearest deadlines first. */
const mostOrders = 20_000;
/** The warehouse's pace is measured over this time. */
const paceHours = 3;
/** From a despatch to its confirmation when all is well, and when it has to be tried again. Units: seconds. */
const confirmLagSeconds = 120;
const retryDelaySeconds = 600;

const codeOfClock = {
  despatch: 'sla-despatch',
  confirmation: 'despatch-unconfirmed',
  forecast: 'sla-forecast',
} as const;

/** Looks at every clock of a channel. */
export async function watch(context: FlowContext, deps: WatchDeps): Promise<void> {
  const view = await viewOf(context, deps, mostOrders);
  const now = context.clock.now();
  const stages = deps.channel.despatch.sla.stagesMinutes;
  const alerts: { key: AlertKey; cause: Cause }[] = [];
  const open: { marketplaceOrderId: string; clock: string }[] = [];
  for (const { order, deadlines, expected } of view) {
    for (const deadline of [...deadlines, ...untold(order, deps.channel)]) {
      // Acceptance has its own watch, in orders.
      if (deadline.clock === 'acceptance') continue;
      const { clock } = deadline;
      open.push({ marketplaceOrderId: order.marketplaceOrderId, clock });
      // Confirmation is raised once its time has run out, not before: it is minutes long.
      const stage = stageOf(now, deadline.at, clock === 'confirmation' ? [0] : stages);
      if (stage !== null) alerts.push(alertOf(order, deadline, stage, now));
    }
    if (expected?.isLate && deadlines.some((one) => one.clock === 'despatch')) {
      open.push({ marketplaceOrderId: order.marketplaceOrderId, clock: 'forecast' });
      alerts.push(forecastOf(order, expected));
    }
  }
  await context.write(async (trx) => {
    const fresh = await noteAlerts(
      trx,
      now,
      alerts.map((one) => one.key),
    );
    const keys = new Set(fresh.map(textOf));
    await context.exceptions.raise(
      trx,
      alerts.filter((one) => keys.has(textOf(one.key))).map((one) => one.cause),
    );
    const closed = await closeAlerts(trx, deps.channel.id, now, open);
    for (const clock of ['despatch', 'confirmation', 'forecast'] as const) {
      const subjects = closed
        .filter((one) => one.clock === clock)
        .map(({ marketplaceOrderId }) =>
          subjectOf({ channel: deps.channel.id, marketplaceOrderId }),
        );
      const options = { codes: [codeOfClock[clock]], why: 'the clock has stopped' };
      await context.exceptions.settle(trx, subjects, options);
    }
  });
}

/** Part of an order has left and is not told while the rest is still in the warehouse: that clock runs too. */
function untold(order: OpenOrder, channel: ChannelSettings): Deadline[] {
  if (order.untoldSince === null || order.despatchedAt !== null) return [];
  const withinMs = channel.despatch.sla.confirmWithinMinutes * 60_000;
  const at = new Date(order.untoldSince.getTime() + withinMs);
  return [{ clock: 'confirmation', at, from: 'rule' }];
}

/** One order with its running clocks and when it is expected to leave. */
export type Clocked = { order: OpenOrder; deadlines: Deadline[]; expected: Forecast | null };

/** The clocks of a channel's open orders, the nearest deadline first. */
export async function viewOf(
  context: Pick<FlowContext, 'db' | 'clock'>,
  deps: WatchDeps,
  limit: number,
): Promise<Clocked[]> {
  const { channel, warehouse } = deps;
  const now = context.clock.now();
  const orders = await readOpenOrders(context.db, channel.id, limit);
  const working = workingOf(channel, warehouse);
  const rules = {
    working,
    despatchWithinWorkingDays: channel.despatch.sla.despatchWithinWorkingDays ?? null,
    acceptanceWindowHours: channel.acceptance.windowHours,
    confirmWithinMinutes: channel.despatch.sla.confirmWithinMinutes,
  };
  const clocked = orders.map((order) => ({
    order,
    deadlines: deadlinesOf(
      {
        createdAt: order.createdAt,
        payableAt: order.payableAt,
        shippingDeadline: order.shippingDeadline,
        despatchedAt: order.despatchedAt,
        confirmedAt: null,
        leadTimeDays: null,
      },
      rules,
    ),
  }));
  const pace = await paceOf(context, warehouse.id);
  const queue = clocked
    .filter(({ order }) => order.despatchedAt === null && order.exportedAt !== null)
    .sort((a, b) => a.order.exportedAt!.getTime() - b.order.exportedAt!.getTime())
    .map(({ order, deadlines }) => ({
      id: order.marketplaceOrderId,
      deadline: deadlines.find((one) => one.clock === 'despatch')?.at ?? null,
      requestedAt: order.exportedAt!,
    }));
  const expected = new Map(
    forecast({
      now,
      queue,
      unitsPerHour: pace.ordersPerHour,
      working,
      confirmLagSeconds,
      retryDelaySeconds,
    }).map((one) => [one.id, one]),
  );
  return clocked.map((one) => ({
    ...one,
    expected: expected.get(one.order.marketplaceOrderId) ?? null,
  }));
}

/** How fast a warehouse despatches: orders in the last `hours`, over all channels that it fills. `ordersPerHour`
 *  null: none, so that nothing can be told. */
export async function paceOf(
  context: Pick<FlowContext, 'db' | 'clock'>,
  warehouse: string,
): Promise<{ hours: number; orders: number; ordersPerHour: number | null }> {
  const since = new Date(context.clock.nowMs() - paceHours * 3_600_000);
  const orders = await countDespatched(context.db, warehouse, since);
  return { hours: paceHours, orders, ordersPerHour: orders === 0 ? null : orders / paceHours };
}

function workingOf(channel: ChannelSettings, warehouse: WarehouseSettings) {
  const { nation, workingDays, cutOff, closedDays } = channel.despatch.sla;
  return { timeZone: warehouse.timeZone, nation, workingDays, cutOff, closedDays };
}

function textOf(key: AlertKey): string {
  return JSON.stringify([key.channel, key.marketplaceOrderId, key.clock, key.stage]);
}

function alertOf(order: OpenOrder, deadline: Deadline, stage: string, now: Date) {
  const { channel, marketplaceOrderId } = order;
  const minutes = Math.round((deadline.at.getTime() - now.getTime()) / 60_000);
  const when = minutes >= 0 ? `in ${minutes} minutes` : `${-minutes} minutes ago`;
  const isConfirmation = deadline.clock === 'confirmation';
  const wait = order.waitsFor ? `; it waits for ${order.waitsFor}` : '';
  const message = isConfirmation
    ? `order ${marketplaceOrderId} left the warehouse at ${(order.despatchedAt ?? order.untoldSince)!.toISOString()} and the marketplace does not show it${wait}; run packhorse despatch show ${marketplaceOrderId}`
    : `order ${marketplaceOrderId} must be despatched by ${deadline.at.toISOString()} (${when}) and is ${order.exportedAt ? 'in the warehouse' : 'not in the warehouse yet'}${wait}; run packhorse orders show ${marketplaceOrderId}`;
  const cause: Cause = {
    ...subjectOf(order),
    code: isConfirmation ? codeOfClock.confirmation : codeOfClock.despatch,
    message,
    evidence: { stage, deadline: deadline.at.toISOString(), from: deadline.from },
    deadlineAt: deadline.at,
  };
  return { key: { channel, marketplaceOrderId, clock: deadline.clock, stage }, cause };
}

function forecastOf(order: OpenOrder, expected: Forecast) {
  const { channel, marketplaceOrderId } = order;
  const when = expected.expectedAt?.toISOString() ?? 'nobody can say when';
  const cause: Cause = {
    ...subjectOf(order),
    code: codeOfClock.forecast,
    message: `order ${marketplaceOrderId} is expected to leave at ${when} at the warehouse's present pace, after its deadline; pick it first`,
    evidence: { expectedAt: expected.expectedAt?.toISOString() ?? null },
    deadlineAt: order.shippingDeadline,
  };
  return { key: { channel, marketplaceOrderId, clock: 'forecast', stage: 'late' }, cause };
}
