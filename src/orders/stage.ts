/** Stage: an order with lines to ship becomes a sales order, or waits with everything that is wrong with it
 *  named. Also: what a change on the marketplace means for an order that is in the warehouse already. */
import type { PeoplevoxClient } from '../peoplevox/client.ts';
import { toPeoplevoxDate } from '../peoplevox/dates.ts';
import type { Trx } from '../runtime/db.ts';
import type { Cause, FlowContext } from '../runtime/flow.ts';
import type { ChannelSettings, Settings, WarehouseSettings } from '../settings.ts';
import { planChange } from './change.ts';
import { learnItems } from './items.ts';
import { readSkuMappings } from './lookup-store.ts';
import { moneyAtStake, retryAt } from './retry.ts';
import {
  moveSalesOrders,
  readSalesOrdersOf,
  type SalesOrderRow,
  type StagedOrder,
  stageSalesOrders,
} from './sales-order-store.ts';
import {
  type FullOrder,
  type HistoryEntry,
  lockUnchanged,
  postpone,
  readDueOrders,
  recordHistory,
  recordTransition,
  type Transition,
} from './store.ts';
import {
  itemCodesOf,
  planSalesOrder,
  type SalesOrderPlan,
  type StageContext,
  type StageProblem,
  stageCodes,
} from './to-peoplevox.ts';

/** Orders planned in one transaction. Larger: fewer commits; smaller: less work lost when one fails. */
const batchSize = 200;

export type StageDeps = {
  channel: ChannelSettings;
  warehouse: WarehouseSettings;
  peoplevox: PeoplevoxClient;
  policies: Settings['policies'];
};

/** Stages every order of the channel that is due. Returns how many sales orders are new or changed. */
export async function stage(context: FlowContext, deps: StageDeps): Promise<number> {
  let staged = 0;
  for (;;) {
    const due = await readDueOrders(context.db, deps.channel.id, context.clock.now(), batchSize);
    if (due.length === 0) return staged;
    staged += await stageBatch(context, deps, due);
  }
}

async function stageBatch(
  context: FlowContext,
  deps: StageDeps,
  due: readonly FullOrder[],
): Promise<number> {
  const mappings = await readSkuMappings(context.db, deps.channel.id);
  const mappedItem = (shopSku: string) => mappings.get(shopSku);
  const codes = due.flatMap((order) => itemCodesOf(order.lines, mappedItem));
  const facts = await learnItems(
    context,
    {
      warehouseId: deps.warehouse.id,
      peoplevox: deps.peoplevox,
      freshMinutes: deps.policies.itemFreshMinutes,
    },
    codes,
  );
  const stageContext: StageContext = {
    channel: deps.channel,
    warehouse: deps.warehouse,
    mappedItem,
    itemFacts: (code) => facts.get(code),
    formatDate: (at) => toPeoplevoxDate(at, deps.warehouse.timeZone),
  };
  return context.write(async (trx) => {
    // While items were asked for, an order may have been seen anew; it is still due and is read again.
    const same = await lockUnchanged(trx, deps.channel.id, due);
    const existing = await readSalesOrdersOf(trx, deps.channel.id, [...same]);
    const outcome = new Outcome(context, deps);
    for (const order of due.filter((one) => same.has(one.marketplace_order_id))) {
      const { plan, problems } = planSalesOrder(order, stageContext);
      outcome.take(order, existing.get(order.marketplace_order_id), plan, problems);
    }
    return outcome.save(trx);
  });
}

/** Gathers what a batch comes to, and writes it in a few statements. */
class Outcome {
  readonly #context: FlowContext;
  readonly #deps: StageDeps;
  readonly #staged: StagedOrder[] = [];
  readonly #transitions: Transition[] = [];
  readonly #postponed: { channel: string; marketplaceOrderId: string; dueAt: Date | null }[] = [];
  readonly #history: HistoryEntry[] = [];
  readonly #causes: Cause[] = [];
  readonly #settled: { id: string; stillHolds: readonly string[] }[] = [];
  readonly #changes: ((trx: Trx) => Promise<void>)[] = [];

  constructor(context: FlowContext, deps: StageDeps) {
    this.#context = context;
    this.#deps = deps;
  }

