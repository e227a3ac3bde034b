/** The network between the service and the simulators, in virtual time and in process. */

import type { Dice, SimHandler, SimReply } from '../simulators/kernel.ts';
import type { Clock } from '../src/clock.ts';
import { type HttpResponse, type Transport, TransportError } from '../src/transport.ts';

/** Milliseconds that a request or an answer is on its way. */
const wayMs = { least: 5, most: 40 };

export type VirtualNetwork = {
  transportFor(clock: Clock): Transport;
  /** Called after a simulator has acted and before its answer travels back: where a crash hurts most. */
  afterEffect: () => void;
};

/** `hosts`: origin such as `http://jl.example.test` to its simulator. An unknown origin refuses connections. */
export function createVirtualNetwork(
  hosts: ReadonlyMap<string, SimHandler>,
  dice: Dice,
): VirtualNetwork {
  const network: VirtualNetwork = {
    afterEffect: () => {},
    transportFor: (clock) => async (request) => {
      const url = new URL(request.url);
      const handler = hosts.get(url.origin);
      if (!handler)
        throw new TransportError(`connection to ${url.origin} refused`, { reached: false });
      await clock.sleep(dice.between(wayMs.least, wayMs.most));
      const reply = handler({
        method: request.method,
        target: url.pathname + url.search,
        headers: { ...request.headers, host: url.host },
        body:
          typeof request.body === 'string'
            ? Buffer.from(request.body)
            : (request.body ?? new Uint8Array()),
      });
      network.afterEffect();
      return travelBack(clock, reply, request.timeoutMs, dice);
    },
  };
  return network;
}

async function travelBack(
  clock: Clock,
  reply: SimReply,
  timeoutMs: number,
  dice: Dice,
): Promise<HttpResponse> {
  const isTooSlow = reply.broken === 'silence' || reply.delayMs > timeoutMs;
  await clock.sleep(isTooSlow ? timeoutMs : reply.delayMs + dice.between(wayMs.least, wayMs.most));
  if (isTooSlow) throw new TransportError('no answer in time', { reached: true });
  if (reply.broken === 'reset') throw new TransportError('connection reset', { reached: true });
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  return {
    status: reply.status,
    headers: Object.fromEntries(
      Object.entries(reply.headers).map(([k, v]) => [k.toLowerCase(), v]),
    ),
    body: bytesOf(body, reply.broken === 'half'),
  };
}

async function* bytesOf(body: Uint8Array, isHalf: boolean): AsyncIterable<Uint8Array> {
  if (!isHalf) return void (yield body);
  yield body.subarray(0, Math.floor(body.length / 2));
  throw new TransportError('connection cut in the middle of the answer', { reached: true });
}
