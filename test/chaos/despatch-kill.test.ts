/** Real kills in the middle of telling: whatever died when, every parcel is told, and none twice. */
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dice } from '../../simulators/kernel.ts';
import { systemClock } from '../../src/clock.ts';
import { openDatabase } from '../../src/runtime/db.ts';
import { findRunningDatabase } from '../../src/runtime/embedded-postgres.ts';
import type { Settings } from '../../src/settings.ts';
import {
  backendsOf,
  chaosSettings,
  endDatabase,
  itemCodes,
  killQuietly,
  openDataFolder,
  openVendors,
  postmasterOf,
  startRealService,
  until,
  type Vendors,
} from './real-service.ts';

/** Longer than any wait before something is looked for, or told, again. */
const laterMs = 12 * 60_000;

type World = { vendors: Vendors; dataDir: string; settings: Settings; dice: Dice };

/** Both vendors, orders that are ready to be picked at once, and answers slow enough to die before. */
async function openWorld(seed: string, multiShipment: boolean): Promise<World> {
  const vendors = await openVendors({
    market: { acceptance: 'AUTOMATIC', multiShipment, latencyMs: { min: 20, max: 120 } },
    warehouse: { allocationDelayMs: 0 },
  });
  const dataDir = await openDataFolder();
  onTestFinished(() => endDatabase(dataDir));
  const settings = chaosSettings({ urls: vendors.urls, dataDir });
  // Faster than a file may ask for, so that a test sees many despatches.
  for (const warehouse of settings.warehouses) warehouse.despatch.collectSeconds = 1;
  for (const channel of settings.channels) channel.stock.mode = 'off';
  return { vendors, dataDir, settings, dice: new Dice(seed) };
}

/** Shoppers who buy, and pickers who send each order whole or in two parcels; ends with the test. Numbers are
 *  never given twice. */
function peopleWork({ vendors, dice }: World): { stop(): void } {
  const { market, warehouse } = vendors;
  let parcels = 0;
  const buy = () => {
    const lines = itemCodes.slice(0, dice.between(1, 2)).map((offerSku) => ({
      offerSku,
      quantity: dice.between(1, 2),
      unitPrice: '10.00',
    }));
    market.shopperBuys({ lines, shippingTypeCode: 'STD' });
  };
  const send = () => {
    for (const [number, order] of warehouse.truth.salesOrders) {
      if (order.status !== 'Allocated' || !isWhole(vendors, number)) continue;
      warehouse.pickStarts(number);
      const [first] = order.lines;
      const isSplit = dice.chance(0.3) && order.lines.length > 1;
      if (isSplit) leave(number, [{ itemCode: first!.item.code, quantity: first!.quantity }]);
      leave(number);
    }
  };
  const leave = (number: string, lines?: { itemCode: string; quantity: number }[]) => {
    parcels += 1;
    const trackingNumber = `155${String(10_000_000_123 + parcels * 7)}`;
    warehouse.despatch(number, { carrier: 'DPD', trackingNumber, ...(lines ? { lines } : {}) });
  };
  const timers = [setInterval(buy, 150), setInterval(send, 60)];
  const stop = () => timers.forEach(clearInterval);
  onTestFinished(stop);
  return {
    stop: () => {
      stop();
      send();
    },
  };
}

/** All of the order has come into the warehouse: lines follow the header. */
function isWhole({ market, warehouse }: Vendors, number: string): boolean {
  const units = (lines: readonly { quantity: number }[] | undefined) =>
    (lines ?? []).reduce((sum, one) => sum + one.quantity, 0);
  return (
    units(market.truth.orders.get(number)?.lines) ===
    units(warehouse.truth.salesOrders.get(number)?.lines)
  );
}

/** What the marketplace does not show as it left. Empty: all is told, each parcel with its own number. */
function wrongs({ market, warehouse }: Vendors, isMultiShipment: boolean): string[] {
  const found: string[] = [];
  const sent = Map.groupBy(warehouse.truth.despatches, (row) => row.order.number);
  for (const [number, rows] of sent) {
    const numbers = new Set(rows.map((row) => row.trackingNumber));
    for (const line of market.truth.shippedLines(number)) {
      if (line.unitsLeft > 0 || line.units !== line.orderedUnits)
        found.push(`${number}: ${line.units} of ${line.orderedUnits} ${line.offerSku} shown`);
      for (const entry of line.entries) {
        const own = rows.filter(
          (row) =>
            row.trackingNumber === entry.trackingNow?.number && row.item.code === line.offerSku,
        );
        const isRight = isMultiShipment
          ? own.reduce((sum, row) => sum + row.quantity, 0) === entry.units
          : numbers.has(entry.trackingNow?.number ?? '');
        if (!isRight) found.push(`${number}: ${line.offerSku} with ${entry.trackingNow?.number}`);
      }
    }
  }
  return found;
}

