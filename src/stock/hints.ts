/** Hints: items that the warehouse says have changed, and when it last said so. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import { addHints } from './figure-store.ts';

/** What is called back about: the two events that stock listens to. */
export type HintKind = 'availability' | 'incremental';

/** `items`: codes to be read again. `cutItems`: beginnings of codes whose rest was lost at a `#`. `heard`: kinds
 *  of which a call came, readable or not. */
export type Hints = {
  items: readonly string[];
  cutItems: readonly string[];
  heard: readonly HintKind[];
};

/** Keeps them until the items have been read again. */
export async function keepHints(
  trx: Trx,
  warehouse: string,
  at: Date,
  { items, cutItems, heard }: Hints,
): Promise<void> {
  const completed = await completeCut(trx, warehouse, cutItems);
  await addHints(trx, warehouse, at, { items: [...items, ...completed], source: 'event' });
  for (const kind of heard) {
    await saveFact(trx, warehouse, heardFact(kind), { at: at.toISOString() }, at);
  }
}

/** When a call of this kind last came; null when none ever did. To the minute. */
export async function heardAt(
  db: Db | Trx,
  warehouse: string,
  kind: HintKind,
): Promise<Date | null> {
  const fact = (await readFact(db, warehouse, heardFact(kind))) as { at: string } | null;
  return fact && new Date(fact.at);
}

function heardFact(kind: HintKind): string {
  return `stock.heard.${kind}`;
}

/** More items than this behind one beginning are left to the next read of everything. */
const mostCompleted = 100;

/** Known items whose code goes on with `#` after one of these beginnings. Codes sort byte by byte, so a range of
 *  the primary key holds them. */
async function completeCut(
  trx: Trx,
  warehouse: string,
  beginnings: readonly string[],
): Promise<string[]> {
  if (beginnings.length === 0) return [];
  const { rows } = await sql<{ itemCode: string }>`
    select distinct f.item_code as "itemCode" from unnest(${[...beginnings]}::text[]) as b(code)
    join stock_figures f on f.warehouse = ${warehouse}
      and f.item_code >= b.code || '#' and f.item_code < b.code || '$'
    limit ${mostCompleted}`.execute(trx);
  return rows.map((row) => row.itemCode);
}
