/** What flow tests stand on: the real service on a real database, both simulators over real HTTP, a clock
 *  that leaps. Flows are run one at a time until none is due. */
import { onTestFinished } from 'vitest';
import { Dice, type SimHandler, type SimReply, type SimRequest } from '../../simulators/kernel.ts';
import { calm, type MiraklOptions } from '../../simulators/mirakl/options.ts';
import type { Purchase } from '../../simulators/mirakl/purchases.ts';
import { createMiraklSimulator, type MiraklSimulator } from '../../simulators/mirakl/simulator.ts';
import type { PeoplevoxOptions } from '../../simulators/peoplevox/options.ts';
import {
  createPeoplevoxSimulator,
  type PeoplevoxSimulator,
} from '../../simulators/peoplevox/simulator.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import type { Clock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import {
  composeService,
  driveByHand,
  type ManualDrive,
  type Service,
  type ServiceDeps,
} from '../../src/main.ts';
import type { RunOutcome } from '../../src/runtime/runs.ts';
import { type Settings, settingsShape } from '../../src/settings.ts';
import { createHttpTransport, type HttpRequest, type Transport } from '../../src/transport.ts';
import { openTestDatabase } from '../database.ts';
import { createLeapingClock, type LeapingClock } from './leaping-clock.ts';

/** Channels by the names the tests use. */
export const johnLewis = 'john-lewis';
export const secondMarket = 'second-market';
export const warehouseId = 'main';
/** ItemCodes on the shelves of every test, 100 units each, and their prices on offer. */
export const prices = { LAMP: '30.00', MUG: '8.50', TEE: '12.00' } as const;

type SettingsInput = Record<string, unknown>;
export type TradeOptions = {
  marketplace?: Partial<MiraklOptions>;
  /** Set: there is a second marketplace, filled from the same warehouse. */
  second?: { marketplace?: Partial<MiraklOptions>; channel?: SettingsInput };
  warehouse?: Partial<PeoplevoxOptions>;
  channel?: SettingsInput;
  house?: SettingsInput;
  policies?: SettingsInput;
  callbacks?: SettingsInput;
  /** Stock is kept too; else it is off, so that it neither calls nor changes offers. */
  withStock?: boolean;
  /** Despatches are collected and told too. */
  withDespatch?: boolean;
  /** The daily rescan runs too; else it is paused, so that it hides nothing. */
  withRescan?: boolean;
};

export type Bought = { [itemCode: string]: number };

export type Trade = {
  clock: LeapingClock;
  service: Service;
  settings: Settings;
  johnLewis: MiraklSimulator;
  second: MiraklSimulator;
  warehouse: PeoplevoxSimulator;
  /** Vendors as the service reaches them, by channel or warehouse id. */
  network: Record<string, Host>;
  /** Called when a vendor has answered and its answer is still on its way to the service. */
  afterCall: (request: HttpRequest) => Promise<void>;
  /** Resolves when such a call has had its effect; whoever sent it never hears of it and never goes on. */
  dieAfter(isMeant: (request: HttpRequest) => boolean): Promise<void>;
  /** Kills the service where it stands and composes a new one on the same database. */
  restart(): Promise<void>;
  /** Runs flows until none is due. */
  work(): Promise<void>;
  /** Lets time pass, running flows as they fall due. */
  pass(minutes: number): Promise<void>;
  /** Lets time pass while nothing runs, then works. */
  leap(minutes: number): Promise<void>;
  /** Runs one flow once, whatever is due. */
  run(flow: string, connection?: string): Promise<RunOutcome>;
};

export type Host = {
  url: string;
  /** Stops or starts answering; the port stays the same. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Answers in the vendor's place, or returns null to let the vendor answer. */
  instead: (request: SimRequest, vendor: SimHandler) => SimReply | null;
};

/** Mondays in winter: London is on UTC. */
export const startMs = Date.UTC(2026, 1, 2, 9, 0, 0);
const minuteMs = 60_000;
const mostRounds = 500;
/** While a vendor is away every call of every flow waits before it is given up, so that the next flow is always
 *  due again: time that passed is not overrun by more than this. */
const overrunMs = 5 * minuteMs;

