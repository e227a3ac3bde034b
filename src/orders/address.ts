/** A marketplace delivery address made fit for the warehouse. Pure. */
import countries from 'i18n-iso-countries';
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' };
import type { Address } from '../mirakl/order.ts';

countries.registerLocale(english);

export type WarehouseAddress = {
  contactName: string;
  line1: string;
  line2: string;
  city: string;
  region: string;
  postcode: string;
  country: string;
  phone: string;
};

export type AddressProblem = {
  code: 'address-incomplete' | 'country-unknown' | 'country-not-served' | 'field-too-long';
  what: string;
};

export type CountryForm = 'name' | 'alpha2' | 'alpha3';

/** Longest text that Peoplevox takes in each part of an address. */
const maxPart = 100;
/** The same for ContactName. */
const maxContact = 100;
const ukLike = new Set(['GBR', 'JEY', 'GGY', 'IMN']);
const ukPostcode = /^(GIR ?0AA|BFPO ?\d{1,4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$/;
/** Countries in which addresses have no postcode. */
const withoutPostcode = new Set(['ARE', 'HKG', 'QAT', 'IRL']);

/** Translates an address; names everything that is wrong with it at once. `address` is complete only when
 *  `problems` is empty. */
export function toWarehouseAddress(
  from: Address,
  options: { served: readonly string[]; form: CountryForm; requirePhone: boolean },
): { address: WarehouseAddress; problems: AddressProblem[] } {
  const problems: AddressProblem[] = [];
  const iso = countryOf(from);
  if (!iso) {
    problems.push({
      code: 'country-unknown',
      what: 'neither a country code nor a known country name',
    });
  } else if (!options.served.includes(iso)) {
    problems.push({ code: 'country-not-served', what: iso });
  }
  const contactName = tidy([from.firstName, from.lastName].map(tidy).filter(Boolean).join(' '));
  const [line1, line2] = streetLines(from);
  const postcode = tidyPostcode(from.zipCode, iso);
  const address: WarehouseAddress = {
    contactName: contactName || tidy(from.company),
    line1,
    line2,
    city: tidy(from.city),
    region: tidy(from.state),
    postcode,
    country: iso ? writeCountry(iso, options.form) : '',
    phone: tidy(from.phone) || tidy(from.phoneSecondary),
  };
  const missing = missingParts(address, iso, options.requirePhone);
  if (missing.length > 0) problems.push({ code: 'address-incomplete', what: missing.join(', ') });
  for (const [part, value] of Object.entries(address)) {
    const most = part === 'contactName' ? maxContact : maxPart;
    if (value.length > most) {
      problems.push({
        code: 'field-too-long',
        what: `${part} has ${value.length} characters of at most ${most}`,
      });
    }
  }
  return { address, problems };
}

function missingParts(
  address: WarehouseAddress,
  iso: string | null,
  requirePhone: boolean,
): string[] {
  const missing: string[] = [];
  if (!address.contactName) missing.push('a name or a company');
  if (!address.line1) missing.push('a street');
  if (!address.city) missing.push('a town');
  if (!address.postcode && !(iso && withoutPostcode.has(iso))) missing.push('a postcode');
  else if (iso && ukLike.has(iso) && !ukPostcode.test(address.postcode)) {
    missing.push('a postcode of the British form');
  }
  if (requirePhone && !address.phone) missing.push('a telephone number');
  return missing;
}

/** ISO alpha-3 code, by the code itself or by an English name; null when neither is known. */
export function countryOf(from: Pick<Address, 'country' | 'countryIsoCode'>): string | null {
  const code = tidy(from.countryIsoCode).toUpperCase();
  if (/^[A-Z]{3}$/.test(code) && countries.alpha3ToAlpha2(code)) return code;
  const byAlpha2 = /^[A-Z]{2}$/.test(code) ? countries.alpha2ToAlpha3(code) : undefined;
  if (byAlpha2) return byAlpha2;
  // Some senders write UK, which is not an ISO code, where the code should be.
  const name = tidy(from.country) || code;
  if (/^(UK|GB|England|Scotland|Wales|Northern Ireland|Great Britain)$/i.test(name)) return 'GBR';
  return countries.getAlpha3Code(name, 'en') ?? null;
}

function writeCountry(iso: string, form: CountryForm): string {
  if (form === 'alpha3') return iso;
  const alpha2 = countries.alpha3ToAlpha2(iso) ?? iso;
  return form === 'alpha2' ? alpha2 : (countries.getName(alpha2, 'en') ?? iso);
}

/** Company and street on two lines of at most 100 characters where that is possible at all. A second
 *  street line that only repeats the first is left out. */
function streetLines(from: Address): [string, string] {
  const street1 = tidy(from.street1);
  const street2 = tidy(from.street2);
  const parts = [
    tidy(from.company),
    tidy(from.company2),
    street1,
    street2 === street1 ? '' : street2,
  ].filter(Boolean);
  if (!street1 && !street2) return ['', ''];
  if (parts.length <= 2 && parts.every((part) => part.length <= maxPart))
    return [parts[0] ?? '', parts[1] ?? ''];
  return splitEvenly(parts.join(', '));
}

/** Breaks at the last comma or blank that leaves the first line within the limit. */
function splitEvenly(text: string): [string, string] {
  if (text.length <= maxPart) return [text, ''];
  const head = text.slice(0, maxPart + 1);
  const at = Math.max(head.lastIndexOf(', '), head.lastIndexOf(' '));
  if (at <= 0) return [text, ''];
  return [text.slice(0, at).replace(/,$/, ''), text.slice(at).replace(/^[, ]+/, '')];
}

/** Blanks and upper case as the Post Office writes them where the form allows; otherwise only tidied. */
function tidyPostcode(raw: string | null, iso: string | null): string {
  const text = tidy(raw);
  if (!iso || !ukLike.has(iso)) return text;
  const joined = text.toUpperCase().replace(/[^A-Z0-9]/g, '');
  if (joined.startsWith('BFPO')) return `BFPO ${joined.slice(4)}`;
  const spaced = joined.length > 3 ? `${joined.slice(0, -3)} ${joined.slice(-3)}` : joined;
  return ukPostcode.test(spaced) ? spaced : text;
}

/** One line of plain text: no line breaks, control characters, pictographs or doubled blanks; '' for null.
 *  Also '' for what broken senders write in place of nothing (`null` in lower case only: Null is a surname). */
export function tidy(raw: string | null | undefined): string {
  if (raw == null) return '';
  const text = raw
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Co}]+/gu, ' ')
    // Soft hyphens, joiners and the like are invisible: a blank in their place would split the word.
    .replace(
      /\p{Cf}|\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\uFE0F\u20E3\uFFFD]|\p{Regional_Indicator}/gu,
      '',
    )
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();
  return /^(undefined|null|NaN|\[object Object\])$/.test(text) ? '' : text;
}

/** The first `most` characters, never half of one that takes two places; '' for nothing. */
export function cut(text: string | undefined, most: number): string {
  return (text ?? '').slice(0, most).replace(/\p{Cs}$/u, '');
}
