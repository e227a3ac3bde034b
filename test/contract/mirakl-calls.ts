/** The calls of the marketplace wire that the contract tests make. */
import { cancelLines, cancelOrder } from '../../src/mirakl/cancelations.ts';
import type { MiraklClient } from '../../src/mirakl/client.ts';
import { listItemsToShip } from '../../src/mirakl/items-to-ship.ts';
import { readOfferExport, startOfferExport } from '../../src/mirakl/offer-export.ts';
import {
  readQuantityImport,
  readQuantityImportErrors,
  startQuantityImport,
} from '../../src/mirakl/offer-imports.ts';
import { listOffers, readOffer } from '../../src/mirakl/offers.ts';
import { readOrderExport, startOrderExport } from '../../src/mirakl/order-export.ts';
import {
  decideAcceptance,
  listOrders,
  setAdditionalFields,
  setOrderReferences,
} from '../../src/mirakl/orders.ts';
import {
  checkVersion,
  readCarriers,
  readChannels,
  readPlatform,
  readReasons,
  readShippingTypes,
  readShop,
} from '../../src/mirakl/platform.ts';
import { refundLines } from '../../src/mirakl/refunds.ts';
import {
  createShipments,
  deleteShipments,
  listShipments,
  type NewShipment,
  setShipmentTracking,
  shipShipments,
} from '../../src/mirakl/shipments.ts';
import {
  readStockImport,
  readStockImportErrors,
  startStockImport,
} from '../../src/mirakl/stock-imports.ts';
import { setOrderTracking, shipOrder, type Tracking } from '../../src/mirakl/tracking.ts';
import { toDecimal } from '../../src/money.ts';

const from = new Date('2026-03-01T00:00:00Z');
const until = new Date('2026-03-02T00:00:00Z');
const orderFilter = {
  marketplaceOrderIds: ['A-1', 'A-2'],
  referencesForCustomer: ['C1'],
  referencesForSeller: ['S1', 'S2'],
  states: ['WAITING_ACCEPTANCE', 'SHIPPING'],
  channelCodes: ['UK'],
  hasNoChannel: false,
  createdFrom: from,
  createdUntil: until,
  updatedFrom: from,
  updatedUntil: until,
  isCustomerDebited: true,
  paymentWorkflow: 'PAY_ON_ACCEPTANCE',
  hasIncident: false,
  fulfilmentCentreCodes: ['DEFAULT', 'NORTH'],
  taxMode: 'TAX_INCLUDED',
};
const lines = [{ shopSku: 'MUG-RED', quantity: 7 }];
const registered: Tracking = { carrier: { code: 'DPD' }, trackingNumber: 'T1' };
const unregistered: Tracking = {
  carrier: { name: 'Van', url: 'https://van.example.test/T1' },
  trackingNumber: null,
};
const parcels: NewShipment[] = [
  { marketplaceOrderId: 'A-1', lines: [{ orderLineId: 'A-1-1', quantity: 1 }], isShipped: true },
  {
    marketplaceOrderId: 'A-1',
    lines: [{ orderLineId: 'A-1-1', quantity: 1, packageReference: 'P1' }],
    isShipped: false,
    tracking: unregistered,
    invoiceReference: 'D-1_2',
    warehouseCode: 'NORTH',
  },
];
const tax = { code: 'VAT', amount: toDecimal('1.68') };
const reversal = {
  orderLineId: 'A-1-1',
  quantity: 1,
  amount: toDecimal('10.10'),
  shippingAmount: toDecimal('0'),
  reasonCode: '15',
};
const taxedReversal = {
  ...reversal,
  taxes: [tax],
  shippingTaxes: [tax],
  fees: [tax],
  currency: 'GBP',
};
const field = { code: 'wms', type: 'STRING', value: 'SO-1' };

type BatchCall = (client: MiraklClient) => Promise<{ outcome: string }[]>;
const publishedParcels = [
  'ORDER_02-A',
  'leadtime-ship02-A',
  'ORDER_01-A',
  '7263625-A',
  'ORDER_09-A',
].map((marketplaceOrderId): NewShipment => {
  return { marketplaceOrderId, lines: parcels[0]!.lines, isShipped: true };
});

