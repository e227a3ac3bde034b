/** Judges a day's stock: what was sold that nobody had, what stood too high, what is wrong in the end, how long a
 *  change took to be shown, and what caution cost. */
import type { Service } from '../src/main.ts';
import type { PeopleLog } from './people.ts';
import { boundsOf, onOffer, type Pool, tooMuchTogether, type Use } from './shown.ts';
import type { Stage } from './stage.ts';
import type { Sale, Supply } from './supply.ts';
import type { Watch } from './watch.ts';

export type StockFinding = { kind: string; shopSku: string; what: string };

export type StockVerdict = {
  /** Units bought beyond what could be supplied at that moment. */
  oversold: number;
  /** Such units that people had taken away (count, damage, quarantine) so shortly before that nobody could have
   *  told the marketplaces: within twice the cadence and two minutes, more under harsh faults, spans in which the
   *  warehouse gave no report not counted. */
  oversoldUnavoidable: number;
  /** Offers whose quantity is not what a second reckoning allows when all is quiet (`shown.ts`). */
  wrongAtEnd: number;
  /** Quantities of ours that stood above what could be supplied for longer than the same limit, counted from the
   *  last moment at which the quantity or the supply changed; spans in which the warehouse gave no report or the
   *  marketplace held up imports are not counted. A quantity left behind by a crash is one. */
  publishedAboveTruth: number;
  /** Offers that show another quantity than the service believes and names to nobody, offers it does not know, and
   *  offers without an item that it does not name. */
  undetectedDivergence: number;
  /** What is in stock and on no offer, when all is quiet. */
  unitsWithheld: { mean: number; percent: number; meanOfThin: number };
  /** Milliseconds from a change by people in the warehouse to the import that shows it, per channel, over items
   *  that nobody buys. */
  lagsMs: number[];
  /** Purchases that did not happen because an offer showed too little. */
  refusedSales: number;
  publishes: number;
  linesSent: number;
  skus: number;
  listings: number;
  findings: StockFinding[];
};

export type StockCase = {
  stage: Stage;
  supply: Supply;
  watch: Watch;
  people: PeopleLog;
  refusedSales: number;
  nowMs: number;
};

/** Judges the whole day, when everything is quiet. */
export async function judgeStock(one: StockCase, service: Service): Promise<StockVerdict> {
  const { stage, supply, watch } = one;
  supply.look();
  const { sales } = supply.log;
  const pools = poolsOf(one);
  const findings = [
    ...sales.filter((sale) => sale.oversold > 0).map(oversoldFinding),
    ...watch.found.map(overstandingFinding),
    ...wrongAtEnd(one, pools),
    ...(await undetected(one, service)),
  ];
  const count = (kind: string) => findings.filter((found) => found.kind === kind).length;
  const markets = [...stage.marketplaces.values()].map((market) => market.truth);
  return {
    oversold: sum(sales.map((sale) => sale.oversold)),
    oversoldUnavoidable: sum(sales.map((sale) => sale.unavoidable)),
    wrongAtEnd: count('wrong quantity'),
    publishedAboveTruth: count('above truth'),
    undetectedDivergence: count('undetected'),
    unitsWithheld: withheld(stage, pools),
    lagsMs: one.people.probes.flatMap((_, at) => lagsOf(one, at)),
    refusedSales: one.refusedSales,
    publishes: sum(markets.map((truth) => truth.imports.length)),
    linesSent: sum(markets.flatMap((truth) => truth.imports.map((sent) => sent.linesRead))),
    skus: stage.world.items.length,
    listings: sum(markets.map((truth) => truth.offers.filter((o) => !o.isDeleted).length)),
    findings,
  };
}

/** Every stocked item with the listings that draw on it. */
function poolsOf({ stage, supply, nowMs }: StockCase): Map<string, Pool> {
  const uses = new Map<string, Use[]>();
  for (const [channel, market] of stage.marketplaces) {
    for (const { shopSku, quantity: shown, isDeleted } of market.truth.offers) {
      if (isDeleted) continue;
      for (const { itemCode, each } of supply.partsOf(shopSku)) {
        const all = uses.get(itemCode) ?? [];
        uses.set(itemCode, all);
        all.push({ channel, shopSku, each, shown });
      }
    }
  }
  const rates = ratesOf(stage, supply, nowMs);
  return new Map(
    [...uses].map(([itemCode, all]) => [
      itemCode,
      {
        itemCode,
        supply: supply.of(itemCode) ?? 0,
        unitsPerHour: rates.get(itemCode) ?? 0,
        uses: all,
      },
    ]),
  );
}

/** Trailing windows that sales rates are measured over, a little longer than the service's, which may look late. */
const windowsHours = [0.25, 2, 24];
const slackHours = 0.1;
const hourMs = 3_600_000;

/** Units an hour by the busiest window, per item; of what people made in the course of the day too. */
function ratesOf(stage: Stage, supply: Supply, nowMs: number): Map<string, number> {
  const sold = [...stage.marketplaces.values()].flatMap((market) =>
    [...market.truth.orders.values()].flatMap(({ createdMs, lines }) =>
      lines.flatMap(({ offerSku, orderedQuantity }) =>
        supply.partsOf(offerSku).map(({ itemCode, each }) => ({
          itemCode,
          units: each * orderedQuantity,
          ageHours: (nowMs - createdMs) / hourMs,
        })),
      ),
    ),
  );
  const rates = new Map<string, number>();
  for (const hours of windowsHours) {
    const units = new Map<string, number>();
    for (const one of sold) {
      if (one.ageHours > hours + slackHours) continue;
      units.set(one.itemCode, (units.get(one.itemCode) ?? 0) + one.units);
    }
    for (const [code, count] of units)
      rates.set(code, Math.max(rates.get(code) ?? 0, count / hours));
  }
  return rates;
}

