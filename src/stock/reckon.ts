/** Reckon: what every channel should show, worked out anew for whatever changed: figures, orders, rules, the date,
 *  the age of the truth. Calls no vendor, so it goes on while the warehouse is silent. */
import { wallTimeOf } from '../peoplevox/dates.ts';
import type { Trx } from '../runtime/db.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { type Facts, type Outlet, type Pool, type Target, targetsOf } from './availability.ts';
import { type FeedStage, feedStage } from './decay.ts';
import { oldestIntake, refreshDemand } from './demand-store.ts';
import { type Feed, readFeed, saveFeed } from './figure-store.ts';
import { followMappings } from './listing-store.ts';
import {
  type Ground,
  makeAllDue,
  type Reckoned,
  readGround,
  saveReckoned,
  takeDue,
} from './reckon-store.ts';
import { type KeptRules, readRules } from './rule-store.ts';
import { activeDatedRules, type CompiledRules, compileRules, effectiveRule } from './rules.ts';

export type ReckonDeps = {
  warehouse: WarehouseSettings;
  /** Those that this warehouse fills. */
  channels: readonly ChannelSettings[];
};

/** Items worked out in one transaction. Larger: longer locks; smaller: more round trips. */
const itemsPerBatch = 2_000;
/** From a read to the end of its import, while nothing was measured. */
const usualLagSeconds = 120;
/** The lag is rounded up to this, so that it does not set every number moving each time it is measured. */
const lagStepSeconds = 60;

/** Works out what is due. Returns whether anything is to be sent. */
export async function reckon(context: FlowContext, deps: ReckonDeps): Promise<boolean> {
  const { warehouse, channels } = deps;
  const feed = await readFeed(context.db, warehouse.id);
  const stage = stageOf(feed, warehouse, context.clock.nowMs());
  await watchFeed(context, warehouse, feed, stage);
  // Before the first read nothing is known, and nothing is to be sent.
  if (feed.fullAt === null) return false;
  const rules = await readRules(context.db);
  const lagSeconds = await presentLag(context, deps);
  const { today, mark } = markOf(warehouse, rules, context.clock.now());
  await context.write(async (trx) => {
    for (const channel of channels) await followMappings(trx, channel.id, warehouse.id);
    const isAllNew = mark !== feed.rulesMark || stage.step !== feed.decayStep;
    if (isAllNew) await makeAllDue(trx, warehouse.id);
    await saveFeed(trx, warehouse.id, { rulesMark: mark, decayStep: stage.step, lagSeconds });
    await refreshDemand(trx, warehouse.id, context.clock.now(), lagSeconds !== feed.lagSeconds);
  });
  const terms: Terms = {
    rules: compileRules(rules.rules),
    today,
    decayStep: stage.step,
    facts: factsOf(warehouse, lagSeconds),
    unknownItems: unknownItemPolicies(channels),
  };
  const publishing = channels.filter((one) => one.stock.mode === 'publish').map((one) => one.id);
  let due = 0;
  for (;;) {
    const done = await context.write(async (trx) => {
      const items = await takeDue(trx, warehouse.id, itemsPerBatch);
      const reckoned = await reckonItems(trx, warehouse.id, items, terms);
      due += await saveReckoned(trx, context.clock.now(), publishing, reckoned);
      return items.length < itemsPerBatch;
    });
    if (done) return due > 0;
  }
}

/** What all numbers of a run are worked out by. */
export type Terms = {
  rules: CompiledRules;
  today: string;
  decayStep: number;
  facts: Facts;
  /** By channel: what an offer without an item shows. */
  unknownItems: ReadonlyMap<string, 'zero' | 'leave'>;
};

export function factsOf(warehouse: WarehouseSettings, lagSeconds: number): Facts {
  const { decayPercent, decayThinUnits } = warehouse.stock;
  return { lagSeconds, decay: { percentPerStep: decayPercent, thinUnits: decayThinUnits } };
}

export function unknownItemPolicies(channels: readonly ChannelSettings[]) {
  return new Map(channels.map((one) => [one.id, one.stock.unknownItems] as const));
}

/** What the numbers hang on besides figures and orders, as text, and the day it holds for. */
export function markOf(warehouse: WarehouseSettings, rules: KeptRules, now: Date) {
  const { year, month, day } = wallTimeOf(now, warehouse.timeZone);
  const two = (value: number) => String(value).padStart(2, '0');
  const today = `${year}-${two(month)}-${two(day)}`;
  return { today, mark: `rules ${rules.id}, dated ${activeDatedRules(rules.rules, today)}` };
}

