/** What a vendor said of itself, as last read. */
import { type Db, jsonText, type Trx } from './db.ts';

/** The body kept under this kind, or null when nothing was kept. */
export async function readFact(db: Db | Trx, connection: string, kind: string): Promise<unknown> {
  const row = await db
    .selectFrom('vendor_facts')
    .select('body')
    .where('connection', '=', connection)
    .where('kind', '=', kind)
    .executeTakeFirst();
  return row?.body ?? null;
}

export async function saveFact(
  db: Db | Trx,
  connection: string,
  kind: string,
  body: unknown,
  now: Date,
): Promise<void> {
  const row = { body: jsonText(body), read_at: now };
  await db
    .insertInto('vendor_facts')
    .values({ connection, kind, ...row })
    .onConflict((on) => on.columns(['connection', 'kind']).doUpdateSet(row))
    .execute();
}
