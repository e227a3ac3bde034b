import { describe, expect, it } from 'vitest';
import { readDespatchesOf } from './despatches.ts';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';

const header =
  'Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,No of items,' +
  'Site reference,Parent,Item code,Carrier reference,Service type code,' +
  'No. of parent items despatched,Line\n';
const plainRow = "JL-1-A,DES1,DPD,Next Day,'01/07/2026 10:15:40',JD01,2,Main,,007,dpd,ND,,1\n";

describe('a tenant that refuses columns', () => {
  const lacking = header
    .replace(',Line\n', '\n')
    .replace('Salesorder number', 'Sales order number');
  const columns = lacking.trim().replaceAll(',', '],[');

  it('is asked for those it has, under its own names, and again so without asking twice', async () => {
    const asked: string[] = [];
    const wire = fakeWire((operation, request) => {
      if (operation === 'Authenticate') return null;
      if (operation === 'GetReportColumns') {
        asked.push(operation);
        return replyXml(operation, { detail: `[${columns}]` });
      }
      const list = elementOf(request, 'Columns');
      asked.push(list.includes('[Line]') ? 'all' : elementOf(request, 'SearchClause'));
      return list.includes('[Line]')
        ? replyXml(operation, { responseId: -1, totalCount: 0, detail: 'Column Line: no such' })
        : replyXml(operation, { detail: lacking + plainRow.replace(',1\n', '\n') });
    });
    const batch = await readDespatchesOf(wire.client, ['JL-1-A']);
    expect(batch.rows).toMatchObject([{ trackingNumber: 'JD01', quantity: 2, line: '' }]);
    const search = '([Sales order number].Equals("JL-1-A"))';
    expect(asked).toEqual(['all', 'GetReportColumns', search]);
    await readDespatchesOf(wire.client, ['JL-1-A']);
    expect(asked.slice(3)).toEqual([search]);
  });

  /** Refuses every question but one for all columns; answers this for its columns. */
  const refusing = (found: string, forAll: string | null) =>
    fakeWire((operation, request) => {
      if (operation === 'Authenticate') return null;
      if (operation === 'GetReportColumns') return replyXml(operation, { detail: found });
      const isForAll = elementOf(request, 'Columns') === '';
      return isForAll && forAll !== null
        ? replyXml(operation, { detail: forAll })
        : replyXml(operation, { responseId: -1, totalCount: 0, detail: 'Something' });
    });

  it('is asked for all of them when it does not say which it has', async () => {
    const { rows } = await readDespatchesOf(refusing('', header + plainRow).client, ['JL-1-A']);
    expect(rows).toMatchObject([{ trackingNumber: 'JD01', quantity: 2, line: '1' }]);
  });

  it.each([
    [
      'names its columns, all of them as expected',
      `[${header.trim().replaceAll(',', '],[')}]`,
      /: Something/,
    ],
    [
      'lacks a needed one, which is named with the setting',
      '[Item code],[Carrier]',
      /Something.*column Salesorder number .*missing; found Item code, Carrier; .*reports\.despatchSummary\.columns/,
    ],
    [
      'lacks the report itself',
      '',
      /is there a report Despatch summary\?.*reports\.despatchSummary\.name/,
    ],
  ])('ends refused when it %s', async (_, found, message) => {
    await expect(readDespatchesOf(refusing(found, null).client, ['JL-1-A'])).rejects.toMatchObject({
      name: 'Refused',
      vendorMessage: 'Something',
      message: expect.stringMatching(message),
    });
  });
});
