/** Which operation sends quantities. STO01 touches nothing else. Where an operator lacks it, the offer import with
 *  a quantity column only is used after a trial on one offer showed that every other field stays as it was. */
import { z } from 'zod';
import { Refused, type VendorError } from '../errors.ts';
import { isNotOffered } from '../mirakl/error-from.ts';
import { readQuantityImport, startQuantityImport } from '../mirakl/offer-imports.ts';
import { findOffer, type Offer } from '../mirakl/offers.ts';
import type { Trx } from '../runtime/db.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { PublishDeps } from './publish.ts';

export type Method = 'STO01' | 'OF01';

const factKind = 'stock.method';
/** An operation that was not there is tried again after this long: operators are upgraded. */
const askAgainMs = 24 * 3_600_000;
/** A trial import that does not end within this is given up. */
const trialLimitMs = 30 * 60_000;

const factShape = z.object({
  /** Set while STO01 is known to be missing. */
  lacksStockImportAt: z.number().nullable(),
  trial: z
    .discriminatedUnion('stage', [
      z.object({
        stage: z.literal('running'),
        shopSku: z.string(),
        importId: z.string(),
        before: z.string(),
        startedMs: z.number(),
      }),
      z.object({ stage: z.literal('safe') }),
      z.object({ stage: z.literal('unsafe'), atMs: z.number(), what: z.string() }),
    ])
    .nullable(),
});
type MethodFact = z.infer<typeof factShape>;
const nothingKnown: MethodFact = { lacksStockImportAt: null, trial: null };

/** The operation to send by now, or null while there is none that is known to be safe. */
export async function chooseMethod(
  context: FlowContext,
  deps: PublishDeps,
): Promise<Method | null> {
  const wish = deps.channel.stock.method;
  if (wish === 'STO01') return 'STO01';
  const fact = await readMethodFact(context, deps);
  const lacks = fact.lacksStockImportAt;
  const isLacking = lacks !== null && context.clock.nowMs() - lacks < askAgainMs;
  if (wish === 'auto' && !isLacking) return 'STO01';
  if (fact.trial?.stage === 'safe') return 'OF01';
  if (fact.trial?.stage === 'unsafe' && context.clock.nowMs() - fact.trial.atMs < askAgainMs) {
    return null;
  }
  if (fact.trial?.stage === 'running') return endTrial(context, deps, fact, fact.trial);
  await beginTrial(context, deps, fact);
  return null;
}

/** Notes that the operator does not have the operation after all. */
export async function methodIsGone(
  trx: Trx,
  context: FlowContext,
  deps: PublishDeps,
  method: Method,
  cause: VendorError,
): Promise<void> {
  const now = context.clock.now();
  const fact = await readMethodFact(context, deps);
  const changed: MethodFact =
    method === 'STO01'
      ? { ...fact, lacksStockImportAt: now.getTime() }
      : { ...fact, trial: { stage: 'unsafe', atMs: now.getTime(), what: cause.message } };
  await saveFact(trx, deps.channel.id, factKind, changed, now);
  if (method === 'OF01' || deps.channel.stock.method === 'STO01') {
    await raiseMissing(trx, context, deps, cause.message);
  }
}

async function readMethodFact(context: FlowContext, deps: PublishDeps): Promise<MethodFact> {
  const kept = factShape.safeParse(await readFact(context.db, deps.channel.id, factKind));
  return kept.success ? kept.data : nothingKnown;
}

/** One offer gets the quantity it has; then it is looked whether anything else of it changed. The one with the
 *  least to lose is taken. */
