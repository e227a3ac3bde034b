/** Offers: which SKUs a channel lists and what it shows of them, whole once a day and what changed in between,
 *  so that what somebody else does there is found. */
import { z } from 'zod';
import { Later, Refused, Throttled, VendorError } from '../errors.ts';
import { isNotOffered } from '../mirakl/error-from.ts';
import { fetchOfferExport, readOfferExport, startOfferExport } from '../mirakl/offer-export.ts';
import { streamOffers } from '../mirakl/offers.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import { settleOthers } from './cause-store.ts';
import {
  markMissing,
  type Offering,
  type OfferNews,
  readListings,
  refreshListingStatistics,
  saveOfferings,
} from './listing-store.ts';
import { readDiffering, saveFirstSight } from './sweep-store.ts';
import { keepReadings, skuSubject, type VerifyDeps } from './verify.ts';

const factKind = 'stock.sweep';
/** How often an export's status is asked; the marketplace allows it every ten seconds. */
const askAgainMs = 11_000;
/** An export that is not ready by then is given up. */
const giveUpMs = 60 * 60_000;
/** How far back a sweep of changes reads again, for what the marketplace had not listed yet. */
const overlapMs = 2 * 60_000;
/** An operation that was not there is tried again after this long. */
const tryAgainMs = 24 * 3_600_000;
/** The marketplace counts its day from when the call reached it, a little later than we do. */
const dayMarginMs = 2 * 60_000;
/** Offers kept in one transaction. */
const offersPerWrite = 5_000;

const factShape = z.object({
  fullAtMs: z.number().nullable(),
  changesAtMs: z.number().nullable(),
  lacksExportMs: z.number().nullable(),
  /** When the one whole export of the day was last asked for, whether an answer came or not. */
  fullAskedMs: z.number().nullable().default(null),
  running: z
    .object({ trackingId: z.string(), startedMs: z.number(), isFull: z.boolean() })
    .nullable(),
});
export type SweepFact = z.infer<typeof factShape>;
const never: SweepFact = {
  fullAtMs: null,
  changesAtMs: null,
  lacksExportMs: null,
  fullAskedMs: null,
  running: null,
};

/** How far the sweeps of a channel have come. */
export async function readSweep(context: Pick<FlowContext, 'db'>, channel: string) {
  const kept = factShape.safeParse(await readFact(context.db, channel, factKind));
  return kept.success ? kept.data : never;
}

/** Reads offers when it is time, or now (`isWanted`). Throws Later while an export is being made. */
export async function sweepOffers(
  context: FlowContext,
  deps: VerifyDeps,
  isWanted: boolean,
): Promise<boolean> {
  const fact = await readSweep(context, deps.channel.id);
  const nowMs = context.clock.nowMs();
  if (fact.running && nowMs - fact.running.startedMs < giveUpMs) {
    return takeUp(context, deps, fact, fact.running);
  }
  const { fullSweepHours, sweepMinutes } = deps.channel.stock;
  const isFull =
    fact.fullAtMs === null || nowMs - fact.fullAtMs >= fullSweepHours * 3_600_000 + dayMarginMs;
  const changesAtMs = Math.max(fact.changesAtMs ?? 0, fact.fullAtMs ?? 0);
  if (!isFull && !isWanted && nowMs - changesAtMs < sweepMinutes * 60_000) return false;
  if (fact.lacksExportMs !== null && nowMs - fact.lacksExportMs < tryAgainMs) {
    return readPages(context, deps, fact);
  }
  // It is used up, and asking all the same would wait for tomorrow.
  const isUsedUp = fact.fullAskedMs !== null && nowMs - fact.fullAskedMs < tryAgainMs + dayMarginMs;
  if (isFull && isUsedUp) return readPages(context, deps, fact);
  try {
    await start(context, deps, fact, { isFull, changesAtMs });
  } catch (cause) {
    // Used up by somebody else.
    if (isFull && cause instanceof Throttled) {
      const used = { ...fact, fullAskedMs: nowMs };
      await keep(context, deps, used);
      return readPages(context, deps, used);
    }
    if (!(cause instanceof Refused) && !isNotOffered(cause)) throw cause;
    const message = (cause as VendorError).message;
    context.log.warn({ channel: deps.channel.id }, `no offer export (${message}); reading pages`);
    // An export that was refused for once (one a day, say) is asked for again tomorrow.
    return readPages(context, deps, { ...fact, lacksExportMs: nowMs });
  }
  throw new Later(new Date(context.clock.nowMs() + askAgainMs), 'the export has just begun');
}

