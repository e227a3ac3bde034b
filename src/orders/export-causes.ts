/** What is said when the warehouse does not take or show a sales order. Pure. */
import type { Cause } from '../runtime/flow.ts';
import type { SalesOrderRow } from './sales-order-store.ts';

/** Codes about one sales order that are settled once it is seen whole in the warehouse. */
export const exportCodes = [
  'export-refused',
  'export-not-visible',
  'export-differs',
  'number-taken',
] as const;
/** Codes about a cancellation, settled once it is seen. */
export const cancelCodes = ['cancel-too-late', 'cancel-not-applied'] as const;

function about(
  row: SalesOrderRow,
): Pick<Cause, 'connection' | 'subjectKind' | 'subjectId' | 'moneyPence'> {
  const total = row.row['TotalSale'];
  return {
    connection: row.channel,
    subjectKind: 'order',
    subjectId: row.marketplaceOrderId,
    moneyPence: total ? BigInt(total.replace('.', '')) : null,
  };
}

export function exportRefused(
  row: SalesOrderRow,
  said: string,
  outcomes: readonly string[],
): Cause {
  const sent = row.lines.filter((line) => line.quantity > 0);
  const bad = outcomes.length === sent.length ? sent.filter((_, i) => outcomes[i] === 'error') : [];
  const lines =
    bad.length > 0 ? `; lines ${bad.map((l) => `${l.line} (${l.itemCode})`).join(', ')}` : '';
  return {
    ...about(row),
    code: 'export-refused',
    message: `sales order ${row.salesOrderNumber} refused by Peoplevox${lines}: ${said || 'no text'}; correct the item or the field there, then retry`,
    evidence: {
      salesOrderNumber: row.salesOrderNumber,
      said,
      itemCodes: bad.map((line) => line.itemCode),
    },
  };
}

export function foreignOrder(row: SalesOrderRow, warehouse: string): Cause {
  return {
    ...about(row),
    code: 'number-taken',
    message: `sales order ${row.salesOrderNumber} exists in warehouse ${warehouse} with another purchase reference; it was not touched. Set salesOrderPrefix of channel ${row.channel} or remove the other order, then retry`,
    evidence: { salesOrderNumber: row.salesOrderNumber },
  };
}

export function templateRefused(warehouse: string, template: string, said: string): Cause {
  return {
    code: 'template-refused',
    connection: warehouse,
    subjectKind: 'template',
    subjectId: template,
    message: `warehouse ${warehouse} refuses every row of template ${template}: ${said}; run packhorse doctor and compare the template's columns`,
    evidence: { template, said },
  };
}

export function notVisible(row: SalesOrderRow, minutes: number): Cause {
  return {
    ...about(row),
    code: 'export-not-visible',
    message: `sales order ${row.salesOrderNumber} was taken but is not shown after ${minutes} minutes; look for it, and for a stuck import queue, in Peoplevox`,
    evidence: { salesOrderNumber: row.salesOrderNumber, firstSentAt: row.headerSentAt },
  };
}

export function differs(row: SalesOrderRow, what: string): Cause {
  return {
    ...about(row),
    code: 'export-differs',
    message: `sales order ${row.salesOrderNumber} differs in the warehouse: ${what}; stop its picking and correct it in Peoplevox, then retry`,
    evidence: { salesOrderNumber: row.salesOrderNumber, what },
  };
}

export function cancelTooLate(row: SalesOrderRow, status: string): Cause {
  return {
    ...about(row),
    code: 'cancel-too-late',
    message: `sales order ${row.salesOrderNumber} was cancelled on the marketplace but is ${status} in the warehouse; pull it from picking, or expect it back as a return`,
    evidence: { salesOrderNumber: row.salesOrderNumber, status },
  };
}

export function cancelNotApplied(row: SalesOrderRow, what: string): Cause {
  return {
    ...about(row),
    code: 'cancel-not-applied',
    message: `sales order ${row.salesOrderNumber}: the cancellation does not show: ${what}; cancel it by hand in Peoplevox`,
    evidence: { salesOrderNumber: row.salesOrderNumber, what },
  };
}
