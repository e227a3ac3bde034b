/** The warehouse's item master: does an item code exist, which barcode has it, is it retired. */
import type { PeoplevoxClient } from './client.ts';
import type { RaggedRow } from './csv.ts';
import { readTemplatePages, readTemplateRows } from './paging.ts';
import { maxSearchTerms, or, templateSearch } from './search.ts';
import { type FieldOf, templateOf } from './templates.ts';

/** One item. `itemCode` exactly as sent, blanks and zeros included. `isRetired`: its code carries
 *  `~D~`, the mark of a deleted item. `barcode`, `name` are `''` when the template lacks the
 *  column. */
export type ItemType = {
  itemCode: string;
  name: string;
  barcode: string;
  isRetired: boolean;
  /** Every column by our name, text as sent. */
  fields: Record<string, string>;
};

/** `unreadable` names rows with a wrong number of values. `isComplete` is true on the last page
 *  only, when every row TotalCount promised was read; without it absence proves nothing. */
export type ItemTypePage = { items: ItemType[]; unreadable: RaggedRow[]; isComplete: boolean };

/** The items of up to 100 codes; an unknown code has no row. Whether the server compares letter
 *  case is unconfirmed: compare exactly. Throws RangeError above 100, Unsearchable for a code that
 *  cannot be searched (read all instead), BadAnswer for a row that cannot be read. Source: template
 *  `Item types`. */
export async function readItemTypes(
  client: PeoplevoxClient,
  codes: readonly string[],
): Promise<{ items: ItemType[]; isComplete: boolean }> {
  if (codes.length > maxSearchTerms)
    throw new RangeError(`at most ${maxSearchTerms} item codes a call, not ${codes.length}`);
  if (codes.length === 0) return { items: [], isComplete: true };
  const column = templateOf(client.connection.templates, 'Item types').columnOf('ItemCode');
  const search = templateSearch.anyOf(column, codes);
  const { rows, isComplete } = await readTemplateRows(client, 'Item types', { search, ...keyed });
  return { items: rows.map(itemTypeOf), isComplete };
}

/** The retired items that once had one of these codes (up to 100): a retired code is the old one with `~D~`
 *  behind it. Throws as `readItemTypes`. */
export async function readRetiredItemTypes(
  client: PeoplevoxClient,
  codes: readonly string[],
): Promise<{ items: ItemType[]; isComplete: boolean }> {
  if (codes.length > maxSearchTerms)
    throw new RangeError(`at most ${maxSearchTerms} item codes a call, not ${codes.length}`);
  if (codes.length === 0) return { items: [], isComplete: true };
  const column = templateOf(client.connection.templates, 'Item types').columnOf('ItemCode');
  const search = or(...codes.map((code) => templateSearch.startsWith(column, `${code}~D~`)));
  const { rows, isComplete } = await readTemplateRows(client, 'Item types', { search, ...keyed });
  return { items: rows.map(itemTypeOf).filter((item) => item.isRetired), isComplete };
}

/** All items page by page, retired ones included. Throws VendorError of the calls. */
export async function* readAllItemTypes(
  client: PeoplevoxClient,
): AsyncGenerator<ItemTypePage, void, undefined> {
  for await (const page of readTemplatePages(client, 'Item types', { search: null, ...keyed })) {
    const { ragged, isComplete } = page;
    yield { items: page.rows.map(itemTypeOf), unreadable: ragged, isComplete };
  }
}

const itemCodeAlone: readonly FieldOf<'Item types'>[] = ['ItemCode'];
const keyed = { keyFields: itemCodeAlone, neededFields: itemCodeAlone };

function itemTypeOf(fields: Record<string, string>): ItemType {
  const itemCode = fields['ItemCode'] ?? '';
  return {
    itemCode,
    name: fields['Name'] ?? '',
    barcode: fields['Barcode'] ?? '',
    isRetired: itemCode.includes('~D~'),
    fields,
  };
}
