/** `packhorse despatch retry|withdraw`: what a person does with despatches. */
import type { Command } from 'commander';
import {
  type Decision,
  decidable,
  decideWithdrawals,
  lookAgain,
  retriable,
  retryConfirmations,
} from '../despatch/by-hand.ts';
import {
  type ConfirmationSummary,
  listConfirmations,
  readDespatchLife,
} from '../despatch/overview-store.ts';
import { confirmCodes } from '../despatch/verify.ts';
import { moneyOf } from '../despatch/withdrawal-money.ts';
import { listWithdrawals, type Withdrawal } from '../despatch/withdrawal-store.ts';
import { listExceptions, moveExceptions } from '../exceptions/store.ts';
import { type DecimalText, shownAmount, toDecimal } from '../money.ts';
import type { OrderKey } from '../orders/store.ts';
import type { Trx } from '../runtime/db.ts';
import { carrierText, waitingSteps } from './despatch.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { orderOf } from './orders.ts';
import { counted, type Globals, note, print, show, tableOf, ukTime } from './output.ts';
import { channelsOf } from './stock-scope.ts';

type RetryOptions = Globals & { channel?: string; allWaiting?: boolean; asItIs?: boolean };
type WithdrawOptions = Globals & { channel?: string; approve?: boolean; dismiss?: boolean };

/** More than is ever open at once. */
const most = 100_000;

/** Adds the verbs that change something. */
export function addDespatchActions(despatch: Command): void {
  despatch
    .command('retry')
    .description('tell a despatch again now instead of at its next turn')
    .argument('[order]', 'order id, SalesOrderNumber or commercial id')
    .option('--all-waiting', 'all that wait for something, and all that were refused')
    .option('--as-it-is', 'let a doubtful tracking number of this order pass')
    .option('--channel <id>', 'only of this channel')
    .action(async (id: string | undefined, _options, command: Command) => {
      await retry(id, command.optsWithGlobals<RetryOptions>());
    });
  despatch
    .command('withdraw')
    .description('what the warehouse will not send: list it, or decide with --approve or --dismiss')
    .argument('[order]', 'order id, SalesOrderNumber or commercial id')
    .option('--approve', 'cancel it on the marketplace, or refund it once it is shipped')
    .option('--dismiss', 'do nothing there: it is sent after all, or settled by hand')
    .option('--channel <id>', 'only of this channel')
    .action(async (id: string | undefined, _options, command: Command) => {
      await withdraw(id, command.optsWithGlobals<WithdrawOptions>());
    });
}

/** What a retry is about. `lookUp`: nothing of the order is known to have left, so the warehouse is asked. */
type Chosen = { parcels: ConfirmationSummary[]; lookUp: LookUp | null };

async function retry(id: string | undefined, options: RetryOptions): Promise<void> {
  if ((id === undefined) !== Boolean(options.allWaiting)) {
    throw new Failure('usage', 'name one order, or choose all that wait with --all-waiting');
  }
  if (id === undefined && options.asItIs) {
    throw new Failure('usage', '--as-it-is is for one order: look at its tracking number first');
  }
  await withStore(options, async (store) => {
    const { channel } = options;
    const chosen =
      id === undefined ? await allWaiting(store, channel) : await allOf(store, id, channel);
    const isAsItIs = Boolean(options.asItIs);
    if (isAsItIs) requireNumber(chosen.parcels, id ?? '');
    const isDryRun = Boolean(options.dryRun);
    if (!isDryRun)
      await store.db.transaction().execute((trx) => tellAgain(store, trx, { ...chosen, isAsItIs }));
    const data = { isDryRun, isAsItIs, parcels: chosen.parcels, lookedUp: chosen.lookUp };
    show(options, data, () => printRetried(chosen, isDryRun));
    noteSilent(store, chosen.parcels);
  });
}

/** What of one order is left to tell. Throws Failure when there is nothing. */
async function allOf(store: Store, id: string, channel: string | undefined): Promise<Chosen> {
  const key = await orderOf(store, id, channel);
  requireTold(store, key.channel);
  const all = await listConfirmations(store.db, { keys: [key], limit: most });
  const parcels = all.filter(({ step }) => retriable.includes(step));
  if (parcels.length > 0) return { parcels, lookUp: null };
  if (all.length === 0) return { parcels, lookUp: await lookUpOf(store, key) };
  throw new Failure(
    'failed',
    `nothing of order ${key.marketplaceOrderId} is left to tell; packhorse despatch show says what was`,
  );
}

