/** Back-test of the safety buffer: how many units could have been sold twice. Pure. */
import type { EpochMs } from '../clock.ts';

/** One number that was put on one listing of the item. Kits are not items here: pass their components. */
export type Publish = {
  channel: string;
  shopSku: string;
  /** Time of the warehouse figure the number was made of: sales after it are not in the number. Pass the
   *  time of the reading before to count what was sold while waiting for this reading, too. */
  at: EpochMs;
  /** When the listing showed the number. */
  doneAt: EpochMs;
  /** Units listed. */
  quantity: number;
  /** Units that could be sold, before the buffer. */
  pool: number;
  /** Units the buffer withheld. */
  buffer: number;
};

/** Units of the item sold on any channel. */
export type Sale = { channel: string; at: EpochMs; units: number };

/** Units at risk on one UTC day, YYYY-MM-DD. */
export type DayExposure = { day: string; units: number };

/** Units of one item that could have been sold twice, per UTC day on which a number was put up, in order;
 *  a day without risk has 0 units.
 *
 *  For each publish: the units sold on any channel after `at` and up to `doneAt` included, which the number
 *  did not know of, less the units withheld (`pool - quantity`, not below 0); never below 0, never above
 *  `quantity`, since nobody can buy more than is shown. A sale inside the windows of two publishes counts
 *  for both: either listing could have sold the unit again. The day is that of `doneAt`.
 *
 *  `bufferUnits` replaces every buffer: a listing that showed the whole rest of the pool shows the whole new
 *  rest; one that showed a part of it (divided pool, most) the same part, rounded up. Sales stay what they
 *  were. Units: each. Throws: nothing. */
export function exposure(
  publishes: readonly Publish[],
  sales: readonly Sale[],
  options: { bufferUnits?: number } = {},
): DayExposure[] {
  const soldUntil = runningTotal(sales);
  const days = new Map<string, number>();
  for (const publish of publishes) {
    const quantity =
      options.bufferUnits === undefined
        ? publish.quantity
        : quantityWith(publish, options.bufferUnits);
    const withheld = Math.max(0, publish.pool - quantity);
    const sold = soldUntil(publish.doneAt) - soldUntil(publish.at);
    const atRisk = Math.max(0, Math.min(quantity, sold - withheld));
    const day = new Date(publish.doneAt).toISOString().slice(0, 10);
    days.set(day, (days.get(day) ?? 0) + atRisk);
  }
  return [...days].map(([day, units]) => ({ day, units })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** What would have been listed with another buffer. */
function quantityWith({ pool, buffer, quantity }: Publish, bufferUnits: number): number {
  const usableThen = Math.max(0, pool - buffer);
  const usable = Math.max(0, pool - bufferUnits);
  // With nothing usable the part is unknown: the listing is taken to show the whole pool.
  if (usableThen === 0) return quantity === 0 ? usable : quantity;
  return Math.ceil((quantity * usable) / usableThen);
}

/** Units sold up to an instant, included; a binary search, as a year of a fast seller is long. */
function runningTotal(sales: readonly Sale[]): (until: EpochMs) => number {
  const ordered = [...sales].sort((a, b) => a.at - b.at);
  const totals = [0];
  for (const { units } of ordered) totals.push(totals.at(-1)! + units);
  return (until) => {
    let low = 0;
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ordered[middle]!.at <= until) low = middle + 1;
      else high = middle;
    }
    return totals[low]!;
  };
}
