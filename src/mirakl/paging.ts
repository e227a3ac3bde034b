/** Reading lists page by page, by offset or by token, without looping for ever and without missing rows
 *  when the list shrinks meanwhile. */
import { BadAnswer } from '../errors.ts';
import { text, unitsOrNull, valueAt } from './fields.ts';
import type { Json } from './json.ts';
import type { Query } from './query.ts';

/** `offset`: `max` and `offset` with a total count. `seek`: `limit`, then a page token. `auto`: asks by
 *  offset and follows a page token when the answer brings one. */
export type Paging = 'auto' | 'offset' | 'seek';

/** Which page is wanted. A token carries the whole question: nothing else is sent with it. */
export type PageAsk =
  | { kind: 'offset'; offset: number; pageSize?: number | undefined }
  | { kind: 'token'; token: string };

/** One page of any list. */
export type Page = {
  unreadable: readonly { index: number }[];
  /** Rows in the whole filtered list, or null when the answer does not say. */
  totalCount: number | null;
  /** What to ask for next, null at the end. */
  next: PageAsk | null;
};

/** Rows in a page: Mirakl's own maximum for most lists. */
const pageSizeMax = 100;
/** Pages in one reading; a million rows at 100 each. More is taken for a list that never ends. */
const maxPages = 10_000;

/** The parameters that ask for a page. `sort` names the field in Mirakl's words; always ascending, so that
 *  new rows appear behind the ones already read. `filter` is left out beside a token. */
export function pageQuery(
  paging: Paging,
  ask: PageAsk | undefined,
  given: { filter: Query; sort?: string },
): Query {
  if (ask?.kind === 'token') return { page_token: ask.token };
  const size = Math.min(ask?.pageSize ?? pageSizeMax, pageSizeMax);
  if (paging === 'seek')
    return { ...given.filter, limit: size, sort: given.sort && `${given.sort},ASC` };
  return {
    ...given.filter,
    max: size,
    offset: ask && ask.offset > 0 ? ask.offset : undefined,
    sort: given.sort,
    order: given.sort && 'asc',
  };
}

/** `totalCount` and the token in a list's body; null where absent or odd, since neither is worth losing a
 *  page for. */
export function pageFacts(body: Json): { totalCount: number | null; token: string | null } {
  return {
    totalCount: unitsOrNull.safeParse(valueAt(body, 'total_count')).data ?? null,
    token: text.safeParse(valueAt(body, 'next_page_token')).data ?? null,
  };
}

/** What comes after a page of `count` rows. A token wins, whether in the body or in the Link header. */
export function nextAsk(
  paging: Paging,
  ask: PageAsk | undefined,
  received: {
    count: number;
    totalCount: number | null;
    token: string | null;
    /** Of the answer, lower-case names. */
    headers: Record<string, string>;
  },
): PageAsk | null {
  const link = nextLink(received.headers['link']);
  if (paging !== 'offset') {
    const token = received.token ?? tokenIn(link);
    if (token !== null) return { kind: 'token', token };
  }
  if (paging === 'seek' || ask?.kind === 'token' || received.count === 0) return null;
  const end = (ask?.offset ?? 0) + received.count;
  const isMore = link !== null || (received.totalCount !== null && end < received.totalCount);
  return isMore ? { kind: 'offset', offset: end, pageSize: ask?.pageSize } : null;
}

/** Yields each page. Rows may come twice, never be passed over: when the total shrinks under way (a row
 *  left the filter, so later rows moved up), the reading steps back by as many rows.
 *  Throws BadAnswer for a list that repeats itself, never ends, or holds less than it claims. */
export async function* followPages<P extends Page>(
  whose: { connection: string; operation: string },
  fetchPage: (ask: PageAsk | undefined) => Promise<P>,
  idsOf: (page: P) => readonly string[],
): AsyncGenerator<P, void, void> {
  const tokens = new Set<string>();
  let ask: PageAsk | undefined;
  let total: number | null = null;
  let former = '';
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page = await fetchPage(ask);
    const stepBack = offsetAfterShrinking(ask, total, page.totalCount);
    total = page.totalCount;
    const ids = idsOf(page);
    const marks = JSON.stringify([ids, page.unreadable.length]);
    if (isShort(ask, page, ids.length + page.unreadable.length) && stepBack === null)
      throw listFault(whose, 'a page was empty though the total says that rows are left');
    if (ids.length > 0 && marks === former) throw listFault(whose, 'two pages were the same');
    former = marks;
    yield page;
    const next: PageAsk | null = stepBack ?? page.next;
    if (next === null) return;
    if (stepBack !== null) former = '';
    if (next.kind === 'token' && tokens.has(next.token))
      throw listFault(whose, 'a page token came back');
    if (next.kind === 'token') tokens.add(next.token);
    ask = next;
  }
  throw listFault(whose, `more than ${maxPages} pages`);
}

/** Where to read again when the list became shorter by d rows: rows read after may have moved up by d. */
function offsetAfterShrinking(
  ask: PageAsk | undefined,
  before: number | null,
  now: number | null,
): PageAsk | null {
  if (ask?.kind !== 'offset' || ask.offset === 0) return null;
  if (before === null || now === null || now >= before) return null;
  return { ...ask, offset: Math.max(0, ask.offset - (before - now)) };
}

function isShort(ask: PageAsk | undefined, page: Page, count: number): boolean {
  if (count > 0 || page.totalCount === null || ask?.kind === 'token' || page.next !== null)
    return false;
  return (ask?.offset ?? 0) < page.totalCount;
}

/** The URL that a Link header calls `next`, or null. Only looked at, never called. */
function nextLink(header: string | undefined): string | null {
  for (const [, url, parameters] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g))
    if (/;\s*rel\s*=\s*"?[^";,]*\bnext\b/i.test(parameters ?? '')) return url ?? null;
  return null;
}

function tokenIn(link: string | null): string | null {
  if (link === null) return null;
  return URL.parse(link, 'http://relative.invalid')?.searchParams.get('page_token') || null;
}

function listFault(whose: { connection: string; operation: string }, fact: string): BadAnswer {
  return new BadAnswer(`${whose.operation} on channel ${whose.connection}: ${fact}; read again`, {
    vendor: 'mirakl',
    connection: whose.connection,
    operation: whose.operation,
    effect: 'none',
  });
}
