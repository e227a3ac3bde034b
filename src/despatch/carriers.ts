/** Carriers: what the warehouse calls them becomes what the marketplace calls them. Pure. */

/** A line of a channel's carrier table. `service` '' stands for any. `code`: a carrier registered
 *  with the marketplace; else `name` (with `url`, a template for `trackingUrlOf`): one it does not
 *  know. A line with neither says nothing and is passed over. */
export type CarrierMapping = {
  carrier: string;
  service: string;
  code: string | null;
  name: string | null;
  url: string | null;
};

/** A carrier of the marketplace's list. Source: SH21. */
export type RegisteredCarrier = { code: string; label: string | null; trackingUrl: string | null };

/** mapped: what to tell, and whether a person's table or the same name led there. unmapped:
 *  `reason` and, as a sentence without its end, `what`; `nearest`: up to 3 registered carriers that
 *  may be meant, likeliest first. */
export type CarrierChoice =
  | {
      kind: 'mapped';
      carrier: { code: string } | { name: string; url: string | null };
      from: 'mapping' | 'sameName';
    }
  | {
      kind: 'unmapped';
      /** noMapping: nothing fits. notRegistered: the table leads to a code that is not on the list
       *  (any more). onlyRegistered: the table leads to a bare name, which the marketplace does not
       *  take. ambiguous: several registered carriers are called that. */
      reason: 'noMapping' | 'notRegistered' | 'onlyRegistered' | 'ambiguous';
      what: string;
      nearest: { code: string; label: string | null }[];
    };

/** The marketplace's carrier for one of the warehouse: by the table's line for carrier and service,
 *  else by its line for any service, else the one registered carrier of the same code or label.
 *  Names are the same when they differ only in case, blanks and punctuation; among several the one
 *  that is the same to the letter wins. A line of the table is a person's decision: when it cannot
 *  be followed nothing else is tried. `registered` is the whole list of SH21; read it first, for an
 *  empty one makes every code unregistered. */
export function chooseCarrier(
  shown: { carrier: string; service: string },
  mappings: readonly CarrierMapping[],
  registered: readonly RegisteredCarrier[],
  rules: { registeredOnly: boolean },
): CarrierChoice {
  const mapping = mappingOf(shown, mappings);
  if (mapping?.code) {
    const { code } = mapping;
    if (registered.some((one) => one.code === code))
      return { kind: 'mapped', carrier: { code }, from: 'mapping' };
    const what = `carrier ${shownText(shown)} is mapped to ${code}, which is not registered with the marketplace`;
    const nearest = nearestOf([code, shown.carrier], registered);
    return { kind: 'unmapped', reason: 'notRegistered', what, nearest };
  }
  if (mapping?.name) {
    const { name, url } = mapping;
    if (!rules.registeredOnly) return { kind: 'mapped', carrier: { name, url }, from: 'mapping' };
    const what = `carrier ${shownText(shown)} is mapped to the name ${name}, and the marketplace takes registered carriers only`;
    const nearest = nearestOf([name, shown.carrier], registered);
    return { kind: 'unmapped', reason: 'onlyRegistered', what, nearest };
  }
  const [found, ...others] = sameName(shown.carrier, registered);
  if (found && others.length === 0)
    return { kind: 'mapped', carrier: { code: found.code }, from: 'sameName' };
  if (found) {
    const what = `several registered carriers are called ${shown.carrier.trim()}`;
    const nearest = [found, ...others].slice(0, mostNearest).map(named);
    return { kind: 'unmapped', reason: 'ambiguous', what, nearest };
  }
  const what = `carrier ${shownText(shown)} is mapped to no carrier of the marketplace`;
  return {
    kind: 'unmapped',
    reason: 'noMapping',
    what,
    nearest: nearestOf([shown.carrier], registered),
  };
}

/** The template with every `{number}` replaced by the trimmed tracking number, made safe for a URL.
 *  A template without it is returned as it is. Throws nothing. */
export function trackingUrlOf(template: string, trackingNumber: string): string {
  const number = encodeURIComponent(trackingNumber.trim().toWellFormed());
  return template.replaceAll('{number}', () => number);
}

/** Why a tracking number is probably not one. `what`: a clause for a message; it never quotes the
 *  number, which may be somebody's postcode. */
export type TrackingDoubt = {
  /** empty: nothing, or a word for it. truncated: damaged by a spreadsheet or cut off. isDate,
   *  isOrderNumber, isCarrier, isPostcode: what belongs in another column. checkDigit: a postal
   *  number (UPU S10) with a digit wrong. shape: not of the carrier's shape by the settings. */
  kind:
    | 'empty'
    | 'tooShort'
    | 'tooLong'
    | 'characters'
    | 'isDate'
    | 'isOrderNumber'
    | 'isCarrier'
    | 'isPostcode'
    | 'truncated'
    | 'checkDigit'
    | 'shape';
  what: string;
};

