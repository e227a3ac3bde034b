import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createHttpTransport,
  type HttpRequest,
  type HttpResponse,
  TransportError,
  unpaced,
} from './transport.ts';

/** Serves on loopback until the test is over. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(
    () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function transport() {
  const made = createHttpTransport();
  onTestFinished(() => made.close());
  return made.send;
}

function get(url: string, own: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, headers: {}, timeoutMs: 5_000, ...own };
}

async function failureOf(work: Promise<unknown>): Promise<TransportError> {
  const cause = await work.then(
    () => null,
    (error) => error,
  );
  expect(cause).toBeInstanceOf(TransportError);
  return cause;
}

const bodyOf = (answer: HttpResponse) => text(answer.body);

describe('an answer', () => {
  it('arrives with status, lower-case headers and body', async () => {
    const url = await serve((_, answer) => {
      answer.writeHead(207, { 'X-Request-Id': 'r-1', Link: ['<a>', '<b>'] });
      answer.end('grüße');
    });
    const answer = await transport()(get(`${url}/api?x=1`));
    expect(answer.status).toBe(207);
    expect(answer.headers).toMatchObject({ 'x-request-id': 'r-1', link: '<a>, <b>' });
    expect(await bodyOf(answer)).toBe('grüße');
  });

  it('answers what was sent: method, path, query, headers, body', async () => {
    const url = await serve(async (request, answer) => {
      const body = await text(request);
      answer.end(`${request.method} ${request.url} ${request.headers['x-test']} ${body}`);
    });
    const answer = await transport()(
      get(`${url}/p/q?a=b%20c`, { method: 'PUT', headers: { 'x-test': '7' }, body: 'héllo' }),
    );
    expect(await bodyOf(answer)).toBe('PUT /p/q?a=b%20c 7 héllo');
  });

  it('of an error status is an answer, not a failure', async () => {
    const url = await serve((_, answer) => answer.writeHead(503).end('busy'));
    const answer = await transport()(get(url));
    expect([answer.status, await bodyOf(answer)]).toEqual([503, 'busy']);
  });

  it('that redirects is not followed', async () => {
    const url = await serve((request, answer) => {
      if (request.url === '/to') answer.end('followed');
      else answer.writeHead(302, { location: '/to' }).end();
    });
    const answer = await transport()(get(url));
    expect(answer.status).toBe(302);
    expect(await bodyOf(answer)).toBe('');
  });
});

describe('a failure', () => {
  it('a refused connection surely never arrived', async () => {
    const closed = createTcpServer();
    await new Promise<void>((ready) => closed.listen(0, '127.0.0.1', ready));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const failure = await failureOf(transport()(get(`http://127.0.0.1:${port}/`)));
    expect(failure.reached).toBe(false);
    expect(failure.message).toContain('ECONNREFUSED');
  });

  it('an unknown host surely never arrived', async () => {
    const failure = await failureOf(transport()(get('http://nowhere.invalid/')));
    expect(failure.reached).toBe(false);
  });

  it('no answer in time may have arrived', async () => {
    const url = await serve(() => {});
    const failure = await failureOf(transport()(get(url, { timeoutMs: 60 })));
    expect(failure.reached).toBe(true);
    expect(failure.message).toMatch(/^[A-Z]/);
  });

  it('a connection cut before any answer may have arrived', async () => {
    const url = await serve((request) => request.socket.destroy());
    const failure = await failureOf(transport()(get(url, { method: 'POST', body: 'x' })));
    expect(failure.reached).toBe(true);
  });

  it('a body that breaks off fails while it is read', async () => {
    const url = await serve((request, answer) => {
      answer.writeHead(200, { 'content-length': '1000' });
      answer.write('half', () => request.socket.destroy());
    });
    const answer = await transport()(get(url));
    const failure = await failureOf(bodyOf(answer));
    expect(failure.reached).toBe(true);
  });

  it('a body that stops fails after the time allowed', async () => {
    const url = await serve((_, answer) => {
      answer.writeHead(200);
      answer.write('half');
    });
    const answer = await transport()(get(url, { timeoutMs: 60 }));
    expect((await failureOf(bodyOf(answer))).reached).toBe(true);
  });

  it('a body that drips for ever must be complete in the time allowed', async () => {
    const url = await serve((request, answer) => {
      answer.writeHead(200);
      const drip = setInterval(() => answer.write('.'), 20);
      request.socket.once('close', () => clearInterval(drip));
    });
    const answer = await transport()(get(url, { timeoutMs: 150 }));
    expect((await failureOf(bodyOf(answer))).reached).toBe(true);
  });

  it('does not spoil the next request', async () => {
    let count = 0;
    const url = await serve((request, answer) => {
      count += 1;
      if (count === 1) request.socket.destroy();
      else answer.end('fine');
    });
    const send = transport();
    await failureOf(send(get(url)));
    expect(await bodyOf(await send(get(url)))).toBe('fine');
  });
});

describe('unpaced', () => {
  it('gives leave at once, even after the vendor asked for quiet', async () => {
    await unpaced.backOff('OR11', 3_600_000);
    await (await unpaced.take('OR11')).done();
  });
});
