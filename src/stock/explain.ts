/** Explain: the whole sum behind a quantity, with the source and the time of every term. Worked out anew by the
 *  very functions that the flow uses, so that the two cannot differ. */
import type { Db } from '../runtime/db.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import type { Target } from './availability.ts';
import type { FeedStage } from './decay.ts';
import {
  type KeptListing,
  type PromisedLine,
  readKeptListings,
  readPromisedLines,
  readSentLines,
  readSiteFigures,
  type SentLine,
  type SiteFigure,
} from './explain-store.ts';
import { type Feed, readFeed } from './figure-store.ts';
import {
  factsOf,
  markOf,
  reckonGround,
  stageOf,
  type Terms,
  unknownItemPolicies,
  type Worked,
} from './reckon.ts';
import { type Ground, readGround } from './reckon-store.ts';
import { type KeptRules, readRules } from './rule-store.ts';
import { compileRules } from './rules.ts';

/** Lines of earlier files shown per listing. */
const mostSentLines = 5;

/** Everything that the quantity of one item's listings hangs on, in one warehouse. */
export type Explanation = {
  warehouse: string;
  itemCode: string;
  at: Date;
  feed: Pick<Feed, 'fullAt' | 'seenAt' | 'lagSeconds'> & FeedStage;
  ruleSet: Omit<KeptRules, 'rules'>;
  /** The day that dated rules are judged by, YYYY-MM-DD. */
  today: string;
  /** Components when the item is a kit, in order of ItemCode. */
  parts: { itemCode: string; each: number }[];
  /** Every item that one of the listings takes its units from, in order of ItemCode. */
  pools: PoolExplanation[];
  /** In order of channel and SKU. */
  listings: ListingExplanation[];
};

export type PoolExplanation = {
  itemCode: string;
  report: string;
  sites: SiteFigure[];
  /** Sum over the sites, as it went into the numbers; null: the warehouse gave no figure. */
  available: number | null;
  readAt: Date | null;
  group: string | null;
  tags: string[];
  /** As it went into the numbers, in units of this item; when that was summed up. */
  promised: number;
  promisedAsOf: Date | null;
  unitsPerHour: number;
  /** As the order tables stand now; may differ from `promised` until the next run of stock.reckon. */
  orders: PromiseExplanation[];
};

export type PromiseExplanation = PromisedLine & {
  /** Units of the pool: those of a kit times its count. */
  poolUnits: number;
  why: string;
};

export type ListingExplanation = {
  channel: string;
  shopSku: string;
  /** Of the listing: the item itself, or a kit that it is part of. */
  itemCode: string;
  mode: ChannelSettings['stock']['mode'] | 'not configured';
  /** Worked out now, with every term. */
  target: Target;
  /** No figure, and the channel leaves such offers alone. */
  isLeftAlone: boolean;
  /** What is kept and what became of it. */
  kept: KeptListing;
  /** The newest first. */
  sent: SentLine[];
};

/** Explains one item of a warehouse; `channel`: only its listings. Reads everything in the caller's transaction:
 *  give it one that sees a single moment. */
export async function explainItem(
  db: Db,
  given: {
    warehouse: WarehouseSettings;
    channels: readonly ChannelSettings[];
    itemCode: string;
    channel?: string | undefined;
    now: Date;
  },
): Promise<Explanation> {
  const { warehouse, channels, itemCode, now } = given;
  const rules = await readRules(db);
  const feed = await readFeed(db, warehouse.id);
  const terms = presentTerms({ warehouse, channels, feed, rules, now });
  const ground = await readGround(db, warehouse.id, [itemCode]);
  const wanted = new Set([itemCode]);
  for (const kit of ground.kits) if (kit.child === itemCode) wanted.add(kit.parent);
  const worked = reckonGround(ground, wanted, terms).filter(
    ({ outlet }) => given.channel === undefined || outlet.channel === given.channel,
  );
  const { rules: _, ...ruleSet } = rules;
  return {
    warehouse: warehouse.id,
    itemCode,
    at: now,
    feed: {
      fullAt: feed.fullAt,
      seenAt: feed.seenAt,
      lagSeconds: feed.lagSeconds,
      ...stageOf(feed, warehouse, now.getTime()),
    },
    ruleSet,
    today: terms.today,
    parts: ground.kits
      .filter((one) => one.parent === itemCode)
      .map((one) => ({ itemCode: one.child, each: one.quantity }))
      .sort((a, b) => (a.itemCode < b.itemCode ? -1 : 1)),
    pools: await explainPools(db, warehouse, ground, poolCodes(worked, ground, itemCode)),
    listings: await explainListings(db, warehouse.id, { worked, channels, terms }),
  };
}

/** What every number of a warehouse is worked out by at this moment, as the next run of stock.reckon would. */
export function presentTerms(given: {
  warehouse: WarehouseSettings;
  channels: readonly ChannelSettings[];
  feed: Feed;
  rules: KeptRules;
  now: Date;
}): Terms {
  const { warehouse, channels, feed, rules, now } = given;
  return {
    rules: compileRules(rules.rules),
    today: markOf(warehouse, rules, now).today,
    decayStep: stageOf(feed, warehouse, now.getTime()).step,
    facts: factsOf(warehouse, feed.lagSeconds),
    unknownItems: unknownItemPolicies(channels),
  };
}

