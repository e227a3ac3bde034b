/** Stock: what Peoplevox has, less what is promised, on every channel, verified. The flows in order: the warehouse
 *  is read, numbers are worked out, changes are published and read back, offers are swept. */
import type { MiraklClient } from '../mirakl/client.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import type { Flow } from '../runtime/flow.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from '../settings.ts';
import { followImports } from './follow.ts';
import { learnAboutItems } from './items.ts';
import { hasWork } from './listing-store.ts';
import { readSweep, sweepOffers } from './offers.ts';
import { type PublishDeps, publish } from './publish.ts';
import { readHinted, readStock } from './read.ts';
import { reckon } from './reckon.ts';
import { learnReservations, raiseStuck } from './reserve.ts';
import { keepSubscriptions } from './subscribe.ts';
import { hasMuchToReadBack, verifyTaken } from './verify.ts';

export const readFlow = 'stock.read';
export const hintsFlow = 'stock.hints';
export const reckonFlow = 'stock.reckon';
export const publishFlow = 'stock.publish';
const offersFlow = 'stock.offers';
const subscribeFlow = 'stock.subscribe';

export type StockDeps = {
  settings: Settings;
  channels: readonly { settings: ChannelSettings; mirakl: MiraklClient }[];
  warehouses: readonly { settings: WarehouseSettings; peoplevox: PeoplevoxClient }[];
};

/** After orders and despatch. */
const urgency = 5;
/** Just above the marketplace's gap of a minute between two files, so that read and file keep step. */
const shortestCadenceMs = 62_000;
/** How often what changed by orders, age and date is worked out when nothing wakes it sooner. */
const reckonEveryMs = 60_000;
/** How often it is looked for lines to send when nothing wakes it sooner, and, while something is on its way, how
 *  soon again: the status of an import may be asked every 15 seconds. */
const publishEveryMs = 120_000;
const followEveryMs = 16_000;
const hintsEveryMs = 20_000;
const offersEveryMs = 60_000;
/** How soon changed settings of the callbacks are told to the warehouse; costs one query when nothing changed. */
const subscribeEveryMs = 10 * 60_000;

/** The flows of this capability, for the runtime to drive. */
export function stockFlows(deps: StockDeps): Flow[] {
  const channels = deps.channels.filter((one) => one.settings.stock.mode !== 'off');
  const warehouses = deps.warehouses.filter((house) =>
    channels.some((one) => one.settings.warehouse === house.settings.id),
  );
  return [
    ...warehouses.flatMap((house) =>
      warehouseFlows(
        house,
        channels.map((one) => one.settings).filter((one) => one.warehouse === house.settings.id),
      ),
    ),
    ...channels
      .filter((one) => warehouses.some((house) => house.settings.id === one.settings.warehouse))
      .flatMap((one) => channelFlows(deps, one)),
    // Of every warehouse: one that no longer calls back, or whose stock nobody shows, is unsubscribed.
    ...deps.warehouses.map((house) => subscriptionFlow(deps, house, warehouses.includes(house))),
  ];
}

function subscriptionFlow(
  deps: StockDeps,
  house: StockDeps['warehouses'][number],
  isUsed: boolean,
): Flow {
  const { settings: warehouse, peoplevox } = house;
  const isWanted = isUsed && warehouse.stock.events;
  const own = { warehouse, peoplevox, callbacks: deps.settings.service.callbacks, isWanted };
  return {
    name: subscribeFlow,
    connection: warehouse.id,
    everyMs: subscribeEveryMs,
    urgency,
    run: (context) => keepSubscriptions(context, own),
  };
}

function warehouseFlows(
  house: StockDeps['warehouses'][number],
  channels: readonly ChannelSettings[],
): Flow[] {
  const { settings: warehouse, peoplevox } = house;
  const base = { connection: warehouse.id, urgency };
  const deps = { warehouse, peoplevox };
  return [
    {
      ...base,
      name: readFlow,
      everyMs: Math.max(shortestCadenceMs, warehouse.stock.readSeconds * 1_000),
      run: async (context) => {
        try {
          await learnReservations(context, deps);
        } finally {
          // Figures are read all the same: until reservations are known, units only stay promised for longer.
          if (!context.signal.aborted) await readStock(context, deps);
          await context.wake(reckonFlow, warehouse.id);
        }
        await learnAboutItems(context, deps);
        await raiseStuck(context, deps);
      },
    },
    ...(warehouse.stock.events
      ? [
          {
            ...base,
            name: hintsFlow,
            everyMs: hintsEveryMs,
            run: async (context) => {
              const { itemCount, isMore } = await readHinted(context, deps);
              if (itemCount > 0) await context.wake(reckonFlow, warehouse.id);
              if (isMore) await context.wake(hintsFlow, warehouse.id);
            },
          } satisfies Flow,
        ]
      : []),
    {
      ...base,
      name: reckonFlow,
      everyMs: reckonEveryMs,
      run: async (context) => {
        await reckon(context, { warehouse, channels });
        for (const channel of channels)
          if (await hasWork(context.db, channel.id)) await context.wake(publishFlow, channel.id);
      },
    },
  ];
}

function channelFlows(deps: StockDeps, one: StockDeps['channels'][number]): Flow[] {
  const { settings: channel, mirakl } = one;
  const own: PublishDeps = { channel, mirakl, policies: deps.settings.policies };
  const base = { connection: channel.id, urgency };
  return [
    {
      ...base,
      name: publishFlow,
      everyMs: publishEveryMs,
      run: async (context) => {
        // Most runs find nothing: one question in place of one for each step.
        if (!(await hasWork(context.db, channel.id))) return;
        context.again(new Date(context.clock.nowMs() + followEveryMs));
        try {
          await followImports(context, own);
        } finally {
          // Before reading back, which is many calls of which each may fail: what is due waits for none of them.
          if (channel.stock.mode === 'publish') await publish(context, own);
        }
        const { changesAtMs } = await readSweep(context, channel.id);
        const way = await verifyTaken(context, own, changesAtMs);
        if (way === 'export') await context.wake(offersFlow, channel.id);
      },
    },
    {
      ...base,
      name: offersFlow,
      everyMs: offersEveryMs,
      run: async (context) => {
        const { changesAtMs } = await readSweep(context, channel.id);
        const isWanted = await hasMuchToReadBack(context, channel.id, changesAtMs);
        if (await sweepOffers(context, own, isWanted))
          await context.wake(reckonFlow, channel.warehouse);
      },
    },
  ];
}
