/** Available to sell: from warehouse figures and promises to the number each listing shows. Pure.
 *
 *  Per pool and listing: available - promised, decayed, less the buffer, is what is usable; a pool that runs
 *  short is divided between its listings; a kit makes as many as its scarcest component allows; then `most`
 *  and `cutOff`. */
import { type DecayRule, decayed } from './decay.ts';
import type { EffectiveRule } from './rules.ts';
import { velocityBuffer } from './velocity.ts';

/** One stocked ItemCode of a warehouse. */
export type Pool = {
  itemCode: string;
  /** Units available, summed over the chosen sites; may be negative. */
  available: number;
  /** Units sold anywhere that the warehouse has not yet allocated, kits already expanded. */
  promised: number;
  unitsPerHour: number;
  /** Step of `feedStage`; 0: the figure counts in full. */
  decayStep: number;
};

/** One listing that takes its units from pools. */
export type Outlet = {
  /** Unique; orders ties. */
  key: string;
  channel: string;
  /** Of the listing itself: the item, or the kit. */
  itemCode: string;
  /** The item itself (each 1), or the components of a kit (each n, whole). The same one twice adds up. */
  parts: { itemCode: string; each: number }[];
  rule: EffectiveRule;
  /** The most units this listing may show at this moment: as last read, or as sent if that is more. */
  standing: number;
};

/** What a listing should show, in units of the listing, and why. */
export type Target = { key: string; quantity: number; terms: Terms };

/** Which rule had the last word. `pool`: the usable units; `share`: its share of a divided pool; `standing`:
 *  another listing still shows the units it would gain. The first three always mean 0. */
export type DecidedBy =
  | 'no parts'
  | 'bad part'
  | 'no figure'
  | 'pool'
  | 'share'
  | 'standing'
  | 'most'
  | 'cut off';

/** Every number that went in, for `stock explain`. */
export type Terms = {
  decidedBy: DecidedBy;
  /** ItemCode of the part that decided; the first one by code of equals; null when the listing has no parts. */
  limitedBy: string | null;
  /** In order of ItemCode. */
  parts: PartTerms[];
  /** What the parts make, before `most` and `cutOff`. */
  made: number;
  rule: EffectiveRule;
  standing: number;
};

/** What one pool gives to one listing. Units of the pool, but `makes`, which is in units of the listing. */
export type PartTerms = {
  itemCode: string;
  each: number;
  /** Null: the warehouse gave no figure. */
  figure: Figure | null;
  /** Null: this listing may use all that is usable. */
  division: Division | null;
  /** Units of the pool this listing may count on. */
  quota: number;
  makes: number;
};

/** From the warehouse's figure to what one listing may use of it. */
export type Figure = {
  available: number;
  promised: number;
  /** `max(0, available - promised)`. */
  sellable: number;
  decayStep: number;
  decayed: number;
  /** `bufferUnits` plus `bufferPercent` of the decayed units, rounded up. */
  bufferFixed: number;
  unitsPerHour: number;
  lagSeconds: number;
  bufferVelocity: number;
  /** The larger of both. */
  buffer: number;
  /** `max(0, decayed - buffer)`. */
  usable: number;
};

/** How a short pool was divided. */
export type Division = {
  /** Listings that take from this pool. */
  listings: number;
  /** Weight of this listing, and of all of them together. */
  share: number;
  shares: number;
  /** What its weight gives it of the usable units. */
  quota: number;
  /** Units of the pool that the other dividing listings show at this moment. */
  standingOthers: number;
  /** The most it may rise to until they show less. */
  ceiling: number;
};

/** What went into all targets alike. */
export type Facts = {
  /** From a sale on one channel until the others show less. */
  lagSeconds: number;
  decay: DecayRule;
};

/** What the listings whose key is in `wanted` should show, in order of key. Give every outlet that takes from
 *  the pools in question: the others only weigh in. Same input, same output, in whatever order it is given.
 *
 *  Holds always: 0 <= quantity <= floor(max(0, available - promised) / each) for every part; a quantity never
 *  falls when a pool grows, and never rises with promises, its buffer or the decay step; and however many of
 *  the targets have reached the marketplaces, the listings that divide a pool together show at most what is
 *  usable of it, or what they showed before if that was more.
 *  Units: each. Throws RangeError for a pool with a negative sales rate, or a negative lag. */
