/** Verify: a quantity is published when the channel itself shows it. What it does not show is sent again, and
 *  raised when it still differs. */
import type { MiraklClient } from '../mirakl/client.ts';
import { findOffer, type Offer } from '../mirakl/offers.ts';
import type { Trx } from '../runtime/db.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings } from '../settings.ts';
import { readImportLines } from './import-store.ts';
import { type Judgement, judgeShown } from './judge.ts';
import {
  type Listing,
  type ListingMove,
  moveListings,
  readDueListings,
  readSoldSince,
} from './listing-store.ts';
import { makeDue } from './reckon-store.ts';

export type VerifyDeps = { channel: ChannelSettings; mirakl: MiraklClient };

/** Offers looked up one by one in a run; more are read back by an export. */
const mostLookUps = 200;
/** Results kept in one transaction. Larger: fewer commits; smaller: less is looked up anew after a failure. */
const perWrite = 25;
/** When fewer are shown than sales explain: until the orders in question were surely read. */
const waitMs = 90_000;
/** In vain so often, a person is told. The first repeat alone may be a race of ours with a sale. */
const attemptsBeforeRaise = 2;

const skuCodes = [
  'stock-not-applied',
  'stock-changed-outside',
  'stock-line-refused',
  'offer-missing',
] as const;

/** Reads back what was imported. Returns 'export' when there is so much that an export is the way, and none has
 *  been made since (`sweptMs`: when the last began). */
export async function verifyTaken(
  context: FlowContext,
  deps: VerifyDeps,
  sweptMs: number | null,
): Promise<'done' | 'export'> {
  const now = context.clock.now();
  const taken = await readDueListings(context.db, deps.channel.id, 'taken', now, mostLookUps + 1);
  if (isForExport(taken, sweptMs)) return 'export';
  taken.length = Math.min(taken.length, mostLookUps);
  let read: Reading[] = [];
  try {
    for (const listing of taken) {
      await context.assertPlace();
      const offer = await findOffer(deps.mirakl, listing.shopSku);
      read.push({ listing, offer, readAt: context.clock.now() });
      if (read.length < perWrite) continue;
      await keepReadings(context, deps.channel, read);
      read = [];
    }
  } finally {
    // What was read before a failure counts all the same.
    await keepReadings(context, deps.channel, read);
  }
  return 'done';
}

/** Whether so much waits to be read back that an export is the way. */
export async function hasMuchToReadBack(
  context: FlowContext,
  channel: string,
  sweptMs: number | null,
): Promise<boolean> {
  const now = context.clock.now();
  return isForExport(
    await readDueListings(context.db, channel, 'taken', now, mostLookUps + 1),
    sweptMs,
  );
}

function isForExport(taken: readonly Listing[], sweptMs: number | null): boolean {
  const oldest = taken[0]?.sentAt?.getTime();
  return taken.length > mostLookUps && oldest !== undefined && (sweptMs ?? 0) < oldest;
}

/** A listing with what the channel showed of it; null: it has no such offer. */
export type Reading = {
  listing: Listing;
  offer: (Pick<Offer, 'quantity' | 'isActive'> & Partial<Pick<Offer, 'inactivityReasons'>>) | null;
  readAt: Date;
};

/** Judges readings and keeps what follows from them. */
export async function keepReadings(
  context: FlowContext,
  channel: ChannelSettings,
  readings: readonly Reading[],
): Promise<void> {
  if (readings.length === 0) return;
  const sent = readings.filter(({ listing }) => listing.sentAt !== null);
  const sold = await readSoldSince(
    context.db,
    channel.id,
    // A sale just before the figure was worked out may be taken off after it came into force.
    sent.map(({ listing }) => ({
      shopSku: listing.shopSku,
      since: new Date(
        Math.min(...[listing.sentAt!, listing.basisAt ?? listing.sentAt!].map(Number)),
      ),
    })),
  );
  const was = await readImportLines(
    context.db,
    readings.flatMap(({ listing }) =>
      listing.importId === null ? [] : [{ importId: listing.importId, shopSku: listing.shopSku }],
    ),
  );
  const outcomes = readings.map((reading) =>
    outcomeOf(channel.id, reading, {
      sold: sold.get(reading.listing.shopSku) ?? 0,
      was: was.get(reading.listing.shopSku) ?? null,
    }),
  );
  await context.write((trx) => keepOutcomes(trx, context, channel, outcomes));
}

type Outcome = { move: ListingMove; causes: Cause[]; itemCode: string; changesDivision: boolean };

