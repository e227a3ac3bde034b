/** Drives the flows in production: a ticker hands every due flow to pg-boss, whose workers (in any number
 *  of processes) run it, one run at a time per flow and connection. */
import { PgBoss } from 'pg-boss';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Journal } from './calls.ts';
import type { Db } from './db.ts';
import type { Flow } from './flow.ts';
import { buryDead, type Instance, joinInstances } from './instances.ts';
import { freeDeadHolders } from './pace.ts';
import { claimDue, type RunDeps, registerFlows, runFlow, wakeFlow } from './runs.ts';
import { freeDeadRenewals } from './sessions.ts';

/** How often due flows are looked for. Larger delays every cadence; smaller costs queries. */
const tickMs = 500;
/** How often dead processes are looked for: bounds how long their work stands still. */
const buryMs = 1_000;
/** A run that shows no sign of life this long is given to another worker (pg-boss allows 10 at least). */
const heartbeatSeconds = 15;
/** How often pg-boss looks for such runs; its own minute would leave a hung process's work standing as long. */
const superviseSeconds = 5;
/** No run may take longer; flows return long before and are run again. */
const expireSeconds = 3_600;

export type ScheduleDeps = {
  url: string;
  db: Db;
  clock: Clock;
  log: Log;
  flows: readonly Flow[];
  run: Omit<RunDeps, 'instance' | 'onWake'>;
  /** Told which instance this process is, now and after each reconnection. */
  onInstance: (id: number) => void;
  journal: Journal;
};

export type Schedule = {
  start(): Promise<void>;
  /** Lets running flows finish what they have sent, then stops. */
  stop(): Promise<void>;
};

