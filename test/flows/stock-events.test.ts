/** The warehouse calls back: over real HTTP, to the listener of the service, as awkwardly as it may. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WireFault } from '../../simulators/faults.ts';
import type { EventDelivery } from '../../simulators/peoplevox/options.ts';
import type { CallbackServer } from '../../src/api/server.ts';
import { silentLog } from '../../src/log.ts';
import { listenForCallbacks, startService, systemClock } from '../../src/main.ts';
import { readFact } from '../../src/runtime/facts.ts';
import { readSubscriptions } from '../../src/stock/subscribe.ts';
import { openTestDatabase } from '../database.ts';
import { openTrade, type Trade, warehouseId } from './trade.ts';

const token = 'a-token-nobody-guesses-1234';
const publicUrl = 'https://hooks.shop.example/packhorse';
/** Codes that break a query in which nothing is encoded. */
const awkward = ['TEE/4 & CO', 'LAMP+4#A', 'MUG=2?&qty=7', '50% WOOL', 'Tasse Größe 2'];

type Listening = Trade & {
  listener: CallbackServer;
  /** Lets the warehouse send its batch; resolves when all of it was answered and written. */
  batch(): Promise<void>;
  /** What each call was answered, oldest first. */
  answers: number[];
};

/** `fault`: what the first subscription suffers. */
type Own = { method?: 'GET' | 'POST'; sends?: Sends; fault?: WireFault };
type Sends = (call: EventDelivery, port: number) => Promise<number>;

/** A trade in which the stock is read whole once an hour, and hints do the rest. */
async function openListening(own: Own = {}): Promise<Listening> {
  const sent: Promise<number>[] = [];
  const sends = own.sends ?? sendAsIs;
  let port = 0;
  const trade = await openTrade({
    withStock: true,
    callbacks: { listen: '127.0.0.1:0', publicUrl, token },
    house: { stock: { readSeconds: 3_600, events: true, eventMethod: own.method ?? 'POST' } },
    warehouse: { deliver: (call) => void sent.push(sends(call, port)) },
  });
  if (own.fault) trade.warehouse.faults.next(own.fault, 1, 'SubscribePostEvent');
  for (const itemCode of awkward) {
    trade.warehouse.addItem({ itemCode, stock: { PrimarySite: 50 } });
    trade.johnLewis.setOffer({ shopSku: itemCode, price: '9.99', quantity: 0 });
  }
  const listener = (await listenForCallbacks(trade.service, trade.clock))!;
  port = Number(new URL(listener.url).port);
  onTestFinished(() => listener.close());
  const answers: number[] = [];
  const batch = async () => {
    trade.clock.leapTo(trade.clock.nowMs() + 200_000);
    trade.warehouse.settle();
    answers.push(...(await Promise.all(sent.splice(0))));
    await listener.settled();
  };
  // The first read, sweep and file; they take the items above for known.
  await trade.pass(6);
  return Object.assign(trade, { listener, batch, answers });
}

function shown(trade: Trade, shopSku: string): number {
  return [...trade.johnLewis.truth.offers.values()].find((one) => one.shopSku === shopSku)!
    .quantity;
}

async function hinted(trade: Trade): Promise<string[]> {
  const rows = await trade.service.database.db
    .selectFrom('stock_hints')
    .select('item_code')
    .orderBy('item_code')
    .execute();
  return rows.map((row) => row.item_code);
}

function pathOf(url: string): string {
  return url.slice(new URL(url).origin.length);
}

