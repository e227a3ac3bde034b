/** Whether to accept each line of an order that waits for acceptance. Pure. */
import { roundedPence, toDecimal } from '../money.ts';
import type { ChannelSettings } from '../settings.ts';
import type { ItemFacts } from './to-peoplevox.ts';

export type LineToDecide = {
  orderLineId: string;
  itemCode: string;
  units: number;
  unitPrice: string;
  offerId: string | null;
};

export type LineDecision = { orderLineId: string; accepted: boolean; why: string };

/** `hold`: a person must decide; `reasons` say why. All lines of an order are decided in one call. */
export type OrderDecision =
  | { kind: 'decided'; lines: LineDecision[] }
  | { kind: 'hold'; reasons: string[] };

export type DecisionFacts = {
  item: (itemCode: string) => ItemFacts | undefined;
  /** Units that may still be promised; undefined: the warehouse was not asked. */
  sellable: (itemCode: string) => number | undefined;
  /** The offer's price now; null: not known. */
  offerPrice: (offerId: string) => string | null;
  /** The marketplace takes all lines or none. */
  isPartialDisabled: boolean;
};

type Verdict = { accepted: boolean | 'hold'; why: string };

/** Decides one order. `sellable` is asked with what earlier lines of the same order took already. */
export function decideOrder(
  lines: readonly LineToDecide[],
  rules: ChannelSettings['acceptance'],
  facts: DecisionFacts,
): OrderDecision {
  const taken = new Map<string, number>();
  const verdicts = lines.map((line) => {
    const verdict = judgeLine(line, rules, facts, taken.get(line.itemCode) ?? 0);
    if (verdict.accepted === true)
      taken.set(line.itemCode, (taken.get(line.itemCode) ?? 0) + line.units);
    return { line, ...verdict };
  });
  const held = verdicts.filter((one) => one.accepted === 'hold');
  if (held.length > 0) {
    return { kind: 'hold', reasons: held.map((one) => `line ${one.line.orderLineId}: ${one.why}`) };
  }
  const decided = verdicts.map(({ line, accepted, why }) => ({
    orderLineId: line.orderLineId,
    accepted: accepted === true,
    why,
  }));
  const refused = decided.filter((one) => !one.accepted);
  if (!facts.isPartialDisabled || refused.length === 0 || refused.length === decided.length) {
    return { kind: 'decided', lines: decided };
  }
  const cause = refused.map((one) => `${one.orderLineId} ${one.why}`).join(', ');
  return {
    kind: 'decided',
    lines: decided.map((one) =>
      one.accepted
        ? { ...one, accepted: false, why: `no partial acceptance here, and ${cause}` }
        : one,
    ),
  };
}

function judgeLine(
  line: LineToDecide,
  rules: ChannelSettings['acceptance'],
  facts: DecisionFacts,
  takenUnits: number,
): Verdict {
  const item = facts.item(line.itemCode);
  if (!item?.found || item.retired) {
    const why = `ItemCode ${line.itemCode} ${item?.retired ? 'is retired' : 'is unknown'} in the warehouse`;
    return { accepted: rules.onUnknownItem === 'refuse' ? false : 'hold', why };
  }
  if (rules.checkPrice && line.offerId !== null) {
    const offer = facts.offerPrice(line.offerId);
    if (offer !== null && isTooCheap(line.unitPrice, offer, rules.priceTolerancePercent)) {
      return { accepted: 'hold', why: `sold at ${line.unitPrice}, the offer is ${offer}` };
    }
  }
  const sellable = rules.checkStock ? facts.sellable(line.itemCode) : undefined;
  if (sellable !== undefined && line.units > sellable - takenUnits) {
    const why = `${line.units} of ${line.itemCode} wanted, ${Math.max(0, sellable - takenUnits)} sellable`;
    if (rules.onShortStock === 'accept')
      return { accepted: true, why: `${why}; accepted by policy` };
    return { accepted: rules.onShortStock === 'refuse' ? false : 'hold', why };
  }
  return { accepted: true, why: 'known, sellable, price within tolerance' };
}

/** Compares in whole pence: sold x 100 < offer x (100 - tolerance). The tolerance may have two decimals. */
function isTooCheap(sold: string, offer: string, tolerancePercent: number): boolean {
  const least =
    roundedPence(toDecimal(offer)) * BigInt(Math.round(10_000 - tolerancePercent * 100));
  return roundedPence(toDecimal(sold)) * 10_000n < least;
}
