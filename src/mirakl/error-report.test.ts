import { describe, expect, it } from 'vitest';
import { readErrorReport } from './error-report.ts';
import { Unreadable } from './exchange.ts';

const one = { lineNumber: 3, shopSku: 'MUG-RED', reason: 'Offer not found' };

describe('readErrorReport', () => {
  const rows: [rule: string, text: string, errors: object[]][] = [
    [
      'number and reason in front, by name',
      'error-line;error-message;offer-sku;quantity\n3;Offer not found;MUG-RED;7\n',
      [one],
    ],
    [
      'number and reason behind, by name',
      '"sku";"quantity";"update-delete";"error-line";"error-message"\r\n' +
        '"MUG-RED";"7";"update";"3";"Offer not found"\r\n',
      [one],
    ],
    [
      'names in other letters and another delimiter',
      'Line number,Error reason,Offer SKU\n3,Offer not found,MUG-RED',
      [one],
    ],
    [
      'in front by place, when the names are of another language',
      'ligne;erreur;offer-sku;quantity\n3;Offer not found;MUG-RED;7',
      [one],
    ],
    [
      'behind by place, when the names are of another language',
      'sku;quantity;update-delete;ligne;erreur\nMUG-RED;7;update;3;Offer not found',
      [one],
    ],
    ['without a header, number in front', '3;Offer not found;MUG-RED;7;;update', [one]],
    ['without a header, number behind', 'MUG-RED;7;update;3;Offer not found', [one]],
    ['only a header is no error', 'error-line;error-message;offer-sku\n', []],
    [
      'two complaints about one line are two',
      'error-line;error-message;sku\n3;Offer not found;MUG-RED\n3;Bad quantity;MUG-RED',
      [one, { ...one, reason: 'Bad quantity' }],
    ],
    [
      'a SKU with a delimiter, a quote and a line break',
      'error-line;error-message;sku\n3;Offer not found;"A;""B""\nC"',
      [{ ...one, shopSku: 'A;"B"\nC' }],
    ],
    [
      'what is missing is null',
      'error-line;error-message;sku\n?;Bad line;\n;Bad line',
      [
        { lineNumber: null, shopSku: null, reason: 'Bad line' },
        { lineNumber: null, shopSku: null, reason: 'Bad line' },
      ],
    ],
    [
      'a row with too many cells names no SKU, since they may have shifted',
      'error-line;error-message;sku\n3;Bad; line;MUG-RED',
      [{ lineNumber: 3, shopSku: null, reason: 'Bad' }],
    ],
  ];
  it.each(rows)('%s', (_rule, text, errors) => {
    expect(readErrorReport(text)).toEqual(errors);
  });

  it.each([
    ['a message in JSON', '{"status":404,"message":"No report, sorry; none"}'],
    ['a plain word', 'Not available'],
    ['a torn quote', 'error-line;error-message;sku\n3;"Offer'],
  ])('%s is no report', (_rule, text) => {
    expect(() => readErrorReport(text)).toThrow(Unreadable);
  });
});
