/** SaveData: a CSV taken row by row, each with its own verdict, now or later through the import
 *  queue. */
import { readCsv } from './csv.ts';
import { saveItemType, saveKitting } from './items.ts';
import { saveSalesOrder, saveSalesOrderItem } from './sales-orders.ts';
import { failed, type IntegrationResponse, type RowStatus } from './soap.ts';
import { type ImportRecord, recordBreach, type Stored, type Tenant } from './state.ts';
import { checkCells, keyOf, saveStored } from './tables.ts';
import type { ConfiguredTemplate, Field } from './templates.ts';

/** The connection is cut half-way: what came before is applied, no answer follows. */
export const diedHalfway = Symbol('died half-way');

type Batch = { operation: string; template: ConfiguredTemplate; action: number; rows: Taken[] };
/** `problem` is why the row's shape or cells forbid it, whatever the data. */
type Taken = { row: Stored; problem: string | null };
type Verdict = { reference: string; text: string | null };

/** Takes an import. `operation` is the call's label, such as `SaveData Sales orders`. */
export function saveData(
  tenant: Tenant,
  operation: string,
  sent: { template: ConfiguredTemplate; csv: string; action: number },
): IntegrationResponse | typeof diedHalfway {
  const { template, csv, action } = sent;
  if (![0, 1, 2].includes(action)) return failed(`Integration : Action - ${action} is not known`);
  const read = readCsv(csv);
  if ('problem' in read) return failed(`Integration : Csv - ${read.problem}`);
  const [header, ...lines] = read.rows;
  if (!header) return failed('Integration : Csv - The file is empty');
  const fields = headerFields(tenant, operation, template, header);
  if (typeof fields === 'string') return failed(`Integration : Csv - ${fields}`);
  const rows = lines.map((cells) => takeRow(tenant, operation, template, fields, cells));
  limitRows(tenant, operation, rows);
  const batch = { operation, template, action, rows };
  const queue = tenant.settings.importQueue;
  if (queue !== 'off') return queueBatch(tenant, batch, queue.delayMs);
  if (tenant.faults.strikes('queuedImport', operation)) return queueBatch(tenant, batch, 60_000);
  return applyBatch(tenant, batch);
}

function headerFields(
  tenant: Tenant,
  operation: string,
  template: ConfiguredTemplate,
  header: string[],
): Field[] | string {
  const fields: Field[] = [];
  for (const name of header) {
    const column = template.columns.find((c) => c.header === name.trim());
    if (!column) {
      recordBreach(tenant, operation, 'unknownHeader', name);
      return `Column ${name} is not configured`;
    }
    fields.push(column.field);
  }
  const missing = template.key.find(
    (key) => key !== 'Line' && key !== 'AddressReference' && !fields.some((f) => f.name === key),
  );
  if (missing === undefined) return fields;
  recordBreach(tenant, operation, 'missingKeyColumn', missing);
  return `Column ${missing} is required`;
}

function takeRow(
  tenant: Tenant,
  operation: string,
  template: ConfiguredTemplate,
  fields: Field[],
  cells: string[],
): Taken {
  const row: Stored = {};
  for (let i = 0; i < fields.length; i++) row[fields[i]!.name] = cells[i] ?? '';
  if (cells.length !== fields.length) {
    const detail = `${cells.length} values under ${fields.length} columns`;
    recordBreach(tenant, operation, 'mixedColumns', detail);
    return { row, problem: detail };
  }
  return { row, problem: checkCells(tenant, operation, template, row) };
}

function limitRows(tenant: Tenant, operation: string, rows: Taken[]): void {
  const { maxRows, overMaxRows } = tenant.settings;
  if (rows.length <= maxRows) return;
  recordBreach(tenant, operation, 'tooManyRows', `${rows.length} rows, at most ${maxRows}`);
  if (overMaxRows === 'taken') return;
  for (const taken of rows.slice(maxRows))
    taken.problem = `more than ${maxRows} rows in one import`;
}

