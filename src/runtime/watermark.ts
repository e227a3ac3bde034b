/** How far a flow has read. Saved in the same transaction as the rows it covers, and only forward. */
import { sql } from 'kysely';
import type { Db, Trx } from './db.ts';

/** The instant up to which everything was read, or null before the first read. */
export async function readWatermark(
  db: Db | Trx,
  flow: string,
  connection: string,
): Promise<Date | null> {
  const row = await db
    .selectFrom('watermarks')
    .select('at')
    .where('flow', '=', flow)
    .where('connection', '=', connection)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Moves the watermark to `at`; an earlier instant than the one kept changes nothing. */
export async function moveWatermark(
  trx: Trx,
  flow: string,
  connection: string,
  at: Date,
): Promise<void> {
  await trx
    .insertInto('watermarks')
    .values({ flow, connection, at })
    .onConflict((on) =>
      on
        .columns(['flow', 'connection'])
        .doUpdateSet({ at: sql<Date>`greatest(watermarks.at, excluded.at)` }),
    )
    .execute();
}
