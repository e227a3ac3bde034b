import { describe, expect, it } from 'vitest';
import { counts, dayMs, dpd, minuteMs, openParcelShop } from './test-parcels.ts';

const parcel = (number: string) => ({
  tracking: { ...dpd, tracking_number: number },
  shipped: true,
});

describe('an order in parcels', () => {
  it('is SHIPPED when every unit of every line is in a despatched shipment', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D1') });
    expect(shop.stages(id)).toEqual(['SHIPPING', 'SHIPPING']);
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D2') });
    expect(shop.stages(id)).toEqual(['SHIPPED', 'SHIPPING']);
    const last = shop.aShipment(id, { lines: [[1, 2]] });
    expect(shop.order(id).state).toBe('SHIPPING');
    shop.act('ship', { id: last });
    expect(shop.order(id).state).toBe('SHIPPED');
    expect(shop.shown(id)['can_shop_ship']).toBe(false);
  });

  it('is RECEIVED line by line as parcels arrive, then CLOSED, the shipments with it', () => {
    const shop = openParcelShop();
    const id = shop.inShipping();
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D1') });
    shop.wait(2 * dayMs);
    shop.aShipment(id, {
      lines: [
        [0, 1],
        [1, 2],
      ],
      ...parcel('D2'),
    });
    shop.wait(5 * dayMs);
    expect(shop.order(id).shipments.map((one) => one.status)).toEqual(['RECEIVED', 'SHIPPED']);
    expect(shop.stages(id)).toEqual(['SHIPPED', 'SHIPPED']);
    shop.wait(2 * dayMs);
    expect(shop.stages(id)).toEqual(['RECEIVED', 'RECEIVED']);
    shop.wait(30 * dayMs);
    expect(shop.order(id).state).toBe('CLOSED');
    expect(shop.order(id).shipments.map((one) => one.status)).toEqual(['CLOSED', 'CLOSED']);
  });

  it('waits at the collection point parcel by parcel', () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A'], { shippingTypeCode: 'CLC' });
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D1') });
    shop.wait(minuteMs);
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D2') });
    shop.wait(dayMs - minuteMs);
    expect(shop.order(id).shipments.map((one) => one.status)).toEqual(['TO_COLLECT', 'SHIPPED']);
    expect(shop.order(id).state).toBe('SHIPPED');
    shop.wait(minuteMs);
    expect(shop.order(id).state).toBe('TO_COLLECT');
    expect(shop.simulator.receive(id)).toBe(true);
    expect(shop.order(id).shipments.map((one) => one.status)).toEqual(['RECEIVED', 'RECEIVED']);
  });

  it('is held back by an open incident and catches up when it closes', () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A']);
    shop.aShipment(id, { lines: [[0, 2]], ...parcel('D1') });
    const [line] = shop.lineIds(id) as [string];
    shop.simulator.openIncident(id, line);
    shop.wait(10 * dayMs);
    expect(shop.order(id).state).toBe('SHIPPED');
    shop.simulator.closeIncident(id, line);
    expect(shop.order(id).state).toBe('RECEIVED');
  });

  it('under PAY_ON_SHIPMENT is debited parcel by parcel, and as a whole with the last', () => {
    const shop = openParcelShop({ paymentWorkflow: 'PAY_ON_SHIPMENT' });
    const id = shop.inShipping(['A']);
    const debit = () =>
      (shop.get('/api/shipments').json['data'] as Record<string, unknown>[]).map(
        (one) => one['status_customer_debit'],
      );
    const first = shop.aShipment(id, { lines: [[0, 1]] });
    expect(debit()).toEqual(['NOT_STARTED']);
    shop.act('ship', { id: first });
    expect(debit()).toEqual(['WAITING_DEBIT_CONFIRMATION']);
    shop.wait(minuteMs);
    expect(debit()).toEqual(['DEBIT_OK']);
    expect(shop.order(id).debitedMs).toBeNull();
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D2') });
    shop.wait(minuteMs);
    expect(shop.order(id).debitedMs).toBe(shop.nowMs());
  });

  it('shows no tracking on OR11, unless the operator does', () => {
    const shown = (orderShowsShipmentTracking: boolean) => {
      const shop = openParcelShop({ orderShowsShipmentTracking });
      const id = shop.inShipping(['A']);
      shop.aShipment(id, { lines: [[0, 2]], ...parcel('D1') });
      return shop.shown(id)['shipping_tracking'];
    };
    expect([shown(false), shown(true)]).toEqual([null, 'D1']);
  });
});

