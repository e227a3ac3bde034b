import { describe, it, type TestContext } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { systemClock } from '../clock.ts';
import { createLog } from '../log.ts';
import { createJournal } from './calls.ts';
import type { Flow } from './flow.ts';
import { createSchedule, type Schedule } from './schedule.ts';

const log = createLog('silent');

/** One process: a schedule of its own on the shared database. */
function processOn(base: MigratedDatabase, flows: Flow[]): Schedule & { instances: number[] } {
  const instances: number[] = [];
  const schedule = createSchedule({
    url: base.url,
    db: base.db,
    clock: systemClock,
    log,
    flows,
    run: {
      db: base.db,
      pool: base.pool,
      clock: systemClock,
      log,
      exceptions: { raise: async () => {}, settle: async () => {} },
      backOff: { firstMs: 100, mostMs: 1_000 },
    },
    onInstance: (id) => instances.push(id),
    journal: createJournal({ db: base.db, clock: systemClock, log }),
  });
  return { ...schedule, instances };
}

/** Starts processes; they are stopped, and the database removed, when the test is over. */
async function start({ onTestFinished }: TestContext, flowsOf: (() => Flow[])[]) {
  const base = await openMigratedDatabase();
  const processes = flowsOf.map((flows) => processOn(base, flows()));
  onTestFinished(async () => {
    await Promise.all(processes.map((one) => one.stop().catch(() => {})));
    await base.drop();
  });
  await Promise.all(processes.map((one) => one.start()));
  return { base, processes };
}

function flow(run: Flow['run'], own: Partial<Flow> = {}): Flow {
  return { name: 'test.flow', connection: 'jl', everyMs: 3_600_000, urgency: 0, run, ...own };
}

/** Resolves at the n-th `tick`. */
function counter() {
  const watchers: { at: number; tell: () => void }[] = [];
  const counted = {
    count: 0,
    tick: () => {
      counted.count += 1;
      for (const one of watchers.filter((w) => w.at <= counted.count)) one.tell();
    },
    reach: (at: number) =>
      new Promise<void>((resolve) => {
        if (counted.count >= at) return resolve();
        watchers.push({ at, tell: resolve });
      }),
  };
  return counted;
}

/** A door that opens once. */
function door() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

