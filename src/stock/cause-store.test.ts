/** Causes that nothing else would come back to close. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { readItemsFound, readUnstuck, settleOthers } from './cause-store.ts';

let base: MigratedDatabase;
const at = new Date('2026-11-23T10:00:00Z');

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(async () => {
  await sql`truncate exceptions, stock_listings, stock_items, stock_reservations, orders cascade`.execute(
    base.db,
  );
});

async function raised(code: string, connection: string, subjectId: string, state = 'open') {
  await sql`insert into exceptions (code, connection, subject_kind, subject_id, state, owner, severity,
      message, evidence, opened_at, last_seen_at)
    values (${code}, ${connection}, 'item', ${subjectId}, ${state}, 'warehouse', 'high', '', '{}', ${at}, ${at})`.execute(
    base.db,
  );
}

/** Subjects that would be settled. */
async function settledBy(given: Omit<Parameters<typeof settleOthers>[2], 'why'>) {
  const settled: string[] = [];
  const exceptions = {
    raise: async () => {},
    settle: async (_: unknown, subjects: readonly { subjectId: string }[]) => {
      settled.push(...subjects.map((one) => one.subjectId));
    },
  };
  await base.write((trx) => settleOthers(trx, { exceptions }, { ...given, why: 'gone' }));
  return settled.sort();
}

describe('after a look at everything', () => {
  it('what is open and not found again closes; other codes, connections and closed ones do not', async () => {
    await raised('kit-incomplete', 'main', 'SET-1');
    await raised('kit-incomplete', 'main', 'SET-2');
    await raised('kit-incomplete', 'main', 'SET-3', 'retrying');
    await raised('kit-incomplete', 'main', 'SET-4', 'ignored');
    await raised('kit-incomplete', 'other', 'SET-5');
    await raised('stock-item-twice', 'main', 'SET-6');
    const given = { connection: 'main', code: 'kit-incomplete', still: ['SET-2'] };
    expect(await settledBy(given)).toEqual(['SET-1', 'SET-3']);
  });
});

describe('an offer without an item', () => {
  it.each([
    {
      what: 'stays while the warehouse does not know it',
      itemCode: 'CUP',
      isKnown: false,
      found: [],
    },
    { what: 'is found when the item was made', itemCode: 'CUP', isKnown: true, found: ['CUP'] },
    { what: 'is found when the SKU was mapped', itemCode: 'MUG', isKnown: null, found: ['CUP'] },
  ])('$what', async ({ itemCode, isKnown, found }) => {
    await raised('offer-without-item', 'jl', 'CUP');
    await sql`insert into stock_listings (channel, shop_sku, warehouse, item_code)
      values ('jl', 'CUP', 'main', ${itemCode})`.execute(base.db);
    await sql`insert into stock_items (warehouse, item_code, is_known, read_at)
      values ('main', 'CUP', ${isKnown ?? false}, ${at})`.execute(base.db);
    const subjects = await readItemsFound(base.db, 'main');
    expect(subjects.map((one) => one.subjectId)).toEqual(found);
    expect(await readItemsFound(base.db, 'other')).toEqual([]);
  });
});

describe('a stuck reservation', () => {
  it.each([
    { what: 'stays while nothing is reserved', absorbed: null, line: 'SHIPPING', unstuck: [] },
    { what: 'is over when stock is reserved', absorbed: at, line: 'SHIPPING', unstuck: ['A-1'] },
    { what: 'is over when it was cancelled', absorbed: null, line: 'CANCELED', unstuck: ['A-1'] },
  ])('$what', async ({ absorbed, line, unstuck }) => {
    await raised('stock-reservation-stuck', 'jl', 'A-1');
    await anOrder(line);
    await sql`insert into stock_reservations (warehouse, sales_order_number, absorbed_at, status, checked_at)
      values ('main', 'A-1', ${absorbed}, 'New', ${at})`.execute(base.db);
    const subjects = await readUnstuck(base.db, 'main');
    expect(subjects.map((one) => one.subjectId)).toEqual(unstuck);
  });
});

async function anOrder(lineState: string): Promise<void> {
  await sql`insert into orders (channel, marketplace_order_id, commercial_id, warehouse, state, wire_state,
      wire_created_at, wire_updated_at, currency, total_price, shipping_price, tax_mode, shipping_type_code,
      has_incident, detail, fingerprint, first_seen_at, seen_at)
    values ('jl', 'A-1', 'A', 'main', 'exported', 'SHIPPING', ${at}, ${at}, 'GBP', 5, 0, 'TAX_INCLUDED', 'STD',
      false, '{}', '', ${at}, ${at})`.execute(base.db);
  await sql`insert into order_lines (channel, marketplace_order_id, order_line_id, position, shop_sku, title,
      quantity, price, unit_price, total_price, wire_state)
    values ('jl', 'A-1', '1', 0, 'CUP', 'Cup', 1, 5, 5, 5, ${lineState})`.execute(base.db);
  await sql`insert into sales_orders (warehouse, sales_order_number, channel, marketplace_order_id, step, row,
      due_at, staged_at, verified_at)
    values ('main', 'A-1', 'jl', 'A-1', 'verified', '{}', ${at}, ${at}, ${at})`.execute(base.db);
}
