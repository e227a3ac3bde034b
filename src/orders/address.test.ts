import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleAddress } from '../../test/sample-orders.ts';
import { countryOf, tidy, toWarehouseAddress } from './address.ts';

const uk = { served: ['GBR', 'JEY', 'IRL', 'FRA'], form: 'name', requirePhone: false } as const;

function problemsOf(own: Parameters<typeof sampleAddress>[0], options: object = {}) {
  return toWarehouseAddress(sampleAddress(own), { ...uk, ...options }).problems;
}

function addressOf(own: Parameters<typeof sampleAddress>[0], options: object = {}) {
  return toWarehouseAddress(sampleAddress(own), { ...uk, ...options }).address;
}

describe('country', () => {
  it.each([
    ['a code of three letters', 'GBR', null, 'GBR'],
    ['a code in small letters', 'gbr', null, 'GBR'],
    ['a code of two letters', 'FR', null, 'FRA'],
    ['the code wins over the name', 'FRA', 'United Kingdom', 'FRA'],
    ['an unknown code falls back to the name', 'ZZZ', 'France', 'FRA'],
    ['an unknown code of two letters falls back to the name', 'UK', 'United Kingdom', 'GBR'],
    ['UK as a code is Britain although ISO says GB', 'UK', null, 'GBR'],
    ['a name in English', null, 'Germany', 'DEU'],
    ['a name in any letter case', null, 'UNITED KINGDOM', 'GBR'],
    ['the letters UK', null, 'UK', 'GBR'],
    ['a part of Britain', null, 'scotland', 'GBR'],
    ['an island of its own', null, 'Jersey', 'JEY'],
    ['a name of no country', null, 'Atlantis', null],
    ['nothing', null, null, null],
    ['empty text', '', ' ', null],
  ])('%s', (_rule, countryIsoCode, country, found) => {
    expect(countryOf({ countryIsoCode, country })).toBe(found);
  });

  it.each([
    ['name', 'United Kingdom'],
    ['alpha2', 'GB'],
    ['alpha3', 'GBR'],
  ])('is written as the warehouse wants it: %s', (form, written) => {
    expect(addressOf({}, { form }).country).toBe(written);
  });

  it('that cannot be told is a problem and stays empty', () => {
    expect(problemsOf({ countryIsoCode: null, country: 'Atlantis' })).toMatchObject([
      { code: 'country-unknown' },
    ]);
    expect(addressOf({ countryIsoCode: null, country: 'Atlantis' }).country).toBe('');
  });

  it('that the channel does not deliver to is a problem', () => {
    expect(problemsOf({ countryIsoCode: 'DEU', zipCode: '10115' })).toEqual([
      { code: 'country-not-served', what: 'DEU' },
    ]);
  });
});

describe('postcode', () => {
  it.each([
    ['one that is right stays', 'AB1 2CD', 'AB1 2CD'],
    ['small letters become capitals', 'ab1 2cd', 'AB1 2CD'],
    ['a missing blank is put in', 'AB12CD', 'AB1 2CD'],
    ['blanks in the wrong place are moved', 'A B12 C D', 'AB1 2CD'],
    ['a letter behind the district', 'ec1a1bb', 'EC1A 1BB'],
    ['two digits in the district', 'AB101XX', 'AB10 1XX'],
    ['the old one of the post office bank', 'gir0aa', 'GIR 0AA'],
    ['forces overseas', 'bfpo57', 'BFPO 57'],
    ['Jersey has the same form', 'je23ab', 'JE2 3AB', 'JEY'],
    ['another country is left as it is', 'd02 x285', 'd02 x285', 'IRL'],
  ])('%s', (_rule, zipCode, written, countryIsoCode = 'GBR') => {
    const { address, problems } = toWarehouseAddress(
      sampleAddress({ zipCode, countryIsoCode }),
      uk,
    );
    expect(address.postcode).toBe(written);
    expect(problems).toEqual([]);
  });

  it.each([
    ['digits only', '12345'],
    ['half of one', 'AB1'],
    ['a word', 'NONE AT ALL'],
  ])('not of the British form is a problem: %s', (_rule, zipCode) => {
    expect(problemsOf({ zipCode })).toEqual([
      { code: 'address-incomplete', what: 'a postcode of the British form' },
    ]);
  });

  it('may be missing where there is none', () => {
    expect(problemsOf({ zipCode: null, countryIsoCode: 'IRL' })).toEqual([]);
    expect(problemsOf({ zipCode: null, countryIsoCode: 'FRA' })).toEqual([
      { code: 'address-incomplete', what: 'a postcode' },
    ]);
  });
});

