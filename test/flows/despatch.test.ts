/** Despatch: what left the warehouse is told to the marketplace, and seen there. */
import { describe, expect, it } from 'vitest';
import { raised, weSay } from './beliefs.ts';
import {
  effectsOn,
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
import { somebodySaves } from './somebody-else.ts';

const shipped = { state: 'SHIPPED', carrier: 'RM', number: parcel.first.trackingNumber };

describe('an operator that knows whole orders only', () => {
  it('a whole order in one parcel is told with carrier and number, and seen shipped', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId);
    await trade.pass(5);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(effectsOn(trade, orderId)).toEqual(['OR23', 'OR24']);
    expect(await stepsOf(trade, orderId)).toEqual(['verified']);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed', wire: 'SHIPPED' });
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('several parcels that are the whole order are told as one, with the number of the first', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 2 }] });
    leaves(trade, orderId, parcel.second);
    await trade.pass(5);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [1, 0], MUG: [2, 0] });
  });

  it('part of an order waits for the rest, says so, and is told when the rest has left', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 1 }] });
    await trade.pass(20);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ state: 'SHIPPING', number: null });
    expect(await whatWeTold(trade, orderId)).toMatchObject([
      { step: 'waiting', waitsFor: 'the other 2 units of the order' },
    ]);
    leaves(trade, orderId, parcel.second);
    await trade.pass(5);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });

  it('where the policy is not to wait, the first parcel confirms the order, once', async () => {
    const trade = await openDespatch({ despatch: { partial: 'first' } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 1 }] });
    await trade.pass(5);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    leaves(trade, orderId, parcel.second);
    await trade.pass(10);
    expect(effectsOn(trade, orderId)).toEqual(['OR23', 'OR24']);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expectNothingTwice(trade);
  });
});

describe('an operator that knows several shipments per order', () => {
  const several = { marketplace: { multiShipment: true } };

  it('a whole order in one parcel is one shipment', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, parcel.dpd);
    await trade.pass(5);
    const number = parcel.dpd.trackingNumber;
    expect(theParcelsShown(trade, orderId)).toEqual([
      { number, carrier: 'DPD', units: { LAMP: 1, MUG: 2 } },
    ]);
    expect(await stepsOf(trade, orderId)).toEqual(['verified']);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed', wire: 'SHIPPED' });
    expect(await raised(trade, orderId)).toEqual([]);
    expectNothingTwice(trade);
  });

  it('each parcel is told as it leaves, with its own units and number', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 3 });
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 2 }] });
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [0, 1], MUG: [2, 1] });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'exported' });
    leaves(trade, orderId, parcel.dpd);
    await trade.pass(5);
    expect(theParcelsShown(trade, orderId)).toEqual([
      { number: parcel.first.trackingNumber, carrier: 'RM', units: { MUG: 2 } },
      { number: parcel.dpd.trackingNumber, carrier: 'DPD', units: { LAMP: 1, MUG: 1 } },
    ]);
    expect(await stepsOf(trade, orderId)).toEqual(['verified', 'verified']);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expectNothingTwice(trade);
  });

  it('parcels of one order that left together are each told once', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, { lines: [{ itemCode: 'LAMP', quantity: 1 }] });
    leaves(trade, orderId, { ...parcel.second, lines: [{ itemCode: 'MUG', quantity: 1 }] });
    leaves(trade, orderId, parcel.dpd);
    await trade.pass(5);
    expect(theParcelsShown(trade, orderId).map((one) => one.units)).toEqual([
      { LAMP: 1 },
      { MUG: 1 },
      { MUG: 1 },
    ]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expectNothingTwice(trade);
  });

  it('lines that the warehouse had as one are told apart again', async () => {
    const trade = await openDespatch({ ...several, channel: { sameSku: 'merge' } });
    const orderId = await inTheWarehouse(trade, [
      { offerSku: 'MUG', quantity: 1, unitPrice: '8.50' },
      { offerSku: 'MUG', quantity: 2, unitPrice: '8.50' },
    ]);
    expect(trade.warehouse.truth.salesOrders.get(orderId)!.lines).toHaveLength(1);
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 2 }] });
    await trade.pass(5);
    const shown = () => trade.johnLewis.truth.shippedLines(orderId).map((one) => one.units);
    expect(shown()).toEqual([1, 1]);
    leaves(trade, orderId, parcel.second);
    await trade.pass(5);
    expect(shown()).toEqual([1, 2]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });

  it('kits leave as components and are told as what was bought', async () => {
    const trade = await openDespatch(several);
    trade.warehouse.addItem({ itemCode: 'SET', kitOf: { MUG: 4, TEE: 1 } });
    trade.johnLewis.setOffer({ shopSku: 'SET', price: '40.00', quantity: 10 });
    const orderId = await inTheWarehouse(trade, { SET: 2, MUG: 1 });
    leaves(trade, orderId, { lines: [{ itemCode: 'SET', quantity: 1 }] });
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ SET: [1, 1], MUG: [0, 1] });
    leaves(trade, orderId, parcel.second);
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ SET: [2, 0], MUG: [1, 0] });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('an order that the warehouse split under new numbers is told as the order it was', async () => {
    const trade = await openDespatch({
      ...several,
      house: { despatch: { splitSuffix: '-\\d+' } },
    });
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    const part = `${orderId}-1`;
    somebodySaves(trade, 'Sales orders', `SalesOrderNumber,Customer\n${part},${part}`);
    somebodySaves(
      trade,
      'Sales order items',
      `SalesOrderNumber,ItemCode,QuantityOrdered,Line\n${part},MUG,2,1`,
    );
    await trade.pass(6);
    leaves(trade, part);
    leaves(trade, orderId, { ...parcel.second, lines: [{ itemCode: 'LAMP', quantity: 1 }] });
    await trade.pass(5);
    expect(theParcelsShown(trade, orderId)).toEqual([
      { number: parcel.first.trackingNumber, carrier: 'RM', units: { MUG: 2 } },
      { number: parcel.second.trackingNumber, carrier: 'RM', units: { LAMP: 1 } },
    ]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });
});
