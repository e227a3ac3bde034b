/** Real processes for chaos: both simulators over HTTP in the test, the service as child processes that can be
 *  killed, stopped and started again on one data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { Dice } from '../../simulators/kernel.ts';
import { calm, type MiraklOptions } from '../../simulators/mirakl/options.ts';
import { createMiraklSimulator, type MiraklSimulator } from '../../simulators/mirakl/simulator.ts';
import type { PeoplevoxOptions } from '../../simulators/peoplevox/options.ts';
import {
  createPeoplevoxSimulator,
  type PeoplevoxSimulator,
} from '../../simulators/peoplevox/simulator.ts';
import { serve } from '../../simulators/serve.ts';
import { systemClock } from '../../src/clock.ts';
import { type Settings, settingsShape } from '../../src/settings.ts';
import { ended } from '../node-script.ts';
import type { Given } from './service-process.ts';

export const itemCodes = ['LAMP', 'MUG', 'TEE'] as const;

export type Vendors = {
  market: MiraklSimulator;
  warehouse: PeoplevoxSimulator;
  /** Origin of each. */
  urls: { market: string; warehouse: string };
};

/** Both vendors, ceilings lifted, closed when the test is over. */
export async function openVendors(
  own: { market?: Partial<MiraklOptions>; warehouse?: Partial<PeoplevoxOptions> } = {},
): Promise<Vendors> {
  const clock = { nowMs: () => systemClock.nowMs() };
  const market = createMiraklSimulator({
    clock,
    dice: new Dice('market'),
    apiKey: 'key-1',
    orderIdPrefix: 'JL',
    quirks: calm,
    acceptance: 'BOTH',
    ceilings: 'off',
    perEventPerSecond: 1_000_000,
    latencyMs: { min: 0, max: 20 },
    debitDelayMs: { min: 0, max: 500 },
    ...own.market,
  });
  const warehouse = createPeoplevoxSimulator({
    clock,
    dice: new Dice('warehouse'),
    clientId: 'tenant1',
    username: 'packhorse',
    password: 'password-1',
    ratePerWindow: 'off',
    latencyMs: { min: 0, max: 40, perRow: 1 },
    ...own.warehouse,
  });
  for (const itemCode of itemCodes) {
    market.setOffer({ shopSku: itemCode, price: '10.00', quantity: 1_000_000 });
    warehouse.addItem({ itemCode, stock: { PrimarySite: 1_000_000 } });
  }
  const served = [await serve(market.handle), await serve(warehouse.handle)];
  onTestFinished(async () => {
    await Promise.all(served.map((one) => one.close()));
  });
  return { market, warehouse, urls: { market: served[0]!.url, warehouse: served[1]!.url } };
}

/** A folder for the embedded database, gone when the test is over. */
export async function openDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'packhorse-chaos-'));
  await chmod(folder, 0o711); // root's database runs under another account, which must be able to enter
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Settings with fast cadences; with a database URL, else with the embedded database in the folder. */
export function chaosSettings(given: {
  urls: Vendors['urls'];
  dataDir: string;
  databaseUrl?: string;
  rowsPerCall?: number;
}): Settings {
  const settings = settingsShape.parse({
    service: { dataDir: given.dataDir, logLevel: 'silent' },
    database: given.databaseUrl === undefined ? {} : { url: given.databaseUrl },
    channels: [
      {
        id: 'john-lewis',
        name: 'John Lewis',
        url: given.urls.market,
        apiKey: 'key-1',
        warehouse: 'main',
        shippingTypes: { STD: 'Standard' },
        timeoutSeconds: 5,
      },
    ],
    warehouses: [
      {
        id: 'main',
        url: given.urls.warehouse,
        clientId: 'tenant1',
        username: 'packhorse',
        password: 'password-1',
        callsPerSecond: 15,
        templateTimeoutSeconds: 5,
        rowsPerCall: given.rowsPerCall ?? 20,
      },
    ],
    cadences: { exportSeconds: 1, acceptSeconds: 1, referenceSeconds: 60 },
    policies: {
      flowRetryFirstSeconds: 1,
      flowRetryMostSeconds: 2,
      retryFirstSeconds: 1,
      retryMostSeconds: 3,
    },
  });
  // Faster than a file may ask for: a test has no fifteen seconds for each poll.
  for (const channel of settings.channels) channel.pollSeconds = 1;
  settings.cadences.referenceSeconds = 1;
  return settings;
}

export type RealService = {
  child: ChildProcess;
  startedAtMs: number;
  /** Resolves with what the process said first: `started`, or `failed ...`. */
  said: Promise<string>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>;
};

const script = fileURLToPath(new URL('service-process.ts', import.meta.url));

/** Starts the service as a process; it is killed when the test is over. Unpaced, on the machine's clock. */
export function startRealService(
  settings: Settings,
  how: Partial<Omit<Given, 'settings'>> = {},
): RealService {
  const given: Given = { settings, isPaced: false, aheadMs: 0, ...how };
  const child = spawn(process.execPath, [script, JSON.stringify(given)], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended(child);
  });
  const said = new Promise<string>((tell) => {
    let text = '';
    child.stdout!.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\n')) tell(text.trim());
    });
    child.once('close', () => tell(text.trim() || 'died'));
  });
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    await ended(child);
  };
  return {
    child,
    startedAtMs: systemClock.nowMs(),
    said,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** The embedded PostgreSQL's postmaster; null when there is none. */
export async function postmasterOf(dataDir: string): Promise<number | null> {
  const file = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** Processes that the postmaster made, such as one for each connection. */
export async function backendsOf(postmaster: number): Promise<number[]> {
  const path = `/proc/${postmaster}/task/${postmaster}/children`;
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Ends the embedded database of a folder, whoever left it behind. */
export async function endDatabase(dataDir: string): Promise<void> {
  const pid = await postmasterOf(dataDir);
  if (pid !== null) killQuietly(pid, 'SIGKILL');
}

export function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** Looks again and again until it is so. Throws after `withinMs`. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  withinMs: number,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + withinMs;
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > deadlineMs)
      throw new Error(`not within ${withinMs} ms: ${what}`);
    await systemClock.sleep(20);
  }
}
