/** A seeded trading day: who buys what and when, which orders are bad and what
 *  a careful integration should say about each. Pure data; `rehearsal/` lets it happen. */
import { Dice } from './kernel.ts';
import type { Purchase, PurchaseLine } from './mirakl/purchases.ts';
import type { AddressInput } from './mirakl/state.ts';
import { type Deed, flashItem, makeItems, planDeeds, type WorldItem } from './shelves.ts';

export type WorldSettings = {
  seed: number;
  orders: number;
  skus: number;
  hours: number;
  startMs: number;
  /** Ids of the marketplaces; each gets its share of the orders. */
  channels: readonly string[];
  /** Sites whose units may be sold. Given: some items are thin, some are kits, and people change stock in the
   *  course of the day. Absent: everything is ample and stands on one site. */
  sites?: readonly string[];
  /** So many people want the same item within ten minutes. Default: none. Needs `sites`. */
  flashShoppers?: number;
};

/** Why an order is not plain. `expects` in Shopper says which exceptions a person must see. */
export type OrderKind =
  | 'plain'
  | 'sameSkuTwice'
  | 'awkwardText'
  | 'unknownSku'
  | 'unknownSkuRepaired'
  | 'caseDiffers'
  | 'retiredSku'
  | 'addressIncomplete'
  | 'countryUnknown'
  | 'countryNotServed'
  | 'longAddress'
  | 'longId'
  | 'shippingTypeUnmapped'
  | 'cancelledEarly'
  | 'cancelledAfterExport'
  | 'lineCancelled'
  | 'unitsCancelled'
  | 'cancelledTooLate';

export type Shopper = {
  atMs: number;
  channel: string;
  kind: OrderKind;
  purchase: Purchase;
  /** Exception codes that must be open in the end when the order reaches the warehouse's door; empty: none. */
  expects: readonly string[];
};

/** An item that people add to the warehouse in the course of the day. */
export type Repair = { atMs: number; itemCode: string };

export type World = {
  items: WorldItem[];
  shoppers: Shopper[];
  repairs: Repair[];
  /** What people do to stock, in order of time. */
  deeds: Deed[];
  /** SKUs that marketplaces list although no warehouse has them. */
  orphans: string[];
  endMs: number;
};

/** Share of each kind among all orders; the rest is plain. */
const shares: Partial<Record<OrderKind, number>> = {
  sameSkuTwice: 0.04,
  awkwardText: 0.05,
  unknownSku: 0.015,
  unknownSkuRepaired: 0.01,
  caseDiffers: 0.01,
  retiredSku: 0.01,
  addressIncomplete: 0.015,
  countryUnknown: 0.007,
  countryNotServed: 0.007,
  longAddress: 0.007,
  longId: 0.01,
  shippingTypeUnmapped: 0.01,
  cancelledEarly: 0.02,
  cancelledAfterExport: 0.02,
  lineCancelled: 0.01,
  unitsCancelled: 0.01,
  cancelledTooLate: 0.01,
};

const expected: Partial<Record<OrderKind, readonly string[]>> = {
  unknownSku: ['unknown-item'],
  caseDiffers: ['unknown-item'],
  retiredSku: ['retired-item'],
  addressIncomplete: ['address-incomplete'],
  countryUnknown: ['country-unknown'],
  countryNotServed: ['country-not-served'],
  longAddress: ['field-too-long'],
  longId: ['number-too-long'],
  shippingTypeUnmapped: ['service-type-unmapped'],
  cancelledTooLate: ['cancel-too-late'],
};

const hourMs = 3_600_000;
const flashMs = 600_000;

/** Makes the whole day from the seed: same settings, same day. */
export function makeWorld(settings: WorldSettings): World {
  const dice = new Dice(settings.seed);
  const isVaried = settings.sites !== undefined;
  const shelves = { ...settings, sites: settings.sites ?? ['PrimarySite'], isVaried };
  const items = makeItems(shelves, dice.fork('items'));
  const shoppers = makeShoppers(settings, items, dice.fork('shoppers'));
  const repairMs = Math.min(2, settings.hours / 2) * hourMs;
  const repairs = shoppers
    .filter((one) => one.kind === 'unknownSkuRepaired')
    .map((one) => ({ atMs: one.atMs + repairMs, itemCode: one.purchase.lines[0]!.offerSku }));
  return {
    items,
    shoppers,
    repairs,
    deeds: planDeeds(shelves, items, dice.fork('deeds')),
    orphans: isVaried
      ? Array.from({ length: Math.ceil(settings.skus / 200) }, (_, n) => `GHOST-${n + 1}`)
      : [],
    endMs: settings.startMs + settings.hours * hourMs,
  };
}

