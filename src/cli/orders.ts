/** `packhorse orders list|show`: what became of each order, on both sides. */

import { type Command, InvalidArgumentError } from 'commander';
import { type ExceptionRow, listExceptions } from '../exceptions/store.ts';
import { shownAmount, toDecimal } from '../money.ts';
import {
  findOrders,
  listOrders,
  type OrderLife,
  type OrderLineView,
  type OrderSummary,
  readOrderLife,
} from '../orders/overview-store.ts';
import type { OrderKey } from '../orders/store.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { agoText, type Globals, pairsOf, print, show, tableOf, ukTime } from './output.ts';

type ListOptions = Globals & {
  channel?: string;
  state?: string;
  search?: string;
  code?: string;
  limit: number;
};

/** Adds `orders` with `list` and `show`; returns it for further verbs. */
export function addOrders(program: Command): Command {
  const orders = program.command('orders').description('marketplace orders and their sales orders');
  orders
    .command('list')
    .description('orders, the newest first')
    .option('--channel <id>', 'only of this channel')
    .option(
      '--state <state>',
      'received, accepted, parked, exported, despatched, confirmed, settled or cancelled',
    )
    .option('--search <id>', 'part of an order id, commercial id or SalesOrderNumber')
    .option('--code <code>', 'only with an open exception of this code')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<ListOptions>());
    });
  orders
    .command('show')
    .description('the life of one order: both sides, exceptions, history')
    .argument('<id>', 'order id, SalesOrderNumber or commercial id')
    .option('--channel <id>', 'when several channels have the id')
    .action(async (id: string, _options, command: Command) => {
      await showOne(id, command.optsWithGlobals<Globals & { channel?: string }>());
    });
  return orders;
}

/** A whole number of at least 1, for options. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number of at least 1 is due.');
}

/** The one order that the id means. Throws Failure when there is none, or several. */
export async function orderOf(
  store: Store,
  id: string,
  channel: string | undefined,
): Promise<OrderKey> {
  const found = await findOrders(store.db, id, channel);
  if (found.length === 1) return found[0]!;
  const where = channel === undefined ? '' : ` on channel ${channel}`;
  if (found.length === 0) {
    throw new Failure(
      'notFound',
      `no order ${id}${where}; orders list --search finds parts of ids, and an order shows here after its first poll`,
    );
  }
  const all = found.map((one) => `${one.marketplaceOrderId} (${one.channel})`).join(', ');
  throw new Failure('usage', `${id} may mean ${all}; name one, with --channel where needed`);
}

async function list(options: ListOptions): Promise<void> {
  await withStore(options, async (store) => {
    const { channel, state, search, code, limit } = options;
    const orders = await listOrders(store.db, { channel, state, search, code, limit });
    show(options, { orders }, () => {
      if (orders.length === 0) return print('no orders');
      print(tableOf(listHeadings, orders.map(listRow)));
      if (orders.length === limit) print(`(the newest ${limit}; --limit shows more)`);
    });
  });
}

const listHeadings = [
  'order',
  'channel',
  'state',
  'marketplace',
  'lines',
  'total',
  'placed (UK)',
  'sales order',
  'step',
  'exceptions',
];

function listRow(order: OrderSummary) {
  return [
    order.marketplaceOrderId,
    order.channel,
    order.state,
    order.wireState,
    order.lines,
    `${shown(order.totalPrice)} ${order.currency}`,
    ukTime(order.placedAt),
    order.salesOrderNumber,
    order.step,
    order.exceptions.join(', '),
  ];
}

async function showOne(id: string, options: Globals & { channel?: string }): Promise<void> {
  await withStore(options, async (store) => {
    const key = await orderOf(store, id, options.channel);
    const order = await readOrderLife(store.db, key);
    if (!order) throw new Failure('notFound', `no order ${id}`);
    const exceptions = await listExceptions(store.db, {
      connection: key.channel,
      subjectId: key.marketplaceOrderId,
      states: ['open', 'retrying', 'resolved', 'ignored'],
    });
    show(options, { order, exceptions }, () => printLife(order, exceptions, store));
  });
}

