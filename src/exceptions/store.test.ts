import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import type { Cause } from '../errors.ts';
import {
  createExceptions,
  type ExceptionFilter,
  listExceptionEvents,
  listExceptions,
  moveExceptions,
} from './store.ts';

let base: MigratedDatabase;
let clock: ManualClock;
let exceptions: ReturnType<typeof createExceptions>;
let connection = '';
let number = 0;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());

/** Each test has a connection of its own in the one database. */
function arrange() {
  number += 1;
  connection = `jl-${number}`;
  clock = createManualClock();
  exceptions = createExceptions(clock);
}

function cause(own: Partial<Cause> = {}): Cause {
  return {
    code: 'unknown-item',
    connection,
    subjectKind: 'order',
    subjectId: 'A',
    message: 'ItemCode X unknown in Peoplevox',
    evidence: { itemCodes: ['X'] },
    ...own,
  };
}

const raise = (...causes: Cause[]) => base.write((trx) => exceptions.raise(trx, causes));
const settle = (ids: string[], codes: string[], stillHolds: string[] = []) =>
  base.write((trx) =>
    exceptions.settle(
      trx,
      ids.map((subjectId) => ({ connection, subjectKind: 'order', subjectId })),
      { codes, stillHolds, why: 'gone' },
    ),
  );
const list = (filter: ExceptionFilter = {}) =>
  listExceptions(base.db, {
    connection,
    states: ['open', 'retrying', 'resolved', 'ignored'],
    ...filter,
  });
const events = async (id: number) =>
  (await listExceptionEvents(base.db, id)).map((one) => `${one.what} by ${one.who}`);

async function moveTo(to: 'retrying' | 'resolved' | 'ignored', ...ids: number[]) {
  clock.advance(1_000);
  return moveExceptions(base.db, clock, ids, { to, who: 'ann', note: null });
}

describe('raise', () => {
  it('opens a cause with its facts, its owner and how bad it is', async () => {
    arrange();
    const deadlineAt = new Date('2026-02-05T17:00:00Z');
    await raise(cause({ moneyPence: 123_456_789_012n, deadlineAt }));
    const [row] = await list();
    expect(row).toMatchObject({
      code: 'unknown-item',
      title: 'No ItemCode in the warehouse is exactly the SKU sold',
      state: 'open',
      owner: 'ecommerce',
      severity: 'high',
      evidence: { itemCodes: ['X'] },
      moneyPence: 123_456_789_012,
      deadlineAt,
      openedAt: clock.now(),
      closedAt: null,
      timesOpened: 1,
    });
    expect(await events(row!.id)).toEqual(['opened by packhorse']);
  });

  it('the same cause again is refreshed, not doubled, and keeps its age', async () => {
    arrange();
    await raise(cause());
    const openedAt = clock.now();
    clock.advance(60_000);
    await raise(cause({ message: 'ItemCode X and Y unknown in Peoplevox' }));
    const rows = await list();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ openedAt, lastSeenAt: clock.now(), timesOpened: 1 });
    expect(rows[0]?.message).toContain('X and Y');
    expect(await events(rows[0]!.id)).toEqual(['opened by packhorse']);
  });

  it('of equal causes in one batch the last counts', async () => {
    arrange();
    await raise(cause({ message: 'first' }), cause({ subjectId: 'B' }), cause({ message: 'last' }));
    const rows = await list();
    expect(rows.map((one) => [one.subjectId, one.message])).toEqual([
      ['A', 'last'],
      ['B', 'ItemCode X unknown in Peoplevox'],
    ]);
  });

  it('a resolved one that comes back is re-opened and counted', async () => {
    arrange();
    await raise(cause());
    await settle(['A'], ['unknown-item']);
    clock.advance(60_000);
    await raise(cause());
    const [row] = await list();
    expect(row).toMatchObject({
      state: 'open',
      openedAt: clock.now(),
      closedAt: null,
      timesOpened: 2,
    });
    expect(await events(row!.id)).toEqual([
      'opened by packhorse',
      'resolved by packhorse',
      're-opened by packhorse',
    ]);
  });

  it('one being retried that comes back is open again, and that is kept', async () => {
    arrange();
    await raise(cause());
    const [row] = await list();
    await moveTo('retrying', row!.id);
    clock.advance(60_000);
    await raise(cause());
    expect((await list())[0]).toMatchObject({ state: 'open', timesOpened: 1 });
    expect(await events(row!.id)).toEqual([
      'opened by packhorse',
      'retry asked by ann',
      're-opened by packhorse',
    ]);
  });

  it('an ignored one stays ignored, but its facts are fresh', async () => {
    arrange();
    await raise(cause());
    await moveTo('ignored', (await list())[0]!.id);
    const closedAt = clock.now();
    clock.advance(60_000);
    await raise(cause({ message: 'newer words' }));
    const [row] = await list();
    expect(row).toMatchObject({
      state: 'ignored',
      message: 'newer words',
      closedAt,
      lastSeenAt: clock.now(),
    });
    expect(await events(row!.id)).toEqual(['opened by packhorse', 'ignored by ann']);
  });

  it('a code that is not in the list is a mistake of ours', async () => {
    arrange();
    await expect(raise(cause({ code: 'bad-luck' }))).rejects.toThrow(
      'bad-luck is not in exceptions/codes.ts',
    );
    expect(await list()).toEqual([]);
  });

  it('words that the database cannot keep are kept as well as they can be', async () => {
    arrange();
    await raise(cause({ message: 'it said \u0000\ud83d', evidence: { said: '\u0000' } }));
    expect((await list())[0]).toMatchObject({
      message: 'it said \ufffd\ufffd',
      evidence: { said: '\ufffd' },
    });
  });
});