function applyBatch(tenant: Tenant, batch: Batch): IntegrationResponse | typeof diedHalfway {
  const { faults, dice } = tenant;
  const { operation, template, rows } = batch;
  const someRow = () => (rows.length === 0 ? -1 : dice.rows.between(0, rows.length - 1));
  const diesAfter = faults.strikes('halfBatch', operation) ? Math.ceil(rows.length / 2) : -1;
  const refused = faults.strikes('rowErrorSpurious', operation) ? someRow() : -1;
  const dropped = faults.strikes('rowDropped', operation) ? someRow() : -1;
  const verdicts: Verdict[] = [];
  for (const [place, taken] of rows.entries()) {
    if (place === diesAfter) return diedHalfway;
    const reference = referenceOf(tenant, template, taken.row);
    if (place === refused && !taken.problem) taken.problem = 'The row could not be saved';
    if (place === dropped && !taken.problem) {
      const atMs = tenant.timeline.nowMs();
      tenant.log.droppedRows.push({ atMs, template: template.name, reference });
      verdicts.push({ reference, text: null });
      continue;
    }
    verdicts.push({ reference, text: taken.problem ?? applyRow(tenant, batch, taken.row) });
  }
  if (diesAfter >= 0) return diedHalfway;
  return answer(tenant, batch, verdicts);
}

function answer(tenant: Tenant, batch: Batch, verdicts: Verdict[]): IntegrationResponse {
  const errors = verdicts.filter((v) => v.text !== null);
  const atMs = tenant.timeline.nowMs();
  for (const { reference, text } of errors) {
    tenant.log.rowErrors.push({ atMs, template: batch.template.name, reference, text: text! });
  }
  const detail =
    tenant.settings.rowErrorText === 'none'
      ? ''
      : errors.map((e) => `${e.reference} : ${e.text}`).join(tenant.settings.lineEnd);
  const hasNone = tenant.faults.strikes('statusesMissing', batch.operation);
  return {
    responseId: 0,
    totalCount: verdicts.length - errors.length,
    detail,
    statuses: hasNone ? [] : verdicts.map(statusOf),
  };
}

function statusOf({ reference, text }: Verdict): RowStatus {
  return { reference, status: text === null ? 'Success' : 'Error' };
}

function queueBatch(tenant: Tenant, batch: Batch, delayMs: number): IntegrationResponse {
  const record: ImportRecord = {
    queueId: ++tenant.lastNumbers.queue,
    template: batch.template.name,
    rows: batch.rows.length,
    queuedAtMs: tenant.timeline.nowMs(),
    appliedAtMs: undefined,
    errors: [],
  };
  tenant.log.imports.push(record);
  tenant.timeline.at(record.queuedAtMs + delayMs, () => {
    record.appliedAtMs = tenant.timeline.nowMs();
    for (const { row, problem } of batch.rows) {
      const text = problem ?? applyRow(tenant, batch, row);
      const reference = referenceOf(tenant, batch.template, row);
      if (text !== null) record.errors.push({ reference, text });
    }
  });
  return {
    responseId: 0,
    totalCount: batch.rows.length,
    detail: '',
    statuses: batch.rows.map(({ row }) => ({
      reference: referenceOf(tenant, batch.template, row),
      status: 'Success',
    })),
    importingQueueId: record.queueId,
  };
}

function referenceOf(tenant: Tenant, template: ConfiguredTemplate, row: Stored): string {
  if (template.name !== 'Sales order items') return keyOf(template, row);
  const { itemReference } = tenant.settings;
  const [number, item] = [row['SalesOrderNumber'] ?? '', row['ItemCode'] ?? ''];
  if (itemReference === 'order') return number;
  return itemReference === 'item' ? item : `${number},${item}`;
}

function applyRow(tenant: Tenant, { template, action }: Batch, row: Stored): string | null {
  switch (template.name) {
    case 'Sales orders':
      return saveSalesOrder(tenant, row, action);
    case 'Sales order items':
      return saveSalesOrderItem(tenant, row, action);
    case 'Item types':
      return saveItemType(tenant, row, action);
    case 'Item type kittings':
      return saveKitting(tenant, row, action);
    default:
      return saveStored(tenant, template, row, action);
  }
}
