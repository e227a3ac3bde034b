/** Rules: what is withheld, per item, per channel, by date. */
import { describe, expect, it } from 'vitest';
import type { Rule } from '../../src/stock/rules.ts';
import { allRaised } from './beliefs.ts';
import { openShop, setRules, showcase, shows } from './shelves.ts';

describe('a rule', () => {
  it.each<{ name: string; rule: Rule; lamp: number; mug: number }>([
    {
      name: 'for one item',
      rule: { match: { items: ['LAMP'] }, bufferUnits: 10 },
      lamp: 90,
      mug: 99,
    },
    {
      name: 'for a channel',
      rule: { match: { channels: ['john-lewis'] }, bufferUnits: 7 },
      lamp: 93,
      mug: 93,
    },
    {
      name: 'for another channel',
      rule: { match: { channels: ['second-market'] }, bufferUnits: 7 },
      lamp: 99,
      mug: 99,
    },
    { name: 'in percent', rule: { match: {}, bufferPercent: 15 }, lamp: 84, mug: 84 },
    { name: 'most', rule: { match: { items: ['MUG'] }, most: 20 }, lamp: 99, mug: 20 },
    { name: 'cut-off', rule: { match: { items: ['MUG'] }, cutOff: 99 }, lamp: 99, mug: 0 },
    {
      name: 'cut-off not reached',
      rule: { match: { items: ['MUG'] }, cutOff: 98 },
      lamp: 99,
      mug: 99,
    },
    {
      name: 'of today',
      rule: { match: { from: '2026-02-02', until: '2026-02-02' }, bufferUnits: 3 },
      lamp: 97,
      mug: 97,
    },
    {
      name: 'of yesterday',
      rule: { match: { until: '2026-02-01' }, bufferUnits: 3 },
      lamp: 99,
      mug: 99,
    },
    {
      name: 'of tomorrow',
      rule: { match: { from: '2026-02-03' }, bufferUnits: 3 },
      lamp: 99,
      mug: 99,
    },
  ])('$name', async ({ rule, lamp, mug }) => {
    const trade = await openShop({ rules: [rule] });
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: lamp, MUG: mug, TEE: expect.any(Number) });
    expect(await allRaised(trade)).toEqual([]);
  });

  it.each([
    { what: 'group', fields: { ItemGroup: 'Fragile' }, match: { groups: ['Fragile'] } },
    { what: 'tag', fields: { Tags: 'gift, fragile' }, match: { tags: ['fragile'] } },
  ])('for a $what of the item master', async ({ fields, match }) => {
    const trade = await openShop({
      rules: [{ match, bufferUnits: 5 }],
      before: ({ warehouse, johnLewis }) => {
        warehouse.addItem({ itemCode: 'VASE', stock: { PrimarySite: 50 }, fields });
        johnLewis.setOffer({ shopSku: 'VASE', price: '20.00', quantity: 0 });
      },
    });
    await trade.pass(10);
    expect(showcase(trade)).toMatchObject({ VASE: 45, LAMP: 99 });
  });

  it('a change of the rules is on show within minutes, for every item', async () => {
    const trade = await openShop();
    await trade.pass(6);
    await setRules(trade, [{ match: {}, bufferUnits: 30 }]);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 70, MUG: 70, TEE: 70 });
    await setRules(trade, []);
    await trade.pass(6);
    expect(showcase(trade)).toEqual({ LAMP: 99, MUG: 99, TEE: 99 });
  });

  it('for the days of a peak starts and ends by itself at midnight of the business', async () => {
    const trade = await openShop({
      rules: [{ match: { from: '2026-02-03', until: '2026-02-03' }, bufferUnits: 25 }],
    });
    await trade.pass(6);
    expect(shows(trade, 'LAMP')).toBe(99);
    await trade.leap(15 * 60 + 4);
    await trade.pass(6);
    expect(trade.clock.now().toISOString()).toMatch(/^2026-02-03T00:1/);
    expect(shows(trade, 'LAMP')).toBe(75);
    await trade.leap(24 * 60);
    await trade.pass(6);
    expect(shows(trade, 'LAMP')).toBe(99);
  });

  it('share 0 keeps a channel from thin pools, and full ones are still on both', async () => {
    const trade = await openShop({
      second: {},
      rules: [{ match: { channels: ['second-market'] }, share: 0 }],
      before: ({ warehouse }) => {
        warehouse.stockCounted('LAMP', 'PrimarySite', 20);
        warehouse.stockCounted('MUG', 'PrimarySite', 400);
      },
    });
    await trade.pass(10);
    expect([shows(trade, 'LAMP'), shows(trade, 'LAMP', trade.second)]).toEqual([19, 0]);
    expect([shows(trade, 'MUG'), shows(trade, 'MUG', trade.second)]).toEqual([399, 399]);
  });
});
