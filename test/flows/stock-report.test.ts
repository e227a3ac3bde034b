/** Stock reports that are not what they should be: named, never guessed, and nobody goes to zero by them. */
import { describe, expect, it } from 'vitest';
import type { PeoplevoxFault } from '../../simulators/peoplevox/options.ts';
import { allRaised, exceptionsOf, raised } from './beliefs.ts';
import { approve, figuresSince, openShop, setRules, showcase, shows, theReads } from './shelves.ts';
import { type Trade, textOf, warehouseId } from './trade.ts';

const inventory = 'GetReportData Item inventory summary';
const full = { LAMP: 99, MUG: 99, TEE: 99 };

/** The stock report comes with its rows changed: each as one row, several or none; TotalCount counts them. */
function theReportComesAs(trade: Trade, change: (row: string) => string[]): void {
  trade.network[warehouseId]!.instead = (request, vendor) => {
    if (!textOf(request.body).includes('Item inventory summary')) return null;
    const reply = vendor(request);
    const text = textOf(reply.body);
    const before = /<Detail>([\s\S]*?)<\/Detail>/.exec(text)?.[1]?.split('\n') ?? [];
    const after = before.flatMap(change);
    const more = after.length - before.length;
    const body = text
      .replace(before.join('\n'), after.join('\n'))
      .replace(/<TotalCount>(\d+)/, (_, n: string) => `<TotalCount>${Number(n) + more}`);
    return { ...reply, body };
  };
}

function theReportIsWellAgain(trade: Trade): void {
  trade.network[warehouseId]!.instead = () => null;
}

