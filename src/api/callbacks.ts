/** Calls of the warehouse: who may call, what a call says, and how it becomes hints. Knows no socket: server.ts
 *  hands calls in as they came. Calls carry no signature, so the path holds a secret, and none is believed:
 *  the items they name are read again. Source: peoplevox.md section 15. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Db } from '../runtime/db.ts';
import { wakeFlow } from '../runtime/runs.ts';
import { hintsFlow } from '../stock/flow.ts';
import { type HintKind, keepHints } from '../stock/hints.ts';

/** One call. `target`: what stands in the request line, undecoded. `body`: the form text of a POST. */
export type CallbackCall = { method: string; target: string; body: string };

/** What a call may mean: see readCallback of the wire, which main.ts hands in. */
export type ReadCallback = (given: {
  kind: HintKind;
  method: string;
  rawQuery: string;
  body: string;
}) => {
  values: Record<string, string>;
  unresolved: string[];
  alternatives: Record<string, string[]>;
};

export type CallbackDeps = {
  db: Db;
  clock: Clock;
  log: Log;
  token: string;
  /** Warehouses that may call; those with `listens` false are answered and not listened to. */
  warehouses: readonly { id: string; listens: boolean }[];
  read: ReadCallback;
};

export type CallbackIntake = {
  /** Whether the path is one of ours: then the answer is 200, whatever the call says. */
  knows(target: string): boolean;
  /** Takes a call in; false when the path is not one of ours. Nothing is written yet. Never throws. */
  take(call: CallbackCall): boolean;
  /** Notes a call of ours that could not be read at all. */
  miss(target: string): void;
  /** Whether calls were taken that are not written yet. */
  hasPending(): boolean;
  /** Writes what was taken, in one transaction per warehouse, and makes the reading of it due. A database that is
   *  away loses these hints, which is said in the log: the next read finds the changes all the same.
   *  Never throws. */
  flush(): Promise<void>;
};

/** Last part of the path, to what is called about. Those without a flow of their own are answered only. */
const kinds: Readonly<Record<string, HintKind | null>> = {
  availability: 'availability',
  incremental: 'incremental',
  'order-status': null,
  tracking: null,
  'goods-received': null,
  returns: null,
};

/** Codes taken from one call: the likely reading and its alternatives. */
const mostCodesPerCall = 8;
/** Codes that wait to be written; more come only while the database is slow, and are dropped. */
const mostPending = 20_000;
/** Longer texts are no item codes. */
const longestCode = 200;
/** How often calls that say nothing are logged, and the time of the last call is written. */
const sayEveryMs = 60_000;

/** Makes the intake of a service. */
export function createCallbackIntake(deps: CallbackDeps): CallbackIntake {
  const digest = digestOf(deps.token);
  const trays = new Map(deps.warehouses.map((one) => [one.id, createTray(one.listens)]));
  const find = (target: string): Address | null => addressOf(target, digest, trays);
  return {
    knows: (target) => find(target) !== null,
    take: (call) => {
      const address = find(call.target);
      if (address) sort(deps, address, call);
      return address !== null;
    },
    miss: (target) => {
      const address = find(target);
      if (!address) return;
      address.tray.counts.unreadable += 1;
      if (address.kind !== null && address.tray.listens) address.tray.heard.add(address.kind);
    },
    hasPending: () => [...trays.values()].some((tray) => tray.heard.size > 0),
    flush: async () => {
      for (const [warehouse, tray] of trays) await write(deps, warehouse, tray);
    },
  };
}

/** What has come from one warehouse and is not written yet. `counts`: since they were last logged. */
type Tray = {
  listens: boolean;
  items: Set<string>;
  cutItems: Set<string>;
  heard: Set<HintKind>;
  /** When it was last written that a kind was heard. Units: milliseconds of the monotonic clock. */
  heardSaidMs: Map<HintKind, number>;
  counts: Counts;
  countsSaidMs: number;
};
type Counts = {
  calls: number;
  ignored: number;
  unresolved: number;
  unreadable: number;
  dropped: number;
};
type Address = { tray: Tray; kind: HintKind | null; rawQuery: string };

