/** A marketplace order made into a sales order, or everything that is wrong with it. Pure. */
import type { ItemCode } from '../codes.ts';
import { penceToText, roundedPence, toDecimal } from '../money.ts';
import { isSearchable } from '../peoplevox/search.ts';
import type { ChannelSettings, WarehouseSettings } from '../settings.ts';
import { cut, tidy, toWarehouseAddress } from './address.ts';
import { customerReference, planCustomer } from './customer.ts';
import { type LineRow, type OrderPeople, unitsToShip } from './from-mirakl.ts';
import { wire } from './state.ts';

/** What is known of an ItemCode: as last read from the warehouse. */
export type ItemFacts = { found: boolean; retired: boolean };

export type OrderToStage = {
  marketplace_order_id: string;
  commercial_id: string;
  wire_created_at: Date;
  currency: string;
  total_price: string;
  shipping_price: string;
  shipping_type_code: string;
  shipping_deadline: Date | null;
  has_incident: boolean;
  detail: Record<string, unknown>;
  lines: readonly LineRow[];
  people: OrderPeople | null;
};

export type StageContext = {
  channel: ChannelSettings;
  warehouse: WarehouseSettings;
  /** ItemCode of a shop SKU by the cross-reference table; undefined: the SKU is the ItemCode. */
  mappedItem: (shopSku: string) => string | undefined;
  /** Undefined: not asked yet, counts as unknown. */
  itemFacts: (itemCode: string) => ItemFacts | undefined;
  /** Writes an instant as the tenant wants it. */
  formatDate: (at: Date) => string;
};

/** One row of `Sales order items` and the marketplace lines that it stands for. */
export type PlannedLine = {
  line: string;
  itemCode: ItemCode;
  quantity: number;
  /** Two decimals. */
  salePrice: string;
  parts: { orderLineId: string; units: number }[];
};

export type SalesOrderPlan = {
  salesOrderNumber: string;
  /** Standard field name to text; the same fields for every order. */
  row: Record<string, string>;
  customer: Record<string, string> | null;
  lines: PlannedLine[];
};

/** `code` is one of exceptions/codes.ts; `what` says which thing, without personal data. */
export type StageProblem = { code: StageCode; what: string; evidence: Record<string, unknown> };
export const stageCodes = [
  'address-missing',
  'address-incomplete',
  'country-unknown',
  'country-not-served',
  'field-too-long',
  'number-too-long',
  'number-unusable',
  'service-type-unmapped',
  'totals-differ',
  'quantity-invalid',
  'unknown-item',
  'retired-item',
  'sku-unusable',
  'incident-open',
] as const;
export type StageCode = (typeof stageCodes)[number];

/** Longest texts that Peoplevox takes. Source: peoplevox.md section 9.2 and 9.3. */
export const longest = {
  salesOrderNumber: 30,
  reference: 50,
  itemCode: 50,
  serviceType: 100,
  email: 500,
  address: 100,
  attribute: 500,
};

/** Builds the plan and finds every problem at once. The plan is to be used only when there is none. */
export function planSalesOrder(
  order: OrderToStage,
  context: StageContext,
): { plan: SalesOrderPlan; problems: StageProblem[] } {
  const problems: StageProblem[] = [];
  const salesOrderNumber = salesOrderNumberOf(order.marketplace_order_id, context.channel);
  if (salesOrderNumber.length > longest.salesOrderNumber) {
    problems.push({
      code: 'number-too-long',
      what: `SalesOrderNumber ${salesOrderNumber} has ${salesOrderNumber.length} characters of at most ${longest.salesOrderNumber}`,
      evidence: { salesOrderNumber },
    });
  }
  if (!isSearchable(salesOrderNumber) || salesOrderNumber.trim() !== salesOrderNumber) {
    problems.push({
      code: 'number-unusable',
      what: `SalesOrderNumber ${JSON.stringify(salesOrderNumber)} cannot be searched for in the warehouse`,
      evidence: { salesOrderNumber },
    });
  }
  if (order.commercial_id.length > longest.reference) {
    problems.push(tooLong('commercial id', order.commercial_id.length, longest.reference));
  }
  const lines = planLines(order, context, problems);
  const row = planRow(order, context, salesOrderNumber, problems);
  checkTotals(order, context.channel, problems);
  if (order.has_incident) {
    problems.push({
      code: 'incident-open',
      what: 'an incident is open; despatching might be wrong',
      evidence: {
        lines: order.lines
          .filter((l) => l.wire_state === wire.incident)
          .map((l) => l.order_line_id),
      },
    });
  }
  const customer = planCustomer(order, context, row);
  return { plan: { salesOrderNumber, row, customer, lines }, problems: mergeByCode(problems) };
}

