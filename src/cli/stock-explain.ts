/** `packhorse stock explain`: the sum behind a quantity, every term with where it comes from and when. */
import type { Command } from 'commander';
import { nearMatch } from '../audit/near-match.ts';
import {
  type Explanation,
  explainItem,
  type ListingExplanation,
  type PoolExplanation,
} from '../stock/explain.ts';
import { type Meant, readMeant, readSimilarNames, type SentLine } from '../stock/explain-store.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { agoText, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { atOneMoment, channelsFilledBy, channelsOf } from './stock-scope.ts';
import { sumOf } from './stock-sum.ts';

type Options = Globals & { channel?: string };

/** Promised orders printed per item; JSON has them all. */
const mostOrders = 20;

/** Adds `stock explain`. */
export function addStockExplain(stock: Command): void {
  stock
    .command('explain')
    .description('why a SKU shows what it shows: every term with its source and time')
    .argument('<itemCode>', 'the ItemCode in the warehouse, or a shop SKU')
    .option('--channel <id>', 'only its listings on this channel')
    .action(async (itemCode: string, _options, command: Command) => {
      await explain(itemCode, command.optsWithGlobals<Options>());
    });
}

async function explain(name: string, options: Options): Promise<void> {
  await withStore(options, async (store) => {
    channelsOf(store, options.channel);
    const items = await atOneMoment(store, async (db) => {
      const meant = await readMeant(db, name);
      if (meant.length === 0) throw await unknown(store, name);
      const found: Explanation[] = [];
      for (const { warehouse: id, itemCode } of meant) {
        const warehouse = store.settings.warehouses.find((one) => one.id === id);
        // Of a warehouse that is no longer configured nothing is sent.
        if (!warehouse) continue;
        const channels = channelsFilledBy(store, id);
        const { channel } = options;
        const now = store.clock.now();
        found.push(await explainItem(db, { warehouse, channels, itemCode, channel, now }));
      }
      if (found.length === 0)
        throw new Failure(
          'notFound',
          `${name} is only in a warehouse that is no longer configured`,
        );
      for (const one of meant) if (one.isSku && !options.json) print(skuNote(name, one));
      return found;
    });
    show(options, { items }, () => {
      for (const one of items) printItem(one);
    });
  });
}

async function unknown(store: Store, name: string): Promise<Failure> {
  const near = nearMatch(name, await readSimilarNames(store.db, name));
  const hint =
    near === null ? 'packhorse stock diff --all lists the SKUs' : `did you mean ${near}?`;
  return new Failure(
    'notFound',
    `no ItemCode or SKU ${name} in any stock report, kit, listing or order; ${hint}`,
  );
}

function skuNote(name: string, meant: Meant): string {
  return `SKU ${name} stands for ItemCode ${meant.itemCode} of warehouse ${meant.warehouse}`;
}

function printItem(one: Explanation): void {
  const nowMs = one.at.getTime();
  const { feed, ruleSet } = one;
  print(`Item ${one.itemCode} of warehouse ${one.warehouse}, worked out at ${ukTime(one.at)}`);
  print('(times are UK time)');
  const age = feed.seenAt === null ? 'never read' : `${agoText(feed.seenAt, nowMs)} old`;
  const decay = feed.step === 0 ? '' : `, decay step ${feed.step}`;
  const made = ruleSet.madeAt === null ? '' : ` of ${ukTime(ruleSet.madeAt)} by ${ruleSet.madeBy}`;
  print(`  truth: ${feed.seenAt === null ? age : `${feed.word}, ${age}${decay}`}`);
  print(`  rules: set ${ruleSet.id}${made} (${ruleSet.note}), dated rules by ${one.today}`);
  if (one.parts.length > 0) {
    const parts = one.parts.map((part) => `${part.each} x ${part.itemCode}`).join(' + ');
    print(`  a kit of ${parts}`);
  }
  for (const pool of one.pools) printPool(pool);
  if (one.listings.length === 0) print('\nNo listing draws on it.');
  for (const listing of one.listings) printListing(listing, one);
}

function printPool(pool: PoolExplanation): void {
  const figure = pool.available === null ? 'the warehouse gave no figure' : pool.available;
  print(`\n${pool.itemCode}: available ${figure}, promised ${pool.promised}`);
  if (pool.sites.length > 0) {
    const rows = pool.sites.map((site) => [
      `  ${site.site}`,
      site.absentSince === null ? site.available : 0,
      site.onHand,
      site.allocated,
      ukTime(site.readAt),
      ukTime(site.changedAt),
      siteNote(site),
    ]);
    print(`  by report "${pool.report}"`);
    const headings = ['  site', 'available', 'on hand', 'allocated', 'read', 'changed', 'note'];
    print(tableOf(headings, rows));
  }
  if (pool.group !== null || pool.tags.length > 0)
    print(`  group ${pool.group ?? 'none'}, tags ${pool.tags.join(', ') || 'none'}`);
  printPromises(pool);
}

