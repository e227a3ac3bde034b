import pg from 'pg';
import { expect, it } from 'vitest';
import { openTestDatabase } from './database.ts';

it('a test database is empty, apart from every other, and gone when it is dropped', async () => {
  const [one, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
  try {
    await query(one.connectionString, 'create table mark ()');
    const seen = await query(other.connectionString, "select to_regclass('mark') as mark");
    expect(seen).toEqual([{ mark: null }]);
  } finally {
    await Promise.all([one.drop(), other.drop()]);
  }
  await expect(query(one.connectionString, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
