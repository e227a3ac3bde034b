import { describe, expect, it } from 'vitest';
import { complaint, counts, dpd, openParcelShop } from './test-parcels.ts';

const evri = { carrier_code: 'EVRI', tracking_number: 'E 2' };

/** One shipment in each situation, by the name of the situation. */
function shipmentIn(situation: string) {
  const shop = openParcelShop({ warehouses: ['N'] });
  const orderId = shop.inShipping();
  const id = shop.aShipment(orderId, { lines: [[0, 2]] });
  const steps: Record<string, () => unknown> = {
    made: () => null,
    ready: () => shop.act('ready_for_pick_up', { id }),
    shipped: () => shop.act('ship', { id }),
    deleted: () => shop.act('delete', { id }),
    canceled: () => shop.simulator.shopperCancels(orderId, [shop.lineIds(orderId)[0] ?? '']),
    received: () => {
      shop.act('ship', { id });
      shop.wait(7 * 24 * 3600_000);
    },
  };
  steps[situation]?.();
  return { shop, orderId, id };
}

const bodies: Record<string, object> = {
  delete: {},
  '': { shipping_from: { warehouse: { code: 'N' } } },
  tracking: { tracking: evri },
  ship: {},
  ready_for_pick_up: {},
};

describe('what may be done to a shipment, by where it stands', () => {
  it.each([
    ['ST06', 'delete', ['made', 'ready']],
    ['ST07', '', ['made', 'ready']],
    ['ST23', 'tracking', ['made', 'ready', 'shipped']],
    ['ST24', 'ship', ['made', 'ready']],
    ['ST26', 'ready_for_pick_up', ['made']],
  ] as const)('%s (%s) is done to one that is %j, else an error', (_code, path, allowed) => {
    const done = ['made', 'ready', 'shipped', 'deleted', 'canceled', 'received'].filter((name) => {
      const { shop, id } = shipmentIn(name);
      const answer = shop.act(path, { id, ...bodies[path] });
      expect(answer.status).toBe(200);
      return counts(answer)[1] === 1;
    });
    expect(done).toEqual(allowed);
  });

  it.each(Object.keys(bodies))('"%s" does the good ones of a call and lists the others', (path) => {
    const { shop, id } = shipmentIn('made');
    const answer = shop.act(path, { id, ...bodies[path] }, { id: 'NONE', ...bodies[path] });
    expect(answer.json['shipment_success']).toMatchObject([{ id }]);
    expect(answer.json['shipment_errors']).toEqual([
      { id: 'NONE', message: 'Shipment NONE not found' },
    ]);
  });

  it('hides another shop’s shipments', () => {
    const shop = openParcelShop({
      shops: [{ shopId: 2000 }, { shopId: 2001, apiKey: 'key-of-the-other' }],
    });
    const other = shop.inShipping(['A'], { shopId: 2001 });
    shop.simulator.operatorShipsByHand(other);
    const [shipment] = shop.order(other).shipments;
    expect(complaint(shop.act('ship', { id: shipment?.shipmentId }))).toMatch(/not found/);
  });
});

