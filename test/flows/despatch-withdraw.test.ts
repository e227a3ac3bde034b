/** What the warehouse will not send: proposed to a person, or cancelled and refunded by policy, with the money
 *  exact. */
import { describe, expect, it } from 'vitest';
import { decideWithdrawals } from '../../src/despatch/by-hand.ts';
import { listWithdrawals } from '../../src/despatch/withdrawal-store.ts';
import { allRaised, raised, theMarketplaceShows, weSay } from './beliefs.ts';
import {
  expectNothingTwice,
  inTheWarehouse,
  leaves,
  openDespatch,
  unitsGone,
} from './despatched.ts';
import { somebodySaves } from './somebody-else.ts';
import type { Trade } from './trade.ts';

/** Minutes after which no row of a despatch is late any more. */
const rowsAreLateFor = 120;
const auto = { withdrawals: 'auto' };
/** Three at 3.33 with postage that does not divide by three either. */
const threeTees = [{ offerSku: 'TEE', quantity: 3, unitPrice: '3.33', shippingPrice: '2.00' }];

/** Money given back on an order by the marketplace's book, in pence: of goods and of postage. */
function givenBack(trade: Trade, orderId: string) {
  const lines = trade.johnLewis.truth.orders.get(orderId)!.lines;
  const money = (
    all: {
      quantity: number;
      amountPence: number;
      shippingPence: number;
      reasonCode: string | null;
    }[],
  ) =>
    all.map((one) => ({
      units: one.quantity,
      goods: one.amountPence,
      postage: one.shippingPence,
      reason: one.reasonCode,
    }));
  return {
    cancelled: money(lines.flatMap((one) => one.cancelations)),
    refunded: money(lines.flatMap((one) => one.refunds)),
  };
}

async function withdrawals(trade: Trade, orderId: string) {
  const { db } = trade.service.database;
  return listWithdrawals(db, { marketplaceOrderId: orderId });
}

async function somebodyApproves(trade: Trade, orderId: string): Promise<void> {
  const ids = (await withdrawals(trade, orderId)).map((one) => one.id);
  await trade.service.database.db
    .transaction()
    .execute((trx) =>
      decideWithdrawals(trx, trade.clock, { ids, decision: 'approve', who: 'Ann Example' }),
    );
}

/** Somebody in the warehouse lowers the units of the first line, and the order leaves like that. */
async function isSentShort(trade: Trade, orderId: string, itemCode: string, units: number) {
  somebodySaves(
    trade,
    'Sales order items',
    `SalesOrderNumber,ItemCode,QuantityOrdered,Line\n${orderId},${itemCode},${units},1`,
  );
  await trade.pass(6);
  leaves(trade, orderId);
  expect(trade.warehouse.truth.salesOrders.get(orderId)?.status).toBe('Despatched');
  await trade.pass(6);
  expect(await withdrawals(trade, orderId)).toEqual([]);
}

