/** SQL that finds open causes which no longer hold, where nothing else would come back to close them. */
import { sql } from 'kysely';
import type { Db, Trx } from '../runtime/db.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { promisedLines } from './demand-store.ts';

type Subject = { connection: string; subjectKind: string; subjectId: string };

/** After a look at everything: closes the open causes of a code on a connection, except those about the subjects
 *  that still have it. */
export async function settleOthers(
  trx: Trx,
  context: Pick<FlowContext, 'exceptions'>,
  given: { connection: string; code: string; still: readonly string[]; why: string },
): Promise<void> {
  const { connection, code, still, why } = given;
  const { rows } = await sql<Subject>`
    select connection, subject_kind as "subjectKind", subject_id as "subjectId" from exceptions
    where connection = ${connection} and code = ${code} and state in ('open', 'retrying')
      and subject_id <> all(${[...still]}::text[])`.execute(trx);
  await context.exceptions.settle(trx, rows, { codes: [code], why });
}

/** SKUs raised as offers without an item, whose listing has an item by now: it was made, or the SKU was mapped. */
export async function readItemsFound(db: Db | Trx, warehouse: string): Promise<Subject[]> {
  const { rows } = await sql<Subject>`
    select e.connection, e.subject_kind as "subjectKind", e.subject_id as "subjectId" from exceptions e
    join stock_listings l on l.channel = e.connection and l.shop_sku = e.subject_id and l.warehouse = ${warehouse}
    where e.code = 'offer-without-item' and e.state in ('open', 'retrying')
      and not exists (select from stock_items i
        where i.warehouse = l.warehouse and i.item_code = l.item_code and not i.is_known)`.execute(
    db,
  );
  return rows;
}

/** Orders raised as stuck, for which stock is reserved by now, or which are not owed any more. */
export async function readUnstuck(db: Db | Trx, warehouse: string): Promise<Subject[]> {
  const { rows } = await sql<Subject>`
    select e.connection, e.subject_kind as "subjectKind", e.subject_id as "subjectId" from exceptions e
    join orders o on o.channel = e.connection and o.marketplace_order_id = e.subject_id and o.warehouse = ${warehouse}
    where e.code = 'stock-reservation-stuck' and e.state in ('open', 'retrying')
      and not exists (select from ${promisedLines(warehouse)} w where w.channel = o.channel
        and w.marketplace_order_id = o.marketplace_order_id and w.step = 'verified'
        and w.absorbed_at is null)`.execute(db);
  return rows;
}