/** What speaks against sending a tracking number, or null. Asked in this order: is it nothing,
 *  damaged, or of another column; is it a postal number with a wrong digit; where the settings have
 *  shapes for the carrier, does it fit one of them, and then nothing else is asked; else is it a
 *  UPS number (1Z) of another length than 18, of odd characters or length. Case and blanks inside
 *  count for nothing. `shapes`: regular expressions for the whole number without its blanks; their
 *  carriers' names also count as carriers' names. Throws RangeError, naming carrier and pattern,
 *  for one that cannot be used. Sources: UPU standard S10 (outline, check digit), UPS (1Z and 16
 *  more), BS 7666 (postcodes). */
export function doubtTracking(given: {
  trackingNumber: string;
  carrier: string;
  orderNumbers: readonly string[];
  shapes: readonly { carrier: string; pattern: string }[];
}): TrackingDoubt | null {
  const shown = given.trackingNumber.trim();
  const number = normalTracking(shown);
  const elsewhere = elsewhereDoubt(shown, given);
  if (elsewhere) return elsewhere;
  if (postalNumber.test(number) && !hasPostalCheckDigit(number))
    return doubt('checkDigit', 'is a postal number with a digit wrong');
  const shapes = given.shapes.map((one) => ({ carrier: one.carrier, shape: compiled(one) }));
  const own = shapes.filter((one) => isSame(one.carrier, given.carrier));
  if (own.length > 0) {
    const isFit = number.length <= longest && own.some(({ shape }) => shape.test(number));
    return isFit
      ? null
      : doubt('shape', `is not of the shape set for carrier ${given.carrier.trim()}`);
  }
  if (number.startsWith('1Z') && number.length !== upsLength) {
    const what = `begins like one of UPS and has ${number.length} characters instead of ${upsLength}`;
    return doubt(number.length < upsLength ? 'tooShort' : 'tooLong', what);
  }
  if (!/^[A-Z0-9._/-]+$/.test(number) || !/\d/.test(number))
    return doubt('characters', 'has characters that no tracking number has, or no digit');
  if (number.length < shortest) return doubt('tooShort', `has ${number.length} characters only`);
  if (number.length > longest) return doubt('tooLong', `has ${number.length} characters`);
  return null;
}

/** A tracking number for comparison: upper case, without blanks. What is sent is the number as
 *  shown. */
export function normalTracking(trackingNumber: string): string {
  return trackingNumber.replace(/\s+/gu, '').toUpperCase();
}

const mostNearest = 3;
/** Least likeness (0 to 1) at which a carrier is proposed. Lower: far-fetched ones. Higher: none
 *  for a name with a country or a service behind it. */
const leastLikeness = 0.5;

/** Lengths without blanks. Fewer than 5 is a count or a route. The longest barcodes of carriers
 *  hold about 40; beyond 50 it is some other text, and a slow pattern has no chance to be slow. */
const shortest = 5;
const longest = 50;
const upsLength = 18;
const longestPattern = 200;

const wordsForNothing = /^(undefined|null|nil|n\/?a|nan|none|no|unknown|tba|tbc|[-._/?0]*)$/i;
const spreadsheetNumber = /^\d+[.,]\d+E\+?\d+$|^\d+E\+\d+$/i;
const cutOffText = /(\.{3}|\u2026)$|^#{3,}$/;
/** Spreadsheets keep 15 digits and make the rest zeros. With fewer than 5 zeros it may be a true
 *  number. */
const zeroedNumber = /^\d{15}0{5,}$/;
const postalNumber = /^[A-Z]{2}\d{9}[A-Z]{2}$/;
const postcode = /^(GIR0AA|[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2})$/;
const dates: readonly RegExp[] = [
  /^\d{1,2}([/.-])\d{1,2}\1\d{4}(\D.*)?$/,
  /^\d{1,2}\/\d{1,2}\/\d{2}(\D.*)?$/,
  /^\d{4}([/.-])\d{1,2}\1\d{1,2}(\D.*)?$/,
  /^\d{1,2}[ -](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]\d{2,4}(\D.*)?$/i,
];

/** What is no tracking number whatever the carrier. */
function elsewhereDoubt(
  shown: string,
  given: Parameters<typeof doubtTracking>[0],
): TrackingDoubt | null {
  const number = normalTracking(shown);
  const isOneOf = (names: readonly string[]) =>
    names.some((name) => bare(name) !== '' && bare(name) === bare(number));
  if (wordsForNothing.test(number)) return doubt('empty', 'is empty, or a word for nothing');
  if ([spreadsheetNumber, cutOffText, zeroedNumber].some((one) => one.test(number)))
    return doubt('truncated', 'was damaged by a spreadsheet or cut off');
  if (dates.some((one) => one.test(shown))) return doubt('isDate', 'is a date');
  if (isOneOf([given.carrier, ...given.shapes.map((one) => one.carrier)]))
    return doubt('isCarrier', "is a carrier's name");
  if (isOneOf(given.orderNumbers)) return doubt('isOrderNumber', 'is the number of the order');
  if (postcode.test(number)) return doubt('isPostcode', 'is a postcode');
  return null;
}

