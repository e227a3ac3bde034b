/** What every figure is told by: the machine, the spread of the rounds, a table. */
import { cpus, loadavg, totalmem } from 'node:os';

/** Over the rounds; `min` and `max` tell how far they lay apart. */
export type Spread = { median: number; min: number; max: number };

/** Rounded to `digits` behind the point. Of an even number of values the lower middle one counts. */
export function spread(values: readonly number[], digits = 1): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => round(sorted[index] ?? Number.NaN, digits);
  return {
    median: at(Math.floor((sorted.length - 1) / 2)),
    min: at(0),
    max: at(sorted.length - 1),
  };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Lines of equal columns: the first to the left, the others to the right. */
export function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  '),
  );
}

/** Such as `2 x Intel Xeon, 24 GiB`. */
export function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model.trim()}, ${mebibytes(totalmem(), 2 ** 30)} GiB`;
}

/** How many processes wanted a core in the last minute, this benchmark's own included: well above the number of
 *  cores, somebody else's work is in the figures. */
export function load(): number {
  return round(loadavg()[0]!, 1);
}

/** Whole MiB, or another unit. */
export function mebibytes(bytes: number, unit = 2 ** 20): number {
  return Math.round(bytes / unit);
}
