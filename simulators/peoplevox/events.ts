/** Event subscriptions: placeholders filled, calls made in batches, no signature and no second
 *  try. */
import type { EventDelivery } from './options.ts';
import type { Tenant } from './state.ts';

export type Subscription = {
  id: number;
  eventType: string;
  method: 'GET' | 'POST';
  url: string;
  /** The form text of a POST; '' for GET. */
  postParams: string;
  encode: boolean;
  /** Only events of these sites; undefined takes all. The plain `filter` argument is stored and
   *  ignored, as it seems to be at the vendor's. */
  sites: string[] | undefined;
  filter: string;
};

const firstEvents = [
  'AvailabilityChanges',
  'SalesOrderStatusChanges',
  'GoodsReceived',
  'TrackingNumberReceived',
  'IncrementalChanges',
  'Returns',
];
const laterEvents = [
  'DespatchPackageTrackingNumberReceived',
  'OnDespatchOrderReceived',
  'DespatchPackageDespatched',
];

/** Whether the tenant's version of the service knows an event type. */
export function isEventType(name: string, laterFields: boolean): boolean {
  return firstEvents.includes(name) || (laterFields && laterEvents.includes(name));
}

/** Reads `Site.Reference = "PrimarySite" OR ...`; undefined when blank, null when it cannot be
 *  read. */
export function readSitesFilter(text: string): string[] | undefined | null {
  if (text.trim() === '') return undefined;
  const sites: string[] = [];
  for (const part of text.split(/\s+(?:OR|\|\|)\s+/i)) {
    const match = /^\s*\(?\s*Site\.Reference\s*={1,2}\s*"([^"]*)"\s*\)?\s*$/i.exec(part);
    if (!match) return null;
    sites.push(match[1]!);
  }
  return sites;
}

/** Stores a subscription and gives its number. The same one twice means everything twice. */
export function subscribe(tenant: Tenant, wanted: Omit<Subscription, 'id'>): number {
  const id = ++tenant.events.lastId;
  tenant.events.subscriptions.set(id, { id, ...wanted });
  return id;
}

/** Something happened: it goes out with the next batch to whoever is subscribed by then. */
export function raiseEvent(
  tenant: Tenant,
  eventType: string,
  site: string,
  values: Record<string, string>,
): void {
  const { events, timeline, settings } = tenant;
  if (events.subscriptions.size === 0) return;
  events.queue.push({ eventType, site, values });
  if (events.batchAtMs !== undefined) return;
  events.batchAtMs = timeline.nowMs() + settings.eventBatchMs;
  timeline.at(events.batchAtMs, () => sendBatch(tenant));
}

function sendBatch(tenant: Tenant): void {
  const { events, faults, dice } = tenant;
  const batch = events.queue;
  events.queue = [];
  events.batchAtMs = undefined;
  const out: EventDelivery[] = [];
  for (const event of batch) {
    for (const subscription of events.subscriptions.values()) {
      if (subscription.eventType !== event.eventType) continue;
      if (subscription.sites && !subscription.sites.includes(event.site)) continue;
      if (faults.strikes('eventLost', event.eventType)) continue;
      const delivery = fill(tenant, subscription, event.values);
      out.push(delivery);
      if (faults.strikes('eventTwice', event.eventType)) out.push({ ...delivery });
    }
  }
  if (out.length > 1 && faults.strikes('eventsShuffled', 'events')) {
    for (let i = out.length - 1; i > 0; i--) {
      const other = dice.events.between(0, i);
      [out[i], out[other]] = [out[other]!, out[i]!];
    }
  }
  for (const delivery of out) {
    tenant.log.deliveries.push(delivery);
    tenant.settings.deliver(delivery);
  }
}

function fill(
  tenant: Tenant,
  subscription: Subscription,
  values: Record<string, string>,
): EventDelivery {
  const { eventType, method } = subscription;
  const isLiteral = tenant.faults.strikes('eventLiteral', eventType);
  const isBare = tenant.faults.strikes('eventUnencoded', eventType);
  const put = (text: string) =>
    text.replace(/\{([\w.]+)\}/g, (literal, path: string) => {
      const value = values[path];
      if (isLiteral || value === undefined) return literal;
      return subscription.encode && !isBare ? encodeURIComponent(value) : value;
    });
  const isPost = method === 'POST';
  return {
    atMs: tenant.timeline.nowMs(),
    subscriptionId: subscription.id,
    eventType,
    method,
    url: isPost ? subscription.url : put(subscription.url),
    headers: isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
    body: isPost ? put(subscription.postParams) : '',
  };
}
