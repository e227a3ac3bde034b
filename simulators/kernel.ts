/** What both simulators share: how a request reaches them, their clock, and dice for faults. */

/** Simulators never read the machine's clock: they are handed one. Epoch milliseconds. */
export type SimClock = { nowMs(): number };

export type SimRequest = {
  method: string;
  /** Path with query, as on the request line. */
  target: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Uint8Array;
};

/** An answer, or how the connection fails. `delayMs` is how long the vendor took before it answered;
 *  the host of the simulator (real server or virtual transport) waits that long. */
export type SimReply = {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  delayMs: number;
  /** Set: the answer never arrives whole. `silence`: nothing until the caller gives up; `reset`: the
   *  connection is cut before any byte; `half`: headers and half of the body, then cut. */
  broken?: 'silence' | 'reset' | 'half';
};

export type SimHandler = (request: SimRequest) => SimReply;

/** Small, fast, seedable random numbers (mulberry32). Same seed, same sequence. */
export class Dice {
  #state: number;
  constructor(seed: number | string) {
    this.#state = typeof seed === 'number' ? seed >>> 0 : hash(seed);
  }
  /** A number in [0, 1). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.roll() < probability;
  }
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.roll() * (high - low + 1));
  }
  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.roll() * choices.length)] as T;
  }
  /** A further, independent source, so that one consumer's extra roll does not shift another's. */
  fork(label: string): Dice {
    return new Dice(`${this.between(0, 0xffffffff)}:${label}`);
  }
}

function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}