/** One more plain purchase, of items that are never sold out, for orders that a fault invents. */
export function inventPurchase(world: World, dice: Dice): Purchase {
  return purchaseOf(
    world.items.filter((item) => item.role === 'ample' && !item.isRetired),
    dice,
    {},
  );
}

function makeShoppers(settings: WorldSettings, items: readonly WorldItem[], dice: Dice): Shopper[] {
  const live = items.filter((item) => item.role === 'ample' && !item.isRetired);
  // Thin items are thin because everybody wants them.
  const onSale = items.flatMap((item) => {
    if (item.isRetired || item.role === 'probe' || item.role === 'unlisted') return [];
    return item.role === 'thin' ? [item, item, item] : [item];
  });
  const retired = items.filter((item) => item.isRetired);
  const kinds = dealKinds(settings.orders, dice.fork('kinds'), retired.length > 0);
  const spanMs = settings.hours * hourMs * 0.92;
  const shoppers = kinds.map((kind, index): Shopper => {
    const own = dice.fork(`shopper ${index}`);
    // Two peaks: late morning and evening, as shops see them.
    const part = (own.roll() + own.roll() * 0.5 + (own.chance(0.5) ? 0.5 : 0)) / 2;
    const purchase = kindPurchase(kind, index, { live, onSale, retired }, own);
    return {
      atMs: Math.round(settings.startMs + part * spanMs),
      channel: settings.channels[Math.floor(own.roll() * settings.channels.length)]!,
      kind,
      purchase,
      expects: expected[kind] ?? [],
    };
  });
  shoppers.push(...flashSale(settings, items, dice.fork('flash sale')));
  return shoppers.sort((a, b) => a.atMs - b.atMs);
}

/** Half-way through the day everybody wants one unit of the same item, on whatever marketplace. */
function flashSale(settings: WorldSettings, items: readonly WorldItem[], dice: Dice): Shopper[] {
  const item = flashItem(items);
  if (!item) return [];
  const startMs = settings.startMs + (settings.hours * hourMs) / 2;
  return Array.from({ length: settings.flashShoppers ?? 0 }, () => ({
    atMs: Math.round(startMs + dice.roll() * flashMs),
    channel: dice.pick(settings.channels),
    kind: 'plain',
    purchase: purchaseOf([item], dice, { lines: [lineOf(item, 1)] }),
    expects: [],
  }));
}

/** Every kind at least once where the day is large enough, so that none goes untested. */
function dealKinds(count: number, dice: Dice, hasRetired: boolean): OrderKind[] {
  const kinds: OrderKind[] = [];
  for (const [kind, share] of Object.entries(shares) as [OrderKind, number][]) {
    if (kind === 'retiredSku' && !hasRetired) continue;
    const wanted = Math.max(count >= 60 ? 1 : 0, Math.round(share * count));
    for (let n = 0; n < wanted && kinds.length < count; n += 1) kinds.push(kind);
  }
  while (kinds.length < count) kinds.push('plain');
  for (let at = kinds.length - 1; at > 0; at -= 1) {
    const other = dice.between(0, at);
    [kinds[at], kinds[other]] = [kinds[other]!, kinds[at]!];
  }
  return kinds;
}

/** `live`: items that are never sold out. `onSale`: those that a shopper without a purpose may want too. */
type Shelves = {
  live: readonly WorldItem[];
  onSale: readonly WorldItem[];
  retired: readonly WorldItem[];
};

