import { describe, expect, it } from 'vitest';
import { saveCustomerAddresses, saveCustomers } from './customers.ts';
import { elementOf, fakeWire, replyXml } from './fake-transport.ts';

const savingWire = (statuses: readonly (readonly [string, string])[]) =>
  fakeWire((operation) => (operation === 'SaveData' ? replyXml(operation, { statuses }) : null));

describe('saveCustomers', () => {
  it('writes customers by Reference', async () => {
    const wire = savingWire([
      ['C2', 'Error'],
      ['C1', 'Success'],
    ]);
    const rows = [
      { Reference: 'C1', Name: 'Ann Example' },
      { Reference: 'C2', Name: 'Bo Example' },
    ];
    const result = await saveCustomers(wire.client, rows);
    expect(elementOf(wire.requests[1]!, 'TemplateName')).toBe('Customers');
    expect(elementOf(wire.requests[1]!, 'CsvData')).toBe(
      'Reference,Name\n"C1","Ann Example"\n"C2","Bo Example"\n',
    );
    expect(result.rows.map((row) => row.outcome)).toEqual(['success', 'error']);
  });

  it('refuses one without a Reference', async () => {
    const { client } = savingWire([]);
    await expect(saveCustomers(client, [{ Name: 'Ann Example' }])).rejects.toThrow(RangeError);
  });
});

describe('saveCustomerAddresses', () => {
  it('maps results by customer, or by customer and address', async () => {
    const wire = savingWire([['HOME', 'Success']]);
    const rows = [
      { CustomerReference: 'C1', AddressReference: 'WORK', AddressLine1: '1 High St' },
      { CustomerReference: 'C1', AddressReference: 'HOME', AddressLine1: '2 High St' },
    ];
    const result = await saveCustomerAddresses(wire.client, rows);
    expect(result.rows).toEqual([
      { reference: 'C1/WORK', outcome: 'unanswered', position: 0 },
      { reference: 'C1/HOME', outcome: 'success', position: 1 },
    ]);
  });
});
