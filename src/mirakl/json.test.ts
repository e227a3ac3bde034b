import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDate, parseDate, parseJson } from './json.ts';

describe('parseJson', () => {
  const rows: [rule: string, text: string, value: unknown][] = [
    ['a decimal keeps its trailing zero', '{"price":7.90}', { price: '7.90' }],
    [
      'a whole number of up to 15 digits is a number',
      '[0,-3,999999999999999]',
      [0, -3, 999999999999999],
    ],
    ['a longer whole number keeps its text', '[9007199254740993]', ['9007199254740993']],
    ['an exponent keeps its text', '[1E+2, 2e-3]', ['1E+2', '2e-3']],
    ['a number inside a text stays as it is', '["a 1.50, 2.5]"]', ['a 1.50, 2.5]']],
    ['an escaped quote does not end a text', '["\\" 1.5 ,",1.5]', ['" 1.5 ,', '1.5']],
    ['an escaped backslash before the end of a text', '["\\\\",2.5]', ['\\', '2.5']],
    ['a decimal may be the whole text', ' 1.50 ', '1.50'],
    ['a key that looks like a number stays a key', '{"1.5":1.5}', { '1.5': '1.5' }],
  ];
  it.each(rows)('%s', (_rule, text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  const broken = [
    '{1.5:2}',
    '[01.5]',
    '[1.5.5]',
    '[1.]',
    '[-]',
    '["1.5',
    '[1.5',
    '',
    '1.5 1.5',
    '[.5]',
  ];
  it.each(broken)('rejects %s as JSON.parse does', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('gives what JSON.parse gives, with the text of each number that is not a safe integer', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const revive = (_key: string, value: unknown, context?: { source?: string }) => {
          const source = context?.source;
          if (typeof value !== 'number' || source === undefined) return value;
          return /^-?\d+$/.test(source) && source.length <= 15 ? value : source;
        };
        const expected: unknown = JSON.parse(text, revive);
        expect(parseJson(text)).toEqual(expected);
      }),
    );
  });

  it('accepts exactly the texts that JSON.parse accepts', () => {
    const scraps = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      ' ',
      '-',
      '.',
      'e',
      '0',
      '12',
    );
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(isAccepted(parseJson, text)).toBe(isAccepted(JSON.parse, text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps every digit of any amount', () => {
    const amount = fc.tuple(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.stringMatching(/^\d{1,9}$/));
    fc.assert(
      fc.property(amount, ([whole, fraction]) => {
        expect(parseJson(`{"a":[${whole}.${fraction}]}`)).toEqual({ a: [`${whole}.${fraction}`] });
      }),
    );
  });
});

describe('parseDate', () => {
  const rows: [rule: string, text: string, iso: string | null][] = [
    ['UTC without milliseconds', '2025-01-01T10:00:00Z', '2025-01-01T10:00:00.000Z'],
    ['UTC with milliseconds', '2025-01-01T10:00:00.040Z', '2025-01-01T10:00:00.040Z'],
    [
      'more digits than milliseconds are cut',
      '2025-01-01T10:00:00.1239999Z',
      '2025-01-01T10:00:00.123Z',
    ],
    ['an offset is taken off', '2025-06-01T01:00:00+01:00', '2025-06-01T00:00:00.000Z'],
    ['an offset without a colon', '2025-06-01T01:00:00-0330', '2025-06-01T04:30:00.000Z'],
    ['no zone means UTC', '2025-06-01T01:00:00', '2025-06-01T01:00:00.000Z'],
    ['a bare day is its midnight in UTC', '2025-06-01', '2025-06-01T00:00:00.000Z'],
    ['29 February of a leap year exists', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['30 February does not exist', '2024-02-30T00:00:00Z', null],
    ['hour 25 does not exist', '2024-02-20T25:00:00Z', null],
    ['an offset of a day does not exist', '2024-02-20T10:00:00+24:00', null],
    ['words are no date', 'yesterday', null],
    ['empty text is no date', '', null],
  ];
  it.each(rows)('%s', (_rule, text, iso) => {
    expect(parseDate(text)?.toISOString() ?? null).toBe(iso);
  });
});

describe('formatDate', () => {
  it('writes UTC to the second, cutting the rest', () => {
    expect(formatDate(new Date('2025-01-01T10:00:00.999Z'))).toBe('2025-01-01T10:00:00Z');
  });

  it('is read back as the same second', () => {
    const instants = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
    fc.assert(
      fc.property(instants, (date) => {
        const seconds = Math.floor(date.getTime() / 1000);
        expect(parseDate(formatDate(date))?.getTime()).toBe(seconds * 1000);
      }),
    );
  });
});

function isAccepted(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
