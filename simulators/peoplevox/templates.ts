/** The integration templates: which fields the warehouse knows, their types and longest values,
 *  their keys, and the header row with which a tenant has them configured. Source: section 9
 *  and the header rows. */

export type FieldKind = 'text' | 'int' | 'decimal' | 'bool' | 'date';
export type Field = {
  name: string;
  kind: FieldKind;
  /** Longest text, in characters; undefined when the reference names none. */
  maxLength: number | undefined;
};

export type Template = {
  name: string;
  /** Canonical field names that together make a row unique. */
  key: readonly string[];
  fields: ReadonlyMap<string, Field>;
  /** The header row a tenant starts from, in canonical names; a name may occur twice. */
  defaultHeader: readonly string[];
};

/** A template as this tenant has it: its column names in order, each with the field behind it. */
export type ConfiguredTemplate = Template & {
  columns: readonly { header: string; field: Field }[];
};

const addressFields = `AddressLine1 100, AddressLine2 100, AddressCity 100, AddressRegion 100,
  AddressPostcode 100, AddressCountry 100, AddressReference 100`;

const partyFields = `Name 100, Reference 50, FirstName 100, LastName 100, Phone, Mobile, Email 500,
  CreditLimit decimal`;

const attributes15 = Array.from({ length: 15 }, (_, i) => `Attribute${i + 1} 500`).join(', ');

/** Fields after the bar exist in the warehouse but are not in the default header row. */
const definitions: Record<string, { key: string[]; fields: string }> = {
  'Sales orders': {
    key: ['SalesOrderNumber'],
    fields: `SalesOrderNumber 30, Customer 50, CustomerPurchaseOrderReferenceNumber 50,
      ShippingAddressLine1 100, ShippingAddressLine2 100, ShippingAddressCity 100,
      ShippingAddressRegion 100, ShippingAddressPostcode 100, ShippingAddressCountry 100,
      ShippingAddressReference 100, InvoiceAddressLine1 100, InvoiceAddressLine2 100,
      InvoiceAddressCity 100, InvoiceAddressRegion 100, InvoiceAddressPostcode 100,
      InvoiceAddressCountry 100, InvoiceAddressReference 100, IsPartialShipment bool, Status 50,
      RequestedDeliveryDate date, ShippingCost decimal, Email 500, ContactName 100,
      TotalSale decimal, Discount decimal, TaxPaid decimal, CreatedDate date, PaymentMethod int,
      ServiceType 100, ChannelName 50 | OnHold bool, StopShip bool, Attribute1, Attribute2,
      Attribute3, Attribute4, Attribute5, Site, DespatchTrackingNumber, CarrierName`,
  },
  'Sales order items': {
    key: ['SalesOrderNumber', 'ItemCode', 'Line'],
    fields: `SalesOrderNumber 30, ItemCode 50, QuantityOrdered int, RequestedDeliveryDate date,
      Line 16, Sequence int, SalePrice decimal | Attribute1, Attribute2, Attribute3`,
  },
  Customers: {
    key: ['Reference'],
    fields: `${partyFields}, CreditStatus, Wholesaler | CustomerType`,
  },
  'Customer addresses': {
    key: ['CustomerReference', 'AddressReference'],
    fields: `CustomerReference 50, ${addressFields}`,
  },
  'Item types': {
    key: ['ItemCode'],
    fields: `ItemCode 50, Name 50, Barcode 50, ItemGroup, RetailPrice decimal, Description 250,
      UnitOfMeasure, DefaultEconomicOrderQuantity, DefaultLeadTime, DefaultSuppliersPartNumber,
      HasSerialNumbers bool, UseManufacturersSerialNumber bool, ReorderPoint, Traceability,
      ShelfLife, DefaultNumberItemsPerContainer, DefaultContainerType,
      DefaultNumberItemsPerOuterCase, DefaultNumberItemsPerInnerCase, BuyPrice decimal,
      WholesalePrice decimal, RetailPrice decimal, Weight decimal, WeightMeasure, Height decimal,
      Width decimal, Depth decimal, DimensionMeasure, Tags 8000, ${attributes15}, TaxCode,
      MinimumPickLocationQuantity, DefaultReplenishmentQuantity`,
  },
  'Item type kittings': {
    key: ['ParentItemCode', 'ChildItemCode'],
    fields: 'ParentItemCode 50, ChildItemCode 50, Quantity int',
  },
  'Item type groups': { key: ['Name'], fields: 'Name 50, ProductGroup 50' },
  Sites: { key: ['Reference'], fields: 'Name 100, Reference 50' },
  'Service types': { key: ['Code'], fields: 'Carrier 100, Name 100, Code 100' },
  Carriers: { key: ['Name'], fields: 'Name 100, Reference 50' },
  'Payment methods': { key: ['Id'], fields: 'Id int, Name 100' },
  Suppliers: { key: ['Reference'], fields: `${partyFields}, Notes` },
  'Supplier addresses': {
    key: ['SupplierReference', 'AddressReference'],
    fields: `SupplierReference 50, ${addressFields}`,
  },
  'Purchase orders': {
    key: ['PurchaseOrderNumber'],
    fields: `PurchaseOrderNumber 50, Status, Reference 50, Supplier 50, ${addressFields},
      RequestedDeliveryDate date, SubmittedDate date, User, EndDate date,
      ExpectedDeliveryDate date | SupplierReference 50, Site`,
  },
  'Purchase order items': {
    key: ['PurchaseOrderNumber', 'ItemCode', 'Line'],
    fields: `PurchaseOrderNumber 50, ItemCode 50, Status, Quantity int, RequestedDeliveryDate date,
      Line 16, Sequence int, CostPrice decimal, ExpectededDeliveryDate date`,
  },
};

