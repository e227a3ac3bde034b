/** `packhorse stock push|pause|resume|approve`: hurrying quantities along, stopping them, letting them pass. */
import type { Command } from 'commander';
import { listExceptions } from '../exceptions/store.ts';
import { listFlows, pauseFlow, resumeFlow } from '../runtime/flow-control.ts';
import type { ChannelSettings } from '../settings.ts';
import {
  approveMassChange,
  type PushedListing,
  pushListings,
  readPushable,
} from '../stock/by-hand.ts';
import { publishFlow } from '../stock/flow.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { channelsFilledBy, channelsOf, warehouseOf } from './stock-scope.ts';

type PushOptions = Globals & { channel?: string; item?: string[]; all?: boolean };

/** SKUs named after a push; beyond, only how many there are. */
const mostNamed = 20;

/** Adds `stock` with the verbs that change what is sent; returns it for further verbs. */
export function addStock(program: Command): Command {
  const stock = program.command('stock').description('quantities: what each channel shows and why');
  stock
    .command('push')
    .description('send quantities again now, also those that nothing changed')
    .option('--item <codes...>', 'listings of these ItemCodes')
    .option('--all', 'every listing')
    .option('--channel <id>', 'only on this channel')
    .action(async (_options, command: Command) => {
      await push(command.optsWithGlobals<PushOptions>());
    });
  stock
    .command('pause')
    .description('send nothing more to a channel until it is resumed; what is shown stays shown')
    .argument('<channel>', 'its id')
    .option('--why <text>', 'shown to whoever looks next')
    .action(async (channel: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Globals & { why?: string }>();
      await changePause(channel, options, 'paused');
    });
  stock
    .command('resume')
    .description('send quantities to a paused channel again')
    .argument('<channel>', 'its id')
    .action(async (channel: string, _options, command: Command) => {
      await changePause(channel, command.optsWithGlobals<Globals>(), 'resumed');
    });
  stock
    .command('approve')
    .description('let a mass change that is held pass, for the next half hour')
    .argument('<warehouse>', 'its id')
    .action(async (warehouse: string, _options, command: Command) => {
      await approve(warehouse, command.optsWithGlobals<Globals>());
    });
  return stock;
}

async function push(options: PushOptions): Promise<void> {
  const { item: items, all } = options;
  if ((items === undefined) === (all === undefined)) {
    throw new Failure('usage', 'name items with --item, or every listing with --all');
  }
  await withStore(options, async (store) => {
    const channels = await pushableChannels(store, options.channel);
    const pushed: PushedChannel[] = [];
    await store.db.transaction().execute(async (trx) => {
      for (const { id: channel } of channels) {
        const listings = await readPushable(trx, { channel, items });
        pushed.push({ channel, count: listings.length, listings });
        if (listings.length === 0 || options.dryRun) continue;
        await pushListings(trx, store.clock, { channel, items, who: store.who });
      }
      requireAllItems(items ?? [], pushed);
    });
    const isDryRun = Boolean(options.dryRun);
    show(options, { isDryRun, channels: pushed }, () => printPushed(pushed, isDryRun));
  });
}

type PushedChannel = { channel: string; count: number; listings: PushedListing[] };

/** Channels that quantities are sent to. Throws Failure when one that is meant is paused or not published to. */
async function pushableChannels(
  store: Store,
  id: string | undefined,
): Promise<readonly ChannelSettings[]> {
  const named = channelsOf(store, id);
  const chosen = named.filter((one) => one.stock.mode === 'publish');
  if (chosen.length === 0) {
    const modes = named.map((one) => `channels[].stock.mode of ${one.id} is ${one.stock.mode}`);
    throw new Failure('failed', `${modes.join(', ')}: nothing is sent there; set publish first`);
  }
  for (const { id: connection } of chosen) {
    const [flow] = await listFlows(store.db, { flow: publishFlow, connection });
    if (!flow?.pausedAt) continue;
    throw new Failure(
      'failed',
      `channel ${connection} is paused since ${ukTime(flow.pausedAt)}: ${flow.pausedWhy}; run packhorse stock resume ${connection} first, or name another with --channel`,
    );
  }
  return chosen;
}

