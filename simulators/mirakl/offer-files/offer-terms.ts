/** The fields an offer file or OF24 can write, by the column names of OF01: how each is read, and
 *  what it is reset to. */
import { msOf } from '../dates.ts';
import { noTerms } from '../offer-book.ts';
import type { OfferTerms } from '../state.ts';

/** What a line gives for a column: text, '' (given, but empty), or undefined: not in the file. */
export type CellOf = (column: string) => string | undefined;

/** Columns that change an offer. Columns the simulator takes and does not keep are in
 *  `ignoredColumns`. */
export const termColumns: readonly string[] = [
  'price',
  'quantity',
  'state',
  'leadtime-to-ship',
  'description',
  'internal-description',
  'price-additional-info',
  'logistic-class',
  'min-quantity-alert',
  'min-order-quantity',
  'max-order-quantity',
  'package-quantity',
  'discount-price',
  'discount-start-date',
  'discount-end-date',
  'available-start-date',
  'available-end-date',
];

/** Documented, taken and not kept. Channel prices are of the same kind: `price[channel=UK]`. */
export const ignoredColumns: readonly string[] = [
  'discount-ranges',
  'allow-quote-requests',
  'price-ranges',
  'product-tax-code',
  'pricing-unit',
];

/** What the offer holds after the line; or the reason why the line is refused.
 *  `missing`: what becomes of fields whose column is not in the file. An empty cell resets. */
export function termsAfter(
  held: OfferTerms,
  cell: CellOf,
  missing: 'kept' | 'reset',
): OfferTerms | string {
  const after: OfferTerms = { ...held };
  for (const column of termColumns) {
    const text = cell(column) ?? (missing === 'reset' ? '' : undefined);
    if (text === undefined) continue;
    const reason = writers[column]?.(after, text);
    if (reason) return reason;
  }
  const { discountPence, unitPence } = after;
  if (discountPence !== null && discountPence >= unitPence) {
    return 'discount-price must be lower than price';
  }
  return after;
}

/** A whole number of units from 0 to 2,147,483,647; undefined for any other text. */
export function wholeNumber(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 2_147_483_647 ? value : undefined;
}

/** Writes a cell into the terms. The reason when it cannot. */
type Writer = (terms: OfferTerms, text: string) => string | undefined;

const writers: Readonly<Record<string, Writer>> = {
  price: (terms, text) => {
    const pence = penceIn(text);
    if (pence === undefined) return 'price is required and must be an amount';
    terms.unitPence = pence;
    return undefined;
  },
  quantity: (terms, text) => {
    const units = wholeNumber(text === '' ? '0' : text);
    if (units === undefined) return 'quantity must be a whole number, 0 or more';
    terms.quantity = units;
    return undefined;
  },
  // The condition is part of what the offer is: it has no default to go back to.
  state: (terms, text) => {
    if (text !== '') terms.stateCode = text;
    return undefined;
  },
  'leadtime-to-ship': field('leadTimeDays', wholeNumber),
  description: field('description', asText),
  'internal-description': field('internalDescription', asText),
  'price-additional-info': field('priceAdditionalInfo', asText),
  'logistic-class': field('logisticClass', asText),
  'min-quantity-alert': field('minQuantityAlert', wholeNumber),
  'min-order-quantity': field('minOrderQuantity', wholeNumber),
  'max-order-quantity': field('maxOrderQuantity', wholeNumber),
  'package-quantity': field('packageQuantity', wholeNumber),
  'discount-price': field('discountPence', penceIn),
  'discount-start-date': field('discountStartMs', dateIn),
  'discount-end-date': field('discountEndMs', dateIn),
  'available-start-date': field('availableStartMs', dateIn),
  'available-end-date': field('availableEndMs', dateIn),
};

/** A field that an empty cell resets. */
function field<Name extends keyof OfferTerms>(
  name: Name,
  read: (text: string) => OfferTerms[Name] | undefined,
): Writer {
  return (terms, text) => {
    const value = text === '' ? noTerms[name] : read(text);
    if (value === undefined) return `The value '${text}' is not valid`;
    terms[name] = value;
    return undefined;
  };
}

function asText(text: string): string {
  return text;
}

/** The documented example has both 110.52 and 108,56. */
function penceIn(text: string): number | undefined {
  const found = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text);
  return found ? Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0')) : undefined;
}

/** A date, a moment, or a moment whose zone has no minutes (`+01`), as in the documented example. */
function dateIn(text: string): number | undefined {
  return msOf(text) ?? msOf(`${text}:00`) ?? msOf(`${text}T00:00:00Z`);
}
