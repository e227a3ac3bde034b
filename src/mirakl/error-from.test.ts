import { describe, expect, it } from 'vitest';
import { Refused, type Throttled } from '../errors.ts';
import { TransportError } from '../transport.ts';
import { type ErrorContext, errorFrom, isNotOffered } from './error-from.ts';

const nowMs = Date.parse('2026-03-02T10:00:00Z');
const context: ErrorContext = { connection: 'north', operation: 'OR21', nowMs };
const html = '<!DOCTYPE html><html><head><title>Just a moment</title></head></html>';

function judge(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return errorFrom({ status, headers, text }, context);
}

describe('class and effect by status', () => {
  const rows: [rule: string, status: number, body: unknown, name: string, effect: string][] = [
    ['400 with a message', 400, { status: 400, message: 'no' }, 'Refused', 'none'],
    ['400 with an empty body', 400, '', 'Refused', 'none'],
    [
      '401 as a live instance sends it',
      401,
      { status: 401, message: 'Unauthorized' },
      'Unauthorised',
      'none',
    ],
    ['403 with a page of a gateway', 403, html, 'Unauthorised', 'none'],
    ['404', 404, { message: 'Order not found' }, 'Refused', 'none'],
    ['404 with a page is a gateway', 404, html, 'VendorDown', 'none'],
    ['405', 405, '', 'Refused', 'none'],
    ['408 is worth another try', 408, '', 'VendorDown', 'none'],
    ['409', 409, '', 'Refused', 'none'],
    ['410', 410, '', 'Refused', 'none'],
    ['415', 415, '', 'Refused', 'none'],
    ['a 4xx nobody has heard of', 477, 'text', 'Refused', 'none'],
    ['429', 429, '', 'Throttled', 'none'],
    ['429 with a page', 429, html, 'Throttled', 'none'],
    ['500', 500, { status: 500, message: 'x', error: 'y' }, 'VendorDown', 'unknown'],
    ['502 with a page', 502, html, 'VendorDown', 'unknown'],
    ['a Cloudflare 522', 522, html, 'VendorDown', 'unknown'],
    ['a status of no family', 700, '', 'VendorDown', 'unknown'],
    ['a redirect', 302, '', 'VendorDown', 'unknown'],
    ['200 with a page', 200, html, 'VendorDown', 'unknown'],
    ['200 with nothing where data is due', 200, ' ', 'VendorDown', 'unknown'],
    ['200 with something else', 200, '{"a":1}', 'BadAnswer', 'unknown'],
  ];
  it.each(rows)('%s', (_rule, status, body, name, effect) => {
    const error = judge(status, body);
    expect([error.name, error.effect, error.status]).toEqual([name, effect, status]);
  });

  it('a request that never arrived did nothing', () => {
    const cause = new TransportError('ECONNREFUSED', { reached: false });
    const error = errorFrom(cause, context);
    expect(error).toMatchObject({ name: 'NoAnswer', effect: 'none', status: undefined, cause });
  });

  it('a time-out may have done anything', () => {
    const error = errorFrom(new TransportError('timeout', { reached: true }), context);
    expect(error).toMatchObject({ name: 'NoAnswer', effect: 'unknown', isRetried: true });
  });
});

describe('machine code', () => {
  const rows: [rule: string, body: unknown, code: string | undefined][] = [
    ['under code', { code: 'ORDER_INVALID_STATE', message: 'm' }, 'ORDER_INVALID_STATE'],
    ['under error', { error: 'ORDER_NOT_FOUND' }, 'ORDER_NOT_FOUND'],
    ['under error_code', { error_code: 'ORDER_LINE_NOT_FOUND' }, 'ORDER_LINE_NOT_FOUND'],
    [
      'under errors[].code',
      { errors: [{ code: 'ORDER_LINE_DUPLICATE_ID', field: 'f', message: 'm' }] },
      'ORDER_LINE_DUPLICATE_ID',
    ],
    [
      'in the message',
      { message: 'failed: ORDER_INVALID_STATE (SHIPPING)' },
      'ORDER_INVALID_STATE',
    ],
    [
      'under a key nobody documented',
      { details: { reason: 'ORDER_NOT_FOUND' } },
      'ORDER_NOT_FOUND',
    ],
    ['in plain text', 'ORDER_NOT_FOUND', 'ORDER_NOT_FOUND'],
    [
      'the telling one goes before VALIDATION_ERROR',
      { code: 'VALIDATION_ERROR', errors: [{ code: 'ORDER_LINE_NULL_ELEMENT' }] },
      'ORDER_LINE_NULL_ELEMENT',
    ],
    ['an unknown one counts under a code key', { code: 'BRAND_NEW_CODE' }, 'BRAND_NEW_CODE'],
    ['an unknown one does not count in a message', { message: 'see BRAND_NEW_CODE' }, undefined],
    ['a number is no code', { code: 400 }, undefined],
    ['a reason phrase is no code', { error: 'Bad Request' }, undefined],
    ['null is no body', null, undefined],
    ['a list may hold it', [{ code: 'ORDER_NOT_FOUND' }], 'ORDER_NOT_FOUND'],
  ];
  it.each(rows)('%s', (_rule, body, code) => {
    const error = judge(400, body) as Refused;
    expect(error).toBeInstanceOf(Refused);
    expect(error.vendorCode).toBe(code);
  });
});