/** The warehouse's number of a marketplace order: the prefix of the channel and the order id. */
export function salesOrderNumberOf(marketplaceOrderId: string, channel: ChannelSettings): string {
  return `${channel.salesOrderPrefix}${marketplaceOrderId}`;
}

/** Which ItemCodes must be known before the order can be planned. */
export function itemCodesOf(
  lines: readonly Pick<LineRow, 'shop_sku' | 'wire_state' | 'quantity' | 'withdrawn_units'>[],
  mappedItem: StageContext['mappedItem'],
): string[] {
  return lines
    .filter((line) => unitsToShip(line) !== 0)
    .map((line) => mappedItem(line.shop_sku) ?? line.shop_sku);
}

/** True for text that can be an ItemCode and can be searched for. */
export function isUsableItemCode(text: string): boolean {
  return isSearchable(text) && text.length <= longest.itemCode && text.trim() === text;
}

function planLines(
  order: OrderToStage,
  context: StageContext,
  problems: StageProblem[],
): PlannedLine[] {
  const unknown: string[] = [];
  const retired: string[] = [];
  const planned: PlannedLine[] = [];
  const ordered = [...order.lines].sort((a, b) => a.position - b.position);
  const itemCodes = ordered.map((line) => context.mappedItem(line.shop_sku) ?? line.shop_sku);
  // A merged line has the number of the first line of its item, cancelled or not, so that it never changes.
  const numberOf = (index: number, itemCode: string) =>
    (context.channel.sameSku === 'merge' ? itemCodes.indexOf(itemCode) : index) + 1;
  for (const [index, line] of ordered.entries()) {
    const units = unitsToShip(line);
    if (
      line.wire_state === 'SHIPPING' &&
      line.withdrawn_units === 0 &&
      !(Number.isSafeInteger(units) && units > 0)
    ) {
      problems.push({
        code: 'quantity-invalid',
        what: `line ${line.order_line_id} has quantity ${line.quantity}`,
        evidence: { orderLineId: line.order_line_id, quantity: line.quantity },
      });
    }
    if (units <= 0) continue;
    const itemCode = context.mappedItem(line.shop_sku) ?? line.shop_sku;
    const facts = context.itemFacts(itemCode);
    if (!isUsableItemCode(itemCode)) {
      problems.push({
        code: 'sku-unusable',
        what: `SKU "${itemCode.slice(0, 60)}"`,
        evidence: { shopSku: line.shop_sku },
      });
    } else if (!facts?.found && !facts?.retired) unknown.push(itemCode);
    else if (facts.retired) retired.push(itemCode);
    planned.push({
      line: String(numberOf(index, itemCode)),
      itemCode: itemCode as ItemCode,
      quantity: units,
      salePrice: penceToText(roundedPence(toDecimal(line.unit_price))),
      parts: [{ orderLineId: line.order_line_id, units }],
    });
  }
  if (unknown.length > 0) {
    const list = [...new Set(unknown)];
    problems.push({
      code: 'unknown-item',
      what: `ItemCode ${list.join(', ')} unknown in Peoplevox`,
      evidence: { itemCodes: list },
    });
  }
  if (retired.length > 0) {
    const list = [...new Set(retired)];
    problems.push({
      code: 'retired-item',
      what: `ItemCode ${list.join(', ')} is retired in Peoplevox`,
      evidence: { itemCodes: list },
    });
  }
  return context.channel.sameSku === 'merge' ? merge(planned) : planned;
}

