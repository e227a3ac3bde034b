/** Carriers and tracking numbers: late, never, unknown, doubtful, and changed after they were told. */
import { describe, expect, it } from 'vitest';
import { allRaised, exceptionsOf, raised, weSay } from './beliefs.ts';
import {
  effectsOn,
  expectNothingTwice,
  inTheWarehouse,
  leaves,
  openDespatch,
  parcel,
  somebodyMaps,
  stepsOf,
  theCustomerSees,
  theParcelsShown,
  whatWeTold,
} from './despatched.ts';
import { johnLewis, type Trade } from './trade.ts';

const number = parcel.first.trackingNumber;
const waiting = { state: 'SHIPPING', number: null };
const letters = { shippingTypes: { STD: 'Standard', EXP: 'Express', LETTER: 'Standard' } };

describe('a tracking number that is not there yet', () => {
  it.each([
    ['within the hour', 20],
    ['hours later', 300],
  ])('%s it comes without a new date: the parcel is told then', async (_when, minutes) => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId, { trackingNumber: '' });
    await trade.pass(minutes);
    expect(theCustomerSees(trade, orderId)).toMatchObject(waiting);
    trade.warehouse.setTracking(despatch, number);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toEqual({ state: 'SHIPPED', carrier: 'RM', number });
    expect(await raised(trade, orderId)).toEqual([]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });

  it('never comes: by policy the parcel waits, and after half an hour it is raised', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, { trackingNumber: '' });
    await trade.pass(28);
    expect(await raised(trade, orderId)).toEqual([]);
    await trade.pass(5);
    expect(await raised(trade, orderId)).toEqual(['despatch-unconfirmed']);
    const [one] = await exceptionsOf(trade, orderId);
    expect(one?.message).toContain('it waits for a tracking number');
    await trade.pass(300);
    expect(await exceptionsOf(trade, orderId)).toHaveLength(1);
    expect(theCustomerSees(trade, orderId)).toMatchObject(waiting);
  });

  it.each([
    ['whole orders', false],
    ['several shipments', true],
  ])(
    'may be left out by policy after an hour, where the shipping type allows (%s)',
    async (_what, multiShipment) => {
      const trade = await openDespatch({
        marketplace: { multiShipment },
        channel: letters,
        despatch: { withoutTracking: 'send' },
      });
      const orderId = await inTheWarehouse(trade, { LAMP: 1 }, { shippingTypeCode: 'LETTER' });
      leaves(trade, orderId, { trackingNumber: '' });
      await trade.pass(55);
      expect(trade.johnLewis.truth.orders.get(orderId)?.state).toBe('SHIPPING');
      await trade.pass(15);
      expect(trade.johnLewis.truth.orders.get(orderId)?.state).toBe('SHIPPED');
      await trade.pass(5);
      expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
      expect(await raised(trade, orderId)).toEqual([]);
      expectNothingTwice(trade);
    },
  );

  it('is never left out where the shipping type needs it', async () => {
    const trade = await openDespatch({ despatch: { withoutTracking: 'send' } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId, { trackingNumber: '' });
    await trade.pass(120);
    expect(theCustomerSees(trade, orderId)).toMatchObject(waiting);
    expect(effectsOn(trade, orderId)).toEqual([]);
    expect(await whatWeTold(trade, orderId)).toMatchObject([
      { waitsFor: 'a tracking number, without which it cannot be despatched' },
    ]);
    trade.warehouse.setTracking(despatch, number);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number });
  });

  it('that comes after the parcel was told without one is told too', async () => {
    const trade = await openDespatch({
      channel: letters,
      despatch: { withoutTracking: 'send', trackingWaitMinutes: 5 },
    });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 }, { shippingTypeCode: 'LETTER' });
    const despatch = leaves(trade, orderId, { trackingNumber: '' });
    await trade.pass(20);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number: null });
    trade.warehouse.setTracking(despatch, number);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number });
    expect(await stepsOf(trade, orderId)).toEqual(['verified']);
  });
});

describe('a carrier that the marketplace does not know by that name', () => {
  const odd = { carrier: 'Royal Mail 24', trackingNumber: number };

  it('is raised when it is first seen, with the likeliest ones, and goes on once it is mapped', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, odd);
    await trade.pass(1);
    const subject = 'Royal Mail 24 / Standard';
    expect(await raised(trade, subject, johnLewis)).toEqual(['carrier-unmapped']);
    const [one] = await exceptionsOf(trade, subject);
    expect(one?.evidence).toMatchObject({ nearest: [{ code: 'RM' }], order: orderId });
    await trade.pass(10);
    expect(effectsOn(trade, orderId)).toEqual([]);
    await somebodyMaps(trade, 'Royal Mail 24', { code: 'RM' });
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toEqual({ state: 'SHIPPED', carrier: 'RM', number });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('holds up only its own parcels', async () => {
    const trade = await openDespatch();
    const [held, other] = [
      await inTheWarehouse(trade, { LAMP: 1 }),
      await inTheWarehouse(trade, { MUG: 1 }),
    ];
    leaves(trade, held, odd);
    leaves(trade, other, parcel.dpd);
    await trade.pass(5);
    expect(theCustomerSees(trade, other)).toMatchObject({ state: 'SHIPPED', carrier: 'DPD' });
    expect(theCustomerSees(trade, held)).toMatchObject(waiting);
  });

  it('may be told by its own name and page', async () => {
    const trade = await openDespatch();
    await somebodyMaps(trade, 'Local Van', {
      name: 'Local Van Ltd',
      url: 'https://van.example.test/?n={number}',
    });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, { carrier: 'Local Van', trackingNumber: 'VAN 0042/7' });
    await trade.pass(5);
    expect(trade.johnLewis.truth.orders.get(orderId)).toMatchObject({
      state: 'SHIPPED',
      tracking: {
        carrierCode: null,
        carrierName: 'Local Van Ltd',
        number: 'VAN 0042/7',
        url: 'https://van.example.test/?n=VAN%200042%2F7',
      },
    });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });

  it('cannot be told by its own name where only registered carriers are taken, and is raised', async () => {
    const trade = await openDespatch({ marketplace: { alternativeCarriers: false } });
    await somebodyMaps(trade, 'Local Van', { name: 'Local Van Ltd', url: null });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, { carrier: 'Local Van', trackingNumber: 'VAN 0042/7' });
    await trade.pass(5);
    expect(effectsOn(trade, orderId)).toEqual([]);
    expect(await raised(trade, 'Local Van / Standard')).toEqual(['carrier-unmapped']);
  });
});

