/** Invented despatches for tests, valid until a test makes them otherwise. */
import type { ChannelFacts } from '../src/despatch/plan.ts';
import type { Confirmation, DespatchedOrder } from '../src/despatch/store.ts';

export const despatchedAt = new Date('2026-02-03T10:00:00Z');

/** One row of two units of `MUG` on line 1, in despatch `DES1`. */
export function sampleRow(
  own: Partial<DespatchedOrder['rows'][number]> = {},
): DespatchedOrder['rows'][number] {
  return {
    despatchNumber: 'DES1',
    itemCode: 'MUG',
    parentCode: '',
    line: '1',
    quantity: 2,
    parentQuantity: null,
    carrier: 'DPD',
    service: '',
    serviceTypeCode: '',
    trackingNumber: '15501234567890',
    despatchedAt,
    ...own,
  };
}

/** Order `A` in SHIPPING: line `A-1`, two units of `MUG`, all in despatch `DES1`; nothing is told yet. */
export function despatchedOrder(own: Partial<DespatchedOrder> = {}): DespatchedOrder {
  return {
    channel: 'jl',
    marketplaceOrderId: 'A',
    salesOrderNumber: 'A',
    state: 'exported',
    wireState: 'SHIPPING',
    seenAt: despatchedAt,
    shippingDeadline: new Date('2026-02-05T17:00:00Z'),
    shippingTypeCode: 'STD',
    tracking: null,
    lines: [{ orderLineId: 'A-1', wireState: 'SHIPPING', quantity: 2, withdrawnUnits: 0 }],
    sent: [{ line: '1', itemCode: 'MUG', quantity: 2, parts: [{ orderLineId: 'A-1', units: 2 }] }],
    rows: [sampleRow()],
    confirmations: [],
    ...own,
  };
}

/** Of despatch `DES1`, ready to be told. */
export function sampleConfirmation(own: Partial<Confirmation> = {}): Confirmation {
  return {
    channel: 'jl',
    marketplaceOrderId: 'A',
    parcel: 'DES1',
    step: 'ready',
    waitsFor: null,
    lines: [{ orderLineId: 'A-1', units: 2 }],
    carrier: 'DPD',
    service: '',
    carrierCode: 'DPD',
    carrierName: null,
    trackingNumber: '15501234567890',
    trackingUrl: null,
    despatchedAt,
    firstSeenAt: despatchedAt,
    deadlineAt: null,
    dueAt: null,
    attempts: 0,
    sentAt: null,
    shipmentId: null,
    toldTracking: null,
    acceptedTracking: null,
    shippedAt: null,
    verifiedAt: null,
    lastError: null,
    ...own,
  };
}

/** Whole orders only, `DPD` and `RM` registered, nothing mapped. */
export function channelFacts(own: Partial<ChannelFacts> = {}): ChannelFacts {
  return {
    isMultiShipment: false,
    registeredOnly: false,
    trackingNeeded: new Set(['STD']),
    mappings: [],
    registered: [
      { code: 'DPD', label: 'DPD', trackingUrl: null },
      { code: 'RM', label: 'Royal Mail', trackingUrl: null },
    ],
    ...own,
  };
}
