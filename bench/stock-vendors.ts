/** Child process: a warehouse and a marketplace that answer from prepared bytes, so that their own work is
 *  hardly any. They know the calls that the stock flows make, and nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../src/clock.ts';
import { answerParent } from './child.ts';
import {
  allocatedAt,
  availableAtStart,
  changedIn,
  codeOf,
  placeOf,
  type StockChange,
  type StockWorld,
  shownOf,
  stepIn,
} from './stock-world.ts';

export type StockVendorAnswers = {
  /** Opens both with everything as it was at the start. */
  open(world: StockWorld): Promise<{ marketplaceUrl: string; warehouseUrl: string }>;
  /** Changes the warehouse. Returns the size of the whole report. Units: bytes. */
  change(change: StockChange): Promise<{ envelopeBytes: number }>;
  /** What has come of it: offers that do not show what they should, lines of the last file. */
  truth(question: null): Promise<{ wrong: number; lines: number }>;
};

type Scene = {
  world: StockWorld;
  /** The last one. */
  change: StockChange | null;
  /** By place. */
  available: Int32Array;
  shown: Int32Array;
  envelope: Buffer;
  /** Places of offers that the last file changed. */
  touched: number[];
  files: Buffer[];
  server: Server;
  url: string;
};
let scene: Scene | null = null;

const answers: StockVendorAnswers = {
  open: async (world) => {
    scene?.server.closeAllConnections();
    scene?.server.close();
    const available = Int32Array.from({ length: world.skus }, (_, at) =>
      availableAtStart(world, at),
    );
    const server = createServer((asked, answer) => void respond(asked, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    scene = {
      world,
      change: null,
      available,
      shown: available.map(shownOf),
      envelope: envelopeOf(available),
      touched: [],
      files: [],
      server,
      url,
    };
    return { marketplaceUrl: url, warehouseUrl: url };
  },
  change: async (change) => {
    const { world, available } = scene!;
    for (const at of changedIn(world, change)) available[at]! += stepIn(change.round, at);
    scene!.change = change;
    scene!.envelope = envelopeOf(available);
    return { envelopeBytes: scene!.envelope.length };
  },
  truth: async () => {
    const { shown, available, touched } = scene!;
    const wrong = shown.reduce(
      (count, units, at) => count + Number(units !== shownOf(available[at]!)),
      0,
    );
    return { wrong, lines: touched.length };
  },
};
answerParent(answers);

async function respond(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of asked as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces).toString('utf8');
  const path = new URL(asked.url!, scene!.url).pathname;
  const isSoap = path.endsWith('.asmx');
  const reply = isSoap ? warehouseAnswer(asked, body) : marketplaceAnswer(path, asked.url!, body);
  const bytes = Buffer.isBuffer(reply) ? reply : Buffer.from(reply ?? '');
  answer.writeHead(reply === null ? 404 : 200, {
    'content-type': isSoap ? 'text/xml; charset=utf-8' : 'application/json',
    'content-length': bytes.length,
  });
  answer.end(bytes);
}

function warehouseAnswer(asked: IncomingMessage, body: string): string | Buffer {
  const operation = /([A-Za-z]+)"?$/.exec(String(asked.headers['soapaction']))?.[1] ?? '';
  if (operation === 'Authenticate') return soap(operation, 1, 'bench,session');
  if (operation !== 'GetReportData') return soap(operation, 0, '');
  if (body.includes('<TemplateName>Incremental')) return changesReport();
  const codes = [...body.matchAll(/\.Equals\("(SKU-\d+)"\)/g)].map((found) => found[1]!);
  if (codes.length === 0) return scene!.envelope;
  const rows = codes.map((code) => rowOf(placeOf(code), scene!.available));
  return soap(operation, rows.length, inventoryHeader + rows.join(''));
}

const inventoryHeader = 'Item code,Site reference,On hand,Allocated,Available\n';

function rowOf(at: number, available: Int32Array): string {
  const units = available[at]!;
  const allocated = allocatedAt(at);
  return `${codeOf(at)},PrimarySite,${units + allocated},${allocated},${units}\n`;
}

function envelopeOf(available: Int32Array): Buffer {
  const pieces = [inventoryHeader];
  for (let at = 0; at < available.length; at += 1) pieces.push(rowOf(at, available));
  return Buffer.from(soap('GetReportData', available.length, pieces.join('')), 'utf8');
}

function changesReport(): string {
  const { world, change, available } = scene!;
  const [date, time] = systemClock.now().toISOString().split(/[T.]/) as [string, string];
  const wall = `${date.split('-').reverse().join('/')} ${time}`;
  const rows = changedIn(world, change!).map(
    (at) => `${codeOf(at)},${available[at]},${wall},PrimarySite\n`,
  );
  const header = 'Item code,Item current available quantity,Timestamp,Site reference\n';
  return soap('GetReportData', rows.length, header + rows.join(''));
}

function soap(operation: string, totalCount: number, detail: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>' +
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' +
    `<${operation}Response xmlns="http://www.peoplevox.net/"><${operation}Result>` +
    `<ResponseId>0</ResponseId><TotalCount>${totalCount}</TotalCount><Detail>${detail}</Detail>` +
    `<Statuses /></${operation}Result></${operation}Response></soap:Body></soap:Envelope>`
  );
}

