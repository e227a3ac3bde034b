import { describe, expect, it } from 'vitest';
import { steppingClock } from './fake-transport.ts';
import { createMemorySessionStore, isSessionOld, sessionIdOf } from './session.ts';

describe('createMemorySessionStore', () => {
  it('logs in once for all who wait', async () => {
    const store = createMemorySessionStore(steppingClock());
    let logins = 0;
    let finish = (_: string) => {};
    const login = () => {
      logins++;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    };
    const waiting = [store.renew(null, login), store.renew(null, login), store.renew('old', login)];
    finish('s1');
    const sessions = await Promise.all(waiting);
    expect(sessions.map((session) => session.sessionId)).toEqual(['s1', 's1', 's1']);
    expect(logins).toBe(1);
  });

  it('gives the session that another has renewed meanwhile without a login', async () => {
    const store = createMemorySessionStore(steppingClock());
    await store.renew(null, async () => 's1');
    await store.renew('s1', async () => 's2');
    const late = await store.renew('s1', () => Promise.reject(new Error('no login is due')));
    expect(late.sessionId).toBe('s2');
  });

  it('keeps nothing of a failed login, and lets the next caller try', async () => {
    const store = createMemorySessionStore(steppingClock());
    await expect(store.renew(null, () => Promise.reject(new Error('refused')))).rejects.toThrow(
      'refused',
    );
    expect(await store.current()).toBeNull();
    expect((await store.renew(null, async () => 's1')).sessionId).toBe('s1');
  });
});

describe('isSessionOld', () => {
  const createdAt = new Date('2026-02-01T10:00:00Z');
  it.each([
    ['a second before the limit', 25 * 60_000 - 1000, false],
    ['at the limit', 25 * 60_000, true],
    ['made by a machine whose clock is ahead', -5000, false],
  ])('%s: %s', (_, ageMs, expected) => {
    const session = { sessionId: 's1', createdAt };
    expect(isSessionOld(session, 25, createdAt.getTime() + ageMs)).toBe(expected);
  });
});

describe('sessionIdOf', () => {
  it.each([
    ['acme1234,0b1c2d3e-4f50', '0b1c2d3e-4f50'],
    ['acme,1234, 0b1c ', '0b1c'],
    ['0b1c2d3e-4f50', null],
    ['acme1234,', null],
    ['', null],
  ])('%j gives %j', (detail, expected) => {
    expect(sessionIdOf(detail)).toBe(expected);
  });
});
