/** People who change stock while the day goes on: on the warehouse floor, and in a marketplace's back office. */
import { systemSite } from '../simulators/peoplevox/state.ts';
import type { Deed } from '../simulators/shelves.ts';
import type { Stage } from './stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A figure of an item that nobody buys was changed. Units: available on all sites. */
export type ProbeChange = { atMs: number; itemCode: string; from: number; to: number };
/** A person typed a quantity over ours. */
export type BackOfficeChange = { atMs: number; channel: string; shopSku: string; quantity: number };
export type PeopleLog = { probes: ProbeChange[]; backOffice: BackOfficeChange[] };

/** Plans every deed of the day on the clock. Returns what is kept of them, which fills in as the day goes on. */
export function letPeopleWork(clock: VirtualClock, stage: Stage): PeopleLog {
  const log: PeopleLog = { probes: [], backOffice: [] };
  for (const deed of stage.world.deeds) {
    clock.spawn(async () => act(stage, deed, clock.nowMs(), log), { atMs: deed.atMs });
  }
  return log;
}

function act(stage: Stage, deed: Deed, nowMs: number, log: PeopleLog): void {
  const { warehouse, sites } = stage;
  const { itemCode, size } = deed;
  const stock = warehouse.truth.stockAt(itemCode);
  // Where the item is, if it is anywhere: people count and break what they find.
  const held = sites.filter((site) => (stock.get(site)?.onHand ?? 0) > 0);
  const site = held[deed.place % Math.max(1, held.length)] ?? sites[0]!;
  const onHand = stock.get(site)?.onHand ?? 0;
  const few = Math.min(onHand, 1 + Math.floor(size * 4));
  const acts: Record<Deed['kind'], () => unknown> = {
    goods: () => warehouse.goodsArrive(itemCode, sites[deed.place % sites.length]!, few + 5),
    countUp: () => warehouse.stockCounted(itemCode, site, onHand + few),
    countDown: () => warehouse.stockCounted(itemCode, site, onHand - few),
    damage: () => warehouse.stockDamaged(itemCode, site, few),
    move: () => {
      const to = sites[(sites.indexOf(site) + 1) % sites.length]!;
      const units = Math.ceil(onHand * size);
      if (to !== site) warehouse.stockMoved(itemCode, site, to, units);
    },
    quarantine: () => warehouse.stockMoved(itemCode, site, systemSite, few),
    lost: () => lose(stage),
    probe: () => probe(stage, deed, nowMs, log),
    backOffice: () => overwrite(stage, deed, nowMs, log),
  };
  acts[deed.kind]();
}

/** Of the thin item with the most reserved units none are found: what is available falls below zero. */
function lose({ warehouse, world, sites }: Stage): void {
  const { truth } = warehouse;
  let worst: { itemCode: string; site: string; allocated: number } | null = null;
  for (const { itemCode, role } of world.items) {
    if (role !== 'thin') continue;
    for (const [site, { allocated }] of truth.stockAt(itemCode)) {
      if (sites.includes(site) && allocated > (worst?.allocated ?? 0))
        worst = { itemCode, site, allocated };
    }
  }
  if (worst) warehouse.stockCounted(worst.itemCode, worst.site, 0);
}

/** Up or down by a good deal, so that the new figure cannot be taken for the old one. */
function probe({ warehouse, sites }: Stage, deed: Deed, atMs: number, log: PeopleLog): void {
  const { itemCode, size } = deed;
  const site = sites[0]!;
  const from = warehouse.truth.stockAt(itemCode).get(site)!.available;
  const step = 50 + Math.floor(Math.abs(size - 0.5) * 200);
  const to = size < 0.5 && from > 1_000 ? from - step : from + step;
  warehouse.stockCounted(itemCode, site, to);
  log.probes.push({ atMs, itemCode, from, to });
}

function overwrite(stage: Stage, deed: Deed, atMs: number, log: PeopleLog): void {
  const channels = [...stage.marketplaces.keys()];
  const channel = channels[deed.place % channels.length]!;
  const quantity = Math.floor(deed.size * 10_000);
  stage.marketplaces.get(channel)!.backOfficeSetsQuantity(deed.itemCode, quantity);
  log.backOffice.push({ atMs, channel, shopSku: deed.itemCode, quantity });
}
