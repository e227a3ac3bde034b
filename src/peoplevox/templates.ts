/** The integration templates and reports we use: our names for their fields, and how a tenant's own
 *  names stand for them. Source: reference section 9 and the default header rows kept beside it. */
import type { CsvHeader } from './csv.ts';

/** Our fields per template, each with the longest text Peoplevox takes (null: not text, or not
 *  known). The keys of this table are the template names as Peoplevox ships them. */
export const templateFields = {
  'Sales orders': {
    SalesOrderNumber: 30,
    Customer: 50,
    CustomerPurchaseOrderReferenceNumber: 50,
    ShippingAddressLine1: 100,
    ShippingAddressLine2: 100,
    ShippingAddressCity: 100,
    ShippingAddressRegion: 100,
    ShippingAddressPostcode: 100,
    ShippingAddressCountry: 100,
    ShippingAddressReference: 100,
    InvoiceAddressLine1: 100,
    InvoiceAddressLine2: 100,
    InvoiceAddressCity: 100,
    InvoiceAddressRegion: 100,
    InvoiceAddressPostcode: 100,
    InvoiceAddressCountry: 100,
    InvoiceAddressReference: 100,
    IsPartialShipment: null,
    Status: 50,
    RequestedDeliveryDate: null,
    ShippingCost: null,
    Email: 500,
    ContactName: 100,
    TotalSale: null,
    Discount: null,
    TaxPaid: null,
    CreatedDate: null,
    PaymentMethod: null,
    ServiceType: 100,
    ChannelName: 50,
    OnHold: null,
    StopShip: null,
    Attribute1: null,
    Attribute2: null,
    Attribute3: null,
    Attribute4: null,
    Attribute5: null,
    Site: null,
    DespatchTrackingNumber: null,
    CarrierName: null,
  },
  'Sales order items': {
    SalesOrderNumber: 30,
    ItemCode: 50,
    QuantityOrdered: null,
    RequestedDeliveryDate: null,
    Line: 16,
    Sequence: null,
    SalePrice: null,
    Attribute1: null,
    Attribute2: null,
    Attribute3: null,
  },
  Customers: {
    Name: null,
    Reference: null,
    FirstName: null,
    LastName: null,
    Phone: null,
    Mobile: null,
    Email: null,
    CreditLimit: null,
    CreditStatus: null,
    Wholesaler: null,
    CustomerType: null,
  },
  'Customer addresses': {
    CustomerReference: null,
    AddressLine1: null,
    AddressLine2: null,
    AddressCity: null,
    AddressRegion: null,
    AddressPostcode: null,
    AddressCountry: null,
    AddressReference: null,
  },
  'Item types': {
    ItemCode: 50,
    Name: 50,
    Barcode: 50,
    ItemGroup: null,
    Description: 250,
    UnitOfMeasure: null,
    BuyPrice: null,
    WholesalePrice: null,
    RetailPrice: null,
    Weight: null,
    WeightMeasure: null,
    Height: null,
    Width: null,
    Depth: null,
    DimensionMeasure: null,
    Tags: 8000,
    Attribute1: 500,
    Attribute2: 500,
    Attribute3: 500,
    Attribute4: 500,
    Attribute5: 500,
    Attribute6: 500,
    Attribute7: 500,
    Attribute8: 500,
    Attribute9: 500,
    Attribute10: 500,
    Attribute11: 500,
    Attribute12: 500,
    Attribute13: 500,
    Attribute14: 500,
    Attribute15: 500,
    TaxCode: null,
  },
  'Item type kittings': { ParentItemCode: 50, ChildItemCode: 50, Quantity: null },
  'Service types': { Carrier: null, Name: null, Code: null },
  Carriers: { Name: null, Reference: null },
  Sites: { Name: null, Reference: null },
  'Purchase orders': {
    PurchaseOrderNumber: null,
    Status: null,
    Reference: null,
    Supplier: null,
    SupplierReference: null,
    AddressLine1: null,
    AddressLine2: null,
    AddressCity: null,
    AddressRegion: null,
    AddressPostcode: null,
    AddressCountry: null,
    AddressReference: null,
    RequestedDeliveryDate: null,
    SubmittedDate: null,
    User: null,
    EndDate: null,
    ExpectedDeliveryDate: null,
    Site: null,
  },
  'Purchase order items': {
    PurchaseOrderNumber: null,
    ItemCode: 50,
    Status: null,
    Quantity: null,
    RequestedDeliveryDate: null,
    Line: null,
    Sequence: null,
    CostPrice: null,
    // Spelt so in the template as shipped.
    ExpectededDeliveryDate: null,
  },
} as const;

