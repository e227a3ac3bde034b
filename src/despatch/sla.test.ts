import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkingTime } from './calendar.ts';
import { deadlinesOf, forecast, type SlaOrder, type SlaRules, stageOf } from './sla.ts';

const working: WorkingTime = {
  timeZone: 'Europe/London',
  nation: 'ENG',
  workingDays: [1, 2, 3, 4, 5],
  cutOff: '14:00',
  closedDays: [],
  hours: { from: '09:00', to: '17:00' },
};
const rules: SlaRules = {
  working,
  despatchWithinWorkingDays: 1,
  acceptanceWindowHours: 24,
  confirmWithinMinutes: 60,
};
const at = (text: string) => new Date(`2026-03-${text}:00Z`);
const placed: SlaOrder = {
  createdAt: at('18T09:00'),
  payableAt: null,
  shippingDeadline: null,
  despatchedAt: null,
  confirmedAt: null,
  leadTimeDays: null,
};
const payable = { ...placed, payableAt: at('18T10:00') };

describe('deadlinesOf', () => {
  const endOf19 = new Date('2026-03-19T23:59:59Z');
  const rows: [string, Partial<SlaOrder>, Partial<SlaRules>, [string, Date, string][]][] = [
    ['a new order is to be accepted', {}, {}, [['acceptance', at('19T09:00'), 'rule']]],
    [
      "the marketplace's acceptance deadline counts when it is the stricter",
      { acceptedBy: at('18T20:00') },
      {},
      [['acceptance', at('18T20:00'), 'marketplace']],
    ],
    [
      'and the rule when that is',
      { acceptedBy: at('25T20:00') },
      {},
      [['acceptance', at('19T09:00'), 'rule']],
    ],
    ['once accepted, and not payable yet, nothing runs', { acceptedAt: at('18T09:30') }, {}, []],
    [
      'a payable order is to be despatched by the end of a working day',
      payable,
      {},
      [['despatch', endOf19, 'rule']],
    ],
    [
      'after the cut-off it is one day more',
      { ...payable, payableAt: at('18T14:01') },
      {},
      [['despatch', new Date('2026-03-20T23:59:59Z'), 'rule']],
    ],
    [
      "the marketplace's deadline counts when it is the stricter",
      { ...payable, shippingDeadline: at('19T12:00') },
      {},
      [['despatch', at('19T12:00'), 'marketplace']],
    ],
    [
      'and the rule when that is',
      { ...payable, shippingDeadline: at('25T12:00') },
      {},
      [['despatch', endOf19, 'rule']],
    ],
    [
      "the marketplace's when they are the same",
      { ...payable, shippingDeadline: endOf19 },
      {},
      [['despatch', endOf19, 'marketplace']],
    ],
    ['without rule and deadline none runs', payable, { despatchWithinWorkingDays: null }, []],
    [
      'a lead time in calendar days stands in for a missing deadline',
      { ...payable, payableAt: at('20T10:00'), leadTimeDays: 1 },
      {},
      [['despatch', new Date('2026-03-21T23:59:59Z'), 'marketplace']],
    ],
    [
      'and counts for nothing where there is one',
      { ...payable, leadTimeDays: 0, shippingDeadline: at('19T12:00') },
      {},
      [['despatch', at('19T12:00'), 'marketplace']],
    ],
    [
      'a deadline counts before the order is payable, soonest first',
      { shippingDeadline: at('18T12:00') },
      {},
      [
        ['despatch', at('18T12:00'), 'marketplace'],
        ['acceptance', at('19T09:00'), 'rule'],
      ],
    ],
    [
      'a despatched order is to be confirmed',
      { ...payable, despatchedAt: at('18T16:00') },
      {},
      [['confirmation', at('18T17:00'), 'rule']],
    ],
    [
      'before the shipping deadline at the latest',
      { ...payable, despatchedAt: at('18T16:00'), shippingDeadline: at('18T16:30') },
      {},
      [['confirmation', at('18T16:30'), 'marketplace']],
    ],
    ['once confirmed nothing runs', { ...payable, confirmedAt: at('18T16:00') }, {}, []],
  ];
  it.each(rows)('%s', (_, order, changed, expected) => {
    const found = deadlinesOf({ ...placed, ...order }, { ...rules, ...changed });
    expect(found.map((one) => [one.clock, one.at, one.from])).toEqual(expected);
  });
});

