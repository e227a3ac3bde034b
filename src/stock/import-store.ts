/** SQL on files of quantities: the intent, the answer, what became of each line. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import type { Listing } from './listing-store.ts';

export type StockImport = {
  id: number;
  method: string;
  state: 'intended' | 'running' | 'complete' | 'failed' | 'lost';
  reference: string | null;
  lineCount: number;
  madeAt: Date;
  sentAt: Date | null;
  attempts: number;
};

/** Keeps the intent to send these listings what they should show, and moves them along. Returns its number. */
export async function intendImport(
  trx: Trx,
  given: { channel: string; method: string; now: Date; basisAt: Date | null },
  listings: readonly Listing[],
): Promise<number> {
  const { id } = await trx
    .insertInto('stock_imports')
    .values({
      channel: given.channel,
      method: given.method,
      state: 'intended',
      reference: null,
      line_count: listings.length,
      basis_at: given.basisAt,
      made_at: given.now,
      sent_at: null,
      check_at: null,
      finished_at: null,
      note: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const lines = JSON.stringify(
    listings.map((one) => ({
      shopSku: one.shopSku,
      quantity: one.wanted,
      was: one.mostShown,
      pool: one.pool,
      basisAt: one.basisAt,
    })),
  );
  await sql`
    with given as (
      select * from jsonb_to_recordset(${lines}::jsonb) as r("shopSku" text, quantity integer, was integer,
        pool integer, "basisAt" timestamptz)
    ), kept as (
      insert into stock_import_lines (import_id, shop_sku, quantity, was, pool, basis_at)
      select ${id}, "shopSku", quantity, was, pool, "basisAt" from given
    )
    update stock_listings l set step = 'sent', sent = g.quantity, sent_at = ${given.now}, import_id = ${id},
      most_shown = greatest(l.most_shown, g.quantity), due_at = null
    from given g where l.channel = ${given.channel} and l.shop_sku = g."shopSku"`.execute(trx);
  return id;
}

/** Imports that have not come to an end: those meant to be sent, and those whose status may be asked. */
export async function readOpenImports(db: Db, channel: string, now: Date): Promise<StockImport[]> {
  return db
    .selectFrom('stock_imports')
    .select([
      'id',
      'method',
      'state',
      'reference',
      'line_count as lineCount',
      'made_at as madeAt',
      'sent_at as sentAt',
      'attempts',
    ])
    .where('channel', '=', channel)
    .where('state', 'in', ['intended', 'running'])
    .where((eb) => eb.or([eb('state', '=', 'intended'), eb('check_at', '<=', now)]))
    .orderBy('id')
    .execute();
}

/** When a file that went out was last made for a channel, and from figures read when; null: never. One whose fate
 *  is not known, or that was refused, holds up no other. */
export async function lastImport(
  db: Db,
  channel: string,
): Promise<{ madeAt: Date; basisAt: Date | null } | null> {
  const row = await db
    .selectFrom('stock_imports')
    .select(['made_at as madeAt', 'basis_at as basisAt'])
    .where('channel', '=', channel)
    .where('state', 'not in', ['lost', 'failed'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

export type ImportMove = {
  state: StockImport['state'];
  reference?: string;
  sentAt?: Date;
  checkAt?: Date | null;
  finishedAt?: Date;
  errorCount?: number;
  note?: string;
  attempts?: number;
};

/** Moves an import along. */
export async function moveImport(trx: Trx, id: number, move: ImportMove): Promise<void> {
  await trx
    .updateTable('stock_imports')
    .set({
      state: move.state,
      ...(move.reference === undefined ? {} : { reference: move.reference }),
      ...(move.sentAt === undefined ? {} : { sent_at: move.sentAt }),
      ...(move.checkAt === undefined ? {} : { check_at: move.checkAt }),
      ...(move.finishedAt === undefined ? {} : { finished_at: move.finishedAt }),
      ...(move.errorCount === undefined ? {} : { error_count: move.errorCount }),
      ...(move.note === undefined ? {} : { note: move.note }),
      ...(move.attempts === undefined ? {} : { attempts: move.attempts }),
    })
    .where('id', '=', id)
    .execute();
}

/** The end of an import: its refused lines are due again later and the others are to be read back. Returns the
 *  listings that were refused. */
export async function closeImport(
  trx: Trx,
  given: { id: number; channel: string; now: Date; readBackAt: Date; againAt: Date },
  refused: readonly { shopSku: string; reason: string }[],
): Promise<{ shopSku: string; quantity: number; attempts: number; reason: string }[]> {
  // Looked up by key, not joined: how many lines a fresh import has is not known to PostgreSQL, which would then
  // compare each with each.
  const reasons = sql`${jsonText(Object.fromEntries(refused.map((one) => [one.shopSku, one.reason])))}::jsonb`;
  const { rows } = await sql<{
    shopSku: string;
    quantity: number | null;
    reason: string | null;
    attempts: number;
  }>`
    with lines as (
      update stock_import_lines i set reason = ${reasons} ->> i.shop_sku,
        outcome = case when ${reasons} ->> i.shop_sku is null then 'taken' else 'refused' end
      where i.import_id = ${given.id}
      returning i.shop_sku, i.quantity, i.reason
    ), moved as (
      update stock_listings l set last_error = ${reasons} ->> l.shop_sku,
        step = case when ${reasons} ->> l.shop_sku is null then 'taken' else 'due' end,
        due_at = case when ${reasons} ->> l.shop_sku is null then ${given.readBackAt}::timestamptz else ${given.againAt}::timestamptz end,
        attempts = case when ${reasons} ->> l.shop_sku is null then l.attempts else l.attempts + 1 end
      where l.channel = ${given.channel} and l.import_id = ${given.id} and l.step = 'sent'
      returning l.shop_sku, l.attempts, l.last_error
    )
    select shop_sku as "shopSku", quantity, reason, 1 as attempts from lines where reason is not null
    union all select shop_sku, null, null, attempts from moved where last_error is not null
    order by 1`.execute(trx);
  const attempts = new Map(
    rows.flatMap((row) => (row.reason === null ? [[row.shopSku, row.attempts] as const] : [])),
  );
  return rows.flatMap(({ shopSku, quantity, reason }) =>
    quantity === null || reason === null
      ? []
      : [{ shopSku, quantity, reason, attempts: attempts.get(shopSku) ?? 1 }],
  );
}

/** An import whose effect is not known or that failed whole: its lines are sent again. What it may have brought
 *  to show stays counted as shown until somebody looks. */
export async function resendImport(
  trx: Trx,
  given: { id: number; channel: string; dueAt: Date; error: string },
): Promise<void> {
  await sql`
    update stock_listings l set step = 'due', due_at = ${given.dueAt}, attempts = l.attempts + 1, last_error = ${given.error}
    where l.channel = ${given.channel} and l.import_id = ${given.id} and l.step = 'sent'`.execute(
    trx,
  );
}

/** What was on show before an import, by SKU. */
export async function readImportLines(
  db: Db,
  asked: readonly { importId: number; shopSku: string }[],
): Promise<Map<string, number | null>> {
  if (asked.length === 0) return new Map();
  const { rows } = await sql<{ shopSku: string; was: number | null }>`
    select i.shop_sku as "shopSku", i.was from stock_import_lines i
    join jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a("importId" bigint, "shopSku" text)
      on i.import_id = a."importId" and i.shop_sku = a."shopSku"`.execute(db);
  return new Map(rows.map((row) => [row.shopSku, row.was]));
}
