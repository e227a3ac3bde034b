/** Reports and people that say odd things: each ends in a named state, none in silence. */
import { describe, expect, it } from 'vitest';
import { allRaised, exceptionsOf, raised, theHistory, weSay } from './beliefs.ts';
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
import type { Trade } from './trade.ts';

const number = parcel.first.trackingNumber;
const shipped = { state: 'SHIPPED', carrier: 'RM', number };
const several = { marketplace: { multiShipment: true } };

/** Somebody adds to an order in the warehouse. */
function somebodyAdds(trade: Trade, orderId: string, line: string): void {
  somebodySaves(
    trade,
    'Sales order items',
    `SalesOrderNumber,ItemCode,QuantityOrdered,Line\n${orderId},${line}`,
  );
}

describe('the despatch report', () => {
  it.each([
    ['within the overlap', 45],
    ['beyond the overlap', 150],
  ])('shows rows late with an older date, %s: they are found', async (_when, minutes) => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, { visibleAfterMs: minutes * 60_000 });
    await trade.pass(minutes - 1);
    expect(effectsOn(trade, orderId)).toEqual([]);
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
  });

  it('repeats rows: units count once', async () => {
    const trade = await openDespatch(several);
    trade.warehouse.faults.set('duplicateRow', 1, 'GetReportData');
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    leaves(trade, orderId, { lines: [{ itemCode: 'MUG', quantity: 1 }] });
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [0, 1], MUG: [1, 1] });
    leaves(trade, orderId, parcel.second);
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [1, 0], MUG: [2, 0] });
    expect(await raised(trade, orderId)).toEqual([]);
    expectNothingTwice(trade);
  });

  it('comes in part: what is missing is read again', async () => {
    const trade = await openDespatch(several);
    const [a, b] = [
      await inTheWarehouse(trade, { LAMP: 1, MUG: 1, TEE: 1 }),
      await inTheWarehouse(trade, { LAMP: 1, MUG: 1 }),
    ];
    trade.warehouse.faults.next('halfReport', 6, 'GetReportData');
    leaves(trade, a);
    leaves(trade, b, parcel.second);
    await trade.pass(20);
    expect(unitsGone(trade, a)).toEqual({ LAMP: [1, 0], MUG: [1, 0], TEE: [1, 0] });
    expect(unitsGone(trade, b)).toEqual({ LAMP: [1, 0], MUG: [1, 0] });
    expectNothingTwice(trade);
  });

  it("names an order of somebody else's: it is kept, touches nothing, and raises nothing", async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    somebodySaves(trade, 'Sales orders', 'SalesOrderNumber,Customer\nWEB-77,WEB-77');
    somebodyAdds(trade, 'WEB-77', 'MUG,1,1');
    await trade.pass(6);
    leaves(trade, 'WEB-77', parcel.second);
    leaves(trade, orderId);
    await trade.pass(5);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(await allRaised(trade)).toEqual([]);
    const kept = await trade.service.database.db
      .selectFrom('despatch_rows')
      .select('sales_order_number')
      .execute();
    expect(kept.map((one) => one.sales_order_number).sort()).toEqual([orderId, 'WEB-77'].sort());
  });

  it('has more units than were ordered: those ordered are told, the rest is raised', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { MUG: 2 });
    somebodyAdds(trade, orderId, 'MUG,3,1');
    await trade.pass(6);
    leaves(trade, orderId);
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ MUG: [2, 0] });
    expect(await raised(trade, orderId)).toContain('despatch-too-many');
  });

  it('has an item that was not ordered: the rest is told, the item is raised', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { MUG: 2 });
    somebodyAdds(trade, orderId, 'TEE,1,2');
    await trade.pass(6);
    leaves(trade, orderId);
    await trade.pass(5);
    expect(unitsGone(trade, orderId)).toEqual({ MUG: [2, 0] });
    expect(await raised(trade, orderId)).toContain('despatch-not-ordered');
    const all = await exceptionsOf(trade, orderId);
    expect(all.find((one) => one.code === 'despatch-not-ordered')?.message).toContain(
      '1 unit of TEE left the warehouse, which this order did not ask for',
    );
  });

  it("has carrier and tracking number in each other's column: both are named, nothing is sent", async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId, { carrier: number, trackingNumber: 'Royal Mail' });
    await trade.pass(5);
    expect(effectsOn(trade, orderId)).toEqual([]);
    expect(await raised(trade, orderId)).toEqual(['tracking-doubtful']);
    expect(await raised(trade, `${number} / Standard`)).toEqual(['carrier-unmapped']);
  });

  it('dates in the order of the US where the settings say otherwise: raised, and told once they are put right', async () => {
    // The 20th: there is no twentieth month.
    const trade = await openDespatch({ warehouse: { dateOrder: 'month-first' } });
    await trade.leap(18 * 24 * 60);
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId);
    await trade.pass(15);
    expect(await allRaised(trade)).toContain('despatch-dates-swapped main');
    expect(effectsOn(trade, orderId)).toEqual([]);
    trade.settings.warehouses[0]!.dateOrder = 'month-first';
    await trade.restart();
    await trade.pass(15);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
  });
});