describe('stageOf', () => {
  const stages = [1440, 240, 60, 0];
  it.each([
    ['more than a day is left', '17T11:59', stages, null],
    ['exactly a day is left', '17T12:00', stages, 'in-1440'],
    ['less than a day', '18T07:59', stages, 'in-1440'],
    ['four hours', '18T08:00', stages, 'in-240'],
    ['an hour', '18T11:00', stages, 'in-60'],
    ['a minute', '18T11:59', stages, 'in-60'],
    ['no time', '18T12:00', stages, 'missed'],
    ['it is over', '19T12:00', stages, 'missed'],
    ['it is over and there are no stages', '19T12:00', [], 'missed'],
    ['stages in any order', '18T08:00', [0, 60, 1440, 240], 'in-240'],
    ['no stages', '18T11:59', [], null],
  ])('%s', (_, now, given, stage) => {
    expect(stageOf(at(now), at('18T12:00'), given)).toBe(stage);
  });
});

describe('forecast', () => {
  const order = (id: string, deadline: string | null, requestedAt = '18T08:00') => ({
    id,
    deadline: deadline === null ? null : at(deadline),
    requestedAt: at(requestedAt),
  });
  const given = {
    now: at('18T15:00'),
    queue: [
      order('a', '18T16:00'),
      order('b', '18T16:30'),
      order('c', null),
      order('d', '19T10:00'),
    ],
    unitsPerHour: 1,
    working,
    confirmLagSeconds: 0,
    retryDelaySeconds: 0,
  };
  const said = (changed: Partial<typeof given> | { unitsPerHour: null }) =>
    forecast({ ...given, ...changed }).map(
      (one) =>
        `${one.id} ${one.expectedAt?.toISOString().slice(8, 16) ?? '-'}${one.isLate ? ' late' : ''}`,
    );

  it.each([
    [
      'one after the other, in working time',
      {},
      ['a 18T16:00', 'b 18T17:00 late', 'c 19T10:00', 'd 19T11:00 late'],
    ],
    [
      'twice as fast',
      { unitsPerHour: 2 },
      ['a 18T15:30', 'b 18T16:00', 'c 18T16:30', 'd 18T17:00'],
    ],
    [
      'lag and retries are added, at night too',
      { unitsPerHour: 2, confirmLagSeconds: 600, retryDelaySeconds: 1800 },
      ['a 18T16:10 late', 'b 18T16:40 late', 'c 18T17:10', 'd 18T17:40'],
    ],
    [
      'an unknown pace tells only what is too late already',
      { unitsPerHour: null, now: at('18T16:01') },
      ['a - late', 'b -', 'c -', 'd -'],
    ],
    [
      'what the lag alone makes late too',
      { unitsPerHour: null, now: at('18T16:01'), confirmLagSeconds: 1800 },
      ['a - late', 'b - late', 'c -', 'd -'],
    ],
    [
      'without any pace all is late that has a deadline',
      { unitsPerHour: 0 },
      ['a - late', 'b - late', 'c -', 'd - late'],
    ],
    [
      'more than a year is no forecast',
      { unitsPerHour: 0.0001 },
      ['a - late', 'b - late', 'c -', 'd - late'],
    ],
    [
      'an order asked for later waits alone',
      { unitsPerHour: 2, queue: [order('z', '20T09:00', '19T10:00'), order('a', '18T16:00')] },
      ['z 19T10:30', 'a 18T16:00'],
    ],
    ['an empty queue', { queue: [] }, []],
  ])('%s', (_, changed, expected) => {
    expect(said(changed)).toEqual(expected);
  });

  it.each([
    ['a pace below 0', { unitsPerHour: -1 }],
    ['a pace that is no number', { unitsPerHour: Number.NaN }],
    ['a lag below 0', { confirmLagSeconds: -1 }],
  ])('throws for %s', (_, changed) => {
    expect(() => forecast({ ...given, ...changed })).toThrow(RangeError);
  });

  it('is never earlier for a slower warehouse, nor for an order further behind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 10_000 }),
        (pace, more, length, minutes) => {
          const queue = Array.from({ length }, (_, index) => order(`${index}`, null));
          const now = new Date(at('18T08:00').getTime() + minutes * 60_000);
          const times = (unitsPerHour: number) =>
            forecast({ ...given, now, queue, unitsPerHour }).map((one) =>
              one.expectedAt!.getTime(),
            );
          const [slow, fast] = [times(pace), times(pace + more)];
          for (const [index, time] of slow.entries()) {
            expect(time).toBeGreaterThanOrEqual(fast[index]!);
            expect(time).toBeGreaterThan(slow[index - 1] ?? now.getTime());
          }
        },
      ),
    );
  });
});
