/** Plan: what another rule set would change on every channel, worked out by the functions of the flow and without
 *  writing anything. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { isLeftAlone, presentTerms } from './explain.ts';
import { readFeed } from './figure-store.ts';
import { reckonGround, type Terms, type Worked } from './reckon.ts';
import { readGround } from './reckon-store.ts';
import { type KeptRules, readRules } from './rule-store.ts';
import type { RuleSet } from './rules.ts';

/** Items worked out at a time. Larger: more memory; smaller: more round trips. */
const itemsPerBatch = 2_000;
/** Changes kept in full besides those of `isAll`; the counts always cover every one. */
const largestKept = 20;

/** One listing whose quantity the rules would change. */
export type PlannedChange = {
  channel: string;
  shopSku: string;
  itemCode: string;
  before: number;
  after: number;
};

/** Listings of one channel. `stocked`: those that would show units under the present rules. */
export type ChannelPlan = {
  channel: string;
  listings: number;
  changed: number;
  stocked: number;
  toZero: number;
  fromZero: number;
};

/** What a rule set would change beside the one in force, both worked out at the same moment from the same figures.
 *
 *  `withheld`: units that could be sold and that no listing of their item would offer, over all items. A share that
 *  has to wait until other listings show less counts as it would be sent first. */
export type Plan = {
  at: Date;
  /** Number of the rule set in force. */
  from: number;
  changed: number;
  toZero: number;
  fromZero: number;
  withheld: { before: number; after: number };
  /** In the order of the settings. */
  channels: ChannelPlan[];
  /** The largest changes first; those to zero before others of the same size. */
  changes: PlannedChange[];
};

/** Works out all listings under the rules given and under those in force. `isAll`: keeps every change, not only
 *  the largest. Give it a transaction that sees a single moment. Before the first read of a warehouse there is
 *  nothing to plan for it. */
export async function planRules(
  db: Db,
  given: {
    rules: RuleSet;
    warehouses: readonly WarehouseSettings[];
    channels: readonly ChannelSettings[];
    now: Date;
    isAll?: boolean;
  },
): Promise<Plan> {
  const present = await readRules(db);
  const plan: Plan = {
    at: given.now,
    from: present.id,
    changed: 0,
    toZero: 0,
    fromZero: 0,
    withheld: { before: 0, after: 0 },
    channels: given.channels.map((one) => emptyChannel(one.id)),
    changes: [],
  };
  const most = given.isAll ? Number.POSITIVE_INFINITY : largestKept;
  const proposed: KeptRules = { ...present, rules: given.rules };
  for (const warehouse of given.warehouses) {
    const feed = await readFeed(db, warehouse.id);
    if (feed.fullAt === null) continue;
    const channels = given.channels.filter((one) => one.warehouse === warehouse.id);
    const about = { warehouse, channels, feed, now: given.now };
    await planWarehouse(db, warehouse.id, plan, {
      before: presentTerms({ ...about, rules: present }),
      after: presentTerms({ ...about, rules: proposed }),
      most,
    });
  }
  plan.changes.sort(bySize);
  return plan;
}

/** Channels on which so many offers would go to zero that a person has to confirm it, by the same bounds as hold
 *  such a file. */
export function massZeroChannels(plan: Plan, channels: readonly ChannelSettings[]): ChannelPlan[] {
  return plan.channels.filter(({ channel, stocked, toZero }) => {
    const settings = channels.find((one) => one.id === channel)?.stock;
    if (settings?.mode !== 'publish') return false;
    return toZero >= settings.massZeroLeast && toZero * 100 > stocked * settings.massZeroPercent;
  });
}

type Both = { before: Terms; after: Terms; most: number };

async function planWarehouse(db: Db, warehouse: string, plan: Plan, terms: Both): Promise<void> {
  let last = '';
  for (;;) {
    const items = await readItemsAfter(db, warehouse, last, itemsPerBatch);
    if (items.length > 0) await planItems(db, warehouse, items, plan, terms);
    keepLargest(plan, terms.most);
    if (items.length < itemsPerBatch) return;
    last = items.at(-1)!;
  }
}

