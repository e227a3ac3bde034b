import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CarrierMapping,
  chooseCarrier,
  doubtTracking,
  normalTracking,
  trackingUrlOf,
} from './carriers.ts';

const registered = [
  { code: 'DPD', label: 'DPD Group UK', trackingUrl: 'https://dpd.example.test/{number}' },
  { code: 'royal-mail', label: 'Royal Mail', trackingUrl: null },
  { code: 'UPS', label: null, trackingUrl: null },
  { code: 'twin-1', label: 'Twin Freight', trackingUrl: null },
  { code: 'twin-2', label: 'twin freight', trackingUrl: null },
];
const line = (carrier: string, service: string, to: Partial<CarrierMapping>): CarrierMapping => ({
  carrier,
  service,
  code: null,
  name: null,
  url: null,
  ...to,
});

describe('chooseCarrier', () => {
  const table = [
    line('Depot Van', '', { name: 'Example Van', url: 'https://van.example.test/{number}' }),
    line('DPD', '', { code: 'DPD' }),
    line('DPD', 'Next Day', { code: 'royal-mail' }),
    line('dpd', 'Two Day', { code: 'UPS' }),
    line('DPD', 'Two-Day', { code: 'DPD' }),
    line('Gone', '', { code: 'OLD' }),
    line('Mute', '', {}),
    line('', '', { code: 'UPS' }),
  ];
  const choose = (carrier: string, service = '', registeredOnly = false, mappings = table) => {
    const choice = chooseCarrier({ carrier, service }, mappings, registered, { registeredOnly });
    if (choice.kind === 'unmapped')
      return [choice.reason, ...choice.nearest.map((one) => one.code)].join(' ');
    const { carrier: to, from } = choice;
    return `${from} ${'code' in to ? to.code : `${to.name} ${to.url}`}`;
  };

  it.each([
    ['a mapping with the service', 'DPD', 'Next Day', 'mapping royal-mail'],
    ['then one for any service', 'DPD', 'Saturday', 'mapping DPD'],
    ['case, blanks and punctuation count for nothing', ' d.p.d ', 'nextday', 'mapping royal-mail'],
    ['the same to the letter before nearly the same', 'DPD', 'Two-Day', 'mapping DPD'],
    ['nearly the same where nothing is exact', 'DpD', 'two day', 'mapping UPS'],
    ['a carrier by name', 'Depot Van', '', 'mapping Example Van https://van.example.test/{number}'],
    ['a line for no carrier', '', 'Anything', 'mapping UPS'],
    ['without a line the code', 'ups', '', 'sameName UPS'],
    ['without a line the label', 'ROYALMAIL', '48', 'sameName royal-mail'],
    ['a line that says nothing is passed over', 'Mute', '', 'noMapping'],
    ['a code that is not registered any more', 'Gone', '', 'notRegistered'],
    ['a name that is within another is near', 'Royal Mail Tracked', '', 'noMapping royal-mail'],
    ['a slip of the pen is near', 'Roial Mail', '', 'noMapping royal-mail'],
    ['what is like nothing', 'Zebra', '', 'noMapping'],
    ['the same to the letter among twins', 'Twin Freight', '', 'sameName twin-1'],
    ['nearly the same as both twins', 'TWIN FREIGHT', '', 'ambiguous twin-1 twin-2'],
  ])('%s', (_, carrier, service, expected) => {
    expect(choose(carrier, service)).toBe(expected);
  });

  it('takes no bare name where only registered carriers are taken', () => {
    expect(choose('Depot Van', '', true)).toBe('onlyRegistered');
    expect(choose('DPD', '', true)).toBe('mapping DPD');
  });

  it('is unmapped without a carrier, and proposes none', () => {
    expect(choose('', '', false, [])).toBe('noMapping');
    expect(choose(' - ', '', false, [])).toBe('noMapping');
  });

  it('says which code is not registered', () => {
    const choice = chooseCarrier({ carrier: 'Gone', service: '' }, table, registered, {
      registeredOnly: false,
    });
    expect(choice).toMatchObject({
      what: 'carrier Gone is mapped to OLD, which is not registered with the marketplace',
    });
  });

  it('proposes at most three', () => {
    const many = ['a', 'b', 'c', 'd'].map((end) => ({
      code: `Post ${end}`,
      label: null,
      trackingUrl: null,
    }));
    const choice = chooseCarrier({ carrier: 'Post', service: '' }, [], many, {
      registeredOnly: false,
    });
    expect(choice.kind === 'unmapped' && choice.nearest.map((one) => one.code)).toEqual([
      'Post a',
      'Post b',
      'Post c',
    ]);
  });
});

