/** The daily rescan: all orders of the last days once more, by export, so that a late or missed one is found. */
import { z } from 'zod';
import { Later, Refused } from '../errors.ts';
import { fetchOrderExport, readOrderExport, startOrderExport } from '../mirakl/order-export.ts';
import { readOrderPages } from '../mirakl/orders.ts';
import { readFact, saveFact } from '../runtime/facts.ts';
import type { FlowContext } from '../runtime/flow.ts';
import { type IntakeDeps, keepPage } from './intake.ts';

const factKind = 'rescanExport';
/** How often a running export is asked for; every two seconds is the ceiling. */
const askAgainMs = 10_000;
/** An export that does not end is given up and started anew. */
const giveUpMs = 3_600_000;
const ordersPerTransaction = 100;
const running = z.object({ trackingId: z.string(), startedMs: z.number() });

/** Starts an export, or takes up one that runs, and keeps what it brings. Throws Later while it runs.
 *  Operators without exports are read page by page. Returns whether there is work for the next steps.
 *  Source: OR13, OR14, OR15; OR11 in their stead. */
export async function rescan(context: FlowContext, deps: IntakeDeps): Promise<boolean> {
  const now = context.clock.now();
  const known = running.safeParse(await readFact(context.db, deps.channel.id, factKind)).data;
  const isAlive = known && now.getTime() - known.startedMs < giveUpMs;
  try {
    if (!isAlive) {
      await start(context, deps, now);
      throw new Later(new Date(now.getTime() + askAgainMs), 'the export has just begun');
    }
    return await takeUp(context, deps, known.trackingId);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    context.log.warn(
      { channel: deps.channel.id },
      `no order export (${cause.message}); reading pages`,
    );
    await forget(context, deps);
    return readAllPages(context, deps, now);
  }
}

async function start(context: FlowContext, deps: IntakeDeps, now: Date): Promise<void> {
  await context.assertPlace();
  const trackingId = await startOrderExport(deps.mirakl, {
    updatedFrom: new Date(now.getTime() - deps.channel.rescanDays * 86_400_000),
    updatedUntil: now,
  });
  const fact = { trackingId, startedMs: now.getTime() };
  await context.write((trx) => saveFact(trx, deps.channel.id, factKind, fact, now));
}

async function takeUp(
  context: FlowContext,
  deps: IntakeDeps,
  trackingId: string,
): Promise<boolean> {
  await context.assertPlace();
  const { status, urls } = await readOrderExport(deps.mirakl, trackingId);
  if (status === 'PENDING' || status === 'RUNNING') {
    throw new Later(new Date(context.clock.nowMs() + askAgainMs), 'the export runs');
  }
  await forget(context, deps);
  if (status !== 'COMPLETED')
    throw new Error(`order export ${trackingId} ended as ${status}; started anew at the next turn`);
  let hasWork = false;
  for (const url of urls) {
    await context.assertPlace();
    const call = `OR15 at ${context.clock.now().toISOString()}`;
    const { orders, unreadable } = await fetchOrderExport(deps.mirakl, url);
    for (let at = 0; at < Math.max(1, orders.length); at += ordersPerTransaction) {
      const page = {
        orders: orders.slice(at, at + ordersPerTransaction),
        unreadable: at === 0 ? unreadable : [],
      };
      hasWork = (await keepPage(context, deps, page, call)).hasWork || hasWork;
    }
  }
  return hasWork;
}

async function readAllPages(context: FlowContext, deps: IntakeDeps, now: Date): Promise<boolean> {
  let hasWork = false;
  const updatedFrom = new Date(now.getTime() - deps.channel.rescanDays * 86_400_000);
  await context.assertPlace();
  for await (const page of readOrderPages(deps.mirakl, { updatedFrom })) {
    const result = await keepPage(context, deps, page, `OR11 at ${now.toISOString()}`);
    hasWork ||= result.hasWork;
  }
  return hasWork;
}

function forget(context: FlowContext, deps: IntakeDeps): Promise<void> {
  return context.write((trx) =>
    saveFact(trx, deps.channel.id, factKind, null, context.clock.now()),
  );
}
