import { csvParseRows } from 'd3-dsv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cell, createCsvReader, readCsv, readUnits, UnreadableCsv, writeCsv } from './csv.ts';

function readInPieces(text: string, size: number) {
  const reader = createCsvReader();
  const rows: string[][] = [];
  const ragged: unknown[] = [];
  for (let at = 0; at < text.length; at += size) {
    const batch = reader.push(text.slice(at, at + size));
    rows.push(...batch.rows);
    ragged.push(...batch.ragged);
  }
  const last = reader.end();
  return {
    names: last.header.names,
    rows: [...rows, ...last.rows],
    ragged: [...ragged, ...last.ragged],
  };
}

const value = fc.string({
  unit: fc.constantFrom('a', '0', ',', '"', "'", '\n', '\r\n', '\t', ' ', '=', '~', 'é', '😀'),
  maxLength: 8,
});

describe('writeCsv', () => {
  it('quotes every value, doubles quotes and ends each line with a line feed', () => {
    expect(writeCsv(['SalesOrderNumber', 'Name'], [['007', 'Ann "A" Example, Ltd']])).toBe(
      'SalesOrderNumber,Name\n"007","Ann ""A"" Example, Ltd"\n',
    );
  });

  it('comes back as written, apart from what the cell guard levels', () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width })));
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const width = rows[0]?.length ?? 1;
        const columns = Array.from({ length: width }, (_, index) => `C${index}`);
        const text = writeCsv(columns, rows);
        const expected = rows.map((row) => row.map(cell));
        expect(readCsv(text).rows).toEqual(expected);
        expect(readInPieces(text, size).rows).toEqual(expected);
      }),
    );
  });

  it('refuses a row with a value too few', () => {
    expect(() => writeCsv(['A', 'B'], [['1']])).toThrow(RangeError);
  });
});

describe('cell', () => {
  it.each([
    ['a leading zero stays', '00123', '00123'],
    ['line breaks, tabs and control characters become one blank', 'a\r\n\t\u0007b', 'a b'],
    ['ends are trimmed', '  a  ', 'a'],
    ['blanks within stay', 'a  b', 'a  b'],
    ['half a surrogate pair becomes a blank', 'a\uD83Db', 'a b'],
    ['a whole emoji stays', '😀', '😀'],
    ['a Unicode line separator becomes a blank', 'a\u2028b', 'a b'],
    ['a boolean is true or false', true, 'true'],
    ['a whole number is digits', 12, '12'],
    ['a bigint is digits', 90071992547409931n, '90071992547409931'],
  ])('%s', (_, input, expected) => {
    expect(cell(input)).toBe(expected);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['a binary fraction', 0.1],
    ['infinity', Number.POSITIVE_INFINITY],
    ['an unsafe integer', 2 ** 60],
    ['an object', {}],
    ['a date', new Date(0)],
  ])('refuses %s', (_, input) => {
    expect(() => cell(input as never)).toThrow(TypeError);
  });
});

