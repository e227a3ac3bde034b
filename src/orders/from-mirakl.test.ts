import { describe, expect, it } from 'vitest';
import { cancelledUnits, sampleLine, sampleOrder } from '../../test/sample-orders.ts';
import { toDecimal } from '../money.ts';
import { stateAfterSight, toSightedOrder, unitsToShip, withdrawnUnits } from './from-mirakl.ts';
import type { OrderState } from './state.ts';

describe('withdrawnUnits', () => {
  it.each([
    ['nothing cancelled', { quantity: 3, unit: '10', price: '30', cancelled: [] }, 0],
    [
      'taken off the quantity and the price',
      { quantity: 2, unit: '10', price: '20', cancelled: [1] },
      0,
    ],
    ['taken off the price only', { quantity: 3, unit: '10', price: '20', cancelled: [1] }, 1],
    ['in two cancellations', { quantity: 5, unit: '10', price: '20', cancelled: [1, 2] }, 3],
    ['all of the line', { quantity: 2, unit: '10', price: '0', cancelled: [2] }, 2],
    ['never more than the line has', { quantity: 1, unit: '10', price: '0', cancelled: [3] }, 1],
    [
      'an amount without units is money only',
      { quantity: 2, unit: '10', price: '15', cancelled: [null] },
      0,
    ],
    [
      'a unit price that was rounded, quantity net',
      { quantity: 3, unit: '3.33', price: '10.00', cancelled: [1] },
      0,
    ],
    [
      'a unit price that was rounded, quantity gross',
      { quantity: 4, unit: '3.33', price: '10.00', cancelled: [1] },
      1,
    ],
    [
      'a small discount on the line, quantity net',
      { quantity: 2, unit: '10', price: '19.50', cancelled: [1] },
      0,
    ],
    [
      'more decimals than pence',
      { quantity: 3, unit: '0.333333', price: '0.666666', cancelled: [1] },
      1,
    ],
  ])('%s', (_rule, { quantity, unit, price, cancelled }, units) => {
    const line = sampleLine({
      quantity,
      unitPrice: toDecimal(unit),
      price: toDecimal(price),
      cancelations: cancelled.map(cancelledUnits),
    });
    expect(withdrawnUnits(line)).toBe(units);
  });
});

describe('unitsToShip', () => {
  it.each([
    ['a line in SHIPPING ships all', 'SHIPPING', 3, 0, 3],
    ['less what was withdrawn', 'SHIPPING', 3, 1, 2],
    ['a line that waits ships nothing', 'WAITING_DEBIT_PAYMENT', 3, 0, 0],
    ['a line with an incident ships nothing', 'INCIDENT_OPEN', 3, 0, 0],
    ['a shipped line ships nothing more', 'SHIPPED', 3, 0, 0],
    ['a state that is new to us ships nothing', 'SOMETHING_NEW', 3, 0, 0],
  ])('%s', (_rule, wire_state, quantity, withdrawn_units, units) => {
    expect(unitsToShip({ wire_state, quantity, withdrawn_units })).toBe(units);
  });
});

const sights: Record<string, ReturnType<typeof sampleLine>[]> = {
  waiting: [sampleLine({ state: 'WAITING_ACCEPTANCE' })],
  shipping: [sampleLine({ state: 'SHIPPING' }), sampleLine({ state: 'WAITING_DEBIT' })],
  shipped: [sampleLine({ state: 'SHIPPED' }), sampleLine({ state: 'REFUSED' })],
  withdrawn: [sampleLine({ state: 'CANCELED' }), sampleLine({ state: 'REFUNDED' })],
};

const after: Record<string, Partial<Record<OrderState | 'new', OrderState>>> = {
  waiting: {
    new: 'received',
    received: 'received',
    accepted: 'accepted',
    parked: 'received',
    exported: 'exported',
    cancelled: 'received',
  },
  shipping: {
    new: 'accepted',
    received: 'accepted',
    accepted: 'accepted',
    parked: 'parked',
    exported: 'exported',
    cancelled: 'accepted',
  },
  shipped: {
    new: 'despatched',
    received: 'despatched',
    accepted: 'despatched',
    parked: 'despatched',
    exported: 'despatched',
    cancelled: 'cancelled',
  },
  withdrawn: {
    new: 'cancelled',
    received: 'cancelled',
    accepted: 'cancelled',
    parked: 'cancelled',
    exported: 'exported',
    cancelled: 'cancelled',
  },
};

const transitions = Object.entries(after).flatMap(([sight, row]) =>
  Object.entries(row).map(([before, then]) => ({ sight, before, then })),
);

