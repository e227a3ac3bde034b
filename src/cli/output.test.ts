import { describe, expect, it } from 'vitest';
import { agoText, pairsOf, penceText, tableOf, ukTime } from './output.ts';

describe('what people read', () => {
  it('a table is aligned, numbers to the right, without columns that are empty', () => {
    const text = tableOf(
      ['order', 'units', 'note', 'why'],
      [
        ['A', 2, '', 'short'],
        ['LONG-ONE', 12, null, ''],
      ],
    );
    expect(text).toBe('ORDER     UNITS  WHY\nA             2  short\nLONG-ONE     12');
  });

  it('pairs are aligned, without those that have no value', () => {
    const pairs = [
      ['a', 1],
      ['none', null],
      ['long', 'x'],
    ] as const;
    expect(pairsOf(pairs, '  ')).toBe('  a     1\n  long  x');
  });

  it('times are UK time, summer and winter', () => {
    expect(ukTime(new Date('2026-01-02T03:04:05Z'))).toBe('2026-01-02 03:04:05');
    expect(ukTime(new Date('2026-07-02T23:04:05Z'))).toBe('2026-07-03 00:04:05');
    expect(ukTime(null)).toBe('');
  });

  const ages: [at: string, text: string][] = [
    ['2026-01-10T11:59:30Z', '30 s'],
    ['2026-01-10T11:01:00Z', '59 min'],
    ['2026-01-08T13:00:00Z', '47 h'],
    ['2026-01-07T12:00:00Z', '3 d'],
    ['2026-01-10T12:00:01Z', '0 s'],
  ];
  it.for(ages)('what happened at %s is %s old at noon of the tenth', ([at, text]) => {
    expect(agoText(new Date(at), Date.parse('2026-01-10T12:00:00Z'))).toBe(text);
  });

  it('money is pence with a point', () => {
    expect([penceText(1230), penceText(5), penceText(null)]).toEqual(['12.30', '0.05', '']);
  });
});
