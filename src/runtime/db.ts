/** The database: a pool, Kysely over it, and the shape of every table. */
import { type ColumnType, type Generated, Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';

/** Everything lives in this schema; pg-boss keeps its own in `packhorse_jobs`. */
export const schemaName = 'packhorse';

/** A PostgreSQL numeric, as decimal text both ways. */
type Numeric = ColumnType<string, string, string>;
/** A jsonb column: parsed when read, JSON text when written. */
type Json<T> = ColumnType<T, string, string>;

export type Tables = {
  instances: { id: Generated<number>; host: string; pid: number; started_at: Date };
  flows: {
    flow: string;
    connection: string;
    every_ms: number;
    next_due_at: Date;
    token: Generated<number>;
    instance: number | null;
    job_id: string | null;
    started_at: Date | null;
    finished_at: Date | null;
    last_ok_at: Date | null;
    failures: Generated<number>;
    last_error: string | null;
    paused_at: Date | null;
    paused_why: string | null;
  };
  pace: {
    connection: string;
    lane: string;
    next_at: Date;
    holder: number | null;
    holder_until: Date | null;
    urgent_until: Date | null;
  };
  warehouse_sessions: {
    connection: string;
    session_id: string | null;
    created_at: Date | null;
    renewing_by: number | null;
    renewing_until: Date | null;
  };
  watermarks: { flow: string; connection: string; at: Date };
  vendor_facts: { connection: string; kind: string; body: Json<unknown>; read_at: Date };
  vendor_calls: {
    id: Generated<number>;
    vendor: string;
    connection: string;
    operation: string;
    started_at: Date;
    took_ms: number;
    status: number | null;
    outcome: string;
    correlation_id: string | null;
    request_bytes: number;
    response_bytes: number;
    rows: number | null;
  };
  exceptions: {
    id: Generated<number>;
    code: string;
    connection: string;
    subject_kind: string;
    subject_id: string;
    state: 'open' | 'retrying' | 'resolved' | 'ignored';
    owner: string;
    severity: 'low' | 'medium' | 'high' | 'critical';
    message: string;
    evidence: Json<Record<string, unknown>>;
    money_pence: number | null;
    deadline_at: Date | null;
    opened_at: Date;
    last_seen_at: Date;
    closed_at: Date | null;
    times_opened: Generated<number>;
  };
  exception_events: {
    exception_id: number;
    at: Date;
    what: string;
    who: string;
    note: string | null;
  };
  orders: {
    channel: string;
    marketplace_order_id: string;
    commercial_id: string;
    warehouse: string;
    state: string;
    wire_state: string;
    wire_created_at: Date;
    wire_updated_at: Date;
    currency: string;
    total_price: Numeric;
    shipping_price: Numeric;
    tax_mode: string;
    shipping_type_code: string;
    shipping_deadline: Date | null;
    has_incident: boolean;
    seller_reference: string | null;
    detail: Json<Record<string, unknown>>;
    fingerprint: string;
    first_seen_at: Date;
    seen_at: Date;
    payable_at: Date | null;
    due_at: Date | null;
    attempts: Generated<number>;
  };
  order_people: { channel: string; marketplace_order_id: string; body: Json<unknown> };
  order_lines: {
    channel: string;
    marketplace_order_id: string;
    order_line_id: string;
    position: number;
    shop_sku: string;
    offer_id: string | null;
    title: string;
    quantity: number;
    withdrawn_units: Generated<number>;
    price: Numeric;
    unit_price: Numeric;
    total_price: Numeric;
    wire_state: string;
    reason_code: string | null;
  };
  order_history: {
    channel: string;
    marketplace_order_id: string;
    number: number;
    at: Date;
    kind: string;
    from_state: string | null;
    to_state: string | null;
    why: string;
    call: string | null;
  };
  sales_orders: {
    warehouse: string;
    sales_order_number: string;
    channel: string;
    marketplace_order_id: string;
    step: string;
    row: Json<Record<string, string>>;
    customer: Json<Record<string, string> | null>;
    due_at: Date;
    attempts: Generated<number>;
    staged_at: Date;
    header_sent_at: Date | null;
    lines_sent_at: Date | null;
    seen_at: Date | null;
    warehouse_status: string | null;
    verified_at: Date | null;
    last_error: string | null;
    reference_written_at: Date | null;
    reference_due_at: Date | null;
  };
  sales_order_lines: {
    warehouse: string;
    sales_order_number: string;
    line: string;
    item_code: string;
    quantity: number;
    sale_price: Numeric;
    parts: Json<{ orderLineId: string; units: number }[]>;
    seen_quantity: number | null;
  };
  acceptances: {
    channel: string;
    marketplace_order_id: string;
    decided_at: Date;
    decided_by: string;
    decision: Json<{ orderLineId: string; accepted: boolean; why: string }[]>;
    sent_at: Date | null;
    answered_at: Date | null;
    answer: string | null;
    confirmed_at: Date | null;
    attempts: Generated<number>;
    due_at: Date | null;
  };
  items: {
    warehouse: string;
    item_code: string;
    found: boolean;
    retired: boolean;
    name: string | null;
    read_at: Date;
  };
  sku_mappings: {
    channel: string;
    shop_sku: string;
    item_code: string;
    made_at: Date;
    made_by: string;
  };
  offers: {
    channel: string;
    offer_id: string;
    shop_sku: string;
    price: ColumnType<string | null, string | null, string | null>;
    active: boolean;
    read_at: Date;
  };
  unreadable_orders: {
    channel: string;
    subject: string;
    problem: string;
    first_seen_at: Date;
    last_seen_at: Date;
  };
};

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