/** How stale the figures of a warehouse are. Before the first read: not stale, there are none. */
export function stageOf(feed: Feed, warehouse: WarehouseSettings, nowMs: number): FeedStage {
  const { lateMinutes, darkMinutes, decayStepMinutes } = warehouse.stock;
  if (feed.seenAt === null) return { word: 'fresh', step: 0 };
  return feedStage({
    ageSeconds: (nowMs - feed.seenAt.getTime()) / 1_000,
    lateSeconds: lateMinutes * 60,
    darkSeconds: darkMinutes * 60,
    stepSeconds: decayStepMinutes * 60,
  });
}

/** Works out the listings of these items. Pure but for the look-ups. */
export async function reckonItems(
  trx: Trx,
  warehouse: string,
  items: readonly string[],
  terms: Terms,
): Promise<Reckoned[]> {
  if (items.length === 0) return [];
  const ground = await readGround(trx, warehouse, items);
  const touched = new Set(items);
  for (const kit of ground.kits) if (touched.has(kit.child)) touched.add(kit.parent);
  return reckonGround(ground, touched, terms).flatMap(({ target, outlet, at }) => {
    const isUnknown =
      target.terms.decidedBy === 'no figure' || target.terms.decidedBy === 'bad part';
    // A kit is known by its parts: without them it is none.
    const isItem =
      target.terms.parts.length === 1 && target.terms.parts[0]!.itemCode === outlet.itemCode;
    if (isUnknown && isItem && terms.unknownItems.get(outlet.channel) === 'leave') return [];
    return [
      {
        channel: outlet.channel,
        shopSku: outlet.shopSku,
        quantity: target.quantity,
        pool: sellableOf(target),
        basisAt: at,
        why: target.terms.decidedBy,
      },
    ];
  });
}

export type Worked = { target: Target; outlet: Ground['outlets'][number]; at: Date | null };

/** Targets of the listings of these items from gathered ground. Pure. */
export function reckonGround(
  ground: Ground,
  items: ReadonlySet<string>,
  terms: Pick<Terms, 'rules' | 'today' | 'decayStep' | 'facts'>,
): Worked[] {
  const partsOf = new Map<string, { itemCode: string; each: number }[]>();
  for (const { parent, child, quantity } of ground.kits) {
    const parts = partsOf.get(parent) ?? [];
    partsOf.set(parent, [...parts, { itemCode: child, each: quantity }]);
  }
  const readAt = new Map(ground.figures.map((one) => [one.itemCode, one.at]));
  const attributes = new Map(ground.items.map((one) => [one.itemCode, one]));
  const byKey = new Map(ground.outlets.map((one) => [keyOf(one), one]));
  const outlets = ground.outlets.map((one): Outlet => {
    const { group = null, tags = [] } = attributes.get(one.itemCode) ?? {};
    const { channel, itemCode } = one;
    return {
      key: keyOf(one),
      channel,
      itemCode,
      parts: partsOf.get(itemCode) ?? [{ itemCode, each: 1 }],
      rule: effectiveRule(terms.rules, { channel, itemCode, group, tags, on: terms.today }),
      standing: one.mostShown,
    };
  });
  const wanted = new Set(outlets.filter((one) => items.has(one.itemCode)).map((one) => one.key));
  const targets = targetsOf(poolsOf(ground, partsOf, terms), outlets, wanted, terms.facts);
  return targets.map((target) => {
    const times = target.terms.parts.map((part) => readAt.get(part.itemCode)?.getTime() ?? 0);
    const at = times.length === 0 || Math.min(...times) === 0 ? null : new Date(Math.min(...times));
    return { target, outlet: byKey.get(target.key)!, at };
  });
}

function keyOf(one: { channel: string; shopSku: string }): string {
  return `${one.channel} ${one.shopSku}`;
}

/** Figures with what is promised of them; a kit that was sold is promised as its parts. */
function poolsOf(
  ground: Ground,
  partsOf: ReadonlyMap<string, { itemCode: string; each: number }[]>,
  terms: Pick<Terms, 'decayStep'>,
): Map<string, Pool> {
  const promised = new Map<string, number>();
  const rates = new Map<string, number>();
  const add = (sums: Map<string, number>, code: string, units: number) =>
    sums.set(code, (sums.get(code) ?? 0) + units);
  for (const one of ground.demand) {
    for (const part of partsOf.get(one.itemCode) ?? [{ itemCode: one.itemCode, each: 1 }]) {
      add(promised, part.itemCode, one.promised * part.each);
      add(rates, part.itemCode, one.unitsPerHour * part.each);
    }
  }
  return new Map(
    ground.figures.map(({ itemCode, available }) => [
      itemCode,
      {
        itemCode,
        available,
        promised: promised.get(itemCode) ?? 0,
        unitsPerHour: rates.get(itemCode) ?? 0,
        decayStep: terms.decayStep,
      },
    ]),
  );
}