/** Null: there is no such thing. Source: OF52-54, STO01-02. */
function marketplaceAnswer(path: string, target: string, body: string): string | Buffer | null {
  if (path === '/api/offers/export/async') {
    const wish = JSON.parse(body) as { last_request_date?: string; megabytes_per_chunk: number };
    const places = wish.last_request_date === undefined ? null : scene!.touched;
    scene!.files = offerFiles(places, wish.megabytes_per_chunk * 1_000_000);
    return JSON.stringify({ tracking_id: 'sweep' });
  }
  if (path.startsWith('/api/offers/export/async/status/')) {
    const urls = scene!.files.map((_, at) => `${scene!.url}/api/file?at=${at}`);
    return JSON.stringify({ status: 'COMPLETED', urls });
  }
  if (path === '/api/file') {
    return scene!.files[Number(new URL(target, scene!.url).searchParams.get('at'))] ?? null;
  }
  if (path === '/api/offers/stock/imports') return takeFile(body);
  if (/^\/api\/offers\/stock\/imports\/\d+\/status$/.test(path)) {
    const counts = { lines_in_error: 0, lines_in_success: scene!.touched.length };
    return JSON.stringify({ status: 'COMPLETE', has_error_report: false, ...counts });
  }
  return null;
}

function takeFile(body: string): string {
  const touched: number[] = [];
  for (const [, code, units] of body.matchAll(/^(SKU-\d+);(\d+);;update$/gm)) {
    const at = placeOf(code!);
    scene!.shown[at] = Number(units);
    touched.push(at);
  }
  scene!.touched = touched;
  return JSON.stringify({ import_id: 1 });
}

function offerFiles(places: readonly number[] | null, mostBytes: number): Buffer[] {
  const { world, shown } = scene!;
  const files: Buffer[] = [];
  let offers: string[] = [];
  const close = () => {
    files.push(Buffer.from(`[${offers.join(',')}]`));
    offers = [];
  };
  let size = 0;
  for (let at = 0; at < (places?.length ?? world.skus); at += 1) {
    const place = places?.[at] ?? at;
    const offer = `{"offer_id":${place + 1},"shop_sku":"${codeOf(place)}","quantity":${shown[place]},"active":true,"deleted":false,"last_updated":"2026-03-01T09:00:00Z"}`;
    size += offer.length;
    if (size > mostBytes) {
      close();
      size = offer.length;
    }
    offers.push(offer);
  }
  close();
  return files;
}
