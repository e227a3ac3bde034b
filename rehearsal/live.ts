/** A day on the machine's own clock, for the demo and for the simulators standing alone: both vendors on
 *  loopback, shoppers who keep buying, pickers who keep picking. */

import { withAdminDoor } from '../simulators/admin.ts';
import { wireFaults } from '../simulators/faults.ts';
import { miraklFaults } from '../simulators/mirakl/mischief.ts';
import type { PeoplevoxFault } from '../simulators/peoplevox/options.ts';
import { type Served, serve } from '../simulators/serve.ts';
import type { Clock } from '../src/clock.ts';
import { type Stage, setStage } from './stage.ts';

export type LiveDay = {
  stage: Stage;
  marketplaces: { id: string; url: string }[];
  warehouseUrl: string;
  close(): Promise<void>;
};

export type LiveSettings = {
  clock: Clock;
  seed: number;
  ordersPerHour: number;
  skus: number;
  channels: readonly string[];
  /** First port to listen on; 0 takes any free ones. */
  port: number;
  /** Orders that are there when the day is opened. */
  startWith: number;
  /** Put into every order id, so that two days on one database never share one. */
  dayMark?: string;
};

const hours = 24;
/** How long an allocated order waits for its picker, and picking takes. */
const pickAfterMs = 240_000;
const pickingMs = 120_000;

const peoplevoxKinds: readonly PeoplevoxFault[] = [
  ...wireFaults,
  'expireSession',
  'loginRefused',
  'emptyDetail',
  'totalCountDrift',
  'duplicateRow',
  'rowErrorSpurious',
  'rowDropped',
  'statusesMissing',
  'queuedImport',
  'halfBatch',
  'renamedColumn',
  'unorderedPages',
  'pickBeforeCancel',
  'soapFault',
];

/** Opens both vendors on loopback and lets the world live until closed. */
export async function openLiveDay(settings: LiveSettings): Promise<LiveDay> {
  const orders = settings.ordersPerHour * hours;
  const clock = liveClock(settings.clock);
  const stage = setStage({ ...settings, clock, orders, hours, hasCeilings: true });
  openWithHistory(settings, stage, clock);
  const servers: Served[] = [];
  const listen = async (handler: Parameters<typeof serve>[0]) => {
    const port = settings.port === 0 ? 0 : settings.port + servers.length;
    servers.push(await serve(handler, { port }));
    return servers.at(-1)!.url;
  };
  const marketplaces: { id: string; url: string }[] = [];
  for (const [id, one] of stage.marketplaces) {
    const door = { truth: () => one.truth, faults: one.faults, kinds: miraklFaults };
    marketplaces.push({ id, url: await listen(withAdminDoor((r) => one.handle(r), door)) });
  }
  const { warehouse } = stage;
  const warehouseUrl = await listen(
    withAdminDoor((r) => warehouse.handle(r), {
      truth: () => warehouseTruth(stage),
      faults: warehouse.faults,
      kinds: peoplevoxKinds,
    }),
  );
  const closing = new AbortController();
  const life = Promise.all([
    shop(settings, stage, closing.signal),
    pick(settings.clock, stage, closing.signal),
  ]);
  return {
    stage,
    marketplaces,
    warehouseUrl,
    close: async () => {
      closing.abort();
      await life;
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

type LiveClock = { nowMs(): number; behindMs: number };

/** The machine's time, or a while before it as long as `behindMs` says so. */
function liveClock(clock: Clock): LiveClock {
  const live: LiveClock = { behindMs: 0, nowMs: () => clock.nowMs() - live.behindMs };
  return live;
}

/** The first orders were bought in the last quarter of an hour, so that the day is in progress when it opens. */
function openWithHistory(settings: LiveSettings, stage: Stage, clock: LiveClock): void {
  const spanMs = 900_000;
  clock.behindMs = spanMs;
  for (const shopper of stage.world.shoppers.slice(0, settings.startWith)) {
    stage.marketplaces.get(shopper.channel)!.shopperBuys(shopper.purchase);
    clock.behindMs -= spanMs / settings.startWith;
  }
  clock.behindMs = 0;
}

/** Shoppers buy in the order of the day, evenly spread; some think better of it at once. */
async function shop(settings: LiveSettings, stage: Stage, signal: AbortSignal): Promise<void> {
  const gapMs = 3_600_000 / settings.ordersPerHour;
  for (const shopper of stage.world.shoppers.slice(settings.startWith)) {
    await settings.clock.sleep(gapMs, signal);
    if (signal.aborted) return;
    const marketplace = stage.marketplaces.get(shopper.channel)!;
    const [orderId] = marketplace.shopperBuys(shopper.purchase);
    if (shopper.kind === 'cancelledEarly') marketplace.shopperCancels(orderId);
  }
}

/** Pickers take allocated orders after a while and despatch them. */
async function pick(clock: Clock, stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(5_000, signal);
    const { warehouse } = stage;
    for (const order of warehouse.truth.salesOrders.values()) {
      const sinceMs = clock.nowMs() - (order.history.at(-1)?.atMs ?? clock.nowMs());
      if (order.status === 'Allocated' && sinceMs > pickAfterMs) warehouse.pickStarts(order.number);
      if (order.status === 'Picking' && sinceMs > pickingMs) {
        warehouse.despatch(order.number, {
          trackingNumber: `SIM${order.number}`,
          trackedAfterMs: 60_000,
        });
      }
    }
  }
}

/** The warehouse's orders and stock without the loops of its live objects. */
function warehouseTruth(stage: Stage): object {
  const { salesOrders, calls, rateBreaches, overlaps, contractBreaches } = stage.warehouse.truth;
  return {
    salesOrders: [...salesOrders.values()].map((order) => ({
      number: order.number,
      status: order.status,
      fields: order.fields,
      lines: order.lines.map((line) => ({
        itemCode: line.item.code,
        quantity: line.quantity,
        line: line.line,
      })),
      history: order.history,
    })),
    calls,
    rateBreaches,
    overlaps,
    contractBreaches,
  };
}
