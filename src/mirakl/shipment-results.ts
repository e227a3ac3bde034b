/** From the marketplace's two lists, what succeeded and what did not, back to the things that were sent. */
import type { UnreadableRow } from './fields.ts';
import type { Shipment } from './shipment-schema.ts';
import type { Tracking } from './tracking.ts';

/** A shipment to be created, with lines of one order. */
export type NewShipment = {
  marketplaceOrderId: string;
  /** At least one; whole units of 1 or more. `packageReference` tells packages apart where one unit may
   *  travel in several. */
  lines: readonly {
    orderLineId: string;
    quantity: number;
    packageReference?: string | undefined;
  }[];
  tracking?: Tracking | undefined;
  /** True: shipped at once, as by ST24. False: created only. */
  isShipped: boolean;
  /** Up to 255 of `0-9 a-z A-Z _ -`. Comes back in ST11, so a lost answer can be found by it. */
  invoiceReference?: string | undefined;
  warehouseCode?: string | undefined;
};

/** What became of one shipment to be created. `created` does not say shipped: `shipment.state` does.
 *  `unmentioned`: the answer does not say what became of this very one; look it up by ST11 before anything is
 *  sent again. `messages` are the marketplace's words about it, or about its order where they belong to no
 *  single shipment; mostly one when refused and none when created. */
export type ShipmentCreation = { marketplaceOrderId: string; messages: string[] } & (
  | { outcome: 'created'; shipment: Shipment }
  | { outcome: 'refused' | 'unmentioned'; shipment: null }
);

/** What became of a change to one existing shipment. `unmentioned`: neither in the answer's one list nor
 *  clearly in the other; read it again by ST11. */
export type ShipmentChange = {
  shipmentId: string;
  outcome: 'done' | 'refused' | 'unmentioned';
  /** Why, in the marketplace's words; null when done or when it gave none. */
  message: string | null;
};

/** An entry of an error list; both fields may be missing on the wire. */
export type SaidError = { id: string | null; message: string | null };

type Row = { sent: NewShipment; created: Shipment | null; error: SaidError | null };

/** One outcome per shipment sent, in the same order. A created shipment names its order and an error nothing
 *  else, so with several shipments of one order in a call: a created one belongs to the sent one with the same
 *  lines, packages, invoice reference and tracking number (equal ones are interchangeable), else to the only
 *  one that nothing speaks against, else by place when all of the order were created. Errors then belong to
 *  the rest, by place, but only when there are as many errors as shipments left. Throws nothing. */
export function creationsOf(
  sent: readonly NewShipment[],
  answer: {
    shipments: readonly Shipment[];
    unreadable: readonly UnreadableRow[];
    errors: readonly SaidError[];
  },
): ShipmentCreation[] {
  const rows = sent.map((shipment): Row => ({ sent: shipment, created: null, error: null }));
  const created = Map.groupBy(answer.shipments, (shipment) => shipment.marketplaceOrderId);
  const errors = Map.groupBy(answer.errors, (error) => error.id);
  for (const [orderId, ofOrder] of Map.groupBy(rows, (row) => row.sent.marketplaceOrderId)) {
    pairCreated(ofOrder, created.get(orderId) ?? []);
    pairErrors(ofOrder, errors.get(orderId) ?? []);
  }
  pairErrors(rows, errors.get(null) ?? []);
  const given = new Set(rows.map((row) => row.error));
  const loose = [
    ...answer.errors.filter((error) => !given.has(error)),
    ...answer.unreadable.map(({ id, problem }) => ({ id, message: `unreadable: ${problem}` })),
  ];
  return rows.map((row) => creationOf(row, loose));
}

/** One outcome per shipment id sent, in the same order. Errors that name no shipment belong to the ids that
 *  nothing else was said about, by place, but only when there are as many. An id in both lists is
 *  `unmentioned`. Throws nothing. */
