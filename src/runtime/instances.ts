/** Which processes live. Each holds an advisory lock on a connection of its own; when the process or its
 *  connection dies, PostgreSQL lets go of the lock and the others know at once. */
import { hostname } from 'node:os';
import { sql } from 'kysely';
import pg from 'pg';
import type { Clock } from '../clock.ts';
import { type Db, schemaName } from './db.ts';

/** First half of the advisory lock key of every process; the second half is its instance id. */
const lockClass = 5_001;

export type Instance = {
  id: number;
  /** Settles when the connection that proves our life is gone: we may have been replaced. */
  lost: Promise<void>;
  close(): Promise<void>;
};

/** Registers this process: its row appears only once its lock is held. */
export async function joinInstances(deps: { url: string; clock: Clock }): Promise<Instance> {
  const client = new pg.Client({ connectionString: deps.url, keepAlive: true });
  const lost = new Promise<void>((resolve) => {
    client.on('error', () => resolve());
    client.on('end', () => resolve());
  });
  await client.connect();
  await client.query('begin');
  const { rows } = await client.query<{ id: number }>(
    `insert into ${schemaName}.instances (host, pid, started_at) values ($1, $2, $3) returning id`,
    [hostname(), process.pid, deps.clock.now()],
  );
  const id = rows[0]!.id;
  await client.query('select pg_advisory_lock($1, $2)', [lockClass, id]);
  await client.query('commit');
  return { id, lost, close: () => client.end() };
}

/** How many processes live now. */
export async function countLiving(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from instances i
    where exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.classid = ${lockClass}::oid and l.objid = i.id::oid
        and l.database = (select oid from pg_database where datname = current_database()))`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

/** Processes that are registered and dead. Unlike `buryDead` it leaves their rows to a running service. */
export async function findDead(db: Db): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select i.id from instances i
    where not exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.classid = ${lockClass}::oid and l.objid = i.id::oid
        and l.database = (select oid from pg_database where datname = current_database()))`.execute(
    db,
  );
  return rows.map((row) => row.id);
}

/** Processes that began a run, a call or a log-in and are dead now; their rows are removed. */
export async function buryDead(db: Db): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    delete from instances i
    where not exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.classid = ${lockClass}::oid and l.objid = i.id::oid
        and l.database = (select oid from pg_database where datname = current_database()))
    returning id`.execute(db);
  return rows.map((row) => row.id);
}
