import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoAnswer, Refused } from '../errors.ts';
import { isolateRefused } from './isolate.ts';

const fields = {
  vendor: 'peoplevox',
  connection: 'main',
  operation: 'SaveData',
  effect: 'none',
} as const;

type Played = { sent: number[]; parked: number[]; calls: number; isTemplate: boolean };

/** Sends rows 0 to n-1 to a warehouse that refuses a call with a bad row in it; `wordsOf` are its words. */
async function play(count: number, wordsOf: (row: number) => string | null): Promise<Played> {
  const played: Played = { sent: [], parked: [], calls: 0, isTemplate: false };
  await isolateRefused(
    Array.from({ length: count }, (_, row) => row),
    {
      send: async (rows) => {
        played.calls += 1;
        const words = rows.map(wordsOf).find((one) => one !== null);
        if (words) throw new Refused(words, fields, { message: words });
        played.sent.push(...rows);
      },
      park: async (row) => void played.parked.push(row),
      parkAll: async () => {
        played.isTemplate = true;
      },
    },
  );
  return played;
}

describe('isolateRefused', () => {
  it('a call without a bad row is one call', async () => {
    const played = await play(100, () => null);
    expect(played.calls).toBe(1);
    expect(played.sent).toHaveLength(100);
  });

  it.each([1, 2, 3, 7, 100])('one bad row anywhere among %i is parked alone', async (count) => {
    for (let bad = 0; bad < count; bad += 1) {
      const played = await play(count, (row) => (row === bad ? 'no such item' : null));
      expect(played.parked).toEqual([bad]);
      expect(played.sent.sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, row) => row).filter((row) => row !== bad),
      );
      expect(played.isTemplate).toBe(false);
    }
  });

  it('the first and the last row bad for the same reason do not stop the others', async () => {
    const played = await play(100, (row) => (row === 0 || row === 99 ? 'no such item' : null));
    expect(played.isTemplate).toBe(false);
    expect(played.parked.sort((a, b) => a - b)).toEqual([0, 99]);
    expect(played.sent).toHaveLength(98);
  });

  it.each([2, 3, 4, 100])(
    '%i rows all refused alike: the call is at fault, no row is parked',
    async (count) => {
      const played = await play(count, () => 'template not configured');
      expect(played).toMatchObject({ isTemplate: true, parked: [], sent: [] });
      expect(played.calls).toBeLessThanOrEqual(6);
    },
  );

  it('rows refused in different words are parked one by one', async () => {
    const played = await play(8, (row) => `row ${row}`);
    expect(played.parked.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(played.isTemplate).toBe(false);
  });

  it('a network failure passes through at once', async () => {
    const lost = new NoAnswer('lost', { ...fields, effect: 'unknown' });
    const run = isolateRefused([1, 2, 3], {
      send: async () => {
        throw lost;
      },
      park: async () => {},
      parkAll: async () => {},
    });
    await expect(run).rejects.toBe(lost);
  });

  it('good rows are taken exactly once, bad rows parked exactly once, in few calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 100 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 10 }),
        async (count, chosen) => {
          const bad = new Set(chosen.filter((row) => row < count));
          const played = await play(count, (row) => (bad.has(row) ? `row ${row} is bad` : null));
          const rows = Array.from({ length: count }, (_, row) => row);
          expect(played.sent.sort((a, b) => a - b)).toEqual(rows.filter((row) => !bad.has(row)));
          expect(played.parked.sort((a, b) => a - b)).toEqual(rows.filter((row) => bad.has(row)));
          const most = 6 + bad.size * 2 * Math.ceil(Math.log2(count + 1));
          expect(played.calls).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});
