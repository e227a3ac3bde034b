/** `packhorse orders retry|accept|refuse`: what a person does with orders. */
import type { Command } from 'commander';
import { isCode } from '../exceptions/codes.ts';
import { listExceptions, moveExceptions } from '../exceptions/store.ts';
import { decideByHand, retryOrders } from '../orders/by-hand.ts';
import type { LineDecision } from '../orders/decide.ts';
import {
  listOrders,
  type OrderLife,
  type OrderSummary,
  readOrderLife,
} from '../orders/overview-store.ts';
import { wire } from '../orders/state.ts';
import type { Trx } from '../runtime/db.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { orderOf } from './orders.ts';
import { counted, type Globals, print, show, tableOf } from './output.ts';

type RetryOptions = Globals & { channel?: string; state?: string; code?: string; note?: string };
type DecideOptions = Globals & { channel?: string; refuseLine?: string[]; why?: string };

/** More than a person sends at once; a filter that meets more is cut into several commands. */
const mostRetried = 10_000;

/** Adds the verbs that change orders. */
export function addOrderActions(orders: Command): void {
  orders
    .command('retry')
    .description('try orders again now instead of at their next turn')
    .argument('[ids...]', 'order ids, SalesOrderNumbers or commercial ids')
    .option('--state <state>', 'all orders in this state, such as parked')
    .option('--code <code>', 'all orders with an open exception of this code')
    .option('--channel <id>', 'only of this channel')
    .option('--note <text>', 'kept with the exceptions')
    .action(async (ids: string[], _options, command: Command) => {
      await retry(ids, command.optsWithGlobals<RetryOptions>());
    });
  const decide = (name: string, does: string) =>
    orders
      .command(name)
      .description(does)
      .argument('<id>', 'order id')
      .option('--channel <id>', 'when several channels have the id')
      .option('--why <text>', 'kept with the decision');
  decide('accept', 'accept an order that waits for acceptance, all lines or some')
    .option('--refuse-line <id...>', 'refuse this line and accept the others')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<DecideOptions>();
      await decideOrder(id, options, (line) => !options.refuseLine?.includes(line));
    });
  decide('refuse', 'refuse an order that waits for acceptance, every line of it').action(
    async (id: string, _options, command: Command) => {
      await decideOrder(id, command.optsWithGlobals<DecideOptions>(), () => false);
    },
  );
}

/** Has orders tried again and marks their open exceptions; one transaction. */
async function retryWithExceptions(
  store: Store,
  trx: Trx,
  orders: readonly OrderSummary[],
  note: string | null,
): Promise<void> {
  await retryOrders(trx, store.clock, orders, store.who);
  for (const channel of new Set(orders.map((one) => one.channel))) {
    const ids = orders.filter((one) => one.channel === channel).map((o) => o.marketplaceOrderId);
    const open = await listExceptions(trx, { connection: channel, limit: mostRetried });
    const theirs = open.filter((e) => e.subjectKind === 'order' && ids.includes(e.subjectId));
    const move = { to: 'retrying' as const, who: store.who, note };
    await moveExceptions(
      trx,
      store.clock,
      theirs.map((one) => one.id),
      move,
    );
  }
}

async function retry(ids: readonly string[], options: RetryOptions): Promise<void> {
  const { state, code, channel } = options;
  if (ids.length === 0 && state === undefined && code === undefined) {
    throw new Failure('usage', 'name orders, or choose them with --state or --code');
  }
  if (code !== undefined && !isCode(code)) {
    throw new Failure(
      'usage',
      `${code} is no exception code; packhorse exceptions list names them`,
    );
  }
  await withStore(options, async (store) => {
    const keys = await Promise.all(ids.map((id) => orderOf(store, id, channel)));
    const filter = { channel, state, code, limit: mostRetried };
    const orders = await listOrders(store.db, ids.length > 0 ? { ...filter, keys } : filter);
    if (!options.dryRun) {
      await store.db
        .transaction()
        .execute((trx) => retryWithExceptions(store, trx, orders, options.note ?? null));
    }
    const data = { isDryRun: Boolean(options.dryRun), orders };
    show(options, data, () => printRetried(orders, Boolean(options.dryRun)));
  });
}

function printRetried(orders: readonly OrderSummary[], isDryRun: boolean): void {
  if (orders.length === 0) {
    print('no order meets that; nothing to retry');
    return;
  }
  const rows = orders.map((one) => [
    one.marketplaceOrderId,
    one.channel,
    one.state,
    one.step,
    one.exceptions.join(', '),
  ]);
  print(tableOf(['order', 'channel', 'state', 'step', 'exceptions'], rows));
  print(`${counted(orders.length, 'order')} ${isDryRun ? 'would be' : 'will be'} tried again`);
}

async function decideOrder(
  id: string,
  options: DecideOptions,
  isAccepted: (orderLineId: string) => boolean,
): Promise<void> {
  await withStore(options, async (store) => {
    const order = await readOrderLife(store.db, await orderOf(store, id, options.channel));
    if (!order) throw new Failure('notFound', `no order ${id}`);
    const waiting = waitingLines(store, order);
    const strange = options.refuseLine?.find((line) => !waiting.includes(line));
    if (strange !== undefined) {
      const known = waiting.join(', ');
      throw new Failure('notFound', `order ${id} has no waiting line ${strange}; it has ${known}`);
    }
    const why = options.why ?? store.who;
    const lines = waiting.map((orderLineId): LineDecision => {
      return { orderLineId, accepted: isAccepted(orderLineId), why };
    });
    if (!options.dryRun) await keepDecision(store, order, lines);
    const { channel, marketplaceOrderId } = order;
    const data = { isDryRun: Boolean(options.dryRun), channel, marketplaceOrderId, lines };
    show(options, data, () => {
      const rows = lines.map((l) => [l.orderLineId, l.accepted ? 'accepted' : 'refused', l.why]);
      print(tableOf(['line', 'decision', 'why'], rows));
      print(
        options.dryRun ? 'nothing was changed' : 'kept; a running service sends it within seconds',
      );
    });
  });
}

/** Line ids to decide on. Throws Failure when the order cannot be decided here. */
function waitingLines(store: Store, order: OrderLife): string[] {
  const { marketplaceOrderId: id, channel } = order;
  if (order.wireState !== wire.waitingAcceptance) {
    throw new Failure(
      'failed',
      `order ${id} is in ${order.wireState} on the marketplace; only one in ${wire.waitingAcceptance} can be accepted or refused`,
    );
  }
  const settings = store.settings.channels.find((one) => one.id === channel);
  if (settings?.acceptance.policy === 'off') {
    throw new Failure(
      'failed',
      `channel ${channel} has acceptance.policy off: another system accepts its orders; set manual to decide here`,
    );
  }
  return order.orderLines.map((line) => line.orderLineId);
}

async function keepDecision(
  store: Store,
  order: OrderLife,
  lines: readonly LineDecision[],
): Promise<void> {
  const isKept = await store.db
    .transaction()
    .execute((trx) => decideByHand(trx, store.clock, order, { lines, who: store.who }));
  if (isKept) return;
  throw new Failure(
    'failed',
    `a decision on order ${order.marketplaceOrderId} was sent already; packhorse orders show says which`,
  );
}
