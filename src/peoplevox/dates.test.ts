import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  earliestFrom,
  fromPeoplevoxDate,
  latestUntil,
  toPeoplevoxDate,
  UnreadableDate,
} from './dates.ts';

const london = { timeZone: 'Europe/London', dateOrder: 'day-first' } as const;
const utc = { timeZone: 'UTC', dateOrder: 'day-first' } as const;

describe('fromPeoplevoxDate', () => {
  it.each([
    ['quoted, day first, with seconds', "'21/03/2026 09:15:40'", '2026-03-21T09:15:40Z'],
    ['quoted, without seconds', "'21/03/2026 09:15'", '2026-03-21T09:15:00Z'],
    ['without quotes', '21/03/2026 09:15', '2026-03-21T09:15:00Z'],
    ['a date only', '21/03/2026', '2026-03-21T00:00:00Z'],
    ['the input form', '2026-03-21 09:15:40', '2026-03-21T09:15:40Z'],
    ['the input form, a date only', '2026-03-21', '2026-03-21T00:00:00Z'],
    ['summer time', "'21/07/2026 09:15:40'", '2026-07-21T08:15:40Z'],
    ['blanks around', " '21/03/2026 09:15' ", '2026-03-21T09:15:00Z'],
    ['a leap day', '29/02/2028', '2028-02-29T00:00:00Z'],
    ['a time the clocks skip is read an hour on', '29/03/2026 01:30', '2026-03-29T01:30:00Z'],
    ['the moment after the gap', '29/03/2026 02:00', '2026-03-29T01:00:00Z'],
    ['a time that comes twice is the first', '25/10/2026 01:30', '2026-10-25T00:30:00Z'],
    ['the moment after the overlap', '25/10/2026 02:00', '2026-10-25T02:00:00Z'],
  ])('%s', (_, text, expected) => {
    expect(fromPeoplevoxDate(text, london)).toEqual(new Date(expected));
  });

  it.each([
    ['03/21/2026 09:15', '2026-03-21T13:15:00Z'],
    ['3/4/2026 12:05:00 AM', '2026-03-04T05:05:00Z'],
    ['3/4/2026 12:05 pm', '2026-03-04T17:05:00Z'],
    // In New York 2:30 is skipped on 8 March and 1:30 comes twice on 1 November.
    ['03/08/2026 02:30', '2026-03-08T07:30:00Z'],
    ['11/01/2026 01:30', '2026-11-01T05:30:00Z'],
  ])('reads month first when the tenant says so: %s', (text, expected) => {
    const style = { timeZone: 'America/New_York', dateOrder: 'month-first' } as const;
    expect(fromPeoplevoxDate(text, style)).toEqual(new Date(expected));
  });

  it.each(['', '  ', "''"])('has nothing to say of an empty cell %j', (text) => {
    expect(fromPeoplevoxDate(text, london)).toBeNull();
  });

  it.each([
    '31/02/2026',
    '29/02/2026',
    '03/21/2026',
    '21/03/26',
    '21/03/2026 24:00',
    '21/03/2026 9:60',
    '21/03/2026 13:00 PM',
    '2026-13-01 00:00:00',
    '2026-03-21T09:15:40Z',
    '00/01/2026',
    '01/01/0000',
    '21.03.2026',
    'yesterday',
    "'21/03/2026",
  ])('never guesses %s', (text) => {
    expect(() => fromPeoplevoxDate(text, london)).toThrow(UnreadableDate);
  });
});

describe('toPeoplevoxDate', () => {
  it.each([
    ['winter in London', '2026-02-01T10:15:00.999Z', 'Europe/London', '2026-02-01 10:15:00'],
    ['summer in London', '2026-07-01T23:15:00Z', 'Europe/London', '2026-07-02 00:15:00'],
    ['Sydney', '2026-02-01T10:15:00Z', 'Australia/Sydney', '2026-02-01 21:15:00'],
    ['half an hour off', '2026-02-01T10:15:00Z', 'Asia/Kolkata', '2026-02-01 15:45:00'],
  ])('%s', (_, at, zone, expected) => {
    expect(toPeoplevoxDate(new Date(at), zone)).toBe(expected);
  });

  it('refuses an invalid date, a year it cannot hold and an unknown zone', () => {
    expect(() => toPeoplevoxDate(new Date(Number.NaN), 'UTC')).toThrow(RangeError);
    expect(() => toPeoplevoxDate(new Date(8.64e15), 'UTC')).toThrow(RangeError);
    expect(() => toPeoplevoxDate(new Date(0), 'Europe/Atlantis')).toThrow(RangeError);
  });

  const instants = fc
    .date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((at) => new Date(Math.floor(at.getTime() / 1000) * 1000));

  it('reads back what it wrote, in any zone, the repeated hour as its first', () => {
    const zone = fc.constantFrom('Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    fc.assert(
      fc.property(instants, zone, (at, timeZone) => {
        const text = toPeoplevoxDate(at, timeZone);
        const back = fromPeoplevoxDate(text, { timeZone, dateOrder: 'day-first' })!;
        expect(toPeoplevoxDate(back, timeZone)).toBe(text);
        const shiftMs = at.getTime() - back.getTime();
        expect([0, 1_800_000, 3_600_000]).toContain(shiftMs);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads back the very instant where no hour repeats', () => {
    fc.assert(
      fc.property(instants, (at) => {
        expect(fromPeoplevoxDate(toPeoplevoxDate(at, 'UTC'), utc)).toEqual(at);
      }),
    );
  });
});

describe('earliestFrom and latestUntil', () => {
  const text = (at: Date) => toPeoplevoxDate(at, 'Europe/London');

  it.each([
    ['long before the hour that repeats', '2026-10-24T20:00:00Z', '2026-10-24 21:00:00'],
    ['before it, from its first text on', '2026-10-25T00:30:00Z', '2026-10-25 00:30:00'],
    ['in its second half', '2026-10-25T01:30:00Z', '2026-10-25 01:30:00'],
  ])('search from %s', (_, since, expected) => {
    expect(text(earliestFrom(new Date(since), 'Europe/London'))).toBe(expected);
  });

  it.each([
    ['before the hour repeats', '2026-10-25T00:30:00Z', '2026-10-25 01:30:00'],
    ['in its second half, past its last text', '2026-10-25T01:10:00Z', '2026-10-25 02:10:00'],
    ['long after it', '2026-10-25T03:30:00Z', '2026-10-25 03:30:00'],
  ])('search up to %s', (_, until, expected) => {
    expect(text(latestUntil(new Date(until), 'Europe/London'))).toBe(expected);
  });

  it('leave no instant of the range outside their texts', () => {
    const change = Date.UTC(2026, 9, 25, 1);
    const nearMs = fc.integer({ min: change - 4 * 3_600_000, max: change + 4 * 3_600_000 });
    fc.assert(
      fc.property(nearMs, nearMs, nearMs, (one, other, third) => {
        const [since, at, until] = [one, other, third]
          .toSorted((a, b) => a - b)
          .map((ms) => new Date(ms)) as [Date, Date, Date];
        expect(text(earliestFrom(since, 'Europe/London')) <= text(at)).toBe(true);
        expect(text(latestUntil(until, 'Europe/London')) >= text(at)).toBe(true);
      }),
    );
  });
});
