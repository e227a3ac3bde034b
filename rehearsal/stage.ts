/** Both vendors and their world, simulated: marketplaces with offers, a warehouse with items, shoppers. */
import { Dice, type SimClock } from '../simulators/kernel.ts';
import { createMiraklSimulator, type MiraklSimulator } from '../simulators/mirakl/simulator.ts';
import {
  createPeoplevoxSimulator,
  type PeoplevoxSimulator,
} from '../simulators/peoplevox/simulator.ts';
import type { Role } from '../simulators/shelves.ts';
import { inventPurchase, makeWorld, type World } from '../simulators/world.ts';
import { rehearsalKey, rehearsalPassword } from './settings.ts';

export type Stage = {
  world: World;
  /** By channel id. */
  marketplaces: Map<string, MiraklSimulator>;
  warehouse: PeoplevoxSimulator;
  dice: Dice;
  /** Channels whose operator has several shipments per order. */
  parcelChannels: ReadonlySet<string>;
  /** Sites whose units may be sold, the first being where orders go when it makes no difference. */
  sites: readonly string[];
  /** Whether this warehouse lets a line be set to no units (unconfirmed of the real one; differs by seed). */
  canEmptyLines: boolean;
};

export type StageSettings = {
  clock: SimClock;
  seed: number;
  orders: number;
  skus: number;
  hours: number;
  channels: readonly string[];
  /** False lifts the vendors' ceilings (benchmarks). */
  hasCeilings: boolean;
  latencyMs?: { min: number; max: number };
  /** Given: stock is as real as it gets (`WorldSettings.sites`), offers begin with what somebody else left there. */
  sites?: readonly string[];
  /** See `WorldSettings.flashShoppers`. */
  flashShoppers?: number;
  /** From payable to the shipping deadline; default: the simulator's own. */
  leadTimeDays?: number;
  /** Put into every order id. */
  dayMark?: string;
};

/** A report of 20,000 rows takes some five seconds. The vendor's own speed is not known. */
const msPerRow = 0.25;

/** Sets the stage for a day that starts now. Every second marketplace wants its orders accepted. */
export function setStage(settings: StageSettings): Stage {
  const { clock, seed, channels } = settings;
  const dice = new Dice(`stage ${seed}`);
  const world = makeWorld({ ...settings, startMs: clock.nowMs() });
  const marketplaces = new Map(
    channels.map((id, index) => [
      id,
      makeMarketplace(settings, world, { index, dice: dice.fork(id) }),
    ]),
  );
  const canEmptyLines = seed % 2 === 0;
  const sites = settings.sites ?? ['PrimarySite'];
  const warehouse = createPeoplevoxSimulator({
    clock,
    sites,
    orderWithoutSite: 'withStock',
    zeroQuantity: canEmptyLines ? 'taken' : 'error',
    dice: dice.fork('warehouse'),
    clientId: 'rehearsal1',
    username: 'packhorse',
    password: rehearsalPassword,
    latencyMs: {
      ...(settings.latencyMs ?? { min: 60, max: 400 }),
      perRow: settings.latencyMs ? 0 : msPerRow,
    },
    ...(settings.hasCeilings ? {} : { ratePerWindow: 'off' as const }),
  });
  stockShelves(warehouse, world);
  const parcelChannels = new Set(channels.filter((_, index) => shipsByParcel(index)));
  return { world, marketplaces, warehouse, dice, sites, canEmptyLines, parcelChannels };
}

/** Kits come last: their components must be there. */
function stockShelves(warehouse: PeoplevoxSimulator, world: World): void {
  const byKit = [...world.items].sort((a, b) => (a.kitOf ? 1 : 0) - (b.kitOf ? 1 : 0));
  for (const { itemCode, name, stock, kitOf, isRetired } of byKit) {
    warehouse.addItem({ itemCode, name, stock, retired: isRetired, ...(kitOf ? { kitOf } : {}) });
  }
}

function makeMarketplace(
  settings: StageSettings,
  world: World,
  own: { index: number; dice: Dice },
): MiraklSimulator {
  const inventing = own.dice.fork('inventing');
  const simulator = createMiraklSimulator({
    clock: settings.clock,
    dice: own.dice,
    apiKey: rehearsalKey,
    shops: [{ shopId: 2000 }],
    orderIdPrefix: `${own.index === 0 ? 'JL' : `M${own.index + 1}`}${settings.dayMark ?? ''}`,
    acceptance: own.index % 2 === 0 ? 'AUTOMATIC' : 'NOT_AUTOMATIC',
    debitDelayMs: { min: 5_000, max: 240_000 },
    debitRefusedChance: 0.01,
    errorShape: 'mixed',
    multiShipment: shipsByParcel(own.index),
    ...(settings.leadTimeDays ? { leadTimeDays: settings.leadTimeDays } : {}),
    orderPaging: own.index === 2 ? 'seek' : 'offset',
    ceilings: settings.hasCeilings ? 'enforced' : 'off',
    ...(settings.hasCeilings ? {} : { perEventPerSecond: 1_000_000 }),
    ...(settings.latencyMs ? { latencyMs: settings.latencyMs } : {}),
    invent: () => inventPurchase(world, inventing),
  });
  const before = own.dice.fork('offers before us');
  for (const { itemCode, price, units, role } of world.items) {
    if (role === 'unlisted') continue;
    const quantity = settings.sites ? leftThere(role, units, before) : units;
    simulator.setOffer({ shopSku: itemCode, price, quantity });
  }
  for (const shopSku of world.orphans) simulator.setOffer({ shopSku, quantity: 3 });
  return simulator;
}

/** Every second marketplace. */
function shipsByParcel(index: number): boolean {
  return index % 2 === 1;
}

/** What offers show before the service takes over: the right figure or an older one; nothing of thin items, so
 *  that nobody buys what the service never offered. */
function leftThere(role: Role, units: number, dice: Dice): number {
  if (role === 'thin' || role === 'kit') return 0;
  return dice.chance(0.5) ? units : dice.between(0, units);
}
