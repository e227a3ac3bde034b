/** `packhorse rehearse`: one seeded trading day, judged. Exit 1 when anything is lost, duplicated, wrong,
 *  missed or unaccounted, when more was sold or shown than there was, or when a ceiling or a contract was breached;
 *  2 for bad options. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLog } from '../src/log.ts';
import { databaseUrlOfEnvironment, systemClock } from '../src/main.ts';
import { type FaultLevel, faultLevels } from './faults.ts';
import { formatReport, makeReport } from './report.ts';
import { rehearse } from './run.ts';
import { channelIds, siteNames } from './settings.ts';
import { openRehearsalStore } from './store.ts';

type Options = {
  orders: number;
  skus: number;
  hours: number;
  seed: number;
  faults: FaultLevel;
  channels: number;
  sites: number;
  cadence: number;
  json: boolean;
  explain: boolean;
  verbose: boolean;
};

const command = new Command('packhorse rehearse')
  .description('Runs the real service against both simulated vendors in virtual time, from a seed.')
  .option('--orders <n>', 'orders in the day', wholeUpTo(1_000_000), 300)
  .option('--skus <n>', 'items in the warehouse', wholeUpTo(1_000_000), 200)
  .option('--hours <n>', 'length of the day', wholeUpTo(240), 8)
  .option('--seed <n>', 'same seed, same day', wholeUpTo(4_294_967_295), 1)
  .addOption(
    new Option('--faults <level>', 'how unkind the vendors are')
      .choices(faultLevels)
      .default('typical'),
  )
  .option(
    '--channels <n>',
    `marketplaces, 1 to ${channelIds.length}`,
    wholeUpTo(channelIds.length),
    2,
  )
  .option(
    '--sites <n>',
    `warehouse sites whose stock is sold, 1 to ${siteNames.length}`,
    wholeUpTo(siteNames.length),
    2,
  )
  .option('--cadence <seconds>', 'how often stock is read and published', cadence, 120)
  .option('--json', 'print one JSON object', false)
  .option(
    '--explain',
    'print the life of every order and SKU that something was found about',
    false,
  )
  .option('--verbose', "print the service's own log", false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

command.parse();
await main(command.opts<Options>());

async function main(options: Options): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  const store = await openRehearsalStore(databaseUrlOfEnvironment());
  try {
    const outcome = await rehearse({
      ...options,
      cadenceSeconds: options.cadence,
      databaseUrl: store.url,
      log: createLog(options.verbose ? 'info' : 'silent'),
      ...(process.stderr.isTTY
        ? { onProgress: (line: string) => process.stderr.write(`\r\x1b[K${line}`) }
        : {}),
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    const report = makeReport(
      { ...options, cadenceSeconds: options.cadence },
      outcome,
      (systemClock.monotonicMs() - startedMs) / 1_000,
    );
    process.stdout.write(
      `${options.json ? JSON.stringify(report, null, 2) : formatReport(report)}\n`,
    );
    if (options.explain) {
      for (const [orderId, life] of outcome.lives) {
        process.stderr.write(`${orderId}\n${life.map((line) => `  ${line}\n`).join('')}`);
      }
    }
    process.exitCode = report.passed ? 0 : 1;
  } finally {
    await store.close();
  }
}

function cadence(text: string): number {
  const value = wholeUpTo(86_400)(text);
  if (value < 60) throw new InvalidArgumentError(`found "${text}"; allowed: 60 seconds or more`);
  return value;
}

function wholeUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new InvalidArgumentError(`found "${text}"; allowed: a whole number from 1 to ${most}`);
    }
    return value;
  };
}
