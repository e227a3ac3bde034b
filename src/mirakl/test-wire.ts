/** For the wire's own tests: a transport that answers from a list, a clock that stands still until told,
 *  and an invented order. Nothing here obeys rules; that is the simulator's part. */
import type { Clock } from '../clock.ts';
import {
  type CallRecord,
  type HttpRequest,
  type HttpResponse,
  type Pace,
  TransportError,
} from '../transport.ts';
import { createMiraklClient, type MiraklConnection } from './client.ts';

/** An answer to give: a status with a body (objects become JSON), or a failure of the network. */
export type Answer =
  | {
      status?: number;
      headers?: Record<string, string>;
      body?: unknown;
      chunks?: Iterable<Uint8Array>;
    }
  | TransportError;

export type TestWire = ReturnType<typeof testWire>;

/** A client on a fake network that gives the answers in turn, the last one again and again. `sent`, `notes`
 *  and `paced` grow as calls are made; `paced` reads like `take OR11`, `backOff OR11 5000`, `done OR11`. */
export function testWire(answers: readonly Answer[], connection: Partial<MiraklConnection> = {}) {
  const sent: HttpRequest[] = [];
  const notes: CallRecord[] = [];
  const paced: string[] = [];
  const time = { ms: Date.parse('2026-03-02T10:00:00Z') };
  const clock: Clock = {
    now: () => new Date(time.ms),
    nowMs: () => time.ms,
    monotonicMs: () => time.ms,
    sleep: async (ms) => {
      time.ms += ms;
    },
    waitOn: (promise) => promise,
  };
  const pace: Pace = {
    async take(operation) {
      paced.push(`take ${operation}`);
      return {
        done: async () => {
          paced.push(`done ${operation}`);
        },
      };
    },
    async backOff(operation, ms) {
      paced.push(`backOff ${operation} ${ms}`);
    },
  };
  const transport = async (request: HttpRequest): Promise<HttpResponse> => {
    sent.push(request);
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer === undefined) throw new Error('the test gave no answer');
    if (answer instanceof TransportError) throw answer;
    return responseOf(answer, time);
  };
  const client = createMiraklClient({
    connection: {
      id: 'north',
      url: 'https://market.example.test',
      auth: { kind: 'apiKey', apiKey: 'key-1' },
      timeoutMs: 5_000,
      ...connection,
    },
    transport,
    clock,
    pace,
    noteCall: (record) => notes.push(record),
  });
  return { client, sent, notes, paced, time, clock };
}

function responseOf(answer: Exclude<Answer, TransportError>, time: { ms: number }): HttpResponse {
  const { status = 200, body = '' } = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  async function* chunks() {
    yield* answer.chunks ?? [new TextEncoder().encode(text)];
    time.ms += 20;
  }
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return { status, headers: { 'content-type': type, ...answer.headers }, body: chunks() };
}

/** What a promise was rejected with; fails when it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error('expected a failure');
}

/** An invented order as OR11 sends it, with one line. */
export function wireOrder(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    order_id: 'B1001-A',
    commercial_id: 'B1001',
    order_state: 'SHIPPING',
    created_date: '2026-03-01T09:00:00Z',
    last_updated_date: '2026-03-01T09:05:00.040Z',
    currency_iso_code: 'GBP',
    price: 20.5,
    shipping_price: 0,
    total_price: 20.5,
    total_commission: 3.1,
    order_lines: [wireLine()],
    customer: {
      customer_id: 'c-1',
      firstname: 'Ann',
      lastname: 'Example',
      shipping_address: { lastname: 'Example', street_1: '1 Sample Street', city: 'Testford' },
      billing_address: null,
    },
    customer_notification_email: 'alias-1@market.example.test',
    ...changes,
  };
}

/** An invented order line. */
export function wireLine(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    order_line_id: 'B1001-A-1',
    order_line_state: 'SHIPPING',
    offer_sku: 'MUG-RED',
    offer_id: 2001,
    product_sku: '90000001',
    product_title: 'Red mug',
    quantity: 2,
    price: 20.5,
    price_unit: 10.25,
    shipping_price: 0,
    total_price: 20.5,
    ...changes,
  };
}
