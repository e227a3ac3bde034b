/** What the warehouse says of ItemCodes, asked only for those that are needed and not fresh. */
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { readItemTypes, readRetiredItemTypes } from '../peoplevox/item-types.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { readItems, saveItems } from './lookup-store.ts';
import { type ItemFacts, isUsableItemCode } from './to-peoplevox.ts';

/** Codes in one question; the search language is in production use with 100 terms. */
const codesPerCall = 100;

/** Facts on these ItemCodes. Known ones are trusted for `freshMinutes`, unknown or retired ones are asked again
 *  every time, so that an item made a minute ago is found. Codes that differ only in letter case or blanks
 *  are other codes. Throws VendorError. Source: template Item types. */
export async function learnItems(
  context: FlowContext,
  deps: { warehouseId: string; peoplevox: PeoplevoxClient; freshMinutes: number },
  codes: readonly string[],
): Promise<Map<string, ItemFacts>> {
  const wanted = [...new Set(codes)].filter(isUsableItemCode);
  const now = context.clock.now();
  const facts = await readItems(context.db, deps.warehouseId, wanted);
  const freshFrom = new Date(now.getTime() - deps.freshMinutes * 60_000);
  const toAsk = wanted.filter((code) => {
    const known = facts.get(code);
    return !known?.found || known.retired || known.readAt < freshFrom;
  });
  for (let at = 0; at < toAsk.length; at += codesPerCall) {
    const batch = toAsk.slice(at, at + codesPerCall);
    await context.assertPlace();
    const live = await readItemTypes(deps.peoplevox, batch);
    const found = new Map(
      live.items.filter((item) => !item.isRetired).map((item) => [item.itemCode, item]),
    );
    const missing = batch.filter((code) => !found.has(code));
    if (missing.length > 0) await context.assertPlace();
    const retired = await readRetiredItemTypes(deps.peoplevox, missing);
    const gone = new Set(
      [...live.items, ...retired.items]
        .filter((i) => i.isRetired)
        .map((i) => retiredFrom(i.itemCode)),
    );
    const answers = batch.map((code) => ({
      itemCode: code,
      found: found.has(code),
      retired: !found.has(code) && gone.has(code),
      name: found.get(code)?.name ?? null,
    }));
    // Absence proves nothing when the answer was not whole.
    const sure = answers.filter((one) => one.found || (live.isComplete && retired.isComplete));
    await context.write((trx) => saveItems(trx, deps.warehouseId, now, sure));
    for (const one of sure) facts.set(one.itemCode, { ...one, readAt: now });
  }
  return new Map([...facts].map(([code, { found, retired }]) => [code, { found, retired }]));
}

/** The code that an item had before it was retired: what stands before or after the mark `~D~`. */
function retiredFrom(itemCode: string): string {
  const [before = '', after = ''] = itemCode.split('~D~');
  return before || after;
}
