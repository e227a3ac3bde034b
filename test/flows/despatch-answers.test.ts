/** Answers that are refusals, that never come, or that are not true: nothing is told twice, everything is told. */
import { describe, expect, it } from 'vitest';
import { allRaised, exceptionsOf, raised, theFlow, weSay } from './beliefs.ts';
import {
  expectNothingTwice,
  inTheWarehouse,
  leaves,
  openDespatch,
  parcel,
  stepsOf,
  theCustomerSees,
  theParcelsShown,
  unitsGone,
  whatWeTold,
} from './despatched.ts';
import { johnLewis, type Trade, textOf } from './trade.ts';

const number = parcel.first.trackingNumber;
const shipped = { state: 'SHIPPED', carrier: 'RM', number };
const several = { marketplace: { multiShipment: true } };

/** The marketplace refuses every call that would ship this order, with these words. */
function theMarketplaceRefuses(trade: Trade, orderId: string, words: string): void {
  trade.network[johnLewis]!.instead = (request) => {
    const isShipping =
      (request.method === 'PUT' && request.target.includes(`/orders/${orderId}/ship`)) ||
      (request.method === 'POST' &&
        request.target.startsWith('/api/shipments') &&
        textOf(request.body).includes(orderId));
    if (!isShipping) return null;
    const body = JSON.stringify({ status: 400, message: words });
    const headers = { 'content-type': 'application/json;charset=UTF-8' };
    return { status: 400, headers, body, delayMs: 0 };
  };
}

describe('a despatch that the marketplace refuses', () => {
  it.each([
    ['whole orders', false],
    ['several shipments in one call', true],
  ])(
    'delays no other, is raised once, tried seldom, and told when it is taken (%s)',
    async (_what, multiShipment) => {
      const trade = await openDespatch({ marketplace: { multiShipment } });
      const ids = [];
      for (let n = 0; n < 3; n += 1) ids.push(await inTheWarehouse(trade, { LAMP: 1 }));
      const [bad, ...good] = ids as [string, string, string];
      theMarketplaceRefuses(trade, bad, 'The delivery was put on hold');
      for (const id of ids) leaves(trade, id);
      await trade.pass(3);
      for (const id of good) expect(trade.johnLewis.truth.orders.get(id)?.state).toBe('SHIPPED');
      expect(await raised(trade, bad)).toEqual(['confirmation-refused']);
      expect((await exceptionsOf(trade, bad))[0]?.message).toContain(
        'The delivery was put on hold',
      );
      await trade.pass(60);
      expect(await raised(trade, bad)).toEqual(['confirmation-refused', 'despatch-unconfirmed']);
      expect((await theFlow(trade, 'despatch.confirm')).failures).toBe(0);
      trade.network[johnLewis]!.instead = () => null;
      await trade.pass(65);
      expect(trade.johnLewis.truth.orders.get(bad)?.state).toBe('SHIPPED');
      expect(await weSay(trade, bad)).toMatchObject({ state: 'confirmed' });
      expect(await allRaised(trade)).toEqual([]);
      expectNothingTwice(trade);
    },
  );
});

describe('a marketplace that is away', () => {
  it.each([
    ['whole orders', false],
    ['several shipments', true],
  ])(
    'for two hours is told everything when it is back, and a person hears of it meanwhile (%s)',
    async (_what, multiShipment) => {
      const trade = await openDespatch({ marketplace: { multiShipment } });
      const ids = [];
      for (let n = 0; n < 3; n += 1) ids.push(await inTheWarehouse(trade, { LAMP: 1 }));
      trade.johnLewis.goDown(120 * 60_000);
      for (const id of ids) leaves(trade, id);
      await trade.pass(40);
      for (const id of ids) expect(await raised(trade, id)).toEqual(['despatch-unconfirmed']);
      await trade.pass(100);
      for (const id of ids) {
        expect(trade.johnLewis.truth.orders.get(id)?.state).toBe('SHIPPED');
        expect(await weSay(trade, id)).toMatchObject({ state: 'confirmed' });
        expect(await exceptionsOf(trade, id)).toHaveLength(1);
      }
      expect((await allRaised(trade)).filter((one) => one.startsWith('despatch'))).toEqual([]);
      expectNothingTwice(trade);
    },
  );
});

