/** Faults of a simulated vendor. Each kind is switched on alone for the next n calls, or by probability
 *  from a seed. A simulator asks once per call and kind; what happened is kept for the checkers. */
import type { Dice } from './kernel.ts';

/** Faults that any HTTP vendor has. Simulators add kinds of their own. */
export type WireFault =
  /** No answer; the vendor did nothing. */
  | 'timeoutBefore'
  /** No answer; but the vendor did what was asked. */
  | 'timeoutAfter'
  /** Connection cut; the vendor did nothing. */
  | 'resetBefore'
  /** Connection cut; but the vendor did what was asked. */
  | 'resetAfter'
  /** 500 or 503 with the vendor's own error body; nothing done. */
  | 'serverError'
  /** A gateway's HTML page; nothing done. */
  | 'htmlPage'
  /** The answer breaks off in the middle; what was asked is done. */
  | 'halfBody'
  /** Refused for calling too often, whatever the ceiling says; nothing done. */
  | 'throttle';

export const wireFaults: readonly WireFault[] = [
  'timeoutBefore',
  'timeoutAfter',
  'resetBefore',
  'resetAfter',
  'serverError',
  'htmlPage',
  'halfBody',
  'throttle',
];

type Rule = { probability: number; operation: string | undefined; left: number };
export type FaultHit = { atMs: number; operation: string; kind: string };

export class Faults<Kind extends string> {
  readonly #dice: Dice;
  readonly #nowMs: () => number;
  readonly #rules = new Map<Kind, Rule[]>();
  /** Every fault that happened, oldest first. */
  readonly hits: FaultHit[] = [];

  constructor(dice: Dice, nowMs: () => number) {
    this.#dice = dice;
    this.#nowMs = nowMs;
  }

  /** Switches a kind on with a probability per call (0 to 1; 0 switches it off), for one operation or all. */
  set(kind: Kind, probability: number, operation?: string): void {
    const others = (this.#rules.get(kind) ?? []).filter((r) => r.operation !== operation);
    if (probability > 0) others.push({ probability, operation, left: Number.POSITIVE_INFINITY });
    this.#rules.set(kind, others);
  }

  /** Makes the next `times` calls (of one operation, or any) suffer the fault, surely. */
  next(kind: Kind, times = 1, operation?: string): void {
    this.#rules.set(kind, [
      ...(this.#rules.get(kind) ?? []),
      { probability: 1, operation, left: times },
    ]);
  }

  clear(): void {
    this.#rules.clear();
  }

  /** True when this call suffers this kind; counts it. Always rolls the same number of dice for the same rules. */
  strikes(kind: Kind, operation: string): boolean {
    const rules = this.#rules.get(kind);
    if (!rules) return false;
    for (const rule of rules) {
      if (rule.left < 1 || (rule.operation !== undefined && rule.operation !== operation)) continue;
      if (rule.probability < 1 && !this.#dice.chance(rule.probability)) continue;
      rule.left -= 1;
      this.hits.push({ atMs: this.#nowMs(), operation, kind });
      return true;
    }
    return false;
  }
}
