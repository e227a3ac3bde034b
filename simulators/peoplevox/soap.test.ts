import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type How, path, startCaller } from './wire-for-tests.ts';

const sites = '<templateName>Sites</templateName>';

describe('envelopes', () => {
  it.each(['1.1', '1.2'] as const)('SOAP %s is answered in its own version', (soap) => {
    const { reply, text, detail } = startCaller().call('GetSaveTemplate', sites, { soap });
    const namespace =
      soap === '1.1'
        ? 'http://schemas.xmlsoap.org/soap/envelope/'
        : 'http://www.w3.org/2003/05/soap-envelope';
    expect(reply.headers['content-type']).toContain(
      soap === '1.1' ? 'text/xml' : 'application/soap+xml',
    );
    expect(text).toContain(`<soap:Envelope xmlns:soap="${namespace}"`);
    expect(text).toContain(
      '<GetSaveTemplateResponse xmlns="http://www.peoplevox.net/"><GetSaveTemplateResult>',
    );
    expect(detail).toBe('Name,Reference');
  });

  it.each<[rule: string, how: How]>([
    ['the path in other letters', { target: '/ACME1234/Resources/IntegrationServicev4.asmx' }],
    ['an action without quotes', { soapAction: 'http://www.peoplevox.net/GetSaveTemplate' }],
    ['no action at all', { soapAction: null }],
    [
      'an action in the content type',
      {
        soap: '1.2',
        contentType:
          'application/soap+xml; charset=utf-8; action="http://www.peoplevox.net/GetSaveTemplate"',
      },
    ],
  ])('%s works', (_rule, how) => {
    expect(startCaller().call('GetSaveTemplate', sites, how).detail).toBe('Name,Reference');
  });

  it('carries the later fields only where the tenant has them', () => {
    const later = '<ImportingQueueId>0</ImportingQueueId><SalesOrdersToDespatchIds /><ErrorCode />';
    expect(startCaller().call('GetSaveTemplate', sites).text).toContain(later);
    expect(startCaller({ laterFields: false }).call('GetSaveTemplate', sites).text).not.toContain(
      'ImportingQueueId',
    );
  });

  it('escapes what is special, carriage returns too', () => {
    const { save, get } = startCaller({ lineEnd: '\r\n' });
    save('Carriers', 'Name,Reference\n"A & <B>","x"\n');
    const { text, detail } = get('Carriers');
    expect(text).toContain('A &amp; &lt;B&gt;,x&#xD;\n');
    expect(detail).toBe('Name,Reference\r\nA & <B>,x\r\n');
  });
});

describe('what does not deserialise is a SOAP fault with HTTP 500', () => {
  const get = (inner: string) =>
    `<getRequest><TemplateName>Sites</TemplateName>${inner}</getRequest>`;
  it.each<[rule: string, operation: string, inner: string, how: How]>([
    ['malformed XML', 'GetData', '', { body: '<a><b></a>' }],
    ['an empty body', 'GetData', '', { body: '' }],
    ['a DTD', 'GetData', '', { body: '<!DOCTYPE x []><x/>' }],
    ['no envelope', 'GetData', '', { body: '<x/>' }],
    ['a page number in words', 'GetData', get('<PageNo>one</PageNo>'), {}],
    ['a blank page number', 'GetData', get('<PageNo></PageNo>'), {}],
    ['a page number beyond 32 bits', 'GetData', get('<PageNo>3000000000</PageNo>'), {}],
    ['an unknown event type', 'SubscribeEvent', '<eventType>Nope</eventType>', {}],
    ['an unknown action', 'GetData', get(''), { soapAction: 'http://www.peoplevox.net/Nope' }],
    ['an action of another namespace', 'GetData', get(''), { soapAction: 'GetData' }],
    ['an unknown operation without action', 'DeleteData', '', { soapAction: null }],
  ])('%s', (_rule, operation, inner, how) => {
    const { reply, text } = startCaller().call(operation, inner, how);
    expect(reply.status).toBe(500);
    expect(text).toMatch(
      /<soap:Fault><faultcode>soap:\w+<\/faultcode><faultstring>.+<\/faultstring><detail \/>/,
    );
  });

  it('has the form of SOAP 1.2 there', () => {
    const { text } = startCaller().call('GetData', get('<PageNo>x</PageNo>'), { soap: '1.2' });
    expect(text).toContain('<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>');
  });

  it('missing page numbers read as 0 and bring everything', () => {
    const { call, sim } = startCaller();
    const { totalCount, rows } = call('GetData', get(''));
    expect([totalCount, rows.length]).toEqual([2, 3]);
    expect(sim.truth.contractBreaches.map((breach) => breach.kind)).toContain('missingInt');
  });

  it('another order of elements is taken and held against the caller', () => {
    const { call, sim } = startCaller();
    const inner =
      '<getRequest><PageNo>1</PageNo><ItemsPerPage>5</ItemsPerPage><TemplateName>Sites</TemplateName></getRequest>';
    expect(call('GetData', inner).totalCount).toBe(2);
    expect(sim.truth.contractBreaches.map((breach) => breach.kind)).toEqual(['elementOrder']);
  });
});

