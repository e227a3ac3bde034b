import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultXml, replyXml } from './fake-transport.ts';
import { createReplyScanner, type Reply, ReplyProblem, type ReplyProblemKind } from './reply.ts';

function scan(xml: string, pieceChars = xml.length): { reply: Reply; detail: string } {
  let detail = '';
  const scanner = createReplyScanner('GetData', (text) => {
    detail += text;
  });
  for (let at = 0; at < xml.length; at += pieceChars) scanner.feed(xml.slice(at, at + pieceChars));
  return { reply: scanner.end(), detail };
}

function problemOf(xml: string): ReplyProblemKind | 'none' {
  try {
    scan(xml);
    return 'none';
  } catch (cause) {
    if (cause instanceof ReplyProblem) return cause.kind;
    throw cause;
  }
}

const envelope = (inner: string) =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${inner}</s:Body></s:Envelope>`;
const result = (inner: string) =>
  envelope(
    `<GetDataResponse xmlns="http://www.peoplevox.net/"><GetDataResult>${inner}</GetDataResult></GetDataResponse>`,
  );
const head = '<ResponseId>0</ResponseId><TotalCount>3</TotalCount>';

describe('createReplyScanner', () => {
  it('reads every field of a reply, later additions included', () => {
    const xml = replyXml('GetData', {
      totalCount: 2,
      detail: 'A,B\n1,2\n',
      statuses: [['JL-1', 'Success']],
      more: '<ImportingQueueId>7</ImportingQueueId><SalesOrdersToDespatchIds /><ErrorCode>E5</ErrorCode>',
    });
    expect(scan(xml)).toEqual({
      detail: 'A,B\n1,2\n',
      reply: {
        responseId: 0,
        totalCount: 2,
        statuses: [{ reference: 'JL-1', status: 'Success' }],
        importingQueueId: 7,
        errorCode: 'E5',
        fault: null,
        hasDetailBegun: true,
      },
    });
  });

  it('passes over elements nobody told of, even with elements of their own', () => {
    const more = '<New><Detail>no</Detail><ResponseId>9</ResponseId></New><Other a="1>2"/>';
    const { reply, detail } = scan(result(`${head}<Detail>yes</Detail>${more}`));
    expect([reply.responseId, detail]).toEqual([0, 'yes']);
  });

  it.each([
    ['an empty Statuses', '<Statuses />', []],
    ['no Statuses', '', []],
    [
      'one status',
      '<Statuses><IntegrationStatusResponse><Status>Error</Status></IntegrationStatusResponse></Statuses>',
      [{ reference: null, status: 'Error' }],
    ],
    [
      'a nil status',
      '<Statuses><IntegrationStatusResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></Statuses>',
      [{ reference: null, status: '' }],
    ],
  ])('gives an array for %s', (_, statuses, expected) => {
    expect(scan(result(`${head}<Detail/>${statuses}`)).reply.statuses).toEqual(expected);
  });

  it('reads a CDATA Detail, comments within it and references next to it', () => {
    const { detail } = scan(
      result(`${head}<Detail>a&amp;<!-- > --><![CDATA[<b> ]] &amp;]]>c</Detail>`),
    );
    expect(detail).toBe('a&<b> ]] &amp;c');
  });

  it('turns line ends into line feeds and keeps a written carriage return', () => {
    expect(scan(result(`${head}<Detail>a\r\nb\rc&#xD;&#13;d</Detail>`)).detail).toBe(
      'a\nb\nc\r\rd',
    );
  });

  it('drops a control character that .NET wrote as a reference', () => {
    expect(scan(result(`${head}<Detail>a&#x1F;b&#x0;c&#128512;</Detail>`)).detail).toBe('abc😀');
  });

  it('gives the same whatever the answer is cut into, and any text comes back whole', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ',', '"', '&', '<', '>', '\n', '\r', ']', '😀', "'", ';', '#'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (detail, size) => {
        expect(scan(replyXml('GetData', { detail }), size).detail).toBe(detail);
        const cdata = detail.replaceAll('\r', '').replaceAll(']]>', '');
        const xml = result(`${head}<Detail><![CDATA[${cdata}]]></Detail>`);
        expect(scan(xml, size).detail).toBe(cdata);
      }),
    );
  });

  it.each(['1.1', '1.2'])('reads a SOAP %s fault', (version) => {
    const second =
      '<s:Fault><s:Code><s:Value>s:Client</s:Value></s:Code><s:Reason>' +
      '<s:Text xml:lang="en">bad int</s:Text></s:Reason><s:Detail/></s:Fault>';
    const xml = version === '1.1' ? faultXml('Client', 'bad int') : envelope(second);
    expect(scan(xml).reply.fault).toEqual({ code: 'Client', text: 'bad int' });
  });

  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>';
  const rows: [rule: string, xml: string, kind: ReplyProblemKind][] = [
    ['no bytes are an empty answer', '', 'empty'],
    ['blanks alone are an empty answer', ' \n ', 'empty'],
    ['plain text is foreign', 'Service Unavailable', 'foreign'],
    ['an HTML5 page is foreign', '<!DOCTYPE html>\n<html><body>Oops<br></body></html>', 'foreign'],
    ['a page without a doctype is foreign', '<html lang=en><p>hello</html>', 'foreign'],
    [
      'an XHTML page is foreign',
      '<?xml version="1.0"?><!doctype html PUBLIC "x"><html/>',
      'foreign',
    ],
    ['a DTD is refused', `${bomb}${result(head)}`, 'broken'],
    [
      'an entity of their own is refused in Detail',
      result(`${head}<Detail>&b;</Detail>`),
      'broken',
    ],
    [
      'an entity of their own is refused elsewhere',
      result('<ResponseId>&b;</ResponseId>'),
      'broken',
    ],
    ['an ampersand alone is refused', result(`${head}<Detail>a & b</Detail>`), 'broken'],
    ['an ampersand at the end is refused', result(`${head}<Detail>a &amp</Detail>`), 'broken'],
    ['tags that do not match are refused', result(`${head}</TotalCount>`), 'broken'],
    ['half an answer is cut', result(`${head}<Detail>a,b`).slice(0, -60), 'cut'],
    ['an answer that ends within Detail is cut', result(head).split('<TotalCount>')[0]!, 'cut'],
    ['another operation is not the contract', replyXml('SaveData'), 'shape'],
    ['no ResponseId is not the contract', result('<TotalCount>1</TotalCount>'), 'shape'],
    ['a ResponseId in words is not the contract', result('<ResponseId>ok</ResponseId>'), 'shape'],
    ['another document is not the contract', '<feed><entry/></feed>', 'shape'],
    [
      'an element within Detail is not the contract',
      result(`${head}<Detail><b/></Detail>`),
      'shape',
    ],
    ['deep nesting is refused', result('<a>'.repeat(30) + '</a>'.repeat(30)), 'size'],
    ['an endless tag is refused', `<Envelope ${'a'.repeat(1_100_000)}`, 'size'],
  ];
  it.each(rows)('%s', (_, xml, kind) => {
    expect(problemOf(xml)).toBe(kind);
  });
});