async function keepOutcomes(
  trx: Trx,
  context: FlowContext,
  channel: ChannelSettings,
  outcomes: readonly Outcome[],
): Promise<void> {
  const moves = outcomes.map((one) => one.move);
  await moveListings(trx, channel.id, context.clock.now(), moves);
  // Others that draw on the same item may rise now that this one shows less.
  const items = outcomes.filter((one) => one.changesDivision).map((one) => one.itemCode);
  await makeDue(trx, channel.warehouse, items);
  await context.exceptions.raise(
    trx,
    outcomes.flatMap((one) => one.causes),
  );
  const right = outcomes.filter((one) => one.move.verifiedAt !== undefined);
  const subjects = right.map((one) => skuSubject(channel.id, one.move.shopSku));
  const options = { codes: skuCodes, why: 'the channel shows what was meant' };
  await context.exceptions.settle(trx, subjects, options);
  const active = outcomes.filter((one) => one.move.isActive === true);
  await context.exceptions.settle(
    trx,
    active.map((one) => skuSubject(channel.id, one.move.shopSku)),
    { codes: ['offer-inactive'], why: 'the offer can be bought' },
  );
}

export function skuSubject(connection: string, shopSku: string) {
  return { connection, subjectKind: 'sku', subjectId: shopSku };
}

function outcomeOf(
  channel: string,
  reading: Reading,
  known: { sold: number; was: number | null },
): Outcome {
  const { listing, offer, readAt } = reading;
  const base = {
    shopSku: listing.shopSku,
    ifStep: listing.step,
    ifImport: listing.importId,
    attempts: listing.attempts,
  };
  const { itemCode } = listing;
  if (offer === null) {
    const move: ListingMove = { ...base, step: 'quiet', dueAt: null, attempts: 0, isMissing: true };
    return { move, causes: [missing(channel, listing)], itemCode, changesDivision: true };
  }
  const sight = {
    shown: offer.quantity,
    shownAt: readAt,
    isActive: offer.isActive,
    isMissing: false,
    lastError: null,
  };
  const changesDivision = offer.quantity < listing.mostShown;
  const inactive = isIdle(offer) ? [idle(channel, listing, offer)] : [];
  const judged = judgeShown({
    shown: offer.quantity,
    sent: listing.sent ?? offer.quantity,
    was: known.was,
    sold: known.sold,
    attempts: listing.attempts,
  });
  if (judged === 'right') {
    const move: ListingMove = {
      ...base,
      ...sight,
      step: 'quiet',
      dueAt: null,
      attempts: 0,
      verifiedAt: readAt,
    };
    return { move, causes: inactive, itemCode, changesDivision };
  }
  const attempts = listing.attempts + 1;
  const isToWait = judged === 'wait';
  const move: ListingMove = {
    ...base,
    ...sight,
    attempts,
    step: isToWait ? 'taken' : 'due',
    dueAt: isToWait ? new Date(readAt.getTime() + waitMs) : readAt,
    lastError: `shows ${offer.quantity}, was sent ${listing.sent}`,
  };
  const isToTell = !isToWait && attempts >= attemptsBeforeRaise;
  const differs = isToTell ? [differing(channel, listing, offer.quantity, judged)] : [];
  return { move, causes: [...inactive, ...differs], itemCode, changesDivision };
}

/** Not for sale although it shows units, for another reason than that. */
function isIdle(offer: NonNullable<Reading['offer']>): boolean {
  return !offer.isActive && offer.quantity > 0 && offer.inactivityReasons !== undefined;
}

function idle(channel: string, listing: Listing, offer: NonNullable<Reading['offer']>): Cause {
  const reasons = offer.inactivityReasons ?? [];
  return {
    ...skuSubject(channel, listing.shopSku),
    code: 'offer-inactive',
    message: `SKU ${listing.shopSku} shows ${offer.quantity} on channel ${channel} but cannot be bought: ${reasons.join(', ') || 'no reason given'}. Mend the offer there`,
    evidence: { reasons, quantity: offer.quantity },
  };
}

function missing(channel: string, listing: Listing): Cause {
  return {
    ...skuSubject(channel, listing.shopSku),
    code: 'offer-missing',
    message: `channel ${channel} no longer lists SKU ${listing.shopSku}, of which ${listing.wanted ?? 0} could be sold. List it again, or leave it`,
    evidence: { wanted: listing.wanted, lastSent: listing.sent },
  };
}

function differing(channel: string, listing: Listing, shown: number, judged: Judgement): Cause {
  const fact = `SKU ${listing.shopSku} shows ${shown} on channel ${channel}, ${listing.sent} was sent`;
  const isIgnored = judged === 'ignored';
  return {
    ...skuSubject(channel, listing.shopSku),
    code: isIgnored ? 'stock-not-applied' : 'stock-changed-outside',
    message: isIgnored
      ? `${fact} and accepted, but not applied; it is sent again. If it repeats, ask the operator`
      : `${fact}: somebody else writes it; it is sent again. Find who else sends quantities for this shop`,
    evidence: { shown, sent: listing.sent, attempts: listing.attempts + 1 },
  };
}