describe('an answer that is lost', () => {
  const calls: [string, boolean, (request: { method: string; url: string }) => boolean][] = [
    ['OR23', false, ({ method, url }) => method === 'PUT' && url.endsWith('/tracking')],
    ['OR24', false, ({ method, url }) => method === 'PUT' && url.endsWith('/ship')],
    ['ST01', true, ({ method, url }) => method === 'POST' && url.endsWith('/api/shipments')],
  ];

  it.each(calls)(
    'of %s because the service dies: nothing is told twice, everything is told',
    async (_call, multiShipment, isMeant) => {
      const trade = await openDespatch({ marketplace: { multiShipment } });
      const ids = [];
      for (let n = 0; n < 3; n += 1) ids.push(await inTheWarehouse(trade, { LAMP: 1, MUG: 1 }));
      for (const id of ids) leaves(trade, id);
      const died = trade.dieAfter(isMeant);
      void trade.pass(2);
      await died;
      await trade.restart();
      await trade.pass(10);
      for (const id of ids) {
        expect(unitsGone(trade, id)).toEqual({ LAMP: [1, 0], MUG: [1, 0] });
        expect(await stepsOf(trade, id)).toEqual(['verified']);
        expect(await weSay(trade, id)).toMatchObject({ state: 'confirmed' });
      }
      expect(await allRaised(trade)).toEqual([]);
      expectNothingTwice(trade);
    },
  );

  const faults = [
    'timeoutAfter',
    'resetAfter',
    'halfBody',
    'timeoutBefore',
    'resetBefore',
    'serverError',
  ] as const;
  it.each(
    calls.flatMap(([call, multiShipment]) =>
      faults.map((fault) => [call, fault, multiShipment] as const),
    ),
  )('of %s by %s: it is looked up, and told once', async (call, fault, multiShipment) => {
    const trade = await openDespatch({ marketplace: { multiShipment } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    trade.johnLewis.faults.next(fault, 2, call);
    leaves(trade, orderId);
    await trade.pass(12);
    expect(trade.johnLewis.truth.orders.get(orderId)?.state).toBe('SHIPPED');
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [1, 0], MUG: [2, 0] });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(await raised(trade, orderId)).toEqual([]);
    expectNothingTwice(trade);
  });

  it('of one of two parcels that look alike: the other is not taken for it', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { MUG: 2 });
    const lines = [{ itemCode: 'MUG', quantity: 1 }];
    leaves(trade, orderId, { lines });
    await trade.pass(5);
    trade.johnLewis.faults.next('timeoutBefore', 1, 'ST01');
    leaves(trade, orderId, { lines });
    await trade.pass(10);
    expect(theParcelsShown(trade, orderId).map((one) => one.units)).toEqual([
      { MUG: 1 },
      { MUG: 1 },
    ]);
    expect(await stepsOf(trade, orderId)).toEqual(['verified', 'verified']);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });
});

describe('an answer that is not true', () => {
  it('taken and not shipped: told again after a while, then done', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.faults.next('shipIgnored', 1, 'OR24');
    leaves(trade, orderId);
    await trade.pass(15);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPING' });
    expect(await stepsOf(trade, orderId)).toEqual(['shipped']);
    await trade.pass(15);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('taken and not shipped again and again: raised, until it is seen', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.faults.next('shipIgnored', 3, 'OR24');
    leaves(trade, orderId);
    await trade.pass(50);
    expect(await raised(trade, orderId)).toContain('despatch-not-applied');
    await trade.pass(40);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('a shipment taken and not shipped is never made twice: it is shipped, and raised meanwhile', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.faults.next('shipIgnored', 1, 'ST01');
    leaves(trade, orderId);
    await trade.pass(30);
    expect(trade.johnLewis.truth.shipments.size).toBe(1);
    await trade.pass(40);
    expect(trade.johnLewis.truth.shipments.size).toBe(1);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [1, 0] });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expectNothingTwice(trade);
  });

  it.each([
    ['OR23', false],
    ['ST01', true],
  ])(
    'tracking taken by %s and shown nowhere: told again, then done',
    async (call, multiShipment) => {
      const trade = await openDespatch({ marketplace: { multiShipment } });
      const orderId = await inTheWarehouse(trade, { LAMP: 1 });
      trade.johnLewis.faults.next('trackingLost', 1, call);
      leaves(trade, orderId);
      await trade.pass(45);
      const told = trade.johnLewis.truth.shippedLines(orderId)[0]?.entries[0]?.trackingNow;
      expect(told).toMatchObject({ number, isLost: false });
      expect(await whatWeTold(trade, orderId)).toMatchObject([{ step: 'verified', told: number }]);
      expect(trade.johnLewis.truth.shipped).toHaveLength(1);
      expect(await raised(trade, orderId)).toEqual([]);
      expectNothingTwice(trade);
    },
  );
});
