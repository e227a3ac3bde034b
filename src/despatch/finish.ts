/** Finish: an order is confirmed when all that left is seen on the marketplace, or needs telling no more, and the
 *  marketplace waits for nothing else: its last units may have been cancelled, or shipped by hand. */
import { sql } from 'kysely';
import { recordTransition } from '../orders/store.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { subjectOf } from './plan.ts';
import { confirmCodes } from './verify.ts';

/** Moves such orders of a channel on. What was despatched is left to the poll to say. */
export async function finishOrders(context: FlowContext, channel: string): Promise<void> {
  const { rows } = await sql<{ channel: string; marketplaceOrderId: string; told: string | null }>`
    select o.channel, o.marketplace_order_id as "marketplaceOrderId",
      string_agg(nullif(c.told_tracking, ''), ', ' order by c.parcel) as told
    from orders o join confirmations c using (channel, marketplace_order_id)
    where o.channel = ${channel} and o.state = 'despatched'
    group by 1, 2 having bool_and(c.step in ('verified', 'moot'))`.execute(context.db);
  if (rows.length === 0) return;
  await context.write(async (trx) => {
    const moves = rows.map(({ told, ...key }) => ({
      ...key,
      from: 'despatched' as const,
      to: 'confirmed' as const,
      why: told ? `seen on the marketplace with ${told}` : 'shipped on the marketplace by hand',
    }));
    await recordTransition(trx, context.clock.now(), moves);
    const why = 'the marketplace shows it shipped';
    await context.exceptions.settle(trx, rows.map(subjectOf), { codes: confirmCodes, why });
  });
}
