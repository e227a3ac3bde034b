/** Child process: both vendors simulated on loopback, ceilings off, with orders that wait. */

import { rehearsalKey, rehearsalPassword } from '../rehearsal/settings.ts';
import { Dice } from '../simulators/kernel.ts';
import { createMiraklSimulator, type MiraklSimulator } from '../simulators/mirakl/simulator.ts';
import {
  createPeoplevoxSimulator,
  type PeoplevoxSimulator,
} from '../simulators/peoplevox/simulator.ts';
import { type Served, serve } from '../simulators/serve.ts';
import { makeWorld, type World } from '../simulators/world.ts';
import { systemClock } from '../src/clock.ts';
import { answerParent } from './child.ts';

export type Waiting = {
  seed: number;
  /** Orders that wait when the run begins. */
  orders: number;
  /** Whether they wait for acceptance (OR21); else they are payable at once. */
  needsAcceptance: boolean;
  /** How long each vendor takes over each call. Units: milliseconds. */
  latencyMs: number;
  /** The orders are to leave as well: there is stock for all of them, allocated at once, and the operator
   *  knows whole orders or several shipments per order. Absent: they stay. */
  despatch?: 'wholeOrder' | 'shipments';
};

export type Opened = { marketplaceUrl: string; warehouseUrl: string; openedMs: number };

/** What the simulators believe. */
export type Truth = {
  calls: { mirakl: number; peoplevox: number };
  /** Orders that the warehouse has with the units that were bought, and those that it has not. */
  whole: number;
  missing: number;
  referencesWritten: number;
  /** Orders that are shipped, with the tracking number that their parcel left with. */
  shipped: number;
  /** Orders that were told of more than once. */
  toldTwice: number;
  /** Calls to the marketplace by operation, such as `OR24`. */
  marketplaceCalls: Record<string, number>;
};

export type VendorAnswers = {
  open(waiting: Waiting): Promise<Opened>;
  /** Every order leaves the warehouse, each in one parcel. */
  leave(question: null): Promise<null>;
  truth(question: null): Promise<Truth>;
};

/** Items in the warehouse: a shop of middling size. */
const skus = 500;
/** Kinds of orders that a warehouse can take as they are; what stops an order is not measured here. */
const goodKinds = new Set(['plain', 'sameSkuTwice', 'awkwardText']);

/** Of the shape of a DPD number, and one for each parcel. */
const numberOf = (at: number) => `1550${String(at).padStart(10, '0')}`;

type Scene = {
  marketplace: MiraklSimulator;
  warehouse: PeoplevoxSimulator;
  served: Served[];
  numbers: Map<string, string>;
};
let scene: Scene | null = null;

const answers: VendorAnswers = {
  open: async (waiting) => {
    await Promise.all(scene?.served.map((one) => one.close()) ?? []);
    const openedMs = systemClock.nowMs();
    const world = makeWorld({
      seed: waiting.seed,
      // Bad kinds are left out afterwards.
      orders: Math.ceil(waiting.orders * 1.5) + 20,
      skus,
      hours: 1,
      startMs: openedMs,
      channels: ['john-lewis'],
    });
    const { marketplace, warehouse } = openVendors(waiting, world);
    letThemBuy(marketplace, world, waiting.orders);
    const served = await Promise.all([serve(marketplace.handle), serve(warehouse.handle)]);
    scene = { marketplace, warehouse, served, numbers: new Map() };
    return { marketplaceUrl: served[0].url, warehouseUrl: served[1].url, openedMs };
  },
  leave: async () => {
    const { marketplace, warehouse, numbers } = scene!;
    for (const orderId of marketplace.truth.orders.keys()) {
      const trackingNumber = numberOf(numbers.size + 1);
      const picked = warehouse.pickStarts(orderId);
      const left = picked.ok
        ? warehouse.despatch(orderId, { carrier: 'DPD', trackingNumber })
        : picked;
      if (!left.ok) throw new Error(`${orderId} does not leave: ${left.why}`);
      numbers.set(orderId, trackingNumber);
    }
    return null;
  },
  truth: async () => truthOf(scene!),
};
answerParent(answers);

function openVendors(waiting: Waiting, world: World) {
  const dice = new Dice(`bench ${waiting.seed}`);
  const marketplace = createMiraklSimulator({
    clock: systemClock,
    dice: dice.fork('marketplace'),
    apiKey: rehearsalKey,
    orderIdPrefix: 'JL',
    acceptance: waiting.needsAcceptance ? 'NOT_AUTOMATIC' : 'AUTOMATIC',
    debitDelayMs: { min: 0, max: 0 },
    ceilings: 'off',
    perEventPerSecond: 1_000_000,
    latencyMs: { min: waiting.latencyMs, max: waiting.latencyMs },
    multiShipment: waiting.despatch === 'shipments',
  });
  const warehouse = createPeoplevoxSimulator({
    clock: systemClock,
    dice: dice.fork('warehouse'),
    clientId: 'rehearsal1',
    username: 'packhorse',
    password: rehearsalPassword,
    ratePerWindow: 'off',
    latencyMs: { min: waiting.latencyMs, max: waiting.latencyMs, perRow: 0 },
    ...(waiting.despatch ? { allocationDelayMs: 0 } : {}),
  });
  const more = waiting.despatch ? 1_000_000 : 0;
  for (const { itemCode, name, units, isRetired, price } of world.items) {
    warehouse.addItem({ itemCode, name, stock: { PrimarySite: units + more }, retired: isRetired });
    marketplace.setOffer({ shopSku: itemCode, price, quantity: units + more });
  }
  return { marketplace, warehouse };
}

function letThemBuy(marketplace: MiraklSimulator, world: World, orders: number): void {
  const shoppers = world.shoppers.filter((one) => goodKinds.has(one.kind)).slice(0, orders);
  if (shoppers.length < orders) throw new Error(`only ${shoppers.length} good orders were made`);
  for (const shopper of shoppers) marketplace.shopperBuys(shopper.purchase);
}

function truthOf({ marketplace, warehouse, numbers }: Scene): Truth {
  const orders = [...marketplace.truth.orders.values()];
  const { salesOrders } = warehouse.truth;
  const whole = orders.filter((order) => {
    const bought = order.lines.reduce((sum, line) => sum + line.quantity, 0);
    const lines = salesOrders.get(order.orderId)?.lines ?? [];
    return bought === lines.reduce((sum, line) => sum + line.quantity, 0);
  }).length;
  return {
    calls: {
      mirakl: sum(Object.values(marketplace.truth.calls)),
      peoplevox: sum([...warehouse.truth.calls.values()]),
    },
    whole,
    missing: orders.length - whole,
    referencesWritten: orders.filter((order) => order.referenceForSeller !== null).length,
    shipped: orders.filter((order) => {
      const shown = [order.tracking?.number, ...order.shipments.map((one) => one.tracking?.number)];
      return order.state === 'SHIPPED' && shown.includes(numbers.get(order.orderId));
    }).length,
    toldTwice: marketplace.truth.doubleShipments.length,
    marketplaceCalls: { ...marketplace.truth.calls },
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