/** Bytes on a socket: nobody encodes anything on the way. */
function sendAsIs(call: EventDelivery, port: number): Promise<number> {
  const body = Buffer.from(call.body);
  const head = [
    `${call.method} ${pathOf(call.url)} HTTP/1.1`,
    'host: hooks.shop.example',
    ...Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`),
    ...(call.method === 'POST' ? [`content-length: ${body.length}`] : []),
    'connection: close',
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]));
    });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => (answer += text));
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(answer.split(' ')[1])));
  });
}

/** As a client that takes a `#` for the beginning of a fragment, and encodes what no URL may hold. */
function sendAsBrowser(call: EventDelivery, port: number): Promise<number> {
  const url = new URL(call.url);
  return ask(port, { method: call.method, path: `${url.pathname}${url.search}` });
}

function ask(
  port: number,
  given: { method: string; path: string; headers?: Record<string, string>; body?: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { method, path, headers = {}, body = '' } = given;
    const call = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode!));
    });
    call.on('error', reject);
    call.end(body);
  });
}

describe('a change in the warehouse', () => {
  it.each([
    { name: 'POST, unencoded', method: 'POST', sends: sendAsIs },
    { name: 'GET, unencoded, blanks in the request line', method: 'GET', sends: sendAsIs },
    {
      name: 'GET through a client that drops what follows a #',
      method: 'GET',
      sends: sendAsBrowser,
    },
  ] as const)('reaches the offers long before the next read: $name', async (row) => {
    const trade = await openListening(row);
    for (const itemCode of ['LAMP', ...awkward]) {
      expect(shown(trade, itemCode), itemCode).toBeGreaterThan(4);
      trade.warehouse.stockCounted(itemCode, 'PrimarySite', 4);
    }
    await trade.batch();
    await trade.pass(5);
    for (const itemCode of ['LAMP', ...awkward]) expect(shown(trade, itemCode), itemCode).toBe(3);
    expect(new Set(trade.answers)).toEqual(new Set([200]));
    const { db } = trade.service.database;
    const failed = await db.selectFrom('flows').selectAll().where('failures', '>', 0).execute();
    expect(failed).toEqual([]);
    const full = db.selectFrom('stock_reads').select('kind').where('kind', '=', 'full');
    expect(await full.execute()).toHaveLength(1);
  });

  it('reaches them once, however often and in whatever order it is told', async () => {
    const trade = await openListening();
    trade.warehouse.faults.set('eventTwice', 1);
    trade.warehouse.faults.set('eventsShuffled', 1);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 4);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 9);
    trade.warehouse.stockCounted('MUG', 'PrimarySite', 5);
    await trade.batch();
    expect(trade.answers.length).toBeGreaterThanOrEqual(12);
    expect(await hinted(trade)).toEqual(['LAMP', 'MUG']);
    await trade.pass(5);
    expect([shown(trade, 'LAMP'), shown(trade, 'MUG')]).toEqual([8, 4]);
    expect(await hinted(trade)).toEqual([]);
  });

  it('that is told with its placeholders left standing is answered, and changes nothing', async () => {
    const trade = await openListening();
    trade.warehouse.faults.set('eventLiteral', 1);
    trade.warehouse.stockCounted('LAMP', 'PrimarySite', 4);
    await trade.batch();
    expect(trade.answers).toEqual([200, 200]);
    expect(await hinted(trade)).toEqual([]);
    expect(
      await readFact(trade.service.database.db, warehouseId, 'stock.heard.availability'),
    ).not.toBeNull();
  });
});

