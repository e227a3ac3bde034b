import { describe, expect, it, onTestFinished } from 'vitest';
import { Dice } from '../../simulators/kernel.ts';
import { systemClock } from '../../src/clock.ts';
import { everyFlowWorks, progress, shoppersBuy, wrongsInTheEnd } from './live-trade.ts';
import {
  backendsOf,
  chaosSettings,
  endDatabase,
  killQuietly,
  openDataFolder,
  openVendors,
  postmasterOf,
  startRealService,
  until,
} from './real-service.ts';

/** How soon work goes on after a process was started. */
const soonMs = 5_000;

describe('kill -9', { timeout: 240_000 }, () => {
  it('of the service, 16 times at random moments: nothing lost or doubled, work goes on within 5 s', async () => {
    const vendors = await openVendors();
    const dataDir = await openDataFolder();
    onTestFinished(() => endDatabase(dataDir));
    const settings = chaosSettings({ urls: vendors.urls, dataDir });
    const dice = new Dice('kills of the service');
    const shoppers = shoppersBuy(vendors, dice.fork('shoppers'), 60);
    let service = startRealService(settings);
    expect(await service.said).toBe('started');
    const waits: number[] = [];
    for (let kills = 0; kills < 16; kills += 1) {
      await systemClock.sleep(dice.between(20, 700));
      await service.kill();
      service = startRealService(settings);
      await everyFlowWorks(vendors, 4 * soonMs);
      waits.push(systemClock.nowMs() - service.startedAtMs);
    }
    shoppers.stop();
    expect(Math.max(...waits)).toBeLessThanOrEqual(soonMs);
    await service.stop();
    expect(await wrongsInTheEnd(vendors, settings)).toEqual([]);
    expect(vendors.market.truth.orders.size).toBeGreaterThan(200);
    expect(vendors.warehouse.truth.contractBreaches).toEqual([]);
  });

  it('of PostgreSQL under the running service, postmaster and workers: nothing lost or doubled', async () => {
    const vendors = await openVendors();
    const dataDir = await openDataFolder();
    onTestFinished(() => endDatabase(dataDir));
    const settings = chaosSettings({ urls: vendors.urls, dataDir });
    const dice = new Dice('kills of the database');
    const shoppers = shoppersBuy(vendors, dice.fork('shoppers'), 60);
    const service = startRealService(settings);
    expect(await service.said).toBe('started');
    for (let kills = 0; kills < 6; kills += 1) {
      await systemClock.sleep(dice.between(100, 900));
      const postmaster = (await postmasterOf(dataDir))!;
      const backends = await backendsOf(postmaster);
      killQuietly(kills % 2 === 0 ? postmaster : dice.pick(backends), 'SIGKILL');
      await everyFlowWorks(vendors, 4 * soonMs);
    }
    shoppers.stop();
    expect(service.child.exitCode).toBeNull();
    await service.stop();
    expect(service.child.exitCode).toBe(0);
    expect(await wrongsInTheEnd(vendors, settings)).toEqual([]);
  });

  it('in the middle of a paced call: its successor does not wait for a dead holder of leave', async () => {
    const vendors = await openVendors({
      market: { acceptance: 'AUTOMATIC' },
      warehouse: { latencyMs: { min: 300, max: 300, perRow: 0 } },
    });
    const dataDir = await openDataFolder();
    onTestFinished(() => endDatabase(dataDir));
    const settings = chaosSettings({ urls: vendors.urls, dataDir, rowsPerCall: 3 });
    const lines = [{ offerSku: 'LAMP', quantity: 1, unitPrice: '10.00' }];
    for (let n = 0; n < 40; n += 1) vendors.market.shopperBuys({ lines, shippingTypeCode: 'STD' });
    await systemClock.sleep(600); // every order is paid by then
    let service = startRealService(settings, { isPaced: true });
    for (const wanted of [1, 8, 16]) {
      await until(() => vendors.warehouse.truth.salesOrders.size >= wanted, 'orders go in', 20_000);
      await service.kill();
      const before = progress(vendors);
      service = startRealService(settings, { isPaced: true });
      await until(() => progress(vendors) > before, 'work went on', 4 * soonMs);
      expect(systemClock.nowMs() - service.startedAtMs).toBeLessThanOrEqual(soonMs);
    }
    await service.kill();
    // Before the end is looked at by a service without pace, whose flows call side by side.
    expect(vendors.warehouse.truth.overlaps.map((one) => one.operation)).toEqual([]);
    expect(await wrongsInTheEnd(vendors, settings)).toEqual([]);
  });
});
