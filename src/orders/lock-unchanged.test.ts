import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { sampleOrder } from '../../test/sample-orders.ts';
import { toSightedOrder } from './from-mirakl.ts';
import { lockUnchanged, postpone, readDueOrders, recordTransition, saveSights } from './store.ts';

const now = new Date('2026-02-03T10:00:00Z');
const later = new Date('2026-02-03T10:05:00Z');
let base: MigratedDatabase;
beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

/** Sees an order that is to be shipped; a note from the shopper makes it another sight. */
function see(channel: string, at: Date, commercialId = 'BASKET') {
  const order = toSightedOrder(sampleOrder({ commercialId, updatedAt: at }));
  return base.write((trx) =>
    saveSights(trx, { channel, warehouse: 'main', now: at }, [
      { order, state: 'accepted', payableAt: at, dueAt: at },
    ]),
  );
}

async function dueAt(channel: string): Promise<Date | null | undefined> {
  const row = await base.db
    .selectFrom('orders')
    .select('due_at')
    .where('channel', '=', channel)
    .executeTakeFirst();
  return row?.due_at;
}

// A harsh day (seed 21) cancelled an order while staging waited for the warehouse's items; staging then cleared
// its due time by what it had read before, and nobody looked at the cancellation.
describe('work on orders that were read before the vendor was asked', () => {
  it('an order that is still as it was read is locked', async () => {
    await see('same', now);
    const due = await readDueOrders(base.db, 'same', now, 10);
    const locked = await base.write((trx) => lockUnchanged(trx, 'same', due));
    expect([...locked]).toEqual(due.map((order) => order.marketplace_order_id));
  });

  it('an order that was seen anew since is left alone, and stays due', async () => {
    await see('anew', now);
    const due = await readDueOrders(base.db, 'anew', now, 10);
    await see('anew', later, 'BASKET-CHANGED');
    const locked = await base.write((trx) => lockUnchanged(trx, 'anew', due));
    expect(locked.size).toBe(0);
    expect(await dueAt('anew')).toEqual(later);
  });

  it('an order that has moved on since is left alone', async () => {
    await see('moved', now);
    const due = await readDueOrders(base.db, 'moved', now, 10);
    const move = { from: 'accepted', to: 'parked', why: 'test' } as const;
    const key = { channel: 'moved', marketplaceOrderId: due[0]!.marketplace_order_id };
    await base.write((trx) => recordTransition(trx, now, [{ ...key, ...move }]));
    expect((await base.write((trx) => lockUnchanged(trx, 'moved', due))).size).toBe(0);
  });

  it('a move that says nothing of the due time leaves a newer one standing', async () => {
    await see('standing', later);
    const key = { channel: 'standing', marketplaceOrderId: sampleOrder().marketplaceOrderId };
    const move = { from: 'accepted', to: 'exported', why: 'seen whole' } as const;
    await base.write((trx) => recordTransition(trx, later, [{ ...key, ...move }]));
    expect(await dueAt('standing')).toEqual(later);
  });

  it('a hold before acceptance does not put off an order that is accepted by now', async () => {
    await see('held', now);
    const key = { channel: 'held', marketplaceOrderId: sampleOrder().marketplaceOrderId };
    await base.write((trx) => postpone(trx, [{ ...key, dueAt: later }], 'WAITING_ACCEPTANCE'));
    expect(await dueAt('held')).toEqual(now);
  });
});
