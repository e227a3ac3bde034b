/** Read: what the warehouse has, whole or what changed. An incomplete read never makes an absent item none, and
 *  a sudden mass change waits for a person. */
import { BadAnswer } from '../errors.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { UnreadableCsv } from '../peoplevox/csv.ts';
import { type InventoryRow, readInventory, streamInventory } from '../peoplevox/inventory.ts';
import { isSearchable } from '../peoplevox/search.ts';
import { isReportMissing, streamStockChanges } from '../peoplevox/stock-changes.ts';
import type { Bulk } from '../runtime/bulk.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { WarehouseSettings } from '../settings.ts';
import { settleOthers } from './cause-store.ts';
import {
  addIncoming,
  applyChanges,
  type Comparison,
  compareIncoming,
  dropHints,
  type Feed,
  hasFigures,
  type IncomingRow,
  lastFullRows,
  markUnreadable,
  noteRead,
  openIncoming,
  readFeed,
  readHints,
  refreshFigureStatistics,
  type StockRead,
  saveFeed,
  saveItemFigures,
} from './figure-store.ts';

export type ReadDeps = { warehouse: WarehouseSettings; peoplevox: PeoplevoxClient };

/** Rows written by one COPY. Larger: more memory; smaller: more round trips. */
const rowsPerCopy = 20_000;
/** Items asked for in one question. */
const itemsPerCall = 100;
/** More items than this are cheaper read as a whole report: at a call a second they take longer. */
const mostItemsAsked = 2_000;
/** How far back the changes report is read again. Too small: a row that came late is missed until the next
 *  whole read. */
const changesOverlapMs = 10 * 60_000;
/** Causes raised one by one; beyond, the message of the last says how many more. */
const mostCauses = 200;
/** A report that was not there is asked for again after this long. */
const askAgainMs = 24 * 3_600_000;
const noChangesFact = 'stock.noChangesReport';

/** Reads what is due. Throws VendorError when the warehouse is away. */
export async function readStock(context: FlowContext, deps: ReadDeps): Promise<void> {
  const { warehouse } = deps;
  const feed = await readFeed(context.db, warehouse.id);
  if (await isFullDue(context, deps, feed)) return readWhole(context, deps, feed);
  const started = context.clock.now();
  const since = new Date((feed.seenAt ?? started).getTime() - changesOverlapMs);
  const changed = await readChanged(context, deps, since);
  if (changed === null || changed.length > mostItemsAsked) return readWhole(context, deps, feed);
  await readItems(context, deps, { kind: 'changes', started, items: changed });
}

/** Reads again the items that the warehouse hinted at, at most a call's worth. `isMore`: others may wait. */
export async function readHinted(
  context: FlowContext,
  deps: ReadDeps,
): Promise<{ itemCount: number; isMore: boolean }> {
  const hinted = await readHints(context.db, deps.warehouse.id, itemsPerCall);
  if (hinted.length === 0) return { itemCount: 0, isMore: false };
  const started = context.clock.now();
  const isWhole = await readItems(context, deps, { kind: 'items', started, items: hinted });
  return { itemCount: hinted.length, isMore: isWhole && hinted.length === itemsPerCall };
}

async function isFullDue(context: FlowContext, deps: ReadDeps, feed: Feed): Promise<boolean> {
  const { id, stock } = deps.warehouse;
  if (feed.fullAt === null || stock.read === 'full') return true;
  if (context.clock.nowMs() - feed.fullAt.getTime() >= stock.fullReadMinutes * 60_000) return true;
  if (stock.read === 'auto') {
    if (((await lastFullRows(context.db, id)) ?? 0) <= stock.fullReadRows) return true;
    const lacking = (await readFact(context.db, id, noChangesFact)) as { at?: string } | null;
    const lackedAt = lacking?.at === undefined ? null : Date.parse(lacking.at);
    if (lackedAt !== null && context.clock.nowMs() - lackedAt < askAgainMs) return true;
  }
  return false;
}

