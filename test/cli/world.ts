/** A folder with a configuration, a database and both vendors simulated over HTTP, and the real command line
 *  as a process of its own in it. Everything ends with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
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
import { createPeoplevoxClient } from '../../src/peoplevox/client.ts';
import { connectionDefaults } from '../../src/peoplevox/connection.ts';
import { createMemorySessionStore } from '../../src/peoplevox/session.ts';
import { createHttpTransport, unpaced } from '../../src/transport.ts';
import { openTestDatabase } from '../database.ts';
import { repository } from '../node-script.ts';

/** Ends what was opened; newest first. */
export type Cleanup = (act: () => void | Promise<void>) => void;

export type Outcome = { code: number | null; output: string; errors: string };

export type World = {
  folder: string;
  mirakl: MiraklSimulator;
  peoplevox: PeoplevoxSimulator;
  /** Writes packhorse.yaml: the usual one with these changes to its only channel and warehouse. */
  configure(changes?: Changes): Promise<void>;
  /** Runs a command to its end. */
  cli(...args: string[]): Promise<Outcome>;
  /** The same with --json, its output parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads is what it checks.
  json(...args: string[]): Promise<{ code: number | null; data: any }>;
  /** Starts `packhorse run` and resolves when it says that it runs. */
  run(): Promise<ChildProcess>;
  environment: Record<string, string>;
};

export type Changes = {
  channel?: Record<string, unknown>;
  warehouse?: Record<string, unknown>;
  top?: Record<string, unknown>;
};

/** Each command compiles the same sources; this halves what they cost here. */
export const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'packhorse-compile-cache') };

const apiKey = 'key-of-the-shop';
const password = 'pass,wörd&<1>';

export async function openWorld(
  cleanup: Cleanup,
  options: {
    mirakl?: Partial<MiraklOptions>;
    peoplevox?: Partial<PeoplevoxOptions>;
    database?: 'own' | 'embedded' | 'none';
  } = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'packhorse-cli-'));
  cleanup(() => rm(folder, { recursive: true, force: true }));
  const { mirakl, peoplevox } = openVendors(options);
  const marketplace = await serve(mirakl.handle);
  cleanup(() => marketplace.close());
  const tenant = await serve(peoplevox.handle);
  cleanup(() => tenant.close());
  const environment: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    ...compileCache,
    SHOP_KEY: apiKey,
    WMS_PASSWORD: password,
    DATABASE_URL: '',
  };
  if (options.database === 'none') {
    environment['DATABASE_URL'] = 'postgresql://nobody:secret@127.0.0.1:1/nothing';
  } else if (options.database !== 'embedded') {
    const database = await openTestDatabase();
    cleanup(() => database.drop());
    environment['DATABASE_URL'] = database.connectionString;
  }
  const cli = (...args: string[]) => outcomeOf(startCli(folder, environment, args, cleanup));
  const world: World = {
    folder,
    mirakl,
    peoplevox,
    environment,
    configure: async (changes = {}) => {
      const config = configOf(marketplace.url, tenant.url, changes);
      await writeFile(join(folder, 'packhorse.yaml'), stringify(config));
    },
    cli,
    json: async (...args) => {
      const { code, output, errors } = await cli(...args, '--json');
      if (output === '') throw new Error(`no JSON; exit code ${code}: ${errors}`);
      return { code, data: JSON.parse(output) };
    },
    run: async () => {
      const child = startCli(folder, environment, ['run', '--json'], cleanup);
      let errors = '';
      child.stderr?.on('data', (bytes) => (errors += bytes));
      for await (const line of createInterface({ input: child.stdout! })) {
        if (JSON.parse(line).event !== 'running') continue;
        // Leaving the loop pauses the stream, and a paused one never ends.
        child.stdout?.resume();
        return child;
      }
      throw new Error(`run ended: ${errors}`);
    },
  };
  await world.configure();
  await addServiceTypes(tenant.url, options.peoplevox?.passwordEncoding ?? 'base64');
  return world;
}

