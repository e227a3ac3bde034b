import { describe, expect, it } from 'vitest';
import { Dice } from './kernel.ts';
import { flashItem, makeItems, planDeeds } from './shelves.ts';
import { makeWorld } from './world.ts';

const settings = {
  skus: 200,
  hours: 8,
  startMs: Date.UTC(2026, 2, 2, 8),
  sites: ['PrimarySite', 'Overflow'],
  isVaried: true,
};
const items = makeItems(settings, new Dice(1));
const deeds = planDeeds(settings, items, new Dice(2));
const count = (role: string) => items.filter((one) => one.role === role).length;

describe('shelves', () => {
  it('hold some of everything', () => {
    expect(['thin', 'probe', 'kit', 'unlisted'].map(count)).toEqual([26, 10, 8, 2]);
  });
  it('are the same from the same seed', () => {
    expect(makeItems(settings, new Dice(1))).toEqual(items);
  });
  it('make kits of items that have stock and are neither kits nor probes', () => {
    const byCode = new Map(items.map((one) => [one.itemCode, one]));
    const parts = items.flatMap((kit) => Object.keys(kit.kitOf ?? {})).map((c) => byCode.get(c)!);
    expect(parts.length).toBe(16);
    expect(parts.every((one) => ['ample', 'thin'].includes(one.role))).toBe(true);
  });
  it('have one item that a flash sale is about', () => {
    expect(flashItem(items)).toMatchObject({ role: 'thin', units: 40, isRetired: false });
  });
  it('are plain when nobody asks for more', () => {
    const plain = makeItems({ ...settings, sites: ['PrimarySite'], isVaried: false }, new Dice(1));
    expect(plain.every((one) => one.role === 'ample' && one.units >= 2_000)).toBe(true);
  });
});

describe('people', () => {
  it('do everything that people do in the course of a day', () => {
    expect(new Set(deeds.map((one) => one.kind)).size).toBe(9);
  });
  it('change nothing that is sold when they change probes, and probes by nothing else', () => {
    const probes = new Set(items.filter((one) => one.role === 'probe').map((one) => one.itemCode));
    expect(deeds.every((one) => probes.has(one.itemCode) === (one.kind === 'probe'))).toBe(true);
  });
});

describe('shoppers', () => {
  const world = makeWorld({
    ...settings,
    seed: 3,
    orders: 300,
    channels: ['a', 'b'],
    flashShoppers: 60,
  });
  const roles = new Map(world.items.map((one) => [one.itemCode, one.role]));
  const bought = (kind: (kind: string) => boolean) =>
    world.shoppers
      .filter((one) => kind(one.kind))
      .flatMap((one) => one.purchase.lines.map((line) => roles.get(line.offerSku)));

  it('without a purpose want thin items and kits too, never probes or what is not listed', () => {
    expect(new Set(bought((kind) => kind === 'plain'))).toEqual(new Set(['ample', 'thin', 'kit']));
  });
  it('with a purpose want only what is never sold out', () => {
    const known = bought((kind) => kind !== 'plain').filter((role) => role !== undefined);
    expect(new Set(known)).toEqual(new Set(['ample']));
  });
  it('come for the flash sale within ten minutes, on every marketplace', () => {
    const code = flashItem(world.items)!.itemCode;
    const all = world.shoppers.filter((one) => one.purchase.lines[0]!.offerSku === code);
    const middleMs = settings.startMs + 4 * 3_600_000;
    const flash = all.filter((one) => one.atMs >= middleMs && one.atMs <= middleMs + 600_000);
    expect(flash.length).toBeGreaterThanOrEqual(60);
    expect(new Set(flash.map((one) => one.channel)).size).toBe(2);
  });
});
