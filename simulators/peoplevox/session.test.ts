import { describe, expect, it } from 'vitest';
import { startCaller } from './wire-for-tests.ts';

const expired = 'System : Security - Session Expired';
const invalid = 'System : Security - Invalid Session';
const saved = 'SalesOrderNumber\n"JL-1"\n';

describe('log-in', () => {
  it('answers clientId,sessionId', () => {
    const answer = startCaller().login();
    expect(answer.reply.status).toBe(200);
    expect(answer.detail).toMatch(/^acme1234,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect([answer.responseId, answer.totalCount]).toEqual([0, 1]);
  });

  it.each<[rule: string, encoding: 'base64' | 'plain', password: string, responseId: number]>([
    ['Base64 where Base64 is wanted', 'base64', 'TXktUGFzc3cwcmQ=', 0],
    ['Base64 with a line feed behind it', 'base64', 'TXktUGFzc3cwcmQ=\n', 0],
    ['plain where Base64 is wanted', 'base64', 'My-Passw0rd', -1],
    ['plain where plain is wanted', 'plain', 'My-Passw0rd', 0],
    ['Base64 where plain is wanted', 'plain', 'TXktUGFzc3cwcmQ=', -1],
    ['a wrong password', 'base64', 'bm8=', -1],
  ])('%s', (_rule, passwordEncoding, password, responseId) => {
    const answer = startCaller({ passwordEncoding }).login(password);
    expect(answer.reply.status).toBe(200);
    expect(answer.responseId).toBe(responseId);
    expect(answer.detail.includes(',')).toBe(responseId === 0);
  });

  it('the wrong encoding of the right password looks like an invalid session', () => {
    expect(startCaller().login('My-Passw0rd').detail).toBe(invalid);
  });

  it('a refusal by fault happens once', () => {
    const { sim, login } = startCaller();
    sim.faults.next('loginRefused');
    expect(login().responseId).toBe(-1);
    expect(login().responseId).toBe(0);
  });
});

describe('the life of a session', () => {
  it('lives on while it is used and dies after half an hour of rest', () => {
    const { clock, get } = startCaller();
    for (let i = 0; i < 3; i++) {
      clock.passMinutes(29);
      expect(get('Sales orders').responseId).toBe(0);
    }
    clock.passMinutes(30);
    const dead = get('Sales orders');
    expect([dead.reply.status, dead.responseId, dead.detail]).toEqual([200, -1, expired]);
  });

  it('an absolute limit ends it although it is used', () => {
    const { clock, get } = startCaller({ sessionAbsoluteMs: 40 * 60_000 });
    clock.passMinutes(25);
    expect(get('Sales orders').responseId).toBe(0);
    clock.passMinutes(16);
    expect(get('Sales orders').detail).toBe(expired);
  });

  it('an unknown session and a missing header are invalid', () => {
    const { call } = startCaller();
    const inner = '<templateName>Sales orders</templateName>';
    const unknown =
      '<UserSessionCredentials xmlns="http://www.peoplevox.net/"><UserId>0</UserId>' +
      '<ClientId>acme1234</ClientId><SessionId>no-such</SessionId></UserSessionCredentials>';
    expect(call('GetSaveTemplate', inner, { header: unknown }).detail).toBe(invalid);
    expect(call('GetSaveTemplate', inner, { header: null }).detail).toBe(invalid);
  });

  it('a second log-in ends the first only where the tenant does so', () => {
    for (const singleSession of [false, true]) {
      const { sim, login, get } = startCaller({ singleSession });
      login();
      expect(get('Sales orders').responseId).toBe(0);
      expect(sim.truth.sessions.map((session) => session.state)).toEqual(
        singleSession ? ['ended', 'alive'] : ['alive', 'alive'],
      );
    }
  });

  it('expiry before a call leaves that call undone', () => {
    const { sim, save } = startCaller();
    sim.faults.next('expireSession', 1, 'SaveData Sales orders');
    expect(save('Sales orders', saved).detail).toBe(expired);
    expect(save('Sales orders', saved).detail).toBe(expired);
    expect(sim.truth.salesOrders.size).toBe(0);
  });

  it('a strict tenant wants the whole header', () => {
    const { call, login } = startCaller({ strictHeader: true });
    const sessionId = login().detail.split(',')[1];
    const header =
      '<UserSessionCredentials xmlns="http://www.peoplevox.net/"><UserId>0</UserId>' +
      `<ClientId>other</ClientId><SessionId>${sessionId}</SessionId></UserSessionCredentials>`;
    const inner = '<templateName>Sites</templateName>';
    expect(call('GetSaveTemplate', inner, { header }).detail).toBe(invalid);
    expect(call('GetSaveTemplate', inner).responseId).toBe(0);
  });

  it('a header without UserId works and is held against the caller', () => {
    const { call, sim, login } = startCaller();
    const sessionId = login().detail.split(',')[1];
    const header = `<UserSessionCredentials xmlns="http://www.peoplevox.net/"><SessionId>${sessionId}</SessionId></UserSessionCredentials>`;
    const inner = '<templateName>Sites</templateName>';
    expect(call('GetSaveTemplate', inner, { header }).responseId).toBe(0);
    expect(sim.truth.contractBreaches.map((breach) => breach.kind)).toEqual([
      'missingUserId',
      'missingClientId',
    ]);
  });
});
