/** The warehouse's order number written back to the marketplace, where people look for it. */
import type { MiraklClient } from '../mirakl/client.ts';
import { maxReferencesPerCall, setOrderReferences } from '../mirakl/orders.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, Settings } from '../settings.ts';
import { retryAt } from './retry.ts';
import { readReferencesToWrite, saveReferenceResults } from './sales-order-store.ts';

/** Writes up to 100 references; one call a minute is the ceiling, so one run makes one call. Returns whether
 *  more wait. Source: OR04. */
export async function writeReferences(
  context: FlowContext,
  deps: { channel: ChannelSettings; mirakl: MiraklClient; policies: Settings['policies'] },
): Promise<boolean> {
  const { channel } = deps;
  if (!channel.writeBackReference) return false;
  const due = await readReferencesToWrite(
    context.db,
    channel.id,
    context.clock.now(),
    maxReferencesPerCall,
  );
  if (due.length === 0) return false;
  await context.assertPlace();
  const results = await setOrderReferences(
    deps.mirakl,
    due.map((one) => ({
      marketplaceOrderId: one.marketplaceOrderId,
      referenceForSeller: one.salesOrderNumber,
    })),
  );
  const now = context.clock.now();
  const causes = results
    .filter((one) => one.outcome === 'refused')
    .map((one): Cause => {
      const said = one.errors
        .map((e) => [e.code, e.field, e.message].filter(Boolean).join(' '))
        .join('; ');
      return {
        code: 'reference-refused',
        connection: channel.id,
        subjectKind: 'order',
        subjectId: one.marketplaceOrderId,
        message: `order ${one.marketplaceOrderId}: the marketplace did not take the SalesOrderNumber: ${said}; despatch is not affected`,
        evidence: { said },
      };
    });
  await context.write(async (trx) => {
    await saveReferenceResults(
      trx,
      channel.id,
      now,
      results.map((one) => ({
        marketplaceOrderId: one.marketplaceOrderId,
        dueAt:
          one.outcome === 'updated'
            ? null
            : retryAt(now, one.outcome === 'refused' ? 20 : 0, deps.policies),
      })),
    );
    await context.exceptions.raise(trx, causes);
    const taken = results.filter((one) => one.outcome === 'updated');
    await context.exceptions.settle(
      trx,
      taken.map((one) => ({
        connection: channel.id,
        subjectKind: 'order',
        subjectId: one.marketplaceOrderId,
      })),
      { codes: ['reference-refused'], why: 'taken now' },
    );
  });
  return due.length === maxReferencesPerCall;
}