function siteNote(site: PoolExplanation['sites'][number]): string {
  if (site.absentSince) return `no longer in the report since ${ukTime(site.absentSince)}`;
  if (site.unreadableSince)
    return `no figure since ${ukTime(site.unreadableSince)}: the last stands`;
  return '';
}

function printPromises(pool: PoolExplanation): void {
  const now = pool.orders.reduce((sum, one) => sum + one.poolUnits, 0);
  if (pool.orders.length > 0) {
    print('  sold, and not in the figure yet');
    const rows = pool.orders
      .slice(0, mostOrders)
      .map((one) => [
        `  ${one.marketplaceOrderId}`,
        one.channel,
        one.shopSku,
        one.poolUnits,
        one.wireState,
        ukTime(one.placedAt),
        one.salesOrderNumber,
        one.why,
      ]);
    const headings = ['  order', 'channel', 'SKU', 'units', 'marketplace', 'placed', 'sales order'];
    print(tableOf([...headings, 'why still promised'], rows));
    if (pool.orders.length > mostOrders)
      print(`  (${mostOrders} of ${pool.orders.length}; --json has all)`);
  }
  if (now !== pool.promised) {
    print(
      `  orders have changed since it was worked out: ${now} promised now; stock.reckon takes it over`,
    );
  }
}

function printListing(listing: ListingExplanation, item: Explanation): void {
  const { kept } = listing;
  const of = listing.itemCode === listing.shopSku ? '' : `, ItemCode ${listing.itemCode}`;
  print(`\nChannel ${listing.channel}, SKU ${listing.shopSku}${of}`);
  print(tableOf(['  term', 'units', 'from'], sumOf(listing, item)));
  if (listing.isLeftAlone) print('  left alone: the warehouse has no figure (unknownItems: leave)');
  else if (kept.wanted !== listing.target.quantity) print(`  ${driftText(listing)}`);
  if (listing.mode !== 'publish') print(`  nothing is sent: stock.mode is ${listing.mode}`);
  const shown = kept.shown === null ? 'never read' : `${kept.shown}, read ${ukTime(kept.shownAt)}`;
  const right = kept.verifiedAt === null ? '' : `, last right ${ukTime(kept.verifiedAt)}`;
  print(`  shown: ${shown}${right}; at most ${kept.mostShown} on show`);
  print(`  step: ${stepText(kept)}${kept.isActive ? '' : '; the offer cannot be bought'}`);
  if (listing.sent.length === 0) return;
  const rows = listing.sent.map((line) => [
    `  ${line.importId}`,
    line.quantity,
    ukTime(line.sentAt),
    `${line.method} ${line.reference ?? ''}`.trim(),
    line.state,
    outcomeText(line),
    ukTime(line.basisAt),
  ]);
  const headings = ['  import', 'sent', 'when', 'as', 'import is', 'line', 'figure read'];
  print(tableOf(headings, rows));
}

function driftText({ kept, target }: ListingExplanation): string {
  const was = kept.wanted === null ? 'nothing is kept yet' : `kept is ${kept.wanted}`;
  const since = kept.wantedAt === null ? '' : ` since ${ukTime(kept.wantedAt)}`;
  return `${was}${since}; worked out now it is ${target.quantity}: stock.reckon takes it over, see packhorse flows list if it stays`;
}

function stepText(kept: ListingExplanation['kept']): string {
  const vain = kept.attempts === 0 ? '' : `, ${kept.attempts} times in vain`;
  const cause = kept.lastError === null ? '' : ` (${kept.lastError})`;
  if (kept.step === 'due') return `to be sent from ${ukTime(kept.dueAt)}${vain}${cause}`;
  if (kept.step === 'sent') return `in import ${kept.importId}, its end is not known yet`;
  if (kept.step === 'taken')
    return `taken, to be read back from ${ukTime(kept.dueAt)}${vain}${cause}`;
  return 'quiet, nothing to do';
}

function outcomeText(line: SentLine): string {
  if (line.outcome === null) return 'not known yet';
  return line.reason === null ? line.outcome : `${line.outcome}: ${line.reason}`;
}
