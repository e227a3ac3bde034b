/** Plan: what an order's despatches mean for the marketplace: which parcels to tell, with which carrier and number,
 *  what is missing, and what is doubtful. Pure. */
import type { Cause } from '../errors.ts';
import type { ChannelSettings } from '../settings.ts';
import {
  type CarrierMapping,
  chooseCarrier,
  doubtTracking,
  type RegisteredCarrier,
  trackingUrlOf,
} from './carriers.ts';
import { afterCancel, byHandOtherwise, lessCancelled } from './moot.ts';
import { type LineUnits, type Parcel, parcelsOf } from './parcels.ts';
import { type ConfirmationStep, told } from './state.ts';
import type { Confirmation, DespatchedOrder, PlannedConfirmation } from './store.ts';

/** What a channel is known to want. */
export type ChannelFacts = {
  isMultiShipment: boolean;
  registeredOnly: boolean;
  /** Shipping types that cannot be despatched without a tracking number. */
  trackingNeeded: ReadonlySet<string>;
  mappings: readonly CarrierMapping[];
  registered: readonly RegisteredCarrier[];
};

export type Plan = {
  confirmations: (PlannedConfirmation & { ifStep: ConfirmationStep | null })[];
  causes: Cause[];
  /** Ordered units that no despatch row names yet. */
  left: LineUnits[];
};

/** Where an order is confirmed as one, its only confirmation is called this. */
export const wholeOrder = 'whole';

/** Works out one order. What was told already stays as told, but for a tracking number that changed since. */
export function planOrder(
  order: DespatchedOrder,
  facts: ChannelFacts,
  channel: ChannelSettings,
  now: Date,
): Plan {
  const fixed = new Map(
    order.confirmations
      .filter((one) => told.includes(one.step) && one.parcel !== wholeOrder)
      .map((one) => [one.parcel, one.lines]),
  );
  const translated = parcelsOf(order.rows, order.sent, fixed);
  const causes: Cause[] = translated.problems.map((problem) => ({
    ...subjectOf(order),
    code: problem.code,
    message: `order ${order.marketplaceOrderId}, despatch ${problem.despatchNumber}: ${problem.what}`,
    evidence: { ...problem },
  }));
  const left = translated.left.filter(({ orderLineId }) => isOwed(order, orderLineId));
  const parcels: Waiting[] = facts.isMultiShipment
    ? translated.parcels.map((parcel) => ({ parcel, waitsFor: null }))
    : wholeOf(translated.parcels, left, channel);
  const shared = { order, facts, channel, now };
  const cut = lessCancelled(
    order,
    parcels.map(({ parcel }) => ({ key: keyOf(parcel), lines: parcel.lines })),
  );
  const planned = parcels.map((one, at) => planParcel(shared, one, cut[at]!));
  return {
    confirmations: planned.flatMap((one) => (one.confirmation ? [one.confirmation] : [])),
    causes: [...causes, ...planned.flatMap((one) => one.causes)],
    left,
  };
}

type Waiting = { parcel: Parcel & { key?: string }; waitsFor: string | null };

function keyOf(parcel: Waiting['parcel']): string {
  return parcel.key ?? parcel.despatchNumber;
}

/** All despatches of an order as one; it waits for the rest of the order unless the policy is not to. */
function wholeOf(
  parcels: readonly Parcel[],
  left: readonly LineUnits[],
  channel: ChannelSettings,
): Waiting[] {
  const [first] = parcels;
  if (!first) return [];
  const units = new Map<string, number>();
  for (const line of parcels.flatMap((one) => one.lines))
    units.set(line.orderLineId, (units.get(line.orderLineId) ?? 0) + line.units);
  const named = parcels.find((one) => one.trackingNumbers.length > 0) ?? first;
  const whole: Waiting['parcel'] = {
    ...named,
    key: wholeOrder,
    lines: [...units].map(([orderLineId, count]) => ({ orderLineId, units: count })),
    trackingNumbers: [...new Set(parcels.flatMap((one) => one.trackingNumbers))],
    despatchedAt: first.despatchedAt,
  };
  const isPartial = left.length > 0 && channel.despatch.partial === 'wait';
  const unitsLeft = left.reduce((sum, one) => sum + one.units, 0);
  return [
    { parcel: whole, waitsFor: isPartial ? `the other ${unitsLeft} units of the order` : null },
  ];
}