async function readWhole(context: FlowContext, deps: ReadDeps, feed: Feed): Promise<void> {
  const started = context.clock.now();
  await context.assertPlace();
  try {
    await context.bulk(async (bulk, prove) => {
      await openIncoming(bulk);
      const gathered = await gather(context, bulk, deps);
      const compared = await compareIncoming(bulk, deps.warehouse.id, gathered.isWhole);
      await bulk.db.transaction().execute(async (trx) => {
        await prove(trx);
        await conclude({ context, deps, feed, started, gathered, compared }, trx);
      });
      if (compared.changed * 10 > gathered.rowCount) await refreshFigureStatistics(bulk.db);
    });
  } catch (cause) {
    if (isUnusable(cause)) await raiseUnusable(context, deps, cause as Error);
    throw cause;
  }
}

/** `hasAllRows`: as many came as the warehouse has. `isWhole`: besides, every row's item is known. */
type Gathered = { rowCount: number; hasAllRows: boolean; isWhole: boolean; nameless: string[] };

async function gather(context: FlowContext, bulk: Bulk, deps: ReadDeps): Promise<Gathered> {
  let rows: IncomingRow[] = [];
  const gathered: Gathered = { rowCount: 0, hasAllRows: false, isWhole: false, nameless: [] };
  for await (const batch of streamInventory(deps.peoplevox, deps.warehouse.sites)) {
    for (const row of batch.rows) rows.push(incomingOf(row));
    for (const { itemCode, site, why } of batch.unreadable) {
      if (itemCode === null) gathered.nameless.push(why);
      else rows.push([itemCode, site ?? '', null, null, null]);
    }
    gathered.hasAllRows ||= batch.hasAllRows;
    if (rows.length < rowsPerCopy) continue;
    if (context.signal.aborted) await context.assertPlace();
    gathered.rowCount += await addIncoming(bulk, rows);
    rows = [];
  }
  gathered.rowCount += await addIncoming(bulk, rows);
  gathered.isWhole = gathered.hasAllRows && gathered.nameless.length === 0;
  return gathered;
}

function incomingOf(row: InventoryRow): IncomingRow {
  return [row.itemCode, row.site, row.available, row.onHand, row.allocated];
}

type Finished = {
  context: FlowContext;
  deps: ReadDeps;
  feed: Feed;
  started: Date;
  gathered: Gathered;
  compared: Comparison;
};

async function conclude(
  all: Finished,
  trx: Parameters<Parameters<FlowContext['write']>[0]>[0],
): Promise<void> {
  const { context, deps, feed, started, gathered, compared } = all;
  const { warehouse } = deps;
  const now = context.clock.now();
  const subject = { connection: warehouse.id, subjectKind: 'warehouse', subjectId: warehouse.id };
  const read: StockRead = {
    kind: 'full',
    startedAt: started,
    endedAt: now,
    rowCount: gathered.rowCount,
    changedCount: compared.changed,
    outcome: gathered.isWhole ? 'applied' : 'partial',
    note: gathered.isWhole ? null : 'the answer was not whole: nothing was taken as absent',
  };
  const isApproved = feed.approvedUntil !== null && feed.approvedUntil > now;
  const mass = isApproved ? null : massChange(warehouse, gathered, compared);
  // A first read that shows nothing at all is as doubtful as a sudden loss: a site's name may be wrong.
  if (mass !== null && (feed.fullAt === null || (await hasFigures(trx, warehouse.id)))) {
    await noteRead(trx, warehouse.id, { ...read, outcome: 'held', note: mass });
    await context.exceptions.raise(trx, [
      {
        ...subject,
        code: 'stock-mass-change',
        message: `warehouse ${warehouse.id}: ${mass}; nothing was taken over. If it is so, run packhorse stock approve ${warehouse.id}`,
        evidence: { rows: gathered.rowCount, stocked: compared.stocked, emptied: compared.emptied },
      },
    ]);
    return;
  }
  const { readableAgain } = await applyChanges(trx, warehouse.id, started);
  await markUnreadable(trx, warehouse.id, started, [...compared.unreadable, ...compared.twice]);
  await noteRead(trx, warehouse.id, read);
  // Rows that were not read may have changed: what is kept is as fresh as this read only when all came.
  if (gathered.hasAllRows) {
    await saveFeed(trx, warehouse.id, { fullAt: started, seenAt: started });
    await dropHints(trx, warehouse.id, started);
  }
  const causes = itemCauses(warehouse.id, gathered, compared);
  await context.exceptions.raise(trx, causes);
  const settled = ['stock-mass-change', 'stock-report-unusable'];
  if (!causes.some((one) => one.subjectKind === 'warehouse'))
    settled.push('stock-figure-unreadable');
  const options = { codes: settled, why: 'read and taken over' };
  await context.exceptions.settle(trx, [subject], options);
  const itemOptions = {
    codes: ['stock-figure-unreadable', 'stock-item-twice'],
    why: 'its figure can be read again',
  };
  const subjects = readableAgain.map((itemCode) => ({
    connection: warehouse.id,
    subjectKind: 'item',
    subjectId: itemCode,
  }));
  await context.exceptions.settle(trx, subjects, itemOptions);
  if (gathered.hasAllRows) await settleReadable(context, trx, warehouse.id, { compared, causes });
}