describe('an order that is cancelled in the warehouse', () => {
  it('is proposed to a person, and nothing is done before one approves', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { LAMP: 1, MUG: 2 });
    expect(trade.warehouse.cancelOrderInWarehouse(orderId)).toEqual({ ok: true });
    await trade.pass(12);
    expect(await raised(trade, orderId)).toEqual(['withdrawal-proposed']);
    expect(theMarketplaceShows(trade, orderId)).toEqual(['SHIPPING', 'SHIPPING']);
    await trade.pass(60);
    expect(givenBack(trade, orderId)).toEqual({ cancelled: [], refunded: [] });
    await somebodyApproves(trade, orderId);
    await trade.pass(5);
    expect(givenBack(trade, orderId)).toEqual({
      cancelled: [
        { units: 1, goods: 3000, postage: 0, reason: '34' },
        { units: 2, goods: 1700, postage: 0, reason: '34' },
      ],
      refunded: [],
    });
    expect(theMarketplaceShows(trade, orderId)).toEqual(['CANCELED', 'CANCELED']);
    await trade.pass(5);
    expect(await allRaised(trade)).toEqual([]);
    expect(await weSay(trade, orderId)).toMatchObject({ state: 'cancelled' });
  });

  it('is cancelled at once where the policy says so, with the reason set', async () => {
    const trade = await openDespatch({ despatch: { ...auto, cancelReason: 'OUT_OF_STOCK' } });
    const orderId = await inTheWarehouse(trade, threeTees);
    expect(trade.warehouse.cancelOrderInWarehouse(orderId)).toEqual({ ok: true });
    await trade.pass(12);
    expect(givenBack(trade, orderId).cancelled).toEqual([
      { units: 3, goods: 999, postage: 200, reason: 'OUT_OF_STOCK' },
    ]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('is left alone where the policy says so', async () => {
    const trade = await openDespatch({ despatch: { withdrawals: 'off' } });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.warehouse.cancelOrderInWarehouse(orderId);
    await trade.pass(20);
    expect(await withdrawals(trade, orderId)).toEqual([]);
    expect(givenBack(trade, orderId).cancelled).toEqual([]);
  });

  it('because the shopper cancelled it is no news', async () => {
    const trade = await openDespatch({ despatch: auto });
    const orderId = await inTheWarehouse(trade, { LAMP: 1 });
    trade.johnLewis.shopperCancels(orderId);
    await trade.pass(15);
    expect(await withdrawals(trade, orderId)).toEqual([]);
    expect(givenBack(trade, orderId).cancelled).toHaveLength(1);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('an order that is sent short', () => {
  it.each([
    ['TAX_INCLUDED', false],
    ['TAX_EXCLUDED', false],
    ['TAX_INCLUDED', true],
  ] as const)(
    'has what is missing cancelled with its share of goods and postage, then the rest is told (%s, several shipments: %s)',
    async (taxMode, multiShipment) => {
      const trade = await openDespatch({
        marketplace: { taxMode, multiShipment },
        despatch: auto,
      });
      const orderId = await inTheWarehouse(trade, threeTees);
      await isSentShort(trade, orderId, 'TEE', 2);
      await trade.leap(rowsAreLateFor);
      await trade.pass(15);
      expect(givenBack(trade, orderId)).toEqual({
        cancelled: [{ units: 1, goods: 333, postage: 66, reason: '34' }],
        refunded: [],
      });
      await trade.pass(10);
      expect(unitsGone(trade, orderId)).toEqual({ TEE: [2, 0] });
      expect(await weSay(trade, orderId)).toMatchObject({ state: 'confirmed', wire: 'SHIPPED' });
      expect(await allRaised(trade)).toEqual([]);
      expectNothingTwice(trade);
    },
  );

  it('is proposed to a person; once approved the missing units are cancelled and the rest is told', async () => {
    const trade = await openDespatch();
    const orderId = await inTheWarehouse(trade, { MUG: 3 });
    await isSentShort(trade, orderId, 'MUG', 2);
    await trade.leap(rowsAreLateFor);
    await trade.pass(15);
    expect(await raised(trade, orderId)).toContain('withdrawal-proposed');
    expect(unitsGone(trade, orderId)).toEqual({ MUG: [0, 3] });
    await somebodyApproves(trade, orderId);
    await trade.pass(15);
    expect(givenBack(trade, orderId).cancelled).toMatchObject([{ units: 1, goods: 850 }]);
    expect(unitsGone(trade, orderId)).toEqual({ MUG: [2, 0] });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('and counts as shipped already, by policy: what is missing is refunded', async () => {
    const trade = await openDespatch({
      despatch: { ...auto, partial: 'first' },
      marketplace: { sellerBalance: 'unlimited' },
    });
    const orderId = await inTheWarehouse(trade, threeTees);
    await isSentShort(trade, orderId, 'TEE', 2);
    expect(theMarketplaceShows(trade, orderId)).toEqual(['SHIPPED']);
    await trade.leap(rowsAreLateFor);
    await trade.pass(65);
    expect(givenBack(trade, orderId)).toEqual({
      cancelled: [],
      refunded: [{ units: 1, goods: 333, postage: 66, reason: '15' }],
    });
    const [line] = trade.johnLewis.truth.orders.get(orderId)!.lines;
    expect(line!.refunds[0]?.excludedFromShipment).toBe(true);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('and shipped by hand before anybody approved is refunded in place of it, once', async () => {
    const trade = await openDespatch({ marketplace: { sellerBalance: 'unlimited' } });
    const orderId = await inTheWarehouse(trade, { MUG: 2 });
    await isSentShort(trade, orderId, 'MUG', 1);
    await trade.leap(rowsAreLateFor);
    await trade.pass(10);
    expect(await withdrawals(trade, orderId)).toMatchObject([
      { kind: 'cancel', state: 'proposed' },
    ]);
    trade.johnLewis.operatorShipsByHand(orderId, { carrierCode: 'RM', number: 'AA123456785GB' });
    await trade.pass(15);
    expect(await withdrawals(trade, orderId)).toHaveLength(1);
    await somebodyApproves(trade, orderId);
    await trade.pass(30);
    expect(givenBack(trade, orderId)).toEqual({
      cancelled: [],
      refunded: [{ units: 1, goods: 850, postage: 0, reason: '15' }],
    });
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('a cancellation whose answer is lost', () => {
  it.each([
    ['timeoutAfter', 'a whole line', { LAMP: 1 }, 0],
    ['resetAfter', 'a part of a line', { MUG: 3 }, 2],
    ['halfBody', 'a part of a line', { MUG: 3 }, 2],
    ['timeoutBefore', 'a part of a line', { MUG: 3 }, 2],
    ['serverError', 'a part of a line', { MUG: 3 }, 2],
  ] as const)('by %s, of %s: the money goes back once', async (fault, _what, bought, sent) => {
    const trade = await openDespatch({ despatch: auto });
    const orderId = await inTheWarehouse(trade, bought);
    if (sent > 0) await isSentShort(trade, orderId, 'MUG', sent);
    else trade.warehouse.cancelOrderInWarehouse(orderId);
    trade.johnLewis.faults.next(fault, 1, 'OR30');
    await trade.leap(rowsAreLateFor);
    await trade.pass(30);
    expect(givenBack(trade, orderId).cancelled).toMatchObject([{ units: 1 }]);
    expect(givenBack(trade, orderId).refunded).toEqual([]);
    expect(await withdrawals(trade, orderId)).toMatchObject([{ state: 'done' }]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('that became a refund: the money goes back once', async () => {
    const trade = await openDespatch({
      despatch: { ...auto, partial: 'first' },
      marketplace: { sellerBalance: 'unlimited' },
    });
    const orderId = await inTheWarehouse(trade, { MUG: 3 });
    trade.johnLewis.faults.next('resetAfter', 1, 'OR28');
    await isSentShort(trade, orderId, 'MUG', 2);
    await trade.leap(rowsAreLateFor);
    await trade.pass(65);
    expect(givenBack(trade, orderId)).toMatchObject({ cancelled: [], refunded: [{ goods: 850 }] });
    expect(await withdrawals(trade, orderId)).toMatchObject([{ state: 'done' }]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('because the service dies: the money goes back once, and the rest is told', async () => {
    const trade = await openDespatch({ despatch: auto });
    const orderId = await inTheWarehouse(trade, { MUG: 3 });
    await isSentShort(trade, orderId, 'MUG', 2);
    const died = trade.dieAfter(
      ({ method, url }) => method === 'PUT' && url.endsWith('/orders/cancel'),
    );
    void trade.leap(rowsAreLateFor);
    await died;
    await trade.restart();
    await trade.pass(30);
    expect(givenBack(trade, orderId)).toMatchObject({ cancelled: [{ units: 1 }], refunded: [] });
    expect(unitsGone(trade, orderId)).toEqual({ MUG: [2, 0] });
    expect(await allRaised(trade)).toEqual([]);
  });
});

it('a withdrawal that the marketplace refuses is tried a few times, then left to a person', async () => {
  const trade = await openDespatch({ despatch: { ...auto, cancelReason: 'NO-SUCH' } });
  const orderId = await inTheWarehouse(trade, { LAMP: 1 });
  trade.warehouse.cancelOrderInWarehouse(orderId);
  await trade.pass(60);
  expect(await withdrawals(trade, orderId)).toMatchObject([{ state: 'refused', attempts: 4 }]);
  expect(await raised(trade, orderId)).toContain('withdrawal-refused');
  expect(givenBack(trade, orderId).cancelled).toEqual([]);
});
