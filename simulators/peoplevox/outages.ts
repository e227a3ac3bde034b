/** Times in which the tenant, or only its reports, give no answer. The warehouse itself goes on
 *  working, and its events go out. */
import type { SimReply } from '../kernel.ts';
import type { OutageForm } from './options.ts';
import type { Tenant } from './state.ts';

/** No answers for so long from now; 0 ends an outage. */
export function goDark(
  tenant: Tenant,
  what: 'all' | 'reports',
  outage: { forMs: number; form: OutageForm },
): void {
  const untilMs = tenant.timeline.nowMs() + outage.forMs;
  tenant.dark[what] = { untilMs, form: outage.form };
}

/** How a request fails that comes during an outage; undefined when there is none. Nothing is done,
 *  and the call counts nowhere but in `truth.darkCalls`. */
export function darkReply(
  tenant: Tenant,
  what: 'all' | 'reports',
  operation: string,
): SimReply | undefined {
  const { untilMs, form } = tenant.dark[what];
  const atMs = tenant.timeline.nowMs();
  if (atMs >= untilMs) return undefined;
  tenant.log.darkCalls.push({ atMs, operation });
  if (form !== 'http503') return { status: 0, headers: {}, body: '', delayMs: 0, broken: form };
  return {
    status: 503,
    headers: { 'content-type': 'text/html; charset=utf-8', 'retry-after': '60' },
    body: '<!DOCTYPE html>\n<html><body><h1>Service Unavailable</h1></body></html>\n',
    delayMs: 0,
  };
}
