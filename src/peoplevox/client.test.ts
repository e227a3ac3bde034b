import { describe, expect, it } from 'vitest';
import { TransportError } from '../transport.ts';
import { elementOf, fakeWire, faultXml, refusalXml, replyXml } from './fake-transport.ts';
import { reportSearch, templateSearch } from './search.ts';

const dead = (operation: 'GetData' | 'SaveData') =>
  refusalXml(operation, 'System : Security - Session Expired');
const request = { templateName: 'Sites', pageNo: 1, itemsPerPage: 20, search: null };
const save = {
  templateName: 'Sales orders',
  columns: ['SalesOrderNumber'],
  rows: [['JL-1'], ['JL-2']],
  action: 0,
} as const;
const report = {
  reportName: 'Despatch summary',
  pageNo: 1,
  itemsPerPage: 0,
  search: reportSearch.equals('Site reference', 'A&B'),
  orderBy: '[Despatch date] asc',
  columns: '[Item code]',
};

describe('sessions', () => {
  it('logs in before the first call and shares the session with later ones', async () => {
    const { client, requests } = fakeWire((operation) =>
      operation === 'GetData' ? replyXml(operation) : null,
    );
    await client.getData(request);
    await client.getData(request);
    expect(requests.map((sent) => elementOf(sent, 'SessionId'))).toEqual(['', 's1', 's1']);
    expect(elementOf(requests[0]!, 'password')).toBe('TXktUGFzc3cwcmQ=');
    expect(requests[0]!.url).toBe(
      'https://wms.example.test/acme1234/resources/integrationservicev4.asmx',
    );
  });

  it('sends the password as it is where the tenant wants it plain', async () => {
    const { client, requests } = fakeWire(() => null, { passwordEncoding: 'plain' });
    expect(await client.authenticate()).toBe('s1');
    expect(elementOf(requests[0]!, 'password')).toBe('My-Passw0rd');
  });

  it('renews an old session before it dies', async () => {
    const { client, requests, clock } = fakeWire((operation) =>
      operation === 'GetData' ? replyXml(operation) : null,
    );
    await client.getData(request);
    clock.advance(24 * 60_000);
    await client.getData(request);
    clock.advance(60_000);
    await client.getData(request);
    expect(requests.map((sent) => elementOf(sent, 'SessionId'))).toEqual([
      '',
      's1',
      's1',
      '',
      's2',
    ]);
  });

  it('repeats a call once on a dead session', async () => {
    const { client, requests, notes } = fakeWire((operation, sent) => {
      if (operation !== 'SaveData') return null;
      return elementOf(sent, 'SessionId') === 's1' ? dead('SaveData') : replyXml('SaveData');
    });
    await client.saveData(save);
    expect(requests.map((sent) => elementOf(sent, 'SessionId'))).toEqual(['', 's1', '', 's2']);
    expect(notes.map((note) => [note.operation, note.outcome])).toEqual([
      ['Authenticate', 'ok'],
      ['SaveData Sales orders', 'SessionDead'],
      ['Authenticate', 'ok'],
      ['SaveData Sales orders', 'ok'],
    ]);
  });

  it('gives up when the new session is dead too', async () => {
    const { client, requests } = fakeWire((operation) =>
      operation === 'GetData' ? dead(operation) : null,
    );
    await expect(client.getData(request)).rejects.toMatchObject({
      name: 'Unauthorised',
      operation: 'GetData Sites',
      effect: 'none',
    });
    expect(requests).toHaveLength(4);
  });

  it('logs in once for many workers whose session died together', async () => {
    const { client, requests } = fakeWire((operation, sent) => {
      if (operation !== 'GetData') return null;
      return elementOf(sent, 'SessionId') === 's1' ? dead('GetData') : replyXml('GetData');
    });
    await Promise.all(Array.from({ length: 10 }, () => client.getData(request)));
    const logins = requests.filter((sent) => String(sent.body).includes('<Authenticate'));
    expect(logins).toHaveLength(2);
  });

  it('never holds leave to call while it logs in', async () => {
    const { client, paceLog } = fakeWire((operation, sent) => {
      if (operation !== 'GetData') return null;
      return elementOf(sent, 'SessionId') === 's1' ? dead('GetData') : replyXml('GetData');
    });
    await client.getData(request);
    const words = ['Authenticate', 'GetData Sites', 'Authenticate', 'GetData Sites'];
    expect(paceLog).toEqual(words.flatMap((word) => [`take ${word}`, `done ${word}`]));
  });

  it('takes a login without a session for a refusal, even with ResponseId 0', async () => {
    const { client } = fakeWire((operation) => replyXml(operation, { detail: 'welcome' }));
    await expect(client.getData(request)).rejects.toMatchObject({ name: 'Unauthorised' });
  });

  it('takes the session text in a table for data', async () => {
    const detail = 'Name\nSystem : Security - Invalid Session\n';
    const { client } = fakeWire((operation) =>
      operation === 'GetData' ? replyXml(operation, { detail }) : null,
    );
    expect((await client.getData(request)).rows).toEqual([['System : Security - Invalid Session']]);
  });
});

