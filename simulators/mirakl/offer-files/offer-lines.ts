/** One line of an offer file, or one offer of OF24: creates, changes or deletes an offer. */
import type { Market } from '../market.ts';
import {
  type Cause,
  deleteOffer,
  listOffer,
  noTerms,
  offerOf,
  setQuantity,
  touch,
} from '../offer-book.ts';
import type { OfferTerms, SimImport, SimOffer } from '../state.ts';
import { type CellOf, termsAfter } from './offer-terms.ts';

export type OfferLineRules = {
  /** Counts what the lines do. */
  record: SimImport;
  /** What becomes of fields whose column is not there. */
  missing: 'kept' | 'reset';
};

/** Does what the line says, all of it or nothing. The reason when it cannot; null when it did. */
export function applyOfferLine(
  market: Market,
  rules: OfferLineRules,
  cell: CellOf,
  atMs: number,
): string | null {
  const { record } = rules;
  const cause: Cause = { by: 'import', atMs, importId: record.importId };
  const sku = cell('sku') ?? '';
  if (sku === '') return 'sku is required';
  if (sku.length > market.settings.maximumSkuLength) return 'sku is too long';
  const verb = cell('update-delete') ?? '';
  if (!['', 'update', 'delete'].includes(verb)) return `Unknown update-delete value ${verb}`;
  const held = offerOf(market, record.shopId, sku);
  if (verb === 'delete') {
    if (!held) return `The offer with SKU ${sku} does not exist`;
    deleteOffer(market, held, cause);
    record.offersDeleted += 1;
    return null;
  }
  const problem = held ? null : creationProblem(cell);
  if (problem !== null) return problem;
  const terms = termsAfter(held ?? noTerms, cell, held ? rules.missing : 'reset');
  if (typeof terms === 'string') return terms;
  if (held) record.offersUpdated += 1;
  else record.offersInserted += 1;
  const offer = held ?? created(market, record.shopId, sku, { cell, atMs });
  writeTerms(market, offer, terms, cause);
  return null;
}

/** A new offer says which product it sells and in which condition; every product exists. */
function creationProblem(cell: CellOf): string | null {
  for (const column of ['product-id', 'product-id-type', 'state']) {
    if (!cell(column)) return `${column} is required for a new offer`;
  }
  return null;
}

function created(
  market: Market,
  shopId: number,
  sku: string,
  { cell, atMs }: { cell: CellOf; atMs: number },
): SimOffer {
  const offer = listOffer(market, shopId, sku, atMs);
  const productId = cell('product-id') ?? '';
  if (cell('product-id-type') === 'SKU') offer.productSku = productId;
  if (cell('product-id-type') === 'EAN') offer.ean = productId;
  return offer;
}

function writeTerms(market: Market, offer: SimOffer, terms: OfferTerms, cause: Cause): void {
  const { quantity, ...rest } = terms;
  const held: OfferTerms = offer;
  const isChanged = Object.entries(rest).some(
    ([name, value]) => held[name as keyof OfferTerms] !== value,
  );
  Object.assign(offer, rest);
  // A breakdown by warehouse stands for as long as the sum is not contradicted.
  if (quantity !== offer.quantity) setQuantity(market, offer, quantity, cause);
  if (isChanged) touch(market, offer, cause.atMs);
}
