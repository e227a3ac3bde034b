/** The database: a pool and Kysely over it. */
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Tables } from './tables.ts';

/** Everything lives in this schema; pg-boss keeps its own in `packhorse_jobs`. */
export const schemaName = 'packhorse';

export type { Tables };
export type Db = Kysely<Tables>;
export type Trx = Transaction<Tables>;

/** A transaction in which nothing happens this long is ended by PostgreSQL: a process that hangs in one must not
 *  hold its rows for ever. Ours never wait for anything but the database. */
const idleMs = 15_000;

export type OpenDatabase = { db: Db; pool: pg.Pool; close(): Promise<void> };

/** Opens a pool on a PostgreSQL URL. Connections that break are dropped and made anew by the next query;
 *  `onError` hears of those that break while idle. 64-bit integers come as numbers: every one of ours is
 *  a count or a row id far below 2^53. */
export function openDatabase(
  url: string,
  options: { poolSize: number; onError: (cause: Error) => void },
): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${schemaName} -c timezone=UTC -c idle_in_transaction_session_timeout=${idleMs}`,
    types: { getTypeParser: parserOf },
    Client: PreparingClient,
  });
  pool.on('error', options.onError);
  // The pool hears of idle connections only. One that breaks between two queries of a transaction would end
  // the process for want of a listener; the transaction's next query fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const close = async () => {
    await db.destroy();
    // Kysely ends the pool only when a query of its own has used it.
    if (!pool.ended) await pool.end();
  };
  return { db, pool, close };
}

/** Texts that are prepared in one process. Ours are far fewer; lists written out (`in ($1, $2, ...)`) differ by
 *  length, and those beyond the limit are simply planned each time. */
const mostPrepared = 400;
const preparedNames = new Map<string, string>();

/** Has PostgreSQL parse and plan each statement once per connection: most of ours are tiny and run again and
 *  again, and planning costs more than running them. */
class PreparingClient extends pg.Client {
  // The driver's own overloads are many; Kysely calls this one only, and everything is handed on as it came.
  override query(...given: unknown[]): never {
    const [text, values] = given;
    if (typeof text === 'string' && Array.isArray(values) && values.length > 0) {
      const name = preparedName(text);
      if (name !== undefined) given = [{ name, text, values }, ...given.slice(2)];
    }
    return Reflect.apply(super.query, this, given) as never;
  }
}

function preparedName(text: string): string | undefined {
  const known = preparedNames.get(text);
  if (known !== undefined || preparedNames.size >= mostPrepared) return known;
  const name = `packhorse_${preparedNames.size + 1}`;
  preparedNames.set(text, name);
  return name;
}

const int8 = 20;

function parserOf(oid: number, format?: 'text' | 'binary') {
  if (oid === int8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

/** JSON that a jsonb column takes: characters that JSON may hold and PostgreSQL may not (U+0000, half of a
 *  surrogate pair, such as an emoji that a sender cut in two) become U+FFFD, so that one odd text cannot stop
 *  a whole batch. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\u')) return text;
  // A backslash that is itself escaped is passed over, so that what follows it is not taken for an escape.
  return text.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (found) =>
    /^\\u(0000|d)/.test(found) ? '\\ufffd' : found,
  );
}
