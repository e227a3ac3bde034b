/** Calls as the service made them, kept for the floor to make them again. */
import type { Transport } from '../src/transport.ts';
import type { Opened } from './vendors.ts';

/** One call as it was sent. */
export type RecordedCall = {
  to: 'marketplace' | 'warehouse';
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. */
  target: string;
  headers: Record<string, string>;
  body: string | null;
};

/** Sends as `send` does, and adds each call to `calls`. */
export function recording(send: Transport, opened: Opened, calls: RecordedCall[]): Transport {
  return (request) => {
    const { origin, pathname, search } = new URL(request.url);
    const { body } = request;
    calls.push({
      to: origin === opened.marketplaceUrl ? 'marketplace' : 'warehouse',
      method: request.method,
      target: pathname + search,
      headers: request.headers,
      body: body === undefined ? null : Buffer.from(body).toString('utf8'),
    });
    return send(request);
  };
}