/** With all rows at hand, whatever of an earlier read is not complained of again can be read. */
async function settleReadable(
  context: FlowContext,
  trx: Trx,
  warehouse: string,
  found: { compared: Comparison; causes: readonly Cause[] },
): Promise<void> {
  const { twice, unreadable } = found.compared;
  const isNameless = found.causes.some((cause) => cause.subjectKind === 'warehouse');
  const unreadableStill = unreadable.map((one) => one.itemCode);
  if (isNameless) unreadableStill.push(warehouse);
  const base = { connection: warehouse, why: 'its figure can be read again' };
  await settleOthers(trx, context, {
    ...base,
    code: 'stock-item-twice',
    still: twice.map((one) => one.itemCode),
  });
  await settleOthers(trx, context, {
    ...base,
    code: 'stock-figure-unreadable',
    still: unreadableStill,
  });
}

/** Says what is suspicious about a read, or null. Pure. */
export function massChange(
  warehouse: Pick<WarehouseSettings, 'stock'>,
  gathered: Pick<Gathered, 'rowCount'>,
  compared: Pick<Comparison, 'stocked' | 'emptied'>,
): string | null {
  const { massZeroPercent, massZeroLeast } = warehouse.stock;
  const { stocked, emptied } = compared;
  if (gathered.rowCount === 0)
    return `the stock report is empty; ${stocked} items had stock before`;
  if (emptied < massZeroLeast || emptied * 100 <= stocked * massZeroPercent) return null;
  return `${emptied} of ${stocked} items with stock would have none (more than ${massZeroPercent} %)`;
}

function itemCauses(warehouse: string, gathered: Gathered, compared: Comparison): Cause[] {
  const item = (itemCode: string) => ({
    connection: warehouse,
    subjectKind: 'item',
    subjectId: itemCode,
  });
  const causes: Cause[] = [
    ...compared.twice.map(
      ({ itemCode, site, figures }): Cause => ({
        ...item(itemCode),
        code: 'stock-item-twice',
        message: `item ${itemCode} stands ${figures.length} times in the stock report for site ${site}, available ${figures.join(' and ')}; the last sure figure is kept. Mend the report or the item in Peoplevox`,
        evidence: { site, figures },
      }),
    ),
    ...compared.unreadable.map(
      ({ itemCode, site }): Cause => ({
        ...item(itemCode),
        code: 'stock-figure-unreadable',
        message: `item ${itemCode}, site ${site}: available is not a whole number; the last sure figure is kept. Mend the report or the item in Peoplevox`,
        evidence: { site },
      }),
    ),
  ];
  const named = causes.slice(0, mostCauses);
  const unnamed = causes.length - named.length + gathered.nameless.length;
  if (unnamed > 0) {
    named.push({
      connection: warehouse,
      subjectKind: 'warehouse',
      subjectId: warehouse,
      code: 'stock-figure-unreadable',
      message: `${unnamed} more rows of the stock report cannot be read, such as: ${gathered.nameless[0] ?? causes.at(-1)?.message}`,
      evidence: { rows: unnamed, nameless: gathered.nameless.slice(0, 20) },
    });
  }
  return named;
}

