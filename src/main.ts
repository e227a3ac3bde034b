/** The composition root: database, clients, flows, runtime. Read this first. */
import { type CallbackIntake, createCallbackIntake } from './api/callbacks.ts';
import { type CallbackServer, startCallbackServer } from './api/server.ts';
import { miraklLane, peoplevoxLane } from './ceilings.ts';
import { type Clock, systemClock } from './clock.ts';
import { loadConfig, processEnvironment } from './config.ts';
import { despatchFlows } from './despatch/flow.ts';
import { createExceptions } from './exceptions/store.ts';
import type { Log } from './log.ts';
import { createMiraklClient, type MiraklClient } from './mirakl/client.ts';
import { orderFlows } from './orders/flow.ts';
import { readCallback } from './peoplevox/callbacks.ts';
import { createPeoplevoxClient, type PeoplevoxClient } from './peoplevox/client.ts';
import { toConnection } from './peoplevox/from-settings.ts';
import { createMemorySessionStore, type SessionStore } from './peoplevox/session.ts';
import { createJournal, type Journal } from './runtime/calls.ts';
import { type Db, type OpenDatabase, openDatabase } from './runtime/db.ts';
import { startEmbeddedPostgres } from './runtime/embedded-postgres.ts';
import type { Exceptions, Flow } from './runtime/flow.ts';
import { housekeepingFlow } from './runtime/housekeeping.ts';
import { createLocalPace } from './runtime/local-pace.ts';
import { createManualDrive, type ManualDrive } from './runtime/manual-drive.ts';
import { migrate } from './runtime/migrate.ts';
import { createPace } from './runtime/pace.ts';
import type { RunDeps } from './runtime/runs.ts';
import { createSchedule } from './runtime/schedule.ts';
import { createSessionStore } from './runtime/sessions.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from './settings.ts';
import { stockFlows } from './stock/flow.ts';
import {
  createHttpTransport,
  type NoteCall,
  type Pace,
  type Transport,
  unpaced,
} from './transport.ts';

export type ServiceDeps = {
  settings: Settings;
  databaseUrl: string;
  clock: Clock;
  log: Log;
  /** How vendors are reached; a rehearsal hands in its own. */
  transport: Transport;
  /** False switches the ceilings off (benchmarks on loopback only). */
  isPaced: boolean;
};

/** Everything that runs, made but not started. */
export type Service = {
  settings: Settings;
  database: OpenDatabase;
  flows: Flow[];
  journal: Journal;
  exceptions: Exceptions;
  marketplaces: Map<string, MiraklClient>;
  warehouses: Map<string, PeoplevoxClient>;
  /** Takes in what warehouses call about; null without service.callbacks. */
  callbacks: CallbackIntake | null;
  /** What a run needs; the schedule adds who runs it. */
  run: Omit<RunDeps, 'instance' | 'onWake'>;
  /** Which process this is, as registered; 0 before the start. */
  setInstance(id: number): void;
  /** Lets nobody wait for leave to call any longer: runs that wait end at once, and are run again. */
  stopWaiting(): void;
  close(): Promise<void>;
};

/** Opens the database, brings it up to date and makes clients and flows. Throws when the database is away or
 *  newer than this program. */
export async function composeService(deps: ServiceDeps): Promise<Service> {
  const { settings, clock, log } = deps;
  const database = openDatabase(deps.databaseUrl, {
    poolSize: settings.database.poolSize,
    onError: (cause) =>
      log.warn({ err: cause }, 'a database connection broke; made anew when needed'),
  });
  try {
    await migrate(database.pool);
  } catch (cause) {
    await database.close();
    throw cause;
  }
  let instance = 0;
  const stopping = new AbortController();
  const wires: Wires = {
    ...deps,
    db: database.db,
    instance: () => instance,
    note: () => {},
    urgency: orderUrgency,
    stop: stopping.signal,
  };
  const journal = createJournal({ db: database.db, clock, log });
  wires.note = journal.note;
  const channels = settings.channels
    .filter((channel) => channel.enabled)
    .map((channel) => ({ settings: channel, mirakl: marketplaceOf(wires, channel) }));
  const warehouses = settings.warehouses
    .filter((warehouse) => warehouse.enabled)
    .map((warehouse) => ({ settings: warehouse, peoplevox: warehouseOf(wires, warehouse) }));
  const exceptions = createExceptions(clock);
  const filled = channels.filter((c) =>
    warehouses.some((w) => w.settings.id === c.settings.warehouse),
  );
  const flows = [
    ...orderFlows({ settings, channels: filled, warehouses }),
    ...despatchFlows({ settings, ...standingBack(wires, despatchUrgency, filled, warehouses) }),
    ...stockFlows({ settings, ...standingBack(wires, stockUrgency, filled, warehouses) }),
    housekeepingFlow(settings.policies),
  ];
  const backOff = {
    firstMs: settings.policies.flowRetryFirstSeconds * 1_000,
    mostMs: settings.policies.flowRetryMostSeconds * 1_000,
  };
  return {
    settings,
    database,
    flows,
    journal,
    exceptions,
    marketplaces: new Map(channels.map((one) => [one.settings.id, one.mirakl])),
    warehouses: new Map(warehouses.map((one) => [one.settings.id, one.peoplevox])),
    callbacks: callbacksOf(deps, database.db),
    run: { db: database.db, pool: database.pool, clock, log, exceptions, backOff },
    setInstance: (id) => {
      instance = id;
    },
    stopWaiting: () => stopping.abort(),
    close: () => database.close(),
  };
}