export function targetsOf(
  pools: ReadonlyMap<string, Pool>,
  outlets: readonly Outlet[],
  wanted: ReadonlySet<string>,
  facts: Facts,
): Target[] {
  const chosen = outlets.filter(({ key }) => wanted.has(key));
  const touched = new Set<string>();
  for (const { parts } of chosen) for (const part of parts) touched.add(part.itemCode);
  const usesByPool = new Map<string, Use[]>();
  for (const outlet of outlets) {
    if (!outlet.parts.some((part) => touched.has(part.itemCode))) continue;
    const parts = mergedParts(outlet);
    // One that cannot show more than 0, whatever the figures, must not keep a share from the others.
    const weight = flawOf(parts, pools) ? 0 : outlet.rule.share;
    for (const { itemCode, each } of parts) {
      const pool = pools.get(itemCode);
      if (!pool || !hasFigure(pool) || each === 0 || !touched.has(itemCode)) continue;
      const figure = figureOf(pool, outlet.rule, facts);
      const uses = usesByPool.get(itemCode);
      const use = useOf(outlet, { each, figure, weight, parts: parts.length });
      if (uses) uses.push(use);
      else usesByPool.set(itemCode, [use]);
    }
  }
  const given: Given = new Map();
  for (const [itemCode, uses] of usesByPool) given.set(itemCode, sharedOut(itemCode, uses));
  return chosen
    .map((outlet) => targetOf(outlet, pools, given))
    .sort((a, b) => textOrder(a.key, b.key));
}

/** What each pool gives, by ItemCode and then by key of the outlet. */
type Given = Map<string, ReadonlyMap<string, PartTerms>>;

/** One outlet at one pool; all figures in units of the pool. */
type Use = {
  key: string;
  each: number;
  figure: Figure;
  weight: number;
  most: number;
  standing: number;
  splitBelow: number;
  /** Parts that the outlet has in all. */
  parts: number;
};

function useOf(outlet: Outlet, use: Pick<Use, 'each' | 'figure' | 'weight' | 'parts'>): Use {
  const { most, splitBelow } = outlet.rule;
  return {
    ...use,
    key: outlet.key,
    most: most === null ? Number.POSITIVE_INFINITY : most * use.each,
    standing: Math.max(0, outlet.standing) * use.each,
    splitBelow,
  };
}

/** In order of ItemCode, each once. `each` 0 stands for a count that is not a whole number of 1 or more. */
function mergedParts({ parts }: Outlet): { itemCode: string; each: number }[] {
  const merged = new Map<string, number>();
  for (const { itemCode, each } of parts) {
    const before = merged.get(itemCode);
    const isCount = Number.isSafeInteger(each) && each >= 1 && before !== 0;
    merged.set(itemCode, isCount ? (before ?? 0) + each : 0);
  }
  return [...merged]
    .map(([itemCode, each]) => ({ itemCode, each }))
    .sort((a, b) => textOrder(a.itemCode, b.itemCode));
}

/** Why the parts can make nothing, whatever the figures say; null when they can. */
function flawOf(
  parts: readonly { itemCode: string; each: number }[],
  pools: ReadonlyMap<string, Pool>,
): { decidedBy: DecidedBy; limitedBy: string | null } | null {
  if (parts.length === 0) return { decidedBy: 'no parts', limitedBy: null };
  const bad = parts.find(({ each }) => each === 0);
  if (bad) return { decidedBy: 'bad part', limitedBy: bad.itemCode };
  const missing = parts.find(({ itemCode }) => {
    const pool = pools.get(itemCode);
    return !pool || !hasFigure(pool);
  });
  return missing ? { decidedBy: 'no figure', limitedBy: missing.itemCode } : null;
}

/** A figure that is no number is no figure: it is never taken for any. */
function hasFigure({ available, promised }: Pool): boolean {
  return Number.isFinite(available) && Number.isFinite(promised);
}

function figureOf(pool: Pool, rule: EffectiveRule, facts: Facts): Figure {
  const { available, promised, unitsPerHour, decayStep } = pool;
  const sellable = Math.max(0, Math.floor(available - promised));
  const left = decayed(sellable, decayStep, facts.decay);
  // Less a billionth, or 2.2 % of 5,000 would round up to 111 by an error of floating point.
  const percentUnits = Math.max(0, Math.ceil((left * rule.bufferPercent) / 100 - 1e-9));
  const bufferFixed = rule.bufferUnits + percentUnits;
  const { lagSeconds } = facts;
  const { serviceLevel } = rule;
  const bufferVelocity = velocityBuffer({ unitsPerHour, lagSeconds, serviceLevel });
  const buffer = Math.max(bufferFixed, bufferVelocity);
  return {
    available,
    promised,
    sellable,
    decayStep,
    decayed: left,
    bufferFixed,
    unitsPerHour,
    lagSeconds,
    bufferVelocity,
    buffer,
    usable: Math.max(0, left - buffer),
  };
}