describe('a tracking number that does not look like one', () => {
  async function aDoubtfulParcel(trackingNumber: string, despatch = {}) {
    const trade = await openDespatch({ despatch });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatchNumber = leaves(trade, orderId, { trackingNumber });
    await trade.pass(10);
    return { trade, orderId, despatchNumber };
  }
  const shapes = [{ carrier: 'Royal Mail', pattern: '[A-Z]{2}\\d{9}GB' }];

  it.each([
    ['with a digit wrong', 'AA123456789GB', {}],
    ['cut off', 'AA1234567...', {}],
    ['of another shape than the carrier has', '15501234567890', { trackingShapes: shapes }],
    ["that is the carrier's name", 'Royal Mail', {}],
    ['that is a date', '02/02/2026', {}],
    ['that is a postcode', 'LS1 4AP', {}],
  ])(
    '%s is held back and raised, and goes on when it is put right',
    async (_what, wrong, despatch) => {
      const { trade, orderId, despatchNumber } = await aDoubtfulParcel(wrong, despatch);
      expect(effectsOn(trade, orderId)).toEqual([]);
      expect(await raised(trade, orderId)).toEqual(['tracking-doubtful']);
      trade.warehouse.setTracking(despatchNumber, number);
      await trade.pass(10);
      expect(theCustomerSees(trade, orderId)).toEqual({ state: 'SHIPPED', carrier: 'RM', number });
      expect(await raised(trade, orderId)).toEqual([]);
    },
  );

  it('is told as it is when a person lets it pass', async () => {
    const odd = 'AA123456789GB';
    const { trade, orderId } = await aDoubtfulParcel(odd);
    await somebodyLetsItPass(trade, orderId);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number: odd });
    expect(await raised(trade, orderId)).toEqual([]);
  });
});

async function somebodyLetsItPass(trade: Trade, orderId: string): Promise<void> {
  await trade.service.database.db
    .updateTable('confirmations')
    .set((eb) => ({ accepted_tracking: eb.ref('tracking_number') }))
    .where('marketplace_order_id', '=', orderId)
    .execute();
}

describe('a tracking number that changes after it was told', () => {
  const after = parcel.second.trackingNumber;

  it('is corrected for a whole order, which is not despatched again', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId);
    await trade.pass(5);
    trade.warehouse.setTracking(despatch, after);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number: after });
    expect(effectsOn(trade, orderId)).toEqual(['OR23', 'OR24', 'OR23']);
    expect(await whatWeTold(trade, orderId)).toMatchObject([{ step: 'verified', told: after }]);
    expectNothingTwice(trade);
  });

  it('is corrected for its shipment alone', async () => {
    const trade = await openDespatch({ marketplace: { multiShipment: true } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 1 });
    const despatch = leaves(trade, orderId, { lines: [{ itemCode: 'LAMP', quantity: 1 }] });
    leaves(trade, orderId, parcel.dpd);
    await trade.pass(5);
    trade.warehouse.setTracking(despatch, after);
    await trade.pass(10);
    expect(theParcelsShown(trade, orderId).map((one) => one.number)).toEqual([
      after,
      parcel.dpd.trackingNumber,
    ]);
    expect(await stepsOf(trade, orderId)).toEqual(['verified', 'verified']);
    expectNothingTwice(trade);
  });

  it('while the answer to the first is still out is corrected within the hour', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId);
    const died = trade.dieAfter(({ method, url }) => method === 'PUT' && url.endsWith('/ship'));
    void trade.pass(2);
    await died;
    trade.warehouse.setTracking(despatch, after);
    await trade.restart();
    await trade.pass(65);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number: after });
    expect(await stepsOf(trade, orderId)).toEqual(['verified']);
    expectNothingTwice(trade);
  });

  it('twice while the marketplace is away is told as it is in the end', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId);
    await trade.pass(5);
    trade.johnLewis.goDown(15 * 60_000);
    trade.warehouse.setTracking(despatch, '15501234567890');
    await trade.pass(5);
    trade.warehouse.setTracking(despatch, after);
    await trade.pass(30);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPED', number: after });
    expect(effectsOn(trade, orderId)).toEqual(['OR23', 'OR24', 'OR23']);
  });

  it('to one that is doubtful is not told, and raised', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId);
    await trade.pass(5);
    trade.warehouse.setTracking(despatch, 'AA123456789GB');
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ number });
    expect(await raised(trade, orderId)).toEqual(['tracking-doubtful']);
  });

  it('once the customer has the goods is raised, for the marketplace takes no more', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    const despatch = leaves(trade, orderId);
    await trade.pass(5);
    trade.johnLewis.receive(orderId);
    trade.warehouse.setTracking(despatch, after);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'RECEIVED', number });
    expect(await raised(trade, orderId)).toEqual(['tracking-correction-refused']);
    expect(await stepsOf(trade, orderId)).toEqual(['verified']);
  });
});
