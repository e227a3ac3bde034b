/** What befalls the day as a whole, once each, besides the faults of single calls: reports that nobody gets, a pause
 *  in allocation, an empty report, an import that does not end, a marketplace that is away over deadlines. */
import type { FaultLevel } from './faults.ts';
import type { Stage } from './stage.ts';
import type { VirtualClock } from './virtual-clock.ts';

const minuteMs = 60_000;
/** How long a flow that failed again and again may rest before it tries anew. */
const restMs = 2 * minuteMs;
/** A marketplace is away from here in the day on, for longer than an order has until its deadline (two hours, on a day
 *  of two hours or more). */
const downAt = 0.45;
const longestDownMs = 120 * minuteMs;
const inventoryReport = 'GetReportData Item inventory summary';

/** A span in which the service could not know, or could not tell. `channel` null: the warehouse was away. */
export type Outage = { fromMs: number; toMs: number; channel: string | null };

/** Plans the mishaps of a level on the clock. Returns the spans in which a vendor is silent. */
export function planMishaps(clock: VirtualClock, stage: Stage, level: FaultLevel): Outage[] {
  if (level === 'none') return [];
  const { warehouse, world } = stage;
  const startMs = clock.nowMs();
  const spanMs = world.endMs - startMs;
  const at = (part: number, act: () => void) =>
    clock.spawn(async () => act(), { atMs: Math.round(startMs + part * spanMs) });
  const isHarsh = level === 'harsh';
  const darkMs = Math.min(spanMs / 4, (isHarsh ? 60 : 12) * minuteMs);
  const silentMs = isHarsh ? 5 * minuteMs : minuteMs;
  at(0.15, () => warehouse.faults.next('emptyReport', 1, inventoryReport));
  at(0.25, () => warehouse.reportsDarkFor(darkMs, isHarsh ? 'silence' : 'reset'));
  at(0.62, () => warehouse.pauseAllocation(true));
  at(isHarsh ? 0.75 : 0.66, () => warehouse.pauseAllocation(false));
  at(0.85, () => warehouse.goDark(silentMs, 'http503'));
  const outage = (part: number, lengthMs: number, channel: string | null = null): Outage => {
    const fromMs = startMs + part * spanMs;
    return { fromMs, toMs: fromMs + lengthMs + restMs, channel };
  };
  const outages = [outage(0.25, darkMs), outage(0.85, silentMs)];
  if (isHarsh) {
    const [first] = stage.marketplaces.values();
    at(0.7, () => first?.faults.next('importStuck', 1, 'STO01'));
    const [channel, last] = [...stage.marketplaces].at(-1)!;
    const downMs = Math.min(longestDownMs, spanMs);
    at(downAt, () => last.goDown(downMs));
    outages.push(outage(downAt, downMs, channel));
  }
  return outages;
}

/** How many people come for the item of the flash sale. */
export function flashShoppersOf(level: FaultLevel): number {
  return level === 'harsh' ? 60 : level === 'typical' ? 50 : 0;
}