describe('reading', () => {
  it('gives a table by its header, whatever the pieces it comes in', async () => {
    const detail = 'SalesOrderNumber,ContactName\r\n0012,"Ann ""A"" Example, é"\r\nJL-2,\r\n';
    const body = replyXml('GetData', { totalCount: 2, detail });
    for (const pieceBytes of [1, 7, 65_536]) {
      const { client, notes } = fakeWire((operation) =>
        operation === 'GetData' ? { body, pieceBytes } : null,
      );
      const page = await client.getData({
        ...request,
        search: templateSearch.equals('Name', '<a>'),
      });
      expect(page.totalCount).toBe(2);
      expect(page.header.names).toEqual(['SalesOrderNumber', 'ContactName']);
      expect(page.rows).toEqual([
        ['0012', 'Ann "A" Example, é'],
        ['JL-2', ''],
      ]);
      expect(notes[1]).toMatchObject({
        rows: 2,
        status: 200,
        responseBytes: Buffer.byteLength(body),
      });
    }
  });

  it.each([
    ['a header alone', 'A,B\n'],
    ['nothing', ''],
  ])('takes %s for no rows', async (_, detail) => {
    const { client } = fakeWire((operation) =>
      operation === 'GetData' ? replyXml(operation, { totalCount: 0, detail }) : null,
    );
    expect(await client.getData(request)).toMatchObject({ totalCount: 0, rows: [], ragged: [] });
  });

  it('asks for a report with search, order and columns, and waits longer for it', async () => {
    const { client, requests } = fakeWire((operation) =>
      operation === 'GetReportData' ? replyXml(operation, { detail: 'Item code\nA\n' }) : null,
    );
    expect((await client.getReportData(report)).rows).toEqual([['A']]);
    const sent = requests[1]!;
    expect(elementOf(sent, 'SearchClause')).toBe('([Site reference].Equals("A&B"))');
    expect(elementOf(sent, 'OrderBy')).toBe('[Despatch date] asc');
    expect([requests[0]!.timeoutMs, sent.timeoutMs]).toEqual([120_000, 600_000]);
  });

  it('streams a report and drops the connection when the reader breaks off', async () => {
    const detail = `Item code\n${Array.from({ length: 5000 }, (_, index) => `SKU-${index}`).join('\n')}`;
    const body = replyXml('GetReportData', { totalCount: 5000, detail });
    const { client, notes, paceLog } = fakeWire((operation) =>
      operation === 'GetReportData' ? { body, pieceBytes: 1000 } : null,
    );
    for await (const batch of client.streamReportData(report)) {
      expect(batch.totalCount).toBe(5000);
      break;
    }
    expect(paceLog.at(-1)).toBe('done GetReportData Despatch summary');
    expect(notes.at(-1)!.responseBytes).toBeLessThan(3000);
  });

  it('throws after the rows when a streamed answer is cut', async () => {
    const body = replyXml('GetReportData', { totalCount: 2, detail: 'Item code\nA\nB\n' });
    const { client } = fakeWire((operation) =>
      operation === 'GetReportData' ? { body: body.slice(0, -40), pieceBytes: 20 } : null,
    );
    const rows: string[][] = [];
    const reading = async () => {
      for await (const batch of client.streamReportData(report)) rows.push(...batch.rows);
    };
    await expect(reading()).rejects.toMatchObject({ name: 'NoAnswer', effect: 'none' });
    expect(rows).toEqual([['A'], ['B']]);
  });

  it('takes TotalCount after Detail too', async () => {
    const body = replyXml('GetData', { detail: 'A\n1\n' }).replace(
      /<ResponseId>.*?<\/TotalCount>(<Detail>.*?<\/Detail>)/s,
      '$1<ResponseId>0</ResponseId><TotalCount>9</TotalCount>',
    );
    const { client } = fakeWire((operation) =>
      operation === 'GetData' ? { body, pieceBytes: 9 } : null,
    );
    expect(await client.getData(request)).toMatchObject({ totalCount: 9, rows: [['1']] });
  });

  it.each([
    ['an open quote in the table', replyXml('GetData', { detail: 'A\n"1' })],
    [
      'no TotalCount',
      replyXml('GetData', { detail: 'A\n1' }).replace(/<TotalCount>1</, '<TotalCount>x<'),
    ],
    ['an answer beyond the limit', replyXml('GetData', { detail: 'x'.repeat(3000) })],
    [
      'bytes that are no UTF-8',
      { body: Buffer.from(replyXml('GetData', { detail: 'é' }), 'latin1') },
    ],
    [
      'an unknown charset',
      {
        body: replyXml('GetData', { detail: 'é' }),
        pieceBytes: 1,
        headers: { 'content-type': 'text/xml; charset=us-utf-9' },
      },
    ],
  ])('calls %s a bad answer', async (_, answer) => {
    const { client, notes } = fakeWire((operation) => (operation === 'GetData' ? answer : null), {
      maxAnswerBytes: 2000,
    });
    await expect(client.getData(request)).rejects.toMatchObject({ name: 'BadAnswer' });
    expect(notes.at(-1)!.outcome).toBe('BadAnswer');
  });

  it('gives up on an answer that drips beyond the time allowed', async () => {
    const body = replyXml('GetData', { detail: 'A\n1\n' });
    const wire = fakeWire((operation) =>
      operation === 'GetData' ? { body, pieceBytes: 50 } : null,
    );
    const slow = fakeWire((operation) =>
      operation === 'GetData' ? { body, pieceBytes: 50, pieceMs: 20_000 } : null,
    );
    await expect(wire.client.getData(request)).resolves.toMatchObject({ rows: [['1']] });
    await expect(slow.client.getData(request)).rejects.toMatchObject({ name: 'NoAnswer' });
  });
});

