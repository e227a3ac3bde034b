/** The body of a multipart/form-data request. */
import { createHash } from 'node:crypto';

/** One field of a form; a file has its own name and content type. */
export type FormPart = {
  name: string;
  value: string;
  /** Only for a file. */
  file?: { name: string; contentType: string } | undefined;
};

/** The whole form as bytes, UTF-8, with the header that goes with it. The boundary is a hash of the content,
 *  so the content cannot hold it, and the same form is the same bytes every time. Names are ours: they are
 *  not escaped. Source: RFC 7578. */
export function multipart(parts: readonly FormPart[]): { contentType: string; body: Uint8Array } {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const boundary = `packhorse-${hash.slice(0, 40)}`;
  const lines = parts.flatMap((part) => [`--${boundary}`, ...headersOf(part), '', part.value]);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.from([...lines, `--${boundary}--`, ''].join('\r\n'), 'utf8'),
  };
}

function headersOf({ name, file }: FormPart): string[] {
  const disposition = `Content-Disposition: form-data; name="${name}"`;
  if (file === undefined) return [disposition];
  return [`${disposition}; filename="${file.name}"`, `Content-Type: ${file.contentType}`];
}
