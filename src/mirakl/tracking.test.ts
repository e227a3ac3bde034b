import { describe, expect, it } from 'vitest';
import { Refused } from '../errors.ts';
import { failureOf, testWire } from './test-wire.ts';
import { saysTrackingIsMandatory, setOrderTracking, shipOrder, type Tracking } from './tracking.ts';

const done = { status: 204 };

describe('setOrderTracking', () => {
  const rows: [rule: string, tracking: Tracking, body: object][] = [
    [
      'a registered carrier goes by its code alone',
      { carrier: { code: 'DPD' }, trackingNumber: 'T1' },
      { carrier_code: 'DPD', tracking_number: 'T1' },
    ],
    [
      'another carrier goes by name, its URL as carrier_url',
      { carrier: { name: 'Van', url: 'https://van.example.test/T1' }, trackingNumber: 'T1' },
      { carrier_name: 'Van', tracking_number: 'T1', carrier_url: 'https://van.example.test/T1' },
    ],
    [
      'a number that is not known is left out',
      { carrier: { name: 'Van' }, trackingNumber: null },
      { carrier_name: 'Van' },
    ],
  ];
  it.each(rows)('%s', async (_rule, tracking, body) => {
    const { client, sent } = testWire([done]);
    await setOrderTracking(client, { marketplaceOrderId: 'A/1', tracking });
    expect(sent[0]).toMatchObject({
      method: 'PUT',
      url: 'https://market.example.test/api/orders/A%2F1/tracking',
    });
    expect(JSON.parse(String(sent[0]!.body))).toEqual(body);
  });

  const empty: [what: string, tracking: Tracking][] = [
    ['carrier code', { carrier: { code: '' }, trackingNumber: 'T1' }],
    ['carrier name', { carrier: { name: ' ' }, trackingNumber: 'T1' }],
    ['tracking URL', { carrier: { name: 'Van', url: '' }, trackingNumber: 'T1' }],
    ['tracking number', { carrier: { code: 'DPD' }, trackingNumber: ' ' }],
  ];
  it.each(empty)('an empty %s is a mistake and is not sent', async (what, tracking) => {
    const { client, sent } = testWire([done]);
    const error = await failureOf(setOrderTracking(client, { marketplaceOrderId: 'A', tracking }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(what);
    expect(sent).toEqual([]);
  });
});

describe('shipOrder', () => {
  it('puts nothing on the order', async () => {
    const { client, sent, paced } = testWire([done], { shopId: '9' });
    await shipOrder(client, 'A-1');
    expect(sent[0]!.url).toBe('https://market.example.test/api/orders/A-1/ship?shop_id=9');
    expect(sent[0]!.body).toBeUndefined();
    expect(paced).toEqual(['take OR24', 'done OR24']);
  });

  it('a bare 400 of an order not in SHIPPING is Refused without a word, and did nothing', async () => {
    const { client } = testWire([{ status: 400 }]);
    const error = await failureOf(shipOrder(client, 'A-1'));
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ status: 400, vendorMessage: '', effect: 'none' });
  });

  it('a wish for tracking is Refused with the words of the marketplace', async () => {
    const message = 'Tracking details are mandatory for this shipping method';
    const { client } = testWire([{ status: 400, body: { status: 400, message } }]);
    const error = await failureOf(shipOrder(client, 'A-1'));
    expect(error).toMatchObject({ name: 'Refused', vendorMessage: message });
    expect(saysTrackingIsMandatory((error as Refused).vendorMessage)).toBe(true);
  });

  it.each([['The order status must be SHIPPING'], ['']])('"%s" asks for no tracking', (message) => {
    expect(saysTrackingIsMandatory(message)).toBe(false);
  });
});
