/** Benchmarks: `npm run bench` runs all of them, `npm run bench -- orders` one. A table for people, `--json`
 *  for programs. */
import { Command, InvalidArgumentError } from 'commander';
import { benchDespatch } from './despatch.ts';
import { benchOrders } from './orders.ts';
import { benchStock } from './stock.ts';

type Options = { orders: number; skus: number; rounds: number; seed: number; json: boolean };

/** One function per figure; each returns what it measured and that as a page. */
const benches: Record<string, (options: Options) => Promise<{ figures: object; page: string }>> = {
  orders: benchOrders,
  despatch: benchDespatch,
  stock: benchStock,
};

const names = Object.keys(benches);
const command = new Command('npm run bench --')
  .description('Measures the real service on loopback against both simulated vendors.')
  .argument('[figure]', `one of: ${names.join(', ')}; without it all are measured`)
  .option('--orders <n>', 'orders that wait at the start', wholeUpTo(100_000), 2_000)
  .option(
    '--skus <n>',
    'rows of the stock report; at least 50000',
    wholeUpTo(2_000_000, 50_000),
    100_000,
  )
  .option('--rounds <n>', 'measured rounds, of which the median is told', wholeUpTo(100), 3)
  .option('--seed <n>', 'same seed, same orders', wholeUpTo(4_294_967_295), 1)
  .option('--json', 'print one JSON object', false);

command.parse();
await main(command.args[0], command.opts<Options>());

async function main(wanted: string | undefined, options: Options): Promise<void> {
  if (wanted !== undefined && !(wanted in benches)) {
    command.error(`error: found "${wanted}"; allowed: ${names.join(', ')}`, { exitCode: 2 });
  }
  const figures: Record<string, object> = {};
  for (const name of wanted === undefined ? names : [wanted]) {
    const measured = await benches[name]!(options);
    figures[name] = measured.figures;
    if (!options.json) process.stdout.write(`${measured.page}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}

function wholeUpTo(most: number, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(
        `found "${text}"; allowed: a whole number from ${least} to ${most}`,
      );
    }
    return value;
  };
}
