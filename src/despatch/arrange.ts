/** Arrange: what was collected becomes confirmations to be sent, or waits with its reason. */
import type { FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { chooseCarrier } from './carriers.ts';
import { readChannelFacts } from './facts.ts';
import { type ChannelFacts, isSameLines, planOrder } from './plan.ts';
import { type DespatchedOrder, readDespatchedOrders, savePlanned } from './store.ts';
import { proposeWithdrawals } from './withdraw.ts';

/** Orders planned in one transaction. */
const perWrite = 200;

export type ArrangeDeps = {
  warehouse: WarehouseSettings;
  channels: readonly ChannelSettings[];
};

/** Plans these sales orders anew. Returns the channels that have something to send. */
export async function arrange(
  context: FlowContext,
  deps: ArrangeDeps,
  numbers: readonly string[],
): Promise<string[]> {
  const facts = new Map<string, ChannelFacts>();
  for (const channel of deps.channels) {
    const known = await readChannelFacts(context.db, channel.id);
    if (known) facts.set(channel.id, known);
  }
  const ready = new Set<string>();
  const unique = [...new Set(numbers)];
  for (let at = 0; at < unique.length; at += perWrite) {
    const part = unique.slice(at, at + perWrite);
    await context.write(async (trx) => {
      const orders = await readDespatchedOrders(trx, deps.warehouse.id, part);
      for (const order of orders) {
        const channel = deps.channels.find((one) => one.id === order.channel);
        const known = facts.get(order.channel);
        // Before the channel was asked once nobody knows how to tell it; the look-ups come round.
        if (!channel || !known || order.rows.length === 0) continue;
        const plan = planOrder(order, known, channel, context.clock.now());
        const changed = plan.confirmations.filter((one) => isNews(order, one));
        await savePlanned(trx, deps.warehouse.id, context.clock.now(), changed);
        await context.exceptions.raise(trx, plan.causes);
        await settleMapped(trx, context, order, known);
        if (plan.confirmations.some((one) => one.step === 'ready' || one.step === 'correcting'))
          ready.add(order.channel);
      }
      await proposeWithdrawals(trx, context, deps, orders);
    });
  }
  return [...ready];
}

/** A plan that says what is kept already is not written again. */
function isNews(
  order: DespatchedOrder,
  plan: ReturnType<typeof planOrder>['confirmations'][number],
): boolean {
  const known = order.confirmations.find((one) => one.parcel === plan.parcel);
  return (
    known === undefined ||
    known.step !== plan.step ||
    known.waitsFor !== plan.waitsFor ||
    known.trackingNumber !== plan.trackingNumber ||
    known.carrierCode !== plan.carrierCode ||
    known.carrierName !== plan.carrierName ||
    known.trackingUrl !== plan.trackingUrl ||
    !isSameLines(known.lines, plan.lines)
  );
}

/** A carrier that has a mapping by now is no exception any more. */
async function settleMapped(
  trx: Parameters<Parameters<FlowContext['write']>[0]>[0],
  context: FlowContext,
  order: DespatchedOrder,
  facts: ChannelFacts,
): Promise<void> {
  const rules = { registeredOnly: facts.registeredOnly };
  const mapped = order.rows.filter(
    (row) => chooseCarrier(row, facts.mappings, facts.registered, rules).kind === 'mapped',
  );
  const names = new Set(
    mapped.map((row) => `${row.carrier || '(none)'}${row.service ? ` / ${row.service}` : ''}`),
  );
  const subjects = [...names].map((subjectId) => ({
    connection: order.channel,
    subjectKind: 'carrier',
    subjectId,
  }));
  const options = { codes: ['carrier-unmapped'], why: 'the carrier is mapped' };
  await context.exceptions.settle(trx, subjects, options);
}