describe('an empty report', () => {
  it('stops for a person, and what is on show stays', async () => {
    const trade = await openShop();
    await trade.pass(6);
    const at = trade.clock.nowMs();
    trade.warehouse.faults.set('emptyReport', 1, inventory);
    await trade.pass(9);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual(['stock-mass-change main']);
    const [one] = await exceptionsOf(trade, warehouseId);
    expect(one?.message).toMatch(
      /report is empty; 3 items had stock.* packhorse stock approve main/,
    );
    trade.warehouse.faults.clear();
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 50);
    await trade.pass(6);
    expect(figuresSince(trade, 'LAMP', at)).toEqual([49]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('as the very first one tells nothing: what the channel shows is left alone', async () => {
    const trade = await openShop({ house: { sites: ['Nowhere'] } });
    await trade.pass(10);
    expect(showcase(trade)).toEqual({ LAMP: 1_000, MUG: 1_000, TEE: 1_000 });
    expect(await raised(trade, warehouseId)).toContain('stock-mass-change');
  });

  it('that a person approves is taken over, on every channel, and is not asked about again', async () => {
    const trade = await openShop({ house: { stock: { lateMinutes: 30 } } });
    await trade.pass(6);
    trade.warehouse.faults.set('emptyReport', 1, inventory);
    await trade.pass(6);
    await approve(trade, 30);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 0, MUG: 0, TEE: 0 });
    expect(await allRaised(trade)).toEqual([]);
    await trade.pass(60);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('a report with other columns', () => {
  it.each<{ fault: PeoplevoxFault }>([{ fault: 'foreignHeader' }, { fault: 'renamedColumn' }])(
    '($fault) is named with its columns and the setting; what is on show stays; it settles by itself',
    async ({ fault }) => {
      const trade = await openShop();
      await trade.pass(6);
      for (let n = 0; n < 3; n += 1) {
        trade.warehouse.faults.set(fault, 1, inventory);
        await trade.pass(3);
        expect(showcase(trade)).toEqual(full);
      }
      const found = await exceptionsOf(trade, warehouseId);
      const unusable = found.find((one) => one.code === 'stock-report-unusable');
      if (fault === 'foreignHeader') {
        expect(unusable?.message).toMatch(/Artikelnummer/);
        expect(unusable?.message).toMatch(/Verfügbar/);
      }
      expect(unusable?.message).toMatch(/reports\.itemInventory/);
      trade.warehouse.faults.clear();
      await trade.pass(6);
      expect(await allRaised(trade)).toEqual([]);
    },
  );

  it('in another order is read all the same', async () => {
    const trade = await openShop();
    trade.warehouse.faults.set('columnsReordered', 1, inventory);
    await trade.pass(8);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('under names of the tenant is read when the settings say so', async () => {
    const trade = await openShop({
      warehouse: {
        reports: {
          'Item inventory summary': {
            name: 'Bestand je Standort',
            columns: { 'Item code': 'Artikelnummer', Available: 'Verfügbar' },
          },
        },
      },
      house: {
        reports: {
          itemInventory: {
            name: 'Bestand je Standort',
            columns: { 'Item code': 'Artikelnummer', Available: 'Verfügbar' },
          },
        },
      },
    });
    await trade.pass(8);
    expect(showcase(trade)).toEqual(full);
  });
});

describe('figures that are none', () => {
  it.each<{ fault: PeoplevoxFault; text: string }>([
    { fault: 'quantityWord', text: 'n/a' },
    { fault: 'quantityGrouped', text: '1,200' },
    { fault: 'quantityFraction', text: '3.5' },
    { fault: 'quantityBlank', text: 'nothing' },
  ])(
    '"$text" is no figure: the item is named, its last sure figure stands, the others go on',
    async ({ fault }) => {
      const trade = await openShop();
      await trade.pass(6);
      trade.warehouse.faults.set(fault, 1, inventory);
      await trade.pass(2.1);
      const named = await allRaised(trade);
      expect(named).toEqual([expect.stringMatching(/^stock-figure-unreadable (LAMP|MUG|TEE)$/)]);
      expect(showcase(trade)).toEqual(full);
      trade.warehouse.faults.clear();
      await trade.pass(6);
      expect(await allRaised(trade)).toEqual([]);
      expect(showcase(trade)).toEqual(full);
    },
  );

  it('an item whose first figure is unreadable shows none until it is told', async () => {
    const trade = await openShop();
    theReportComesAs(trade, (row) => [row.startsWith('LAMP,') ? row.replace(/\d+$/, 'n/a') : row]);
    await trade.pass(8);
    expect(await allRaised(trade)).toEqual(['stock-figure-unreadable LAMP']);
    expect(showcase(trade)).toEqual({ LAMP: 0, MUG: 99, TEE: 99 });
    theReportIsWellAgain(trade);
    await trade.pass(6);
    expect(showcase(trade)).toEqual(full);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('a row without an item code hides an item: nobody goes to zero, and it settles when it is gone', async () => {
    const trade = await openShop();
    await trade.pass(6);
    theReportComesAs(trade, (row) => [row.replace(/^LAMP,/, ',')]);
    await trade.pass(4);
    expect(await allRaised(trade)).toEqual(['stock-figure-unreadable main']);
    expect(showcase(trade)).toEqual(full);
    theReportIsWellAgain(trade);
    await trade.pass(4);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('an item that stands twice', () => {
  it('with equal figures is one item', async () => {
    const trade = await openShop();
    await trade.pass(4);
    trade.warehouse.faults.set('duplicateRow', 1, inventory);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 60);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 59, MUG: 99, TEE: 99 });
    expect(await allRaised(trade)).toEqual([]);
  });

  it('with different figures is named; the last sure figure stands until the report agrees again', async () => {
    const trade = await openShop();
    await trade.pass(6);
    const at = trade.clock.nowMs();
    theReportComesAs(trade, (row) =>
      row.startsWith('LAMP,PrimarySite') ? [row, row.replace(/\d+$/, '70')] : [row],
    );
    await trade.pass(6);
    expect(await allRaised(trade)).toEqual(['stock-item-twice LAMP']);
    const [one] = await exceptionsOf(trade, 'LAMP');
    expect(one?.message).toMatch(/site PrimarySite.*(100 and 70|70 and 100)/);
    theReportIsWellAgain(trade);
    await trade.pass(6);
    expect(figuresSince(trade, 'LAMP', at)).toEqual([]);
    expect(await allRaised(trade)).toEqual([]);
  });
});

describe('rows that are not there', () => {
  it('half a report, whose TotalCount says more: what came counts, nobody goes to zero', async () => {
    const trade = await openShop();
    await trade.pass(6);
    trade.warehouse.faults.set('halfReport', 1, inventory);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 40);
    trade.warehouse.stockCounted('TEE', 'PrimarySite', 40);
    await trade.pass(8);
    for (const sku of ['LAMP', 'MUG', 'TEE']) expect(shows(trade, sku)).toBeGreaterThanOrEqual(39);
    const reads = await theReads(trade);
    expect(new Set(reads.slice(-3).map((one) => one.outcome))).toEqual(new Set(['partial']));
    trade.warehouse.faults.clear();
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 39, MUG: 99, TEE: 39 });
  });

  it('half a report as the very first one: nothing is published by it', async () => {
    const trade = await openShop();
    trade.warehouse.faults.set('halfReport', 1, inventory);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 1_000, MUG: 1_000, TEE: 1_000 });
  });

  it('an item that a whole report no longer shows has none; it comes back when the report has it again', async () => {
    const trade = await openShop();
    await trade.pass(6);
    theReportComesAs(trade, (row) => (row.startsWith('LAMP,') ? [] : [row]));
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 0, MUG: 99, TEE: 99 });
    theReportIsWellAgain(trade);
    await trade.pass(6);
    expect(showcase(trade)).toEqual(full);
  });
});

describe('a mass change', () => {
  /** 40 more items with 10 units each. */
  const many = Array.from({ length: 40 }, (_, at) => `PIN-${String(at).padStart(2, '0')}`);
  const openMany = () =>
    openShop({
      house: { stock: { lateMinutes: 60, darkMinutes: 120 } },
      before: ({ warehouse, johnLewis }) => {
        for (const itemCode of many) {
          warehouse.addItem({ itemCode, stock: { PrimarySite: 10 } });
          johnLewis.setOffer({ shopSku: itemCode, price: '1.00', quantity: 2 });
        }
      },
    });
  const empty = (trade: Trade, count: number) => {
    for (const itemCode of many.slice(0, count))
      trade.warehouse.stockCounted(itemCode, 'PrimarySite', 0);
  };

  it('is held whole: neither zeroes nor other news of that read are taken over', async () => {
    const trade = await openMany();
    await trade.pass(6);
    expect(shows(trade, 'PIN-39')).toBe(9);
    const at = trade.clock.nowMs();
    empty(trade, 30);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 300);
    await trade.pass(8);
    for (const sku of [...many, 'LAMP']) expect(figuresSince(trade, sku, at)).toEqual([]);
    expect(await allRaised(trade)).toEqual(['stock-mass-change main']);
    expect((await theReads(trade)).at(-1)).toMatchObject({ outcome: 'held' });
  });

  it('a person lets it pass: everything follows, and the exception settles', async () => {
    const trade = await openMany();
    await trade.pass(6);
    empty(trade, 30);
    await trade.pass(6);
    await approve(trade, 60);
    await trade.pass(10);
    expect(many.map((sku) => shows(trade, sku))).toEqual([
      ...Array.from({ length: 30 }, () => 0),
      ...Array.from({ length: 10 }, () => 9),
    ]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('an approval that ran out lets nothing pass', async () => {
    const trade = await openMany();
    await trade.pass(6);
    await approve(trade, 1);
    await trade.pass(3);
    empty(trade, 30);
    await trade.pass(8);
    expect(shows(trade, 'PIN-00')).toBe(9);
    expect(await allRaised(trade)).toEqual(['stock-mass-change main']);
  });

  it('goes away by itself when the figures come back', async () => {
    const trade = await openMany();
    await trade.pass(6);
    empty(trade, 30);
    await trade.pass(4);
    for (const itemCode of many) trade.warehouse.stockCounted(itemCode, 'PrimarySite', 8);
    await trade.pass(6);
    expect(await allRaised(trade)).toEqual([]);
    expect(shows(trade, 'PIN-00')).toBe(7);
  });

  it('fewer than the least count, or than the share, is no mass change', async () => {
    const trade = await openMany();
    await trade.pass(6);
    empty(trade, 12);
    await trade.pass(6);
    expect([shows(trade, 'PIN-00'), shows(trade, 'PIN-11'), shows(trade, 'PIN-12')]).toEqual([
      0, 0, 9,
    ]);
    expect(await allRaised(trade)).toEqual([]);
  });

  it('by a rule that would take a third of a channel to zero: held on that channel, other news goes out', async () => {
    const trade = await openMany();
    await trade.pass(6);
    await setRules(trade, [{ match: { items: many.slice(0, 25) }, cutOff: 9 }]);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 30);
    await trade.pass(6);
    expect([shows(trade, 'PIN-00'), shows(trade, 'LAMP')]).toEqual([9, 29]);
    expect(await allRaised(trade)).toEqual(['stock-mass-change john-lewis']);
    await approve(trade, 60);
    await trade.pass(6);
    expect([shows(trade, 'PIN-00'), shows(trade, 'PIN-39')]).toEqual([0, 9]);
    expect(await allRaised(trade)).toEqual([]);
  });
});