export type TemplateKey = keyof typeof templateFields;
export type FieldOf<K extends TemplateKey> = keyof (typeof templateFields)[K] & string;

/** What a tenant changed about one template: its name, and columns as `{ ItemCode: 'SKU' }` (our
 *  field to their column). What is not named is as shipped. */
export type TemplateSettings = {
  name?: string | undefined;
  columns?: Readonly<Record<string, string>> | undefined;
};
export type TemplateSettingsByKey = { readonly [K in TemplateKey]?: TemplateSettings | undefined };

/** One template as this tenant has it. */
export type Template<K extends TemplateKey> = {
  key: K;
  /** Its name at the tenant. */
  name: string;
  /** The tenant's column for our field. */
  columnOf(field: FieldOf<K>): string;
  /** Our field for a tenant's column (any letter case); a column we do not know keeps its own
   *  name. */
  fieldOf(column: string): string;
};

/** The template as the tenant's settings have it. Pure. */
export function templateOf<K extends TemplateKey>(
  settings: TemplateSettingsByKey,
  key: K,
): Template<K> {
  const own: TemplateSettings = settings[key] ?? {};
  const columns = own.columns ?? {};
  const columnOf = (field: string) => columns[field] ?? field;
  const fieldByColumn = new Map<string, string>();
  for (const field of Object.keys(templateFields[key]))
    fieldByColumn.set(columnOf(field).toLowerCase(), field);
  return {
    key,
    name: own.name ?? key,
    columnOf,
    fieldOf: (column) => fieldByColumn.get(column.trim().toLowerCase()) ?? column,
  };
}

/** The tenant's columns that we need and the configured header lacks, in the order asked; empty
 *  when all is well. Letter case and surrounding blanks do not count. Pure. */
export function checkTemplate<K extends TemplateKey>(
  template: Template<K>,
  configuredHeader: readonly string[],
  neededFields: readonly FieldOf<K>[],
): string[] {
  return missingColumns(configuredHeader, neededFields.map(template.columnOf));
}

/** The needed names that are not among `found`, as `checkTemplate` compares them; for reports.
 *  Pure. */
export function missingColumns(found: readonly string[], needed: readonly string[]): string[] {
  const known = new Set(found.map((name) => name.trim().toLowerCase()));
  return needed.filter((name) => !known.has(name.trim().toLowerCase()));
}

/** Fields whose text is longer than Peoplevox takes, with the limit; empty when all fit. Lengths in
 *  UTF-16 units, which is how .NET and SQL Server count. Pure. */
export function tooLongFields<K extends TemplateKey>(
  key: K,
  row: { readonly [F in FieldOf<K>]?: string | number | bigint | boolean },
): { field: FieldOf<K>; length: number; max: number }[] {
  const limits: Record<string, number | null> = templateFields[key];
  const found: { field: FieldOf<K>; length: number; max: number }[] = [];
  for (const [field, value] of Object.entries(row)) {
    const max = limits[field];
    if (typeof max === 'number' && typeof value === 'string' && value.length > max)
      found.push({ field: field as FieldOf<K>, length: value.length, max });
  }
  return found;
}

/** The columns of a report, from the Detail of GetReportColumns. Its form is unconfirmed: a comma
 *  list or one name per line, each in square brackets, quotes or neither. Empty text gives no
 *  columns. Pure. */
export function readReportColumns(detail: string): string[] {
  const lines = detail.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  // Names may hold commas only where each stands on a line of its own or in brackets or quotes.
  const names =
    lines.length > 1 ? lines.map((line) => line.replace(/,\s*$/, '')) : cutList(lines[0]);
  return names.map(bareName).filter((name) => name !== '');
}

function cutList(line: string | undefined): string[] {
  return line?.match(/\s*(?:\[[^\]]*\]|"(?:[^"]|"")*")\s*(?=,|$)|[^,]+/g) ?? [];
}

function bareName(text: string): string {
  const name = text.trim();
  if (/^\[.*\]$/.test(name)) return name.slice(1, -1).trim();
  if (/^".*"$/.test(name)) return name.slice(1, -1).replaceAll('""', '"').trim();
  return name;
}

/** One row's values by our field names; columns that stand twice are left out, since either may be
 *  meant. */
export function fieldsOfRow<K extends TemplateKey>(
  template: Template<K>,
  header: CsvHeader,
): (row: readonly string[]) => Record<string, string> {
  const fields = header.names.map((column) =>
    header.duplicates.has(column.toLowerCase()) ? null : template.fieldOf(column),
  );
  return (row) => {
    const values: Record<string, string> = {};
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index];
      if (typeof field === 'string') values[field] = row[index] ?? '';
    }
    return values;
  };
}
