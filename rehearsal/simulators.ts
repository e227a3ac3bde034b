/** `npm run simulators`: both vendors alone on loopback, so that any client can be pointed at them. */
import { Command } from 'commander';
import { systemClock } from '../src/main.ts';
import { openLiveDay } from './live.ts';
import { channelIds, rehearsalKey, rehearsalPassword } from './settings.ts';

const command = new Command('simulators')
  .description(
    'Serves a simulated Mirakl marketplace and a simulated Peoplevox tenant on 127.0.0.1.',
  )
  .option('--port <n>', 'port of the first marketplace; the others follow', Number, 8401)
  .option('--channels <n>', 'marketplaces', Number, 1)
  .option('--orders-per-hour <n>', 'how much shoppers buy', Number, 60)
  .option('--skus <n>', 'items in the warehouse', Number, 200)
  .option('--seed <n>', 'same seed, same shoppers', Number, 1);
command.parse();
const options = command.opts<{
  port: number;
  channels: number;
  ordersPerHour: number;
  skus: number;
  seed: number;
}>();

const day = await openLiveDay({
  ...options,
  clock: systemClock,
  channels: channelIds.slice(0, options.channels),
  startWith: 20,
});
for (const { id, url } of day.marketplaces) {
  process.stdout.write(
    `marketplace ${id}  ${url}  (header Authorization: ${rehearsalKey}, shop_id 2000)\n`,
  );
}
process.stdout.write(
  `warehouse  ${day.warehouseUrl}/rehearsal1/resources/integrationservicev4.asmx  (user packhorse, password ${rehearsalPassword}, Base64)\n` +
    'what each believes: GET /__sim/truth; faults: POST /__sim/faults; Ctrl-C stops\n',
);
await new Promise<void>((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
await day.close();