describe('settle', () => {
  it('closes the asked codes of the asked subjects, except what still holds', async () => {
    arrange();
    const all = ['unknown-item', 'totals-differ', 'address-missing'];
    for (const code of all) await raise(cause({ code }), cause({ code, subjectId: 'B' }));
    await settle(['A'], ['unknown-item', 'totals-differ'], ['totals-differ']);
    const closed = (await list()).filter((one) => one.state === 'resolved');
    expect(closed.map((one) => [one.code, one.subjectId])).toEqual([['unknown-item', 'A']]);
    expect(closed[0]?.closedAt).toEqual(clock.now());
  });

  it('the same subject of another connection stays open', async () => {
    arrange();
    await raise(cause(), cause({ connection: `other-${number}` }));
    await settle(['A'], ['unknown-item']);
    expect(await list({ connection: `other-${number}` })).toMatchObject([{ state: 'open' }]);
  });

  it('closes what is being retried, and leaves what is ignored', async () => {
    arrange();
    await raise(cause(), cause({ code: 'totals-differ' }));
    const ids = new Map((await list()).map((one) => [one.code, one.id]));
    await moveTo('retrying', ids.get('unknown-item')!);
    await moveTo('ignored', ids.get('totals-differ')!);
    await settle(['A'], ['unknown-item', 'totals-differ']);
    const states = new Map((await list()).map((one) => [one.code, one.state]));
    expect(Object.fromEntries(states)).toEqual({
      'unknown-item': 'resolved',
      'totals-differ': 'ignored',
    });
  });

  it('a second time notes nothing more', async () => {
    arrange();
    await raise(cause());
    await settle(['A'], ['unknown-item']);
    await settle(['A'], ['unknown-item']);
    expect(await events((await list())[0]!.id)).toHaveLength(2);
    await settle([], ['unknown-item']);
  });
});

describe('by hand', () => {
  it('only what is open or being retried moves, and it is said which did', async () => {
    arrange();
    await raise(cause(), cause({ subjectId: 'B' }), cause({ subjectId: 'C' }));
    const [a, b, c] = (await list()).map((one) => one.id);
    expect(await moveTo('resolved', a!)).toEqual([a]);
    expect(await moveTo('ignored', b!)).toEqual([b]);
    expect((await moveTo('retrying', a!, b!, c!, 999_999)).sort()).toEqual([c]);
    expect(await moveTo('ignored', c!)).toEqual([c]);
    expect((await list()).map((one) => one.state)).toEqual(['resolved', 'ignored', 'ignored']);
    expect(await moveTo('resolved')).toEqual([]);
  });
});

describe('list', () => {
  it('the most urgent first: severity, then deadline, then age', async () => {
    arrange();
    const at = (day: number) => new Date(`2026-02-0${day}T12:00:00Z`);
    await raise(cause({ subjectId: 'old' }));
    clock.advance(1_000);
    await raise(
      cause({ subjectId: 'young' }),
      cause({ subjectId: 'due-late', deadlineAt: at(6) }),
      cause({ subjectId: 'due-soon', deadlineAt: at(5) }),
      cause({ subjectId: 'worst', code: 'cancel-too-late' }),
      cause({ subjectId: 'least', code: 'reference-refused', deadlineAt: at(4) }),
    );
    const order = (await list()).map((one) => one.subjectId);
    expect(order).toEqual(['worst', 'due-soon', 'due-late', 'old', 'young', 'least']);
    expect((await list({ limit: 2 })).map((one) => one.subjectId)).toEqual(['worst', 'due-soon']);
  });

  it.each([
    ['by code', { codes: ['totals-differ'] }, ['B']],
    ['by no code', { codes: [] }, []],
    ['by subject', { subjectId: 'A' }, ['A']],
    ['by no id', { ids: [] }, []],
    ['open and retrying unless told otherwise', { states: undefined }, ['A', 'B']],
    ['by state', { states: ['ignored'] }, ['C']],
  ] as [string, ExceptionFilter, string[]][])('filtered %s', async (_rule, filter, found) => {
    arrange();
    await raise(
      cause(),
      cause({ subjectId: 'B', code: 'totals-differ' }),
      cause({ subjectId: 'C', code: 'address-missing' }),
    );
    const third = (await list({ subjectId: 'C' }))[0]!.id;
    await moveTo('ignored', third);
    expect((await list(filter)).map((one) => one.subjectId).sort()).toEqual(found);
  });
});