describe('cancelations and refunds between parcels', () => {
  const halfShipped = () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A']);
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D1') });
    return { shop, id, line: shop.lineIds(id)[0] as string };
  };

  it('completes a line whose other units are canceled', () => {
    const { shop, id, line } = halfShipped();
    expect(shop.simulator.operatorCancelsUnits(id, line, 1)).toBe(true);
    expect(shop.order(id).state).toBe('SHIPPED');
    shop.wait(7 * dayMs);
    expect(shop.order(id).state).toBe('RECEIVED');
  });

  it('completes it also when the parcel that left has long arrived', () => {
    const { shop, id, line } = halfShipped();
    shop.wait(8 * dayMs);
    expect(shop.order(id).state).toBe('SHIPPING');
    shop.simulator.refund(id, {
      lineId: line,
      quantity: 1,
      amount: '10.00',
      excludedFromShipment: true,
    });
    expect(shop.order(id).state).toBe('RECEIVED');
    shop.wait(30 * dayMs);
    expect(shop.order(id).state).toBe('CLOSED');
  });

  it('lets nobody cancel what has left: not the order, not its units, not by the world', () => {
    const { shop, id, line } = halfShipped();
    expect(shop.shown(id)['can_cancel']).toBe(false);
    expect(shop.put(`/api/orders/${id}/cancel`).status).toBe(400);
    expect(shop.simulator.operatorCancels(id)).toBe(false);
    expect(shop.simulator.operatorCancelsUnits(id, line, 2)).toBe(false);
    const ask = (quantity: number, amount: number) =>
      shop.put('/api/orders/cancel', {
        cancelations: [
          { order_line_id: line, quantity, amount, shipping_amount: 0, reason_code: '34' },
        ],
      }).status;
    expect([ask(2, 20), ask(1, 10)]).toEqual([400, 200]);
  });

  it('excludes by a refund only units that have not left', () => {
    const { shop, id, line } = halfShipped();
    const ask = (quantity: number) =>
      shop.put('/api/orders/refund', {
        refunds: [
          {
            order_line_id: line,
            quantity,
            amount: 10,
            shipping_amount: 0,
            reason_code: '15',
            excluded_from_shipment: true,
          },
        ],
      }).status;
    expect([ask(2), ask(1)]).toEqual([400, 200]);
    expect(shop.order(id).state).toBe('SHIPPED');
  });

  it('takes canceled units out of the newest open shipments; an empty one is CANCELED', () => {
    const shop = openParcelShop();
    const id = shop.inShipping(['A']);
    const [first, second] = [shop.aShipment(id), shop.aShipment(id)];
    shop.simulator.operatorCancelsUnits(id, shop.lineIds(id)[0] as string, 1);
    expect(shop.shipment(first).status).toBe('SHIPPING');
    expect(shop.shipment(second)).toMatchObject({ status: 'CANCELED', lines: [] });
    expect(counts(shop.act('ship', { id: first }, { id: second }))).toEqual([1, 1]);
    expect(shop.order(id).state).toBe('SHIPPED');
  });

  it('puts canceled units back on the offer when the operator does, shipped ones never', () => {
    const shop = openParcelShop({ restocksOnCancel: true });
    shop.simulator.setOffer({ shopSku: 'A', quantity: 10 });
    const id = shop.inShipping(['A']);
    shop.aShipment(id, { lines: [[0, 1]], ...parcel('D1') });
    shop.simulator.operatorCancelsUnits(id, shop.lineIds(id)[0] as string, 1);
    expect(shop.simulator.offer('A')?.quantity).toBe(9);
  });
});

describe('what checkers read', () => {
  it('tells by line what left when, with which tracking, by whom and whether late', () => {
    const shop = openParcelShop({ leadTimeDays: 2 });
    const id = shop.inShipping(['A', 'B']);
    const first = shop.aShipment(id, { lines: [[0, 2]], ...parcel('D1') });
    const shippedMs = shop.nowMs();
    shop.wait(3 * dayMs);
    shop.simulator.operatorShipsByHand(id, { carrierCode: 'EVRI', number: 'E1' });
    const [lineA, lineB] = shop.simulator.truth.shippedLines(id);
    expect(lineA).toMatchObject({ offerSku: 'A', orderedUnits: 2, units: 2, unitsLeft: 0 });
    expect(lineA?.entries).toMatchObject([
      {
        atMs: shippedMs,
        units: 2,
        by: 'shop',
        operation: 'ST01',
        shipmentId: first,
        isLate: false,
        trackingNow: { carrierCode: 'DPD', number: 'D1' },
      },
    ]);
    expect(lineB?.entries).toMatchObject([
      { units: 2, by: 'operator', operation: 'by hand', isLate: true, tracking: { number: 'E1' } },
    ]);
    expect(shop.simulator.operatorShipsByHand(id)).toBe(false);
  });
});
