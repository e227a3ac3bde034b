import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VendorError } from '../errors.ts';
import type { MiraklClient } from './client.ts';
import {
  checkVersion,
  readCarriers,
  readChannels,
  readPlatform,
  readReasons,
  readShippingTypes,
  readShop,
} from './platform.ts';
import { failureOf, testWire } from './test-wire.ts';

describe('readShop', () => {
  it('gives model, state, holidays, shipping and balances', async () => {
    const body = {
      shop_id: 2010,
      shop_name: 'Example Mugs',
      shop_state: 'OPEN',
      model: 'DROPSHIP',
      closed_from: '2026-12-24T00:00:00Z',
      shippings: [{ shipping_type_code: 'STD', shipping_zone_code: 'UK' }],
      payment_details: { paid_balance: 1.1, payable_balance: 0, pending_balance: 20.05 },
    };
    const { client } = testWire([{ body }]);
    expect(await readShop(client)).toMatchObject({
      shopId: '2010',
      state: 'OPEN',
      model: 'DROPSHIP',
      closedFrom: new Date('2026-12-24T00:00:00Z'),
      closedUntil: null,
      channelCodes: [],
      shippings: [{ typeCode: 'STD', typeLabel: null, zoneCode: 'UK' }],
      balances: { paid: '1.1', payable: '0', pending: '20.05' },
    });
  });
});

describe('readPlatform', () => {
  it('gives the switches, and null for those the operator does not tell', async () => {
    const body = {
      features: {
        order_workflows: { order_acceptance: 'BOTH', pay_on_shipment: false },
        shipment: { multi_shipment: true },
        returns: { drop_ship: true },
        offer_prices_decimals: 2,
      },
      platform_configuration: { platform_model: { drop_ship: true, marketplace: true } },
    };
    const { client } = testWire([{ body }]);
    expect(await readPlatform(client)).toMatchObject({
      models: { marketplace: true, dropShip: true, oneCreditor: false },
      orderAcceptance: 'BOTH',
      showsAddressesBeforeAcceptance: null,
      isPayOnShipment: false,
      isMultiShipment: true,
      isMultiPartItemShipment: null,
      allowsRegisteredCarriersOnly: null,
      offerPriceDecimals: '2',
      returns: { marketplace: false, dropShip: true, oneCreditor: false },
    });
  });

  it('an answer without features is no answer of this call', async () => {
    const { client } = testWire([{ body: { platform_name: 'x' } }]);
    expect((await failureOf(readPlatform(client))).message).toContain('features: object is due');
  });
});

describe('checkVersion', () => {
  const rows: [rule: string, headers: Record<string, string>, iso: string | undefined][] = [
    [
      'the answer’s own date',
      { date: 'Mon, 02 Mar 2026 09:59:00 GMT' },
      '2026-03-02T09:59:00.000Z',
    ],
    ['null without a date', {}, undefined],
    ['null for a date in no known shape', { date: '7' }, undefined],
  ];
  it.each(rows)('gives %s', async (_rule, headers, iso) => {
    const { client } = testWire([{ headers, body: '' }]);
    const { status, date } = await checkVersion(client);
    expect([status, date?.toISOString()]).toEqual([200, iso]);
  });
});

describe('lists of codes', () => {
  it('reasons', async () => {
    const reasons = [{ code: 15, label: 'Broken', type: 'REFUND', is_shop_right: true }];
    const { client, notes } = testWire([{ body: { reasons } }]);
    const read = await readReasons(client);
    expect(read).toEqual([{ code: '15', label: 'Broken', type: 'REFUND', isShopRight: true }]);
    expect(notes[0]!.rows).toBe(1);
  });

  it('shipping types', async () => {
    const shipping_types = [{ code: 'STD', label: 'Standard', mandatory_tracking: true }];
    const { client } = testWire([{ body: { shipping_types } }]);
    expect(await readShippingTypes(client)).toEqual([
      {
        code: 'STD',
        label: 'Standard',
        standardCode: null,
        isTrackingMandatory: true,
        isClickAndCollect: false,
        isDeliveredByOperator: false,
      },
    ]);
  });

  it('carriers', async () => {
    const carriers = [{ code: 'rm', label: 'Post', tracking_url: 'https://t.example.test/{}' }];
    const { client } = testWire([{ body: { carriers } }]);
    expect(await readCarriers(client)).toEqual([
      { code: 'rm', label: 'Post', standardCode: null, trackingUrl: 'https://t.example.test/{}' },
    ]);
  });

  it('no channels at all is an empty list', async () => {
    const { client } = testWire([{ body: { channels: null } }]);
    expect(await readChannels(client)).toEqual([]);
  });

  it('a list in place of the object is a BadAnswer', async () => {
    const { client } = testWire([{ body: '"oops"' }]);
    expect((await failureOf(readChannels(client))).name).toBe('BadAnswer');
  });
});

const reads: [name: string, read: (client: MiraklClient) => Promise<unknown>][] = [
  ['readShop', readShop],
  ['readPlatform', readPlatform],
  ['readReasons', readReasons],
  ['readShippingTypes', readShippingTypes],
  ['readCarriers', readCarriers],
  ['readChannels', readChannels],
];
it.each(reads)('junk never makes %s throw anything but a VendorError', async (_name, read) => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 4 }), async (body) => {
      const { client } = testWire([{ body }]);
      const error = await read(client).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error === null || error instanceof VendorError).toBe(true);
    }),
  );
});
