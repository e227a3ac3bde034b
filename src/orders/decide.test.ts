import { describe, expect, it } from 'vitest';
import { type ChannelInput, sampleChannel } from '../../test/sample-orders.ts';
import { type DecisionFacts, decideOrder, type LineToDecide } from './decide.ts';

function line(own: Partial<LineToDecide> = {}): LineToDecide {
  return { orderLineId: 'A-1', itemCode: 'X', units: 1, unitPrice: '10.00', offerId: '1', ...own };
}

function rules(own: ChannelInput['acceptance'] = {}) {
  return sampleChannel({ acceptance: own }).acceptance;
}

function facts(own: Partial<DecisionFacts> = {}): DecisionFacts {
  return {
    item: () => ({ found: true, retired: false }),
    sellable: () => 100,
    offerPrice: () => '10.00',
    isPartialDisabled: false,
    ...own,
  };
}

/** `yes`, `no` or `held` for the one line of an order. */
function verdict(
  own: Partial<LineToDecide>,
  policy: ChannelInput['acceptance'],
  known: Partial<DecisionFacts>,
): string {
  const decision = decideOrder([line(own)], rules(policy), facts(known));
  if (decision.kind === 'hold') return 'held';
  return decision.lines[0]?.accepted ? 'yes' : 'no';
}

const unknown = { item: () => undefined };
const retired = { item: () => ({ found: false, retired: true }) };
const absent = { item: () => ({ found: false, retired: false }) };

describe('one line', () => {
  it.each([
    ['known, sellable and dear enough is accepted', {}, {}, {}, 'yes'],
    ['an item that was not asked for is held', {}, {}, unknown, 'held'],
    ['an item that the warehouse has not is held', {}, {}, absent, 'held'],
    ['a retired item is held', {}, {}, retired, 'held'],
    ['an unknown item is refused by policy', {}, { onUnknownItem: 'refuse' }, absent, 'no'],
    ['a retired item is refused by policy', {}, { onUnknownItem: 'refuse' }, retired, 'no'],
    ['a price at the tolerance is accepted', { unitPrice: '9.50' }, {}, {}, 'yes'],
    ['a penny below is held', { unitPrice: '9.49' }, {}, {}, 'held'],
    ['a higher price is accepted', { unitPrice: '99.00' }, {}, {}, 'yes'],
    ['no tolerance: the same price is accepted', {}, { priceTolerancePercent: 0 }, {}, 'yes'],
    [
      'no tolerance: a penny less is held',
      { unitPrice: '9.99' },
      { priceTolerancePercent: 0 },
      {},
      'held',
    ],
    [
      'a tolerance of parts of a per cent',
      { unitPrice: '9.95' },
      { priceTolerancePercent: 0.5 },
      {},
      'yes',
    ],
    ['a free item is held where it has a price', { unitPrice: '0' }, {}, {}, 'held'],
    ['a price without an offer is not judged', { offerId: null, unitPrice: '0.01' }, {}, {}, 'yes'],
    [
      'an offer whose price is not known is not judged',
      { unitPrice: '0.01' },
      {},
      { offerPrice: () => null },
      'yes',
    ],
    ['the price check may be off', { unitPrice: '0.01' }, { checkPrice: false }, {}, 'yes'],
    ['the last unit is sellable', { units: 3 }, {}, { sellable: () => 3 }, 'yes'],
    ['one too many is refused', { units: 4 }, {}, { sellable: () => 3 }, 'no'],
    [
      'one too many is held by policy',
      { units: 4 },
      { onShortStock: 'hold' },
      { sellable: () => 3 },
      'held',
    ],
    [
      'one too many is accepted by policy',
      { units: 4 },
      { onShortStock: 'accept' },
      { sellable: () => 3 },
      'yes',
    ],
    ['none to sell, sold below zero', { units: 1 }, {}, { sellable: () => -2 }, 'no'],
    [
      'stock that was not asked for is not judged',
      { units: 4 },
      {},
      { sellable: () => undefined },
      'yes',
    ],
    [
      'the stock check may be off',
      { units: 4 },
      { checkStock: false },
      { sellable: () => 0 },
      'yes',
    ],
  ] as [
    string,
    Partial<LineToDecide>,
    ChannelInput['acceptance'],
    Partial<DecisionFacts>,
    string,
  ][])('%s', (_rule, own, policy, known, answer) => {
    expect(verdict(own, policy, known)).toBe(answer);
  });
});

describe('an order', () => {
  const two = [line({ units: 2 }), line({ orderLineId: 'A-2', units: 2 })];

  it('lines of one item share its stock, the first come first served', () => {
    const decision = decideOrder(two, rules(), facts({ sellable: () => 3 }));
    expect(decision).toMatchObject({
      kind: 'decided',
      lines: [
        { orderLineId: 'A-1', accepted: true },
        { orderLineId: 'A-2', accepted: false, why: '2 of X wanted, 1 sellable' },
      ],
    });
  });

  it('a refused line takes nothing from the next', () => {
    const lines = [line({ units: 9 }), line({ orderLineId: 'A-2', units: 2 })];
    const decision = decideOrder(lines, rules(), facts({ sellable: () => 3 }));
    expect(decision).toMatchObject({ lines: [{ accepted: false }, { accepted: true }] });
  });

  it('items do not share stock', () => {
    const lines = [line({ units: 3 }), line({ orderLineId: 'A-2', itemCode: 'Y', units: 3 })];
    const decision = decideOrder(lines, rules(), facts({ sellable: () => 3 }));
    expect(decision).toMatchObject({ lines: [{ accepted: true }, { accepted: true }] });
  });

  it('one held line holds the order, with every reason', () => {
    const lines = [
      line({ unitPrice: '1.00' }),
      line({ orderLineId: 'A-2' }),
      line({ orderLineId: 'A-3', unitPrice: '2.00' }),
    ];
    const decision = decideOrder(lines, rules(), facts());
    expect(decision).toEqual({
      kind: 'hold',
      reasons: [
        'line A-1: sold at 1.00, the offer is 10.00',
        'line A-3: sold at 2.00, the offer is 10.00',
      ],
    });
  });

  it('where partial acceptance is disabled one refused line refuses all, and each says why', () => {
    const decision = decideOrder(
      two,
      rules(),
      facts({ sellable: () => 3, isPartialDisabled: true }),
    );
    expect(decision).toMatchObject({
      kind: 'decided',
      lines: [{ accepted: false }, { accepted: false }],
    });
    const [first] = decision.kind === 'decided' ? decision.lines : [];
    expect(first?.why).toContain('A-2 2 of X wanted, 1 sellable');
  });

  it('where partial acceptance is disabled a sellable order is still accepted', () => {
    const decision = decideOrder(two, rules(), facts({ isPartialDisabled: true }));
    expect(decision).toMatchObject({ lines: [{ accepted: true }, { accepted: true }] });
  });
});
