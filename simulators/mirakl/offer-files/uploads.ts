/** Takes an uploaded CSV file out of a multipart request, and refuses what is no such thing. */
import { type Call, type Refusal, refuse } from '../wire.ts';
import { type CsvRecord, csvLine, readCsv } from './csv.ts';
import { type FormPart, partsOf } from './multipart.ts';

export type Upload = {
  /** Column names as written in the first line. */
  header: string[];
  records: CsvRecord[];
  /** Line that could not be read; nothing after it is in `records`. Null: all is well. */
  brokenAt: number | null;
  /** Plain fields of the form. */
  fields: ReadonlyMap<string, string>;
  /** The file as sent. */
  text: string;
};

/** Which form fields and columns an operation takes. */
export type UploadRules = {
  fields: readonly string[];
  isColumn(name: string): boolean;
  required: readonly string[];
  delimiter: string;
};

/** Two columns of an error report. It may be sent back as it is once mended, so every file may have
 *  them; they then say nothing. */
export const reportColumns: readonly string[] = ['error-line', 'error-message'];

/** Throws a Refusal (400, a contract breach) for anything but one file named `file` with a header
 *  the operation knows. */
export function readUpload(call: Call, rules: UploadRules): Upload {
  const type = call.request.headers['content-type'] ?? '';
  const parts = partsOf(type, call.request.body);
  if (parts === null) throw breach('content-type', 'The body must be multipart/form-data');
  const { file, fields } = sortParts(parts, rules);
  const text = decoded(file.content);
  if (text === null) throw breach('file', 'The file is not UTF-8');
  const { records, brokenAt } = readCsv(text, rules.delimiter);
  const [first, ...rest] = records;
  const sent = first?.cells ?? [];
  if (new Set(sent).size < sent.length) throw breach('file', 'A column is given twice');
  const header = withoutReport(sent, rest, rules.delimiter);
  const missing = rules.required.find((name) => !header.includes(name));
  if (missing !== undefined) throw breach('file', `The column ${missing} is missing`);
  const stray = header.find((name) => !rules.isColumn(name));
  if (stray !== undefined) throw breach('file', `Unknown column ${stray}`);
  return { header, records: rest, brokenAt, fields, text };
}

/** One line's value by column name; undefined when the file lacks the column. */
export function cellReader(header: readonly string[]) {
  const places = new Map(header.map((name, index) => [name, index]));
  return (record: CsvRecord, column: string): string | undefined => {
    const at = places.get(column);
    return at === undefined ? undefined : record.cells[at];
  };
}

export function breach(field: string, message: string): Refusal {
  return refuse(400, 'VALIDATION_ERROR', message, { field, isBreach: true });
}

/** The header without the columns of a report; the records lose them too. */
function withoutReport(header: string[], records: CsvRecord[], delimiter: string): string[] {
  const isKept = header.map((name) => !reportColumns.includes(name));
  if (isKept.every(Boolean)) return header;
  for (const record of records) {
    record.cells = record.cells.filter((_, index) => isKept[index] !== false);
    record.raw = csvLine(record.cells, delimiter);
  }
  return header.filter((_, index) => isKept[index]);
}

function sortParts(parts: readonly FormPart[], rules: UploadRules) {
  const fields = new Map<string, string>();
  let file: FormPart | undefined;
  for (const part of parts) {
    if (part.name === 'file') {
      if (file !== undefined) throw breach('file', 'file must be given once');
      file = part;
    } else if (!rules.fields.includes(part.name)) {
      throw breach(part.name, `Unknown form field ${part.name}`);
    } else {
      fields.set(part.name, decoded(part.content) ?? '');
    }
  }
  if (file === undefined) throw breach('file', 'file is required');
  if (file.filename === null) throw breach('file', 'file must be a file, not a plain field');
  return { file, fields };
}

function decoded(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