async function start(
  context: FlowContext,
  deps: VerifyDeps,
  fact: SweepFact,
  given: { isFull: boolean; changesAtMs: number },
): Promise<void> {
  const startedMs = context.clock.nowMs();
  await context.assertPlace();
  const asked = given.isFull ? { ...fact, fullAskedMs: startedMs } : fact;
  // Before the call: its answer may be lost, and a second one would be refused.
  if (given.isFull) await keep(context, deps, asked);
  const trackingId = await startOfferExport(
    deps.mirakl,
    given.isFull
      ? { includeInactive: true }
      : { changedSince: new Date(given.changesAtMs - overlapMs) },
  ).catch(async (cause: unknown) => {
    const isUndone = cause instanceof VendorError && cause.effect === 'none';
    if (given.isFull && isUndone) await keep(context, deps, fact);
    throw cause;
  });
  const running = { trackingId, startedMs, isFull: given.isFull };
  await keep(context, deps, { ...asked, running });
}

async function takeUp(
  context: FlowContext,
  deps: VerifyDeps,
  fact: SweepFact,
  running: NonNullable<SweepFact['running']>,
): Promise<boolean> {
  await context.assertPlace();
  const status = await readOfferExport(deps.mirakl, running.trackingId).catch((cause: unknown) => {
    if (cause instanceof VendorError && cause.status === 404) return null;
    throw cause;
  });
  if (status?.state === 'pending' || status?.state === 'other') {
    throw new Later(new Date(context.clock.nowMs() + askAgainMs), 'the export runs');
  }
  if (status?.state !== 'completed') {
    await keep(context, deps, { ...fact, running: null });
    const word = status?.error ?? status?.word ?? 'unknown to the marketplace';
    throw new Error(`offer export ${running.trackingId}: ${word}; started anew at the next turn`);
  }
  const readAt = new Date(running.startedMs);
  const seen: string[] = [];
  let isReadable = true;
  for (const url of status.urls) {
    await context.assertPlace();
    const { offers, unreadable } = await fetchOfferExport(deps.mirakl, url).catch(
      async (cause: unknown) => {
        // A lost answer is asked for again; a file that cannot be read would be the same again.
        const isLost = cause instanceof VendorError && cause.isRetried;
        if (!isLost) await keep(context, deps, { ...fact, running: null });
        throw cause;
      },
    );
    isReadable &&= unreadable.length === 0;
    await raiseUnreadable(context, deps, unreadable);
    await keepOffers(context, deps, readAt, offers);
    if (running.isFull) for (const one of offers) if (!one.isDeleted) seen.push(one.shopSku);
  }
  await conclude(context, deps, fact, { readAt, isFull: running.isFull, isReadable, seen });
  return true;
}

/** Every offer by pages of 100, for operators without the export. */
async function readPages(
  context: FlowContext,
  deps: VerifyDeps,
  fact: SweepFact,
): Promise<boolean> {
  const readAt = context.clock.now();
  const seen: string[] = [];
  let isComplete = false;
  for await (const batch of streamOffers(deps.mirakl)) {
    await context.assertPlace();
    const offers = batch.offers.map((one) => ({ ...one, isDeleted: false }));
    await raiseUnreadable(
      context,
      deps,
      batch.unreadable.map((one) => ({
        subject: one.offerId ?? `offer ${one.index}`,
        problem: one.problem,
      })),
    );
    await keepOffers(context, deps, readAt, offers);
    for (const one of offers) seen.push(one.shopSku);
    isComplete ||= batch.isComplete;
  }
  await conclude(context, deps, fact, { readAt, isFull: true, isReadable: isComplete, seen });
  return true;
}