/** Whether a listing is left as it is, since nothing is known of its item. */
export function isLeftAlone(worked: Worked, terms: Pick<Terms, 'unknownItems'>): boolean {
  const { decidedBy } = worked.target.terms;
  const isUnknown = decidedBy === 'no figure' || decidedBy === 'bad part';
  return isUnknown && terms.unknownItems.get(worked.outlet.channel) === 'leave';
}

/** Items that the listings take their units from; the item itself, unless it is a kit, also without a listing. */
function poolCodes(worked: readonly Worked[], ground: Ground, itemCode: string): string[] {
  const codes = worked.flatMap(({ target }) => target.terms.parts.map((part) => part.itemCode));
  if (!ground.kits.some((kit) => kit.parent === itemCode)) codes.push(itemCode);
  return [...new Set(codes)].sort();
}

async function explainPools(
  db: Db,
  warehouse: WarehouseSettings,
  ground: Ground,
  codes: readonly string[],
): Promise<PoolExplanation[]> {
  const partsOf = Map.groupBy(ground.kits, (kit) => kit.parent);
  const soldAs = [...new Set([...codes, ...partsOf.keys()])];
  const sites = await readSiteFigures(db, warehouse.id, codes);
  const lines = await readPromisedLines(db, warehouse.id, soldAs);
  const asOf = await readDemandTimes(db, warehouse.id, soldAs);
  return codes.map((itemCode) => {
    const figure = ground.figures.find((one) => one.itemCode === itemCode);
    const attributes = ground.items.find((one) => one.itemCode === itemCode);
    /** Units of this pool in one unit of what was sold. A kit's own code stands for its parts only. */
    const eachOf = (code: string): number => {
      const parts = partsOf.get(code);
      if (!parts) return code === itemCode ? 1 : 0;
      return parts.reduce((sum, one) => sum + (one.child === itemCode ? one.quantity : 0), 0);
    };
    const demand = ground.demand.filter((one) => eachOf(one.itemCode) > 0);
    const times = demand.flatMap((one) => asOf.get(one.itemCode) ?? []).map(Number);
    return {
      itemCode,
      report: warehouse.reports.itemInventory.name,
      sites: sites.filter((one) => one.itemCode === itemCode),
      available: figure?.available ?? null,
      readAt: figure?.at ?? null,
      group: attributes?.group ?? null,
      tags: attributes?.tags ?? [],
      promised: demand.reduce((sum, one) => sum + one.promised * eachOf(one.itemCode), 0),
      promisedAsOf: times.length === 0 ? null : new Date(Math.max(...times)),
      unitsPerHour: demand.reduce((sum, one) => sum + one.unitsPerHour * eachOf(one.itemCode), 0),
      orders: lines
        .filter((line) => eachOf(line.itemCode) > 0)
        .map((line) => {
          const poolUnits = line.units * eachOf(line.itemCode);
          return { ...line, poolUnits, why: whyPromised(line) };
        }),
    };
  });
}

async function readDemandTimes(
  db: Db,
  warehouse: string,
  items: readonly string[],
): Promise<Map<string, Date>> {
  if (items.length === 0) return new Map();
  const rows = await db
    .selectFrom('stock_demand')
    .select(['item_code', 'as_of'])
    .where('warehouse', '=', warehouse)
    .where('item_code', 'in', [...items])
    .execute();
  return new Map(rows.map((row) => [row.item_code, row.as_of]));
}

/** Why the units of a line still have to be taken off the warehouse's figure, in words. */
export function whyPromised(
  line: Pick<PromisedLine, 'salesOrderNumber' | 'step' | 'status' | 'checkedAt' | 'absorbedAt'>,
): string {
  if (line.salesOrderNumber === null) return 'not in the warehouse yet';
  if (line.step !== 'verified') return `on its way to the warehouse (${line.step})`;
  if (line.absorbedAt !== null)
    return `reserved since ${line.absorbedAt.toISOString()}, the figure is older`;
  if (line.checkedAt === null) return 'in the warehouse, not asked about yet';
  const status = line.status || 'not told';
  return `no stock reserved for it (status ${status}, asked ${line.checkedAt.toISOString()})`;
}

async function explainListings(
  db: Db,
  warehouse: string,
  given: { worked: readonly Worked[]; channels: readonly ChannelSettings[]; terms: Terms },
): Promise<ListingExplanation[]> {
  const { worked, channels, terms } = given;
  const items = [...new Set(worked.map((one) => one.outlet.itemCode))];
  const kept = await readKeptListings(db, warehouse, items);
  const found: ListingExplanation[] = [];
  for (const [channel, theirs] of Map.groupBy(worked, (one) => one.outlet.channel)) {
    const skus = theirs.map((one) => one.outlet.shopSku);
    const sent = await readSentLines(db, channel, skus, mostSentLines);
    const settings = channels.find((one) => one.id === channel);
    for (const one of theirs) {
      const { shopSku, itemCode } = one.outlet;
      found.push({
        channel,
        shopSku,
        itemCode,
        mode: settings?.stock.mode ?? 'not configured',
        target: one.target,
        isLeftAlone: isLeftAlone(one, terms),
        kept: kept.find((row) => row.channel === channel && row.shopSku === shopSku)!,
        sent: sent.filter((line) => line.shopSku === shopSku),
      });
    }
  }
  return found;
}
