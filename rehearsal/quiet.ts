/** Whether a rehearsed day has come to its end: nothing moves any more, on either side. */
import type { Service } from '../src/main.ts';
import type { Stage } from './stage.ts';

const minuteMs = 60_000;
/** From the end of the day on. */
const leastSettleMs = 90 * minuteMs;

/** No order waits for its payment, no sales order, quantity or parcel is on its way, and orders were polled just now.
 *  What waits for a person, or for its long rest to end, is not moving. */
export async function isQuiet(stage: Stage, service: Service, nowMs: number): Promise<boolean> {
  const waiting = [...stage.marketplaces.values()].some((marketplace) =>
    [...marketplace.truth.orders.values()].some((order) => order.state.startsWith('WAITING_DEBIT')),
  );
  if (waiting) return false;
  const { db } = service.database;
  const unshown = await db
    .selectFrom('stock_listings')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('step', '<>', 'quiet')
    // Buffers shrink unit by unit as sales are forgotten: what was worked out just now is not waited for.
    .where('wanted_at', '<', new Date(nowMs - 5 * minuteMs))
    .executeTakeFirstOrThrow();
  if (Number(unshown.count) > 0) return false;
  const moving = await db
    .selectFrom('sales_orders')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('step', 'not in', ['verified', 'cancelled'])
    // What waits for a person, or for its long rest to end, is not moving.
    .where('due_at', '<', new Date(nowMs + 10 * minuteMs))
    .executeTakeFirstOrThrow();
  const telling = await db
    .selectFrom('confirmations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('step', 'not in', ['waiting', 'verified', 'moot'])
    .where('due_at', '<', new Date(nowMs + 10 * minuteMs))
    .executeTakeFirstOrThrow();
  if (Number(telling.count) > 0) return false;
  const polled = await db
    .selectFrom('flows')
    .select((eb) => eb.fn.min('last_ok_at').as('at'))
    .where('flow', '=', 'orders.intake')
    .executeTakeFirst();
  const isFresh = (polled?.at?.getTime() ?? 0) > nowMs - 3 * minuteMs;
  return isFresh && Number(moving.count) === 0 && nowMs > stage.world.endMs + leastSettleMs;
}
