/** All SQL on sales orders: what was made of marketplace orders and how far each is on its way. */
import { sql } from 'kysely';
import { type Db, jsonText, type Trx } from '../runtime/db.ts';
import type { ExportStep } from './state.ts';
import type { PlannedLine, SalesOrderPlan } from './to-peoplevox.ts';

export type SalesOrderLine = {
  line: string;
  itemCode: string;
  quantity: number;
  salePrice: string;
  parts: { orderLineId: string; units: number }[];
  seenQuantity: number | null;
};

export type SalesOrderRow = {
  salesOrderNumber: string;
  channel: string;
  marketplaceOrderId: string;
  step: ExportStep;
  row: Record<string, string>;
  customer: Record<string, string> | null;
  attempts: number;
  headerSentAt: Date | null;
  linesSentAt: Date | null;
  seenAt: Date | null;
  verifiedAt: Date | null;
  stagedAt: Date;
  lines: SalesOrderLine[];
};

const columns = sql`s.sales_order_number as "salesOrderNumber", s.channel, s.marketplace_order_id as "marketplaceOrderId",
  s.step, s.row, s.customer, s.attempts, s.header_sent_at as "headerSentAt", s.lines_sent_at as "linesSentAt",
  s.seen_at as "seenAt", s.verified_at as "verifiedAt", s.staged_at as "stagedAt",
  coalesce((select jsonb_agg(jsonb_build_object('line', l.line, 'itemCode', l.item_code, 'quantity', l.quantity,
      'salePrice', l.sale_price::text, 'parts', l.parts, 'seenQuantity', l.seen_quantity) order by l.line::int)
    from sales_order_lines l where (l.warehouse, l.sales_order_number) = (s.warehouse, s.sales_order_number)),
    '[]') as lines`;

/** Sales orders of these steps that are due, the oldest first. */
export async function readDueSalesOrders(
  db: Db,
  warehouse: string,
  steps: readonly ExportStep[],
  now: Date,
  limit: number,
): Promise<SalesOrderRow[]> {
  const { rows } = await sql<SalesOrderRow>`
    select ${columns} from sales_orders s
    where s.warehouse = ${warehouse} and s.step = any(${[...steps]}::text[]) and s.due_at <= ${now}
      and s.step not in ('verified', 'cancelled')
    order by s.due_at, s.staged_at, s.sales_order_number limit ${limit}`.execute(db);
  return rows;
}

/** Whether an order of these channels is due for staging, or a sales order of the warehouse for any step. */
export async function isAnythingDue(
  db: Db,
  warehouse: string,
  channels: readonly string[],
  now: Date,
): Promise<boolean> {
  const { rows } = await sql<{ isDue: boolean }>`
    select exists (select from sales_orders where warehouse = ${warehouse} and due_at <= ${now}
        and step not in ('verified', 'cancelled'))
      or exists (select from orders where channel = any(${[...channels]}::text[]) and due_at <= ${now}
        and state in ('accepted', 'parked', 'exported', 'cancelled')) as "isDue"`.execute(db);
  return rows[0]?.isDue ?? false;
}

/** The sales orders made of these marketplace orders, by marketplace order id. */
export async function readSalesOrdersOf(
  db: Db | Trx,
  channel: string,
  marketplaceOrderIds: readonly string[],
): Promise<Map<string, SalesOrderRow>> {
  const { rows } = await sql<SalesOrderRow>`
    select ${columns} from sales_orders s
    where s.channel = ${channel} and s.marketplace_order_id = any(${[...marketplaceOrderIds]}::text[])`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.marketplaceOrderId, row]));
}

export type StagedOrder = { channel: string; marketplaceOrderId: string; plan: SalesOrderPlan };

/** Inserts sales orders, or replaces ones that were never sent, whatever number those had. Returns the numbers that are taken by another
 *  marketplace order: those were not staged. The table's keys refuse a second sales order of an order. */
