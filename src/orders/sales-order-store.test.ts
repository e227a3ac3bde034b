import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { orderToStage, sampleLine, sampleOrder, stageContext } from '../../test/sample-orders.ts';
import { toSightedOrder } from './from-mirakl.ts';
import {
  moveSalesOrders,
  nextSalesOrderDue,
  readDueSalesOrders,
  readReferencesToWrite,
  readSalesOrdersOf,
  restartStopped,
  type StepMove,
  saveReferenceResults,
  saveSeenQuantities,
  saveWantedLines,
  stageSalesOrders,
} from './sales-order-store.ts';
import { saveSights } from './store.ts';
import { planSalesOrder } from './to-peoplevox.ts';

const now = new Date('2026-02-03T10:00:00Z');
const later = new Date('2026-02-03T11:00:00Z');
let base: MigratedDatabase;
let warehouse = '';
let number = 0;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

/** A warehouse and channels of its own, with the marketplace orders A and B on channel `one` and A on `two`. */
async function arrange() {
  number += 1;
  warehouse = `main-${number}`;
  const [one, two] = [`one-${number}`, `two-${number}`];
  const sightOf = (marketplaceOrderId: string) => ({
    order: toSightedOrder(sampleOrder({ marketplaceOrderId })),
    state: 'accepted' as const,
    payableAt: now,
    dueAt: now,
  });
  await base.write((trx) =>
    saveSights(trx, { channel: one, warehouse, now }, [sightOf('A'), sightOf('B')]),
  );
  await base.write((trx) => saveSights(trx, { channel: two, warehouse, now }, [sightOf('A')]));
  return { one, two };
}

function staged(channel: string, marketplaceOrderId = 'A', prefix = '', units = 2) {
  const order = orderToStage({ marketplaceOrderId, lines: [sampleLine({ quantity: units })] });
  const { plan } = planSalesOrder(order, stageContext({ channel: { salesOrderPrefix: prefix } }));
  return { channel, marketplaceOrderId, plan };
}

const stage = (...orders: ReturnType<typeof staged>[]) =>
  base.write((trx) => stageSalesOrders(trx, warehouse, now, orders));
const move = (...moves: StepMove[]) => base.write((trx) => moveSalesOrders(trx, warehouse, moves));
const due = (at = now) =>
  readDueSalesOrders(base.db, warehouse, ['staged', 'header-in', 'stopped', 'verified'], at, 100);

describe('stageSalesOrders', () => {
  it('keeps the plan as it is to be sent', async () => {
    const { one } = await arrange();
    const order = staged(one);
    expect(await stage(order)).toEqual([]);
    const [row] = await due();
    expect(row).toMatchObject({
      salesOrderNumber: 'A',
      channel: one,
      marketplaceOrderId: 'A',
      step: 'staged',
      row: order.plan.row,
      customer: null,
      headerSentAt: null,
      lines: [
        {
          line: '1',
          itemCode: 'SKU-1',
          quantity: 2,
          salePrice: '10.00',
          parts: [{ orderLineId: 'A-1', units: 2 }],
          seenQuantity: null,
        },
      ],
    });
  });

  it('one that was never sent is replaced', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    await move({
      salesOrderNumber: 'A',
      step: 'stopped',
      dueAt: later,
      attempts: 3,
      lastError: 'no',
    });
    await stage(staged(one, 'A', '', 5));
    const rows = await due();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ step: 'staged', attempts: 0, lines: [{ quantity: 5 }] });
  });

  it('one that was sent is left as it is', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    await move({ salesOrderNumber: 'A', step: 'header-in', dueAt: now, headerSentAt: now });
    await stage(staged(one, 'A', '', 5));
    expect(await due()).toMatchObject([{ step: 'header-in', lines: [{ quantity: 2 }] }]);
  });

  it('a number that another order has is returned and stays with that order', async () => {
    const { one, two } = await arrange();
    await stage(staged(one));
    expect(await stage(staged(two), staged(one, 'B'))).toEqual(['A']);
    const rows = await due();
    expect(rows.map((row) => [row.salesOrderNumber, row.channel])).toEqual([
      ['A', one],
      ['B', one],
    ]);
  });

  it('an order never sent takes its new number when the prefix was changed', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    expect(await stage(staged(one, 'A', 'JL-'))).toEqual([]);
    expect((await due()).map((row) => row.salesOrderNumber)).toEqual(['JL-A']);
  });

  it('the database refuses a second sales order of an order that was sent', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    await move({ salesOrderNumber: 'A', step: 'header-in', dueAt: now, headerSentAt: now });
    await expect(stage(staged(one, 'A', 'JL-'))).rejects.toThrow(
      /sales_orders_channel_marketplace_order_id_key/,
    );
  });
});