async function keepOffers(
  context: FlowContext,
  deps: VerifyDeps,
  readAt: Date,
  offers: readonly Offering[],
): Promise<void> {
  const { channel } = deps;
  const named = offers.filter((one) => one.shopSku !== '');
  for (let at = 0; at < named.length; at += offersPerWrite) {
    const batch = named.slice(at, at + offersPerWrite);
    await context.write(async (trx) => {
      const given = { channel: channel.id, warehouse: channel.warehouse, readAt };
      await tellNews(trx, context, channel.id, await saveOfferings(trx, given, batch));
      await saveFirstSight(trx, given, batch);
    });
    const differing = await readDiffering(context.db, channel.id, readAt, batch);
    const listings = new Map(
      (await readListings(context.db, channel.id, [...differing.keys()])).map((one) => [
        one.shopSku,
        one,
      ]),
    );
    await keepReadings(
      context,
      channel,
      [...differing].flatMap(([shopSku, { quantity, isActive, isDeleted }]) => {
        const listing = listings.get(shopSku);
        if (!listing) return [];
        return [{ listing, offer: isDeleted ? null : { quantity, isActive }, readAt }];
      }),
    );
  }
}

/** What a person should know of listings that are not what they were, and what is settled by it. */
async function tellNews(
  trx: Trx,
  context: FlowContext,
  channel: string,
  news: readonly OfferNews[],
): Promise<void> {
  const causes = news.flatMap(({ shopSku, itemCode, quantity, ...one }): Cause[] => {
    const subject = skuSubject(channel, shopSku);
    if (one.isMissing && one.wasMissing === false) return [missing(channel, { shopSku, itemCode })];
    if (one.isMissing || one.isActive || !quantity) return [];
    const message = `SKU ${shopSku} shows ${quantity} on channel ${channel} but cannot be bought; the offer there says why. Mend it`;
    return [{ ...subject, code: 'offer-inactive', message, evidence: { quantity } }];
  });
  await context.exceptions.raise(trx, causes);
  const back = news.filter((one) => one.wasMissing === true && !one.isMissing);
  await context.exceptions.settle(
    trx,
    back.map((one) => skuSubject(channel, one.shopSku)),
    { codes: ['offer-missing'], why: 'it is listed again' },
  );
  const onSale = news.filter((one) => one.wasActive === false && one.isActive);
  await context.exceptions.settle(
    trx,
    onSale.map((one) => skuSubject(channel, one.shopSku)),
    { codes: ['offer-inactive'], why: 'the offer can be bought' },
  );
}

function missing(channel: string, one: { shopSku: string; itemCode: string }): Cause {
  return {
    ...skuSubject(channel, one.shopSku),
    code: 'offer-missing',
    message: `channel ${channel} no longer lists SKU ${one.shopSku} (item ${one.itemCode}). List it again, or leave it`,
    evidence: { itemCode: one.itemCode },
  };
}

async function conclude(
  context: FlowContext,
  deps: VerifyDeps,
  fact: SweepFact,
  sweep: { readAt: Date; isFull: boolean; isReadable: boolean; seen: readonly string[] },
): Promise<void> {
  const { id } = deps.channel;
  const atMs = sweep.readAt.getTime();
  await context.write(async (trx) => {
    // With an offer that could not be read, nobody knows which SKU is the missing one.
    const isSure = sweep.isFull && sweep.isReadable;
    const gone = isSure ? await markMissing(trx, id, sweep.readAt, sweep.seen) : [];
    if (isSure) {
      const why = 'every offer can be read';
      await settleOthers(trx, context, {
        connection: id,
        code: 'offer-unreadable',
        still: [],
        why,
      });
    }
    await context.exceptions.raise(
      trx,
      gone.map((one) => missing(id, one)),
    );
    const change = sweep.isFull ? { fullAtMs: atMs } : { changesAtMs: atMs };
    await saveFact(trx, id, factKind, { ...fact, ...change, running: null }, context.clock.now());
  });
  if (sweep.isFull) await refreshListingStatistics(context.db);
}

async function raiseUnreadable(
  context: FlowContext,
  deps: VerifyDeps,
  unreadable: readonly { subject: string; problem: string }[],
): Promise<void> {
  if (unreadable.length === 0) return;
  const { id } = deps.channel;
  await context.write((trx) =>
    context.exceptions.raise(
      trx,
      unreadable.map(({ subject, problem }) => ({
        code: 'offer-unreadable',
        connection: id,
        subjectKind: 'offer',
        subjectId: subject,
        message: `channel ${id}: offer ${subject} cannot be read: ${problem}; its quantity is not checked. Report it with the operation OF52 or OF21`,
        evidence: { problem },
      })),
    ),
  );
}

function keep(context: FlowContext, deps: VerifyDeps, fact: SweepFact): Promise<void> {
  const now = context.clock.now();
  return context.write((trx) => saveFact(trx, deps.channel.id, factKind, fact, now));
}
