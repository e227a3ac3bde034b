/** `packhorse sla list|forecast`: which clocks run out next, and which orders will be late at this pace. */
import type { Command } from 'commander';
import { type Clock3, type Deadline, stageOf } from '../despatch/sla.ts';
import type { OpenOrder } from '../despatch/sla-store.ts';
import { paceOf, viewOf } from '../despatch/watch.ts';
import type { ChannelSettings } from '../settings.ts';
import { type Store, withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import { counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { channelsOf, warehouseOf } from './stock-scope.ts';

type ListOptions = Globals & { channel?: string; within?: number; limit: number };
type ForecastOptions = Globals & { channel?: string; late?: boolean; limit: number };

/** More orders than are ever open on a channel. */
const most = 100_000;

/** Adds `sla` and its verbs. */
export function addSla(program: Command): void {
  const sla = program
    .command('sla')
    .description('deadlines of open orders, and who will miss them');
  sla
    .command('list')
    .description('open orders by deadline: stage, and what each waits for')
    .option('--channel <id>', 'only of this channel')
    .option('--within <minutes>', 'only what is due within so many minutes, or over', wholeNumber)
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (_options, command: Command) => {
      await list(command.optsWithGlobals<ListOptions>());
    });
  sla
    .command('forecast')
    .description('when orders in the warehouse are expected to leave, at its present pace')
    .option('--channel <id>', 'only of this channel')
    .option('--late', 'only those expected after their deadline')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (_options, command: Command) => {
      await showForecast(command.optsWithGlobals<ForecastOptions>());
    });
}

/** One clock of one order. `stage` null: none is reached yet. `leftMinutes` negative: over. */
type ClockRow = {
  marketplaceOrderId: string;
  channel: string;
  salesOrderNumber: string | null;
  state: string;
  clock: Clock3;
  deadlineAt: Date;
  from: Deadline['from'];
  leftMinutes: number;
  stage: string | null;
  waitsFor: string;
};

async function list(options: ListOptions): Promise<void> {
  await withStore(options, async (store) => {
    const rows: ClockRow[] = [];
    for (const channel of channelsOf(store, options.channel))
      rows.push(...(await clocksOf(store, channel)));
    const due = rows
      .filter((row) => options.within === undefined || row.leftMinutes <= options.within)
      .sort((a, b) => a.deadlineAt.getTime() - b.deadlineAt.getTime());
    const clocks = due.slice(0, options.limit);
    show(options, { count: due.length, clocks }, () => {
      if (due.length === 0)
        return print(options.within ? 'nothing is due by then' : 'no clock runs');
      print(tableOf(listHeadings, clocks.map(listRow)));
      const over = due.filter((row) => row.leftMinutes < 0).length;
      const more = due.length > clocks.length ? `; ${clocks.length} shown, --limit shows more` : '';
      print(`${counted(due.length, 'deadline')}, ${over} over${more}`);
    });
  });
}

async function clocksOf(store: Store, channel: ChannelSettings): Promise<ClockRow[]> {
  const warehouse = warehouseOf(store, channel.warehouse);
  const now = store.clock.now();
  const { stagesMinutes } = channel.despatch.sla;
  const view = await viewOf(store, { channel, warehouse }, most);
  return view.flatMap(({ order, deadlines }) =>
    deadlines.map(({ clock, at, from }) => ({
      marketplaceOrderId: order.marketplaceOrderId,
      channel: channel.id,
      salesOrderNumber: order.salesOrderNumber,
      state: order.state,
      clock,
      deadlineAt: at,
      from,
      leftMinutes: Math.floor((at.getTime() - now.getTime()) / 60_000),
      // The time to confirm is minutes long, so it has no stage before its end.
      stage: stageOf(now, at, clock === 'confirmation' ? [0] : stagesMinutes),
      waitsFor: waitsFor(order, clock),
    })),
  );
}

function waitsFor(order: OpenOrder, clock: Clock3): string {
  if (order.waitsFor !== null) return order.waitsFor;
  if (clock === 'acceptance') return 'acceptance';
  if (clock === 'confirmation') return 'the marketplace to show it';
  if (order.exportedAt !== null) return 'the warehouse to send it';
  if (order.state === 'parked') return 'a person; packhorse orders show says why';
  return order.payableAt === null ? 'leave to be shipped' : 'its way into the warehouse';
}

const listHeadings = [
  'order',
  'channel',
  'state',
  'clock',
  'deadline (UK)',
  'left',
  'stage',
  'by',
  'waits for',
  'sales order',
];

