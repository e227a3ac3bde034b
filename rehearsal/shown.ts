/** What offers should show when everything is quiet, worked out anew and apart from the service: bounds where the
 *  default rules leave room, the exact number where they do not. Pure. */

/** One listing that draws on an item. */
export type Use = { channel: string; shopSku: string; each: number; shown: number };

/** An item with all that draw on it, as they stand in the end. */
export type Pool = {
  itemCode: string;
  /** Units that could be supplied; see Supply. */
  supply: number;
  /** Most units an hour that it sold by any window that the service may still look at. */
  unitsPerHour: number;
  uses: readonly Use[];
};

/** Units of the item that one listing may and must be able to use. */
export type Bounds = { least: number; most: number };

/** Default rules of the product: a unit is always held back, and pools with fewer usable units are divided. */
const bufferUnits = 1;
const splitBelow = 100;
const serviceLevel = 0.999;
/** No sale stays unknown for longer than this once everything is quiet. Units: hours. */
const longestLagHours = 0.5;

/** What one of `uses` listings of a pool may show, in units of the pool. */
export function boundsOf(pool: Pick<Pool, 'supply' | 'unitsPerHour'>, uses: number): Bounds {
  const { least, most } = usableOf(pool);
  // Shares are even; which listing gets the odd unit is the service's choice.
  const mayDivide = uses > 1 && least < splitBelow;
  const mustDivide = uses > 1 && most < splitBelow;
  return {
    least: mayDivide ? Math.floor(least / uses) : least,
    most: mustDivide ? Math.ceil(most / uses) : most,
  };
}

/** Why the listings of a pool show more together than there is, or null. */
export function tooMuchTogether(pool: Pool): string | null {
  const { least, most } = usableOf(pool);
  if (pool.uses.length < 2 || most >= splitBelow || least >= splitBelow) return null;
  const together = pool.uses.reduce((sum, one) => sum + one.shown * one.each, 0);
  return together > most ? `${together} units shown together, at most ${most} may be` : null;
}

/** Units of the pool that are on offer: by all listings together when it is divided, by each when it is not. */
export function onOffer(pool: Pool): number {
  const units = pool.uses.map((one) => one.shown * one.each);
  const isDivided = usableOf(pool).most < splitBelow;
  return isDivided ? units.reduce((sum, one) => sum + one, 0) : Math.max(0, ...units);
}

function usableOf({ supply, unitsPerHour }: Pick<Pool, 'supply' | 'unitsPerHour'>): Bounds {
  const buffer = Math.max(bufferUnits, poissonQuantile(unitsPerHour * longestLagHours));
  return { least: Math.max(0, supply - buffer), most: Math.max(0, supply - bufferUnits) };
}

/** The smallest count that so many sales stay within with the chance of the service level. */
function poissonQuantile(mean: number): number {
  if (mean > 500) return Math.ceil(mean + 4 * Math.sqrt(mean));
  let chance = Math.exp(-mean);
  let count = 0;
  for (let sum = chance; sum < serviceLevel && mean > 0; sum += chance) {
    count += 1;
    chance *= mean / count;
  }
  return count;
}