describe('stateAfterSight', () => {
  it.each(transitions)('$before, seen $sight, is $then', ({ before, sight, then }) => {
    const order = toSightedOrder(sampleOrder({ lines: sights[sight]! }));
    expect(stateAfterSight(before === 'new' ? null : (before as OrderState), order)).toBe(then);
  });

  it.each(
    Object.keys(sights).flatMap((sight) =>
      (['despatched', 'confirmed', 'settled'] as const).map((state) => ({ sight, state })),
    ),
  )('no sight leaves $state, which a later flow owns: $sight', ({ sight, state }) => {
    const order = toSightedOrder(sampleOrder({ lines: sights[sight]! }));
    expect(stateAfterSight(state, order)).toBe(state);
  });

  it.each([
    [
      'every unit of a line in SHIPPING withdrawn leaves nothing to ship',
      [{ state: 'SHIPPING', isEmpty: true }],
      'cancelled',
    ],
    [
      'the rest shipped, one line withdrawn unit by unit',
      [{ state: 'SHIPPED' }, { state: 'SHIPPING', isEmpty: true }],
      'despatched',
    ],
    [
      'one line to ship among shipped ones',
      [{ state: 'SHIPPED' }, { state: 'SHIPPING' }],
      'accepted',
    ],
    [
      'an incident hides a line of an order in SHIPPING: it is looked at',
      [{ state: 'INCIDENT_OPEN' }],
      'accepted',
    ],
    ['an incident after the goods left', [{ state: 'INCIDENT_OPEN' }], 'received', 'SHIPPED'],
    [
      'collected and closed count as gone',
      [{ state: 'TO_COLLECT' }, { state: 'RECEIVED' }, { state: 'CLOSED' }],
      'despatched',
    ],
    ['a state that is new to us waits', [{ state: 'SOMETHING_NEW' }], 'received'],
  ] as [string, { state: string; isEmpty?: boolean }[], string, string?][])(
    '%s',
    (_rule, lines, state, orderState = 'SHIPPING') => {
      const order = sampleOrder({
        state: orderState,
        lines: lines.map((one, index) =>
          sampleLine({
            orderLineId: `A-${index + 1}`,
            state: one.state,
            ...(one.isEmpty ? { price: toDecimal('0'), cancelations: [cancelledUnits(2)] } : {}),
          }),
        ),
      });
      expect(stateAfterSight(null, toSightedOrder(order))).toBe(state);
    },
  );
});

describe('toSightedOrder', () => {
  it('a line that the marketplace withdrew has no unit left', () => {
    const order = sampleOrder({ lines: [sampleLine({ state: 'REFUSED', quantity: 4 })] });
    expect(toSightedOrder(order).lines[0]).toMatchObject({ quantity: 4, withdrawn_units: 4 });
  });

  it('lines without a place keep the place they came in', () => {
    const order = sampleOrder({
      lines: [sampleLine({ index: null }), sampleLine({ index: null, orderLineId: 'A-2' })],
    });
    expect(toSightedOrder(order).lines.map((line) => line.position)).toEqual([1, 2]);
  });

  it('personal data is in people alone', () => {
    const order = sampleOrder({
      customer: { ...sampleOrder().customer, firstName: 'Zebedee', lastName: 'Quixote' },
      shippingAddress: { ...sampleOrder().shippingAddress!, street1: '9 Secret Mews' },
    });
    const { people, fingerprint, ...rest } = toSightedOrder(order);
    expect(people).toMatchObject({ firstName: 'Zebedee', notificationEmail: 'ann@example.test' });
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(rest)).not.toMatch(/Zebedee|Quixote|Secret Mews|ann@/);
  });

  it('an incident on one line is an incident of the order', () => {
    const order = sampleOrder({ lines: [sampleLine({ state: 'INCIDENT_OPEN' })] });
    expect(toSightedOrder(order).has_incident).toBe(true);
  });

  it.each([
    ['nothing changed', {}, true],
    [
      'a description changed, which is not kept',
      { lines: [sampleLine({ description: 'softer' })] },
      true,
    ],
    ['the order was touched', { updatedAt: new Date('2026-02-03T09:00:01Z') }, false],
    [
      'the address changed',
      { shippingAddress: { ...sampleOrder().shippingAddress!, city: 'Elsewhere' } },
      false,
    ],
    [
      'a line was cancelled in part',
      { lines: [sampleLine({ cancelations: [cancelledUnits(1)] })] },
      false,
    ],
  ])('the fingerprint tells: %s', (_rule, own, same) => {
    const before = toSightedOrder(sampleOrder()).fingerprint;
    expect(toSightedOrder(sampleOrder(own)).fingerprint === before).toBe(same);
  });
});
