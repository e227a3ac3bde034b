/** `packhorse stock exposure`: units that could have been sold twice, with the buffer as it was and with others; and
 *  orders whose units nobody can buy. */
import { type Command, InvalidArgumentError } from 'commander';
import { readStuck, type StuckOrder } from '../stock/demand-store.ts';
import { type Exposure, type ExposureRow, readExposure } from '../stock/exposure-store.ts';
import { withStore } from './open-store.ts';
import { wholeNumber } from './orders.ts';
import { counted, type Globals, print, show, tableOf, ukTime } from './output.ts';
import { atOneMoment } from './stock-scope.ts';

type Options = Globals & { days: number; buffer: number[]; item?: string; limit: number };
type WarehouseExposure = { warehouse: string; exposure: Exposure; stuck: StuckOrder[] };

const usualBuffers: readonly number[] = [0, 1, 2, 5];
const dayMs = 86_400_000;

/** Adds `stock exposure`. */
export function addStockExposure(stock: Command): void {
  stock
    .command('exposure')
    .description('units that could have been sold twice, by day, with this buffer and with others')
    .option('--days <n>', 'how far back', wholeNumber, 30)
    .option('--buffer <units...>', 'fixed buffers to try (default: 0 1 2 5)', wholeUnits)
    .option('--item <code>', 'only this ItemCode')
    .option('--limit <n>', 'at most so many items', wholeNumber, 20)
    .action(async (_options, command: Command) => {
      const given = command.optsWithGlobals<Omit<Options, 'buffer'> & { buffer?: number[] }>();
      await exposure({ ...given, buffer: [...new Set(given.buffer ?? usualBuffers)] });
    });
}

function wholeUnits(text: string, earlier: readonly number[] | undefined): number[] {
  if (/^\d{1,7}$/.test(text)) return [...(earlier ?? []), Number(text)];
  throw new InvalidArgumentError('A whole number of units is due.');
}

async function exposure(options: Options): Promise<void> {
  await withStore(options, async (store) => {
    const now = store.clock.now();
    const since = new Date(now.getTime() - options.days * dayMs);
    const warehouses = await atOneMoment(store, async (db) => {
      const found: WarehouseExposure[] = [];
      for (const { id, stock } of store.settings.warehouses) {
        const asked = {
          warehouse: id,
          since,
          until: now,
          bufferUnits: options.buffer,
          itemCode: options.item,
        };
        const before = new Date(now.getTime() - stock.stuckHours * 3_600_000);
        const stuck = await readStuck(db, id, before);
        found.push({ warehouse: id, exposure: await readExposure(db, asked), stuck });
      }
      return found;
    });
    show(options, { warehouses }, () => {
      for (const one of warehouses) printWarehouse(one, options.limit);
    });
  });
}

function printWarehouse({ warehouse, exposure: found, stuck }: WarehouseExposure, limit: number) {
  const { rows, numbers, since, bufferUnits } = found;
  print(
    `Warehouse ${warehouse}: from ${counted(numbers, 'replaced number')} since ${ukTime(since)}`,
  );
  if (rows.length === 0) {
    print('  no unit could have been sold twice, with any of these buffers');
  } else {
    const headings = ['as it was', ...bufferUnits.map((units) => `buffer ${units}`)];
    print('\nUnits that could have been sold twice, by day (UTC)');
    const byDay = summed(rows, (row) => row.day);
    print(tableOf(['day', ...headings], [...byDay, ['all', ...total(rows)]]));
    const byItem = summed(rows, (row) => row.itemCode).sort(byUnits);
    print('\nBy item');
    print(tableOf(['ItemCode', ...headings], byItem.slice(0, limit)));
    if (byItem.length > limit) print(`(${limit} of ${byItem.length}; --limit shows more)`);
  }
  printStuck(stuck);
}

type SumRow = [name: string, ...units: number[]];

function summed(rows: readonly ExposureRow[], nameOf: (row: ExposureRow) => string): SumRow[] {
  return [...Map.groupBy(rows, nameOf)].map(([name, group]): SumRow => [name, ...total(group)]);
}

/** As it was, then with each buffer. */
function total(rows: readonly ExposureRow[]): number[] {
  const sums = [0, ...(rows[0]?.withBuffers ?? []).map(() => 0)];
  for (const row of rows)
    for (const [at, units] of [row.units, ...row.withBuffers].entries()) sums[at]! += units;
  return sums;
}

function byUnits(a: SumRow, b: SumRow): number {
  for (let at = 1; at < a.length; at++) if (a[at] !== b[at]) return Number(b[at]) - Number(a[at]);
  return a[0] < b[0] ? -1 : 1;
}

function printStuck(stuck: readonly StuckOrder[]): void {
  if (stuck.length === 0) return;
  print('\nIn the warehouse for long without stock reserved: their units are offered to nobody');
  const rows = stuck.map((one) => [
    one.marketplaceOrderId,
    one.channel,
    one.salesOrderNumber,
    one.status,
    ukTime(one.since),
    one.items.join(', '),
  ]);
  print(tableOf(['order', 'channel', 'sales order', 'status', 'since (UK)', 'items'], rows));
}
