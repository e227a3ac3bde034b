/** What the withdrawal of some units of a line is worth. Pure. */
import { type DecimalText, penceToText, roundedPence, toDecimal } from '../money.ts';

/** The share of goods and shipping that falls to the units: whole pence, rounded down; the units that are left
 *  last take the rest, so that withdrawing a line unit by unit comes to its price exactly. With or without tax
 *  as the line's own prices are (the order's tax mode says which). */
export function moneyOf(line: {
  units: number;
  /** Units of the line that the marketplace still waits for. */
  owedUnits: number;
  /** Goods and shipping of those, decimal text. */
  price: string;
  shippingPrice: string;
}): { amount: DecimalText; shippingAmount: DecimalText } {
  const share = (total: string) => {
    const pence = roundedPence(toDecimal(total));
    const owed = BigInt(Math.max(1, line.owedUnits));
    const units = BigInt(Math.min(line.units, Number(owed)));
    return toDecimal(penceToText(units === owed ? pence : (pence * units) / owed));
  };
  return { amount: share(line.price), shippingAmount: share(line.shippingPrice) };
}
