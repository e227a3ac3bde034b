import { describe, expect, it } from 'vitest';
import { Refused } from '../errors.ts';
import { elementOf, fakeWire, refusalXml, replyXml } from './fake-transport.ts';
import { isReportMissing, type StockChangeBatch, streamStockChanges } from './stock-changes.ts';

const header = 'Item code,Item current available quantity,Item Barcode,Timestamp,Site reference\n';
const since = new Date('2026-07-01T09:00:30Z');
const reportName = 'Incremental Changes Report v1';

function changesWire(details: string[], totalCount: number, settings = {}) {
  let page = 0;
  return fakeWire(
    (operation) =>
      operation === 'GetReportData'
        ? replyXml(operation, { totalCount, detail: details[page++] ?? '' })
        : null,
    settings,
  );
}

async function stream(wire: ReturnType<typeof fakeWire>, sites: string[] = [], from = since) {
  const batches: StockChangeBatch[] = [];
  for await (const batch of streamStockChanges(wire.client, from, sites)) batches.push(batch);
  return {
    changes: batches.flatMap((batch) => batch.changes),
    unreadable: batches.flatMap((batch) => batch.unreadable),
    complete: batches.at(-1)?.isComplete,
  };
}

describe('streamStockChanges', () => {
  it('asks for what changed since a time on the wall clock, and reads by name', async () => {
    const rows = `007,-2,0012,'01/07/2026 10:15:00',Main\n007,7.00,0012,'01/07/2026 10:16',SystemSite\nB,4,,'01/07/2026 10:17:01',outlet\n`;
    const wire = changesWire([header + rows], 3);
    expect(await stream(wire, ['MAIN', 'Outlet '])).toEqual({
      changes: [
        { itemCode: '007', site: 'Main', available: -2, at: new Date('2026-07-01T09:15:00Z') },
        { itemCode: 'B', site: 'outlet', available: 4, at: new Date('2026-07-01T09:17:01Z') },
      ],
      unreadable: [],
      complete: true,
    });
    const sent = (name: string) => elementOf(wire.requests[1]!, name);
    expect(sent('TemplateName')).toBe(reportName);
    expect(sent('SearchClause')).toBe('([Timestamp] >= DateTime(2026,07,01,10,00,30))');
    expect(sent('OrderBy')).toBe('[Timestamp] asc');
    expect(sent('Columns')).toBe(
      '[Item code],[Item current available quantity],[Timestamp],[Site reference]',
    );
    expect(sent('ItemsPerPage')).toBe('0');
  });

  it.each([
    [
      'before the hour that repeats, which later texts fall behind',
      '2026-10-25T00:30:00Z',
      '00,30',
    ],
    ['shortly before it', '2026-10-24T23:45:00Z', '2026,10,24,23,45'],
    ['long before it', '2026-10-24T20:00:00Z', '2026,10,24,21,00'],
    ['in its second half', '2026-10-25T01:30:00Z', '2026,10,25,01,30'],
    ['before an hour is skipped', '2026-03-29T00:30:00Z', '2026,03,29,00,30'],
  ])('asks from early enough %s', async (_, from, text) => {
    const wire = changesWire([header], 0);
    await stream(wire, [], new Date(from));
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toContain(`${text},00)`);
  });

  it('keeps a change whose figure or time cannot be read, as nothing, and names it', async () => {
    const rows = 'A,,,\'01/07/2026 10:15\',Main\nB,"1,200",,soon,Main\nC,3,,,Main\n';
    expect(await stream(changesWire([header + rows], 3))).toEqual({
      changes: [
        { itemCode: 'A', site: 'Main', available: null, at: new Date('2026-07-01T09:15:00Z') },
        { itemCode: 'B', site: 'Main', available: null, at: null },
        { itemCode: 'C', site: 'Main', available: 3, at: null },
      ],
      unreadable: [
        { itemCode: 'A', why: "available is not a whole number: ''" },
        { itemCode: 'B', why: "available is not a whole number: '1,200'" },
        { itemCode: 'B', why: "not a date: 'soon'" },
      ],
      complete: true,
    });
  });

  it.each([
    ['a row without an item code', ' ,3,,,Main\n', 'a row without an item code'],
    ['a ragged row', 'A,3\n', 'line 2 (A) has 2 values for 5 columns'],
  ])('is not complete with %s', async (_, row, why) => {
    const { changes, unreadable, complete } = await stream(changesWire([header + row], 1));
    expect([changes, unreadable, complete]).toEqual([[], [{ itemCode: null, why }], false]);
  });

  it('reads under the names the tenant gave, without times where there are none', async () => {
    const wire = changesWire(['Artikel,Frei,Lager\nA,3,Main\n'], 1, {
      changesReport: {
        name: 'Own changes',
        itemCode: ['Artikel'],
        available: ['Frei'],
        timestamp: ['Zeit'],
        site: ['Lager'],
      },
    });
    const { changes } = await stream(wire);
    expect(changes).toEqual([{ itemCode: 'A', site: 'Main', available: 3, at: null }]);
    expect(wire.notes[1]!.operation).toBe('GetReportData Own changes');
  });

  it('names the columns found and the setting when one is missing', async () => {
    const wire = changesWire(['Artikel,Site reference\nA,Main\n'], 1);
    await expect(stream(wire)).rejects.toMatchObject({
      name: 'BadAnswer',
      message: expect.stringMatching(
        /column Item code is missing; found Artikel, Site reference; .*reports\.incrementalChanges\.columns/,
      ),
    });
  });

  it('reads in pages where the tenant wants it, equal changes of one page kept apart', async () => {
    const row = 'A,3,,,Main\n';
    const wire = changesWire([header + row + row, header + row.replace('3', '4')], 3, {
      reportPageSize: 2,
    });
    const { changes, complete } = await stream(wire);
    expect([changes.map((change) => change.available), complete]).toEqual([[3, 3, 4], true]);
  });
});

