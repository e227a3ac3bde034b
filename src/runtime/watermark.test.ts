import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { moveWatermark, readWatermark } from './watermark.ts';

let base: MigratedDatabase;
beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

const move = (connection: string, at: string) =>
  base.write((trx) => moveWatermark(trx, 'orders.intake', connection, new Date(at)));
const read = async (connection: string) =>
  (await readWatermark(base.db, 'orders.intake', connection))?.toISOString() ?? null;

describe('a watermark', () => {
  it('is null before the first read', async () => {
    expect(await read('never')).toBeNull();
  });

  it('goes forward to the millisecond and never back', async () => {
    await move('one', '2026-02-03T10:00:00.123Z');
    await move('one', '2026-02-03T10:00:00.124Z');
    expect(await read('one')).toBe('2026-02-03T10:00:00.124Z');
    await move('one', '2026-02-03T10:00:00.123Z');
    await move('one', '2026-02-03T10:00:00.124Z');
    expect(await read('one')).toBe('2026-02-03T10:00:00.124Z');
  });

  it('belongs to one connection and one flow', async () => {
    await move('two', '2026-02-03T10:00:00.000Z');
    expect(await read('three')).toBeNull();
    expect(await readWatermark(base.db, 'other.flow', 'two')).toBeNull();
  });

  it('is not moved by a transaction that fails', async () => {
    const failed = base.write(async (trx) => {
      await moveWatermark(trx, 'orders.intake', 'four', new Date('2026-02-03T10:00:00Z'));
      throw new Error('the rows were refused');
    });
    await expect(failed).rejects.toThrow('the rows were refused');
    expect(await read('four')).toBeNull();
  });
});