export async function stageSalesOrders(
  trx: Trx,
  warehouse: string,
  now: Date,
  staged: readonly StagedOrder[],
): Promise<string[]> {
  if (staged.length === 0) return [];
  const rows = staged.map((one) => ({
    sales_order_number: one.plan.salesOrderNumber,
    channel: one.channel,
    marketplace_order_id: one.marketplaceOrderId,
    row: one.plan.row,
    customer: one.plan.customer,
  }));
  await sql`
    delete from sales_orders s using jsonb_populate_recordset(null::sales_orders, ${jsonText(rows)}::jsonb) r
    where s.channel = r.channel and s.marketplace_order_id = r.marketplace_order_id
      and s.sales_order_number <> r.sales_order_number and s.header_sent_at is null`.execute(trx);
  const { rows: kept } = await sql<{ number: string; id: string; channel: string }>`
    insert into sales_orders as s (warehouse, sales_order_number, channel, marketplace_order_id, step, row, customer,
      due_at, staged_at)
    select ${warehouse}, r.sales_order_number, r.channel, r.marketplace_order_id, 'staged', r.row, r.customer, ${now}, ${now}
    from jsonb_populate_recordset(null::sales_orders, ${jsonText(rows)}::jsonb) r
    on conflict (warehouse, sales_order_number) do update set step = 'staged', row = excluded.row,
      customer = excluded.customer, due_at = excluded.due_at, attempts = 0, last_error = null
      where s.channel = excluded.channel and s.marketplace_order_id = excluded.marketplace_order_id
        and s.header_sent_at is null
    returning s.sales_order_number as number, s.marketplace_order_id as id, s.channel`.execute(trx);
  const done = new Set(kept.map((row) => `${row.channel} ${row.id}`));
  const mine = staged.filter((one) => done.has(`${one.channel} ${one.marketplaceOrderId}`));
  await replaceLines(trx, warehouse, mine);
  return staged.filter((one) => !mine.includes(one)).map((one) => one.plan.salesOrderNumber);
}

async function replaceLines(
  trx: Trx,
  warehouse: string,
  staged: readonly StagedOrder[],
): Promise<void> {
  if (staged.length === 0) return;
  await trx
    .deleteFrom('sales_order_lines')
    .where('warehouse', '=', warehouse)
    .where(
      'sales_order_number',
      'in',
      staged.map((one) => one.plan.salesOrderNumber),
    )
    .execute();
  const lines = staged.flatMap((one) =>
    one.plan.lines.map((line) => lineRow(one.plan.salesOrderNumber, line)),
  );
  await sql`
    insert into sales_order_lines (warehouse, sales_order_number, line, item_code, quantity, sale_price, parts)
    select ${warehouse}, r.sales_order_number, r.line, r.item_code, r.quantity, r.sale_price, r.parts
    from jsonb_populate_recordset(null::sales_order_lines, ${jsonText(lines)}::jsonb) r`.execute(
    trx,
  );
}

function lineRow(salesOrderNumber: string, line: PlannedLine) {
  return {
    sales_order_number: salesOrderNumber,
    line: line.line,
    item_code: line.itemCode,
    quantity: line.quantity,
    sale_price: line.salePrice,
    parts: line.parts,
  };
}

/** Adds lines, or sets quantities, of an order that was sent already. */
export async function saveWantedLines(
  trx: Trx,
  warehouse: string,
  salesOrderNumber: string,
  lines: readonly PlannedLine[],
): Promise<void> {
  for (const line of lines) {
    await trx
      .insertInto('sales_order_lines')
      .values({
        warehouse,
        ...lineRow(salesOrderNumber, line),
        parts: jsonText(line.parts),
      })
      .onConflict((on) =>
        on.columns(['warehouse', 'sales_order_number', 'line']).doUpdateSet({
          quantity: line.quantity,
          parts: jsonText(line.parts),
        }),
      )
      .execute();
  }
}

/** Keeps the header's fields as the marketplace wants them now. */
export async function saveComparedRow(
  trx: Trx,
  warehouse: string,
  salesOrderNumber: string,
  row: Record<string, string>,
): Promise<void> {
  await trx
    .updateTable('sales_orders')
    .set({ row: jsonText(row) })
    .where('warehouse', '=', warehouse)
    .where('sales_order_number', '=', salesOrderNumber)
    .execute();
}

export type StepMove = {
  salesOrderNumber: string;
  step: ExportStep;
  dueAt: Date;
  attempts?: number;
  headerSentAt?: Date;
  linesSentAt?: Date;
  seenAt?: Date;
  verifiedAt?: Date;
  warehouseStatus?: string;
  lastError?: string | null;
  referenceDueAt?: Date | null;
};

