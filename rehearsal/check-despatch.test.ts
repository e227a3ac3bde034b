import { describe, expect, it } from 'vitest';
import { exportOrder, startCaller } from '../simulators/peoplevox/wire-for-tests.ts';
import { type DespatchVerdict, judgeDespatch, type Told } from './check-despatch.ts';
import type { Sent } from './pickers.ts';
import { setStage } from './stage.ts';

const minuteMs = 60_000;

/** A marketplace that ships whole orders (jl), one that ships parcels (m2), and a warehouse with LAMPs. */
function aDay() {
  const caller = startCaller();
  const { sim: warehouse, clock } = caller;
  warehouse.addItem({ itemCode: 'LAMP', stock: { PrimarySite: 100 } });
  const given = { orders: 0, skus: 0, hours: 1, seed: 1, hasCeilings: false };
  const set = setStage({ ...given, clock, channels: ['jl', 'm2'], leadTimeDays: 1 / 24 });
  const stage = { ...set, warehouse };
  const floor = {
    sent: [] as Sent[],
    codes: new Map(),
    byHand: new Set<string>(),
    isIdle: () => true,
  };
  const named = new Map<string, Set<string>>();
  const alertedMs = new Map<string, number>();
  const told: Told = { codes: named, carriers: new Set(), verifiedMs: new Map(), alertedMs };
  /** Bought, paid, and in the warehouse with a picker at it. */
  const order = (channel: string, units: number) => {
    const market = stage.marketplaces.get(channel)!;
    market.setOffer({ shopSku: 'LAMP', quantity: 50 });
    const [orderId] = market.shopperBuys({ lines: [{ offerSku: 'LAMP', quantity: units }] });
    const { lines, shopId } = market.truth.orders.get(orderId)!;
    if (channel === 'm2') accept(market, orderId, shopId, lines[0]!.lineId);
    clock.passMinutes(6);
    expect(market.truth.orders.get(orderId)?.state).toBe('SHIPPING');
    exportOrder(caller, orderId, { LAMP: units });
    clock.passMinutes(20);
    expect(warehouse.pickStarts(orderId)).toEqual({ ok: true });
    return orderId;
  };
  const leaves = (channel: string, orderId: string, quantity: number, trackingNumber: string) => {
    const lines = [{ itemCode: 'LAMP', quantity }];
    const done = warehouse.despatch(orderId, { lines, trackingNumber, carrier: 'DPD' });
    if (!done.ok) throw new Error(done.why);
    const atMs = clock.nowMs();
    const times = { leftMs: atMs, visibleMs: atMs, trackedMs: atMs, correctedMs: null };
    const { despatchNumber } = done;
    floor.sent.push({ despatchNumber, orderId, channel, way: 'whole', carrier: 'DPD', ...times });
    return despatchNumber;
  };
  /** All that is left of it, by whatever call. */
  const isTold = (channel: string, orderId: string, number: string) =>
    stage.marketplaces.get(channel)!.operatorShipsByHand(orderId, { carrierCode: 'DPD', number });
  const judge = () =>
    judgeDespatch(
      {
        stage,
        floor,
        desk: { mappedMs: new Map() },
        outages: [],
        nowMs: clock.nowMs(),
        graceMs: 10 * minuteMs,
      },
      told,
    );
  return { warehouse, clock, floor, named, alertedMs, order, leaves, isTold, judge };
}

type Market = ReturnType<typeof setStage>['marketplaces'] extends Map<string, infer M> ? M : never;

function accept(market: Market, orderId: string, shopId: number, lineId: string): void {
  const body = JSON.stringify({ order_lines: [{ id: lineId, accepted: true }] });
  const reply = market.handle({
    method: 'PUT',
    target: `/api/orders/${orderId}/accept?shop_id=${shopId}`,
    headers: { authorization: 'rehearsal-key', 'content-type': 'application/json' },
    body: Buffer.from(body),
  });
  expect(reply.status).toBe(204);
}

