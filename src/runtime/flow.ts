/** What a flow is to the runtime: a name, connections, a cadence, and one function that does all that is
 *  due. The runtime knows no order and no SKU. */
import type { Clock } from '../clock.ts';
import type { Cause } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Bulk } from './bulk.ts';
import type { Db, Trx } from './db.ts';

export type Flow = {
  /** Such as `orders.intake`. */
  name: string;
  /** Channel or warehouse id; one run at a time per flow and connection. */
  connection: string;
  everyMs: number;
  /** Lower is more urgent; decides who calls first when calls are scarce. Orders 0, despatch 1, stock 5. */
  urgency: number;
  /** Does everything that is due and returns. Throws to be run again with back-off. */
  run(context: FlowContext): Promise<void>;
};

export type FlowContext = {
  db: Db;
  clock: Clock;
  log: Log;
  /** Aborted when the service stops or the run lost its place: return soon. */
  signal: AbortSignal;
  /** A transaction that first proves that this run still has its place. Throws Fenced when it has not. */
  write<T>(work: (trx: Trx) => Promise<T>): Promise<T>;
  /** A connection of its own, for rows in bulk; its transactions must begin with `prove`. */
  bulk<T>(work: (bulk: Bulk, prove: (trx: Trx) => Promise<void>) => Promise<T>): Promise<T>;
  /** Call it just before anything is sent to a vendor. Throws Fenced when this run has lost its place,
   *  Later when the service stops. An answer that is already on its way can still be written. */
  assertPlace(): Promise<void>;
  /** Asks for the next run of this flow sooner than its cadence, if this one ends well: while something is on its
   *  way. The earliest wish counts. */
  again(at: Date): void;
  /** Makes another flow due now. */
  wake(flow: string, connection: string): Promise<void>;
  exceptions: Exceptions;
};

export type { Cause };

/** How flows park work without knowing the exceptions' tables. Both act inside the caller's transaction. */
export type Exceptions = {
  /** Opens or refreshes causes; a resolved one that comes back is re-opened, an ignored one stays ignored. */
  raise(trx: Trx, causes: readonly Cause[]): Promise<void>;
  /** Closes open causes of these subjects, except the codes that still hold. */
  settle(
    trx: Trx,
    subjects: readonly { connection: string; subjectKind: string; subjectId: string }[],
    options: { codes: readonly string[]; stillHolds?: readonly string[]; why: string },
  ): Promise<void>;
};
