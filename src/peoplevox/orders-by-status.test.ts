import { describe, expect, it } from 'vitest';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';
import { readOrdersByStatus } from './orders-by-status.ts';
import { Unsearchable } from './search.ts';

const header = 'Sales order no.,Status,Requested delivery date\n';

function statusWire(detail: string, totalCount: number, settings = {}) {
  return fakeWire(
    (operation) =>
      operation === 'GetReportData' ? replyXml(operation, { totalCount, detail }) : null,
    settings,
  );
}

describe('readOrdersByStatus', () => {
  it('asks for a status from a delivery date on, and reads by name', async () => {
    const wire = statusWire(`${header}JL-1,Cancelled,'03/07/2026 00:00:00'\n`, 1);
    const since = new Date('2026-07-01T09:00:30Z');
    expect(await readOrdersByStatus(wire.client, { status: 'Cancelled', since })).toEqual({
      rows: [
        {
          salesOrderNumber: 'JL-1',
          status: { word: 'cancelled', text: 'Cancelled' },
          requestedDeliveryAt: new Date('2026-07-02T23:00:00Z'),
        },
      ],
      unreadable: [],
      hasAllRows: true,
      isComplete: true,
    });
    const sent = (name: string) => elementOf(wire.requests[1]!, name);
    expect(sent('TemplateName')).toBe('Sales orders by status');
    expect(sent('SearchClause')).toBe(
      '([Status].Equals("Cancelled")) AND ([Requested delivery date] >= DateTime(2026,07,01,10,00,30))',
    );
    expect(sent('OrderBy')).toBe('[Requested delivery date] asc');
    expect(sent('Columns')).toBe('[Sales order no.],[Status],[Requested delivery date]');
  });

  it('asks for all dates without since', async () => {
    const wire = statusWire(header, 0);
    await readOrdersByStatus(wire.client, { status: 'Cancelled' });
    expect(elementOf(wire.requests[1]!, 'SearchClause')).toBe('([Status].Equals("Cancelled"))');
  });

  it.each([
    ['leaves out orders of other statuses that came all the same', 'New', {}, []],
    ['takes the status in any letter case', ' CANCELLED ', {}, ['JL-1']],
    ['takes the number that stands for it', '9', { statusNumbers: { '9': 'Cancelled' } }, ['JL-1']],
    ['leaves out a number nobody explained', '9', {}, []],
  ])('%s', async (_, status, settings, numbers) => {
    const wire = statusWire(`${header}JL-1,${status},\n`, 1, settings);
    const { rows } = await readOrdersByStatus(wire.client, { status: 'Cancelled' });
    expect(rows.map((row) => row.salesOrderNumber)).toEqual(numbers);
  });

  it.each([
    ['without a number', ',Cancelled,\n', null, 'a row without an order number'],
    ['without a status', 'JL-1,,\n', 'JL-1', 'a row without a status'],
    ['that is ragged', 'JL-1,Cancelled\n', null, 'line 2 (JL-1) has 2 values for 3 columns'],
  ])('is not complete with a row %s', async (_, row, salesOrderNumber, why) => {
    const result = await readOrdersByStatus(statusWire(header + row, 1).client, {
      status: 'Cancelled',
    });
    expect(result).toEqual({
      rows: [],
      unreadable: [{ salesOrderNumber, why }],
      hasAllRows: true,
      isComplete: false,
    });
  });

  it('keeps an order whose delivery date cannot be read', async () => {
    const wire = statusWire(`${header}JL-1,Cancelled,soon\n`, 1);
    const { rows, isComplete } = await readOrdersByStatus(wire.client, { status: 'Cancelled' });
    expect([rows[0]?.requestedDeliveryAt, isComplete]).toEqual([null, true]);
  });

  it('names a missing column and the setting', async () => {
    const { client } = statusWire('Sales order no.,State\nJL-1,Cancelled\n', 1);
    await expect(readOrdersByStatus(client, { status: 'Cancelled' })).rejects.toThrow(
      /column Status is missing; found .*State; .*reports\.salesOrdersByStatus\.columns/,
    );
  });

  it('refuses a status that cannot be searched for', async () => {
    const { client } = statusWire(header, 0);
    await expect(readOrdersByStatus(client, { status: 'a"b' })).rejects.toThrow(Unsearchable);
  });
});
