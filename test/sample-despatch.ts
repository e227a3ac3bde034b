/** Invented despatches in a database, as the flows would have left them, for tests of what people see and do. */
import type { ConfirmationStep } from '../src/despatch/state.ts';
import { type Db, jsonText } from '../src/runtime/db.ts';
import { saveFact } from '../src/runtime/facts.ts';
import { addSampleStock } from './sample-stock.ts';

/** An order of one line of three units, in the warehouse under its own id. */
export type SampleOrder = {
  id: string;
  channel?: string;
  /** Our state; `exported` unless told. */
  state?: string;
  wireState?: string;
  placedAt?: Date;
  deadlineAt?: Date;
  /** It is not in the warehouse. */
  isOutside?: boolean;
  lookedAt?: Date;
};

export type SampleRow = {
  number: string;
  despatch: string;
  carrier?: string;
  tracking?: string;
  despatchedAt?: Date;
};

export type SampleParcel = {
  order: string;
  channel?: string;
  parcel?: string;
  step: ConfirmationStep;
  waitsFor?: string;
  carrier?: string;
  code?: string;
  tracking?: string;
  despatchedAt?: Date;
  dueAt?: Date;
  attempts?: number;
  told?: string;
  shippedAt?: Date;
  verifiedAt?: Date;
  lastError?: string;
};

export type SampleDespatch = {
  /** When everything was seen that does not say otherwise. */
  at: Date;
  orders?: readonly SampleOrder[];
  rows?: readonly SampleRow[];
  parcels?: readonly SampleParcel[];
  withdrawals?: readonly {
    order: string;
    state?: 'proposed' | 'refused' | 'sent';
    units?: number;
  }[];
  /** Codes of carriers registered with the channel. */
  registered?: readonly string[];
  registeredOnly?: boolean;
  /** Flows that are due an hour later, as `flow connection`. */
  flows?: readonly string[];
};

const warehouse = 'main';
const channelOf = (one: { channel?: string }) => one.channel ?? 'john-lewis';

/** Adds all of it to the warehouse `main`; channels are `john-lewis` unless told. */
export async function addSampleDespatch(db: Db, given: SampleDespatch): Promise<void> {
  const { at } = given;
  for (const one of given.orders ?? []) await addOrder(db, one, at);
  for (const one of given.rows ?? []) await addRow(db, one, at);
  for (const one of given.parcels ?? []) await addParcel(db, one, at);
  for (const one of given.withdrawals ?? []) {
    await db
      .insertInto('withdrawals')
      .values({
        ...{ channel: 'john-lewis', marketplace_order_id: one.order, kind: 'cancel' },
        ...{ order_line_id: `${one.order}-1`, units: one.units ?? 1, proposed_at: at },
        ...{ why: 'sent short by the warehouse', state: one.state ?? 'proposed', amount: null },
        ...{ shipping_amount: null, reason_code: null, decided_at: null, decided_by: null },
        ...{ sent_at: null, done_at: null, due_at: null, last_error: null },
      })
      .execute();
  }
  for (const name of given.flows ?? []) await addFlow(db, name, at);
  if (given.registered) {
    const registered = given.registered.map((code) => ({
      ...{
        code,
        label: `${code} label`,
        trackingUrl: `https://${code.toLowerCase()}.example.test`,
      },
    }));
    const asked = { readMs: at.getTime(), nextMs: at.getTime() + 86_400_000 };
    const registeredOnly = given.registeredOnly ?? false;
    const fact = {
      platform: { ...asked, isMultiShipment: false, registeredOnly },
      carriers: { ...asked, registered },
      types: { ...asked, trackingNeeded: [] },
    };
    await saveFact(db, 'john-lewis', 'despatch.channel', fact, at);
  }
}

async function addOrder(db: Db, one: SampleOrder, at: Date): Promise<void> {
  const { id } = one;
  const channel = channelOf(one);
  const placedAt = one.placedAt ?? at;
  const number = one.isOutside ? {} : { salesOrderNumber: id };
  const wireState = one.wireState ?? 'SHIPPING';
  await addSampleStock(db, {
    readAt: at,
    sales: [{ id, channel, shopSku: 'LAMP', units: 3, placedAt, wireState, ...number }],
  });
  await db
    .updateTable('orders')
    .set({
      state: one.state ?? 'exported',
      payable_at: wireState === 'SHIPPING' ? placedAt : null,
      shipping_deadline: one.deadlineAt ?? null,
    })
    .where('channel', '=', channel)
    .where('marketplace_order_id', '=', id)
    .execute();
  if (!one.lookedAt) return;
  const look = { warehouse, sales_order_number: id, looked_at: one.lookedAt, status: 'Picking' };
  await db.insertInto('despatch_looks').values(look).execute();
}

async function addRow(db: Db, one: SampleRow, at: Date): Promise<void> {
  await db
    .insertInto('despatch_rows')
    .values({
      ...{ warehouse, despatch_number: one.despatch, sales_order_number: one.number },
      ...{ item_code: 'LAMP', parent_code: '', line: '1', quantity: 3, parent_quantity: null },
      ...{ carrier: one.carrier ?? 'DPD', service: 'Next day', service_type_code: 'STD' },
      ...{ tracking_number: one.tracking ?? '', despatched_at: one.despatchedAt ?? at },
      ...{ first_seen_at: at, changed_at: at },
    })
    .execute();
}

async function addParcel(db: Db, one: SampleParcel, at: Date): Promise<void> {
  await db
    .insertInto('confirmations')
    .values({
      ...{ channel: channelOf(one), marketplace_order_id: one.order, warehouse, step: one.step },
      ...{ parcel: one.parcel ?? 'whole', waits_for: one.waitsFor ?? null, service: 'Next day' },
      lines: jsonText([{ orderLineId: `${one.order}-1`, units: 3 }]),
      ...{ carrier: one.carrier ?? 'DPD', carrier_code: one.code ?? null, carrier_name: null },
      ...{ tracking_number: one.tracking ?? '', tracking_url: null, shipment_id: null },
      ...{ despatched_at: one.despatchedAt ?? at, first_seen_at: one.despatchedAt ?? at },
      ...{ deadline_at: null, due_at: one.dueAt ?? null, attempts: one.attempts ?? 0 },
      ...{ sent_at: null, told_tracking: one.told ?? null, accepted_tracking: null },
      ...{ shipped_at: one.shippedAt ?? null, verified_at: one.verifiedAt ?? null },
      last_error: one.lastError ?? null,
    })
    .execute();
}

async function addFlow(db: Db, name: string, at: Date): Promise<void> {
  const [flow, connection] = name.split(' ');
  await db
    .insertInto('flows')
    .values({
      ...{ flow: flow!, connection: connection!, every_ms: 60_000, instance: null, job_id: null },
      ...{ next_due_at: new Date(at.getTime() + 3_600_000), started_at: null, finished_at: null },
      ...{ last_ok_at: at, last_error: null, paused_at: null, paused_why: null },
    })
    .execute();
}