/** The same vendors and sessions, but their calls stand back behind those of orders. */
function standingBack(
  wires: Wires,
  urgency: number,
  channels: readonly { settings: ChannelSettings }[],
  warehouses: readonly { settings: WarehouseSettings }[],
) {
  const patient: Wires = { ...wires, note: (record) => wires.note(record), urgency };
  return {
    channels: channels.map((one) => ({
      settings: one.settings,
      mirakl: marketplaceOf(patient, one.settings),
    })),
    warehouses: warehouses.map((one) => ({
      settings: one.settings,
      peoplevox: warehouseOf(patient, one.settings),
    })),
  };
}

function callbacksOf({ settings, clock, log }: ServiceDeps, db: Db): CallbackIntake | null {
  const { callbacks } = settings.service;
  if (!callbacks) return null;
  const warehouses = settings.warehouses
    .filter((one) => one.enabled)
    .map((one) => ({ id: one.id, listens: one.stock.events }));
  return createCallbackIntake({
    ...{ db, clock, log, warehouses, token: callbacks.token },
    read: readCallback,
  });
}

/** Steps for a rehearsal that drives the flows itself, in place of the schedule. */
export function driveByHand(service: Service, instance: number): ManualDrive {
  service.setInstance(instance);
  return createManualDrive(service.run, service.flows, instance);
}
export type { ManualDrive };

export type Running = { service: Service; stop(): Promise<void> };

/** Starts the whole service on the machine's clock and real HTTP: database (its own when none is
 *  configured), flows, workers. Resolves when work has begun. */
export async function startService(deps: {
  settings: Settings;
  clock: Clock;
  log: Log;
  isPaced?: boolean;
}): Promise<Running> {
  const { settings, clock, log } = deps;
  const store = await openStoreUrl(settings, log);
  const http = createHttpTransport();
  // What is open, to be closed in the opposite order.
  const open = [store.stop, http.close];
  const closeAll = async () => {
    for (const close of open.reverse()) await close();
  };
  try {
    const service = await composeService({
      settings,
      databaseUrl: store.url,
      clock,
      log,
      transport: http.send,
      isPaced: deps.isPaced ?? true,
    });
    // Calls are ended before the database is closed: some hold a connection of it.
    open.splice(1, 0, service.close);
    const schedule = createSchedule({
      url: store.url,
      db: service.database.db,
      clock,
      log,
      flows: service.flows,
      run: service.run,
      onInstance: service.setInstance,
      journal: service.journal,
    });
    const callbacks = await listenForCallbacks(service, clock);
    if (callbacks) open.push(callbacks.close);
    await schedule.start();
    open.push(schedule.stop);
    const stop = async () => {
      service.stopWaiting();
      await closeAll();
    };
    return { service, stop };
  } catch (cause) {
    await closeAll();
    throw cause;
  }
}

/** Listens where service.callbacks says; null without it. Throws ConfigError when the place is taken. */
export async function listenForCallbacks(
  service: Service,
  clock: Clock,
): Promise<CallbackServer | null> {
  const { listen } = service.settings.service.callbacks ?? {};
  if (!service.callbacks || !listen) return null;
  return startCallbackServer({ intake: service.callbacks, clock, listen });
}

/** The configured PostgreSQL, or the service's own, started or adopted. `stop` ends only the latter. */
export async function openStoreUrl(
  settings: Settings,
  log: Log,
): Promise<{ url: string; isOwn: boolean; stop(): Promise<void> }> {
  if (settings.database.url)
    return { url: settings.database.url, isOwn: false, stop: async () => {} };
  const own = await startEmbeddedPostgres({ dataDir: `${settings.service.dataDir}/postgres`, log });
  return { url: own.connectionString, isOwn: true, stop: () => own.stop() };
}

/** Clients for checks by hand. `logIn` proves the password as configured and leaves the new session to all
 *  who share it; `withEncoding` is the same warehouse with a session of its own. */
export type CheckClients = {
  marketplaces: Map<string, MiraklClient>;
  warehouses: Map<
    string,
    {
      peoplevox: PeoplevoxClient;
      logIn(): Promise<void>;
      withEncoding(encoding: WarehouseSettings['passwordEncoding']): PeoplevoxClient;
    }
  >;
};