describe('people in the back office of the marketplace', () => {
  it('ship an order by hand with the same number: nothing is told again, and it is done', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.operatorShipsByHand(orderId, { carrierCode: 'RM', number });
    await trade.pass(3);
    leaves(trade, orderId);
    await trade.pass(10);
    expect(effectsOn(trade, orderId).filter((one) => one !== 'by hand')).toEqual([]);
    expect(await stepsOf(trade, orderId)).toEqual(['moot']);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('ship an order by hand with another number: nothing is told again, the other number is raised', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.operatorShipsByHand(orderId, { carrierCode: 'DPD', number: '15501234567890' });
    await trade.pass(3);
    leaves(trade, orderId);
    await trade.pass(10);
    expect(effectsOn(trade, orderId).filter((one) => one !== 'by hand')).toEqual([]);
    expect(await raised(trade, orderId)).toEqual(['despatch-by-hand']);
    expect(theCustomerSees(trade, orderId)).toMatchObject({ carrier: 'DPD' });
  });

  it('ship an order by hand in the moment it leaves: it is despatched once', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId);
    trade.johnLewis.operatorShipsByHand(orderId, { carrierCode: 'RM', number });
    await trade.pass(10);
    expect(theCustomerSees(trade, orderId)).toEqual(shipped);
    expect(trade.johnLewis.truth.shipped).toHaveLength(1);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
    expect(await raised(trade, orderId)).toEqual([]);
  });

  it('ship a parcel by hand that has left under the same number: it is no second shipment', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId);
    trade.johnLewis.operatorShipsByHand(orderId, { carrierCode: 'RM', number });
    await trade.pass(15);
    expect(theParcelsShown(trade, orderId)).toHaveLength(1);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [1, 0] });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed' });
  });
});

describe('an order that is cancelled on the marketplace', () => {
  it('after it left the warehouse: nothing is told, and a person hears of the goods', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    leaves(trade, orderId);
    expect(trade.johnLewis.shopperCancels(orderId)).toBe(true);
    await trade.pass(10);
    expect(effectsOn(trade, orderId)).toEqual([]);
    expect(await raised(trade, orderId)).toContain('despatch-after-cancel');
    expect(await stepsOf(trade, orderId)).toEqual(['moot']);
  });

  it('of which one line is cancelled after it left: the other line is told, the goods are raised', async () => {
    const trade = await openDespatch(several);
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    const [lamp] = trade.johnLewis.truth.orders.get(orderId)!.lines;
    expect(trade.johnLewis.shopperCancels(orderId, [lamp!.lineId])).toBe(true);
    leaves(trade, orderId);
    await trade.pass(15);
    expect(unitsGone(trade, orderId)).toEqual({ LAMP: [0, 0], MUG: [2, 0] });
    expect(await raised(trade, orderId)).toContain('despatch-after-cancel');
    expect((await whatWeTold(trade, orderId)).map((one) => one.step)).toEqual(['verified']);
    expect(await theHistory(trade, orderId)).toContain('state: exported -> despatched');
  });

  it('before it leaves: the despatch never happens, and nothing is owed', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    expect(trade.johnLewis.shopperCancels(orderId)).toBe(true);
    await trade.pass(10);
    expect(trade.warehouse.pickStarts(orderId)).toMatchObject({ ok: false });
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'cancelled' });
    expect(await allRaised(trade)).toEqual([]);
  });
});
