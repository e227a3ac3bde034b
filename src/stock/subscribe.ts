/** Subscribe: has Peoplevox call back when stock changes, once per event. Subscriptions cannot be listed there,
 *  so what was asked for is kept before the call and what was answered after it. */
import { createHash } from 'node:crypto';
import { Later, Refused, VendorError } from '../errors.ts';
import { callbackQuery } from '../peoplevox/callbacks.ts';
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import type { EventType } from '../peoplevox/envelope.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { Settings, WarehouseSettings } from '../settings.ts';
import { type HintKind, heardAt } from './hints.ts';

/** How the callbacks of the service are reached; undefined when there are none. */
export type CallbackSettings = Settings['service']['callbacks'];

export type SubscribeDeps = {
  warehouse: WarehouseSettings;
  peoplevox: PeoplevoxClient;
  callbacks: CallbackSettings;
  /** False ends every subscription that is known. */
  isWanted: boolean;
};

/** One subscription as kept in `vendor_facts`. `id` null: asked for, and the answer never came. `mark` tells
 *  another address, method or form from this one; `url` is for people, its token left out. */
export type KeptSubscription = {
  event: EventType;
  mark: string;
  url: string;
  id: number | null;
  at: string;
};

/** What is kept. `lost`: asked for, never answered, and no longer wanted: without an id nobody can end them. */
export type KeptSubscriptions = { current: KeptSubscription[]; lost: KeptSubscription[] };

/** Subscriptions whose answer was lost are asked for again after this long without a call. Shorter: more
 *  duplicates, each of which doubles every call; longer: changes are learnt by the reads alone meanwhile. */
const againAfterMs = 24 * 3_600_000;
/** Lost ones that are remembered. */
const mostLost = 50;
const subscriptionsFact = 'stock.subscriptions';
const events: Readonly<Record<HintKind, EventType>> = {
  availability: 'AvailabilityChanges',
  incremental: 'IncrementalChanges',
};

/** Where a warehouse calls: the token is the only secret. */
function callbackUrl(
  callbacks: NonNullable<CallbackSettings>,
  warehouse: string,
  kind: HintKind,
): string {
  const token = encodeURIComponent(callbacks.token);
  return `${callbacks.publicUrl}/callbacks/${token}/${warehouse}/${kind}`;
}

/** Makes what is subscribed what is wanted: asks for what is missing, ends what is no longer wanted. Calls
 *  nobody when all is as it should be. Throws the first VendorError after everything was tried. */
export async function keepSubscriptions(context: FlowContext, deps: SubscribeDeps): Promise<void> {
  const wanted = wantedOf(deps);
  const failures: unknown[] = [];
  const attempt = (work: Promise<void>) =>
    work.catch((cause) => void failures.push(vendorOf(cause)));
  for (const one of wanted) await attempt(subscribe(context, deps, one));
  const { current } = await readSubscriptions(context.db, deps.warehouse.id);
  const marks = new Set(wanted.map((one) => one.mark));
  for (const one of current.filter((kept) => !marks.has(kept.mark)))
    await attempt(unsubscribe(context, deps, one));
  if (failures.length > 0) throw failures[0];
}

/** What is subscribed now, as far as is known. */
export async function readSubscriptions(
  db: Parameters<typeof readFact>[0],
  warehouse: string,
): Promise<KeptSubscriptions> {
  const fact = await readFact(db, warehouse, subscriptionsFact);
  return (fact as KeptSubscriptions | null) ?? { current: [], lost: [] };
}

/** Anything that is no vendor's fault, such as a lost place, ends the run at once. */
function vendorOf(cause: unknown): VendorError {
  if (cause instanceof VendorError) return cause;
  throw cause;
}

type Wanted = {
  kind: HintKind;
  event: EventType;
  method: 'GET' | 'POST';
  url: string;
  params: string;
  mark: string;
};

function wantedOf({ warehouse, peoplevox, callbacks, isWanted }: SubscribeDeps): Wanted[] {
  if (!isWanted || callbacks === undefined) return [];
  const method = warehouse.stock.eventMethod;
  const encodes = peoplevox.connection.encodeParameterData;
  return (['availability', 'incremental'] as const).map((kind) => {
    const url = callbackUrl(callbacks, warehouse.id, kind);
    const params = callbackQuery(kind);
    const text = JSON.stringify([events[kind], method, url, params, encodes]);
    const mark = createHash('sha256').update(text).digest('hex').slice(0, 32);
    return { kind, event: events[kind], method, url, params, mark };
  });
}