function doubt(kind: TrackingDoubt['kind'], fact: string): TrackingDoubt {
  return { kind, what: `the tracking number ${fact}` };
}

/** The ninth digit of UPU S10 is made of the eight before it. */
function hasPostalCheckDigit(number: string): boolean {
  const weights = [8, 6, 4, 2, 3, 5, 9, 7];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(number[2 + at]), 0);
  const rest = 11 - (sum % 11);
  return Number(number[10]) === (rest === 10 ? 0 : rest === 11 ? 5 : rest);
}

/** A pattern of the settings. Repeated groups are refused: some of them take longer than the world
 *  to say no. */
function compiled({ carrier, pattern }: { carrier: string; pattern: string }): RegExp {
  const refuse = (why: string, cause?: unknown) =>
    new RangeError(`tracking shape of carrier ${carrier}: ${pattern}: ${why}`, { cause });
  if (pattern.length > longestPattern) throw refuse(`longer than ${longestPattern} characters`);
  if (/\)([*+]|\{\d+,\})/.test(pattern)) throw refuse('repeats a group without limit');
  try {
    return new RegExp(`^(?:${pattern})$`, 'iu');
  } catch (error) {
    throw refuse('no regular expression', error);
  }
}

function mappingOf(
  shown: { carrier: string; service: string },
  mappings: readonly CarrierMapping[],
): CarrierMapping | undefined {
  const ofCarrier = mappings.filter(
    (one) => (one.code || one.name) && isSame(one.carrier, shown.carrier),
  );
  const ofService = ofCarrier.filter(
    (one) => one.service.trim() !== '' && isSame(one.service, shown.service),
  );
  const ofAny = ofCarrier.filter((one) => one.service.trim() === '');
  const isExact = (one: CarrierMapping) =>
    one.carrier === shown.carrier && (one.service === '' || one.service === shown.service);
  return ofService.find(isExact) ?? ofService[0] ?? ofAny.find(isExact) ?? ofAny[0];
}

/** Registered carriers of that name: those whose code, else whose label is the same to the letter,
 *  else nearly. */
function sameName(carrier: string, registered: readonly RegisteredCarrier[]): RegisteredCarrier[] {
  const name = carrier.trim();
  if (name === '') return [];
  const ways: ((one: RegisteredCarrier) => boolean)[] = [
    (one) => one.code === name,
    (one) => one.label === name,
    (one) => isSame(one.code, name) || isSame(one.label ?? '', name),
  ];
  for (const way of ways) {
    const found = registered.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}

/** Two names of punctuation only are the same when their letters are, and so are two blank ones. */
function isSame(a: string, b: string): boolean {
  const [bareA, bareB] = [bare(a), bare(b)];
  return bareA === '' && bareB === '' ? a.trim() === b.trim() : bareA === bareB;
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function shownText({ carrier, service }: { carrier: string; service: string }): string {
  return (
    [carrier, service]
      .map((one) => one.trim())
      .filter((one) => one !== '')
      .join(' / ') || '(none)'
  );
}

function named({ code, label }: RegisteredCarrier): { code: string; label: string | null } {
  return { code, label };
}

function nearestOf(
  names: readonly string[],
  registered: readonly RegisteredCarrier[],
): { code: string; label: string | null }[] {
  return registered
    .map((carrier) => {
      const pairs = names.flatMap((name) => [
        likeness(name, carrier.code),
        likeness(name, carrier.label ?? ''),
      ]);
      return { carrier, likeness: Math.max(0, ...pairs) };
    })
    .filter((one) => one.likeness >= leastLikeness)
    .sort((a, b) => b.likeness - a.likeness || (a.carrier.code < b.carrier.code ? -1 : 1))
    .slice(0, mostNearest)
    .map((one) => named(one.carrier));
}

/** 1: the same. A name within the other (`DPD` in `DPD UK`) is liker than one with as many other
 *  letters. */
function likeness(a: string, b: string): number {
  const [bareA, bareB] = [bare(a), bare(b)];
  if (bareA === '' || bareB === '') return 0;
  if (bareA === bareB) return 1;
  const byLetters = 1 - distance(bareA, bareB) / Math.max(bareA.length, bareB.length);
  const [short, long] = bareA.length < bareB.length ? [a, b] : [b, a];
  const isWithin =
    wordsOf(long).startsWith(wordsOf(short)) || wordsOf(long).includes(` ${wordsOf(short)}`);
  return isWithin ? Math.max(0.8, byLetters) : byLetters;
}

/** The words of a name, each with a blank behind it. */
function wordsOf(name: string): string {
  return `${name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join(' ')} `;
}

/** Levenshtein: letters to insert, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
