import { describe, expect, it } from 'vitest';
import { moneyOf } from './withdrawal-money.ts';

describe('moneyOf', () => {
  it.each([
    ['a whole line is worth its price and its postage', [2, 2, '17.00', '3.50'], ['17.00', '3.50']],
    ['one of several is worth its share', [1, 4, '10.00', '2.00'], ['2.50', '0.50']],
    ['a share is whole pence, rounded down', [1, 3, '9.99', '2.00'], ['3.33', '0.66']],
    ['the last unit takes the rest', [1, 1, '3.34', '0.68'], ['3.34', '0.68']],
    ['two of three', [2, 3, '10.00', '0.01'], ['6.66', '0.00']],
    ['never more than is owed', [5, 3, '9.99', '2.00'], ['9.99', '2.00']],
    [
      'a line of which nothing is owed is worth what is left of it',
      [1, 0, '1.25', '0'],
      ['1.25', '0.00'],
    ],
    ['a gift is worth nothing', [1, 2, '0', '0'], ['0.00', '0.00']],
    [
      'amounts beyond what a number holds stay exact',
      [1, 2, '90071992547409.94', '0'],
      ['45035996273704.97', '0.00'],
    ],
  ] as const)('%s', (_rule, [units, owedUnits, price, shippingPrice], [amount, shippingAmount]) => {
    const money = moneyOf({ units, owedUnits, price, shippingPrice });
    expect([Number(money.amount), Number(money.shippingAmount)]).toEqual([
      Number(amount),
      Number(shippingAmount),
    ]);
  });

  it('withdrawing unit by unit comes to the price exactly', () => {
    for (const pence of [1, 2, 7, 100, 999, 12_345]) {
      let left = pence;
      for (let owed = 7; owed > 0; owed -= 1) {
        const price = (left / 100).toFixed(2);
        const { amount } = moneyOf({ units: 1, owedUnits: owed, price, shippingPrice: '0' });
        left -= Math.round(Number(amount) * 100);
        expect(left).toBeGreaterThanOrEqual(0);
      }
      expect(left).toBe(0);
    }
  });
});
