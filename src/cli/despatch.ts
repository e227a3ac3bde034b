/** `packhorse despatch list`: what left the warehouse, and how far each marketplace knows of it. */
import { type Command, Option } from 'commander';
import {
  type ConfirmationSummary,
  countUnknownDespatches,
  listConfirmations,
  type UnknownDespatches,
} from '../despatch/overview-store.ts';
import { type ConfirmationStep, steps } from '../despatch/state.ts';
import type { ChannelSettings } from '../settings.ts';
import { Failure } from './exit.ts';
import { withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import { counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { channelsOf } from './stock-scope.ts';

type Options = Globals & {
  channel?: string;
  step?: ConfirmationStep;
  waiting?: boolean;
  late?: boolean;
  unknown?: boolean;
  limit: number;
};

/** Steps at which something is missing or a person is asked. */
export const waitingSteps: readonly ConfirmationStep[] = ['waiting', 'stopped'];

/** Adds `despatch` with `list`; returns it for further verbs. */
export function addDespatch(program: Command): Command {
  const despatch = program
    .command('despatch')
    .description('parcels that left, and what the marketplace knows of them');
  despatch
    .command('list')
    .description('parcels and what the marketplace was told; open ones first, by deadline')
    .option('--channel <id>', 'only of this channel')
    .addOption(new Option('--step <step>', 'only at this step').choices(steps))
    .option('--waiting', 'only what waits for something or somebody')
    .option('--late', 'only what the marketplace should know by now')
    .option('--unknown', 'despatches of orders that are none of ours, counted')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<Options>());
    });
  return despatch;
}

/** What the marketplace is told as carrier, with the warehouse's word where it is another; for a table. */
export function carrierText(
  one: Pick<ConfirmationSummary, 'carrier' | 'carrierCode' | 'carrierName'>,
): string {
  const told = one.carrierCode ?? one.carrierName;
  const here = one.carrier || '(none)';
  if (told === null) return `${here}, not mapped`;
  return told === here ? told : `${told} (${here})`;
}

async function list(options: Options): Promise<void> {
  if (options.unknown) return listUnknown(options);
  if (options.waiting && options.step && !waitingSteps.includes(options.step)) {
    throw new Failure('usage', `--waiting and --step ${options.step} exclude each other`);
  }
  await withStore(options, async (store) => {
    const { channel, limit } = options;
    const channels = channelsOf(store, channel);
    const steps = options.step ? [options.step] : options.waiting ? waitingSteps : undefined;
    const confirmations = await listConfirmations(store.db, {
      ...{ channel, limit, steps },
      ...(options.late ? { late: { now: store.clock.now(), limits: limitsOf(channels) } } : {}),
    });
    show(options, { confirmations }, () => printList(confirmations, limit));
  });
}

function limitsOf(channels: readonly ChannelSettings[]) {
  return channels.map((one) => ({
    channel: one.id,
    confirmWithinMinutes: one.despatch.sla.confirmWithinMinutes,
  }));
}

const headings = [
  'order',
  'channel',
  'parcel',
  'step',
  'waits for',
  'carrier',
  'tracking',
  'despatched (UK)',
  'ship by (UK)',
  'told (UK)',
  'seen there (UK)',
  'tries',
  'last error',
];

function printList(confirmations: readonly ConfirmationSummary[], limit: number): void {
  if (confirmations.length === 0) {
    print('no despatches');
    return;
  }
  const rows = confirmations.map((one) => [
    one.marketplaceOrderId,
    one.channel,
    one.parcel,
    one.step,
    one.waitsFor,
    carrierText(one),
    one.trackingNumber,
    ukTime(one.despatchedAt),
    ukTime(one.deadlineAt),
    ukTime(one.shippedAt),
    ukTime(one.verifiedAt),
    one.attempts || '',
    one.lastError,
  ]);
  print(tableOf(headings, rows));
  if (confirmations.length === limit) print(`(the first ${limit}; --limit shows more)`);
}

async function listUnknown(options: Options): Promise<void> {
  if (options.step || options.waiting || options.late || options.channel) {
    throw new Failure('usage', '--unknown stands alone: such orders have no channel and no step');
  }
  await withStore(options, async (store) => {
    const unknown = await countUnknownDespatches(store.db, options.limit);
    show(options, { unknown }, () => printUnknown(unknown));
  });
}

function printUnknown(unknown: readonly UnknownDespatches[]): void {
  if (unknown.length === 0) {
    print('every despatch seen belongs to an order of ours');
    return;
  }
  const rows = unknown.map((one) => [
    one.prefix || '(digits)',
    one.warehouse,
    one.orders,
    one.rows,
    ukTime(one.lastAt),
    one.example,
    one.resembles.length === 0 ? 'no' : `like ${one.resembles.join(', ')}`,
  ]);
  const wanted = ['begins with', 'warehouse', 'orders', 'rows', 'last (UK)', 'such as', 'ours?'];
  print(tableOf(wanted, rows));
  const near = unknown.filter((one) => one.resembles.length > 0);
  const orders = near.reduce((sum, one) => sum + one.orders, 0);
  if (orders === 0) return;
  print(
    `${counted(orders, 'order')} may be ours, though no sales order of ours has the number; packhorse orders list --search looks for parts of it`,
  );
}
