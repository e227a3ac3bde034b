/** What a change on the marketplace means for an order that was already sent to the warehouse. Pure but for
 *  the writes that it hands back. */
import type { ItemCode } from '../codes.ts';
import type { Trx } from '../runtime/db.ts';
import type { Cause } from '../runtime/flow.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import type { LineRow } from './from-mirakl.ts';
import { moneyAtStake } from './retry.ts';
import {
  moveSalesOrders,
  type SalesOrderRow,
  saveComparedRow,
  saveWantedLines,
} from './sales-order-store.ts';
import { wire } from './state.ts';
import type { FullOrder, HistoryEntry } from './store.ts';
import type { PlannedLine, SalesOrderPlan } from './to-peoplevox.ts';

export type Change =
  | { kind: 'none' }
  | {
      kind: 'changed';
      causes: Cause[];
      history: Omit<HistoryEntry, 'channel' | 'marketplaceOrderId'> | null;
      apply: ((trx: Trx, now: Date) => Promise<void>) | null;
    };

/** Fields of the header whose change a person must judge once the order is in the warehouse. */
const watchedFields = [
  'ShippingAddressLine1',
  'ShippingAddressLine2',
  'ShippingAddressCity',
  'ShippingAddressRegion',
  'ShippingAddressPostcode',
  'ShippingAddressCountry',
  'ContactName',
  'ServiceType',
];

/** Compares what the warehouse should have now with what was sent. Lines that became fewer are cancelled,
 *  lines that became more are added; a changed address is raised, never overwritten. Lines that are on
 *  their way already (marketplace state SHIPPED and later) count as still wanted. */
export function planChange(
  order: FullOrder,
  sent: SalesOrderRow,
  plan: SalesOrderPlan,
  deps: { channel: ChannelSettings; warehouse: WarehouseSettings },
): Change {
  if (sent.step === 'cancelled') return { kind: 'none' };
  const wanted = wantedLines(order, sent, plan);
  const before = new Map(sent.lines.map((line) => [line.line, line]));
  const fewer = wanted.filter((line) => line.quantity < (before.get(line.line)?.quantity ?? 0));
  const more = wanted.filter((line) => line.quantity > (before.get(line.line)?.quantity ?? 0));
  const causes = addressCauses(order, sent, plan, deps.channel.id);
  const keepRow = (trx: Trx) =>
    saveComparedRow(trx, deps.warehouse.id, sent.salesOrderNumber, {
      ...sent.row,
      ...watched(plan),
    });
  if (fewer.length === 0 && more.length === 0) {
    return causes.length > 0
      ? { kind: 'changed', causes, history: null, apply: keepRow }
      : { kind: 'none' };
  }
  const isAll = wanted.every((line) => line.quantity === 0);
  const step = fewer.length > 0 ? 'cancelling' : 'header-in';
  const changed = [...fewer, ...more];
  return {
    kind: 'changed',
    causes,
    history: {
      kind: 'warehouse',
      from: sent.step,
      to: step,
      why: isAll
        ? 'cancelled on the marketplace'
        : `changed on the marketplace: ${changed.map((l) => `${l.itemCode} now ${l.quantity}`).join(', ')}`,
    },
    apply: async (trx, now) => {
      if (causes.length > 0) await keepRow(trx);
      await saveWantedLines(trx, deps.warehouse.id, sent.salesOrderNumber, changed);
      await moveSalesOrders(trx, deps.warehouse.id, [
        { salesOrderNumber: sent.salesOrderNumber, step, dueAt: now, attempts: 0 },
      ]);
    },
  };
}

/** The sent lines with the quantities wanted now, and lines that are new. Goes by the marketplace lines that
 *  a sent line stands for, not by its ItemCode: a mapping that was edited since changes nothing here. */
function wantedLines(order: FullOrder, sent: SalesOrderRow, plan: SalesOrderPlan): PlannedLine[] {
  const units = new Map(order.lines.map((line) => [line.order_line_id, wantedUnits(line)]));
  const result: PlannedLine[] = sent.lines.map((line) => {
    const parts = line.parts
      .map((part) => ({ ...part, units: units.get(part.orderLineId) ?? part.units }))
      .filter((part) => part.units > 0);
    return {
      line: line.line,
      itemCode: line.itemCode as ItemCode,
      salePrice: line.salePrice,
      quantity: parts.reduce((sum, part) => sum + part.units, 0),
      // An emptied line keeps its parts: it still has to say what it stood for.
      parts: parts.length > 0 ? parts : line.parts,
    };
  });
  const covered = new Set(sent.lines.flatMap((line) => line.parts.map((part) => part.orderLineId)));
  for (const line of plan.lines) {
    const parts = line.parts.filter((part) => !covered.has(part.orderLineId));
    if (parts.length > 0) addParts(result, { ...line, parts });
  }
  return result;
}

/** Adds marketplace lines that came later: to their merged line where there is one, else as a line of its own
 *  under a number that is free. */
function addParts(lines: PlannedLine[], added: PlannedLine): void {
  const units = added.parts.reduce((sum, part) => sum + part.units, 0);
  const at = lines.findIndex((one) => one.line === added.line);
  const same = lines[at];
  if (same && same.itemCode === added.itemCode) {
    // An emptied line stands for what it had; only what is wanted now counts from here on.
    const kept = same.quantity > 0 ? same.parts : [];
    lines[at] = { ...same, quantity: same.quantity + units, parts: [...kept, ...added.parts] };
    return;
  }
  const free = Math.max(...lines.map((one) => Number(one.line)), 0) + 1;
  lines.push({ ...added, quantity: units, line: same ? String(free) : added.line });
}

/** Units that the warehouse should have had: those to ship and those that already left. */
function wantedUnits(line: LineRow): number {
  if (wire.withdrawn.includes(line.wire_state)) return 0;
  return line.quantity - line.withdrawn_units;
}

/** What the next sight is compared with: a change is told once, not again after a person has dealt with it. */
function watched(plan: SalesOrderPlan): Record<string, string> {
  return Object.fromEntries(watchedFields.map((field) => [field, plan.row[field] ?? '']));
}

function addressCauses(
  order: FullOrder,
  sent: SalesOrderRow,
  plan: SalesOrderPlan,
  channel: string,
): Cause[] {
  // Operators may take the address away again once an order is closed: that is not a change.
  const isKnown = Boolean(plan.row['ShippingAddressLine1']);
  const changed = isKnown
    ? watchedFields.filter((field) => plan.row[field] !== sent.row[field])
    : [];
  if (changed.length === 0) return [];
  return [
    {
      code: 'changed-after-export',
      connection: channel,
      subjectKind: 'order',
      subjectId: order.marketplace_order_id,
      message: `order ${order.marketplace_order_id}: ${changed.join(', ')} changed on the marketplace after sales order ${sent.salesOrderNumber} was sent; correct it in Peoplevox by hand, then resolve`,
      evidence: { fields: changed, salesOrderNumber: sent.salesOrderNumber },
      moneyPence: moneyAtStake(order),
      deadlineAt: order.shipping_deadline,
    },
  ];
}
