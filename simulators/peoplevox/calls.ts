/** Book-keeping of calls: how many, how many at once, how often, and how long each one takes. */
import type { Tenant } from './state.ts';

/** A call arrives: it is counted, and compared with those still being answered. */
export function beginCall(tenant: Tenant, operation: string): void {
  const { log, timeline } = tenant;
  const atMs = timeline.nowMs();
  log.calls.set(operation, (log.calls.get(operation) ?? 0) + 1);
  tenant.inFlight = tenant.inFlight.filter((call) => call.untilMs > atMs);
  if (tenant.inFlight.length === 0) return;
  log.overlaps.push({ atMs, operation, during: tenant.inFlight.map((call) => call.operation) });
}

/** Says when the answer of a call will be out: until then the tenant is busy with it. */
export function endCall(tenant: Tenant, operation: string, delayMs: number): void {
  if (delayMs <= 0) return;
  tenant.inFlight.push({ operation, untilMs: tenant.timeline.nowMs() + delayMs });
}

/** False when the caller asks too often; then a breach is kept, and the refused call itself
 *  does not count towards the window. */
export function isWithinRate(tenant: Tenant, operation: string): boolean {
  const { settings, timeline, log } = tenant;
  if (settings.ratePerWindow === 'off') return true;
  const { requests, windowMs } = settings.ratePerWindow;
  const nowMs = timeline.nowMs();
  const recent = tenant.recentCalls;
  while (recent[0] !== undefined && recent[0] <= nowMs - windowMs) recent.shift();
  if (recent.length < requests) {
    recent.push(nowMs);
    return true;
  }
  log.rateBreaches.push({ atMs: nowMs, operation });
  return false;
}

/** How long this answer takes, with the rows it brings in or out. */
export function latencyOf(tenant: Tenant, rows: number): number {
  const { min, max, perRow } = tenant.settings.latencyMs;
  return tenant.dice.latency.between(min, max) + Math.round(perRow * rows);
}