async function allWaiting(store: Store, only: string | undefined): Promise<Chosen> {
  const parcels: ConfirmationSummary[] = [];
  const steps = [...waitingSteps, 'ready', 'tracked', 'correcting'] as const;
  for (const { id: channel } of channelsOf(store, only).filter(isOn))
    parcels.push(...(await listConfirmations(store.db, { channel, steps, limit: most })));
  // One that waits for its first try needs nobody.
  const isStuck = (one: ConfirmationSummary) => waitingSteps.includes(one.step) || one.attempts > 0;
  return { parcels: parcels.filter(isStuck), lookUp: null };
}

async function tellAgain(
  store: Store,
  trx: Trx,
  { parcels, lookUp, isAsItIs }: Chosen & { isAsItIs: boolean },
): Promise<void> {
  const { clock, who } = store;
  if (lookUp) await lookAgain(trx, clock, lookUp.warehouse, [lookUp.salesOrderNumber]);
  await retryConfirmations(trx, clock, { parcels, isAsItIs, who });
  await markExceptions(store, trx, parcels, { codes: confirmCodes, to: 'retrying' });
}

function printRetried({ parcels, lookUp }: Chosen, isDryRun: boolean): void {
  if (lookUp) {
    const asks = isDryRun ? 'would be' : 'is';
    print(`no despatch of it is known; the warehouse ${asks} asked again now`);
  } else if (parcels.length === 0) print('no despatch waits; nothing to retry');
  else {
    print(tableOf(retryHeadings, parcels.map(retryRow)));
    const will = isDryRun ? 'would be' : 'will be';
    print(`${counted(parcels.length, 'parcel')} ${will} tried again`);
  }
}

type LookUp = { warehouse: string; salesOrderNumber: string };

/** The sales order to ask the warehouse about. Throws Failure when there is none. */
async function lookUpOf(store: Store, key: OrderKey): Promise<LookUp> {
  const life = await readDespatchLife(store.db, key);
  const number = life?.salesOrder?.salesOrderNumber;
  if (life && number !== undefined)
    return { warehouse: life.sight.warehouse, salesOrderNumber: number };
  throw new Failure(
    'failed',
    `order ${key.marketplaceOrderId} is not in the warehouse yet; packhorse orders show says why`,
  );
}

function isOn(channel: Store['settings']['channels'][number]): boolean {
  return channel.enabled && channel.despatch.mode !== 'off';
}

function requireTold(store: Store, id: string): void {
  const channel = store.settings.channels.find((one) => one.id === id);
  if (channel && isOn(channel)) return;
  throw new Failure(
    'failed',
    `channel ${id} is left alone: it is not in the configuration, not enabled, or has despatch.mode off`,
  );
}

function requireNumber(parcels: readonly ConfirmationSummary[], id: string): void {
  const isHeld = parcels.some(
    (one) => waitingSteps.includes(one.step) && one.trackingNumber !== '',
  );
  if (isHeld) return;
  throw new Failure(
    'failed',
    `nothing was changed: no parcel of ${id} is held back with a tracking number that could pass`,
  );
}

/** Says what will not be told in spite of the wish. */
function noteSilent(store: Store, parcels: readonly ConfirmationSummary[]): void {
  for (const id of new Set(parcels.map((one) => one.channel))) {
    const channel = store.settings.channels.find((one) => one.id === id);
    if (channel?.despatch.mode === 'watch')
      note(`channel ${id} has despatch.mode watch: despatches are planned and not told`);
  }
}

const retryHeadings = ['order', 'channel', 'parcel', 'step', 'waits for', 'carrier', 'tracking'];

function retryRow(one: ConfirmationSummary) {
  return [
    one.marketplaceOrderId,
    one.channel,
    one.parcel,
    one.step,
    one.waitsFor,
    carrierText(one),
    one.trackingNumber,
  ];
}

async function markExceptions(
  store: Store,
  trx: Trx,
  orders: readonly OrderKey[],
  move: { codes: readonly string[]; to: 'retrying' | 'resolved' },
): Promise<void> {
  for (const channel of new Set(orders.map((one) => one.channel))) {
    const ids = new Set(
      orders.filter((one) => one.channel === channel).map((one) => one.marketplaceOrderId),
    );
    const filter = { connection: channel, codes: move.codes, limit: most };
    const open = await listExceptions(trx, filter);
    const theirs = open.filter((e) => e.subjectKind === 'order' && ids.has(e.subjectId));
    const numbers = theirs.map((e) => e.id);
    await moveExceptions(trx, store.clock, numbers, { to: move.to, who: store.who, note: null });
  }
}

