/** OR21: the shop accepts or refuses each line of a waiting order, once and all of them. */
import { firstProblem, isRecord, parseBody } from './body.ts';
import { decide } from './lifecycle.ts';
import type { Market } from './market.ts';
import { open } from './stages.ts';
import type { SimOrder } from './state.ts';
import { type Call, type Result, refuse } from './wire.ts';

type Answer = { id: string; accepted: boolean };

const lineShape = {
  fields: { id: 'text', accepted: 'boolean' },
  required: ['id', 'accepted'],
} as const;

/** OR21. 204, or a Refusal with one of the documented codes. A second call finds the wrong
 *  state. */
export function acceptOrder(market: Market, call: Call): Result {
  const answers = readAnswers(call);
  const order = ownOrder(market, call, call.segment(2));
  refuseFulfilled(order);
  if (order.state !== 'WAITING_ACCEPTANCE') {
    throw refuse(
      400,
      'ORDER_INVALID_STATE',
      `Order ${order.orderId} is not in the expected state for this operation: ${order.state}`,
    );
  }
  checkLines(order, answers);
  const accepted = new Set(answers.filter((one) => one.accepted).map((one) => one.id));
  const kept = open(order).filter((line) => accepted.has(line.lineId)).length;
  if (!market.settings.partialAcceptance && kept > 0 && kept < open(order).length) {
    throw refuse(
      400,
      'ORDER_PARTIAL_ACCEPTANCE_DISABLED',
      'Partial acceptance is disabled for this shop',
    );
  }
  decide(market, order, accepted, call.nowMs);
  market.log.decisions.push({
    atMs: call.nowMs,
    orderId: order.orderId,
    lines: answers.map((one) => ({ lineId: one.id, accepted: one.accepted })),
  });
  return { status: 204 };
}

/** The shop's own order; another's, or none, is a 404. */
export function ownOrder(market: Market, call: Call, orderId: string): SimOrder {
  const order = market.orders.get(orderId);
  if (!order || order.shopId !== call.shop.shopId) {
    throw refuse(404, 'ORDER_NOT_FOUND', `Order with identifier '${orderId}' not found`);
  }
  return order;
}

/** What the operator's own warehouse fulfils is no business of the shop. */
export function refuseFulfilled(order: SimOrder): void {
  if (!order.fulfilledByOperator) return;
  const what = 'An unauthorized action has been requested on a fulfilled order';
  throw refuse(400, 'ORDER_FULFILLED_UNAUTHORIZED', what);
}

function readAnswers(call: Call): Answer[] {
  const body = parseBody(call);
  const given = body['order_lines'];
  const extra = Object.keys(body).find((field) => field !== 'order_lines');
  if (!Array.isArray(given) || given.length === 0 || extra !== undefined) {
    const field = extra ?? 'order_lines';
    throw refuse(400, 'VALIDATION_ERROR', 'Input validation failed', { field, isBreach: true });
  }
  if (given.some((line) => line === null)) {
    throw refuse(400, 'ORDER_LINE_NULL_ELEMENT', 'The order lines list contains a null element', {
      field: 'order_lines',
      isBreach: true,
    });
  }
  return given.map((line: unknown, index) => {
    const problem = firstProblem(line, lineShape, `order_lines[${index}]`);
    if (problem || !isRecord(line)) {
      const field = problem?.field ?? 'order_lines';
      throw refuse(400, 'VALIDATION_ERROR', problem?.what ?? '', { field, isBreach: true });
    }
    return { id: line['id'] as string, accepted: line['accepted'] as boolean };
  });
}

function checkLines(order: SimOrder, answers: readonly Answer[]): void {
  const ids = new Set(answers.map((one) => one.id));
  if (ids.size < answers.length) {
    throw refuse(
      400,
      'ORDER_LINE_DUPLICATE_ID',
      'The order lines list contains duplicate order line IDs',
      { field: 'order_lines' },
    );
  }
  const known = new Set(order.lines.map((line) => line.lineId));
  const stray = answers.find((one) => !known.has(one.id));
  if (stray) {
    throw refuse(404, 'ORDER_LINE_NOT_FOUND', `Order line ${stray.id} is not in ${order.orderId}`);
  }
  // Lines canceled before the decision need none.
  const undecided = order.lines.some(
    (line) => line.stage === 'WAITING_ACCEPTANCE' && !ids.has(line.lineId),
  );
  if (undecided) {
    throw refuse(
      400,
      'ORDER_LINE_ACCEPTANCE_DECISION_MISSING',
      'Some order lines are missing from the acceptance decision',
      { field: 'order_lines' },
    );
  }
}