/** Clients that keep the pace which a running service keeps, and stand back behind its work. Without a
 *  database pace and sessions are this process's own. Opens and starts nothing. */
export function composeCheckClients(
  deps: Pick<ServiceDeps, 'settings' | 'clock' | 'transport'> & {
    db: Db | null;
    instance: () => number;
    note: NoteCall;
  },
): CheckClients {
  const wires: Wires = { ...deps, isPaced: true, urgency: checkUrgency };
  const { channels, warehouses } = deps.settings;
  return {
    marketplaces: new Map(channels.map((one) => [one.id, marketplaceOf(wires, one)])),
    warehouses: new Map(
      warehouses.map((one) => {
        const sessions = sessionsOf(wires, one.id);
        const peoplevox = warehouseOf(wires, one, sessions);
        const logIn = async () => {
          const before = await sessions.current();
          let isTried = false;
          await sessions.renew(before?.sessionId ?? null, () => {
            isTried = true;
            return peoplevox.authenticate();
          });
          // Somebody else logged in at the same moment: that proves nothing about our password.
          if (!isTried) await peoplevox.authenticate();
        };
        const withEncoding = (passwordEncoding: WarehouseSettings['passwordEncoding']) =>
          warehouseOf(wires, { ...one, passwordEncoding }, createMemorySessionStore(deps.clock));
        return [one.id, { peoplevox, logIn, withEncoding }];
      }),
    ),
  };
}

/** A PostgreSQL for a rehearsal: fast, and gone with its folder. */
export async function startThrowawayPostgres(
  dataDir: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  const own = await startEmbeddedPostgres({ dataDir, settings: { fsync: false } });
  return { url: own.connectionString, stop: () => own.stop() };
}

/** DATABASE_URL, or undefined when it is not set. */
export function databaseUrlOfEnvironment(): string | undefined {
  return processEnvironment['DATABASE_URL'] || undefined;
}
/** What people do with despatches, for the rehearsal's people. */
export { decideWithdrawals, mapCarrier } from './despatch/by-hand.ts';
export { loadConfig, processEnvironment, systemClock };

type Wires = Pick<ServiceDeps, 'clock' | 'transport' | 'isPaced'> & {
  db: Db | null;
  instance: () => number;
  note: NoteCall;
  urgency: number;
  stop?: AbortSignal;
};

/** Orders go first, then despatches, then stock, when calls are scarce: a client takes leave with its urgency. */
const orderUrgency = 0;
const despatchUrgency = 1;
const stockUrgency = 5;
/** Checks by hand wait for everything else. */
const checkUrgency = 9;

function marketplaceOf(wires: Wires, channel: ChannelSettings): MiraklClient {
  const auth = channel.oauth2
    ? ({ kind: 'oauth2', ...channel.oauth2 } as const)
    : ({ kind: 'apiKey', apiKey: channel.apiKey ?? '' } as const);
  return createMiraklClient({
    connection: {
      id: channel.id,
      url: channel.url,
      auth,
      ...(channel.shopId === undefined ? {} : { shopId: channel.shopId }),
      timeoutMs: channel.timeoutSeconds * 1_000,
      paging: channel.paging,
      downloadOrigins: channel.downloadOrigins.map((url) => ({
        origin: new URL(url).origin,
        sendsCredentials: false,
      })),
    },
    transport: wires.transport,
    clock: wires.clock,
    pace: paceOf(wires, channel.id, (operation) => miraklLane(operation, channel)),
    noteCall: (record) => wires.note(record),
  });
}

function warehouseOf(
  wires: Wires,
  warehouse: WarehouseSettings,
  sessions: SessionStore = sessionsOf(wires, warehouse.id),
): PeoplevoxClient {
  const lane = peoplevoxLane(warehouse.callsPerSecond);
  return createPeoplevoxClient({
    connection: toConnection(warehouse),
    transport: wires.transport,
    clock: wires.clock,
    pace: paceOf(wires, warehouse.id, () => lane),
    sessions,
    noteCall: (record) => wires.note(record),
  });
}

function sessionsOf(wires: Wires, connection: string): SessionStore {
  const { db, clock, instance } = wires;
  if (db === null) return createMemorySessionStore(clock);
  return createSessionStore({ db, clock, connection, instance });
}

function paceOf(
  wires: Wires,
  connection: string,
  laneOf: Parameters<typeof createPace>[0]['laneOf'],
): Pace {
  if (!wires.isPaced) return unpaced;
  const { db, clock, instance, urgency, stop } = wires;
  if (db === null) return createLocalPace({ clock, laneOf });
  const shared = { db, clock, connection, instance, laneOf, urgency };
  return createPace(stop ? { ...shared, stop } : shared);
}