async function planItems(
  db: Db,
  warehouse: string,
  items: readonly string[],
  plan: Plan,
  terms: Both,
): Promise<void> {
  const ground = await readGround(db, warehouse, items);
  const own = new Set(items);
  const wanted = new Set(items);
  // What a pool leaves to nobody also hangs on the kits that draw on it.
  for (const kit of ground.kits) if (own.has(kit.child)) wanted.add(kit.parent);
  const before = reckonGround(ground, wanted, terms.before);
  const after = reckonGround(ground, wanted, terms.after);
  plan.withheld.before += withheldOf(before, own);
  plan.withheld.after += withheldOf(after, own);
  // Both are in order of key, so each stands where its counterpart does.
  for (const [at, one] of before.entries()) {
    if (!own.has(one.outlet.itemCode) || isLeftAlone(one, terms.after)) continue;
    count(plan, one, after[at]!.target.quantity);
  }
}

function count(plan: Plan, worked: Worked, after: number): void {
  const { channel, shopSku, itemCode } = worked.outlet;
  const before = worked.target.quantity;
  let counts = plan.channels.find((one) => one.channel === channel);
  if (!counts) plan.channels.push((counts = emptyChannel(channel)));
  counts.listings += 1;
  if (before > 0) counts.stocked += 1;
  if (before === after) return;
  const toZero = after === 0 ? 1 : 0;
  const fromZero = before === 0 ? 1 : 0;
  for (const sums of [plan, counts]) {
    sums.changed += 1;
    sums.toZero += toZero;
    sums.fromZero += fromZero;
  }
  plan.changes.push({ channel, shopSku, itemCode, before, after });
}

function keepLargest(plan: Plan, most: number): void {
  if (plan.changes.length <= most) return;
  plan.changes.sort(bySize);
  plan.changes.length = most;
}

function emptyChannel(channel: string): ChannelPlan {
  return { channel, listings: 0, changed: 0, stocked: 0, toZero: 0, fromZero: 0 };
}

/** Units of these pools that could be sold and that their listings together do not offer. Listings that divide a
 *  pool add up; of others each may sell the same units, so that the one that offers most counts. */
function withheldOf(worked: readonly Worked[], pools: ReadonlySet<string>): number {
  const byPool = new Map<string, { sellable: number; divided: number; most: number }>();
  for (const { target } of worked) {
    for (const part of target.terms.parts) {
      if (!pools.has(part.itemCode) || part.figure === null) continue;
      const sums = byPool.get(part.itemCode) ?? {
        sellable: part.figure.sellable,
        divided: 0,
        most: 0,
      };
      const units = target.quantity * part.each;
      if (part.division === null) sums.most = Math.max(sums.most, units);
      else sums.divided += units;
      byPool.set(part.itemCode, sums);
    }
  }
  let withheld = 0;
  for (const { sellable, divided, most } of byPool.values())
    withheld += Math.max(0, sellable - Math.max(divided, most));
  return withheld;
}

/** Largest difference first; then to zero before others, then by channel and SKU. */
function bySize(a: PlannedChange, b: PlannedChange): number {
  return (
    Math.abs(b.after - b.before) - Math.abs(a.after - a.before) ||
    Number(b.after === 0) - Number(a.after === 0) ||
    (`${a.channel} ${a.shopSku}` < `${b.channel} ${b.shopSku}` ? -1 : 1)
  );
}

/** Listed items and the parts of listed kits, by code, after `last`. */
async function readItemsAfter(
  db: Db,
  warehouse: string,
  last: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ code: string }>`
    select code from (
      (select distinct item_code as code from stock_listings
        where warehouse = ${warehouse} and item_code > ${last} and missing_since is null order by 1 limit ${limit})
      union
      (select distinct k.child from stock_kits k
        where k.warehouse = ${warehouse} and k.child > ${last} and exists (
          select from stock_listings l where l.warehouse = k.warehouse and l.item_code = k.parent
            and l.missing_since is null)
        order by 1 limit ${limit})
    ) codes order by 1 limit ${limit}`.execute(db);
  return rows.map((row) => row.code);
}
