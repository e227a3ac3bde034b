/** `npm run demo`: the service with its own PostgreSQL and both vendors simulated, a trading day in progress. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { createLog, silentLog } from '../src/log.ts';
import {
  loadConfig,
  openStoreUrl,
  processEnvironment,
  type Running,
  startService,
  systemClock,
} from '../src/main.ts';
import type { Settings } from '../src/settings.ts';
import { type LiveDay, openLiveDay } from './live.ts';
import { channelIds, rehearsalKey, rehearsalPassword } from './settings.ts';
import { emptyStore } from './store.ts';

type Options = {
  ordersPerHour: number;
  skus: number;
  seed: number;
  channels: number;
  minutes?: number;
  dir: string;
};

const command = new Command('packhorse demo')
  .description(
    'The service with its own PostgreSQL and both vendors simulated, a trading day in progress.',
  )
  .option('--orders-per-hour <n>', 'how much shoppers buy', Number, 240)
  .option('--skus <n>', 'items in the warehouse', Number, 200)
  .option('--channels <n>', 'marketplaces', Number, 2)
  .option('--seed <n>', 'same seed, same shoppers', Number, 1)
  .option('--minutes <n>', 'end by itself after so long', Number)
  .option(
    '--dir <folder>',
    'where the demo keeps its database and configuration',
    '.packhorse/demo',
  );
command.parse();
await demo(command.opts<Options>());

async function demo(options: Options): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say('opening both simulated vendors and the database ...');
  const day = await openLiveDay({
    ...options,
    clock: systemClock,
    channels: channelIds.slice(0, options.channels),
    port: 0,
    startWith: 40,
    dayMark: `-${Math.floor(systemClock.nowMs() / 1_000)
      .toString(36)
      .toUpperCase()}-`,
  });
  const config = await writeConfig(options.dir, day);
  const settings = await loadConfig(config, processEnvironment);
  const running = await start(settings, day);
  introduce(say, day, relative('.', config));
  await live(options, day, running, say);
  say('stopping ...');
  await running.stop();
  await day.close();
}

async function start(settings: Settings, day: LiveDay): Promise<Running> {
  try {
    await forgetOlderDays(settings);
    return await startService({ settings, clock: systemClock, log: createLog('error') });
  } catch (cause) {
    await day.close();
    process.stderr.write(`${(cause as Error).message}\n`);
    process.exit(3);
  }
}

/** Only in the demo's own database; one that is configured is left as it is (order ids never repeat). */
async function forgetOlderDays(settings: Settings): Promise<void> {
  if (settings.database.url) return;
  const store = await openStoreUrl(settings, silentLog);
  await emptyStore(store.url);
  await store.stop();
}

/** A configuration as a tenant would write it, so that every command can be tried against the demo. */
async function writeConfig(dir: string, day: LiveDay): Promise<string> {
  await mkdir(dir, { recursive: true });
  const channels = day.marketplaces.map(
    ({ id, url }) => `  - id: ${id}
    name: ${id === 'john-lewis' ? 'John Lewis' : id}
    url: ${url}
    apiKey: \${PACKHORSE_DEMO_KEY}
    shopId: "2000"
    warehouse: main
    shippingTypes: { STD: STD, EXP: EXP, LETTER: STD }
`,
  );
  const yaml = `# Written anew by every "npm run demo": the simulators take any free port.
service:
  dataDir: ${resolve(dir, 'data')}
channels:
${channels.join('')}warehouses:
  - id: main
    url: ${day.warehouseUrl}
    clientId: rehearsal1
    username: packhorse
    password: \${PACKHORSE_DEMO_PASSWORD}
`;
  const path = join(dir, 'packhorse.yaml');
  await writeFile(path, yaml);
  const env = `PACKHORSE_DEMO_KEY=${rehearsalKey}\nPACKHORSE_DEMO_PASSWORD=${rehearsalPassword}\n`;
  await writeFile(join(dir, '.env'), env, { mode: 0o600 });
  return path;
}

function introduce(say: (line: string) => void, day: LiveDay, config: string): void {
  say('');
  for (const { id, url } of day.marketplaces)
    say(`marketplace ${id.padEnd(14)} ${url}/__sim/truth`);
  say(`warehouse   ${'main'.padEnd(14)} ${day.warehouseUrl}/__sim/truth`);
  say('');
  say('In another terminal:');
  for (const words of ['orders list', 'exceptions list', 'doctor']) {
    say(`  npx packhorse ${words} --config ${config}`);
  }
  say('');
  say('Orders are polled once a minute, the ceiling of the marketplace. Ctrl-C stops.');
  say('');
}

async function live(
  options: Options,
  day: LiveDay,
  running: Running,
  say: (line: string) => void,
): Promise<void> {
  const stop = new AbortController();
  process.on('SIGINT', () => stop.abort());
  process.on('SIGTERM', () => stop.abort());
  const endMs = systemClock.nowMs() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  while (!stop.signal.aborted && systemClock.nowMs() < endMs) {
    say(await statusLine(day, running));
    await systemClock.sleep(10_000, stop.signal);
  }
}

async function statusLine(day: LiveDay, running: Running): Promise<string> {
  const { db } = running.service.database;
  const placed = [...day.stage.marketplaces.values()].reduce(
    (sum, m) => sum + m.truth.orders.size,
    0,
  );
  const sales = [...day.stage.warehouse.truth.salesOrders.values()];
  const despatched = sales.filter((order) => order.status === 'Despatched').length;
  const open = await db
    .selectFrom('exceptions')
    .select(['code', (eb) => eb.fn.countAll<string>().as('count')])
    .where('state', 'in', ['open', 'retrying'])
    .groupBy('code')
    .orderBy('code')
    .execute();
  const verified = await db
    .selectFrom('sales_orders')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('verified_at', 'is not', null)
    .executeTakeFirstOrThrow();
  const waiting = open.map((row) => `${row.code} ${row.count}`).join(', ') || 'none';
  const time = systemClock.now().toISOString().slice(11, 19);
  return `${time}Z  bought ${placed}  in the warehouse ${sales.length} (verified ${verified.count}, despatched ${despatched})  waiting for a person: ${waiting}`;
}
