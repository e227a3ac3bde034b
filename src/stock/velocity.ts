/** How many units sell before the marketplaces hear of it, and the buffer that covers them. Pure. */

/** Units sold in one trailing window that ends now. */
export type SalesWindow = { hours: number; units: number };

/** Buffer that the sales of one sync lag fit into with the chance `serviceLevel`, assuming independent
 *  shoppers (Poisson). Units: each. 0 when the level is 0 (buffer off) or nothing sells.
 *  Throws RangeError for a negative rate or lag, or a level outside [0, 1). */
export function velocityBuffer(given: {
  unitsPerHour: number;
  /** From a sale on one channel until the others show less. */
  lagSeconds: number;
  serviceLevel: number;
}): number {
  return poissonQuantile((given.unitsPerHour * given.lagSeconds) / 3600, given.serviceLevel);
}

/** The highest hourly rate of several windows, in units per hour: a burst counts at once by its short
 *  window and is forgotten as slowly as the long one. 0 without windows. Throws RangeError for a window
 *  without length or with a negative count. */
export function salesRate(windows: readonly SalesWindow[]): number {
  let highest = 0;
  for (const { hours, units } of windows) {
    if (!(hours > 0) || !(units >= 0)) {
      throw new RangeError(`a window of ${hours} hours with ${units} units sold is no measurement`);
    }
    highest = Math.max(highest, units / hours);
  }
  return highest;
}

/** Mean above which the upper bound below stands in: exact sums take some 20 steps per square root of it. */
const largestExactMean = 1e8;
/** Part of the likeliest count's chance at which a tail is cut off. Larger: levels near 1 come out wrong. */
const negligible = 1e-25;

/** The smallest n with P(X <= n) >= level, X Poisson with this mean; 0 for level 0. Never falls when the
 *  mean or the level rises. Above a mean of 1e8 it is mean + 9 standard deviations, more than any level asks.
 *  Throws RangeError for a mean that is not 0 or more, or a level outside [0, 1). */
export function poissonQuantile(mean: number, level: number): number {
  if (!(mean >= 0 && mean < Number.POSITIVE_INFINITY) || !(level >= 0 && level < 1)) {
    throw new RangeError(`no Poisson quantile for mean ${mean} and level ${level}`);
  }
  if (mean === 0 || level === 0) return 0;
  if (mean > largestExactMean) return Math.ceil(mean + 9 * Math.sqrt(mean));

  // Chances relative to that of the likeliest count, since e^-mean is 0 in floating point above 745.
  const likeliest = Math.floor(mean);
  let lowest = likeliest;
  let chance = 1;
  let total = 1;
  while (lowest > 0 && chance > negligible) {
    chance *= lowest / mean;
    lowest -= 1;
    total += chance;
  }
  const chanceOfLowest = chance;
  let highest = likeliest;
  for (chance = 1; chance > negligible; total += chance) {
    highest += 1;
    chance *= mean / highest;
  }

  let n = lowest;
  chance = chanceOfLowest;
  for (let sum = chance; sum < level * total && n < highest; sum += chance) {
    n += 1;
    chance *= mean / n;
  }
  return n;
}