describe('plain HTTP', () => {
  const { sim } = startCaller({ wsdl: '<definitions/>' });
  const send = (method: string, target: string, body = '') =>
    sim.handle({ method, target, headers: {}, body: Buffer.from(body) });

  it('serves the kept WSDL, or 404 without one', () => {
    expect(send('GET', `${path}?wsdl`)).toMatchObject({ status: 200, body: '<definitions/>' });
    const without = startCaller().sim;
    const request = { method: 'GET', target: `${path}?WSDL`, headers: {}, body: Buffer.from('') };
    expect(without.handle(request).status).toBe(404);
  });

  it('answers an unknown client with an HTML page', () => {
    const reply = send('POST', '/other/resources/integrationservicev4.asmx');
    expect(reply.status).toBe(404);
    expect(reply.body).toMatch(/^<!DOCTYPE html>/);
  });

  it('lets Authenticate in and nothing else', () => {
    const query = 'clientId=acme1234&username=api.user&password=TXktUGFzc3cwcmQ%3D';
    expect(String(send('GET', `${path}/Authenticate?${query}`).body)).toContain(
      '<Detail>acme1234,',
    );
    expect(String(send('POST', `${path}/GetSaveTemplate`, 'templateName=Sites').body)).toContain(
      'Invalid Session',
    );
    expect(send('POST', `${path}/SaveData`).status).toBe(404);
  });
});

const wsdlFile = new URL(
  '../../../shared/reference/peoplevox/integrationservicev4.wsdl',
  import.meta.url,
);

function readWsdl(): string | undefined {
  try {
    return readFileSync(wsdlFile, 'utf8');
  } catch {
    return undefined;
  }
}

const wsdl = readWsdl();

describe.skipIf(wsdl === undefined)('against the published WSDL', () => {
  const text = wsdl ?? '';
  const elementsOf = (type: string) => {
    const from = text.indexOf(`<xs:complexType name="${type}">`);
    const part = text.slice(from, text.indexOf('</xs:complexType>', from));
    return [...part.matchAll(/<xs:element [^>]*name="(\w+)"/g)].map((m) => m[1]!);
  };
  const actions = [...text.matchAll(/<soap:operation soapAction="([^"]+)"/g)].map((m) => m[1]!);
  const tagsOf = (answer: string, parent: string) => {
    const inner = new RegExp(`<${parent}>(.*)</${parent}>`, 's').exec(answer)?.[1] ?? '';
    return [...inner.replace(/<Statuses>.*<\/Statuses>/s, '<Statuses />').matchAll(/<(\w+)/g)].map(
      (m) => m[1]!,
    );
  };

  it('every SOAPAction of the WSDL is served, with its own answer element', () => {
    expect(actions.length).toBeGreaterThan(8);
    for (const soapAction of actions) {
      const operation = soapAction.split('/').at(-1)!;
      const answer = startCaller({ laterFields: false }).call(
        operation,
        operation === 'UnsubscribeEvent' ? '<subscriptionId>1</subscriptionId>' : '',
        { soapAction },
      );
      expect(answer.reply.status, operation).toBe(200);
      expect(text).toContain(`<xs:element name="${operation}Response">`);
      expect(text).toContain(`name="${operation}Result" type="tns:IntegrationResponse"`);
      expect(answer.text).toContain(`<${operation}Response xmlns="http://www.peoplevox.net/">`);
      expect(answer.text).toContain(`<${operation}Result>`);
    }
  });

  it('an answer has the elements of IntegrationResponse in their order', () => {
    const { save } = startCaller({ laterFields: false });
    const answer = save('Sales orders', 'SalesOrderNumber\nJL-1\n').text;
    expect(tagsOf(answer, 'SaveDataResult')).toEqual(elementsOf('IntegrationResponse'));
    expect(tagsOf(answer, 'IntegrationStatusResponse')).toEqual(
      elementsOf('IntegrationStatusResponse'),
    );
  });

  it('requests in schema order are no breach', () => {
    const { call, report, save, sim } = startCaller({ laterFields: false });
    expect(elementsOf('GetRequest')).toEqual([
      'TemplateName',
      'PageNo',
      'ItemsPerPage',
      'SearchClause',
    ]);
    report('Despatch summary');
    save('Sales orders', 'SalesOrderNumber\nJL-1\n');
    call(
      'SubscribePostEvent',
      '<eventType>Returns</eventType><filter /><postUrl>https://a.example.test/</postUrl><postParams>a=1</postParams>',
    );
    expect(sim.truth.contractBreaches).toEqual([]);
  });
});
