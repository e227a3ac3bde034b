/** One rehearsal: the real service against both simulators, in virtual time, from a seed. */

import type pg from 'pg';
import { Dice, type SimHandler } from '../simulators/kernel.ts';
import type { Log } from '../src/log.ts';
import { composeService, driveByHand, type Service } from '../src/main.ts';
import type { Settings } from '../src/settings.ts';
import { explain, judge, type Verdict } from './check.ts';
import { type DespatchVerdict, judgeDespatch } from './check-despatch.ts';
import { judgeStock, type StockVerdict } from './check-stock.ts';
import { letDeskWork, mapCarriers } from './desk.ts';
import { explainDespatch } from './despatch-life.ts';
import { drive } from './drive.ts';
import { type FaultLevel, setMiraklFaults, setPeoplevoxFaults } from './faults.ts';
import { letTheDayHappen, type Placed } from './happenings.ts';
import { flashShoppersOf, type Outage, planMishaps } from './mishaps.ts';
import { letPeopleWork } from './people.ts';
import { type Floor, letPickersWork } from './pickers.ts';
import { isQuiet } from './quiet.ts';
import { channelIds, rehearsalSettings, siteNames } from './settings.ts';
import { type Stage, setStage } from './stage.ts';
import { explainStock } from './stock-life.ts';
import { openSupply } from './supply.ts';
import { readTold } from './told.ts';
import { createVirtualClock, type Life, type VirtualClock } from './virtual-clock.ts';
import { createVirtualNetwork, type VirtualNetwork } from './virtual-transport.ts';
import { awakeBetween, watchOffers } from './watch.ts';

export type RehearsalOptions = {
  orders: number;
  skus: number;
  hours: number;
  seed: number;
  faults: FaultLevel;
  channels: number;
  /** Sites of the warehouse whose stock is sold, 1 to `siteNames.length`. */
  sites: number;
  /** How often stock is read and published. */
  cadenceSeconds: number;
  databaseUrl: string;
  log: Log;
  /** Told now and then how far the day is. */
  onProgress?: (line: string) => void;
};

export type Outcome = {
  verdict: Verdict;
  stock: StockVerdict;
  despatch: DespatchVerdict;
  stage: Stage;
  placed: Placed[];
  /** Times the service was killed. */
  crashes: number;
  virtualSeconds: number;
  /** History of every order and SKU that something was found about, by its id. */
  lives: Map<string, string[]>;
};

/** Mondays are as good as any day. */
const startMs = Date.UTC(2026, 2, 2, 8, 0, 0);
const minuteMs = 60_000;
/** From payable to the shipping deadline: an hour and a half, on a short day half of it, so that it is missed on the
 *  same day. */
function leadTimeMs(hours: number): number {
  return Math.min(90, hours * 45) * minuteMs;
}
const slaStagesMinutes = [30, 0];
/** The service gets this long after the last purchase, faults off, before it is judged. */
const settleMs = 4 * 60 * minuteMs;
/** SKUs whose life is told. */
const mostLives = 20;
/** How often it is looked whether everything has settled. */
const settleStepMs = 5 * minuteMs;

