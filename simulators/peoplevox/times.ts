/** Dates as Peoplevox writes and reads them. A wall time is the tenant's clock face, kept as
 *  the epoch milliseconds that the same face would have in UTC: what the warehouse shows
 *  carries no zone. */

const offsets = new Map<string, Map<number, number>>();
const formatters = new Map<string, Intl.DateTimeFormat>();
const quarterHourMs = 15 * 60 * 1000;

/** The clock face of a zone at a moment. In the repeated hour of autumn two moments share one face,
 *  as they do on the vendor's screens. */
export function wallAt(utcMs: number, timeZone: string): number {
  const quarter = Math.floor(utcMs / quarterHourMs);
  let known = offsets.get(timeZone);
  if (!known) offsets.set(timeZone, (known = new Map()));
  let offsetMs = known.get(quarter);
  if (offsetMs === undefined) {
    offsetMs = offsetOf(quarter * quarterHourMs, timeZone);
    known.set(quarter, offsetMs);
  }
  return utcMs + offsetMs;
}

function offsetOf(utcMs: number, timeZone: string): number {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of formatter.formatToParts(utcMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
}

const inputPattern = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** Reads `yyyy-MM-dd HH:mm:ss` (time or seconds may be left out); null when it is no such date. */
export function parseInputDate(text: string): number | null {
  const match = inputPattern.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
  return wallOf(year!, month!, day!, hour!, minute!, second!);
}

/** A wall time from its six numbers; null when the calendar has no such moment (31 February). */
export function wallOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(wall);
  const isReal =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    back.getUTCHours() === hour &&
    back.getUTCMinutes() === minute &&
    back.getUTCSeconds() === second;
  return isReal ? wall : null;
}

/** `2026-02-01 10:15:00`. */
export function inputForm(wall: number): string {
  return new Date(wall).toISOString().slice(0, 19).replace('T', ' ');
}

export type DisplayForm = { dateOrder: 'day-first' | 'month-first'; seconds: boolean };

/** `'01/02/2026 10:15:00'`, the single quotes being part of the text. */
export function displayForm(wall: number, form: DisplayForm): string {
  return `'${bareDisplayForm(wall, form)}'`;
}

/** The same without quotes, as events carry it. */
export function bareDisplayForm(wall: number, form: DisplayForm): string {
  const iso = new Date(wall).toISOString();
  const [year, month, day] = [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10)];
  const date = form.dateOrder === 'day-first' ? `${day}/${month}` : `${month}/${day}`;
  return `${date}/${year} ${iso.slice(11, form.seconds ? 19 : 16)}`;
}
