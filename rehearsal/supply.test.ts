import { describe, expect, it } from 'vitest';
import { setStage } from './stage.ts';
import { openSupply } from './supply.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { awakeBetween, watchOffers } from './watch.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 2, 2, 8);

/** An empty shop with item A on two sites, B, and a kit of two A and one B; everything is listed. */
function aShop({ isAway = false } = {}) {
  const clock = createVirtualClock(startMs);
  const sites = ['PrimarySite', 'Overflow'];
  const given = {
    orders: 0,
    skus: 0,
    hours: 1,
    seed: 1,
    channels: ['jl', 'm2'],
    hasCeilings: false,
  };
  const stage = setStage({ ...given, clock, sites });
  const { warehouse } = stage;
  warehouse.addItem({ itemCode: 'A', stock: { PrimarySite: 4, Overflow: 2 } });
  warehouse.addItem({ itemCode: 'B', stock: { PrimarySite: 9 } });
  warehouse.addItem({ itemCode: 'KIT', kitOf: { A: 2, B: 1 } });
  for (const market of stage.marketplaces.values()) {
    for (const shopSku of ['A', 'B', 'KIT']) market.setOffer({ shopSku, quantity: 50 });
  }
  const supply = openSupply(stage, {
    nowMs: () => clock.nowMs(),
    isRecent: (atMs) => clock.nowMs() - atMs <= 6 * minuteMs,
    isBlind: () => isAway,
  });
  supply.look();
  const buy = (channel: string, offerSku: string, quantity: number) => {
    stage.marketplaces.get(channel)!.shopperBuys({ lines: [{ offerSku, quantity }] });
    supply.look();
    return supply.log.sales.at(-1)!;
  };
  return { clock, stage, supply, buy };
}

describe('what could be supplied', () => {
  it('counts every site that sells, and never the system site', () => {
    expect(aShop().supply.of('A')).toBe(6);
  });
  it('is less by what any channel sold, before the warehouse knows of it', () => {
    const { supply, buy } = aShop();
    buy('jl', 'A', 2);
    buy('m2', 'A', 1);
    expect(supply.of('A')).toBe(3);
  });
  it('is less by the parts of a kit that was sold', () => {
    const { supply, buy } = aShop();
    buy('jl', 'KIT', 2);
    expect([supply.of('A'), supply.of('B'), supply.ofListing('KIT')]).toEqual([2, 7, 1]);
  });
  it("sold beyond while a marketplace is away is nobody's fault", () => {
    const { buy } = aShop({ isAway: true });
    expect(buy('jl', 'A', 8)).toMatchObject({ oversold: 0, unavoidable: 2 });
    expect(aShop().buy('jl', 'A', 8)).toMatchObject({ oversold: 2, unavoidable: 0 });
  });
  it('is there again when the order is cancelled', () => {
    const { stage, supply, buy } = aShop();
    stage.marketplaces.get('jl')!.shopperCancels(buy('jl', 'A', 2).orderId);
    expect(supply.of('A')).toBe(6);
  });
  it('is nothing of an item that the warehouse lacks', () => {
    expect([aShop().supply.of('C'), aShop().supply.ofListing('C')]).toEqual([null, null]);
  });
});

describe('a sale beyond it', () => {
  it('is oversold by the units that are not there', () => {
    const { buy } = aShop();
    buy('jl', 'A', 4);
    expect(buy('m2', 'A', 5)).toMatchObject({ supplyBefore: 2, oversold: 3, unavoidable: 0 });
  });
  it('could not be avoided when people had just taken the units away', () => {
    const { stage, buy } = aShop();
    stage.warehouse.stockDamaged('A', 'PrimarySite', 4);
    expect(buy('jl', 'A', 4)).toMatchObject({ supplyBefore: 2, oversold: 0, unavoidable: 2 });
    expect(buy('jl', 'A', 3)).toMatchObject({ supplyBefore: -2, oversold: 1, unavoidable: 2 });
  });
  it('could have been avoided when that was long ago', async () => {
    const { clock, stage, buy } = aShop();
    stage.warehouse.stockDamaged('A', 'PrimarySite', 4);
    await clock.runUntil(startMs + 7 * minuteMs);
    expect(buy('jl', 'A', 4)).toMatchObject({ oversold: 2, unavoidable: 0 });
  });
  it('is not excused by units carried to another site that sells', () => {
    const { stage, buy } = aShop();
    stage.warehouse.stockMoved('A', 'PrimarySite', 'Overflow', 4);
    expect(buy('jl', 'A', 7)).toMatchObject({ supplyBefore: 6, oversold: 1, unavoidable: 0 });
  });
});

describe('an offer above it', () => {
  const stockFile = (sku: string, quantity: number) =>
    [
      '--edge',
      'content-disposition: form-data; name="file"; filename="stock.csv"',
      'content-type: text/csv',
      '',
      `offer-sku;quantity\n${sku};${quantity}`,
      '--edge--',
      '',
    ].join('\r\n');
  const publish = ({ stage }: ReturnType<typeof aShop>, sku: string, quantity: number) =>
    stage.marketplaces.get('jl')!.handle({
      method: 'POST',
      target: '/api/offers/stock/imports?shop_id=2000',
      headers: {
        authorization: 'rehearsal-key',
        'content-type': 'multipart/form-data; boundary=edge',
        host: 'jl.example.test',
      },
      body: Buffer.from(stockFile(sku, quantity)),
    });
  const watched = async (quantity: number, act: (shop: ReturnType<typeof aShop>) => void) => {
    const shop = aShop();
    const limitMs = 6 * minuteMs;
    const outages: Parameters<typeof watchOffers>[3]['outages'] = [];
    const watch = watchOffers(shop.clock, shop.stage, shop.supply, { limitMs, outages });
    expect(publish(shop, 'A', quantity).status).toBe(201);
    await shop.clock.runUntil(startMs + 4 * minuteMs);
    act(shop);
    await shop.clock.runUntil(startMs + 9 * minuteMs);
    return watch.found.map(({ channel, shopSku, shown, supply: most }) => ({
      ...{ channel, shopSku, shown, most },
    }));
  };

  it('is found when a file of ours left it there', async () => {
    const found = await watched(7, () => {});
    expect(found).toEqual([{ channel: 'jl', shopSku: 'A', shown: 7, most: 6 }]);
  });
  it.each([
    ['shows no more than there is', 6, () => {}],
    ['was put right in time', 7, (shop: ReturnType<typeof aShop>) => void publish(shop, 'A', 5)],
    [
      'was the doing of somebody else',
      6,
      ({ stage }: ReturnType<typeof aShop>) =>
        stage.marketplaces.get('jl')!.backOfficeSetsQuantity('A', 40),
    ],
  ])('is none when it %s', async (_rule, quantity, act) => {
    expect(await watched(quantity, act)).toEqual([]);
  });
});

describe('the time that somebody could have acted in', () => {
  const outage = (fromMs: number, toMs: number) => ({ fromMs, toMs, channel: null });
  it.each([
    ['all of it without an outage', [], 100],
    ['less an outage in the middle', [outage(20, 50)], 70],
    ['less what overlaps only once', [outage(40, 60), outage(20, 50)], 60],
    ['less the part of an outage that falls into it', [outage(-50, 10), outage(90, 200)], 80],
    ['none under one long outage', [outage(-1, 101)], 0],
  ])('%s', (_rule, outages, wanted) => {
    expect(awakeBetween(0, 100, outages)).toBe(wanted);
  });
});
