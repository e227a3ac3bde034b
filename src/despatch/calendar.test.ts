import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addCalendarDays,
  addWorkingDays,
  isWorkingDay,
  type Nation,
  type WorkingTime,
  workingClock,
} from './calendar.ts';

const london: WorkingTime = {
  timeZone: 'Europe/London',
  nation: 'ENG',
  workingDays: [1, 2, 3, 4, 5],
  cutOff: '14:00',
  closedDays: [],
};

describe('isWorkingDay', () => {
  const rows: [string, string, Nation, boolean][] = [
    ['a plain Wednesday', '2026-03-18', 'ENG', true],
    ['a Saturday', '2026-03-21', 'ENG', false],
    ['Good Friday', '2026-04-03', 'SCT', false],
    ['Easter Monday in England', '2026-04-06', 'ENG', false],
    ['Easter Monday is worked in Scotland', '2026-04-06', 'SCT', true],
    ['the early May bank holiday', '2026-05-04', 'WLS', false],
    ['the spring bank holiday', '2026-05-25', 'NIR', false],
    ['the summer bank holiday in England', '2026-08-31', 'ENG', false],
    ['the summer bank holiday of Scotland is four weeks before', '2026-08-03', 'SCT', false],
    ['and worked in England', '2026-08-03', 'ENG', true],
    ['Christmas Day', '2026-12-25', 'ENG', false],
    ['the substitute of Boxing Day on a Saturday', '2026-12-28', 'ENG', false],
    ['the day after that is worked', '2026-12-29', 'ENG', true],
    ['the substitute of Christmas Day on a Saturday', '2027-12-27', 'WLS', false],
    ['the substitute of Boxing Day on a Sunday', '2027-12-28', 'NIR', false],
    ['New Year', '2026-01-01', 'ENG', false],
    ['2 January in Scotland', '2026-01-02', 'SCT', false],
    ['2 January is worked in England', '2026-01-02', 'ENG', true],
    ['the substitute of 2 January on a Saturday', '2027-01-04', 'SCT', false],
    ['4 January 2027 is worked in England', '2027-01-04', 'ENG', true],
    ["St Patrick's Day in Northern Ireland", '2026-03-17', 'NIR', false],
    ["St Patrick's Day is worked in England", '2026-03-17', 'ENG', true],
    ['the substitute of 12 July on a Sunday', '2026-07-13', 'NIR', false],
    ["St Andrew's Day in Scotland", '2026-11-30', 'SCT', false],
    ["Mother's Day is no bank holiday, but a Sunday", '2026-03-15', 'ENG', false],
  ];
  it.each(rows)('%s', (_, day, nation, isWorked) => {
    expect(isWorkingDay(day, { ...london, nation })).toBe(isWorked);
  });

  it('works a Sunday that is in the setting, Easter Sunday too, but no bank holiday', () => {
    const always = { ...london, workingDays: [1, 2, 3, 4, 5, 6, 7] };
    expect(isWorkingDay('2026-03-22', always)).toBe(true);
    expect(isWorkingDay('2026-04-05', always)).toBe(true);
    expect(isWorkingDay('2026-12-26', always)).toBe(false);
  });

  it('does not work a closed day', () => {
    expect(isWorkingDay('2026-03-18', { ...london, closedDays: ['2026-03-18'] })).toBe(false);
  });

  it.each(['2026-02-30', '18/03/2026', ''])('throws for "%s", which is no date', (text) => {
    expect(() => isWorkingDay(text, london)).toThrow(RangeError);
  });
});

