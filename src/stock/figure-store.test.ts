import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { withBulk } from '../runtime/bulk.ts';
import {
  addHints,
  addIncoming,
  applyChanges,
  type Comparison,
  compareIncoming,
  dropHints,
  hasFigures,
  type IncomingRow,
  markUnreadable,
  openIncoming,
  readFeed,
  readHints,
  saveFeed,
  saveItemFigures,
  saveKits,
} from './figure-store.ts';

let base: MigratedDatabase;
const house = 'main';
const first = new Date('2026-02-02T09:00:00Z');
const second = new Date('2026-02-02T09:02:00Z');
const third = new Date('2026-02-02T09:04:00Z');

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(async () => {
  await sql`truncate stock_figures, stock_feeds, stock_due, stock_hints, stock_kits, stock_listings`.execute(
    base.db,
  );
});

/** One whole read, from the rows to the figures. */
function read(
  rows: IncomingRow[],
  at: Date,
  isWhole = true,
): Promise<Comparison & { readableAgain: string[] }> {
  return withBulk(base.pool, async (bulk) => {
    await openIncoming(bulk);
    await addIncoming(bulk, rows);
    const compared = await compareIncoming(bulk, house, isWhole);
    return bulk.db.transaction().execute(async (trx) => {
      const applied = await applyChanges(trx, house, at);
      await markUnreadable(trx, house, at, [...compared.unreadable, ...compared.twice]);
      return { ...compared, ...applied };
    });
  });
}

const row = (itemCode: string, available: number | null, site = 'PrimarySite'): IncomingRow => [
  itemCode,
  site,
  available,
  available,
  0,
];

/** `item site units`, with `gone` when absent and `?` when unreadable. */
async function figures(): Promise<string[]> {
  const rows = await base.db
    .selectFrom('stock_figures')
    .selectAll()
    .orderBy('item_code')
    .orderBy('site')
    .execute();
  return rows.map(
    (one) =>
      `${one.item_code} ${one.site} ${one.absent_since ? 'gone' : one.available}${one.unreadable_since ? ' ?' : ''}`,
  );
}

async function due(): Promise<string[]> {
  const rows = await base.db
    .selectFrom('stock_due')
    .select('item_code')
    .orderBy('item_code')
    .execute();
  return rows.map((one) => one.item_code);
}

/** Listings, so that changes of their items matter to somebody. */
async function listed(...items: string[]): Promise<void> {
  for (const item of items) {
    await sql`insert into stock_listings (channel, shop_sku, warehouse, item_code)
      values ('john-lewis', ${item}, ${house}, ${item})`.execute(base.db);
  }
}

describe('a whole read', () => {
  it('keeps what came; nothing is news the second time', async () => {
    expect(await read([row('A', 5), row('B', -2)], first)).toMatchObject({
      changed: 2,
      stocked: 0,
      emptied: 0,
    });
    expect(await figures()).toEqual(['A PrimarySite 5', 'B PrimarySite -2']);
    expect(await read([row('A', 5), row('B', -2)], second)).toMatchObject({
      changed: 0,
      stocked: 1,
      emptied: 0,
    });
  });

  it('an item without a row has none; a later row brings it back', async () => {
    await read([row('A', 5), row('B', 7)], first);
    expect(await read([row('A', 5)], second)).toMatchObject({ changed: 1, emptied: 1, stocked: 2 });
    expect(await figures()).toEqual(['A PrimarySite 5', 'B PrimarySite gone']);
    expect(await read([row('A', 5)], third)).toMatchObject({ changed: 0, emptied: 0, stocked: 1 });
    await read([row('A', 5), row('B', 7)], third);
    expect(await figures()).toEqual(['A PrimarySite 5', 'B PrimarySite 7']);
  });

  it('a read that is not whole takes over what came and nothing else', async () => {
    await read([row('A', 5), row('B', 7)], first);
    expect(await read([row('A', 4)], second, false)).toMatchObject({ changed: 1, emptied: 0 });
    expect(await figures()).toEqual(['A PrimarySite 4', 'B PrimarySite 7']);
  });

  it('sites are kept apart, codes by every letter', async () => {
    await read([row('A', 5), row('A', 3, 'North'), row('a', 1), row('A ', 2)], first);
    expect(await figures()).toEqual([
      'A North 3',
      'A PrimarySite 5',
      'A  PrimarySite 2',
      'a PrimarySite 1',
    ]);
  });

  it('counts as emptied what had stock and would have none or less', async () => {
    await read([row('A', 5), row('B', 5), row('C', 5), row('D', 0)], first);
    const compared = await read([row('A', 0), row('B', -1), row('C', 1), row('D', 0)], second);
    expect(compared).toMatchObject({ stocked: 3, emptied: 2, changed: 3 });
  });

  it('another warehouse is none of its business', async () => {
    await sql`insert into stock_figures (warehouse, item_code, site, available, changed_at, read_at)
      values ('other', 'A', 'PrimarySite', 9, ${first}, ${first})`.execute(base.db);
    expect(await read([row('B', 1)], second)).toMatchObject({ stocked: 0, emptied: 0 });
    expect(await hasFigures(base.db, house)).toBe(true);
    expect(await figures()).toEqual(['A PrimarySite 9', 'B PrimarySite 1']);
  });
});