function counts(verdict: DespatchVerdict) {
  return Object.fromEntries(
    Object.entries(verdict)
      .filter(([key]) => !key.endsWith('Ms'))
      .map(([key, value]) => [key, Array.isArray(value) ? value.length : value])
      .filter(([, count]) => count !== 0),
  );
}

describe.each(['jl', 'm2'])('a parcel of %s', (channel) => {
  it('that is shown with its units and number is confirmed', () => {
    const day = aDay();
    const orderId = day.order(channel, 2);
    day.leaves(channel, orderId, 2, '15500000000001');
    day.clock.passMinutes(1);
    day.isTold(channel, orderId, '15500000000001');
    expect(counts(day.judge())).toEqual({ made: 1, confirmed: 1 });
    expect(day.judge().confirmLagsMs).toEqual([minuteMs]);
  });
  it('that nobody told of is lost', () => {
    const day = aDay();
    day.leaves(channel, day.order(channel, 2), 2, '15500000000001');
    expect(counts(day.judge())).toEqual({ made: 1, lost: 1 });
  });
  it('that is named by an open exception is not lost', () => {
    const day = aDay();
    const orderId = day.order(channel, 2);
    day.leaves(channel, orderId, 2, '15500000000001');
    day.named.set(`${channel} ${orderId}`, new Set(['tracking-doubtful']));
    expect(counts(day.judge())).toEqual({ made: 1, named: 1 });
  });
  it('shown with another number has wrong tracking', () => {
    const day = aDay();
    const orderId = day.order(channel, 2);
    day.leaves(channel, orderId, 2, '15500000000001');
    day.isTold(channel, orderId, '15500000000099');
    expect(counts(day.judge())).toEqual({ made: 1, wrongTracking: 1 });
  });
  it('whose number was corrected later has wrong tracking until it is told', () => {
    const day = aDay();
    const orderId = day.order(channel, 2);
    const despatchNumber = day.leaves(channel, orderId, 2, '15500000000001');
    day.isTold(channel, orderId, '15500000000001');
    day.warehouse.setTracking(despatchNumber, '15500000000002');
    expect(counts(day.judge())).toEqual({ made: 1, wrongTracking: 1 });
  });
  it('of which more units are told than left is told twice', () => {
    const day = aDay();
    const orderId = day.order(channel, 2);
    day.leaves(channel, orderId, 1, '15500000000001');
    day.isTold(channel, orderId, '15500000000001');
    expect(counts(day.judge())).toMatchObject({ duplicated: 1, lost: 1 });
  });
  it('whose order is still named although all of it is shown is a stale exception', () => {
    const day = aDay();
    const orderId = day.order(channel, 1);
    day.leaves(channel, orderId, 1, '15500000000001');
    day.isTold(channel, orderId, '15500000000001');
    day.named.set(`${channel} ${orderId}`, new Set(['despatch-unconfirmed', 'cancel-too-late']));
    expect(counts(day.judge())).toEqual({ made: 1, confirmed: 1, stale: 1 });
  });
});

describe('a deadline', () => {
  it('that passes is late and unalerted where nobody was told before', () => {
    const day = aDay();
    const orderId = day.order('jl', 1);
    day.clock.passMinutes(90);
    expect(counts(day.judge())).toEqual({ lateUnalerted: 1 });
    day.alertedMs.set(`jl ${orderId}`, day.clock.nowMs() - 60 * minuteMs);
    expect(counts(day.judge())).toEqual({});
  });
  it.each([
    ['in time for it', 1, true],
    ['a few minutes before', 28, false],
  ] as const)('missed by what left %s', (_name, minutes, isBreach) => {
    const day = aDay();
    const orderId = day.order('jl', 1);
    day.alertedMs.set(`jl ${orderId}`, day.clock.nowMs());
    day.clock.passMinutes(minutes);
    day.leaves('jl', orderId, 1, '15500000000001');
    day.clock.passMinutes(60);
    day.isTold('jl', orderId, '15500000000001');
    const expected = { made: 1, confirmed: 1, ...(isBreach ? { breaches: 1 } : {}) };
    expect(counts(day.judge())).toEqual(expected);
  });
});
