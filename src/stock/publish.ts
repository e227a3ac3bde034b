/** Publish: what changed goes to the channel in one file, the intent kept first. After a lost answer the lines
 *  are worked out and sent anew: a quantity replaces what was there, whichever file arrived. */
import { NoAnswer, Refused, VendorDown, VendorError } from '../errors.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import { isNotOffered } from '../mirakl/error-from.ts';
import { startQuantityImport } from '../mirakl/offer-imports.ts';
import { startStockImport } from '../mirakl/stock-imports.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, Settings } from '../settings.ts';
import { type Feed, readFeed } from './figure-store.ts';
import { intendImport, lastImport, moveImport, resendImport } from './import-store.ts';
import { countZeroing, type Listing, readListingsToSend } from './listing-store.ts';
import { chooseMethod, type Method, methodIsGone } from './method.ts';

export type PublishDeps = {
  channel: ChannelSettings;
  mirakl: MiraklClient;
  policies: Settings['policies'];
};

/** A file is sent right after the figures were read. When they are not read any more, this much later than the
 *  cadence, for what orders and age changed. */
const patienceMs = 60_000;
/** A file may go this much before its turn, so that it meets the read that feeds it. */
const slackMs = 15_000;
/** How soon the status of a fresh import is asked; the marketplace allows it every 15 seconds. */
const firstLookMs = 16_000;
/** Longest wait before lines of a failed file are sent again. */
const longestWaitMs = 30 * 60_000;

/** Sends what is due, when it is time. Returns how many lines went out. */
export async function publish(context: FlowContext, deps: PublishDeps): Promise<number> {
  const { channel } = deps;
  const feed = await readFeed(context.db, channel.warehouse);
  if (feed.fullAt === null || !(await isTime(context, channel, feed))) return 0;
  const method = await chooseMethod(context, deps);
  if (method === null) return 0;
  const intent = await intend(context, deps, feed, method);
  if (intent === null) return 0;
  const { id, listings } = intent;
  const lines = listings.map((one) => ({ shopSku: one.shopSku, quantity: one.wanted! }));
  try {
    await context.assertPlace();
    const reference =
      method === 'STO01'
        ? await startStockImport(deps.mirakl, lines, codeOf(channel))
        : await startQuantityImport(deps.mirakl, lines);
    const now = context.clock.now();
    await context.write((trx) =>
      moveImport(trx, id, {
        state: 'running',
        reference,
        sentAt: now,
        checkAt: new Date(now.getTime() + firstLookMs),
      }),
    );
  } catch (cause) {
    if (cause instanceof VendorError) await notSent(context, deps, { id, listings, method }, cause);
    throw cause;
  }
  return lines.length;
}

function codeOf(channel: ChannelSettings): { warehouseCode?: string } {
  const { warehouseCode } = channel.stock;
  return warehouseCode === undefined ? {} : { warehouseCode };
}

async function isTime(
  context: FlowContext,
  channel: ChannelSettings,
  feed: Feed,
): Promise<boolean> {
  const last = await lastImport(context.db, channel.id);
  if (last === null) return true;
  const sinceMs = context.clock.nowMs() - last.madeAt.getTime();
  const everyMs = channel.stock.publishSeconds * 1_000;
  if (sinceMs >= everyMs + patienceMs) return true;
  return sinceMs >= everyMs - slackMs && feed.seenAt !== null && feed.seenAt > last.madeAt;
}

type Intent = { id: number; listings: Listing[] };

async function intend(
  context: FlowContext,
  deps: PublishDeps,
  feed: Feed,
  method: Method,
): Promise<Intent | null> {
  const { channel } = deps;
  return context.write(async (trx) => {
    const now = context.clock.now();
    const { massZeroPercent, massZeroLeast } = channel.stock;
    const { stocked, zeroing } = await countZeroing(trx, channel.id, massZeroLeast);
    const isMass = zeroing >= massZeroLeast && zeroing * 100 > stocked * massZeroPercent;
    // What the age of the truth or a person brought about is meant.
    const isMeant = feed.decayStep > 0 || (feed.approvedUntil !== null && feed.approvedUntil > now);
    const isHeld = isMass && !isMeant;
    const subject = { connection: channel.id, subjectKind: 'channel', subjectId: channel.id };
    if (isHeld) {
      await context.exceptions.raise(trx, [
        {
          ...subject,
          code: 'stock-mass-change',
          message: `channel ${channel.id}: ${zeroing} of ${stocked} offers with stock would go to zero (more than ${massZeroPercent} %); they are held, the rest is sent. If it is so, run packhorse stock approve ${channel.warehouse}`,
          evidence: { stocked, zeroing },
        },
      ]);
    } else {
      const options = { codes: ['stock-mass-change'], why: 'no mass change any more' };
      await context.exceptions.settle(trx, [subject], options);
    }
    const limit = channel.stock.linesPerImport;
    const given = { limit, isZeroHeld: isHeld };
    const listings = await readListingsToSend(trx, channel.id, now, given);
    if (listings.length === 0) return null;
    const basisAt = oldest(listings) ?? feed.seenAt;
    const id = await intendImport(trx, { channel: channel.id, method, now, basisAt }, listings);
    return { id, listings };
  });
}

function oldest(listings: readonly Listing[]): Date | null {
  const times = listings.flatMap((one) => (one.basisAt ? [one.basisAt.getTime()] : []));
  return times.length === 0 ? null : new Date(times.reduce((a, b) => Math.min(a, b)));
}

async function notSent(
  context: FlowContext,
  deps: PublishDeps,
  intent: Intent & { method: Method },
  cause: VendorError,
): Promise<void> {
  const { channel } = deps;
  const now = context.clock.now();
  const isLost =
    cause.effect === 'unknown' || cause instanceof NoAnswer || cause instanceof VendorDown;
  const isRefused = cause instanceof Refused && !isNotOffered(cause);
  const attempts = intent.listings.reduce((most, one) => Math.max(most, one.attempts), 0);
  // A file that was understood and refused will be refused again: wait longer each time.
  const waitMs = isRefused ? Math.min(longestWaitMs, 60_000 * 2 ** Math.min(attempts, 8)) : 0;
  await context.write(async (trx) => {
    const state = isLost ? ('lost' as const) : ('failed' as const);
    await moveImport(trx, intent.id, { state, finishedAt: now, note: cause.message });
    const dueAt = new Date(now.getTime() + waitMs);
    const given = { id: intent.id, channel: channel.id, dueAt, error: cause.message };
    await resendImport(trx, given);
    if (isNotOffered(cause)) await methodIsGone(trx, context, deps, intent.method, cause);
    if (isRefused) {
      await context.exceptions.raise(trx, [
        {
          code: 'stock-import-failed',
          connection: channel.id,
          subjectKind: 'channel',
          subjectId: channel.id,
          message: `channel ${channel.id} refused a file of ${intent.listings.length} quantities: ${cause.message}; it is sent again in ${Math.ceil(waitMs / 60_000)} minutes`,
          evidence: { status: cause.status ?? null, import: intent.id },
        },
      ]);
    }
  });
}
