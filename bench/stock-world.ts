/** The items that the stock benchmark reads: worked out from their number, so that a million of them need no
 *  memory in any process but their text. */

/** `skus`: rows of the stock report; one item at one site each. */
export type StockWorld = { seed: number; skus: number };

/** One change of the warehouse: in round 1, 2, ... `count` items get another figure. */
export type StockChange = { round: number; count: number };

/** SKU and ItemCode of an item, by its place from 0. */
export function codeOf(at: number): string {
  return `SKU-${String(at).padStart(7, '0')}`;
}

export function placeOf(code: string): number {
  return Number(code.slice(4));
}

/** Units allocated to orders; the same in every round. */
export function allocatedAt(at: number): number {
  return at % 7;
}

/** Units available at the start; never so few that a change brings them to none, since mass changes stop for a
 *  person. */
export function availableAtStart(world: StockWorld, at: number): number {
  return 40 + ((at * 7_919 + world.seed) % 160);
}

/** Places of the items that change, spread evenly over the whole catalogue. */
export function changedIn(world: StockWorld, { round, count }: StockChange): number[] {
  const stride = Math.floor(world.skus / count);
  return Array.from({ length: count }, (_, at) => at * stride + (round % stride));
}

/** What a round adds to the figure of each item it changes: up by some, down by others. */
export function stepIn(round: number, at: number): number {
  return (at + round) % 2 === 0 ? 3 : -2;
}

/** What a channel shows of so many units when nothing is promised: all but the default buffer. */
export function shownOf(available: number): number {
  return Math.max(0, available - 1);
}