async function terminate(base: MigratedDatabase, where: string): Promise<void> {
  await base.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and ${where}`,
  );
}

const isInstanceLock = `pid in (select pid from pg_locks where locktype = 'advisory' and classid = 5001)`;

describe.concurrent('the schedule', () => {
  it('flows run at once and then on their cadence; a failing one disturbs no other', async (test) => {
    const good = counter();
    const bad = counter();
    await start(test, [
      () => [
        flow(async () => good.tick(), { everyMs: 300 }),
        flow(
          async () => {
            bad.tick();
            throw new Error('no answer');
          },
          { name: 'test.bad', everyMs: 300 },
        ),
      ],
    ]);
    await good.reach(3);
    await bad.reach(2);
  });

  it('one run at a time per flow and connection over two processes', async (test) => {
    const runs = counter();
    const running = new Map<string, number>();
    let most = 0;
    let mostAtOnce = 0;
    const one = (connection: string): Flow =>
      flow(
        async () => {
          running.set(connection, (running.get(connection) ?? 0) + 1);
          most = Math.max(most, running.get(connection) ?? 0);
          mostAtOnce = Math.max(
            mostAtOnce,
            [...running.values()].reduce((sum, at) => sum + at, 0),
          );
          await systemClock.sleep(150);
          running.set(connection, (running.get(connection) ?? 1) - 1);
          runs.tick();
        },
        { connection, everyMs: 50 },
      );
    const flows = () => ['jl', 'other'].map(one);
    const { processes } = await start(test, [flows, flows]);
    await runs.reach(8);
    test.expect(most).toBe(1);
    test.expect(mostAtOnce).toBe(2);
    test.expect(new Set(processes.flatMap((each) => each.instances)).size).toBe(2);
  });

  it('a wake runs a flow soon, long before its cadence', async (test) => {
    const woken = counter();
    const asleep = door();
    await start(test, [
      () => [
        flow(async () => woken.tick()),
        flow(
          async (context) => {
            await asleep.opened;
            await context.wake('test.flow', 'jl');
          },
          { name: 'test.waker' },
        ),
      ],
    ]);
    await woken.reach(1);
    const from = systemClock.monotonicMs();
    asleep.open();
    await woken.reach(2);
    test.expect(systemClock.monotonicMs() - from).toBeLessThan(5_000);
  });

  it('a wake during a run is not lost: it runs once more', async (test) => {
    const runs = counter();
    const inside = door();
    const { base } = await start(test, [
      () => [
        flow(async () => {
          runs.tick();
          await inside.opened;
        }),
      ],
    ]);
    await runs.reach(1);
    await base.db
      .updateTable('flows')
      .set({ next_due_at: new Date(0) })
      .execute();
    // The schedule has looked, found the run under way, and put the turn off.
    const looked = () =>
      base.db.selectFrom('flows').select('next_due_at').executeTakeFirstOrThrow();
    while ((await looked()).next_due_at.getTime() === 0) await systemClock.sleep(20);
    inside.open();
    await runs.reach(2);
  });

  it('stop lets a running flow finish what it has begun, and nothing starts afterwards', async (test) => {
    const begun = door();
    const may = door();
    let isFinished = false;
    const { base, processes } = await start(test, [
      () => [
        flow(
          async (context) => {
            begun.open();
            await may.opened;
            await context.write(async () => {
              isFinished = true;
            });
          },
          { everyMs: 50 },
        ),
      ],
    ]);
    await begun.opened;
    const stopped = processes[0]!.stop();
    may.open();
    await stopped;
    test.expect(isFinished).toBe(true);
    const row = await base.db.selectFrom('flows').selectAll().executeTakeFirstOrThrow();
    test.expect(row).toMatchObject({ failures: 0, instance: null });
    test.expect(row.last_ok_at).not.toBeNull();
  });

  it('killed connections do not stop it', async (test) => {
    const runs = counter();
    const { base } = await start(test, [() => [flow(async () => runs.tick(), { everyMs: 200 })]]);
    await runs.reach(1);
    await terminate(base, 'true');
    await runs.reach(runs.count + 2);
    await terminate(base, isInstanceLock);
    await runs.reach(runs.count + 2);
  });

  it('a process that lost its connection joins anew under another number', async (test) => {
    const runs = counter();
    const { base, processes } = await start(test, [
      () => [flow(async () => runs.tick(), { everyMs: 200 })],
    ]);
    await runs.reach(1);
    await terminate(base, isInstanceLock);
    while (processes[0]!.instances.length < 2) await runs.reach(runs.count + 1);
    const [first, second] = processes[0]!.instances;
    test.expect(second).toBeGreaterThan(first!);
  });

  it('a run whose process lost its place is begun anew elsewhere, and the old one can write nothing', async (test) => {
    const begun = counter();
    const outcome = counter();
    const may = door();
    const outcomes: string[] = [];
    const flows = () => [
      flow(async (context) => {
        begun.tick();
        if (begun.count === 1) await may.opened;
        const write = context.write(async () => {});
        outcomes.push(
          await write.then(
            () => 'wrote',
            (cause) => cause.name,
          ),
        );
        outcome.tick();
      }),
    ];
    const { base } = await start(test, [flows, flows]);
    await begun.reach(1);
    await terminate(
      base,
      `${isInstanceLock} and pid in (select l.pid from pg_locks l join flows f on l.objid = f.instance::oid)`,
    );
    await begun.reach(2);
    may.open();
    await outcome.reach(2);
    test.expect(outcomes.sort()).toEqual(['Fenced', 'wrote']);
  });
});
