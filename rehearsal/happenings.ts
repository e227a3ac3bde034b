/** The day as it happens: shoppers buy and change their minds, people repair, pickers begin. */
import type { OrderKind, Shopper } from '../simulators/world.ts';
import type { Stage } from './stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
/** How often somebody looks whether an order has come as far as their deed needs. */
const lookMs = 20 * secondMs;
/** After this long nobody waits any more. */
const patienceMs = 6 * 60 * minuteMs;

/** A shopper's order as it came to be; `orderId` null until bought, and for ever when the offer showed too little. */
export type Placed = {
  shopper: Shopper;
  orderId: string | null;
  isRefused: boolean;
  deed: 'none' | 'done' | 'inVain';
};

/** Plans everything of the day on the clock; `onBought` is called at each purchase. Returns the orders, which fill
 *  in as the day goes on. */
export function letTheDayHappen(clock: VirtualClock, stage: Stage, onBought: () => void): Placed[] {
  const placed = stage.world.shoppers.map(
    (shopper): Placed => ({ shopper, orderId: null, isRefused: false, deed: 'none' }),
  );
  for (const one of placed) {
    clock.spawn(() => liveThrough(clock, stage, one, onBought), { atMs: one.shopper.atMs });
  }
  for (const repair of stage.world.repairs) {
    clock.spawn(
      async () => {
        stage.warehouse.addItem({ itemCode: repair.itemCode, stock: { PrimarySite: 500 } });
      },
      { atMs: repair.atMs },
    );
  }
  return placed;
}

/** The point of these is the SKU itself: they buy it whatever its offer shows. */
const badSkus = new Set<OrderKind>([
  'unknownSku',
  'unknownSkuRepaired',
  'caseDiffers',
  'retiredSku',
]);

async function liveThrough(
  clock: VirtualClock,
  stage: Stage,
  placed: Placed,
  onBought: () => void,
): Promise<void> {
  const { shopper } = placed;
  const marketplace = stage.marketplaces.get(shopper.channel)!;
  const bought = badSkus.has(shopper.kind)
    ? marketplace.shopperBuys(shopper.purchase)
    : marketplace.shopperTriesToBuy(shopper.purchase);
  if (bought === null) {
    placed.isRefused = true;
    return;
  }
  onBought();
  const [orderId] = bought;
  placed.orderId = orderId;
  const inWarehouse = () => isWhole(stage, orderId, shopper);
  const act = async (ready: () => boolean, deed: () => boolean) => {
    const done = await whenReady(clock, ready, deed);
    placed.deed = done ? 'done' : 'inVain';
  };
  const lines = () => marketplace.truth.orders.get(orderId)!.lines;
  switch (shopper.kind) {
    case 'cancelledEarly':
      await clock.sleep(4 * secondMs);
      return act(
        () => true,
        () => marketplace.shopperCancels(orderId),
      );
    case 'cancelledAfterExport':
      return act(inWarehouse, () => marketplace.shopperCancels(orderId));
    case 'lineCancelled':
      return act(inWarehouse, () => marketplace.shopperCancels(orderId, [lines()[0]!.lineId]));
    case 'unitsCancelled':
      return act(inWarehouse, () =>
        marketplace.operatorCancelsUnits(orderId, lines()[0]!.lineId, 1),
      );
    case 'cancelledTooLate':
      return act(
        () => inWarehouse() && stage.warehouse.pickStarts(orderId).ok,
        () => marketplace.shopperCancels(orderId),
      );
  }
}

async function whenReady(
  clock: VirtualClock,
  ready: () => boolean,
  deed: () => boolean,
): Promise<boolean> {
  const giveUpMs = clock.nowMs() + patienceMs;
  while (clock.nowMs() < giveUpMs) {
    if (ready()) return deed();
    await clock.sleep(lookMs);
  }
  return false;
}

function isWhole(stage: Stage, orderId: string, shopper: Shopper): boolean {
  const order = stage.warehouse.truth.salesOrders.get(orderId);
  return order !== undefined && order.lines.length >= shopper.purchase.lines.length;
}
