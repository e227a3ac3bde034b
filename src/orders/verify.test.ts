import { describe, expect, it } from 'vitest';
import { salesOrderStatusOf } from '../peoplevox/statuses.ts';
import type { SalesOrderRow } from './sales-order-store.ts';
import { judge, type SeenOrder } from './verify.ts';

const at = new Date('2026-02-03T10:00:00Z');

function sent(lines: [string, number][]): SalesOrderRow {
  return {
    salesOrderNumber: 'A',
    channel: 'jl',
    marketplaceOrderId: 'A',
    step: 'lines-in',
    row: {},
    customer: null,
    attempts: 0,
    headerSentAt: at,
    linesSentAt: at,
    seenAt: null,
    verifiedAt: null,
    stagedAt: at,
    lines: lines.map(([itemCode, quantity], index) => ({
      line: String(index + 1),
      itemCode,
      quantity,
      salePrice: '1.00',
      parts: [],
      seenQuantity: null,
    })),
  };
}

function seen(items: [string, number | null][], status = 'New'): SeenOrder {
  return {
    order: { salesOrderNumber: 'A', status: salesOrderStatusOf(status, {}), fields: {} },
    items: items.map(([itemCode, quantityOrdered]) => ({
      salesOrderNumber: 'A',
      itemCode,
      quantityOrdered,
      line: '',
      sequence: '',
      fields: {},
    })),
  };
}

type Row = [string, [string, number][], SeenOrder | undefined, boolean, object];

describe('judge', () => {
  it.each([
    [
      'every line with its units is whole',
      [
        ['X', 1],
        ['Y', 2],
      ],
      seen([
        ['Y', 2],
        ['X', 1],
      ]),
      true,
      { kind: 'whole', status: 'New' },
    ],
    [
      'whole even when the answer was cut elsewhere',
      [['X', 1]],
      seen([['X', 1]]),
      false,
      { kind: 'whole' },
    ],
    [
      'two lines of an item may be shown as one',
      [
        ['X', 1],
        ['X', 2],
      ],
      seen([['X', 3]]),
      true,
      { kind: 'whole' },
    ],
    [
      'one line may be shown as two',
      [['X', 3]],
      seen([
        ['X', 1],
        ['X', 2],
      ]),
      true,
      { kind: 'whole' },
    ],
    [
      'a line at zero may be shown or not',
      [
        ['X', 1],
        ['Y', 0],
      ],
      seen([['X', 1]]),
      true,
      { kind: 'whole' },
    ],
    [
      'a line at zero that is shown at zero',
      [
        ['X', 1],
        ['Y', 0],
      ],
      seen([
        ['X', 1],
        ['Y', 0],
      ]),
      true,
      { kind: 'whole' },
    ],
    ['not shown', [['X', 1]], undefined, true, { kind: 'absent' }],
    [
      'not shown in half an answer proves nothing',
      [['X', 1]],
      undefined,
      false,
      { kind: 'unsure' },
    ],
    ['a header without lines', [['X', 1]], seen([]), true, { kind: 'linesMissing' }],
    [
      'one line missing',
      [
        ['X', 1],
        ['Y', 2],
      ],
      seen([['X', 1]]),
      true,
      { kind: 'linesMissing' },
    ],
    [
      'one line missing in half an answer proves nothing',
      [
        ['X', 1],
        ['Y', 2],
      ],
      seen([['X', 1]]),
      false,
      { kind: 'unsure' },
    ],
    [
      'fewer units differ',
      [['X', 2]],
      seen([['X', 1]]),
      true,
      { kind: 'differs', what: 'X 1 instead of 2' },
    ],
    [
      'more units differ',
      [['X', 2]],
      seen([['X', 4]]),
      true,
      { kind: 'differs', what: 'X 4 instead of 2' },
    ],
    [
      'an item that was not sent differs',
      [['X', 1]],
      seen([
        ['X', 1],
        ['Z', 1],
      ]),
      true,
      { kind: 'differs', what: 'Z 1 instead of 0' },
    ],
    ['letter case counts', [['x', 1]], seen([['X', 1]]), true, { kind: 'differs' }],
    [
      'a quantity that cannot be read is not a match',
      [['X', 1]],
      seen([['X', null]]),
      true,
      { kind: 'differs', what: 'X an unreadable quantity instead of 1' },
    ],
    [
      'cancelled there although it is wanted',
      [['X', 1]],
      seen([['X', 1]], 'Cancelled'),
      true,
      { kind: 'differs', what: 'it is cancelled there' },
    ],
    [
      'cancelled there and nothing is wanted',
      [['X', 0]],
      seen([], 'Cancelled'),
      true,
      { kind: 'whole', status: 'Cancelled' },
    ],
    [
      'despatched already is whole',
      [['X', 1]],
      seen([['X', 1]], 'Despatched'),
      true,
      { kind: 'whole', status: 'Despatched' },
    ],
  ] as Row[])('%s', (_rule, lines, shown, isComplete, verdict) => {
    expect(judge(sent(lines), shown, isComplete)).toMatchObject(verdict);
  });
});
