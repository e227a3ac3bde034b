import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { buildRequest, escapeXml, type WireCall } from './envelope.ts';

const credentials = { clientId: 'acme1234', sessionId: '0b1c2d3e-4f50' };

function textOf(xml: string): string {
  let text = '';
  const parser = new SaxesParser();
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.write(xml).close();
  return text;
}

describe('buildRequest', () => {
  it('writes an Authenticate without a session header', () => {
    const { body } = buildRequest(
      { operation: 'Authenticate', clientId: 'acme1234', username: 'api.user', password: 'cHc=' },
      null,
      '1.1',
    );
    expect(body).not.toContain('Header');
    expect(body).toContain(
      '<Authenticate xmlns="http://www.peoplevox.net/"><clientId>acme1234</clientId>' +
        '<username>api.user</username><password>cHc=</password></Authenticate>',
    );
  });

  it('writes the session header in schema order on every other call', () => {
    const { body } = buildRequest(
      { operation: 'GetSaveTemplate', templateName: 'Sales orders' },
      credentials,
      '1.1',
    );
    expect(body).toContain(
      '<UserSessionCredentials xmlns="http://www.peoplevox.net/"><UserId>0</UserId>' +
        '<ClientId>acme1234</ClientId><SessionId>0b1c2d3e-4f50</SessionId></UserSessionCredentials>',
    );
  });

  it('names the action in SOAPAction for 1.1 and in Content-Type for 1.2', () => {
    const call: WireCall = { operation: 'UnsubscribeEvent', subscriptionId: 1061 };
    const first = buildRequest(call, credentials, '1.1');
    const second = buildRequest(call, credentials, '1.2');
    expect(first.headers).toEqual({
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '"http://www.peoplevox.net/UnsubscribeEvent"',
    });
    expect(second.headers).toEqual({
      'content-type':
        'application/soap+xml; charset=utf-8; action="http://www.peoplevox.net/UnsubscribeEvent"',
    });
    expect(second.body).toContain('xmlns:soap="http://www.w3.org/2003/05/soap-envelope"');
  });

  it('leaves encodeParameterData out for a tenant whose contract lacks it', () => {
    const call: WireCall = {
      operation: 'SubscribeEvent',
      eventType: 'AvailabilityChanges',
      filter: '',
      callbackUrl: 'https://hooks.example.test/t?sku={ItemCode}&qty={Available}',
    };
    expect(buildRequest(call, credentials, '1.1').body).not.toContain('encodeParameterData');
    const told = buildRequest({ ...call, encodeParameterData: true }, credentials, '1.1');
    expect(told.body).toContain('&amp;qty={Available}</callbackUrl><encodeParameterData>true<');
  });

  it.each([1.5, Number.NaN, 2 ** 31])('refuses to send %s as an xs:int', (pageNo) => {
    const call: WireCall = {
      operation: 'GetData',
      templateName: 'Sites',
      pageNo,
      itemsPerPage: 1,
      searchClause: '',
    };
    expect(() => buildRequest(call, credentials, '1.1')).toThrow(RangeError);
  });
});

describe('escapeXml', () => {
  it('comes back from an XML parser as sent, without what XML cannot carry', () => {
    const anyUnit = fc.string({ unit: 'binary', maxLength: 60 });
    const withIllegal = fc.string({
      unit: fc.constantFrom(
        '\u0000',
        '\u000B',
        '\uFFFE',
        '\uD800',
        '&',
        '<',
        '\r',
        ']]>',
        'é',
        '\t',
      ),
    });
    fc.assert(
      fc.property(fc.oneof(anyUnit, withIllegal), (text) => {
        const isLegal = (character: string) => {
          const code = character.codePointAt(0)!;
          if (code < 0x20) return code === 9 || code === 10 || code === 13;
          return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
        };
        const expected = [...text].filter(isLegal).join('');
        expect(textOf(`<a>${escapeXml(text)}</a>`)).toBe(expected);
      }),
    );
  });
});
