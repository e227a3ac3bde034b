/** A door for people and tests into a simulator that runs alone: its truth, and its faults. Under `/__sim/`,
 *  a path that neither vendor has. */
import type { Faults } from './faults.ts';
import type { SimHandler, SimReply } from './kernel.ts';

/** Adds the door to a vendor's handler.
 *  `GET /__sim/truth`: the given summary as JSON. `GET /__sim/faults`: what happened so far.
 *  `POST /__sim/faults` with `{ "kind", "probability" }` or `{ "kind", "next" }` (and `operation`) switches a
 *  fault on; `{ "clear": true }` switches all off. */
export function withAdminDoor<Kind extends string>(
  handler: SimHandler,
  door: { truth: () => object; faults: Faults<Kind>; kinds: readonly Kind[] },
): SimHandler {
  return (request) => {
    if (!request.target.startsWith('/__sim/')) return handler(request);
    const path = request.target.split('?')[0];
    if (path === '/__sim/truth') return json(200, door.truth());
    if (path !== '/__sim/faults') return json(404, { error: 'known: /__sim/truth, /__sim/faults' });
    if (request.method === 'GET') return json(200, { kinds: door.kinds, hits: door.faults.hits });
    return switchFault(door, request.body);
  };
}

type Wish = {
  kind?: string;
  probability?: number;
  next?: number;
  operation?: string;
  clear?: boolean;
};

function switchFault<Kind extends string>(
  door: { faults: Faults<Kind>; kinds: readonly Kind[] },
  body: Uint8Array,
): SimReply {
  let wish: Wish;
  try {
    wish = JSON.parse(Buffer.from(body).toString('utf8')) as Wish;
  } catch {
    return json(400, { error: 'the body must be JSON' });
  }
  if (wish.clear) door.faults.clear();
  else {
    const kind = door.kinds.find((one) => one === wish.kind);
    if (!kind) return json(400, { error: `kind must be one of ${door.kinds.join(', ')}` });
    if (wish.next) door.faults.next(kind, wish.next, wish.operation);
    else door.faults.set(kind, wish.probability ?? 0, wish.operation);
  }
  return json(200, { ok: true });
}

function json(status: number, body: object): SimReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      body,
      (_, value) => (value instanceof Map ? Object.fromEntries(value) : value),
      1,
    ),
    delayMs: 0,
  };
}
