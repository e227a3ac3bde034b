/** Items: what the warehouse says besides figures: kits, groups and tags, and whether a listed SKU is there at
 *  all. */
import { Refused } from '../errors.ts';
import { isNotConfigured } from '../peoplevox/failures.ts';
import { readAllItemTypes, readItemTypes } from '../peoplevox/item-types.ts';
import { type KitPart, readKits } from '../peoplevox/kits.ts';
import { isSearchable } from '../peoplevox/search.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import { readItemsFound, settleOthers } from './cause-store.ts';
import { saveKits } from './figure-store.ts';
import type { ReadDeps } from './read.ts';
import { readRules } from './rule-store.ts';
import {
  readListingsOf,
  readUnfigured,
  readUnnamed,
  saveAttributes,
  saveKnownItems,
  takeNowKnown,
} from './sweep-store.ts';
import { skuSubject } from './verify.ts';

const kitsFact = 'stock.kitsAt';
const attributesFact = 'stock.attributesAt';
/** How often kits are read again, and items' groups and tags. */
const kitsEveryMs = 3_600_000;
const attributesEveryMs = 24 * 3_600_000;
/** How often an item that was not there is asked about again. */
const unknownEveryMs = 24 * 3_600_000;
const itemsPerCall = 100;
const callsPerRun = 5;

/** Reads whatever of it is due. Throws VendorError. */
export async function learnAboutItems(context: FlowContext, deps: ReadDeps): Promise<void> {
  await learnKits(context, deps);
  await learnAttributes(context, deps);
  await learnUnknown(context, deps);
}

async function isDue(context: FlowContext, warehouse: string, kind: string, everyMs: number) {
  const fact = (await readFact(context.db, warehouse, kind)) as { atMs?: number } | null;
  return fact?.atMs === undefined || context.clock.nowMs() - fact.atMs >= everyMs;
}

async function learnKits(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse, peoplevox } = deps;
  if (!(await isDue(context, warehouse.id, kitsFact, kitsEveryMs))) return;
  const parts: KitPart[] = [];
  const unreadable: { parent: string | null; why: string }[] = [];
  let isWhole = false;
  await context.assertPlace();
  try {
    for await (const page of readKits(peoplevox)) {
      parts.push(...page.parts);
      unreadable.push(...page.unreadable);
      isWhole ||= page.isComplete;
    }
  } catch (cause) {
    // Many tenants have no kits and never configured the template.
    if (!isNotConfigured(cause) && !(cause instanceof Refused)) throw cause;
    isWhole = true;
  }
  const now = context.clock.now();
  if (!isWhole && unreadable.length === 0) return;
  await context.write(async (trx) => {
    const doubtful = new Set(unreadable.map((one) => one.parent));
    await saveKits(
      trx,
      warehouse.id,
      parts.filter((one) => !doubtful.has(one.parent)),
    );
    await saveFact(trx, warehouse.id, kitsFact, { atMs: now.getTime() }, now);
    await settleOthers(trx, context, {
      connection: warehouse.id,
      code: 'kit-incomplete',
      still: unreadable.map((one) => one.parent ?? '(unknown)'),
      why: 'the kit can be read',
    });
    await context.exceptions.raise(
      trx,
      unreadable.map(
        ({ parent, why }): Cause => ({
          code: 'kit-incomplete',
          connection: warehouse.id,
          subjectKind: 'item',
          subjectId: parent ?? '(unknown)',
          message: `kit ${parent ?? '(unknown)'}: ${why}; it is offered as none. Mend it in Peoplevox, template ${warehouse.templates.itemTypeKittings.name}`,
          evidence: { why },
        }),
      ),
    );
  });
}

async function learnAttributes(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse, peoplevox } = deps;
  const { rules } = (await readRules(context.db)).rules;
  if (!rules.some(({ match }) => match.groups !== undefined || match.tags !== undefined)) return;
  if (!(await isDue(context, warehouse.id, attributesFact, attributesEveryMs))) return;
  await context.assertPlace();
  for await (const page of readAllItemTypes(peoplevox)) {
    await context.assertPlace();
    const items = page.items.map(({ itemCode, fields }) => ({
      itemCode,
      group: fields['ItemGroup']?.trim() || null,
      tags: tagsOf(fields['Tags'] ?? ''),
    }));
    await context.write((trx) => saveAttributes(trx, warehouse.id, context.clock.now(), items));
  }
  const now = context.clock.now();
  await context.write((trx) =>
    saveFact(trx, warehouse.id, attributesFact, { atMs: now.getTime() }, now),
  );
}

/** Tags stand in one field; how they are parted is unconfirmed. */
function tagsOf(text: string): string[] {
  const tags = text.split(/[,;|]/).map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ''))].sort();
}

async function learnUnknown(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse, peoplevox } = deps;
  await settleKnown(context, deps);
  const before = new Date(context.clock.nowMs() - unknownEveryMs);
  const limit = itemsPerCall * callsPerRun;
  const unfigured = await readUnfigured(context.db, warehouse.id, before, limit);
  for (let at = 0; at < unfigured.length; at += itemsPerCall) {
    const asked = unfigured.slice(at, at + itemsPerCall);
    const searchable = asked.filter((code) => isSearchable(code) && code !== '');
    await context.assertPlace();
    const { items, isComplete } = await readItemTypes(peoplevox, searchable);
    if (!isComplete) continue;
    const known = new Set(items.filter((one) => !one.isRetired).map((one) => one.itemCode));
    const answers = asked.map((itemCode) => ({ itemCode, isKnown: known.has(itemCode) }));
    const unknown = answers.filter((one) => !one.isKnown).map((one) => one.itemCode);
    await context.write(async (trx) => {
      await saveKnownItems(trx, warehouse.id, context.clock.now(), answers);
      await settleFound(trx, context, warehouse.id);
      const listings = await readListingsOf(trx, warehouse.id, unknown);
      await nameWithoutItem(trx, context, warehouse.id, listings);
    });
  }
}

async function nameWithoutItem(
  trx: Trx,
  context: FlowContext,
  warehouse: string,
  listings: Awaited<ReturnType<typeof readListingsOf>>,
): Promise<void> {
  await context.exceptions.raise(
    trx,
    listings.map(
      ({ channel, shopSku, itemCode, shown }): Cause => ({
        ...skuSubject(channel, shopSku),
        code: 'offer-without-item',
        message: `channel ${channel} lists SKU ${shopSku}, but warehouse ${warehouse} has no item ${itemCode}; make the item, map the SKU (packhorse mappings set) or take the offer down`,
        evidence: { itemCode, shown },
      }),
    ),
  );
}

async function settleKnown(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse } = deps;
  await context.write(async (trx) => {
    await takeNowKnown(trx, warehouse.id, context.clock.now());
    await settleFound(trx, context, warehouse.id);
    await nameWithoutItem(trx, context, warehouse.id, await readUnnamed(trx, warehouse.id));
  });
}

/** Nobody needs to ask any more where the items of these listings are. */
async function settleFound(trx: Trx, context: FlowContext, warehouse: string): Promise<void> {
  const found = await readItemsFound(trx, warehouse);
  const options = { codes: ['offer-without-item'], why: 'it has an item in the warehouse now' };
  await context.exceptions.settle(trx, found, options);
}