describe('writing', () => {
  it('sends quoted CSV with the action and gives back the statuses', async () => {
    const statuses = [
      ['JL-1', 'Success'],
      ['JL-2', 'Error'],
    ] as const;
    const { client, requests, notes } = fakeWire((operation) =>
      operation === 'SaveData' ? replyXml(operation, { totalCount: 2, statuses }) : null,
    );
    const reply = await client.saveData({ ...save, rows: [['A & B'], ['<2>']], action: 1 });
    expect(elementOf(requests[1]!, 'CsvData')).toBe('SalesOrderNumber\n"A & B"\n"<2>"\n');
    expect(elementOf(requests[1]!, 'Action')).toBe('1');
    expect(reply.statuses).toEqual([
      { reference: 'JL-1', status: 'Success' },
      { reference: 'JL-2', status: 'Error' },
    ]);
    expect(notes[1]).toMatchObject({ operation: 'SaveData Sales orders', rows: 2, outcome: 'ok' });
  });

  it('never repeats a write whose answer was lost, and says so', async () => {
    const { client, requests, notes, paceLog } = fakeWire((operation) => {
      if (operation === 'SaveData') throw new TransportError('ETIMEDOUT', { reached: true });
      return null;
    });
    await expect(client.saveData(save)).rejects.toMatchObject({
      name: 'NoAnswer',
      effect: 'unknown',
    });
    expect(requests).toHaveLength(2);
    expect(notes.at(-1)).toMatchObject({ outcome: 'NoAnswer', rows: 2, responseBytes: 0 });
    expect(paceLog.at(-1)).toBe('done SaveData Sales orders');
  });

  it('keeps everybody quiet when the vendor asks for it', async () => {
    const { client, paceLog } = fakeWire((operation) =>
      operation === 'SaveData' ? { status: 429, headers: { 'retry-after': '4' }, body: '' } : null,
    );
    await expect(client.saveData(save)).rejects.toMatchObject({ name: 'Throttled' });
    expect(paceLog.slice(-2)).toEqual([
      'backOff SaveData Sales orders 4000',
      'done SaveData Sales orders',
    ]);
  });

  it('refuses to write no rows', async () => {
    const { client } = fakeWire(() => null);
    await expect(client.saveData({ ...save, rows: [] })).rejects.toThrow(RangeError);
  });

  it('reads a SOAP 1.2 fault of HTTP 400', async () => {
    const { client, requests } = fakeWire(
      (operation) =>
        operation === 'SaveData' ? { status: 400, body: faultXml('Sender', 'bad int') } : null,
      { soapVersion: '1.2' },
    );
    await expect(client.saveData(save)).rejects.toMatchObject({
      name: 'Refused',
      vendorMessage: 'bad int',
    });
    expect(requests[1]!.headers['content-type']).toContain('application/soap+xml');
  });
});

