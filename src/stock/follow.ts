/** Follow: every file is followed to its end, and its error report read line by line. */
import { VendorError } from '../errors.ts';
import { readQuantityImport, readQuantityImportErrors } from '../mirakl/offer-imports.ts';
import {
  type ImportError,
  type ImportStatus,
  readStockImport,
  readStockImportErrors,
} from '../mirakl/stock-imports.ts';
import type { FlowContext } from '../runtime/flow.ts';
import {
  closeImport,
  moveImport,
  readOpenImports,
  resendImport,
  type StockImport,
} from './import-store.ts';
import type { PublishDeps } from './publish.ts';

/** How often the status is asked; the marketplace allows it every 15 seconds. */
const lookAgainMs = 16_000;
/** An import that has not ended by then counts as lost: its lines are sent anew. Shorter: slow imports are
 *  repeated; longer: a stuck one holds its lines back. */
const giveUpMs = 10 * 60_000;
/** How long an error report that was promised may fail to appear. */
const reportLimitMs = 5 * 60_000;
/** From the end of an import to the first reading back. */
const readBackAfterMs = 2_000;
/** First wait before a refused line is sent again; it doubles each time. */
const refusedWaitMs = 5 * 60_000;
const mostWaitMs = 6 * 3_600_000;

/** Asks how open imports stand. Returns true when one came to an end. */
export async function followImports(context: FlowContext, deps: PublishDeps): Promise<boolean> {
  const open = await readOpenImports(context.db, deps.channel.id, context.clock.now());
  let hasEnded = false;
  for (const one of open) {
    // This flow runs one at a time: whoever kept that intent died before the answer came.
    if (one.state === 'intended' || one.reference === null) {
      await lose(context, deps, one, 'the service ended before the answer came');
      hasEnded = true;
    } else {
      hasEnded = (await follow(context, deps, one, one.reference)) || hasEnded;
    }
  }
  return hasEnded;
}

async function follow(
  context: FlowContext,
  deps: PublishDeps,
  one: StockImport,
  reference: string,
): Promise<boolean> {
  await context.assertPlace();
  let status: ImportStatus;
  try {
    const ask = one.method === 'OF01' ? readQuantityImport : readStockImport;
    status = await ask(deps.mirakl, reference);
  } catch (cause) {
    if (!(cause instanceof VendorError) || cause.status !== 404) throw cause;
    await lose(context, deps, one, `the channel does not know import ${reference}`);
    return true;
  }
  if (status.state === 'complete') return close(context, deps, one, reference, status);
  if (status.state === 'failed') {
    await fail(context, deps, one, status);
    return true;
  }
  const ageMs = context.clock.nowMs() - (one.sentAt ?? one.madeAt).getTime();
  if (ageMs > giveUpMs) {
    await lose(
      context,
      deps,
      one,
      `still ${status.word} after ${Math.round(ageMs / 60_000)} minutes`,
    );
    return true;
  }
  await lookLater(context, one);
  return false;
}

function lookLater(context: FlowContext, one: StockImport): Promise<void> {
  const checkAt = new Date(context.clock.nowMs() + lookAgainMs);
  return context.write((trx) => moveImport(trx, one.id, { state: 'running', checkAt }));
}

async function close(
  context: FlowContext,
  deps: PublishDeps,
  one: StockImport,
  reference: string,
  status: ImportStatus,
): Promise<boolean> {
  let errors: ImportError[] = [];
  if (status.hasErrorReport) {
    await context.assertPlace();
    try {
      const ask = one.method === 'OF01' ? readQuantityImportErrors : readStockImportErrors;
      errors = await ask(deps.mirakl, reference);
    } catch (cause) {
      if (!(cause instanceof VendorError) || cause.status !== 404) throw cause;
      const ageMs = context.clock.nowMs() - (one.sentAt ?? one.madeAt).getTime();
      if (ageMs < reportLimitMs) {
        await lookLater(context, one);
        return false;
      }
      // Reading back will show which lines were not taken.
    }
  }
  await conclude(context, deps, one, errors);
  return true;
}