export function changesOf(
  shipmentIds: readonly string[],
  answer: { succeeded: readonly string[]; errors: readonly SaidError[] },
): ShipmentChange[] {
  const succeeded = new Set(answer.succeeded);
  const refused = new Map(answer.errors.map((error) => [error.id, error.message]));
  const nameless = answer.errors.filter((error) => error.id === null);
  const open = shipmentIds.filter((id) => !succeeded.has(id) && !refused.has(id));
  const byPlace = new Map(
    open.length === nameless.length ? open.map((id, place) => [id, nameless[place]!.message]) : [],
  );
  return shipmentIds.map((shipmentId): ShipmentChange => {
    const message = refused.get(shipmentId) ?? byPlace.get(shipmentId) ?? null;
    if (succeeded.has(shipmentId)) {
      const outcome = refused.has(shipmentId) ? 'unmentioned' : 'done';
      return { shipmentId, outcome, message };
    }
    if (refused.has(shipmentId) || byPlace.has(shipmentId))
      return { shipmentId, outcome: 'refused', message };
    return { shipmentId, outcome: 'unmentioned', message: nameless[0]?.message ?? null };
  });
}

/** Gives the created shipments of one order to those sent; both may keep some without a partner. */
function pairCreated(rows: readonly Row[], created: readonly Shipment[]): void {
  const paired = new Set<Shipment>();
  const open = () => rows.filter((row) => row.created === null);
  const pair = (row: Row | undefined, shipment: Shipment) => {
    if (!row) return;
    row.created = shipment;
    paired.add(shipment);
  };
  for (const shipment of created)
    pair(
      open().find(({ sent }) => isSame(sent, shipment)),
      shipment,
    );
  for (const shipment of created.filter((one) => !paired.has(one))) {
    const [only, ...others] = open().filter(({ sent }) => isPossible(sent, shipment));
    if (others.length === 0) pair(only, shipment);
  }
  const left = created.filter((one) => !paired.has(one));
  const rest = open();
  if (left.length === rest.length)
    for (const [place, row] of rest.entries()) pair(row, left[place]!);
}

/** Gives errors to the shipments that were not created, by place, when there are as many. */
function pairErrors(rows: readonly Row[], errors: readonly SaidError[]): void {
  const rest = rows.filter((row) => row.created === null && row.error === null);
  if (rest.length === errors.length)
    for (const [place, row] of rest.entries()) row.error = errors[place]!;
}

function creationOf(row: Row, loose: readonly SaidError[]): ShipmentCreation {
  const { marketplaceOrderId } = row.sent;
  if (row.error) {
    const messages = row.error.message === null ? [] : [row.error.message];
    return { marketplaceOrderId, messages, outcome: 'refused', shipment: null };
  }
  const about = loose.filter(({ id }) => id === null || id === marketplaceOrderId);
  const messages = about.flatMap(({ message }) => message ?? []);
  if (row.created)
    return { marketplaceOrderId, messages, outcome: 'created', shipment: row.created };
  return { marketplaceOrderId, messages, outcome: 'unmentioned', shipment: null };
}

function isSame(sent: NewShipment, shipment: Shipment): boolean {
  return (
    fingerprint(sent.lines) === fingerprint(shipment.lines) &&
    (sent.invoiceReference ?? null) === shipment.invoiceReference &&
    (sent.tracking?.trackingNumber ?? null) === (shipment.tracking?.trackingNumber ?? null)
  );
}

/** Nothing that both state differs; what the answer leaves out speaks against nobody. */
function isPossible(sent: NewShipment, shipment: Shipment): boolean {
  const number = shipment.tracking?.trackingNumber ?? null;
  const isSilentAboutLines =
    shipment.lines.length === 0 || shipment.lines.some((line) => line.orderLineId === null);
  const bare = (lines: NewShipment['lines'] | Shipment['lines']) =>
    fingerprint(lines.map(({ orderLineId, quantity }) => ({ orderLineId, quantity })));
  return (
    (isSilentAboutLines || bare(sent.lines) === bare(shipment.lines)) &&
    [null, sent.invoiceReference ?? null].includes(shipment.invoiceReference) &&
    [null, sent.tracking?.trackingNumber ?? null].includes(number)
  );
}

/** Equal for equal lines in any order. */
function fingerprint(
  lines: readonly {
    orderLineId: string | null;
    quantity: number;
    packageReference?: string | null | undefined;
  }[],
): string {
  const parts = lines.map((line) =>
    JSON.stringify([line.orderLineId, line.quantity, line.packageReference ?? null]),
  );
  return JSON.stringify(parts.sort());
}
