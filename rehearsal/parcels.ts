/** What the pickers of a seeded day do with each order, and the labels they print. Pure. */
import type { Dice } from '../simulators/kernel.ts';

/** How an order leaves. whole: one parcel, tracked at once. lateTracking: the number comes minutes later;
 *  veryLateTracking: beyond what readings by date go back. lateRow, veryLateRow: the report shows it later, with the
 *  older date. twoParcels: at once. partial: the rest leaves later. short: the rest never leaves. wrongCarrier: one
 *  that is mapped to nothing until a person does. doubtful: a number that cannot be one until a person corrects it.
 *  corrected: another number after the despatch was told. cancelled: the warehouse cancels it. slow: after the
 *  deadline. byHand: somebody ships it in the marketplace's back office too. */
export type Way = (typeof deck)[number][0];

const minuteMs = 60_000;

/** How many of each among so many orders: every way comes up on a small day too. */
const deck = [
  ['whole', 13],
  ['lateTracking', 4],
  ['twoParcels', 4],
  ['partial', 4],
  ['lateRow', 3],
  ['corrected', 2],
  ['veryLateTracking', 1],
  ['veryLateRow', 1],
  ['short', 1],
  ['wrongCarrier', 1],
  ['doubtful', 1],
  ['cancelled', 1],
  ['slow', 1],
  ['byHand', 1],
] as const;

/** Deals ways for ever: each deck shuffled anew. */
export function dealWays(dice: Dice): () => Way {
  let left: Way[] = [];
  return () => {
    if (left.length === 0) left = deck.flatMap(([way, count]) => Array<Way>(count).fill(way));
    const at = dice.between(0, left.length - 1);
    const [way] = left.splice(at, 1);
    return way!;
  };
}

/** From allocation to the first hand on the order, and from there to the van. `leadMs`: until the deadline. */
export function paceOf(way: Way, leadMs: number, dice: Dice): { startMs: number; leaveMs: number } {
  const startMs =
    way === 'slow'
      ? leadMs + dice.between(5, 15) * minuteMs
      : dice.between(4 * 60, 15 * 60) * 1_000;
  return { startMs, leaveMs: dice.between(2 * 60, 6 * 60) * 1_000 };
}

/** Later than the despatch itself, each where the way has it; else 0. */
export function delaysOf(way: Way, dice: Dice): { trackedAfterMs: number; visibleAfterMs: number } {
  const soonMs = dice.between(5, 30) * minuteMs;
  const lateMs = dice.between(65, 75) * minuteMs;
  const trackedAfterMs = way === 'lateTracking' ? soonMs : way === 'veryLateTracking' ? lateMs : 0;
  const visibleAfterMs = way === 'lateRow' ? soonMs : way === 'veryLateRow' ? lateMs : 0;
  return { trackedAfterMs, visibleAfterMs };
}

/** What the warehouse calls its carriers, and the code that each marketplace registered. Two are the same by name or
 *  label, two only by the table that a person made before the day. */
export const carriers = [
  { name: 'DPD', code: 'DPD', isMapped: false },
  { name: 'Royal Mail', code: 'RM', isMapped: false },
  { name: 'HERMES-UK', code: 'EVRI', isMapped: true },
  { name: 'Interlink', code: 'DPD', isMapped: true },
] as const;

/** Numbers that were never given before, of the carrier's shape. */
export function printLabels(): (code: string) => string {
  let count = 0;
  return (code) => {
    count += 1;
    if (code === 'RM') return postal(count);
    return code === 'DPD'
      ? `1550${String(count * 7 + 1_000_000_000).slice(-10)}`
      : `H00HYA${String(count + 1_000_000_000).slice(-10)}`;
  };
}

/** Something that no carrier ever printed: another column, a wrong digit, a spreadsheet's rounding. */
export function doubtfulNumber(orderNumber: string, good: string, dice: Dice): string {
  const digit = (Number(good.slice(-3, -2)) + 1) % 10;
  const wrongDigit = /^[A-Z]{2}\d{9}GB$/.test(good)
    ? `${good.slice(0, -3)}${digit}GB`
    : '1.55012E+13';
  return dice.pick([orderNumber, wrongDigit, '1.55012E+13']);
}

/** UPU S10 with its check digit. */
function postal(serial: number): string {
  const digits = String(10_000_000 + (serial % 90_000_000));
  const weights = [8, 6, 4, 2, 3, 5, 9, 7];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  const check = 11 - (sum % 11);
  return `RH${digits}${check === 10 ? 0 : check === 11 ? 5 : check}GB`;
}
