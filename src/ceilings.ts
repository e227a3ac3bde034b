/** The vendors' call ceilings as lanes. Source: marketplace-mirakl.md section 4, peoplevox.md section 8. */

/** A ceiling that several operations may share; see runtime/pace.ts. */
export type CeilingLane = { name: string; gapMs: number; isExclusive: boolean };

/** Added to published gaps: two calls a minute apart must not arrive 59.9 seconds apart because the first
 *  took longer on its way. Too small: 429s; too large: every poll drifts. */
const marginMs = 1_000;

/** Politeness where no ceiling is published ("per event"): calls a second over all such operations. */
const eventGapMs = 100;

const miraklGapsMs: Record<string, number> = {
  'OR11 page': 200,
  OR13: 5 * 60_000 + marginMs,
  OR14: 2_000 + 200,
  OR15: 200,
  OR04: 60_000 + marginMs,
  OR31: 200 + 50,
  OF01: 60_000 + marginMs,
  OF02: 60_000 + marginMs,
  OF03: 60_000 + marginMs,
  OF52: 60_000 + marginMs,
  // Allowed once a day; who asks for one keeps count. On its own, since a refusal may name a wait of hours.
  'OF52 full': 60_000 + marginMs,
  OF53: 10_000 + marginMs,
  STO01: 60_000 + marginMs,
  STO02: 15_000 + marginMs,
  STO03: 60_000 + marginMs,
  // Allowed once a day; who asks for one keeps count. Each on its own, since a refusal may name a wait of hours.
  A01: 1_000,
  SH12: 1_000,
  SH21: 1_000,
  CH11: 1_000,
  ST12: 5 * 60_000 + marginMs,
  'ST12 page': 200,
};

/** Which lane a Mirakl operation belongs to. Lists count polls: a poll's later pages are `OR11 page`
 *  and `ST12 page`. */
export function miraklLane(
  operation: string,
  channel: { partnerClass: 'default' | 'external'; pollSeconds: number },
): CeilingLane {
  const lane = (name: string, gapMs: number) => ({ name, gapMs, isExclusive: false });
  if (operation === 'OR11') {
    return lane('OR11', (channel.partnerClass === 'external' ? 900_000 : 60_000) + marginMs);
  }
  const gapMs = miraklGapsMs[operation];
  return gapMs === undefined ? lane('events', eventGapMs) : lane(operation, gapMs);
}

/** A Peoplevox tenant takes one call at a time, whatever it is. */
export function peoplevoxLane(callsPerSecond: number): CeilingLane {
  return { name: 'calls', gapMs: Math.ceil(1_000 / callsPerSecond) + 20, isExclusive: true };
}
