/** The HTTP server that the warehouse calls. It says nothing to anybody else: a path that is not one of ours
 *  is 404 without a word. */
import { type FastifyReply, fastify } from 'fastify';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../errors.ts';
import type { CallbackIntake } from './callbacks.ts';

export type CallbackServer = {
  /** Where it listens, `http://127.0.0.1:8080`. */
  url: string;
  /** Resolves when everything that was taken so far is written. */
  settled(): Promise<void>;
  /** Takes no more calls, writes what was taken, and ends. */
  close(): Promise<void>;
};

/** Calls come many a second, in batches. Longer: a change is learnt later; shorter: more small writes. */
const gatherMs = 250;
/** A call is some hundred bytes. */
const mostBodyBytes = 64 * 1024;
/** How long a caller may take to send its call. */
const requestTimeoutMs = 10_000;

/** Starts to listen on `host:port` (all addresses when the host is empty, any free port when it is 0). Throws
 *  ConfigError when it cannot. */
export async function startCallbackServer(deps: {
  intake: CallbackIntake;
  clock: Clock;
  listen: string;
}): Promise<CallbackServer> {
  const { intake, clock, listen } = deps;
  const writer = createWriter(intake, clock);
  const app = createApp(intake, writer.due);
  const at = listen.lastIndexOf(':');
  try {
    const url = await app.listen({
      host: listen.slice(0, at) || '0.0.0.0',
      port: Number(listen.slice(at + 1)),
    });
    return {
      url,
      settled: writer.settled,
      close: async () => {
        await app.close();
        await writer.stop();
      },
    };
  } catch (cause) {
    await app.close();
    throw cannotListen(listen, cause as NodeJS.ErrnoException);
  }
}

function cannotListen(listen: string, cause: NodeJS.ErrnoException): ConfigError {
  const isTaken = cause.code === 'EADDRINUSE';
  return new ConfigError([
    {
      path: 'service.callbacks.listen',
      found: isTaken
        ? `${listen}, where another program listens`
        : `${listen}, where nobody can listen: ${cause.message}`,
      allowed: 'host:port of this machine that is free, such as 127.0.0.1:8080',
    },
  ]);
}

/** Fastify, with everything that would judge a call by its form switched off: values come unencoded, and what
 *  the content type says is unconfirmed. */
function createApp(intake: CallbackIntake, due: () => void) {
  const app = fastify({
    logger: false,
    bodyLimit: mostBodyBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { querystringParser: () => ({}) },
    frameworkErrors: (_cause, _request, reply: FastifyReply) => reply.code(404).send(),
    clientErrorHandler: (cause, socket) => {
      const packet = cause.rawPacket as unknown as Uint8Array | undefined;
      const isTaken = takeBlanks(intake, packet ?? new Uint8Array());
      if (isTaken) due();
      if (socket.writable) socket.end(emptyAnswer(isTaken ? '200 OK' : '400 Bad Request'));
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    const target = request.raw.url ?? '';
    if (!intake.knows(target)) return reply.code(404).send();
    // A type that cannot be read would be refused, and its body lost.
    delete request.raw.headers['content-type'];
  });
  app.setErrorHandler((_cause, request, reply) => {
    intake.miss(request.raw.url ?? '');
    due();
    return reply.code(200).send();
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  app.route({
    method: ['GET', 'POST'],
    url: '*',
    handler: (request, reply) => {
      const body = request.body instanceof Uint8Array ? textOf(request.body) : '';
      const target = textOf(Buffer.from(request.raw.url ?? '', 'latin1'));
      intake.take({ method: request.method, target, body });
      due();
      return reply.code(200).send();
    },
  });
  return app;
}

/** A target with blanks is no HTTP, and Node refuses it; but Peoplevox may send values as they are. */
function takeBlanks(intake: CallbackIntake, packet: Uint8Array): boolean {
  let isTaken = false;
  for (const [, target = ''] of textOf(packet).matchAll(/^GET (\S*\?.* .*) HTTP\/1\.[01]\r?$/gm))
    isTaken = intake.take({ method: 'GET', target, body: '' }) || isTaken;
  return isTaken;
}

function emptyAnswer(status: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`;
}

/** UTF-8, or else Latin-1, in which any bytes are text. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/** Writes what was taken a moment after the first call, so that a batch of calls is one write. */
function createWriter(intake: CallbackIntake, clock: Clock) {
  const stopping = new AbortController();
  let writing: Promise<void> | null = null;
  const write = async () => {
    // A call that comes while the last ones are written waits for the next round.
    while (intake.hasPending()) {
      await clock.sleep(gatherMs, stopping.signal);
      await intake.flush();
    }
    writing = null;
  };
  const settled = async () => {
    if (writing) await clock.waitOn(writing);
  };
  return {
    due: () => {
      if (intake.hasPending()) writing ??= write();
    },
    settled,
    stop: async () => {
      stopping.abort();
      await settled();
    },
  };
}
