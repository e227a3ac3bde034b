import { describe, expect, it } from 'vitest';
import { commaSeparated, pathSegment, type Query, queryText, repeated } from './query.ts';

describe('queryText', () => {
  const rows: [rule: string, query: Query, text: string][] = [
    ['nothing set gives nothing', { a: undefined }, ''],
    [
      'a date is cut to seconds and escaped',
      { d: new Date('2026-01-02T03:04:05.678Z') },
      '?d=2026-01-02T03%3A04%3A05Z',
    ],
    ['a plus sign is escaped', { q: 'a+b' }, '?q=a%2Bb'],
    ['one style joins a list by commas', { s: commaSeparated(['A', 'B']) }, '?s=A%2CB'],
    ['the other repeats the name', { s: repeated(['A', 'B,C']) }, '?s=A&s=B%2CC'],
    ['false is sent, not left out', { f: false, n: 0 }, '?f=false&n=0'],
  ];
  it.each(rows)('%s', (_rule, query, text) => {
    expect(queryText(query)).toBe(text);
  });
});

describe('lists', () => {
  const rows: [rule: string, make: () => unknown][] = [
    ['an empty list would filter nothing', () => commaSeparated([])],
    ['an empty repeated list would filter nothing', () => repeated([])],
    ['more than 100 values are refused by Mirakl', () => repeated(Array(101).fill('A'))],
    ['a comma cannot stand in a comma-separated value', () => commaSeparated(['A,B'])],
  ];
  it.each(rows)('throws, because %s', (_rule, make) => {
    expect(make).toThrow(RangeError);
  });
});

describe('pathSegment', () => {
  it('escapes a slash', () => expect(pathSegment('A/1')).toBe('A%2F1'));
  it.each(['', '.', '..'])('refuses "%s", which names another path', (id) => {
    expect(() => pathSegment(id)).toThrow(RangeError);
  });
});
