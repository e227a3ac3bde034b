import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactPence, penceToText, roundedPence, shownAmount, toDecimal } from './money.ts';

describe('toDecimal', () => {
  it.each([
    ['plain decimals stay as written', '15.640', '15.640'],
    ['whole numbers too', '-3', '-3'],
    ['a power of ten is written out', '1e3', '1000'],
    ['a power moves the point right', '1.25E1', '12.5'],
    ['a power that ends at the last digit leaves no point', '1.25e2', '125'],
    ['a power moves the point left', '12.5e-1', '1.25'],
    ['a power moves the point past the first digit', '5e-3', '0.005'],
    ['a negative amount keeps its sign through a power', '-1.5e+1', '-15'],
  ])('%s', (_rule, text, plain) => {
    expect(toDecimal(text)).toBe(plain);
  });

  it.each([
    ['empty text', ''],
    ['a word', 'free'],
    ['a comma', '1,50'],
    ['a thousands separator', '1,000.00'],
    ['blanks', ' 1.5'],
    ['a line break at the end', '1.5\n'],
    ['no digit before the point', '.5'],
    ['no digit after the point', '5.'],
    ['a plus sign', '+5'],
    ['two points', '1.2.3'],
    ['hexadecimal', '0x10'],
    ['not a number', 'NaN'],
    ['infinity', 'Infinity'],
    ['nothing written out', 'undefined'],
    ['more digits than any amount has', '1234567890123456'],
    ['more decimals than nine', '0.1234567890'],
    ['a power that makes it too large', '1e15'],
    ['a power that makes it too small', '1e-10'],
    ['a power of three digits', '1e100'],
    ['digits of another script', '١٢'],
  ])('%s is refused', (_rule, text) => {
    expect(() => toDecimal(text)).toThrow(RangeError);
  });
});

describe('pence', () => {
  it.each([
    ['two places', '15.64', 1564n, 1564n],
    ['no place', '15', 1500n, 1500n],
    ['one place', '15.6', 1560n, 1560n],
    ['zeros behind the pennies are exact', '15.640000', 1564n, 1564n],
    ['parts of a penny are not exact', '15.644', null, 1564n],
    ['half a penny is rounded up', '15.645', null, 1565n],
    ['half a penny below zero is rounded away from zero', '-15.645', null, -1565n],
    ['less than half a penny is nothing', '-0.004', null, 0n],
    ['a part that doubles cannot hold', '999999999999999.99', 99999999999999999n, null],
  ])('%s', (_rule, text, exact, rounded) => {
    const amount = toDecimal(text);
    expect(exactPence(amount)).toBe(exact);
    if (rounded !== null) expect(roundedPence(amount)).toBe(rounded);
  });

  it('what is written is read back to the penny', () => {
    const most = 10n ** 16n;
    fc.assert(
      fc.property(fc.bigInt({ min: -most, max: most }), (pence) => {
        const amount = toDecimal(penceToText(pence));
        expect(exactPence(amount)).toBe(pence);
        expect(roundedPence(amount)).toBe(pence);
        expect(penceToText(pence)).toMatch(/^-?\d+\.\d\d$/);
      }),
    );
  });

  it('an exponent means the same as the amount written out', () => {
    const digits = fc.integer({ min: 0, max: 99_999 });
    fc.assert(
      fc.property(digits, fc.integer({ min: -4, max: 6 }), (value, power) => {
        const scaled = BigInt(value) * 10n ** BigInt(power + 6);
        const inPence = roundedPence(toDecimal(`${value}e${power}`));
        expect(inPence).toBe((scaled + 5_000n) / 10_000n);
      }),
    );
  });
});

describe('shownAmount', () => {
  it.each([
    ['145.5', '145.50'],
    ['0.0', '0.00'],
    ['-3', '-3.00'],
    ['12.345', '12.345'],
    ['12.340', '12.34'],
  ])('%s reads as %s', (amount, shown) => {
    expect(shownAmount(toDecimal(amount))).toBe(shown);
  });
});
