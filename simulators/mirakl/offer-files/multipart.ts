/** Takes a multipart/form-data body apart (RFC 7578). */

export type FormPart = {
  name: string;
  /** Null: a plain field, not a file. */
  filename: string | null;
  content: Uint8Array;
};

/** The parts in their order; null when the body is not what its content type says. */
export function partsOf(contentType: string, body: Uint8Array): FormPart[] | null {
  const boundary = boundaryOf(contentType);
  if (boundary === null) return null;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const mark = Buffer.from(`\r\n--${boundary}`);
  // The first boundary may open the body, without a line break before it.
  const opening = mark.subarray(2);
  let at = bytes.subarray(0, opening.length).equals(opening)
    ? opening.length
    : afterFirst(bytes, mark);
  const parts: FormPart[] = [];
  while (at >= 0) {
    const rest = bytes.subarray(at, at + 2).toString('latin1');
    if (rest === '--') return parts;
    if (rest !== '\r\n') return null;
    const end = bytes.indexOf(mark, at);
    const part = end < 0 ? null : partOf(bytes.subarray(at + 2, end));
    if (part === null) return null;
    parts.push(part);
    at = end + mark.length;
  }
  return null;
}

function afterFirst(bytes: Buffer, mark: Buffer): number {
  const found = bytes.indexOf(mark);
  return found < 0 ? -1 : found + mark.length;
}

function boundaryOf(contentType: string): string | null {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

function partOf(bytes: Buffer): FormPart | null {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return null;
  const headers = bytes.subarray(0, blank).toString('utf8').split('\r\n');
  const disposition = headers.find((line) => /^content-disposition\s*:\s*form-data\b/i.test(line));
  const name = disposition === undefined ? null : parameter(disposition, 'name');
  if (disposition === undefined || name === null) return null;
  return { name, filename: parameter(disposition, 'filename'), content: bytes.subarray(blank + 4) };
}

function parameter(header: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(header);
  return found?.[1] ?? found?.[2] ?? null;
}
