/** The simulator's own queue of things that fall due: queued imports, allocation, event batches.
 *  Nothing runs by itself: due tasks run when somebody calls or looks, each at its own time. */
import type { SimClock } from '../kernel.ts';

type Task = { dueMs: number; sequence: number; run: () => void };

export class Timeline {
  readonly #clock: SimClock;
  /** A binary heap, earliest first; tasks due at the same time run in the order they were added. */
  readonly #heap: Task[] = [];
  #sequence = 0;
  #taskMs: number | undefined;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  /** Epoch milliseconds: the clock's, or while a task runs the moment at which it fell due. */
  nowMs(): number {
    return this.#taskMs ?? this.#clock.nowMs();
  }

  /** Runs a task once, when `dueMs` has come. */
  at(dueMs: number, run: () => void): void {
    const task = { dueMs, sequence: this.#sequence++, run };
    const heap = this.#heap;
    let place = heap.push(task) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent]!, task)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = task;
  }

  /** Runs everything that is due, oldest first, including what those tasks themselves add. */
  settle(): void {
    if (this.#taskMs !== undefined) return;
    const untilMs = this.#clock.nowMs();
    try {
      while (this.#heap[0] && this.#heap[0].dueMs <= untilMs) {
        const task = this.#takeFirst();
        this.#taskMs = task.dueMs;
        task.run();
      }
    } finally {
      this.#taskMs = undefined;
    }
  }

  /** When the next task falls due; undefined when none waits. For hosts that jump through time. */
  nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  #takeFirst(): Task {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}
