import { expect, it, onTestFinished } from 'vitest';
import { Dice } from '../../simulators/kernel.ts';
import { systemClock } from '../../src/clock.ts';
import { openTestDatabase } from '../database.ts';
import { progress, shoppersBuy, wrongsInTheEnd } from './live-trade.ts';
import {
  chaosSettings,
  openDataFolder,
  openVendors,
  startRealService,
  until,
} from './real-service.ts';

/** A run may show no sign of life for 15 s, and is missed at most 5 s later (src/runtime/schedule.ts). */
const takenOverWithinMs = 25_000;

it('of two services one sleeps longer than its heartbeat: the other takes over, nothing is done twice', async () => {
  const vendors = await openVendors();
  const database = await openTestDatabase();
  onTestFinished(() => database.drop());
  const settings = chaosSettings({
    urls: vendors.urls,
    dataDir: await openDataFolder(),
    databaseUrl: database.connectionString,
  });
  const shoppers = shoppersBuy(vendors, new Dice('shoppers'), 60);
  const sleeper = startRealService(settings);
  expect(await sleeper.said).toBe('started');
  await until(() => progress(vendors) > 20, 'it works', 20_000);
  sleeper.child.kill('SIGSTOP');
  const before = progress(vendors);
  const other = startRealService(settings);
  expect(await other.said).toBe('started');
  await until(() => progress(vendors) > before, 'the other took over', takenOverWithinMs);
  sleeper.child.kill('SIGCONT');
  await systemClock.sleep(3_000);
  shoppers.stop();
  expect([sleeper.child.exitCode, other.child.exitCode]).toEqual([null, null]);
  await Promise.all([sleeper.stop(), other.stop()]);
  expect(await wrongsInTheEnd(vendors, settings)).toEqual([]);
});
