/** All SQL on exceptions. A cause is one row for ever (the database's constraint); it opens, closes and
 *  re-opens, and every move is kept. */
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Cause } from '../errors.ts';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import { codes, isCode } from './codes.ts';

export type ExceptionRow = {
  id: number;
  code: string;
  title: string;
  connection: string;
  subjectKind: string;
  subjectId: string;
  state: 'open' | 'retrying' | 'resolved' | 'ignored';
  owner: string;
  severity: string;
  message: string;
  evidence: Record<string, unknown>;
  /** Pence at stake; null when none is known. */
  moneyPence: number | null;
  deadlineAt: Date | null;
  openedAt: Date;
  lastSeenAt: Date;
  closedAt: Date | null;
  timesOpened: number;
};

export type ExceptionFilter = {
  ids?: readonly number[] | undefined;
  codes?: readonly string[] | undefined;
  connection?: string | undefined;
  subjectId?: string | undefined;
  states?: readonly ExceptionRow['state'][] | undefined;
  limit?: number | undefined;
};

/** What a cause is about. */
type Subject = Pick<Cause, 'connection' | 'subjectKind' | 'subjectId'>;

/** What flows are handed to raise and settle causes. */
export function createExceptions(clock: Clock) {
  return {
    raise: (trx: Trx, causes: readonly Cause[]) => raiseAll(trx, clock.now(), unique(causes)),
    settle: async (
      trx: Trx,
      subjects: readonly Subject[],
      options: { codes: readonly string[]; stillHolds?: readonly string[]; why: string },
    ) => {
      if (subjects.length === 0) return;
      const now = clock.now();
      const still = options.stillHolds ?? [];
      const { rows } = await sql<{ id: number }>`
        update exceptions e set state = 'resolved', closed_at = ${now}, last_seen_at = ${now}
        from jsonb_to_recordset(${jsonText(subjects)}::jsonb)
          as s("connection" text, "subjectKind" text, "subjectId" text)
        where e.connection = s.connection and e.subject_kind = s."subjectKind"
          and e.subject_id = s."subjectId" and e.state in ('open', 'retrying')
          and e.code = any(${[...options.codes]}::text[]) and e.code <> all(${[...still]}::text[])
        returning e.id`.execute(trx);
      await note(
        trx,
        rows.map((r) => r.id),
        { at: now, what: 'resolved', who: 'packhorse', note: options.why },
      );
    },
  };
}

/** One that is resolved re-opens, one that is ignored is only refreshed. */
async function raiseAll(trx: Trx, now: Date, causes: readonly Cause[]): Promise<void> {
  if (causes.length === 0) return;
  const input = causes.map((cause) => {
    if (!isCode(cause.code)) throw new Error(`${cause.code} is not in exceptions/codes.ts`);
    const { owner, severity } = codes[cause.code];
    return {
      ...cause,
      owner,
      severity,
      evidence: cause.evidence ?? {},
      moneyPence: cause.moneyPence == null ? null : cause.moneyPence.toString(),
      deadlineAt: cause.deadlineAt ?? null,
    };
  });
  await sql`
    with input as (
      select * from jsonb_to_recordset(${jsonText(input)}::jsonb) as i(code text, connection text,
        "subjectKind" text, "subjectId" text, owner text, severity text, message text, evidence jsonb,
        "moneyPence" bigint, "deadlineAt" timestamptz)
    ), before as (
      select e.id, e.state from exceptions e join input i on (e.code, e.connection, e.subject_kind, e.subject_id)
        = (i.code, i.connection, i."subjectKind", i."subjectId")
    ), now_open as (
      insert into exceptions as e (code, connection, subject_kind, subject_id, state, owner, severity, message,
        evidence, money_pence, deadline_at, opened_at, last_seen_at)
      select code, connection, "subjectKind", "subjectId", 'open', owner, severity, message, evidence,
        "moneyPence", "deadlineAt", ${now}::timestamptz, ${now}::timestamptz from input
      on conflict (code, connection, subject_kind, subject_id) do update set
        state = case when e.state = 'ignored' then 'ignored' else 'open' end,
        message = excluded.message, evidence = excluded.evidence, money_pence = excluded.money_pence,
        deadline_at = excluded.deadline_at, last_seen_at = excluded.last_seen_at,
        closed_at = case when e.state = 'ignored' then e.closed_at end,
        opened_at = case when e.state = 'resolved' then excluded.opened_at else e.opened_at end,
        times_opened = e.times_opened + case when e.state = 'resolved' then 1 else 0 end
      returning e.id, e.state, e.message
    )
    insert into exception_events (exception_id, at, what, who, note)
    select n.id, ${now}::timestamptz, case when b.id is null then 'opened' else 're-opened' end, 'packhorse', n.message
    from now_open n left join before b on b.id = n.id
    where n.state = 'open' and (b.id is null or b.state in ('resolved', 'retrying'))`.execute(trx);
}

