/** Watches the marketplaces all day: which offers promise more than could be supplied, and for how long. */
import type { QuantityChange, SimOffer } from '../simulators/mirakl/state.ts';
import type { Outage } from './mishaps.ts';
import type { Stage } from './stage.ts';
import type { Supply } from './supply.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** An offer that stood above what could be supplied for longer than the limit. */
export type Overstanding = {
  channel: string;
  shopSku: string;
  fromMs: number;
  /** When it was found to have stood too long. */
  foundMs: number;
  shown: number;
  supply: number;
};

export type Watch = {
  found: Overstanding[];
  /** Every change of an offer's quantity of one SKU, over all channels, oldest first. */
  changesOf(shopSku: string): (QuantityChange & { channel: string })[];
};

export type WatchRules = {
  limitMs: number;
  /** Fills in as the day goes on. */
  outages: readonly Outage[];
};

/** How often somebody looks. */
const lookMs = 5_000;
/** An import that takes longer than this was held up by the marketplace. */
const longImportMs = 60_000;

type Standing = { sinceMs: number; shown: number; supply: number; isTold: boolean };

/** Looks every few seconds as long as the clock runs. */
export function watchOffers(
  clock: VirtualClock,
  stage: Stage,
  supply: Supply,
  rules: WatchRules,
): Watch {
  const found: Overstanding[] = [];
  const skusOf = skusByPart(stage, supply);
  const readers = [...stage.marketplaces].map(([channel, one]) => ({
    channel,
    market: one,
    seen: 0,
    standing: new Map<string, Standing>(),
    /** SKUs whose quantity the service has written last (a sale may have lowered it since). */
    ours: new Set<string>(),
  }));
  clock.spawn(async () => {
    for (;;) {
      const touched = supply.look();
      const skus = new Set([...touched].flatMap((code) => skusOf.get(code) ?? []));
      for (const reader of readers) {
        const { market, channel, standing, ours } = reader;
        const own = new Set([...skus, ...standing.keys()]);
        const { quantityChanges } = market.truth;
        for (; reader.seen < quantityChanges.length; reader.seen += 1) {
          const { shopSku, by } = quantityChanges[reader.seen]!;
          own.add(shopSku);
          if (by === 'import') ours.add(shopSku);
          else if (by !== 'sale') ours.delete(shopSku);
        }
        for (const shopSku of own) {
          const offer = ours.has(shopSku) ? market.offer(shopSku) : undefined;
          const over = judge(standing, shopSku, offer, { supply, nowMs: clock.nowMs() });
          if (!over || over.isTold) continue;
          const awakeMs = awakeBetween(over.sinceMs, clock.nowMs(), [
            ...rules.outages.filter((one) => one.channel === null || one.channel === channel),
            ...heldUp(stage, channel, clock.nowMs()),
          ]);
          if (awakeMs <= rules.limitMs) continue;
          over.isTold = true;
          const { sinceMs: fromMs, shown } = over;
          const foundMs = clock.nowMs();
          found.push({ channel, shopSku, fromMs, foundMs, shown, supply: over.supply });
        }
      }
      await clock.sleep(lookMs);
    }
  });
  return { found, changesOf: (shopSku) => changesOf(stage, shopSku) };
}

/** Keeps since when an offer stands above what could be supplied: the clock starts anew whenever either changes. */
function judge(
  all: Map<string, Standing>,
  shopSku: string,
  offer: SimOffer | undefined,
  { supply, nowMs }: { supply: Supply; nowMs: number },
): Standing | null {
  const most = Math.max(0, supply.ofListing(shopSku) ?? 0);
  const shown = offer && !offer.isDeleted ? offer.quantity : 0;
  if (shown <= most) {
    all.delete(shopSku);
    return null;
  }
  const known = all.get(shopSku);
  if (known?.shown === shown && known.supply === most) return known;
  const fresh = { sinceMs: nowMs, shown, supply: most, isTold: false };
  all.set(shopSku, fresh);
  return fresh;
}

/** Milliseconds of a span that no outage covers. */
export function awakeBetween(fromMs: number, toMs: number, outages: readonly Outage[]): number {
  let atMs = fromMs;
  let awakeMs = 0;
  const sorted = [...outages].sort((a, b) => a.fromMs - b.fromMs);
  for (const one of sorted) {
    if (one.toMs <= atMs || one.fromMs >= toMs) continue;
    awakeMs += Math.max(0, one.fromMs - atMs);
    atMs = Math.max(atMs, one.toMs);
  }
  return awakeMs + Math.max(0, toMs - atMs);
}

/** Spans in which imports of a channel did not move. */
function heldUp(stage: Stage, channel: string, nowMs: number): Outage[] {
  const { imports } = stage.marketplaces.get(channel)!.truth;
  return imports
    .map((one) => ({ fromMs: one.arrivedMs, toMs: one.endedMs ?? nowMs, channel }))
    .filter((one) => one.toMs - one.fromMs > longImportMs);
}

/** Listings that draw on each stocked item. */
function skusByPart(stage: Stage, supply: Supply): Map<string, string[]> {
  const skus = new Map<string, string[]>();
  for (const { itemCode } of stage.world.items) {
    for (const part of supply.partsOf(itemCode)) {
      skus.set(part.itemCode, [...(skus.get(part.itemCode) ?? []), itemCode]);
    }
  }
  return skus;
}

function changesOf(stage: Stage, shopSku: string) {
  const changes = [...stage.marketplaces].flatMap(([channel, one]) =>
    one.truth.quantityChanges
      .filter((change) => change.shopSku === shopSku)
      .map((change) => ({ ...change, channel })),
  );
  return changes.sort((a, b) => a.atMs - b.atMs);
}
