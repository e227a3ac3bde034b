/** `packhorse mappings list|set|remove`: the exceptions to "shop SKU = ItemCode" of a channel. */
import type { Command } from 'commander';
import { exportFlow } from '../orders/flow.ts';
import {
  listSkuMappings,
  readSkuMappings,
  removeSkuMapping,
  saveSkuMapping,
} from '../orders/lookup-store.ts';
import { longest } from '../orders/to-peoplevox.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { type Globals, print, show, tableOf, ukTime } from './output.ts';

type Options = Globals & { channel?: string };

/** Adds `mappings` and its verbs. */
export function addMappings(program: Command): void {
  const mappings = program
    .command('mappings')
    .description('cross-reference of shop SKU to ItemCode, where they differ');
  const verb = (name: string, does: string) =>
    mappings
      .command(name)
      .description(does)
      .option('--channel <id>', 'which channel; needed when there are several');
  verb('list', 'the mappings of a channel').action(async (_options, command: Command) => {
    await list(command.optsWithGlobals<Options>());
  });
  verb('set', 'map a SKU; orders that wait are looked at again')
    .argument('<shopSku>', 'the SKU as sold on the marketplace')
    .argument('<itemCode>', 'the ItemCode in the warehouse')
    .action(async (shopSku: string, itemCode: string, _options, command: Command) => {
      await set(shopSku, itemCode, command.optsWithGlobals<Options>());
    });
  verb('remove', 'forget a mapping; the SKU is the ItemCode again')
    .argument('<shopSku>', 'the SKU as sold on the marketplace')
    .action(async (shopSku: string, _options, command: Command) => {
      await remove(shopSku, command.optsWithGlobals<Options>());
    });
}

async function list(options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const { id: channel } = channelOf(store, options);
    const mappings = await listSkuMappings(store.db, channel);
    show(options, { channel, mappings }, () => {
      if (mappings.length === 0) return print(`channel ${channel} has no mappings`);
      const rows = mappings.map((m) => [m.shopSku, m.itemCode, ukTime(m.madeAt), m.madeBy]);
      print(tableOf(['shop SKU', 'ItemCode', 'made', 'by'], rows));
    });
  });
}

async function set(shopSku: string, itemCode: string, options: Options): Promise<void> {
  if (itemCode.trim() !== itemCode || itemCode === '' || itemCode.length > longest.itemCode) {
    throw new Failure(
      'usage',
      `"${itemCode}" cannot be an ItemCode: 1 to ${longest.itemCode} characters, no blank at either end`,
    );
  }
  await withStore(options, async (store) => {
    const { id: channel, warehouse } = channelOf(store, options);
    const before = (await readSkuMappings(store.db, channel)).get(shopSku) ?? null;
    if (!options.dryRun) {
      const now = store.clock.now();
      await store.db.transaction().execute(async (trx) => {
        await saveSkuMapping(trx, { channel, shopSku, itemCode, madeBy: store.who, now });
        await wakeFlow(trx, store.clock, exportFlow, warehouse);
      });
    }
    const data = { isDryRun: Boolean(options.dryRun), channel, shopSku, itemCode, before };
    show(options, data, () => {
      const was = before === null ? '' : ` (was ${before})`;
      const does = options.dryRun ? 'would map' : 'mapped';
      print(`${does} ${shopSku} to ${itemCode} on channel ${channel}${was}`);
    });
  });
}

async function remove(shopSku: string, options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const { id: channel } = channelOf(store, options);
    const before = (await readSkuMappings(store.db, channel)).get(shopSku);
    if (before === undefined) {
      throw new Failure('notFound', `channel ${channel} has no mapping of SKU ${shopSku}`);
    }
    if (!options.dryRun) {
      await store.db.transaction().execute((trx) => removeSkuMapping(trx, channel, shopSku));
    }
    const data = { isDryRun: Boolean(options.dryRun), channel, shopSku, before };
    show(options, data, () => {
      const does = options.dryRun ? 'would forget' : 'forgot';
      print(`${does} ${shopSku} to ${before} on channel ${channel}`);
    });
  });
}

function channelOf(store: Store, options: Options): { id: string; warehouse: string } {
  const { channels } = store.settings;
  const ids = channels.map((one) => one.id);
  if (options.channel === undefined && channels.length > 1) {
    throw new Failure('usage', `name the channel with --channel; there are ${ids.join(', ')}`);
  }
  const found = channels.find((one) => one.id === (options.channel ?? ids[0]));
  if (found) return found;
  throw new Failure('notFound', `no channel ${options.channel}; there are ${ids.join(', ')}`);
}
