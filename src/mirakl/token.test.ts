import { describe, expect, it } from 'vitest';
import type { MiraklRequest } from './client.ts';
import { type Answer, failureOf, testWire } from './test-wire.ts';

const auth = {
  kind: 'oauth2' as const,
  tokenUrl: 'https://auth.example.test/oauth/token',
  clientId: 'client-1',
  clientSecret: 's+cret',
};
const probe: MiraklRequest<unknown> = {
  operation: 'OR11',
  method: 'GET',
  path: '/api/orders',
  read: (body) => body,
};
const grant = (token: string, expiresIn = 3599): Answer => ({
  body: { access_token: token, token_type: 'Bearer', expires_in: expiresIn },
});
const ok: Answer = { body: {} };
const notLetIn: Answer = { status: 401, body: { status: 401, message: 'Unauthorized' } };

function wireOf(answers: Answer[], more: { audience?: string } = {}) {
  const wire = testWire(answers, { auth: { ...auth, ...more } });
  const bearers = () => wire.sent.map((request) => request.headers['authorization'] ?? 'none');
  return { ...wire, bearers };
}

describe('OAuth2', () => {
  it('asks for a token by form and sends it as a bearer', async () => {
    const { client, sent, bearers } = wireOf([grant('t1'), ok], { audience: 'shop' });
    await client.call(probe);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      url: auth.tokenUrl,
      body: 'grant_type=client_credentials&client_id=client-1&client_secret=s%2Bcret&audience=shop',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(bearers()).toEqual(['none', 'Bearer t1']);
  });

  it('callers who need a token at once share one request', async () => {
    const { client, bearers } = wireOf([grant('t1'), ok]);
    await Promise.all([client.call(probe), client.call(probe), client.call(probe)]);
    expect(bearers()).toEqual(['none', 'Bearer t1', 'Bearer t1', 'Bearer t1']);
  });

  it('awaits the request of another caller through the clock', async () => {
    const { client, clock } = wireOf([grant('t1'), ok]);
    let waits = 0;
    clock.waitOn = (promise) => {
      waits += 1;
      return promise;
    };
    await Promise.all([client.call(probe), client.call(probe), client.call(probe)]);
    expect(waits).toBe(2);
  });

  it('renews a minute before the end and not sooner', async () => {
    const { client, time, bearers } = wireOf([grant('t1'), ok, ok, grant('t2'), ok]);
    await client.call(probe);
    time.ms += 3_500_000;
    await client.call(probe);
    time.ms += 40_000;
    await client.call(probe);
    expect(bearers()).toEqual(['none', 'Bearer t1', 'Bearer t1', 'none', 'Bearer t2']);
  });

  it('uses a token that lives for seconds for half its life', async () => {
    const { client, time, bearers } = wireOf([grant('t1', 10), ok, ok, grant('t2'), ok]);
    await client.call(probe);
    time.ms += 4_000;
    await client.call(probe);
    time.ms += 2_000;
    await client.call(probe);
    expect(bearers()).toEqual(['none', 'Bearer t1', 'Bearer t1', 'none', 'Bearer t2']);
  });

  it('repeats once with a new token after a 401, taking leave anew', async () => {
    const { client, bearers, paced, notes } = wireOf([grant('t1'), notLetIn, grant('t2'), ok]);
    await client.call(probe);
    expect(bearers()).toEqual(['none', 'Bearer t1', 'none', 'Bearer t2']);
    expect(paced).toEqual(['take OR11', 'done OR11', 'take OR11', 'done OR11']);
    expect(notes.map((note) => `${note.operation} ${note.outcome}`)).toEqual([
      'OAuth2 ok',
      'OR11 Unauthorised',
      'OAuth2 ok',
      'OR11 ok',
    ]);
  });

  it('gives up after the second 401', async () => {
    const { client, sent } = wireOf([grant('t1'), notLetIn, grant('t2'), notLetIn]);
    expect((await failureOf(client.call(probe))).name).toBe('Unauthorised');
    expect(sent).toHaveLength(4);
  });

  it('a 403 is not a matter of the token', async () => {
    const { client, sent } = wireOf([grant('t1'), { status: 403 }]);
    expect((await failureOf(client.call(probe))).name).toBe('Unauthorised');
    expect(sent).toHaveLength(2);
  });

  it('two callers turned down together renew once', async () => {
    const { client, bearers } = wireOf([grant('t1'), ok, notLetIn, notLetIn, grant('t2'), ok]);
    await client.call(probe);
    await Promise.all([client.call(probe), client.call(probe)]);
    expect(bearers().filter((bearer) => bearer === 'none')).toHaveLength(2);
  });

  const refusals: [rule: string, answer: Answer, name: string][] = [
    [
      'wrong credentials answered with 400',
      { status: 400, body: { error: 'invalid_client' } },
      'Unauthorised',
    ],
    ['wrong credentials answered with 401', { status: 401 }, 'Unauthorised'],
    ['a server that is down', { status: 503 }, 'VendorDown'],
    ['an answer without a token', { body: { token_type: 'Bearer' } }, 'BadAnswer'],
  ];
  it.each(refusals)('fails on %s and asks again at the next call', async (_rule, answer, name) => {
    const { client, bearers, paced } = wireOf([answer, grant('t1'), ok]);
    const error = await failureOf(client.call(probe));
    expect(error).toMatchObject({ name, operation: 'OAuth2' });
    expect(error.message).not.toContain('s+cret');
    expect(paced).toEqual([]);
    await client.call(probe);
    expect(bearers()).toEqual(['none', 'none', 'Bearer t1']);
  });
});