function kindPurchase(kind: OrderKind, index: number, shelves: Shelves, dice: Dice): Purchase {
  const first = dice.pick(shelves.live);
  const line = (offerSku: string, quantity = 1): PurchaseLine => ({
    offerSku,
    quantity,
    unitPrice: '9.99',
  });
  const withLine = (extra: PurchaseLine) => {
    const plain = purchaseOf(shelves.live, dice, {});
    return { ...plain, lines: [extra, ...plain.lines] };
  };
  switch (kind) {
    case 'sameSkuTwice':
      return purchaseOf(shelves.live, dice, {
        lines: [lineOf(first, 1), lineOf(first, 2), lineOf(dice.pick(shelves.live), 1)],
      });
    case 'unknownSku':
    case 'unknownSkuRepaired':
      return withLine(line(`NEW-${index}`));
    case 'caseDiffers':
      return withLine(line(`sku-${String(dice.between(1, 9)).padStart(5, '0')}`));
    case 'retiredSku':
      return withLine(line(dice.pick(shelves.retired).itemCode));
    case 'lineCancelled':
      return purchaseOf(shelves.live, dice, { lines: distinctLines(shelves.live, dice, 2) });
    case 'unitsCancelled':
      return purchaseOf(shelves.live, dice, { lines: [lineOf(first, 3)] });
    case 'longId':
      return purchaseOf(shelves.live, dice, {
        commercialId: `BASKET-${index}-WITH-A-VERY-LONG-NUMBER-0001`,
      });
    case 'shippingTypeUnmapped':
      return purchaseOf(shelves.live, dice, { shippingTypeCode: 'CLC' });
    case 'plain':
      return purchaseOf(shelves.onSale, dice, {});
    default:
      return purchaseOf(shelves.live, dice, { shipTo: addressFor(kind, dice) });
  }
}

function purchaseOf(items: readonly WorldItem[], dice: Dice, own: Partial<Purchase>): Purchase {
  const count = dice.pick([1, 1, 1, 1, 2, 2, 3, 4]);
  return {
    lines: distinctLines(items, dice, count),
    shipTo: addressFor('plain', dice),
    shippingTypeCode: dice.pick(['STD', 'STD', 'STD', 'EXP']),
    ...own,
  };
}

function distinctLines(items: readonly WorldItem[], dice: Dice, count: number): PurchaseLine[] {
  const chosen = new Set<WorldItem>();
  for (let n = 0; n < count * 3 && chosen.size < count; n += 1) chosen.add(dice.pick(items));
  return [...chosen].map((item) => lineOf(item, dice.pick([1, 1, 1, 2, 3])));
}

function lineOf(item: WorldItem, quantity: number): PurchaseLine {
  return { offerSku: item.itemCode, quantity, unitPrice: item.price };
}

const firstNames = ['Ann', 'Bela', 'Carys', 'Dilys', 'Eoin', 'Fatima', 'Gwen', 'Hamish'];
const lastNames = ['Example', 'Sample', "O'Specimen", 'Null', 'Muster-Mann', 'Test'];
const streets = ['High Street', 'Station Road', 'Mill Lane', 'The Green', 'Long Wharf'];
const towns: readonly [string, string][] = [
  ['Leeds', 'LS1 4AP'],
  ['Cardiff', 'CF10 1EP'],
  ['Inverness', 'IV1 1HY'],
  ['Belfast', 'bt1 5gs'],
  ['Truro', 'TR12UF'],
];

function addressFor(kind: OrderKind, dice: Dice): AddressInput {
  const [city, zip_code] = dice.pick(towns);
  const plain: AddressInput = {
    firstname: dice.pick(firstNames),
    lastname: dice.pick(lastNames),
    street_1: `${dice.between(1, 250)} ${dice.pick(streets)}`,
    street_2: dice.chance(0.3) ? `Flat ${dice.between(1, 40)}` : null,
    zip_code,
    city,
    country: 'United Kingdom',
    country_iso_code: 'GBR',
    phone: dice.chance(0.7) ? '07700 900123' : null,
  };
  switch (kind) {
    case 'addressIncomplete':
      return {
        ...plain,
        ...dice.pick([
          { zip_code: null },
          { street_1: null, street_2: null },
          { city: '' },
          { zip_code: 'UNKNOWN' },
        ]),
      };
    case 'countryUnknown':
      return { ...plain, country: 'Ruritania', country_iso_code: null };
    case 'countryNotServed':
      return {
        ...plain,
        country: 'France',
        country_iso_code: 'FRA',
        zip_code: '75001',
        city: 'Paris',
      };
    case 'longAddress':
      return { ...plain, street_1: `${'Very '.repeat(45)}Long Street` };
    case 'awkwardText':
      return {
        ...plain,
        firstname: '🎁 Zoë',
        lastname: 'D’Arcy "Dot" Example',
        company: 'Smith, Jones & <Sons>',
        street_1: `Unit 4;\r\n"The Mews", 7 ${dice.pick(streets)}`,
        street_2: '=SUM(A1)\tRear entrance',
        additional_info: 'Ring twice,\nleave with neighbour 🙂',
      };
    default:
      return plain;
  }
}