/** Items that changed since then, or null when the tenant has no such report. */
async function readChanged(
  context: FlowContext,
  deps: ReadDeps,
  since: Date,
): Promise<string[] | null> {
  const { warehouse, peoplevox } = deps;
  const items = new Set(await readHints(context.db, warehouse.id, mostItemsAsked));
  await context.assertPlace();
  let isWhole = false;
  try {
    for await (const batch of streamStockChanges(peoplevox, since, warehouse.sites)) {
      for (const change of batch.changes) items.add(change.itemCode);
      // A row that cannot be read hides an item: only the whole report can tell which.
      if (batch.unreadable.some((one) => one.itemCode === null)) return null;
      for (const { itemCode } of batch.unreadable) items.add(itemCode!);
      if (items.size > mostItemsAsked) return null;
      isWhole ||= batch.isComplete;
    }
  } catch (cause) {
    if (!isReportMissing(cause)) throw cause;
    const now = context.clock.now();
    await context.write((trx) => saveFact(trx, warehouse.id, noChangesFact, { at: now }, now));
    return null;
  }
  return isWhole ? [...items] : null;
}

async function readItems(
  context: FlowContext,
  deps: ReadDeps,
  given: { kind: StockRead['kind']; started: Date; items: readonly string[] },
): Promise<boolean> {
  const { warehouse, peoplevox } = deps;
  const items = given.items.filter(isSearchable);
  let rowCount = 0;
  let changedCount = 0;
  let isShort = false;
  for (let at = 0; at < items.length; at += itemsPerCall) {
    const asked = items.slice(at, at + itemsPerCall);
    const startedAt = context.clock.now();
    await context.assertPlace();
    const { rows, unreadable, hasAllRows } = await readInventory(peoplevox, asked, warehouse.sites);
    // Absence proves nothing in an answer that is not whole: these items are read again.
    isShort ||= !hasAllRows;
    if (!hasAllRows) continue;
    const doubtful = new Set(unreadable.map((one) => one.itemCode));
    // Figures of an item that stands there half readable are left as they are.
    const sure = asked.filter((code) => !doubtful.has(code) && !doubtful.has(null));
    const kept = rows.filter((row) => sure.includes(row.itemCode)).map(incomingOf);
    rowCount += rows.length;
    changedCount += await context.write(async (trx) => {
      const read = { asked: sure, rows: kept };
      const changed = await saveItemFigures(trx, warehouse.id, startedAt, read);
      await dropHints(trx, warehouse.id, startedAt, asked);
      return changed;
    });
  }
  const read: StockRead = {
    kind: given.kind,
    startedAt: given.started,
    endedAt: context.clock.now(),
    rowCount,
    changedCount,
    outcome: isShort ? 'partial' : 'applied',
    note: isShort ? 'an answer was not whole: its items are read again' : null,
  };
  // Nothing can ask for these: the next read of everything finds what became of them.
  const unaskable = given.items.filter((code) => !isSearchable(code));
  await context.write(async (trx) => {
    await noteRead(trx, warehouse.id, read);
    await dropHints(trx, warehouse.id, given.started, unaskable);
    if (given.kind === 'changes' && !isShort)
      await saveFeed(trx, warehouse.id, { seenAt: given.started });
  });
  return !isShort;
}

/** The report came, but without the columns that are needed. */
function isUnusable(cause: unknown): boolean {
  return cause instanceof BadAnswer && cause.cause instanceof UnreadableCsv;
}

async function raiseUnusable(context: FlowContext, deps: ReadDeps, cause: Error): Promise<void> {
  const { warehouse } = deps;
  await context.write((trx) =>
    context.exceptions.raise(trx, [
      {
        code: 'stock-report-unusable',
        connection: warehouse.id,
        subjectKind: 'warehouse',
        subjectId: warehouse.id,
        message: `warehouse ${warehouse.id}: ${cause.message}`,
        evidence: { report: warehouse.reports.itemInventory.name },
      },
    ]),
  );
}