/** What one pool gives to each of its listings, by their key. */
function sharedOut(itemCode: string, uses: Use[]): ReadonlyMap<string, PartTerms> {
  // Where the last unit falls between equals: a single item before a kit, which may lack another part.
  uses.sort((a, b) => a.parts - b.parts || a.each - b.each || textOrder(a.key, b.key));
  const divide = divider(uses);
  const isDividing = (use: Use) => uses.length > 1 && use.figure.usable < use.splitBelow;
  let usable = 0;
  let standing = 0;
  let shares = 0;
  for (const use of uses) {
    usable = Math.max(usable, use.figure.usable);
    if (isDividing(use)) standing += use.standing;
    shares += use.weight;
  }
  // Room is what nobody shows yet. It is divided between those below their share, so that all of them may
  // rise in the same round; the rest waits until those above theirs have come down.
  const room = Math.max(0, usable - standing);
  const granted = divided(
    room,
    uses.map((use, at) => ({
      weight: use.weight,
      most: isDividing(use) ? Math.max(0, divide(usable)[at]! - use.standing) : 0,
    })),
  );
  const given = new Map<string, PartTerms>();
  for (const [at, use] of uses.entries()) {
    const { key, each, figure } = use;
    let division: Division | null = null;
    if (isDividing(use)) {
      division = {
        listings: uses.length,
        share: use.weight,
        shares,
        quota: divide(figure.usable)[at]!,
        standingOthers: standing - use.standing,
        ceiling: use.standing + granted[at]!,
      };
    }
    const quota = division ? Math.min(division.quota, division.ceiling) : figure.usable;
    given.set(key, { itemCode, each, figure, division, quota, makes: Math.floor(quota / each) });
  }
  return given;
}

/** Divides any number of units between the same takers; remembers, since most have the same buffer. */
function divider(takers: readonly Taker[]): (units: number) => readonly number[] {
  const known = new Map<number, readonly number[]>();
  return (units) => {
    let quotas = known.get(units);
    if (!quotas) known.set(units, (quotas = divided(units, takers)));
    return quotas;
  };
}

/** Who takes part in a division. `most` may be Infinity. */
type Taker = { weight: number; most: number };

/** Whole units by weight, none above its `most`; together exactly `units`, or less when all have their most
 *  or no weight. One unit more to divide never takes one from anybody, which largest remainders do (the
 *  Alabama paradox): the k-th unit of a taker ranks by weight / (2k - 1) and the best ranks win
 *  (Sainte-Lague), equals in the order given. */
export function divided(units: number, takers: readonly Taker[]): number[] {
  const quotas = startOf(units, takers);
  let left = units;
  for (const quota of quotas) left -= quota;
  for (; left > 0; left -= 1) {
    let best = -1;
    let bestRank = 0;
    for (const [at, { weight, most }] of takers.entries()) {
      const rank = quotas[at]! < most ? weight / (2 * quotas[at]! + 1) : 0;
      if (rank > bestRank) {
        best = at;
        bestRank = rank;
      }
    }
    if (best < 0) break;
    quotas[best]! += 1;
  }
  return quotas;
}

/** Units that every taker is sure to get, so that only a few per taker are left to hand out one by one.
 *  A quota is its proportion rounded to the nearest for a divisor that brings the sum to `units`, which moves
 *  the proportion by at most half a unit per taker. Takers sure of their most leave the rest to the others. */
function startOf(units: number, takers: readonly Taker[]): number[] {
  const sure = takers.map(() => 0);
  let open = takers.map((_, at) => at).filter((at) => takers[at]!.weight > 0);
  for (let left = units; ; ) {
    const weights = open.reduce((sum, at) => sum + takers[at]!.weight, 0);
    for (const at of open) {
      const proportion = (takers[at]!.weight / weights) * (left - open.length / 2);
      sure[at] = Math.min(takers[at]!.most, Math.max(0, Math.floor(proportion - 1.5)));
    }
    const full = open.filter((at) => sure[at] === takers[at]!.most);
    if (full.length === 0) return sure;
    for (const at of full) left -= takers[at]!.most;
    open = open.filter((at) => sure[at] !== takers[at]!.most);
  }
}

function targetOf(outlet: Outlet, pools: ReadonlyMap<string, Pool>, given: Given): Target {
  const { key, rule, standing } = outlet;
  const merged = mergedParts(outlet);
  const parts = merged.map(
    ({ itemCode, each }) =>
      given.get(itemCode)?.get(key) ?? {
        itemCode,
        each,
        figure: null,
        division: null,
        quota: 0,
        makes: 0,
      },
  );
  const scarcest = parts.reduce<PartTerms | null>(
    (least, part) => (least && least.makes <= part.makes ? least : part),
    null,
  );
  const made = scarcest?.makes ?? 0;
  const limited = Math.min(made, rule.most ?? made);
  const quantity = limited <= rule.cutOff ? 0 : limited;
  let { decidedBy, limitedBy } = flawOf(merged, pools) ?? {
    decidedBy: causeOf(scarcest!, rule),
    limitedBy: scarcest!.itemCode,
  };
  if (limited < made) decidedBy = 'most';
  if (quantity < limited) decidedBy = 'cut off';
  return { key, quantity, terms: { decidedBy, limitedBy, parts, made, rule, standing } };
}

/** Which rule set the quota of the part that decides. */
function causeOf({ each, figure, division, quota }: PartTerms, { most }: EffectiveRule): DecidedBy {
  if (!figure || !division || quota === figure.usable) return 'pool';
  if (quota < division.quota) return 'standing';
  return most !== null && quota === most * each ? 'most' : 'share';
}

/** By code unit: the same on every machine, whatever its language. */
function textOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