describe('addWorkingDays', () => {
  it.each([
    ['before the cut-off counts today', '2026-03-18T13:59:59Z', 0, '2026-03-18T23:59:59Z'],
    ['the cut-off itself counts today', '2026-03-18T14:00:00Z', 0, '2026-03-18T23:59:59Z'],
    ['after it counts tomorrow', '2026-03-18T14:00:01Z', 0, '2026-03-19T23:59:59Z'],
    ['on Friday after it counts Monday', '2026-03-20T15:00:00Z', 0, '2026-03-23T23:59:59Z'],
    ['on Saturday morning counts Monday', '2026-03-21T09:00:00Z', 0, '2026-03-23T23:59:59Z'],
    ['a day on', '2026-03-18T09:00:00Z', 1, '2026-03-19T23:59:59Z'],
    ['two days on over a weekend', '2026-03-19T09:00:00Z', 2, '2026-03-23T23:59:59Z'],
    ['the cut-off is summer time in summer', '2026-06-10T13:00:01Z', 0, '2026-06-11T22:59:59Z'],
    ['and not an hour later', '2026-06-10T13:00:00Z', 0, '2026-06-10T22:59:59Z'],
    ['into summer time', '2026-03-27T09:00:00Z', 1, '2026-03-30T22:59:59Z'],
    ['out of summer time', '2026-10-23T09:00:00Z', 1, '2026-10-26T23:59:59Z'],
    [
      'after midnight in London, before it in UTC',
      '2026-06-10T23:30:00Z',
      0,
      '2026-06-11T22:59:59Z',
    ],
    ['over Easter', '2026-04-02T09:00:00Z', 1, '2026-04-07T22:59:59Z'],
    ['over Christmas with a substitute day', '2026-12-24T15:00:00Z', 0, '2026-12-29T23:59:59Z'],
    ['over the year', '2026-12-31T09:00:00Z', 1, '2027-01-04T23:59:59Z'],
  ])('%s', (_, from, days, at) => {
    expect(addWorkingDays(new Date(from), days, london)).toEqual(new Date(at));
  });

  it('is a day longer in Scotland over the year', () => {
    const scotland: WorkingTime = { ...london, nation: 'SCT' };
    expect(addWorkingDays(new Date('2026-12-31T09:00:00Z'), 1, scotland)).toEqual(
      new Date('2027-01-05T23:59:59Z'),
    );
  });

  it.each([
    ['a part of a day', 0.5, london],
    ['days below 0', -1, london],
    ['no working day at all', 0, { ...london, workingDays: [] }],
    ['a cut-off that is no time', 0, { ...london, cutOff: '24:30' }],
    ['an unknown zone', 0, { ...london, timeZone: 'Europe/Atlantis' }],
  ])('throws for %s', (_, days, working) => {
    expect(() => addWorkingDays(new Date('2026-03-18T09:00:00Z'), days, working)).toThrow(
      RangeError,
    );
  });

  it('ends on a working day, never before it began, and one more day is later', () => {
    const instants = fc.date({
      min: new Date('2024-01-01T00:00:00Z'),
      max: new Date('2030-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    const nations = fc.constantFrom<Nation>('ENG', 'SCT', 'WLS', 'NIR');
    fc.assert(
      fc.property(instants, fc.nat(20), nations, (from, days, nation) => {
        const working = { ...london, nation };
        const at = addWorkingDays(from, days, working);
        // The last second, so that an instant within it may lie up to a second behind.
        expect(at.getTime()).toBeGreaterThan(from.getTime() - 1000);
        expect(addWorkingDays(from, days + 1, working).getTime()).toBeGreaterThan(at.getTime());
        const day = new Intl.DateTimeFormat('sv-SE', { timeZone: working.timeZone }).format(at);
        expect(isWorkingDay(day, working)).toBe(true);
      }),
    );
  });
});

describe('addCalendarDays', () => {
  it.each([
    ['counts weekends', '2026-03-20T09:00:00Z', 2, '2026-03-22T23:59:59Z'],
    ['0 is the end of the day', '2026-03-20T09:00:00Z', 0, '2026-03-20T23:59:59Z'],
    ['over the change of the clocks', '2026-03-28T09:00:00Z', 1, '2026-03-29T22:59:59Z'],
  ])('%s', (_, from, days, at) => {
    expect(addCalendarDays(new Date(from), days, 'Europe/London')).toEqual(new Date(at));
  });
});

describe('workingClock', () => {
  const hour = 3_600_000;
  const office = { ...london, hours: { from: '09:00', to: '17:00' } };
  const passed = (from: string, working: WorkingTime, ...hours: number[]) => {
    const advance = workingClock(new Date(from), working);
    return hours.map((count) =>
      advance(count * hour)
        ?.toISOString()
        .slice(0, 16),
    );
  };

  it.each([
    ['runs within hours', '2026-03-18T10:00:00Z', [2], ['2026-03-18T12:00']],
    ['waits for the morning', '2026-03-18T06:00:00Z', [1], ['2026-03-18T10:00']],
    ['ends on the closing minute', '2026-03-18T16:00:00Z', [1], ['2026-03-18T17:00']],
    ['goes on the day after', '2026-03-18T16:00:00Z', [2], ['2026-03-19T10:00']],
    ['skips the weekend', '2026-03-20T16:00:00Z', [2], ['2026-03-23T10:00']],
    ['skips a bank holiday', '2026-04-02T15:00:00Z', [3], ['2026-04-07T10:00']],
    [
      'adds up',
      '2026-03-18T16:30:00Z',
      [1, 8, 0],
      ['2026-03-19T09:30', '2026-03-20T09:30', '2026-03-20T09:30'],
    ],
    ['0 out of hours is the next opening', '2026-03-18T20:00:00Z', [0], ['2026-03-19T09:00']],
    [
      '0 at closing is the next opening',
      '2026-03-18T16:00:00Z',
      [1, 0],
      ['2026-03-18T17:00', '2026-03-19T09:00'],
    ],
  ])('%s', (_, from, hours, at) => {
    expect(passed(from, office, ...hours)).toEqual(at);
  });

  it('counts all of a working day without hours, which has 23 of them when the clocks go forward', () => {
    expect(passed('2026-03-18T00:00:00Z', london, 25)).toEqual(['2026-03-19T01:00']);
    const sundays = { ...london, workingDays: [7] };
    expect(passed('2026-03-29T00:00:00Z', sundays, 23.5)).toEqual(['2026-04-04T23:30']);
  });

  it('answers null beyond a year, and stays there', () => {
    const advance = workingClock(new Date('2026-03-18T10:00:00Z'), office);
    expect(advance(8 * 400 * hour)).toBeNull();
    expect(advance(0)).toBeNull();
  });

  it('throws for hours that end before they begin', () => {
    const night = { ...london, hours: { from: '17:00', to: '09:00' } };
    expect(() => workingClock(new Date('2026-03-18T10:00:00Z'), night)).toThrow(RangeError);
  });
});
