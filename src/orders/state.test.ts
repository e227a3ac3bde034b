import { describe, expect, it } from 'vitest';
import { type ExportStep, mayMove, type OrderState, stepsPastSending, wire } from './state.ts';

const states: OrderState[] = [
  'received',
  'accepted',
  'parked',
  'exported',
  'despatched',
  'confirmed',
  'settled',
  'cancelled',
];

const allowed: Record<OrderState, OrderState[]> = {
  received: ['accepted', 'parked', 'despatched', 'cancelled'],
  accepted: ['parked', 'exported', 'despatched', 'cancelled'],
  parked: ['received', 'accepted', 'exported', 'despatched', 'cancelled'],
  exported: ['parked', 'despatched', 'cancelled'],
  despatched: ['confirmed', 'cancelled'],
  confirmed: ['settled'],
  settled: [],
  cancelled: ['received', 'accepted'],
};

describe('states of an order', () => {
  it.each(states)('from %s exactly the listed moves are allowed', (from) => {
    const found = states.filter((to) => mayMove(from, to));
    expect(found.sort()).toEqual([...allowed[from]].sort());
  });

  it('no state may be moved to itself', () => {
    expect(states.filter((state) => mayMove(state, state))).toEqual([]);
  });

  it('every state but received can be reached from received', () => {
    const reached = new Set<OrderState>(['received']);
    for (const from of reached) for (const to of allowed[from]) reached.add(to);
    expect([...reached].sort()).toEqual([...states].sort());
  });
});

describe('steps of a sales order', () => {
  it('only staged and cancelled prove that the warehouse was never sent anything', () => {
    const all: ExportStep[] = [
      'staged',
      'header-sent',
      'header-in',
      'lines-sent',
      'lines-in',
      'verified',
      'cancelling',
      'cancel-sent',
      'cancelled',
      'stopped',
    ];
    expect(all.filter((step) => !stepsPastSending.includes(step))).toEqual(['staged', 'cancelled']);
  });
});

describe('marketplace words', () => {
  it('no line state is both withdrawn and gone, and neither list holds SHIPPING', () => {
    const words = [...wire.withdrawn, ...wire.gone, wire.shipping, wire.waitingAcceptance];
    expect(new Set(words).size).toBe(words.length);
  });
});