const known = new Map<string, Template>(
  Object.entries(definitions).map(([name, { key, fields }]) => {
    const [inHeader = '', further = ''] = fields.split('|');
    const header = inHeader.split(',').map(readField);
    const all = [...header, ...(further.trim() ? further.split(',').map(readField) : [])];
    return [
      name,
      {
        name,
        key,
        fields: new Map(all.map((field) => [field.name, field])),
        defaultHeader: header.map((field) => field.name),
      },
    ];
  }),
);

function readField(words: string): Field {
  const [name = '', rule = ''] = words.trim().split(/\s+/);
  const maxLength = Number(rule) || undefined;
  return { name, maxLength, kind: maxLength || rule === '' ? 'text' : (rule as FieldKind) };
}

/** The header rows a tenant has when nothing else is said: every known template, as in the
 *  reference. */
export function defaultTemplates(): Record<string, string[]> {
  return Object.fromEntries([...known].map(([name, t]) => [name, [...t.defaultHeader]]));
}

/** Every field the warehouse has for a template, for tenants that configured more than the
 *  default. */
export function allFields(template: string): string[] {
  return [...(known.get(template)?.fields.keys() ?? [])];
}

/** Templates by name, each column under the tenant's own heading. A configured name that the
 *  warehouse does not know is an ordinary text column. Throws for a template the simulator
 *  keeps no data for. */
export function configureTemplates(
  templates: Record<string, readonly string[]>,
  renamedHeaders: Record<string, Record<string, string>>,
): Map<string, ConfiguredTemplate> {
  return new Map(
    Object.entries(templates).map(([name, header]) => {
      const template = known.get(name);
      if (!template) throw new Error(`template ${name} is not simulated; leave it out`);
      const columns = header.map((fieldName) => ({
        header: renamedHeaders[name]?.[fieldName] ?? fieldName,
        field: template.fields.get(fieldName) ?? {
          name: fieldName,
          kind: 'text' as const,
          maxLength: undefined,
        },
      }));
      return [name, { ...template, columns }];
    }),
  );
}

const patterns: Record<Exclude<FieldKind, 'text' | 'date'>, RegExp> = {
  int: /^-?\d{1,9}$/,
  decimal: /^-?\d{1,15}(\.\d{1,6})?$/,
  bool: /^(true|false)$/i,
};

/** True when a value of a typed field can be read; blank always can. Dates are checked by their
 *  reader. */
export function isReadable(kind: Exclude<FieldKind, 'text' | 'date'>, value: string): boolean {
  return value === '' || patterns[kind].test(value);
}

/** A decimal with at least two places, as the warehouse writes it back: `7.9` becomes `7.90`. */
export function twoPlaces(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}
