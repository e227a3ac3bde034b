import { array, assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv, writeCsv } from './csv.ts';
import { Unreadable } from './exchange.ts';

describe('writeCsv', () => {
  const rows: [rule: string, cells: string[], text: string][] = [
    ['plain cells stand bare', ['MUG-RED', '7', ''], 'MUG-RED;7;\n'],
    ['a delimiter is quoted', ['A;B', 'A,B', 'A\tB'], '"A;B";"A,B";"A\tB"\n'],
    ['a quote is doubled', ['5" pipe'], '"5"" pipe"\n'],
    ['a line break is quoted', ['A\r\nB'], '"A\r\nB"\n'],
    ['blanks at the ends are quoted, those inside are not', [' A', 'B ', 'C D'], '" A";"B ";C D\n'],
    ['letters of any script stand as they are', ['Größe-ä'], 'Größe-ä\n'],
  ];
  it.each(rows)('%s', (_rule, cells, text) => {
    expect(writeCsv([cells])).toBe(text);
  });
});

describe('readCsv', () => {
  const rows: [rule: string, text: string, rows: string[][]][] = [
    ['nothing gives nothing', '', []],
    [
      'semicolons',
      'a;b\n1;2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'commas, when the first line has more of them',
      'a,b,"c;d;e;f"\n1;2,3,4',
      [
        ['a', 'b', 'c;d;e;f'],
        ['1;2', '3', '4'],
      ],
    ],
    [
      'tabs',
      'a\tb\n1\t2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'line ends of Windows and of old',
      'a;b\r\n1;2\r3;4',
      [
        ['a', 'b'],
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'a last line without an end',
      'a;b\n1;',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      'lines without text are left out',
      '\na;b\n\r\n\n1;2\n\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a line break, a quote and a delimiter in quotes',
      'a;b\n"1\r\n""x"";";2',
      [
        ['a', 'b'],
        ['1\r\n"x";', '2'],
      ],
    ],
    [
      'quotes inside a bare cell are plain',
      'a;b\n5" pipe;"x"y',
      [
        ['a', 'b'],
        ['5" pipe', 'xy'],
      ],
    ],
    ['rows of any length', 'a;b\n1\n1;2;3', [['a', 'b'], ['1'], ['1', '2', '3']]],
  ];
  it.each(rows)('%s', (_rule, text, expected) => {
    expect(readCsv(text)).toEqual(expected);
  });

  it('a quote that never ends is an error', () => {
    expect(() => readCsv('a;b\n"1;2\n3;4\n')).toThrow(Unreadable);
  });

  it('gives back whatever writeCsv wrote', () => {
    const cell = string({ unit: 'binary', maxLength: 8 });
    assert(
      property(array(array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (body) => {
        const table = [['sku', 'quantity', 'x'], ...body.map((row) => ['k', ...row])];
        expect(readCsv(writeCsv(table))).toEqual(table);
      }),
    );
  });
});
