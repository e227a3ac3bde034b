/** What a vendor's wire is handed from outside: a way to send HTTP, leave to call, a place to note each call. */
import { Pool } from 'undici';

export type HttpRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute URL, query included. */
  url: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string | Uint8Array;
  /** Milliseconds until the answer must be complete. */
  timeoutMs: number;
};

export type HttpResponse = {
  status: number;
  /** Lower-case names; several values of one header are joined by a comma and a blank. */
  headers: Record<string, string>;
  /** Bytes as they arrive. Throws TransportError when the answer breaks off. Must be consumed or closed. */
  body: AsyncIterable<Uint8Array>;
};

/** Sends one request. Throws TransportError when no answer begins. Never follows redirects, never retries. */
export type Transport = (request: HttpRequest) => Promise<HttpResponse>;

/** The network failed. `reached` false: the request surely never arrived (refused, unknown host). */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly reached: boolean;
  constructor(message: string, options: { reached: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reached = options.reached;
  }
}

/** Leave to make one call now. Resolves when the vendor's ceiling allows it; call `done` once, when
 *  the answer is complete or has failed. */
export type Pace = {
  take(operation: string): Promise<Permit>;
  /** The vendor asked for quiet (429): nobody gets leave for this operation until then. */
  backOff(operation: string, ms: number): Promise<void>;
};
export type Permit = { done(): Promise<void> };

/** One vendor call as it went, for the journal, metrics and an order's history. Holds no personal data. */
export type CallRecord = {
  vendor: 'mirakl' | 'peoplevox';
  connection: string;
  /** `OR11`, `SaveData Sales orders`, ... the same word that the pace is asked for. */
  operation: string;
  startedAt: Date;
  tookMs: number;
  /** HTTP status, absent when no answer came. */
  status?: number | undefined;
  /** `ok`, or the `name` of the error class the caller saw. */
  outcome: string;
  correlationId?: string | undefined;
  requestBytes: number;
  responseBytes: number;
  /** Rows read or written where the call moves rows. */
  rows?: number | undefined;
};
export type NoteCall = (record: CallRecord) => void;

/** A pace that never waits; for tests and benchmarks with the ceilings off. */
export const unpaced: Pace = {
  take: async () => ({ done: async () => {} }),
  backOff: async () => {},
};

const neverReached = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** Real HTTP over one keep-alive pool per origin. Close it when the service stops. */
export function createHttpTransport(options: { connections?: number } = {}): {
  send: Transport;
  close: () => Promise<void>;
} {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string) => {
    let pool = pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, {
        connections: options.connections ?? 8,
        connect: { timeout: 10_000 },
      });
      pools.set(origin, pool);
    }
    return pool;
  };
  const send: Transport = async (request) => {
    const url = new URL(request.url);
    try {
      const answer = await poolOf(url.origin).request({
        method: request.method,
        path: url.pathname + url.search,
        headers: request.headers,
        body: request.body ?? null,
        // One limit on the whole answer; undici's own would let a dripping body go on for ever.
        signal: AbortSignal.timeout(request.timeoutMs),
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      return {
        status: answer.statusCode,
        headers: flatten(answer.headers),
        body: guard(answer.body),
      };
    } catch (cause) {
      throw asTransportError(cause);
    }
  };
  const close = async () => {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  };
  return { send, close };
}

async function* guard(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw asTransportError(cause, true);
  }
}

function asTransportError(cause: unknown, answered = false): TransportError {
  const { code, name } = cause as { code?: unknown; name?: string };
  const word = typeof code === 'string' ? code : (name ?? '');
  const reached = answered || !neverReached.has(word);
  return new TransportError(`${word} ${(cause as Error).message ?? cause}`.trim(), {
    reached,
    cause,
  });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
