/** Facts: what a channel says of carriers and shipments, read once a day. */
import { z } from 'zod';
import type { MiraklClient } from '../mirakl/client.ts';
import { readCarriers, readPlatform, readShippingTypes } from '../mirakl/platform.ts';
import type { Db } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { readCarrierMappings } from './carrier-store.ts';
import type { ChannelFacts } from './plan.ts';

const factKind = 'despatch.channel';
/** The operator allows these questions once a day. */
const freshMs = 24 * 3_600_000;

const factShape = z.object({
  readMs: z.number(),
  isMultiShipment: z.boolean(),
  registeredOnly: z.boolean(),
  trackingNeeded: z.array(z.string()),
  registered: z.array(
    z.object({
      code: z.string(),
      label: z.string().nullable(),
      trackingUrl: z.string().nullable(),
    }),
  ),
});
export type KeptFacts = z.infer<typeof factShape>;

/** What is kept, or null before the first reading. */
export async function readKeptFacts(db: Db, channel: string): Promise<KeptFacts | null> {
  const kept = factShape.safeParse(await readFact(db, channel, factKind));
  return kept.success ? kept.data : null;
}

/** Reads them anew when they are a day old. Throws VendorError. Source: PC01, SH21, SH12. */
export async function refreshFacts(
  context: FlowContext,
  channel: string,
  mirakl: MiraklClient,
): Promise<void> {
  const kept = await readKeptFacts(context.db, channel);
  const nowMs = context.clock.nowMs();
  if (kept && nowMs - kept.readMs < freshMs) return;
  await context.assertPlace();
  const platform = await readPlatform(mirakl);
  await context.assertPlace();
  const carriers = await readCarriers(mirakl);
  await context.assertPlace();
  const types = await readShippingTypes(mirakl);
  const fact: KeptFacts = {
    readMs: nowMs,
    isMultiShipment: platform.isMultiShipment === true,
    registeredOnly: platform.allowsRegisteredCarriersOnly === true,
    trackingNeeded: types.filter((one) => one.isTrackingMandatory).map((one) => one.code),
    registered: carriers.map(({ code, label, trackingUrl }) => ({ code, label, trackingUrl })),
  };
  await context.write((trx) => saveFact(trx, channel, factKind, fact, context.clock.now()));
}

/** Everything that planning needs to know of a channel, or null before the first reading. */
export async function readChannelFacts(db: Db, channel: string): Promise<ChannelFacts | null> {
  const kept = await readKeptFacts(db, channel);
  if (kept === null) return null;
  return {
    isMultiShipment: kept.isMultiShipment,
    registeredOnly: kept.registeredOnly,
    trackingNeeded: new Set(kept.trackingNeeded),
    registered: kept.registered,
    mappings: await readCarrierMappings(db, channel),
  };
}