function wrongAtEnd({ stage, supply }: StockCase, pools: Map<string, Pool>): StockFinding[] {
  const kind = 'wrong quantity';
  const found: StockFinding[] = [];
  for (const [channel, market] of stage.marketplaces) {
    for (const { shopSku, quantity, isDeleted } of market.truth.offers) {
      if (isDeleted) continue;
      const made = supply.partsOf(shopSku).map(({ itemCode, each }) => {
        const pool = pools.get(itemCode)!;
        const { most } = boundsOf(pool, pool.uses.length);
        const left = { ...pool, supply: pool.supply - supply.givenUpOf(itemCode) };
        const { least } = boundsOf(left, pool.uses.length);
        return { least: Math.floor(least / each), most: Math.floor(most / each) };
      });
      const least = made.length === 0 ? 0 : Math.min(...made.map((one) => one.least));
      const most = made.length === 0 ? 0 : Math.min(...made.map((one) => one.most));
      if (quantity >= least && quantity <= most) continue;
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      found.push({ kind, shopSku, what: `${channel} shows ${quantity}, should show ${wanted}` });
    }
  }
  for (const pool of pools.values()) {
    const what = tooMuchTogether(pool);
    if (what) found.push({ kind, shopSku: pool.itemCode, what });
  }
  return found;
}

async function undetected({ stage, supply }: StockCase, service: Service): Promise<StockFinding[]> {
  const { db } = service.database;
  const listings = await db
    .selectFrom('stock_listings')
    .select(['channel', 'shop_sku', 'shown', 'sent', 'step', 'missing_since'])
    .execute();
  const open = await db
    .selectFrom('exceptions')
    .select(['connection', 'subject_id', 'code'])
    .where('subject_kind', '=', 'sku')
    .where('state', 'in', ['open', 'retrying'])
    .execute();
  const named = Map.groupBy(open, (row) => `${row.connection} ${row.subject_id}`);
  const known = new Map(listings.map((row) => [`${row.channel} ${row.shop_sku}`, row]));
  const found: StockFinding[] = [];
  const tell = (shopSku: string, what: string) => found.push({ kind: 'undetected', shopSku, what });
  for (const [channel, market] of stage.marketplaces) {
    for (const { shopSku, quantity, isDeleted } of market.truth.offers) {
      if (isDeleted) continue;
      const key = `${channel} ${shopSku}`;
      const codes = named.get(key)?.map((row) => row.code) ?? [];
      const row = known.get(key);
      if (!row || row.missing_since) tell(shopSku, `${channel}: the service has no such listing`);
      else {
        // On its way: either may be in force.
        const believed = row.step === 'quiet' ? [row.shown] : [row.shown, row.sent];
        if (!believed.includes(quantity) && codes.length === 0)
          tell(
            shopSku,
            `${channel} shows ${quantity}, the service believes ${believed.join(' or ')}`,
          );
      }
      const hasItem = supply.partsOf(shopSku).length > 0;
      if (!hasItem && !codes.includes('offer-without-item'))
        tell(shopSku, `${channel}: no item in the warehouse, and nobody is told`);
      if (hasItem && codes.includes('offer-without-item'))
        tell(shopSku, `${channel}: named as without an item, but the warehouse has it`);
    }
  }
  return found;
}

/** Milliseconds until each channel showed one change of a probe. A change that the next one overtook is not
 *  measured: nothing can tell which of them was shown. */
function lagsOf({ people, stage, watch }: StockCase, at: number): number[] {
  const { itemCode, atMs, from, to } = people.probes[at]!;
  const next = people.probes.slice(at + 1).find((other) => other.itemCode === itemCode);
  const changes = watch.changesOf(itemCode);
  return [...stage.marketplaces.keys()].flatMap((channel) => {
    const shown = changes.find(
      (change) =>
        change.channel === channel &&
        change.atMs >= atMs &&
        change.by === 'import' &&
        // Beyond what the older figure allows, or within what the new one does.
        (to > from ? change.to > from : change.to <= to),
    );
    const isOvertaken = !shown || (next !== undefined && shown.atMs >= next.atMs);
    return isOvertaken ? [] : [shown.atMs - atMs];
  });
}

function withheld(stage: Stage, pools: Map<string, Pool>): StockVerdict['unitsWithheld'] {
  const thin = new Set(
    stage.world.items.filter((one) => one.role === 'thin').map((one) => one.itemCode),
  );
  const all = [...pools.values()].filter((pool) => pool.supply > 0);
  const units = all.map((pool) => pool.supply - onOffer(pool));
  const ofThin = units.filter((_, at) => thin.has(all[at]!.itemCode));
  const supply = sum(all.map((pool) => pool.supply));
  return {
    mean: sum(units) / Math.max(1, all.length),
    percent: (100 * sum(units)) / Math.max(1, supply),
    meanOfThin: sum(ofThin) / Math.max(1, ofThin.length),
  };
}

function oversoldFinding(sale: Sale): StockFinding {
  const { orderId, units, supplyBefore, oversold, itemCode, shopSku, channel } = sale;
  const what = `${oversold} of ${itemCode} too many: order ${orderId} on ${channel} took ${units}, ${supplyBefore} could be supplied`;
  return { kind: 'oversold', shopSku, what };
}

function overstandingFinding(one: Watch['found'][number]): StockFinding {
  const { channel, shopSku, fromMs, foundMs, shown, supply } = one;
  const times = `${timeOf(fromMs)} to ${timeOf(foundMs)} and on`;
  const what = `${channel} showed ${shown} from ${times}, ${supply} could be supplied`;
  return { kind: 'above truth', shopSku, what };
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