function printLife(order: OrderLife, exceptions: readonly ExceptionRow[], store: Store): void {
  const nowMs = store.clock.nowMs();
  print(`Order ${order.marketplaceOrderId} of channel ${order.channel}: ${order.state}`);
  print('(times are UK time)');
  print('\nOn the marketplace');
  print(
    pairsOf(
      [
        ['state', order.wireState],
        ['commercial id', order.commercialId],
        ['placed', ukTime(order.placedAt)],
        ['changed', ukTime(order.updatedAt)],
        [
          'total',
          `${shown(order.totalPrice)} ${order.currency}, of it shipping ${shown(order.shippingPrice)}`,
        ],
        ['shipping type', order.shippingTypeCode],
        ['ship by', ukTime(order.shippingDeadline)],
        ['incident', order.hasIncident ? 'open' : ''],
        ['our reference', order.sellerReference],
        ['to be shipped since', ukTime(order.payableAt)],
        ['last seen', `${ukTime(order.seenAt)} (${agoText(order.seenAt, nowMs)} ago)`],
      ],
      '  ',
    ),
  );
  print('');
  print(
    tableOf(
      lineHeadings,
      order.orderLines.map((line) => lineRow(order, line)),
    ),
  );
  printDecision(order);
  printSalesOrder(order);
  printExceptions(exceptions);
  print('\nHistory');
  const rows = order.history.map((h) => [
    ukTime(h.at),
    h.kind,
    h.from === null || h.from === h.to ? h.to : `${h.from} > ${h.to}`,
    h.why,
    callText(h.call),
  ]);
  print(tableOf(['when (UK)', 'what', 'from > to', 'why', 'call'], rows));
}

const lineHeadings = [
  'line',
  'shop SKU',
  'units',
  'withdrawn',
  'unit price',
  'marketplace',
  'ItemCode',
  'sent',
  'seen there',
  'title',
];

function lineRow(order: OrderLife, line: OrderLineView) {
  const sent = order.salesOrder?.lines.find((one) =>
    one.parts.some((part) => part.orderLineId === line.orderLineId),
  );
  const part = sent?.parts.find((one) => one.orderLineId === line.orderLineId);
  return [
    line.orderLineId,
    line.shopSku,
    line.quantity,
    line.withdrawnUnits || '',
    shown(line.unitPrice),
    line.reasonCode ? `${line.wireState} (reason ${line.reasonCode})` : line.wireState,
    sent?.itemCode,
    sent ? (sent.parts.length > 1 ? part?.units : sent.quantity) : '',
    sent?.seenQuantity ?? (sent ? 'never' : ''),
    line.title.slice(0, 40),
  ];
}

function printDecision(order: OrderLife): void {
  const { decision } = order;
  if (!decision) return;
  print('\nAcceptance');
  const lines = decision.lines.map(
    (line) => `${line.orderLineId} ${line.accepted ? 'accepted' : 'refused'} (${line.why})`,
  );
  print(
    pairsOf(
      [
        ['decided', `${ukTime(decision.decidedAt)} by ${decision.decidedBy}`],
        ...lines.map((line) => ['line', line] as const),
        ['sent', ukTime(decision.sentAt) || 'not yet'],
        ['answer', decision.answer],
      ],
      '  ',
    ),
  );
}

function printSalesOrder(order: OrderLife): void {
  const sales = order.salesOrder;
  if (!sales) {
    print('\nIn the warehouse\n  no sales order yet');
    return;
  }
  print('\nIn the warehouse');
  print(
    pairsOf(
      [
        ['warehouse', sales.warehouse],
        ['sales order', sales.salesOrderNumber],
        ['step', sales.step],
        ['status there', sales.warehouseStatus],
        ['service type', sales.serviceType],
        ['staged', ukTime(sales.stagedAt)],
        ['header sent', ukTime(sales.headerSentAt)],
        ['lines sent', ukTime(sales.linesSentAt)],
        ['last seen there', ukTime(sales.seenAt)],
        ['seen whole', ukTime(sales.verifiedAt)],
        ['number written back', ukTime(sales.referenceWrittenAt)],
        ['tries', sales.attempts || ''],
        ['last error', sales.lastError],
        ['next look', isFinished(sales.step) ? '' : ukTime(sales.dueAt)],
      ],
      '  ',
    ),
  );
}

function isFinished(step: string): boolean {
  return step === 'verified' || step === 'cancelled';
}

function printExceptions(exceptions: readonly ExceptionRow[]): void {
  if (exceptions.length === 0) return;
  print('\nExceptions');
  const rows = exceptions.map((one) => [
    one.id,
    one.code,
    one.state,
    one.severity,
    one.owner,
    ukTime(one.openedAt),
    one.message,
  ]);
  print(tableOf(['id', 'code', 'state', 'severity', 'owner', 'opened (UK)', 'message'], rows));
}

/** `OR11 at 2026-02-03T10:00:00.000Z` as `OR11 10:00:00`, on a UK clock. */
function callText(call: string | null): string {
  const match = /^(.*) at (\d{4}-\d{2}-\d{2}T[\d:.]+Z)$/.exec(call ?? '');
  if (!match) return call ?? '';
  return `${match[1]} ${ukTime(new Date(match[2]!)).slice(11)}`;
}

function shown(amount: string): string {
  return shownAmount(toDecimal(amount));
}
