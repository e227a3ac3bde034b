import { describe, expect, it } from 'vitest';
import { salesOrderStatusOf } from './statuses.ts';

describe('salesOrderStatusOf', () => {
  const numbers = { '4': 'Despatched', '9': 'Back order' };
  it.each([
    ['a known name', 'Allocated', 'allocated'],
    ['a known name in other letters', ' CANCELLED ', 'cancelled'],
    ['a number the tenant named', '4', 'despatched'],
    ['a number with a name we do not know', '9', 'other'],
    ['a number nobody named', '7', 'other'],
    ['a name we do not know', 'Part despatched', 'other'],
    ['a word of the language', 'constructor', 'other'],
    ['nothing', '', 'other'],
  ])('%s', (_, text, word) => {
    expect(salesOrderStatusOf(text, numbers)).toEqual({ word, text });
  });
});
