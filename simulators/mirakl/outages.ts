/** Times in which the whole marketplace gives no answer. Orders go on: people buy and parcels
 *  arrive. */
import type { SimReply } from '../kernel.ts';
import { type Market, type OutageForm, vendorNowMs } from './market.ts';

/** No answers for so long from now; 0 ends an outage. */
export function goDown(market: Market, forMs: number, form: OutageForm): void {
  market.down.untilMs = vendorNowMs(market) + forMs;
  market.down.form = form;
}

/** How a call fails that comes during an outage; undefined when there is none. Nothing is done, and
 *  the call counts nowhere but in `truth.downCalls`. */
export function whileDown(
  market: Market,
  operation: string,
): Pick<SimReply, 'status' | 'headers' | 'body' | 'broken'> | undefined {
  const { untilMs, form } = market.down;
  const atMs = vendorNowMs(market);
  if (atMs >= untilMs) return undefined;
  market.log.downCalls.push({ atMs, operation });
  if (form !== 'http503') return { status: 0, headers: {}, body: '', broken: form };
  return {
    status: 503,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
    body: '<html><body><h1>Service Unavailable</h1></body></html>',
  };
}