describe('the listener', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const path = (own: { token?: string; warehouse?: string; kind?: string } = {}) =>
    `/callbacks/${own.token ?? token}/${own.warehouse ?? warehouseId}/${own.kind ?? 'availability'}`;
  const post = { method: 'POST', headers: form, body: 'sku=LAMP&qty=4' };
  it('takes what is meant for it and knows nothing else', async () => {
    const trade = await openListening();
    const port = Number(new URL(trade.listener.url).port);
    const rows: {
      name: string;
      call: Parameters<typeof ask>[1];
      status: number;
      hints?: string[];
    }[] = [
      {
        name: 'a wrong token',
        call: { ...post, path: path({ token: 'b'.repeat(27) }) },
        status: 404,
      },
      {
        name: 'a longer token',
        call: { ...post, path: path({ token: `${token}5` }) },
        status: 404,
      },
      { name: 'another warehouse', call: { ...post, path: path({ warehouse: 'x' }) }, status: 404 },
      { name: 'an unknown kind', call: { ...post, path: path({ kind: 'toString' }) }, status: 404 },
      { name: 'another method', call: { ...post, method: 'PUT', path: path() }, status: 404 },
      { name: 'HEAD', call: { method: 'HEAD', path: path() }, status: 404 },
      { name: 'the root', call: { method: 'GET', path: '/' }, status: 404 },
      { name: 'a path that cannot be decoded', call: { method: 'GET', path: '/%zz' }, status: 404 },
      {
        name: 'a kind for later',
        call: { ...post, path: path({ kind: 'tracking' }) },
        status: 200,
      },
      { name: 'no values', call: { method: 'GET', path: path() }, status: 200 },
      {
        name: 'a body that is too long',
        call: { ...post, path: path(), body: `sku=${'x'.repeat(70_000)}` },
        status: 200,
      },
      {
        name: 'a code that is too long',
        call: { ...post, path: path(), body: `sku=${'x'.repeat(900)}` },
        status: 200,
      },
      {
        name: 'a zero character',
        call: { ...post, path: path(), body: 'sku=LA\0MP&qty=1' },
        status: 200,
      },
      { name: 'a form', call: { ...post, path: path() }, status: 200, hints: ['LAMP'] },
      {
        name: 'behind a proxy',
        call: { ...post, path: `/in/front${path()}` },
        status: 200,
        hints: ['LAMP'],
      },
      {
        name: 'no content type',
        call: { ...post, headers: {}, path: path() },
        status: 200,
        hints: ['LAMP'],
      },
      {
        name: 'a content type that is none',
        call: { ...post, headers: { 'content-type': ';;' }, path: path() },
        status: 200,
        hints: ['LAMP'],
      },
      {
        name: 'all readings of a code',
        call: { method: 'GET', path: `${path()}?sku=A+B%2f1&qty=4` },
        status: 200,
        hints: ['A B/1', 'A+B%2f1', 'A+B/1'],
      },
    ];
    for (const { name, call, status, hints = [] } of rows) {
      expect(await ask(port, call), name).toBe(status);
      await trade.listener.settled();
      expect(await hinted(trade), name).toEqual(hints);
      await trade.service.database.db.deleteFrom('stock_hints').execute();
    }
  });

  it('answers while the database is away', async () => {
    const trade = await openListening();
    const { callbacks, database } = trade.service;
    await database.db.schema.alterTable('stock_hints').renameTo('stock_hints_away').execute();
    expect(callbacks!.take({ method: 'POST', target: path(), body: 'sku=LAMP&qty=1' })).toBe(true);
    await callbacks!.flush();
    await database.db.schema.alterTable('stock_hints_away').renameTo('stock_hints').execute();
    expect(callbacks!.take({ method: 'POST', target: path(), body: 'sku=MUG&qty=1' })).toBe(true);
    await callbacks!.flush();
    expect(await hinted(trade)).toEqual(['MUG']);
  });

  it('keeps the service from starting when another program has its port', async () => {
    const trade = await openListening();
    const listen = new URL(trade.listener.url).host;
    const { connectionString: url, drop } = await openTestDatabase();
    onTestFinished(drop);
    const settings = structuredClone(trade.settings);
    settings.database.url = url;
    settings.service.callbacks!.listen = listen;
    await expect(startService({ settings, clock: systemClock, log: silentLog })).rejects.toThrow(
      `service.callbacks.listen: found ${listen}, where another program listens`,
    );
  });

  it('begins and ends with the service', async () => {
    const trade = await openListening();
    await trade.listener.close();
    const { connectionString: url, drop } = await openTestDatabase();
    onTestFinished(drop);
    const settings = structuredClone(trade.settings);
    settings.database.url = url;
    const port = Number(new URL(trade.listener.url).port);
    settings.service.callbacks!.listen = `127.0.0.1:${port}`;
    const running = await startService({ settings, clock: systemClock, log: silentLog });
    expect(await ask(port, { ...post, path: path() })).toBe(200);
    await running.stop();
    await expect(ask(port, { ...post, path: path() })).rejects.toThrow('ECONNREFUSED');
  });
});

