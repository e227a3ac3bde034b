/** Where lines stand, and how an order's own state follows from them. Every change of a stage
 *  passes here and leaves a Move behind. */
import { changed, type Market } from './market.ts';
import {
  type Actor,
  type LineState,
  type OrderState,
  orderStates,
  type SimLine,
  type SimOrder,
  shownState,
  unitsToShip,
} from './state.ts';

/** Lines that are neither refused nor canceled. */
export function open(order: SimOrder): SimLine[] {
  return order.lines.filter((line) => line.stage !== 'REFUSED' && line.stage !== 'CANCELED');
}

/** Moves lines; a move nobody can see (under an incident) is not noted. */
export function setStage(
  order: SimOrder,
  lines: readonly SimLine[],
  to: OrderState,
  by: Actor,
  atMs: number,
): void {
  for (const line of lines) {
    const from = shownState(line);
    line.stage = to;
    line.updatedMs = atMs;
    if (shownState(line) !== from) note(order, line.lineId, from, shownState(line), by, atMs);
  }
}

/** The order's state follows from its lines; then the change is made known. */
export function finish(market: Market, order: SimOrder, by: Actor, atMs: number): void {
  const state = stateFromLines(order);
  if (state !== order.state) {
    note(order, null, order.state, state, by, atMs);
    order.state = state;
  }
  changed(market, order, atMs);
}

function stateFromLines(order: SimOrder): OrderState {
  const lines = open(order);
  if (lines.length === 0) {
    return order.lines.every((line) => line.stage === 'REFUSED') ? 'REFUSED' : 'CANCELED';
  }
  const needed = lines.filter((line) => line.stage !== 'SHIPPING' || unitsToShip(line) > 0);
  const rank = (line: SimLine) => (orderStates as readonly string[]).indexOf(line.stage);
  const slowest = (needed.length > 0 ? needed : lines).reduce((a, b) =>
    rank(b) < rank(a) ? b : a,
  );
  return slowest.stage;
}

/** Writes a move into the order's history. */
export function note(
  order: SimOrder,
  lineId: string | null,
  from: LineState | null,
  to: LineState,
  by: Actor,
  atMs: number,
): void {
  order.history.push({ atMs, lineId, from, to, by });
}