/** Calls that told of a despatch and had an effect. */
function tellings({ market }: Vendors): number {
  return market.truth.shippingWrites.length;
}

/** Resolves as soon as one more has reached the marketplace: its answer is still on its way. */
async function somethingIsTold(vendors: Vendors): Promise<void> {
  const before = tellings(vendors);
  await until(() => tellings(vendors) > before, 'something is told', 60_000);
}

/** Everything is told by a service that starts as if later, and it knows. */
async function expectAllToldInTheEnd(world: World, isMultiShipment: boolean): Promise<void> {
  const { vendors, settings, dataDir } = world;
  const service = startRealService(settings, { aheadMs: laterMs });
  const isRight = async () =>
    wrongs(vendors, isMultiShipment).length === 0 && (await openParcels(dataDir)) === 0;
  await until(isRight, 'all is told', 60_000).catch(() => {});
  expect(wrongs(vendors, isMultiShipment)).toEqual([]);
  expect(await openParcels(dataDir)).toBe(0);
  await service.stop();
  expect(service.child.exitCode).toBe(0);
  const { truth } = vendors.market;
  expect(truth.doubleShipments).toEqual([]);
  expect(truth.contractBreaches).toEqual([]);
  const units = truth.shipped.reduce((sum, one) => sum + one.units, 0);
  const left = vendors.warehouse.truth.despatches.reduce((sum, row) => sum + row.quantity, 0);
  expect(units).toBe(left);
  expect(truth.orders.size).toBeGreaterThan(30);
}

/** Parcels that we do not take for seen on the marketplace yet. */
async function openParcels(dataDir: string): Promise<number> {
  const running = await findRunningDatabase(join(dataDir, 'postgres')).catch(() => null);
  if (!running) return -1;
  const opened = openDatabase(running.connectionString, { poolSize: 1, onError: () => {} });
  try {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from confirmations where step <> 'verified'`.execute(opened.db);
    return rows[0]!.count;
  } finally {
    await opened.close();
  }
}

describe.each([
  ['whole orders', false],
  ['several shipments per order', true],
])(
  'kill -9 in the middle of telling, goods leaving all the time (%s)',
  (_operator, multiShipment) => {
    it('of the service, eight times between a call and its answer: all is told, nothing twice', async () => {
      const world = await openWorld(
        `despatch: kills of the service ${multiShipment}`,
        multiShipment,
      );
      const { vendors, settings, dice } = world;
      let service = startRealService(settings);
      expect(await service.said).toBe('started');
      const people = peopleWork(world);
      for (let kills = 0; kills < 8; kills += 1) {
        await somethingIsTold(vendors);
        // Every other time a little later: while it is kept, or the next is under way.
        if (kills % 2 === 1) await systemClock.sleep(dice.between(0, 400));
        await service.kill();
        service = startRealService(settings);
        expect(await service.said).toBe('started');
      }
      await somethingIsTold(vendors);
      people.stop();
      await service.kill();
      await expectAllToldInTheEnd(world, multiShipment);
    }, 240_000);

    it('of PostgreSQL, postmaster and workers: all is told, nothing twice, the service lives', async () => {
      const world = await openWorld(
        `despatch: kills of the database ${multiShipment}`,
        multiShipment,
      );
      const { vendors, dataDir, settings, dice } = world;
      const service = startRealService(settings);
      expect(await service.said).toBe('started');
      const people = peopleWork(world);
      for (let kills = 0; kills < 5; kills += 1) {
        await somethingIsTold(vendors);
        if (kills % 3 === 2) await systemClock.sleep(dice.between(0, 400));
        const postmaster = (await postmasterOf(dataDir))!;
        killQuietly(
          kills % 2 === 0 ? postmaster : dice.pick(await backendsOf(postmaster)),
          'SIGKILL',
        );
      }
      await somethingIsTold(vendors);
      people.stop();
      expect(service.child.exitCode).toBeNull();
      await service.stop();
      await expectAllToldInTheEnd(world, multiShipment);
    }, 240_000);
  },
);
