/** Facts: what a channel says of carriers and shipments, each read once a day. What cannot be read anew stays as it
 *  is known: old facts despatch, missing ones do not. */
import { z } from 'zod';
import { Later, NoAnswer, VendorError } from '../errors.ts';
import type { MiraklClient } from '../mirakl/client.ts';
import { readCarriers, readPlatform, readShippingTypes } from '../mirakl/platform.ts';
import type { Db } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { readCarrierMappings } from './carrier-store.ts';
import type { ChannelFacts } from './plan.ts';

const factKind = 'despatch.channel';
/** The operator allows two of these questions once a day; a little more, so that the hour does not drift into a
 *  refusal. A lost answer counts as asked: the operator counts it too. */
const freshMs = 25 * 3_600_000;
/** A question that never arrived is asked again after this long. */
const askAgainMs = 60_000;

/** When it was last read and when it may be asked next; null: never read. */
const asked = { readMs: z.number().nullable(), nextMs: z.number() };
const factShape = z.object({
  platform: z.object({ ...asked, isMultiShipment: z.boolean(), registeredOnly: z.boolean() }),
  carriers: z.object({
    ...asked,
    registered: z.array(
      z.object({
        code: z.string(),
        label: z.string().nullable(),
        trackingUrl: z.string().nullable(),
      }),
    ),
  }),
  types: z.object({ ...asked, trackingNeeded: z.array(z.string()) }),
});
type Parts = z.infer<typeof factShape>;

/** What is known of a channel. Source: PC01, SH21, SH12. */
export type KeptFacts = {
  /** When its carriers were last read. */
  readMs: number;
  isMultiShipment: boolean;
  registeredOnly: boolean;
  /** Shipping types that cannot be despatched without a tracking number. */
  trackingNeeded: string[];
  registered: { code: string; label: string | null; trackingUrl: string | null }[];
};

const nothingKnown: Parts = {
  platform: { readMs: null, nextMs: 0, isMultiShipment: false, registeredOnly: false },
  carriers: { readMs: null, nextMs: 0, registered: [] },
  types: { readMs: null, nextMs: 0, trackingNeeded: [] },
};

/** What is kept, or null before all that is needed was read once. */
export async function readKeptFacts(db: Db, channel: string): Promise<KeptFacts | null> {
  const { platform, carriers, types } = await readParts(db, channel);
  if (platform.readMs === null || carriers.readMs === null) return null;
  return {
    readMs: carriers.readMs,
    isMultiShipment: platform.isMultiShipment,
    registeredOnly: platform.registeredOnly,
    trackingNeeded: types.trackingNeeded,
    registered: carriers.registered,
  };
}

async function readParts(db: Db, channel: string): Promise<Parts> {
  const kept = factShape.safeParse(await readFact(db, channel, factKind));
  return kept.success ? kept.data : nothingKnown;
}

/** Reads anew what is due. Throws VendorError only while something that is needed was never read. */
export async function refreshFacts(
  context: FlowContext,
  channel: string,
  mirakl: MiraklClient,
): Promise<void> {
  const facts = { ...(await readParts(context.db, channel)) };
  const keep = () =>
    context.write((trx) => saveFact(trx, channel, factKind, facts, context.clock.now()));
  const ask = async <Part extends keyof Parts>(
    part: Part,
    read: () => Promise<Omit<Parts[Part], 'readMs' | 'nextMs'>>,
  ) => {
    if (context.clock.nowMs() < facts[part].nextMs) return;
    try {
      await context.assertPlace();
      const found = await read();
      const readMs = context.clock.nowMs();
      facts[part] = { ...found, readMs, nextMs: readMs + freshMs } as Parts[Part];
      await keep();
    } catch (cause) {
      if (!(cause instanceof VendorError) && !(cause instanceof Later)) throw cause;
      if (context.signal.aborted) throw cause;
      const isUncounted = cause instanceof NoAnswer && cause.effect === 'none';
      const isOften = isUncounted || part === 'platform';
      const nextMs = context.clock.nowMs() + (isOften ? askAgainMs : freshMs);
      facts[part] = { ...facts[part], nextMs };
      await keep();
      context.log.warn(
        { channel, part, err: cause },
        'what is known of the channel stays as it is',
      );
      // Without the others it goes on: the marketplace says itself which carrier or number it does not take.
      if (facts[part].readMs === null && part === 'platform') throw cause;
    }
  };
  await ask('platform', async () => {
    const platform = await readPlatform(mirakl);
    return {
      isMultiShipment: platform.isMultiShipment === true,
      registeredOnly: platform.allowsRegisteredCarriersOnly === true,
    };
  });
  await ask('carriers', async () => {
    const carriers = await readCarriers(mirakl);
    return {
      registered: carriers.map(({ code, label, trackingUrl }) => ({ code, label, trackingUrl })),
    };
  });
  await ask('types', async () => {
    const types = await readShippingTypes(mirakl);
    return {
      trackingNeeded: types.filter((one) => one.isTrackingMandatory).map((one) => one.code),
    };
  });
}

/** Everything that planning needs to know of a channel, or null before the first reading. */
export async function readChannelFacts(db: Db, channel: string): Promise<ChannelFacts | null> {
  const { platform, carriers, types } = await readParts(db, channel);
  if (platform.readMs === null) return null;
  const mappings = await readCarrierMappings(db, channel);
  return {
    isMultiShipment: platform.isMultiShipment,
    registeredOnly: platform.registeredOnly,
    // Not told yet which there are: codes that a person mapped are taken at their word.
    registered: carriers.readMs === null ? mappings.flatMap(asRegistered) : carriers.registered,
    trackingNeeded: new Set(types.trackingNeeded),
    mappings,
  };
}

function asRegistered({ code }: { code: string | null }): KeptFacts['registered'] {
  return code === null ? [] : [{ code, label: null, trackingUrl: null }];
}
