import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { createLog } from '../log.ts';
import type { CallRecord } from '../transport.ts';
import { createJournal, pruneCalls } from './calls.ts';

const log = createLog('silent');
const clock = createManualClock();
let base: MigratedDatabase;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
beforeEach(async () => {
  await base.db.deleteFrom('vendor_calls').execute();
});
afterAll(() => base.drop());

function call(own: Partial<CallRecord> = {}): CallRecord {
  return {
    vendor: 'mirakl',
    connection: 'jl',
    operation: 'OR11',
    startedAt: clock.now(),
    tookMs: 12.6,
    outcome: 'ok',
    requestBytes: 0,
    responseBytes: 1_234,
    ...own,
  };
}

const kept = () => base.db.selectFrom('vendor_calls').selectAll().orderBy('id').execute();

describe('the journal', () => {
  it('keeps what was noted, when it is flushed', async () => {
    const journal = createJournal({ db: base.db, clock, log });
    journal.note(call({ status: 200, correlationId: 'c-1', rows: 7 }));
    journal.note(call({ outcome: 'NoAnswer' }));
    expect(await kept()).toEqual([]);
    await journal.flush();
    await journal.flush();
    expect(await kept()).toMatchObject([
      {
        operation: 'OR11',
        took_ms: 13,
        status: 200,
        correlation_id: 'c-1',
        rows: 7,
        response_bytes: 1_234,
      },
      { outcome: 'NoAnswer', status: null, correlation_id: null, rows: null },
    ]);
  });

  it('counts by vendor, operation and outcome', () => {
    const journal = createJournal({ db: base.db, clock, log });
    journal.note(call());
    journal.note(call());
    journal.note(call({ outcome: 'Throttled' }));
    expect(Object.fromEntries(journal.counts)).toEqual({
      'mirakl OR11 ok': 2,
      'mirakl OR11 Throttled': 1,
    });
  });

  it('a batch that breaks off is gone on with, nothing lost and nothing twice', async () => {
    const journal = createJournal({ db: base.db, clock, log });
    await base.db.schema
      .alterTable('vendor_calls')
      .addCheckConstraint('no_rows_7', sql`rows <> 7`)
      .execute();
    for (let at = 0; at < 700; at += 1) journal.note(call({ rows: at === 600 ? 7 : 1 }));
    await journal.flush();
    expect(await kept()).toHaveLength(500);
    await base.db.schema.alterTable('vendor_calls').dropConstraint('no_rows_7').execute();
    journal.note(call({ rows: 2 }));
    await journal.flush();
    const rows = (await kept()).map((one) => one.rows);
    expect(rows).toHaveLength(701);
    expect(rows.at(-1)).toBe(2);
  });

  it('of calls noted while the database is away the oldest give way', async () => {
    const away = createJournal({ db: base.db, clock, log });
    for (let at = 0; at < 10_003; at += 1) away.note(call({ rows: at }));
    await away.flush();
    const rows = await kept();
    expect(rows).toHaveLength(10_000);
    expect(rows[0]?.rows).toBe(3);
  });
});

describe('pruneCalls', () => {
  it('deletes what is older than the days kept, and says how many', async () => {
    const journal = createJournal({ db: base.db, clock, log });
    const daysAgo = (days: number) => new Date(clock.nowMs() - days * 86_400_000);
    journal.note(call({ startedAt: daysAgo(31) }));
    journal.note(call({ startedAt: daysAgo(30) }));
    journal.note(call());
    await journal.flush();
    expect(await pruneCalls(base.db, clock, 30)).toBe(1);
    expect(await kept()).toHaveLength(2);
  });
});