/** Items that were named must be listed, so that nothing is thought sent that was not. Nothing is changed then. */
function requireAllItems(items: readonly string[], pushed: readonly PushedChannel[]): void {
  const known = new Set(pushed.flatMap((one) => one.listings.map((row) => row.itemCode)));
  const missing = items.filter((code) => !known.has(code));
  if (missing.length === 0) return;
  throw new Failure(
    'notFound',
    `nothing was changed: no listing with a quantity of ItemCode ${missing.join(', ')}; run packhorse stock explain ${missing[0]}`,
  );
}

function printPushed(pushed: readonly PushedChannel[], isDryRun: boolean): void {
  for (const { channel, count, listings } of pushed) {
    const does = isDryRun ? 'would be sent' : 'will be sent';
    print(`${counted(count, 'listing')} ${does} to channel ${channel} again`);
    if (count === 0 || count > mostNamed) continue;
    const rows = listings.map((one) => [one.shopSku, one.itemCode, one.quantity]);
    print(tableOf(['shop SKU', 'ItemCode', 'quantity'], rows));
  }
}

async function changePause(
  channel: string,
  options: Globals & { why?: string },
  to: 'paused' | 'resumed',
): Promise<void> {
  await withStore(options, async (store) => {
    channelsOf(store, channel);
    const which = { flow: publishFlow, connection: channel };
    const [flow] = await listFlows(store.db, which);
    if (!flow) {
      throw new Failure(
        'notFound',
        `nothing is sent to channel ${channel} yet: the service has not run, or its stock.mode is off`,
      );
    }
    const isNews = (flow.pausedAt === null) === (to === 'paused');
    if (isNews && !options.dryRun) {
      const why = `${options.why ?? 'no reason given'} (${store.who})`;
      if (to === 'paused') await pauseFlow(store.db, store.clock, which, why);
      else await resumeFlow(store.db, store.clock, which);
    }
    const data = { isDryRun: Boolean(options.dryRun), channel, did: isNews ? to : 'nothing' };
    show(options, data, () => {
      if (!isNews && flow.pausedAt)
        return print(`channel ${channel} is paused already: ${flow.pausedWhy}`);
      if (!isNews) return print(`channel ${channel} is not paused`);
      const does = options.dryRun ? `would be ${to}` : to;
      print(`channel ${channel} ${does}`);
      if (to === 'paused')
        print('What it shows stays shown, also when it sells out elsewhere; resume it soon.');
    });
  });
}

async function approve(id: string, options: Globals): Promise<void> {
  await withStore(options, async (store) => {
    const warehouse = warehouseOf(store, id);
    const channels = channelsFilledBy(store, warehouse.id).map((one) => one.id);
    const open = await listExceptions(store.db, { codes: ['stock-mass-change'] });
    const held = open.filter((one) => [warehouse.id, ...channels].includes(one.connection));
    if (held.length === 0) {
      throw new Failure(
        'failed',
        `nothing of warehouse ${id} is held: there is nothing to approve`,
      );
    }
    const until = options.dryRun
      ? null
      : await store.db
          .transaction()
          .execute((trx) =>
            approveMassChange(trx, store.clock, { warehouse: warehouse.id, channels }),
          );
    const data = { isDryRun: Boolean(options.dryRun), warehouse: id, until, held };
    show(options, data, () => {
      print(
        tableOf(
          ['held on', 'what'],
          held.map((one) => [one.connection, one.message]),
        ),
      );
      print(
        until === null
          ? 'would let it pass; nothing was changed'
          : `mass changes of warehouse ${id} pass until ${ukTime(until)} (UK time)`,
      );
    });
  });
}
