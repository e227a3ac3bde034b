/** The fifth layer of failure: what SaveData says of each row, matched to the rows we sent. */
import type { RowStatus } from './reply.ts';

/** `unanswered`: the reply does not say which of the two; read the row back. */
export type RowOutcome = 'success' | 'error' | 'unanswered';

/** `reference` is the row's own key as we sent it, `position` its place in the call, from 0. */
export type RowResult = { reference: string; outcome: RowOutcome; position: number };

/** All results of one SaveData. Where the reason of a row error stands is unconfirmed: keep
 *  `detail`. An `importingQueueId` other than 0 suggests that success only means accepted: read
 *  back. */
export type SaveResult = {
  rows: RowResult[];
  detail: string;
  importingQueueId: number | null;
};

/** One row's key, and every other text by which its status may refer to it. */
export type RowKey = { reference: string; aliases: readonly string[] };

/** The outcome of each row, in the order sent. Statuses go by position when there are as many as
 *  rows and no reference contradicts that; else by reference, and rows that no status names for
 *  sure are unanswered. References compare without letter case and surrounding blanks. Pure.
 *  Source: reference section 5.3 (whether Reference of an item is the order number, the item code
 *  or both is unconfirmed, and so is the order of the statuses). */
export function matchRows(keys: readonly RowKey[], statuses: readonly RowStatus[]): RowResult[] {
  const rowsByName = indexRows(keys);
  const outcomes = isByPosition(keys, statuses, rowsByName)
    ? statuses.map(outcomeOf)
    : byReference(keys.length, statuses, rowsByName);
  return keys.map((key, position) => ({
    reference: key.reference,
    outcome: outcomes[position] ?? 'unanswered',
    position,
  }));
}

function indexRows(keys: readonly RowKey[]): Map<string, number[]> {
  const rowsByName = new Map<string, number[]>();
  keys.forEach((key, position) => {
    for (const name of new Set([key.reference, ...key.aliases].map(normal))) {
      const rows = rowsByName.get(name);
      if (rows) rows.push(position);
      else rowsByName.set(name, [position]);
    }
  });
  return rowsByName;
}

/** A reference contradicts its position when it names rows of ours, but not the one that stands
 *  there. */
function isByPosition(
  keys: readonly RowKey[],
  statuses: readonly RowStatus[],
  rowsByName: Map<string, number[]>,
): boolean {
  if (statuses.length !== keys.length) return false;
  return statuses.every((status, position) => {
    const rows = status.reference === null ? undefined : rowsByName.get(normal(status.reference));
    return rows === undefined || rows.includes(position);
  });
}

function byReference(
  count: number,
  statuses: readonly RowStatus[],
  rowsByName: Map<string, number[]>,
): RowOutcome[] {
  const outcomes: RowOutcome[] = new Array<RowOutcome>(count).fill('unanswered');
  const said = new Map<string, RowOutcome[]>();
  for (const status of statuses) {
    if (status.reference === null) continue;
    const name = normal(status.reference);
    said.set(name, [...(said.get(name) ?? []), outcomeOf(status)]);
  }
  for (const [name, words] of said) {
    const rows = rowsByName.get(name);
    if (!rows) continue;
    // Of several words about one row an error outweighs a success. Where several rows share the
    // name, which word means which row is only sure when all say the same and there is one for
    // each.
    const isUnanimous = words.length === rows.length && words.every((word) => word === words[0]);
    if (rows.length === 1 || isUnanimous)
      for (const row of rows) for (const word of words) setOnce(outcomes, row, word);
  }
  return outcomes;
}

function setOnce(outcomes: RowOutcome[], row: number, outcome: RowOutcome): void {
  if (outcomes[row] !== 'error') outcomes[row] = outcome;
}

function outcomeOf(status: RowStatus): RowOutcome {
  if (/^success$/i.test(status.status)) return 'success';
  return /^error$/i.test(status.status) ? 'error' : 'unanswered';
}

function normal(reference: string): string {
  return reference.trim().toLowerCase();
}
