/** What a person does with despatches: tell again, map a carrier, decide on what the warehouse will not send. Each
 *  acts inside the caller's transaction. */
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { type OrderKey, recordHistory } from '../orders/store.ts';
import { jsonText, type Trx } from '../runtime/db.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { readUntoldOfCarrier, removeCarrierMapping, saveCarrierMapping } from './carrier-store.ts';
import type { CarrierMapping } from './carriers.ts';
import { collectFlow, confirmFlow } from './flow.ts';
import { type ConfirmationStep, unanswered } from './state.ts';
import type { Withdrawal } from './withdrawal-store.ts';

/** Steps that a retry can do something for: what is verified or moot is done. */
export const retriable: readonly ConfirmationStep[] = [
  'waiting',
  'stopped',
  'ready',
  ...unanswered,
  'tracked',
  'shipped',
  'correcting',
];

/** Steps that only planning can move on. */
const planned: readonly ConfirmationStep[] = ['waiting', 'stopped'];

export type ParcelKey = OrderKey & { parcel: string };

/** A parcel as it was before it was tried again. */
export type Retried = ParcelKey & { step: ConfirmationStep; trackingNumber: string };

/** Makes parcels due now. Those that wait are planned anew from what the warehouse says by then; the others are told,
 *  or looked up, with the count of tries at zero. A lost answer is still looked up before anything is repeated.
 *  `isAsItIs`: a doubtful tracking number of a waiting parcel passes, as long as it stays the same. */
export async function retryConfirmations(
  trx: Trx,
  clock: Clock,
  given: { parcels: readonly ParcelKey[]; isAsItIs: boolean; who: string },
): Promise<Retried[]> {
  const now = clock.now();
  const { rows } = await sql<Retried & { warehouse: string }>`
    with chosen as (
      select c.channel, c.marketplace_order_id, c.parcel, c.step from confirmations c
      join jsonb_to_recordset(${jsonText(given.parcels)}::jsonb)
        as k(channel text, "marketplaceOrderId" text, parcel text)
        on (c.channel, c.marketplace_order_id, c.parcel) = (k.channel, k."marketplaceOrderId", k.parcel)
      where c.step = any(${[...retriable]}::text[]) for update of c
    )
    update confirmations c set due_at = ${now},
      attempts = case when c.step = 'shipped' then c.attempts else 0 end,
      waits_for = case when c.step = 'stopped' then 'its turn to be planned again' else c.waits_for end,
      accepted_tracking = case when ${given.isAsItIs}::boolean and c.step = any(${[...planned]}::text[])
        and c.tracking_number <> '' then c.tracking_number else c.accepted_tracking end,
      step = case when c.step = 'stopped' then 'waiting' else c.step end
    from chosen h where (c.channel, c.marketplace_order_id, c.parcel) = (h.channel, h.marketplace_order_id, h.parcel)
    returning c.channel, c.marketplace_order_id as "marketplaceOrderId", c.parcel, h.step,
      c.tracking_number as "trackingNumber", c.warehouse`.execute(trx);
  const said = given.isAsItIs
    ? `${given.who} let the tracking number pass as it is`
    : `${given.who} asked to tell the despatch again`;
  const orders = new Map(rows.map((row) => [JSON.stringify(keyOf(row)), keyOf(row)]));
  await recordHistory(
    trx,
    now,
    [...orders.values()].map((key) => noteOf(key, said)),
  );
  for (const channel of new Set(rows.map((row) => row.channel)))
    await wakeFlow(trx, clock, confirmFlow, channel);
  const waiting = rows.filter((row) => planned.includes(row.step));
  for (const warehouse of new Set(waiting.map((row) => row.warehouse))) {
    const numbers = await numbersOf(
      trx,
      waiting.filter((row) => row.warehouse === warehouse),
    );
    await lookAgain(trx, clock, warehouse, numbers);
  }
  return rows.map(({ warehouse: _, ...row }) => row);
}

/** Has sales orders looked up by their numbers, and planned anew, at the next turn. The status that each showed is
 *  kept. */