async function conclude(
  context: FlowContext,
  deps: PublishDeps,
  one: StockImport,
  errors: readonly ImportError[],
): Promise<void> {
  const { id: channel } = deps.channel;
  const now = context.clock.now();
  const refused = errors.flatMap((error) =>
    error.shopSku === null ? [] : [{ shopSku: error.shopSku, reason: error.reason }],
  );
  await context.write(async (trx) => {
    const given = {
      id: one.id,
      channel,
      now,
      readBackAt: new Date(now.getTime() + readBackAfterMs),
      againAt: new Date(now.getTime() + refusedWaitMs),
    };
    const lines = await closeImport(trx, given, refused);
    await moveImport(trx, one.id, {
      state: 'complete',
      checkAt: null,
      finishedAt: now,
      errorCount: errors.length,
    });
    await waitLonger(trx, channel, now, lines);
    await context.exceptions.raise(
      trx,
      lines.map((line) => ({
        code: 'stock-line-refused',
        connection: channel,
        subjectKind: 'sku',
        subjectId: line.shopSku,
        message: `channel ${channel} refused quantity ${line.quantity} of SKU ${line.shopSku}: ${line.reason}; it is sent again by and by. Look at the offer on the marketplace`,
        evidence: { quantity: line.quantity, reason: line.reason, import: one.reference },
      })),
    );
    const subject = { connection: channel, subjectKind: 'channel', subjectId: channel };
    const codes = ['stock-import-failed', 'stock-method-missing'];
    const options = { codes, why: 'a file was taken' };
    await context.exceptions.settle(trx, [subject], options);
  });
}

async function waitLonger(
  trx: Parameters<Parameters<FlowContext['write']>[0]>[0],
  channel: string,
  now: Date,
  lines: readonly { shopSku: string; attempts: number }[],
): Promise<void> {
  for (const line of lines.filter((one) => one.attempts > 1)) {
    const waitMs = Math.min(mostWaitMs, refusedWaitMs * 2 ** Math.min(line.attempts - 1, 12));
    await trx
      .updateTable('stock_listings')
      .set({ due_at: new Date(now.getTime() + waitMs) })
      .where('channel', '=', channel)
      .where('shop_sku', '=', line.shopSku)
      .where('step', '=', 'due')
      .execute();
  }
}

async function fail(
  context: FlowContext,
  deps: PublishDeps,
  one: StockImport,
  status: ImportStatus,
): Promise<void> {
  const { id: channel } = deps.channel;
  const now = context.clock.now();
  await context.write(async (trx) => {
    const note = `ended as ${status.word}`;
    await moveImport(trx, one.id, { state: 'failed', checkAt: null, finishedAt: now, note });
    await resendImport(trx, { id: one.id, channel, dueAt: now, error: note });
    await context.exceptions.raise(trx, [
      {
        code: 'stock-import-failed',
        connection: channel,
        subjectKind: 'channel',
        subjectId: channel,
        message: `channel ${channel}: import ${one.reference} of ${one.lineCount} quantities ended as ${status.word}; they are sent again with the next file. If it repeats, ask the operator`,
        evidence: { import: one.reference, lines: one.lineCount },
      },
    ]);
  });
}

/** Nobody knows what became of it: its lines are worked out and sent anew, and what it may show stays counted
 *  until somebody has looked. */
async function lose(
  context: FlowContext,
  deps: PublishDeps,
  one: StockImport,
  note: string,
): Promise<void> {
  const now = context.clock.now();
  await context.write(async (trx) => {
    await moveImport(trx, one.id, { state: 'lost', checkAt: null, finishedAt: now, note });
    const given = { id: one.id, channel: deps.channel.id, dueAt: now, error: note };
    await resendImport(trx, given);
  });
}
