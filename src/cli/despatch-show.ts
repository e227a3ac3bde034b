/** `packhorse despatch show`: one order's parcels, from the report of the warehouse to what the marketplace shows. */
import type { Command } from 'commander';
import { type DespatchLife, readDespatchLife } from '../despatch/overview-store.ts';
import type { Deadline, Forecast } from '../despatch/sla.ts';
import { type Confirmation, trackingMark } from '../despatch/store.ts';
import { viewOf } from '../despatch/watch.ts';
import type { Withdrawal } from '../despatch/withdrawal-store.ts';
import type { OrderKey } from '../orders/store.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { carrierText } from './despatch.ts';
import { Failure } from './exit.ts';
import { type Store, withStore } from './open-store.ts';
import { orderOf } from './orders.ts';
import {
  agoText,
  type Cell,
  type Globals,
  pairsOf,
  print,
  show,
  tableOf,
  ukTime,
} from './output.ts';

type Options = Globals & { channel?: string };

/** More orders than are ever open on a channel. */
const most = 100_000;

/** Adds `despatch show`. */
export function addDespatchShow(despatch: Command): void {
  despatch
    .command('show')
    .description('what left of one order, what was told and what is shown; deadlines; next step')
    .argument('<order>', 'order id, SalesOrderNumber or commercial id')
    .option('--channel <id>', 'when several channels have the id')
    .action(async (id: string, _options, command: Command) => {
      await showOne(id, command.optsWithGlobals<Options>());
    });
}

type Clocks = { deadlines: Deadline[]; expected: Forecast | null };

async function showOne(id: string, options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const key = await orderOf(store, id, options.channel);
    const life = await readDespatchLife(store.db, key);
    if (!life) throw new Failure('notFound', `no order ${id}`);
    const clocks = await clocksOf(store, key);
    const channel = store.settings.channels.find((one) => one.id === key.channel);
    const warehouse = store.settings.warehouses.find((one) => one.id === life.sight.warehouse);
    const nextLookAt = nextLookOf(life, warehouse);
    const parcels = life.confirmations.map((one) => ({
      ...one,
      next: nextText(one, { channel, nextLookAt, nowMs: store.clock.nowMs() }),
    }));
    const despatch = { ...life, confirmations: parcels, ...clocks, nextLookAt };
    show(options, { despatch }, () => {
      printOrder(life, nextLookAt, store.clock.nowMs());
      printReport(life);
      printParcels(parcels);
      printClocks(life, clocks);
      printWithdrawals(life.withdrawals);
    });
  });
}

/** Clocks that run for the order; none when the marketplace waits for nothing more of it. */
async function clocksOf(store: Store, key: OrderKey): Promise<Clocks> {
  const channel = store.settings.channels.find((one) => one.id === key.channel);
  const warehouse = store.settings.warehouses.find((one) => one.id === channel?.warehouse);
  if (!channel || !warehouse) return { deadlines: [], expected: null };
  const view = await viewOf(store, { channel, warehouse }, most);
  const own = view.find(({ order }) => order.marketplaceOrderId === key.marketplaceOrderId);
  return { deadlines: own?.deadlines ?? [], expected: own?.expected ?? null };
}

/** When the warehouse is asked about the order again; null: not any more. */
function nextLookOf(life: DespatchLife, warehouse: WarehouseSettings | undefined): Date | null {
  const { salesOrder, sight, confirmations } = life;
  const since = salesOrder?.lookedAt ?? salesOrder?.verifiedAt;
  if (!since || !warehouse || salesOrder?.step !== 'verified') return null;
  if (!['exported', 'despatched'].includes(sight.state)) return null;
  const isOpen =
    sight.lines.some((line) => line.wireState === 'SHIPPING') ||
    confirmations.some((one) => one.step === 'waiting' || one.step === 'stopped');
  if (!isOpen) return null;
  return new Date(since.getTime() + warehouse.despatch.rereadMinutes * 60_000);
}

type Turn = { channel: ChannelSettings | undefined; nextLookAt: Date | null; nowMs: number };

/** What happens to a parcel next, and when. */
function nextText(one: Confirmation, turn: Turn): string {
  if (one.step === 'verified') return 'nothing: the marketplace shows it';
  if (one.step === 'moot') return 'nothing: the marketplace waits for none of it any more';
  const { channel } = turn;
  if (!channel?.enabled || channel.despatch.mode === 'off')
    return `nothing: channel ${one.channel} is left alone`;
  if (one.step === 'waiting') {
    const look = turn.nextLookAt;
    const asked = look ? `the warehouse is asked again ${whenText(look, turn.nowMs)}` : '';
    return [`waits for ${one.waitsFor ?? 'something'}`, asked].filter(Boolean).join('; ');
  }
  if (one.step === 'stopped') return 'waits for a person; packhorse despatch retry goes on';
  if (channel.despatch.mode === 'watch') return 'is not told: channels[].despatch.mode is watch';
  return `${doneNext[one.step]} ${whenText(one.dueAt, turn.nowMs)}`;
}

const doneNext = {
  ready: 'is told',
  'tracking-sent': 'carrier and number are told again',
  tracked: 'is told as shipped; carrier and number are told already,',
  'ship-sent': 'no answer came; what it did is looked up',
  'shipment-sent': 'no answer came; what it did is looked up',
  shipped: 'is looked for on the marketplace',
  correcting: 'the new tracking number is told',
} as const;

function whenText(at: Date | null, nowMs: number): string {
  return at === null || at.getTime() <= nowMs ? 'at the next turn' : `at ${ukTime(at)}`;
}

