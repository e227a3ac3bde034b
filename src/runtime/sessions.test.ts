import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts';
import { type MigratedDatabase, openMigratedDatabase } from '../../test/migrated-database.ts';
import { createSessionStore, freeDeadRenewals } from './sessions.ts';

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
  connection = `main-${number}`;
});

const process = (instance: number) =>
  createSessionStore({ db: base.db, clock, connection, instance: () => instance });

/** A log-in that the test ends: `reach` resolves when it was called. */
function heldLogin() {
  const held = {
    calls: 0,
    answer: (_: string) => {},
    fail: (_: Error) => {},
    reach: Promise.resolve(),
  };
  let reached = () => {};
  held.reach = new Promise((resolve) => {
    reached = resolve;
  });
  const login = () =>
    new Promise<string>((resolve, reject) => {
      held.calls += 1;
      held.answer = resolve;
      held.fail = reject;
      reached();
    });
  return { held, login };
}

const never = async (): Promise<string> => {
  throw new Error('logged in a second time');
};

describe('a session', () => {
  it('is null before the first log-in, then shared by every process', async () => {
    expect(await process(1).current()).toBeNull();
    const made = await process(1).renew(null, async () => 's-1');
    expect(made).toEqual({ sessionId: 's-1', createdAt: clock.now() });
    expect(await process(2).current()).toEqual(made);
    expect(await process(2).renew(null, never)).toEqual(made);
  });

  it('of several that need one at once only one logs in', async () => {
    const { held, login } = heldLogin();
    const first = process(1).renew(null, login);
    await held.reach;
    const others = [
      process(2).renew(null, never),
      process(3).renew(null, never),
      process(1).renew(null, never),
    ];
    await clock.asleep(3);
    held.answer('s-1');
    await first;
    clock.advance(200);
    const sessions = await Promise.all(others);
    expect(sessions.map((one) => one.sessionId)).toEqual(['s-1', 's-1', 's-1']);
    expect(held.calls).toBe(1);
  });

  it('that died is renewed once, by whoever sees it first', async () => {
    await process(1).renew(null, async () => 's-1');
    clock.advance(60_000);
    const renewed = await process(2).renew('s-1', async () => 's-2');
    expect(renewed).toEqual({ sessionId: 's-2', createdAt: clock.now() });
    expect(await process(1).renew('s-1', never)).toEqual(renewed);
  });

  it('belongs to one warehouse', async () => {
    await process(1).renew(null, async () => 's-1');
    connection = `${connection}-other`;
    expect(await process(1).current()).toBeNull();
  });
});

describe('a log-in that goes wrong', () => {
  it('is thrown to the one that asked and frees the place for the next', async () => {
    const failed = process(1).renew(null, async () => {
      throw new Error('wrong password');
    });
    await expect(failed).rejects.toThrow('wrong password');
    expect(await process(2).renew(null, async () => 's-1')).toMatchObject({ sessionId: 's-1' });
    expect(clock.naps).toEqual([]);
  });

  it('leaves the dead session dead', async () => {
    await process(1).renew(null, async () => 's-1');
    const failed = process(1).renew('s-1', async () => {
      throw new Error('no answer');
    });
    await expect(failed).rejects.toThrow('no answer');
    expect(await process(2).renew('s-1', async () => 's-2')).toMatchObject({ sessionId: 's-2' });
  });

  it('in a process that died is taken over at once when the death is known', async () => {
    const { held, login } = heldLogin();
    const lost = process(7).renew(null, login);
    await held.reach;
    const other = process(8).renew(null, async () => 's-8');
    await clock.asleep(1);
    await freeDeadRenewals(base.db, [6]);
    await freeDeadRenewals(base.db, []);
    clock.advance(200);
    await clock.asleep(1);
    await freeDeadRenewals(base.db, [6, 7]);
    clock.advance(200);
    expect(await other).toMatchObject({ sessionId: 's-8' });
    held.fail(new Error('the process is gone'));
    await expect(lost).rejects.toThrow('the process is gone');
  });

  it('that never ends is overruled after a while', async () => {
    const { held, login } = heldLogin();
    const lost = process(1).renew(null, login);
    await held.reach;
    const other = process(2).renew(null, async () => 's-2');
    await clock.asleep(1);
    clock.advance(149_999);
    await clock.asleep(1);
    clock.advance(200);
    expect(await other).toMatchObject({ sessionId: 's-2' });
    held.fail(new Error('at last'));
    await expect(lost).rejects.toThrow('at last');
    expect(await process(3).current()).toMatchObject({ sessionId: 's-2' });
  });

  it('that was overruled does not end the claim of the one that overruled it', async () => {
    const [slow, next] = [heldLogin(), heldLogin()];
    const lost = process(1).renew(null, slow.login);
    await slow.held.reach;
    clock.advance(150_000);
    const second = process(2).renew(null, next.login);
    await next.held.reach;
    slow.held.fail(new Error('at last'));
    await expect(lost).rejects.toThrow('at last');
    const third = process(3).renew(null, never);
    await clock.asleep(1);
    next.held.answer('s-2');
    await second;
    clock.advance(200);
    expect(await third).toMatchObject({ sessionId: 's-2' });
  });
});