/** Exceptions by filter, the most urgent first: severity, then deadline, then age. */
export async function listExceptions(db: Db, filter: ExceptionFilter): Promise<ExceptionRow[]> {
  const rows = await matching(db, filter)
    .selectAll()
    .orderBy(sql`array_position(array['critical','high','medium','low'], severity)`)
    .orderBy(sql`deadline_at asc nulls last`)
    .orderBy('opened_at')
    .orderBy('id')
    .limit(filter.limit ?? 1_000)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    code: row.code,
    title: isCode(row.code) ? codes[row.code].title : row.code,
    connection: row.connection,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    state: row.state,
    owner: row.owner,
    severity: row.severity,
    message: row.message,
    evidence: row.evidence,
    moneyPence: row.money_pence,
    deadlineAt: row.deadline_at,
    openedAt: row.opened_at,
    lastSeenAt: row.last_seen_at,
    closedAt: row.closed_at,
    timesOpened: row.times_opened,
  }));
}

export type ExceptionEvent = { at: Date; what: string; who: string; note: string | null };

/** What happened to one exception, oldest first. */
export async function listExceptionEvents(db: Db, id: number): Promise<ExceptionEvent[]> {
  return db
    .selectFrom('exception_events')
    .select(['at', 'what', 'who', 'note'])
    .where('exception_id', '=', id)
    .orderBy('at')
    .execute();
}

/** Moves exceptions by hand and notes who and why. Returns those that moved: the ones that were
 *  open or being retried. */
export async function moveExceptions(
  db: Db | Trx,
  clock: Clock,
  ids: readonly number[],
  move: { to: 'retrying' | 'resolved' | 'ignored'; who: string; note: string | null },
): Promise<number[]> {
  if (ids.length === 0) return [];
  const now = clock.now();
  const rows = await db
    .updateTable('exceptions')
    .set({ state: move.to, ...(move.to === 'retrying' ? {} : { closed_at: now }) })
    .where('id', 'in', [...ids])
    .where('state', 'in', ['open', 'retrying'])
    .returning('id')
    .execute();
  const moved = rows.map((row) => row.id);
  const what = move.to === 'retrying' ? 'retry asked' : move.to;
  await note(db, moved, { at: now, what, who: move.who, note: move.note });
  return moved;
}

function matching(db: Db, filter: ExceptionFilter) {
  return db
    .selectFrom('exceptions')
    .where('state', 'in', filter.states ?? ['open', 'retrying'])
    .$if(filter.ids !== undefined, (q) => q.where('id', 'in', [...filter.ids!, -1]))
    .$if(filter.codes !== undefined, (q) => q.where('code', 'in', [...filter.codes!, '']))
    .$if(filter.connection !== undefined, (q) => q.where('connection', '=', filter.connection!))
    .$if(filter.subjectId !== undefined, (q) => q.where('subject_id', '=', filter.subjectId!));
}

async function note(
  db: Db | Trx,
  ids: readonly number[],
  event: { at: Date; what: string; who: string; note: string | null },
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .insertInto('exception_events')
    .values(ids.map((id) => ({ exception_id: id, ...event })))
    .execute();
}

/** One statement cannot touch a row twice: of equal causes the last counts. */
function unique(causes: readonly Cause[]): Cause[] {
  const byKey = new Map(
    causes.map((c) => [JSON.stringify([c.code, c.connection, c.subjectKind, c.subjectId]), c]),
  );
  return [...byKey.values()];
}
