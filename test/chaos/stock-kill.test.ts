/** Real kills in the middle of publishing: whatever died when, no figure above the truth is left standing. */
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
  killQuietly,
  openDataFolder,
  openVendors,
  postmasterOf,
  startRealService,
  until,
  type Vendors,
} from './real-service.ts';

/** Items whose stock moves all the time. */
const pins = Array.from({ length: 400 }, (_, at) => `PIN-${String(at).padStart(3, '0')}`);
/** Longer than any wait before something is looked for, or sent, again. */
const laterMs = 12 * 60_000;

type World = { vendors: Vendors; dataDir: string; settings: Settings; dice: Dice };

/** Both vendors with many items, imports that end soon, and answers slow enough to die before. */
async function openWorld(seed: string): Promise<World> {
  const vendors = await openVendors({
    market: {
      acceptance: 'AUTOMATIC',
      latencyMs: { min: 60, max: 200 },
      importWaitingMs: { min: 0, max: 400 },
      importRunningMs: { min: 0, max: 400 },
      importMsPerLine: 0,
      exportDelayMs: { min: 0, max: 100 },
    },
  });
  for (const itemCode of pins) {
    vendors.warehouse.addItem({ itemCode, stock: { PrimarySite: 40 } });
    vendors.market.setOffer({ shopSku: itemCode, price: '1.00', quantity: 90 });
  }
  const dataDir = await openDataFolder();
  onTestFinished(() => endDatabase(dataDir));
  const settings = chaosSettings({ urls: vendors.urls, dataDir });
  // Faster than a file may ask for, so that a test sees many files.
  for (const channel of settings.channels) channel.stock.publishSeconds = 1;
  stockIsAlwaysDue(dataDir);
  return { vendors, dataDir, settings, dice: new Dice(seed) };
}

/** Has the flows of stock run all the time, as if their cadences were shorter; ends with the test. */
function stockIsAlwaysDue(dataDir: string): void {
  let isOver = false;
  const wake = async () => {
    const running = await findRunningDatabase(join(dataDir, 'postgres')).catch(() => null);
    if (!running) return;
    const opened = openDatabase(running.connectionString, { poolSize: 1, onError: () => {} });
    try {
      while (!isOver) {
        await sql`update flows set next_due_at = '2020-01-01' where flow like 'stock.%' and paused_at is null`.execute(
          opened.db,
        );
        await systemClock.sleep(150);
      }
    } finally {
      await opened.close().catch(() => {});
    }
  };
  const done = (async () => {
    while (!isOver) {
      // The database is away, or has no tables yet.
      await wake().catch(() => {});
      await systemClock.sleep(150);
    }
  })();
  onTestFinished(async () => {
    isOver = true;
    await done;
  });
}

/** Somebody counts shelves all the time; ends with the test. */
function stockMoves({ vendors, dice }: World, everyMs: number): { stop(): void } {
  const own = dice.fork('counts');
  const count = () =>
    vendors.warehouse.stockCounted(own.pick(pins), 'PrimarySite', own.between(0, 80));
  const timer = setInterval(count, everyMs);
  const stop = () => clearInterval(timer);
  onTestFinished(stop);
  return { stop };
}

/** Offers that do not show what the warehouse has, less one. */
function wrong({ market, warehouse }: Vendors): string[] {
  return pins.flatMap((sku) => {
    const available = warehouse.truth.stockAt(sku).get('PrimarySite')!.available;
    const shown = market.offer(sku)!.quantity;
    return shown === Math.max(0, available - 1) ? [] : [`${sku}: ${shown} of ${available}`];
  });
}

/** Resolves as soon as one more file has reached the marketplace: its answer is still on its way. */
async function aFileArrives({ market }: Vendors): Promise<void> {
  const before = market.truth.imports.length;
  await until(() => market.truth.imports.length > before, 'a file arrives', 30_000);
}

/** Everything is put right by a service that starts as if later, and stays right. */
async function expectRightInTheEnd({ vendors, settings }: World): Promise<void> {
  const service = startRealService(settings, { aheadMs: laterMs });
  await until(() => wrong(vendors).length === 0, 'all is right', 50_000).catch(() => {});
  expect(wrong(vendors)).toEqual([]);
  // Nothing that is still under way may overwrite it.
  const { truth } = vendors.market;
  const isOver = () => truth.imports.every((one) => one.endedMs !== null);
  await until(isOver, 'every import has ended', 5_000);
  expect(wrong(vendors)).toEqual([]);
  await service.stop();
  expect(service.child.exitCode).toBe(0);
}

/** Imports by what became of them, by our own book. */
async function importsByState(dataDir: string): Promise<Record<string, number>> {
  const running = await findRunningDatabase(join(dataDir, 'postgres'));
  const opened = openDatabase(running!.connectionString, { poolSize: 1, onError: () => {} });
  try {
    const { rows } = await sql<{ state: string; count: number }>`
      select state, count(*)::int as count from stock_imports group by state`.execute(opened.db);
    return Object.fromEntries(rows.map((one) => [one.state, one.count]));
  } finally {
    await opened.close();
  }
}

describe('kill -9 in the middle of publishing, stock moving all the time', () => {
  it('of the service, ten times between a file and its answer: all figures end right', async () => {
    const world = await openWorld('stock: kills of the service');
    const { vendors, dataDir, settings } = world;
    let service = startRealService(settings);
    expect(await service.said).toBe('started');
    const moves = stockMoves(world, 15);
    for (let kills = 0; kills < 10; kills += 1) {
      await aFileArrives(vendors);
      // Every other time a little later: while it is kept, followed, or the next read is under way.
      if (kills % 2 === 1) await systemClock.sleep(world.dice.between(0, 600));
      await service.kill();
      service = startRealService(settings);
      expect(await service.said).toBe('started');
    }
    await aFileArrives(vendors);
    expect((await importsByState(dataDir))['lost']).toBeGreaterThanOrEqual(5);
    moves.stop();
    await service.kill();
    await expectRightInTheEnd(world);
  }, 180_000);

  it('of PostgreSQL, postmaster and workers: all figures end right, the service lives', async () => {
    const world = await openWorld('stock: kills of the database');
    const { vendors, dataDir, settings, dice } = world;
    const service = startRealService(settings);
    expect(await service.said).toBe('started');
    const moves = stockMoves(world, 15);
    for (let kills = 0; kills < 6; kills += 1) {
      await aFileArrives(vendors);
      if (kills % 3 === 2) await systemClock.sleep(dice.between(0, 600));
      const postmaster = (await postmasterOf(dataDir))!;
      const backends = await backendsOf(postmaster);
      killQuietly(kills % 2 === 0 ? postmaster : dice.pick(backends), 'SIGKILL');
    }
    await aFileArrives(vendors);
    moves.stop();
    expect(service.child.exitCode).toBeNull();
    await service.stop();
    expect(service.child.exitCode).toBe(0);
    await expectRightInTheEnd(world);
  }, 180_000);
});