export async function rehearse(options: RehearsalOptions): Promise<Outcome> {
  const clock = createVirtualClock(startMs);
  const channels = channelIds.slice(0, options.channels);
  const sites = siteNames.slice(0, options.sites);
  const flashShoppers = flashShoppersOf(options.faults);
  const leadMs = leadTimeMs(options.hours);
  const given = {
    ...options,
    clock,
    channels,
    sites,
    flashShoppers,
    hasCeilings: true,
    leadTimeDays: leadMs / (24 * 60 * minuteMs),
  };
  const stage = setStage(given);
  const dice = new Dice(`rehearsal ${options.seed}`);
  const outages = planMishaps(clock, stage, options.faults);
  // What is sold on a marketplace that is away concerns the offers of all.
  const blind = outages.map((one) => ({ ...one, channel: null }));
  const limitMs = lagLimitMs(options);
  const supply = openSupply(stage, {
    nowMs: () => clock.nowMs(),
    isRecent: (atMs) => awakeBetween(atMs, clock.nowMs(), blind) <= limitMs,
    isBlind: () => isWithin(clock.nowMs(), outages),
  });
  const look = () => void supply.look();
  const network = networkOf(stage, dice.fork('network'), look);
  const settings = rehearsalSettings({
    marketplaces: channels.map((id) => ({ id, url: urlOf(id) })),
    warehouseUrl: urlOf('warehouse'),
    ...{ sites, cadenceSeconds: options.cadenceSeconds, slaStagesMinutes },
  });
  const show = new Show(clock, network, settings, options);
  setFaults(stage, options.faults);
  const placed = letTheDayHappen(clock, stage, look);
  const people = letPeopleWork(clock, stage);
  const floor = letPickersWork(clock, stage, placed, { leadMs, dice: dice.fork('pickers') });
  const watch = watchOffers(clock, stage, supply, { limitMs, outages: blind });
  await show.begin();
  await mapCarriers(show.service, clock, channels);
  const desk = letDeskWork(clock, () => (show.isAlive ? show.service : null), floor);
  if (options.faults === 'harsh') planCrashes(clock, show, dice.fork('crashes'), stage.world.endMs);
  await passTheDay(clock, stage, options);
  setFaults(stage, 'none');
  await settle(clock, stage, show, floor);
  const verdict = await judge(stage, placed, show.service);
  const refusedSales = placed.filter((one) => one.isRefused).length;
  const stockCase = { stage, supply, watch, people, refusedSales, nowMs: clock.nowMs() };
  const stock = await judgeStock(stockCase, show.service);
  const graceMs = leastGraceMs + allowanceMs[options.faults];
  const despatchCase = { stage, floor, desk, outages, nowMs: clock.nowMs(), graceMs };
  const despatch = judgeDespatch(despatchCase, await readTold(show.service));
  const lives = new Map<string, string[]>();
  const named = despatch.named.slice(0, mostLives);
  for (const { orderId } of [...findingsIn(verdict), ...despatchFindings(despatch), ...named])
    lives.set(orderId, [
      ...(await explain(show.service, orderId)),
      ...(await explainDespatch(despatchCase, show.service, orderId)),
    ]);
  for (const { shopSku } of stock.findings.slice(0, mostLives))
    lives.set(shopSku, await explainStock(stockCase, show.service, shopSku));
  await show.end();
  const virtualSeconds = (clock.nowMs() - startMs) / 1_000;
  return { verdict, stock, despatch, stage, placed, crashes: show.crashes, virtualSeconds, lives };
}

/** Whether a marketplace is away then. */
function isWithin(atMs: number, outages: readonly Outage[]): boolean {
  return outages.some((one) => one.channel !== null && one.fromMs <= atMs && atMs < one.toMs);
}

/** For calls that are made again, several times over when all fails at once. */
const allowanceMs = { none: 0, typical: 5 * minuteMs, harsh: 15 * minuteMs };
/** A parcel that could be told so long before its deadline is told before it. */
const leastGraceMs = 10 * minuteMs;

/** How long a change may stay unknown to the marketplaces: it just misses a read, its file waits for its turn and
 *  for the import. Where calls fail, reads and files are lost on the way and made anew, several times over when all
 *  fails at once. */
function lagLimitMs({ cadenceSeconds, faults }: RehearsalOptions): number {
  return 2 * cadenceSeconds * 1_000 + 2 * minuteMs + allowanceMs[faults];
}

function findingsIn(verdict: Verdict) {
  const { lost, wrong, duplicated, missedExceptions, falseExceptions, unaccounted } = verdict;
  return [
    ...lost,
    ...wrong,
    ...duplicated,
    ...missedExceptions,
    ...falseExceptions,
    ...unaccounted,
  ];
}

function despatchFindings(verdict: DespatchVerdict) {
  const { duplicated, wrongTracking, lost, lateUnalerted, breaches, stale } = verdict;
  return [...duplicated, ...wrongTracking, ...lost, ...lateUnalerted, ...breaches, ...stale];
}

/** The service's lives, one after the other, on one database. */
class Show {
  readonly #clock: VirtualClock;
  readonly #network: VirtualNetwork;
  readonly #settings: Settings;
  readonly #options: RehearsalOptions;
  #life: Life = { isOver: false };
  #stop = new AbortController();
  #service: Service | null = null;
  #held: ReadonlySet<pg.PoolClient> = new Set();
  #instance = 0;
  crashes = 0;

  constructor(
    clock: VirtualClock,
    network: VirtualNetwork,
    settings: Settings,
    options: RehearsalOptions,
  ) {
    this.#clock = clock;
    this.#network = network;
    this.#settings = settings;
    this.#options = options;
  }

