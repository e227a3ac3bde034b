/** All SQL on orders, their lines, people and history. The only writer of those tables. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import type { LineRow, OrderPeople, SightedOrder } from './from-mirakl.ts';
import type { OrderState } from './state.ts';

export type OrderKey = { channel: string; marketplaceOrderId: string };

export type KnownOrder = {
  marketplaceOrderId: string;
  state: OrderState;
  fingerprint: string;
  wireState: string;
  wireUpdatedAt: Date;
  payableAt: Date | null;
  lineStates: Record<string, string>;
};

/** What is kept of these orders; locked until the transaction ends. */
export async function readKnownOrders(
  trx: Trx,
  channel: string,
  ids: readonly string[],
): Promise<Map<string, KnownOrder>> {
  const rows = await trx
    .selectFrom('orders as o')
    .select((eb) => [
      'o.marketplace_order_id as marketplaceOrderId',
      'o.state',
      'o.fingerprint',
      'o.wire_state as wireState',
      'o.wire_updated_at as wireUpdatedAt',
      'o.payable_at as payableAt',
      eb
        .selectFrom('order_lines as l')
        .whereRef('l.channel', '=', 'o.channel')
        .whereRef('l.marketplace_order_id', '=', 'o.marketplace_order_id')
        .select(
          sql<
            Record<string, string>
          >`coalesce(jsonb_object_agg(l.order_line_id, l.wire_state), '{}')`.as('s'),
        )
        .as('lineStates'),
    ])
    .where('o.channel', '=', channel)
    .where('o.marketplace_order_id', 'in', [...ids, ''])
    .forUpdate('o')
    .execute();
  return new Map(
    rows.map((row) => [
      row.marketplaceOrderId,
      { ...row, state: row.state as OrderState, lineStates: row.lineStates ?? {} },
    ]),
  );
}

export type Sight = {
  order: SightedOrder;
  state: OrderState;
  payableAt: Date | null;
  /** When the next step should look; null leaves nothing to do. */
  dueAt: Date | null;
};

/** Inserts or replaces orders with their lines and people. Units: at most a page (100) at a time. */
export async function saveSights(
  trx: Trx,
  where: { channel: string; warehouse: string; now: Date },
  sights: readonly Sight[],
): Promise<void> {
  if (sights.length === 0) return;
  const { channel, warehouse, now } = where;
  const rows = sights.map(({ order, ...own }) => {
    const { lines: _, people: __, ...columns } = order;
    return { ...columns, state: own.state, payable_at: own.payableAt, due_at: own.dueAt };
  });
  await sql`
    insert into orders (channel, warehouse, marketplace_order_id, commercial_id, state, wire_state,
      wire_created_at, wire_updated_at, currency, total_price, shipping_price, tax_mode, shipping_type_code,
      shipping_deadline, has_incident, seller_reference, detail, fingerprint, first_seen_at, seen_at,
      payable_at, due_at)
    select ${channel}, ${warehouse}, r.marketplace_order_id, r.commercial_id, r.state, r.wire_state,
      r.wire_created_at, r.wire_updated_at, r.currency, r.total_price, r.shipping_price, r.tax_mode,
      r.shipping_type_code, r.shipping_deadline, r.has_incident, r.seller_reference, r.detail, r.fingerprint,
      ${now}, ${now}, r.payable_at, r.due_at
    from jsonb_populate_recordset(null::orders, ${jsonText(rows)}::jsonb) r
    on conflict (channel, marketplace_order_id) do update set
      state = excluded.state, wire_state = excluded.wire_state, wire_updated_at = excluded.wire_updated_at,
      total_price = excluded.total_price, shipping_price = excluded.shipping_price,
      shipping_type_code = excluded.shipping_type_code, shipping_deadline = excluded.shipping_deadline,
      has_incident = excluded.has_incident, seller_reference = excluded.seller_reference,
      detail = excluded.detail, fingerprint = excluded.fingerprint, seen_at = excluded.seen_at,
      payable_at = coalesce(orders.payable_at, excluded.payable_at), due_at = excluded.due_at,
      attempts = 0`.execute(trx);
  const people = sights.map(({ order }) => ({
    marketplace_order_id: order.marketplace_order_id,
    body: order.people,
  }));
  await sql`
    insert into order_people (channel, marketplace_order_id, body)
    select ${channel}, r.marketplace_order_id, r.body
    from jsonb_populate_recordset(null::order_people, ${jsonText(people)}::jsonb) r
    on conflict (channel, marketplace_order_id) do update set body = excluded.body`.execute(trx);
  await saveLines(
    trx,
    channel,
    sights.map((sight) => sight.order),
  );
}

