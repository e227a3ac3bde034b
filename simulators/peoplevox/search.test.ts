import { describe, expect, it } from 'vitest';
import {
  compileSearch,
  type Dialect,
  parseSearch,
  type SearchColumn,
  SearchProblem,
  wantedValues,
} from './search.ts';

type Row = { code: string; units: number; isHeld: boolean; at: number | null };
const columns: SearchColumn<Row>[] = [
  { name: 'ItemCode', kind: 'text', cell: (row) => row.code },
  { name: 'Item code', kind: 'text', cell: (row) => row.code },
  { name: 'Qty', kind: 'number', cell: (row) => row.units },
  { name: 'OnHold', kind: 'bool', cell: (row) => row.isHeld },
  { name: 'Despatch date', kind: 'date', cell: (row) => row.at },
];
const rows: Row[] = [
  { code: 'RED-1', units: 0, isHeld: false, at: Date.UTC(2026, 1, 1, 10, 0, 0) },
  { code: 'RED-2', units: 9, isHeld: true, at: Date.UTC(2026, 1, 2, 10, 0, 0) },
  { code: 'BLUE', units: 12, isHeld: false, at: null },
];

function found(text: string, dialect: Dialect = 'template', ignoresCase = false): string[] {
  const clause = parseSearch(text, dialect);
  if (!clause) return rows.map((row) => row.code);
  const byName = (name: string) =>
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  return rows.filter(compileSearch(clause, byName, ignoresCase)).map((row) => row.code);
}

describe('what a clause finds', () => {
  it.each<[rule: string, clause: string, codes: string[]]>([
    ['blank finds everything', '  ', ['RED-1', 'RED-2', 'BLUE']],
    ['Equals', 'ItemCode.Equals("BLUE")', ['BLUE']],
    ['StartsWith', 'ItemCode.StartsWith("RED")', ['RED-1', 'RED-2']],
    ['EndsWith', 'ItemCode.EndsWith("2")', ['RED-2']],
    ['Contains', 'ItemCode.Contains("D-")', ['RED-1', 'RED-2']],
    ['== and OR', 'ItemCode == "BLUE" OR ItemCode == "RED-1"', ['RED-1', 'BLUE']],
    ['!=', 'ItemCode != "BLUE"', ['RED-1', 'RED-2']],
    ['! negates a term', '!ItemCode.Contains("1")', ['RED-2', 'BLUE']],
    ['numbers and AND', 'Qty >= 0 AND Qty <= 9', ['RED-1', 'RED-2']],
    ['numbers in Equals', 'Qty.Equals(12)', ['BLUE']],
    ['greater, smaller', 'Qty > 0 AND Qty < 12', ['RED-2']],
    ['booleans', 'OnHold == true', ['RED-2']],
    ['field names ignore case', 'itemcode.Equals("BLUE")', ['BLUE']],
    ['AND binds before OR', 'Qty == 12 OR Qty == 9 AND OnHold == false', ['BLUE']],
    ['brackets group', '(Qty == 12 OR Qty == 9) AND OnHold == true', ['RED-2']],
    ['values keep their case', 'ItemCode == "blue"', []],
    ['keywords in any case', 'Qty == 12 or Qty == 9', ['RED-2', 'BLUE']],
  ])('%s', (_rule, clause, codes) => {
    expect(found(clause)).toEqual(codes);
  });

  it.each<[rule: string, clause: string, codes: string[]]>([
    ['bracketed names', '([Item code].Equals("BLUE"))', ['BLUE']],
    ['DateTime from', '([Despatch date] >= DateTime(2026,02,02,00,00,00))', ['RED-2']],
    [
      'DateTime between',
      '([Despatch date] >= DateTime(2026,2,1,0,0,0)) AND ([Despatch date] <= DateTime(2026,02,01,23,59,59))',
      ['RED-1'],
    ],
    ['a name without a blank may be bare', 'Qty == 12', ['BLUE']],
  ])('report: %s', (_rule, clause, codes) => {
    expect(found(clause, 'report')).toEqual(codes);
  });

  it('ignores the case of values where the tenant does', () => {
    expect(found('ItemCode == "blue"', 'template', true)).toEqual(['BLUE']);
  });
});

describe('what a clause may not say', () => {
  it.each<[rule: string, clause: string, dialect: Dialect]>([
    ['an unknown field', 'Nope == "1"', 'template'],
    ['text compared with a number', 'ItemCode == 5', 'template'],
    ['a number compared with text', 'Qty == "5"', 'template'],
    ['a doubled quote inside a value', 'ItemCode == "a""b"', 'template'],
    ['a backslash does not escape a quote', 'ItemCode == "a\\"b"', 'template'],
    ['single quotes', "ItemCode == 'a'", 'template'],
    ['a single equals sign', 'ItemCode = "a"', 'template'],
    ['brackets in the template dialect', '[Item code] == "a"', 'template'],
    ['an unknown method', 'ItemCode.Like("a")', 'template'],
    ['StartsWith on a number', 'Qty.StartsWith(1)', 'template'],
    ['an end too early', 'ItemCode ==', 'template'],
    ['a bracket left open', '(Qty == 1', 'template'],
    ['words after the end', 'Qty == 1 Qty', 'template'],
    ['a bare date', '[Despatch date] >= 2026-02-01', 'report'],
    ['a quoted date', '[Despatch date] >= "2026-02-01"', 'report'],
    ['DateTime with three numbers', '[Despatch date] >= DateTime(2026,02,01)', 'report'],
    ['an impossible DateTime', '[Despatch date] >= DateTime(2026,02,31,0,0,0)', 'report'],
  ])('%s', (_rule, clause, dialect) => {
    expect(() => found(clause, dialect)).toThrow(SearchProblem);
  });
});

describe('wantedValues', () => {
  const wanted = (text: string) =>
    wantedValues(parseSearch(text, 'template')!, (field) => field === 'itemcode');

  it.each<[rule: string, clause: string, values: string[] | undefined]>([
    ['a list of equal terms', 'ItemCode == "A" OR ItemCode.Equals("B")', ['A', 'B']],
    ['one side of an AND', 'Qty > 1 AND (ItemCode == "A" OR ItemCode == "B")', ['A', 'B']],
    ['an OR with another field has none', 'ItemCode == "A" OR Qty == 1', undefined],
    ['a negation has none', '!(ItemCode == "A")', undefined],
    ['another operator has none', 'ItemCode.StartsWith("A")', undefined],
  ])('%s', (_rule, clause, values) => {
    expect(wanted(clause)?.values).toEqual(values);
  });
});
