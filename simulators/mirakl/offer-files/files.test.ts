import { describe, expect, it } from 'vitest';
import { csvLine, readCsv } from './csv.ts';
import { partsOf } from './multipart.ts';

describe('readCsv', () => {
  it.each([
    ['splits at the delimiter', 'a;b', [['a', 'b']]],
    ['takes quotes off', '"a";"b"', [['a', 'b']]],
    ['keeps a delimiter and a line break inside quotes', '"a;1\n2";b', [['a;1\n2', 'b']]],
    ['halves doubled quotes', '"a ""b""";c', [['a "b"', 'c']]],
    [
      'takes both line ends',
      'a;b\r\nc;d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['keeps empty cells', 'a;;""', [['a', '', '']]],
    ['passes over blank lines', 'a\n\nb\n', [['a'], ['b']]],
    ['passes over a byte order mark', '\uFEFFa', [['a']]],
    ['keeps another delimiter as text', 'a,b', [['a,b']]],
    ['reads nothing from nothing', '', []],
  ])('%s', (_rule, text, cells) => {
    const { records, brokenAt } = readCsv(text, ';');
    expect(brokenAt).toBe(null);
    expect(records.map((record) => record.cells)).toEqual(cells);
  });

  it.each([
    ['a quote that never closes', 'a\n"b', 2],
    ['a quote inside a cell', 'a\nb\n6" pan;1', 3],
    ['text behind a closing quote', '"a"b', 1],
  ])('stops at %s', (_rule, text, line) => {
    expect(readCsv(text, ';').brokenAt).toBe(line);
  });

  it('counts lines as an editor does, and keeps each record as it was sent', () => {
    const { records } = readCsv('h\n"a\nb";1\n\nc;2\n', ';');
    expect(records.map(({ number, raw }) => [number, raw])).toEqual([
      [1, 'h'],
      [2, '"a\nb";1'],
      [5, 'c;2'],
    ]);
  });

  it('reads what csvLine wrote', () => {
    const cells = ['plain', 'with;', 'with "quotes"', 'with\nbreak', ''];
    expect(readCsv(csvLine(cells, ';'), ';').records[0]?.cells).toEqual(cells);
  });
});

describe('partsOf', () => {
  const text = (content: Uint8Array) => Buffer.from(content).toString('utf8');

  it('reads what a real client sends', async () => {
    const form = new FormData();
    form.set('import_mode', 'NORMAL');
    form.set('file', new Blob(['sku\n"Zoë"\r\n--x'], { type: 'text/csv' }), 'a "b".csv');
    const sent = new Response(form);
    const type = sent.headers.get('content-type') ?? '';
    const parts = partsOf(type, new Uint8Array(await sent.arrayBuffer())) ?? [];
    expect(parts.map((part) => [part.name, text(part.content)])).toEqual([
      ['import_mode', 'NORMAL'],
      ['file', 'sku\n"Zoë"\r\n--x'],
    ]);
    expect(parts.map((part) => part.filename !== null)).toEqual([false, true]);
  });

  const part = 'content-disposition: form-data; name=a\r\n\r\n1';
  it.each([
    ['takes text before the first boundary', `hello\r\n--b\r\n${part}\r\n--b--`, 1],
    ['takes a form without parts', '--b--', 0],
  ])('%s', (_rule, body, count) => {
    expect(partsOf('multipart/form-data; boundary="b"', Buffer.from(body))).toHaveLength(count);
  });

  it.each([
    ['another content type', 'application/json', `--b\r\n${part}\r\n--b--`],
    ['a type without boundary', 'multipart/form-data', `--b\r\n${part}\r\n--b--`],
    ['a body that ends too early', 'multipart/form-data; boundary=b', `--b\r\n${part}`],
    ['a boundary that is not there', 'multipart/form-data; boundary=c', `--b\r\n${part}\r\n--b--`],
    ['a part without a name', 'multipart/form-data; boundary=b', '--b\r\nx: y\r\n\r\n1\r\n--b--'],
    ['a part without a blank line', 'multipart/form-data; boundary=b', '--b\r\nx: y\r\n--b--'],
  ])('refuses %s', (_rule, type, body) => {
    expect(partsOf(type, Buffer.from(body))).toBe(null);
  });
});
