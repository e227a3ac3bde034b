import { describe, expect, it } from 'vitest';
import { settingsShape } from '../settings.ts';
import { massChange } from './read.ts';

/** 30 %, at least 20 items: the defaults. */
const [warehouse] = settingsShape.parse({
  channels: [
    {
      id: 'john-lewis',
      name: 'John Lewis',
      url: 'https://marketplace.example.test',
      apiKey: 'key-1',
      warehouse: 'main',
      shippingTypes: { STD: 'Standard' },
    },
  ],
  warehouses: [
    {
      id: 'main',
      url: 'https://warehouse.example.test',
      clientId: 'tenant1',
      username: 'packhorse',
      password: 'password-1',
    },
  ],
}).warehouses;

const judged = (rowCount: number, stocked: number, emptied: number) =>
  massChange(warehouse!, { rowCount }, { stocked, emptied });

describe('a mass change', () => {
  it.each([
    { rule: 'nothing emptied', rows: 1_000, stocked: 1_000, emptied: 0 },
    { rule: 'exactly the share', rows: 1_000, stocked: 1_000, emptied: 300 },
    { rule: 'all of a few items', rows: 19, stocked: 19, emptied: 19 },
    { rule: 'nothing had stock before', rows: 500, stocked: 0, emptied: 0 },
  ])('is not: $rule', ({ rows, stocked, emptied }) => {
    expect(judged(rows, stocked, emptied)).toBeNull();
  });

  it.each([
    { rule: 'one more than the share', rows: 1_000, stocked: 1_000, emptied: 301 },
    { rule: 'the least count and all of it', rows: 20, stocked: 20, emptied: 20 },
  ])('is: $rule; the figures are named', ({ rows, stocked, emptied }) => {
    expect(judged(rows, stocked, emptied)).toBe(
      `${emptied} of ${stocked} items with stock would have none (more than 30 %)`,
    );
  });

  it('is an empty report, whatever there was before', () => {
    expect(judged(0, 3, 3)).toBe('the stock report is empty; 3 items had stock before');
    expect(judged(0, 0, 0)).toMatch(/is empty/);
  });
});