async function beginTrial(
  context: FlowContext,
  deps: PublishDeps,
  fact: MethodFact,
): Promise<void> {
  const { channel, mirakl } = deps;
  const one = await context.db
    .selectFrom('stock_listings')
    .select('shop_sku')
    .where('channel', '=', channel.id)
    .where('missing_since', 'is', null)
    .orderBy('shown', (order) => order.asc().nullsLast())
    .orderBy('shop_sku')
    .limit(1)
    .executeTakeFirst();
  if (!one) return;
  const shopSku = one.shop_sku;
  await context.assertPlace();
  const offer = await findOffer(mirakl, shopSku);
  if (offer === null) return;
  await context.assertPlace();
  const importId = await startQuantityImport(mirakl, [{ shopSku, quantity: offer.quantity }]).catch(
    async (cause: unknown) => {
      if (!(cause instanceof Refused) && !isNotOffered(cause)) throw cause;
      await concludeTrial(context, deps, fact, (cause as Error).message);
      return null;
    },
  );
  if (importId === null) return;
  const startedMs = context.clock.nowMs();
  const before = fingerprint(offer);
  const trial = { stage: 'running' as const, shopSku, importId, before, startedMs };
  await keep(context, deps, { ...fact, trial });
}

async function endTrial(
  context: FlowContext,
  deps: PublishDeps,
  fact: MethodFact,
  trial: Extract<NonNullable<MethodFact['trial']>, { stage: 'running' }>,
): Promise<Method | null> {
  await context.assertPlace();
  const status = await readQuantityImport(deps.mirakl, trial.importId);
  const isOver = status.state === 'complete' || status.state === 'failed';
  if (!isOver && context.clock.nowMs() - trial.startedMs < trialLimitMs) return null;
  if (status.state !== 'complete' || (status.linesInError ?? 0) > 0) {
    const what = `the trial import of ${trial.shopSku} ended as ${status.word} with ${status.linesInError ?? 0} lines in error`;
    await concludeTrial(context, deps, fact, what);
    return null;
  }
  await context.assertPlace();
  const after = await findOffer(deps.mirakl, trial.shopSku);
  const what = after === null ? 'the offer is gone' : difference(trial.before, fingerprint(after));
  await concludeTrial(
    context,
    deps,
    fact,
    what === null ? null : `a quantity alone changed more of offer ${trial.shopSku}: ${what}`,
  );
  return what === null ? 'OF01' : null;
}

/** Null: it is safe. */
async function concludeTrial(
  context: FlowContext,
  deps: PublishDeps,
  fact: MethodFact,
  what: string | null,
): Promise<void> {
  const now = context.clock.now();
  await context.write(async (trx) => {
    const trial =
      what === null
        ? ({ stage: 'safe' } as const)
        : ({ stage: 'unsafe', atMs: now.getTime(), what } as const);
    await saveFact(trx, deps.channel.id, factKind, { ...fact, trial }, now);
    if (what !== null) return raiseMissing(trx, context, deps, what);
    const options = { codes: ['stock-method-missing'], why: 'quantities can be sent safely' };
    await context.exceptions.settle(trx, [subjectOf(deps)], options);
  });
}

function raiseMissing(trx: Trx, context: FlowContext, deps: PublishDeps, what: string) {
  const { id } = deps.channel;
  return context.exceptions.raise(trx, [
    {
      ...subjectOf(deps),
      code: 'stock-method-missing',
      message: `channel ${id}: no quantities are sent, since the operator lacks the stock import (STO01) and the offer import is not safe: ${what}. Ask the operator to open STO01 to this shop; check the tried offer`,
      evidence: { what },
    },
  ]);
}

function subjectOf(deps: PublishDeps) {
  return { connection: deps.channel.id, subjectKind: 'channel', subjectId: deps.channel.id };
}

function keep(context: FlowContext, deps: PublishDeps, fact: MethodFact): Promise<void> {
  const now = context.clock.now();
  return context.write((trx) => saveFact(trx, deps.channel.id, factKind, fact, now));
}

/** Everything of an offer that a quantity must not change. What follows from a quantity is left out. */
function fingerprint(offer: Offer): string {
  const { quantity, isActive, inactivityReasons, warehouses, ...rest } = offer;
  return JSON.stringify(rest);
}

function difference(before: string, after: string): string | null {
  if (before === after) return null;
  const old = JSON.parse(before) as Record<string, unknown>;
  const found = JSON.parse(after) as Record<string, unknown>;
  const names = Object.keys(found).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(found[name]),
  );
  return names.length === 0 ? null : names.join(', ');
}
