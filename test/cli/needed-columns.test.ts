import { describe, expect, it } from 'vitest';
import { neededTemplates } from '../../src/audit/needed-columns.ts';
import { planSalesOrder } from '../../src/orders/to-peoplevox.ts';
import { orderToStage, stageContext, type WarehouseInput } from '../sample-orders.ts';

/** What doctor asks for must be what is written, however the warehouse is configured. */
describe('the columns that doctor asks for', () => {
  const rows: [rule: string, warehouse: WarehouseInput][] = [
    ['as shipped', {}],
    ['without customers', { customer: { mode: 'none' } }],
    ['with a customer for each shopper', { customer: { mode: 'each' } }],
    ['with one customer, made first', { customer: { mode: 'channel', create: true } }],
    [
      'with site, payment method and attributes',
      { orderSite: 'PrimarySite', paymentMethod: 3, attributes: { Attribute2: 'commercialId' } },
    ],
  ];
  it.for(rows)('are those that are written: %s', ([, warehouse]) => {
    const context = stageContext({ warehouse });
    const { plan } = planSalesOrder(orderToStage(), context);
    const needed = neededTemplates(context.warehouse);
    const fieldsOf = (setting: string) => needed.find((one) => one.setting === setting)?.fields;
    // Status is written to cancel, and read.
    const written = [...Object.keys(plan.row), 'Status'];
    expect(fieldsOf('salesOrders')?.toSorted()).toEqual(written.toSorted());
    const customer = plan.customer && Object.keys(plan.customer);
    expect(fieldsOf('customers')?.toSorted() ?? null).toEqual(customer?.toSorted() ?? null);
  });
});
