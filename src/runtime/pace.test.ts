import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import type { Pace, Permit } from '../transport.ts';
import { createPace, freeDeadHolders, type Lane } from './pace.ts';

let base: MigratedDatabase;
let clock: ManualClock;
let connection = '';
let number = 0;

beforeAll(async () => {
  base = await openMigratedDatabase();
});
afterAll(() => base.drop());
beforeEach(() => {
  clock = createManualClock();
  number += 1;
  connection = `c-${number}`;
});

const polls: Lane = { name: 'OR11', gapMs: 60_000, isExclusive: false };
const oneCall: Lane = { name: 'calls', gapMs: 1_000, isExclusive: true };

/** A process with a pace of its own on the shared database. Calls of `free` have no ceiling. */
function process(lane: Lane, own: { instance?: number; urgency?: number } = {}): Pace {
  return createPace({
    db: base.db,
    clock,
    connection,
    instance: () => own.instance ?? 1,
    laneOf: (operation) =>
      operation === 'free' ? null : { ...lane, name: `${lane.name}${operation}` },
    urgency: own.urgency ?? 0,
  });
}

type Asked = { got: boolean; permit: Promise<Permit> };

/** Asks for leave and notes when it is given. */
function ask(pace: Pace, operation = ''): Asked {
  const asked: Asked = { got: false, permit: pace.take(operation) };
  void asked.permit.then(() => {
    asked.got = true;
  });
  return asked;
}

const lane = () =>
  base.db.selectFrom('pace').selectAll().where('connection', '=', connection).executeTakeFirst();

describe('a gap between calls', () => {
  it('the first call goes at once, the next after the gap', async () => {
    const pace = process(polls);
    await (await pace.take('')).done();
    const second = ask(pace);
    await clock.asleep(1);
    clock.advance(59_999);
    await clock.asleep(1);
    expect(second.got).toBe(false);
    clock.advance(1);
    await second.permit;
  });

  it('is kept across processes', async () => {
    await process(polls).take('');
    const other = ask(process(polls, { instance: 2 }));
    await clock.asleep(1);
    expect(other.got).toBe(false);
    clock.advance(60_000);
    await other.permit;
  });

  it('of two that wait one goes and the other waits a whole gap more', async () => {
    await process(polls).take('');
    const asked = [ask(process(polls, { instance: 2 })), ask(process(polls, { instance: 3 }))];
    await clock.asleep(2);
    clock.advance(60_000);
    await Promise.race(asked.map((one) => one.permit));
    await clock.asleep(1);
    expect(asked.filter((one) => one.got)).toHaveLength(1);
    clock.advance(60_000);
    await Promise.all(asked.map((one) => one.permit));
  });

  it('is a matter of one lane: another operation and another connection go at once', async () => {
    const pace = process(polls);
    await pace.take('');
    await pace.take('other');
    connection = `${connection}-other`;
    await process(polls).take('');
  });

  it('an operation without a ceiling never waits and leaves no trace', async () => {
    const pace = process(polls);
    for (let at = 0; at < 3; at += 1) await (await pace.take('free')).done();
    await pace.backOff('free', 60_000);
    await pace.take('free');
    expect(await lane()).toBeUndefined();
  });
});

