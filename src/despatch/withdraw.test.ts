import { describe, expect, it } from 'vitest';
import { despatchedOrder, sampleRow } from '../../test/sample-despatched-order.ts';
import { shortOf } from './withdraw.ts';

const line = (wireState: string, quantity = 2, withdrawnUnits = 0) => [
  { orderLineId: 'A-1', wireState, quantity, withdrawnUnits },
];
const oneGone = { rows: [sampleRow({ quantity: 1 })] };

describe('shortOf', () => {
  it.each([
    ['all left: nothing is short', {}, []],
    [
      'one unit is missing while the line is to be shipped: it is to be cancelled',
      oneGone,
      [{ orderLineId: 'A-1', units: 1, kind: 'cancel' }],
    ],
    [
      'one unit is missing of a shipped line: it is to be refunded',
      { ...oneGone, lines: line('SHIPPED') },
      [{ orderLineId: 'A-1', units: 1, kind: 'refund' }],
    ],
    [
      'also once the customer has the rest',
      { ...oneGone, lines: line('RECEIVED') },
      [{ orderLineId: 'A-1', units: 1, kind: 'refund' }],
    ],
    ['nothing left at all', { rows: [] }, [{ orderLineId: 'A-1', units: 2, kind: 'cancel' }]],
    ['what was cancelled already is not short', { ...oneGone, lines: line('SHIPPING', 2, 1) }, []],
    ['nor where the quantity is less already', { ...oneGone, lines: line('SHIPPING', 1) }, []],
    ['a cancelled line is not short', { rows: [], lines: line('CANCELED') }, []],
    ['a closed line is left to people', { rows: [], lines: line('CLOSED') }, []],
    ['a line that was never sent to the warehouse is not ours', { rows: [], sent: [] }, []],
    ['more than ordered is not short', { rows: [sampleRow({ quantity: 5 })] }, []],
  ])('%s', (_rule, own, expected) => {
    expect(shortOf(despatchedOrder(own))).toEqual(expected);
  });
});
