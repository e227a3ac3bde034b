/** What stands on the shelves of a seeded day, and what people do to it: goods come in, are counted, broken,
 *  carried about; somebody types a figure over ours. Pure data; `rehearsal/` lets it happen. */
import type { Dice } from './kernel.ts';

/** ample: never sold out. thin: a few units, so that the last one is fought for. probe: nobody buys it, people
 *  only change its figure. kit: made of others when it is sold. unlisted: no marketplace shows it. */
export type Role = 'ample' | 'thin' | 'probe' | 'kit' | 'unlisted';

export type WorldItem = {
  itemCode: string;
  name: string;
  role: Role;
  /** Units on hand by site; empty for a kit. */
  stock: Record<string, number>;
  /** The same, all sites together. */
  units: number;
  /** Units of each component in one kit; absent for anything else. */
  kitOf?: Record<string, number>;
  isRetired: boolean;
  /** Decimal text. */
  price: string;
};

/** Something that people do to stock. `size`, 0 to 1, says how much of it, as the deed sees fit. */
export type Deed = {
  atMs: number;
  kind: DeedKind;
  itemCode: string;
  /** Index of the site, or of the marketplace, to be taken modulo their number. */
  place: number;
  size: number;
};

/** goods: a delivery. countUp, countDown: somebody counts. damage: written off. move: to another site that may be
 *  sold. quarantine: to the system's site. lost: not one unit of an item with reserved ones is found. probe:
 *  another figure for an item that nobody buys. backOffice: a person types a quantity on a marketplace. */
export type DeedKind =
  | 'goods'
  | 'countUp'
  | 'countDown'
  | 'damage'
  | 'move'
  | 'quarantine'
  | 'lost'
  | 'probe'
  | 'backOffice';

export type ShelfSettings = {
  skus: number;
  hours: number;
  startMs: number;
  /** Sites whose units may be sold; with a single one given, see `isVaried`. */
  sites: readonly string[];
  /** False: every item is ample and on the first site, and nobody does anything to it. */
  isVaried: boolean;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Units of the item that everybody wants at once. */
const flashUnits = 40;

/** Items of the day, in the order of their numbers. Kits name components that stand before or after them. */
export function makeItems(settings: ShelfSettings, dice: Dice): WorldItem[] {
  const items = Array.from({ length: settings.skus }, (_, index) =>
    makeItem(settings, index, dice),
  );
  const parts = items.filter((one) => !one.isRetired && ['ample', 'thin'].includes(one.role));
  for (const kit of items) {
    if (kit.role !== 'kit') continue;
    const first = dice.pick(parts);
    const second = dice.pick(parts.filter((one) => one !== first));
    kit.kitOf = { [first.itemCode]: dice.between(1, 3), [second.itemCode]: 1 };
  }
  return items;
}

/** The item of a flash sale: a thin one, listed, on the first site alone. */
export function flashItem(items: readonly WorldItem[]): WorldItem | undefined {
  return items.find((one) => one.role === 'thin' && one.units === flashUnits);
}

/** What people do in the course of the day, in order of time. */
export function planDeeds(
  settings: ShelfSettings,
  items: readonly WorldItem[],
  dice: Dice,
): Deed[] {
  if (!settings.isVaried) return [];
  const live = items.filter((one) => !one.isRetired);
  const ample = live.filter((one) => one.role === 'ample');
  const stocked = live.filter((one) => one.role === 'ample' || one.role === 'thin');
  const thin = live.filter((one) => one.role === 'thin');
  const spanMs = settings.hours * hourMs;
  const deeds: Deed[] = [];
  const plan = (count: number, from: readonly WorldItem[], kinds: readonly DeedKind[]) => {
    if (from.length === 0) return;
    for (let n = 0; n < count; n += 1) {
      deeds.push({
        atMs: settings.startMs + Math.round((0.05 + dice.roll() * 0.92) * spanMs),
        kind: dice.pick(kinds),
        itemCode: dice.pick(from).itemCode,
        place: dice.between(0, 1_000),
        size: dice.roll(),
      });
    }
  };
  // Some two in a hundred items an hour, and never a quiet day.
  const each = Math.ceil(settings.hours * Math.max(3, settings.skus * 0.01));
  plan(each, thin, ['goods', 'goods', 'countUp', 'countDown', 'damage', 'move', 'quarantine']);
  plan(each, stocked, ['goods', 'countUp', 'countDown', 'damage', 'move', 'move']);
  plan(Math.ceil(settings.hours), ample, ['backOffice']);
  plan(Math.ceil(settings.hours / 4), thin, ['lost']);
  const probes = live.filter((one) => one.role === 'probe');
  for (const probe of probes.slice(0, mostProbes)) deeds.push(...probeDeeds(settings, probe, dice));
  return deeds.sort((a, b) => a.atMs - b.atMs);
}

/** More would measure no better. */
const mostProbes = 400;

/** A probe changes every half hour or so: long enough that each change is shown before the next. */
function probeDeeds(settings: ShelfSettings, probe: WorldItem, dice: Dice): Deed[] {
  const deeds: Deed[] = [];
  const endMs = settings.startMs + settings.hours * hourMs;
  let atMs = settings.startMs + dice.between(15 * minuteMs, 45 * minuteMs);
  for (; atMs < endMs; atMs += dice.between(20 * minuteMs, 40 * minuteMs)) {
    const place = 0;
    deeds.push({ atMs, kind: 'probe', itemCode: probe.itemCode, place, size: dice.roll() });
  }
  return deeds;
}

const shapes = [
  (n: number) => `SKU-${String(n).padStart(5, '0')}`,
  (n: number) => String(n).padStart(8, '0'),
  (n: number) => `TEE/${n} & CO`,
  (n: number) => `Mug, ${n}`,
  (n: number) => `LAMP+${n}#A`,
  (n: number) => `écharpe-${n}`,
];

function makeItem(settings: ShelfSettings, index: number, dice: Dice): WorldItem {
  const shape = dice.chance(0.75) ? shapes[0]! : dice.pick(shapes);
  const isRetired = settings.skus > 20 && index % 50 === 49;
  const role = isRetired || !settings.isVaried ? 'ample' : roleOf(index);
  const stock = stockOf(settings, role, index, dice);
  return {
    itemCode: shape(index + 1),
    name: `Article ${index + 1}`,
    role,
    stock,
    units: Object.values(stock).reduce((sum, units) => sum + units, 0),
    isRetired,
    price: `${dice.between(2, 180)}.${dice.pick(['00', '50', '95', '99'])}`,
  };
}

/** Of a hundred items thirteen are thin, five probes, four kits and one is not listed. */
function roleOf(index: number): Role {
  if (index % 25 === 21) return 'kit';
  if (index % 20 === 7) return 'probe';
  if (index % 20 === 3 || index % 20 === 11 || index % 20 === 16) return 'thin';
  return index % 100 === 18 ? 'unlisted' : 'ample';
}

function stockOf(
  { sites }: ShelfSettings,
  role: Role,
  index: number,
  dice: Dice,
): Record<string, number> {
  const first = sites[0]!;
  if (role === 'kit') return {};
  if (role === 'thin' && index === 3) return { [first]: flashUnits };
  const units = role === 'thin' ? dice.between(1, dice.pick([6, 30])) : dice.between(2_000, 20_000);
  const other = sites[dice.between(0, sites.length - 1)]!;
  if (other === first || role === 'probe' || dice.chance(0.4)) return { [first]: units };
  const there = dice.between(0, units);
  return { [first]: units - there, [other]: there };
}