/** Opens a trade that ends with the test. */
export async function openTrade(options: TradeOptions = {}): Promise<Trade> {
  const clock = createLeapingClock(startMs);
  const market = aMarketplace(clock, 'JL', options.marketplace);
  const second = aMarketplace(clock, 'SM', options.second?.marketplace);
  const warehouse = aWarehouse(clock, options.warehouse);
  const network: Record<string, Host> = {
    [johnLewis]: await host(market.handle),
    [secondMarket]: await host(second.handle),
    [warehouseId]: await host(warehouse.handle),
  };
  const settings = settingsFor(options, (id) => network[id]!.url);
  const database = await openTestDatabase();
  const http = createHttpTransport();
  const hooks: Hooks = { afterCall: async () => {} };
  const transport: Transport = async (request) => {
    const answer = await http.send(request);
    await hooks.afterCall(request);
    return answer;
  };
  const url = database.connectionString;
  const isWithRescan = options.withRescan ?? false;
  const life = new Lives({ settings, databaseUrl: url, clock, transport, isWithRescan });
  await life.begin();
  onTestFinished(async () => {
    await life.service.close();
    await http.close();
    await Promise.all(Object.values(network).map((one) => one.down()));
    await database.drop();
  });
  const { work, pass, leap, run } = driverOf(life, clock);
  return {
    ...{ clock, settings, johnLewis: market, second, warehouse, network, work, pass, leap, run },
    get service() {
      return life.service;
    },
    get afterCall() {
      return hooks.afterCall;
    },
    set afterCall(hook) {
      hooks.afterCall = hook;
    },
    dieAfter: (isMeant) => dieAfter(hooks, isMeant),
    restart: async () => {
      const dead = life.service;
      await life.begin();
      // Not waited for: a connection that the dead one holds is never given back.
      void dead.close();
    },
  };
}

type Hooks = Pick<Trade, 'afterCall'>;

function dieAfter(hooks: Hooks, isMeant: (request: HttpRequest) => boolean): Promise<void> {
  return new Promise((tell) => {
    hooks.afterCall = async (request) => {
      if (!isMeant(request)) return;
      hooks.afterCall = async () => {};
      tell();
      await new Promise(() => {});
    };
  });
}

type LivesDeps = Pick<ServiceDeps, 'settings' | 'databaseUrl' | 'clock' | 'transport'> & {
  isWithRescan: boolean;
};

/** The lives of the service, one after the other, on one database. */
class Lives {
  readonly #deps: LivesDeps;
  #instance = 0;
  #service: Service | null = null;
  #drive: ManualDrive | null = null;

  constructor(deps: LivesDeps) {
    this.#deps = deps;
  }

  get service(): Service {
    return this.#service!;
  }

  get drive(): ManualDrive {
    return this.#drive!;
  }

