/** `packhorse stock diff`: warehouse and channel beside each other, SKU by SKU. */
import type { Command } from 'commander';
import { listFlows } from '../runtime/flow-control.ts';
import { type Diff, type DiffRow, readDiff, readUnlisted } from '../stock/diff.ts';
import { publishFlow } from '../stock/flow.ts';
import { withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import { agoText, counted, type Globals, print, show, tableOf } from './output.ts';
import { atOneMoment, channelsOf } from './stock-scope.ts';

type Options = Globals & { channel?: string; all?: boolean; unlisted?: boolean; limit: number };

/** Adds `stock diff`. */
export function addStockDiff(stock: Command): void {
  stock
    .command('diff')
    .description('what warehouse and channel say of each SKU, where it differs, and why')
    .option('--channel <id>', 'only this channel')
    .option('--all', 'also SKUs that agree')
    .option('--unlisted', 'name items with stock that no channel lists')
    .option('--limit <n>', 'at most so many rows of each kind', wholeNumber, 200)
    .action(async (_options, command: Command) => {
      await diff(command.optsWithGlobals<Options>());
    });
}

async function diff(options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const chosen = channelsOf(store, options.channel);
    const data = await atOneMoment(store, async (db) => {
      const channels: (Diff & { channel: string })[] = [];
      for (const { id, enabled, stock } of chosen) {
        const [flow] = await listFlows(db, { flow: publishFlow, connection: id });
        const mode = enabled ? stock.mode : 'off';
        const state = { mode, isPaused: Boolean(flow?.pausedAt) };
        const given = { channel: id, state, isAll: Boolean(options.all), limit: options.limit };
        channels.push({ channel: id, ...(await readDiff(db, given)) });
      }
      const unlisted = [];
      for (const warehouse of new Set(chosen.map((one) => one.warehouse))) {
        const limit = options.unlisted ? options.limit : 0;
        unlisted.push({ warehouse, ...(await readUnlisted(db, warehouse, limit)) });
      }
      return { channels, unlisted };
    });
    show(options, data, () => {
      const nowMs = store.clock.nowMs();
      for (const one of data.channels) printChannel(one, options, nowMs);
      for (const one of data.unlisted) printUnlisted(one, Boolean(options.unlisted));
    });
  });
}

const headings = [
  'shop SKU',
  'ItemCode',
  'available',
  'promised',
  'wanted',
  'sent',
  'shown',
  'read',
  'step',
  'why they differ',
];

function printChannel(one: Diff & { channel: string }, options: Options, nowMs: number): void {
  if (one.count === 0) {
    const none = options.all ? 'no listings known yet' : 'both sides agree on every listing';
    print(`Channel ${one.channel}: ${none}`);
    return;
  }
  const what = options.all ? 'listing' : 'difference';
  print(`Channel ${one.channel}: ${counted(one.count, what)}`);
  print(
    tableOf(
      headings,
      one.rows.map((row) => cellsOf(row, nowMs)),
    ),
  );
  if (one.rows.length < one.count)
    print(`(${one.rows.length} of ${one.count}; --limit shows more)`);
}

function cellsOf(row: DiffRow, nowMs: number) {
  return [
    row.shopSku,
    row.itemCode,
    row.isKit ? 'kit' : row.available,
    row.promised || '',
    row.wanted,
    row.sent,
    row.shown,
    row.shownAt === null ? '' : `${agoText(row.shownAt, nowMs)} ago`,
    row.step,
    row.why,
  ];
}

function printUnlisted(
  one: Awaited<ReturnType<typeof readUnlisted>> & { warehouse: string },
  isNamed: boolean,
): void {
  if (one.count === 0) return;
  const hint = isNamed ? '' : '; --unlisted names them';
  print(
    `\nWarehouse ${one.warehouse}: ${counted(one.count, 'item')} with stock that no channel lists${hint}`,
  );
  if (!isNamed) return;
  print(
    tableOf(
      ['ItemCode', 'available'],
      one.items.map((item) => [item.itemCode, item.available]),
    ),
  );
  if (one.items.length < one.count)
    print(`(${one.items.length} of ${one.count}; --limit shows more)`);
}
