/** For this folder's tests: a simulator with a clock set by hand, and a client that speaks JSON and
 *  uploads files. */
import { Dice, type SimReply } from '../kernel.ts';
import { calm, type MiraklOptions } from './options.ts';
import { createMiraklSimulator, type MiraklSimulator } from './simulator.ts';

export const startMs = Date.parse('2026-03-02T09:00:00.000Z');
export const apiKey = 'key-of-the-main-shop';

export type Answered = SimReply & { json: Record<string, unknown> };

/** No oddities, no latency and no ceilings unless the test asks for them. */
export function openTestShop(options: Partial<MiraklOptions> = {}) {
  const time = { ms: startMs };
  const simulator = createMiraklSimulator({
    clock: { nowMs: () => time.ms },
    dice: new Dice(7),
    apiKey,
    quirks: calm,
    ceilings: 'off',
    latencyMs: { min: 0, max: 0 },
    debitDelayMs: { min: 60_000, max: 60_000 },
    importWaitingMs: { min: 2_000, max: 2_000 },
    importRunningMs: { min: 4_000, max: 4_000 },
    importMsPerLine: 0,
    ...options,
  });
  const call = (
    method: string,
    target: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Answered => {
    const reply = simulator.handle({
      method,
      target,
      headers: {
        authorization: apiKey,
        host: 'shop.example.test',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: bytesOf(body),
    });
    const isJson = reply.headers['content-type']?.startsWith('application/json');
    const json = isJson && reply.body ? (JSON.parse(String(reply.body)) as Answered['json']) : {};
    return { ...reply, json };
  };
  return {
    simulator,
    call,
    get: (target: string) => call('GET', target),
    put: (target: string, body?: unknown) => call('PUT', target, body),
    post: (target: string, body?: unknown) => call('POST', target, body),
    /** Sends a CSV file as the part `file`, with plain form fields before it. */
    upload: (target: string, csv: string, fields: Readonly<Record<string, string>> = {}) =>
      call('POST', target, formOf(csv, fields), {
        'content-type': `multipart/form-data; boundary=${formBoundary}`,
      }),
    /** The offer as OF21 shows it; undefined when it does not. */
    offerShown: (sku: string) =>
      (call('GET', `/api/offers?sku=${encodeURIComponent(sku)}`).json['offers'] as Shown[])[0],
    /** Lets time pass; nobody is called. */
    wait: (ms: number) => {
      time.ms += ms;
    },
    nowMs: () => time.ms,
    iso: (ms: number) => encodeURIComponent(new Date(ms).toISOString()),
    ...withOrders(simulator, call),
  };
}

function withOrders(
  simulator: MiraklSimulator,
  call: (method: string, target: string, body?: unknown) => Answered,
) {
  return {
    /** One order of one line, or more. */
    anOrder: (
      skus: readonly string[] = ['SKU-1'],
      more: Partial<Parameters<typeof simulator.shopperBuys>[0]> = {},
    ): string =>
      simulator.shopperBuys({
        lines: skus.map((offerSku) => ({ offerSku, quantity: 2, unitPrice: '10.00' })),
        ...more,
      })[0],
    /** Accepts every line and waits for the money. */
    accept: (orderId: string) => {
      const lines = simulator.truth.orders.get(orderId)?.lines ?? [];
      return call('PUT', `/api/orders/${orderId}/accept`, {
        order_lines: lines.map((line) => ({ id: line.lineId, accepted: true })),
      });
    },
    order: (orderId: string) => {
      const order = simulator.truth.orders.get(orderId);
      if (!order) throw new Error(`no order ${orderId}`);
      return order;
    },
    /** The order as OR11 shows it. */
    shown: (orderId: string) =>
      ordersIn(call('GET', `/api/orders?order_ids=${encodeURIComponent(orderId)}`))[0] ?? {},
  };
}

type Shown = Record<string, unknown>;

const formBoundary = 'boundary-of-the-test';

export function formOf(csv: string, fields: Readonly<Record<string, string>> = {}): string {
  const plain = Object.entries(fields).map(
    ([name, value]) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  const head = 'content-disposition: form-data; name="file"; filename="stock.csv"';
  const file = `${head}\r\ncontent-type: text/csv\r\n\r\n${csv}`;
  const parts = [...plain, file].map((part) => `--${formBoundary}\r\n${part}\r\n`);
  return `${parts.join('')}--${formBoundary}--\r\n`;
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

export function ordersIn(answer: Answered): Record<string, unknown>[] {
  return answer.json['orders'] as Record<string, unknown>[];
}

export function idsIn(answer: Answered): unknown[] {
  return ordersIn(answer).map((order) => order['order_id']);
}
