/** For this folder's tests: a shop whose operator ships by parcel, with orders in SHIPPING. */
import { openTestShop } from '../test-shop.ts';

export const minuteMs = 60_000;
export const dayMs = 24 * 60 * minuteMs;
export const dpd = { carrier_code: 'DPD', tracking_number: 'D1' };

export type Wish = {
  /** Which line, from 0; `quantity` of it. */
  lines?: readonly (readonly [line: number, quantity: number, packageReference?: string])[];
  [field: string]: unknown;
};

/** Two units on each line, at 10.00 each. */
export function openParcelShop(options: Parameters<typeof openTestShop>[0] = {}) {
  const shop = openTestShop({ acceptance: 'AUTOMATIC', multiShipment: true, ...options });
  const inShipping = (skus: readonly string[] = ['A', 'B'], more = {}) => {
    const orderId = shop.anOrder(skus, more);
    shop.wait(minuteMs);
    return orderId;
  };
  const lineIds = (orderId: string) => shop.order(orderId).lines.map((line) => line.lineId);
  const wished = (orderId: string, { lines = [[0, 1]], ...more }: Wish) => ({
    order_id: orderId,
    shipment_lines: lines.map(([line, quantity, reference]) => ({
      order_line_id: lineIds(orderId)[line],
      quantity,
      ...(reference === undefined ? {} : { package_reference: reference }),
    })),
    ...more,
  });
  const create = (orderId: string, ...wishes: Wish[]) =>
    shop.post('/api/shipments', { shipments: wishes.map((wish) => wished(orderId, wish)) });
  const act = (path: string, ...shipments: object[]) =>
    path === 'tracking'
      ? shop.post('/api/shipments/tracking', { shipments })
      : shop.put(path === '' ? '/api/shipments' : `/api/shipments/${path}`, { shipments });
  return {
    ...shop,
    inShipping,
    lineIds,
    create,
    act,
    /** Makes one and gives its id. */
    aShipment: (orderId: string, wish: Wish = {}): string => {
      const [made] = create(orderId, { tracking: dpd, ...wish }).json['shipment_success'] as {
        id: string;
      }[];
      if (!made) throw new Error('the shipment was refused');
      return made.id;
    },
    shipment: (id: string) => {
      const shipment = shop.simulator.truth.shipments.get(id);
      if (!shipment) throw new Error(`no shipment ${id}`);
      return shipment;
    },
    stages: (orderId: string) => shop.order(orderId).lines.map((line) => line.stage),
  };
}

/** Errors and successes of a call that names many. */
export function counts(answer: { json: Record<string, unknown> }): [errors: number, done: number] {
  const { shipment_errors, shipment_success } = answer.json;
  return [(shipment_errors as unknown[]).length, (shipment_success as unknown[]).length];
}

/** The first error's words. */
export function complaint(answer: { json: Record<string, unknown> }): string | undefined {
  return (answer.json['shipment_errors'] as { message: string }[])[0]?.message;
}