type Shared = {
  order: DespatchedOrder;
  facts: ChannelFacts;
  channel: ChannelSettings;
  now: Date;
};
type Planned = {
  confirmation: (PlannedConfirmation & { ifStep: ConfirmationStep | null }) | null;
  causes: Cause[];
};

function planParcel(
  shared: Shared,
  { parcel, waitsFor }: Waiting,
  cut: ReturnType<typeof lessCancelled>[number],
): Planned {
  const { order, facts, channel, now } = shared;
  const key = keyOf(parcel);
  const known = order.confirmations.find((one) => one.parcel === key) ?? null;
  // Of one that was cancelled whole it is kept what had left.
  const lines = cut.lines.length > 0 ? cut.lines : parcel.lines;
  const choice = chooseCarrier(parcel, facts.mappings, facts.registered, {
    registeredOnly: facts.registeredOnly,
  });
  const causes: Cause[] = [];
  // One that was told stays as long as it is among them: their order means nothing.
  const same = parcel.trackingNumbers.find((one) => one === known?.toldTracking);
  const trackingNumber = same ?? parcel.trackingNumbers[0] ?? '';
  const doubt =
    trackingNumber === '' || trackingNumber === known?.acceptedTracking
      ? null
      : doubtTracking({
          trackingNumber,
          carrier: parcel.carrier,
          orderNumbers: [order.salesOrderNumber, order.marketplaceOrderId],
          shapes: channel.despatch.trackingShapes,
        });
  // What will never be told need not be mapped, nor be beyond doubt.
  const isTold = known !== null && told.includes(known.step);
  const isUntold = known?.step === 'moot' || (!isTold && isOver(order, cut.lines));
  if (choice.kind === 'unmapped' && !isUntold) causes.push(unmapped(order, parcel, choice.nearest));
  if (doubt && !isUntold) causes.push(doubtful(order, parcel, doubt.what));
  const missing =
    waitsFor ??
    (choice.kind === 'unmapped' ? `a mapping of carrier ${parcel.carrier || '(none)'}` : null) ??
    (doubt ? 'a tracking number without doubt' : null) ??
    missingTracking(shared, parcel, known);
  const base = {
    channel: order.channel,
    marketplaceOrderId: order.marketplaceOrderId,
    parcel: key,
    lines,
    carrier: parcel.carrier,
    service: parcel.service,
    ...carrierOf(choice, trackingNumber),
    trackingNumber,
    despatchedAt: parcel.despatchedAt,
    deadlineAt: order.shippingDeadline,
    ifStep: known?.step ?? null,
  };
  const next = nextStep(known, { ...base, missing, isOver: isOver(order, cut.lines) });
  if (next === null) return { confirmation: null, causes };
  const isCut = cut.cancelled.length > 0 && (next === 'moot' || !isSameLines(known?.lines, lines));
  if (isCut) causes.push(afterCancel(order, key, cut.cancelled));
  if (next === 'moot' && !isCut) {
    const { isMultiShipment } = facts;
    const otherwise = byHandOtherwise(order, key, parcel.trackingNumbers, isMultiShipment);
    if (otherwise) causes.push(otherwise);
  }
  const waitsUntil = new Date(now.getTime() + 60_000);
  const dueAt = next === 'waiting' ? waitsUntil : now;
  return {
    confirmation: { ...base, step: next, waitsFor: next === 'waiting' ? missing : null, dueAt },
    causes,
  };
}

/** The step that a plan leads to; null leaves the confirmation as it is. */
function nextStep(
  known: Confirmation | null,
  plan: Pick<PlannedConfirmation, 'lines' | 'trackingNumber' | (typeof carrierFields)[number]> & {
    missing: string | null;
    isOver: boolean;
  },
): ConfirmationStep | null {
  if (known !== null && ['shipped', 'verified', 'correcting'].includes(known.step)) {
    const before = known.step === 'correcting' ? known.trackingNumber : known.toldTracking;
    const isCorrection =
      plan.missing === null &&
      plan.trackingNumber !== '' &&
      known.toldTracking !== null &&
      plan.trackingNumber !== before;
    return isCorrection ? 'correcting' : null;
  }
  const isOpen = known === null || ['waiting', 'ready', 'moot', 'stopped'].includes(known.step);
  if (!isOpen || known?.step === 'moot') return null;
  if (plan.isOver) return 'moot';
  if (plan.missing !== null) return 'waiting';
  // What a person was asked about goes on only when something of it changed.
  if (known?.step === 'stopped' && known.trackingNumber === plan.trackingNumber) return null;
  const isSame =
    known?.trackingNumber === plan.trackingNumber &&
    isSameLines(known.lines, plan.lines) &&
    carrierFields.every((field) => known[field] === plan[field]);
  return known?.step === 'ready' && isSame ? null : 'ready';
}

