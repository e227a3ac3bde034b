/** Hosts a simulator on a real socket, loopback only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimHandler, SimReply } from './kernel.ts';

export type Served = {
  /** `http://127.0.0.1:<port>`, no trailing slash. */
  url: string;
  close(): Promise<void>;
};

/** Largest request body taken, in bytes; a bigger one gets 413. */
const maxBodyBytes = 64 * 1024 * 1024;

/** Serves until closed. `port` 0 takes any free one. */
export async function serve(handler: SimHandler, options: { port?: number } = {}): Promise<Served> {
  const held = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    held.add(outgoing);
    outgoing.on('close', () => held.delete(outgoing));
    void answer(handler, incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const response of held) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(handler: SimHandler, incoming: IncomingMessage, outgoing: ServerResponse) {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBodyBytes) return void outgoing.writeHead(413).end();
      chunks.push(chunk);
    }
  } catch {
    return; // the caller went away while sending
  }
  const reply = handler({
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value ?? '')]),
    ),
    body: Buffer.concat(chunks),
  });
  if (reply.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
  write(reply, outgoing);
}

function write(reply: SimReply, outgoing: ServerResponse) {
  if (reply.broken === 'silence') return; // held open until the caller gives up or the server closes
  if (reply.broken === 'reset') return void outgoing.destroy();
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const headers = {
    ...reply.headers,
    ...(reply.status === 204 ? {} : { 'content-length': body.length }),
  };
  outgoing.writeHead(reply.status, headers);
  if (reply.broken !== 'half') return void outgoing.end(body);
  outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => outgoing.destroy());
}
