import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { buryDead, joinInstances } from './instances.ts';

const clock = createManualClock();
let base: MigratedDatabase;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

const join = () => joinInstances({ url: base.url, clock });
const ids = async () =>
  (await base.db.selectFrom('instances').select('id').orderBy('id').execute()).map((row) => row.id);

/** Ends the connection that proves the life of an instance, as a killed process or server would. */
async function killBackend(id: number): Promise<void> {
  await base.pool.query(
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 5001 and objid = $1::oid",
    [id],
  );
}

/** Buries until this instance is found dead: its server process may take a moment to let go. */
async function buryUntil(id: number): Promise<void> {
  while (!(await buryDead(base.db)).includes(id));
}

describe('instances', () => {
  it('those that live are left alone, however many look', async () => {
    const [one, two] = await Promise.all([join(), join()]);
    expect(await ids()).toEqual([one.id, two.id].sort());
    expect(await buryDead(base.db)).toEqual([]);
    expect(await ids()).toHaveLength(2);
    await Promise.all([one.close(), two.close()]);
    await buryUntil(one.id);
    await buryDead(base.db);
  });

  it('one whose connection was cut knows it, and is buried once', async () => {
    const [dead, alive] = [await join(), await join()];
    await killBackend(dead.id);
    await dead.lost;
    await buryUntil(dead.id);
    expect(await buryDead(base.db)).toEqual([]);
    expect(await ids()).toContain(alive.id);
    expect(await ids()).not.toContain(dead.id);
    await alive.close();
  });

  it('one that left is buried too', async () => {
    const gone = await join();
    await gone.close();
    await buryUntil(gone.id);
    expect(await ids()).not.toContain(gone.id);
  });

  it('a number is never given twice', async () => {
    const first = await join();
    await first.close();
    await buryUntil(first.id);
    const second = await join();
    expect(second.id).toBeGreaterThan(first.id);
    await second.close();
  });

  it('a lock of the same number in another database proves nothing', async () => {
    const other = await openMigratedDatabase();
    const dead = await join();
    await dead.close();
    const client = await other.pool.connect();
    await client.query('select pg_advisory_lock(5001, $1)', [dead.id]);
    await buryUntil(dead.id);
    client.release(true);
    await other.drop();
  });
});