/** Lines of one ItemCode become one; its parts say how to split it back. The price is that of the first. */
function merge(lines: readonly PlannedLine[]): PlannedLine[] {
  const byItem = new Map<string, PlannedLine>();
  for (const line of lines) {
    const first = byItem.get(line.itemCode);
    byItem.set(
      line.itemCode,
      first
        ? {
            ...first,
            quantity: first.quantity + line.quantity,
            parts: [...first.parts, ...line.parts],
          }
        : line,
    );
  }
  return [...byItem.values()];
}

function planRow(
  order: OrderToStage,
  context: StageContext,
  salesOrderNumber: string,
  problems: StageProblem[],
): Record<string, string> {
  const { channel, warehouse } = context;
  const shipping = planAddress(order, channel, problems);
  const billing = order.people?.billingAddress
    ? toWarehouseAddress(order.people.billingAddress, addressRules(channel)).address
    : null;
  // By the marketplace's lines, not the planned ones: a merged line has the price of its first part only.
  const goods = order.lines.reduce(
    (sum, line) => sum + pence(line.unit_price) * BigInt(Math.max(0, unitsToShip(line))),
    0n,
  );
  const shippingCost = roundedPence(toDecimal(order.shipping_price));
  const attributes = Object.fromEntries(
    Object.entries(warehouse.attributes ?? {}).map(([name, source]) => [
      name,
      attributeOf(order, channel, source),
    ]),
  );
  return {
    SalesOrderNumber: salesOrderNumber,
    ...(warehouse.customer.mode === 'none' ? {} : { Customer: customerReference(order, context) }),
    CustomerPurchaseOrderReferenceNumber: order.commercial_id,
    ShippingAddressLine1: shipping?.line1 ?? '',
    ShippingAddressLine2: shipping?.line2 ?? '',
    ShippingAddressCity: shipping?.city ?? '',
    ShippingAddressRegion: shipping?.region ?? '',
    ShippingAddressPostcode: shipping?.postcode ?? '',
    ShippingAddressCountry: shipping?.country ?? '',
    InvoiceAddressLine1: cut(billing?.line1, longest.address),
    InvoiceAddressLine2: cut(billing?.line2, longest.address),
    InvoiceAddressCity: cut(billing?.city, longest.address),
    InvoiceAddressRegion: cut(billing?.region, longest.address),
    InvoiceAddressPostcode: cut(billing?.postcode, longest.address),
    InvoiceAddressCountry: cut(billing?.country, longest.address),
    RequestedDeliveryDate: context.formatDate(order.shipping_deadline ?? order.wire_created_at),
    ShippingCost: penceToText(shippingCost),
    Email: warehouse.sendEmail ? cut(tidy(order.people?.notificationEmail), longest.email) : '',
    ContactName: shipping?.contactName ?? '',
    TotalSale: penceToText(goods + shippingCost),
    Discount: '0.00',
    TaxPaid: penceToText(taxOf(order)),
    CreatedDate: context.formatDate(order.wire_created_at),
    ServiceType: serviceTypeOf(order, channel, problems),
    ChannelName: channel.name,
    ...(warehouse.paymentMethod === undefined
      ? {}
      : { PaymentMethod: String(warehouse.paymentMethod) }),
    ...(warehouse.orderSite === undefined ? {} : { Site: warehouse.orderSite }),
    ...attributes,
  };
}

function addressRules(channel: ChannelSettings) {
  return {
    served: channel.countries,
    form: channel.countryForm,
    requirePhone: channel.requirePhone,
  };
}

