/** Published maxima of calls, counted in sliding windows. A call above its ceiling is answered
 *  429 and kept for the checkers; it does not count against later ones.
 *
 *  OR11 is counted by polling rounds: a first page opens a round, later pages with the same
 *  filters and a rising offset (or a page token) belong to it. Looking up named orders is what a
 *  person does with a page and counts as "per event". A later page of ST12 belongs to its first. */
import type { Market } from './market.ts';
import { isDifferential } from './offer-files/offer-exports.ts';
import type { Ceiling } from './options.ts';
import { isLookUp } from './orders.ts';
import { type Call, type Refusal, refuse } from './wire.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const dayMs = 24 * 60 * minuteMs;

/** The maxima of the published descriptions; what is not here is "per event". */
const publishedCeilings: Readonly<Record<string, Ceiling>> = {
  OR11: { calls: 1, windowMs: minuteMs },
  OR13: { calls: 1, windowMs: 5 * minuteMs },
  OR14: { calls: 1, windowMs: 2 * secondMs },
  OR04: { calls: 1, windowMs: minuteMs },
  OR31: { calls: 5, windowMs: secondMs },
  ST12: { calls: 1, windowMs: 5 * minuteMs },
  SH12: { calls: 1, windowMs: dayMs },
  SH21: { calls: 1, windowMs: dayMs },
  A01: { calls: 1, windowMs: dayMs },
  STO01: { calls: 1, windowMs: minuteMs },
  STO02: { calls: 1, windowMs: 15 * secondMs },
  STO03: { calls: 1, windowMs: minuteMs },
  OF01: { calls: 1, windowMs: minuteMs },
  OF02: { calls: 1, windowMs: minuteMs },
  OF03: { calls: 1, windowMs: minuteMs },
  OF04: { calls: 1, windowMs: minuteMs },
  OF24: { calls: 1, windowMs: minuteMs },
  OF52: { calls: 1, windowMs: minuteMs },
  'OF52 full': { calls: 1, windowMs: dayMs },
  OF53: { calls: 1, windowMs: 10 * secondMs },
};
/** Path part of the import or export that is asked about: each has a ceiling of its own. */
const subjectAt: Readonly<Record<string, number>> = {
  OR14: 4,
  STO02: 4,
  STO03: 4,
  OF02: 3,
  OF03: 3,
  OF53: 5,
};
/** Stricter numbers for integrators acting for sellers. */
const externalPartnerCeilings: Readonly<Record<string, Ceiling>> = {
  OR11: { calls: 1, windowMs: 15 * minuteMs },
};
/** How long a polling round may be paged after its last page. */
const roundLifeMs = 10 * minuteMs;
/** A window may be this much short: clocks and networks are never exact. */
const toleranceMs = 500;

/** Counts the call, or refuses it with 429. */
export function passCeiling(market: Market, call: Call): void {
  if (market.settings.ceilings === 'off') return;
  const scope = market.settings.ceilingScope === 'key' ? call.user.name : String(call.shop.shopId);
  const isFull = call.operation === 'OF52' && !isDifferential(call);
  const counted = isFull ? 'OF52 full' : call.operation;
  const ceiling = ceilingFor(market, counted);
  const perSecond = market.settings.perEventPerSecond;
  const isPage =
    (call.operation === 'OR11' && !isNewPoll(market, call, scope)) ||
    (call.operation === 'ST12' && call.query.has('page_token'));
  if (!ceiling || isPage) {
    count(market, call, `all ${scope}`, { calls: perSecond, windowMs: secondMs });
    return;
  }
  const at = subjectAt[call.operation];
  const part = at === undefined ? '' : ` ${call.segment(at)}`;
  count(market, call, `${counted} ${scope}${part}`, ceiling);
  if (call.operation === 'OR11') {
    const round = { offset: call.query.integer('offset') ?? 0, atMs: call.nowMs };
    market.ceilings.rounds.set(roundKey(call, scope), round);
  }
}

/** A 429 as the vendor words it. */
function tooMany(retryAfterSeconds: number): Refusal {
  return refuse(429, 'TOO_MANY_REQUESTS', 'Too many requests in the last hour', {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}

function ceilingFor(market: Market, operation: string): Ceiling | null {
  const { ceilingNumbers, ceilings } = market.settings;
  const set = ceilingNumbers[operation];
  if (set !== undefined) return set;
  const partner = ceilings === 'externalPartner' ? externalPartnerCeilings[operation] : undefined;
  return partner ?? publishedCeilings[operation] ?? null;
}

function isNewPoll(market: Market, call: Call, scope: string): boolean {
  if (isLookUp(call) || call.query.has('page_token')) return false;
  const offset = call.query.integer('offset') ?? 0;
  if (offset === 0) return true;
  const round = market.ceilings.rounds.get(roundKey(call, scope));
  if (!round || offset < round.offset || call.nowMs - round.atMs > roundLifeMs) return true;
  round.offset = offset;
  round.atMs = call.nowMs;
  return false;
}

function roundKey(call: Call, scope: string): string {
  return `${scope} ${call.query.key(['offset', 'max', 'locale'])}`;
}

function count(market: Market, call: Call, key: string, ceiling: Ceiling): void {
  const tolerance = ceiling.windowMs > secondMs ? toleranceMs : 0;
  const fromMs = call.nowMs - ceiling.windowMs + tolerance;
  const recent = (market.ceilings.stamps.get(key) ?? []).filter((ms) => ms > fromMs);
  market.ceilings.stamps.set(key, recent);
  if (recent.length < ceiling.calls) {
    recent.push(call.nowMs);
    return;
  }
  market.log.ceilingBreaches.push({
    atMs: call.nowMs,
    operation: call.operation,
    key,
    calls: ceiling.calls,
    windowMs: ceiling.windowMs,
  });
  const freeMs = (recent[0] as number) + ceiling.windowMs - call.nowMs;
  throw tooMany(Math.max(1, Math.ceil(freeMs / secondMs)));
}