describe('rows that cannot be believed', () => {
  it('the same item twice with equal figures is one', async () => {
    expect(await read([row('A', 5), row('A', 5)], first)).toMatchObject({ twice: [], changed: 2 });
    expect(await figures()).toEqual(['A PrimarySite 5']);
  });

  it('twice with different figures: the older one stands, and both are named', async () => {
    await read([row('A', 5)], first);
    const { twice } = await read([row('A', 5), row('A', 9)], second);
    expect(twice.map((one) => ({ ...one, figures: one.figures.toSorted() }))).toEqual([
      { itemCode: 'A', site: 'PrimarySite', figures: [5, 9] },
    ]);
    expect(await figures()).toEqual(['A PrimarySite 5 ?']);
    expect((await read([row('A', 9)], third)).readableAgain).toEqual(['A']);
    expect(await figures()).toEqual(['A PrimarySite 9']);
  });

  it('no figure: the older one stands; the same figure again makes it sure', async () => {
    await read([row('A', 5)], first);
    expect((await read([row('A', null)], second)).unreadable).toMatchObject([{ itemCode: 'A' }]);
    expect(await figures()).toEqual(['A PrimarySite 5 ?']);
    expect((await read([row('A', 5)], third)).readableAgain).toEqual(['A']);
    expect(await figures()).toEqual(['A PrimarySite 5']);
  });

  it('no figure beside one: unreadable, not the one', async () => {
    await read([row('A', 5)], first);
    const { unreadable, twice } = await read([row('A', 8), row('A', null)], second);
    expect([unreadable.length, twice.length]).toEqual([1, 0]);
    expect(await figures()).toEqual(['A PrimarySite 5 ?']);
  });

  it('no figure at first sight: none, until there is one', async () => {
    await read([row('A', null)], first);
    expect(await figures()).toEqual(['A PrimarySite gone ?']);
    expect((await read([row('A', 5)], second)).readableAgain).toEqual(['A']);
    expect(await figures()).toEqual(['A PrimarySite 5']);
  });
});

describe('items to be worked out again', () => {
  it('are those that changed and that somebody lists, themselves or in a kit', async () => {
    await listed('A', 'SET');
    await base.write((trx) => saveKits(trx, house, [{ parent: 'SET', child: 'B', quantity: 2 }]));
    await sql`truncate stock_due`.execute(base.db);
    await read([row('A', 5), row('B', 5), row('NOBODYS', 5)], first);
    expect(await due()).toEqual(['A', 'B']);
    await sql`truncate stock_due`.execute(base.db);
    await read([row('A', 5), row('B', 4), row('NOBODYS', 1)], second);
    expect(await due()).toEqual(['B']);
  });

  it('are not those of which only on hand and allocated changed', async () => {
    await listed('A');
    await read([row('A', 5)], first);
    await sql`truncate stock_due`.execute(base.db);
    await read([['A', 'PrimarySite', 5, 9, 4]], second);
    expect(await due()).toEqual([]);
    const kept = await base.db.selectFrom('stock_figures').selectAll().executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ on_hand: 9, allocated: 4, changed_at: first, read_at: second });
  });
});