function planAddress(order: OrderToStage, channel: ChannelSettings, problems: StageProblem[]) {
  const from = order.people?.shippingAddress;
  if (!from) {
    problems.push({
      code: 'address-missing',
      what: 'the marketplace gives no delivery address although lines are to be shipped',
      evidence: {},
    });
    return null;
  }
  const { address, problems: found } = toWarehouseAddress(from, addressRules(channel));
  for (const { code, what } of found) {
    problems.push({ code, what: `delivery address: ${what}`, evidence: { missing: what } });
  }
  return address;
}

/** One problem per code that names every cause: an exception is one row per code and order. */
function mergeByCode(found: readonly StageProblem[]): StageProblem[] {
  const byCode = new Map<StageCode, StageProblem>();
  for (const { code, what, evidence } of found) {
    const first = byCode.get(code);
    const merged = first && {
      code,
      what: `${first.what}; ${what}`,
      evidence: { ...first.evidence, ...evidence },
    };
    byCode.set(code, merged ?? { code, what, evidence });
  }
  return [...byCode.values()];
}

function serviceTypeOf(
  order: OrderToStage,
  channel: ChannelSettings,
  problems: StageProblem[],
): string {
  const { shippingTypes, defaultServiceType } = channel;
  const mapped = Object.hasOwn(shippingTypes, order.shipping_type_code)
    ? shippingTypes[order.shipping_type_code]
    : defaultServiceType;
  if (mapped !== undefined) return mapped;
  problems.push({
    code: 'service-type-unmapped',
    what: `shipping type "${order.shipping_type_code}" of channel ${channel.id}`,
    evidence: { shippingTypeCode: order.shipping_type_code },
  });
  return '';
}

/** Lines against the order's total; orders with promotions, refusals or cancellations are not judged, since
 *  which of those the total still holds differs by operator. */
function checkTotals(
  order: OrderToStage,
  channel: ChannelSettings,
  problems: StageProblem[],
): void {
  const isPlain =
    order.lines.every((line) => line.wire_state === 'SHIPPING' && line.withdrawn_units === 0) &&
    pence(String(order.detail['totalDeducedAmount'] ?? 0)) === 0n;
  if (!isPlain) return;
  const sum = order.lines.reduce((total, line) => total + pence(line.total_price), 0n);
  const difference = sum - pence(order.total_price);
  const size = difference < 0n ? -difference : difference;
  if (size <= BigInt(channel.totalTolerancePence)) return;
  problems.push({
    code: 'totals-differ',
    what: `lines add up to ${penceToText(sum)}, the order says ${penceToText(pence(order.total_price))}`,
    evidence: { linesPence: Number(sum), orderPence: Number(pence(order.total_price)) },
  });
}

function taxOf(order: OrderToStage): bigint {
  type Taxed = { taxes?: { amount: string }[]; shippingTaxes?: { amount: string }[] };
  const lines = (order.detail['lines'] ?? []) as Taxed[];
  return lines
    .flatMap((line) => [...(line.taxes ?? []), ...(line.shippingTaxes ?? [])])
    .reduce((sum, tax) => sum + pence(tax.amount), 0n);
}

function attributeOf(order: OrderToStage, channel: ChannelSettings, source: string): string {
  if (source === 'marketplaceOrderId') return order.marketplace_order_id;
  if (source === 'commercialId') return order.commercial_id;
  if (source === 'channelId') return channel.id;
  if (source === 'deliveryNote')
    return cut(tidy(order.people?.shippingAddress?.additionalInfo), longest.attribute);
  return order.shipping_type_code;
}

function tooLong(field: string, found: number, most: number): StageProblem {
  return {
    code: 'field-too-long',
    what: `${field} has ${found} characters of at most ${most}`,
    evidence: { field, found, most },
  };
}

function pence(text: string): bigint {
  return roundedPence(toDecimal(text));
}
