import { describe, expect, it } from 'vitest';
import { settingsShape } from '../settings.ts';
import { connectionDefaults } from './connection.ts';
import { toConnection } from './from-settings.ts';

function connectionOf(reports: object) {
  const settings = settingsShape.parse({
    channels: [
      {
        id: 'jlp',
        name: 'John Lewis',
        url: 'https://marketplace.example.test',
        apiKey: 'k',
        warehouse: 'main',
      },
    ],
    warehouses: [
      {
        id: 'main',
        url: 'https://wms.example.test',
        clientId: 'acme1234',
        username: 'api.user',
        password: 'My-Passw0rd',
        reports,
      },
    ],
  });
  return toConnection(settings.warehouses[0]!);
}

describe('toConnection', () => {
  it('leaves reports as shipped where nothing is said', () => {
    const { despatchReport, statusReport } = connectionOf({});
    expect(despatchReport).toEqual(connectionDefaults.despatchReport);
    expect(statusReport).toEqual(connectionDefaults.statusReport);
  });

  it.each([
    ['the first spelling', 'No of items'],
    ['another spelling', 'No. of items'],
  ])('gives a column the one name it has, told under %s', (_, spelling) => {
    const despatchSummary = { name: 'Own despatches', columns: { [spelling]: 'Pieces' } };
    const { name, columns } = connectionOf({ despatchSummary }).despatchReport;
    expect([name, columns.quantity, columns.line]).toEqual([
      'Own despatches',
      ['Pieces'],
      ['Line'],
    ]);
  });

  it('names the report of statuses as the tenant does', () => {
    const salesOrdersByStatus = { columns: { Status: 'State' } };
    expect(connectionOf({ salesOrdersByStatus }).statusReport.columns.status).toEqual(['State']);
  });
});