async function withdraw(id: string | undefined, options: WithdrawOptions): Promise<void> {
  const { approve, dismiss } = options;
  if (approve && dismiss) throw new Failure('usage', 'either --approve or --dismiss');
  const decision: Decision | null = approve ? 'approve' : dismiss ? 'dismiss' : null;
  if (decision !== null && id === undefined) {
    throw new Failure('usage', `name the order to ${decision}; without, all proposals are listed`);
  }
  await withStore(options, async (store) => {
    const channel = options.channel;
    if (channel !== undefined) channelsOf(store, channel);
    const key = id === undefined ? null : await orderOf(store, id, channel);
    const found = await listWithdrawals(store.db, key ?? { channel, states: ['proposed'] });
    if (key === null || decision === null) {
      show(options, { withdrawals: found.map(withMoney) }, () => printWithdrawals(found, key));
      return;
    }
    await decide(store, options, { key, decision, found });
  });
}

async function decide(
  store: Store,
  options: WithdrawOptions,
  given: { key: OrderKey; decision: Decision; found: readonly Withdrawal[] },
): Promise<void> {
  const { key, decision, found } = given;
  const states: readonly string[] = decidable[decision];
  const open = found.filter((one) => states.includes(one.state));
  if (open.length === 0) {
    const known = found.map((one) => `line ${one.orderLineId} is ${one.state}`).join(', ');
    throw new Failure(
      'failed',
      `order ${key.marketplaceOrderId} has nothing to ${decision}${known ? `: ${known}` : ''}`,
    );
  }
  const isDryRun = Boolean(options.dryRun);
  if (!isDryRun) {
    await store.db.transaction().execute(async (trx) => {
      const ids = open.map((one) => one.id);
      await decideWithdrawals(trx, store.clock, { ids, decision, who: store.who });
      const codes = ['withdrawal-proposed', 'withdrawal-refused'];
      const to = decision === 'approve' ? ('retrying' as const) : ('resolved' as const);
      await markExceptions(store, trx, [key], { codes, to });
    });
  }
  show(options, { isDryRun, decision, withdrawals: open.map(withMoney) }, () => {
    print(tableOf(withdrawHeadings, open.map(withdrawRow)));
    const word = decision === 'approve' ? 'approved' : 'dismissed';
    const does = isDryRun ? `would be ${word}` : word;
    print(`${counted(open.length, 'withdrawal')} ${does}`);
  });
  const mode = store.settings.channels.find((one) => one.id === key.channel)?.despatch.mode;
  if (decision === 'approve' && mode !== 'confirm')
    note(`channel ${key.channel} has despatch.mode ${mode ?? 'off'}: nothing is sent to it`);
}

function withMoney(one: Withdrawal) {
  return { ...one, ...worthOf(one) };
}

/** What the marketplace was told of its worth, or would be told now. */
function worthOf(one: Withdrawal): { amount: DecimalText; shippingAmount: DecimalText } {
  const { sentAmount, sentShippingAmount } = one;
  const isTold = one.state === 'sent' || one.state === 'done';
  if (!isTold || sentAmount === null) return moneyOf(one);
  return { amount: toDecimal(sentAmount), shippingAmount: toDecimal(sentShippingAmount ?? '0') };
}

function printWithdrawals(found: readonly Withdrawal[], key: OrderKey | null): void {
  if (found.length === 0) {
    print(key ? `nothing of order ${key.marketplaceOrderId} is withdrawn` : 'no proposals');
    return;
  }
  print(tableOf(withdrawHeadings, found.map(withdrawRow)));
  if (found.some((one) => one.state === 'proposed'))
    print('packhorse despatch withdraw <order> --approve or --dismiss decides');
}

const withdrawHeadings = [
  'order',
  'channel',
  'line',
  'units',
  'of',
  'goods',
  'shipping',
  'why',
  'as',
  'state',
  'proposed (UK)',
  'decided (UK)',
  'by',
  'last error',
];

function withdrawRow(one: Withdrawal) {
  const money = worthOf(one);
  return [
    one.marketplaceOrderId,
    one.channel,
    one.orderLineId,
    one.units,
    one.quantity,
    shownAmount(money.amount),
    shownAmount(money.shippingAmount),
    one.why,
    one.kind,
    one.state,
    ukTime(one.proposedAt),
    ukTime(one.decidedAt),
    one.decidedBy,
    one.lastError,
  ];
}