  get service(): Service {
    if (!this.#service) throw new Error('the service is not alive');
    return this.#service;
  }

  async begin(): Promise<void> {
    this.#life = { isOver: false };
    this.#stop = new AbortController();
    const clock = this.#clock.forLife(this.#life);
    this.#service = await composeService({
      settings: this.#settings,
      databaseUrl: this.#options.databaseUrl,
      clock,
      log: this.#options.log,
      transport: this.#network.transportFor(clock),
      isPaced: true,
    });
    this.#held = heldConnections(this.#service);
    const dead = this.#instance === 0 ? [] : [this.#instance];
    this.#instance += 1;
    const hooks = driveByHand(this.#service, this.#instance);
    await hooks.begin(dead);
    drive(this.#clock, this.#life, this.#service, hooks, this.#stop.signal);
  }

  /** kill -9: whatever it was doing stops here. */
  kill(): void {
    this.crashes += 1;
    this.#clock.end(this.#life);
  }

  /** Kills it when a vendor has acted next and its answer is still on the way. */
  killAfterEffect(): void {
    this.#network.afterEffect = () => {
      this.#network.afterEffect = () => {};
      this.kill();
    };
  }

  get isAlive(): boolean {
    return !this.#life.isOver;
  }

  async rise(): Promise<void> {
    await this.#disconnect();
    await this.begin();
  }

  /** A killed process holds no connection; its tasks, asleep for ever, would never give theirs back. */
  async #disconnect(): Promise<void> {
    for (const client of [...this.#held]) client.release(true);
    await this.#service?.close();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    this.#clock.end(this.#life);
    await this.#disconnect();
  }
}

/** Database connections that are in use. */
function heldConnections(service: Service): ReadonlySet<pg.PoolClient> {
  const held = new Set<pg.PoolClient>();
  const { pool } = service.database;
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_cause, client) => held.delete(client));
  return held;
}

function urlOf(id: string): string {
  return `http://${id}.example.test`;
}

/** `onCall` is told after every call to a marketplace: a fault may have made an order in it. */
function networkOf(stage: Stage, dice: Dice, onCall: () => void): VirtualNetwork {
  const hosts = new Map<string, SimHandler>([
    [urlOf('warehouse'), (r) => stage.warehouse.handle(r)],
  ]);
  for (const [id, marketplace] of stage.marketplaces) {
    hosts.set(urlOf(id), (request) => {
      const reply = marketplace.handle(request);
      onCall();
      return reply;
    });
  }
  return createVirtualNetwork(hosts, dice);
}

function setFaults(stage: Stage, level: FaultLevel): void {
  for (const marketplace of stage.marketplaces.values()) setMiraklFaults(marketplace, level);
  setPeoplevoxFaults(stage.warehouse, level);
}

/** Kills the service some ten times in a day: half of them at any instant, half in the worst one, when a vendor
 *  has acted and its answer is on the way. A few seconds later it is started again. */
function planCrashes(clock: VirtualClock, show: Show, dice: Dice, endMs: number): void {
  clock.spawn(async () => {
    while (clock.nowMs() < endMs) {
      await clock.sleep(dice.between(15 * minuteMs, 60 * minuteMs));
      if (dice.chance(0.5)) show.kill();
      else await killAfterNextEffect(clock, show);
      await clock.sleep(dice.between(1_000, 30_000));
      await show.rise();
    }
  });
}

async function killAfterNextEffect(clock: VirtualClock, show: Show): Promise<void> {
  show.killAfterEffect();
  // A flow runs at least every minute, so the next effect is near.
  while (show.isAlive) await clock.sleep(1_000);
}

async function passTheDay(
  clock: VirtualClock,
  stage: Stage,
  options: RehearsalOptions,
): Promise<void> {
  const { endMs } = stage.world;
  for (let atMs = startMs; atMs < endMs; atMs += 15 * minuteMs) {
    await clock.runUntil(Math.min(endMs, atMs + 15 * minuteMs));
    const hours = ((clock.nowMs() - startMs) / 3_600_000).toFixed(2);
    options.onProgress?.(
      `virtual hour ${hours}: ${stage.warehouse.truth.salesOrders.size} sales orders in the warehouse`,
    );
  }
}

/** Until nothing moves any more: the simulators are quiet and no sales order is on its way. */
async function settle(clock: VirtualClock, stage: Stage, show: Show, floor: Floor): Promise<void> {
  const giveUpMs = clock.nowMs() + settleMs;
  // Quiet twice running: what ended just now has been seen by every flow.
  let wasQuiet = false;
  while (clock.nowMs() < giveUpMs) {
    await clock.runUntil(clock.nowMs() + settleStepMs);
    const isQuietNow =
      show.isAlive && floor.isIdle() && (await isQuiet(stage, show.service, clock.nowMs()));
    if (isQuietNow && wasQuiet) return;
    wasQuiet = isQuietNow;
  }
}
