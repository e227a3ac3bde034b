/** One SaveData of typed rows into a template. */
import type { PeoplevoxClient } from './client.ts';
import type { CellValue } from './csv.ts';
import type { SaveAction } from './envelope.ts';
import { matchRows, type RowKey, type SaveResult } from './row-results.ts';
import { type FieldOf, type TemplateKey, templateOf } from './templates.ts';

/** Writes rows by our field names in one call and says of each what became of it. All rows must
 *  have the same fields, else it rejects with RangeError; an undefined value is an absent field.
 *  `keys` stand row by row. Throws VendorError of the call. Source: reference section 5.3. */
export async function saveRows<K extends TemplateKey>(
  client: PeoplevoxClient,
  key: K,
  save: {
    rows: readonly Partial<Record<FieldOf<K>, CellValue>>[];
    keys: readonly RowKey[];
    action: SaveAction;
  },
): Promise<SaveResult> {
  const { rows, keys, action } = save;
  const template = templateOf(client.connection.templates, key);
  const fields = presentFields(rows[0] ?? {}) as FieldOf<K>[];
  const table = rows.map((row) => {
    const values = fields.flatMap((field) => row[field] ?? []);
    if (values.length !== fields.length || presentFields(row).length !== fields.length)
      throw new RangeError('rows of one SaveData must have the same fields: see groupByFields');
    return values;
  });
  const reply = await client.saveData({
    templateName: template.name,
    columns: fields.map(template.columnOf),
    rows: table,
    action,
  });
  const { statuses, detail, importingQueueId } = reply;
  return { rows: matchRows(keys, statuses), detail, importingQueueId };
}

/** Rows cut into groups with the same fields each, so that none blanks another's column. Order is
 *  kept within a group; groups stand in the order of their first row. Pure. */
export function groupByFields<Row extends object>(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const fields = presentFields(row).sort().join();
    const group = groups.get(fields);
    if (group) group.push(row);
    else groups.set(fields, [row]);
  }
  return [...groups.values()];
}

/** An undefined value counts as an absent field, as an optional property often carries one. */
function presentFields(row: object): string[] {
  return Object.entries(row).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}
