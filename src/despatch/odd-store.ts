/** SQL on orders that count as done and are not. */
import { sql } from 'kysely';
import type { Db } from '../runtime/db.ts';

/** Sales orders that left since then, count as shipped on the marketplace, and differ from what the warehouse sent:
 *  nothing was planned, fewer units were told than sold and nobody was asked about the rest, or the number told is none that the
 *  warehouse shows any more. One that changed while the marketplace was away is found here only. */
export async function readOddNumbers(
  db: Db,
  warehouse: string,
  since: Date,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select s.sales_order_number as number
    from (select sales_order_number, string_agg(tracking_number, E'\n') as tracking from despatch_rows
      where warehouse = ${warehouse} and despatched_at >= ${since} group by 1) d
    join sales_orders s on s.warehouse = ${warehouse} and s.sales_order_number = d.sales_order_number
    join orders o using (channel, marketplace_order_id)
    where o.state in ('despatched', 'confirmed')
      and (not exists (select from withdrawals w
          where (w.channel, w.marketplace_order_id) = (o.channel, o.marketplace_order_id))
        and (select sum((x->>'units')::int) from confirmations c cross join jsonb_array_elements(c.lines) x
            where (c.channel, c.marketplace_order_id) = (o.channel, o.marketplace_order_id) and c.step <> 'moot')
          < (select sum(l.quantity - l.withdrawn_units) from order_lines l
            where (l.channel, l.marketplace_order_id) = (o.channel, o.marketplace_order_id))
      -- Kept, and cut off before it was planned.
      or not exists (select from confirmations c
        where (c.channel, c.marketplace_order_id) = (o.channel, o.marketplace_order_id))
      or exists (select from confirmations c
        where (c.channel, c.marketplace_order_id) = (o.channel, o.marketplace_order_id)
          and c.step = 'verified' and c.told_tracking <> '' and c.despatched_at >= ${since}
          and not c.told_tracking = any(string_to_array(d.tracking, E'\n'))))
    order by 1 limit ${limit}`.execute(db);
  return rows.map((row) => row.number);
}
