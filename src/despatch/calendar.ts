/** Working days and hours of a channel: the nation's bank holidays, its own closed days, and its
 *  wall clock. Pure. */
import Holidays from 'date-holidays';

/** Nations of the UK, each with its own bank holidays (ISO 3166-2 without `GB-`). */
export type Nation = 'ENG' | 'SCT' | 'WLS' | 'NIR';

/** When the warehouse works for a channel. */
export type WorkingTime = {
  /** IANA name of the wall clock that every day and time here is read on, such as `Europe/London`.
   */
  timeZone: string;
  nation: Nation;
  /** 1 = Monday to 7 = Sunday. Bank holidays among them are not worked. */
  workingDays: readonly number[];
  /** `HH:MM`; what comes later counts as the next working day, what comes at this minute's start
   *  does not. */
  cutOff: string;
  /** `YYYY-MM-DD`: days closed besides, also bank holidays proclaimed since the library's release.
   */
  closedDays: readonly string[];
  /** `HH:MM` of opening and closing. Absent: all 24 hours of a working day count, so that a pace
   *  has to be one per hour of such days. `24:00` is the end of the day; `to` is later than `from`.
   */
  hours?: { from: string; to: string } | undefined;
};

/** Whether a day (`YYYY-MM-DD` on the channel's wall clock) is worked: one of the weekdays, no bank
 *  holiday of the nation (substitute days count, the holiday they stand in for does too), no closed
 *  day. Throws RangeError for a text that is no date. Source: the library date-holidays. */
export function isWorkingDay(day: string, working: WorkingTime): boolean {
  // 0 is Sunday in JavaScript and 7 in the setting.
  const weekday = new Date(midnightUtcMs(day)).getUTCDay() || 7;
  return (
    working.workingDays.includes(weekday) &&
    !working.closedDays.includes(day) &&
    !bankHolidays(working.nation, Number(day.slice(0, 4))).has(day)
  );
}

/** The last second of the working day that is `days` after the one `from` counts for. `from` counts
 *  for its own day, or for the next working day when it is after the cut-off or on a day not
 *  worked; 0 days is the end of that same day. Throws RangeError for a number of days that is not
 *  whole or is below 0, and where no day of a year is worked. */
export function addWorkingDays(from: Date, days: number, working: WorkingTime): Date {
  if (!Number.isInteger(days) || days < 0) throw new RangeError(`not a number of days: ${days}`);
  const today = dayOf(from, working.timeZone);
  const cutOff = instantAt(today, minutesOf(working.cutOff), working.timeZone);
  let day = workingDayFrom(from.getTime() > cutOff.getTime() ? dayAfter(today) : today, working);
  for (let left = days; left > 0; left--) day = workingDayFrom(dayAfter(day), working);
  return endOfDay(day, working.timeZone);
}

/** The last second of the day that is `days` calendar days after `from`, by the wall clock of
 *  `timeZone`. */
export function addCalendarDays(from: Date, days: number, timeZone: string): Date {
  const last = midnightUtcMs(dayOf(from, timeZone)) + days * dayMs;
  return endOfDay(dayText(last), timeZone);
}

/** A clock that runs only while the warehouse works, starting at `from`: each call lets `ms` of
 *  working time pass and answers the instant when they have; null, then and ever after, when that
 *  takes more than a year. 0 answers the start of the working time it stands in or before. Throws
 *  RangeError for an `ms` that is not 0 or more, for hours that end before they begin, and where no
 *  day of a year is worked. */
export function workingClock(from: Date, working: WorkingTime): (ms: number) => Date | null {
  const horizon = from.getTime() + longestSearchDays * dayMs;
  let span = workingSpan(workingDayFrom(dayOf(from, working.timeZone), working), working);
  let at = from.getTime();
  return (ms) => {
    if (!(ms >= 0)) throw new RangeError(`not a time to wait: ${ms} ms`);
    let left = ms;
    for (;;) {
      at = Math.max(at, span.fromMs);
      if (at + left <= span.toMs && at < span.toMs) break;
      if (at > horizon) return null;
      left -= Math.max(0, span.toMs - at);
      span = workingSpan(workingDayFrom(dayAfter(span.day), working), working);
    }
    at += left;
    return at > horizon ? null : new Date(at);
  };
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Days looked at for one that is worked, and how far ahead a forecast reaches. Fewer than the
 *  longest closure of a warehouse: a deadline behind it is refused. More: a wrong setting takes
 *  longer to be seen. */
const longestSearchDays = 366;

type Span = { day: string; fromMs: number; toMs: number };

function workingSpan(day: string, working: WorkingTime): Span {
  const { from, to } = working.hours ?? { from: '00:00', to: '24:00' };
  const fromMs = instantAt(day, minutesOf(from), working.timeZone).getTime();
  const toMs = instantAt(day, minutesOf(to), working.timeZone).getTime();
  if (toMs <= fromMs) throw new RangeError(`working hours ${from} to ${to} end before they begin`);
  return { day, fromMs, toMs };
}

/** `day`, or the first day after it that is worked. */
function workingDayFrom(day: string, working: WorkingTime): string {
  let found = day;
  for (let looked = 0; looked < longestSearchDays; looked++) {
    if (isWorkingDay(found, working)) return found;
    found = dayAfter(found);
  }
  throw new RangeError(`no working day within a year of ${day}; see the channel's working days`);
}

/** Holidays of a nation and year, which never change while we run; at most one entry per year asked
 *  about. */
const holidays = new Map<string, ReadonlySet<string>>();

function bankHolidays(nation: Nation, year: number): ReadonlySet<string> {
  const key = `${nation} ${year}`;
  let days = holidays.get(key);
  if (!days) {
    const all = new Holidays('GB', nation, { types: ['public', 'bank'] }).getHolidays(year);
    // The text is the day in the nation; the instants beside it depend on the zone.
    days = new Set(all.map((one) => one.date.slice(0, 10)));
    holidays.set(key, days);
  }
  return days;
}

function minutesOf(time: string): number {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  if (!(total <= 1440)) throw new RangeError(`not a time of day: ${time}`);
  return total;
}

function dayAfter(day: string): string {
  return dayText(midnightUtcMs(day) + dayMs);
}

function endOfDay(day: string, timeZone: string): Date {
  return new Date(instantAt(day, 1440, timeZone).getTime() - 1000);
}

function dayText(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 10);
}

/** The day as if the zone were UTC. */
function midnightUtcMs(day: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || dayText(ms) !== day) throw new RangeError(`not a date: ${day}`);
  return ms;
}

function dayOf(at: Date, timeZone: string): string {
  return dayText(at.getTime() + offsetMsAt(at.getTime(), timeZone));
}

/** The instant of a wall time. Tries the offsets of the day before and after, which lie on the two
 *  sides of any change: a time that comes twice is the first of the two, a time that is skipped is
 *  read by the old offset. */
function instantAt(day: string, minutes: number, timeZone: string): Date {
  const asUtc = midnightUtcMs(day) + minutes * minuteMs;
  const before = offsetMsAt(asUtc - dayMs, timeZone);
  const after = offsetMsAt(asUtc + dayMs, timeZone);
  const fits = [before, after].find((one) => offsetMsAt(asUtc - one, timeZone) === one);
  return new Date(asUtc - (fits ?? before));
}

/** One per zone of the settings; making a format takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the wall clock is ahead of UTC. Throws RangeError for an unknown zone or an instant that
 *  is none. */
function offsetMsAt(ms: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  const name = format.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds] = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name) ?? [];
  const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return (sign === '-' ? -size : size) * 1000;
}
