/** A caller for the simulator's own tests: builds envelopes by hand and reads answers as plain
 *  text. */
import { Dice, type SimReply } from '../kernel.ts';
import type { PeoplevoxOptions } from './options.ts';
import { createPeoplevoxSimulator, type PeoplevoxSimulator } from './simulator.ts';

const startMs = Date.UTC(2026, 1, 2, 9, 0, 0);
const minuteMs = 60_000;

/** One answer taken apart. */
export type Answer = {
  reply: SimReply;
  text: string;
  responseId: number;
  totalCount: number;
  detail: string;
  /** `Detail` as lines of bare commas, header first; only for values without quotes. */
  rows: string[];
  statuses: [reference: string, status: string][];
  importingQueueId: number;
};

export type Caller = {
  sim: PeoplevoxSimulator;
  clock: { nowMs(): number; passMinutes(minutes: number): void; passMs(ms: number): void };
  /** Sends any operation; a string in place of arguments is the operation's inner XML as it is. */
  call(operation: string, inner: string, how?: How): Answer;
  login(password?: string): Answer;
  save(template: string, csv: string, action?: number): Answer;
  get(template: string, search?: string, page?: [pageNo: number, size: number]): Answer;
  report(name: string, ask?: ReportAsk): Answer;
};
export type How = {
  soap?: '1.1' | '1.2';
  /** Absent: the caller's own session; null: no header at all. */
  header?: string | null;
  soapAction?: string | null;
  body?: string;
  target?: string;
  contentType?: string;
};
type ReportAsk = {
  search?: string;
  orderBy?: string;
  columns?: string;
  page?: [pageNo: number, size: number];
};

const envelopes = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
};
export const path = '/acme1234/resources/integrationservicev4.asmx';

/** A simulator with a clock that stands until told, a free rate, and a caller that is logged in. */
export function startCaller(options: Partial<PeoplevoxOptions> = {}): Caller {
  let nowMs = startMs;
  const clock = {
    nowMs: () => nowMs,
    passMs: (ms: number) => void (nowMs += ms),
    passMinutes: (minutes: number) => void (nowMs += minutes * minuteMs),
  };
  const sim = createPeoplevoxSimulator({
    clock,
    dice: new Dice('peoplevox'),
    clientId: 'acme1234',
    username: 'api.user',
    password: 'My-Passw0rd',
    ratePerWindow: 'off',
    ...options,
  });
  let session = '';
  const call = (operation: string, inner: string, how: How = {}) =>
    readAnswer(sim.handle(requestOf(operation, inner, session, how)));
  const login = (password = Buffer.from('My-Passw0rd').toString('base64')) => {
    const inner = `<clientId>acme1234</clientId><username>api.user</username><password>${password}</password>`;
    const answer = call('Authenticate', inner, { header: null });
    if (answer.responseId === 0) session = answer.detail.split(',').at(-1) ?? '';
    return answer;
  };
  login(options.passwordEncoding === 'plain' ? 'My-Passw0rd' : undefined);
  return {
    sim,
    clock,
    call,
    login,
    save: (template, csv, action = 0) =>
      call(
        'SaveData',
        `<saveRequest><TemplateName>${template}</TemplateName><CsvData>${escapeXml(csv)}</CsvData>` +
          `<Action>${action}</Action></saveRequest>`,
      ),
    get: (template, search = '', [pageNo, size] = [1, 100]) =>
      call('GetData', `<getRequest>${asked(template, search, pageNo, size)}</getRequest>`),
    report: (name, ask = {}) => {
      const { search = '', orderBy = '', columns = '', page = [1, 100] } = ask;
      const [pageNo, size] = page;
      return call(
        'GetReportData',
        `<getReportRequest>${asked(name, search, pageNo, size)}<FilterClause />` +
          `<OrderBy>${orderBy}</OrderBy><Columns>${columns}</Columns></getReportRequest>`,
      );
    },
  };
}

/** An order with lines such as `RED 2`; `extra` are further header columns. */
export function exportOrder(
  { save }: Caller,
  number: string,
  lines: Record<string, number>,
  extra: Record<string, string> = {},
  action = 0,
): void {
  const names = ['SalesOrderNumber', ...Object.keys(extra)];
  save('Sales orders', `${names}\n${[number, ...Object.values(extra)]}\n`, action);
  const rows = Object.entries(lines).map(([item, units]) => `${number},${item},${units}`);
  const csv = `SalesOrderNumber,ItemCode,QuantityOrdered\n${rows.join('\n')}\n`;
  save('Sales order items', csv, action);
}

function asked(template: string, search: string, pageNo: number, size: number): string {
  return (
    `<TemplateName>${template}</TemplateName><PageNo>${pageNo}</PageNo>` +
    `<ItemsPerPage>${size}</ItemsPerPage><SearchClause>${escapeXml(search)}</SearchClause>`
  );
}

function requestOf(operation: string, inner: string, session: string, how: How) {
  const { soap = '1.1', soapAction = `"http://www.peoplevox.net/${operation}"` } = how;
  const header =
    how.header === undefined
      ? '<UserSessionCredentials xmlns="http://www.peoplevox.net/"><UserId>0</UserId>' +
        `<ClientId>acme1234</ClientId><SessionId>${session}</SessionId></UserSessionCredentials>`
      : how.header;
  const body =
    how.body ??
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${envelopes[soap]}">` +
      (header === null ? '' : `<s:Header>${header}</s:Header>`) +
      `<s:Body><${operation} xmlns="http://www.peoplevox.net/">${inner}</${operation}></s:Body></s:Envelope>`;
  const headers: Record<string, string> = {
    'content-type':
      how.contentType ??
      (soap === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8'),
  };
  if (soapAction !== null && soap === '1.1') headers['soapaction'] = soapAction;
  return { method: 'POST', target: how.target ?? path, headers, body: Buffer.from(body) };
}

function readAnswer(reply: SimReply): Answer {
  const text = String(reply.body);
  const field = (name: string) =>
    unescapeXml(new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '');
  const detail = field('Detail');
  const statuses = [
    ...text.matchAll(/<Reference(?: \/>|>([^<]*)<\/Reference>)<Status>(\w+)<\/Status>/g),
  ].map((m): [string, string] => [unescapeXml(m[1] ?? ''), m[2]!]);
  return {
    reply,
    text,
    responseId: Number(field('ResponseId')),
    totalCount: Number(field('TotalCount')),
    detail,
    rows: detail.split(/\r?\n/).filter((line) => line !== ''),
    statuses,
    importingQueueId: Number(field('ImportingQueueId')),
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#xD;', '\r')
    .replaceAll('&amp;', '&');
}
