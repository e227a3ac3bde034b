import { describe, expect, it } from 'vitest';
import {
  channelFacts,
  despatchedAt,
  despatchedOrder,
  sampleConfirmation,
  sampleRow,
} from '../../test/sample-despatched-order.ts';
import { sampleChannel } from '../../test/sample-orders.ts';
import { type ChannelFacts, isOwed, isSameLines, planOrder } from './plan.ts';
import type { Confirmation, DespatchedOrder } from './store.ts';

type Given = {
  order?: Partial<DespatchedOrder>;
  facts?: Partial<ChannelFacts>;
  despatch?: Record<string, unknown>;
  nowMs?: number;
};

function plan(given: Given = {}) {
  const channel = sampleChannel({ despatch: given.despatch ?? {} });
  const now = new Date(given.nowMs ?? despatchedAt.getTime() + 60_000);
  return planOrder(despatchedOrder(given.order), channelFacts(given.facts), channel, now);
}

/** The only confirmation of a plan, in short; null: none is changed. */
function only(given: Given) {
  const { confirmations } = plan(given);
  expect(confirmations.length).toBeLessThanOrEqual(1);
  const [one] = confirmations;
  return one ? { step: one.step, waitsFor: one.waitsFor, number: one.trackingNumber } : null;
}

const number = '15501234567890';
const other = 'AA123456785GB';
const ready = { step: 'ready' as const, waitsFor: null, number };
const whole = (own: Partial<Confirmation> = {}) => [
  sampleConfirmation({ parcel: 'whole', ...own }),
];
const noNumber = { rows: [sampleRow({ trackingNumber: '' })] };

describe('what a despatch leads to', () => {
  it.each<[string, Given, ReturnType<typeof only>]>([
    ['all that is needed is there: ready', {}, ready],
    [
      'no number yet: it waits',
      { order: noNumber, facts: { trackingNeeded: new Set() } },
      { step: 'waiting', waitsFor: 'a tracking number', number: '' },
    ],
    [
      'no number, and none may be left out: it says so',
      { order: noNumber, despatch: { withoutTracking: 'send', trackingWaitMinutes: 0 } },
      {
        step: 'waiting',
        waitsFor: 'a tracking number, without which it cannot be despatched',
        number: '',
      },
    ],
    [
      'no number, by policy sent without once it waited long enough',
      {
        order: noNumber,
        facts: { trackingNeeded: new Set() },
        despatch: { withoutTracking: 'send', trackingWaitMinutes: 0 },
      },
      { ...ready, number: '' },
    ],
    [
      'an unknown carrier: it waits for a mapping',
      { order: { rows: [sampleRow({ carrier: 'Van' })] } },
      { step: 'waiting', waitsFor: 'a mapping of carrier Van', number },
    ],
    [
      'a doubtful number: it waits',
      { order: { rows: [sampleRow({ trackingNumber: 'AA123456789GB' })] } },
      { step: 'waiting', waitsFor: 'a tracking number without doubt', number: 'AA123456789GB' },
    ],
    [
      'a doubtful number that a person let pass',
      {
        order: {
          rows: [sampleRow({ trackingNumber: 'AA123456789GB' })],
          confirmations: whole({
            step: 'waiting',
            trackingNumber: 'AA123456789GB',
            acceptedTracking: 'AA123456789GB',
          }),
        },
      },
      { ...ready, number: 'AA123456789GB' },
    ],
    [
      'the pass is for that number only',
      {
        order: {
          rows: [sampleRow({ trackingNumber: 'AA123456788GB' })],
          confirmations: whole({ step: 'waiting', acceptedTracking: 'AA123456789GB' }),
        },
      },
      { step: 'waiting', waitsFor: 'a tracking number without doubt', number: 'AA123456788GB' },
    ],
    [
      'part of the order: it waits for the rest',
      { order: { rows: [sampleRow({ quantity: 1 })] } },
      { step: 'waiting', waitsFor: 'the other 1 units of the order', number },
    ],
    [
      'part of the order, by policy told',
      { order: { rows: [sampleRow({ quantity: 1 })] }, despatch: { partial: 'first' } },
      ready,
    ],
    [
      'part of the order is a parcel of its own where there are shipments',
      { order: { rows: [sampleRow({ quantity: 1 })] }, facts: { isMultiShipment: true } },
      ready,
    ],
    [
      'shipped by hand meanwhile: moot',
      {
        order: {
          lines: [{ orderLineId: 'A-1', wireState: 'SHIPPED', quantity: 2, withdrawnUnits: 0 }],
          tracking: number,
        },
      },
      { ...ready, step: 'moot' },
    ],
    [
      'cancelled meanwhile: moot',
      {
        order: {
          lines: [{ orderLineId: 'A-1', wireState: 'CANCELED', quantity: 2, withdrawnUnits: 0 }],
        },
      },
      { ...ready, step: 'moot' },
    ],
    [
      'an incident does not hold it up',
      {
        order: {
          lines: [
            { orderLineId: 'A-1', wireState: 'INCIDENT_OPEN', quantity: 2, withdrawnUnits: 0 },
          ],
        },
      },
      ready,
    ],
  ])('%s', (_rule, given, expected) => {
    expect(only(given)).toEqual(expected);
  });
});