/** One call or more of every operation, with every parameter that we ever send. */
export const calls: [operation: string, call: (client: MiraklClient) => Promise<unknown>][] = [
  ['OR11', (client) => listOrders(client, orderFilter)],
  ['OR11', (client) => listOrders(client, orderFilter, { kind: 'token', token: 't' })],
  ['OR11', (client) => listOrders(client, {}, { kind: 'offset', offset: 100 })],
  [
    'OR13',
    (client) =>
      startOrderExport(client, {
        ...orderFilter,
        fulfilmentCentreCode: 'DEFAULT',
        ordersPerFile: 10_000,
      }),
  ],
  ['OR13', (client) => startOrderExport(client, { updatedFrom: from, updatedUntil: until })],
  ['OR14', (client) => readOrderExport(client, 't-1')],
  [
    'OR21',
    (client) =>
      decideAcceptance(client, {
        marketplaceOrderId: 'A-1',
        lines: [{ orderLineId: 'A-1-1', isAccepted: true }],
      }),
  ],
  [
    'OR04',
    (client) =>
      setOrderReferences(client, [{ marketplaceOrderId: 'A-1', referenceForSeller: 'SO-1' }]),
  ],
  [
    'OR31',
    (client) =>
      setAdditionalFields(client, {
        marketplaceOrderId: 'A-1',
        fields: [field, { code: 'tags', value: ['a'] }],
        lines: [{ orderLineId: 'A-1-1', fields: [field] }],
      }),
  ],
  [
    'OR23',
    (client) => setOrderTracking(client, { marketplaceOrderId: 'A-1', tracking: registered }),
  ],
  [
    'OR23',
    (client) => setOrderTracking(client, { marketplaceOrderId: 'A-1', tracking: unregistered }),
  ],
  ['OR24', (client) => shipOrder(client, 'A-1')],
  ['OR29', (client) => cancelOrder(client, 'A-1')],
  ['OR30', (client) => cancelLines(client, { cancelations: [reversal] })],
  [
    'OR30',
    (client) => cancelLines(client, { cancelations: [taxedReversal], taxMode: 'TAX_INCLUDED' }),
  ],
  [
    'OR28',
    (client) =>
      refundLines(client, {
        refunds: [{ ...taxedReversal, isExcludedFromShipment: true }],
        taxMode: 'TAX_EXCLUDED',
      }),
  ],
  ['ST01', (client) => createShipments(client, parcels)],
  [
    'ST23',
    (client) =>
      setShipmentTracking(client, [
        { shipmentId: 's-1', tracking: registered },
        { shipmentId: 's-2', tracking: unregistered },
      ]),
  ],
  ['ST24', (client) => shipShipments(client, ['s-1', 's-2'])],
  ['ST06', (client) => deleteShipments(client, ['s-1'])],
  [
    'ST11',
    (client) =>
      listShipments(client, {
        marketplaceOrderIds: ['A-1', 'A-2'],
        states: ['SHIPPING', 'SHIPPED'],
        customerDebitStates: ['DEBIT_OK'],
        updatedFrom: from,
        updatedUntil: until,
      }),
  ],
  ['ST11', (client) => listShipments(client, {}, { kind: 'token', token: 't' })],
  [
    'ST12',
    (client) =>
      listItemsToShip(client, {
        marketplaceOrderIds: ['A-1', 'A-2'],
        fulfilmentCentreCodes: ['DEFAULT', 'NORTH'],
        shippingFrom: from,
        shippingUntil: until,
      }),
  ],
  ['A01', readShop],
  ['PC01', readPlatform],
  ['V01', checkVersion],
  ['RE01', readReasons],
  ['SH12', readShippingTypes],
  ['SH21', readCarriers],
  ['CH11', readChannels],
  ['OF21', (client) => listOffers(client, { shopSku: 'MUG-RED', productSku: '9001' })],
  ['OF22', (client) => readOffer(client, '2001')],
  ['STO01', (client) => startStockImport(client, lines)],
  ['STO01', (client) => startStockImport(client, lines, { warehouseCode: 'NORTH' })],
  ['STO02', (client) => readStockImport(client, 'a-1')],
  ['STO03', (client) => readStockImportErrors(client, 'a-1')],
  ['OF01', (client) => startQuantityImport(client, lines)],
  ['OF02', (client) => readQuantityImport(client, '2035')],
  ['OF03', (client) => readQuantityImportErrors(client, '2035')],
  ['OF52', (client) => startOfferExport(client, {})],
  ['OF52', (client) => startOfferExport(client, { includeInactive: true })],
  ['OF52', (client) => startOfferExport(client, { changedSince: from, includeInactive: true })],
  ['OF53', (client) => readOfferExport(client, 't-1')],
];

/** Published answers to batches, asked with the ids that the example answers; the outcome of each. */
export const batches: [operation: string, example: string, call: BatchCall, outcomes: string[]][] =
  [
    [
      'ST01',
      'application/json-0',
      (client) => createShipments(client, publishedParcels),
      ['created', 'refused', 'created', 'refused', 'unmentioned'],
    ],
    [
      'ST23',
      'application/json-0',
      (client) =>
        setShipmentTracking(
          client,
          ['f40bf65e-a320-41d3-878c-36ce9e1144ce', 'ff341bfe-ebeb-4211-848b-77fcbcd91723'].map(
            (shipmentId) => ({ shipmentId, tracking: registered }),
          ),
        ),
      ['refused', 'done'],
    ],
    [
      'ST24',
      'application/json-0',
      (client) =>
        shipShipments(client, [
          'f40bf65e-a320-41d3-878c-36ce9e1144ce',
          'ff341bfe-ebeb-4211-848b-77fcbcd91723',
        ]),
      ['done', 'refused'],
    ],
    [
      'ST06',
      'application/json-0',
      (client) =>
        deleteShipments(client, [
          '14d134a1-eb3a-442c-b16c-05a35486d1bf',
          'e2055970-dd6c-4d66-b005-096d6e6e0f30',
        ]),
      ['refused', 'done'],
    ],
    [
      'OR28',
      'application/json-0',
      (client) =>
        refundLines(client, {
          refunds: ['Order_00010-A-1', 'another'].map((orderLineId) => {
            return { ...reversal, orderLineId, isExcludedFromShipment: false };
          }),
        }),
      ['created', 'unmentioned'],
    ],
    [
      'OR30',
      'application/json-0',
      (client) => {
        const cancelations = [{ ...reversal, orderLineId: 'Order_00013-A-1' }];
        return cancelLines(client, { cancelations });
      },
      ['created'],
    ],
  ];