export async function lookAgain(
  trx: Trx,
  clock: Clock,
  warehouse: string,
  salesOrderNumbers: readonly string[],
): Promise<void> {
  if (salesOrderNumbers.length === 0) return;
  await sql`
    insert into despatch_looks (warehouse, sales_order_number, looked_at, status)
    select ${warehouse}, n, 'epoch', null from unnest(${[...salesOrderNumbers]}::text[]) n
    on conflict (warehouse, sales_order_number) do update set looked_at = excluded.looked_at`.execute(
    trx,
  );
  await wakeFlow(trx, clock, collectFlow, warehouse);
}

/** Keeps a mapping and has parcels of the carrier that were not told yet planned anew. Returns their sales orders. */
export async function mapCarrier(
  trx: Trx,
  clock: Clock,
  given: { channel: string; warehouse: string; mapping: CarrierMapping; who: string },
): Promise<string[]> {
  const { channel, warehouse, mapping, who } = given;
  await saveCarrierMapping(trx, channel, mapping, { at: clock.now(), by: who });
  const numbers = await readUntoldOfCarrier(trx, channel, mapping.carrier);
  await lookAgain(trx, clock, warehouse, numbers);
  return numbers;
}

/** Takes a mapping out and has its parcels planned anew. Returns their sales orders, or null when there is none. */
export async function unmapCarrier(
  trx: Trx,
  clock: Clock,
  given: { channel: string; warehouse: string; carrier: string; service: string },
): Promise<string[] | null> {
  const { channel, warehouse, carrier, service } = given;
  if (!(await removeCarrierMapping(trx, channel, { carrier, service }))) return null;
  const numbers = await readUntoldOfCarrier(trx, channel, carrier);
  await lookAgain(trx, clock, warehouse, numbers);
  return numbers;
}

/** What a person may decide on: `refused` again, as the marketplace may take it by now; `dismissed` after all. */
export const decidable = {
  approve: ['proposed', 'refused', 'dismissed'],
  dismiss: ['proposed', 'refused'],
} as const satisfies Record<string, readonly Withdrawal['state'][]>;
export type Decision = keyof typeof decidable;

/** Decides on withdrawals and has the approved sent. Returns the numbers of those that were still to be decided. */
export async function decideWithdrawals(
  trx: Trx,
  clock: Clock,
  given: { ids: readonly number[]; decision: Decision; who: string },
): Promise<number[]> {
  const now = clock.now();
  const isApproved = given.decision === 'approve';
  const { rows } = await sql<OrderKey & { id: number; orderLineId: string; units: number }>`
    update withdrawals set state = ${isApproved ? 'approved' : 'dismissed'}, decided_at = ${now},
      decided_by = ${given.who}, attempts = 0, due_at = ${isApproved ? now : null}
    where id = any(${[...given.ids]}::bigint[]) and state = any(${[...decidable[given.decision]]}::text[])
    returning id, channel, marketplace_order_id as "marketplaceOrderId", order_line_id as "orderLineId",
      units`.execute(trx);
  const did = isApproved ? 'approved' : 'dismissed';
  await recordHistory(
    trx,
    now,
    rows.map((one) =>
      noteOf(
        one,
        `${given.who} ${did} the withdrawal of ${one.units} units of line ${one.orderLineId}`,
      ),
    ),
  );
  if (isApproved)
    for (const channel of new Set(rows.map((row) => row.channel)))
      await wakeFlow(trx, clock, confirmFlow, channel);
  return rows.map((row) => row.id).sort((a, b) => a - b);
}

async function numbersOf(trx: Trx, orders: readonly OrderKey[]): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select distinct s.sales_order_number as number from sales_orders s
    join jsonb_to_recordset(${jsonText(orders.map(keyOf))}::jsonb) as k(channel text, "marketplaceOrderId" text)
      on s.channel = k.channel and s.marketplace_order_id = k."marketplaceOrderId" order by 1`.execute(
    trx,
  );
  return rows.map((row) => row.number);
}

function keyOf({ channel, marketplaceOrderId }: OrderKey): OrderKey {
  return { channel, marketplaceOrderId };
}

function noteOf(key: OrderKey, why: string) {
  return { ...keyOf(key), kind: 'note' as const, from: null, to: null, why };
}
