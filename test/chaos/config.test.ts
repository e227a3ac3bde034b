import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dice } from '../../simulators/kernel.ts';
import { serve } from '../../simulators/serve.ts';
import { openDatabase } from '../../src/runtime/db.ts';
import { findRunningDatabase } from '../../src/runtime/embedded-postgres.ts';
import { progress, shoppersBuy, wrongs, wrongsInTheEnd } from './live-trade.ts';
import {
  chaosSettings,
  endDatabase,
  openDataFolder,
  openVendors,
  startRealService,
  until,
} from './real-service.ts';

/** Runs a query on the embedded database of a running service, as a guest. */
async function openExceptions(dataDir: string): Promise<string[]> {
  const running = await findRunningDatabase(join(dataDir, 'postgres'));
  if (!running) return [];
  const opened = openDatabase(running.connectionString, { poolSize: 2, onError: () => {} });
  try {
    const rows = await opened.db
      .selectFrom('exceptions')
      .select(['code', 'subject_id', 'message'])
      .where('state', 'in', ['open', 'retrying'])
      .execute();
    return rows.map((row) => `${row.code} ${row.subject_id} ${row.message}`);
  } finally {
    await opened.close();
  }
}

describe('a vendor that cannot be reached when the service starts', () => {
  it('the service starts, names it, and goes on when the vendor comes up', async () => {
    const vendors = await openVendors({ market: { acceptance: 'AUTOMATIC' } });
    const dataDir = await openDataFolder();
    onTestFinished(() => endDatabase(dataDir));
    const port = await aFreePort();
    const urls = { ...vendors.urls, market: `http://127.0.0.1:${port}` };
    const service = startRealService(chaosSettings({ urls, dataDir }));
    expect(await service.said).toBe('started');
    let raised: string[] = [];
    await until(
      async () => (raised = await openExceptions(dataDir)).some((one) => /intake/.test(one)),
      'the vendor is named',
      20_000,
    );
    for (const one of raised) expect(one).toMatch(/^connection-failing orders\.\w+ .*ECONNREFUSED/);

    const line = { offerSku: 'LAMP', quantity: 1, unitPrice: '10.00' };
    vendors.market.shopperBuys({ lines: [line], shippingTypeCode: 'STD' });
    const late = await serve(vendors.market.handle, { port });
    onTestFinished(() => late.close());
    await until(() => vendors.warehouse.truth.salesOrders.size === 1, 'the order goes in', 20_000);
    const isOpen = async () => (await openExceptions(dataDir)).some((one) => /intake/.test(one));
    await until(async () => !(await isOpen()), 'it is settled', 20_000);
    await service.stop();
  });
});

describe('a second instance on the same data folder', () => {
  it('says who holds the folder and what to do, and disturbs nobody', async () => {
    const vendors = await openVendors();
    const dataDir = await openDataFolder();
    onTestFinished(() => endDatabase(dataDir));
    const settings = chaosSettings({ urls: vendors.urls, dataDir });
    const first = startRealService(settings);
    expect(await first.said).toBe('started');
    const second = startRealService(settings);
    expect(await second.said).toMatch(
      new RegExp(
        `^failed DatabaseInUse: .*in use by process ${first.child.pid} .*service\\.dataDir`,
      ),
    );
    shoppersBuy(vendors, new Dice('shoppers'), 100);
    await until(() => progress(vendors) > 0, 'the first goes on', 20_000);
    await first.stop();
    expect(first.child.exitCode).toBe(0);
  });
});

const smallDisk = aSmallDisk();

describe.skipIf(smallDisk === null)('a full disk (skipped where none can be mounted)', () => {
  it('is said so at the start', async () => {
    const disk = mountSmall(8);
    const vendors = await openVendors();
    const service = startRealService(chaosSettings({ urls: vendors.urls, dataDir: disk }));
    expect(await service.said).toMatch(/^failed DatabaseFailed: .*the disk is full/);
  });

  it('in the middle of the work loses nothing; work goes on once there is space', async () => {
    const disk = mountSmall(160);
    onTestFinished(() => endDatabase(disk));
    const vendors = await openVendors();
    const settings = chaosSettings({ urls: vendors.urls, dataDir: disk });
    const service = startRealService(settings);
    expect(await service.said).toBe('started');
    const shoppers = shoppersBuy(vendors, new Dice('shoppers'), 60);
    await until(() => progress(vendors) > 30, 'it works', 20_000);
    const ballast = join(disk, 'ballast');
    fill(ballast);
    const full = progress(vendors);
    await until(() => vendors.market.truth.orders.size > 150, 'shoppers go on', 30_000);
    expect(wrongs(vendors).length).toBeGreaterThan(20); // the full disk did stop the work
    rmSync(ballast);
    await until(() => progress(vendors) > full, 'work goes on', 40_000);
    shoppers.stop();
    await service.stop();
    expect(await wrongsInTheEnd(vendors, settings)).toEqual([]);
  });
});

/** A port that nobody listens on. */
async function aFreePort(): Promise<number> {
  const served = await serve(() => ({ status: 200, headers: {}, body: '', delayMs: 0 }));
  const { port } = new URL(served.url);
  await served.close();
  return Number(port);
}

/** A folder for mounts; null when this account may not mount. */
function aSmallDisk(): string | null {
  const folder = '/tmp/packhorse-small-disk-probe';
  try {
    mkdirSync(folder, { recursive: true });
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
      stdio: 'ignore',
    });
    execFileSync('/bin/umount', [folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mountSmall(megabytes: number): string {
  const folder = `/tmp/packhorse-small-disk-${process.pid}-${megabytes}`;
  mkdirSync(folder, { recursive: true });
  const size = `size=${megabytes}m,mode=0711`;
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder]);
  onTestFinished(() => {
    // Lazy: a database that was killed a moment ago may still have it open.
    execFileSync('/bin/umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Writes until not a byte is left. */
function fill(file: string): void {
  for (const size of [1_000_000, 10_000, 100]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size, 1), { flag: 'a' });
    } catch {
      // Full for this size; a smaller piece may still fit.
    }
  }
}
