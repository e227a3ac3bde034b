/** Invented orders and settings for tests, valid until a test makes them otherwise. */
import type { z } from 'zod';
import type { Address, MarketplaceOrder, MarketplaceOrderLine } from '../src/mirakl/order.ts';
import { toDecimal } from '../src/money.ts';
import { toSightedOrder } from '../src/orders/from-mirakl.ts';
import type { OrderToStage, StageContext } from '../src/orders/to-peoplevox.ts';
import {
  type ChannelSettings,
  type Settings,
  settingsShape,
  type WarehouseSettings,
} from '../src/settings.ts';

type SettingsInput = z.input<typeof settingsShape>;
export type ChannelInput = Partial<SettingsInput['channels'][number]>;
export type WarehouseInput = Partial<SettingsInput['warehouses'][number]>;

/** One channel `jl` filled by one warehouse `main`, defaults for the rest. */
function sampleSettings(own: { channel?: ChannelInput; warehouse?: WarehouseInput }): Settings {
  return settingsShape.parse({
    channels: [
      {
        id: 'jl',
        name: 'John Lewis',
        url: 'https://mirakl.example.test',
        apiKey: 'key',
        warehouse: 'main',
        shippingTypes: { STD: 'Standard' },
        ...own.channel,
      },
    ],
    warehouses: [
      {
        id: 'main',
        url: 'https://peoplevox.example.test',
        clientId: 'client',
        username: 'user',
        password: 'secret',
        ...own.warehouse,
      },
    ],
  });
}

export function sampleChannel(own: ChannelInput = {}): ChannelSettings {
  return sampleSettings({ channel: own }).channels[0]!;
}

function sampleWarehouse(own: WarehouseInput = {}): WarehouseSettings {
  return sampleSettings({ warehouse: own }).warehouses[0]!;
}

export function sampleAddress(own: Partial<Address> = {}): Address {
  return {
    civility: 'Ms',
    firstName: 'Ann',
    lastName: 'Example',
    company: null,
    company2: null,
    street1: '1 Sample Street',
    street2: null,
    city: 'Testford',
    state: null,
    zipCode: 'AB1 2CD',
    country: 'United Kingdom',
    countryIsoCode: 'GBR',
    phone: '01632 960001',
    phoneSecondary: null,
    additionalInfo: null,
    ...own,
  };
}

/** One line to ship: two units at 10.00. Prices follow the units unless they are given. */
export function sampleLine(own: Partial<MarketplaceOrderLine> = {}): MarketplaceOrderLine {
  const quantity = own.quantity ?? 2;
  const unitPrice = own.unitPrice ?? toDecimal('10.00');
  const price = own.price ?? toDecimal((Number(unitPrice) * quantity).toFixed(6));
  return {
    orderLineId: 'A-1',
    index: 1,
    state: 'SHIPPING',
    reasonCode: null,
    reasonLabel: null,
    offerSku: 'SKU-1',
    productSku: null,
    productShopSku: null,
    offerId: '2001',
    offerStateCode: '11',
    title: 'Bath towel',
    description: null,
    categoryCode: null,
    categoryLabel: null,
    quantity,
    price,
    unitPrice,
    originUnitPrice: null,
    shippingPrice: toDecimal('0'),
    totalPrice: price,
    commission: null,
    commissionTaxes: [],
    totalCommission: null,
    fees: [],
    taxes: [],
    shippingTaxes: [],
    taxLegalNotice: null,
    promotions: [],
    cancelations: [],
    refunds: [],
    additionalFields: [],
    warehouseCode: null,
    canRefund: false,
    createdAt: null,
    updatedAt: null,
    debitedAt: null,
    shippedAt: null,
    receivedAt: null,
    ...own,
  };
}

/** A cancellation of so many units of a line. */
export function cancelledUnits(
  quantity: number | null,
): MarketplaceOrderLine['cancelations'][number] {
  return {
    cancelationId: 'c-1',
    quantity,
    amount: null,
    shippingAmount: null,
    reasonCode: null,
    commissionAmount: null,
    commissionTotalAmount: null,
    commissionTaxes: [],
    taxes: [],
    shippingTaxes: [],
    fees: [],
    createdAt: null,
  };
}

/** An order `A` in SHIPPING with one line; its total is the sum of its lines unless it is given. */
export function sampleOrder(own: Partial<MarketplaceOrder> = {}): MarketplaceOrder {
  const lines = own.lines ?? [sampleLine()];
  const total = lines.reduce((sum, line) => sum + Number(line.totalPrice), 0).toFixed(2);
  return {
    ...quietOrder(),
    marketplaceOrderId: 'A',
    commercialId: 'BASKET-A',
    state: 'SHIPPING',
    lines,
    customer: sampleCustomer(),
    shippingAddress: sampleAddress(),
    billingAddress: sampleAddress({ street1: '2 Invoice Road' }),
    createdAt: new Date('2026-02-03T08:00:00Z'),
    updatedAt: new Date('2026-02-03T09:00:00Z'),
    shippingDeadline: new Date('2026-02-05T17:00:00Z'),
    price: toDecimal(total),
    totalPrice: toDecimal(total),
    shippingTypeCode: 'STD',
    ...own,
  };
}

function sampleCustomer(): MarketplaceOrder['customer'] {
  return {
    customerId: 'cust-1',
    civility: null,
    firstName: 'Ann',
    lastName: 'Example',
    locale: null,
    organisation: null,
    accountingContact: null,
    deliveryContact: null,
    notificationEmail: 'ann@example.test',
  };
}

/** What most orders leave empty. */
function quietOrder() {
  return {
    stateReasonCode: null,
    stateReasonLabel: null,
    references: { forCustomer: null, forSeller: null },
    channelCode: null,
    acceptanceDecisionDate: null,
    deliveryWindow: null,
    customerDebitedAt: null,
    currency: 'GBP',
    taxMode: 'TAX_INCLUDED',
    paymentWorkflow: null,
    paymentType: null,
    transactionNumber: null,
    transactionDate: null,
    shippingPrice: toDecimal('0'),
    totalCommission: null,
    totalDeducedAmount: null,
    shippingTypeLabel: null,
    shippingTypeStandardCode: null,
    shippingZoneCode: null,
    shippingZoneLabel: null,
    shippingCarrierCode: null,
    shippingCarrierStandardCode: null,
    shippingCompany: null,
    shippingTracking: null,
    shippingTrackingUrl: null,
    shippingPudoId: null,
    fulfilmentCentreCode: null,
    orderTaxes: [],
    orderRefunds: [],
    additionalFields: [],
    quoteId: null,
    canCancel: false,
    canShopShip: true,
    hasIncident: false,
    hasCustomerMessage: false,
    hasInvoice: false,
    fullyRefunded: false,
    customerDirectlyPaysSeller: false,
  };
}

/** The order as the staging step gets it. */
export function orderToStage(own: Partial<MarketplaceOrder> = {}): OrderToStage {
  return toSightedOrder(sampleOrder(own));
}

/** Every ItemCode is known; dates as ISO text. */
export function stageContext(
  own: { channel?: ChannelInput; warehouse?: WarehouseInput } & Partial<
    Pick<StageContext, 'mappedItem' | 'itemFacts'>
  > = {},
): StageContext {
  const { channel, warehouse, ...rest } = own;
  return {
    channel: sampleChannel(channel),
    warehouse: sampleWarehouse(warehouse),
    mappedItem: () => undefined,
    itemFacts: () => ({ found: true, retired: false }),
    formatDate: (at) => at.toISOString(),
    ...rest,
  };
}