/** Moves sales orders on; what a move leaves out stays as it was. */
export async function moveSalesOrders(
  trx: Trx,
  warehouse: string,
  moves: readonly StepMove[],
): Promise<void> {
  if (moves.length === 0) return;
  await sql`
    update sales_orders s set step = m.step, due_at = m."dueAt",
      attempts = coalesce(m.attempts, s.attempts),
      header_sent_at = coalesce(m."headerSentAt", s.header_sent_at),
      lines_sent_at = coalesce(m."linesSentAt", s.lines_sent_at),
      seen_at = coalesce(m."seenAt", s.seen_at),
      verified_at = coalesce(m."verifiedAt", s.verified_at),
      warehouse_status = coalesce(m."warehouseStatus", s.warehouse_status),
      last_error = case when m.step in ('verified', 'cancelled') then null else coalesce(m."lastError", s.last_error) end,
      reference_due_at = coalesce(m."referenceDueAt", s.reference_due_at)
    from jsonb_to_recordset(${jsonText(moves)}::jsonb) as m("salesOrderNumber" text, step text,
      "dueAt" timestamptz, attempts int, "headerSentAt" timestamptz, "linesSentAt" timestamptz, "seenAt" timestamptz,
      "verifiedAt" timestamptz, "warehouseStatus" text, "lastError" text, "referenceDueAt" timestamptz)
    where s.warehouse = ${warehouse} and s.sales_order_number = m."salesOrderNumber"`.execute(trx);
}

/** Keeps the quantities that the warehouse was seen to have, line by line. */
export async function saveSeenQuantities(
  trx: Trx,
  warehouse: string,
  seen: readonly { salesOrderNumber: string; line: string; quantity: number }[],
): Promise<void> {
  if (seen.length === 0) return;
  await sql`
    update sales_order_lines l set seen_quantity = r.quantity
    from jsonb_to_recordset(${jsonText(seen)}::jsonb) as r("salesOrderNumber" text, line text, quantity int)
    where l.warehouse = ${warehouse} and l.sales_order_number = r."salesOrderNumber" and l.line = r.line`.execute(
    trx,
  );
}

/** Stopped sales orders whose rest is over go back to the start; the look before sending decides the rest. */
export async function restartStopped(trx: Trx, warehouse: string, now: Date): Promise<number> {
  const done = await trx
    .updateTable('sales_orders')
    .set({ step: 'staged', attempts: 0 })
    .where('warehouse', '=', warehouse)
    .where('step', '=', 'stopped')
    .where('due_at', '<=', now)
    .executeTakeFirst();
  return Number(done.numUpdatedRows);
}

/** Makes the sales orders of these orders due now with the count of tries at zero, and references that the
 *  marketplace did not take yet. Finished ones are left alone. */
export async function makeSalesOrdersDue(
  trx: Trx,
  orders: readonly { channel: string; marketplaceOrderId: string }[],
  now: Date,
): Promise<void> {
  await sql`
    update sales_orders s set
      due_at = case when s.step in ('verified', 'cancelled') then s.due_at else ${now} end,
      attempts = case when s.step in ('verified', 'cancelled') then s.attempts else 0 end,
      reference_due_at = case when s.reference_due_at is null then null else ${now}::timestamptz end
    from jsonb_to_recordset(${jsonText(orders)}::jsonb) as t(channel text, "marketplaceOrderId" text)
    where s.channel = t.channel and s.marketplace_order_id = t."marketplaceOrderId"`.execute(trx);
}

export type ReferenceToWrite = {
  marketplaceOrderId: string;
  salesOrderNumber: string;
  warehouse: string;
};

/** Verified sales orders whose number the marketplace does not show yet, oldest first. */
export async function readReferencesToWrite(
  db: Db,
  channel: string,
  now: Date,
  limit: number,
): Promise<ReferenceToWrite[]> {
  return db
    .selectFrom('sales_orders')
    .select([
      'marketplace_order_id as marketplaceOrderId',
      'sales_order_number as salesOrderNumber',
      'warehouse',
    ])
    .where('channel', '=', channel)
    .where('reference_due_at', '<=', now)
    .orderBy('reference_due_at')
    .orderBy('sales_order_number')
    .limit(limit)
    .execute();
}

/** Notes which references the marketplace took, and when the others are tried again. */
export async function saveReferenceResults(
  trx: Trx,
  channel: string,
  now: Date,
  results: readonly { marketplaceOrderId: string; dueAt: Date | null }[],
): Promise<void> {
  await sql`
    update sales_orders s set reference_due_at = r."dueAt",
      reference_written_at = case when r."dueAt" is null then ${now}::timestamptz else s.reference_written_at end
    from jsonb_to_recordset(${jsonText(results)}::jsonb) as r("marketplaceOrderId" text, "dueAt" timestamptz)
    where s.channel = ${channel} and s.marketplace_order_id = r."marketplaceOrderId"`.execute(trx);
}

/** When the next sales order of this warehouse falls due; null: nothing waits. */
export async function nextSalesOrderDue(db: Db, warehouse: string): Promise<Date | null> {
  const row = await db
    .selectFrom('sales_orders')
    .select((eb) => eb.fn.min('due_at').as('at'))
    .where('warehouse', '=', warehouse)
    .where('step', 'not in', ['verified', 'cancelled'])
    .executeTakeFirst();
  return row?.at ?? null;
}
