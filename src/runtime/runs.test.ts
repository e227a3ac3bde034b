import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { Fenced, Later } from '../errors.ts';
import { createLog } from '../log.ts';
import type { Flow, FlowContext } from './flow.ts';
import { claimDue, lastOkAt, type RunDeps, registerFlows, runFlow, wakeFlow } from './runs.ts';
import { moveWatermark, readWatermark } from './watermark.ts';

let base: MigratedDatabase;
let clock: ManualClock;
let number = 0;
const forever = new AbortController().signal;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

/** A flow of its own per test, registered and due. */
async function arrange(run: Flow['run'], own: Partial<Flow> = {}) {
  number += 1;
  clock = createManualClock();
  await base.db.updateTable('flows').set({ paused_at: clock.now() }).execute();
  const flow = {
    name: 'test.flow',
    connection: `c-${number}`,
    everyMs: 60_000,
    urgency: 0,
    run,
    ...own,
  };
  await registerFlows(base.db, clock, [flow]);
  return flow;
}

function deps(own: Partial<RunDeps> = {}): RunDeps {
  return {
    db: base.db,
    pool: base.pool,
    clock,
    log: createLog('silent'),
    instance: () => 7,
    exceptions: { raise: async () => {}, settle: async () => {} },
    backOff: { firstMs: 30_000, mostMs: 600_000 },
    ...own,
  };
}

const run = (flow: Flow, signal = forever) => runFlow(deps(), flow, { signal });

async function row(flow: Flow) {
  return base.db
    .selectFrom('flows')
    .selectAll()
    .where('flow', '=', flow.name)
    .where('connection', '=', flow.connection)
    .executeTakeFirstOrThrow();
}

async function dueInMs(flow: Flow): Promise<number> {
  return (await row(flow)).next_due_at.getTime() - clock.nowMs();
}

const pause = (flow: Flow, at: Date | null) =>
  base.db
    .updateTable('flows')
    .set({ paused_at: at })
    .where('connection', '=', flow.connection)
    .execute();

describe('how a run went', () => {
  it('done is noted, with when', async () => {
    const flow = await arrange(async () => {});
    expect(await lastOkAt(base.db, flow.name, flow.connection)).toBeNull();
    expect(await run(flow)).toBe('done');
    expect(await row(flow)).toMatchObject({
      token: 1,
      instance: null,
      failures: 0,
      last_error: null,
      finished_at: clock.now(),
    });
    expect(await lastOkAt(base.db, flow.name, flow.connection)).toEqual(clock.now());
  });

  it('while it runs the row says who runs it', async () => {
    const flow = await arrange(async () => {
      expect(await row(flow)).toMatchObject({
        instance: 7,
        job_id: '00000000-0000-0000-0000-000000000001',
        finished_at: null,
      });
    });
    const jobId = '00000000-0000-0000-0000-000000000001';
    expect(await runFlow(deps(), flow, { signal: forever, jobId })).toBe('done');
    expect((await row(flow)).job_id).toBeNull();
  });

  it('failures are counted, and each doubles the wait up to the longest', async () => {
    const flow = await arrange(async () => {
      throw new Error('no answer');
    });
    const waits: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      expect(await run(flow)).toBe('failed');
      waits.push(await dueInMs(flow));
    }
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
    expect(await row(flow)).toMatchObject({
      failures: 7,
      last_error: 'no answer',
      last_ok_at: null,
    });
  });

  it('a success ends the counting', async () => {
    let isBroken = true;
    const flow = await arrange(async () => {
      if (isBroken) throw new Error('no answer');
    });
    await run(flow);
    isBroken = false;
    await run(flow);
    expect(await row(flow)).toMatchObject({ failures: 0, last_error: null });
  });

  it('Later is no failure and says when', async () => {
    const flow = await arrange(async () => {
      throw new Later(new Date(clock.nowMs() + 5_000), 'the vendor asked for quiet');
    });
    expect(await run(flow)).toBe('later');
    expect(await dueInMs(flow)).toBe(5_000);
    expect(await row(flow)).toMatchObject({ failures: 0, last_error: null, last_ok_at: null });
  });

  it('words that the database cannot keep do not hide the failure', async () => {
    const flow = await arrange(async () => {
      throw new Error('it answered \u0000\u0001\ud83d');
    });
    expect(await run(flow)).toBe('failed');
    expect((await row(flow)).last_error).toContain('it answered');
  });

  it('a paused flow does not run', async () => {
    const flow = await arrange(async () => {
      throw new Error('it ran');
    });
    await pause(flow, clock.now());
    expect(await run(flow)).toBe('paused');
    expect(await row(flow)).toMatchObject({ token: 0, failures: 0 });
  });

  it('a flow that was never registered does not run', async () => {
    const flow = await arrange(async () => {});
    expect(await run({ ...flow, name: 'test.unknown' })).toBe('paused');
  });
});