async function saveLines(
  trx: Trx,
  channel: string,
  orders: readonly SightedOrder[],
): Promise<void> {
  const lines = orders.flatMap((order) =>
    order.lines.map((line) => ({ ...line, marketplace_order_id: order.marketplace_order_id })),
  );
  await sql`
    insert into order_lines (channel, marketplace_order_id, order_line_id, position, shop_sku, offer_id, title,
      quantity, withdrawn_units, price, unit_price, total_price, wire_state, reason_code)
    select ${channel}, r.marketplace_order_id, r.order_line_id, r.position, r.shop_sku, r.offer_id, r.title,
      r.quantity, r.withdrawn_units, r.price, r.unit_price, r.total_price, r.wire_state, r.reason_code
    from jsonb_populate_recordset(null::order_lines, ${jsonText(lines)}::jsonb) r
    on conflict (channel, marketplace_order_id, order_line_id) do update set
      position = excluded.position, shop_sku = excluded.shop_sku, quantity = excluded.quantity,
      withdrawn_units = excluded.withdrawn_units, price = excluded.price, unit_price = excluded.unit_price,
      total_price = excluded.total_price, wire_state = excluded.wire_state,
      reason_code = excluded.reason_code`.execute(trx);
}

/** Notes that orders were seen unchanged. */
export async function touchSeen(
  trx: Trx,
  channel: string,
  ids: readonly string[],
  now: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .updateTable('orders')
    .set({ seen_at: now })
    .where('channel', '=', channel)
    .where('marketplace_order_id', 'in', [...ids])
    .execute();
}

export type HistoryEntry = OrderKey & {
  /** `state` (ours), `marketplace` (its order or line states), `warehouse` (steps of the sales order), `note`. */
  kind: 'state' | 'marketplace' | 'warehouse' | 'note';
  from: string | null;
  to: string | null;
  why: string;
  /** The vendor call that showed or made it. */
  call?: string | null;
};

/** Appends to the history of orders; numbers are given in the order of the list. */
export async function recordHistory(
  trx: Trx,
  at: Date,
  entries: readonly HistoryEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry, index) => ({ ...entry, index, call: entry.call ?? null }));
  await sql`
    insert into order_history (channel, marketplace_order_id, number, at, kind, from_state, to_state, why, call)
    select e.channel, e."marketplaceOrderId",
      coalesce((select max(h.number) from order_history h
        where (h.channel, h.marketplace_order_id) = (e.channel, e."marketplaceOrderId")), 0)
        + row_number() over (partition by e.channel, e."marketplaceOrderId" order by e.index),
      ${at}::timestamptz, e.kind, e."from", e."to", e.why, e.call
    from jsonb_to_recordset(${jsonText(rows)}::jsonb) as e(channel text, "marketplaceOrderId" text,
      index int, kind text, "from" text, "to" text, why text, call text)`.execute(trx);
}

export type Transition = OrderKey & {
  from: OrderState;
  to: OrderState;
  why: string;
  call?: string | null;
  /** When to look again; left out: as it is. Only who has locked the order's newest sight may clear it, or a
   *  change that came in between is never looked at. */
  dueAt?: Date | null;
};

/** Moves orders on and keeps why. An order that is no longer in `from` is left alone. This and `saveSights`
 *  are the only writers of `orders.state`; later flows call it too. Returns the keys that moved. */
export async function recordTransition(
  trx: Trx,
  at: Date,
  transitions: readonly Transition[],
): Promise<OrderKey[]> {
  if (transitions.length === 0) return [];
  const given = transitions.map((t) => ({ ...t, setsDue: t.dueAt !== undefined }));
  const { rows } = await sql<{ channel: string; id: string; from: string }>`
    update orders o set state = t."to",
      due_at = case when t."setsDue" then t."dueAt" else o.due_at end
    from jsonb_to_recordset(${jsonText(given)}::jsonb) as t(channel text,
      "marketplaceOrderId" text, "from" text, "to" text, "dueAt" timestamptz, "setsDue" boolean)
    where o.channel = t.channel and o.marketplace_order_id = t."marketplaceOrderId" and o.state = t."from"
    returning o.channel, o.marketplace_order_id as id, t."from"`.execute(trx);
  const moved = new Set(rows.map((row) => `${row.channel} ${row.id} ${row.from}`));
  const done = transitions.filter((t) =>
    moved.has(`${t.channel} ${t.marketplaceOrderId} ${t.from}`),
  );
  await recordHistory(
    trx,
    at,
    done.map((t) => ({ ...t, kind: 'state' as const })),
  );
  return done;
}

/** Locks orders as they were read; returns the ids of those that are still the same. The others have been
 *  seen anew since and must be read again before anything is decided on them. */
export async function lockUnchanged(
  trx: Trx,
  channel: string,
  orders: readonly Pick<FullOrder, 'marketplace_order_id' | 'fingerprint' | 'state'>[],
): Promise<Set<string>> {
  const marks = orders.map(({ marketplace_order_id, fingerprint, state }) => ({
    marketplace_order_id,
    fingerprint,
    state,
  }));
  const { rows } = await sql<{ id: string }>`
    select o.marketplace_order_id as id
    from orders o join jsonb_to_recordset(${jsonText(marks)}::jsonb)
      as t(marketplace_order_id text, fingerprint text, state text)
      on o.marketplace_order_id = t.marketplace_order_id and o.fingerprint = t.fingerprint
        and o.state = t.state
    where o.channel = ${channel} for update of o`.execute(trx);
  return new Set(rows.map((row) => row.id));
}