  /** What the life before held is free again, as after its process died. */
  async begin(): Promise<void> {
    const dead = this.#instance === 0 ? [] : [this.#instance];
    const service = await composeService({ ...this.#deps, log: silentLog, isPaced: true });
    this.#instance += 1;
    const drive = driveByHand(service, this.#instance);
    await drive.begin(dead);
    if (!this.#deps.isWithRescan) await pauseRescan(service, this.#deps.clock);
    this.#service = service;
    this.#drive = drive;
  }
}

function driverOf(life: Lives, clock: LeapingClock): Pick<Trade, 'work' | 'pass' | 'leap' | 'run'> {
  const { signal } = new AbortController();
  const run = (name: string, connection: string) => {
    const flow = life.service.flows.find((f) => f.name === name && f.connection === connection);
    if (!flow) throw new Error(`no flow ${name} of ${connection}`);
    return life.drive.run(flow, signal, () => {});
  };
  const work = async (latestMs = Number.POSITIVE_INFINITY) => {
    for (let round = 0; round < mostRounds; round += 1) {
      if (clock.nowMs() > latestMs) return;
      const due = await life.drive.claimDue();
      if (due.length === 0) return;
      // Flows of an earlier life with other settings keep their rows.
      const known = due.filter((one) =>
        life.service.flows.some((f) => f.name === one.flow && f.connection === one.connection),
      );
      for (const one of known) await run(one.flow, one.connection);
    }
    throw new Error(`flows were still due after ${mostRounds} rounds`);
  };
  const pass = async (minutes: number) => {
    const endMs = clock.nowMs() + minutes * minuteMs;
    for (;;) {
      await work(endMs + overrunMs);
      const next = await life.drive.nextDue();
      if (!next || next.getTime() > endMs || clock.nowMs() > endMs) break;
      clock.leapTo(next.getTime());
    }
    clock.leapTo(endMs);
    await work(endMs + overrunMs);
  };
  const leap = async (minutes: number) => {
    clock.leapTo(clock.nowMs() + minutes * minuteMs);
    await work();
  };
  const usual = (name: string) => (name === 'orders.export' ? warehouseId : johnLewis);
  return {
    work: () => work(),
    pass,
    leap,
    run: (name, connection) => run(name, connection ?? usual(name)),
  };
}

function aMarketplace(
  clock: LeapingClock,
  orderIdPrefix: string,
  own: Partial<MiraklOptions> = {},
): MiraklSimulator {
  const simulator = createMiraklSimulator({
    clock,
    dice: new Dice(`market ${orderIdPrefix}`),
    apiKey: 'key-1',
    orderIdPrefix,
    quirks: calm,
    acceptance: 'AUTOMATIC',
    latencyMs: { min: 0, max: 0 },
    debitDelayMs: { min: 0, max: 0 },
    ...own,
  });
  for (const [shopSku, price] of Object.entries(prices)) {
    simulator.setOffer({ shopSku, price, quantity: 1_000 });
  }
  return simulator;
}

function aWarehouse(clock: LeapingClock, own: Partial<PeoplevoxOptions> = {}): PeoplevoxSimulator {
  const simulator = createPeoplevoxSimulator({
    clock,
    dice: new Dice('warehouse'),
    clientId: 'tenant1',
    username: 'packhorse',
    password: 'password-1',
    ...own,
  });
  for (const itemCode of Object.keys(prices)) {
    simulator.addItem({ itemCode, stock: { PrimarySite: 100 } });
  }
  return simulator;
}

function settingsFor(options: TradeOptions, urlOf: (id: string) => string): Settings {
  const channel = (id: string, name: string, own: SettingsInput = {}) => ({
    id,
    name,
    url: urlOf(id),
    apiKey: 'key-1',
    warehouse: warehouseId,
    shippingTypes: { STD: 'Standard', EXP: 'Express' },
    timeoutSeconds: 1,
    // Above the ceilings' gap of 61 s: one at a time, a flow that waits for leave would be due again already.
    pollSeconds: 65,
    stock: options.withStock ? { publishSeconds: 120 } : { mode: 'off' },
    despatch: { mode: options.withDespatch ? 'confirm' : 'off' },
    ...own,
  });
  return settingsShape.parse({
    service: options.callbacks ? { callbacks: options.callbacks } : {},
    channels: [
      channel(johnLewis, 'John Lewis', options.channel),
      ...(options.second ? [channel(secondMarket, 'Second Market', options.second.channel)] : []),
    ],
    warehouses: [
      {
        id: warehouseId,
        url: urlOf(warehouseId),
        clientId: 'tenant1',
        username: 'packhorse',
        password: 'password-1',
        templateTimeoutSeconds: 1,
        ...options.house,
      },
    ],
    cadences: { referenceSeconds: 65 },
    policies: options.policies ?? {},
  });
}

/** A simulator on a port that stays its own while it is down. */
async function host(vendor: SimHandler): Promise<Host> {
  const one: Pick<Host, 'instead'> = { instead: () => null };
  const handler: SimHandler = (request) => one.instead(request, vendor) ?? vendor(request);
  let served: Served | null = await serve(handler);
  const { url } = served;
  const port = Number(new URL(url).port);
  return Object.assign(one, {
    url,
    down: async () => {
      await served?.close();
      served = null;
    },
    up: async () => {
      served ??= await serve(handler, { port });
    },
  });
}

async function pauseRescan(service: Service, clock: Clock): Promise<void> {
  await service.database.db
    .updateTable('flows')
    .set({ paused_at: clock.now(), paused_why: 'not in this test' })
    .where('flow', '=', 'orders.rescan')
    .execute();
}

/** One purchase on John Lewis unless another marketplace is named; what it lacks is filled in. Returns the
 *  order's id. */
export function aShopperBuys(
  trade: Trade,
  what: Bought | Purchase['lines'],
  more: Partial<Purchase> & { on?: MiraklSimulator } = {},
): string {
  const { on = trade.johnLewis, ...purchase } = more;
  const lines = Array.isArray(what)
    ? (what as Purchase['lines'])
    : Object.entries(what as Bought).map(([offerSku, quantity]) => ({
        offerSku,
        quantity,
        unitPrice: prices[offerSku as keyof typeof prices] ?? '9.99',
      }));
  return on.shopperBuys({ shipTo: anAddress, shippingTypeCode: 'STD', lines, ...purchase })[0];
}

/** Invented. */
export const anAddress = {
  firstname: 'Ann',
  lastname: 'Example',
  street_1: '1 High Street',
  zip_code: 'LS1 4AP',
  city: 'Leeds',
  country: 'United Kingdom',
  country_iso_code: 'GBR',
};

/** True for SaveData of this template. */
export function isSave(template: string): (request: { body?: string | Uint8Array }) => boolean {
  return (request) => {
    const text = textOf(request.body);
    return (
      text.includes('<saveRequest>') && text.includes(`<TemplateName>${template}</TemplateName>`)
    );
  };
}

/** A request's body as text. */
export function textOf(body: string | Uint8Array | undefined): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body ?? new Uint8Array());
}