  take(
    order: FullOrder,
    existing: SalesOrderRow | undefined,
    plan: SalesOrderPlan,
    problems: StageProblem[],
  ) {
    if (existing?.headerSentAt) return this.#takeSent(order, existing, plan, problems);
    const isEmpty = plan.lines.length === 0 && !problems.some(isIncident);
    if (order.state === 'cancelled' || isEmpty) return this.#takeEmpty(order, existing);
    if (problems.length > 0) return this.#takeProblems(order, existing, problems);
    this.#staged.push({
      channel: order.channel,
      marketplaceOrderId: order.marketplace_order_id,
      plan,
    });
    this.#history.push({
      ...keyOf(order),
      kind: 'warehouse',
      from: existing?.step ?? null,
      to: 'staged',
      why: `sales order ${plan.salesOrderNumber} with ${plan.lines.length} line(s)`,
    });
    this.#settled.push({ id: order.marketplace_order_id, stillHolds: [] });
    if (order.state === 'parked') this.#move(order, 'accepted', 'every problem is solved', null);
    else this.#postponed.push({ ...keyOf(order), dueAt: null });
  }

  #takeSent(
    order: FullOrder,
    existing: SalesOrderRow,
    plan: SalesOrderPlan,
    problems: readonly StageProblem[],
  ) {
    const change = planChange(order, existing, plan, this.#deps);
    const incident = order.state === 'cancelled' ? [] : problems.filter(isIncident);
    this.#raise(order, incident, `is in the warehouse already, stop its picking`);
    this.#settled.push({
      id: order.marketplace_order_id,
      stillHolds: incident.map((problem) => problem.code),
    });
    this.#postponed.push({ ...keyOf(order), dueAt: null });
    if (change.kind === 'none') return;
    this.#causes.push(...change.causes);
    if (change.history) this.#history.push({ ...keyOf(order), ...change.history });
    if (change.apply) this.#changes.push((trx) => change.apply!(trx, this.#context.clock.now()));
  }

  #takeEmpty(order: FullOrder, existing: SalesOrderRow | undefined) {
    this.#settled.push({ id: order.marketplace_order_id, stillHolds: [] });
    this.#postponed.push({ ...keyOf(order), dueAt: null });
    this.#takeBack(order, existing, 'nothing is left to ship; it was never sent to the warehouse');
  }

  /** A sales order that was staged and never sent must not be sent any more; staging it again is possible. */
  #takeBack(order: FullOrder, existing: SalesOrderRow | undefined, why: string) {
    if (!existing || existing.step === 'cancelled') return;
    this.#history.push({
      ...keyOf(order),
      kind: 'warehouse',
      from: existing.step,
      to: 'cancelled',
      why,
    });
    const move = {
      salesOrderNumber: existing.salesOrderNumber,
      step: 'cancelled' as const,
      dueAt: this.#context.clock.now(),
    };
    this.#changes.push((trx) => moveSalesOrders(trx, this.#deps.warehouse.id, [move]));
  }

  #takeProblems(
    order: FullOrder,
    existing: SalesOrderRow | undefined,
    problems: readonly StageProblem[],
  ) {
    this.#raise(order, problems, 'cannot go to the warehouse');
    this.#takeBack(order, existing, 'it may not go to the warehouse as it is now');
    this.#settled.push({ id: order.marketplace_order_id, stillHolds: problems.map((p) => p.code) });
    const now = this.#context.clock.now();
    const dueAt = retryAt(now, order.attempts, this.#deps.policies);
    this.#postponed.push({ ...keyOf(order), dueAt });
    if (order.state !== 'parked') {
      this.#move(order, 'parked', problems.map((p) => `${p.code}: ${p.what}`).join('; '), dueAt);
    }
  }

  #raise(order: FullOrder, problems: readonly StageProblem[], what: string) {
    for (const problem of problems) {
      this.#causes.push({
        code: problem.code,
        connection: this.#deps.channel.id,
        subjectKind: 'order',
        subjectId: order.marketplace_order_id,
        message: `order ${order.marketplace_order_id} ${what}: ${problem.what}`,
        evidence: problem.evidence,
        moneyPence: moneyAtStake(order),
        deadlineAt: order.shipping_deadline,
      });
    }
  }

  #move(order: FullOrder, to: Transition['to'], why: string, dueAt: Date | null) {
    this.#transitions.push({ ...keyOf(order), from: order.state, to, why, dueAt });
  }

  async save(trx: Trx): Promise<number> {
    const { warehouse, channel } = this.#deps;
    const now = this.#context.clock.now();
    const taken = await stageSalesOrders(trx, warehouse.id, now, this.#staged);
    const refused = this.#staged.filter((one) => taken.includes(one.plan.salesOrderNumber));
    const isRefused = (one: { marketplaceOrderId: string }) =>
      refused.some((other) => other.marketplaceOrderId === one.marketplaceOrderId);
    this.#causes.push(...refused.map(numberTaken));
    for (const apply of this.#changes) await apply(trx);
    await postpone(trx, [
      ...this.#postponed.filter((one) => !isRefused(one)),
      ...refused.map((one) => ({ ...one, dueAt: retryAt(now, 20, this.#deps.policies) })),
    ]);
    await recordTransition(
      trx,
      now,
      this.#transitions.filter((one) => !isRefused(one)),
    );
    await recordHistory(
      trx,
      now,
      this.#history.filter((one) => !isRefused(one)),
    );
    await this.#context.exceptions.raise(trx, this.#causes);
    // One statement for all orders that are held by the same causes, or by none.
    for (const same of Map.groupBy(this.#settled, (one) => one.stillHolds.join(' ')).values()) {
      const ids = same.map((one) => one.id);
      await this.#settle(trx, channel.id, ids, same[0]!.stillHolds);
    }
    return this.#staged.length - taken.length + this.#changes.length;
  }

  #settle(trx: Trx, connection: string, ids: readonly string[], stillHolds: readonly string[]) {
    const subjects = ids.map((id) => ({ connection, subjectKind: 'order', subjectId: id }));
    return this.#context.exceptions.settle(trx, subjects, {
      codes: stageCodes,
      stillHolds,
      why: 'the cause is gone',
    });
  }
}

function isIncident(problem: StageProblem): boolean {
  return problem.code === 'incident-open';
}

function keyOf(order: FullOrder) {
  return { channel: order.channel, marketplaceOrderId: order.marketplace_order_id };
}

function numberTaken(staged: StagedOrder): Cause {
  const number = staged.plan.salesOrderNumber;
  return {
    code: 'number-taken',
    connection: staged.channel,
    subjectKind: 'order',
    subjectId: staged.marketplaceOrderId,
    message: `order ${staged.marketplaceOrderId}: SalesOrderNumber ${number} belongs to an order of another channel; set salesOrderPrefix of channel ${staged.channel} so that numbers differ`,
    evidence: { salesOrderNumber: number },
  };
}
