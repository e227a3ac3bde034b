import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { jsonText, openDatabase } from './db.ts';

let base: MigratedDatabase;
beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

describe('openDatabase', () => {
  it('a connection that is cut in the middle of a transaction fails that transaction alone', async () => {
    const failed = base.write(async (trx) => {
      const { rows } = await trx.executeQuery<{ pid: number }>(
        CompiledQuery.raw('select pg_backend_pid() as pid'),
      );
      // Waits until the server process is gone, so that the cut is noticed between two queries.
      await base.pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      await new Promise((settle) => setImmediate(settle));
      await trx.selectFrom('flows').selectAll().execute();
    });
    await expect(failed).rejects.toThrow();
    expect(await base.db.selectFrom('flows').selectAll().execute()).toEqual([]);
  });

  it('a connection that is cut while idle is heard of and made anew', async () => {
    let tell = (_: Error) => {};
    const heard = new Promise<Error>((resolve) => {
      tell = resolve;
    });
    const opened = openDatabase(base.url, { poolSize: 1, onError: (cause) => tell(cause) });
    const { rows } = await opened.pool.query('select pg_backend_pid() as pid');
    await base.pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
    expect(await heard).toBeInstanceOf(Error);
    expect((await opened.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await opened.close();
  });

  it('64-bit integers are numbers, instants are dates, numerics stay text', async () => {
    const { rows } = await base.pool.query(
      "select 9007199254740991::bigint as big, 10.50::numeric as exact, '2026-02-03T10:00:00.123Z'::timestamptz as at",
    );
    expect(rows).toEqual([
      { big: 9_007_199_254_740_991, exact: '10.50', at: new Date('2026-02-03T10:00:00.123Z') },
    ]);
  });
});

describe('jsonText', () => {
  it.each([
    ['plain text', 'a\n"b" \\ é 😀', 'a\n"b" \\ é 😀'],
    ['a zero character', 'a\u0000b', 'a\ufffdb'],
    ['half an emoji', 'a\ud83d', 'a\ufffd'],
    ['the other half', '\ude00b', '\ufffdb'],
    ['text that spells an escape', '\\u0000 \\ud83d \\\\u0000', '\\u0000 \\ud83d \\\\u0000'],
    ['an escape behind a backslash', '\\\u0000', '\\\ufffd'],
    ['other control characters', '\u0001\u001f', '\u0001\u001f'],
  ])('the database takes and gives back: %s', async (_rule, text, kept) => {
    const { rows } = await base.pool.query('select $1::jsonb as body', [
      jsonText({ [text]: [text] }),
    ]);
    expect(rows[0].body).toEqual({ [kept]: [kept] });
  });
});