describe('readCsv', () => {
  const rows: [rule: string, text: string, names: string[], rows: string[][]][] = [
    ['an empty text has no header and no rows', '', [], []],
    ['a header alone has no rows', 'A,B\n', ['A', 'B'], []],
    ['a header without a line end has no rows', 'A,B', ['A', 'B'], []],
    ['a byte order mark is no part of the first name', '\uFEFFA,B\n1,2', ['A', 'B'], [['1', '2']]],
    ['a leading blank line is passed over', '\r\nA,B\r\n1,2\r\n', ['A', 'B'], [['1', '2']]],
    [
      'blank lines between rows are passed over',
      'A,B\n1,2\n\n3,4\n\n',
      ['A', 'B'],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['a quoted empty value is a row', 'A\n""\n', ['A'], [['']]],
    [
      'line breaks inside quotes belong to the value',
      'A,B\n"x\r\ny",2\n',
      ['A', 'B'],
      [['x\r\ny', '2']],
    ],
    ['leading zeros stay', 'A\n007\n', ['A'], [['007']]],
    ['blanks around a value stay', 'A,B\n x ,2\n', ['A', 'B'], [[' x ', '2']]],
    ['a quote inside an unquoted value stays', 'A,B\n5" pipe,2\n', ['A', 'B'], [['5" pipe', '2']]],
    ['empty fields at the ends are values', 'A,B,C\n,,\n', ['A', 'B', 'C'], [['', '', '']]],
    ['a last empty field without a line end is a value', 'A,B\n1,', ['A', 'B'], [['1', '']]],
    ['single quotes are not quotes', "A,B\n'1',2\n", ['A', 'B'], [["'1'", '2']]],
    ['header names are trimmed', ' A ,"B"\n1,2', ['A', 'B'], [['1', '2']]],
  ];
  it.each(rows)('%s', (_, text, names, expected) => {
    const read = readCsv(text);
    expect([read.header.names, read.rows, read.ragged]).toEqual([names, expected, []]);
    for (const size of [1, 2, 3])
      expect(readInPieces(text, size)).toEqual({ names, rows: expected, ragged: [] });
  });

  it('names ragged rows by line and reads the others', () => {
    const { rows, ragged } = readCsv('A,B\n"x\ny",1\nlost\n3,4,5\n6,7\n');
    expect(rows).toEqual([
      ['x\ny', '1'],
      ['6', '7'],
    ]);
    expect(ragged).toEqual([
      { line: 4, expected: 2, found: 1, firstValue: 'lost' },
      { line: 5, expected: 2, found: 3, firstValue: '3' },
    ]);
  });

  it('agrees with d3-dsv on text of commas, quotes and line ends', () => {
    const strict = fc.array(
      fc.array(fc.constantFrom('a', '"b"', '"c,""d"', '""', '"e\nf"'), {
        minLength: 2,
        maxLength: 2,
      }),
    );
    fc.assert(
      fc.property(strict, fc.constantFrom('\n', '\r\n'), (cells, lineEnd) => {
        const text = ['A,B', ...cells.map((row) => row.join(','))].join(lineEnd);
        expect(readCsv(text).rows).toEqual(csvParseRows(text).slice(1));
      }),
    );
  });

  it.each([
    ['an open quote', 'A,B\n1,2\n"3,4\n', 'line 3'],
    ['text after a closing quote', 'A,B\n"1"x,2\n', 'line 2'],
  ])('throws on %s and names the line', (_, text, line) => {
    expect(() => readCsv(text)).toThrow(UnreadableCsv);
    expect(() => readCsv(text)).toThrow(line);
  });

  it('gives up on a row without end instead of filling memory', () => {
    const reader = createCsvReader();
    reader.push('A,B\n"');
    const feed = () => {
      for (let count = 0; count < 40; count++) reader.push('x'.repeat(65_536));
    };
    expect(feed).toThrow('line 2: no end of row');
  });
});

describe('CsvHeader', () => {
  const { header } = readCsv('Item code, No. of items ,RetailPrice,retailprice\n');

  it('finds a name whatever its letter case, the first of several spellings that is there', () => {
    expect(header.at('ITEM CODE')).toBe(0);
    expect(header.at('No of items', 'No. of items')).toBe(1);
    expect(header.find('Site reference')).toBeNull();
  });

  it('does not guess between two columns of one name', () => {
    expect(() => header.find('RetailPrice')).toThrow('more than once');
  });

  it('names a missing column and what it found instead', () => {
    expect(() => header.at('Available')).toThrow(/column Available is missing; found Item code/);
  });
});

describe('readUnits', () => {
  it.each([
    ['7', 7],
    ['-3', -3],
    [' 12.00 ', 12],
    ['-0', 0],
    ['007', 7],
    ['1.5', null],
    ['', null],
    ['1,234', null],
    ['n/a', null],
  ])('reads %j as %s', (text, expected) => {
    expect(readUnits(text)).toBe(expected);
  });
});