describe('the fence', () => {
  const write = (context: FlowContext, flow: Flow) =>
    context.write((trx) => moveWatermark(trx, 'fence', flow.connection, clock.now()));

  it('a run writes while it is the newest', async () => {
    const flow = await arrange((context) => write(context, flow));
    expect(await run(flow)).toBe('done');
    expect(await readWatermark(base.db, 'fence', flow.connection)).toEqual(clock.now());
  });

  it('an older run can write nothing, and call nobody, once a newer one began', async () => {
    const seen: unknown[] = [];
    let isOlder = true;
    const flow = await arrange(async (context) => {
      if (!isOlder) return;
      isOlder = false;
      expect(await run(flow)).toBe('done');
      seen.push(await context.assertPlace().catch((cause) => cause));
      await write(context, flow);
    });
    expect(await run(flow)).toBe('fenced');
    expect(seen[0]).toBeInstanceOf(Fenced);
    expect(seen[0]).toMatchObject({ message: expect.stringContaining('run 2 began after run 1') });
    expect(await readWatermark(base.db, 'fence', flow.connection)).toBeNull();
    expect(await row(flow)).toMatchObject({ token: 2, failures: 0, last_ok_at: clock.now() });
  });

  it('an older run that ends in an error leaves the newer one alone', async () => {
    let isOlder = true;
    const flow = await arrange(async () => {
      if (!isOlder) return;
      isOlder = false;
      await run(flow);
      throw new Error('too late');
    });
    expect(await run(flow)).toBe('failed');
    expect(await row(flow)).toMatchObject({ token: 2, failures: 0, last_error: null });
  });

  it('a run whose flow is paused meanwhile can write nothing more', async () => {
    const flow = await arrange(async (context) => {
      await pause(flow, clock.now());
      await write(context, flow);
    });
    expect(await run(flow)).toBe('fenced');
    expect(await readWatermark(base.db, 'fence', flow.connection)).toBeNull();
  });

  it('a newer run begins only after an older one has finished what it is writing', async () => {
    const flow = await arrange(async (context) => {
      if ((await row(flow)).token > 1) return;
      let newer: Promise<unknown> = Promise.resolve();
      await context.write(async (trx) => {
        newer = run(flow);
        // A lock that is waited for is shown here as soon as the newer run asks for it.
        let waiting = 0;
        while (waiting === 0) {
          const { rows } = await base.pool.query(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          waiting = rows.length;
        }
        await moveWatermark(trx, 'fence', flow.connection, clock.now());
      });
      await newer;
    });
    expect(await run(flow)).toBe('done');
    expect(await row(flow)).toMatchObject({ token: 2 });
    expect(await readWatermark(base.db, 'fence', flow.connection)).toEqual(clock.now());
  });

  it('a service that stops calls nobody any more, but an answer is still written', async () => {
    const stopping = new AbortController();
    const flow = await arrange(async (context) => {
      stopping.abort();
      await write(context, flow);
      await context.assertPlace();
    });
    expect(await run(flow, stopping.signal)).toBe('later');
    expect(await readWatermark(base.db, 'fence', flow.connection)).toEqual(clock.now());
    expect(await dueInMs(flow)).toBe(0);
  });
});

describe('when a flow is due', () => {
  const claimed = async () => (await claimDue(base.db, clock)).map((one) => one.connection);

  it('one that is new is due at once, then once a cadence', async () => {
    const flow = await arrange(async () => {});
    expect(await claimed()).toEqual([flow.connection]);
    expect(await claimed()).toEqual([]);
    expect(await dueInMs(flow)).toBe(60_000);
    clock.advance(59_999);
    expect(await claimed()).toEqual([]);
    clock.advance(1);
    expect(await claimed()).toEqual([flow.connection]);
  });

  it('a paused one is never due', async () => {
    const flow = await arrange(async () => {});
    await pause(flow, clock.now());
    expect(await claimed()).toEqual([]);
  });

  it('a wake makes it due now; one that is overdue keeps its turn; a paused one stays paused', async () => {
    const flow = await arrange(async () => {});
    await claimed();
    await wakeFlow(base.db, clock, flow.name, flow.connection);
    expect(await dueInMs(flow)).toBe(0);
    clock.advance(10_000);
    await wakeFlow(base.db, clock, flow.name, flow.connection);
    expect(await dueInMs(flow)).toBe(-10_000);
    await pause(flow, clock.now());
    await wakeFlow(base.db, clock, flow.name, flow.connection);
    expect(await claimed()).toEqual([]);
  });

  it('a flow may wake another, and the schedule hears of it', async () => {
    let told = 0;
    const flow = await arrange((context) => context.wake('test.flow', flow.connection));
    await claimed();
    await runFlow(deps({ onWake: () => (told += 1) }), flow, { signal: forever });
    expect(told).toBe(1);
    expect(await claimed()).toEqual([flow.connection]);
  });

  it('registering again changes the cadence and nothing else', async () => {
    const flow = await arrange(async () => {});
    await run(flow);
    await claimed();
    await registerFlows(base.db, clock, [{ ...flow, everyMs: 5_000 }]);
    expect(await row(flow)).toMatchObject({ every_ms: 5_000, token: 1 });
    expect(await dueInMs(flow)).toBe(60_000);
  });

  it('of several processes that look at once only one gets each flow', async () => {
    const first = await arrange(async () => {});
    const flows = Array.from({ length: 20 }, (_, at) => ({
      ...first,
      connection: `${first.connection}-${at}`,
    }));
    await registerFlows(base.db, clock, flows);
    const results = await Promise.all(Array.from({ length: 6 }, () => claimed()));
    const all = results.flat().sort();
    expect(all).toHaveLength(21);
    expect(new Set(all).size).toBe(21);
  });

  it('a flow that is writing right now is left for the next look', async () => {
    const flow = await arrange(async (context) => {
      await context.write(async () => expect(await claimed()).toEqual([]));
    });
    expect(await run(flow)).toBe('done');
    expect(await claimed()).toEqual([flow.connection]);
  });
});
