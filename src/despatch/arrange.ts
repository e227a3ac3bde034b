/** Arrange: what was collected becomes confirmations to be sent, or waits with its reason. */
import type { Trx } from '../runtime/db.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
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
      const planned = orders.flatMap((order) => {
        const channel = deps.channels.find((one) => one.id === order.channel);
        const known = facts.get(order.channel);
        // Before the channel was asked once nobody knows how to tell it; the look-ups come round.
        if (!channel || !known || order.rows.length === 0) return [];
        return [{ order, known, plan: planOrder(order, known, channel, context.clock.now()) }];
      });
      const changed = planned.flatMap(({ order, plan }) =>
        plan.confirmations.filter((one) => isNews(order, one)),
      );
      await savePlanned(trx, deps.warehouse.id, context.clock.now(), changed);
      const causes = planned.flatMap(({ plan }) => plan.causes);
      await context.exceptions.raise(trx, causes);
      await settleMapped(trx, context, planned, causes);
      for (const { plan } of planned)
        for (const one of plan.confirmations)
          if (one.step === 'ready' || one.step === 'correcting') ready.add(one.channel);
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
  trx: Trx,
  context: FlowContext,
  planned: readonly { order: DespatchedOrder; known: ChannelFacts }[],
  causes: readonly Cause[],
): Promise<void> {
  const raised = new Set(causes.map(keyOfCarrier));
  const subjects = new Map<
    string,
    { connection: string; subjectKind: string; subjectId: string }
  >();
  for (const { order, known } of planned) {
    const rules = { registeredOnly: known.registeredOnly };
    for (const row of order.rows) {
      if (chooseCarrier(row, known.mappings, known.registered, rules).kind !== 'mapped') continue;
      const subjectId = `${row.carrier || '(none)'}${row.service ? ` / ${row.service}` : ''}`;
      const subject = { connection: order.channel, subjectKind: 'carrier', subjectId };
      if (!raised.has(keyOfCarrier(subject))) subjects.set(keyOfCarrier(subject), subject);
    }
  }
  const options = { codes: ['carrier-unmapped'], why: 'the carrier is mapped' };
  await context.exceptions.settle(trx, [...subjects.values()], options);
}

function keyOfCarrier(one: Pick<Cause, 'connection' | 'subjectKind' | 'subjectId'>): string {
  return JSON.stringify([one.connection, one.subjectKind, one.subjectId]);
}
