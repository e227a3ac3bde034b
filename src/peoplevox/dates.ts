/** Dates as Peoplevox writes them. They carry no zone, so the tenant's zone is a setting; inside
 *  the service every instant is UTC. */

/** Which number comes first in the display form; a tenant setting (US tenants may be month
 *  first). */
export type DateOrder = 'day-first' | 'month-first';

/** How one tenant writes dates. `timeZone` is an IANA name such as `Europe/London`. */
export type DateStyle = { timeZone: string; dateOrder: DateOrder };

/** A date that does not exist or is written in a form nobody told us of. It is never guessed. */
export class UnreadableDate extends Error {
  override readonly name = 'UnreadableDate';
}

/** A date and time of day on a wall clock; `month` counts from 1. */
export type WallTime = {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
};

/** `yyyy-MM-dd HH:mm:ss` on the tenant's wall clock, to the second (rounded down).
 *  In the hour that a zone repeats in autumn both instants have the same text; see
 *  `fromPeoplevoxDate`. Source: reference section 6. */
export function toPeoplevoxDate(at: Date, timeZone: string): string {
  const wall = wallTimeOf(at, timeZone);
  return (
    `${pad(wall.year, 4)}-${pad(wall.month)}-${pad(wall.day)} ` +
    `${pad(wall.hour)}:${pad(wall.minute)}:${pad(wall.second)}`
  );
}

/** The instant that a date from Peoplevox names, or null for an empty cell. Reads the display form
 *  (`'21/03/2026 09:15:40'`, seconds, time and quotes optional) in the tenant's order, and the
 *  input form (`2026-03-21 09:15:40`). A date alone is the start of that day.
 *  A time that the clocks skip in spring is read with the offset before the change (01:30 in London
 *  becomes 02:30 summer time); a time that comes twice in autumn is the first of the two.
 *  Throws UnreadableDate for anything else, RangeError for an unknown zone. */
export function fromPeoplevoxDate(text: string, style: DateStyle): Date | null {
  const bare = text
    .trim()
    .replace(/^'([^']*)'$/, '$1')
    .trim();
  if (bare === '') return null;
  const wall = parseInputForm(bare) ?? parseDisplayForm(bare, style.dateOrder);
  if (!wall) throw new UnreadableDate(`not a date of Peoplevox: ${text.slice(0, 40)}`);
  checkExists(wall, text);
  return instantOf(wall, style.timeZone);
}

/** What the wall clock of `timeZone` shows at an instant. Throws RangeError outside years 1 to
 *  9999, which Peoplevox cannot hold, and for an unknown zone. */
export function wallTimeOf(at: Date, timeZone: string): WallTime {
  const ms = at.getTime();
  if (Number.isNaN(ms)) throw new RangeError('not a date');
  const local = new Date(ms + offsetMsAt(ms, timeZone));
  const year = local.getUTCFullYear();
  if (year < 1 || year > 9999) throw new RangeError(`Peoplevox cannot hold the year ${year}`);
  return {
    year,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
  };
}

const hourMs = 3_600_000;
/** Longer than any clock is put back. */
const reachMs = 2 * hourMs;

/** An instant whose text on the wall clock is no later than that of any instant since `since`: where
 *  the clock is put back soon after, later instants have earlier texts. For searches from a time. */
export function earliestFrom(since: Date, timeZone: string): Date {
  const putBackMs = putBackMsWithin(since, new Date(since.getTime() + reachMs), timeZone);
  return putBackMs > 0 ? new Date(since.getTime() - putBackMs) : since;
}

/** An instant whose text is no earlier than that of any instant up to `until`: the clock may have been
 *  put back shortly before. For searches up to a time. */
export function latestUntil(until: Date, timeZone: string): Date {
  const putBackMs = putBackMsWithin(new Date(until.getTime() - reachMs), until, timeZone);
  return putBackMs > 0 ? new Date(until.getTime() + putBackMs) : until;
}

function putBackMsWithin(from: Date, to: Date, timeZone: string): number {
  const wallMs = (at: Date) => utcMsOf(wallTimeOf(at, timeZone));
  return to.getTime() - from.getTime() - (wallMs(to) - wallMs(from));
}

const inputForm = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,7})?)?)?$/;
const displayForm =
  /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AaPp][Mm]))?)?$/;

