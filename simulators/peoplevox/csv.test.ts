import { describe, expect, it } from 'vitest';
import { csvLine, readCsv } from './csv.ts';

describe('readCsv', () => {
  it.each<[rule: string, text: string, rows: string[][]]>([
    [
      'plain lines',
      'A,B\n1,2\n',
      [
        ['A', 'B'],
        ['1', '2'],
      ],
    ],
    [
      'carriage returns before line feeds',
      'A,B\r\n1,2\r\n',
      [
        ['A', 'B'],
        ['1', '2'],
      ],
    ],
    ['no line end at the end', 'A\n1', [['A'], ['1']]],
    [
      'a leading blank line is tolerated',
      '\nA,B\n1,2',
      [
        ['A', 'B'],
        ['1', '2'],
      ],
    ],
    [
      'every value quoted',
      '"A","B"\n"1","2"',
      [
        ['A', 'B'],
        ['1', '2'],
      ],
    ],
    ['a doubled quote is one', '"say ""hi"""', [['say "hi"']]],
    ['commas and line breaks inside quotes', '"a,b\nc",d', [['a,b\nc', 'd']]],
    ['a quote in the middle of a bare value is a character', '5" pipe,x', [['5" pipe', 'x']]],
    ['empty values, also at the end', ',"",\n', [['', '', '']]],
    ['a last empty value without line end', 'a,', [['a', '']]],
    ['blanks around a value stay', ' a , b', [[' a ', ' b']]],
    ['nothing at all', '', []],
  ])('%s', (_rule, text, rows) => {
    expect(readCsv(text)).toEqual({ rows });
  });

  it('a quote that never closes is a problem', () => {
    expect(readCsv('A,B\n"1,2')).toEqual({ problem: 'line 2: a quote is not closed' });
  });
});

describe('csvLine', () => {
  it('quotes only what needs it, and reads back the same', () => {
    const cells = ['plain', 'a,b', 'say "hi"', 'two\nlines', '', '001', ' x '];
    const line = csvLine(cells);
    expect(line).toBe('plain,"a,b","say ""hi""","two\nlines",,001, x ');
    expect(readCsv(line)).toEqual({ rows: [cells] });
  });
});
