/** A call that is refused as a whole: is it the call, or one row in it? */
import { Refused } from '../errors.ts';

/** Sends rows; when the whole call is refused, finds the rows that are to blame by halving, so that the good
 *  ones are taken and never sent again and again. When the first and the last row alone are refused too, with
 *  the same words, and so are three between them, the call itself is at fault: `parkAll` is called, which is
 *  expected to throw. Anything but Refused passes through. Calls: about 2 log2(n) for each bad row. */
export async function isolateRefused<Row>(
  rows: readonly Row[],
  steps: {
    send(rows: readonly Row[]): Promise<void>;
    park(row: Row, refusal: Refused): Promise<void>;
    parkAll(refusal: Refused): Promise<void>;
  },
): Promise<void> {
  const first = await trySend(rows, steps.send);
  if (!first) return;
  // One row alone cannot tell the two apart; as a row it is seen and blocks nothing.
  if (rows.length === 1) return steps.park(rows[0]!, first);
  const probed = new Map<number, Refused | null>();
  for (const at of probesOf(rows.length)) {
    probed.set(at, await trySend([rows[at]!], steps.send));
    if (probed.size > 1 && !isSameRefusal([...probed.values()])) break;
  }
  const refusals = [...probed.values()];
  if (isSameRefusal(refusals)) return steps.parkAll(refusals[0]!);
  for (const [at, refusal] of probed) if (refusal) await steps.park(rows[at]!, refusal);
  await halve(
    rows.filter((_, at) => !probed.has(at)),
    steps,
  );
}

/** Rows tried alone before the call itself is blamed: both ends, then some between, since two bad rows may
 *  well be refused in the same words. */
function probesOf(count: number): number[] {
  const parts = [0, count - 1, count / 2, count / 4, (3 * count) / 4];
  return [...new Set(parts.map(Math.floor))];
}

function isSameRefusal(refusals: readonly (Refused | null)[]): boolean {
  return refusals.every((one) => one !== null && one.vendorMessage === refusals[0]?.vendorMessage);
}

async function halve<Row>(
  rows: readonly Row[],
  steps: Parameters<typeof isolateRefused<Row>>[1],
): Promise<void> {
  if (rows.length === 0) return;
  const refusal = await trySend(rows, steps.send);
  if (!refusal) return;
  if (rows.length === 1) return steps.park(rows[0]!, refusal);
  const middle = Math.ceil(rows.length / 2);
  await halve(rows.slice(0, middle), steps);
  await halve(rows.slice(middle), steps);
}

async function trySend<Row>(
  rows: readonly Row[],
  send: (rows: readonly Row[]) => Promise<void>,
): Promise<Refused | null> {
  try {
    await send(rows);
    return null;
  } catch (cause) {
    if (cause instanceof Refused) return cause;
    throw cause;
  }
}
