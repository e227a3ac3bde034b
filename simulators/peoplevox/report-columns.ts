/** How a report's columns are declared, and what a tenant makes of them. */
import type { Column } from './query.ts';
import type { Cell, CellKind } from './search.ts';
import type { Tenant } from './state.ts';
import { displayForm } from './times.ts';

/** A column under the reference's name; a date cell is a wall time, null shows as nothing. */
export type Shown<Row> = [name: string, kind: CellKind, cell: (row: Row) => Cell];

/** The columns of a report as this tenant has them: renamed, or left out. */
export function columnsOf<Row>(tenant: Tenant, report: string, shown: Shown<Row>[]): Column<Row>[] {
  const { settings } = tenant;
  const { columns: renamed = {}, without = [] } = settings.reports[report] ?? {};
  return shown
    .filter(([name]) => !without.includes(name))
    .map(([name, kind, cell]) => ({
      name: renamed[name] ?? name,
      kind,
      cell,
      text: (row) => {
        const value = cell(row);
        if (value === null) return '';
        if (kind === 'date') return displayForm(value as number, settings);
        if (kind === 'bool') return value ? 'True' : 'False';
        return String(value);
      },
    }));
}

/** The tenant's heading of a column in lower case, the key of an index. */
export function headingOf(tenant: Tenant, report: string, column: string): string {
  return (tenant.settings.reports[report]?.columns?.[column] ?? column).toLowerCase();
}