/** As a person sets them up in the tenant. */
async function addServiceTypes(url: string, passwordEncoding: 'base64' | 'plain'): Promise<void> {
  const http = createHttpTransport();
  const client = createPeoplevoxClient({
    connection: {
      ...connectionDefaults,
      id: 'set-up',
      url,
      clientId: 'EXAMPLE',
      username: 'packhorse',
      password,
      passwordEncoding,
    },
    transport: http.send,
    clock: systemClock,
    pace: unpaced,
    sessions: createMemorySessionStore(systemClock),
    noteCall: () => {},
  });
  await client.saveData({
    templateName: 'Service types',
    columns: ['Carrier', 'Name', 'Code'],
    rows: [
      ['DPD', 'Standard delivery', 'STANDARD'],
      ['DPD', 'Express delivery', 'EXPRESS'],
    ],
    action: 0,
  });
  await http.close();
}

/** A marketplace and a tenant in which everything fits the usual configuration. */
function openVendors(options: {
  mirakl?: Partial<MiraklOptions>;
  peoplevox?: Partial<PeoplevoxOptions>;
}) {
  const clock = { nowMs: () => Date.now() };
  const mirakl = createMiraklSimulator({
    clock,
    dice: new Dice(11),
    apiKey,
    quirks: calm,
    ceilings: 'enforced',
    ceilingNumbers: { OR11: null, OR04: null, OR13: null },
    latencyMs: { min: 0, max: 0 },
    debitDelayMs: { min: 0, max: 0 },
    ...options.mirakl,
  });
  const peoplevox = createPeoplevoxSimulator({
    clock,
    dice: new Dice(12),
    clientId: 'EXAMPLE',
    username: 'packhorse',
    password,
    ratePerWindow: 'off',
    ...options.peoplevox,
  });
  peoplevox.addItem({ itemCode: 'ITEM-1', stock: { PrimarySite: 100 } });
  peoplevox.addItem({ itemCode: '00012', stock: { PrimarySite: 100 } });
  return { mirakl, peoplevox };
}

function configOf(marketplaceUrl: string, tenantUrl: string, changes: Changes) {
  return {
    service: { logLevel: 'warn', dataDir: 'data' },
    channels: [
      {
        id: 'john-lewis',
        name: 'John Lewis',
        url: marketplaceUrl,
        apiKey: '${SHOP_KEY}',
        warehouse: 'main',
        // One poll is enough; a second one would wait for its ceiling while the service is stopped.
        pollSeconds: 3600,
        acceptance: { policy: 'manual' },
        shippingTypes: { STD: 'STANDARD', EXP: 'EXPRESS', LETTER: 'STANDARD', CLC: 'STANDARD' },
        ...changes.channel,
      },
    ],
    warehouses: [
      {
        id: 'main',
        url: tenantUrl,
        clientId: 'EXAMPLE',
        username: 'packhorse',
        password: '${WMS_PASSWORD}',
        callsPerSecond: 15,
        ...changes.warehouse,
      },
    ],
    ...changes.top,
  };
}

/** Starts the real command line in a folder; killed when the test ends. */
export function startCli(
  folder: string,
  environment: Record<string, string>,
  args: readonly string[],
  cleanup: Cleanup,
): ChildProcess {
  const program = join(repository, 'src', 'cli', 'main.ts');
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanup(() => void child.kill('SIGKILL'));
  return child;
}

/** Collects what the process writes until it ends. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const said = { output: '', errors: '' };
  child.stdout?.on('data', (bytes) => (said.output += bytes));
  child.stderr?.on('data', (bytes) => (said.errors += bytes));
  const code = await new Promise<number | null>((settle) => child.once('close', settle));
  return { code, ...said };
}

type FoundCheck = { subject: string; name: string; status: string; fact: string; remedy?: string };

/** The checks of a doctor's answer as one list. */
export function checksOf(data: {
  examinations: { subject: string; checks: Omit<FoundCheck, 'subject'>[] }[];
}): FoundCheck[] {
  return data.examinations.flatMap(({ subject, checks }) =>
    checks.map((one) => ({ subject, ...one })),
  );
}
