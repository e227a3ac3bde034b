import { describe, expect, it } from 'vitest';
import { despatchedAt, sampleConfirmation } from '../../test/sample-despatched-order.ts';
import type { Shipment } from '../mirakl/shipments.ts';
import type { OrderSight } from './store.ts';
import { judgeShipped } from './verify.ts';

const number = '15501234567890';
const sight = (own: { wireState?: string; tracking?: string | null } = {}): OrderSight => ({
  channel: 'jl',
  marketplaceOrderId: 'A',
  state: 'despatched',
  wireState: 'SHIPPED',
  seenAt: despatchedAt,
  lines: [
    { orderLineId: 'A-1', wireState: own.wireState ?? 'SHIPPED', quantity: 2, withdrawnUnits: 0 },
  ],
  tracking: own.tracking === undefined ? number : own.tracking,
  carrierCode: 'DPD',
});
const told = sampleConfirmation({ parcel: 'whole', step: 'shipped', toldTracking: number });

describe('judgeShipped, of a whole order', () => {
  it.each([
    ['shipped with the number told', told, sight(), 'shown'],
    ['still to be shipped', told, sight({ wireState: 'SHIPPING' }), 'notYet'],
    ['not seen at all', told, undefined, 'notYet'],
    ['shipped with another number', told, sight({ tracking: 'AA123456785GB' }), 'otherNumber'],
    ['shipped without the number', told, sight({ tracking: null }), 'otherNumber'],
    [
      'told without a number, and none is there',
      { ...told, toldTracking: '' },
      sight({ tracking: null }),
      'shown',
    ],
    [
      'by hand, so that nothing was told',
      { ...told, toldTracking: null },
      sight({ tracking: 'BB1' }),
      'shown',
    ],
    ['received by now', told, sight({ wireState: 'RECEIVED' }), 'shown'],
  ])('%s', (_rule, one, seen, verdict) => {
    expect(judgeShipped(one, seen, null)).toBe(verdict);
  });
});

describe('judgeShipped, of a shipment', () => {
  const parcel = { ...told, parcel: 'DES1', shipmentId: 's-1' };
  const shipment = (state: string, trackingNumber: string | null) =>
    ({
      shipmentId: 's-1',
      state,
      tracking: trackingNumber === null ? null : { trackingNumber },
    }) as Shipment;
  it.each([
    ['shipped with the number told', shipment('SHIPPED', number), 'shown'],
    ['received', shipment('RECEIVED', number), 'shown'],
    ['made and not shipped', shipment('SHIPPING', number), 'unshipped'],
    ['made and only prepared', shipment('SHIPMENT_PREPARED', number), 'unshipped'],
    ['not there', undefined, 'notYet'],
    ['shipped with another number', shipment('SHIPPED', 'AA123456785GB'), 'otherNumber'],
    ['shipped without one', shipment('SHIPPED', null), 'otherNumber'],
  ])('%s, whatever the order shows', (_rule, seen, verdict) => {
    expect(judgeShipped(parcel, sight({ wireState: 'SHIPPING' }), seen)).toBe(verdict);
  });
});
