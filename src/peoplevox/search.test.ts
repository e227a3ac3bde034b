import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  and,
  maxSearchTerms,
  or,
  orderBy,
  reportColumns,
  reportDate,
  reportSearch,
  templateSearch,
  Unsearchable,
} from './search.ts';

describe('templateSearch', () => {
  it.each([
    [templateSearch.equals('SalesOrderNumber', 'JL-1'), 'SalesOrderNumber.Equals("JL-1")'],
    [templateSearch.startsWith('Name', '#12'), 'Name.StartsWith("#12")'],
    [templateSearch.anyOf('A', ['x']), 'A.Equals("x")'],
    [templateSearch.anyOf('A', ['x', 'y']), 'A.Equals("x") OR A.Equals("y")'],
    [templateSearch.compare('Qty', '>=', 9), 'Qty >= 9'],
    [templateSearch.compare('Price', '<', '9.50'), 'Price < 9.50'],
    [
      and(templateSearch.anyOf('A', ['x', 'y']), templateSearch.compare('Status', '==', 4)),
      '(A.Equals("x") OR A.Equals("y")) AND Status == 4',
    ],
    [and(templateSearch.equals('A', 'x')), 'A.Equals("x")'],
  ])('builds %#', (clause, expected) => {
    expect(clause.text).toBe(expected);
  });
});

describe('reportSearch', () => {
  const from = reportDate('Despatch date', '>=', new Date('2026-07-01T08:05:09Z'), 'Europe/London');
  it.each([
    [
      reportSearch.equals('Site reference', 'PrimarySite'),
      '([Site reference].Equals("PrimarySite"))',
    ],
    [from, '([Despatch date] >= DateTime(2026,07,01,09,05,09))'],
    [
      or(from, and(from, reportSearch.equals('Item code', 'A'))),
      '([Despatch date] >= DateTime(2026,07,01,09,05,09)) OR ' +
        '(([Despatch date] >= DateTime(2026,07,01,09,05,09)) AND ([Item code].Equals("A")))',
    ],
  ])('builds %#', (clause, expected) => {
    expect(clause.text).toBe(expected);
  });

  it('writes column lists and orders in square brackets', () => {
    expect(reportColumns(['Item code', 'No. of items'])).toBe('[Item code],[No. of items]');
    expect(reportColumns([])).toBe('');
    expect(orderBy('Despatch date', 'desc')).toBe('[Despatch date] desc');
  });
});

describe('what cannot be searched', () => {
  it.each([
    ['a double quote', 'a"b'],
    ['a backslash, which may escape the closing quote', 'a\\'],
    ['a line break', 'a\nb'],
    ['a control character', 'a\u0007b'],
    ['half a surrogate pair', 'a\uD83D'],
    ['nothing', ''],
  ])('%s is refused by name', (_, value) => {
    expect(() => templateSearch.equals('A', value)).toThrow(Unsearchable);
    expect(() => reportSearch.anyOf('A', ['x', value])).toThrow(Unsearchable);
  });

  it.each(['Sales order', 'A OR 1', 'A)', '1A', '', 'A.B'])(
    'template field %j is refused',
    (field) => {
      expect(() => templateSearch.equals(field, 'x')).toThrow(Unsearchable);
    },
  );

  it.each(['A] OR [B', '[A', 'A"', '', '  ', 'A\nB'])('report column %j is refused', (column) => {
    expect(() => reportSearch.equals(column, 'x')).toThrow(Unsearchable);
    expect(() => orderBy(column)).toThrow(Unsearchable);
    expect(() => reportColumns([column])).toThrow(Unsearchable);
  });

  it.each([Number.NaN, 0.5, 1e21, '1 OR 1', '', '1e3'])('number %s is refused', (number) => {
    expect(() => templateSearch.compare('A', '==', number)).toThrow(Unsearchable);
  });

  it('a list of none or of more than the ceiling is a mistake of the caller', () => {
    const many = Array.from({ length: maxSearchTerms + 1 }, (_, index) => `JL-${index}`);
    expect(() => templateSearch.anyOf('A', [])).toThrow(RangeError);
    expect(() => templateSearch.anyOf('A', many)).toThrow(RangeError);
    expect(() => and()).toThrow(RangeError);
  });
});

describe('injection', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      ')',
      '(',
      ' OR ',
      '==',
      '1',
      'A',
      '.Equals',
      '[',
      ']',
      ',',
      '\n',
      '\t',
      "'",
    ),
    minLength: 1,
    maxLength: 20,
  });

  // Reads strings as both kinds of server would: with doubled quotes, and with backslash escapes.
  const literals = (clause: string) => [
    [...clause.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => match[1]),
    [...clause.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]),
  ];

  it('is impossible: a clause is refused, or its strings are the values and its frame is ours', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (values) => {
        for (const search of [templateSearch, reportSearch]) {
          let text: string;
          try {
            text = search.anyOf('Code', values).text;
          } catch (cause) {
            expect(cause).toBeInstanceOf(Unsearchable);
            continue;
          }
          for (const read of literals(text)) expect(read).toEqual(values);
          const frame = text.replaceAll(/"[^"]*"/g, '?');
          const term = search === templateSearch ? 'Code.Equals(?)' : '([Code].Equals(?))';
          expect(frame).toBe(values.map(() => term).join(' OR '));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