describe('a tenant without the report', () => {
  /** A wire that refuses the report with this text and answers this for its columns. */
  const lacking = (text: string, columns: string) =>
    fakeWire((operation) => {
      if (operation === 'GetReportData') return refusalXml(operation, text);
      return operation === 'GetReportColumns' ? columns : null;
    });
  const columnsReply = (detail: string) => replyXml('GetReportColumns', { detail });

  it.each([
    ['the refusal names the report', `Report '${reportName}' error`, columnsReply('[Item code]')],
    ['the refusal says so', 'Report not found', columnsReply('[Item code]')],
    ['there are no columns', 'Something else', columnsReply('')],
    ['its columns are refused too', 'Something', refusalXml('GetReportColumns', 'No')],
  ])('shows when %s', async (_, text, columns) => {
    const error = await stream(lacking(text, columns)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ name: 'Refused', vendorMessage: text });
    expect(isReportMissing(error)).toBe(true);
  });

  it.each([
    ['there are columns', 'Something else', columnsReply('[Item code]')],
    ['a column is named', `${reportName}: column Timestamp not found`, columnsReply('[Item code]')],
    ['its columns cannot be asked for', 'Something', { status: 500, body: '' }],
  ])('does not show when %s', async (_, text, columns) => {
    const wire = fakeWire((operation) => {
      if (operation === 'GetReportData') return refusalXml(operation, text);
      return operation === 'GetReportColumns' ? columns : null;
    });
    const error = await stream(wire).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'Refused', vendorMessage: text });
    expect(isReportMissing(error)).toBe(false);
  });

  it('is not what other failures are', async () => {
    const down = fakeWire((operation) =>
      operation === 'GetReportData' ? { status: 500, body: '' } : null,
    );
    const error = await stream(down).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'VendorDown' });
    expect(isReportMissing(error)).toBe(false);
    expect(down.requests).toHaveLength(2);
  });
});
