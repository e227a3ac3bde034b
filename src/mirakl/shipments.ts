/** Despatch by parcel, for marketplaces with several shipments per order: create, track, ship, delete, read. */
import { z } from 'zod';
import type { MiraklClient } from './client.ts';
import { list, readRows, shape, text, type UnreadableRow, valueAt } from './fields.ts';
import type { Json } from './json.ts';
import { followPages, nextAsk, type PageAsk, pageFacts, pageQuery } from './paging.ts';
import { repeated } from './query.ts';
import {
  changesOf,
  creationsOf,
  type NewShipment,
  type ShipmentChange,
  type ShipmentCreation,
} from './shipment-results.ts';
import { type Shipment, shipmentSchema } from './shipment-schema.ts';
import { type Tracking, trackingWire } from './tracking.ts';

export type { NewShipment, Shipment, ShipmentChange, ShipmentCreation };

/** Which shipments; all conditions must hold, absent ones do not count. Lists hold 1 to 100 values. */
export type ShipmentFilter = {
  marketplaceOrderIds?: readonly string[] | undefined;
  /** Shipment states in Mirakl's words. */
  states?: readonly string[] | undefined;
  customerDebitStates?: readonly string[] | undefined;
  /** Cut to the second. Whether a shipment never changed since its creation counts is not documented. */
  updatedFrom?: Date | undefined;
  updatedUntil?: Date | undefined;
};

/** The next page by its token; the only way that shipments are paged. */
export type TokenAsk = Extract<PageAsk, { kind: 'token' }>;

/** One page of shipments, oldest first. `unreadable` ones (their `id` is the shipment's) are missing from
 *  `shipments`: a look-up that meets one proves nothing about what does not exist. */
export type ShipmentPage = {
  shipments: Shipment[];
  unreadable: UnreadableRow[];
  /** Always null: shipments are not counted. */
  totalCount: number | null;
  next: TokenAsk | null;
};

/** Most shipments in one call that creates or changes them. */
const maxShipmentsPerCall = 1000;

const invoiceShape = /^[0-9a-zA-Z_-]{0,255}$/;

/** Creates 1 to 1000 shipments, of one order or many; one outcome per shipment given, in the same order
 *  (`creationsOf` says how several of one order are told apart). A repeated call creates again what is still
 *  unshipped: after an unknown effect, or `unmentioned`, read ST11 first. Throws VendorError (`isNotOffered`
 *  where the operator has no shipments); RangeError for none or too many, no lines, a quantity that is no whole
 *  number of 1 or more, an invoice reference Mirakl would not take, an empty carrier or number. Source: ST01. */
export async function createShipments(
  client: MiraklClient,
  shipments: readonly NewShipment[],
): Promise<ShipmentCreation[]> {
  checkCount('ST01', shipments.length);
  const { value } = await client.call({
    operation: 'ST01',
    method: 'POST',
    path: '/api/shipments',
    body: { shipments: shipments.map(newShipmentWire) },
    read: (body) => ({
      ...shape(z.object({ shipment_errors: saidErrors('order_id') }))(body),
      ...readShipmentRows(valueAt(body, 'shipment_success') ?? [], 'order_id'),
    }),
    rows: () => shipments.length,
  });
  const { rows, unreadable, shipment_errors: errors } = value;
  return creationsOf(shipments, { shipments: rows, unreadable, errors });
}

/** Sets or corrects the tracking of 1 to 1000 shipments; one outcome per shipment given, in the same order.
 *  Repeating it is harmless. Throws VendorError; RangeError for none, too many, a shipment given twice, an
 *  empty carrier or number. Source: ST23. */
export async function setShipmentTracking(
  client: MiraklClient,
  changes: readonly { shipmentId: string; tracking: Tracking }[],
): Promise<ShipmentChange[]> {
  return changeShipments(client, changes, {
    operation: 'ST23',
    method: 'POST',
    path: '/api/shipments/tracking',
    body: changes.map(({ shipmentId, tracking }) => {
      return { id: shipmentId, tracking: shipmentTrackingWire(tracking) };
    }),
  });
}

/** Marks 1 to 1000 shipments as shipped, now; one outcome per id given, in the same order. One already shipped
 *  is refused, so read ST11 before judging. Throws VendorError; RangeError for none, too many or an id given
 *  twice. Source: ST24. */
export async function shipShipments(
  client: MiraklClient,
  shipmentIds: readonly string[],
): Promise<ShipmentChange[]> {
  const shipments = shipmentIds.map((shipmentId) => ({ shipmentId }));
  return changeShipments(client, shipments, {
    operation: 'ST24',
    method: 'PUT',
    path: '/api/shipments/ship',
    body: shipmentIds.map((id) => ({ id })),
  });
}

/** Deletes 1 to 1000 shipments that are not yet shipped; one outcome per id given, in the same order. One that
 *  is shipped, or does not exist any more, is refused. Throws as `shipShipments`. Source: ST06. */
export async function deleteShipments(
  client: MiraklClient,
  shipmentIds: readonly string[],
): Promise<ShipmentChange[]> {
  const shipments = shipmentIds.map((shipmentId) => ({ shipmentId }));
  return changeShipments(client, shipments, {
    operation: 'ST06',
    method: 'PUT',
    path: '/api/shipments/delete',
    body: shipmentIds.map((id) => ({ id })),
  });
}