describe('figures of items that were asked for', () => {
  const ask = (asked: string[], rows: IncomingRow[], at = second) =>
    base.write((trx) => saveItemFigures(trx, house, at, { asked, rows }));

  it('replace what is kept; what has no row stays, since only a whole read tells of absence', async () => {
    await listed('A', 'B', 'C');
    await read([row('A', 5), row('A', 3, 'North'), row('B', 7), row('C', 8)], first);
    await sql`truncate stock_due`.execute(base.db);
    expect(await ask(['A', 'B'], [row('A', 4)])).toBe(1);
    expect(await figures()).toEqual([
      'A North 3',
      'A PrimarySite 4',
      'B PrimarySite 7',
      'C PrimarySite 8',
    ]);
    expect(await due()).toEqual(['A']);
  });

  it('that did not change are vouched for, and nothing is due', async () => {
    await listed('A');
    await read([row('A', 5)], first);
    await sql`truncate stock_due`.execute(base.db);
    expect(await ask(['A'], [row('A', 5)])).toBe(0);
    expect(await due()).toEqual([]);
    const kept = await base.db.selectFrom('stock_figures').selectAll().executeTakeFirstOrThrow();
    expect(kept).toMatchObject({ changed_at: first, read_at: second });
  });
});

describe('what is kept beside figures', () => {
  it('a feed: what is left out of a change stays', async () => {
    expect(await readFeed(base.db, house)).toMatchObject({
      fullAt: null,
      seenAt: null,
      decayStep: 0,
      lagSeconds: 180,
    });
    await base.write((trx) =>
      saveFeed(trx, house, { fullAt: first, seenAt: first, lagSeconds: 240 }),
    );
    await base.write((trx) => saveFeed(trx, house, { seenAt: second, decayStep: 2 }));
    expect(await readFeed(base.db, house)).toMatchObject({
      fullAt: first,
      seenAt: second,
      decayStep: 2,
      lagSeconds: 240,
      approvedUntil: null,
    });
    await base.write((trx) => saveFeed(trx, house, { approvedUntil: third }));
    await base.write((trx) => saveFeed(trx, house, { seenAt: third }));
    expect(await readFeed(base.db, house)).toMatchObject({ approvedUntil: third });
  });

  it('hints: once each, the oldest first; one given during a read survives it', async () => {
    await addHints(base.db, house, first, { items: ['B', 'A', 'B'], source: 'event' });
    await addHints(base.db, house, third, { items: ['B', 'C'], source: 'event' });
    expect(await readHints(base.db, house, 10)).toHaveLength(3);
    expect((await readHints(base.db, house, 10))[0]).toBe('A');
    await base.write((trx) => dropHints(trx, house, second));
    expect((await readHints(base.db, house, 10)).sort()).toEqual(['B', 'C']);
    await base.write((trx) => dropHints(trx, house, third, []));
    await base.write((trx) => dropHints(trx, house, third, ['C']));
    expect(await readHints(base.db, house, 10)).toEqual(['B']);
  });

  it('kits: replaced as a whole; those that changed are due', async () => {
    const save = (...parts: [string, string, number][]) =>
      base.write((trx) =>
        saveKits(
          trx,
          house,
          parts.map(([parent, child, quantity]) => ({ parent, child, quantity })),
        ),
      );
    await save(['SET', 'A', 2], ['SET', 'B', 1], ['BOX', 'A', 1]);
    expect(await due()).toEqual(['BOX', 'SET']);
    await sql`truncate stock_due`.execute(base.db);
    await save(['SET', 'A', 2], ['SET', 'B', 1], ['BOX', 'A', 1]);
    expect(await due()).toEqual([]);
    await save(['SET', 'A', 2], ['BOX', 'A', 3]);
    expect(await due()).toEqual(['BOX', 'SET']);
    const kits = await base.db.selectFrom('stock_kits').selectAll().orderBy('parent').execute();
    expect(kits.map((one) => `${one.parent} ${one.child} ${one.quantity}`)).toEqual([
      'BOX A 3',
      'SET A 2',
    ]);
  });
});
