/** How the command line writes: data on standard output (tables for people, JSON for programs), everything
 *  else on standard error. Times are shown as UK time; JSON has them in UTC. */

import { penceToText } from '../money.ts';

/** Options that every command has. */
export type Globals = {
  config: string;
  json?: boolean;
  dryRun?: boolean;
  verbose?: boolean;
};

/** Writes data as JSON. */
export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}

/** Writes a line for a person on standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes progress or advice on standard error, where it is in nobody's way. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Data as JSON when asked for, else as a person reads it. */
export function show(globals: Globals, data: unknown, forPeople: () => void): void {
  if (globals.json) printJson(data);
  else forPeople();
}

export type Cell = string | number | null | undefined;

/** An aligned table: headings, rows, numbers to the right; columns that are empty in every row are left out.
 *  The last column is not cut. */
export function tableOf(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => headings.map((_, at) => textOf(row[at])));
  const used = headings.map((_, at) => at).filter((at) => texts.some((row) => row[at] !== ''));
  const widths = used.map((at) =>
    Math.max(headings[at]!.length, ...texts.map((row) => row[at]!.length)),
  );
  const line = (cells: readonly string[], source?: readonly Cell[]) =>
    used
      .map((at, place) =>
        typeof source?.[at] === 'number'
          ? cells[at]!.padStart(widths[place]!)
          : cells[at]!.padEnd(widths[place]!),
      )
      .join('  ')
      .trimEnd();
  return [
    line(headings.map((one) => one.toUpperCase())),
    ...texts.map((row, i) => line(row, rows[i])),
  ].join('\n');
}

/** Name and value pairs, one a line, values aligned; pairs without a value are left out. */
export function pairsOf(pairs: readonly (readonly [string, Cell])[], indent = ''): string {
  const shown = pairs.filter(([, value]) => textOf(value) !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => `${indent}${name.padEnd(width)}  ${textOf(value)}`)
    .join('\n');
}

function textOf(value: Cell): string {
  return value === null || value === undefined ? '' : String(value);
}

const ukFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `2026-03-21 09:15:40` as a clock in London shows it; empty for null. */
export function ukTime(at: Date | null | undefined): string {
  if (!at) return '';
  const part = Object.fromEntries(ukFormat.formatToParts(at).map((one) => [one.type, one.value]));
  const day = `${part['year']}-${part['month']}-${part['day']}`;
  return `${day} ${part['hour']}:${part['minute']}:${part['second']}`;
}

/** `3 min`, `5 h`, `2 d`: how long ago, rounded down. */
export function agoText(at: Date | null | undefined, nowMs: number): string {
  if (!at) return '';
  const seconds = Math.max(0, Math.floor((nowMs - at.getTime()) / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `12.30` for 1230 pence; empty for null. */
export function penceText(pence: number | null): string {
  return pence === null ? '' : penceToText(BigInt(pence));
}

/** `1 order`, `2 orders`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
