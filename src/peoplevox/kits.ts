/** What kits are made of, from the template `Item type kittings`. */
import type { PeoplevoxClient } from './client.ts';
import { readUnits } from './csv.ts';
import { raggedError, readTemplatePages } from './paging.ts';

/** One component of a kit: `quantity` units (1 or more) of item `child` go into one of item
 *  `parent`. Item codes exactly as sent. */
export type KitPart = { parent: string; child: string; quantity: number };

/** A row that cannot be read: its kit (null when even that is lost) must not be sold by the other
 *  rows. */
export type UnreadableKit = { parent: string | null; why: string };

/** `isComplete` is true on the last page only, and only when every row was read; without it an item
 *  without parts may still be a kit. */
export type KitPage = { parts: KitPart[]; unreadable: UnreadableKit[]; isComplete: boolean };

/** All kits page by page. The parts of one kit may stand on different pages; a parent and child that
 *  stand twice on one page come twice; a child may itself be a kit, or retired (`~D~`). No check for
 *  circles. Throws Refused when the template is not configured (see `isNotConfigured`), BadAnswer
 *  for a missing column, VendorError of the calls. Source: reference section 9.4. */
export async function* readKits(client: PeoplevoxClient): AsyncGenerator<KitPage, void, undefined> {
  let isReadable = true;
  const pages = readTemplatePages(client, 'Item type kittings', {
    search: null,
    keyFields: ['ParentItemCode', 'ChildItemCode'],
    neededFields: ['ParentItemCode', 'ChildItemCode', 'Quantity'],
  });
  for await (const page of pages) {
    const parts: KitPart[] = [];
    const unreadable: UnreadableKit[] = page.ragged.map((row) => ({
      parent: null,
      why: raggedError(row).message,
    }));
    for (const row of page.rows) {
      const part = readPart(row);
      if ('why' in part) unreadable.push(part);
      else parts.push(part);
    }
    if (unreadable.length > 0) isReadable = false;
    yield { parts, unreadable, isComplete: page.isComplete && isReadable };
  }
}

function readPart(row: Record<string, string>): KitPart | UnreadableKit {
  const parent = row['ParentItemCode'] ?? '';
  const child = row['ChildItemCode'] ?? '';
  const text = row['Quantity'] ?? '';
  const quantity = readUnits(text);
  if (parent.trim() === '') return { parent: null, why: 'a row without ParentItemCode' };
  if (child.trim() === '') return { parent, why: 'a row without ChildItemCode' };
  if (quantity === null || quantity < 1)
    return { parent, why: `quantity is not a whole number above 0: '${text.slice(0, 40)}'` };
  return { parent, child, quantity };
}