/** What a mapping leads to; one that was changed before the parcel was told counts. */
const carrierFields = ['carrierCode', 'carrierName', 'trackingUrl'] as const;

function missingTracking(
  shared: Shared,
  parcel: Parcel,
  known: Confirmation | null,
): string | null {
  if (parcel.trackingNumbers.length > 0) return null;
  const { withoutTracking, trackingWaitMinutes } = shared.channel.despatch;
  const isNeeded = shared.facts.trackingNeeded.has(shared.order.shippingTypeCode);
  const since = known?.firstSeenAt ?? shared.now;
  const isPatient = shared.now.getTime() - since.getTime() < trackingWaitMinutes * 60_000;
  if (!isNeeded && withoutTracking === 'send' && !isPatient) return null;
  return isNeeded
    ? 'a tracking number, without which it cannot be despatched'
    : 'a tracking number';
}

function carrierOf(
  choice: ReturnType<typeof chooseCarrier>,
  trackingNumber: string,
): Pick<PlannedConfirmation, 'carrierCode' | 'carrierName' | 'trackingUrl'> {
  if (choice.kind === 'unmapped')
    return { carrierCode: null, carrierName: null, trackingUrl: null };
  if ('code' in choice.carrier)
    return { carrierCode: choice.carrier.code, carrierName: null, trackingUrl: null };
  const { name, url } = choice.carrier;
  const isUrlKnown = url !== null && trackingNumber !== '';
  return {
    carrierCode: null,
    carrierName: name,
    trackingUrl: isUrlKnown ? trackingUrlOf(url, trackingNumber) : null,
  };
}

/** Whether the marketplace waits for nothing of these. */
function isOver(order: DespatchedOrder, lines: readonly LineUnits[]): boolean {
  return lines.every(({ orderLineId }) => !isOwed(order, orderLineId));
}

/** The same units of the same lines, in the same order. */
export function isSameLines(
  a: readonly LineUnits[] | undefined,
  b: readonly LineUnits[] | undefined,
): boolean {
  const text = (lines: readonly LineUnits[] | undefined) =>
    JSON.stringify(lines?.map((one) => [one.orderLineId, one.units]));
  return text(a) === text(b);
}

/** Whether a line still has units that the marketplace waits for. */
export function isOwed(order: Pick<DespatchedOrder, 'lines'>, orderLineId: string): boolean {
  const line = order.lines.find((one) => one.orderLineId === orderLineId);
  if (!line) return false;
  const isLive = line.wireState === 'SHIPPING' || line.wireState === 'INCIDENT_OPEN';
  return isLive && line.quantity - line.withdrawnUnits > 0;
}

export function subjectOf(order: { channel: string; marketplaceOrderId: string }) {
  return {
    connection: order.channel,
    subjectKind: 'order',
    subjectId: order.marketplaceOrderId,
  };
}

function unmapped(
  order: DespatchedOrder,
  parcel: Parcel,
  nearest: readonly { code: string; label: string | null }[],
): Cause {
  const shown = `${parcel.carrier || '(none)'}${parcel.service ? ` / ${parcel.service}` : ''}`;
  const near = nearest.map((one) => one.code).join(', ') || 'none near';
  return {
    connection: order.channel,
    subjectKind: 'carrier',
    subjectId: shown,
    code: 'carrier-unmapped',
    message: `channel ${order.channel}: the warehouse despatched with carrier ${shown}, which is mapped to no carrier there (nearest: ${near}); run packhorse carriers map ${order.channel} "${parcel.carrier}" <code>`,
    evidence: {
      carrier: parcel.carrier,
      service: parcel.service,
      nearest,
      order: order.marketplaceOrderId,
    },
    deadlineAt: order.shippingDeadline,
  };
}

function doubtful(order: DespatchedOrder, parcel: Parcel, what: string): Cause {
  return {
    ...subjectOf(order),
    code: 'tracking-doubtful',
    message: `order ${order.marketplaceOrderId}, despatch ${parcel.despatchNumber}: ${what}; it is not sent. Correct it in Peoplevox, or run packhorse despatch retry ${order.marketplaceOrderId} --as-it-is`,
    evidence: { despatch: parcel.despatchNumber, carrier: parcel.carrier },
    deadlineAt: order.shippingDeadline,
  };
}
