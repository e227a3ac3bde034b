/** `packhorse stock status`: how old the truth is, and how far each channel is behind it. */
import type { Command } from 'commander';
import { listExceptions } from '../exceptions/store.ts';
import type { Db } from '../runtime/db.ts';
import { listFlows } from '../runtime/flow-control.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { readFeed } from '../stock/figure-store.ts';
import { publishFlow } from '../stock/flow.ts';
import { stageOf } from '../stock/reckon.ts';
import { readRules } from '../stock/rule-store.ts';
import {
  countListings,
  countWarehouse,
  readLastImport,
  readLastReads,
} from '../stock/status-store.ts';
import { type Store, withStore } from './open-store.ts';
import { agoText, type Globals, pairsOf, print, show, tableOf, ukTime } from './output.ts';
import { atOneMoment } from './stock-scope.ts';

/** Reads shown per warehouse. */
const readsShown = 3;

/** Adds `stock status`. */
export function addStockStatus(stock: Command): void {
  stock
    .command('status')
    .description('age of the truth, last reads and files, what is on its way, pauses, rules')
    .action(async (_options, command: Command) => {
      await status(command.optsWithGlobals<Globals>());
    });
}

async function status(options: Globals): Promise<void> {
  await withStore(options, async (store) => {
    const data = await atOneMoment(store, async (db) => {
      const { rules, ...ruleSet } = await readRules(db);
      const warehouses = [];
      for (const one of store.settings.warehouses)
        warehouses.push(await warehouseStatus(db, store, one));
      const channels = [];
      for (const one of store.settings.channels) channels.push(await channelStatus(db, one));
      return { ruleSet: { ...ruleSet, rules: rules.rules.length }, warehouses, channels };
    });
    const nowMs = store.clock.nowMs();
    show(options, data, () => {
      const { id, madeAt, madeBy, note, rules } = data.ruleSet;
      const made = madeAt === null ? '' : ` of ${ukTime(madeAt)} by ${madeBy}: ${note}`;
      print(`Rule set ${id} is in force (${id === 0 ? 'built in' : `${rules} rules`})${made}`);
      for (const one of data.warehouses) printWarehouse(one, nowMs);
      for (const one of data.channels) printChannel(one, nowMs);
    });
  });
}

type WarehouseStatus = Awaited<ReturnType<typeof warehouseStatus>>;
type ChannelStatus = Awaited<ReturnType<typeof channelStatus>>;

async function warehouseStatus(db: Db, store: Store, warehouse: WarehouseSettings) {
  const feed = await readFeed(db, warehouse.id);
  const stage = stageOf(feed, warehouse, store.clock.nowMs());
  return {
    id: warehouse.id,
    fullAt: feed.fullAt,
    seenAt: feed.seenAt,
    stage: feed.seenAt === null ? 'never read' : stage.word,
    decayStep: stage.step,
    lagSeconds: feed.lagSeconds,
    approvedUntil: feed.approvedUntil,
    ...(await countWarehouse(db, warehouse.id)),
    reads: await readLastReads(db, warehouse.id, readsShown),
    held: await heldOn(db, warehouse.id),
  };
}

async function channelStatus(db: Db, channel: ChannelSettings) {
  const [flow] = await listFlows(db, { flow: publishFlow, connection: channel.id });
  return {
    id: channel.id,
    warehouse: channel.warehouse,
    mode: channel.enabled ? channel.stock.mode : ('off' as const),
    publishSeconds: channel.stock.publishSeconds,
    pausedAt: flow?.pausedAt ?? null,
    pausedWhy: flow?.pausedWhy ?? null,
    lastOkAt: flow?.lastOkAt ?? null,
    lastError: flow !== undefined && flow.failures > 0 ? flow.lastError : null,
    ...(await countListings(db, channel.id)),
    lastImport: await readLastImport(db, channel.id),
    held: await heldOn(db, channel.id),
  };
}

/** Messages of mass changes that wait for a person. */
async function heldOn(db: Db, connection: string): Promise<string[]> {
  const open = await listExceptions(db, { codes: ['stock-mass-change'], connection });
  return open.map((one) => one.message);
}

function printWarehouse(one: WarehouseStatus, nowMs: number): void {
  const age = one.seenAt === null ? '' : `, ${agoText(one.seenAt, nowMs)} old`;
  print(`\nWarehouse ${one.id}`);
  const isApproved = one.approvedUntil !== null && one.approvedUntil.getTime() > nowMs;
  const pairs: [string, string | number | null][] = [
    ['truth', `${one.stage}${age}`],
    ['read whole', ukTime(one.fullAt)],
    ['decay', one.decayStep === 0 ? 'none' : `step ${one.decayStep}: less is offered`],
    ['lag', `${one.lagSeconds} s from a sale until every channel shows it`],
    ['items', `${one.items}, ${one.stocked} with stock`],
    ['to work out', one.toReckon === 0 ? '' : `${one.toReckon} items`],
    ['to read again', one.hints === 0 ? '' : `${one.hints} items`],
    ...one.held.map((message): [string, string] => ['held', message]),
    ['approved', isApproved ? `mass changes pass until ${ukTime(one.approvedUntil)}` : ''],
  ];
  print(pairsOf(pairs, '  '));
  if (one.reads.length === 0) return;
  const rows = one.reads.map((read) => [
    `  ${ukTime(read.startedAt)}`,
    read.kind,
    read.outcome,
    (read.endedAt.getTime() - read.startedAt.getTime()) / 1_000,
    read.rowCount,
    read.changedCount,
    read.note,
  ]);
  print(tableOf(['  read (UK)', 'kind', 'outcome', 'seconds', 'rows', 'changed', 'note'], rows));
}

function printChannel(one: ChannelStatus, nowMs: number): void {
  print(`\nChannel ${one.id}, filled from ${one.warehouse}`);
  const onTheWay = `${one.due} due, ${one.sent} sent, ${one.taken} taken and to be read back`;
  const pairs: [string, string | number | null][] = [
    ['mode', one.mode === 'publish' ? `publish every ${one.publishSeconds} s` : one.mode],
    ['paused', one.pausedAt === null ? '' : `since ${ukTime(one.pausedAt)}: ${one.pausedWhy}`],
    ['failing', one.lastError],
    ['last ok', one.lastOkAt === null ? 'never' : `${agoText(one.lastOkAt, nowMs)} ago`],
    ['last import', importText(one)],
    ['listings', `${one.listings}, ${one.stocked} with stock on show`],
    ['on the way', onTheWay],
    ['differing', one.differing === 0 ? '' : `${one.differing}; packhorse stock diff names them`],
    ['gone', one.missing === 0 ? '' : `${one.missing} that the channel no longer lists`],
    ...one.held.map((message): [string, string] => ['held', message]),
  ];
  print(pairsOf(pairs, '  '));
}

function importText({ lastImport }: ChannelStatus): string {
  if (lastImport === null) return 'none yet';
  const { id, method, state, sentAt, madeAt, lineCount, errorCount, note } = lastImport;
  const refused = errorCount === 0 ? 'none refused' : `${errorCount} refused`;
  const why = note === null ? '' : ` (${note})`;
  return `${id} by ${method} at ${ukTime(sentAt ?? madeAt)}: ${state}, ${lineCount} lines, ${refused}${why}`;
}
