/** One connection of its own for work in bulk: rows by COPY into a temporary table, then one transaction. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Tables } from './tables.ts';

export type Bulk = {
  /** Queries on this connection, temporary tables included. */
  db: Kysely<Tables>;
  /** Writes rows by COPY. `table` and `columns` are names of ours, never input. Values: null is SQL's null.
   *  Returns how many rows were written. */
  copyIn(
    table: string,
    columns: readonly string[],
    rows: Iterable<readonly (string | number | null)[]>,
  ): Promise<number>;
};

/** Takes a connection out of the pool for as long as the work takes; what was temporary goes with it. */
export async function withBulk<T>(pool: pg.Pool, work: (bulk: Bulk) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: lone(client) }) });
  let failed: Error | undefined;
  try {
    await client.query(`set work_mem = '${sortMemory}'`);
    return await work({
      db,
      copyIn: (table, columns, rows) => copyIn(client, table, columns, rows),
    });
  } catch (cause) {
    failed = cause as Error;
    throw cause;
  } finally {
    // A connection on which something went wrong may be in the middle of a COPY: it is not used again.
    if (!failed)
      await client.query('discard temp; reset work_mem').catch((cause: Error) => (failed = cause));
    client.release(failed);
  }
}

/** PostgreSQL's memory for one sort or hash table. Smaller: a million rows are sorted on disk; larger: a bulk of
 *  work may take several times this much of the server's memory. */
const sortMemory = '64MB';

/** A pool of the one client, which stays ours. */
function lone(client: pg.PoolClient) {
  const held = new Proxy(client, {
    get: (target, key) => {
      if (key === 'release') return () => {};
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { connect: async () => held, end: async () => {}, options: {} };
}

async function copyIn(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly (string | number | null)[]>,
): Promise<number> {
  let count = 0;
  const texts = function* () {
    let text = '';
    for (const row of rows) {
      count += 1;
      text += `${row.map(field).join('\t')}\n`;
      if (text.length > chunkLength) {
        yield text;
        text = '';
      }
    }
    if (text !== '') yield text;
  };
  const stream = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`));
  await pipeline(Readable.from(texts(), { objectMode: true }), stream);
  return count;
}

/** Text handed to the socket at once. Smaller: more calls; larger: more memory. */
const chunkLength = 65_536;

/** One value in COPY's text format. A zero character, which PostgreSQL cannot hold, becomes U+FFFD. */
function field(value: string | number | null): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return String(value);
  if (!needsEscape.test(value)) return value;
  return value
    .replaceAll('\0', '\ufffd')
    .replace(/[\\\t\n\r]/g, (found) => escapes[found as keyof typeof escapes]);
}

const needsEscape = /[\\\t\n\r\0]/;
const escapes = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' } as const;