function listRow(row: ClockRow) {
  return [
    row.marketplaceOrderId,
    row.channel,
    row.state,
    row.clock,
    ukTime(row.deadlineAt),
    leftText(row.leftMinutes),
    row.stage,
    row.from,
    row.waitsFor,
    row.salesOrderNumber === row.marketplaceOrderId ? '' : row.salesOrderNumber,
  ];
}

/** `1 d 3 h`, `3 h 20 min`, `-5 min`. */
function leftText(minutes: number): string {
  const sign = minutes < 0 ? '-' : '';
  const all = Math.abs(minutes);
  const [days, hours, rest] = [Math.floor(all / 1440), Math.floor(all / 60) % 24, all % 60];
  if (days > 0) return `${sign}${days} d ${hours} h`;
  return hours > 0 ? `${sign}${hours} h ${rest} min` : `${sign}${rest} min`;
}

/** One order in the warehouse. `expectedAt` null: nobody can say. */
type ForecastRow = {
  marketplaceOrderId: string;
  channel: string;
  salesOrderNumber: string | null;
  exportedAt: Date | null;
  deadlineAt: Date | null;
  expectedAt: Date | null;
  isLate: boolean;
};

async function showForecast(options: ForecastOptions): Promise<void> {
  await withStore(options, async (store) => {
    const channels = channelsOf(store, options.channel);
    const orders: ForecastRow[] = [];
    let outside = 0;
    for (const channel of channels) {
      const view = await viewOf(
        store,
        { channel, warehouse: warehouseOf(store, channel.warehouse) },
        most,
      );
      outside += view.filter(({ order }) => order.exportedAt === null).length;
      orders.push(...view.flatMap(forecastRows));
    }
    const warehouses: Pace[] = [];
    for (const warehouse of new Set(channels.map((one) => one.warehouse)))
      warehouses.push({ warehouse, ...(await paceOf(store, warehouse)) });
    const late = orders.filter((one) => one.isLate).length;
    const wanted = orders
      .filter((one) => one.isLate || !options.late)
      .sort((a, b) => timeOf(a) - timeOf(b));
    const shown = wanted.slice(0, options.limit);
    const data = {
      warehouses,
      queued: orders.length,
      late,
      notInWarehouse: outside,
      orders: shown,
    };
    show(options, data, () => {
      for (const one of warehouses) print(paceText(one));
      if (shown.length > 0) print(tableOf(forecastHeadings, shown.map(forecastRow)));
      const more =
        wanted.length > shown.length ? `; ${shown.length} shown, --limit shows more` : '';
      print(`${counted(orders.length, 'order')} in the warehouse, ${late} expected late${more}`);
      if (outside > 0) print(`${counted(outside, 'order')} not there yet, without a forecast`);
    });
  });
}

function forecastRows(one: Awaited<ReturnType<typeof viewOf>>[number]): ForecastRow[] {
  const { order, deadlines, expected } = one;
  if (expected === null) return [];
  return [
    {
      marketplaceOrderId: order.marketplaceOrderId,
      channel: order.channel,
      salesOrderNumber: order.salesOrderNumber,
      exportedAt: order.exportedAt,
      deadlineAt: deadlines.find(({ clock }) => clock === 'despatch')?.at ?? null,
      expectedAt: expected.expectedAt,
      isLate: expected.isLate,
    },
  ];
}

/** Those that nobody can say of come last. */
function timeOf(one: ForecastRow): number {
  return one.expectedAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
}

type Pace = { warehouse: string } & Awaited<ReturnType<typeof paceOf>>;

function paceText(pace: Pace): string {
  const { warehouse, hours, orders, ordersPerHour } = pace;
  if (ordersPerHour === null)
    return `Warehouse ${warehouse} despatched nothing in the last ${hours} hours: nobody can say when orders leave`;
  return `Warehouse ${warehouse} despatches ${ordersPerHour.toFixed(1)} orders an hour (${orders} in the last ${hours} hours, all channels)`;
}

const forecastHeadings = [
  'order',
  'channel',
  'in the warehouse (UK)',
  'deadline (UK)',
  'expected (UK)',
  'late',
  'sales order',
];

function forecastRow(one: ForecastRow) {
  return [
    one.marketplaceOrderId,
    one.channel,
    ukTime(one.exportedAt),
    ukTime(one.deadlineAt),
    ukTime(one.expectedAt) || 'unknown',
    one.isLate ? 'late' : '',
    one.salesOrderNumber === one.marketplaceOrderId ? '' : one.salesOrderNumber,
  ];
}