describe('moveSalesOrders', () => {
  it('what a move leaves out stays as it was', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    await move({
      salesOrderNumber: 'A',
      step: 'header-in',
      dueAt: now,
      headerSentAt: now,
      attempts: 2,
      lastError: 'no',
    });
    await move({ salesOrderNumber: 'A', step: 'lines-sent', dueAt: later, linesSentAt: later });
    const row = (await readSalesOrdersOf(base.db, one, ['A'])).get('A');
    expect(row).toMatchObject({
      step: 'lines-sent',
      attempts: 2,
      headerSentAt: now,
      linesSentAt: later,
      seenAt: null,
    });
  });

  it('an order of another warehouse is not touched', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    const first = warehouse;
    await arrange();
    await move({ salesOrderNumber: 'A', step: 'cancelled', dueAt: now });
    warehouse = first;
    expect(await due()).toMatchObject([{ step: 'staged' }]);
  });
});

describe('what is due', () => {
  it('only the asked steps, not before their time, the oldest first, never a finished one', async () => {
    const { one } = await arrange();
    await stage(staged(one), staged(one, 'B'));
    await move({ salesOrderNumber: 'A', step: 'header-in', dueAt: later });
    expect((await due()).map((row) => row.salesOrderNumber)).toEqual(['B']);
    expect((await due(later)).map((row) => row.salesOrderNumber)).toEqual(['B', 'A']);
    expect(await nextSalesOrderDue(base.db, warehouse)).toEqual(now);
    await move({ salesOrderNumber: 'B', step: 'verified', dueAt: now });
    expect((await due(later)).map((row) => row.salesOrderNumber)).toEqual(['A']);
    expect(await nextSalesOrderDue(base.db, warehouse)).toEqual(later);
    await move({ salesOrderNumber: 'A', step: 'cancelled', dueAt: now });
    expect(await nextSalesOrderDue(base.db, warehouse)).toBeNull();
  });

  it('a stopped order starts again when its rest is over', async () => {
    const { one } = await arrange();
    await stage(staged(one));
    await move({ salesOrderNumber: 'A', step: 'stopped', dueAt: later, attempts: 3 });
    expect(await base.write((trx) => restartStopped(trx, warehouse, now))).toBe(0);
    expect(await base.write((trx) => restartStopped(trx, warehouse, later))).toBe(1);
    expect(await due(later)).toMatchObject([{ step: 'staged', attempts: 0 }]);
  });
});

describe('lines of an order that was sent', () => {
  it('get new quantities and new lines; numbers above nine stand behind nine', async () => {
    const { one } = await arrange();
    const order = staged(one);
    await stage(order);
    const [first] = order.plan.lines;
    const wanted = [
      { ...first!, quantity: 1 },
      ...['10', '9'].map((line) => ({ ...first!, line })),
    ];
    await base.write((trx) => saveWantedLines(trx, warehouse, 'A', wanted));
    await base.write((trx) =>
      saveSeenQuantities(trx, warehouse, [{ salesOrderNumber: 'A', line: '9', quantity: 4 }]),
    );
    const [row] = await due();
    expect(row?.lines.map((line) => [line.line, line.quantity, line.seenQuantity])).toEqual([
      ['1', 1, null],
      ['9', 2, 4],
      ['10', 2, null],
    ]);
  });
});

describe('references', () => {
  it('wait from the first verification until the marketplace took them', async () => {
    const { one } = await arrange();
    await stage(staged(one), staged(one, 'B'));
    await move({ salesOrderNumber: 'A', step: 'verified', dueAt: now, referenceDueAt: now });
    const waiting = (at = now) => readReferencesToWrite(base.db, one, at, 100);
    expect(await waiting()).toEqual([
      { marketplaceOrderId: 'A', salesOrderNumber: 'A', warehouse },
    ]);
    const note = (dueAt: Date | null) =>
      base.write((trx) =>
        saveReferenceResults(trx, one, now, [{ marketplaceOrderId: 'A', dueAt }]),
      );
    await note(later);
    expect(await waiting()).toEqual([]);
    expect(await waiting(later)).toHaveLength(1);
    await note(null);
    expect(await waiting(later)).toEqual([]);
  });
});
