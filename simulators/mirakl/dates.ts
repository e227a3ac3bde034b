/** Dates as the vendor writes and reads them: ISO 8601, UTC, milliseconds dropped when zero. */

const date = /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])/.source;
const time = /(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?/.source;
const zone = /(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)/.source;
const pattern = new RegExp(`^${date}T${time}${zone}$`);

/** `2025-01-01T10:00:00Z`, or `...00.040Z` when there are milliseconds. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** The date, or nothing when there is none. */
export function isoOrNone(ms: number | null): string | undefined {
  return ms === null ? undefined : isoOf(ms);
}

/** Epoch milliseconds of a date with its zone; undefined for anything else, also for 31
 *  February. */
export function msOf(text: string): number | undefined {
  if (!pattern.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  const day = Number(text.slice(8, 10));
  const last = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0));
  return day > last.getUTCDate() ? undefined : ms;
}