function parseInputForm(text: string): WallTime | null {
  const match = inputForm.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  return wallTime({ year, month, day, hour, minute, second });
}

function parseDisplayForm(text: string, order: DateOrder): WallTime | null {
  const match = displayForm.exec(text);
  if (!match) return null;
  const [, first, second, year, hour, minute, seconds, half] = match;
  const [day, month] = order === 'day-first' ? [first, second] : [second, first];
  const wall = wallTime({ year, month, day, hour, minute, second: seconds });
  if (half === undefined) return wall;
  // The twelve-hour clock of .NET's US form: 12 AM is midnight, 12 PM is noon, 0 and 13 do not
  // exist.
  if (wall.hour < 1 || wall.hour > 12) return null;
  return { ...wall, hour: (wall.hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) };
}

function wallTime(parts: Record<keyof WallTime, string | undefined>): WallTime {
  return {
    year: Number(parts.year),
    month: Number(parts.month),
    day: Number(parts.day),
    hour: Number(parts.hour ?? 0),
    minute: Number(parts.minute ?? 0),
    second: Number(parts.second ?? 0),
  };
}

function checkExists(wall: WallTime, text: string): void {
  const date = new Date(utcMsOf(wall));
  const isSame =
    wall.year >= 1 &&
    date.getUTCFullYear() === wall.year &&
    date.getUTCMonth() + 1 === wall.month &&
    date.getUTCDate() === wall.day &&
    wall.hour < 24 &&
    wall.minute < 60 &&
    wall.second < 60;
  if (!isSame) throw new UnreadableDate(`there is no such date: ${text.slice(0, 40)}`);
}

/** The wall time as if the zone were UTC. `Date.UTC` takes years below 100 for 19xx, hence the
 *  setter. */
function utcMsOf(wall: WallTime): number {
  const date = new Date(0);
  date.setUTCFullYear(wall.year, wall.month - 1, wall.day);
  return date.setUTCHours(wall.hour, wall.minute, wall.second, 0);
}

const dayMs = 86_400_000;

/** Tries the offsets in force a day before and a day after, which are those on the two sides of any
 *  change. Where both fit (the repeated hour) the one before gives the earlier instant; where
 *  neither does (the skipped hour) the one before is kept. */
function instantOf(wall: WallTime, timeZone: string): Date {
  const asUtc = utcMsOf(wall);
  const before = offsetMsAt(asUtc - dayMs, timeZone);
  const after = offsetMsAt(asUtc + dayMs, timeZone);
  for (const offset of [before, after]) {
    if (offsetMsAt(asUtc - offset, timeZone) === offset) return new Date(asUtc - offset);
  }
  return new Date(asUtc - before);
}

type Zone = { format: Intl.DateTimeFormat; offsets: Map<number, number> };
const zones = new Map<string, Zone>();
/** No zone in use today changes its offset within a quarter of an hour, so one look-up serves it
 *  all. */
const quarterMs = 900_000;
/** A few months of distinct quarters; beyond it the memory of offsets starts afresh. */
const maxOffsets = 10_000;

function offsetMsAt(ms: number, timeZone: string): number {
  let zone = zones.get(timeZone);
  if (!zone) {
    zone = { format: zoneFormat(timeZone), offsets: new Map() };
    zones.set(timeZone, zone);
  }
  const quarter = Math.floor(ms / quarterMs);
  let offset = zone.offsets.get(quarter);
  if (offset === undefined) {
    offset = computeOffsetMs(quarter * quarterMs, zone.format);
    if (zone.offsets.size >= maxOffsets) zone.offsets.clear();
    zone.offsets.set(quarter, offset);
  }
  return offset;
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}

function computeOffsetMs(ms: number, format: Intl.DateTimeFormat): number {
  const parts: Partial<Record<string, string>> = {};
  for (const part of format.formatToParts(ms)) parts[part.type] = part.value;
  const year = Number(parts['year']);
  const wall: WallTime = {
    year: parts['era']?.startsWith('B') ? 1 - year : year,
    month: Number(parts['month']),
    day: Number(parts['day']),
    hour: Number(parts['hour']),
    minute: Number(parts['minute']),
    second: Number(parts['second']),
  };
  return utcMsOf(wall) - ms;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