describe('one call at a time', () => {
  it('the next call waits until the one in flight is done, however long that takes', async () => {
    const first = await process(oneCall).take('');
    const second = ask(process(oneCall, { instance: 2 }));
    for (let at = 0; at < 5; at += 1) {
      await clock.asleep(1);
      clock.advance(30_000);
    }
    await clock.asleep(1);
    expect(second.got).toBe(false);
    await first.done();
    clock.advance(1_000);
    await second.permit;
  });

  it('and the gap is kept besides', async () => {
    await (await process(oneCall).take('')).done();
    const second = ask(process(oneCall));
    await clock.asleep(1);
    expect(second.got).toBe(false);
    clock.advance(1_000);
    await second.permit;
  });

  it('a process that died frees its leave at once', async () => {
    await process(oneCall, { instance: 7 }).take('');
    const second = ask(process(oneCall, { instance: 8 }));
    await clock.asleep(1);
    await freeDeadHolders(base.db, [6]);
    expect((await lane())?.holder).toBe(7);
    await freeDeadHolders(base.db, []);
    await freeDeadHolders(base.db, [6, 7]);
    clock.advance(1_000);
    await second.permit;
    expect((await lane())?.holder).toBe(8);
  });

  it('a call that never ends is overruled after twenty minutes', async () => {
    await process(oneCall).take('');
    const second = ask(process(oneCall, { instance: 2 }));
    await clock.asleep(1);
    clock.advance(20 * 60_000 - 1);
    await clock.asleep(1);
    expect(second.got).toBe(false);
    clock.advance(1_000);
    await second.permit;
  });

  it('its late end does not free the leave of the one that overruled it', async () => {
    const first = await process(oneCall).take('');
    clock.advance(20 * 60_000);
    await process(oneCall, { instance: 2 }).take('');
    await first.done();
    expect((await lane())?.holder).toBe(2);
  });

  it('waiting does not ask the database more than ten times a second', async () => {
    await process(oneCall).take('');
    ask(process(oneCall, { instance: 2 }));
    await clock.asleep(1);
    expect(Math.min(...clock.naps)).toBeGreaterThanOrEqual(100);
  });
});

describe('who goes first', () => {
  const orders = { instance: 1, urgency: 0 };
  const stock = { instance: 2, urgency: 5 };

  it('a less urgent caller stands back while a more urgent one waits', async () => {
    const held = await process(oneCall, stock).take('');
    const urgent = ask(process(oneCall, orders));
    await clock.asleep(1);
    const other = ask(process(oneCall, { ...stock, instance: 3 }));
    await clock.asleep(2);
    clock.advance(1_000);
    await clock.asleep(2);
    await held.done();
    clock.advance(100);
    const permit = await urgent.permit;
    await clock.asleep(1);
    expect(other.got).toBe(false);
    await permit.done();
    clock.advance(1_000);
    await other.permit;
  });

  it('also when both wait out a long gap', async () => {
    await (await process(polls, orders).take('')).done();
    const urgent = ask(process(polls, orders));
    await clock.asleep(1);
    const other = ask(process(polls, stock));
    await clock.asleep(2);
    // Both wake in the same instant; were it not held for the urgent one, either might win.
    expect((await lane())?.urgent_until?.getTime()).toBeGreaterThan(clock.nowMs() + 60_000);
    clock.advance(60_000);
    await urgent.permit;
    await clock.asleep(1);
    expect(other.got).toBe(false);
    clock.advance(60_000);
    await other.permit;
  });

  it('standing back does not ask the database more than ten times a second', async () => {
    await (await process(polls, orders).take('')).done();
    ask(process(polls, orders));
    await clock.asleep(1);
    await base.db
      .updateTable('pace')
      .set({ next_at: new Date(0) })
      .where('connection', '=', connection)
      .execute();
    ask(process(polls, stock));
    await clock.asleep(2);
    expect(clock.naps.at(-1)).toBeGreaterThanOrEqual(100);
  });

  it('an urgent caller that gave up does not hold the others back for long', async () => {
    await (await process(oneCall, orders).take('')).done();
    // Seen waiting, and never again.
    const urgent_until = new Date(clock.nowMs() + 4_000);
    await base.db
      .updateTable('pace')
      .set({ urgent_until })
      .where('connection', '=', connection)
      .execute();
    const other = ask(process(oneCall, stock));
    await clock.asleep(1);
    clock.advance(3_999);
    await clock.asleep(1);
    expect(other.got).toBe(false);
    clock.advance(1_000);
    await other.permit;
  });
});

describe('the vendor asks for quiet', () => {
  it('nobody gets leave for that operation until then', async () => {
    const pace = process(polls);
    await pace.backOff('', 300_000);
    const asked = [ask(pace), ask(process(polls, { instance: 2 }))];
    await clock.asleep(2);
    clock.advance(299_999);
    await clock.asleep(2);
    expect(asked.some((one) => one.got)).toBe(false);
    clock.advance(1);
    await Promise.race(asked.map((one) => one.permit));
  });

  it('a shorter wish does not shorten what holds already', async () => {
    const pace = process(polls);
    await pace.backOff('', 300_000);
    await pace.backOff('', 1_000);
    expect((await lane())?.next_at.getTime()).toBe(clock.nowMs() + 300_000);
  });
});