/** One page of shipments, up to 100; the first when `page` is left out, else the former page's `next` (the
 *  filter is then not sent). Throws VendorError; RangeError for an empty or too long list. Source: ST11. */
export async function listShipments(
  client: MiraklClient,
  filter: ShipmentFilter,
  page?: TokenAsk,
): Promise<ShipmentPage> {
  const answer = await client.call({
    operation: 'ST11',
    method: 'GET',
    path: '/api/shipments',
    query: pageQuery('seek', page, {
      filter: {
        order_id: repeated(filter.marketplaceOrderIds),
        shipment_state_code: repeated(filter.states),
        shipment_customer_debit_state_code: repeated(filter.customerDebitStates),
        last_updated_from: filter.updatedFrom,
        last_updated_to: filter.updatedUntil,
      },
      sort: 'dateCreated',
    }),
    read: (body) => ({ ...readShipmentRows(valueAt(body, 'data'), 'id'), ...pageFacts(body) }),
    rows: (value) => value.rows.length,
  });
  const { rows, unreadable } = answer.value;
  return { shipments: rows, unreadable, totalCount: null, next: nextToken(page, answer) };
}

/** Yields page after page of shipments until the list ends. Throws as `listShipments`, and BadAnswer for a list
 *  that repeats itself or never ends. Source: ST11. */
export async function* readShipmentPages(
  client: MiraklClient,
  filter: ShipmentFilter,
): AsyncGenerator<ShipmentPage, void, void> {
  yield* followPages(
    { connection: client.connection.id, operation: 'ST11' },
    (ask) => listShipments(client, filter, ask?.kind === 'token' ? ask : undefined),
    (page) => page.shipments.map((shipment) => shipment.shipmentId),
  );
}

/** What to ask for after a page of a list that is paged by token; null at the end. */
export function nextToken(
  page: TokenAsk | undefined,
  answer: { headers: Record<string, string>; value: { token: string | null } },
): TokenAsk | null {
  const { token } = answer.value;
  const next = nextAsk('seek', page, {
    count: 0,
    totalCount: null,
    token,
    headers: answer.headers,
  });
  return next?.kind === 'token' ? next : null;
}

async function changeShipments(
  client: MiraklClient,
  changes: readonly { shipmentId: string }[],
  call: { operation: string; method: 'POST' | 'PUT'; path: string; body: object[] },
): Promise<ShipmentChange[]> {
  const shipmentIds = changes.map(({ shipmentId }) => shipmentId);
  checkCount(call.operation, shipmentIds.length);
  if (new Set(shipmentIds).size < shipmentIds.length)
    throw new RangeError(`${call.operation} takes each shipment once`);
  const { value } = await client.call({
    operation: call.operation,
    method: call.method,
    path: call.path,
    body: { shipments: call.body },
    read: shape(changeAnswer),
    rows: () => shipmentIds.length,
  });
  return changesOf(shipmentIds, {
    succeeded: [...value.shipment_success, ...value.deletion_success],
    errors: [...value.shipment_errors, ...value.deletion_errors],
  });
}

function checkCount(operation: string, count: number): void {
  if (count === 0 || count > maxShipmentsPerCall)
    throw new RangeError(`${operation} takes 1 to ${maxShipmentsPerCall} shipments, got ${count}`);
}

function newShipmentWire(shipment: NewShipment) {
  const { marketplaceOrderId, lines, invoiceReference, tracking, warehouseCode } = shipment;
  if (lines.length === 0) throw new RangeError(`a shipment of ${marketplaceOrderId} has no lines`);
  if (!invoiceShape.test(invoiceReference ?? ''))
    throw new RangeError(`not an invoice reference: ${invoiceReference}`);
  return {
    order_id: marketplaceOrderId,
    shipment_lines: lines.map(({ orderLineId, quantity, packageReference }) => {
      if (!Number.isSafeInteger(quantity) || quantity < 1)
        throw new RangeError(`quantity ${quantity} of line ${orderLineId} is not 1 or more units`);
      return { order_line_id: orderLineId, quantity, package_reference: packageReference };
    }),
    shipped: shipment.isShipped,
    invoice_reference: invoiceReference,
    shipping_from: warehouseCode && { warehouse: { code: warehouseCode } },
    tracking: tracking && shipmentTrackingWire(tracking),
  };
}

function shipmentTrackingWire(tracking: Tracking) {
  const { url, ...rest } = trackingWire(tracking);
  return { ...rest, tracking_url: url };
}

function readShipmentRows(rows: Json | undefined, idKey: string) {
  return readRows(rows, 'shipments', { schema: shipmentSchema, idKey });
}

/** An error list whose entries name what they are about under the given key, or do not. */
function saidErrors<K extends string>(idKey: K) {
  return list(
    z.object({ message: text, [idKey]: text }).transform((wire) => {
      const said: Record<string, string | null> = wire;
      return { id: said[idKey] ?? null, message: said['message'] ?? null };
    }),
  );
}

/** One without an id names nobody, and leaves what it stood for `unmentioned`. */
const succeededIds = list(z.object({ id: text })).transform((rows) =>
  rows.flatMap(({ id }) => id ?? []),
);

/** The description names ST06's lists as those of the other calls, its example `deletion_...`. */
const changeAnswer = z.object({
  shipment_success: succeededIds,
  shipment_errors: saidErrors('id'),
  deletion_success: succeededIds,
  deletion_errors: saidErrors('id'),
});
