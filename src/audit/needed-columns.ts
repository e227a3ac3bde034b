/** The columns that the flows need of each template, as this warehouse is configured. Pure. A test keeps the
 *  list the same as what is really written. */
import type { WarehouseSettings } from '../settings.ts';

/** Our key of a template in `warehouses[].templates`. */
export type TemplateSetting = keyof WarehouseSettings['templates'];

export type NeededTemplate = {
  setting: TemplateSetting;
  /** Our field names: written, or read back by. */
  fields: string[];
  /** What it is for, for the remedy. */
  purpose: string;
};

/** Templates that the flows use with this configuration. */
export function neededTemplates(warehouse: WarehouseSettings): NeededTemplate[] {
  const { customer } = warehouse;
  const isCustomerMade =
    customer.mode === 'each' || (customer.mode === 'channel' && customer.create);
  return [
    { setting: 'salesOrders', fields: salesOrderFields(warehouse), purpose: 'orders' },
    {
      setting: 'salesOrderItems',
      fields: [
        'SalesOrderNumber',
        'ItemCode',
        'QuantityOrdered',
        'RequestedDeliveryDate',
        'Line',
        'SalePrice',
      ],
      purpose: 'order lines',
    },
    { setting: 'itemTypes', fields: ['ItemCode'], purpose: 'known ItemCodes' },
    ...(isCustomerMade
      ? [
          {
            setting: 'customers' as const,
            fields: ['Name', 'Reference', 'FirstName', 'LastName', 'Email'],
            purpose: 'customers made before their orders',
          },
        ]
      : []),
  ];
}

function salesOrderFields(warehouse: WarehouseSettings): string[] {
  const address = ['Line1', 'Line2', 'City', 'Region', 'Postcode', 'Country'];
  return [
    'SalesOrderNumber',
    ...(warehouse.customer.mode === 'none' ? [] : ['Customer']),
    'CustomerPurchaseOrderReferenceNumber',
    ...address.map((part) => `ShippingAddress${part}`),
    ...address.map((part) => `InvoiceAddress${part}`),
    // Read to see cancellations and picking, written to cancel.
    'Status',
    'RequestedDeliveryDate',
    'ShippingCost',
    'Email',
    'ContactName',
    'TotalSale',
    'Discount',
    'TaxPaid',
    'CreatedDate',
    'ServiceType',
    'ChannelName',
    ...(warehouse.paymentMethod === undefined ? [] : ['PaymentMethod']),
    ...(warehouse.orderSite === undefined ? [] : ['Site']),
    ...Object.keys(warehouse.attributes ?? {}),
  ];
}