describe('vendor message', () => {
  const rows: [rule: string, body: unknown, message: string][] = [
    ['the message key', { status: 400, message: 'Tracking is mandatory' }, 'Tracking is mandatory'],
    ['the older key', { errorDescription: 'Bad carrier' }, 'Bad carrier'],
    [
      'each listed error with its field',
      { errors: [{ field: 'a', message: 'too long' }, { code: 'X_Y' }] },
      'a: too long; X_Y',
    ],
    ['plain text', 'nothing doing', 'nothing doing'],
    ['an empty body says nothing', '', ''],
    ['junk says nothing', { message: { a: 1 }, errors: [null, 3, 'odd'] }, 'odd'],
  ];
  it.each(rows)('%s', (_rule, body, message) => {
    expect((judge(400, body) as Refused).vendorMessage).toBe(message);
  });

  it('names operation, channel, code and text, cut to a readable length', () => {
    const error = judge(400, { code: 'ORDER_INVALID_STATE', message: 'x'.repeat(1000) });
    expect(error.message).toMatch(
      /^OR21 on channel north refused \(400 ORDER_INVALID_STATE\): x{300}…$/,
    );
  });

  it('shows the title of a page, not the page', () => {
    expect(judge(503, html).message).toContain('(503): Just a moment');
  });

  it('names the host of a redirect', () => {
    const error = judge(301, '', { location: 'https://elsewhere.example.test/login?t=1' });
    expect(error.message).toContain('redirected (301) to elsewhere.example.test;');
  });

  it('keeps the correlation id', () => {
    expect(judge(500, '', { 'x-correlation-id': 'c-9' }).correlationId).toBe('c-9');
  });
});

describe('Retry-After', () => {
  const rows: [rule: string, headers: Record<string, string>, ms: number | undefined][] = [
    ['absent', {}, undefined],
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['zero', { 'retry-after': '0' }, 0],
    ['a date, by our clock', { 'retry-after': 'Mon, 02 Mar 2026 10:01:30 GMT' }, 90_000],
    [
      'a date, by the clock of the answer',
      { 'retry-after': 'Mon, 02 Mar 2026 11:00:30 GMT', date: 'Mon, 02 Mar 2026 11:00:00 GMT' },
      30_000,
    ],
    ['a date in the past', { 'retry-after': 'Mon, 02 Mar 2026 09:00:00 GMT' }, 0],
    ['a wait of years is taken for a day', { 'retry-after': '99999999' }, 86_400_000],
    ['a negative number is no wait', { 'retry-after': '-5' }, undefined],
    ['words are no wait', { 'retry-after': 'soon' }, undefined],
  ];
  it.each(rows)('%s', (_rule, headers, ms) => {
    expect((judge(429, '', headers) as Throttled).retryAfterMs).toBe(ms);
  });
});

describe('isNotOffered', () => {
  const rows: [rule: string, error: unknown, isIt: boolean][] = [
    ['403', judge(403, { message: 'Forbidden' }), true],
    ['404', judge(404, { message: 'Not found' }), true],
    ['404 with a page of the server', judge(404, html), true],
    ['405', judge(405), true],
    ['410', judge(410), true],
    ['400 is about the request', judge(400), false],
    ['401 is about the key', judge(401), false],
    ['429 is about the pace', judge(429), false],
    ['500', judge(500), false],
    ['no answer', errorFrom(new TransportError('x', { reached: false }), context), false],
    ['an error of our own', Object.assign(new Error('x'), { status: 404 }), false],
  ];
  it.each(rows)('%s', (_rule, error, isIt) => {
    expect(isNotOffered(error)).toBe(isIt);
  });
});