describe('set-up calls', () => {
  it.each([
    [
      'a configured template',
      replyXml('GetSaveTemplate', { detail: 'SalesOrderNumber,SKU' }),
      true,
    ],
    ['a negative count', replyXml('GetSaveTemplate', { totalCount: -1 }), false],
    ['a refusal', refusalXml('GetSaveTemplate', 'Template is not configured'), false],
  ])('getSaveTemplate reads %s', async (_, body, isConfigured) => {
    const { client } = fakeWire((operation) => (operation === 'GetSaveTemplate' ? body : null));
    expect(await client.getSaveTemplate('Sales orders')).toEqual({
      isConfigured,
      fields: isConfigured ? ['SalesOrderNumber', 'SKU'] : [],
    });
  });

  it('gives the subscription id, and calls its absence a bad answer with unknown effect', async () => {
    const event = {
      eventType: 'Returns',
      filter: '',
      callbackUrl: 'https://hooks.example.test/x',
    } as const;
    const { client } = fakeWire((operation, sent) =>
      operation === 'SubscribeEvent'
        ? replyXml(operation, { detail: elementOf(sent, 'filter') || '1061' })
        : null,
    );
    expect(await client.subscribeEvent(event)).toBe(1061);
    await expect(client.subscribeEvent({ ...event, filter: 'odd' })).rejects.toMatchObject({
      name: 'BadAnswer',
      effect: 'unknown',
    });
  });

  it('subscribes by POST, unsubscribes, and lists report columns', async () => {
    const { client, notes } = fakeWire((operation) => {
      if (operation === 'SubscribePostEvent') return replyXml(operation, { detail: '7' });
      if (operation === 'UnsubscribeEvent') return replyXml(operation, { detail: 'True' });
      return operation === 'GetReportColumns' ? replyXml(operation, { detail: '[A],[B]' }) : null;
    });
    const post = {
      eventType: 'Returns',
      filter: '',
      postUrl: 'https://x.example.test',
      postParams: 'a={B}',
    } as const;
    expect(await client.subscribePostEvent(post)).toBe(7);
    expect(await client.unsubscribeEvent(7)).toBe(true);
    expect(await client.getReportColumns('Despatch summary')).toEqual(['A', 'B']);
    expect(notes.slice(1).map((note) => note.operation)).toEqual([
      'SubscribePostEvent Returns',
      'UnsubscribeEvent',
      'GetReportColumns Despatch summary',
    ]);
  });
});