function printOrder(life: DespatchLife, nextLookAt: Date | null, nowMs: number): void {
  const { sight, salesOrder } = life;
  const lines = Map.groupBy(sight.lines, (line) => line.wireState);
  const owed = [...lines].map(([state, some]) => {
    const units = some.reduce((sum, line) => sum + line.quantity - line.withdrawnUnits, 0);
    return `${units} in ${state}`;
  });
  // The day on which clocks began: somebody asked for it to be looked up now.
  const lookedAt = salesOrder?.lookedAt?.getTime() ? salesOrder.lookedAt : null;
  print(`Despatch of order ${sight.marketplaceOrderId} of channel ${sight.channel}`);
  print('(times are UK time)');
  print('\nOn the marketplace');
  const there: [string, Cell][] = [
    ['state', sight.wireState],
    ['units', owed.join(', ')],
    ['carrier', sight.carrierCode],
    ['tracking', sight.tracking],
    ['ship by', ukTime(sight.shippingDeadline)],
    ['last seen', `${ukTime(sight.seenAt)} (${agoText(sight.seenAt, nowMs)} ago)`],
  ];
  print(pairsOf(there, '  '));
  print('\nIn the warehouse');
  if (!salesOrder) {
    print('  no sales order yet');
    return;
  }
  const here: [string, Cell][] = [
    ['warehouse', sight.warehouse],
    ['sales order', salesOrder.salesOrderNumber],
    ['status there', salesOrder.status],
    ['looked up', lookedAt ? `${ukTime(lookedAt)} (${agoText(lookedAt, nowMs)} ago)` : ''],
    ['next look-up', nextLookAt ? whenText(nextLookAt, nowMs) : 'none; all is known'],
  ];
  print(pairsOf(here, '  '));
}

function printReport({ rows }: DespatchLife): void {
  if (rows.length === 0) {
    print('\nNothing of it has left the warehouse yet');
    return;
  }
  print('\nThe despatch report');
  const headings = ['despatch', 'ItemCode', 'kit', 'line', 'units', 'carrier', 'service'];
  const table = rows.map((row) => [
    row.despatchNumber,
    row.itemCode,
    row.parentCode,
    row.line,
    row.quantity,
    row.carrier,
    row.service,
    row.trackingNumber.split(trackingMark).join(' + '),
    ukTime(row.despatchedAt) || 'no date',
    ukTime(row.firstSeenAt),
    row.changedAt > row.firstSeenAt ? ukTime(row.changedAt) : '',
  ]);
  print(tableOf([...headings, 'tracking', 'despatched', 'first seen', 'changed'], table));
}

function printParcels(parcels: readonly (Confirmation & { next: string })[]): void {
  for (const one of parcels) {
    print(one.parcel === 'whole' ? '\nThe order as a whole' : `\nParcel ${one.parcel}`);
    const pairs: [string, Cell][] = [
      ['step', one.step],
      ['lines', one.lines.map((line) => `${line.orderLineId} x ${line.units}`).join(', ')],
      ['carrier', carrierText(one)],
      ['service', one.service],
      ['tracking', one.trackingNumber || 'none'],
      ['tracking page', one.trackingUrl],
      ['let pass', one.acceptedTracking],
      ['despatched', ukTime(one.despatchedAt)],
      ['first seen', ukTime(one.firstSeenAt)],
      ['last call', ukTime(one.sentAt)],
      ['shipment', one.shipmentId],
      ['told', told(one)],
      ['seen there', ukTime(one.verifiedAt)],
      ['tries', one.attempts || ''],
      ['last error', one.lastError],
      ['next', one.next],
    ];
    print(pairsOf(pairs, '  '));
  }
}

function told(one: Confirmation): string {
  if (one.shippedAt === null && one.toldTracking === null) return 'nothing yet';
  const number = one.toldTracking ? `with ${one.toldTracking}` : 'without a tracking number';
  return one.shippedAt === null
    ? `carrier and number only, ${number}`
    : `${ukTime(one.shippedAt)} ${number}`;
}

function printClocks(life: DespatchLife, { deadlines, expected }: Clocks): void {
  if (deadlines.length > 0 || expected) {
    print('\nDeadlines');
    const rows = deadlines.map((one): [string, Cell] => [
      one.clock,
      `${ukTime(one.at)} (${one.from === 'rule' ? "the channel's rule" : 'the marketplace'})`,
    ]);
    const late = expected?.isLate ? ', too late' : '';
    if (expected?.expectedAt) rows.push(['expected', `${ukTime(expected.expectedAt)}${late}`]);
    print(pairsOf(rows, '  '));
  }
  if (life.alerts.length === 0) return;
  print('\nAlerts given');
  const rows = life.alerts.map((one) => [
    ukTime(one.at),
    one.clock,
    one.stage,
    one.closedAt === null ? 'open' : `closed ${ukTime(one.closedAt)}`,
  ]);
  print(tableOf(['when', 'clock', 'stage', 'state'], rows));
}

function printWithdrawals(withdrawals: readonly Withdrawal[]): void {
  if (withdrawals.length === 0) return;
  print('\nWithdrawals');
  const rows = withdrawals.map((one) => [
    one.id,
    one.orderLineId,
    one.units,
    one.why,
    one.kind,
    one.state,
    ukTime(one.proposedAt),
    one.decidedBy,
    ukTime(one.doneAt),
    one.lastError,
  ]);
  const headings = ['id', 'line', 'units', 'why', 'as', 'state', 'proposed', 'decided by', 'done'];
  print(tableOf([...headings, 'last error'], rows));
}