export function createSchedule(deps: ScheduleDeps): Schedule {
  const stopping = new AbortController();
  const boss = new PgBoss({
    connectionString: deps.url,
    schema: 'packhorse_jobs',
    application_name: 'packhorse',
    max: 6,
    useListenNotify: true,
    persistWarnings: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    schedule: false,
  });
  boss.on('error', (cause) => deps.log.warn({ err: cause }, 'pg-boss: database away; retried'));
  boss.on('warning', (warning) => deps.log.debug({ warning }, 'pg-boss warning'));
  const state: { instance: Instance | null; ticker: Promise<void> | null } = {
    instance: null,
    ticker: null,
  };
  const wakeUp = { now: () => {} };
  const runDeps: RunDeps = {
    ...deps.run,
    instance: () => state.instance?.id ?? 0,
    onWake: () => wakeUp.now(),
  };
  return {
    start: async () => {
      await boss.start();
      await join(deps, state);
      await registerFlows(deps.db, deps.clock, deps.flows);
      await openQueues(boss, deps, runDeps, stopping.signal);
      state.ticker = tick(boss, deps, state, wakeUp, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await state.ticker;
      await boss.stop({ graceful: true, timeout: 25_000 });
      await deps.journal.flush();
      await state.instance?.close().catch(() => {});
    },
  };
}

async function join(deps: ScheduleDeps, state: { instance: Instance | null }): Promise<void> {
  const instance = await joinInstances(deps);
  state.instance = instance;
  deps.onInstance(instance.id);
  void instance.lost.then(() => {
    if (state.instance === instance) state.instance = null;
  });
}

async function openQueues(
  boss: PgBoss,
  deps: ScheduleDeps,
  runDeps: RunDeps,
  stop: AbortSignal,
): Promise<void> {
  const names = [...new Set(deps.flows.map((flow) => flow.name))];
  for (const name of names) {
    await boss.createQueue(name, {
      policy: 'exclusive',
      notify: true,
      retryLimit: 0,
      heartbeatSeconds,
      expireInSeconds: expireSeconds,
      retentionSeconds: 3_600,
      deleteAfterSeconds: 600,
    });
    const mine = deps.flows.filter((flow) => flow.name === name);
    await boss.work<{ connection: string }>(
      name,
      { localConcurrency: mine.length, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2 },
      async ([job]) => {
        const flow = mine.find((one) => one.connection === job?.data.connection);
        if (!flow || !job) return;
        const signal = AbortSignal.any([stop, job.signal]);
        await runFlow(runDeps, flow, { signal, jobId: job.id });
      },
    );
  }
}

async function tick(
  boss: PgBoss,
  deps: ScheduleDeps,
  state: { instance: Instance | null },
  wakeUp: { now: () => void },
  stop: AbortSignal,
): Promise<void> {
  let buryAt = 0;
  const estate: Estate = { looksLeft: 0, suspects: new Set() };
  while (!stop.aborted) {
    const nap = new AbortController();
    wakeUp.now = () => nap.abort();
    try {
      if (!state.instance) await join(deps, state);
      if (deps.clock.monotonicMs() >= buryAt) {
        await takeOverFromDead(boss, deps, estate);
        buryAt = deps.clock.monotonicMs() + buryMs;
      }
      await sendDue(boss, deps);
      await deps.journal.flush();
    } catch (cause) {
      deps.log.warn({ err: cause }, 'schedule: database away; retried');
    }
    await deps.clock.sleep(tickMs, AbortSignal.any([stop, nap.signal]));
  }
}

async function sendDue(boss: PgBoss, deps: ScheduleDeps): Promise<void> {
  for (const due of await claimDue(deps.db, deps.clock)) {
    if (!deps.flows.some((f) => f.name === due.flow && f.connection === due.connection)) continue;
    const sent = await boss.send(
      due.flow,
      { connection: due.connection },
      { singletonKey: due.connection },
    );
    if (sent) continue;
    // A run is under way. It may have passed the point that this turn was meant for: look again soon.
    await deps.db
      .updateTable('flows')
      .set({ next_due_at: new Date(deps.clock.nowMs() + 2 * tickMs) })
      .where('flow', '=', due.flow)
      .where('connection', '=', due.connection)
      .execute();
  }
}

/** What a dead process may have left that nothing names: see cancelUnnamed. */
type Estate = { looksLeft: number; suspects: Set<string> };

/** Looks after a death, a second apart. One finds suspects and the next acts; the others are for processes
 *  that died a moment later. */
const looksAfterDeath = 4;

/** Frees what dead processes held and makes their runs due again. */
async function takeOverFromDead(boss: PgBoss, deps: ScheduleDeps, estate: Estate): Promise<void> {
  const dead = await buryDead(deps.db);
  if (dead.length > 0) {
    await freeDeadHolders(deps.db, dead);
    await freeDeadRenewals(deps.db, dead);
    estate.looksLeft = looksAfterDeath;
  }
  const orphans = await deps.db
    .updateTable('flows')
    .set({ instance: null, next_due_at: deps.clock.now() })
    .where('instance', 'is not', null)
    .where((eb) => eb('instance', 'not in', eb.selectFrom('instances').select('id')))
    .returning(['flow', 'connection', 'job_id'])
    .execute();
  for (const orphan of orphans) {
    deps.log.warn(
      { flow: orphan.flow, connection: orphan.connection },
      'its process died; run again',
    );
    if (orphan.job_id) await boss.cancel(orphan.flow, orphan.job_id);
  }
  if (estate.looksLeft > 0) await cancelUnnamed(boss, deps, estate);
}

/** A process may die between fetching a job and beginning the run, or between ending the run and completing
 *  the job: no flow names that job then, and it would keep others out until its heartbeat is missed. Active
 *  jobs that no flow names at two looks are cancelled; should one be alive after all, its run is fenced. */
async function cancelUnnamed(boss: PgBoss, deps: ScheduleDeps, estate: Estate): Promise<void> {
  const found = new Set<string>();
  const rows = await deps.db.selectFrom('flows').select(['flow', 'connection', 'job_id']).execute();
  for (const name of new Set(deps.flows.map((flow) => flow.name))) {
    const jobs = await boss.findJobs<{ connection: string }>(name, {});
    for (const job of jobs.filter((one) => one.state === 'active')) {
      if (rows.some((row) => row.job_id === job.id)) continue;
      found.add(job.id);
      if (!estate.suspects.has(job.id)) continue;
      await boss.cancel(name, job.id);
      await wakeFlow(deps.db, deps.clock, name, job.data.connection);
    }
  }
  estate.suspects = found;
  estate.looksLeft -= 1;
}