describe('subscriptions', () => {
  const live = (trade: Trade) =>
    [...trade.warehouse.truth.subscriptions.values()].map(
      (one) => `${one.eventType} ${one.method} ${one.url} ${one.postParams}`,
    );
  const kept = (trade: Trade) => readSubscriptions(trade.service.database.db, warehouseId);
  const oneOf = (kind: string, address = publicUrl) =>
    `${address}/callbacks/${token}/${warehouseId}/${kind}`;
  const both = [
    `AvailabilityChanges POST ${oneOf('availability')} sku={ItemCode}&qty={Available}`,
    `IncrementalChanges POST ${oneOf('incremental')} sku={ItemType.ItemCode}&change={QuantityChanged}&reason={Reason}&at={UpdateTimestamp}`,
  ];

  it('are made once, and kept without the token', async () => {
    const trade = await openListening();
    await trade.pass(120);
    expect(live(trade)).toEqual(both);
    const { current, lost } = await kept(trade);
    expect(current.map((one) => one.id)).toEqual([...trade.warehouse.truth.subscriptions.keys()]);
    expect(lost).toEqual([]);
    expect(JSON.stringify(current)).not.toContain(token);
  });

  it('move with the address, the way of calling and the wish for them', async () => {
    const trade = await openListening();
    const { callbacks } = trade.settings.service;
    callbacks!.publicUrl = 'https://new.shop.example';
    await trade.restart();
    await trade.pass(11);
    expect(live(trade).map((one) => one.split(' ')[2])).toEqual([
      oneOf('availability', 'https://new.shop.example'),
      oneOf('incremental', 'https://new.shop.example'),
    ]);
    trade.settings.warehouses[0]!.stock.eventMethod = 'GET';
    await trade.restart();
    await trade.pass(11);
    expect(live(trade).map((one) => one.split(' ')[1])).toEqual(['GET', 'GET']);
    trade.settings.warehouses[0]!.stock.events = false;
    await trade.restart();
    await trade.pass(11);
    expect(live(trade)).toEqual([]);
    expect(await kept(trade)).toEqual({ current: [], lost: [] });
  });

  const sayings: {
    name: string;
    fault: WireFault;
    soon: number;
    nextDay: number;
    lost: number;
  }[] = [
    {
      name: 'that were surely not made are asked for again soon',
      fault: 'throttle',
      ...{ soon: 2, nextDay: 2, lost: 0 },
    },
    {
      name: 'whose answer was lost are asked for again after a day without a call',
      fault: 'resetAfter',
      ...{ soon: 2, nextDay: 3, lost: 1 },
    },
    {
      name: 'that may not have been made are asked for again after a day without a call',
      fault: 'timeoutBefore',
      ...{ soon: 1, nextDay: 2, lost: 1 },
    },
  ];
  it.each(sayings)('$name', async ({ fault, soon, nextDay, lost }) => {
    const trade = await openListening({ fault });
    expect(live(trade)).toHaveLength(soon);
    await trade.leap(23 * 60);
    expect(live(trade)).toHaveLength(soon);
    await trade.leap(120);
    expect(live(trade)).toHaveLength(nextDay);
    expect((await kept(trade)).lost).toHaveLength(lost);
  });

  it('whose answer was lost are not asked for again while they call', async () => {
    const trade = await openListening({ fault: 'resetAfter' });
    for (let hours = 0; hours < 48; hours += 12) {
      await trade.leap(12 * 60);
      trade.warehouse.stockCounted('LAMP', 'PrimarySite', hours);
      await trade.batch();
    }
    await trade.work();
    expect(live(trade)).toHaveLength(2);
  });
});
