import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import type { SentOrder } from './doctor.ts';
import { examineOrder, examineZone } from './doctor-dates.ts';

describe('date order', () => {
  const rows: [
    rule: string,
    texts: string[],
    order: 'day-first' | 'month-first',
    status: string,
  ][] = [
    [
      'a day above 12 in the first place confirms day first',
      ["'21/03/2026 09:15'"],
      'day-first',
      'ok',
    ],
    [
      'a day above 12 in the first place contradicts month first',
      ['21/03/2026'],
      'month-first',
      'fail',
    ],
    [
      'a day above 12 in the second place contradicts day first',
      ["'03/21/2026 09:15'"],
      'day-first',
      'fail',
    ],
    ['one contradiction outweighs what fits', ['21/03/2026', '03/21/2026'], 'day-first', 'fail'],
    ['numbers up to 12 prove nothing', ["'03/04/2026 09:15:00'"], 'day-first', 'unchecked'],
    ['the input form proves nothing', ['2026-03-21 09:15:00'], 'day-first', 'unchecked'],
    ['no dates prove nothing', [], 'day-first', 'unchecked'],
  ];
  it.for(rows)('%s', ([, texts, order, status]) => {
    expect(examineOrder(texts, order, 'warehouses[0]').status).toBe(status);
  });
});

const sent: SentOrder = {
  salesOrderNumber: 'JL-1',
  sentAt: new Date('2026-07-01T09:00:00Z'),
  createdText: '2026-07-01 09:30:00',
};
type Evidence = Parameters<typeof examineZone>[0];

function examined(evidence: Partial<Evidence>, timeZone = 'Europe/London') {
  const clock = createManualClock('2026-07-01T12:00:00Z');
  const whole = { made: [], happened: [], ...evidence };
  const warehouse = { timeZone, dateOrder: 'day-first' as const };
  return examineZone(whole, warehouse, 'warehouses[0]', clock);
}

describe('time zone', () => {
  it('is right when an order is shown as made when it was sent', () => {
    const made = [{ sent, text: "'01/07/2026 10:01:00'" }];
    expect(examined({ made }).status).toBe('ok');
  });

  it('is wrong by whole hours, and the zone that fits is named', () => {
    const made = [{ sent, text: "'01/07/2026 05:01:00'" }];
    expect(examined({ made })).toMatchObject({
      status: 'fail',
      remedy: 'set warehouses[0].timeZone: America/New_York (its dates are at UTC-04:00)',
    });
  });

  it('of no zone we know is named by its distance from UTC', () => {
    const made = [{ sent, text: "'01/07/2026 14:31:00'" }];
    expect(examined({ made }).remedy).toBe('set warehouses[0].timeZone: a zone at UTC+05:30');
  });

  it('summer time that the tenant does not have is found in summer', () => {
    const made = [{ sent, text: "'01/07/2026 09:00:30'" }];
    expect(examined({ made }).remedy).toMatch(/timeZone: UTC \(/);
  });

  it('a date that we wrote ourselves proves nothing', () => {
    const made = [{ sent, text: "'01/07/2026 09:30'" }];
    expect(examined({ made }).status).toBe('unchecked');
  });

  it('a despatch that is yet to come is wrong', () => {
    const happened = [{ text: "'01/07/2026 15:00:00'", sent: undefined }];
    expect(examined({ happened }).status).toBe('fail');
  });

  it('a despatch before its order was sent is wrong', () => {
    const happened = [{ text: "'01/07/2026 07:00:00'", sent }];
    expect(examined({ happened }).status).toBe('fail');
  });

  it('an old despatch proves nothing', () => {
    const happened = [{ text: "'01/07/2026 11:00:00'", sent: undefined }];
    expect(examined({ happened }).status).toBe('unchecked');
  });

  it('nothing to compare proves nothing', () => {
    expect(examined({}).status).toBe('unchecked');
  });
});