describe('what it does', () => {
  it('ST24 dates the despatch by the call and needs mandatory tracking', () => {
    const shop = openParcelShop();
    const orderId = shop.inShipping();
    const id = shop.aShipment(orderId, { tracking: undefined });
    expect(complaint(shop.act('ship', { id }))).toMatch(/mandatory/);
    shop.act('tracking', { id, tracking: dpd });
    shop.wait(5000);
    expect(counts(shop.act('ship', { id }))).toEqual([0, 1]);
    expect(shop.shipment(id)).toMatchObject({ status: 'SHIPPED', shippedMs: shop.nowMs() });
  });

  it('ST24 named twice in one call ships once and notes the second', () => {
    const { shop, id } = shipmentIn('made');
    expect(counts(shop.act('ship', { id }, { id }))).toEqual([1, 1]);
    expect(shop.simulator.truth.shipped).toHaveLength(1);
    expect(shop.simulator.truth.doubleShipments).toMatchObject([
      { kind: 'refused', shipmentIds: [id] },
    ]);
  });

  it('ST06 gives the units back and the shipment is shown nowhere', () => {
    const { shop, orderId, id } = shipmentIn('made');
    expect(counts(shop.create(orderId, { lines: [[0, 1]] }))).toEqual([1, 0]);
    shop.act('delete', { id });
    expect(counts(shop.create(orderId, { lines: [[0, 2]] }))).toEqual([0, 1]);
    const listed = shop.get('/api/shipments').json['data'] as { id: string }[];
    expect(listed.map((one) => one.id)).not.toContain(id);
    expect(shop.shipment(id).isDeleted).toBe(true);
  });

  it('ST23 corrects what was sent, also after despatch', () => {
    const { shop, id, orderId } = shipmentIn('shipped');
    shop.act('tracking', { id, tracking: evri });
    expect(shop.shipment(id).tracking).toMatchObject({
      carrierName: 'Evri',
      url: 'https://evri.example.test/?parcel=E%202',
    });
    const [line] = shop.simulator.truth.shippedLines(orderId);
    expect(line?.entries).toMatchObject([
      { tracking: { number: 'D1' }, trackingNow: { number: 'E 2' } },
    ]);
  });

  it('ST31 writes all of a shipment’s information or none of it', () => {
    const { shop, id } = shipmentIn('made');
    const note = { code: 'delivery-note', type: 'STRING', value: 'N-1' };
    const ask = (...shipment_additional_information: object[]) =>
      shop.act('additional_information', { id, shipment_additional_information }).json;
    expect(ask(note)).toMatchObject({
      shipment_update_errors: [],
      shipment_update_success: [{ shipment_id: id, shipment_additional_information: [note] }],
    });
    const wrong = { code: 'handed-over-on', type: 'DATE', value: 'yesterday' };
    expect(ask({ ...note, value: 'N-2' }, wrong)).toMatchObject({
      shipment_update_errors: [
        { shipment_id: id, errors: [{ field: 'shipment_additional_information[1].value' }] },
      ],
      shipment_update_success: [],
    });
    expect(shop.shipment(id).information).toEqual([note]);
  });

  it.each([
    ['delete', 1001],
    ['ship', 1001],
    ['ready_for_pick_up', 1001],
    ['tracking', 1001],
    ['', 101],
    ['additional_information', 101],
  ] as const)('"%s" refuses %i at a time', (path, count) => {
    const { shop } = shipmentIn('made');
    const more = { ...bodies[path], ...(path === 'additional_information' && information) };
    const items = Array.from({ length: count }, () => ({ id: 'X', ...more }));
    expect(shop.act(path, ...items).status).toBe(400);
    expect(shop.act(path, ...items.slice(1)).status).toBe(200);
  });

  it('is noted for checkers, one entry per effect, and nothing for what was refused', () => {
    const { shop, id, orderId } = shipmentIn('made');
    shop.act('tracking', { id, tracking: evri });
    shop.act('tracking', { id, tracking: { carrier_code: 'NONE' } });
    shop.act('ship', { id });
    shop.act('ship', { id });
    const writes = shop.simulator.truth.shippingWrites;
    expect(writes.map((one) => [one.operation, one.effect, one.orderId])).toEqual([
      ['ST01', 'created', orderId],
      ['ST23', 'tracking', orderId],
      ['ST24', 'shipped', orderId],
    ]);
  });
});

const information = { shipment_additional_information: [] };

describe('faults of shipments', () => {
  it('shipIgnored: ST24 says done, and nothing left', () => {
    const { shop, id, orderId } = shipmentIn('made');
    shop.simulator.faults.next('shipIgnored', 1, 'ST24');
    expect(counts(shop.act('ship', { id }))).toEqual([0, 1]);
    expect(shop.shipment(id).status).toBe('SHIPPING');
    expect(shop.simulator.truth.shippedLines(orderId)[0]?.units).toBe(0);
    expect(counts(shop.act('ship', { id }))).toEqual([0, 1]);
    expect(shop.shipment(id).status).toBe('SHIPPED');
  });

  it('shipIgnored: ST01 claims SHIPPED, but the shipment only exists', () => {
    const shop = openParcelShop();
    const orderId = shop.inShipping();
    shop.simulator.faults.next('shipIgnored', 1, 'ST01');
    const answer = shop.create(orderId, { tracking: dpd, shipped: true });
    expect(answer.json['shipment_success']).toMatchObject([{ status: 'SHIPPED' }]);
    expect(shop.order(orderId).shipments).toMatchObject([{ status: 'SHIPPING' }]);
  });

  it('trackingLost: ST23 takes it, it counts as given, and ST11 shows none', () => {
    const { shop, id } = shipmentIn('made');
    shop.simulator.faults.next('trackingLost', 1, 'ST23');
    expect(counts(shop.act('tracking', { id, tracking: evri }))).toEqual([0, 1]);
    const shown = () => (shop.get('/api/shipments').json['data'] as { tracking: object }[])[0];
    expect(shown()?.tracking).toMatchObject({
      tracking_number: null,
      validity_status: 'MISSING_TRACKING',
    });
    expect(counts(shop.act('ship', { id }))).toEqual([0, 1]);
    shop.act('tracking', { id, tracking: evri });
    expect(shown()?.tracking).toMatchObject({ tracking_number: 'E 2' });
  });

  it.each([
    ['ST06', 'delete', 'deleted'],
    ['ST07', '', 'warehouse'],
    ['ST23', 'tracking', 'tracking'],
    ['ST24', 'ship', 'shipped'],
    ['ST26', 'ready_for_pick_up', 'readyForPickUp'],
  ])('%s has its effect although the answer never comes', (operation, path, effect) => {
    const { shop, id } = shipmentIn('made');
    shop.simulator.faults.next('timeoutAfter', 1, operation);
    expect(shop.act(path, { id, ...bodies[path] }).broken).toBe('silence');
    expect(shop.simulator.truth.shippingWrites.at(-1)).toMatchObject({ operation, effect });
  });
});
