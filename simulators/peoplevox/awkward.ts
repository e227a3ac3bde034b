/** Reports that are not what they should be, each kind switched on as a fault of
 *  `GetReportData <report>`. All of them are answers that look well: HTTP 200, ResponseId 0. */
import type { PeoplevoxFault } from './options.ts';
import type { CellKind } from './search.ts';
import type { Tenant } from './state.ts';

/** An answer before it is written: one heading, kind and text per column. */
export type Sheet = { header: string[]; kinds: CellKind[]; rows: string[][] };

/** Rows that are lost before anybody counts them. */
export function loseRows<Row>(
  tenant: Tenant,
  operation: string,
  rows: readonly Row[],
): readonly Row[] {
  const { faults, dice } = tenant;
  if (rows.length === 0) return rows;
  if (faults.strikes('emptyReport', operation)) return [];
  if (!faults.strikes('rowsMissing', operation)) return rows;
  const surely = dice.pages.between(0, rows.length - 1);
  return rows.filter((_, place) => place !== surely && !dice.pages.chance(0.1));
}

/** The second half of a page is lost after it was counted. */
export function losePageEnd<Row>(tenant: Tenant, operation: string, page: Row[]): Row[] {
  const isHalved = page.length > 0 && tenant.faults.strikes('halfReport', operation);
  return isHalved ? page.slice(0, Math.floor(page.length / 2)) : page;
}

type SheetFault = Extract<
  PeoplevoxFault,
  | 'duplicateRowDiffers'
  | 'quantityWord'
  | 'quantityGrouped'
  | 'quantityFraction'
  | 'quantityBlank'
  | 'columnMissing'
  | 'columnsReordered'
  | 'foreignHeader'
  | 'renamedColumn'
>;

const spoilers: Record<SheetFault, (tenant: Tenant, sheet: Sheet) => Sheet> = {
  duplicateRowDiffers,
  quantityWord: (tenant, sheet) => withNumbers(tenant, sheet, 'n/a'),
  quantityGrouped: (tenant, sheet) => withNumbers(tenant, sheet, '1,200'),
  quantityFraction: (tenant, sheet) => withNumbers(tenant, sheet, '3.5'),
  quantityBlank: (tenant, sheet) => withNumbers(tenant, sheet, ''),
  columnMissing: (tenant, sheet) => {
    const missing = tenant.dice.pages.between(0, sheet.header.length - 1);
    return pickColumns(
      sheet,
      [...sheet.header.keys()].filter((place) => place !== missing),
    );
  },
  columnsReordered,
  foreignHeader: (_, sheet) => ({
    ...sheet,
    header: sheet.header.map((name, place) => german[name] ?? `Spalte ${place + 1}`),
  }),
  renamedColumn: ({ dice }, sheet) => {
    const renamed = dice.pages.between(0, sheet.header.length - 1);
    const header = sheet.header.map((name, place) => (place === renamed ? `${name} (new)` : name));
    return { ...sheet, header };
  },
};
const needNumbers = [
  'duplicateRowDiffers',
  'quantityWord',
  'quantityGrouped',
  'quantityFraction',
  'quantityBlank',
];

/** What happens to the written form of this answer; none for nearly all of them. */
export function sheetFaults(
  tenant: Tenant,
  operation: string,
  answer: { kinds: readonly CellKind[]; rows: number },
): SheetFault[] {
  const hasNumbers = answer.rows > 0 && answer.kinds.includes('number');
  return (Object.keys(spoilers) as SheetFault[]).filter(
    (kind) => (hasNumbers || !needNumbers.includes(kind)) && tenant.faults.strikes(kind, operation),
  );
}

/** The answer with these faults in it. */
export function spoilSheet(tenant: Tenant, sheet: Sheet, kinds: readonly SheetFault[]): Sheet {
  return kinds.reduce((spoiled, kind) => spoilers[kind](tenant, spoiled), sheet);
}

function duplicateRowDiffers({ dice }: Tenant, sheet: Sheet): Sheet {
  const shift = dice.pages.between(1, 5);
  const again = dice.pages
    .pick(sheet.rows)
    .map((text, place) =>
      sheet.kinds[place] === 'number' && text !== '' ? String(Number(text) + shift) : text,
    );
  const rows = sheet.rows.toSpliced(dice.pages.between(0, sheet.rows.length), 0, again);
  return { ...sheet, rows };
}

function withNumbers({ dice }: Tenant, sheet: Sheet, text: string): Sheet {
  const spoiled = dice.pages.between(0, sheet.rows.length - 1);
  const rows = sheet.rows.map((row, place) =>
    place === spoiled ? row.map((own, i) => (sheet.kinds[i] === 'number' ? text : own)) : row,
  );
  return { ...sheet, rows };
}

/** Another order for sure, when there are two columns or more. */
function columnsReordered({ dice }: Tenant, sheet: Sheet): Sheet {
  const places = [...sheet.header.keys()];
  if (places.length < 2) return sheet;
  const turn = dice.pages.between(1, places.length - 1);
  return pickColumns(sheet, [...places.slice(turn), ...places.slice(0, turn)]);
}

function pickColumns(sheet: Sheet, places: readonly number[]): Sheet {
  return {
    header: places.map((place) => sheet.header[place]!),
    kinds: places.map((place) => sheet.kinds[place]!),
    rows: sheet.rows.map((row) => places.map((place) => row[place]!)),
  };
}

const german: Record<string, string> = {
  'Item code': 'Artikelnummer',
  Name: 'Bezeichnung',
  'Site reference': 'Standort',
  'On hand': 'Bestand',
  Allocated: 'Reserviert',
  Available: 'Verfügbar',
  'Item barcode': 'Artikelbarcode',
  'Item Barcode': 'Artikelbarcode',
  'Item current available quantity': 'Aktuell verfügbare Menge',
  Timestamp: 'Zeitstempel',
  'Quantity changed': 'Geänderte Menge',
  'On order': 'Bestellt',
  Activity: 'Vorgang',
  Reason: 'Grund',
  'Date time': 'Zeitpunkt',
};