describe('parts', () => {
  it('everything that is missing is named at once', () => {
    const nothing = sampleAddress({
      firstName: null,
      lastName: ' ',
      street1: null,
      city: '',
      zipCode: null,
      country: null,
      countryIsoCode: null,
      phone: null,
    });
    const { problems } = toWarehouseAddress(nothing, { ...uk, requirePhone: true });
    expect(problems.map((one) => one.code)).toEqual(['country-unknown', 'address-incomplete']);
    expect(problems[1]?.what).toBe(
      'a name or a company, a street, a town, a postcode, a telephone number',
    );
  });

  it.each([
    ['the second number counts', { phone: null, phoneSecondary: '07700 900001' }, []],
    ['none is a problem', { phone: null }, ['a telephone number']],
  ])('a telephone number, where one is required: %s', (_rule, own, missing) => {
    const found = problemsOf(own, { requirePhone: true });
    expect(found.map((one) => one.what)).toEqual(missing);
  });

  it('a company stands in for a name', () => {
    const own = { firstName: null, lastName: null, company: 'Example Ltd' };
    expect(problemsOf(own)).toEqual([]);
    expect(addressOf(own).contactName).toBe('Example Ltd');
  });

  it('a person called Null is a person', () => {
    expect(addressOf({ firstName: 'Ann', lastName: 'Null' }).contactName).toBe('Ann Null');
  });

  it('what a broken sender writes for nothing is nothing', () => {
    expect(addressOf({ firstName: 'undefined', lastName: 'null' }).contactName).toBe('');
  });
});

describe('street', () => {
  const long = 'Apartment 12 Building 7 The Old Tannery Court of the Weavers '.repeat(2).trim();
  it.each([
    ['one line', {}, ['1 Sample Street', '']],
    ['two lines', { street2: 'Floor 2' }, ['1 Sample Street', 'Floor 2']],
    [
      'a second line that repeats the first is left out',
      { street2: '1 Sample Street' },
      ['1 Sample Street', ''],
    ],
    [
      'the second line alone is a street',
      { street1: null, street2: '3 Back Lane' },
      ['3 Back Lane', ''],
    ],
    ['a company comes first', { company: 'Example Ltd' }, ['Example Ltd', '1 Sample Street']],
    [
      'three parts share two lines',
      { company: 'Example Ltd', street2: 'Floor 2' },
      ['Example Ltd, 1 Sample Street, Floor 2', ''],
    ],
    [
      'a company without a street is no street',
      { company: 'Example Ltd', street1: null },
      ['', ''],
    ],
  ])('%s', (_rule, own, lines) => {
    const { line1, line2 } = addressOf(own);
    expect([line1, line2]).toEqual(lines);
  });

  it('a line above a hundred characters goes on in the second, word by word', () => {
    const { address, problems } = toWarehouseAddress(sampleAddress({ street1: long }), uk);
    expect(long.length).toBeGreaterThan(100);
    expect(address.line1.length).toBeLessThanOrEqual(100);
    expect(`${address.line1} ${address.line2}`).toBe(long);
    expect(problems).toEqual([]);
  });

  it('a comma at the break is not doubled', () => {
    const street1 = `${'a'.repeat(60)}, ${'b'.repeat(30)}`;
    const { line1, line2 } = addressOf({ street1, street2: 'c'.repeat(50) });
    expect([line1, line2]).toEqual([street1, 'c'.repeat(50)]);
  });

  it.each([
    ['more than two lines hold', { street1: `${long} ${long}` }, 'line2'],
    ['a word that cannot be broken', { street1: 'x'.repeat(101) }, 'line1'],
    ['a town', { city: 'y'.repeat(101) }, 'city'],
    ['a name', { lastName: 'z'.repeat(100) }, 'contactName'],
  ])('too long is a problem, never cut: %s', (_rule, own, part) => {
    const found = problemsOf(own);
    expect(found.map((one) => one.code)).toEqual(['field-too-long']);
    expect(found[0]?.what).toContain(part);
  });
});

describe('tidy', () => {
  it.each([
    ['null is empty', null, ''],
    ['undefined is empty', undefined, ''],
    ['line breaks become blanks', 'Flat 1\r\nRear door', 'Flat 1 Rear door'],
    ['tabs and doubled blanks become one', 'a\t b   c', 'a b c'],
    ['hard blanks too', 'a\u00a0b', 'a b'],
    ['line separators of other systems too', 'a\u2028b\u2029c', 'a b c'],
    [
      'invisible characters vanish without a gap',
      'Wind\u00adsor \u200bCast\ufeffle',
      'Windsor Castle',
    ],
    ['control characters become blanks', 'a\u0000b\u0007c', 'a b c'],
    ['emoji are left out', 'Ring twice 🔔🔔 please', 'Ring twice please'],
    ['a family of emoji is left out whole', '👨‍👩‍👧 Example', 'Example'],
    ['flags are left out', '🇬🇧 Example', 'Example'],
    ['half an emoji is left out', 'Ann \ud83d', 'Ann'],
    ['the mark of a lost character is left out', 'Ann \ufffd', 'Ann'],
    ['digits and the hash stay', 'Flat #3 *9', 'Flat #3 *9'],
    ['accents stay, composed', 'Zoe\u0308 Müller', 'Zoë Müller'],
    ['other scripts stay', '東京 Łódź', '東京 Łódź'],
    ['undefined written out is empty', 'undefined', ''],
    ['null written out is empty', 'null', ''],
    ['a surname is not', 'Null', 'Null'],
    ['only the whole text counts', 'null and void', 'null and void'],
    ['an object written out is empty', '[object Object]', ''],
  ])('%s', (_rule, raw, text) => {
    expect(tidy(raw)).toBe(text);
  });

  it('whatever comes in, one clean line goes out, and cleaning it again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (raw) => {
        const text = tidy(raw);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|^\s|\s$|\s\s/u);
        expect(text.isWellFormed()).toBe(true);
        expect(tidy(text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