describe('trackingUrlOf', () => {
  it.each([
    [
      'every place',
      'https://t.example.test/{number}?n={number}',
      'A1',
      'https://t.example.test/A1?n=A1',
    ],
    [
      'trimmed and made safe',
      'https://t.example.test/{number}',
      ' A/1 &b ',
      'https://t.example.test/A%2F1%20%26b',
    ],
    [
      'a dollar is a dollar',
      'https://t.example.test/{number}',
      '$&',
      'https://t.example.test/%24%26',
    ],
    ['no place for it', 'https://t.example.test/', 'A1', 'https://t.example.test/'],
  ])('%s', (_, template, number, url) => {
    expect(trackingUrlOf(template, number)).toBe(url);
  });

  it('makes an URL of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (number) => {
        const url = trackingUrlOf('https://t.example.test/x/{number}', number);
        expect(new URL(url).origin).toBe('https://t.example.test');
        expect(url).not.toMatch(/[\s?#]/);
      }),
    );
  });
});

describe('doubtTracking', () => {
  const shapes = [
    { carrier: 'DPD', pattern: '\\d{14}' },
    { carrier: 'D.P.D', pattern: 'P\\d{6}' },
    { carrier: 'Any', pattern: '.*' },
    { carrier: 'Royal Mail', pattern: '[a-z]{2}\\d{9}gb' },
  ];
  const doubtOf = (trackingNumber: string, carrier = 'Example Express') =>
    doubtTracking({
      trackingNumber,
      carrier,
      orderNumbers: ['JL-100234-A', 'SO100234'],
      shapes,
    })?.kind ?? null;

  it.each([
    ['a number', '15501234567890', null],
    ['a number with blanks and a hyphen', ' JD00 0222-1234 ', null],
    ['nothing', '  ', 'empty'],
    ['undefined', 'undefined', 'empty'],
    ['null', 'NULL', 'empty'],
    ['not applicable', 'N/A', 'empty'],
    ['a dash', '-', 'empty'],
    ['noughts', '0000', 'empty'],
    ['a spreadsheet number', '1.23457E+13', 'truncated'],
    ['with a comma', '1,23457e+13', 'truncated'],
    ['without decimals', '1E+13', 'truncated'],
    ['digits that became noughts', '15501234567890100000', 'truncated'],
    ['cut off', '155012345...', 'truncated'],
    ['a column too narrow', '########', 'truncated'],
    ['a date', '21/03/2026', 'isDate'],
    ['a date and time', '21/03/2026 09:15:40', 'isDate'],
    ['a short date', '3/21/26', 'isDate'],
    ['a date of ISO', '2026-03-21T09:15:40', 'isDate'],
    ['a date in words', '21 March 2026', 'isDate'],
    ['the order number', 'jl100234a', 'isOrderNumber'],
    ['the other order number', 'SO 100234', 'isOrderNumber'],
    ['the carrier', 'EXAMPLE-EXPRESS', 'isCarrier'],
    ['a carrier of the settings', 'dpd', 'isCarrier'],
    ['a postcode', 'AB1 2CD', 'isPostcode'],
    ['a postcode in one word', 'sw1a1aa', 'isPostcode'],
    ['a postal number', 'RB123456785GB', null],
    ['a postal number in small letters, with blanks', 'rb 123 456 785 gb', null],
    ['a postal number with check digit 5 for a rest of 0', 'AA000000005GB', null],
    ['a postal number with a digit wrong', 'RB123456784GB', 'checkDigit'],
    ['two digits of a postal number swapped', 'RB123456758GB', 'checkDigit'],
    ['a UPS number', '1Z9999W99999999999', null],
    ['a UPS number cut short', '1Z9999W9999999999', 'tooShort'],
    ['a UPS number and more', '1Z9999W999999999990', 'tooLong'],
    ['no digit', 'SIGNEDFOR', 'characters'],
    ['an address', 'ann@example.test1', 'characters'],
    ['several at once', '15501234567890,15501234567891', 'characters'],
    ['a word too short', 'A123', 'tooShort'],
    ['as short as may be', 'A1234', null],
    ['as long as may be', '12'.repeat(25), null],
    ['too long', '1'.repeat(51), 'tooLong'],
  ])('%s', (_, number, kind) => {
    expect(doubtOf(number)).toBe(kind);
  });

  it.each([
    ['one of the shapes fits', '15501234567890', 'DPD', null],
    ['another of them does', 'p123456', 'dpd', null],
    ['none of them does', '155012345678901', 'DPD', 'shape'],
    ['the shape is of the whole number', 'X15501234567890', 'DPD', 'shape'],
    ['blanks inside count for nothing', '1550 1234 5678 90', 'DPD', null],
    ['a shape allows what is odd elsewhere', 'a#1', 'Any', null],
    ['but not a date', '21/03/2026', 'Any', 'isDate'],
    ['nor a text beyond all length', '1'.repeat(51), 'Any', 'shape'],
    ['a postal number keeps its check digit', 'RB123456784GB', 'Royal Mail', 'checkDigit'],
    ['case counts for nothing', 'RB123456785GB', 'royal mail', null],
  ])('by the settings: %s', (_, number, carrier, kind) => {
    expect(doubtOf(number, carrier)).toBe(kind);
  });

  it.each([
    ['no regular expression', '[A-Z'],
    ['a group repeated without limit', '(\\d+)+'],
    ['a group repeated so many times and more', '(\\d+){2,}'],
    ['a pattern too long', 'A'.repeat(201)],
  ])('throws for %s, naming it', (_, pattern) => {
    const given = { trackingNumber: 'A12345', carrier: 'X', orderNumbers: [] };
    const bad = () => doubtTracking({ ...given, shapes: [{ carrier: 'Bad', pattern }] });
    expect(bad).toThrow(RangeError);
    expect(bad).toThrow(`tracking shape of carrier Bad: ${pattern}`);
  });

  it('never quotes what may be personal', () => {
    for (const number of ['AB1 2CD', 'ann@example.test1', '21/03/2026']) {
      const doubt = doubtTracking({
        trackingNumber: number,
        carrier: '',
        orderNumbers: [],
        shapes: [],
      });
      expect(doubt?.what).not.toContain(number);
    }
  });

  it('sees any one digit wrong in a postal number', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.integer({ min: 1, max: 9 }), (place, by) => {
        const digits = [...'123456785'].map(Number);
        digits[place] = (digits[place]! + by) % 10;
        // Two values of the sum share a check digit (rests of 0 and 6 give 5; of 1 none but 0).
        const kind = doubtOf(`RB${digits.join('')}GB`);
        const sum = [8, 6, 4, 2, 3, 5, 9, 7].reduce((all, w, at) => all + w * digits[at]!, 0);
        expect(kind).toBe(place < 8 && sum % 11 === 0 ? null : 'checkDigit');
      }),
    );
  });
});

describe('normalTracking', () => {
  it('is the same for the same number in other letters and blanks', () => {
    expect(normalTracking(' rb 123\t456 ')).toBe(normalTracking('RB123456'));
  });
});
