/** Both vendors and their world, simulated: marketplaces with offers, a warehouse with items, shoppers. */
import { Dice, type SimClock } from '../simulators/kernel.ts';
import { createMiraklSimulator, type MiraklSimulator } from '../simulators/mirakl/simulator.ts';
import {
  createPeoplevoxSimulator,
  type PeoplevoxSimulator,
} from '../simulators/peoplevox/simulator.ts';
import { inventPurchase, makeWorld, type World } from '../simulators/world.ts';
import { rehearsalKey, rehearsalPassword } from './settings.ts';

export type Stage = {
  world: World;
  /** By channel id. */
  marketplaces: Map<string, MiraklSimulator>;
  warehouse: PeoplevoxSimulator;
  dice: Dice;
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
  /** Put into every order id. */
  dayMark?: string;
};

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
  const warehouse = createPeoplevoxSimulator({
    clock,
    zeroQuantity: canEmptyLines ? 'taken' : 'error',
    dice: dice.fork('warehouse'),
    clientId: 'rehearsal1',
    username: 'packhorse',
    password: rehearsalPassword,
    latencyMs: {
      ...(settings.latencyMs ?? { min: 60, max: 400 }),
      perRow: settings.latencyMs ? 0 : 2,
    },
    ...(settings.hasCeilings ? {} : { ratePerWindow: 'off' as const }),
  });
  for (const item of world.items) {
    const { itemCode, name } = item;
    warehouse.addItem({
      itemCode,
      name,
      stock: { PrimarySite: item.units },
      retired: item.isRetired,
    });
  }
  return { world, marketplaces, warehouse, dice, canEmptyLines };
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
    orderPaging: own.index === 2 ? 'seek' : 'offset',
    ceilings: settings.hasCeilings ? 'enforced' : 'off',
    ...(settings.hasCeilings ? {} : { perEventPerSecond: 1_000_000 }),
    ...(settings.latencyMs ? { latencyMs: settings.latencyMs } : {}),
    invent: () => inventPurchase(world, inventing),
  });
  for (const item of world.items) {
    simulator.setOffer({ shopSku: item.itemCode, price: item.price, quantity: item.units });
  }
  return simulator;
}