/** Units of the listing that could be sold if nothing were withheld; null without a figure. */
function sellableOf(target: Target): number | null {
  const { parts } = target.terms;
  if (parts.length === 0 || parts.some((part) => part.figure === null)) return null;
  return Math.min(...parts.map((part) => Math.floor(part.figure!.sellable / part.each)));
}

/** How long a sale may stay unknown: what was measured, or longer while a channel's orders cannot be read. */
async function presentLag(context: FlowContext, deps: ReckonDeps): Promise<number> {
  const measured = await measuredLag(context, deps);
  const channels = deps.channels.map((one) => one.id);
  const intakeAt = await oldestIntake(context.db, channels);
  const silent = intakeAt === null ? 0 : (context.clock.nowMs() - intakeAt.getTime()) / 1_000;
  // A file waits for its turn besides.
  const waits = Math.max(...deps.channels.map((one) => one.stock.publishSeconds));
  const raw = (measured ?? usualLagSeconds) + waits + Math.max(0, silent - 90);
  return Math.min(24 * 3_600, Math.ceil(raw / lagStepSeconds) * lagStepSeconds);
}

/** From the start of a read to the end of the import that published it, plus the wait for both: the slowest of
 *  the last imports. Null when there were none. */
async function measuredLag(context: FlowContext, deps: ReckonDeps): Promise<number | null> {
  const since = new Date(context.clock.nowMs() - 3_600_000);
  const rows = await context.db
    .selectFrom('stock_imports')
    .select(['basis_at', 'finished_at'])
    .where(
      'channel',
      'in',
      deps.channels.map((one) => one.id),
    )
    .where('state', '=', 'complete')
    .where('made_at', '>', since)
    .orderBy('made_at', 'desc')
    .limit(50)
    .execute();
  const taken = rows.flatMap((row) =>
    row.basis_at && row.finished_at ? [row.finished_at.getTime() - row.basis_at.getTime()] : [],
  );
  if (taken.length === 0) return null;
  taken.sort((a, b) => a - b);
  const most = taken[Math.min(taken.length - 1, Math.floor(taken.length * 0.95))]!;
  return most / 1_000 + Math.max(...deps.channels.map((one) => one.pollSeconds));
}

const feedCodes = ['stock-feed-late', 'stock-feed-dark'];

async function watchFeed(
  context: FlowContext,
  warehouse: WarehouseSettings,
  feed: Feed,
  stage: FeedStage,
): Promise<void> {
  const subject = { connection: warehouse.id, subjectKind: 'warehouse', subjectId: warehouse.id };
  if (stage.word === 'fresh') {
    if (feed.seenAt === null) return;
    const options = { codes: feedCodes, why: 'the stock was read again' };
    return context.write((trx) => context.exceptions.settle(trx, [subject], options));
  }
  const minutes = Math.floor((context.clock.nowMs() - feed.seenAt!.getTime()) / 60_000);
  const { decayPercent, decayThinUnits } = warehouse.stock;
  const fact = `warehouse ${warehouse.id}: stock was last read ${minutes} minutes ago (${feed.seenAt!.toISOString()})`;
  const next = `run packhorse flows list and packhorse doctor`;
  const isDark = stage.word === 'dark';
  const effect = isDark
    ? `; ${Math.min(100, stage.step * decayPercent)} % of every item is withheld, items with ${decayThinUnits} or fewer show none, until it is read again`
    : '';
  await context.write(async (trx) => {
    if (isDark) {
      const options = { codes: ['stock-feed-late'], why: 'raised as dark' };
      await context.exceptions.settle(trx, [subject], options);
    }
    await context.exceptions.raise(trx, [
      {
        ...subject,
        code: isDark ? 'stock-feed-dark' : 'stock-feed-late',
        message: `${fact}${effect}; ${next}`,
        evidence: { seenAt: feed.seenAt!.toISOString(), minutes, step: stage.step },
      },
    ]);
  });
}