/** Sets when orders are to be looked at again, and counts the attempt. `whileWire`: only orders whose state on
 *  the marketplace is still this one. */
export async function postpone(
  trx: Trx,
  orders: readonly (OrderKey & { dueAt: Date | null })[],
  whileWire?: string,
): Promise<void> {
  if (orders.length === 0) return;
  await sql`
    update orders o set due_at = t."dueAt", attempts = o.attempts + 1
    from jsonb_to_recordset(${jsonText(orders)}::jsonb) as t(channel text,
      "marketplaceOrderId" text, "dueAt" timestamptz)
    where o.channel = t.channel and o.marketplace_order_id = t."marketplaceOrderId"
      and o.wire_state = coalesce(${whileWire ?? null}, o.wire_state)`.execute(trx);
}

/** Has these orders staged or compared again at once, with the count of tries at zero. Orders that staging
 *  never looks at are left alone. */
export async function makeOrdersDue(
  trx: Trx,
  orders: readonly OrderKey[],
  now: Date,
): Promise<void> {
  await sql`
    update orders o set due_at = ${now}, attempts = 0
    from jsonb_to_recordset(${jsonText(orders)}::jsonb) as t(channel text, "marketplaceOrderId" text)
    where o.channel = t.channel and o.marketplace_order_id = t."marketplaceOrderId"
      and o.state in ('accepted', 'parked', 'exported', 'cancelled')`.execute(trx);
}

export type FullOrder = Omit<SightedOrder, 'lines' | 'people'> & {
  channel: string;
  state: OrderState;
  attempts: number;
  payable_at: Date | null;
  lines: LineRow[];
  people: OrderPeople | null;
};

/** Orders of a channel that are due for staging, the most urgent deadline first. */
export async function readDueOrders(
  db: Db,
  channel: string,
  now: Date,
  limit: number,
): Promise<FullOrder[]> {
  const { rows } = await sql<FullOrder>`
    select o.channel, o.marketplace_order_id, o.commercial_id, o.state, o.wire_state, o.wire_created_at,
      o.wire_updated_at, o.currency, o.total_price, o.shipping_price, o.tax_mode, o.shipping_type_code,
      o.shipping_deadline, o.has_incident, o.seller_reference, o.detail, o.fingerprint, o.attempts, o.payable_at,
      p.body as people, l.lines
    from (select * from orders where channel = ${channel} and due_at <= ${now}
        and state in ('accepted', 'parked', 'exported', 'cancelled')
      order by shipping_deadline asc nulls last, wire_created_at, marketplace_order_id limit ${limit}) o
    left join order_people p using (channel, marketplace_order_id)
    cross join lateral (select jsonb_agg(jsonb_build_object('order_line_id', order_line_id,
        'position', position, 'shop_sku', shop_sku, 'offer_id', offer_id, 'title', title, 'quantity', quantity,
        'withdrawn_units', withdrawn_units, 'price', price::text, 'unit_price', unit_price::text,
        'total_price', total_price::text, 'wire_state', wire_state, 'reason_code', reason_code)
        order by position, order_line_id) as lines
      from order_lines where channel = o.channel and marketplace_order_id = o.marketplace_order_id) l
    order by o.shipping_deadline asc nulls last, o.wire_created_at, o.marketplace_order_id`.execute(
    db,
  );
  return rows;
}

/** Keeps orders that could not be read; returns the subjects that are known to be readable now. */
export async function saveUnreadable(
  trx: Trx,
  channel: string,
  now: Date,
  found: readonly { subject: string; problem: string }[],
): Promise<void> {
  if (found.length === 0) return;
  // One statement cannot touch a row twice: of equal subjects the last counts.
  const bySubject = new Map(found.map((one) => [one.subject, one]));
  await sql`
    insert into unreadable_orders as u (channel, subject, problem, first_seen_at, last_seen_at)
    select ${channel}, r.subject, r.problem, ${now}, ${now}
    from jsonb_to_recordset(${jsonText([...bySubject.values()])}::jsonb) as r(subject text, problem text)
    on conflict (channel, subject) do update set problem = excluded.problem,
      last_seen_at = excluded.last_seen_at`.execute(trx);
}

/** Forgets unreadable orders that have been read since. Returns their subjects. */
export async function clearUnreadable(
  trx: Trx,
  channel: string,
  readable: readonly string[],
): Promise<string[]> {
  const rows = await trx
    .deleteFrom('unreadable_orders')
    .where('channel', '=', channel)
    .where('subject', 'in', [...readable, ''])
    .returning('subject')
    .execute();
  return rows.map((row) => row.subject);
}
