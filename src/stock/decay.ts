/** What the age of the warehouse figures does to them: nothing, a warning, or fewer units. Pure. */

/** How old the figures are in one word, and how often they have decayed. `step` is 0 unless dark. */
export type FeedStage = { word: 'fresh' | 'late' | 'dark'; step: number };

/** How figures decay while the feed is dark. */
export type DecayRule = {
  /** Part of the figure taken off per step, 0 to 100. */
  percentPerStep: number;
  /** Items with at most this many units count as 0 from the first step. */
  thinUnits: number;
};

/** The last step: reached by figures that were never read, or by a feed dark for very long. */
const lastStep = 1000;

/** The stage of a feed whose last complete reading is `ageSeconds` old; null: never read, so dark at the
 *  last step. Late from `lateSeconds`, dark from `darkSeconds` on, and one more step with every full
 *  `stepSeconds` after that. An age below 0 (a clock that was set) is fresh. */
export function feedStage(feed: {
  ageSeconds: number | null;
  lateSeconds: number;
  darkSeconds: number;
  stepSeconds: number;
}): FeedStage {
  const { ageSeconds, lateSeconds, darkSeconds, stepSeconds } = feed;
  // Asked as "not below", so that an age that is no number counts as dark.
  if (ageSeconds === null || !(ageSeconds < darkSeconds)) {
    const steps = 1 + Math.floor(((ageSeconds ?? Number.NaN) - darkSeconds) / stepSeconds);
    return { word: 'dark', step: Number.isNaN(steps) ? lastStep : Math.min(steps, lastStep) };
  }
  return { word: ageSeconds < lateSeconds ? 'fresh' : 'late', step: 0 };
}

/** What a figure counts as after `step` steps. Step 0: unchanged, even below 0. Later: whole units, rounded
 *  down, never below 0, and 0 for thin items. Never rises with the step, never falls with the units. */
export function decayed(units: number, step: number, rule: DecayRule): number {
  if (step <= 0) return units;
  if (units <= rule.thinUnits) return 0;
  return Math.max(0, Math.floor((units * (100 - step * rule.percentPerStep)) / 100));
}
