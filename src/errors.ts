/** How work stops. A flow step returns (done), throws `Later` (not yet, no fault), throws `Park` (a person
 *  must act), or throws anything else (retried with back-off). The wires throw the vendor classes below
 *  and nothing else for anything that a vendor or the network did. */

export type Vendor = 'mirakl' | 'peoplevox';

/** What a failed call may have done at the vendor. `none`: surely nothing, safe to send again.
 *  `unknown`: look before a write is repeated. */
export type Effect = 'none' | 'unknown';

export type VendorErrorFields = {
  vendor: Vendor;
  /** Channel id or warehouse id of our configuration. */
  connection: string;
  /** Mirakl API code (`OR11`) or Peoplevox operation with its template (`SaveData Sales orders`). */
  operation: string;
  effect: Effect;
  /** HTTP status when an answer came, else absent. */
  status?: number | undefined;
  /** The vendor's correlation id when it sent one. */
  correlationId?: string | undefined;
  cause?: unknown;
};

/** Base of everything the wires throw. `isRetried`: trying again later may succeed without anybody acting. */
export abstract class VendorError extends Error {
  abstract readonly isRetried: boolean;
  readonly vendor: Vendor;
  readonly connection: string;
  readonly operation: string;
  readonly effect: Effect;
  readonly status: number | undefined;
  readonly correlationId: string | undefined;

  constructor(message: string, fields: VendorErrorFields) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.vendor = fields.vendor;
    this.connection = fields.connection;
    this.operation = fields.operation;
    this.effect = fields.effect;
    this.status = fields.status;
    this.correlationId = fields.correlationId;
  }
}

/** No complete answer came: refused connection (effect none), time-out, reset, half a body (effect unknown). */
export class NoAnswer extends VendorError {
  override readonly name = 'NoAnswer';
  readonly isRetried = true;
}

/** The vendor says we call too often. `retryAfterMs` is its own wish, or absent. Effect none. */
export class Throttled extends VendorError {
  override readonly name = 'Throttled';
  readonly isRetried = true;
  readonly retryAfterMs: number | undefined;
  constructor(message: string, fields: VendorErrorFields, retryAfterMs: number | undefined) {
    super(message, fields);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The vendor answered, but not as itself: 5xx, a gateway's HTML page, an empty body where one is due. */
export class VendorDown extends VendorError {
  override readonly name = 'VendorDown';
  readonly isRetried = true;
}

/** Our credentials are not accepted (401, 403, refused login, a session that stays dead after one renewal). */
export class Unauthorised extends VendorError {
  override readonly name = 'Unauthorised';
  readonly isRetried = false;
}

/** The vendor understood and said no: 4xx, SOAP fault about the request, ResponseId other than 0.
 *  `vendorMessage` is its text as sent, `vendorCode` its machine code where one was given. */
export class Refused extends VendorError {
  override readonly name = 'Refused';
  readonly isRetried = false;
  readonly vendorMessage: string;
  readonly vendorCode: string | undefined;
  constructor(
    message: string,
    fields: VendorErrorFields,
    said: { message: string; code?: string | undefined },
  ) {
    super(message, fields);
    this.vendorMessage = said.message;
    this.vendorCode = said.code;
  }
}

/** An answer came whole but is not what the contract says: wrong shape, unreadable XML or CSV, missing column. */
export class BadAnswer extends VendorError {
  override readonly name = 'BadAnswer';
  readonly isRetried = true;
}

/** Not a failure: the work should be tried again at `until`. */
export class Later extends Error {
  override readonly name = 'Later';
  readonly until: Date;
  constructor(until: Date, why: string) {
    super(why);
    this.until = until;
  }
}

/** This run lost its place (paused, partitioned, replaced by a newer run) and must write nothing more. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** A wrong configuration value. `path` is the key's path in packhorse.yaml, such as `channels[0].url`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((p) => `${p.path}: found ${p.found}; ${p.allowed}`).join('\n'));
    this.problems = problems;
  }
}

export type ConfigProblem = { path: string; found: string; allowed: string };

/** A cause that stops work on one subject. */
export type Cause = {
  /** One of src/exceptions/codes.ts. */
  code: string;
  connection: string;
  subjectKind: string;
  subjectId: string;
  /** What happened, the fact, the next move; no personal data. */
  message: string;
  evidence?: Record<string, unknown>;
  moneyPence?: bigint | null;
  deadlineAt?: Date | null;
};