describe('what is known already', () => {
  const rows = [sampleRow({ trackingNumber: other, carrier: 'Royal Mail' })];
  it.each<[string, Given, ReturnType<typeof only>]>([
    ['ready and the same: left alone', { order: { confirmations: whole() } }, null],
    [
      'ready with another number by now: ready with that',
      { order: { rows, confirmations: whole() } },
      { ...ready, number: other },
    ],
    [
      'waiting, and all is there: ready',
      { order: { confirmations: whole({ step: 'waiting' }) } },
      ready,
    ],
    [
      'on its way: left alone',
      { order: { rows, confirmations: whole({ step: 'ship-sent' }) } },
      null,
    ],
    ['moot stays moot', { order: { confirmations: whole({ step: 'moot' }) } }, null],
    [
      'stopped and the same: left to the person',
      { order: { confirmations: whole({ step: 'stopped' }) } },
      null,
    ],
    [
      'stopped with another number: ready',
      { order: { rows, confirmations: whole({ step: 'stopped' }) } },
      { ...ready, number: other },
    ],
    [
      'verified with the same number: left alone',
      { order: { confirmations: whole({ step: 'verified', toldTracking: number }) } },
      null,
    ],
    [
      'verified with another number: corrected',
      { order: { rows, confirmations: whole({ step: 'verified', toldTracking: number }) } },
      { step: 'correcting', waitsFor: null, number: other },
    ],
    [
      'verified with one that is among several: left alone',
      {
        order: {
          rows: [sampleRow({ trackingNumber: `${other}\n${number}` })],
          confirmations: whole({ step: 'verified', toldTracking: number }),
        },
      },
      null,
    ],
    [
      'verified, and the number is gone: left alone',
      { order: { ...noNumber, confirmations: whole({ step: 'verified', toldTracking: number }) } },
      null,
    ],
    [
      'told without a number that is there by now: corrected',
      {
        order: { confirmations: whole({ step: 'verified', trackingNumber: '', toldTracking: '' }) },
      },
      { step: 'correcting', waitsFor: null, number },
    ],
    [
      'shipped by hand, so never told a number: left alone',
      { order: { confirmations: whole({ step: 'verified', toldTracking: null }) } },
      null,
    ],
    [
      'to be corrected, and it changed again: the latest counts',
      {
        order: {
          rows,
          confirmations: whole({
            step: 'correcting',
            trackingNumber: 'BB111222332GB',
            toldTracking: number,
          }),
        },
      },
      { step: 'correcting', waitsFor: null, number: other },
    ],
    [
      'to be corrected, and it changed back: that is told',
      {
        order: {
          confirmations: whole({ step: 'correcting', trackingNumber: other, toldTracking: number }),
        },
      },
      { step: 'correcting', waitsFor: null, number },
    ],
  ])('%s', (_rule, given, expected) => {
    expect(only(given)).toEqual(expected);
  });
});

describe('causes', () => {
  const codes = (given: Given) => plan(given).causes.map((one) => one.code);
  const cancelled = [{ orderLineId: 'A-1', wireState: 'CANCELED', quantity: 2, withdrawnUnits: 0 }];
  it.each<[string, Given, string[]]>([
    ['nothing is wrong', {}, []],
    [
      'an unknown carrier',
      { order: { rows: [sampleRow({ carrier: 'Van' })] } },
      ['carrier-unmapped'],
    ],
    [
      'an unknown carrier of what was cancelled is nobody’s trouble, the goods are',
      { order: { rows: [sampleRow({ carrier: 'Van' })], lines: cancelled } },
      ['despatch-after-cancel'],
    ],
    [
      'cancelled goods are raised once',
      { order: { lines: cancelled, confirmations: whole({ step: 'moot' }) } },
      [],
    ],
    [
      'more units than ordered',
      { order: { rows: [sampleRow({ quantity: 3 })] } },
      ['despatch-too-many'],
    ],
    [
      'an item not ordered',
      { order: { rows: [sampleRow(), sampleRow({ itemCode: 'TEE', line: '2' })] } },
      ['despatch-not-ordered'],
    ],
    [
      'shipped by hand with another number',
      { order: { lines: [{ ...cancelled[0]!, wireState: 'SHIPPED' }], tracking: other } },
      ['despatch-by-hand'],
    ],
  ])('%s', (_rule, given, expected) => {
    expect(codes(given)).toEqual(expected);
  });

  it('a cause never quotes a doubtful number, which may be somebody’s postcode', () => {
    const { causes } = plan({ order: { rows: [sampleRow({ trackingNumber: 'LS1 4AP' })] } });
    expect(causes.map((one) => one.code)).toEqual(['tracking-doubtful']);
    expect(JSON.stringify(causes)).not.toContain('LS1');
  });
});

describe('the rest of an order', () => {
  it('is what no despatch names and the marketplace waits for', () => {
    const rows = [sampleRow({ quantity: 1 })];
    expect(plan({ order: { rows } }).left).toEqual([{ orderLineId: 'A-1', units: 1 }]);
  });
});

it.each([
  ['in SHIPPING', { wireState: 'SHIPPING', quantity: 2, withdrawnUnits: 1 }, true],
  ['with an incident', { wireState: 'INCIDENT_OPEN', quantity: 1, withdrawnUnits: 0 }, true],
  ['of which all is cancelled', { wireState: 'SHIPPING', quantity: 2, withdrawnUnits: 2 }, false],
  ['that is shipped', { wireState: 'SHIPPED', quantity: 1, withdrawnUnits: 0 }, false],
])('a line %s is owed or not', (_rule, line, is) => {
  expect(isOwed({ lines: [{ orderLineId: 'A-1', ...line }] }, 'A-1')).toBe(is);
  expect(isOwed({ lines: [{ orderLineId: 'A-1', ...line }] }, 'A-2')).toBe(false);
});

it('lines are the same whatever order their fields were kept in', () => {
  expect(isSameLines([{ units: 1, orderLineId: 'A' }], [{ orderLineId: 'A', units: 1 }])).toBe(
    true,
  );
  expect(isSameLines([{ units: 1, orderLineId: 'A' }], [{ orderLineId: 'A', units: 2 }])).toBe(
    false,
  );
  expect(isSameLines(undefined, [])).toBe(false);
});