function createTray(listens: boolean): Tray {
  return {
    listens,
    items: new Set(),
    cutItems: new Set(),
    heard: new Set(),
    heardSaidMs: new Map(),
    counts: noCounts(),
    countsSaidMs: Number.NEGATIVE_INFINITY,
  };
}

function noCounts(): Counts {
  return { calls: 0, ignored: 0, unresolved: 0, unreadable: 0, dropped: 0 };
}

/** Digests are compared, so that neither the time taken nor the length says how much of a guess was right. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** A proxy may have put something before the path. Null for anything but one of our addresses. */
function addressOf(target: string, digest: Buffer, trays: Map<string, Tray>): Address | null {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  const parts = /(?:^|\/)callbacks\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
  if (!parts) return null;
  const [, token = '', warehouse = '', kind = ''] = parts;
  const isOurs = timingSafeEqual(digestOf(decoded(token)), digest);
  const tray = trays.get(warehouse);
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!isOurs || !tray || known === undefined) return null;
  return { tray, kind: known, rawQuery: at < 0 ? '' : target.slice(at + 1) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function sort(deps: CallbackDeps, address: Address, call: CallbackCall): void {
  const { tray, kind, rawQuery } = address;
  tray.counts.calls += 1;
  if (kind === null || !tray.listens) {
    tray.counts.ignored += 1;
    return;
  }
  tray.heard.add(kind);
  const { method, body } = call;
  const { values, alternatives, unresolved } = deps.read({ kind, method, rawQuery, body });
  if (unresolved.length > 0) tray.counts.unresolved += 1;
  const codes = [values['sku'] ?? '', ...(alternatives['sku'] ?? [])].filter(isCode);
  if (codes.length === 0) {
    if (unresolved.length === 0) tray.counts.unreadable += 1;
    return;
  }
  // Nothing came behind the code of a GET: most likely its `#` and all that followed was taken for a fragment.
  const isCut = method === 'GET' && Object.keys(values).length === 1 && unresolved.length === 0;
  for (const code of codes.slice(0, mostCodesPerCall)) {
    put(tray, tray.items, code);
    if (isCut) put(tray, tray.cutItems, code);
  }
}

function put(tray: Tray, codes: Set<string>, code: string): void {
  if (codes.size < mostPending) codes.add(code);
  else if (!codes.has(code)) tray.counts.dropped += 1;
}

/** Something that may stand in the database and in a log line. */
function isCode(text: string): boolean {
  return text.trim() !== '' && text.length <= longestCode && !/[\p{Cc}\p{Cs}]/u.test(text);
}

async function write(deps: CallbackDeps, warehouse: string, tray: Tray): Promise<void> {
  const { db, clock, log } = deps;
  const items = [...tray.items];
  const cutItems = [...tray.cutItems];
  const nowMs = clock.monotonicMs();
  const heard = [...tray.heard].filter(
    (kind) => nowMs - (tray.heardSaidMs.get(kind) ?? Number.NEGATIVE_INFINITY) >= sayEveryMs,
  );
  for (const set of [tray.items, tray.cutItems, tray.heard]) set.clear();
  if (items.length > 0 || heard.length > 0) {
    try {
      await db.transaction().execute(async (trx) => {
        await keepHints(trx, warehouse, clock.now(), { items, cutItems, heard });
        if (items.length > 0) await wakeFlow(trx, clock, hintsFlow, warehouse);
      });
      for (const kind of heard) tray.heardSaidMs.set(kind, nowMs);
      log.debug(
        { warehouse, items: items.slice(0, 20), count: items.length },
        'the warehouse called',
      );
    } catch (cause) {
      tray.counts.dropped += items.length;
      log.debug({ warehouse, err: cause }, 'hints could not be written');
    }
  }
  sayTrouble(log, warehouse, tray, nowMs);
}

/** At most once a minute, since calls come many a second. */
function sayTrouble(log: Log, warehouse: string, tray: Tray, nowMs: number): void {
  const { unresolved, unreadable, dropped } = tray.counts;
  if (unresolved + unreadable + dropped === 0 || nowMs - tray.countsSaidMs < sayEveryMs) return;
  log.warn(
    { warehouse, ...tray.counts },
    'calls of the warehouse named no item, or hints were dropped: the next read of the stock finds the changes',
  );
  tray.counts = noCounts();
  tray.countsSaidMs = nowMs;
}