async function subscribe(context: FlowContext, deps: SubscribeDeps, one: Wanted): Promise<void> {
  const { warehouse, callbacks } = deps;
  const before = (await readSubscriptions(context.db, warehouse.id)).current.find(
    (kept) => kept.mark === one.mark,
  );
  if (before && (before.id !== null || (await isFresh(context, warehouse.id, before, one.kind))))
    return;
  const intent: KeptSubscription = {
    event: one.event,
    mark: one.mark,
    url: one.url.replace(encodeURIComponent(callbacks!.token), '***'),
    id: null,
    at: context.clock.now().toISOString(),
  };
  await context.assertPlace();
  await change(context, warehouse.id, (kept) => replaced(kept, before, intent));
  try {
    const id = await ask(deps.peoplevox, one);
    await change(context, warehouse.id, (kept) => replaced(kept, intent, { ...intent, id }));
  } catch (cause) {
    // What surely had no effect may be asked for again at once; Later comes before anything is sent.
    if (cause instanceof Later || (cause instanceof VendorError && cause.effect === 'none'))
      await change(context, warehouse.id, (kept) => without(kept, intent));
    throw cause;
  }
  context.log.info({ warehouse: warehouse.id, event: one.event }, 'subscribed');
}

/** A lost answer is waited out: calls show that the subscription was made after all. */
async function isFresh(
  context: FlowContext,
  warehouse: string,
  kept: KeptSubscription,
  kind: HintKind,
): Promise<boolean> {
  const heard = await heardAt(context.db, warehouse, kind);
  const lastSignMs = Math.max(Date.parse(kept.at), heard?.getTime() ?? 0);
  return context.clock.nowMs() - lastSignMs < againAfterMs;
}

function ask(peoplevox: PeoplevoxClient, one: Wanted): Promise<number> {
  const { event: eventType, url, params } = one;
  if (one.method === 'GET')
    return peoplevox.subscribeEvent({ eventType, filter: '', callbackUrl: `${url}?${params}` });
  return peoplevox.subscribePostEvent({ eventType, filter: '', postUrl: url, postParams: params });
}

async function unsubscribe(
  context: FlowContext,
  deps: SubscribeDeps,
  one: KeptSubscription,
): Promise<void> {
  const { warehouse, peoplevox } = deps;
  const fields = { warehouse: warehouse.id, event: one.event, subscription: one.id };
  if (one.id === null) {
    context.log.warn(fields, 'no longer wanted, but its id was never learnt: it cannot be ended');
  } else {
    await context.assertPlace();
    const isEnded = await endSubscription(peoplevox, one.id);
    context.log.info(fields, isEnded ? 'unsubscribed' : 'unsubscribed; Peoplevox did not know it');
  }
  await change(context, warehouse.id, (kept) => {
    const rest = without(kept, one);
    return one.id === null ? { ...rest, lost: [...rest.lost, one].slice(-mostLost) } : rest;
  });
}

/** False when Peoplevox says that there is none of this id: it is gone all the same. */
async function endSubscription(peoplevox: PeoplevoxClient, id: number): Promise<boolean> {
  try {
    return await peoplevox.unsubscribeEvent(id);
  } catch (cause) {
    if (cause instanceof Refused) return false;
    throw cause;
  }
}

type Kept = KeptSubscriptions;

/** An intent that is asked for again may have been granted after all: it is remembered as lost. */
function replaced(kept: Kept, before: KeptSubscription | undefined, after: KeptSubscription): Kept {
  const rest = before ? without(kept, before) : kept;
  const isLost = before?.id === null && before.at !== after.at;
  const lost = isLost ? [...rest.lost, before].slice(-mostLost) : rest.lost;
  return { current: [...rest.current, after], lost };
}

function without(kept: Kept, one: KeptSubscription): Kept {
  const isOther = (other: KeptSubscription) => other.mark !== one.mark || other.at !== one.at;
  return { ...kept, current: kept.current.filter(isOther) };
}

async function change(
  context: FlowContext,
  warehouse: string,
  alter: (kept: Kept) => Kept,
): Promise<void> {
  await context.write(async (trx: Trx) => {
    const kept = alter(await readSubscriptions(trx, warehouse));
    await saveFact(trx, warehouse, subscriptionsFact, kept, context.clock.now());
  });
}
