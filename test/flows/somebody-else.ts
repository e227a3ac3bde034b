/** Other users of the warehouse, who write to it past the service, and vendors that answer oddly. */
import { failed, writeAnswer } from '../../simulators/peoplevox/soap.ts';
import { type Trade, textOf, warehouseId } from './trade.ts';

const path = '/tenant1/resources/integrationservicev4.asmx';

/** Somebody saves rows of a template in the warehouse. Throws when the warehouse takes one of them not. */
export function somebodySaves(trade: Trade, template: string, csv: string): void {
  const password = Buffer.from('password-1').toString('base64');
  const login = call(trade, 'Authenticate', '', [
    `<clientId>tenant1</clientId><username>packhorse</username><password>${password}</password>`,
  ]);
  const session = /<Detail>([^<]*)</.exec(login)?.[1]?.split(',').at(-1) ?? '';
  const answer = call(trade, 'SaveData', session, [
    `<saveRequest><TemplateName>${template}</TemplateName><CsvData>${csv}</CsvData>`,
    '<Action>0</Action></saveRequest>',
  ]);
  if (!answer.includes('<Status>Success') || answer.includes('<Status>Error')) {
    throw new Error(`the warehouse did not take it: ${answer}`);
  }
}

function call(trade: Trade, operation: string, session: string, inner: string[]): string {
  const header = session
    ? '<s:Header><UserSessionCredentials xmlns="http://www.peoplevox.net/"><UserId>0</UserId>' +
      `<ClientId>tenant1</ClientId><SessionId>${session}</SessionId></UserSessionCredentials></s:Header>`
    : '';
  const body =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">' +
    `${header}<s:Body><${operation} xmlns="http://www.peoplevox.net/">${inner.join('')}` +
    `</${operation}></s:Body></s:Envelope>`;
  const reply = trade.warehouse.handle({
    method: 'POST',
    target: path,
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"http://www.peoplevox.net/${operation}"`,
    },
    body: Buffer.from(body),
  });
  return textOf(reply.body);
}

/** The warehouse refuses every import that mentions one of these texts, whole, with these words. */
export function theWarehouseChokesOn(trade: Trade, words: string, ...texts: string[]): void {
  trade.network[warehouseId]!.instead = (request) => {
    const body = textOf(request.body);
    if (!body.includes('<saveRequest>') || !texts.some((text) => body.includes(text))) return null;
    return {
      status: 200,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: writeAnswer('1.1', 'SaveData', failed(words), true),
      delayMs: 0,
    };
  };
}

/** The warehouse answers as ever again. */
export function theWarehouseRecovers(trade: Trade): void {
  trade.network[warehouseId]!.instead = () => null;
}
