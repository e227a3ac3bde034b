/** Orders by id and in the order of their dates, so that a page of OR11 never scans them all. */
import type { OrderState, SimOrder } from './state.ts';

/** A date and the order it belonged to when noted; dead once the order has another version. */
type Note = { ms: number; order: SimOrder; version: number };

/** One shop's orders. */
export class OrderShelf {
  readonly #byCreation: SimOrder[] = [];
  #byUpdate: Note[] = [];
  #deadNotes = 0;
  readonly #byState = new Map<string, Set<SimOrder>>();
  readonly #bySellerReference = new Map<string, Set<SimOrder>>();
  readonly #indexed = new Map<SimOrder, { state: OrderState; reference: string | null }>();
  /** Rises with every change of any order; what was found before is out of date. */
  version = 0;

  get size(): number {
    return this.#byCreation.length;
  }

  /** Takes up a new order. */
  add(order: SimOrder): void {
    insert(this.#byCreation, order, (held) => creationCompare(held, order) <= 0);
    this.#noteUpdate(order);
    this.#index(order);
  }

  /** To be called after every change, with the order's version already raised. */
  changed(order: SimOrder): void {
    this.#deadNotes += 1;
    this.#noteUpdate(order);
    this.#index(order);
    if (this.#deadNotes > 64 && this.#deadNotes > this.#byUpdate.length / 2) this.#compact();
  }

  created(fromMs: number, toMs: number): readonly SimOrder[] {
    const from = firstIndex(this.#byCreation, (order) => order.createdMs >= fromMs);
    const to = firstIndex(this.#byCreation, (order) => order.createdMs > toMs);
    return this.#byCreation.slice(from, to);
  }

  /** Orders last updated within the dates, both included; in no useful order. */
  updated(fromMs: number, toMs: number): SimOrder[] {
    const found: SimOrder[] = [];
    const from = firstIndex(this.#byUpdate, (note) => note.ms >= fromMs);
    for (let i = from; i < this.#byUpdate.length; i++) {
      const note = this.#byUpdate[i] as Note;
      if (note.ms > toMs) break;
      if (note.version === note.order.version) found.push(note.order);
    }
    return found;
  }

  inStates(states: Iterable<string>): SimOrder[] {
    return [...states].flatMap((state) => [...(this.#byState.get(state) ?? [])]);
  }

  withSellerReferences(references: Iterable<string>): SimOrder[] {
    return [...references].flatMap((reference) => [
      ...(this.#bySellerReference.get(reference) ?? []),
    ]);
  }

  countInStates(states: Iterable<string>): number {
    let count = 0;
    for (const state of states) count += this.#byState.get(state)?.size ?? 0;
    return count;
  }

  /** How many notes lie in the range; at least the number of orders there. */
  countUpdated(fromMs: number, toMs: number): number {
    return (
      firstIndex(this.#byUpdate, (note) => note.ms > toMs) -
      firstIndex(this.#byUpdate, (note) => note.ms >= fromMs)
    );
  }

  #noteUpdate(order: SimOrder): void {
    this.version += 1;
    const note = { ms: order.updatedMs, order, version: order.version };
    insert(this.#byUpdate, note, (held) => held.ms <= note.ms);
  }

  #index(order: SimOrder): void {
    const before = this.#indexed.get(order);
    if (before?.state !== order.state) {
      if (before) this.#byState.get(before.state)?.delete(order);
      groupOf(this.#byState, order.state).add(order);
    }
    if (before?.reference !== order.referenceForSeller) {
      if (before?.reference) this.#bySellerReference.get(before.reference)?.delete(order);
      if (order.referenceForSeller) {
        groupOf(this.#bySellerReference, order.referenceForSeller).add(order);
      }
    }
    this.#indexed.set(order, { state: order.state, reference: order.referenceForSeller });
  }

  #compact(): void {
    this.#byUpdate = this.#byUpdate.filter((note) => note.version === note.order.version);
    this.#deadNotes = 0;
  }
}

/** The vendor's own sort: creation date, then order id. */
export function creationCompare(a: SimOrder, b: SimOrder): number {
  if (a.createdMs !== b.createdMs) return a.createdMs - b.createdMs;
  return a.orderId < b.orderId ? -1 : a.orderId > b.orderId ? 1 : 0;
}

function groupOf(groups: Map<string, Set<SimOrder>>, key: string): Set<SimOrder> {
  let group = groups.get(key);
  if (!group) groups.set(key, (group = new Set()));
  return group;
}

/** Puts an item in its place; nearly always the end, so the search begins there. */
function insert<Item>(items: Item[], item: Item, isBefore: (held: Item) => boolean): void {
  const last = items.at(-1);
  if (last === undefined || isBefore(last)) {
    items.push(item);
    return;
  }
  items.splice(
    firstIndex(items, (held) => !isBefore(held)),
    0,
    item,
  );
}

/** Index of the first item for which the rule holds; all after it hold too. */
export function firstIndex<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle] as Item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type Entry<Work> = { dueMs: number; turn: number; work: Work };

/** Work that falls due by time, earliest first; equal times in the order they were added. */
export class Agenda<Work> {
  readonly #heap: Entry<Work>[] = [];
  #turn = 0;

  add(dueMs: number, work: Work): void {
    const heap = this.#heap;
    heap.push({ dueMs, turn: this.#turn++, work });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** The earliest work due by then, removed; undefined when nothing is. */
  take(nowMs: number): { dueMs: number; work: Work } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (!first || first.dueMs > nowMs) return undefined;
    const last = heap.pop() as Entry<Work>;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first;
  }

  /** When the next work falls due; undefined when nothing is planned. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  #sink(): void {
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#heap[a] as Entry<Work>;
    const right = this.#heap[b] as Entry<Work>;
    return left.dueMs !== right.dueMs ? left.dueMs < right.dueMs : left.turn < right.turn;
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a] as Entry<Work>;
    this.#heap[a] = this.#heap[b] as Entry<Work>;
    this.#heap[b] = held;
  }
}
