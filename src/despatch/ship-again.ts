/** Ship again: shipments that the marketplace made, but left unshipped although it was told that they had left. */
import { Refused } from '../errors.ts';
import { shipShipments } from '../mirakl/shipments.ts';
import type { FlowContext } from '../runtime/flow.ts';
import type { ConfirmDeps } from './confirm.ts';
import { shippedMove } from './confirm-moves.ts';
import { type Confirmation, moveConfirmations } from './store.ts';

/** Marks them as shipped; one that is shipped by now is refused, and nothing happens. What became of each is looked
 *  at as after any other call, so that a lost answer does no harm. Throws VendorError. Source: ST24. */
export async function shipAgain(
  context: FlowContext,
  deps: ConfirmDeps,
  parcels: readonly Confirmation[],
): Promise<number> {
  const ids = parcels.flatMap((one) => one.shipmentId ?? []);
  if (ids.length === 0) return 0;
  await context.assertPlace();
  try {
    await shipShipments(deps.mirakl, ids);
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
  }
  const moves = parcels.map((one) => shippedMove(context, one, { attempts: one.attempts }));
  await context.write((trx) => moveConfirmations(trx, moves));
  return parcels.length;
}
