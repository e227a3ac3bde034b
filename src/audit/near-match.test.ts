import { describe, expect, it } from 'vitest';
import { nearMatch } from './near-match.ts';

describe('the name that was meant', () => {
  const rows: [rule: string, wanted: string, candidates: string[], found: string | null][] = [
    [
      'is one that differs by blanks and letter case',
      'ItemCode',
      ['Name', 'item code'],
      'item code',
    ],
    ['is what tenants often call the field', 'ItemCode', ['Name', 'SKU'], 'SKU'],
    ['is one with a slip of the pen', 'PrimarySite', ['Overflow', 'PrimarySiet'], 'PrimarySiet'],
    ['is the likest of several', 'QuantityOrdered', ['Qty', 'QuantityOrderd'], 'QuantityOrderd'],
    ['is none when nothing is like it', 'ItemCode', ['Colour', 'Weight'], null],
    ['is none among no names', 'ItemCode', [], null],
  ];
  it.for(rows)('%s', ([, wanted, candidates, found]) => {
    expect(nearMatch(wanted, candidates)).toBe(found);
  });
});
