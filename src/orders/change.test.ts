import { describe, expect, it } from 'vitest';
import {
  cancelledUnits,
  orderToStage,
  sampleAddress,
  sampleLine,
  stageContext,
} from '../../test/sample-orders.ts';
import { toDecimal } from '../money.ts';
import { planChange } from './change.ts';
import type { SalesOrderRow } from './sales-order-store.ts';
import type { FullOrder } from './store.ts';
import { planSalesOrder } from './to-peoplevox.ts';

type OrderInput = Parameters<typeof orderToStage>[0];
type ContextInput = Parameters<typeof stageContext>[0];

function full(own: OrderInput): FullOrder {
  const order = orderToStage(own) as Omit<
    FullOrder,
    'channel' | 'state' | 'attempts' | 'payable_at'
  >;
  return { ...order, channel: 'jl', state: 'exported', attempts: 0, payable_at: null };
}

/** What was sent for the order as it was before. */
function sentFor(before: OrderInput, context: ContextInput = {}): SalesOrderRow {
  const { plan } = planSalesOrder(orderToStage(before), stageContext(context));
  const at = new Date('2026-02-03T09:30:00Z');
  return {
    salesOrderNumber: plan.salesOrderNumber,
    channel: 'jl',
    marketplaceOrderId: 'A',
    step: 'verified',
    row: plan.row,
    customer: null,
    attempts: 0,
    headerSentAt: at,
    linesSentAt: at,
    seenAt: at,
    verifiedAt: at,
    stagedAt: at,
    lines: plan.lines.map((line) => ({ ...line, seenQuantity: line.quantity })),
  };
}

function changeOf(
  before: OrderInput,
  after: OrderInput,
  context: ContextInput = {},
  contextAfter = context,
) {
  const deps = stageContext(contextAfter);
  const { plan } = planSalesOrder(orderToStage(after), deps);
  return planChange(full(after), sentFor(before, context), plan, deps);
}

const one = (own: Parameters<typeof sampleLine>[0] = {}) => sampleLine({ quantity: 1, ...own });
const other = (own: Parameters<typeof sampleLine>[0] = {}) =>
  sampleLine({ orderLineId: 'A-2', index: 2, quantity: 3, offerSku: 'SKU-2', ...own });
const again = (own: Parameters<typeof sampleLine>[0] = {}) => other({ offerSku: 'SKU-1', ...own });
const both = { lines: [one(), other()] };
const merged: ContextInput = { channel: { sameSku: 'merge' } };

describe('an order that is in the warehouse', () => {
  it.each([
    ['the same again', both],
    ['on its way now', { lines: [one({ state: 'SHIPPED' }), other({ state: 'RECEIVED' })] }],
    ['in part on its way', { lines: [one({ state: 'SHIPPED' }), other()] }],
    [
      'an incident opened',
      { lines: [one({ state: 'INCIDENT_OPEN' }), other()], hasIncident: true },
    ],
    ['closed, and its address taken away', { ...both, shippingAddress: null }],
    ['another invoice address', { ...both, billingAddress: sampleAddress({ city: 'Elsewhere' }) }],
    ['another price', { lines: [one({ unitPrice: toDecimal('1.00') }), other()] }],
  ] as [string, OrderInput][])('does not change for: %s', (_rule, after) => {
    expect(changeOf(both, after)).toEqual({ kind: 'none' });
  });

  it.each([
    [
      'one line cancelled',
      { lines: [one({ state: 'CANCELED' }), other()] },
      'cancelling',
      'changed on the marketplace: SKU-1 now 0',
    ],
    [
      'one line refunded',
      { lines: [one(), other({ state: 'REFUNDED' })] },
      'cancelling',
      'changed on the marketplace: SKU-2 now 0',
    ],
    [
      'one unit cancelled',
      { lines: [one(), other({ price: toDecimal('20'), cancelations: [cancelledUnits(1)] })] },
      'cancelling',
      'changed on the marketplace: SKU-2 now 2',
    ],
    [
      'everything cancelled',
      { lines: [one({ state: 'CANCELED' }), other({ state: 'CANCELED' })] },
      'cancelling',
      'cancelled on the marketplace',
    ],
  ] as [string, OrderInput, string, string][])('changes for: %s', (_rule, after, to, why) => {
    expect(changeOf(both, after)).toMatchObject({
      kind: 'changed',
      causes: [],
      history: { kind: 'warehouse', from: 'verified', to, why },
    });
  });

  it('gets a line that came to SHIPPING later', () => {
    const before = { lines: [one(), other({ state: 'WAITING_DEBIT' })] };
    expect(changeOf(before, both)).toMatchObject({
      kind: 'changed',
      history: { to: 'header-in', why: 'changed on the marketplace: SKU-2 now 3' },
    });
  });

  it('gets a line of a SKU it has already, where same SKUs are merged', () => {
    const before = { lines: [one(), again({ state: 'WAITING_DEBIT' })] };
    const after = { lines: [one(), again()] };
    expect(changeOf(before, after, merged)).toMatchObject({
      history: { to: 'header-in', why: 'changed on the marketplace: SKU-1 now 4' },
    });
  });

  it('loses the units of one marketplace line of a merged line', () => {
    const before = { lines: [one(), again()] };
    const after = { lines: [one({ state: 'CANCELED' }), again()] };
    expect(changeOf(before, after, merged)).toMatchObject({
      history: { to: 'cancelling', why: 'changed on the marketplace: SKU-1 now 3' },
    });
  });

  it.each(['separate', 'merge'] as const)(
    'keeps what was sent when a mapping is edited afterwards (%s)',
    (sameSku) => {
      const context: ContextInput = { channel: { sameSku } };
      const mapped = { ...context, mappedItem: () => 'ITEM-9' };
      const lines = [one(), again()];
      expect(changeOf({ lines }, { lines }, context, mapped)).toEqual({ kind: 'none' });
    },
  );

  it('is left alone once it was cancelled there', () => {
    const context = stageContext();
    const order = full(both);
    const { plan } = planSalesOrder(orderToStage(both), context);
    const sent = { ...sentFor({ lines: [one()] }), step: 'cancelled' as const };
    expect(planChange(order, sent, plan, context)).toEqual({ kind: 'none' });
  });

  it.each([
    [
      'the town',
      { shippingAddress: sampleAddress({ city: 'Elsewhere' }) },
      ['ShippingAddressCity'],
    ],
    ['the name', { shippingAddress: sampleAddress({ lastName: 'Sample' }) }, ['ContactName']],
    ['the delivery service', { shippingTypeCode: 'NEXT' }, ['ServiceType']],
  ] as [string, OrderInput, string[]][])(
    'asks a person when %s changed, and sends nothing',
    (_rule, after, fields) => {
      const context = { channel: { shippingTypes: { STD: 'Standard', NEXT: 'Next day' } } };
      const change = changeOf(both, { ...both, ...after }, context);
      expect(change).toMatchObject({
        kind: 'changed',
        history: null,
        causes: [{ code: 'changed-after-export', subjectId: 'A', evidence: { fields } }],
      });
      expect(
        JSON.stringify(change, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      ).not.toMatch(/Elsewhere|Sample/);
    },
  );
});
