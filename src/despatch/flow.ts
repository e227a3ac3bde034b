/** Despatch: what left the warehouse is told to the marketplace, and seen there, before the clock runs out. The
 *  flows in order: despatches are collected and arranged, told, read back, and watched. */
import type { MiraklClient } from '../mirakl/client.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import type { Flow } from '../runtime/flow.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from '../settings.ts';
import { arrange } from './arrange.ts';
import { collectOpen, collectRecent } from './collect.ts';
import { type ConfirmDeps, confirmDue } from './confirm.ts';
import { refreshFacts } from './facts.ts';
import { finishOrders } from './finish.ts';
import { nextDue } from './store.ts';
import { verifyDue } from './verify.ts';
import { watch } from './watch.ts';
import { withdrawDue } from './withdraw.ts';

export const collectFlow = 'despatch.collect';
export const confirmFlow = 'despatch.confirm';
const watchFlow = 'despatch.watch';

export type DespatchDeps = {
  settings: Settings;
  channels: readonly { settings: ChannelSettings; mirakl: MiraklClient }[];
  warehouses: readonly { settings: WarehouseSettings; peoplevox: PeoplevoxClient }[];
};

/** After orders, before stock. */
const urgency = 1;
/** How often it is looked for something to tell or to read back when nothing wakes it sooner and nothing is due. */
const confirmEveryMs = 60_000;
/** Least rest between two runs: what stays due although a run took it up does not keep the flow spinning. */
const restMs = 5_000;
const watchEveryMs = 60_000;

/** The flows of this capability, for the runtime to drive. */
export function despatchFlows(deps: DespatchDeps): Flow[] {
  const channels = deps.channels.filter((one) => one.settings.despatch.mode !== 'off');
  const warehouses = deps.warehouses.filter((house) =>
    channels.some((one) => one.settings.warehouse === house.settings.id),
  );
  return [
    ...warehouses.map((house) =>
      warehouseFlow(
        house,
        channels.map((one) => one.settings).filter((one) => one.warehouse === house.settings.id),
      ),
    ),
    ...channels.flatMap((one) => {
      const house = warehouses.find((w) => w.settings.id === one.settings.warehouse);
      return house ? channelFlows(deps, one, house.settings) : [];
    }),
  ];
}

function warehouseFlow(
  house: DespatchDeps['warehouses'][number],
  channels: readonly ChannelSettings[],
): Flow {
  const { settings: warehouse, peoplevox } = house;
  return {
    name: collectFlow,
    connection: warehouse.id,
    everyMs: warehouse.despatch.collectSeconds * 1_000,
    urgency,
    run: async (context) => {
      // Each is arranged at once: the next call may fail, and what is new is said only once.
      for (const read of [collectRecent, collectOpen]) {
        const numbers = await read(context, { warehouse, peoplevox });
        const ready = await arrange(context, { warehouse, channels }, numbers);
        for (const channel of ready) await context.wake(confirmFlow, channel);
      }
    },
  };
}

function channelFlows(
  deps: DespatchDeps,
  one: DespatchDeps['channels'][number],
  warehouse: WarehouseSettings,
): Flow[] {
  const { settings: channel, mirakl } = one;
  const own: ConfirmDeps = { channel, mirakl, policies: deps.settings.policies };
  const base = { connection: channel.id, urgency };
  return [
    {
      ...base,
      name: confirmFlow,
      everyMs: confirmEveryMs,
      run: async (context) => {
        const dueAt = await nextDue(context.db, channel.id);
        // Most runs find nothing: one question in place of one for each step.
        if (dueAt !== null && dueAt <= context.clock.now() && channel.despatch.mode === 'confirm') {
          await confirmDue(context, own);
          await verifyDue(context, own);
          await withdrawDue(context, own);
        }
        const nextAt = await nextDue(context.db, channel.id);
        if (nextAt !== null && channel.despatch.mode === 'confirm')
          context.again(notBefore(nextAt, context.clock.nowMs() + restMs));
        // Last, so that what is ready never waits for it.
        await refreshFacts(context, channel.id, mirakl);
      },
    },
    {
      ...base,
      name: watchFlow,
      everyMs: watchEveryMs,
      run: async (context) => {
        await finishOrders(context, channel.id);
        await watch(context, { channel, warehouse });
      },
    },
  ];
}

function notBefore(at: Date, leastMs: number): Date {
  return new Date(Math.max(at.getTime(), leastMs));
}
