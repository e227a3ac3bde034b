/** The journal of vendor calls: written in batches behind the calls, never in their way. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { CallRecord, NoteCall } from '../transport.ts';
import type { Db } from './db.ts';

/** Most records kept in memory when the database is away; later ones push the oldest out. */
const mostWaiting = 10_000;

export type Journal = {
  note: NoteCall;
  /** Writes what waits. Called by the schedule now and then, and at the stop. */
  flush(): Promise<void>;
  /** Calls since the start by `vendor operation outcome`, for figures. */
  counts: Map<string, number>;
};

export function createJournal(deps: { db: Db; clock: Clock; log: Log }): Journal {
  let waiting: CallRecord[] = [];
  const counts = new Map<string, number>();
  const note: NoteCall = (record) => {
    const key = `${record.vendor} ${record.operation} ${record.outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    waiting.push(record);
    if (waiting.length > mostWaiting) waiting = waiting.slice(-mostWaiting);
  };
  const flush = async () => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    let written = 0;
    try {
      while (written < batch.length) {
        const rows = batch.slice(written, written + 500).map(toRow);
        await deps.db.insertInto('vendor_calls').values(rows).execute();
        written += rows.length;
      }
    } catch (cause) {
      waiting = [...batch.slice(written), ...waiting].slice(-mostWaiting);
      deps.log.warn({ err: cause }, 'journal of vendor calls not written; kept in memory');
    }
  };
  return { note, flush, counts };
}

/** Deletes journal entries that are older than `days`. Returns how many went. */
export async function pruneCalls(db: Db, clock: Clock, days: number): Promise<number> {
  const before = new Date(clock.nowMs() - days * 86_400_000);
  const done = await db
    .deleteFrom('vendor_calls')
    .where('started_at', '<', before)
    .executeTakeFirst();
  return Number(done.numDeletedRows);
}

function toRow(record: CallRecord) {
  return {
    vendor: record.vendor,
    connection: record.connection,
    operation: record.operation,
    started_at: record.startedAt,
    took_ms: Math.round(record.tookMs),
    status: record.status ?? null,
    outcome: record.outcome,
    correlation_id: record.correlationId ?? null,
    request_bytes: record.requestBytes,
    response_bytes: record.responseBytes,
    rows: record.rows ?? null,
  };
}
